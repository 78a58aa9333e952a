// A vault in memory, and the keeper over any storage.
import { systemRandom } from '@sealchart/crypto'
import { describe, expect, test } from 'vitest'
import { openVault, type Vault } from '../src/vaults/contract.js'
import { memoryVault } from '../src/vaults/memory.js'
import { codeOf, seeded } from './support.js'
import { vaultSuite } from './vault-suite.js'

const hostKey = seeded(32)

vaultSuite('memory', () => memoryVault({ hostKey }))

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
