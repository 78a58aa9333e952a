// The cache over the store: it answers as the store does, before and after every turn.
import type { ChainId } from '@sealchart/protocol'
import { describe, expect, test } from 'vitest'
import { cachedState, lru } from '../src/state.js'
import type { FactRow } from '../src/store/contract.js'

const [anna, berta] = [1, 2].map((byte) => new Uint8Array(32).fill(byte) as Uint8Array as ChainId) as [ChainId, ChainId]
const row = (chain: ChainId, key: string, value: number | null): FactRow => ({
  chain,
  key,
  value: value === null ? null : Uint8Array.of(value),
})

/** Facts in a plain map, and how often they were read under a prefix. */
function storeWith(...rows: FactRow[]) {
  const facts = new Map<string, FactRow>()
  const put = (one: FactRow): void => void facts.set(`${one.chain[0]} ${one.key}`, one)
  rows.forEach(put)
  let reads = 0
  let hold: Promise<void> = Promise.resolve()
  return {
    put,
    wait: (until: Promise<void>) => void (hold = until),
    get reads() {
      return reads
    },
    facts: async () => [],
    heads: async () => [],
    factsUnder: async (chain: ChainId, prefix: string) => {
      reads += 1
      const all = [...facts.values()].sort((a, b) => (a.key < b.key ? -1 : 1))
      const found = all.filter((one) => one.chain === chain && one.key.startsWith(prefix))
      await hold
      return found
    },
  }
}

const said = async (rows: Promise<readonly { key: string; value: Uint8Array }[]>) =>
  (await rows).map(({ key, value }) => `${key}=${value[0]}`)

describe('facts under a prefix', () => {
  test('are read once until a turn changes one of them', async () => {
    const store = storeWith(row(anna, 'credential/1', 1), row(berta, 'credential/1', 2), row(anna, 'name', 9))
    const state = cachedState(store, 100)
    for (let again = 0; again < 3; again++)
      expect(await said(state.under(anna, 'credential/'))).toEqual(['credential/1=1'])
    expect(store.reads).toBe(1)
    // A turn that concerns somebody else, or another fact of hers.
    state.take({ heads: [], facts: [row(berta, 'credential/1', 3), row(anna, 'name', 8), row(anna, 'grant/1', 8)] })
    await state.under(anna, 'credential/')
    expect(store.reads).toBe(1)
    for (const [change, answer] of [
      [row(anna, 'credential/2', 5), ['credential/1=1', 'credential/2=5']],
      [row(anna, 'credential/1', 6), ['credential/1=6', 'credential/2=5']],
      [row(anna, 'credential/2', null), ['credential/1=6']],
    ] as const) {
      store.put(change)
      state.take({ heads: [], facts: [change] })
      expect(await said(state.under(anna, 'credential/'))).toEqual(answer)
    }
  })

  test('are forgotten under each prefix that a changed key has', async () => {
    const store = storeWith(row(anna, 'content/1', 1), row(anna, 'content/1/2', 2))
    const state = cachedState(store, 100)
    expect(await said(state.under(anna, 'content/'))).toEqual(['content/1=1', 'content/1/2=2'])
    expect(await said(state.under(anna, 'content/1/'))).toEqual(['content/1/2=2'])
    const change = row(anna, 'content/1/3', 3)
    store.put(change)
    state.take({ heads: [], facts: [change] })
    expect(await said(state.under(anna, 'content/'))).toEqual(['content/1=1', 'content/1/2=2', 'content/1/3=3'])
    expect(await said(state.under(anna, 'content/1/'))).toEqual(['content/1/2=2', 'content/1/3=3'])
  })

  test('that were read while a turn was committed are not kept', async () => {
    const store = storeWith(row(anna, 'credential/1', 1))
    const state = cachedState(store, 100)
    let release = (): void => {}
    store.wait(new Promise((resolve) => void (release = resolve)))
    const begun = state.under(anna, 'credential/')
    const change = row(anna, 'credential/1', 2)
    store.put(change)
    state.take({ heads: [], facts: [change] })
    release()
    expect(await said(begun)).toEqual(['credential/1=1'])
    expect(await said(state.under(anna, 'credential/'))).toEqual(['credential/1=2'])
  })

  test('are not kept where they are many', async () => {
    const store = storeWith(...Array.from({ length: 17 }, (_, i) => row(anna, `grant/${i + 10}`, i)))
    const state = cachedState(store, 100)
    await state.under(anna, 'grant/')
    await state.under(anna, 'grant/')
    expect(store.reads).toBe(2)
  })
})

test('what is dropped from an lru makes room', () => {
  const kept = lru<number>(2)
  kept.set('a', 1)
  kept.set('b', 2)
  kept.drop('a')
  kept.drop('a')
  kept.set('c', 3)
  expect([kept.get('a'), kept.get('b'), kept.get('c')]).toEqual([undefined, 2, 3])
})
