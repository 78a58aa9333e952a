// The state of the chains as rules see it: facts and heads, cached over the store, with layers that can be dropped again.
// Spec: docs/spec/relay.md, "The turn". The sequencer is the only writer, so whoever is told of each turn may keep what it has read.
import { type ChainId, equal, type Fact, type LinkHash, readFact, type StoredFact } from '@sealchart/protocol'
import type { FactRow, HeadRow, Reads } from './store/contract.js'

/** Newest entry of a chain (of an access log its number and access link) with its log index. */
export interface ChainHead {
  readonly sequence: number
  readonly link: LinkHash
  readonly index: number
}

/** Facts and heads at one moment. */
export interface State {
  fact(chain: ChainId, key: string): Promise<Uint8Array | null>
  head(chain: ChainId): Promise<ChainHead | null>
  /** All facts of a chain under a key prefix that ends with the slash, in key order. */
  under(chain: ChainId, prefix: string): Promise<readonly StoredFact[]>
}

/** What a turn changed. */
export interface Changed {
  readonly heads: readonly HeadRow[]
  readonly facts: readonly FactRow[]
}

/** Ids and hashes as keys of a Map: one character a byte. */
export const keyOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')

/** A fact's place, or a prefix's. */
export const factKey = (chain: ChainId, key: string): string => keyOf(chain) + key

/** A decoded fact of a state, or null. */
export async function factOf<T>(state: State, chain: ChainId, target: Fact<T>): Promise<T | null> {
  const bytes = await state.fact(chain, target.key)
  return bytes === null ? null : readFact(target, bytes)
}

// ——— cache

export interface CachedState extends State {
  /** Takes what a committed turn has changed. */
  take(changed: Changed): void
}

/** Facts under one prefix that are worth keeping: a member's credentials, and not the grants on a record. */
const FEW = 16

/** The store's state, with the `most` newest facts and heads kept in memory. */
export function cachedState(reads: Pick<Reads, 'facts' | 'factsUnder' | 'heads'>, most: number): CachedState {
  const kept = lru<Uint8Array | null>(most)
  const keptHeads = lru<ChainHead | null>(most)
  const keptUnder = lru<readonly StoredFact[]>(most, (rows) => rows.length + 1)
  // A read that began before a turn must not be kept after it.
  let turns = 0

  return {
    async fact(chain, key) {
      const at = factKey(chain, key)
      const known = kept.get(at)
      if (known !== undefined) return known
      const turn = turns
      const [value = null] = await reads.facts([{ chain, key }])
      if (turn === turns) kept.set(at, value)
      return value
    },
    async head(chain) {
      const at = keyOf(chain)
      const known = keptHeads.get(at)
      if (known !== undefined) return known
      const turn = turns
      const [row = null] = await reads.heads([chain])
      const head = row && { sequence: row.sequence, link: row.link as LinkHash, index: row.index }
      if (turn === turns) keptHeads.set(at, head)
      return head
    },
    async under(chain, prefix) {
      const at = factKey(chain, prefix)
      const known = keptUnder.get(at)
      if (known !== undefined) return known
      const turn = turns
      const rows = await reads.factsUnder(chain, prefix)
      const found = rows.flatMap(({ key, value }) => (value === null ? [] : [{ key, value }]))
      if (turn === turns && found.length <= FEW) keptUnder.set(at, found)
      return found
    },
    take({ heads, facts }) {
      turns += 1
      for (const { chain, key, value } of facts) {
        kept.set(factKey(chain, key), value)
        for (const prefix of prefixesOf(key)) keptUnder.drop(factKey(chain, prefix))
      }
      for (const { chain, sequence, link, index } of heads) {
        keptHeads.set(keyOf(chain), { sequence, link: link as LinkHash, index })
      }
    },
  }
}

/** Every beginning of a key that ends with a slash. */
export const prefixesOf = (key: string): string[] =>
  [...key.matchAll(/\//g)].map(({ index }) => key.slice(0, index + 1))

/** A map that forgets what was used longest ago. */
export interface Lru<T> {
  get(key: string): T | undefined
  set(key: string, value: T): void
  drop(key: string): void
}

/** Holds values up to a weight of `most` in all; each weighs one unless told. What weighs more than all is not kept. */
export function lru<T>(most: number, weightOf: (value: T) => number = () => 1): Lru<T> {
  const map = new Map<string, T>()
  let weight = 0
  const drop = (key: string): void => {
    const value = map.get(key)
    if (value !== undefined) weight -= weightOf(value)
    map.delete(key)
  }
  return {
    get(key) {
      const value = map.get(key)
      if (value === undefined) return undefined
      map.delete(key)
      map.set(key, value)
      return value
    },
    set(key, value) {
      drop(key)
      if (weightOf(value) > most) return
      map.set(key, value)
      weight += weightOf(value)
      for (const oldest of map.keys()) {
        if (weight <= most) return
        drop(oldest)
      }
    },
    drop,
  }
}

// ——— layers

/** A state that an entry changes. */
export interface Changing extends State {
  setFact(row: FactRow): void
  setHead(row: HeadRow): void
}

/** Changes over a state that is left as it is. */
export interface Layer extends Changing {
  /** All changes, the newest of each fact and head. */
  changed(): Changed
}

export function layerOver(below: State): Layer {
  const facts = new Map<string, FactRow>()
  const heads = new Map<string, HeadRow>()
  return {
    async fact(chain, key) {
      const row = facts.get(factKey(chain, key))
      return row ? row.value : below.fact(chain, key)
    },
    async head(chain) {
      const row = heads.get(keyOf(chain))
      return row ? { sequence: row.sequence, link: row.link as LinkHash, index: row.index } : below.head(chain)
    },
    async under(chain, prefix) {
      const under = await below.under(chain, prefix)
      const own = [...facts.values()].filter((row) => row.key.startsWith(prefix) && equal(row.chain, chain))
      return overlaid(under, own)
    },
    setFact: (row) => void facts.set(factKey(row.chain, row.key), row),
    setHead: (row) => void heads.set(keyOf(row.chain), row),
    changed: () => ({ facts: [...facts.values()], heads: [...heads.values()] }),
  }
}

/** Facts under a prefix, as changes leave them. */
export function overlaid(under: readonly StoredFact[], own: readonly FactRow[]): readonly StoredFact[] {
  if (own.length === 0) return under
  const found = new Map(under.map((row) => [row.key, row.value]))
  for (const row of own) {
    if (row.value === null) found.delete(row.key)
    else found.set(row.key, row.value)
  }
  // Keys are ASCII: this is their order in the store.
  return [...found].map(([key, value]) => ({ key, value })).sort((a, b) => (a.key < b.key ? -1 : 1))
}
