// Titles and reasons of consultations, sealed to their members. Spec: docs/spec/keys.md, "Teams".
import { limits } from '@sealchart/protocol'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { effort } from '../../../scripts/effort.mjs'
import { systemRandom } from '../src/check.js'
import type { TeamPlace } from '../src/place.js'
import type { EpochSecret } from '../src/secrets.js'
import { ready } from '../src/sodium.js'
import { openTeamTitle, sealTeamTitle } from '../src/team-title.js'
import { codesOfDamage, diagonal, id, matrix, secret, variants } from './places.js'
import { counted, expectCode, notBytes } from './support.js'

beforeAll(ready)

const places = variants<TeamPlace>({ network: id(1), team: id(2) }, { network: id(3), team: id(4) })
const [place] = places as [TeamPlace]
const key = secret<EpochSecret>(5)
const title = { title: 'Mass, left lung', reason: 'operable?' }
const seal = (reason: string) => sealTeamTitle({ title: 't', reason }, key, place, counted())

describe('a consultation’s title', () => {
  test('opens to what was sealed', async () => {
    const some = fc.string({ minLength: 1, maxLength: 300, unit: 'grapheme' }).map((text) => text.normalize())
    await fc.assert(
      fc.asyncProperty(fc.record({ title: some, reason: some }), async (written) => {
        const sealed = await sealTeamTitle(written, key, place, systemRandom)
        expect(await openTeamTitle(sealed, key, place)).toEqual(written)
      }),
      { numRuns: effort(30) },
    )
  })

  test('opens for its own team alone', async () => {
    const codes = await matrix(
      places,
      (where) => sealTeamTitle(title, key, where, counted()),
      (sealed, where) => openTeamTitle(sealed, key, where),
    )
    expect(codes).toEqual(diagonal(3, 'UNAUTHENTIC'))
  })

  test('opens neither under another epoch’s secret, nor damaged', async () => {
    const sealed = await sealTeamTitle(title, key, place, counted())
    await expectCode('UNAUTHENTIC', () => openTeamTitle(sealed, secret(6), place))
    expect(await codesOfDamage(sealed, (copy) => openTeamTitle(copy, key, place), 7)).toEqual(['UNAUTHENTIC'])
  })

  test('says no more of its length than 64 bytes do', async () => {
    const lengths = await Promise.all([1, 20, 50, 60, 120].map(async (n) => (await seal('r'.repeat(n))).length))
    const [shortest = 0] = lengths
    expect(lengths.map((length) => length - shortest)).toEqual([0, 0, 0, 64, 128])
  })

  test('is at most 4 KiB long, sealed', async () => {
    // 4 bytes of length, 1 of array, 2 of the title and 3 of the reason’s head; 106 of the seal around multiples of 64.
    const most = Math.floor((limits.private - 106) / 64) * 64 - 10
    expect((await seal('r'.repeat(most))).length).toBeLessThanOrEqual(limits.private)
    await expectCode('LIMIT', () => seal('r'.repeat(most + 1)))
    await expectCode('USAGE', () => sealTeamTitle({ title: '', reason: 'r' }, key, place, counted()))
    await expectCode('USAGE', () => sealTeamTitle({ title: 't', reason: '' }, key, place, counted()))
  })

  test.each(notBytes)('takes no %s', async (_, value) => {
    const wrong = value as never
    await expectCode('USAGE', () => sealTeamTitle(title, wrong, place, counted()))
    await expectCode('USAGE', () => openTeamTitle(wrong, key, place))
    await expectCode('USAGE', () => openTeamTitle(new Uint8Array(100), wrong, place))
    await expectCode('USAGE', () => sealTeamTitle(title, key, { ...place, team: wrong }, counted()))
  })
})
