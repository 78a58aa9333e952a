// Vaults: one contract run on every storage, the keeper over them, and what a folder of files survives.
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemRandom } from '@sealchart/crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openVault, type Vault, type VaultHandle } from '../src/vaults/contract.js'
import { fileVault } from '../src/vaults/file-node.js'
import { memoryVault } from '../src/vaults/memory.js'
import { codeOf, seeded } from './support.js'

const hostKey = seeded(32)
let root: string
let folders = 0
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'sealchart-vault-'))
})
afterAll(() => rm(root, { recursive: true }))

const newFolder = (): string => join(root, String(folders++), 'vault')
const makers: Record<string, () => VaultHandle> = {
  memory: () => memoryVault({ hostKey }),
  files: () => fileVault(newFolder(), hostKey),
}

describe.each(Object.entries(makers))('the contract, in %s', (_name, make) => {
  test('reads what was written, and nothing else', async () => {
    const { vault } = make()
    expect(await vault.read('a')).toBeNull()
    const tag = await vault.write('a', Uint8Array.of(1, 2), null)
    expect(await vault.read('a')).toEqual({ bytes: Uint8Array.of(1, 2), tag })
    expect(await vault.read('a-b')).toBeNull()
    const next = await vault.write('a', new Uint8Array(), tag)
    expect(next).not.toBe(tag)
    expect(await vault.read('a')).toEqual({ bytes: new Uint8Array(), tag: next })
  })

  test('writes only on top of the tag that was read', async () => {
    const { vault } = make()
    const first = await vault.write('a', Uint8Array.of(1), null)
    expect(await codeOf(vault.write('a', Uint8Array.of(2), null))).toBe('VAULT_CONFLICT')
    await vault.write('a', Uint8Array.of(3), first)
    expect(await codeOf(vault.write('a', Uint8Array.of(4), first))).toBe('VAULT_CONFLICT')
    expect(await codeOf(vault.write('b', Uint8Array.of(4), first))).toBe('VAULT_CONFLICT')
    expect((await vault.read('a'))?.bytes).toEqual(Uint8Array.of(3))
  })

  test('the same bytes again have another tag', async () => {
    const { vault } = make()
    const first = await vault.write('a', Uint8Array.of(1), null)
    const second = await vault.write('a', Uint8Array.of(1), first)
    expect(await codeOf(vault.write('a', Uint8Array.of(2), first))).toBe('VAULT_CONFLICT')
    await vault.write('a', Uint8Array.of(2), second)
  })

  test('of many that write at once, exactly one does', async () => {
    const { vault } = make()
    let tag: string | null = null
    for (let round = 0; round < 5; round++) {
      const codes = await Promise.all(
        Array.from({ length: 8 }, (_, i) => codeOf(vault.write('a', Uint8Array.of(round, i), tag))),
      )
      expect(codes.filter((code) => code === 'none')).toHaveLength(1)
      expect(codes.filter((code) => code === 'VAULT_CONFLICT')).toHaveLength(7)
      tag = (await vault.read('a'))!.tag
    }
  })

  test('what was removed is gone, and removing nothing is no error', async () => {
    const { vault } = make()
    await vault.remove('a')
    const tag = await vault.write('a', Uint8Array.of(1), null)
    await vault.remove('a')
    expect(await vault.read('a')).toBeNull()
    expect(await codeOf(vault.write('a', Uint8Array.of(2), tag))).toBe('VAULT_CONFLICT')
    await vault.write('a', Uint8Array.of(2), null)
  })

  test.each(['', '.', '../a', 'a/b', 'A', 'a.1', 'ä', '-a', 'a'.repeat(101)])('%j is no name', async (name) => {
    const { vault } = make()
    expect(await codeOf(vault.read(name))).toBe('USAGE')
    expect(await codeOf(vault.write(name, new Uint8Array(), null))).toBe('USAGE')
    expect(await codeOf(vault.remove(name))).toBe('USAGE')
  })

  test('bytes are copies, both ways', async () => {
    const { vault } = make()
    const bytes = Uint8Array.of(1)
    await vault.write('a', bytes, null)
    bytes.fill(9)
    ;(await vault.read('a'))!.bytes.fill(8)
    expect((await vault.read('a'))?.bytes).toEqual(Uint8Array.of(1))
  })

  test('counting by many processes at once loses nothing', async () => {
    const handle = make()
    const add = (bytes: Uint8Array | null): Uint8Array => Uint8Array.of((bytes?.[0] ?? 0) + 1)
    const keepers = await Promise.all(Array.from({ length: 4 }, () => openVault(handle, systemRandom)))
    for (let round = 0; round < 3; round++) await Promise.all(keepers.map((keeper) => keeper.update('count', add)))
    expect(await (await openVault(handle, systemRandom)).get('count')).toEqual(Uint8Array.of(12))
  })
})

describe('the keeper', () => {
  test('keeps across processes, and shows the storage nothing', async () => {
    const handle = memoryVault({ hostKey })
    const secret = seeded(100, 4)
    await (await openVault(handle, systemRandom)).put('pins', secret)
    expect(await (await openVault(handle, systemRandom)).get('pins')).toEqual(secret)
    const stored = (await handle.vault.read('pins'))!.bytes
    expect(Buffer.from(stored).includes(Buffer.from(secret.subarray(0, 16)))).toBe(false)
  })

  test('another key is VAULT', async () => {
    const { vault } = memoryVault({ hostKey })
    await openVault({ vault, unlock: { hostKey } }, systemRandom)
    expect(await codeOf(openVault({ vault, unlock: { hostKey: seeded(32, 2) } }, systemRandom))).toBe('VAULT')
  })

  test('two processes that make one vault at once share its key', async () => {
    const handle = memoryVault({ hostKey })
    const [a, b] = await Promise.all([openVault(handle, systemRandom), openVault(handle, systemRandom)])
    await a.put('x', Uint8Array.of(1))
    expect(await b.get('x')).toEqual(Uint8Array.of(1))
  })

  test('a write on top of somebody else’s is VAULT_CONFLICT until it is read', async () => {
    const handle = memoryVault({ hostKey })
    const a = await openVault(handle, systemRandom)
    const b = await openVault(handle, systemRandom)
    await a.put('x', Uint8Array.of(1))
    await b.put('x', Uint8Array.of(2))
    expect(await codeOf(a.put('x', Uint8Array.of(3)))).toBe('VAULT_CONFLICT')
    expect(await a.get('x')).toEqual(Uint8Array.of(2))
    await a.put('x', Uint8Array.of(3))
  })

  test('a storage that shows an older state is ROLLBACK, one that swaps or changes blobs VAULT', async () => {
    const { vault } = memoryVault({ hostKey })
    let shown: Awaited<ReturnType<Vault['read']>> = null
    const lying: Vault = {
      ...vault,
      read: (name) => (shown && name === 'x' ? Promise.resolve(shown) : vault.read(name)),
    }
    const keeper = await openVault({ vault: lying, unlock: { hostKey } }, systemRandom)
    await keeper.put('x', Uint8Array.of(1))
    const old = await vault.read('x')
    await keeper.put('x', Uint8Array.of(2))
    await keeper.put('y', Uint8Array.of(3))
    shown = old
    expect(await codeOf(keeper.get('x'))).toBe('ROLLBACK')
    shown = await vault.read('y')
    expect(await codeOf(keeper.get('x'))).toBe('VAULT')
    const bytes = old!.bytes.slice()
    bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1
    shown = { bytes, tag: 'x' }
    expect(await codeOf(keeper.get('x'))).toBe('VAULT')
  })

  test('calls take effect in their order, also after one that failed', async () => {
    const keeper = await openVault(memoryVault(), systemRandom)
    const calls = [
      keeper.put('x', Uint8Array.of(1)),
      codeOf(keeper.put('X', Uint8Array.of(0))),
      keeper.put('x', Uint8Array.of(2)),
      keeper.get('x'),
    ]
    expect((await Promise.all(calls)).at(-1)).toEqual(Uint8Array.of(2))
  })
})

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
