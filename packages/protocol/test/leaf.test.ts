import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { effort } from '../../../scripts/effort.mjs'
import type { ChainId, EntryHash, LinkHash, Slot, TreeHash } from '../src/bytes.js'
import { encode, type Value } from '../src/codec.js'
import {
  accessLink,
  accessStart,
  checkNextSeal,
  decodeLeaf,
  encodeEntryLeaf,
  encodeSeal,
  foundingSlot,
  logTimeOf,
  type Seal,
  sealIndex,
  slotAfter,
} from '../src/leaf.js'
import { expectCode } from './expect-code.js'
import { codeOf, filled, notBytes } from './support.js'

const MAX = Number.MAX_SAFE_INTEGER
const seal = (fields: Partial<Seal> = {}): Seal => ({ first: 4, size: 8, time: 1000, prefixRoot: null, ...fields })
const labelled = (label: string, rest: Uint8Array): Uint8Array =>
  new Uint8Array(createHash('sha256').update(`sealchart/v1/${label}`).update(rest).digest())

describe('slots and access links', () => {
  test('are the hashes that the specification writes down', () => {
    const object = filled(1)
    expect(slotAfter(object as Uint8Array as LinkHash)).toEqual(labelled('slot', encode([object])))
    expect(foundingSlot(object as Uint8Array as ChainId)).toEqual(labelled('founding-slot', encode([object])))
    expect(accessStart(object as Uint8Array as ChainId)).toEqual(labelled('access-start', encode([object])))
    const link = accessLink(object as Uint8Array as LinkHash, 300, filled(2) as Uint8Array as EntryHash)
    expect(link).toEqual(labelled('access-link', encode([object, 300, filled(2)])))
  })

  test('an access link depends on predecessor, number and entry', () => {
    const link = (previous: number, number: number, entry: number) =>
      accessLink(filled(previous) as Uint8Array as LinkHash, number, filled(entry) as Uint8Array as EntryHash)
    const links = [link(1, 1, 2), link(3, 1, 2), link(1, 2, 2), link(1, 1, 3)]
    expect(new Set(links.map((bytes) => bytes.join())).size).toBe(4)
  })

  test('access entries count from 1', () => {
    for (const number of [0, -1, 1.5, Number.NaN, 2 ** 53]) {
      const make = () => accessLink(filled(1) as Uint8Array as LinkHash, number, filled(2) as Uint8Array as EntryHash)
      expectCode('USAGE', make, String(number))
    }
  })
})

describe('leaf data', () => {
  test('an entry is written as the codec writes it, and read back', () => {
    const [slot, entryHash] = [filled(1) as Uint8Array as Slot, filled(2) as Uint8Array as EntryHash]
    const data = encodeEntryLeaf(slot, entryHash)
    expect(data).toEqual(encode([slot, entryHash]))
    expect(data.length).toBe(69)
    expect(decodeLeaf(data)).toEqual({ kind: 'entry', slot, entryHash })
  })

  test('a seal is read back, the longest one too', () => {
    for (const prefixRoot of [null, filled(3) as Uint8Array as TreeHash]) {
      for (const fields of [
        { first: 0, size: 2, time: 0 },
        { first: MAX - 2, size: MAX, time: MAX },
      ]) {
        const made = { ...fields, prefixRoot }
        expect(decodeLeaf(encodeSeal(made))).toEqual({ kind: 'seal', seal: made })
      }
    }
    expect(encodeSeal(seal())).toEqual(encode(['sealchart/v1/seal', 4, 8, 1000, null]))
  })

  test('refused: every other structure', () => {
    const hash = filled(1)
    const table: readonly Value[] = [
      [],
      [hash],
      [hash, hash, 1],
      [hash, hash.slice(1)],
      [filled(1, 33), hash],
      [hash, null],
      [hash, 'text'],
      ['sealchart/v1/seal', 4, 8, 1000],
      ['sealchart/v1/seal', 4, 8, 1000, null, null],
      ['sealchart/v1/slot', 4, 8, 1000, null],
      ['sealchart/v1/seal', -1, 8, 1000, null],
      ['sealchart/v1/seal', 4, 8, -1000, null],
      ['sealchart/v1/seal', 4, 8, 1000, hash.slice(1)],
      ['sealchart/v1/seal', 4, 5, 1000, null],
      ['sealchart/v1/seal', 4, 4, 1000, null],
      ['sealchart/v1/seal', 4, 0, 1000, null],
      hash,
      null,
      7,
    ]
    for (const value of table) expectCode('DECODE_SHAPE', () => decodeLeaf(encode(value)), JSON.stringify(value))
    expectCode('DECODE_DEPTH', () => decodeLeaf(encode([[hash], hash])))
    expectCode('TOO_LARGE', () => decodeLeaf(new Uint8Array(200)))
    expectCode('DECODE_TRAILING', () => decodeLeaf(new Uint8Array([...encode([hash, hash]), 0])))
    expectCode('DECODE_TRUNCATED', () => decodeLeaf(encode([hash, hash]).slice(0, -1)))
  })

  test('refused to write: what would be refused to read', () => {
    for (const fields of [
      { size: 5 },
      { first: -1 },
      { time: 0.5 },
      { size: 2 ** 53 },
      { prefixRoot: filled(1, 31) },
    ]) {
      expectCode('USAGE', () => encodeSeal(seal(fields as never)), JSON.stringify(fields))
    }
    for (const wrong of [...notBytes, filled(1, 31), filled(1, 33)]) {
      expectCode('USAGE', () => encodeEntryLeaf(wrong as never, filled(2) as never))
      expectCode('USAGE', () => encodeEntryLeaf(filled(2) as never, wrong as never))
    }
  })

  test('accepted bytes are what the encoder writes', () => {
    const mutated = fc.tuple(
      fc.constantFrom(encodeSeal(seal()), encodeSeal(seal({ time: 2 ** 40 }))),
      fc.nat(),
      fc.nat(255),
    )
    fc.assert(
      fc.property(mutated, ([data, at, byte]) => {
        const changed = data.with(at % data.length, byte)
        if (codeOf(() => decodeLeaf(changed)) !== 'accepted') return
        const leaf = decodeLeaf(changed)
        const again = leaf.kind === 'seal' ? encodeSeal(leaf.seal) : encodeEntryLeaf(leaf.slot, leaf.entryHash)
        expect(again).toEqual(changed)
      }),
      { numRuns: effort(500) },
    )
  })
})

describe('log time', () => {
  test('holds for the entries of the batch and for nothing else', () => {
    for (const index of [4, 5, 6]) expect(logTimeOf(index, seal())).toBe(1000)
    for (const index of [0, 3, 7, 8, -1, 4.5, Number.NaN])
      expectCode('TIME', () => logTimeOf(index, seal()), String(index))
    expect(sealIndex(seal())).toBe(7)
  })

  test('batches are contiguous and time does not go back', () => {
    const previous = seal()
    checkNextSeal(null, seal({ first: 0 }))
    checkNextSeal(previous, seal({ first: 8, size: 10 }))
    checkNextSeal(previous, seal({ first: 8, size: 10, time: 1001 }))
    for (const first of [0, 4, 7, 9]) {
      expectCode('LOG_INCONSISTENT', () => checkNextSeal(previous, seal({ first, size: 12 })), String(first))
    }
    expectCode('LOG_INCONSISTENT', () => checkNextSeal(null, seal({ first: 1 })))
    expectCode('TIME', () => checkNextSeal(previous, seal({ first: 8, size: 10, time: 999 })))
  })
})
