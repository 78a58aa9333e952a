// A vault in a folder, and what it survives there.
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemRandom } from '@sealchart/crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { browserVault } from '../src/vaults/browser.js'
import { openVault } from '../src/vaults/contract.js'
import { fileVault } from '../src/vaults/file-node.js'
import { memoryVault } from '../src/vaults/memory.js'
import { passkey } from '../src/vaults/passkey.js'
import { codeOf, seeded } from './support.js'
import { vaultSuite } from './vault-suite.js'

const hostKey = seeded(32)
let root: string
let folders = 0
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'sealchart-vault-'))
})
afterAll(() => rm(root, { recursive: true }))

const newFolder = (): string => join(root, String(folders++), 'vault')

vaultSuite('files', () => fileVault(newFolder(), hostKey))

describe('a folder', () => {
  test('only its owner reads it, and one file a blob is left', async () => {
    const folder = newFolder()
    const { vault } = fileVault(folder, hostKey)
    let tag: string | null = null
    for (let i = 0; i < 5; i++) tag = await vault.write('a', Uint8Array.of(i), tag)
    expect(await readdir(folder)).toEqual(['a.5'])
    expect((await stat(join(folder, 'a.5'))).mode & 0o777).toBe(0o600)
    expect((await stat(folder)).mode & 0o777).toBe(0o700)
  })

  test('what a killed writer left behind is not read, and goes with the next write', async () => {
    const folder = newFolder()
    const { vault } = fileVault(folder, hostKey)
    const tag = await vault.write('a', Uint8Array.of(1), null)
    await writeFile(join(folder, '.a.2.half-written'), 'x')
    expect(await vault.read('a')).toEqual({ bytes: Uint8Array.of(1), tag })
    await vault.write('a', Uint8Array.of(2), tag)
    await writeFile(join(folder, 'a.1'), 'older')
    expect((await vault.read('a'))?.bytes).toEqual(Uint8Array.of(2))
    await vault.write('a', Uint8Array.of(3), (await vault.read('a'))!.tag)
    expect((await readdir(folder)).filter((file) => !file.startsWith('.'))).toEqual(['a.3'])
  })

  test('a passphrase opens it in another process, another one does not', async () => {
    const folder = newFolder()
    const keeper = await openVault(fileVault(folder, 'correct horse'), systemRandom)
    await keeper.put('x', Uint8Array.of(5))
    expect(await (await openVault(fileVault(folder, 'correct horse'), systemRandom)).get('x')).toEqual(Uint8Array.of(5))
    expect(await codeOf(openVault(fileVault(folder, 'wrong horse'), systemRandom))).toBe('VAULT')
  })
})

test('where there is no browser, a browser’s vault says so when it is used', async () => {
  const handle = browserVault({ unlock: passkey() })
  expect(await codeOf(handle.vault.read('x'))).toBe('VAULT_STORAGE')
  expect(await codeOf(passkey()(memoryVault().vault))).toBe('PASSKEY_PRF')
})
