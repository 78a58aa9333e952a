// To whom a record's keys go: what the recipients' own chains say of those who hold its grants. Spec: docs/spec/rules.md, "Wrap lists".
// Not a part of an entry's rules, which may not look at so many chains: for the relay before it places an entry, for who writes one, and for
// whoever has all those chains.
import { type ChainId, type EntryHash, equal, expectId, unhex } from '../bytes.js'
import { expectList, expectNatural, reading } from '../check.js'
import { type Fact, facts, type Grant, readFact, SEATS } from './facts.js'
import type { LiveGrant } from './live-grants.js'
import { expectFacts, type Facts, type Look } from './look.js'
import { isSeated } from './seats.js'
import { isVouched } from './standing.js'

/** A member in one capacity, or (`institution` null) in any; or a team. */
export interface Holder {
  readonly member: ChainId
  readonly institution: ChainId | null
}

/** The network's chain id, and the log time in ms as of which recipients are looked up. */
export interface AsOf {
  readonly network: ChainId
  readonly time: number
}

/** Rows between two pauses. */
const SLICE = 64
const CREDENTIALS = 'credential/'

/** @throws ProtocolError USAGE */
export const expectAsOf = (at: AsOf): AsOf =>
  reading('network and time', () => ({ network: expectId(at.network), time: expectNatural(at.time) }))

/** @throws ProtocolError USAGE */
const expectHolder = (holder: Holder): Holder =>
  reading('a holder', () => {
    const { member, institution } = holder
    return { member: expectId(member), institution: institution === null ? null : expectId(institution) }
  })

async function factIn<T>(known: Facts, chain: ChainId, target: Fact<T>): Promise<T | null> {
  const bytes = await known.get(chain, target.key)
  return bytes === null ? null : readFact(target, bytes)
}

/**
 * Whether an institution (null: any) vouches for a member: by a credential that she accepted, that was not withdrawn, and whose issuer
 * stands. It may have run out: who renews it must find her keys. @throws ProtocolError USAGE
 */
export async function isVouchedFor(holder: Holder, known: Facts, network: ChainId): Promise<boolean> {
  const { member, institution } = expectHolder(holder)
  const look: Look = { network: expectId(network), fact: (chain, target) => factIn(known, chain, target) }
  for (const { key, value } of await expectFacts(known).under(member, CREDENTIALS)) {
    const hash = unhex(key.slice(CREDENTIALS.length)) as Uint8Array as EntryHash
    const credential = readFact(facts.credential(hash), value)
    if (institution !== null && !equal(credential.institution, institution)) continue
    if (await isVouched(credential, look)) return true
  }
  return false
}

/**
 * To whom a holder's keys are wrapped: to a member for whom somebody vouches, to an open team; of a stale team, whose key may be in wrong
 * hands, to its members one by one. @throws ProtocolError USAGE
 */
export async function reachOf(holder: Holder, known: Facts, at: AsOf): Promise<readonly ChainId[]> {
  const { network, time } = expectAsOf(at)
  const { member } = expectHolder(holder)
  const team = await factIn(expectFacts(known), member, facts.team)
  if (team === null) return (await isVouchedFor(holder, known, network)) ? [member] : []
  if (team.closed !== null || (team.until !== null && team.until <= time)) return []
  if (team.stale === null) return [member]
  const reached: ChainId[] = []
  for (const [i, { key, value }] of (await known.under(member, SEATS)).entries()) {
    if (i % SLICE === SLICE - 1) await known.pause?.()
    const one = unhex(key.slice(SEATS.length)) as Uint8Array as ChainId
    const seat = readFact(facts.seat(one), value)
    if (!isSeated(seat) || seat.out) continue
    if (await isVouchedFor({ member: one, institution: seat.institution }, known, network)) reached.push(one)
  }
  return reached
}

/** Whose keys somebody holds: a grant's recipient, with the teams that it was shared on from; or, with no institution, the founder. */
export interface HeldKeys {
  readonly grant: Pick<Grant, 'recipient' | 'institution'>
  readonly teams: readonly ChainId[]
}

/** To whom a grant's keys are wrapped: to nobody where a team that it was shared on from is closed. @throws ProtocolError USAGE */
export async function reachedBy(live: HeldKeys, known: Facts, at: AsOf): Promise<readonly ChainId[]> {
  const { holder, teams } = reading('a live grant', () => ({
    holder: expectHolder({ member: live.grant.recipient, institution: live.grant.institution }),
    teams: expectList(live.teams, expectId),
  }))
  for (const team of teams) if ((await reachOf({ member: team, institution: null }, known, at)).length === 0) return []
  return reachOf(holder, known, at)
}

/**
 * Whether the newest keys of these sections (0 for the card) are held as they would be wrapped now: by the founder and by each holder of one
 * of the given grants alone, and none of them has a newer key of her own. Otherwise what is new is not sealed under them.
 * @throws ProtocolError USAGE
 */
export async function isHeldAsWrapped(
  record: ChainId,
  sections: readonly number[],
  live: readonly LiveGrant[],
  known: Facts,
  at: AsOf,
): Promise<boolean> {
  const founder = await factIn(expectFacts(known), expectId(record), facts.founder)
  if (founder === null) return false
  const began = new Map<number, number>()
  for (const id of expectList(sections, expectNatural)) {
    const section = await factIn(known, record, facts.section(id))
    if (section === null) return false
    began.set(id, section.index)
  }
  if (began.size === 0) return true
  const holds = async (member: ChainId, reached: readonly ChainId[], since: number): Promise<boolean> => {
    const [only, ...more] = reached
    const epoch = await factIn(known, member, facts.epoch)
    return only !== undefined && more.length === 0 && equal(only, member) && epoch !== null && epoch.index <= since
  }
  const founders = await reachOf({ member: founder.member, institution: null }, known, at)
  if (!(await holds(founder.member, founders, Math.min(...began.values())))) return false
  for (const [i, one] of expectList(live, expectGranted).entries()) {
    if (i % SLICE === SLICE - 1) await known.pause?.()
    const { recipient, index, sections: granted } = one.grant
    const since = [...began].flatMap(([id, from]) => (id === 0 || granted.includes(id) ? [Math.max(from, index)] : []))
    if (since.length === 0) continue
    if (!(await holds(recipient, await reachedBy(one, known, at), Math.min(...since)))) return false
  }
  return true
}

/** @throws ProtocolError USAGE */
const expectGranted = ({ grant }: LiveGrant): Pick<Grant, 'recipient' | 'index' | 'sections'> =>
  reading('a live grant', () => ({
    recipient: expectId(grant.recipient),
    index: expectNatural(grant.index),
    sections: expectList(grant.sections, expectNatural),
  }))
