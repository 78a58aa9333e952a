// A new device and an older one at a meeting: what each can read, and what whoever else is there can make of it. Spec: docs/spec/devices.md.
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { bind, encode, limits, utf8 } from '@sealchart/protocol'
import { beforeAll, describe, expect, test } from 'vitest'
import { sealBytes } from '../src/floe.js'
import { type Device, deviceFromSeed } from '../src/keys.js'
import {
  type Invitation,
  type Meeting,
  meetingPlace,
  type Offer,
  offerCode,
  openConsent,
  openInvitation,
  openOffer,
  sealConsent,
  sealInvitation,
  sealOffer,
} from '../src/offer.js'
import { ready } from '../src/sodium.js'
import { codesOfDamage, id, secret } from './places.js'
import { counted, expectCode, filled, flip } from './support.js'

const network = id(1)
let phone: Device
let offer: Offer
let meeting: Meeting
const invitation: Invitation = {
  member: id(2),
  pins: { tree: { size: 9, root: id(3) as never }, chains: [{ chain: id(2), sequence: 4, link: id(4) }] },
}
const proof = filled(5, 64)
const random = counted()
/** An offer's encoding, made apart from the package. */
const encodeOffer = ({ keys, salt }: Offer): Uint8Array => encode([[keys.sign, keys.box], salt])

beforeAll(async () => {
  await ready()
  phone = deviceFromSeed(secret(6))
  offer = { keys: phone.keys, salt: filled(7, 16) }
  meeting = { network, code: offerCode(offer, network) }
})

describe('a code', () => {
  test('is 20 bytes, and another one for each network, key and salt', () => {
    const other = deviceFromSeed(secret(8)).keys
    const codes = [
      meeting.code,
      offerCode(offer, id(9)),
      offerCode({ ...offer, salt: filled(10, 16) }, network),
      offerCode({ ...offer, keys: { ...offer.keys, sign: other.sign } }, network),
      offerCode({ ...offer, keys: { ...offer.keys, box: other.box } }, network),
    ]
    expect(codes.map(({ length }) => length)).toEqual(Array(5).fill(20))
    expect(new Set(codes.map(String)).size).toBe(5)
    expect(offerCode(offer, network)).toEqual(meeting.code)
  })

  test('leads to a place in its network, and no place to a code', () => {
    const place = meetingPlace(meeting)
    expect(place).toHaveLength(32)
    expect(place).not.toEqual(meetingPlace({ ...meeting, network: id(9) }))
    expect(place).not.toEqual(meetingPlace({ ...meeting, code: flip(meeting.code, 0) }))
    expect(Buffer.from(place).includes(Buffer.from(meeting.code.subarray(0, 8)))).toBe(false)
  })
})

describe('messages at a meeting', () => {
  const sealed = async () => ({
    offer: await sealOffer(offer, network, random),
    invitation: await sealInvitation(invitation, phone.keys.box, meeting, random),
    consent: await sealConsent(proof, meeting, random),
  })

  test('are read by those who have the code', async () => {
    const made = await sealed()
    expect(await openOffer(made.offer, meeting)).toEqual(phone.keys)
    expect(await openInvitation(made.invitation, phone.boxSeed, meeting)).toEqual(invitation)
    expect(await openConsent(made.consent, meeting)).toEqual(proof)
    for (const { length } of Object.values(made)) expect(length).toBeLessThan(limits.meeting)
  })

  test('open under no other code, in no other network, and in nobody else’s place', async () => {
    const made = await sealed()
    const elsewhere = [
      { ...meeting, network: id(9) },
      ...[0, 77, 159].map((bit) => ({ ...meeting, code: flip(meeting.code, bit) })),
    ]
    for (const other of elsewhere) {
      await expectCode('UNAUTHENTIC', () => openOffer(made.offer, other))
      await expectCode('UNAUTHENTIC', () => openInvitation(made.invitation, phone.boxSeed, other))
      await expectCode('UNAUTHENTIC', () => openConsent(made.consent, other))
    }
    const all = Object.entries(made)
    for (const [name, message] of all) {
      if (name !== 'offer') await expectCode('UNAUTHENTIC', () => openOffer(message, meeting))
      if (name !== 'invitation') await expectCode('UNAUTHENTIC', () => openInvitation(message, phone.boxSeed, meeting))
      if (name !== 'consent') await expectCode('UNAUTHENTIC', () => openConsent(message, meeting))
    }
  })

  test('open undamaged alone', async () => {
    const made = await sealed()
    const codes = await Promise.all([
      codesOfDamage(made.offer, (copy) => openOffer(copy, meeting), 97),
      codesOfDamage(made.invitation, (copy) => openInvitation(copy, phone.boxSeed, meeting), 97),
      codesOfDamage(made.consent, (copy) => openConsent(copy, meeting), 13),
    ])
    expect(codes).toEqual(Array(3).fill(['UNAUTHENTIC']))
  })

  test('who has read the code puts no other keys in their place', async () => {
    // As the code's own offer is sealed, but of another device.
    const key = hkdf(sha256, meeting.code, undefined, bind('offerKey', [network, 'offer']), 32)
    const under = (content: Uint8Array) => sealBytes(key, bind('offer', [network, 'offer']), content, random)
    const thief = { keys: deviceFromSeed(secret(11)).keys, salt: offer.salt }
    expect(await openOffer(await under(encodeOffer(offer)), meeting)).toEqual(phone.keys)
    await expectCode('UNAUTHENTIC', async () => openOffer(await under(encodeOffer(thief)), meeting))
    await expectCode('UNAUTHENTIC', async () =>
      openOffer(await under(encodeOffer({ ...offer, salt: filled(12, 16) })), meeting),
    )
    await expectCode('UNAUTHENTIC', async () => openOffer(await under(utf8('no offer')), meeting))
  })

  test('who has read the code does not read the invitation', async () => {
    const made = await sealed()
    const thief = deviceFromSeed(secret(11))
    await expectCode('UNAUTHENTIC', () => openInvitation(made.invitation, thief.boxSeed, meeting))
  })

  test('hold what they are for, and nothing longer', async () => {
    const chains = (count: number) => Array.from({ length: count }, () => invitation.pins.chains[0] as never)
    const pinned = (count: number) => ({ member: id(2), pins: { tree: null, chains: chains(count) } })
    const most = await sealInvitation(pinned(128), phone.keys.box, meeting, random)
    expect(most.length).toBeLessThanOrEqual(limits.meeting)
    expect((await openInvitation(most, phone.boxSeed, meeting)).pins.chains).toHaveLength(128)
    await expectCode('USAGE', () => sealInvitation(pinned(129), phone.keys.box, meeting, random))
    await expectCode('USAGE', () => sealConsent(filled(5, 63), meeting, random))
    await expectCode('USAGE', () => openConsent(filled(5), { ...meeting, code: meeting.code.subarray(1) }))
    await expectCode('USAGE', () => sealOffer({ ...offer, salt: filled(7, 15) }, network, random))
  })
})
