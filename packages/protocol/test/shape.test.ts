// Shapes: what each accepts at its boundaries, and that a structure has one encoding. Spec: docs/spec/encoding.md, "Structures".
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { effort } from '../../../scripts/effort.mjs'
import { hex } from '../src/bytes.js'
import { encode, type Value } from '../src/codec.js'
import {
  blob,
  bool,
  bytes,
  list,
  nullable,
  oneOf,
  pack,
  packAnswer,
  type Shape,
  struct,
  text,
  uint,
  unpack,
} from '../src/shape.js'
import { codeOf } from './support.js'

const accepts = (shape: Shape<unknown>, value: Value): boolean => {
  const code = codeOf(() => shape.decode(value, 'value'))
  expect(['accepted', 'DECODE_SHAPE']).toContain(code)
  return code === 'accepted'
}

const MAX = Number.MAX_SAFE_INTEGER

describe('leaves accept what they say, up to their boundaries', () => {
  const table: readonly (readonly [string, Shape<unknown>, readonly Value[], readonly Value[]])[] = [
    ['uint', uint(), [0, 1, MAX], [-1, null, true, '0', new Uint8Array(1), []]],
    ['uint up to 7', uint(7), [0, 6, 7], [8, 14, -1]],
    ['bool', bool, [true, false], [0, 1, null, 'true']],
    [
      '32 bytes',
      bytes(32),
      [new Uint8Array(32)],
      [new Uint8Array(31), new Uint8Array(33), new Uint8Array(0), 'x'.repeat(32), []],
    ],
    ['0 bytes', bytes(0), [new Uint8Array(0)], [new Uint8Array(1), '', null]],
    ['blob 1–3', blob(3, 1), [new Uint8Array(1), new Uint8Array(3)], [new Uint8Array(0), new Uint8Array(4), 'a']],
    ['blob 0–3', blob(3), [new Uint8Array(0)], [new Uint8Array(6)]],
    ['text 1–3', text(3, 1), ['a', 'abc', '陳大文'], ['', 'abcd', new Uint8Array(1), null, 5]],
    ['text 0–3', text(3), ['', 'é', '🏥'], ['🏥🏥']],
    ['one of words', oneOf('view', 'note'), ['view', 'note'], ['', 'View', 'views', 0, null]],
    ['one of numbers', oneOf(1, 2), [1, 2], [0, 3, '1']],
    ['nullable', nullable(uint(1)), [null, 0, 1], [2, false, '']],
    ['list 1–2', list(uint(), 2, 1), [[1], [1, 2]], [[], [1, 2, 3], ['a'], 1, null]],
    ['list 0–2', list(uint(), 2), [[]], [[[]]]],
    ['struct', struct({ a: uint(), b: bool }), [[1, true]], [[], [1], [1, true, null], [true, 1], 1, null]],
  ]
  it.each(table)('%s', (_, shape, good, bad) => {
    for (const value of good) expect(accepts(shape, value)).toBe(true)
    for (const value of bad) expect(accepts(shape, value)).toBe(false)
    // Each refused value stands beside an accepted one, so a shape that refuses all or nothing fails.
    expect(good.length * bad.length).toBeGreaterThan(0)
  })
})

describe('text', () => {
  it.each([
    ['a line break', 'a\nb'],
    ['NUL', '\u0000'],
    ['escape', '\u001b[31m'],
    ['delete', '\u007f'],
    ['a C1 control', '\u0085'],
    ['the last C1 control', '\u009f'],
    ['a line separator', 'a\u2028b'],
    ['a paragraph separator', 'a\u2029b'],
    ['a right-to-left override', 'scan\u202efdp.exe'],
    ['an embedding', '\u202aa'],
    ['an isolate', '\u2066a\u2069'],
    ['decomposed é', 'e\u0301'],
    ['a compatibility ideograph that NFC replaces', '\uf900'],
    ['the Ångström sign', '\u212b'],
  ])('refuses %s', (_, value) => {
    expect(accepts(text(20), value)).toBe(false)
  })

  it.each([
    'é',
    '\u00a0',
    ' ',
    '陳大文',
    'Chan “Amy” O’Neill',
    '\u200f',
    '\u2027',
    '\u202f',
    '\u2065',
    '\u206a',
    '\ufeff',
    '\ufb01',
  ])('accepts %j', (value) => {
    expect(accepts(text(20), value)).toBe(true)
  })
})

describe('pack and unpack', () => {
  const shape = struct({ id: bytes(2), names: list(text(4, 1), 3), until: nullable(uint()), flag: bool })
  const thing = fc.record({
    id: fc.uint8Array({ minLength: 2, maxLength: 2 }),
    names: fc.array(fc.constantFrom('a', 'bcd', '陳大文'), { maxLength: 3 }),
    until: fc.option(fc.nat()),
    flag: fc.boolean(),
  })

  it('are inverse, and a structure is the array of its fields in order', () => {
    fc.assert(
      fc.property(thing, (value) => {
        const packed = pack(shape, value)
        expect(unpack(shape, packed, 'thing')).toEqual(value)
        expect(hex(packed)).toBe(hex(encode([value.id, value.names, value.until, value.flag])))
        expect(hex(pack(shape, unpack(shape, packed, 'thing')))).toBe(hex(packed))
      }),
      { numRuns: effort(500) },
    )
  })

  it('name the field that is wrong', () => {
    const wrong = encode([Uint8Array.of(1, 2), ['a', ''], null, true])
    expect(() => unpack(shape, wrong, 'thing')).toThrow('thing.names[1]: expected 1 to 4 characters of normalised text')
  })

  it('blame the sender for what was received and the caller for what is to be sent', () => {
    expect(codeOf(() => unpack(shape, encode([1]), 'thing'))).toBe('DECODE_SHAPE')
    expect(codeOf(() => unpack(shape, Uint8Array.of(0xff), 'thing'))).toBe('DECODE_TYPE')
    expect(codeOf(() => unpack(shape, encode([1]), 'thing', { bytes: 1 }))).toBe('TOO_LARGE')
    const good = { id: new Uint8Array(2), names: [], until: null, flag: true }
    expect(codeOf(() => pack(shape, good))).toBe('accepted')
    for (const bad of [
      undefined,
      null,
      1,
      {},
      { ...good, id: new Uint8Array(3) },
      { ...good, names: 'a' },
      { ...good, until: 1.5 },
      { ...good, flag: undefined },
    ]) {
      expect(codeOf(() => pack(shape, bad as never))).toBe('USAGE')
    }
  })

  it('do not put an input into a message', () => {
    try {
      unpack(shape, encode(['Patient Chan', [], null, true]), 'thing')
      expect.unreachable()
    } catch (error) {
      expect(String(error)).not.toContain('Chan')
    }
  })
})

describe('packAnswer', () => {
  it('writes what pack writes', () => {
    const shape = struct({ name: text(5), sizes: list(uint(), 3) })
    const value = { name: 'scan', sizes: [1, 2 ** 40] }
    expect(packAnswer(shape, value)).toEqual(pack(shape, value))
  })
})
