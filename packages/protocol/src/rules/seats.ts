// Seats: whether a team is open, and who sits in it. Used by the rules of teams, and of records that are shared with one.
// Spec: docs/spec/rules.md, "Team".
import type { ChainId } from '../bytes.js'
import { equal } from '../bytes.js'
import { expectNatural, reading } from '../check.js'
import { ProtocolError } from '../errors.js'
import { type Credential, facts, type SeatFact, type Team } from './facts.js'
import type { Look, Position } from './look.js'
import { refuse } from './sections.js'

/** Whether a seat was taken and not left. @throws ProtocolError USAGE */
export function isSeated(seat: SeatFact | null): seat is SeatFact {
  if (seat === null) return false
  const left = reading('a seat', () => seat.left)
  if (left !== null) expectNatural(left)
  return left === null
}

/** @throws ProtocolError RULE for a chain that is no team, TEAM_CLOSED. */
export async function requireOpen(chain: ChainId, look: Look, at: Position): Promise<Team> {
  const team = (await look.fact(chain, facts.team)) ?? refuse('there is no such team')
  if (team.closed !== null) throw new ProtocolError('TEAM_CLOSED', 'the team was closed')
  if (team.until !== null && team.until <= at.time) throw new ProtocolError('TEAM_CLOSED', 'the team’s time is over')
  return team
}

/** Whether a member acts from a seat of a team, in the capacity in which she has it. */
export async function actsFor(
  team: ChainId,
  { member, standing }: { readonly member: ChainId; readonly standing: Pick<Credential, 'institution'> },
  look: Look,
): Promise<boolean> {
  const seat = await look.fact(team, facts.seat(member))
  return isSeated(seat) && !seat.out && equal(seat.institution, standing.institution)
}
