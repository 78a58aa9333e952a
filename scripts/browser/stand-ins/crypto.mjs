// What tests take from node:crypto, in a browser: on libsodium, and AES blocks by @noble/ciphers. In a browser the
// packages hash with @noble/hashes and encrypt with WebCrypto, so what the tests compare with still comes from other
// hands.
import { ecb } from '@noble/ciphers/aes.js'
import sodium from 'libsodium-wrappers-sumo'

await sodium.ready

const bytesOf = (data) => (typeof data === 'string' ? Buffer.from(data) : data)

/** Collects what is given to `update`, and answers `finish(all of it)`. */
function digester(finish) {
  const parts = []
  const self = {
    update(data) {
      parts.push(bytesOf(data))
      return self
    },
    digest(encoding) {
      const digest = Buffer.from(finish(new Uint8Array(Buffer.concat(parts))))
      return encoding === undefined ? digest : digest.toString(encoding)
    },
  }
  return self
}

function requireSha256(name) {
  if (name !== 'sha256') throw new Error(`the stand-in for node:crypto has no ${name}`)
}

function hmacSha256(key, data) {
  const state = sodium.crypto_auth_hmacsha256_init(key)
  sodium.crypto_auth_hmacsha256_update(state, data)
  return sodium.crypto_auth_hmacsha256_final(state)
}

export function createHash(name) {
  requireSha256(name)
  return digester((data) => sodium.crypto_hash_sha256(data))
}

export function createHmac(name, key) {
  requireSha256(name)
  return digester((data) => hmacSha256(bytesOf(key), data))
}

/** HKDF (RFC 5869) of at most one block. */
export function hkdfSync(name, key, salt, info, length) {
  requireSha256(name)
  if (length > 32) throw new Error('the stand-in for node:crypto derives at most 32 bytes')
  const extracted = hmacSha256(bytesOf(salt).length === 0 ? new Uint8Array(32) : bytesOf(salt), bytesOf(key))
  return hmacSha256(extracted, Uint8Array.of(...bytesOf(info), 1)).slice(0, length).buffer
}

export function createCipheriv(name, key) {
  if (name !== 'aes-256-ecb') throw new Error(`the stand-in for node:crypto has no ${name}`)
  const cipher = {
    setAutoPadding: () => cipher,
    update: (blocks) => Buffer.from(ecb(key, { disablePadding: true }).encrypt(blocks)),
  }
  return cipher
}

/** An Ed25519 key in PKCS #8: the seed is what stands at its end. */
export const createPrivateKey = ({ key }) => sodium.crypto_sign_seed_keypair(key.subarray(-32)).privateKey

export const sign = (_algorithm, message, key) => Buffer.from(sodium.crypto_sign_detached(message, key))

export const timingSafeEqual = (a, b) => sodium.memcmp(a, b)
