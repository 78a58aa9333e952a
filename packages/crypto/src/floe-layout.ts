// The layout of FLOE objects: parameters, lengths, and the pieces of headers and segments. Spec: docs/spec/sealing.md, "Layout".
// Lengths are in bytes. Nothing here uses a key.
import { reading, requireBytes, requireNatural } from './check.js'
import { CryptoError, unauthentic } from './errors.js'

/** What varies between FLOE instances. Fixed by the kind of object, never read from what is opened. */
export interface FloeParameters {
  /** Length of every encrypted segment but the last. */
  readonly segmentLength: number
  /** The data key changes every 2^rotationBits segments. 20 in the specification; less only in known answers. */
  readonly rotationBits: number
}

/** Files: encrypted segments of 1 MiB. */
export const FILE: FloeParameters = { segmentLength: 2 ** 20, rotationBits: 20 }
/** Everything smaller (headers, cards, back-links, vaults): one segment up to 64 KiB, more beyond. */
export const SMALL: FloeParameters = { segmentLength: 2 ** 16, rotationBits: 20 }

export const KEY_LENGTH = 32
export const IV_LENGTH = 32
export const SEGMENT_IV_LENGTH = 12
export const TAG_LENGTH = 16
const PARAMETERS_LENGTH = 10
const HEADER_TAG_LENGTH = 32
const LENGTH_FIELD = 4
/** Length field and IV, before the ciphertext. */
const PREFIX_LENGTH = LENGTH_FIELD + SEGMENT_IV_LENGTH
/** Parameters, IV and header tag. */
export const HEADER_LENGTH: number = PARAMETERS_LENGTH + IV_LENGTH + HEADER_TAG_LENGTH
/** What a segment is longer than its plaintext. */
export const SEGMENT_OVERHEAD: number = PREFIX_LENGTH + TAG_LENGTH
/** FLOE's limit for AES-256-GCM. */
export const MAX_SEGMENTS: number = 2 ** 40
/** The length field of every segment but the last. */
const NOT_FINAL = 0xffffffff

/** One sealed segment in pieces, so that its ciphertext is never copied. */
export interface Segment {
  /** 16 bytes: length field and the segment's IV. */
  readonly prefix: Uint8Array
  readonly body: Uint8Array
  /** 16 bytes. */
  readonly tag: Uint8Array
}

/** Parameters with which something can be sealed: room for a plaintext, lengths of 32 bits, periods that can be counted. @throws CryptoError USAGE */
export const requireParameters = (parameters: FloeParameters): FloeParameters =>
  reading('parameters', () => {
    const { segmentLength, rotationBits } = parameters
    for (const number of [segmentLength, rotationBits]) requireNatural(number, 'each parameter')
    if (segmentLength > SEGMENT_OVERHEAD && segmentLength < NOT_FINAL && rotationBits <= 40)
      return { segmentLength, rotationBits }
    throw new CryptoError('USAGE', 'parameters are not those of FLOE')
  })

/** The longest plaintext of one segment, and the exact one of every segment but the last. @throws CryptoError USAGE */
export const payloadLength = (parameters: FloeParameters): number =>
  requireParameters(parameters).segmentLength - SEGMENT_OVERHEAD

/** The number of segments of a plaintext: as few as hold it, at least one. @throws CryptoError USAGE */
export function segmentCount(length: number, parameters: FloeParameters): number {
  requireNatural(length, 'length')
  return Math.max(1, Math.ceil(length / payloadLength(parameters)))
}

/** The length of header and segments together. @throws CryptoError USAGE */
export const sealedLength = (length: number, parameters: FloeParameters): number =>
  segmentCount(length, parameters) * SEGMENT_OVERHEAD + HEADER_LENGTH + length

/** AEAD 0 (AES-256-GCM), KDF 0 (HKDF-Expand-SHA-384), segment length, IV length. */
export function encodeParameters({ segmentLength }: FloeParameters): Uint8Array {
  const bytes = new Uint8Array(PARAMETERS_LENGTH)
  const view = new DataView(bytes.buffer)
  view.setUint32(2, segmentLength)
  view.setUint32(6, IV_LENGTH)
  return bytes
}

/** The IV and tag of a header. @throws CryptoError UNAUTHENTIC unless it has exactly these parameters and this length. */
export function splitHeader(header: Uint8Array, parameters: FloeParameters): { iv: Uint8Array; tag: Uint8Array } {
  requireBytes(header, 'header')
  const expected = encodeParameters(requireParameters(parameters))
  if (header.length !== HEADER_LENGTH || expected.some((byte, i) => header[i] !== byte)) throw unauthentic()
  return {
    iv: new Uint8Array(header.subarray(PARAMETERS_LENGTH, PARAMETERS_LENGTH + IV_LENGTH)),
    tag: header.subarray(PARAMETERS_LENGTH + IV_LENGTH),
  }
}

/** Eight bytes, big-endian: a position may exceed 32 bits. */
export function encodePosition(position: number): Uint8Array {
  const bytes = new Uint8Array(8)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, Math.floor(position / 2 ** 32))
  view.setUint32(4, position % 2 ** 32)
  return bytes
}

/** What a segment authenticates beside its plaintext: where it stands, and whether it is the last. */
export function segmentContext(position: number, final: boolean): Uint8Array {
  const bytes = new Uint8Array(9)
  bytes.set(encodePosition(position))
  bytes[8] = final ? 1 : 0
  return bytes
}

export function encodePrefix(iv: Uint8Array, bodyLength: number, final: boolean): Uint8Array {
  const bytes = new Uint8Array(PREFIX_LENGTH)
  new DataView(bytes.buffer).setUint32(0, final ? bodyLength + SEGMENT_OVERHEAD : NOT_FINAL)
  bytes.set(iv, LENGTH_FIELD)
  return bytes
}

/** The IV of a sealed segment. A view. @throws CryptoError USAGE */
export function segmentIv(segment: Segment): Uint8Array {
  const prefix = reading('a segment', () => segment.prefix)
  requireBytes(prefix, 'prefix', PREFIX_LENGTH)
  return prefix.subarray(LENGTH_FIELD)
}

/** Length in bytes of a sealed segment. */
export const segmentLength = ({ prefix, body, tag }: Segment): number => prefix.length + body.length + tag.length

/** The pieces of a received segment, as views. Too short for a segment: pieces that `fitsPlace` refuses. */
export function splitSegment(bytes: Uint8Array): Segment {
  const end = Math.max(PREFIX_LENGTH, bytes.length - TAG_LENGTH)
  return {
    prefix: bytes.subarray(0, PREFIX_LENGTH),
    body: bytes.subarray(PREFIX_LENGTH, end),
    tag: bytes.subarray(end),
  }
}

/** True if lengths and length field are those of a segment at this place. Decided before any decryption. */
export function fitsPlace(segment: Segment, parameters: FloeParameters, position: number, final: boolean): boolean {
  const { prefix, body, tag } = segment
  if (prefix.length !== PREFIX_LENGTH || tag.length !== TAG_LENGTH) return false
  const field = new DataView(prefix.buffer, prefix.byteOffset).getUint32(0)
  if (field !== (final ? segmentLength(segment) : NOT_FINAL)) return false
  return fits(body.length, parameters, position, final)
}

/** Full unless final, and empty only if it is all there is: one plaintext has one segmentation. */
export function fits(length: number, parameters: FloeParameters, position: number, final: boolean): boolean {
  const most = parameters.segmentLength - SEGMENT_OVERHEAD
  return final ? length <= most && (length > 0 || position === 0) : length === most
}

/** @throws CryptoError USAGE, and LIMIT at FLOE's last position, which only a final segment may take. */
export function requirePlace(position: number, final: boolean): void {
  if (!Number.isSafeInteger(position) || position < 0)
    throw new CryptoError('USAGE', 'position must be a natural number')
  if (typeof final !== 'boolean') throw new CryptoError('USAGE', 'final must be true or false')
  if (position >= (final ? MAX_SEGMENTS : MAX_SEGMENTS - 1)) {
    throw new CryptoError('LIMIT', 'an object has at most 2^40 segments')
  }
}
