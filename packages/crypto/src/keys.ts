// The key tree: key pairs from secrets, what an entry publishes of a secret, back-links between epochs, and a record's nonce.
// Spec: docs/spec/keys.md. Secrets are drawn with `newSecret` (secrets.ts); how they reach somebody else stands in envelope.ts.
// Key pairs are never stored: they are derived from 32-byte secrets, and compared with what is published, whenever they are needed.
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import {
  type BackLink,
  type BoxKey,
  bind,
  checkBoxKey,
  checkDeviceKeys,
  type DeviceId,
  type DevicePublicKeys,
  deviceId,
  equal,
  type Signer,
  utf8,
} from '@sealchart/protocol'
import { cipher } from '#cipher'
import { type Random, reading, requireBytes } from './check.js'
import { CryptoError, unauthentic } from './errors.js'
import { sealBytes } from './floe.js'
import { publicKeyOf } from './hpke.js'
import { openSealed } from './object.js'
import {
  type BackLinkPlace,
  backLinkPlace,
  bindPlace,
  type MemberPlace,
  memberPlace,
  type RecordPlace,
  recordPlace,
  type SectionPlace,
  sectionPlace,
} from './place.js'
import {
  asSecret,
  type DeviceSeed,
  type EpochSecret,
  equalSecrets,
  SECRET_LENGTH,
  type SectionKey,
  type TrailSecret,
} from './secrets.js'
import { loaded } from './sodium.js'

/** A device: its id, what it publishes, how it signs, and the 32-byte seed with which it opens what is sealed to it. */
export interface Device {
  readonly id: DeviceId
  readonly keys: DevicePublicKeys
  readonly sign: Signer
  readonly boxSeed: Uint8Array
}

/** An X-Wing key pair: the public key (1,216 bytes) and the seed (32 bytes) that opens what is sealed to it. */
export interface BoxKeys {
  readonly key: BoxKey
  readonly seed: Uint8Array
}

/** HKDF-SHA256 (RFC 5869) of a 32-byte secret without salt: 32 bytes. `info` is label and context. */
export function deriveKey(secret: Uint8Array, info: Uint8Array): Uint8Array {
  requireBytes(secret, 'secret', SECRET_LENGTH)
  return hkdf(sha256, secret, undefined, info, SECRET_LENGTH)
}

/** The device of a seed: Ed25519 and X-Wing from two derivations, so that neither key says anything of the other. @throws CryptoError USAGE */
export function deviceFromSeed(seed: DeviceSeed): Device {
  const boxSeed = deriveKey(seed, bind('deviceBox', []))
  const box = publicKeyOf(boxSeed)
  const { publicKey, privateKey } = loaded().crypto_sign_seed_keypair(deriveKey(seed, bind('deviceSign', [])))
  const keys = checkDeviceKeys({ sign: publicKey, box })
  return {
    id: deviceId(keys),
    keys,
    sign(message) {
      // libsodium would also sign the UTF-8 of a string.
      requireBytes(message, 'message')
      return loaded().crypto_sign_detached(message, privateKey)
    },
    boxSeed,
  }
}

const boxKeysFrom = (secret: Uint8Array, info: Uint8Array): BoxKeys => {
  const seed = deriveKey(secret, info)
  return { key: checkBoxKey(publicKeyOf(seed)), seed }
}

/** A member's key pair of one epoch. @throws CryptoError USAGE */
export const memberEpochKeys = (secret: EpochSecret, place: MemberPlace): BoxKeys =>
  boxKeysFrom(secret, bindPlace('epochBox', memberPlace, place))

/** The key pair of a record's trail in one epoch: purposes, reasons and notes are sealed to its public key. @throws CryptoError USAGE */
export const trailKeys = (secret: TrailSecret, place: RecordPlace): BoxKeys =>
  boxKeysFrom(secret, bindPlace('trailBox', recordPlace, place))

/** The 32 bytes by which an entry commits to a section's key. @throws CryptoError USAGE */
export const sectionCommitment = (key: SectionKey, place: SectionPlace): Uint8Array =>
  deriveKey(key, bindPlace('sectionCommitment', sectionPlace, place))

/** Checks a section key that somebody handed over against the entry that started its epoch. @throws CryptoError COMMITMENT, USAGE */
export function checkSectionKey(key: SectionKey, commitment: Uint8Array, place: SectionPlace): void {
  if (!equalSecrets(sectionCommitment(key, place), commitment)) throw contradicts()
}

/** Checks a trail secret against the public key in its epoch's entry; returns its key pair. @throws CryptoError COMMITMENT, USAGE */
export const checkTrailSecret = (secret: TrailSecret, key: Uint8Array, place: RecordPlace): BoxKeys =>
  sameKey(trailKeys(secret, place), key)

/** Checks a member's epoch secret against the public key in its epoch's entry; returns its key pair. @throws CryptoError COMMITMENT, USAGE */
export const checkEpochSecret = (secret: EpochSecret, key: Uint8Array, place: MemberPlace): BoxKeys =>
  sameKey(memberEpochKeys(secret, place), key)

function sameKey(keys: BoxKeys, published: Uint8Array): BoxKeys {
  requireBytes(published, 'published key')
  if (!equal(keys.key, published)) throw contradicts()
  return keys
}

const contradicts = (): CryptoError =>
  new CryptoError('COMMITMENT', 'a secret is not the one that its entry commits to')

/** Secrets that have epochs. */
type Linked = SectionKey | TrailSecret | EpochSecret

/**
 * Seals an earlier epoch's secret under the current one: whoever holds an epoch can go back, and nobody can go forward. 138 bytes.
 * @throws CryptoError USAGE, also for an epoch that is not earlier.
 */
export async function sealBackLink<T extends Linked>(
  earlier: { readonly epoch: number; readonly secret: T },
  current: T,
  place: BackLinkPlace,
  random: Random,
): Promise<BackLink> {
  const { epoch: to, secret } = reading('an earlier epoch', () => ({ ...earlier }))
  requireBytes(secret, 'earlier secret', SECRET_LENGTH)
  const context = linkContext(place, to)
  if (to >= place.epoch) throw new CryptoError('USAGE', 'a back-link leads to an earlier epoch')
  return { to, sealed: await sealBytes(current, context, secret, random) }
}

/**
 * Opens a back-link. Whether it holds the right secret is for `checkSectionKey`, `checkTrailSecret` or `checkEpochSecret` of the epoch that
 * it names. @throws CryptoError UNAUTHENTIC, USAGE
 */
export async function openBackLink<T extends Linked>(link: BackLink, current: T, place: BackLinkPlace): Promise<T> {
  const { to, sealed } = reading('a back-link', () => ({ ...link }))
  const earlier = await openSealed({ key: current, aad: linkContext(place, to) }, sealed)
  if (earlier.length !== SECRET_LENGTH) throw unauthentic()
  return asSecret<T>(earlier)
}

const linkContext = (place: BackLinkPlace, to: number): Uint8Array =>
  bindPlace(
    'backLink',
    backLinkPlace,
    reading('a back-link’s place', () => ({ ...place, to })),
  )

/**
 * A record's nonce from the caller's reference: the same 32 bytes at every retry, and to everybody else random ones.
 * @throws CryptoError USAGE for an empty reference, or one that has no UTF-8.
 */
export function recordNonce(firstEpochSecret: EpochSecret, ref: string): Uint8Array {
  if (typeof ref !== 'string' || ref === '') throw new CryptoError('USAGE', 'ref must be a text that is not empty')
  // A lone surrogate becomes U+FFFD in UTF-8, and two references one.
  if (/\p{Surrogate}/u.test(ref)) throw new CryptoError('USAGE', 'ref must be well-formed Unicode')
  return cipher.hmac('sha256', deriveKey(firstEpochSecret, bind('reference', [])), [utf8(ref)])
}
