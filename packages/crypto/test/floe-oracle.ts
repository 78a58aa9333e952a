// FLOE written a second time, from its specification, on other primitives than the package: GCM and HMAC of the noble
// libraries. HKDF-Expand is written out, because noble's refuses a 32-byte key, which FLOE's first derivations have.
import { gcm } from '@noble/ciphers/aes.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha384 } from '@noble/hashes/sha2.js'

export interface OracleInput {
  readonly key: Uint8Array
  readonly aad: Uint8Array
  readonly iv: Uint8Array
  readonly segmentLength: number
  readonly rotationBits: number
}

const join = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts))
const big = (value: bigint, bytes: number): Uint8Array =>
  new Uint8Array(Buffer.from(value.toString(16).padStart(2 * bytes, '0'), 'hex'))

const floeKdf = (input: OracleInput, from: Uint8Array, purpose: Uint8Array, length: number): Uint8Array => {
  const parameters = join(big(0n, 2), big(BigInt(input.segmentLength), 4), big(32n, 4))
  return hmac(sha384, from, join(parameters, input.iv, purpose, input.aad, Uint8Array.of(1))).subarray(0, length)
}

export const oracleHeader = (input: OracleInput): Uint8Array =>
  join(
    big(0n, 2),
    big(BigInt(input.segmentLength), 4),
    big(32n, 4),
    input.iv,
    floeKdf(input, input.key, Buffer.from('HEADER_TAG:'), 32),
  )

/** The AES-256 key of a position. */
export function oracleDataKey(input: OracleInput, position: number): Uint8Array {
  const messageKey = floeKdf(input, input.key, Buffer.from('MESSAGE_KEY:'), 48)
  const masked = (BigInt(position) >> BigInt(input.rotationBits)) << BigInt(input.rotationBits)
  return floeKdf(input, messageKey, join(Buffer.from('DEK:'), big(masked, 8)), 32)
}

export interface OraclePiece {
  readonly plaintext: Uint8Array
  readonly position: number
  readonly final: boolean
  readonly iv: Uint8Array
}

export function oracleSegment(input: OracleInput, { plaintext, position, final, iv }: OraclePiece): Uint8Array {
  const aad = join(big(BigInt(position), 8), Uint8Array.of(final ? 1 : 0))
  const sealed = gcm(oracleDataKey(input, position), iv, aad).encrypt(plaintext)
  return join(final ? big(BigInt(sealed.length + 16), 4) : big(0xffffffffn, 4), iv, sealed)
}
