// Shapes: one definition gives a wire structure's type, its encoder and its decoder. Structures are CBOR arrays in field order.
// Spec: docs/spec/encoding.md, "Structures". A shape decides form only (types, lengths, ranges); rules/ decides meaning.
import { type DecodeLimits, decode, encode, encodeAnswer, type Value } from './codec.js'
import { ProtocolError } from './errors.js'

/** A wire structure: `decode` takes a decoded CBOR value or throws DECODE_SHAPE naming the field; `encode` is its inverse. */
export interface Shape<T> {
  decode(value: Value, at: string): T
  encode(value: T): Value
}

export type Infer<S> = S extends Shape<infer T> ? T : never

const refuse = (at: string, expected: string): never => {
  throw new ProtocolError('DECODE_SHAPE', `${at}: expected ${expected}`)
}

/**
 * Encodes a structure to bytes. Its own decoder runs first, so nothing leaves that a reader would refuse.
 * @throws ProtocolError USAGE naming the field, TOO_LARGE.
 */
export function pack<T>(shape: Shape<T>, value: T): Uint8Array<ArrayBuffer> {
  return encode(checked(shape, value))
}

/** As `pack`, for an answer that its receiver checks: what is hashed or signed goes through `pack`. @throws ProtocolError USAGE */
export const packAnswer = <T>(shape: Shape<T>, value: T): Uint8Array<ArrayBuffer> => encodeAnswer(shape.encode(value))

function checked<T>(shape: Shape<T>, value: T): Value {
  try {
    const encoded = shape.encode(value)
    decodeAs(shape, encoded, 'value')
    return encoded
  } catch (cause) {
    // What is wrong with a value that we were asked to write is the caller's, not a sender's.
    const message = cause instanceof ProtocolError ? cause.message : 'value does not have the structure to encode'
    throw new ProtocolError('USAGE', message, { cause })
  }
}

/** Decodes bytes to a structure. @throws ProtocolError DECODE_*, TOO_LARGE. */
export function unpack<T>(shape: Shape<T>, bytes: Uint8Array, name: string, limits?: DecodeLimits): T {
  return decodeAs(shape, decode(bytes, limits), name)
}

/** Decodes a value to a structure; a refusal names the field. @throws ProtocolError DECODE_SHAPE, and what a shape checks. */
export function decodeAs<T>(shape: Shape<T>, value: Value, name: string): T {
  try {
    return shape.decode(value, NAMELESS)
  } catch (error) {
    // Field names are put together only for who will read them: most structures are sound.
    if (error instanceof ProtocolError && error.code === 'DECODE_SHAPE') return shape.decode(value, name)
    throw error
  }
}

const NAMELESS = ''
const under = (at: string, field: string | number): string =>
  at === NAMELESS ? NAMELESS : typeof field === 'number' ? `${at}[${field}]` : `${at}.${field}`

const leaf = <T extends Value>(test: (value: Value) => boolean, expected: string): Shape<T> => ({
  decode: (value, at) => (test(value) ? (value as T) : refuse(at, expected)),
  encode: (value) => value,
})

/** An unsigned integer up to `max` (default 2^53−1). */
export const uint = (max: number = Number.MAX_SAFE_INTEGER): Shape<number> =>
  leaf(
    (value) => Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= max,
    `an unsigned integer up to ${max}`,
  )

export const bool: Shape<boolean> = leaf((value) => typeof value === 'boolean', 'a boolean')

/** A byte string of exactly `length` bytes, branded by the caller: `bytes<ChainId>(32)`. */
export const bytes = <T extends Uint8Array = Uint8Array>(length: number): Shape<T> =>
  leaf<T>((value) => value instanceof Uint8Array && value.length === length, `${length} bytes`)

/** A byte string of `min` to `max` bytes. */
export const blob = (max: number, min = 0): Shape<Uint8Array> =>
  leaf((value) => value instanceof Uint8Array && value.length >= min && value.length <= max, `${min} to ${max} bytes`)

// Control characters; line and paragraph separator; and the marks that embed, override or isolate a direction, with which a
// name can be made to read as another one.
const refused = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/

/** Text of `min` to `max` UTF-16 units, in Unicode normalisation form C, without control and direction characters. */
export const text = (max: number, min = 0): Shape<string> =>
  leaf(
    (value) =>
      typeof value === 'string' &&
      value.length >= min &&
      value.length <= max &&
      value.normalize('NFC') === value &&
      !refused.test(value),
    `${min} to ${max} characters of normalised text`,
  )

/** Exactly one of the given numbers or words. */
export const oneOf = <const T extends number | string>(...options: readonly T[]): Shape<T> =>
  leaf<T>((value) => options.includes(value as T), `one of ${options.join(', ')}`)

export const nullable = <T>(inner: Shape<T>): Shape<T | null> => ({
  decode: (value, at) => (value === null ? null : inner.decode(value, at)),
  encode: (value) => (value === null ? null : inner.encode(value)),
})

/** An array of `min` to `max` equal structures. */
export const list = <T>(inner: Shape<T>, max: number, min = 0): Shape<readonly T[]> => ({
  decode(value, at) {
    if (!Array.isArray(value) || value.length < min || value.length > max) return refuse(at, `${min} to ${max} items`)
    return (value as readonly Value[]).map((item, i) => inner.decode(item, under(at, i)))
  },
  encode: (value) => value.map((item) => inner.encode(item)),
})

type Fields = Readonly<Record<string, Shape<unknown>>>
type Struct<F extends Fields> = { readonly [K in keyof F]: Infer<F[K]> }

/** An array with one item a field, in the order in which the fields are written here. */
export const struct = <const F extends Fields>(fields: F): Shape<Struct<F>> => {
  const names = Object.keys(fields)
  return {
    decode(value, at) {
      if (!Array.isArray(value) || value.length !== names.length)
        return refuse(at, `an array of ${names.length} fields`)
      const decoded: Record<string, unknown> = {}
      for (let i = 0; i < names.length; i++) {
        const name = names[i] as string
        decoded[name] = (fields[name] as Shape<unknown>).decode(value[i] as Value, under(at, name))
      }
      return decoded as Struct<F>
    },
    encode: (value) => names.map((name) => (fields[name] as Shape<unknown>).encode(value[name as keyof F])),
  }
}
