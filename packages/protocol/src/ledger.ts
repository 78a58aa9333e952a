// The ledger: what one verifier knows of the chains, each entry checked for its place, link, signature and rules, in log order.
// Spec: docs/spec/rules.md, "Verifying". A client keeps one while it runs and pins its heads; a court fills one from an exported
// trail. It takes a set of proven entries whole or not at all, and never goes back.
import { type HasVerdict, type VerifySignatures, verifyAhead } from './ahead.js'
import { type ChainId, type DeviceId, equal, hex, type LinkHash } from './bytes.js'
import { addEntry, type ChainState, claimLink, emptyChain, type Link, valueAt, valuesUnder } from './chain-state.js'
import { expectFunction, expectText, reading } from './check.js'
import { type AnyEntry, accessLogOf, expectEntry, is, verifyEntry } from './entry.js'
import { ProtocolError } from './errors.js'
import { accessLink, type Seal } from './leaf.js'
import type { TreeHead } from './merkle.js'
import { type ChainPin, type NetworkPin, ownNetworkPin, ownPins, type Pins } from './pins.js'
import { type Placed, type Proven, verifyProven } from './proven.js'
import { applyEntry } from './rules/apply.js'
import { type Fact, facts, keyOf, readFact } from './rules/facts.js'
import { type Facts, lookFor, type StoredFact } from './rules/look.js'
import { signKeyOf } from './rules/standing.js'
import { mergeSeals } from './seals.js'

export interface LedgerOptions {
  /** Verifies signatures elsewhere before the rules ask for them. */
  readonly verifySignatures?: VerifySignatures | undefined
}

type Undo = (() => void)[]

/** A chain and how far its facts count for one entry: to a sequence, or an access number. */
interface Named {
  readonly chain: ChainId
  readonly state: ChainState | undefined
  readonly limit: number
}

const NEWEST = Number.POSITIVE_INFINITY

export class Ledger {
  readonly network: NetworkPin
  #tree: TreeHead | null
  #seals: readonly Seal[] = []
  readonly #chains = new Map<string, ChainState>()
  readonly #pinned = new Map<string, ChainPin>()
  readonly #verifySignatures: VerifySignatures | undefined
  #turn: Promise<unknown> = Promise.resolve()

  /** @throws ProtocolError USAGE, KEY_FORMAT */
  constructor(network: NetworkPin, pins: Pins = { tree: null, chains: [] }, options: LedgerOptions = {}) {
    this.network = ownNetworkPin(network)
    this.#verifySignatures = reading('options of a ledger', () => verifierIn(options))
    const { tree, chains } = ownPins(pins)
    this.#tree = tree
    for (const pin of chains) this.#pinned.set(hex(pin.chain), pin)
  }

  /** The newest tree that was verified. */
  get tree(): TreeHead | null {
    return this.#tree
  }

  /** The newest entry known of a chain in this process, or null. @throws ProtocolError USAGE */
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

  /** A fact of a chain at its newest known entry. @throws ProtocolError USAGE */
  fact<T>(chain: ChainId, target: Fact<T>): T | null {
    const value = valueAt(this.#chains.get(hex(chain)), keyOf(target), NEWEST)
    return value === null ? null : readFact(target, value)
  }

  /** All facts under a key prefix at the newest known entry, in key order. @throws ProtocolError USAGE */
  factsUnder(chain: ChainId, prefix: string): StoredFact[] {
    return valuesUnder(this.#chains.get(hex(chain)), expectText(prefix), NEWEST)
  }

  /** All chains' facts at their newest known entries: for what is asked of many of them. */
  get facts(): Facts {
    return {
      get: (chain, key) => valueAt(this.#chains.get(hex(chain)), key, NEWEST),
      under: (chain, prefix) => valuesUnder(this.#chains.get(hex(chain)), prefix, NEWEST),
    }
  }

  /** The facts that an entry of a chain other than an access log was judged by: for `admits`, by whoever has its wrap list. @throws ProtocolError USAGE */
  factsBefore(entry: AnyEntry): Facts {
    const { chain } = expectEntry(entry)
    const limit = entry.kind === 'access' ? NEWEST : entry.sequence - 1
    return this.#factsAsOf([...this.#namedBy(entry), { chain, state: this.#chains.get(hex(chain)), limit }])
  }

  /** The verified entries of a chain, in order of the log. Of an access log only those that were taken. @throws ProtocolError USAGE */
  entries(chain: ChainId): readonly Placed[] {
    return this.#chains.get(hex(chain))?.placed ?? []
  }

  /** What to remember: the tree, and for each chain the farthest entry seen in this or an earlier process. */
  pins(): Pins {
    const pins = new Map(this.#pinned)
    for (const [key, chain] of this.#chains) {
      const known = chain.links.get(chain.head)
      const before = pins.get(key)
      if (known && (!before || before.sequence <= chain.head)) {
        pins.set(key, { chain: chain.placed[0]?.entry.chain as ChainId, sequence: chain.head, link: known.link })
      }
    }
    return { tree: this.#tree, chains: [...pins.values()] }
  }

  /** @throws ProtocolError ROLLBACK when less of a chain is known than an earlier process had seen. */
  requirePinned(chain: ChainId): void {
    const pin = this.#pinned.get(hex(chain))
    if (pin && (this.head(chain)?.sequence ?? -1) < pin.sequence) {
      throw new ProtocolError('ROLLBACK', 'the relay shows less of a chain than it has shown before')
    }
  }

  /**
   * Verifies and takes proven entries: all, or none and the ledger is as it was. Entries it has already are compared. Calls wait for
   * each other.
   * @throws ProtocolError what `verifyProven` and `applyEntry` throw; CHAIN, SEQ, SIG, FORK (another entry at a known place),
   * LOG_MISSING (an entry rests on one that was not given), STALE_AUTHORITY, ROLLBACK, LOG_INCONSISTENT, TIME.
   */
  take(given: Proven): Promise<readonly Placed[]> {
    const mine = this.#turn.then(() => this.#take(given))
    this.#turn = mine.catch(() => undefined)
    return mine
  }

  async #take(given: Proven): Promise<readonly Placed[]> {
    const { tree, placed } = verifyProven(given, this.network.log, this.#tree)
    const seals = mergeSeals(this.#seals, given.seals)
    const listed = (chain: ChainId, device: DeviceId) => this.fact(chain, facts.device(device))?.sign ?? null
    const isVerified = await verifyAhead(placed, this.network.chain, listed, this.#verifySignatures)
    const undo: Undo = []
    try {
      for (const one of placed) await this.#takeOne(one, undo, isVerified)
    } catch (error) {
      for (const step of undo.reverse()) step()
      throw error
    }
    this.#tree = { size: tree.size, root: tree.root }
    this.#seals = seals
    return placed
  }

  async #takeOne(placed: Placed, undo: Undo, isVerified: HasVerdict): Promise<void> {
    const { entry, access, index, time } = placed
    const sequence = access ? access.number : entry.sequence
    const link = access ? accessLink(access.previous, access.number, entry.hash) : entry.link
    const chain = this.#chain(entry.chain)
    const known = chain.links.get(sequence)
    if (known) {
      if (!equal(known.link, link) || known.index !== index)
        throw new ProtocolError('FORK', 'a place in a chain holds two entries')
      return
    }
    this.#checkPins(placed, { sequence, link })
    if (access) checkAccessPlace(chain, placed, link, undo)
    else checkPlace(chain, placed)
    const named = this.#namedBy(entry)
    const rests = checkRests(entry, index, named)
    const before = this.#factsAsOf([...named, { chain: entry.chain, state: chain, limit: sequence - 1 }])
    const look = lookFor(entry, before, this.network.chain)
    const network = is(entry, 'network', 'found') ? null : this.network.chain
    const signKey = await signKeyOf(entry, look)
    if (!isVerified(entry, signKey)) verifyEntry(entry, signKey, network)
    const changes = await applyEntry(entry, look, { index, time })
    undo.push(addEntry(chain, placed, { sequence, link, changes, rests }))
  }

  #checkPins({ entry, access }: Placed, own: { readonly sequence: number; readonly link: LinkHash }): void {
    if (is(entry, 'network', 'found') && !equal(entry.link, this.network.founding))
      throw new ProtocolError('FORK', 'the network was founded otherwise than the network file says')
    const pin = this.#pinned.size > 0 && this.#pinned.get(hex(entry.chain))
    if (!pin) return
    const said = [own]
    if (access) said.push({ sequence: access.number - 1, link: access.previous })
    if (entry.previous) said.push({ sequence: access ? entry.sequence : entry.sequence - 1, link: entry.previous })
    if (said.some(({ sequence, link }) => sequence === pin.sequence && !equal(link, pin.link)))
      throw new ProtocolError('FORK', 'a chain differs from what was seen before')
  }

  /** The states that an entry rests on. */
  #namedBy(entry: AnyEntry): Named[] {
    return entry.restsOn.map(({ chain, sequence }) => ({
      chain,
      state: this.#chains.get(hex(chain)),
      limit: sequence,
    }))
  }

  /** Facts of chains as of these states; of others, the newest. */
  #factsAsOf(named: readonly Named[]): Facts {
    // Looked through by comparing: a rule reads a dozen facts, and a key for each would cost more than all it decides.
    const find = (chain: ChainId): Named =>
      named.find((one) => equal(one.chain, chain)) ?? { chain, state: this.#chains.get(hex(chain)), limit: NEWEST }
    return {
      get(chain, key) {
        const { state, limit } = find(chain)
        return valueAt(state, key, limit)
      },
      under(chain, prefix) {
        const { state, limit } = find(chain)
        return valuesUnder(state, prefix, limit)
      },
    }
  }

  #chain(id: ChainId): ChainState {
    const key = hex(id)
    const chain = this.#chains.get(key) ?? emptyChain()
    this.#chains.set(key, chain)
    return chain
  }
}

function verifierIn(options: LedgerOptions): VerifySignatures | undefined {
  if (typeof options !== 'object') throw new ProtocolError('USAGE', 'expected options')
  return options.verifySignatures === undefined ? undefined : expectFunction(options.verifySignatures)
}

/**
 * Every state that the entry rests on is known, is the one it names, and was the newest at the entry's place. A record's own access log is
 * passed over, known or not: its readers know different parts of it, and would come to different verdicts. checkTrail looks at it whole.
 */
function checkRests(entry: AnyEntry, index: number, named: readonly Named[]): readonly Link[] {
  const log = entry.kind === 'record' ? accessLogOf(entry.chain) : null
  return entry.restsOn.flatMap(({ chain, sequence, link }, i) => {
    if (log && equal(log, chain)) return []
    const links = named[i]?.state?.links
    const known = links?.get(sequence)
    if (!known) throw new ProtocolError('LOG_MISSING', 'an entry rests on a state that was not given')
    if (!equal(known.link, link))
      throw new ProtocolError('CHAIN', 'an entry rests on a state that its chain does not have')
    const next = links?.get(sequence + 1)
    if (known.index >= index || (next && next.index < index)) {
      throw new ProtocolError('STALE_AUTHORITY', 'an entry rests on a state that was superseded')
    }
    return [known]
  })
}

/** The entries of a chain follow each other, without gaps, in the log's order. */
function checkPlace(chain: ChainState, { entry, index }: Placed): void {
  const { sequence, previous } = entry
  const before = chain.links.get(sequence - 1)
  if (sequence !== chain.head + 1) throw new ProtocolError('LOG_MISSING', 'entries of a chain are missing')
  const follows = before ? previous !== null && equal(before.link, previous) : previous === null
  if (!follows) throw new ProtocolError('CHAIN', 'an entry does not link to the one before')
  if (before && before.index >= index)
    throw new ProtocolError('CHAIN', 'an entry stands in the log before its predecessor')
  // The predecessor was superseded by this entry: whatever rested on it afterwards rested on an old state.
  if (before && before.restedAt > index)
    throw new ProtocolError('STALE_AUTHORITY', 'an entry rests on a state that was superseded')
}

/** Of an access log single entries may be known: each has to fit those that are, and those that come later have to fit it. */
function checkAccessPlace(chain: ChainState, { entry, access, index }: Placed, link: LinkHash, undo: Undo): void {
  const { number, previous } = access as NonNullable<Placed['access']>
  const log = entry.chain
  if (entry.previous === null) throw new ProtocolError('CHAIN', 'an access entry follows an access link')
  if (entry.sequence >= number)
    throw new ProtocolError('SEQ', 'an access entry was placed before the one that it names')
  if (chain.hashes.has(hex(entry.hash))) throw new ProtocolError('FORK', 'an access entry stands in the log twice')
  undo.push(claimLink(chain, log, number, link))
  undo.push(claimLink(chain, log, number - 1, previous))
  undo.push(claimLink(chain, log, entry.sequence, entry.previous))
  // Those known are in order already: who stands next to it in the log says whether all of them stay so.
  const at = chain.placed.findLastIndex((other) => other.index < index)
  const numberAt = (i: number): number | undefined => chain.placed[i]?.access?.number
  if ((numberAt(at) ?? 0) > number || (numberAt(at + 1) ?? NEWEST) < number)
    throw new ProtocolError('CHAIN', 'access entries stand in the log in another order than their numbers')
}
