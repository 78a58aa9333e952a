// Uploads of files on disk that changed meanwhile: an upload goes on only with the bytes that it began with.
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemRandom } from '@sealchart/crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openVault, type VaultHandle } from '../src/vaults/contract.js'
import { memoryVault } from '../src/vaults/memory.js'
import { fakeRelay } from './fake-link.js'
import { codeOf, record, seeded, upload } from './support.js'

const MiB = 1024 * 1024

/** A journal place of a new process: nothing but the vault is shared. */
const newProcess = async (vault: VaultHandle) => ({
  journal: { keeper: await openVault(vault, systemRandom), id: new Uint8Array(16).fill(7) },
})

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sealchart-'))
})
afterAll(() => rm(folder, { recursive: true }))

test('one whose time of change moved is refused before anything is read', async () => {
  const relay = fakeRelay(record)
  const vault = memoryVault()
  const path = join(folder, 'scan.dcm')
  await writeFile(path, seeded(6 * MiB))
  await upload(relay, path, await newProcess(vault))
  relay.put.length = 0
  await utimes(path, new Date(), new Date(Date.now() + 10_000))
  expect(await codeOf(upload(relay, path, await newProcess(vault)))).toBe('SOURCE_CHANGED')
  expect(relay.put).toEqual([])
})

test('one that changes while it is uploaded is refused', async () => {
  const relay = fakeRelay(record)
  const path = join(folder, 'live.bin')
  await writeFile(path, seeded(6 * MiB))
  relay.before = (call) => (call === 'openUpload' ? writeFile(path, seeded(6 * MiB, 9)) : undefined)
  expect(await codeOf(upload(relay, path))).toBe('SOURCE_CHANGED')
})
