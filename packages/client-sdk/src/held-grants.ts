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
import { actsFrom, isOpen } from './seats.js'
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

/** Grants that have neither ended nor expired now, nor have those that they come from; without `over`, which are about to end. */
export const liveGrantsOf = (
  { ledger, surroundings }: Session,
  record: ChainId,
  over: readonly EntryHash[] = [],
): Promise<readonly LiveGrant[]> => {
  const known = { get: () => null, under: (chain: ChainId, prefix: string) => ledger.factsUnder(chain, prefix) }
  return liveGrants(record, known, surroundings.now(), over)
}

/** Whether a live grant is a member's to use: given to her, or to a team from a seat of which she acts; in one capacity, or (null) in any. */
export function isHeldBy(
  session: Session,
  { grant, teams }: LiveGrant,
  { member, institution }: { readonly member: ChainId; readonly institution: ChainId | null },
): boolean {
  if (teams.some((team) => !isOpen(session, team))) return false
  if (grant.institution === null) return actsFrom(session, grant.recipient, { member, institution })
  return equal(grant.recipient, member) && (institution === null || equal(grant.institution, institution))
}

/** Teams whose state an entry under this grant rests on. */
export const teamsBehind = ({ grant, teams }: LiveGrant): readonly ChainId[] => [
  ...(grant.institution === null ? [grant.recipient] : []),
  ...teams,
]
