// Who sits in a team, as its verified chain says. Spec: docs/spec/rules.md, "Team".
import { type ChainId, equal, facts, isSeated, readFact, SEATS, type SeatFact, unhex } from '@sealchart/protocol'
import { standsAt } from './people.js'
import type { Session } from './session.js'

/** A member's seat. */
export interface Seated extends SeatFact {
  readonly member: ChainId
}

/** Everybody who is seated, those who are out among them, by id. */
export const seatedIn = ({ ledger }: Session, team: ChainId): readonly Seated[] =>
  ledger.factsUnder(team, SEATS).flatMap(({ key, value }) => {
    const member = unhex(key.slice(SEATS.length)) as Uint8Array as ChainId
    const seat = readFact(facts.seat(member), value)
    return isSeated(seat) ? [{ member, ...seat }] : []
  })

/** Who is seated and not out. */
export const membersOf = (session: Session, team: ChainId): readonly Seated[] =>
  seatedIn(session, team).filter(({ out }) => !out)

/** Whether a team is there, not closed, and not over. */
export function isOpen({ ledger, surroundings }: Session, chain: ChainId): boolean {
  const team = ledger.fact(chain, facts.team)
  return team !== null && team.closed === null && (team.until === null || team.until > surroundings.now())
}

/** Whether a member acts from a seat of an open team: under a credential of the seat's institution that holds. */
export function actsFrom(session: Session, team: ChainId, { member, institution }: { member: ChainId; institution: ChainId | null }): boolean {
  const seat = session.ledger.fact(team, facts.seat(member))
  if (!isSeated(seat) || seat.out || !isOpen(session, team)) return false
  return institution === null ? standsAt(session, member, seat.institution) : equal(seat.institution, institution)
}
