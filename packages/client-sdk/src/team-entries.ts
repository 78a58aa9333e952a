// Signing for a team: who is in it and the keys that they get, in one entry. Spec: docs/spec/rules.md, "Team".
import { type EpochSecret, memberEpochKeys, newSecret, sealBackLink, sealTeamWrap } from '@sealchart/crypto'
import {
  type AnyEntry,
  type BackLink,
  type ChainId,
  compare,
  type EntryHash,
  equal,
  facts,
  isVouchedFor,
  type Seat,
  type WrapsRef,
} from '@sealchart/protocol'
import { ClientError } from './errors.js'
import { actingAs, type Member } from './member.js'
import { authorityChains, type Person, standingCredential } from './people.js'
import { packWraps, targetFor } from './rotation.js'
import { isStale, membersOf, type Seated, seatedIn } from './seats.js'
import type { Session } from './session.js'

/** A list of entries that changes a team, with the wrap lists that travel with it; `keep` once it stands. */
export interface TeamChange {
  readonly entries: readonly AnyEntry[]
  readonly attachments: readonly Uint8Array[]
  keep(): void
}

/** A seat in the capacity in which somebody's card was verified. @throws ClientError KEY_UNVERIFIED */
export function seatFor(session: Session, person: Person, role: Seat['role']): Seat {
  const standing = standingCredential(session, person.id)
  if (person.status !== 'verified' || !standing || !equal(standing.credential.institution, person.institution.id))
    throw new ClientError('KEY_UNVERIFIED', 'this person has no credential that holds: look her up again')
  return { member: person.id, institution: person.institution.id, role }
}

export const inOrder = (seats: readonly Seat[]): Seat[] => [...seats].sort((a, b) => compare(a.member, b.member))

/** A team's secret wrapped to members whose chains were synced. */
export async function wrapTeam(
  session: Session,
  team: ChainId,
  {
    epoch,
    secret,
    members,
  }: { readonly epoch: number; readonly secret: EpochSecret; readonly members: readonly ChainId[] },
): Promise<{ attachment: Uint8Array; wraps: WrapsRef }> {
  const what = [{ grant: null, keys: [{ section: 0, epoch }], trail: null }]
  const rows = []
  for (const member of members) {
    const { target, key } = targetFor(session, member, what)
    const place = { network: session.network.chain, chain: team, target, recipientKey: key }
    rows.push(await sealTeamWrap(place, secret, session.surroundings.random))
  }
  return packWraps(session, rows)
}

/** The next epoch of a team, linked back. */
async function startEpoch(member: Member, team: ChainId) {
  const { session } = member
  const newest = session.ledger.fact(team, facts.epoch)
  if (!newest) throw new ClientError('UNKNOWN', 'there is no such team')
  const epoch = newest.epoch + 1
  const secret = newSecret<EpochSecret>(session.surroundings.random)
  const { key } = memberEpochKeys(secret, { network: session.network.chain, member: team, epoch })
  return { secret, start: { epoch, key, back: await linkBack(member, team, { epoch, secret }) } }
}

async function linkBack(
  { session, teams }: Member,
  team: ChainId,
  { epoch, secret }: { readonly epoch: number; readonly secret: EpochSecret },
): Promise<BackLink> {
  const place = { network: session.network.chain, chain: team, what: 0, epoch }
  const earlier = await teams.linked(team, epoch - 1)
  if (!earlier) throw new ClientError('NOT_GRANTED', 'no key of this team is held')
  return sealBackLink(earlier, secret, place, session.surroundings.random)
}

/** The credential under which the member acts in a team: of the institution of her seat. @throws ClientError NO_CREDENTIAL, ROLE */
function actsIn(
  member: Member,
  team: ChainId,
): { readonly credential: EntryHash; readonly restsOn: readonly ChainId[] } {
  const { session } = member
  const seat = membersOf(session, team).find((one) => equal(one.member, session.chain))
  if (!seat) throw new ClientError('ROLE', 'you do not sit in this team')
  return actingAs(member, seat.institution)
}

/**
 * Adds and removes members in one entry. A new epoch starts where somebody leaves, where the team is stale, and on request; then everybody
 * leaves for whom no institution vouches any more. The session has synced the team and its members, and those who are added.
 */
export async function changeTeam(
  member: Member,
  team: ChainId,
  asked: { readonly adds: readonly Seat[]; readonly removes: readonly ChainId[]; readonly turn: boolean },
): Promise<TeamChange> {
  const { session } = member
  const { credential, restsOn } = actsIn(member, team)
  const turns = asked.turn || isStale(session, team) || asked.removes.length > 0
  const seated = seatedIn(session, team)
  const leaving: Seated[] = []
  for (const seat of seated) {
    const isAsked = asked.removes.some((one) => equal(one, seat.member))
    const isLost = seat.out || !(await isVouchedFor(seat, session.ledger.facts, session.network.chain))
    if (isAsked || (turns && isLost)) leaving.push(seat)
  }
  const removes = leaving.map(({ member: one }) => one)
  const adds = inOrder(asked.adds)
  const added = adds.map((seat) => seat.member)
  if (!turns) {
    const epoch = session.ledger.fact(team, facts.epoch)?.epoch ?? 0
    const secret = await member.teams.secret(team, epoch)
    const { attachment, wraps } = await wrapTeam(session, team, { epoch, secret, members: added })
    const body = { credential, adds, removes: [], epoch: null, wraps }
    const entry = await session.sign({ kind: 'team', chain: team, type: 'change', body, restsOn })
    return { entries: [entry], attachments: [attachment], keep: () => undefined }
  }
  const { secret, start } = await startEpoch(member, team)
  const stay = seated.filter((seat) => !leaving.includes(seat)).map((seat) => seat.member)
  const members = [...stay, ...added]
  const { attachment, wraps } = await wrapTeam(session, team, { epoch: start.epoch, secret, members })
  const body = { credential, adds, removes, epoch: start, wraps }
  const entry = await session.sign({ kind: 'team', chain: team, type: 'change', body, restsOn })
  return { entries: [entry], attachments: [attachment], keep: () => member.teams.add(team, start.epoch, secret) }
}

/**
 * Gives a stale team a new key, without those who are out. Members of an institution that the network has removed are put out in the same list.
 * The session has synced the team and its members.
 */
export async function refreshTeam(member: Member, team: ChainId): Promise<TeamChange> {
  const { session } = member
  const { credential, restsOn } = actsIn(member, team)
  const seated = seatedIn(session, team)
  const removed = seated.filter((seat) => !seat.out && isRemoved(session, seat.institution))
  const entries: AnyEntry[] = []
  for (const seat of removed) {
    const body = { member: seat.member, credential: null }
    const rests = [session.chain, session.network.chain]
    entries.push(await session.sign({ kind: 'team', chain: team, type: 'stale', body, restsOn: rests, after: entries }))
  }
  const isLeaving = (seat: Seated): boolean => seat.out || removed.includes(seat)
  const { secret, start } = await startEpoch(member, team)
  const members = seated.filter((seat) => !isLeaving(seat)).map((seat) => seat.member)
  const { attachment, wraps } = await wrapTeam(session, team, { epoch: start.epoch, secret, members })
  const leaves = seated.filter(isLeaving).map((seat) => seat.member)
  const body = { credential, leaves, epoch: start, wraps }
  const refresh = await session.sign({ kind: 'team', chain: team, type: 'refresh', body, restsOn, after: entries })
  return {
    entries: [...entries, refresh],
    attachments: [attachment],
    keep: () => member.teams.add(team, start.epoch, secret),
  }
}

function isRemoved({ ledger, network }: Session, institution: ChainId): boolean {
  const admission = ledger.fact(network.chain, facts.institution(institution))
  return admission !== null && admission.removed !== null
}

/** Signs that a member makes somebody an admin, or an admin a member. */
export async function signRole(
  member: Member,
  team: ChainId,
  { type, who }: { readonly type: 'appoint' | 'dismiss'; readonly who: ChainId },
): Promise<AnyEntry> {
  const { credential, restsOn } = actsIn(member, team)
  return member.session.sign({ kind: 'team', chain: team, type, body: { credential, member: who }, restsOn })
}

/** Signs the end of a team. */
export async function signClose(member: Member, team: ChainId): Promise<AnyEntry> {
  const { credential, restsOn } = actsIn(member, team)
  return member.session.sign({ kind: 'team', chain: team, type: 'close', body: { credential }, restsOn })
}

/** Chains that a change of a team rests on or wraps to: the team, its members, and the acting member's authorities. */
export const chainsIn = (session: Session, team: ChainId): readonly ChainId[] =>
  seatedIn(session, team).flatMap(({ member, institution }) => [member, ...authorityChains(session, institution)])
