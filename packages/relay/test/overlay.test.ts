// The gate's overlay against a layer for each entry, which it stands for: the same answers at every position, the same verdicts, and
// reads that do not become dearer with the number of entries. Spec: docs/spec/relay.md, "The gate".
import type { ChainId, LinkHash } from '@sealchart/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { effort } from '../../../scripts/effort.mjs'
import { overlayOn } from '../src/overlay.js'
import { placeEntry } from '../src/place.js'
import { type Changing, cachedState, layerOver, type State } from '../src/state.js'
import type { FactRow } from '../src/store/contract.js'
import { type Draft, foundedWorld } from './actors.js'
import { chain } from './turns.js'

const chains = ['anna', 'berta', 'carla'].map(chain)
const keys = ['name', 'grant/1', 'grant/2', 'grant/2/a', 'grant/2/b', 'holder/1', 'holder/2']
const prefixes = ['grant/', 'grant/2/', 'holder/', 'none/']

/** What one entry sets: facts by numbers of chain, key and value (0 takes it away), and heads of chains. */
const change = fc.record({
  facts: fc.array(fc.tuple(fc.nat(2), fc.nat(keys.length - 1), fc.nat(3)), { maxLength: 4 }),
  heads: fc.array(fc.nat(2), { maxLength: 2 }),
})
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never

const factRow = ([of, key, value]: readonly [number, number, number]): FactRow => ({
  chain: chains[of] as ChainId,
  key: keys[key] as string,
  value: value === 0 ? null : Uint8Array.of(value),
})

function make(state: Changing, { facts, heads }: Change, index: number): void {
  for (const fact of facts) state.setFact(factRow(fact))
  for (const of of heads)
    state.setHead({ chain: chains[of] as ChainId, sequence: index, link: Uint8Array.of(index) as LinkHash, index })
}

/** Everything that a state answers. */
const said = async (state: State) => ({
  facts: await Promise.all(chains.flatMap((of) => keys.map((key) => state.fact(of, key)))),
  heads: await Promise.all(chains.map((of) => state.head(of))),
  under: await Promise.all(chains.flatMap((of) => prefixes.map((prefix) => state.under(of, prefix)))),
})

/** A state that holds what these changes leave, and asks nobody. */
function stateOf(changes: readonly Change[]): State {
  const empty: State = { fact: async () => null, head: async () => null, under: async () => [] }
  const layer = layerOver(empty)
  for (const [i, one] of changes.entries()) make(layer, one, i)
  return layer
}

describe('an overlay', () => {
  it('answers at every position what stacked layers answer, then and later', async () => {
    const property = fc.asyncProperty(fc.array(change, { maxLength: 3 }), fc.array(change), async (stored, list) => {
      const below = stateOf(stored)
      const overlay = overlayOn(below)
      const layers: State[] = [below]
      for (const [i, one] of list.entries()) {
        const layer = layerOver(layers[i] as State)
        const at = overlay.at(i)
        expect(await said(at)).toEqual(await said(layer))
        make(layer, one, i)
        make(at, one, i)
        expect(await said(at)).toEqual(await said(layer))
        layers.push(layer)
      }
      for (const [i, layer] of layers.entries()) expect(await said(overlay.before(i))).toEqual(await said(layer))
    })
    await fc.assert(property, { numRuns: effort(100) })
  })

  it('gives the verdicts of stacked layers, whatever is left out of a list or comes in another order', async () => {
    const { below, network, drafts } = await scene()
    const moment = (index: number) => ({ index, time: START, size: 100, network, linkAt: async () => null })
    /** The code of the first refusal, and where it was; null for a list that is good. */
    const verdict = async (list: readonly Draft[], stateAt: (position: number) => Changing) => {
      for (const [i, { entry }] of list.entries()) {
        const refused = await placeEntry(entry, stateAt(i), moment(100 + i)).then(
          () => null,
          (error: { code?: string }) => error,
        )
        if (refused) return { at: i, code: refused.code }
      }
      return null
    }
    const seen = new Set<string | undefined>()
    const compare = async (list: readonly Draft[]): Promise<void> => {
      let layer = layerOver(below)
      const stacked = await verdict(list, () => (layer = layerOver(layer)))
      const overlay = overlayOn(below)
      expect(await verdict(list, (i) => overlay.at(i))).toEqual(stacked)
      seen.add(stacked?.code)
    }
    await compare(drafts)
    const some = fc.subarray(drafts.map((_, i) => i))
    const swaps = fc.array(fc.tuple(fc.nat(drafts.length - 1), fc.nat(drafts.length - 1)), { maxLength: 2 })
    const property = fc.asyncProperty(some, swaps, async (kept, swapped) => {
      const order = [...kept]
      for (const [a, b] of swapped) {
        const [one, other] = [order[a], order[b]]
        if (one !== undefined && other !== undefined) [order[a], order[b]] = [other, one]
      }
      await compare(order.map((i) => drafts[i] as Draft))
    })
    await fc.assert(property, { numRuns: effort(100) })
    expect([...seen]).toEqual(expect.arrayContaining([undefined, 'CONFLICT']))
  })

  it('looks once for a fact or a head and once for what is below, however many entries there are', async () => {
    const reads = { fact: 0, head: 0, under: 0 }
    const below: State = {
      fact: async () => (reads.fact++, null),
      head: async () => (reads.head++, null),
      under: async () => (reads.under++, []),
    }
    const overlay = overlayOn(below)
    const factsRead: string[] = []
    for (let i = 0; i < 256; i++) {
      const at = overlay.at(i)
      for (const view of [at, overlay.before(i)]) {
        expect(await mapLooks(() => view.fact(chains[0] as ChainId, 'not set'))).toBe(1)
        expect(await mapLooks(() => view.head(chains[1] as ChainId))).toBe(1)
        expect(await mapLooks(() => view.under(chains[0] as ChainId, 'none/'))).toBe(1)
      }
      const key = `grant/${i}`
      const row = {
        chain: chains[0] as ChainId,
        key,
        get value() {
          factsRead.push(key)
          return Uint8Array.of(1)
        },
      }
      at.setFact(row)
      at.setHead({ chain: chains[0] as ChainId, sequence: i, link: Uint8Array.of(1) as LinkHash, index: i })
    }
    expect(reads).toEqual({ fact: 512, head: 512, under: 512 })
    // What stands in the overlay is not asked for below, and what was set after a position costs a view of it nothing.
    expect(await mapLooks(() => overlay.before(256).head(chains[0] as ChainId))).toBe(1)
    expect(reads.head).toBe(512)
    expect(await overlay.before(3).under(chains[0] as ChainId, 'grant/')).toHaveLength(3)
    expect(new Set(factsRead)).toEqual(new Set(['grant/0', 'grant/1', 'grant/2']))
  })
})

/** How often anything looked something up in a Map until this was read. */
async function mapLooks(read: () => Promise<unknown>): Promise<number> {
  const original = Map.prototype.get
  let looks = 0
  Map.prototype.get = function (key) {
    looks += 1
    return original.call(this, key)
  }
  try {
    await read()
    return looks
  } finally {
    Map.prototype.get = original
  }
}

const START = 1_900_000_000_000

/** A list on three chains, the later entries of which need the earlier ones, and the state that it begins on. */
async function scene() {
  const world = await foundedWorld()
  const [chan, lee, wong] = [await world.member('Chan'), await world.member('Lee'), await world.member('Wong')]
  const [one, other] = [await world.record(chan), await world.record(chan)]
  const drafts: Draft[] = []
  const add = (draft: Draft): Draft => {
    drafts.push(draft)
    world.took(draft.entry)
    return draft
  }
  const first = add(await world.grantDraft(one, lee))
  add(await world.grantDraft(other, lee))
  const second = add(await world.grantDraft(one, wong))
  add(await world.publishDraft(one, chan, { version: 2, files: [] }))
  add(await world.viewDraft(one, lee, { grant: first.entry.hash }))
  add(await world.revokeDraft(one, [first.entry.hash], [{ member: wong, grant: second.entry.hash }]))
  add(await world.publishDraft(other, chan, { version: 2, files: [] }))
  return { below: cachedState(world.store, 1000), network: world.network.chain, drafts }
}
