// FLOE-GCM256: everything that is sealed under a symmetric key. Spec: docs/spec/sealing.md, "Under a symmetric key", a profile
// of C2SP FLOE (ePrint 2025/2275) with AES-256-GCM, HKDF-Expand-SHA-384 and a 32-byte IV.
//
// A sealed object is a header and segments. The header commits to key, associated data and parameters, and is checked before any
// segment is opened; a segment binds its position and whether it is the last. Segments are sealed and opened in any order.
// This file does not know what it seals, where segments are kept, nor how many a file may have: manifests say that.

import { concat, equal } from '@sealchart/protocol'
import { cipher } from '#cipher'
import { draw, isBytes, type Random, reading, requireBytes } from './check.js'
import type { Aead, Awaitable, Nonce } from './cipher.js'
import { CryptoError, unauthentic } from './errors.js'
import {
  encodeParameters,
  encodePosition,
  encodePrefix,
  type FloeParameters,
  fits,
  fitsPlace,
  HEADER_LENGTH,
  IV_LENGTH,
  KEY_LENGTH,
  payloadLength,
  requireParameters,
  requirePlace,
  SEGMENT_IV_LENGTH,
  type Segment,
  SMALL,
  sealedLength,
  segmentContext,
  segmentCount,
  segmentIv,
  splitHeader,
  splitSegment,
} from './floe-layout.js'
import { equalSecrets } from './secrets.js'

/** What an interrupted sealing wrote down about a segment: its 12-byte IV and its name. */
export interface RecordedSegment {
  readonly iv: Uint8Array
  readonly name: Uint8Array
}

/** Seals the segments of one object, in any order, several at a time if the caller likes. */
export interface Sealing {
  /** 74 bytes; public. */
  readonly header: Uint8Array
  /**
   * Seals one segment under a fresh random IV. Every segment but the last is full; only a first segment may be empty.
   * @throws CryptoError USAGE, LIMIT
   */
  sealSegment(plaintext: Uint8Array, position: number, final: boolean): Promise<Segment>
  /**
   * Makes a recorded segment again, to resume: same IV, so the same bytes if the plaintext is the same. If it is not, the result
   * never leaves this function, because two plaintexts under one IV give both away.
   * @throws CryptoError SOURCE_CHANGED, USAGE, LIMIT
   */
  resealSegment(plaintext: Uint8Array, position: number, final: boolean, recorded: RecordedSegment): Promise<Segment>
  /**
   * Opens a segment just sealed and compares it with its plaintext: failing memory would otherwise cost the only copy of a file.
   * @throws CryptoError SELFCHECK, USAGE, LIMIT
   */
  verifySegment(segment: Segment, plaintext: Uint8Array, position: number, final: boolean): Promise<void>
}

/** Opens the segments of one object, in any order. */
export interface Opening {
  /** The plaintext, once the whole segment is authenticated. @throws CryptoError UNAUTHENTIC, USAGE, LIMIT */
  openSegment(segment: Uint8Array | Segment, position: number, final: boolean): Promise<Uint8Array>
}

export interface SealingOptions {
  readonly parameters: FloeParameters
  readonly random: Random
}

/** An object whose key, associated data and IV are fixed. */
interface Message {
  readonly parameters: FloeParameters
  readonly header: Uint8Array
  /** The AEAD of the rotation period that a position lies in. */
  readonly aeadAt: (position: number) => Awaitable<Aead>
}

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text)
const HEADER_TAG = ascii('HEADER_TAG:')
const MESSAGE_KEY = ascii('MESSAGE_KEY:')
const DATA_KEY = ascii('DEK:')
const FIRST_BLOCK = Uint8Array.of(1)

/**
 * Starts a new object under `key` (32 bytes) with the associated data `aad`.
 * @throws CryptoError USAGE
 */
export function startSealing(key: Uint8Array, aad: Uint8Array, options: SealingOptions): Sealing {
  const { parameters, random } = optionsOf(options)
  // 32 random bytes: two objects under one key share an IV, and so a message key, with probability 2^-256 a pair.
  return sealing(derive(key, aad, draw(random, IV_LENGTH), parameters), random)
}

const optionsOf = (options: SealingOptions): SealingOptions =>
  reading('options', () => ({ parameters: options.parameters, random: options.random }))

/**
 * Goes on with an object whose header is known already, after an interruption.
 * @throws CryptoError COMMITMENT, UNAUTHENTIC, USAGE
 */
export function resumeSealing(key: Uint8Array, aad: Uint8Array, header: Uint8Array, options: SealingOptions): Sealing {
  const { parameters, random } = optionsOf(options)
  return sealing(commit(key, aad, header, parameters), random)
}

/**
 * Starts to open an object and checks its header, which commits to key, associated data and parameters.
 * @throws CryptoError COMMITMENT for a header of another key or use, UNAUTHENTIC for one of other parameters or length, USAGE
 */
export function startOpening(
  key: Uint8Array,
  aad: Uint8Array,
  header: Uint8Array,
  parameters: FloeParameters,
): Opening {
  const message = commit(key, aad, header, parameters)
  return { openSegment: (segment, position, final) => open(message, segment, position, final) }
}

/** FLOE's startEncryption, with the IV given. */
function derive(key: Uint8Array, aad: Uint8Array, iv: Uint8Array, given: FloeParameters): Message {
  const parameters = requireParameters(given)
  requireBytes(key, 'key', KEY_LENGTH)
  requireBytes(aad, 'associated data')
  const encoded = encodeParameters(parameters)
  // Data keys are derived from it later: not `slice`, with which a Buffer would stay a view of the caller's memory.
  const bound = new Uint8Array(aad)
  // FLOE_KDF: HKDF-Expand (RFC 5869 §2.3) of at most 48 bytes, which is its first block alone.
  const kdf = (from: Uint8Array, purpose: readonly Uint8Array[]): Uint8Array =>
    cipher.hmac('sha384', from, [encoded, iv, ...purpose, bound, FIRST_BLOCK])
  const header = concat(encoded, iv, kdf(key, [HEADER_TAG]).subarray(0, 32))
  const messageKey = kdf(key, [MESSAGE_KEY])
  const dataKey = (period: number): Uint8Array =>
    kdf(messageKey, [DATA_KEY, encodePosition(period)]).subarray(0, KEY_LENGTH)
  return { parameters, header, aeadAt: rotating(dataKey, 2 ** parameters.rotationBits) }
}

/** One data key a rotation period, the newest one kept: an object has one period up to 2^20 segments. */
function rotating(dataKey: (period: number) => Uint8Array, length: number): (position: number) => Awaitable<Aead> {
  let kept: { period: number; aead: Awaitable<Aead> } | null = null
  return (position) => {
    const period = position - (position % length)
    if (kept?.period !== period) kept = { period, aead: cipher.aead(dataKey(period)) }
    return kept.aead
  }
}

/** FLOE's startDecryption: the tag is compared before anything is decrypted, so that no ciphertext opens under two keys. */
function commit(key: Uint8Array, aad: Uint8Array, header: Uint8Array, parameters: FloeParameters): Message {
  const { iv, tag } = splitHeader(header, parameters)
  const message = derive(key, aad, iv, parameters)
  if (!equalSecrets(message.header.subarray(HEADER_LENGTH - tag.length), tag)) {
    throw new CryptoError('COMMITMENT', 'the header belongs to another key or another use')
  }
  return message
}

function sealing(message: Message, random: Random): Sealing {
  const sealWith = (plaintext: Uint8Array, position: number, final: boolean, iv: Uint8Array) =>
    seal(message, { plaintext, position, final }, iv)
  return {
    header: message.header.slice(),
    // 96 random bits a segment and at most 2^20 segments a key: a repeated IV has probability below 2^-57 a key.
    sealSegment: async (plaintext, position, final) =>
      sealWith(plaintext, position, final, draw(random, SEGMENT_IV_LENGTH)),
    async resealSegment(plaintext, position, final, recorded) {
      const { iv, name } = reading('a recorded segment', () => ({ iv: recorded.iv, name: recorded.name }))
      requireBytes(name, 'name', 32)
      const segment = await sealWith(plaintext, position, final, iv)
      if (equal(await nameSegment(segment), name)) return segment
      throw new CryptoError('SOURCE_CHANGED', 'the content is not what was sealed before the interruption')
    },
    async verifySegment(segment, plaintext, position, final) {
      requireBytes(plaintext, 'plaintext')
      const pieces = piecesOf(segment)
      const placed = await place(message, pieces, position, final)
      if (placed !== null && (await placed.aead.check(placed.nonce, pieces, plaintext))) return
      throw new CryptoError('SELFCHECK', 'a segment that was just sealed does not open to its plaintext')
    },
  }
}

interface Piece {
  readonly plaintext: Uint8Array
  readonly position: number
  readonly final: boolean
}

/** FLOE's encryptSegment, with the IV given. */
async function seal(message: Message, { plaintext, position, final }: Piece, iv: Uint8Array): Promise<Segment> {
  requireBytes(plaintext, 'plaintext')
  requireBytes(iv, 'IV', SEGMENT_IV_LENGTH)
  requirePlace(position, final)
  if (!fits(plaintext.length, message.parameters, position, final)) {
    throw new CryptoError('USAGE', 'every segment but the last is full, and only the first may be empty')
  }
  const aead = await message.aeadAt(position)
  const { body, tag } = await aead.seal({ iv, aad: segmentContext(position, final) }, plaintext)
  return { prefix: encodePrefix(iv, body.length, final), body, tag }
}

/** FLOE's decryptSegment. */
async function open(
  message: Message,
  received: Uint8Array | Segment,
  position: number,
  final: boolean,
): Promise<Uint8Array> {
  const segment = isBytes(received) ? splitSegment(received) : piecesOf(received)
  const placed = await place(message, segment, position, final)
  const plaintext = placed === null ? null : await placed.aead.open(placed.nonce, segment)
  if (plaintext === null) throw unauthentic()
  return plaintext
}

/** The pieces of a segment, if they are bytes. @throws CryptoError USAGE */
const piecesOf = (segment: Segment): Segment =>
  reading('a segment', () => {
    const { prefix, body, tag } = segment
    for (const piece of [prefix, body, tag]) requireBytes(piece, 'segment')
    return { prefix, body, tag }
  })

/** What opens a segment at this place, or null if its lengths are not those of one. */
async function place(
  message: Message,
  segment: Segment,
  position: number,
  final: boolean,
): Promise<{ nonce: Nonce; aead: Aead } | null> {
  requirePlace(position, final)
  if (!fitsPlace(segment, message.parameters, position, final)) return null
  const nonce = { iv: segmentIv(segment), aad: segmentContext(position, final) }
  return { nonce, aead: await message.aeadAt(position) }
}

/** A segment's name: the SHA-256 of its bytes, under which a relay keeps it. @throws CryptoError USAGE */
export async function nameSegment(segment: Uint8Array | Segment): Promise<Uint8Array> {
  if (isBytes(segment)) return await cipher.sha256([segment])
  const { prefix, body, tag } = piecesOf(segment)
  return await cipher.sha256([prefix, body, tag])
}

/** A sealed segment as one piece. Copies; for small segments and for tests. @throws CryptoError USAGE */
export function joinSegment(segment: Segment): Uint8Array {
  const { prefix, body, tag } = piecesOf(segment)
  return concat(prefix, body, tag)
}

/**
 * Seals a small or medium object at once: header and segments of up to 64 KiB in one piece.
 * @throws CryptoError USAGE
 */
export async function sealBytes(
  key: Uint8Array,
  aad: Uint8Array,
  plaintext: Uint8Array,
  random: Random,
): Promise<Uint8Array> {
  requireBytes(plaintext, 'plaintext')
  const { header, sealSegment } = startSealing(key, aad, { parameters: SMALL, random })
  const out = new Uint8Array(sealedLength(plaintext.length, SMALL))
  out.set(header)
  const count = segmentCount(plaintext.length, SMALL)
  for (let position = 0; position < count; position++) {
    const from = position * payloadLength(SMALL)
    const content = plaintext.subarray(from, from + payloadLength(SMALL))
    const { prefix, body, tag } = await sealSegment(content, position, position === count - 1)
    let at = HEADER_LENGTH + position * SMALL.segmentLength
    for (const part of [prefix, body, tag]) {
      out.set(part, at)
      at += part.length
    }
  }
  return out
}

/**
 * Opens what `sealBytes` made. Nothing is returned unless all of it is authentic.
 * @throws CryptoError COMMITMENT, UNAUTHENTIC, USAGE
 */
export async function openBytes(key: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Promise<Uint8Array> {
  requireBytes(sealed, 'sealed object')
  const { openSegment } = startOpening(key, aad, sealed.subarray(0, HEADER_LENGTH), SMALL)
  const count = Math.ceil((sealed.length - HEADER_LENGTH) / SMALL.segmentLength)
  const parts: Uint8Array[] = []
  for (let position = 0; position < count; position++) {
    const from = HEADER_LENGTH + position * SMALL.segmentLength
    parts.push(await openSegment(sealed.subarray(from, from + SMALL.segmentLength), position, position === count - 1))
  }
  if (parts.length === 0) throw unauthentic()
  return parts.length === 1 ? (parts[0] as Uint8Array) : concat(...parts)
}
