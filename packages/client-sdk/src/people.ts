// People: a member's chain read as a verified card, or the reason why it is not one. Spec: docs/spec/rules.md, "Credentials".
import {
  type ChainId,
  type Credential,
  type Digest,
  decodeClaims,
  type EntryHash,
  equal,
  facts,
  type GroupEpoch,
  hex,
  is,
  type Ledger,
  type Placed,
  readFact,
  registrationChainOf,
} from '@sealchart/protocol'
import { ClientError } from './errors.js'
import { numberOf, type Registered } from './numbers.js'
import type { Session } from './session.js'

/** A real person as an institution vouches for her. */
export interface Person extends Registered {
  /** Her member chain's id: what grants and entries name. */
  readonly id: ChainId
  readonly name: string
  readonly role: string | null
  readonly department: string | null
  readonly institution: { readonly id: ChainId; readonly name: string }
  /** The credential that says so, and how long it is valid. */
  readonly credential: EntryHash
  readonly until: Date
  /** Institutions that vouch for the same number by a credential that holds, this one among them: a doctor with two employers has two. */
  readonly vouchedBy: readonly { readonly id: ChainId; readonly name: string }[]
  /** `verified`, or why not: `withdrawn`, `expired`, `erased` (the claims are gone), `dismissed`, `removed`. */
  readonly status: 'verified' | 'withdrawn' | 'expired' | 'erased' | 'dismissed' | 'removed'
}

/** Chains whose newest state a decision about a member uses. */
export function authorityChains(session: Session, institution: ChainId): ChainId[] {
  return [institution, session.network.chain]
}

interface Standing {
  readonly hash: EntryHash
  readonly credential: Credential
}

/** A member's accepted credentials, newest first. */
function credentials(ledger: Ledger, member: ChainId): Standing[] {
  return ledger
    .factsUnder(member, 'credential/')
    .map(({ key, value }) => {
      const hash = hashOf(key)
      return { hash, credential: readFact(facts.credential(hash), value) }
    })
    .filter(({ credential }) => credential.state !== 'offered')
    .sort((a, b) => b.credential.index - a.credential.index)
}

const hashOf = (key: string): EntryHash => {
  const digits = key.slice('credential/'.length)
  return Uint8Array.from({ length: 32 }, (_, i) =>
    Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16),
  ) as Uint8Array as EntryHash
}

/** Why a credential does not hold at `now`, or `verified`. */
function statusOf(ledger: Ledger, network: ChainId, credential: Credential, now: number): Person['status'] {
  if (credential.state === 'withdrawn') return 'withdrawn'
  const issuer = ledger.fact(credential.institution, facts.device(credential.issuer))
  if (!issuer || (issuer.voidFrom !== null && issuer.voidFrom <= credential.index)) return 'dismissed'
  const admission = ledger.fact(network, facts.institution(credential.institution))
  if (!admission || admission.removed !== null) return 'removed'
  return now >= credential.notBefore && now < credential.until ? 'verified' : 'expired'
}

/** The credential under which a member acts now: the newest that holds, of one institution where one is named. Null when there is none. */
export function standingCredential(session: Session, member: ChainId, institution?: ChainId): Standing | null {
  const now = session.surroundings.now()
  const holds = ({ credential }: Standing): boolean =>
    statusOf(session.ledger, session.network.chain, credential, now) === 'verified' &&
    (institution === undefined || equal(credential.institution, institution))
  return credentials(session.ledger, member).find(holds) ?? null
}

/** Whether a member holds, of this institution, a credential that holds now: a grant binds the capacity in which it was given. */
export function standsAt(session: Session, member: ChainId, institution: ChainId): boolean {
  const now = session.surroundings.now()
  return credentials(session.ledger, member).some(
    ({ credential }) =>
      equal(credential.institution, institution) &&
      statusOf(session.ledger, session.network.chain, credential, now) === 'verified',
  )
}

/** Whether a member has another credential of the same institution that was not withdrawn. */
export function hasOther({ ledger }: Session, member: ChainId, hash: EntryHash): boolean {
  const institution = ledger.fact(member, facts.credential(hash))?.institution
  return credentials(ledger, member).some(
    (one) =>
      institution !== undefined &&
      one.credential.state === 'accepted' &&
      !equal(one.hash, hash) &&
      equal(one.credential.institution, institution),
  )
}

/**
 * The card of a member, from her newest credential that holds, or from her newest one with the reason why it does not.
 * The session has synced her chain. Null when she has no accepted credential at all.
 */
export function personOf(session: Session, member: ChainId): Person | null {
  const standing = standingCredential(session, member) ?? credentials(session.ledger, member)[0]
  return standing ? cardOf(session, member, standing) : null
}

/** The card of a member as one credential describes her: what a trail shows of who acted under it. */
export function personUnder(session: Session, member: ChainId, hash: EntryHash): Person | null {
  const standing = credentials(session.ledger, member).find((one) => equal(one.hash, hash))
  return standing ? cardOf(session, member, standing) : null
}

function cardOf(session: Session, member: ChainId, { hash, credential }: Standing): Person {
  const claims = claimsOf(session, member, hash)
  const status = statusOf(session.ledger, session.network.chain, credential, session.surroundings.now())
  const institution = (id: ChainId) => ({ id, name: session.ledger.fact(id, facts.name) ?? hex(id.subarray(0, 4)) })
  return {
    id: member,
    name: claims?.get('name') ?? `member ${hex(member.subarray(0, 4))}`,
    ...numberOf(session, member, { credential, claims }),
    role: claims?.get('role') ?? null,
    department: claims?.get('department') ?? null,
    institution: institution(credential.institution),
    credential: hash,
    until: new Date(credential.until),
    vouchedBy: vouchersOf(session, member, credential).map(institution),
    status: claims === null && status === 'verified' ? 'erased' : status,
  }
}

/** A member's newest credential that holds and names a number that `fits`; null for none. */
export function numberedCredential(
  session: Session,
  member: ChainId,
  fits: (hash: Digest) => boolean,
): Standing | null {
  const now = session.surroundings.now()
  const found = credentials(session.ledger, member).find(
    ({ credential }) =>
      credential.registration !== null &&
      fits(credential.registration) &&
      statusOf(session.ledger, session.network.chain, credential, now) === 'verified',
  )
  return found ?? null
}

/** Institutions with a credential that holds for the number that this one names, each once. */
function vouchersOf(session: Session, member: ChainId, { registration }: Credential): readonly ChainId[] {
  if (registration === null) return []
  const now = session.surroundings.now()
  const same = credentials(session.ledger, member).filter(
    ({ credential }) =>
      credential.registration !== null &&
      equal(credential.registration, registration) &&
      statusOf(session.ledger, session.network.chain, credential, now) === 'verified',
  )
  return [...new Map(same.map(({ credential }) => [hex(credential.institution), credential.institution])).values()]
}

/** The claims beside a credential entry, each checked against its signed hash; null when they were erased. */
function claimsOf(session: Session, member: ChainId, hash: EntryHash): ReadonlyMap<string, string> | null {
  const entry = session.ledger.entries(member).find((placed: Placed) => equal(placed.entry.hash, hash))?.entry
  if (!entry || !is(entry, 'member', 'credential')) return null
  const beside = session.beside(entry.private)
  if (beside === null) return null
  return new Map(decodeClaims(beside, member, entry.body).map((claim) => [claim.name, claim.value]))
}

/** What a member's newest credential claims, bound or not; null when she has none, or its claims were erased. */
export function claimedBy(session: Session, member: ChainId): ReadonlyMap<string, string> | null {
  const standing = standingCredential(session, member) ?? credentials(session.ledger, member)[0]
  return standing ? claimsOf(session, member, standing.hash) : null
}

/** A member's newest epoch: the key that is wrapped to. @throws ClientError KEY_UNVERIFIED when her chain is not known. */
export function epochOf(session: Session, member: ChainId): GroupEpoch {
  const epoch = session.ledger.fact(member, facts.epoch)
  if (!epoch) throw new ClientError('KEY_UNVERIFIED', 'no verified key is known for this member')
  return epoch
}

/** Chains of the numbers that members' credentials name. */
function numberChains(session: Session, members: readonly ChainId[]): ChainId[] {
  const found = members.flatMap((member) =>
    credentials(session.ledger, member).map(({ credential }) => credential.registration),
  )
  return found.flatMap((hash) => (hash === null ? [] : [registrationChainOf(session.network.chain, hash)]))
}

/** Brings the chains of members' registration numbers up to the newest; the session has synced the members. @throws as `Session.sync`. */
export async function syncNumbers(
  session: Session,
  members: readonly ChainId[],
  options: SyncOptions = {},
): Promise<void> {
  const chains = numberChains(session, members)
  if (chains.length > 0) await session.sync(chains, options)
}

/** Brings members up to the newest, and then the chains of their numbers. @throws as `Session.sync`. */
export async function syncPeople(
  session: Session,
  members: readonly ChainId[],
  options: SyncOptions = {},
): Promise<void> {
  await session.sync(members, options)
  await syncNumbers(session, members, options)
}

interface SyncOptions {
  readonly signal?: AbortSignal | undefined
}
