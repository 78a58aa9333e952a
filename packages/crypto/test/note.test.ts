// Purposes, reasons and notes, sealed to the trail's key. Spec: docs/spec/keys.md, "Trail".
import { encode, limits, type Value } from '@sealchart/protocol'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { effort } from '../../../scripts/effort.mjs'
import { systemRandom } from '../src/check.js'
import { HPKE_OVERHEAD, sealTo } from '../src/hpke.js'
import { type BoxKeys, trailKeys } from '../src/keys.js'
import { openNote, sealNote, type TrailNote } from '../src/note.js'
import { addPadding, in64s } from '../src/object.js'
import { bindPlace, type NotePlace, notePlace } from '../src/place.js'
import { ready } from '../src/sodium.js'
import { codesOfDamage, diagonal, id, matrix, secret, variants } from './places.js'
import { counted, expectCode, filled, notBytes } from './support.js'

const places = variants<NotePlace>(
  { network: id(1), record: id(2), epoch: 3, author: id(4) },
  { network: id(5), record: id(6), epoch: 7, author: id(8) },
)
const [place] = places as [NotePlace]
const note: TrailNote = { kind: 'purpose', text: 'treatment' }
let trail: BoxKeys

beforeAll(async () => {
  await ready()
  trail = trailKeys(secret(1), place)
})

const seal = (text: string) => sealNote({ kind: 'note', text }, trail.key, place, counted())

describe('notes', () => {
  test('open to what was sealed, lines and all', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('purpose', 'reason', 'note'),
        fc.array(fc.string(), { maxLength: 5 }),
        (kind, lines) => {
          const written = { kind, text: lines.join('\n') } as TrailNote
          expect(openNote(sealNote(written, trail.key, place, systemRandom), trail.seed, place)).toEqual(written)
        },
      ),
      { numRuns: effort(30) },
    )
  })

  test('open at their own place alone: not in another’s name, nor on another record', async () => {
    const codes = await matrix(
      places,
      (where) => sealNote(note, trail.key, where, counted()),
      (sealed, where) => openNote(sealed, trail.seed, where),
    )
    expect(codes).toEqual(diagonal(5, 'UNAUTHENTIC'))
  })

  test('neither with another seed, nor damaged', async () => {
    const sealed = sealNote(note, trail.key, place, counted())
    await expectCode('UNAUTHENTIC', () => openNote(sealed, filled(9), place))
    expect(await codesOfDamage(sealed, (copy) => openNote(copy, trail.seed, place), 7)).toEqual(['UNAUTHENTIC'])
  })

  test('have lengths in steps of 64 bytes', () => {
    // 4 bytes of length, 1 of array, 5 of kind and 1 or 2 of the text's head.
    for (const [length, padded] of [
      [0, 64],
      [52, 64],
      [53, 128],
      [116, 128],
      [117, 192],
    ] as const) {
      expect(seal('t'.repeat(length)).length, `${length}`).toBe(HPKE_OVERHEAD + padded)
    }
  })

  test('are at most 4 KiB, and LIMIT beyond', async () => {
    const most = 46 * 64 - 4 - 1 - 5 - 3
    expect(seal('t'.repeat(most)).length).toBeLessThanOrEqual(limits.private)
    expect(seal('t'.repeat(most)).length).toBeGreaterThan(limits.private - 64)
    for (const length of [most + 1, 100_000]) await expectCode('LIMIT', () => seal('t'.repeat(length)))
    const context = { info: bindPlace('trailNote', notePlace, place), aad: new Uint8Array() }
    const long = sealTo(trail.key, context, addPadding(encode(['note', 't'.repeat(most + 1)]), in64s), counted())
    await expectCode('UNAUTHENTIC', () => openNote(long, trail.seed, place))
  })

  const wrong: [string, Value][] = [
    ['another kind', ['excuse', 'text']],
    ['a tab', ['note', 'a\tb']],
    ['a carriage return', ['note', 'a\r\nb']],
    ['a turned direction in the second line', ['note', 'a\n\u202eb']],
    ['a text that is not normalised', ['note', 'e\u0301']],
    ['a number for a text', ['note', 5]],
    ['a third field', ['note', 'a', 'b']],
    ['a text alone', 'note'],
  ]
  test.each(wrong)('%s is not opened', async (_, value) => {
    const context = { info: bindPlace('trailNote', notePlace, place), aad: new Uint8Array() }
    const sealed = sealTo(trail.key, context, addPadding(encode(value), in64s), counted())
    await expectCode('UNAUTHENTIC', () => openNote(sealed, trail.seed, place))
  })

  test('what is not opened is not sealed', async () => {
    for (const [kind, text] of wrong.slice(0, 6).map(([, value]) => value as [string, string])) {
      await expectCode('USAGE', () => sealNote({ kind, text } as TrailNote, trail.key, place, counted()))
    }
  })

  test('are sealed to X-Wing keys alone', async () => {
    for (const key of [filled(1, 2400), filled(1, 1184), new Uint8Array(1216), trail.key.with(0, 255).with(1, 255)]) {
      await expectCode('KEY_FORMAT', () => sealNote(note, key, place, counted()))
    }
  })

  test.each(notBytes)('%s is no key, seed, note or id', async (_, value) => {
    const bad = value as never
    const sealed = sealNote(note, trail.key, place, counted())
    await expectCode('USAGE', () => sealNote(note, bad, place, counted()))
    await expectCode('USAGE', () => openNote(bad, trail.seed, place))
    await expectCode('USAGE', () => openNote(sealed, bad, place))
    await expectCode('USAGE', () => openNote(sealed, trail.seed, { ...place, author: bad }))
  })
})
