// Deterministic CBOR: the subset of RFC 8949 that Sealchart signs, hashes and sends, and a decoder that takes nothing else.
// Spec: docs/spec/encoding.md. Values are unsigned and negative integers within ±(2^53−1), byte strings, text, booleans, null
// and arrays of these; maps, tags and floats do not exist at this level (cose.ts writes COSE's one tag and one header map).
//
// What is written is decoded again before it leaves; short arrays of byte strings and unsigned integers, which are most of what is
// hashed, are put together without. cborg, another codec, agrees on both in test/codec.test.ts.
import { concat, expectBytes, isBytes } from './bytes.js'
import { expectNatural, reading } from './check.js'
import { ProtocolError } from './errors.js'

export type Value = number | string | boolean | null | Uint8Array | readonly Value[]

export interface DecodeLimits {
  /** Longest input in bytes; default 16 MiB. */
  readonly bytes?: number
  /** Deepest nesting of arrays; default 16. */
  readonly depth?: number
  /** Most values, arrays included; default 2^20. */
  readonly items?: number
}

/** An input while it is read: where reading stands, what is left of its allowance, and the head that was read last. */
interface Reader {
  readonly bytes: Uint8Array
  items: number
  at: number
  major: number
  /** The head's argument. */
  value: number
}

/** An output while it is written: its bytes, with room behind them, and where writing stands. */
interface Writer {
  bytes: Uint8Array<ArrayBuffer>
  at: number
}

const FIRST_ROOM = 256
const MAX_BYTES = 16 * 1024 * 1024
const MAX_DEPTH = 16
// An empty array is one byte of input and dozens in memory: bytes alone would not bound what a decoder allocates.
const MAX_ITEMS = 1 << 20
const DEFAULT_LIMITS: Required<DecodeLimits> = { bytes: MAX_BYTES, depth: MAX_DEPTH, items: MAX_ITEMS }
const utf8Encoder = new TextEncoder()
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * The one deterministic encoding of a value (RFC 8949 §4.2.1).
 * @throws ProtocolError USAGE for a value outside the subset, TOO_LARGE above 16 MiB or 2^20 values.
 */
export function encode(value: Value): Uint8Array<ArrayBuffer> {
  return reading('an encodable value', () => encodeFlat(value) ?? encodeChecked(value))
}

function encodeChecked(value: Value): Uint8Array<ArrayBuffer> {
  const bytes = writeAll(value)
  check(bytes)
  return bytes
}

/** As `encode`, without decoding it again: for answers, which are neither hashed nor signed, and which whoever gets them decodes. */
export const encodeAnswer = (value: Value): Uint8Array<ArrayBuffer> =>
  reading('an encodable value', () => writeAll(value))

function writeAll(value: Value): Uint8Array<ArrayBuffer> {
  const writer: Writer = { bytes: new Uint8Array(FIRST_ROOM), at: 0 }
  write(writer, value, 0)
  return writer.bytes.slice(0, writer.at)
}

function write(writer: Writer, value: Value, depth: number): void {
  if (typeof value === 'number') writeInteger(writer, value)
  else if (isBytes(value)) writeBytes(writer, 2, value)
  else if (Array.isArray(value)) {
    if (depth === MAX_DEPTH) throw new ProtocolError('USAGE', 'value is nested too deeply to encode')
    put(writer, headOf(4, value.length))
    // By index: a hole of a sparse array is visited too, and refused below.
    for (let i = 0; i < value.length; i++) write(writer, value[i] as Value, depth + 1)
  } else if (value === null || typeof value === 'boolean') put(writer, headOf(7, value === null ? 22 : value ? 21 : 20))
  // A lone surrogate has no UTF-8: it would silently become U+FFFD.
  else if (typeof value === 'string' && !/\p{Surrogate}/u.test(value)) writeBytes(writer, 3, utf8Encoder.encode(value))
  else throw new ProtocolError('USAGE', 'value is outside the encodable subset')
}

function writeInteger(writer: Writer, value: number): void {
  if (!Number.isSafeInteger(value) || Object.is(value, -0))
    throw new ProtocolError('USAGE', 'only safe integers can be encoded')
  put(writer, value < 0 ? headOf(1, -1 - value) : headOf(0, value))
}

function writeBytes(writer: Writer, major: number, content: Uint8Array): void {
  put(writer, headOf(major, content.length))
  put(writer, content)
}

function put(writer: Writer, bytes: Uint8Array): void {
  makeRoom(writer, bytes.length)
  writer.bytes.set(bytes, writer.at)
  writer.at += bytes.length
}

function makeRoom(writer: Writer, length: number): void {
  const needed = writer.at + length
  if (needed <= writer.bytes.length) return
  const larger = new Uint8Array(Math.max(needed, 2 * writer.bytes.length))
  larger.set(writer.bytes.subarray(0, writer.at))
  writer.bytes = larger
}

/** Ids, hashes and numbers in an array: what contexts are made of, a dozen an entry. Null for anything else. */
function encodeFlat(value: Value): Uint8Array<ArrayBuffer> | null {
  if (!Array.isArray(value) || value.length > 23) return null
  const parts: Uint8Array[] = [Uint8Array.of(0x80 | value.length)]
  for (const item of value as readonly Value[]) {
    if (isBytes(item) && item.length <= 0xffff) parts.push(bytesHead(item.length), item)
    else if (Number.isSafeInteger(item) && (item as number) >= 0 && !Object.is(item, -0))
      parts.push(headOf(0, item as number))
    else return null
  }
  return concat(...parts)
}

/** The head of a byte string of this length: with the bytes behind it, what `encode` writes for them. */
export const bytesHead = (length: number): Uint8Array => headOf(2, length)

/** The shortest head of a major type and an argument up to 2^53−1 (RFC 8949 §3). */
function headOf(major: number, value: number): Uint8Array {
  const type = major << 5
  if (value < 24) return Uint8Array.of(type | value)
  if (value < 0x100) return Uint8Array.of(type | 24, value)
  if (value < 0x10000) return Uint8Array.of(type | 25, value >> 8, value)
  const width = value < 0x100000000 ? 4 : 8
  const head = new Uint8Array(1 + width)
  head[0] = type | (width === 4 ? 26 : 27)
  for (let at = width, rest = value; at > 0; at--, rest = Math.floor(rest / 256)) head[at] = rest
  return head
}

/** A Node Buffer's `slice` would be a view of the input: only the plain class copies. */
const asPlain = (bytes: Uint8Array): Uint8Array =>
  bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)

function check(bytes: Uint8Array): void {
  try {
    decode(bytes)
  } catch (cause) {
    if (cause instanceof ProtocolError && cause.code === 'TOO_LARGE') throw cause
    throw new ProtocolError('INTERNAL', 'the encoder wrote bytes that the decoder refuses', { cause })
  }
}

/**
 * Decodes one value and refuses everything that `encode` does not write.
 * @throws ProtocolError DECODE_TRUNCATED, DECODE_TRAILING, DECODE_NOT_SHORTEST, DECODE_INDEFINITE, DECODE_TYPE, DECODE_UTF8,
 * DECODE_DEPTH, DECODE_RANGE, TOO_LARGE (bytes or number of values); before any allocation that the input controls.
 */
export function decode(bytes: Uint8Array, limits?: DecodeLimits): Value {
  const most = limits === undefined ? DEFAULT_LIMITS : expectLimits(limits)
  if (expectBytes(bytes).length > most.bytes) throw new ProtocolError('TOO_LARGE', 'input is longer than its limit')
  const reader: Reader = { bytes: asPlain(bytes), items: most.items - 1, at: 0, major: 0, value: 0 }
  const value = item(reader, most.depth)
  if (reader.at !== bytes.length) throw new ProtocolError('DECODE_TRAILING', 'bytes follow the value')
  return value
}

/** Every limit as a number: nothing is longer than NaN, so that it would be no limit. @throws ProtocolError USAGE */
export function expectLimits(limits: DecodeLimits): Required<DecodeLimits> {
  if (typeof limits !== 'object') throw new ProtocolError('USAGE', 'expected limits')
  return reading('limits', () => ({
    bytes: expectNatural(limits.bytes ?? MAX_BYTES),
    depth: expectNatural(limits.depth ?? MAX_DEPTH),
    items: expectNatural(limits.items ?? MAX_ITEMS),
  }))
}

function item(reader: Reader, depth: number): Value {
  head(reader)
  const { value } = reader
  switch (reader.major) {
    case 0:
      return value
    case 1:
      if (value >= Number.MAX_SAFE_INTEGER) throw new ProtocolError('DECODE_RANGE', 'integer is below −(2^53−1)')
      return -1 - value
    case 2:
      return copy(reader, value)
    case 3:
      return text(take(reader, value))
    case 4:
      return array(reader, value, depth)
    default:
      return value === 22 ? null : value === 21
  }
}

function array(reader: Reader, count: number, depth: number): Value {
  if (depth === 0) throw new ProtocolError('DECODE_DEPTH', 'arrays are nested too deeply')
  if (count > reader.bytes.length - reader.at)
    throw new ProtocolError('DECODE_TRUNCATED', 'array is longer than the input')
  if (count > reader.items) throw new ProtocolError('TOO_LARGE', 'input holds more values than its limit')
  reader.items -= count
  const items: Value[] = []
  for (let i = 0; i < count; i++) items.push(item(reader, depth - 1))
  return items
}

/** The head of one item (RFC 8949 §3): major type, argument, and where the item's content begins. For cose.ts. */
export function readHead(bytes: Uint8Array, at: number): { major: number; value: number; next: number } {
  const reader: Reader = { bytes, items: 1, at, major: 0, value: 0 }
  head(reader)
  return { major: reader.major, value: reader.value, next: reader.at }
}

function head(reader: Reader): void {
  const first = reader.bytes[reader.at]
  if (first === undefined) throw new ProtocolError('DECODE_TRUNCATED', 'input ends before a value')
  const major = first >> 5
  const info = first & 31
  reader.at += 1
  reader.major = major
  if (info === 31 && major !== 7) throw new ProtocolError('DECODE_INDEFINITE', 'indefinite lengths are not allowed')
  if (major === 7 && info !== 20 && info !== 21 && info !== 22) {
    throw new ProtocolError('DECODE_TYPE', 'floats, undefined and other simple values are not allowed')
  }
  if (major > 4 && major !== 7) throw new ProtocolError('DECODE_TYPE', 'maps and tags are not allowed here')
  if (info > 27) throw new ProtocolError('DECODE_TYPE', 'reserved additional information')
  reader.value = info < 24 ? info : argument(reader, 1 << (info - 24))
}

function argument(reader: Reader, width: number): number {
  const value = bigEndian(reader.bytes, pass(reader, width), width)
  const least = width === 1 ? 24 : 2 ** (4 * width)
  if (value < least) throw new ProtocolError('DECODE_NOT_SHORTEST', 'integer or length is not in its shortest form')
  if (value > Number.MAX_SAFE_INTEGER) throw new ProtocolError('DECODE_RANGE', 'integer is above 2^53−1')
  return value
}

function bigEndian(bytes: Uint8Array, from: number, width: number): number {
  let value = 0
  for (let at = from; at < from + width; at++) value = value * 256 + (bytes[at] as number)
  return value
}

/** Goes on by `length` bytes of the input, and answers where they begin. */
function pass(reader: Reader, length: number): number {
  const { bytes, at } = reader
  if (length > bytes.length - at) throw new ProtocolError('DECODE_TRUNCATED', 'input ends inside a value')
  reader.at = at + length
  return at
}

/** The next bytes of the input, as a view. */
function take(reader: Reader, length: number): Uint8Array {
  const at = pass(reader, length)
  return reader.bytes.subarray(at, reader.at)
}

/** The next bytes of the input as a copy: a view would change with the input, and keep all of it alive. */
function copy(reader: Reader, length: number): Uint8Array {
  const at = pass(reader, length)
  return reader.bytes.slice(at, reader.at)
}

function text(bytes: Uint8Array): string {
  try {
    return strictUtf8.decode(bytes)
  } catch (cause) {
    throw new ProtocolError('DECODE_UTF8', 'text is not valid UTF-8', { cause })
  }
}
