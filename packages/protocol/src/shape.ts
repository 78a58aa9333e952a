// Shapes: one definition gives a wire structure's type, its encoder and its decoder. Structures are CBOR arrays in field order.
// Spec: docs/spec/encoding.md, "Structures". A shape decides form only (types, lengths, ranges); rules/ decides meaning.
import { isBytes } from './bytes.js'
import { expectList, expectNatural, expectText, isNatural, reading } from './check.js'
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
  return encode(checked(expectShape(shape), value))
}

/** As `pack`, for an answer that its receiver checks: what is hashed or signed goes through `pack`. @throws ProtocolError USAGE */
export const packAnswer = <T>(shape: Shape<T>, value: T): Uint8Array<ArrayBuffer> =>
  encodeAnswer(reading('a structure', () => expectShape(shape).encode(value)))

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
  return decodeAs(expectShape(shape), decode(bytes, limits), expectText(name))
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

/** Its argument, if it is a shape. @throws ProtocolError USAGE */
function expectShape<S extends Shape<unknown>>(shape: S): S {
  const looksSo = reading('a shape', () => typeof shape.decode === 'function' && typeof shape.encode === 'function')
  if (!looksSo) throw new ProtocolError('USAGE', 'expected a shape')
  return shape
}

const NAMELESS = ''
const under = (at: string, field: string | number): string =>
  at === NAMELESS ? NAMELESS : typeof field === 'number' ? `${at}[${field}]` : `${at}.${field}`

const leaf = <T extends Value>(test: (value: Value) => boolean, expected: string): Shape<T> => ({
  decode: (value, at) => (test(value) ? (value as T) : refuse(at, expected)),
  encode: (value) => value,
})

/** An unsigned integer up to `max` (default 2^53−1). @throws ProtocolError USAGE */
export const uint = (max: number = Number.MAX_SAFE_INTEGER): Shape<number> =>
  leaf((value) => isNatural(value) && value <= max, `an unsigned integer up to ${expectNatural(max)}`)

export const bool: Shape<boolean> = leaf((value) => typeof value === 'boolean', 'a boolean')

/** A byte string of exactly `length` bytes, branded by the caller: `bytes<ChainId>(32)`. @throws ProtocolError USAGE */
export const bytes = <T extends Uint8Array = Uint8Array>(length: number): Shape<T> =>
  leaf<T>((value) => isBytes(value) && value.length === length, `${expectNatural(length)} bytes`)

const between = (min: number, max: number): string => `${expectNatural(min)} to ${expectNatural(max)}`

/** A byte string of `min` to `max` bytes. @throws ProtocolError USAGE */
export const blob = (max: number, min = 0): Shape<Uint8Array> =>
  leaf((value) => isBytes(value) && value.length >= min && value.length <= max, `${between(min, max)} bytes`)

// Control characters; line and paragraph separator; and the marks that embed, override or isolate a direction, with which a
// name can be made to read as another one.
const refused = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/

/** Text of `min` to `max` UTF-16 units, in Unicode normalisation form C, without control and direction characters. @throws ProtocolError USAGE */
export const text = (max: number, min = 0): Shape<string> =>
  leaf(
    (value) =>
      typeof value === 'string' &&
      value.length >= min &&
      value.length <= max &&
      value.normalize('NFC') === value &&
      !refused.test(value),
    `${between(min, max)} characters of normalised text`,
  )

/** Exactly one of the given numbers or words. @throws ProtocolError USAGE */
export const oneOf = <const T extends number | string>(...options: readonly T[]): Shape<T> =>
  leaf<T>((value) => options.includes(value as T), `one of ${expectList(options, expectWord).join(', ')}`)

const expectWord = (option: number | string): unknown =>
  typeof option === 'number' ? expectNatural(option) : expectText(option)

/** A structure or null. @throws ProtocolError USAGE */
export function nullable<T>(inner: Shape<T>): Shape<T | null> {
  expectShape(inner)
  return {
    decode: (value, at) => (value === null ? null : inner.decode(value, at)),
    encode: (value) => (value === null ? null : inner.encode(value)),
  }
}

/** An array of `min` to `max` equal structures. @throws ProtocolError USAGE */
export function list<T>(inner: Shape<T>, max: number, min = 0): Shape<readonly T[]> {
  expectShape(inner)
  const expected = `${between(min, max)} items`
  return {
    decode(value, at) {
      if (!Array.isArray(value) || value.length < min || value.length > max) return refuse(at, expected)
      return (value as readonly Value[]).map((item, i) => inner.decode(item, under(at, i)))
    },
    encode: (value) => value.map((item) => inner.encode(item)),
  }
}

type Fields = Readonly<Record<string, Shape<unknown>>>
type Struct<F extends Fields> = { readonly [K in keyof F]: Infer<F[K]> }

/** An array with one item a field, in the order in which the fields are written here. @throws ProtocolError USAGE */
export const struct = <const F extends Fields>(fields: F): Shape<Struct<F>> => {
  if (typeof fields !== 'object') throw new ProtocolError('USAGE', 'expected fields')
  const names = reading('fields', () => Object.keys(fields))
  for (const name of names) expectShape(reading('fields', () => fields[name] as Shape<unknown>))
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
