// The grants of a record, as its verified entries have them. Spec: docs/spec/rules.md, "Grants".
import {
  type ChainId,
  type EntryHash,
  equal,
  facts,
  GRANTS,
  type Grant,
  grantHashOf,
  type LiveGrant,
  liveGrants,
  readFact,
} from '@sealchart/protocol'
import { standsAt } from './people.js'
import { isOpen, seatOf } from './seats.js'
import type { Session } from './session.js'

/** A grant by the hash of its entry. */
export interface HeldGrant {
  readonly hash: EntryHash
  readonly grant: Grant
}

/** All grants that a record ever had, as the ledger knows them. */
export const grantsOf = (session: Session, record: ChainId): readonly HeldGrant[] =>
  session.ledger.factsUnder(record, GRANTS).map(({ key, value }) => {
    const hash = grantHashOf(key)
    return { hash, grant: readFact(facts.grant(hash), value) }
  })

/**
 * Grants that at `time` (ms; default: now) have neither ended nor expired, nor have those that they come from; without those in `over`, which
 * are about to end.
 */
export const liveGrantsOf = (
  { ledger, surroundings }: Session,
  record: ChainId,
  { time, over = [] }: { readonly time?: number; readonly over?: readonly EntryHash[] } = {},
): Promise<readonly LiveGrant[]> => {
  return liveGrants(record, ledger.facts, time ?? surroundings.now(), over)
}

/** Whether a live grant is a member's to use: given to her, or to a team in which she sits, in a capacity in which she stands. */
export const isHeldBy = (session: Session, live: LiveGrant, member: ChainId): boolean =>
  capacityIn(session, live, member) !== null

/** For which institution a member acts under a live grant; null when it is not hers to use. */
export function capacityIn(session: Session, { grant, teams }: LiveGrant, member: ChainId): ChainId | null {
  if (teams.some((team) => !isOpen(session, team))) return null
  if (grant.institution === null) return seatOf(session, grant.recipient, member)
  return equal(grant.recipient, member) && standsAt(session, member, grant.institution) ? grant.institution : null
}

/** Teams whose state an entry under this grant rests on. */
export const teamsBehind = ({ grant, teams }: LiveGrant): readonly ChainId[] => [
  ...(grant.institution === null ? [grant.recipient] : []),
  ...teams,
]
