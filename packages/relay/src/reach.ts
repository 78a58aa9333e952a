// To whom keys may go now: what the recipients' own chains say of them. Spec: docs/spec/rules.md, "Wrap lists".
import {
  type AnyEntry,
  type AsOf,
  type ChainId,
  equal,
  type Facts,
  facts,
  is,
  isVouchedFor,
  limits,
  type Recipients,
  type WrapLeaf,
} from '@sealchart/protocol'
import { RelayError } from './errors.js'
import { teamsOf } from './membership.js'
import { factsFrom } from './place.js'
import { inSlices } from './slices.js'
import { factOf, keyOf, type State } from './state.js'

/** How the gate asks: as of now, and noting of which chains. */
export interface Asking extends AsOf {
  /** Takes the keys of all chains that an answer depends on: if one moves before the turn, everything is asked again. */
  readonly asked: Set<string>
}

/** The facts of a state, noting which chains are looked at. */
export function askedFacts(state: State, { asked }: Asking): Facts {
  const known = factsFrom(state)
  const note = (chain: ChainId): ChainId => {
    asked.add(keyOf(chain))
    return chain
  }
  return {
    ...known,
    get: (chain, key) => known.get(note(chain), key),
    under: (chain, prefix) => known.under(note(chain), prefix),
  }
}

/** A member's or team's newest epoch and head, as a wrap must name them. */
export async function newestOf(state: State, chain: ChainId): ReturnType<Recipients['newest']> {
  const epoch = await factOf(state, chain, facts.epoch)
  const head = await state.head(chain)
  return epoch && head && { epoch: epoch.epoch, keyHash: epoch.keyHash, sequence: head.sequence, link: head.link }
}

/**
 * A team's secret goes to members for whom the institutions of their seats vouch, and who sit in 200 teams at most: whoever loses a
 * device or credential has to tell them all in one list. @throws RelayError CRED_BINDING, STALE_EPOCH, LIMIT.
 */
export async function requireSeats(
  state: State,
  entry: AnyEntry,
  leaves: readonly WrapLeaf[],
  at: Asking,
): Promise<void> {
  const known = askedFacts(state, at)
  const seats = is(entry, 'team', 'found') ? entry.body.seats : is(entry, 'team', 'change') ? entry.body.adds : []
  for await (const seat of inSlices(seats)) {
    if (!(await isVouchedFor(seat, known, at.network)))
      throw new RelayError('CRED_BINDING', 'the institution of a seat does not vouch for its member')
    if ((await teamsOf(state, seat.member, at.time)).length >= limits.teamsEach)
      throw new RelayError('LIMIT', 'a member sits in 200 teams at most')
  }
  for await (const { recipient } of inSlices(leaves)) {
    if (seats.some(({ member }) => equal(member, recipient))) continue
    const seat = await factOf(state, entry.chain, facts.seat(recipient))
    if (seat === null || !(await isVouchedFor({ member: recipient, institution: seat.institution }, known, at.network)))
      throw new RelayError('STALE_EPOCH', 'the new epoch would reach somebody whose credential was withdrawn')
  }
}
