// HPKE in base mode, single shot: everything that is sealed to a public key. Spec: docs/spec/sealing.md, "To a public key".
// RFC 9180 with KEM X-Wing 0x647A (draft-ietf-hpke-pq), KDF HKDF-SHA256 0x0001, AEAD ChaCha20-Poly1305 0x0003.
//
// One encapsulation seals one message: there is no context object, so no sequence number that two callers could share.
// Base mode says nothing about the sender; whoever needs to know verifies a signature over what was sealed.

import { concat } from '@sealchart/protocol'
import { cipher } from '#cipher'
import { draw, type Random, reading, requireBytes } from './check.js'
import { CryptoError, unauthentic } from './errors.js'
import { loaded } from './sodium.js'

/** What both sides must agree on: `info` binds the key schedule, `aad` the ciphertext. */
export interface HpkeContext {
  readonly info: Uint8Array
  readonly aad: Uint8Array
}

/** Lengths in bytes. */
export const X_WING_SEED_LENGTH = 32
const ENCAPSULATION_LENGTH = 1120
const ENCAPSULATION_RANDOMNESS = 64
const TAG_LENGTH = 16
/** How much longer a sealed message is than its plaintext. */
export const HPKE_OVERHEAD: number = ENCAPSULATION_LENGTH + TAG_LENGTH

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text)
const EMPTY = new Uint8Array()
const VERSION = ascii('HPKE-v1')
const MODE_BASE = Uint8Array.of(0)
/** "HPKE" ‖ KEM ‖ KDF ‖ AEAD (RFC 9180 §5.1). */
export const SUITE: Uint8Array = concat(ascii('HPKE'), Uint8Array.of(0x64, 0x7a, 0, 1, 0, 3))

/** The public key, 1,216 bytes, of a seed. @throws CryptoError USAGE */
export function publicKeyOf(seed: Uint8Array): Uint8Array {
  requireBytes(seed, 'seed', X_WING_SEED_LENGTH)
  return loaded().crypto_kem_xwing_seed_keypair(seed).publicKey
}

/**
 * Seals `plaintext` to an X-Wing public key: encapsulation (1,120 bytes), ciphertext, tag (16 bytes).
 * @throws CryptoError KEY_FORMAT for a public key that is none, USAGE
 */
export function sealTo(publicKey: Uint8Array, context: HpkeContext, plaintext: Uint8Array, random: Random): Uint8Array {
  const { info, aad } = contextOf(context)
  requireBytes(plaintext, 'plaintext')
  requireBytes(publicKey, 'public key')
  // Fresh for every message: the key and nonce below exist once, so the fixed sequence number 0 never repeats a nonce.
  const { ciphertext: enc, sharedSecret } = encapsulate(publicKey, draw(random, ENCAPSULATION_RANDOMNESS))
  const { key, nonce } = keySchedule(SUITE, sharedSecret, info)
  const sealed = loaded().crypto_aead_chacha20poly1305_ietf_encrypt(plaintext, aad, null, nonce, key)
  return concat(enc, sealed)
}

/**
 * Opens what `sealTo` made for the public key of `seed` (32 bytes).
 * @throws CryptoError UNAUTHENTIC for whatever does not open, USAGE
 */
export function openWith(seed: Uint8Array, context: HpkeContext, sealed: Uint8Array): Uint8Array {
  const { info, aad } = contextOf(context)
  requireBytes(seed, 'seed', X_WING_SEED_LENGTH)
  requireBytes(sealed, 'sealed message')
  const sodium = loaded()
  if (sealed.length < HPKE_OVERHEAD) throw unauthentic()
  try {
    const sharedSecret = sodium.crypto_kem_xwing_dec(sealed.subarray(0, ENCAPSULATION_LENGTH), seed)
    const { key, nonce } = keySchedule(SUITE, sharedSecret, info)
    const ciphertext = sealed.subarray(ENCAPSULATION_LENGTH)
    return sodium.crypto_aead_chacha20poly1305_ietf_decrypt(null, ciphertext, aad, nonce, key)
  } catch {
    // Without its cause: whether encapsulation or tag failed is nobody's business.
    throw unauthentic()
  }
}

const contextOf = (context: HpkeContext): HpkeContext =>
  reading('a context', () => {
    const { info, aad } = context
    requireBytes(info, 'info')
    requireBytes(aad, 'associated data')
    return { info, aad }
  })

/** libsodium refuses a wrong length, ML-KEM coefficients of 3329 and more, and an X25519 half of small order. */
function encapsulate(
  publicKey: Uint8Array,
  randomness: Uint8Array,
): { ciphertext: Uint8Array; sharedSecret: Uint8Array } {
  const sodium = loaded()
  try {
    return sodium.crypto_kem_xwing_enc_deterministic(publicKey, randomness)
  } catch (cause) {
    throw new CryptoError('KEY_FORMAT', 'not an X-Wing public key', { cause })
  }
}

/** LabeledExtract (RFC 9180 §4). */
const extract = (suite: Uint8Array, salt: Uint8Array, label: string, ikm: Uint8Array): Uint8Array =>
  cipher.hmac('sha256', salt, [VERSION, suite, ascii(label), ikm])

/** LabeledExpand (RFC 9180 §4) of at most 32 bytes, which is HKDF-Expand's first block alone. */
function expander(suite: Uint8Array, prk: Uint8Array, info: Uint8Array): (label: string, length: number) => Uint8Array {
  return (label, length) =>
    cipher
      .hmac('sha256', prk, [Uint8Array.of(0, length), VERSION, suite, ascii(label), info, Uint8Array.of(1)])
      .subarray(0, length)
}

/** KeySchedule (RFC 9180 §5.1) in base mode, without the exporter secret, which nothing here uses. For conformance programs too. */
export function keySchedule(
  suite: Uint8Array,
  sharedSecret: Uint8Array,
  info: Uint8Array,
): { key: Uint8Array; nonce: Uint8Array } {
  const pskIdHash = extract(suite, EMPTY, 'psk_id_hash', EMPTY)
  const infoHash = extract(suite, EMPTY, 'info_hash', info)
  const context = concat(MODE_BASE, pskIdHash, infoHash)
  const expand = expander(suite, extract(suite, sharedSecret, 'secret', EMPTY), context)
  return { key: expand('key', 32), nonce: expand('base_nonce', 12) }
}
