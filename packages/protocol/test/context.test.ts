// Labels keep purposes apart, and byte helpers accept only what their inverses write. Spec: docs/spec/encoding.md.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { effort } from '../../../scripts/effort.mjs'
import { base64, compare, concat, equal, hex, unbase64, unhex, utf8 } from '../src/bytes.js'
import { encode } from '../src/codec.js'
import { bind, hashBytes, hashOf, labelBytes, labels, type Purpose } from '../src/context.js'
import { sha256 } from '../src/sha256.js'
import { codeOf } from './support.js'

const purposes = Object.keys(labels) as Purpose[]

describe('labels', () => {
  it('are ASCII, of this version, and each belongs to one purpose', () => {
    for (const purpose of purposes) expect(labels[purpose]).toMatch(/^sealchart\/v1\/[a-z]+(-[a-z]+)*$/)
    expect(new Set(Object.values(labels)).size).toBe(purposes.length)
    expect(purposes.length).toBeGreaterThan(20)
  })

  it('no labelled context of one purpose is one of another, though labels begin alike', () => {
    const pairs = purposes.flatMap((a) =>
      purposes.filter((b) => a !== b && labels[b].startsWith(labels[a])).map((b) => [a, b] as const),
    )
    expect(pairs.length).toBeGreaterThan(0)
    for (const [a, b] of pairs) {
      // What follows the shorter label would have to begin with the rest of the longer one, and that is ASCII.
      const rest = utf8(labels[b].slice(labels[a].length))
      expect(rest[0]).toBeLessThan(0x80)
      expect(codeOf(() => hashBytes(a, concat(rest, encode([]))))).toBe('USAGE')
      expect(bind(a, [])[labels[a].length]).toBeGreaterThanOrEqual(0x80)
    }
  })

  it('bind and hash as the spec says', () => {
    const context = [Uint8Array.of(1), null, 2]
    expect(equal(bind('slot', context), concat(utf8('sealchart/v1/slot'), encode(context)))).toBe(true)
    expect(equal(hashOf('slot', context), sha256(bind('slot', context)))).toBe(true)
    expect(equal(hashBytes('slot', encode(context)), hashOf('slot', context))).toBe(true)
    expect(equal(labelBytes('slot'), utf8('sealchart/v1/slot'))).toBe(true)
  })

  it('an object under a label begins with a byte that no label holds', () => {
    for (let first = 0; first < 256; first++) {
      expect(codeOf(() => hashBytes('entryHash', Uint8Array.of(first)))).toBe(first < 0x80 ? 'USAGE' : 'accepted')
    }
    expect(codeOf(() => hashBytes('entryHash', new Uint8Array(0)))).toBe('USAGE')
  })

  it.each(['', 'Slot', 'constructor', '__proto__', 'sealchart/v1/slot', undefined, 5])(
    '%s is no purpose',
    (purpose) => {
      for (const use of [bind, hashOf]) expect(codeOf(() => use(purpose as Purpose, []))).toBe('USAGE')
      expect(codeOf(() => labelBytes(purpose as Purpose))).toBe('USAGE')
      expect(codeOf(() => hashBytes(purpose as Purpose, encode([])))).toBe('USAGE')
    },
  )
})

describe('bytes', () => {
  const any = fc.uint8Array({ maxLength: 70 })
  it('hex and base64 are inverse', () => {
    fc.assert(
      fc.property(any, (input) => {
        expect(unhex(hex(input))).toEqual(input)
        expect(unbase64(base64(input))).toEqual(input)
        expect(base64(input)).toBe(Buffer.from(input).toString('base64'))
        expect(hex(input)).toBe(Buffer.from(input).toString('hex'))
      }),
      { numRuns: effort(500) },
    )
  })

  it.each(['0', 'AA', '0g', ' 00', '00\n', '0x00', 'é0', null, undefined, 7, ['00']])('unhex refuses %j', (text) => {
    expect(unhex(text as string)).toBe(null)
  })

  it.each([
    'A',
    'AA',
    'AAA',
    'A===',
    '====',
    '=',
    'AB==',
    'AAB=',
    'AA==\n',
    'AA AA',
    '-_==',
    'AA==AA==',
    'AAAAA===',
    null,
    undefined,
    7,
    ['AAAA'],
  ])('unbase64 refuses %j', (text) => {
    expect(unbase64(text as string)).toBe(null)
  })

  it('compare orders as unsigned bytes and agrees with equal', () => {
    fc.assert(
      fc.property(any, any, (a, b) => {
        expect(Math.sign(compare(a, b))).toBe(Buffer.compare(a, b))
        expect(equal(a, b)).toBe(compare(a, b) === 0)
      }),
      { numRuns: effort(500) },
    )
    expect(compare(Uint8Array.of(1), Uint8Array.of(1, 0))).toBeLessThan(0)
    expect(equal(new Uint8Array(0), new Uint8Array(0))).toBe(true)
  })

  it('concat copies', () => {
    const part = Uint8Array.of(1)
    const whole = concat(part, Uint8Array.of(2))
    part[0] = 9
    expect([...whole]).toEqual([1, 2])
    expect(concat().length).toBe(0)
  })
})
