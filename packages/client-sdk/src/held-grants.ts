// The grants of a record, as its verified entries have them. Spec: docs/spec/rules.md, "Record".
import { type ChainId, type EntryHash, facts, GRANTS, type Grant, grantHashOf, readFact } from '@sealchart/protocol'
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

/** Grants that have neither ended nor expired at `now`. */
export const liveGrantsOf = (session: Session, record: ChainId, now: number): readonly HeldGrant[] =>
  grantsOf(session, record).filter(({ grant }) => grant.ended === null && (grant.until === null || grant.until > now))
