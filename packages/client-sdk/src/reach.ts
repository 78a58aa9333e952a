// To whom a record's keys go now, as the verified chains of its holders say. Spec: docs/spec/rules.md, "Wrap lists".
// The relay computes the same, and refuses a list that has one recipient more or less.
import { type ChainId, equal, facts, type Holder, hex, type LiveGrant } from '@sealchart/protocol'
import { liveGrantsOf } from './held-grants.js'
import { isVouchedFor } from './people.js'
import { isOpen, membersOf } from './seats.js'
import type { Session } from './session.js'

/** To whom a holder's keys are wrapped: to herself; to nobody who lost her credentials; of a stale team, to its members one by one. */
export function reachOf(session: Session, { member, institution }: Holder): readonly ChainId[] {
  const team = session.ledger.fact(member, facts.team)
  if (team === null) return isVouchedFor(session, { member, institution }) ? [member] : []
  if (!isOpen(session, member)) return []
  if (team.stale === null) return [member]
  return membersOf(session, member)
    .filter((seat) => isVouchedFor(session, seat))
    .map((seat) => seat.member)
}

/** To whom a grant's keys go: to nobody where a team that it was shared on from is closed. */
export function reachedBy(session: Session, { grant, teams }: LiveGrant): readonly ChainId[] {
  if (teams.some((team) => !isOpen(session, team))) return []
  return reachOf(session, { member: grant.recipient, institution: grant.institution })
}

/**
 * Brings the chains of all up to date to whom a record's keys may go: founder, holders, the teams among them, and the members of those that
 * are stale. The session has synced the record. Answers its live grants.
 */
export async function syncHolders(
  session: Session,
  record: ChainId,
  signal: AbortSignal | undefined,
): Promise<readonly LiveGrant[]> {
  const live = await liveGrantsOf(session, record)
  const founder = session.ledger.fact(record, facts.founder)
  const holders = live.flatMap(({ grant, teams }) => [grant.recipient, ...teams])
  await syncOthers(session, [...holders, ...(founder ? [founder.member] : [])], signal)
  const stale = holders.filter((one) => session.ledger.fact(one, facts.team)?.stale != null)
  await syncOthers(
    session,
    stale.flatMap((team) => membersOf(session, team).map(({ member }) => member)),
    signal,
  )
  return live
}

/** Chains, each once and without one's own, which is synced wherever one acts. */
async function syncOthers(
  session: Session,
  chains: readonly ChainId[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const others = new Map(chains.filter((one) => !equal(one, session.chain)).map((one) => [hex(one), one]))
  if (others.size > 0) await session.sync([...others.values()], { signal })
}

/** Whether a section's newest key was wrapped to exactly those to whom it would go now, under the keys that they have now. */
export function isHeldAsWrapped(
  session: Session,
  record: ChainId,
  section: number,
  live: readonly LiveGrant[],
): boolean {
  const { ledger } = session
  const founder = ledger.fact(record, facts.founder)
  const key = ledger.fact(record, facts.section(section))
  if (!founder || !key) return false
  const isReached = (member: ChainId, reached: readonly ChainId[], since: number): boolean => {
    const [only, ...more] = reached
    const epoch = ledger.fact(member, facts.epoch)
    return only !== undefined && more.length === 0 && equal(only, member) && epoch !== null && epoch.index <= since
  }
  if (!isReached(founder.member, reachOf(session, { member: founder.member, institution: null }), key.index))
    return false
  return live.every((one) => {
    const { recipient, sections, index } = one.grant
    if (section !== 0 && !sections.includes(section)) return true
    return isReached(recipient, reachedBy(session, one), Math.max(key.index, index))
  })
}
