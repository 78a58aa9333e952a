// The CBOR subset: accepts only what encode writes, and says by code why it refuses the rest. Spec: docs/spec/encoding.md.
import * as cborg from 'cborg'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { effort } from '../../../scripts/effort.mjs'
import { equal, hex, unhex } from '../src/bytes.js'
import { decode, encode, encodeAnswer, type Value } from '../src/codec.js'
import { ProtocolError } from '../src/errors.js'
import { codeOf } from './support.js'

const bytesOf = (text: string): Uint8Array => unhex(text.replaceAll(' ', '')) as Uint8Array
const repeat = (byte: number, count: number, ...tail: number[]): Uint8Array =>
  Uint8Array.from([...new Uint8Array(count).fill(byte), ...tail])

const refusals = new Set([
  'DECODE_TRUNCATED',
  'DECODE_TRAILING',
  'DECODE_NOT_SHORTEST',
  'DECODE_INDEFINITE',
  'DECODE_TYPE',
  'DECODE_UTF8',
  'DECODE_DEPTH',
  'DECODE_RANGE',
  'TOO_LARGE',
])

const integer = fc.oneof(
  fc.maxSafeInteger(),
  fc.constantFrom(0, 23, 24, 255, 256, 65_535, 65_536, 0xffffffff, 0x100000000, Number.MAX_SAFE_INTEGER),
  fc.constantFrom(
    -1,
    -24,
    -25,
    -256,
    -257,
    -0x80000000,
    -0x80000001,
    -0x100000000,
    -0x100000001,
    -Number.MAX_SAFE_INTEGER,
  ),
)
const anyText = fc.string({ unit: 'binary', maxLength: 300 })
const leaf: fc.Arbitrary<Value> = fc.oneof(
  integer,
  fc.boolean(),
  fc.constant(null),
  fc.uint8Array({ maxLength: 300 }),
  anyText,
)
const value: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof({ maxDepth: 5 }, leaf, fc.array(tie('value'), { maxLength: 30 })),
})).value

const heads = [
  0x18, 0x19, 0x1a, 0x1b, 0x20, 0x38, 0x40, 0x41, 0x58, 0x60, 0x61, 0x78, 0x80, 0x81, 0x82, 0x98, 0x9f, 0xa0, 0xc2,
  0xf4, 0xf6, 0xf7, 0xf9, 0xfb, 0xff,
]
const plausible = fc
  .array(fc.oneof(fc.constantFrom(...heads), fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 3 })), {
    maxLength: 40,
  })
  .map((list) => Uint8Array.from(list))

/** A valid encoding with one byte changed, dropped, doubled or added, or cut short. */
const mutated = fc
  .tuple(value, fc.nat(), fc.integer({ min: 0, max: 255 }), fc.nat({ max: 4 }))
  .map(([v, place, byte, how]) => {
    const bytes = encode(v)
    const at = place % bytes.length
    if (how === 0) return bytes.map((b, i) => (i === at ? byte : b))
    if (how === 1) return Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + 1)])
    if (how === 2) return Uint8Array.from([...bytes.subarray(0, at), byte, ...bytes.subarray(at)])
    if (how === 3) return Uint8Array.from([...bytes, byte])
    return bytes.slice(0, at)
  })

/** True when the input is accepted and is what encode writes, false when it is refused with one of decode's codes. */
function isItsOwn(input: Uint8Array): boolean {
  let decoded: Value
  try {
    decoded = decode(input)
  } catch (error) {
    if (error instanceof ProtocolError && refusals.has(error.code)) return false
    throw error
  }
  if (!equal(encode(decoded), input)) throw new Error(`accepted ${hex(input)}, which encode does not write`)
  return true
}

const acceptsOnlyItsOwn = (input: Uint8Array): void => void isItsOwn(input)

describe('decode', () => {
  it('accepts only what encode writes: random bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), acceptsOnlyItsOwn), { numRuns: effort(10_000) })
  })

  it('accepts only what encode writes: bytes that look like CBOR', () => {
    fc.assert(fc.property(plausible, acceptsOnlyItsOwn), { numRuns: effort(10_000) })
  })

  it('accepts only what encode writes: valid encodings with one fault', () => {
    fc.assert(fc.property(mutated, acceptsOnlyItsOwn), { numRuns: effort(3_000) })
  })

  it('accepts every input of one and two bytes that encode writes, and no other', () => {
    let accepted = 0
    for (let i = 0; i < 0x100 + 0x10000; i++) {
      const input = i < 0x100 ? Uint8Array.of(i) : Uint8Array.of((i - 0x100) >> 8, i & 0xff)
      if (isItsOwn(input)) accepted++
    }
    // One byte: 24 + 24 integers, h'', "", [], false, true, null. Two: 232 + 232 integers, 256 strings of one byte, 128 of one ASCII letter, 54 arrays.
    expect(accepted).toBe(54 + 232 + 232 + 256 + 128 + 54)
  })

  it.each([
    ['nothing', '', 'DECODE_TRUNCATED'],
    ['half a head', '19 01', 'DECODE_TRUNCATED'],
    ['half a byte string', '43 0102', 'DECODE_TRUNCATED'],
    ['half an array', '82 01', 'DECODE_TRUNCATED'],
    ['a byte string that claims 2^53−1 bytes', '5b 001fffffffffffff', 'DECODE_TRUNCATED'],
    ['an array that claims 2^53−1 items', '9b 001fffffffffffff 00', 'DECODE_TRUNCATED'],
    ['a byte string that claims 2^53 bytes', '5b 0020000000000000', 'DECODE_RANGE'],
    ['an array that claims 2^53 items', '9b 0020000000000000', 'DECODE_RANGE'],
    ['an array that claims 2^64−1 items', '9b ffffffffffffffff', 'DECODE_RANGE'],
    ['a byte after the value', '00 00', 'DECODE_TRAILING'],
    ['two values', '80 80', 'DECODE_TRAILING'],
    ['0 in two bytes', '18 00', 'DECODE_NOT_SHORTEST'],
    ['23 in two bytes', '18 17', 'DECODE_NOT_SHORTEST'],
    ['255 in three bytes', '19 00ff', 'DECODE_NOT_SHORTEST'],
    ['65535 in five bytes', '1a 0000ffff', 'DECODE_NOT_SHORTEST'],
    ['2^32−1 in nine bytes', '1b 00000000ffffffff', 'DECODE_NOT_SHORTEST'],
    ['−24 in two bytes', '38 17', 'DECODE_NOT_SHORTEST'],
    ['a long form of a byte string’s length', '58 01 00', 'DECODE_NOT_SHORTEST'],
    ['a long form of an array’s length', '98 01 00', 'DECODE_NOT_SHORTEST'],
    ['an indefinite byte string', '5f 41 00 ff', 'DECODE_INDEFINITE'],
    ['an indefinite text', '7f 61 61 ff', 'DECODE_INDEFINITE'],
    ['an indefinite array', '9f 00 ff', 'DECODE_INDEFINITE'],
    ['an indefinite map', 'bf ff', 'DECODE_INDEFINITE'],
    ['an empty map', 'a0', 'DECODE_TYPE'],
    ['a map', 'a1 01 02', 'DECODE_TYPE'],
    ['a tag', 'c0 00', 'DECODE_TYPE'],
    ['a bignum', 'c2 41 01', 'DECODE_TYPE'],
    ['a half float', 'f9 3c00', 'DECODE_TYPE'],
    ['a float', 'fa 3f800000', 'DECODE_TYPE'],
    ['a double', 'fb 3ff0000000000000', 'DECODE_TYPE'],
    ['undefined', 'f7', 'DECODE_TYPE'],
    ['an unassigned simple value', 'e0', 'DECODE_TYPE'],
    ['false in two bytes', 'f8 14', 'DECODE_TYPE'],
    ['a break alone', 'ff', 'DECODE_TYPE'],
    ['reserved additional information', '1c', 'DECODE_TYPE'],
    ['2^53', '1b 0020000000000000', 'DECODE_RANGE'],
    ['2^64−1', '1b ffffffffffffffff', 'DECODE_RANGE'],
    ['−2^53', '3b 001fffffffffffff', 'DECODE_RANGE'],
    ['an overlong UTF-8 form', '62 c080', 'DECODE_UTF8'],
    ['a surrogate in UTF-8', '63 eda080', 'DECODE_UTF8'],
    ['UTF-8 above U+10FFFF', '64 f4908080', 'DECODE_UTF8'],
    ['half a character', '61 c3', 'DECODE_UTF8'],
    ['a stray continuation byte', '61 80', 'DECODE_UTF8'],
  ])('refuses %s', (_, input, code) => {
    expect(codeOf(() => decode(bytesOf(input)))).toBe(code)
    // The same fault inside an array is the same fault.
    if (code !== 'DECODE_TRAILING') expect(codeOf(() => decode(bytesOf(`81${input}`)))).toBe(code)
  })

  it.each([
    ['9007199254740991', '1b 001fffffffffffff', Number.MAX_SAFE_INTEGER],
    ['−9007199254740991', '3b 001ffffffffffffe', -Number.MAX_SAFE_INTEGER],
    ['text that begins with U+FEFF', '64 efbbbf61', '\ufeffa'],
    ['a character outside the basic plane', '64 f09f8fa5', '🏥'],
  ])('accepts %s', (_, input, expected) => {
    expect(decode(bytesOf(input))).toBe(expected)
    expect(hex(encode(expected))).toBe(input.replaceAll(' ', ''))
  })

  it('ends a million levels of nesting at its limit', () => {
    expect(codeOf(() => decode(repeat(0x81, 1_000_000, 0)))).toBe('DECODE_DEPTH')
  })

  it.each([
    ['depth 16', repeat(0x81, 15, 0x80), {}, 'accepted'],
    ['depth 17', repeat(0x81, 16, 0x80), {}, 'DECODE_DEPTH'],
    ['depth 2 of 2', repeat(0x81, 2, 0), { depth: 2 }, 'accepted'],
    ['depth 3 of 2', repeat(0x81, 3, 0), { depth: 2 }, 'DECODE_DEPTH'],
    ['an array where none may be', bytesOf('80'), { depth: 0 }, 'DECODE_DEPTH'],
    ['4 bytes of 4', bytesOf('43010203'), { bytes: 4 }, 'accepted'],
    ['5 bytes of 4', bytesOf('4401020304'), { bytes: 4 }, 'TOO_LARGE'],
    ['no bytes of 0', bytesOf(''), { bytes: 0 }, 'DECODE_TRUNCATED'],
    ['3 values of 3', bytesOf('820102'), { items: 3 }, 'accepted'],
    ['4 values of 3', bytesOf('83010203'), { items: 3 }, 'TOO_LARGE'],
  ])('keeps its limits: %s', (_, input, limits, code) => {
    expect(codeOf(() => decode(input, limits))).toBe(code)
  })

  it('bounds what an input of empty arrays takes in memory, before it takes it', () => {
    const input = new Uint8Array(5 + (1 << 20)).fill(0x80)
    input.set([0x9a, 0, 0x10, 0, 0])
    expect(codeOf(() => decode(input))).toBe('TOO_LARGE')
    // Both counts end the reading before the first item, which here is a fault of its own.
    expect(codeOf(() => decode(bytesOf('84f7000000'), { items: 4 }))).toBe('TOO_LARGE')
    expect(codeOf(() => decode(bytesOf('82f7')))).toBe('DECODE_TRUNCATED')
    // [[0, 0], [0]] holds six values; the last array claims one that is no longer allowed.
    expect(codeOf(() => decode(bytesOf('828200008100'), { items: 6 }))).toBe('accepted')
    expect(codeOf(() => decode(bytesOf('828200008100'), { items: 5 }))).toBe('TOO_LARGE')
  })

  it('refuses more than 16 MiB before it reads', () => {
    expect(codeOf(() => decode(new Uint8Array(16 * 1024 * 1024 + 1)))).toBe('TOO_LARGE')
  })

  it('gives byte strings that share no memory with the input, a Buffer’s neither', () => {
    const input = Buffer.from('43010203', 'hex')
    const out = decode(input) as Uint8Array
    expect(out.constructor).toBe(Uint8Array)
    input.fill(0)
    expect(hex(out)).toBe('010203')
  })

  it('agrees with cborg in strict mode on which bytes are the encoding of what', () => {
    const strict = { strict: true, allowUndefined: false, allowNaN: false, allowInfinity: false, useMaps: true }
    const oracle = (input: Uint8Array): Value | undefined => {
      try {
        const out: unknown = cborg.decode(input, strict)
        return inSubset(out, 0) && equal(cborg.encode(out), input) ? out : undefined
      } catch {
        return undefined
      }
    }
    const agrees = (input: Uint8Array): void => {
      const expected = oracle(input)
      if (expected === undefined) expect(codeOf(() => decode(input))).not.toBe('accepted')
      else expect(decode(input)).toEqual(expected)
    }
    fc.assert(fc.property(fc.oneof(plausible, mutated), agrees), { numRuns: effort(5_000) })
  })
})

function inSubset(v: unknown, depth: number): v is Value {
  if (typeof v === 'number') return Number.isSafeInteger(v)
  if (typeof v === 'string') return !v.includes('\ufffd')
  if (Array.isArray(v)) return depth < 16 && v.every((item) => inSubset(item, depth + 1))
  return v === null || typeof v === 'boolean' || v instanceof Uint8Array
}

describe('encode', () => {
  it('is read back to the same value, and writes the bytes that cborg writes', () => {
    fc.assert(
      fc.property(value, (v) => {
        const bytes = encode(v)
        expect(decode(bytes)).toEqual(v)
        expect(hex(bytes)).toBe(hex(cborg.encode(v)))
      }),
      { numRuns: effort(2_000) },
    )
  })

  it.each([0, 1, 23, 24, 31, 32, 63, 64, 255, 256, 257, 65_535, 65_536])(
    'writes lengths of %i in their shortest form',
    (n) => {
      for (const v of [new Uint8Array(n), 'a'.repeat(n), '醫'.repeat(n), Array<number>(n).fill(0)]) {
        expect(hex(encode(v))).toBe(hex(cborg.encode(v)))
      }
    },
  )

  it.each([0, 23, 24, 255, 256, 65_535, 65_536, 0xffffffff, 0x100000000, 2 ** 40 + 1, Number.MAX_SAFE_INTEGER])(
    'writes %i in an array of its own in its shortest form',
    (n) => expect(hex(encode([n]))).toBe(hex(cborg.encode([n]))),
  )

  it('encodes a Buffer and a view as plain byte strings', () => {
    expect(hex(encode(Buffer.from([1, 2])))).toBe('420102')
    expect(hex(encode(Uint8Array.of(0, 1, 2, 3).subarray(1, 3)))).toBe('420102')
  })

  it.each([
    ['undefined', undefined],
    ['a float', 1.5],
    ['NaN', NaN],
    ['infinity', Infinity],
    ['minus zero', -0],
    ['2^53', 2 ** 53],
    ['−2^53', -(2 ** 53)],
    ['a bigint', 1n],
    ['an object', {}],
    ['a map', new Map()],
    ['a date', new Date(0)],
    ['another typed array', new Uint16Array(2)],
    ['an ArrayBuffer', new ArrayBuffer(2)],
    ['a lone surrogate', '\ud800'],
    ['a sparse array', Array(2)],
    ['undefined in an array', [undefined]],
    ['a function', () => 0],
    ['a symbol', Symbol('v')],
  ])('refuses %s', (_, v) => {
    expect(codeOf(() => encode(v as Value))).toBe('USAGE')
  })

  it('refuses 17 levels, and an array that holds itself', () => {
    const nest = (depth: number): Value => (depth === 0 ? 0 : [nest(depth - 1)])
    expect(codeOf(() => encode(nest(16)))).toBe('accepted')
    expect(codeOf(() => encode(nest(17)))).toBe('USAGE')
    const loop: Value[] = []
    loop.push(loop)
    expect(codeOf(() => encode(loop))).toBe('USAGE')
  })

  it('writes answers in the same bytes, and refuses what cannot be encoded there too', () => {
    const value = [null, true, 0, 2 ** 53 - 1, 'text', Uint8Array.of(1, 2), [[], ['a', [1]]]]
    expect(hex(encodeAnswer(value))).toBe(hex(encode(value)))
    expect(codeOf(() => encodeAnswer([0.5]))).toBe('USAGE')
  })

  it('says that a value is too large, rather than that it is our bug', () => {
    expect(codeOf(() => encode(new Uint8Array(16 * 1024 * 1024 - 5)))).toBe('accepted')
    expect(codeOf(() => encode(new Uint8Array(16 * 1024 * 1024 - 4)))).toBe('TOO_LARGE')
  })
})
