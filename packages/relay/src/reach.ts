// To whom keys may go now: what the recipients' own chains say of them. Spec: docs/spec/rules.md, "Wrap lists".
import {
  type AnyEntry,
  type ChainId,
  equal,
  facts,
  type Holder,
  is,
  type LiveGrant,
  limits,
  type Recipients,
  type WrapLeaf,
} from '@sealchart/protocol'
import { isVouchedFor } from './credentials.js'
import { RelayError } from './errors.js'
import { membersOf, teamsOf } from './membership.js'
import { inSlices } from './slices.js'
import { factOf, keyOf, type State } from './state.js'

export interface ReachParts {
  readonly network: ChainId
  readonly now: number
  /** Takes every chain that an answer depends on: if one moves before the turn, everything is asked again. */
  readonly asked: Set<string>
}

/** To whom a holder's keys are wrapped. A stale team's key may be in wrong hands: its members get them one by one. */
export async function reachOf(state: State, { member, institution }: Holder, parts: ReachParts): Promise<ChainId[]> {
  const { network, now, asked } = parts
  asked.add(keyOf(member))
  const team = await factOf(state, member, facts.team)
  if (team === null) return (await isVouchedFor(state, network, { member, institution })) ? [member] : []
  if (team.closed !== null || (team.until !== null && team.until <= now)) return []
  if (team.stale === null) return [member]
  const reached: ChainId[] = []
  for await (const seat of inSlices(await membersOf(state, member))) {
    asked.add(keyOf(seat.member))
    if (await isVouchedFor(state, network, seat)) reached.push(seat.member)
  }
  return reached
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
  { network, now }: ReachParts,
): Promise<void> {
  const seats = is(entry, 'team', 'found') ? entry.body.seats : is(entry, 'team', 'change') ? entry.body.adds : []
  for await (const seat of inSlices(seats)) {
    if (!(await isVouchedFor(state, network, seat)))
      throw new RelayError('CRED_BINDING', 'the institution of a seat does not vouch for its member')
    if ((await teamsOf(state, seat.member, now)).length >= limits.teamsEach)
      throw new RelayError('LIMIT', 'a member sits in 200 teams at most')
  }
  for await (const { recipient } of inSlices(leaves)) {
    if (seats.some(({ member }) => equal(member, recipient))) continue
    const seat = await factOf(state, entry.chain, facts.seat(recipient))
    if (seat === null || !(await isVouchedFor(state, network, { member: recipient, institution: seat.institution })))
      throw new RelayError('STALE_EPOCH', 'the new epoch would reach somebody whose credential was withdrawn')
  }
}

/** The sections of a record that a version touches without a new key, each with the log index since which its key is the newest. */
export type KeptKeys = readonly { readonly section: number; readonly index: number }[]

/**
 * Nothing new under a key that somebody holds who should not: each holder of these sections is reached as the key was wrapped to her, and
 * her own key is no newer than that. @throws RelayError STALE_EPOCH.
 */
export async function requireHeldAsWrapped(
  state: State,
  { grant: { recipient: member, institution, sections, index }, teams }: LiveGrant,
  kept: KeptKeys,
  parts: ReachParts,
): Promise<void> {
  const mine = kept.filter(({ section }) => section === 0 || sections.includes(section))
  if (mine.length === 0) return
  for (const team of teams) {
    if ((await reachOf(state, { member: team, institution: null }, parts)).length === 0) throw staleHolder()
  }
  await requireReached(
    state,
    { member, institution },
    { since: Math.min(...mine.map((key) => Math.max(key.index, index))), parts },
  )
}

/** @throws RelayError STALE_EPOCH unless a holder is reached by herself, under a key that she had at log index `since`. */
export async function requireReached(
  state: State,
  holder: Holder,
  { since, parts }: { readonly since: number; readonly parts: ReachParts },
): Promise<void> {
  const [only, ...more] = await reachOf(state, holder, parts)
  const epoch = await factOf(state, holder.member, facts.epoch)
  if (only === undefined || more.length > 0 || !equal(only, holder.member)) throw staleHolder()
  if (epoch === null || epoch.index > since) throw staleHolder()
}

const staleHolder = (): RelayError =>
  new RelayError('STALE_EPOCH', 'somebody holds the section’s key who should not: the version needs a new epoch')
