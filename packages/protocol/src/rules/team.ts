// Rules of a team's chain: a group of members whose key turns with every removal. Spec: docs/spec/rules.md, "Team".
// A rule never walks over the roster: counts stand in the fact `team`, and who must be wrapped to is admits.ts's question.
import { sha256 } from '#sha256'
import type { Seat } from '../bodies.js'
import { type ChainId, compare, type EntryHash, equal } from '../bytes.js'
import { chainIdOf, type Entry } from '../entry.js'
import { ProtocolError } from '../errors.js'
import { limits } from '../limits.js'
import { type Change, facts, type SeatFact, set, type Team } from './facts.js'
import { startEpoch } from './group.js'
import type { Look, Position } from './look.js'
import { isSeated, requireOpen } from './seats.js'
import { refuse } from './sections.js'
import { requireCredential, requireIssuer } from './standing.js'

type Seated = Entry<'team', 'change' | 'refresh' | 'appoint' | 'dismiss' | 'close'>

export const teamRules = {
  async found(entry: Entry<'team', 'found'>, look: Look, at: Position): Promise<Change[]> {
    const { founder, nonce, credential, purpose, name, until, seats, epochKey, wraps } = entry.body
    if (!equal(chainIdOf(look.network, founder, nonce), entry.chain) || !equal(entry.signer.chain, founder))
      throw new ProtocolError('BINDING', 'a team’s id is the hash of its network, founder and nonce')
    const { institution } = await requireCredential(founder, credential, look, at)
    const consults = purpose === 'consultation'
    if (consults !== (name === null)) refuse('a consultation has no name in clear, every other team has one')
    if (consults && (until === null || entry.private === null)) refuse('a consultation has an end and a sealed reason')
    if (until !== null && until <= at.time) refuse('the team would be over already')
    requireAscending(seats.map(({ member }) => member))
    const own = seats.find(({ member }) => equal(member, founder))
    if (own?.role !== 'admin' || !equal(own.institution, institution)) refuse('the founder is an admin of her own team')
    const admins = seats.filter(({ role }) => role === 'admin').length
    const counts = { members: seats.length, admins, out: 0, stale: null, closed: null }
    return [
      set(facts.team, { purpose, institution, until, ...counts }),
      ...(name === null ? [] : [set(facts.name, name)]),
      set(facts.epoch, {
        epoch: 0,
        key: epochKey,
        keyHash: sha256(epochKey),
        wraps: wraps.attached.digest,
        index: at.index,
      }),
      ...seats.map((seat) => take(seat, at)),
    ]
  },

  async change(entry: Entry<'team', 'change'>, look: Look, at: Position): Promise<Change[]> {
    const { adds, removes, epoch, wraps } = entry.body
    const team = await requireAdmin(entry, look, at)
    if (adds.length + removes.length === 0 && epoch === null) refuse('a change adds, removes, or turns the key')
    requireAscending(adds.map(({ member }) => member))
    requireAscending(removes)
    // Whoever leaves must not be the one who chose the key of those who stay.
    if (removes.some((member) => equal(member, entry.signer.chain))) refuse('nobody removes herself')
    const leaving = await seatsOf(entry, removes, look)
    for (const { member } of adds) {
      if (isSeated(await look.fact(entry.chain, facts.seat(member)))) refuse('who is added is not in the team yet')
    }
    if (epoch === null && (removes.length > 0 || team.stale !== null))
      throw new ProtocolError('STALE_EPOCH', 'the team needs a new epoch')
    const counts = countsWithout(team, leaving)
    if (epoch !== null) requireNobodyOut(counts)
    const members = counts.members + adds.length
    const admins = counts.admins + adds.filter(({ role }) => role === 'admin').length
    if (members > limits.members) throw new ProtocolError('LIMIT', 'a team has 1,000 members at most')
    return [
      set(facts.team, { ...counts, members, admins, stale: epoch === null ? team.stale : null }),
      ...(epoch === null ? [] : [await startEpoch(entry, epoch, { wraps: wraps.attached.digest, look, at })]),
      ...leaving.map((seat) => leave(seat, at)),
      ...adds.map((seat) => take(seat, at)),
    ]
  },

  async refresh(entry: Entry<'team', 'refresh'>, look: Look, at: Position): Promise<Change[]> {
    const { leaves, epoch, wraps } = entry.body
    const { team } = await requireSeat(entry, look, at)
    if (team.stale === null) refuse('only a stale team is refreshed')
    requireAscending(leaves)
    const leaving = await seatsOf(entry, leaves, look)
    if (leaving.some(({ seat }) => !seat.out))
      refuse('a refresh leaves out whose credential was withdrawn, and nobody else')
    const counts = countsWithout(team, leaving)
    requireNobodyOut(counts)
    return [
      set(facts.team, { ...counts, stale: null }),
      await startEpoch(entry, epoch, { wraps: wraps.attached.digest, look, at }),
      ...leaving.map((seat) => leave(seat, at)),
    ]
  },

  async stale(entry: Entry<'team', 'stale'>, look: Look, at: Position): Promise<Change[]> {
    const { member, credential } = entry.body
    const team = await requireOpen(entry.chain, look, at)
    const target = facts.seat(member)
    const seat = await look.fact(entry.chain, target)
    if (!isSeated(seat) || seat.out) return refuse('the team has no such member, or she is out already')
    if (credential === null && equal(entry.signer.chain, member)) {
      await requireNewKey(entry, team, look)
      return [set(facts.team, { ...team, stale: at.index })]
    }
    if (credential === null) await requireRemoved(entry, seat, look)
    else await requireVoid(entry, credential, seat, { look, at })
    const admins = team.admins - (seat.role === 'admin' ? 1 : 0)
    const stale = team.stale ?? at.index
    return [set(facts.team, { ...team, admins, out: team.out + 1, stale }), set(target, { ...seat, out: true })]
  },

  async appoint(entry: Entry<'team', 'appoint'>, look: Look, at: Position): Promise<Change[]> {
    const team = await requireAdmin(entry, look, at)
    const [one] = await seatsOf(entry, [entry.body.member], look)
    if (one?.seat.role !== 'member' || one.seat.out) return refuse('she is an admin already, or out')
    return [
      set(facts.team, { ...team, admins: team.admins + 1 }),
      set(facts.seat(one.member), { ...one.seat, role: 'admin' }),
    ]
  },

  async dismiss(entry: Entry<'team', 'dismiss'>, look: Look, at: Position): Promise<Change[]> {
    const team = await requireAdmin(entry, look, at)
    const [one] = await seatsOf(entry, [entry.body.member], look)
    if (one?.seat.role !== 'admin' || one.seat.out) return refuse('she is no admin, or out')
    if (team.admins === 1) refuse('a team keeps an admin')
    return [
      set(facts.team, { ...team, admins: team.admins - 1 }),
      set(facts.seat(one.member), { ...one.seat, role: 'member' }),
    ]
  },

  async close(entry: Entry<'team', 'close'>, look: Look, at: Position): Promise<Change[]> {
    const team = await requireAdmin(entry, look, at)
    return [set(facts.team, { ...team, closed: at.index })]
  },
}

/** The team, if the signer sits in it. @throws ProtocolError RULE, TEAM_CLOSED, ROLE, and as `requireCredential`. */
async function requireSeat(entry: Seated, look: Look, at: Position): Promise<{ team: Team; seat: SeatFact }> {
  const team = await requireOpen(entry.chain, look, at)
  const seat = await look.fact(entry.chain, facts.seat(entry.signer.chain))
  if (!isSeated(seat) || seat.out) throw new ProtocolError('ROLE', 'only who is in the team may do this')
  if (entry.type !== 'refresh' && seat.role !== 'admin')
    throw new ProtocolError('ROLE', 'only an admin of the team may do this')
  const { institution } = await requireCredential(entry.signer.chain, entry.body.credential, look, at)
  if (!equal(institution, seat.institution))
    throw new ProtocolError('ROLE', 'the seat is in the capacity of another institution')
  return { team, seat }
}

const requireAdmin = async (entry: Seated, look: Look, at: Position): Promise<Team> =>
  (await requireSeat(entry, look, at)).team

/** A member's own word that a device of hers is gone counts once for each new key of hers: repeated, it would only hold up others. */
async function requireNewKey(entry: Entry<'team', 'stale'>, team: Team, look: Look): Promise<void> {
  if (team.stale !== null) refuse('the team is stale already')
  const own = await look.fact(entry.body.member, facts.epoch)
  const newest = await look.fact(entry.chain, facts.epoch)
  if (!own || !newest || own.index < newest.index) refuse('the team’s key is newer than the member’s')
}

/** Whoever sits in the team may say that the network has removed the institution of a seat: nobody of that institution can. */
async function requireRemoved(entry: Entry<'team', 'stale'>, seat: SeatFact, look: Look): Promise<void> {
  const own = await look.fact(entry.chain, facts.seat(entry.signer.chain))
  if (!isSeated(own) || own.out) throw new ProtocolError('ROLE', 'only who is in the team may do this')
  const admission = await look.fact(look.network, facts.institution(seat.institution))
  if (!admission || admission.removed === null) refuse('the network has not removed the institution of this seat')
}

/** The institution of a seat says that a credential of it is void: withdrawn, or signed by an issuer whom it has dismissed. */
async function requireVoid(
  entry: Entry<'team', 'stale'>,
  hash: EntryHash,
  seat: SeatFact,
  { look, at }: { readonly look: Look; readonly at: Position },
): Promise<void> {
  const credential = await look.fact(entry.body.member, facts.credential(hash))
  if (!credential || credential.state === 'offered' || !equal(credential.institution, seat.institution))
    return refuse('the member never took such a credential of this seat')
  await requireIssuer(entry, seat.institution, look, at)
  if (credential.state === 'withdrawn') return
  const issuer = await look.fact(seat.institution, facts.device(credential.issuer))
  const isVoid = issuer !== null && issuer.voidFrom !== null && issuer.voidFrom <= credential.index
  if (!isVoid) refuse('the credential holds')
}

function requireAscending(members: readonly ChainId[]): void {
  const ascend = members.every((one, i) => i === 0 || compare(members[i - 1] as ChainId, one) < 0)
  if (!ascend) refuse('members are named once each, in order')
}

interface TakenSeat {
  readonly member: ChainId
  readonly seat: SeatFact
}

/** The seats of members, each of whom is in the team. @throws ProtocolError RULE. */
async function seatsOf(entry: Entry<'team'>, members: readonly ChainId[], look: Look): Promise<TakenSeat[]> {
  const found: TakenSeat[] = []
  for (const member of members) {
    const seat = await look.fact(entry.chain, facts.seat(member))
    if (!isSeated(seat)) return refuse('the team has no such member')
    found.push({ member, seat })
  }
  return found
}

/** The team without those who leave it. */
const countsWithout = (team: Team, leaving: readonly TakenSeat[]): Team => ({
  ...team,
  members: team.members - leaving.length,
  admins: team.admins - leaving.filter(({ seat }) => seat.role === 'admin' && !seat.out).length,
  out: team.out - leaving.filter(({ seat }) => seat.out).length,
})

function requireNobodyOut(team: Team): void {
  if (team.out > 0) throw new ProtocolError('STALE_EPOCH', 'the new epoch would reach somebody who is out')
}

const take = ({ member, institution, role }: Seat, at: Position): Change =>
  set(facts.seat(member), { institution, role, since: at.index, out: false, left: null })

const leave = ({ member, seat }: TakenSeat, at: Position): Change =>
  set(facts.seat(member), { ...seat, left: at.index })
