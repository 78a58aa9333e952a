// The ledger: what one verifier knows of the chains, each entry checked for its place, link, signature and rules, in log order.
// Spec: docs/spec/rules.md, "Verifying". A client keeps one while it runs and pins its heads; a court fills one from an exported
// trail. It takes a set of proven entries whole or not at all, and never goes back.
import { type ChainId, equal, hex, type LinkHash } from './bytes.js'
import { type AnyEntry, accessLogOf, is, verifyEntry } from './entry.js'
import { ProtocolError } from './errors.js'
import { accessLink } from './leaf.js'
import type { TreeHead } from './merkle.js'
import type { NoteKey } from './note.js'
import { type Placed, type Proven, verifyProven } from './proven.js'
import { applyEntry } from './rules/apply.js'
import type { Change, Fact } from './rules/facts.js'
import { readFact } from './rules/facts.js'
import { type Facts, lookFor, type StoredFact } from './rules/look.js'
import { signKeyOf } from './rules/standing.js'

/** What a client must know beforehand: the network's chain id, its founding entry's link hash, and the log's key. */
export interface NetworkPin {
  readonly chain: ChainId
  readonly founding: LinkHash
  readonly log: NoteKey
}

/** The newest known entry of a chain. */
export interface ChainPin {
  readonly chain: ChainId
  readonly sequence: number
  readonly link: LinkHash
}

/** What a client remembers over restarts: the newest tree, and how far it has seen each chain. */
export interface Pins {
  readonly tree: TreeHead | null
  readonly chains: readonly ChainPin[]
}

interface Link {
  readonly link: LinkHash
  readonly index: number
  /** Highest log index of an entry that rests on this one. */
  restedAt: number
}

interface Chain {
  readonly links: Map<number, Link>
  head: number
  /** Versions of each fact, oldest first: the sequence from which it holds. */
  readonly facts: Map<string, { readonly since: number; readonly value: Uint8Array | null }[]>
  readonly placed: Placed[]
}

export class Ledger {
  readonly network: NetworkPin
  #tree: TreeHead | null
  readonly #chains = new Map<string, Chain>()
  readonly #pinned = new Map<string, ChainPin>()

  constructor(network: NetworkPin, pins: Pins = { tree: null, chains: [] }) {
    this.network = network
    this.#tree = pins.tree
    for (const pin of pins.chains) this.#pinned.set(hex(pin.chain), pin)
  }

  /** The newest checkpoint that was verified. */
  get tree(): TreeHead | null {
    return this.#tree
  }

  /** The newest entry known of a chain in this process, or null. */
  head(chain: ChainId): ChainPin | null {
    const known = this.#chains.get(hex(chain))
    if (!known || known.head < 0) return null
    return { chain, sequence: known.head, link: (known.links.get(known.head) as Link).link }
  }

  /** The chains that this process has verified from their beginning, and how far: what an asker need not be sent again. */
  known(): { chain: ChainId; sequence: number }[] {
    return [...this.#chains.values()].flatMap(({ head, placed }) => {
      const first = placed[0]
      return first && first.access === null ? [{ chain: first.entry.chain, sequence: head }] : []
    })
  }

  /** A fact of a chain at its newest known entry. */
  fact<T>(chain: ChainId, target: Fact<T>): T | null {
    const value = this.#valueAt(chain, target.key, Number.POSITIVE_INFINITY)
    return value === null ? null : readFact(target, value)
  }

  /** All facts under a key prefix at the newest known entry, in key order. */
  factsUnder(chain: ChainId, prefix: string): StoredFact[] {
    const keys = [...(this.#chains.get(hex(chain))?.facts.keys() ?? [])].filter((key) => key.startsWith(prefix)).sort()
    return keys.flatMap((key) => {
      const value = this.#valueAt(chain, key, Number.POSITIVE_INFINITY)
      return value === null ? [] : [{ key, value }]
    })
  }

  /** The verified entries of a chain, oldest first. Of an access log only those that were taken. */
  entries(chain: ChainId): readonly Placed[] {
    return this.#chains.get(hex(chain))?.placed ?? []
  }

  /** What to remember: the tree, and for each chain the farthest entry seen in this or an earlier process. */
  pins(): Pins {
    const pins = new Map(this.#pinned)
    for (const [key, chain] of this.#chains) {
      const known = chain.head < 0 ? undefined : chain.links.get(chain.head)
      const before = pins.get(key)
      if (known && (!before || before.sequence <= chain.head)) {
        pins.set(key, { chain: chain.placed[0]?.entry.chain as ChainId, sequence: chain.head, link: known.link })
      }
    }
    return { tree: this.#tree, chains: [...pins.values()] }
  }

  /**
   * Verifies and takes proven entries: all, or none and the ledger is as it was. Entries it has already are compared.
   * @throws ProtocolError what `verifyProven` and `applyEntry` throw; CHAIN, SEQ, SIG, FORK (another entry at a known place),
   * LOG_MISSING (an entry rests on one that was not given), STALE_AUTHORITY, ROLLBACK.
   */
  async take(given: Proven): Promise<readonly Placed[]> {
    const { tree, placed } = verifyProven(given, this.network.log, this.#tree)
    const undo: (() => void)[] = []
    try {
      for (const one of placed) await this.#takeOne(one, undo)
    } catch (error) {
      for (const step of undo.reverse()) step()
      throw error
    }
    this.#tree = tree
    return placed
  }

  /** @throws ProtocolError ROLLBACK when less of a chain is known than an earlier process had seen. */
  requirePinned(chain: ChainId): void {
    const pin = this.#pinned.get(hex(chain))
    if (pin && (this.head(chain)?.sequence ?? -1) < pin.sequence) {
      throw new ProtocolError('ROLLBACK', 'the relay shows less of a chain than it has shown before')
    }
  }

  async #takeOne(placed: Placed, undo: (() => void)[]): Promise<void> {
    const { entry, access, index } = placed
    const sequence = access ? access.number : entry.sequence
    const link = access ? accessLink(access.previous, access.number, entry.hash) : entry.link
    const known = this.#chain(entry.chain).links.get(sequence)
    if (known) {
      if (!equal(known.link, link) || known.index !== index)
        throw new ProtocolError('FORK', 'a place in a chain holds two entries')
      return
    }
    this.#checkPlace(placed, sequence)
    this.#checkPins(entry, sequence, link)
    const rests = this.#checkRests(entry, index)
    const look = lookFor(entry, this.#factsFor(entry), this.network.chain)
    verifyEntry(
      entry,
      await signKeyOf(entry, look),
      entry.kind === 'network' && entry.sequence === 0 ? null : this.network.chain,
    )
    const changes = await applyEntry(entry, look, { index, time: placed.time })
    this.#record(placed, { sequence, link, changes, rests }, undo)
  }

  /** A chain's entries follow each other; of an access log single entries may be known, and neighbours must fit. */
  #checkPlace({ entry, access, index }: Placed, sequence: number): void {
    const chain = this.#chain(entry.chain)
    const before = chain.links.get(sequence - 1)
    if (access) {
      const start = access.number === 1 ? (entry.chain as Uint8Array) : before?.link
      if (access.number < 1 || (start && !equal(start, access.previous)))
        throw new ProtocolError('CHAIN', 'an access link does not fit the one before')
      if (entry.sequence >= access.number)
        throw new ProtocolError('SEQ', 'an access entry was placed before the one that it names')
      const named = entry.sequence === 0 ? (entry.chain as Uint8Array) : chain.links.get(entry.sequence)?.link
      if (named && (entry.previous === null || !equal(named, entry.previous)))
        throw new ProtocolError('CHAIN', 'an access entry names a link that the log does not have')
      return
    }
    if (sequence !== chain.head + 1)
      throw new ProtocolError(sequence <= chain.head ? 'FORK' : 'LOG_MISSING', 'entries of a chain are missing')
    if (
      sequence === 0
        ? entry.previous !== null
        : !before || entry.previous === null || !equal(before.link, entry.previous)
    ) {
      throw new ProtocolError('CHAIN', 'an entry does not link to the one before')
    }
    // The predecessor was superseded by this entry: whatever rested on it afterwards rested on an old state.
    if (before && before.restedAt > index)
      throw new ProtocolError('STALE_AUTHORITY', 'an entry rests on a state that was superseded')
    if (before && before.index >= index)
      throw new ProtocolError('CHAIN', 'an entry stands in the log before its predecessor')
  }

  #checkPins(entry: AnyEntry, sequence: number, link: LinkHash): void {
    const pin = this.#pinned.get(hex(entry.chain))
    if (pin && pin.sequence === sequence && !equal(pin.link, link))
      throw new ProtocolError('FORK', 'a chain differs from what was seen before')
    if (is(entry, 'network', 'found') && !equal(entry.link, this.network.founding)) {
      throw new ProtocolError('FORK', 'the network was founded otherwise than the network file says')
    }
  }

  /** Every state that the entry rests on is known, is the one it names, and was the newest at the entry's place. */
  #checkRests(entry: AnyEntry, index: number): readonly Link[] {
    const log = entry.kind === 'record' ? hex(accessLogOf(entry.chain)) : null
    return entry.restsOn.flatMap((rest) => {
      const chain = this.#chains.get(hex(rest.chain))
      const known = chain?.links.get(rest.sequence)
      // A recall rests on the access log, which opening does not replay; the trail, which has it whole, checks it.
      if (!known && log === hex(rest.chain)) return []
      if (!chain || !known) throw new ProtocolError('LOG_MISSING', 'an entry rests on a state that was not given')
      if (!equal(known.link, rest.link))
        throw new ProtocolError('CHAIN', 'an entry rests on a state that its chain does not have')
      const next = chain.links.get(rest.sequence + 1)
      if (known.index >= index || (next && next.index < index)) {
        throw new ProtocolError('STALE_AUTHORITY', 'an entry rests on a state that was superseded')
      }
      return [known]
    })
  }

  #factsFor(entry: AnyEntry): Facts {
    const asOf = new Map(entry.restsOn.map((rest) => [hex(rest.chain), rest.sequence]))
    const limit = (chain: ChainId): number => asOf.get(hex(chain)) ?? Number.POSITIVE_INFINITY
    return {
      get: (chain, key) => this.#valueAt(chain, key, limit(chain)),
      under: (chain, prefix) => this.factsUnder(chain, prefix),
    }
  }

  #valueAt(chain: ChainId, key: string, sequence: number): Uint8Array | null {
    const versions = this.#chains.get(hex(chain))?.facts.get(key)
    for (let i = (versions?.length ?? 0) - 1; versions && i >= 0; i--) {
      const version = versions[i] as { since: number; value: Uint8Array | null }
      if (version.since <= sequence) return version.value
    }
    return null
  }

  #chain(id: ChainId): Chain {
    const key = hex(id)
    let chain = this.#chains.get(key)
    if (!chain) {
      chain = { links: new Map(), head: -1, facts: new Map(), placed: [] }
      this.#chains.set(key, chain)
    }
    return chain
  }

  #record(
    placed: Placed,
    taken: { sequence: number; link: LinkHash; changes: readonly Change[]; rests: readonly Link[] },
    undo: (() => void)[],
  ): void {
    const chain = this.#chain(placed.entry.chain)
    const head = chain.head
    const rested = taken.rests.map((rest) => ({ rest, before: rest.restedAt }))
    chain.links.set(taken.sequence, { link: taken.link, index: placed.index, restedAt: -1 })
    chain.head = Math.max(head, taken.sequence)
    chain.placed.push(placed)
    for (const { rest } of rested) rest.restedAt = Math.max(rest.restedAt, placed.index)
    for (const { key, value } of taken.changes) {
      const versions = chain.facts.get(key) ?? []
      versions.push({ since: taken.sequence, value })
      chain.facts.set(key, versions)
    }
    undo.push(() => {
      chain.links.delete(taken.sequence)
      chain.head = head
      chain.placed.pop()
      for (const { rest, before } of rested) rest.restedAt = before
      for (const { key } of taken.changes) chain.facts.get(key)?.pop()
    })
  }
}
