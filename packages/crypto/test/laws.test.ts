// Laws of every function that the package exports, over generated inputs: round trips, refusals, arithmetic, keys and their halves.

import { encodeNoteKey, noteKey, ready as verifierReady, verify } from '@sealchart/protocol'
import fc from 'fast-check'
import { beforeAll, expect } from 'vitest'
import { effort } from '../../../scripts/effort.mjs'
import { type Law, obey } from '../../protocol/test/laws.js'
import * as crypto from '../src/index.js'
import { id as idOf, sha256 } from './places.js'
import { codeOf, counted, flip } from './support.js'

const runs = (ci: number) => ({ numRuns: effort(ci) })
const bytes = (maxLength = 200) => fc.uint8Array({ maxLength }).map((made) => new Uint8Array(made))
const id = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((made) => made as Uint8Array as never)
const bit = fc.nat()
const epoch = fc.nat(0xffffffff)
const section = fc.nat(256)
const recordPlace = fc.record({ network: id, record: id, epoch })
const fileId = fc.uint8Array({ minLength: 16, maxLength: 16 })
const line = fc.string({ maxLength: 20 })
const some = line.filter((text) => text.length > 0)
const random = crypto.systemRandom
const bent = (given: Uint8Array, at: number) => flip(given, at % (8 * given.length))
const hex = (given: Uint8Array) => Buffer.from(given).toString('hex')

/** What opens at its place with its key, and neither with a changed bit, nor with another key, nor elsewhere. */
async function opensOnlyAsSealed<P extends object>(
  given: {
    readonly content: unknown
    readonly sealed: Uint8Array
    readonly key: Uint8Array
    readonly place: P
    readonly elsewhere: P
    readonly at: number
  },
  open: (sealed: Uint8Array, key: never, place: P) => unknown,
): Promise<void> {
  const { content, sealed, key, place, elsewhere, at } = given
  expect(await open(sealed, key as never, place)).toEqual(content)
  for (const action of [
    () => open(bent(sealed, at), key as never, place),
    () => open(sealed, bent(key, at) as never, place),
    () => open(sealed, key as never, elsewhere),
    () => open(sealed.subarray(0, at % sealed.length), key as never, place),
  ])
    expect(await codeOf(action)).toBe('UNAUTHENTIC')
}

const cards = fc.record({
  title: some,
  patient: fc.option(
    fc.record({
      name: some,
      born: fc.constantFrom(null, '1950', '1950-12', '1950-12-31'),
      ids: fc.array(fc.record({ system: some, value: some }), { maxLength: 3 }),
    }),
  ),
  author: line,
  date: fc.maxSafeNat(),
  category: line,
  sections: fc
    .uniqueArray(fc.integer({ min: 1, max: 256 }), { maxLength: 5 })
    .map((ids) => ids.toSorted((a, b) => a - b).map((one) => ({ id: one, name: `s${one}` }))),
})
const fileName = some.filter((name) => !/[/\\]/.test(name) && name !== '.' && name !== '..')
const headers = fc.record({
  fileKey: id,
  name: fileName,
  mediaType: line,
  length: fc.maxSafeNat(),
  modified: fc.option(fc.maxSafeNat()),
  path: fc.array(fileName, { maxLength: 3 }).map((folders) => folders.join('/')),
})
const notes = fc.record({
  kind: fc.constantFrom('purpose' as const, 'reason' as const, 'note' as const),
  text: fc.array(line, { maxLength: 4 }).map((lines) => lines.join('\n')),
})

beforeAll(async () => {
  await Promise.all([crypto.ready(), verifierReady()])
})

const laws: readonly Law[] = [
  {
    says: 'Padmé never shrinks, never goes back, costs at most 12 % and has one padded length',
    of: ['paddedLength', 'checkPaddedLength', 'checkPadding'],
    check() {
      const lengths = fc.oneof(fc.nat(5000), fc.integer({ min: 0, max: 2 ** 52 - 1 }))
      return fc.assert(
        fc.asyncProperty(lengths, fc.nat(3), fc.nat(399), async (length, off, place) => {
          const padded = crypto.paddedLength(length)
          expect(padded).toBeGreaterThanOrEqual(length)
          expect(padded).toBeLessThanOrEqual(length * 1.12)
          expect(crypto.paddedLength(padded)).toBe(padded)
          expect(crypto.paddedLength(length + 1)).toBeGreaterThanOrEqual(padded)
          const other = await codeOf(() => crypto.checkPaddedLength(length, padded + off))
          expect(other).toBe(off === 0 ? 'accepted' : 'PADDING')
          const zeros = new Uint8Array(400)
          expect(await codeOf(() => crypto.checkPadding(zeros))).toBe('accepted')
          expect(await codeOf(() => crypto.checkPadding(zeros.with(place, 1)))).toBe('PADDING')
        }),
        runs(300),
      )
    },
  },
  {
    says: 'the lengths of FLOE are inverse to each other, and those of what is sealed',
    of: ['payloadLength', 'segmentCount', 'sealedLength', 'sealBytes', 'openBytes'],
    check() {
      const lengths = fc.tuple(fc.integer({ min: 33, max: 4096 }), fc.nat(2 ** 30))
      fc.assert(
        fc.property(lengths, ([segmentLength, length]) => {
          const parameters = { segmentLength, rotationBits: 20 }
          const most = crypto.payloadLength(parameters)
          const count = crypto.segmentCount(length, parameters)
          expect(most).toBe(segmentLength - 32)
          expect(count * most).toBeGreaterThanOrEqual(length)
          expect((count - 1) * most).toBeLessThan(Math.max(length, 1))
          const sealed = crypto.sealedLength(length, parameters)
          expect(sealed).toBe(74 + length + 32 * count)
          // From what is sealed alone: as many segments, and so the plaintext's length.
          expect(Math.ceil((sealed - 74) / segmentLength)).toBe(count)
          expect(crypto.sealedLength(length + 1, parameters)).toBeGreaterThan(sealed)
        }),
        runs(500),
      )
      const content = fc.oneof(
        bytes(),
        fc.constantFrom(65_503, 65_504, 65_505, 131_009).map((length) => new Uint8Array(length).fill(7)),
      )
      return fc.assert(
        fc.asyncProperty(id, bytes(30), content, bit, async (key, aad, plaintext, at) => {
          const sealed = await crypto.sealBytes(key, aad, plaintext, random)
          expect(sealed.length).toBe(crypto.sealedLength(plaintext.length, crypto.SMALL))
          expect(hex(await crypto.openBytes(key, aad, sealed))).toBe(hex(plaintext))
          expect(['UNAUTHENTIC', 'COMMITMENT']).toContain(
            await codeOf(() => crypto.openBytes(key, aad, bent(sealed, at))),
          )
          const other = Uint8Array.of(...aad, 0)
          expect(await codeOf(() => crypto.openBytes(key, other, sealed))).toBe('COMMITMENT')
          expect(await codeOf(() => crypto.openBytes(bent(key, at), aad, sealed))).toBe('COMMITMENT')
        }),
        runs(60),
      )
    },
  },
  {
    says: 'segments in any order are those in order, each opens at its own place, and each can be made again',
    of: ['startSealing', 'resumeSealing', 'startOpening', 'joinSegment', 'nameSegment', 'segmentIv'],
    check() {
      const parameters = { segmentLength: 64, rotationBits: 1 }
      const object = fc
        .tuple(
          bytes(300).filter((made) => made.length > 0),
          fc.infiniteStream(fc.nat()),
        )
        .map(([content, keys]) => {
          const count = crypto.segmentCount(content.length, parameters)
          const order = Array.from({ length: count }, (_, i) => ({ i, by: keys.next().value as number }))
          return { content, count, order: order.toSorted((a, b) => a.by - b.by).map(({ i }) => i) }
        })
      return fc.assert(
        fc.asyncProperty(id, bytes(20), object, bit, async (key, aad, { content, count, order }, at) => {
          const sealing = crypto.startSealing(key, aad, { parameters, random: counted() })
          const resumed = crypto.resumeSealing(key, aad, sealing.header, { parameters, random: counted(2) })
          const opening = crypto.startOpening(key, aad, sealing.header, parameters)
          for (const position of order) {
            const last = position === count - 1
            const piece = content.subarray(32 * position, 32 * position + 32)
            const segment = await sealing.sealSegment(piece, position, last)
            await sealing.verifySegment(segment, piece, position, last)
            const joined = crypto.joinSegment(segment)
            const name = await crypto.nameSegment(segment)
            expect(name).toEqual(sha256(joined))
            const recorded = { iv: crypto.segmentIv(segment), name }
            const again = await resumed.resealSegment(piece, position, last, recorded)
            expect(crypto.joinSegment(again)).toEqual(joined)
            const changed = () => resumed.resealSegment(bent(piece, at), position, last, recorded)
            expect(await codeOf(changed)).toBe('SOURCE_CHANGED')
            expect(hex(await opening.openSegment(joined, position, last))).toBe(hex(piece))
            for (const wrong of [
              () => opening.openSegment(bent(joined, at), position, last),
              () => opening.openSegment(joined, position + 1, last),
              () => opening.openSegment(joined, position, !last),
            ])
              expect(await codeOf(wrong)).toBe('UNAUTHENTIC')
          }
        }),
        runs(60),
      )
    },
  },
  {
    says: 'what is sealed to a public key opens with its seed, and with nothing else',
    of: ['publicKeyOf', 'sealTo', 'openWith'],
    check() {
      return fc.assert(
        fc.asyncProperty(id, bytes(20), bytes(20), bytes(), bit, async (seed, info, aad, plaintext, at) => {
          const key = crypto.publicKeyOf(seed)
          expect(crypto.publicKeyOf(seed)).toEqual(key)
          const sealed = crypto.sealTo(key, { info, aad }, plaintext, random)
          expect(sealed.length).toBe(plaintext.length + crypto.HPKE_OVERHEAD)
          expect(hex(crypto.openWith(seed, { info, aad }, sealed))).toBe(hex(plaintext))
          for (const wrong of [
            () => crypto.openWith(seed, { info, aad }, bent(sealed, at)),
            () => crypto.openWith(bent(seed, at), { info, aad }, sealed),
            () => crypto.openWith(seed, { info: Uint8Array.of(...info, 0), aad }, sealed),
            () => crypto.openWith(seed, { info, aad: Uint8Array.of(...aad, 0) }, sealed),
          ])
            expect(await codeOf(wrong)).toBe('UNAUTHENTIC')
        }),
        runs(40),
      )
    },
  },
  {
    says: 'public halves follow from secrets and places alone, and a secret is checked against exactly its own',
    of: [
      'deviceFromSeed',
      'memberEpochKeys',
      'trailKeys',
      'sectionCommitment',
      'checkSectionKey',
      'checkTrailSecret',
      'checkEpochSecret',
      'recordNonce',
    ],
    check() {
      return fc.assert(
        fc.asyncProperty(
          id,
          recordPlace,
          section,
          bytes(),
          bit,
          some,
          async (secret, place, number, message, at, ref) => {
            const device = crypto.deviceFromSeed(secret)
            expect(crypto.deviceFromSeed(secret).id).toEqual(device.id)
            expect(crypto.publicKeyOf(device.boxSeed)).toEqual(device.keys.box)
            expect(verify(device.keys.sign, message, await device.sign(message))).toBe(true)
            const { network, record: member } = place
            const memberPlace = { network, member, epoch: place.epoch }
            const member0 = crypto.memberEpochKeys(secret, memberPlace)
            const trail = crypto.trailKeys(secret, place)
            for (const keys of [member0, trail]) expect(crypto.publicKeyOf(keys.seed)).toEqual(keys.key)
            expect(hex(member0.key)).not.toBe(hex(trail.key))
            const sectionPlace = { ...place, section: number }
            const commitment = crypto.sectionCommitment(secret, sectionPlace)
            const wrong = bent(secret, at) as never
            const elsewhere = { ...place, record: bent(place.record, at) as never }
            for (const [due, check] of [
              ['accepted', () => crypto.checkSectionKey(secret, commitment, sectionPlace)],
              ['accepted', () => crypto.checkTrailSecret(secret, trail.key, place)],
              ['accepted', () => crypto.checkEpochSecret(secret, member0.key, memberPlace)],
              ['COMMITMENT', () => crypto.checkSectionKey(wrong, commitment, sectionPlace)],
              ['COMMITMENT', () => crypto.checkTrailSecret(wrong, trail.key, place)],
              ['COMMITMENT', () => crypto.checkEpochSecret(wrong, member0.key, memberPlace)],
              ['COMMITMENT', () => crypto.checkSectionKey(secret, bent(commitment, at), sectionPlace)],
              ['COMMITMENT', () => crypto.checkSectionKey(secret, commitment, { ...elsewhere, section: number })],
              ['COMMITMENT', () => crypto.checkTrailSecret(secret, trail.key, elsewhere)],
            ] as const)
              expect(await codeOf(check)).toBe(due)
            expect(crypto.recordNonce(secret, ref)).toEqual(crypto.recordNonce(secret, ref))
            expect(hex(crypto.recordNonce(secret, ref))).not.toBe(hex(crypto.recordNonce(secret, `${ref}x`)))
            expect(hex(crypto.recordNonce(secret, ref))).not.toBe(hex(crypto.recordNonce(wrong, ref)))
          },
        ),
        runs(25),
      )
    },
  },
  {
    says: 'names of devices, and what devices leave each other at a meeting, open as they were sealed, and only so',
    of: [
      'sealDeviceNames',
      'openDeviceNames',
      'offerCode',
      'meetingPlace',
      'sealOffer',
      'openOffer',
      'sealInvitation',
      'openInvitation',
      'sealConsent',
      'openConsent',
    ],
    check() {
      const names = fc.array(fc.record({ device: id, name: some }), { maxLength: 5 })
      const numbers = fc.record({ size: fc.maxSafeNat(), root: id })
      const chains = fc.array(fc.record({ chain: id, sequence: fc.maxSafeNat(), link: id }), { maxLength: 5 })
      const invitations = fc.record({ member: id, pins: fc.record({ tree: fc.option(numbers), chains }) })
      return fc.assert(
        fc.asyncProperty(id, recordPlace, names, invitations, bit, async (key, given, named, invitation, at) => {
          const { network, record: member, epoch } = given
          const place = { network, member, epoch }
          const elsewhere = { ...place, member: bent(member, at) as never }
          const list = await crypto.sealDeviceNames(named, key, place, random)
          const names0 = { key: key as Uint8Array, at, place, elsewhere, content: named, sealed: list }
          await opensOnlyAsSealed(names0, crypto.openDeviceNames)
          const device = crypto.deviceFromSeed(key)
          const offer = { keys: device.keys, salt: new Uint8Array(member).subarray(0, 16) }
          const code = crypto.offerCode(offer, network)
          const other = { network: bent(network, at) as never, code }
          expect(hex(crypto.offerCode(offer, other.network))).not.toBe(hex(code))
          expect(hex(crypto.meetingPlace({ network, code }))).not.toBe(hex(crypto.meetingPlace(other)))
          const under = { key: code, at, place: network, elsewhere: other.network }
          const offered = await crypto.sealOffer(offer, network, random)
          await opensOnlyAsSealed({ ...under, content: offer.keys, sealed: offered }, (sealed, by, of) =>
            crypto.openOffer(sealed, { network: of, code: by }),
          )
          const invited = await crypto.sealInvitation(invitation, device.keys.box, { network, code }, random)
          await opensOnlyAsSealed({ ...under, content: invitation, sealed: invited }, (sealed, by, of) =>
            crypto.openInvitation(sealed, device.boxSeed, { network: of, code: by }),
          )
          const proof = new Uint8Array([network, member].flatMap((part) => [...(part as Uint8Array)]))
          const consent = await crypto.sealConsent(proof, { network, code }, random)
          await opensOnlyAsSealed({ ...under, content: proof, sealed: consent }, (sealed, by, of) =>
            crypto.openConsent(sealed, { network: of, code: by }),
          )
        }),
        runs(25),
      )
    },
  },
  {
    says: 'cards, file headers, notes and back-links open as they were sealed, and only so',
    of: [
      'sealCard',
      'openCard',
      'sealFileHeader',
      'openFileHeader',
      'sealNote',
      'openNote',
      'sealTeamTitle',
      'openTeamTitle',
      'sealBackLink',
      'openBackLink',
    ],
    check() {
      const content = fc.record({ card: cards, header: headers, note: notes })
      return fc.assert(
        fc.asyncProperty(id, recordPlace, content, fileId, bit, async (key, place, made, file, at) => {
          const record = bent(place.record, at) as never
          const ends = { key: key as Uint8Array, at }
          const here = { ...ends, place, elsewhere: { ...place, record } }
          const card = await crypto.sealCard(made.card, key, place, random)
          await opensOnlyAsSealed({ ...here, content: made.card, sealed: card }, crypto.openCard)
          const header = { ...place, section: 3, fileId: file }
          const sealed = await crypto.sealFileHeader(made.header, key, header, random)
          const moved = { ...header, fileId: bent(file, at) }
          const header0 = { ...ends, place: header, elsewhere: moved, content: made.header, sealed }
          await opensOnlyAsSealed(header0, crypto.openFileHeader)
          const trail = crypto.trailKeys(key, place)
          const note = { ...place, author: key }
          const note0 = crypto.sealNote(made.note, trail.key, note, random)
          const other = { ...note, author: bent(key, at) as never }
          const written = { key: trail.seed, at, place: note, elsewhere: other, content: made.note, sealed: note0 }
          await opensOnlyAsSealed(written, crypto.openNote)
          const back = { network: place.network, chain: place.record, what: 'trail' as const, epoch: place.epoch }
          if (place.epoch > 0) {
            const to = at % place.epoch
            const link = await crypto.sealBackLink({ epoch: to, secret: key }, trail.seed as never, back, random)
            const linked = { key: trail.seed, at, place: back, elsewhere: { ...back, chain: record } }
            const { sealed } = link
            await opensOnlyAsSealed({ ...linked, content: new Uint8Array(key), sealed }, (bytes, under, where) =>
              crypto.openBackLink({ to, sealed: bytes }, under, where),
            )
            const moved = () => crypto.openBackLink({ to: to + 1, sealed }, trail.seed as never, back)
            expect(await codeOf(moved)).toBe('UNAUTHENTIC')
          }
          const of = { network: place.network, team: place.record }
          const title = { title: made.header.name, reason: made.note.text.replaceAll('\n', ' ') || 'why' }
          const sealedTitle = await crypto.sealTeamTitle(title, key, of, random)
          const titled = { key, at, place: of, elsewhere: { ...of, team: record }, content: title, sealed: sealedTitle }
          await opensOnlyAsSealed(titled, crypto.openTeamTitle)
        }),
        runs(25),
      )
    },
  },
  {
    says: 'a file’s context is injective in its place',
    of: ['fileContext'],
    check() {
      const place = fc.record({ network: id, record: id, section, fileId })
      fc.assert(
        fc.property(place, fc.constantFrom('network', 'record', 'fileId'), bit, (given, field, at) => {
          const other = { ...given, [field]: bent(given[field as 'fileId'], at) }
          expect(crypto.fileContext({ ...given })).toEqual(crypto.fileContext(given))
          expect(hex(crypto.fileContext(other as typeof given))).not.toBe(hex(crypto.fileContext(given)))
        }),
        runs(200),
      )
    },
  },
  {
    says: 'a wrap opens for its recipient to exactly the secrets that its leaf names',
    of: [
      'sealWrap',
      'sealWraps',
      'openEnvelope',
      'openKeys',
      'sealDeviceWrap',
      'openDeviceWrap',
      'sealTeamWrap',
      'openTeamWrap',
    ],
    check() {
      const pairs = fc.uniqueArray(fc.tuple(section, epoch), { selector: ([one]) => one, maxLength: 4 })
      return fc.assert(
        fc.asyncProperty(id, pairs, fc.option(epoch), bit, async (seed, all, trail, at) => {
          const key = crypto.publicKeyOf(seed)
          const sorted = all.toSorted(([a], [b]) => a - b)
          const keys = sorted.map(([of, since]) => ({
            section: of,
            epoch: since,
            key: crypto.newSecret<crypto.SectionKey>(random),
          }))
          const what = [{ grant: null, keys: sorted.map(([of, since]) => ({ section: of, epoch: since })), trail }]
          const target = { recipient: idOf(1), epoch: 0, keyHash: sha256(key), sequence: 0, link: null, what }
          const place = { network: idOf(2), chain: idOf(3), target, recipientKey: key }
          const card = keys.find((one) => one.section === 0)?.key ?? null
          const secrets = { card, keys, trail: trail === null ? null : crypto.newSecret<crypto.TrailSecret>(random) }
          const [row] = await crypto.sealWraps([{ place, secrets }], random)
          const one = row as Awaited<ReturnType<typeof crypto.sealWrap>>
          const same = await crypto.sealWrap(place, secrets, counted())
          expect(await crypto.sealWrap(place, secrets, counted())).toEqual(same)
          const received = { network: place.network, chain: place.chain, leaf: one.leaf, envelope: one.envelope, seed }
          const opened = await crypto.openEnvelope(received)
          expect(opened.card).toEqual(card)
          const under = { ...received, keys: one.keys as Uint8Array, grantSecret: opened.grantSecret }
          expect(await crypto.openKeys(under)).toEqual({ keys, trail: secrets.trail })
          const secret = crypto.newSecret<crypto.EpochSecret>(random)
          const device = await crypto.sealDeviceWrap(place, secret, random)
          const mine = { ...received, leaf: device.leaf, envelope: device.envelope }
          expect(await crypto.openDeviceWrap(mine)).toEqual(secret)
          const ofTeam = { ...target, what: [{ grant: null, keys: [{ section: 0, epoch: at }], trail: null }] }
          const team = await crypto.sealTeamWrap({ ...place, target: ofTeam }, secret, random)
          const ours = { ...received, leaf: team.leaf, envelope: team.envelope }
          expect(await crypto.openTeamWrap(ours)).toEqual(secret)
          const chain = bent(place.chain, at) as never
          for (const wrong of [
            () => crypto.openEnvelope({ ...received, envelope: bent(one.envelope, at) }),
            () => crypto.openEnvelope({ ...received, seed: bent(seed, at) }),
            () => crypto.openEnvelope({ ...received, chain }),
            () => crypto.openKeys({ ...under, keys: bent(under.keys, at) }),
            () => crypto.openKeys({ ...under, grantSecret: bent(under.grantSecret, at) as never }),
            () => crypto.openKeys({ ...under, chain }),
            () => crypto.openDeviceWrap({ ...mine, envelope: bent(device.envelope, at) }),
            () => crypto.openDeviceWrap({ ...mine, chain }),
            () => crypto.openTeamWrap({ ...ours, envelope: bent(team.envelope, at) }),
            () => crypto.openTeamWrap({ ...ours, seed: bent(seed, at) }),
            () => crypto.openTeamWrap({ ...ours, chain }),
          ])
            expect(await codeOf(wrong)).toBe('UNAUTHENTIC')
        }),
        runs(25),
      )
    },
  },
  {
    says: 'a vault opens with its key, a blob under its name, and neither otherwise; a remembered counter refuses older ones',
    of: ['createVaultKey', 'sealVaultKey', 'openVaultKey', 'sealBlob', 'openBlob'],
    check() {
      const blobs = fc.record({ counter: fc.maxSafeNat(), bytes: bytes() })
      return fc.assert(
        fc.asyncProperty(id, some, blobs, bit, fc.nat(2), async (hostKey, name, blob, at, newer) => {
          const { header, master } = await crypto.createVaultKey({ hostKey }, random)
          expect(await crypto.openVaultKey({ hostKey }, header)).toEqual(master)
          const next = await crypto.sealVaultKey(master, { hostKey: bent(hostKey, at) }, random)
          expect(await crypto.openVaultKey({ hostKey: bent(hostKey, at) }, next)).toEqual(master)
          const sealed = await crypto.sealBlob(master, name, blob, random)
          const { counter } = blob
          expect(await crypto.openBlob(master, name, sealed, counter)).toEqual(blob)
          for (const wrong of [
            () => crypto.openVaultKey({ hostKey: bent(hostKey, at) }, header),
            () => crypto.openBlob(bent(master, at) as never, name, sealed),
            () => crypto.openBlob(master, `${name}x`, sealed),
            () => crypto.openBlob(master, name, bent(sealed, at)),
          ])
            expect(await codeOf(wrong)).toBe('VAULT')
          // One bit of a header can also name another way to unlock, or a cheaper one.
          const damaged = await codeOf(() => crypto.openVaultKey({ hostKey }, bent(header, at)))
          expect(['VAULT', 'KDF_FLOOR']).toContain(damaged)
          if (Number.isSafeInteger(counter + newer)) {
            const ended = await codeOf(() => crypto.openBlob(master, name, sealed, counter + newer))
            expect(ended).toBe(newer === 0 ? 'accepted' : 'ROLLBACK')
          }
        }),
        runs(30),
      )
    },
  },
  {
    says: 'an identity comes back with the keys of its seed, and with no bit of its keys changed',
    of: ['encodeIdentity', 'decodeIdentity'],
    check() {
      const epochs = fc.uniqueArray(epoch, { maxLength: 3 }).map((all) => all.toSorted((a, b) => a - b))
      return fc.assert(
        fc.asyncProperty(id, id, epochs, bit, async (seed, network, all, at) => {
          const { keys } = crypto.deviceFromSeed(seed)
          const logKey = encodeNoteKey(noteKey('log.example', seed))
          const held = all.map((one) => ({ epoch: one, secret: crypto.newSecret<crypto.EpochSecret>(random) }))
          const identity = { network, founding: network, logKey, chain: network, seed, keys, epochs: held }
          const encoded = crypto.encodeIdentity(identity)
          const back = crypto.decodeIdentity(encoded)
          expect(crypto.encodeIdentity(back)).toEqual(encoded)
          expect(hex(back.seed)).toBe(hex(seed))
          const swapped = { ...identity, seed: bent(seed, at) as never }
          expect(await codeOf(() => crypto.encodeIdentity(swapped))).toBe('KEYPAIR_MISMATCH')
        }),
        runs(25),
      )
    },
  },
  {
    says: 'secrets are copies, equal as their bytes are, and zeros once wiped',
    of: ['asSecret', 'equalSecrets', 'newSecret', 'wipe', 'systemRandom'],
    check() {
      fc.assert(
        fc.property(id, bytes(3), bytes(3), fc.nat(300), (given, a, b, length) => {
          const secret = crypto.asSecret<crypto.FileKey>(given)
          expect(crypto.equalSecrets(secret, given)).toBe(true)
          expect(crypto.equalSecrets(a, b)).toBe(hex(a) === hex(b))
          crypto.wipe(secret)
          expect(hex(secret)).toBe('00'.repeat(32))
          expect(crypto.newSecret<crypto.FileKey>(() => given)).toEqual(new Uint8Array(given))
          expect(random(length).length).toBe(length)
          if (length > 16) expect(hex(random(length))).not.toBe(hex(random(length)))
        }),
        runs(200),
      )
    },
  },
]

obey(crypto, laws, {
  CryptoError: 'a class of errors: the errors of @sealchart/protocol have the codes',
  ready: 'loads libsodium, and answers nothing: hpke-unready.test.ts',
  release: 'a hint to the collector: release.test.ts says when memory is gone',
  selftest: 'fixed known answers, without an input: selftest.test.ts',
  // Browsers have none.
  ...(crypto.startSealPool && {
    startSealPool: 'threads run JavaScript: pool.test.ts compares the built pool with one thread',
  }),
})
