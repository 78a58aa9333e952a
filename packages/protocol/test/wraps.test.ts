// Wrap lists as bytes: what encodes, what decodes, and that the two are the same. Spec: docs/spec/wraps.md.
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { sha256 } from '#sha256'
import { effort } from '../../../scripts/effort.mjs'
import { type ChainId, compare, concat, equal, hex } from '../src/bytes.js'
import { ready } from '../src/ed25519.js'
import { limits } from '../src/limits.js'
import { leafHash } from '../src/merkle.js'
import {
  checkWrapList,
  decodeWrapList,
  decodeWrapRow,
  describeWrapList,
  encodeTarget,
  encodeWrapList,
  encodeWrapRow,
  readWrapRows,
  type WrapRow,
  wrapLeafHash,
} from '../src/wraps.js'
import { expectCode } from './expect-code.js'
import { codeOf } from './support.js'
import { idOf } from './test-log.js'
import { rowTo, wrapped } from './wrap-rows.js'

beforeAll(ready)

const three = ['c', 'a', 'b'].map((name) => rowTo(idOf<ChainId>(name), [wrapped(idOf('grant'), { 0: 1, 3: 2 }, 4)]))
const sorted = [...three].sort((a, b) => compare(a.leaf.recipient, b.leaf.recipient))

/** A list with the framing of the format around any bytes. */
const framed = (...rows: readonly Uint8Array[]): Uint8Array =>
  concat(
    ...rows.flatMap((row) => [
      Uint8Array.of(row.length >>> 24, (row.length >>> 16) & 255, (row.length >>> 8) & 255, row.length & 255),
      row,
    ]),
  )

describe('a list', () => {
  it('comes back in order of recipient, with the place of each row', () => {
    const encoded = encodeWrapList(three)
    const ranges = decodeWrapList(encoded)
    expect(ranges.map(({ row }) => row)).toEqual(sorted)
    for (const { row, offset, length, leaf } of ranges) {
      expect(hex(encoded.subarray(offset, offset + length))).toBe(hex(encodeWrapRow(row)))
      expect(hex(leafHash(leaf))).toBe(hex(wrapLeafHash(row.leaf)))
    }
    expect([...readWrapRows(encoded)]).toEqual(ranges)
    expect(hex(encodeWrapList(sorted))).toBe(hex(encoded))
    expect(hex(encodeWrapList([]))).toBe('')
    expect(decodeWrapList(new Uint8Array())).toEqual([])
  })

  it('is the one that an entry signed, or not', () => {
    const encoded = encodeWrapList(three)
    const signed = describeWrapList(encoded, three, 7)
    expect(signed).toMatchObject({ asOf: 7, attached: { length: encoded.length, count: 3 } })
    expect(equal(signed.attached.digest, sha256(encoded))).toBe(true)
    expect(codeOf(() => checkWrapList(decodeWrapList(encoded), signed))).toBe('accepted')
    expectCode('WRAPS', () => checkWrapList(decodeWrapList(encodeWrapList(three.slice(1))), signed))
    expectCode('WRAPS', () => checkWrapList([], signed))
    const other = encodeWrapList([...three.slice(1), rowTo(idOf('c'))])
    expectCode('WRAPS', () => checkWrapList(decodeWrapList(other), signed))
    const counted = { ...signed, attached: { ...signed.attached, count: 2 } }
    expectCode('WRAPS', () => checkWrapList(decodeWrapList(encoded), counted))
  })

  it('refuses rows out of order, and twice', () => {
    const rows = sorted.map(encodeWrapRow) as [Uint8Array, Uint8Array, Uint8Array]
    expect(codeOf(() => decodeWrapList(framed(...rows)))).toBe('accepted')
    expectCode('WRAPS', () => decodeWrapList(framed(rows[1], rows[0], rows[2])))
    expectCode('WRAPS', () => decodeWrapList(framed(rows[0], rows[2], rows[1])))
    expectCode('WRAPS', () => decodeWrapList(framed(rows[0], rows[0])))
    expectCode('USAGE', () => encodeWrapList([...three, three[0] as WrapRow]))
  })

  it('is refused at every length but its own', () => {
    const encoded = encodeWrapList(three)
    const ends = new Set([0, ...decodeWrapList(encoded).map(({ offset, length }) => offset + length)])
    for (let length = 0; length < encoded.length; length++) {
      const code = codeOf(() => decodeWrapList(encoded.subarray(0, length)))
      expect(code, String(length)).toBe(ends.has(length) ? 'accepted' : 'DECODE_TRUNCATED')
      if (ends.has(length))
        expectCode('WRAPS', () =>
          checkWrapList(decodeWrapList(encoded.subarray(0, length)), describeWrapList(encoded, three, 0)),
        )
    }
    expectCode('DECODE_TRUNCATED', () => decodeWrapList(concat(encoded, Uint8Array.of(0))))
    expectCode('DECODE_TRUNCATED', () => decodeWrapList(concat(encoded, new Uint8Array(4))))
  })

  it('is read from where it lies in a larger buffer', () => {
    const encoded = encodeWrapList(three)
    const around = concat(Uint8Array.of(9, 9, 9), encoded, Uint8Array.of(9))
    expect(decodeWrapList(around.subarray(3, 3 + encoded.length))).toEqual(decodeWrapList(encoded))
  })

  it('has 10,001 rows at most', () => {
    const row = encodeWrapRow(rowTo(idOf('any'), [], { envelope: 0, keys: null }))
    const at = row.findIndex((_, i) => equal(row.subarray(i, i + 32), idOf('any')))
    const numbered = (count: number) =>
      framed(
        ...Array.from({ length: count }, (_, i) => {
          const own = row.slice()
          own.set([i >> 8, i & 255, ...new Uint8Array(30)], at)
          return own
        }),
      )
    expect(decodeWrapList(numbered(limits.wraps))).toHaveLength(limits.wraps)
    expectCode('LIMIT', () => decodeWrapList(numbered(limits.wraps + 1)))
    expectCode('LIMIT', () => encodeWrapList(Array.from({ length: limits.wraps + 1 }, () => three[0] as WrapRow)))
  })
})

describe('a row', () => {
  it('names the objects beside it', () => {
    for (const row of [...three, rowTo(idOf('x'), [], { keys: null }), rowTo(idOf('x'), [], { envelope: 0, keys: 0 })])
      expect(decodeWrapRow(encodeWrapRow(row))).toEqual(row)
    const row = rowTo(idOf('x'))
    for (const wrong of [
      { ...row, envelope: new Uint8Array(41) },
      { ...row, keys: new Uint8Array(51) },
      { ...row, keys: null },
      { ...row, leaf: { ...row.leaf, keys: null } },
      { ...row, leaf: { ...row.leaf, envelope: row.leaf.keys } },
    ]) {
      expectCode('USAGE', () => encodeWrapRow(wrong as WrapRow))
    }
    const bytes = encodeWrapRow(row)
    const swapped = bytes.slice()
    swapped[bytes.length - 1] = (swapped[bytes.length - 1] as number) ^ 1
    expectCode('WRAPS', () => decodeWrapRow(swapped))
  })

  it('is 32 KiB long at most', () => {
    const spare = limits.wrapRow - encodeWrapRow(rowTo(idOf('x'), [], { envelope: 10_000 })).length
    const fits = encodeWrapRow(rowTo(idOf('x'), [], { envelope: 10_000 + spare }))
    expect(fits.length).toBe(limits.wrapRow)
    expect(codeOf(() => decodeWrapRow(fits))).toBe('accepted')
    expect(decodeWrapList(framed(fits))).toHaveLength(1)
    expectCode('LIMIT', () => encodeWrapRow(rowTo(idOf('x'), [], { envelope: 10_001 + spare })))
    expectCode('TOO_LARGE', () => decodeWrapRow(new Uint8Array(limits.wrapRow + 1)))
    expectCode('TOO_LARGE', () => decodeWrapList(framed(new Uint8Array(limits.wrapRow + 1))))
  })

  it('of a member who holds all that one may hold fits', () => {
    const every = Object.fromEntries(Array.from({ length: limits.sections + 1 }, (_, i) => [i, 0xffffffff]))
    const grants = Array.from({ length: limits.grantsEach }, (_, i) => wrapped(idOf(`grant ${i}`), every, 0xffffffff))
    // An envelope is 1,200 bytes; section keys are 257 times section, epoch and 32 bytes, with their seal and a trail secret.
    const sections = (limits.sections + 1) * (1 + 3 + 5 + 34)
    const row = rowTo(idOf('x'), grants, { envelope: 1300, keys: sections + 200 })
    expect(encodeWrapRow(row).length).toBeLessThanOrEqual(limits.wrapRow)
  })

  it('has a leaf hash that every field of the leaf changes', () => {
    const { leaf } = three[0] as WrapRow
    const changes = [
      { recipient: idOf('other') },
      { epoch: 1 },
      { keyHash: idOf('other') },
      { sequence: 3 },
      { link: null },
      { what: [] },
      { envelope: idOf('other') },
      { keys: null },
    ]
    const hashes = [{}, ...changes].map((change) => hex(wrapLeafHash({ ...leaf, ...change } as typeof leaf)))
    expect(new Set(hashes).size).toBe(changes.length + 1)
    const targets = [{}, ...changes].map((change) => hex(encodeTarget({ ...leaf, ...change } as typeof leaf)))
    expect(new Set(targets).size).toBe(changes.length - 1)
  })
})

const anyHash = fc.uint8Array({ minLength: 32, maxLength: 32 })
const anyEpoch = fc.integer({ min: 0, max: 0xffffffff })
const anyWrapped = fc.record({
  grant: fc.option(anyHash),
  keys: fc.array(fc.record({ section: fc.nat(limits.sections), epoch: anyEpoch }), { maxLength: 5 }),
  trail: fc.option(anyEpoch),
})
const anyRow = fc
  .tuple(anyHash, fc.array(anyWrapped, { maxLength: 3 }), fc.nat(60), fc.option(fc.nat(60)))
  .map(([recipient, what, envelope, keys]) =>
    rowTo(recipient as Uint8Array as ChainId, what as WrapRow['leaf']['what'], { envelope, keys }),
  )

describe('any list', () => {
  it('decodes to what it was, and what decodes is what encodes', () => {
    const lists = fc.uniqueArray(anyRow, { maxLength: 5, selector: (row) => hex(row.leaf.recipient) })
    fc.assert(
      fc.property(lists, (rows) => {
        const encoded = encodeWrapList(rows)
        const decoded = decodeWrapList(encoded).map(({ row }) => row)
        expect(decoded).toEqual([...rows].sort((a, b) => compare(a.leaf.recipient, b.leaf.recipient)))
        expect(hex(encodeWrapList(decoded))).toBe(hex(encoded))
      }),
      { numRuns: effort(100) },
    )
  })

  it('that decodes after a change is one that encodes so', () => {
    const encoded = encodeWrapList(three)
    fc.assert(
      fc.property(fc.nat(8 * encoded.length - 1), (bit) => {
        const changed = encoded.slice()
        changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7))
        if (codeOf(() => decodeWrapList(changed)) !== 'accepted') return
        const rows = decodeWrapList(changed).map(({ row }) => row)
        expect(hex(encodeWrapList(rows))).toBe(hex(changed))
        expectCode('WRAPS', () => checkWrapList(decodeWrapList(changed), describeWrapList(encoded, three, 0)))
      }),
      { numRuns: effort(500) },
    )
  })
})
