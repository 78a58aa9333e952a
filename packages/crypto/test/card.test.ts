// Cards: what lists show of a record. Spec: docs/spec/sections.md, "Card".
import { encode, limits, type Value } from '@sealchart/protocol'
import { describe, expect, test } from 'vitest'
import { type Card, openCard, sealCard } from '../src/card.js'
import { sealBytes } from '../src/floe.js'
import { addPadding } from '../src/object.js'
import { paddedLength } from '../src/padme.js'
import { bindPlace, type RecordPlace, recordPlace } from '../src/place.js'
import type { SectionKey } from '../src/secrets.js'
import { codesOfDamage, diagonal, id, matrix, secret, variants } from './places.js'
import { counted, expectCode, notBytes } from './support.js'

const key = secret<SectionKey>(1)
const places = variants<RecordPlace>(
  { network: id(1), record: id(2), epoch: 3 },
  { network: id(4), record: id(5), epoch: 6 },
)
const [place] = places as [RecordPlace]
const patient = { name: 'Wong Siu Ming', born: '1961-04-07', ids: [{ system: 'urn:hkid', value: 'A123456(3)' }] }
const card: Card = {
  title: 'CT angiogram',
  patient,
  author: 'Dr Chan',
  date: 1_790_000_000_000,
  category: 'imaging',
  sections: [
    { id: 1, name: 'summary' },
    { id: 256, name: 'imaging' },
  ],
}
const seal = (change: Partial<Card> = {}) => sealCard({ ...card, ...change }, key, place, counted())

describe('cards', () => {
  test('open to what was sealed', async () => {
    for (const change of [
      {},
      { patient: null },
      { patient: { ...patient, born: null, ids: [] } },
      { patient: { ...patient, born: '1961' } },
      { patient: { ...patient, born: '1961-12' } },
      { sections: [], author: '', category: '', date: 0 },
    ]) {
      expect(await openCard(await seal(change), key, place)).toEqual({ ...card, ...change })
    }
  })

  test('open at their own place alone, not under another key, and not damaged', async () => {
    const codes = await matrix(
      places,
      (where) => sealCard(card, key, where, counted()),
      (sealed, where) => openCard(sealed, key, where),
    )
    expect(codes).toEqual(diagonal(4, 'UNAUTHENTIC'))
    const sealed = await seal()
    await expectCode('UNAUTHENTIC', () => openCard(sealed, secret(2), place))
    expect(await codesOfDamage(sealed, (copy) => openCard(copy, key, place))).toEqual(['UNAUTHENTIC'])
  })

  test('have lengths of Padmé’s set', async () => {
    const lengths = new Set<number>()
    for (let length = 1; length <= 120; length++) {
      const plaintext = (await seal({ title: 't'.repeat(length) })).length - 106
      expect(paddedLength(plaintext)).toBe(plaintext)
      lengths.add(plaintext)
    }
    expect(lengths.size).toBeLessThan(20)
  })

  test('are at most 4 KiB, and LIMIT beyond', async () => {
    // 3,968 is the longest length of Padmé's set that fits; the title is what is left of it.
    const without = encode(Object.values({ ...card, title: '' }).map((value) => asValue(value))).length
    const most = 3968 - 4 - without - 2
    const sealed = await seal({ title: 't'.repeat(most) })
    expect(sealed.length).toBe(3968 + 106)
    expect(sealed.length).toBeLessThanOrEqual(limits.card)
    expect((await openCard(sealed, key, place)).title.length).toBe(most)
    for (const length of [most + 1, 5000]) await expectCode('LIMIT', () => seal({ title: 't'.repeat(length) }))
  })

  const wrong: [string, Partial<Record<keyof Card, unknown>>][] = [
    ['no title', { title: '' }],
    ['a title with a line feed', { title: 'a\nb' }],
    ['a patient without name', { patient: { ...patient, name: '' } }],
    ['a month 13', { patient: { ...patient, born: '1961-13' } }],
    ['a day 32', { patient: { ...patient, born: '1961-01-32' } }],
    ['a date of another form', { patient: { ...patient, born: '7.4.1961' } }],
    ['an identifier without system', { patient: { ...patient, ids: [{ system: '', value: '1' }] } }],
    [
      '17 identifiers',
      { patient: { ...patient, ids: Array.from({ length: 17 }, () => ({ system: 's', value: 'v' })) } },
    ],
    ['a negative date', { date: -1 }],
    ['a section 0', { sections: [{ id: 0, name: 'card' }] }],
    ['a section 257', { sections: [{ id: 257, name: 'x' }] }],
    ['sections out of order', { sections: card.sections.toReversed() }],
    ['a section twice', { sections: [1, 1].map((one) => ({ id: one, name: 'x' })) }],
    ['a section without name', { sections: [{ id: 1, name: '' }] }],
    ['sections as text', { sections: 'summary' }],
  ]
  test.each(wrong)('%s is neither sealed nor, sealed by somebody else, opened', async (_, change) => {
    const value = { ...card, ...change }
    await expectCode('USAGE', () => sealCard(value as Card, key, place, counted()))
    const content = addPadding(encode(Object.values(value).map((field) => asValue(field))), paddedLength)
    const sealed = await sealBytes(key, bindPlace('card', recordPlace, place), content, counted())
    await expectCode('UNAUTHENTIC', () => openCard(sealed, key, place))
  })

  test.each(notBytes)('%s is no key, card or id', async (_, value) => {
    const bad = value as never
    const sealed = await seal()
    await expectCode('USAGE', () => sealCard(card, bad, place, counted()))
    await expectCode('USAGE', () => openCard(bad, key, place))
    await expectCode('USAGE', () => openCard(sealed, bad, place))
    await expectCode('USAGE', async () => openCard(sealed, key, { ...place, record: bad }))
  })
})

/** A structure as the array that it is on the wire, unchecked. */
function asValue(value: unknown): Value {
  if (Array.isArray(value)) return value.map(asValue)
  if (typeof value === 'object' && value !== null) return Object.values(value).map(asValue)
  return value as Value
}
