// Grants of a record: whether one holds, and what ends them. Spec: docs/spec/rules.md, "Grants".
// An expired grant counts until a revocation names it: no clock changes a fact.
import { type ChainId, type EntryHash, equal, hex } from '../bytes.js'
import { accessLogOf, type Entry } from '../entry.js'
import { ProtocolError } from '../errors.js'
import { limits } from '../limits.js'
import { type Change, facts, type Grant, set } from './facts.js'
import type { Look, Position } from './look.js'
import { refuse } from './sections.js'

/** A grant that holds at this position. @throws ProtocolError NOT_GRANTED, GRANT_ENDED. */
export async function requireGrant(record: ChainId, hash: EntryHash, look: Look, at: Position): Promise<Grant> {
  const grant = await look.fact(record, facts.grant(hash))
  if (!grant || at.time < grant.notBefore)
    throw new ProtocolError('NOT_GRANTED', 'there is no such grant, or it has not begun')
  if (grant.ended !== null) throw new ProtocolError('GRANT_ENDED', 'the grant was revoked')
  if (grant.until !== null && at.time >= grant.until) throw new ProtocolError('GRANT_ENDED', 'the grant has expired')
  return grant
}

type EndedGrant = Grant & { readonly change: Change }

/** The grants that a revocation names, with the changes that end them. @throws ProtocolError RULE, GRANT_ENDED. */
export async function endGrants(
  entry: Entry<'record', 'revoke'>,
  named: readonly EntryHash[],
  look: Look,
  at: Position,
): Promise<EndedGrant[]> {
  const ended: EndedGrant[] = []
  for (const [i, hash] of named.entries()) {
    if (named.slice(0, i).some((earlier) => equal(earlier, hash))) refuse('a grant is named once')
    const grant = (await look.fact(entry.chain, facts.grant(hash))) ?? refuse('there is no such grant')
    if (grant.ended !== null) throw new ProtocolError('GRANT_ENDED', 'the grant was revoked before')
    ended.push({ ...grant, change: set(facts.grant(hash), { ...grant, ended: at.index }) })
  }
  return ended
}

/** Recall promises that nobody has looked: refused once the recipient has an entry in the access log that the revocation rests on. */
export async function requireUnopened(entry: Entry<'record', 'revoke'>, recipient: ChainId, look: Look): Promise<void> {
  const log = accessLogOf(entry.chain)
  if (await look.fact(log, facts.viewed(recipient)))
    throw new ProtocolError('ALREADY_OPENED', 'the recipient has opened the record')
}

/**
 * One grant more for a member. Every new epoch wraps to her once, in a row that names all her grants: with too many of them the row
 * would not fit, and nobody could publish or revoke any more.
 * @throws ProtocolError LIMIT.
 */
export async function addToHolder(record: ChainId, member: ChainId, look: Look): Promise<Change> {
  const grants = (await look.fact(record, facts.holder(member)))?.grants ?? 0
  if (grants >= limits.grantsEach) throw new ProtocolError('LIMIT', 'a member has 8 grants of a record at most')
  return set(facts.holder(member), { grants: grants + 1 })
}

/** The grants that end, taken from their holders' counts. */
export async function releaseHolders(record: ChainId, ended: readonly Grant[], look: Look): Promise<Change[]> {
  const counts = new Map<string, { readonly member: ChainId; grants: number }>()
  for (const { recipient } of ended) {
    const count = counts.get(hex(recipient)) ?? { member: recipient, grants: 0 }
    count.grants += 1
    counts.set(hex(recipient), count)
  }
  const changes: Change[] = []
  for (const { member, grants } of counts.values()) {
    const before = (await look.fact(record, facts.holder(member)))?.grants ?? 0
    changes.push(set(facts.holder(member), { grants: before - grants }))
  }
  return changes
}
