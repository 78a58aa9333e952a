// Placing one entry in its chain: heads first, then the rules. The gate's trial and the turn run this same function.
// Spec: docs/spec/relay.md, "The turn". Heads come first, so that whoever does not know a chain's head learns nothing else of it.
import {
  type AccessPlace,
  type AnyEntry,
  accessLink,
  accessLogOf,
  applyEntry,
  type ChainId,
  equal,
  type Facts,
  type LinkHash,
  lookFor,
  requireUnopened,
} from '@sealchart/protocol'
import { RelayError } from './errors.js'
import { pause } from './slices.js'
import type { Changing, State } from './state.js'

/** Where the log stands for an entry: its leaf index, the log time in ms, the size of the newest signed tree, and the network's id. */
export interface Moment {
  readonly index: number
  readonly time: number
  readonly size: number
  readonly network: ChainId
  /** Link of an access entry that is placed already, by number. */
  linkAt(chain: ChainId, sequence: number): Promise<Uint8Array | null>
}

/** An entry's place in its chain. */
export interface ChainPlace {
  readonly sequence: number
  readonly link: LinkHash
  readonly access: AccessPlace | null
}

/** A chain, and the newest sequence (or access number) of it that somebody names; −1 for none. */
export interface NamedHead {
  readonly chain: ChainId
  readonly sequence: number
}

/** An entry rests on, or follows, what is no longer the newest: `named` are those states, for the answer with what was missed. */
export class StaleHeads extends RelayError {
  readonly named: readonly NamedHead[]
  /** Who signed the stale entry. */
  readonly signer: AnyEntry['signer']

  constructor(named: readonly NamedHead[], signer: AnyEntry['signer']) {
    super('CONFLICT', 'another entry was placed before')
    this.named = named
    this.signer = signer
  }
}

/** Members' chains moved since the gate checked who gets keys: `chains`, or too many to say. It looks again, as of the log's `size`. */
export class MovedHeads extends RelayError {
  readonly chains: readonly ChainId[] | null
  readonly size: number

  constructor(chains: readonly ChainId[] | null, size: number) {
    super('BUSY', 'members changed while the list was checked')
    this.chains = chains
    this.size = size
  }
}

/** The facts of a state for the rules. */
export const factsFrom = (state: State): Facts => ({
  get: (chain, key) => state.fact(chain, key),
  under: (chain, prefix) => state.under(chain, prefix),
  pause,
})

/**
 * Places an entry on a state and changes it so. On an error the state is spoiled: drop it.
 * @throws StaleHeads; RelayError CHAIN, RULE; what applyEntry throws; ProtocolError ALREADY_OPENED.
 */
export async function placeEntry(entry: AnyEntry, state: Changing, moment: Moment): Promise<ChainPlace> {
  const place = await findPlace(entry, state, moment)
  // Who signs has verified a tree of ours; a larger one is not ours, or we lost a part of it.
  if (entry.seen !== null && entry.seen.size > moment.size)
    throw new RelayError('RULE', 'the entry has seen a larger log than there is')
  const { index, time } = moment
  const known = factsFrom(state)
  const changes = await applyEntry(entry, lookFor(entry, known, moment.network), { index, time })
  await requireUnopened(entry, known)
  for (const { key, value } of changes) state.setFact({ chain: entry.chain, key, value })
  state.setHead({ chain: entry.chain, sequence: place.sequence, link: place.link, index })
  return place
}

async function findPlace(entry: AnyEntry, state: State, moment: Moment): Promise<ChainPlace> {
  const stale: NamedHead[] = []
  const head = await state.head(entry.chain)
  const isAccess = entry.kind === 'access'
  if (!isAccess && !follows(entry, head)) stale.push({ chain: entry.chain, sequence: entry.sequence - 1 })
  for (const rest of entry.restsOn) {
    const now = (await state.head(rest.chain)) ?? startOf(entry, rest.chain)
    if (now?.sequence !== rest.sequence || !equal(now.link, rest.link))
      stale.push({ chain: rest.chain, sequence: rest.sequence })
  }
  if (stale.length > 0) throw new StaleHeads(stale, entry.signer)
  if (!isAccess) return { sequence: entry.sequence, link: entry.link, access: null }
  return placeAccess(entry, head, moment)
}

/** A record's access log before its first entry: number 0, whose link is its id. A recall may rest on it. */
const startOf = (entry: AnyEntry, chain: ChainId): { sequence: number; link: Uint8Array } | null =>
  entry.kind === 'record' && equal(accessLogOf(entry.chain), chain) ? { sequence: 0, link: chain } : null

function follows(entry: AnyEntry, head: { sequence: number; link: Uint8Array } | null): boolean {
  if (head === null) return entry.sequence === 0 && entry.previous === null
  return entry.sequence === head.sequence + 1 && entry.previous !== null && equal(entry.previous, head.link)
}

async function placeAccess(
  entry: AnyEntry,
  head: { sequence: number; link: LinkHash } | null,
  moment: Moment,
): Promise<ChainPlace> {
  const newest = head ?? { sequence: 0, link: entry.chain as Uint8Array as LinkHash }
  const named = await namedLink(entry, newest, moment)
  if (named === null || entry.previous === null || !equal(named, entry.previous))
    throw new RelayError('CHAIN', 'an access entry names a link that the log does not have')
  const number = newest.sequence + 1
  const link = accessLink(newest.link, number, entry.hash)
  return { sequence: number, link, access: { number, previous: newest.link } }
}

async function namedLink(
  entry: AnyEntry,
  newest: { sequence: number; link: LinkHash },
  moment: Moment,
): Promise<Uint8Array | null> {
  if (entry.sequence === newest.sequence) return newest.link
  if (entry.sequence === 0) return entry.chain
  return entry.sequence > newest.sequence ? null : moment.linkAt(entry.chain, entry.sequence)
}
