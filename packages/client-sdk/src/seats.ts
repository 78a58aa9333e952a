// Who sits in a team, as its verified chain says. Spec: docs/spec/rules.md, "Team".
import {
  type ChainId,
  facts,
  hex,
  isSeated,
  readFact,
  SEATS,
  type SeatFact,
  type Team,
  unhex,
} from '@sealchart/protocol'
import { standsAt } from './people.js'
import type { Session } from './session.js'

/** A member's seat. */
export interface Seated extends SeatFact {
  readonly member: ChainId
}

/** A team as others see it. */
export interface TeamCard {
  readonly id: ChainId
  /** What a consultation is about stays among its members: to others it has no name but this. */
  readonly name: string
  readonly purpose: Team['purpose']
  readonly institution: { readonly id: ChainId; readonly name: string }
  readonly until: Date | null
}

/** The card of a team whose chain was synced; null when there is no such team. */
export function teamCard({ ledger }: Session, chain: ChainId): TeamCard | null {
  const team = ledger.fact(chain, facts.team)
  if (!team) return null
  const { purpose, institution, until } = team
  return {
    id: chain,
    name: ledger.fact(chain, facts.name) ?? purpose,
    purpose,
    institution: { id: institution, name: ledger.fact(institution, facts.name) ?? hex(institution.subarray(0, 4)) },
    until: until === null ? null : new Date(until),
  }
}

/** Whether the session's member sits in a team, out or not. */
export const isSeatedIn = ({ ledger, chain }: Session, team: ChainId): boolean =>
  isSeated(ledger.fact(team, facts.seat(chain)))

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

/** In which capacity a member acts from her seat of an open team; null where she has none, is out, or does not stand in it. */
export function seatOf(session: Session, team: ChainId, member: ChainId): ChainId | null {
  const seat = session.ledger.fact(team, facts.seat(member))
  if (!isSeated(seat) || seat.out || !isOpen(session, team)) return null
  return standsAt(session, member, seat.institution) ? seat.institution : null
}

/** Whether a team waits for a new key. */
export const isStale = ({ ledger }: Session, team: ChainId): boolean => {
  const since = ledger.fact(team, facts.team)?.stale
  return since !== undefined && since !== null
}
