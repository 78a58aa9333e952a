// Telling a member's teams that a credential or a device of hers is gone, in the list that takes it away. Spec: docs/spec/rules.md, "Team".
// The relay refuses the list if a team is missing: whoever wraps to a team learns from the team's chain alone that its key is stale.
import { type AnyEntry, type ChainId, type EntryHash, equal, facts, isSeated } from '@sealchart/protocol'
import { hasOther } from './people.js'
import type { Session } from './session.js'

/**
 * Signs for every open team in which a member sits for an institution that the credential which `after` withdraws is void; nothing where she
 * has another one of it.
 * The session is of that institution, and has synced the member.
 */
export async function tellTeams(
  session: Session,
  after: AnyEntry,
  credential: EntryHash,
): Promise<readonly AnyEntry[]> {
  const member: ChainId = after.chain
  if (hasOther(session, member, credential)) return []
  const institution = session.ledger.fact(member, facts.credential(credential))?.institution
  const told: AnyEntry[] = []
  for (const team of await syncTeamsOf(session, member)) {
    const seat = session.ledger.fact(team, facts.seat(member))
    if (!isSeated(seat) || seat.out || !institution || !equal(seat.institution, institution)) continue
    const restsOn = [member, session.chain, session.network.chain]
    const body = { member, credential }
    told.push(await session.sign({ kind: 'team', chain: team, type: 'stale', body, restsOn, after: [after] }))
  }
  return told
}

/**
 * Signs for every open team of the session's own member that its key is stale: `after` removes a device of hers, and starts the key that replaces
 * the old one. A team that is stale already takes it with its next key.
 */
export async function reportLoss(session: Session, after: AnyEntry): Promise<readonly AnyEntry[]> {
  const { chain, ledger } = session
  const told: AnyEntry[] = []
  for (const team of await syncTeamsOf(session, chain)) {
    const seat = ledger.fact(team, facts.seat(chain))
    if (!isSeated(seat) || seat.out || ledger.fact(team, facts.team)?.stale !== null) continue
    const body = { member: chain, credential: null }
    told.push(await session.sign({ kind: 'team', chain: team, type: 'stale', body, restsOn: [chain], after: [after] }))
  }
  return told
}

async function syncTeamsOf(session: Session, member: ChainId): Promise<readonly ChainId[]> {
  const teams = await session.link.teams(member)
  if (teams.length > 0) await session.sync(teams)
  return teams
}
