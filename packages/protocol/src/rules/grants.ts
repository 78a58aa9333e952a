// Grants of a record: whether one holds, and what ends them. Spec: docs/spec/rules.md, "Grants".
// An expired grant counts until a revocation names it: no clock changes a fact.
import { actions } from '../bodies.js'
import { type ChainId, type EntryHash, equal, expectId, hex } from '../bytes.js'
import { reading } from '../check.js'
import { type AnyEntry, accessLogOf, type Entry, expectEntry, is } from '../entry.js'
import { ProtocolError } from '../errors.js'
import { limits } from '../limits.js'
import { type Change, type Credential, facts, GRANTS, type Grant, grantHashOf, readFact, set } from './facts.js'
import {
  expectFacts,
  expectLook,
  expectPosition,
  type Facts,
  type Look,
  type Position,
  type StoredFact,
} from './look.js'
import { actsFor, requireOpen } from './seats.js'
import { refuse } from './sections.js'

/** A grant that holds at this position, and with it all that it comes from. @throws ProtocolError NOT_GRANTED, GRANT_ENDED, TEAM_CLOSED. */
export async function requireGrant(record: ChainId, hash: EntryHash, look: Look, at: Position): Promise<Grant> {
  const grant = await look.fact(record, facts.grant(hash))
  if (!grant || at.time < grant.notBefore)
    throw new ProtocolError('NOT_GRANTED', 'there is no such grant, or it has not begun')
  if (grant.ended !== null) throw new ProtocolError('GRANT_ENDED', 'the grant was revoked')
  if (grant.until !== null && at.time >= grant.until) throw new ProtocolError('GRANT_ENDED', 'the grant has expired')
  // What a grant comes from began no later and expires no earlier: whether it was revoked, or its team closed, is left to ask.
  for (let from = grant.from; from !== null; ) {
    const earlier = (await look.fact(record, facts.grant(from))) ?? refuse('a grant comes from nothing')
    if (earlier.ended !== null) throw new ProtocolError('GRANT_ENDED', 'a grant that this one comes from was revoked')
    if (earlier.institution === null) await requireOpen(earlier.recipient, look, at)
    from = earlier.from
  }
  return grant
}

/** A grant that the signer of an entry holds, and the credential under which she does. */
export interface Held {
  readonly record: ChainId
  readonly grant: EntryHash
  readonly signer: ChainId
  readonly standing: Pick<Credential, 'institution'>
}

/**
 * A grant that holds, and is the signer's: given to her in the capacity in which she acts, or to a team in which she has a seat in it.
 * @throws ProtocolError NOT_GRANTED, GRANT_ENDED, TEAM_CLOSED, USAGE.
 */
export async function requireHeld(held: Held, look: Look, position: Position): Promise<Grant> {
  const { record, hash, signer, standing } = reading('a held grant', () => expectHeld(held))
  const at = expectPosition(position)
  const grant = await requireGrant(record, hash, expectLook(look), at)
  if (grant.institution === null) {
    await requireOpen(grant.recipient, look, at)
    if (!(await actsFor(grant.recipient, { member: signer, standing }, look)))
      throw new ProtocolError('NOT_GRANTED', 'the grant is for a team in which this member has no such seat')
    return grant
  }
  if (!equal(grant.recipient, signer)) throw new ProtocolError('NOT_GRANTED', 'the grant is not this member’s')
  if (!equal(grant.institution, standing.institution))
    throw new ProtocolError('NOT_GRANTED', 'the grant is for another capacity')
  return grant
}

const expectHeld = ({ record, grant, signer, standing }: Held) => ({
  record: expectId(record),
  hash: expectId(grant),
  signer: expectId(signer),
  standing: { institution: expectId(standing.institution) },
})

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

/**
 * A recall promises that no recipient of its grants has opened the record. For a relay, which has the record's access log whole and refuses
 * at once; not a part of the rules, because whoever verifies later may know a part of that log alone: `checkTrail` is for her. Whatever is
 * not a recall passes. @throws ProtocolError ALREADY_OPENED.
 */
export async function requireUnopened(entry: AnyEntry, known: Facts): Promise<void> {
  expectFacts(known)
  expectEntry(entry)
  if (!isRecall(entry)) return
  const ended: Grant[] = []
  for (const hash of entry.body.grants) {
    const grant = await known.get(entry.chain, facts.grant(hash).key)
    if (grant) ended.push(readFact(facts.grant(hash), grant))
  }
  // What was shared on ends with it; a walk over all grants is only for those who could.
  if (ended.some((grant) => (grant.actions & actions.shareOn) !== 0))
    ended.push(...sharedFrom(await known.under(entry.chain, GRANTS), entry.body.grants))
  for (const { recipient } of ended) {
    if ((await known.get(accessLogOf(entry.chain), facts.viewed(recipient).key)) !== null)
      throw new ProtocolError('ALREADY_OPENED', 'the recipient has opened the record')
  }
}

/** Of all grants of a record those that come from one of these. */
export function sharedFrom(all: readonly StoredFact[], from: readonly EntryHash[]): Grant[] {
  const grants = new Map(
    all.map(({ key, value }) => [key.slice(GRANTS.length), readFact(facts.grant(grantHashOf(key)), value)]),
  )
  const ends = new Set(from.map(hex))
  const comes = (grant: Grant | undefined): boolean =>
    grant !== undefined && grant.from !== null && (ends.has(hex(grant.from)) || comes(grants.get(hex(grant.from))))
  return [...grants.values()].filter(comes)
}

/** Whether an entry ends grants with the promise that nobody has opened the record under them. */
export const isRecall = (entry: AnyEntry): entry is AnyEntry & Entry<'record', 'revoke'> =>
  is(entry, 'record', 'revoke') && entry.body.mode === 'recall'

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
