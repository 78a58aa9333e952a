// Uploads that are interrupted at every step and gone on with by a new process, which has nothing but the vault.
import { systemRandom } from '@sealchart/crypto'
import { hex, sha256 } from '@sealchart/protocol'
import { describe, expect, test } from 'vitest'
import { effort } from '../../../scripts/effort.mjs'
import { ClientError } from '../src/errors.js'
import { discardUpload } from '../src/journal.js'
import type { Uploaded } from '../src/upload.js'
import { type Keeper, openVault, type VaultHandle } from '../src/vaults/contract.js'
import { memoryVault } from '../src/vaults/memory.js'
import { type FakeRelay, fakeRelay } from './fake-link.js'
import { codeOf, open, record, seeded, upload } from './support.js'

const MiB = 1024 * 1024
const id = new Uint8Array(16).fill(7)
const crashed = () => new ClientError('OFFLINE', 'the process ended here')

/** A journal place of a new process: nothing but the vault is shared. `now` moves 3 s a look, so that every mark is written. */
async function newProcess(vault: VaultHandle) {
  let time = 0
  const keeper: Keeper = await openVault(vault, systemRandom)
  return { journal: { keeper, id }, now: () => (time += 3_000) }
}

const files = () => [
  { data: seeded(5 * MiB + 11, 1), name: 'a.bin' },
  { data: seeded(700, 2), name: 'b.bin' },
  { data: seeded(2 * MiB, 3), name: 'c.bin' },
]

async function expectWhole(relay: FakeRelay, uploaded: Uploaded): Promise<void> {
  const opened = open(uploaded, relay.link)
  for (const [i, { data }] of files().entries()) expect(Buffer.compare(await opened[i]!.bytes(), data)).toBe(0)
}

async function callsOfWholeUpload(): Promise<number> {
  const relay = fakeRelay(record)
  await upload(relay, files(), await newProcess(memoryVault()))
  return relay.calls.length
}

/** Segments of `files`, index segments included. */
const SEGMENTS = 6 + 1 + 1 + 3 + 1

/** A vault that its process can no longer write to. */
function mortal(handle: VaultHandle): { handle: VaultHandle; die(): void } {
  let dead = false
  const write: VaultHandle['vault']['write'] = (...given) =>
    dead ? Promise.reject(crashed()) : handle.vault.write(...given)
  return { handle: { ...handle, vault: { ...handle.vault, write } }, die: () => (dead = true) }
}

describe('interrupted at every request', () => {
  test.each(['before', 'after'] as const)(
    'the process ends %s it takes effect: the next one sends the rest',
    async (when) => {
      const count = await callsOfWholeUpload()
      expect(count).toBeGreaterThan(8)
      for (let at = 1; at <= count; at++) {
        const relay = fakeRelay(record)
        const vault = memoryVault()
        const { handle, die } = mortal(vault)
        relay[when] = (_call, n) => {
          if (n < at) return
          die()
          throw crashed()
        }
        expect(await codeOf(upload(relay, files(), await newProcess(handle)))).toBe('OFFLINE')
        const had = relay.segments.size
        relay[when] = () => undefined
        relay.put.length = 0
        await expectWhole(relay, await upload(relay, files(), await newProcess(vault)))
        // Without a mark is at most what was on the way, and what was marked while the journal was being written.
        expect(relay.put.length).toBeLessThanOrEqual(SEGMENTS - had + 8)
        expect(new Set(relay.put).size).toBe(relay.put.length)
      }
    },
  )

  test('only the connection ends: the next call sends exactly the rest', async () => {
    const count = await callsOfWholeUpload()
    for (let at = 1; at <= count; at++) {
      const relay = fakeRelay(record)
      const vault = memoryVault()
      relay.before = (_call, n) => {
        if (n >= at) throw crashed()
      }
      expect(await codeOf(upload(relay, files(), await newProcess(vault)))).toBe('OFFLINE')
      const had = relay.segments.size
      relay.before = () => undefined
      relay.put.length = 0
      await expectWhole(relay, await upload(relay, files(), await newProcess(vault)))
      expect(relay.put.length).toBe(SEGMENTS - had)
      expect(relay.segments.size).toBe(SEGMENTS)
    }
  })
})

test('after everything was put, a new process sends nothing', async () => {
  const relay = fakeRelay(record)
  const vault = memoryVault()
  const first = await upload(relay, files(), await newProcess(vault))
  relay.put.length = 0
  const second = await upload(relay, files(), await newProcess(vault))
  expect(relay.put).toEqual([])
  expect(second.files.map(({ root }) => hex(root))).toEqual(first.files.map(({ root }) => hex(root)))
  expect(second.files.map(({ fileKey }) => hex(fileKey))).toEqual(first.files.map(({ fileKey }) => hex(fileKey)))
  await second.settle()
  const third = await upload(relay, files(), await newProcess(vault))
  expect(hex(third.files[0]!.fileKey)).not.toBe(hex(first.files[0]!.fileKey))
})

test('a note comes back to the next process', async () => {
  const relay = fakeRelay(record)
  const vault = memoryVault()
  const first = await upload(relay, files(), await newProcess(vault))
  expect(first.note).toBeNull()
  await first.keep(Uint8Array.of(1, 2, 3))
  const second = await upload(relay, files(), await newProcess(vault))
  expect(second.note).toEqual(Uint8Array.of(1, 2, 3))
})

test('segments that the relay has lost are put again, byte for byte', async () => {
  const relay = fakeRelay(record)
  const vault = memoryVault()
  const first = await upload(relay, files(), await newProcess(vault))
  const all = new Map(relay.segments)
  const lost = [...all.keys()].filter((_, i) => i % 2 === 0)
  for (const name of lost) relay.segments.delete(name)
  relay.put.length = 0
  const second = await upload(relay, files(), await newProcess(vault))
  expect(new Set(relay.put)).toEqual(new Set(lost))
  for (const [name, bytes] of relay.segments) expect(Buffer.compare(bytes, all.get(name)!)).toBe(0)
  expect(second.files.map(({ root }) => hex(root))).toEqual(first.files.map(({ root }) => hex(root)))
})

describe('a changed source', () => {
  async function interrupted(): Promise<{ relay: FakeRelay; vault: VaultHandle }> {
    const relay = fakeRelay(record)
    const vault = memoryVault()
    relay.before = (_call, n) => {
      if (n > 4) throw crashed()
    }
    expect(await codeOf(upload(relay, files(), await newProcess(vault)))).toBe('OFFLINE')
    relay.before = () => undefined
    relay.put.length = 0
    return { relay, vault }
  }
  const changes: Record<string, (given: ReturnType<typeof files>) => ReturnType<typeof files>> = {
    'one byte in what was sent': (given) => {
      given[0]!.data[5] = (given[0]!.data[5] ?? 0) ^ 1
      return given
    },
    'another length': ([first, ...rest]) => [{ ...first!, data: seeded(5 * MiB + 12, 1) }, ...rest],
    'another name': ([first, ...rest]) => [{ ...first!, name: 'z.bin' }, ...rest],
    'another order': ([a, b, c]) => [b!, a!, c!],
    'a file missing': () => [],
  }
  test.each(Object.entries(changes))(
    '%s: nothing is sent, and the journal stays until it is discarded',
    async (_name, change) => {
      const { relay, vault } = await interrupted()
      expect(await codeOf(upload(relay, change(files()), await newProcess(vault)))).toBe('SOURCE_CHANGED')
      expect(relay.put).toEqual([])
      expect(await codeOf(upload(relay, change(files()), await newProcess(vault)))).toBe('SOURCE_CHANGED')
      await expectWhole(relay, await upload(relay, files(), await newProcess(vault)))
      const { journal, now } = await newProcess(vault)
      await discardUpload(journal)
      expect(await codeOf(upload(relay, change(files()), { journal, now }))).toBe('none')
    },
  )

  test('a journal of another record is the caller’s mistake', async () => {
    const { relay, vault } = await interrupted()
    const other = sha256(record) as Uint8Array as typeof record
    expect(await codeOf(upload(relay, files(), { ...(await newProcess(vault)), record: other }))).toBe('USAGE')
  })
})

test('a stream begins anew with another key, and the files beside it go on', async () => {
  const relay = fakeRelay(record)
  const vault = memoryVault()
  const input = () => [
    { data: seeded(5 * MiB, 1), name: 'a' },
    { data: new Blob([seeded(3 * MiB, 2)]).stream() as ReadableStream<Uint8Array>, name: 'b' },
  ]
  const first = await upload(relay, input(), await newProcess(vault))
  relay.put.length = 0
  const second = await upload(relay, input(), await newProcess(vault))
  expect(hex(second.files[0]!.fileKey)).toBe(hex(first.files[0]!.fileKey))
  expect(hex(second.files[1]!.fileKey)).not.toBe(hex(first.files[1]!.fileKey))
  expect(hex(second.files[1]!.id)).not.toBe(hex(first.files[1]!.id))
  // Four segments of three MiB, and their index.
  expect(relay.put).toHaveLength(5)
})

test('an upload that is full of unmarked segments is left for another one', async () => {
  const relay = fakeRelay(record)
  const vault = memoryVault()
  relay.before = (_call, n) => {
    if (n > 3) throw crashed()
  }
  await codeOf(upload(relay, files(), await newProcess(vault)))
  relay.before = () => undefined
  for (const each of relay.uploads.values()) each.used = each.reserved
  const uploaded = await upload(relay, files(), await newProcess(vault))
  expect(uploaded.uploads).toHaveLength(2)
  await expectWhole(relay, uploaded)
})

describe('an upload that is no longer prolonged', () => {
  test('because it was published: what it holds is not sent again', async () => {
    const relay = fakeRelay(record)
    const vault = memoryVault()
    const first = await upload(relay, files(), await newProcess(vault))
    for (const id of relay.uploads.keys()) relay.closed.add(id)
    relay.put.length = 0
    const second = await upload(relay, files(), await newProcess(vault))
    expect(relay.put).toEqual([])
    expect(second.files.map(({ root }) => hex(root))).toEqual(first.files.map(({ root }) => hex(root)))
    expect(second.uploads.map(hex)).not.toContain(hex(first.uploads[0]!))
  })

  test('because it was collected: everything is sent again, byte for byte', async () => {
    const relay = fakeRelay(record)
    const vault = memoryVault()
    await upload(relay, files(), await newProcess(vault))
    for (const id of relay.uploads.keys()) relay.closed.add(id)
    const all = new Set(relay.segments.keys())
    relay.segments.clear()
    await expectWhole(relay, await upload(relay, files(), await newProcess(vault)))
    expect(new Set(relay.segments.keys())).toEqual(all)
  })
})

test('an ended ticket is renewed', async () => {
  const relay = fakeRelay(record)
  let refused = 0
  relay.before = (call, n) => {
    const [ticket] = Array.from(relay.uploads.keys(), (upload) => `put:${upload}`)
    relay.ended.clear()
    if (call === 'putSegments' && n === 3 && ticket) {
      refused++
      relay.ended.add(ticket)
    }
  }
  await expectWhole(relay, await upload(relay, files()))
  expect(refused).toBe(1)
  expect(relay.calls.filter((call) => call === 'openUpload').length).toBe(2)
})

test('aborted at any moment: ABORTED, nothing goes on, nothing is unhandled', async () => {
  const unhandled: unknown[] = []
  const note = (reason: unknown): void => void unhandled.push(reason)
  process.on('unhandledRejection', note)
  try {
    const count = await callsOfWholeUpload()
    for (let round = 0; round < effort(2); round++) {
      for (let at = 1; at <= count; at++) {
        const relay = fakeRelay(record)
        const abort = new AbortController()
        relay.before = async (_call, n) => {
          if (n === at) abort.abort()
          if (round % 2 === 1) await new Promise((resolve) => setTimeout(resolve, 1))
        }
        const options = { ...(await newProcess(memoryVault())), signal: abort.signal }
        expect(await codeOf(upload(relay, files(), options))).toBe('ABORTED')
        const calls = relay.calls.length
        await new Promise((resolve) => setTimeout(resolve, 5))
        expect(relay.calls.length).toBe(calls)
      }
    }
    expect(await codeOf(upload(fakeRelay(record), files(), { signal: AbortSignal.abort() }))).toBe('ABORTED')
  } finally {
    process.off('unhandledRejection', note)
  }
  expect(unhandled).toEqual([])
})
