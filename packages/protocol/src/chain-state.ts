// What a ledger keeps of one chain: the links of its entries, its facts in all their versions, and the entries. No rule stands here.
// Spec: docs/spec/rules.md, "Verifying". Entries of an access log may come alone and in any order, those of other chains only in order.
import { type ChainId, equal, hex, type LinkHash } from './bytes.js'
import { ProtocolError } from './errors.js'
import type { Placed } from './proven.js'
import type { Change } from './rules/facts.js'
import type { StoredFact } from './rules/look.js'

/** An entry's place: its link hash (of an access entry its access link) and its log index. */
export interface Link {
  readonly link: LinkHash
  readonly index: number
  /** Highest log index of an entry that rests on this one. */
  restedAt: number
}

interface Version {
  readonly since: number
  readonly value: Uint8Array | null
}

export interface ChainState {
  readonly links: Map<number, Link>
  /** Highest sequence, or access number, that is known; −1 for none. */
  head: number
  /** Versions of each fact in order of the sequence from which they hold. */
  readonly facts: Map<string, Version[]>
  /** In order of the log. */
  readonly placed: Placed[]
  /** Links that access entries say stand at other numbers, known or not: what comes later has to fit. */
  readonly claimed: Map<number, LinkHash>
  /** Hashes of access entries: their place follows from nothing that they sign. */
  readonly hashes: Set<string>
}

export const emptyChain = (): ChainState => ({
  links: new Map(),
  head: -1,
  facts: new Map(),
  placed: [],
  claimed: new Map(),
  hashes: new Set(),
})

/** A fact as it was at a sequence. */
export function valueAt(chain: ChainState | undefined, key: string, sequence: number): Uint8Array | null {
  const versions = chain?.facts.get(key) ?? []
  let at = versions.length - 1
  while (at >= 0 && (versions[at] as Version).since > sequence) at--
  return versions[at]?.value ?? null
}

/** All facts under a key prefix as they were at a sequence, in key order. */
export function valuesUnder(chain: ChainState | undefined, prefix: string, sequence: number): StoredFact[] {
  const keys = [...(chain?.facts.keys() ?? [])].filter((key) => key.startsWith(prefix)).sort()
  return keys.flatMap((key) => {
    const value = valueAt(chain, key, sequence)
    return value === null ? [] : [{ key, value }]
  })
}

/** What an accepted entry adds to its chain. */
export interface Taken {
  readonly sequence: number
  readonly link: LinkHash
  readonly changes: readonly Change[]
  /** The states that it rests on. */
  readonly rests: readonly Link[]
}

/** Adds an accepted entry; the answer takes it away again, if everything added after it is gone. */
export function addEntry(chain: ChainState, placed: Placed, taken: Taken): () => void {
  const { sequence, link, changes } = taken
  const undo: (() => void)[] = []
  const head = chain.head
  chain.links.set(sequence, { link, index: placed.index, restedAt: -1 })
  chain.head = Math.max(head, sequence)
  const hash = hex(placed.entry.hash)
  if (placed.access) chain.hashes.add(hash)
  undo.push(() => {
    chain.links.delete(sequence)
    chain.head = head
    chain.hashes.delete(hash)
  })
  undo.push(insert(chain.placed, placed, (other) => other.index > placed.index))
  for (const rest of taken.rests) {
    const before = rest.restedAt
    rest.restedAt = Math.max(before, placed.index)
    undo.push(() => void (rest.restedAt = before))
  }
  for (const { key, value } of changes) {
    const versions = chain.facts.get(key) ?? []
    chain.facts.set(key, versions)
    // What an access sets is set by the first one: of those that became known before it, later ones give way.
    if (placed.access) undo.push(cut(versions, (other) => other.since > sequence))
    undo.push(insert(versions, { since: sequence, value }, (other) => other.since > sequence))
  }
  return () => {
    for (const step of undo.reverse()) step()
  }
}

/** Puts an item before the first that comes after it; nearly always that is the end. */
function insert<T>(items: T[], item: T, after: (other: T) => boolean): () => void {
  let at = items.length
  while (at > 0 && after(items[at - 1] as T)) at--
  items.splice(at, 0, item)
  return () => void items.splice(items.indexOf(item), 1)
}

/** Takes away the items at the end that come after it. */
function cut<T>(items: T[], after: (other: T) => boolean): () => void {
  const at = items.findIndex(after)
  const taken = at < 0 ? [] : items.splice(at)
  return () => void items.push(...taken)
}

/**
 * Notes that a link stands at a number of an access log; the answer forgets it again.
 * @throws ProtocolError CHAIN when another one is known or claimed there.
 */
export function claimLink(chain: ChainState, log: ChainId, number: number, link: LinkHash): () => void {
  const known = number === 0 ? log : (chain.links.get(number)?.link ?? chain.claimed.get(number))
  if (known && !equal(known, link))
    throw new ProtocolError('CHAIN', 'an access entry names a link that the log does not have')
  if (chain.claimed.has(number)) return () => {}
  chain.claimed.set(number, link)
  return () => void chain.claimed.delete(number)
}
