// Wraps: what one recipient gets, bound to the leaf that names it. Spec: docs/spec/wraps.md.
import {
  bind,
  checkWrapList,
  decodeWrapList,
  describeWrapList,
  encode,
  encodeTarget,
  encodeWrapList,
  encodeWrapRow,
  limits,
  type WrapLeaf,
  type WrapRow,
  type WrapTarget,
} from '@sealchart/protocol'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { effort } from '../../../scripts/effort.mjs'
import { systemRandom } from '../src/check.js'
import {
  type EpochKey,
  openDeviceWrap,
  openEnvelope,
  openKeys,
  openTeamWrap,
  sealDeviceWrap,
  sealTeamWrap,
  sealWrap,
  sealWraps,
  type WrapPlace,
  type WrapSecrets,
} from '../src/envelope.js'
import { sealBytes } from '../src/floe.js'
import { publicKeyOf, sealTo } from '../src/hpke.js'

import { deriveKey } from '../src/keys.js'
import type { EpochSecret, SectionKey, TrailSecret } from '../src/secrets.js'
import { ready } from '../src/sodium.js'
import { codesOfDamage, id, secret, sha256, variants } from './places.js'
import { counted, expectCode, filled, flip, notBytes } from './support.js'

const seed = filled(40)
const keyOf = (section: number, epoch: number): EpochKey => ({
  section,
  epoch,
  key: secret<SectionKey>(100 + section + 7 * epoch),
})
const keys = [keyOf(0, 2), keyOf(3, 0), keyOf(3, 1), keyOf(5, 0)]
const secrets: WrapSecrets = { card: secret<SectionKey>(114), keys, trail: secret<TrailSecret>(50) }
let place: WrapPlace
let target: WrapTarget
let row: WrapRow

beforeAll(async () => {
  await ready()
  const recipientKey = publicKeyOf(seed)
  target = {
    recipient: id(1),
    epoch: 4,
    keyHash: sha256(recipientKey),
    sequence: 9,
    link: id(2),
    what: [
      {
        grant: null,
        keys: [
          { section: 0, epoch: 2 },
          { section: 3, epoch: 1 },
        ],
        trail: 6,
      },
      {
        grant: id(3),
        keys: [
          { section: 3, epoch: 1 },
          { section: 3, epoch: 0 },
          { section: 5, epoch: 0 },
        ],
        trail: 6,
      },
      { grant: id(4), keys: [], trail: null },
    ],
  }
  place = { network: id(10), chain: id(11), target, recipientKey }
  row = await sealWrap(place, secrets, counted())
})

const at = ({ network, chain }: WrapPlace, leaf: WrapLeaf) => ({ network, chain, leaf })
const openBoth = async (where: WrapPlace, received: WrapRow) => {
  const { card, grantSecret } = await openEnvelope({ ...at(where, received.leaf), envelope: received.envelope, seed })
  return { card, ...(await openKeys({ ...at(where, received.leaf), keys: received.keys as Uint8Array, grantSecret })) }
}

/** The row with other objects, its leaf naming them: what whoever makes a wrap list can do. */
const withObjects = (envelope: Uint8Array, sealedKeys: Uint8Array | null): WrapRow => ({
  leaf: { ...row.leaf, envelope: sha256(envelope) as never, keys: (sealedKeys && sha256(sealedKeys)) as never },
  envelope,
  keys: sealedKeys,
})

describe('wraps', () => {
  test('open to exactly what was sealed, in order', async () => {
    expect(await openBoth(place, row)).toEqual(secrets)
    const shuffled = await sealWrap(place, { ...secrets, keys: keys.toReversed() }, counted())
    expect((await openBoth(place, shuffled)).keys).toEqual(keys)
  })

  test('stand in wrap lists, one by one and sealed together', async () => {
    const people = [1, 2, 3].map((n) => ({ ...target, recipient: id(60 + n) }))
    const rows = await sealWraps(
      people.map((one) => ({ place: { ...place, target: one }, secrets })),
      systemRandom,
    )
    const encoded = encodeWrapList(rows)
    const ranges = decodeWrapList(encoded)
    checkWrapList(ranges, describeWrapList(encoded, rows, 5))
    expect(ranges.map(({ row }) => row.leaf.recipient)).toEqual(people.map(({ recipient }) => recipient))
    for (const range of ranges) expect(await openBoth(place, range.row)).toEqual(secrets)
  })

  test('go by the numbers of section and epoch, however large, and may hold two epochs of the card', async () => {
    const list = [keyOf(0, 1), keyOf(0, 2), keyOf(3, 100), keyOf(4, 0)]
    const what = [{ grant: null, keys: list.map(({ section, epoch }) => ({ section, epoch })), trail: null }]
    for (const card of [keyOf(0, 1).key, keyOf(0, 2).key]) {
      const wrapped = { card, keys: list.toReversed(), trail: null }
      const opened = await openBoth(
        place,
        await sealWrap({ ...place, target: { ...target, what } }, wrapped, counted()),
      )
      expect(opened).toEqual({ ...wrapped, keys: list })
    }
  })

  test('hold any set of keys', async () => {
    const some = fc.uniqueArray(fc.tuple(fc.nat(256), fc.nat(3)), { selector: ([s, e]) => `${s}.${e}`, maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(some, fc.boolean(), async (pairs, trail) => {
        const list = pairs.map(([section, epoch]) => keyOf(section, epoch))
        const what = [
          { grant: null, keys: pairs.map(([section, epoch]) => ({ section, epoch })), trail: trail ? 1 : null },
        ]
        const card = list.find(({ section }) => section === 0)?.key ?? null
        const wrapped = { card, keys: list, trail: trail ? secret<TrailSecret>(50) : null }
        const opened = await openBoth(
          place,
          await sealWrap({ ...place, target: { ...target, what } }, wrapped, systemRandom),
        )
        const order = list.toSorted((a, b) => a.section - b.section || a.epoch - b.epoch)
        expect(opened).toEqual({ ...wrapped, keys: order })
      }),
      { numRuns: effort(20) },
    )
  })

  test('open for this recipient, chain, network and grant alone: every field swapped', async () => {
    const others = {
      recipient: id(70),
      epoch: 5,
      keyHash: filled(71),
      sequence: 10,
      link: id(72),
      what: target.what.slice(0, 2),
    }
    const { card, grantSecret } = await openEnvelope({ ...at(place, row.leaf), envelope: row.envelope, seed })
    expect(card).toEqual(secrets.card)
    const leaves = variants(target, others)
      .slice(1)
      .map((other) => ({ ...row.leaf, ...other }))
    const places = [
      ...leaves.map((leaf) => at(place, leaf)),
      at(place, { ...row.leaf, link: null }),
      at({ ...place, network: id(12) }, row.leaf),
      at({ ...place, chain: id(12) }, row.leaf),
    ]
    expect(places.length).toBe(9)
    for (const where of places) {
      await expectCode('UNAUTHENTIC', () => openEnvelope({ ...where, envelope: row.envelope, seed }))
      await expectCode('UNAUTHENTIC', () => openKeys({ ...where, keys: row.keys as Uint8Array, grantSecret }))
    }
  })

  test('open with the recipient’s seed and the envelope’s secret alone', async () => {
    await expectCode('UNAUTHENTIC', () =>
      openEnvelope({ ...at(place, row.leaf), envelope: row.envelope, seed: filled(41) }),
    )
    await expectCode('UNAUTHENTIC', () =>
      openKeys({ ...at(place, row.leaf), keys: row.keys as Uint8Array, grantSecret: secret(41) }),
    )
  })

  test('damaged objects open neither under the leaf nor under one made to fit', async () => {
    const { grantSecret } = await openEnvelope({ ...at(place, row.leaf), envelope: row.envelope, seed })
    const sealedKeys = row.keys as Uint8Array
    const envelope = (copy: Uint8Array, leaf: WrapLeaf) => openEnvelope({ ...at(place, leaf), envelope: copy, seed })
    const section = (copy: Uint8Array, leaf: WrapLeaf) => openKeys({ ...at(place, leaf), keys: copy, grantSecret })
    expect(await codesOfDamage(row.envelope, (copy) => envelope(copy, row.leaf), 13)).toEqual(['UNAUTHENTIC'])
    expect(await codesOfDamage(row.envelope, (copy) => envelope(copy, withObjects(copy, sealedKeys).leaf), 13)).toEqual(
      ['UNAUTHENTIC'],
    )
    expect(await codesOfDamage(sealedKeys, (copy) => section(copy, row.leaf), 3)).toEqual(['UNAUTHENTIC'])
    expect(await codesOfDamage(sealedKeys, (copy) => section(copy, withObjects(row.envelope, copy).leaf))).toEqual([
      'UNAUTHENTIC',
    ])
  })

  test('a leaf without section keys opens none', async () => {
    const { grantSecret } = await openEnvelope({ ...at(place, row.leaf), envelope: row.envelope, seed })
    const leaf = { ...row.leaf, keys: null }
    await expectCode('UNAUTHENTIC', () => openKeys({ ...at(place, leaf), keys: row.keys as Uint8Array, grantSecret }))
  })
})

describe('a dishonest maker of wraps', () => {
  const grantSecret = filled(80)
  const target0 = () => [place.network, place.chain, encodeTarget(target)] as const
  const envelopeOf = (content: Uint8Array) =>
    sealTo(place.recipientKey, { info: bind('envelope', target0()), aad: new Uint8Array() }, content, systemRandom)
  const keysOf = (content: Uint8Array) =>
    sealBytes(deriveKey(grantSecret, bind('grantKeys', [])), bind('sectionKeys', target0()), content, systemRandom)
  const listOf = (list: readonly EpochKey[]) => list.map(({ section, epoch, key }) => [section, epoch, key])

  test('can make what an honest one makes', async () => {
    const made = withObjects(
      envelopeOf(encode([secrets.card, grantSecret])),
      await keysOf(encode([listOf(keys), secrets.trail])),
    )
    expect(await openBoth(place, made)).toEqual(secrets)
  })

  const lists: [string, () => Uint8Array][] = [
    ['a key too few', () => encode([listOf(keys.slice(1)), secrets.trail])],
    ['a key too many', () => encode([listOf([...keys, keyOf(6, 0)]), secrets.trail])],
    ['a key twice', () => encode([listOf([...keys, keyOf(5, 0)]), secrets.trail])],
    ['another epoch', () => encode([listOf([...keys.slice(0, 3), keyOf(5, 1)]), secrets.trail])],
    ['another order', () => encode([listOf(keys.toReversed()), secrets.trail])],
    ['no trail secret', () => encode([listOf(keys), null])],
  ]
  test.each(lists)('%s contradicts the leaf', async (_, content) => {
    const made = withObjects(row.envelope, await keysOf(content()))
    await expectCode('COMMITMENT', () =>
      openKeys({ ...at(place, made.leaf), keys: made.keys as Uint8Array, grantSecret: secret(80) }),
    )
  })

  const contents: [string, () => Uint8Array][] = [
    ['a short key', () => encode([[[0, 2, filled(1, 31)]], null])],
    ['a key in hexadecimal', () => encode([[[0, 2, '00'.repeat(32)]], null])],
    ['a section beyond the last', () => encode([[[257, 2, filled(1)]], null])],
    ['a third field', () => encode([listOf(keys), secrets.trail, 1])],
    ['trailing bytes', () => Uint8Array.of(...encode([listOf(keys), secrets.trail]), 0)],
    ['nothing', () => new Uint8Array(0)],
  ]
  test.each(contents)('%s does not open', async (_, content) => {
    const made = withObjects(row.envelope, await keysOf(content()))
    await expectCode('UNAUTHENTIC', () =>
      openKeys({ ...at(place, made.leaf), keys: made.keys as Uint8Array, grantSecret: secret(80) }),
    )
  })

  test('objects that open, but are not those that the leaf names, are refused', async () => {
    const other = await sealWrap(place, secrets, counted(8))
    await expectCode('UNAUTHENTIC', () => openEnvelope({ ...at(place, row.leaf), envelope: other.envelope, seed }))
    const content = encode([listOf(keys), secrets.trail])
    const [one, two] = [await keysOf(content), await keysOf(content)]
    const { leaf } = withObjects(row.envelope, one)
    await openKeys({ ...at(place, leaf), keys: one, grantSecret: secret(80) })
    await expectCode('UNAUTHENTIC', () => openKeys({ ...at(place, leaf), keys: two, grantSecret: secret(80) }))
  })

  test('an envelope without the card that its leaf names contradicts it', async () => {
    const made = withObjects(envelopeOf(encode([null, grantSecret])), row.keys)
    await expectCode('COMMITMENT', () => openEnvelope({ ...at(place, made.leaf), envelope: made.envelope, seed }))
  })

  test.each([
    ['a short secret', () => encode([null, filled(1, 31)])],
    ['no structure', () => filled(1, 64)],
  ] as [string, () => Uint8Array][])('an envelope with %s does not open', async (_, content) => {
    const made = withObjects(envelopeOf(content()), row.keys)
    await expectCode('UNAUTHENTIC', () => openEnvelope({ ...at(place, made.leaf), envelope: made.envelope, seed }))
  })
})

describe('sealing refuses', () => {
  const cases: [string, Partial<WrapSecrets>][] = [
    ['a missing key', { keys: keys.slice(0, 3) }],
    ['a key that the leaf does not name', { keys: [...keys, keyOf(9, 9)] }],
    ['a key twice', { keys: [...keys, keyOf(5, 0)] }],
    ['a card’s key that is not section 0’s', { card: secret<SectionKey>(1) }],
    ['no card’s key where the leaf names one', { card: null }],
    ['no trail secret where the leaf names one', { trail: null }],
  ]
  test.each(cases)('%s', async (_, change) => {
    await expectCode('USAGE', () => sealWrap(place, { ...secrets, ...change }, counted()))
  })

  test('two trail epochs in one wrap, for one secret could not be both', async () => {
    const what = target.what.map((one, i) => ({ ...one, trail: i }))
    await expectCode('USAGE', () => sealWrap({ ...place, target: { ...target, what } }, secrets, counted()))
  })

  test('a trail secret that no grant names', async () => {
    const what = target.what.map((one) => ({ ...one, trail: null }))
    await expectCode('USAGE', () => sealWrap({ ...place, target: { ...target, what } }, secrets, counted()))
  })

  test('another recipient’s key before anything is sealed', async () => {
    const recipientKey = publicKeyOf(filled(41))
    const draws: number[] = []
    const watched = (length: number) => {
      draws.push(length)
      return filled(draws.length, length)
    }
    await expectCode('USAGE', () => sealWrap({ ...place, recipientKey }, secrets, watched))
    await expectCode('USAGE', () => sealDeviceWrap({ ...place, recipientKey }, secret<EpochSecret>(1), watched))
    expect(draws.filter((length) => length === 64)).toEqual([])
  })

  test('keys that are no X-Wing public keys, an expanded ML-KEM key among them', async () => {
    for (const recipientKey of [
      filled(1, 2400),
      filled(1, 1184),
      place.recipientKey.with(0, 255).with(1, 255),
      new Uint8Array(0),
    ]) {
      const other = { ...place, recipientKey, target: { ...target, keyHash: sha256(recipientKey) } }
      await expectCode('KEY_FORMAT', () => sealWrap(other, secrets, counted()))
      await expectCode('KEY_FORMAT', () => sealDeviceWrap(other, secret<EpochSecret>(1), counted()))
    }
  })

  test('rows beyond 32 KiB, and none below', async () => {
    const grants = (count: number) => ({
      ...target,
      what: [...target.what, ...Array.from({ length: count }, (_, i) => ({ grant: id(i), keys: [], trail: null }))],
    })
    let most = 0
    for (let step = 512; step >= 1; step /= 2) {
      const fits = await sealWrap({ ...place, target: grants(most + step) }, secrets, counted()).catch(() => null)
      if (fits) most += step
    }
    const largest = await sealWrap({ ...place, target: grants(most) }, secrets, counted())
    expect(encodeWrapRow(largest).length).toBeLessThanOrEqual(limits.wrapRow)
    expect(encodeWrapRow(largest).length).toBeGreaterThan(limits.wrapRow - 60)
    await expectCode('LIMIT', () => sealWrap({ ...place, target: grants(most + 1) }, secrets, counted()))
  })

  test.each(notBytes)('%s for bytes', async (_, value) => {
    const wrong = value as never
    for (const use of [
      () => sealWrap({ ...place, network: wrong }, secrets, counted()),
      () => sealWrap({ ...place, chain: wrong }, secrets, counted()),
      () => sealWrap({ ...place, recipientKey: wrong }, secrets, counted()),
      () => sealWrap({ ...place, target: { ...target, recipient: wrong } }, secrets, counted()),
      () => sealDeviceWrap(place, wrong, counted()),
      () => openEnvelope({ ...at(place, row.leaf), envelope: wrong, seed }),
      () => openEnvelope({ ...at(place, row.leaf), envelope: row.envelope, seed: wrong }),
      () => openKeys({ ...at(place, row.leaf), keys: wrong, grantSecret: secret(1) }),
      () => openKeys({ ...at(place, row.leaf), keys: row.keys as Uint8Array, grantSecret: wrong }),
    ]) {
      await expectCode('USAGE', use)
    }
  })
})

describe('device wraps', () => {
  const secretOfEpoch = secret<EpochSecret>(90)

  test('give a device its member’s secret, and have no second object', async () => {
    const wrapped = await sealDeviceWrap(place, secretOfEpoch, counted())
    expect(wrapped.keys).toBeNull()
    expect(wrapped.leaf.keys).toBeNull()
    expect(await openDeviceWrap({ ...at(place, wrapped.leaf), envelope: wrapped.envelope, seed })).toEqual(
      secretOfEpoch,
    )
  })

  test('are no envelopes, and envelopes no device wraps', async () => {
    const wrapped = await sealDeviceWrap(place, secretOfEpoch, counted())
    await expectCode('UNAUTHENTIC', () =>
      openEnvelope({ ...at(place, wrapped.leaf), envelope: wrapped.envelope, seed }),
    )
    await expectCode('UNAUTHENTIC', () => openDeviceWrap({ ...at(place, row.leaf), envelope: row.envelope, seed }))
  })

  test('open at their place alone, and not when damaged', async () => {
    const wrapped = await sealDeviceWrap(place, secretOfEpoch, counted())
    const { envelope } = wrapped
    for (const where of [
      at({ ...place, network: id(12) }, wrapped.leaf),
      at({ ...place, chain: id(12) }, wrapped.leaf),
      at(place, { ...wrapped.leaf, recipient: id(12) }),
    ]) {
      await expectCode('UNAUTHENTIC', () => openDeviceWrap({ ...where, envelope, seed }))
    }
    for (const bit of [0, 8 * 1120, 8 * envelope.length - 1]) {
      const copy = flip(envelope, bit)
      const leaf = { ...wrapped.leaf, envelope: sha256(copy) as never }
      await expectCode('UNAUTHENTIC', () => openDeviceWrap({ ...at(place, leaf), envelope: copy, seed }))
    }
  })

  test.each([0, 31, 33])('%i bytes are no secret', async (length) => {
    const info = bind('deviceWrap', [place.network, place.chain, encodeTarget(target)])
    const envelope = sealTo(place.recipientKey, { info, aad: new Uint8Array() }, filled(1, length), counted())
    const { leaf } = withObjects(envelope, null)
    await expectCode('UNAUTHENTIC', () => openDeviceWrap({ ...at(place, leaf), envelope, seed }))
  })
})

describe('team wraps', () => {
  const secretOfTeam = secret<EpochSecret>(91)
  const one = { grant: null, keys: [{ section: 0, epoch: 3 }], trail: null }
  const ofTeam = (what: WrapTarget['what'] = [one]): WrapPlace => ({ ...place, target: { ...target, what } })

  test('give a member her team’s secret, and have no second object', async () => {
    const wrapped = await sealTeamWrap(ofTeam(), secretOfTeam, counted())
    expect(wrapped.keys).toBeNull()
    expect(wrapped.leaf.keys).toBeNull()
    expect(await openTeamWrap({ ...at(place, wrapped.leaf), envelope: wrapped.envelope, seed })).toEqual(secretOfTeam)
  })

  test.each<[string, WrapTarget['what']]>([
    ['nothing', []],
    ['two epochs', [{ ...one, keys: [...one.keys, { section: 1, epoch: 0 }] }]],
    ['two grants', [one, { ...one, grant: id(3) }]],
    ['no epoch', [{ ...one, keys: [] }]],
    ['a section', [{ ...one, keys: [{ section: 1, epoch: 3 }] }]],
    ['a grant', [{ ...one, grant: id(3) }]],
    ['a trail', [{ ...one, trail: 0 }]],
  ])('name one epoch: not %s', async (_, what) => {
    await expectCode('USAGE', () => sealTeamWrap(ofTeam(what), secretOfTeam, counted()))
    const wrapped = await sealTeamWrap(ofTeam(), secretOfTeam, counted())
    const leaf = { ...wrapped.leaf, what }
    // The target is what the envelope is bound to: another one does not open it.
    await expectCode('UNAUTHENTIC', () => openTeamWrap({ ...at(place, leaf), envelope: wrapped.envelope, seed }))
    const card = what.some((grant) => grant.keys.some(({ section }) => section === 0)) ? secret<SectionKey>(91) : null
    const known = new Map(what.flatMap(({ keys: all }) => all.map((key) => [`${key.section}/${key.epoch}`, key])))
    const made = [...known.values()].map((key) => ({ ...key, key: secret<SectionKey>(91) }))
    const trail = what.some((grant) => grant.trail !== null) ? secret<TrailSecret>(50) : null
    const sealed = await sealWrap(ofTeam(what), { card, keys: made, trail }, counted())
    await expectCode('COMMITMENT', () => openTeamWrap({ ...at(place, sealed.leaf), envelope: sealed.envelope, seed }))
  })

  test('are no record’s wraps, nor these a team’s', async () => {
    const key = { section: 0, epoch: 3, key: secret<SectionKey>(92) }
    const ofRecord = await sealWrap(ofTeam(), { card: key.key, keys: [key], trail: null }, counted())
    // The same target: only that a team's wrap has no second object tells them apart.
    const received = { ...at(place, ofRecord.leaf), envelope: ofRecord.envelope, seed }
    await expectCode('COMMITMENT', () => openTeamWrap(received))
    await expectCode('UNAUTHENTIC', () => openDeviceWrap({ ...received, leaf: { ...ofRecord.leaf, keys: null } }))
  })

  test('open at their place alone, for their recipient, and not when damaged', async () => {
    const wrapped = await sealTeamWrap(ofTeam(), secretOfTeam, counted())
    const { envelope } = wrapped
    for (const where of [
      at({ ...place, network: id(12) }, wrapped.leaf),
      at({ ...place, chain: id(12) }, wrapped.leaf),
      at(place, { ...wrapped.leaf, recipient: id(12) }),
      at(place, { ...wrapped.leaf, what: [{ ...one, keys: [{ section: 0, epoch: 4 }] }] }),
    ])
      await expectCode('UNAUTHENTIC', () => openTeamWrap({ ...where, envelope, seed }))
    await expectCode('UNAUTHENTIC', () => openTeamWrap({ ...at(place, wrapped.leaf), envelope, seed: filled(41) }))
    for (const bit of [0, 8 * 1120, 8 * envelope.length - 1]) {
      const copy = flip(envelope, bit)
      const leaf = { ...wrapped.leaf, envelope: sha256(copy) as never }
      await expectCode('UNAUTHENTIC', () => openTeamWrap({ ...at(place, leaf), envelope: copy, seed }))
    }
  })

  test('refuse another key than the target’s, and what is no secret', async () => {
    await expectCode('USAGE', () =>
      sealTeamWrap({ ...ofTeam(), recipientKey: publicKeyOf(filled(41)) }, secretOfTeam, counted()),
    )
    for (const [, wrong] of notBytes) await expectCode('USAGE', () => sealTeamWrap(ofTeam(), wrong as never, counted()))
    for (const length of [31, 33])
      await expectCode('USAGE', () => sealTeamWrap(ofTeam(), filled(1, length) as never, counted()))
  })
})
