// The contract of a vault's storage, run on each: in memory (vaults.test.ts), in a folder (vaults-files.test.ts), in a
// browser's database (vault.browser.ts).
import { systemRandom } from '@sealchart/crypto'
import { describe, expect, test } from 'vitest'
import { openVault, type VaultHandle } from '../src/vaults/contract.js'
import { codeOf } from './support.js'

/** `make` gives a new, empty vault each time. */
export function vaultSuite(name: string, make: () => VaultHandle): void {
  describe(`the contract, in ${name}`, () => {
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
}
