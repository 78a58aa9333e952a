// The key tree: pairs from secrets, commitments, back-links, nonces. Spec: docs/spec/keys.md.
import { createHmac, hkdfSync } from 'node:crypto'
import { bind, deviceId, equal, ready as protocolReady, utf8, verify } from '@sealchart/protocol'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { effort } from '../../../scripts/effort.mjs'
import { systemRandom } from '../src/check.js'
import { sealBytes } from '../src/floe.js'
import { openWith, publicKeyOf, sealTo } from '../src/hpke.js'
import {
  checkEpochSecret,
  checkSectionKey,
  checkTrailSecret,
  deriveKey,
  deviceFromSeed,
  memberEpochKeys,
  openBackLink,
  recordNonce,
  sealBackLink,
  sectionCommitment,
  trailKeys,
} from '../src/keys.js'
import { type BackLinkPlace, backLinkPlace, bindPlace } from '../src/place.js'
import { type DeviceSeed, type EpochSecret, newSecret, type SectionKey, type TrailSecret } from '../src/secrets.js'
import { ready } from '../src/sodium.js'
import { codesOfDamage, diagonal, id, matrix, secret, variants } from './places.js'
import { codeOf, counted, expectCode, filled, flip, notBytes } from './support.js'

beforeAll(async () => {
  await ready()
  await protocolReady()
})

const sectionPlaces = variants(
  { network: id(1), record: id(2), section: 3, epoch: 4 },
  { network: id(5), record: id(6), section: 7, epoch: 8 },
)
const recordPlaces = variants({ network: id(1), record: id(2), epoch: 4 }, { network: id(5), record: id(6), epoch: 8 })
const memberPlaces = variants({ network: id(1), member: id(2), epoch: 4 }, { network: id(5), member: id(6), epoch: 8 })
const linkPlaces: BackLinkPlace[] = [
  ...variants<BackLinkPlace>(
    { network: id(1), chain: id(2), what: 0, epoch: 4 },
    { network: id(5), chain: id(6), what: 7, epoch: 8 },
  ),
  { network: id(1), chain: id(2), what: 'trail', epoch: 4 },
]
const [sectionPlace] = sectionPlaces as [(typeof sectionPlaces)[0]]
const [recordPlace] = recordPlaces as [(typeof recordPlaces)[0]]
const [memberPlace] = memberPlaces as [(typeof memberPlaces)[0]]
const [linkPlace] = linkPlaces as [BackLinkPlace]

describe('derivation', () => {
  test('is HKDF-SHA256 as OpenSSL computes it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.uint8Array({ maxLength: 200 }), (key, info) => {
        expect(deriveKey(key, info)).toEqual(new Uint8Array(hkdfSync('sha256', key, '', info, 32)))
      }),
      { numRuns: effort(50) },
    )
  })
})

describe('devices', () => {
  test('have the id of their keys, sign, and open what is sealed to them', async () => {
    const device = deviceFromSeed(newSecret<DeviceSeed>(systemRandom))
    expect(equal(device.id, deviceId(device.keys))).toBe(true)
    const message = utf8('entry')
    expect(verify(device.keys.sign, message, await device.sign(message))).toBe(true)
    const context = { info: filled(1), aad: filled(2) }
    expect(openWith(device.boxSeed, context, sealTo(device.keys.box, context, message, systemRandom))).toEqual(message)
  })

  test('are the same from the same seed and share no key from others', () => {
    const [a, again, b] = [filled(1), filled(1), flip(filled(1), 0)].map((seed) =>
      deviceFromSeed(seed as Uint8Array as DeviceSeed),
    )
    expect(again?.keys).toEqual(a?.keys)
    for (const part of ['sign', 'box'] as const)
      expect(equal(a?.keys[part] as Uint8Array, b?.keys[part] as Uint8Array)).toBe(false)
    expect(a?.boxSeed).not.toEqual(filled(1))
  })

  test.each(notBytes)('take no %s as seed or message', async (_, value) => {
    await expectCode('USAGE', () => deviceFromSeed(value as DeviceSeed))
    const { sign } = deviceFromSeed(secret<DeviceSeed>(1))
    await expectCode('USAGE', () => sign(value as Uint8Array))
  })
})

describe('published keys', () => {
  test('of a member’s epoch, a trail and a section differ from place to place, and from each other', () => {
    const all = [
      ...memberPlaces.map((place) => memberEpochKeys(secret<EpochSecret>(9), place).key),
      ...recordPlaces.map((place) => trailKeys(secret<TrailSecret>(9), place).key),
      ...sectionPlaces.map((place) => sectionCommitment(secret<SectionKey>(9), place)),
    ].map((key) => key.join())
    expect(new Set(all).size).toBe(4 + 4 + 5)
  })

  test('come with the seed that opens what is sealed to them', () => {
    for (const keys of [memberEpochKeys(secret(9), memberPlace), trailKeys(secret(9), recordPlace)]) {
      expect(publicKeyOf(keys.seed)).toEqual(keys.key)
    }
  })

  test('a secret is checked against each place’s own key alone', async () => {
    const member = await matrix(
      memberPlaces,
      (place) => memberEpochKeys(secret(9), place).key,
      (key, place) => checkEpochSecret(secret(9), key, place),
    )
    expect(member).toEqual(diagonal(memberPlaces.length, 'COMMITMENT'))
    const trail = await matrix(
      recordPlaces,
      (place) => trailKeys(secret(9), place).key,
      (key, place) => checkTrailSecret(secret(9), key, place),
    )
    expect(trail).toEqual(diagonal(recordPlaces.length, 'COMMITMENT'))
    const section = await matrix(
      sectionPlaces,
      (place) => sectionCommitment(secret(9), place),
      (commitment, place) => checkSectionKey(secret(9), commitment, place),
    )
    expect(section).toEqual(diagonal(sectionPlaces.length, 'COMMITMENT'))
  })

  test('a secret with one bit flipped contradicts its entry', async () => {
    const commitment = sectionCommitment(secret(9), sectionPlace)
    for (let bit = 0; bit < 256; bit++) {
      const other = flip(filled(9), bit) as Uint8Array as SectionKey
      await expectCode('COMMITMENT', () => checkSectionKey(other, commitment, sectionPlace))
      await expectCode('COMMITMENT', () => checkSectionKey(secret(9), flip(commitment, bit), sectionPlace))
    }
    const { key } = trailKeys(secret(9), recordPlace)
    const other = flip(filled(9), 77) as Uint8Array
    await expectCode('COMMITMENT', () => checkTrailSecret(other as TrailSecret, key, recordPlace))
    await expectCode('COMMITMENT', () => checkEpochSecret(other as EpochSecret, key, memberPlace))
  })

  test('the checks return the key pair, and refuse published keys of another length', async () => {
    const { key, seed } = trailKeys(secret(9), recordPlace)
    expect(checkTrailSecret(secret(9), key, recordPlace)).toEqual({ key, seed })
    await expectCode('COMMITMENT', () => checkTrailSecret(secret(9), key.subarray(1), recordPlace))
    await expectCode('COMMITMENT', () => checkSectionKey(secret(9), new Uint8Array(0), sectionPlace))
  })

  test.each(notBytes)('%s is no secret, commitment or id', async (_, value) => {
    const wrong = value as never
    for (const use of [
      () => memberEpochKeys(wrong, memberPlace),
      () => trailKeys(wrong, recordPlace),
      () => sectionCommitment(wrong, sectionPlace),
      () => checkSectionKey(secret(9), wrong, sectionPlace),
      () => checkTrailSecret(secret(9), wrong, recordPlace),
      () => checkEpochSecret(secret(9), wrong, memberPlace),
      () => trailKeys(secret(9), { ...recordPlace, record: wrong }),
    ]) {
      await expectCode('USAGE', use)
    }
  })

  test.each([
    ['a negative epoch', { epoch: -1 }],
    ['an epoch beyond 32 bits', { epoch: 2 ** 32 }],
    ['half an epoch', { epoch: 0.5 }],
    ['no epoch', { epoch: undefined }],
    ['a section beyond the last', { section: 257 }],
    ['a short id', { record: new Uint8Array(31) }],
    ['no network', { network: null }],
  ])('%s is no place', async (_, field) => {
    await expectCode('USAGE', () => sectionCommitment(secret(9), { ...sectionPlace, ...field } as never))
  })

  test('null and undefined are no places', async () => {
    for (const place of [null, undefined, 5]) await expectCode('USAGE', () => trailKeys(secret(9), place as never))
  })
})

describe('back-links', () => {
  const [earlier, current] = [secret<SectionKey>(20), secret<SectionKey>(21)]
  const seal = (place: BackLinkPlace, to = 2) => sealBackLink({ epoch: to, secret: earlier }, current, place, counted())

  test('give an earlier epoch’s secret to holders of the current one, in 138 bytes', async () => {
    for (const to of [0, 2, 3]) {
      const link = await seal(linkPlace, to)
      expect(link.to).toBe(to)
      expect(link.sealed.length).toBe(138)
      expect(await openBackLink(link, current, linkPlace)).toEqual(earlier)
    }
  })

  test.each([4, 5, 0xffffffff, -1, 0.5])('lead to no epoch that is not earlier: %d from 4', async (to) => {
    await expectCode('USAGE', () => seal(linkPlace, to))
  })

  test('open as a way to the epoch that they name alone', async () => {
    const link = await seal(linkPlace)
    for (const to of [0, 1, 3, 4])
      await expectCode('UNAUTHENTIC', () => openBackLink({ ...link, to }, current, linkPlace))
    await expectCode('USAGE', () => openBackLink({ ...link, to: -1 }, current, linkPlace))
  })

  test('open at their own place alone, a trail’s not as a section’s', async () => {
    const codes = await matrix(linkPlaces, seal, (sealed, place) => openBackLink(sealed, current, place))
    expect(codes).toEqual(diagonal(linkPlaces.length, 'UNAUTHENTIC'))
  })

  test('do not lead forward', async () => {
    await expectCode('UNAUTHENTIC', async () => openBackLink(await seal(linkPlace), earlier, linkPlace))
  })

  test('damaged ones do not open', async () => {
    const { to, sealed } = await seal(linkPlace)
    const open = (copy: Uint8Array) => openBackLink({ to, sealed: copy }, current, linkPlace)
    expect(await codesOfDamage(sealed, open)).toEqual(['UNAUTHENTIC'])
  })

  test.each([0, 31, 33, 64])('%i bytes under the right key are no secret', async (length) => {
    const sealed = await sealBytes(
      current,
      bindPlace('backLink', backLinkPlace, { ...linkPlace, to: 2 }),
      new Uint8Array(length),
      counted(),
    )
    await expectCode('UNAUTHENTIC', () => openBackLink({ to: 2, sealed }, current, linkPlace))
  })

  test('a poisoned one shows at the commitment of the epoch before', async () => {
    const poison = { epoch: 3, secret: secret<SectionKey>(66) }
    const opened = await openBackLink(await sealBackLink(poison, current, linkPlace, counted()), current, linkPlace)
    const before = { ...sectionPlace, epoch: 3 }
    await expectCode('COMMITMENT', () => checkSectionKey(opened, sectionCommitment(earlier, before), before))
  })

  test.each(notBytes)('take no %s', async (_, value) => {
    const wrong = value as never
    await expectCode('USAGE', () => sealBackLink({ epoch: 0, secret: wrong }, current, linkPlace, counted()))
    await expectCode('USAGE', () => sealBackLink({ epoch: 0, secret: earlier }, wrong, linkPlace, counted()))
    await expectCode('USAGE', () => sealBackLink(wrong, current, linkPlace, counted()))
    await expectCode('USAGE', () => openBackLink({ to: 0, sealed: wrong }, current, linkPlace))
    await expectCode('USAGE', () => openBackLink(wrong, current, linkPlace))
    await expectCode('USAGE', () => openBackLink({ to: 0, sealed: filled(1) }, wrong, linkPlace))
  })
})

describe('record nonces', () => {
  test('are the HMAC of the reference under a derived key', () => {
    const key = hkdfSync('sha256', filled(9), '', bind('reference', []), 32)
    const expected = createHmac('sha256', new Uint8Array(key)).update('visit 7 – 林').digest()
    expect(recordNonce(secret(9), 'visit 7 – 林')).toEqual(new Uint8Array(expected))
  })

  test('are equal for equal references and secrets alone', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, unit: 'grapheme' }),
        fc.string({ minLength: 1, unit: 'grapheme' }),
        (a, b) => {
          expect(equal(recordNonce(secret(9), a), recordNonce(secret(9), b))).toBe(a === b)
          expect(equal(recordNonce(secret(9), a), recordNonce(secret(10), a))).toBe(false)
        },
      ),
      { numRuns: effort(100) },
    )
  })

  test.each([
    ['empty', ''],
    ['a lone surrogate', 'a\ud800'],
    ['a number', 7],
    ['nothing', undefined],
    ['bytes', filled(1)],
  ])('%s is no reference', async (_, ref) => {
    expect(await codeOf(() => recordNonce(secret(9), ref as string))).toBe('USAGE')
  })
})
