// The acting member: a session with the member's own epoch secrets, and what every entry of hers rests on.
// Spec: docs/spec/rules.md, "Credentials". How she comes to exist stands in enrolment.ts.
import { type EpochSecret, sealNote, type TrailNote } from '@sealchart/crypto'
import { type ChainId, type Digest, type EntryHash, facts, sha256 } from '@sealchart/protocol'
import { ClientError } from './errors.js'
import { epochsOf } from './keyring.js'
import type { MemberKeys } from './member-keys.js'
import { authorityChains, standingCredential } from './people.js'
import type { Session } from './session.js'
import type { TeamKeys } from './team-keys.js'

export interface Member {
  readonly session: Session
  /** Her own epoch secrets. */
  readonly own: MemberKeys
  /** The secret of epoch 0, from which record nonces are derived. */
  readonly first: EpochSecret
  /** Secrets of the teams in which she sits. */
  readonly teams: TeamKeys
}

/** What an entry of a member says and rests on: the credential she acts under, and the chains that make it one. */
export interface Acting {
  readonly credential: EntryHash
  readonly institution: ChainId
  readonly restsOn: readonly ChainId[]
}

/** As whom a member acts; with `institution` in that capacity. @throws ClientError NO_CREDENTIAL when no credential of hers holds now. */
export function actingAs({ session }: Member, capacity?: ChainId): Acting {
  const standing = standingCredential(session, session.chain, capacity)
  if (!standing)
    throw new ClientError('NO_CREDENTIAL', 'no credential holds: log in again, so that the issuer renews it')
  const { institution } = standing.credential
  return { credential: standing.hash, institution, restsOn: [session.chain, ...authorityChains(session, institution)] }
}

/** A text sealed to a record's newest trail key, with the hash that its entry names. */
export interface SealedText {
  readonly beside: Uint8Array
  readonly digest: Digest
  readonly trailEpoch: number
}

/**
 * Seals a purpose, reason or note so that only who may read the trail can read it.
 * @throws ClientError USAGE when the text is empty.
 */
export function sealText(
  member: Member,
  record: ChainId,
  note: TrailNote,
  fresh?: { epoch: number; key: Uint8Array },
): SealedText {
  const { session } = member
  if (note.text.trim() === '') throw new ClientError('USAGE', `a ${note.kind} must say something: the trail shows it`)
  const newest = fresh ?? newestTrail(session, record)
  const place = { network: session.network.chain, record, epoch: newest.epoch, author: session.chain }
  const beside = sealNote(note, newest.key, place, session.surroundings.random)
  return { beside, digest: sha256(beside) as Uint8Array as Digest, trailEpoch: newest.epoch }
}

function newestTrail(session: Session, record: ChainId): { epoch: number; key: Uint8Array } {
  const epoch = session.ledger.fact(record, facts.trail)?.epoch
  const start = epoch === undefined ? undefined : epochsOf(session, record).trail.get(epoch)
  if (!start) throw new ClientError('UNKNOWN', 'there is no such record, or you may not see it')
  return { epoch: start.epoch, key: start.key }
}
