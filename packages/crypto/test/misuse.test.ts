// Every function that the package exports, called by a program without types: a code of ours, never another error, never an answer.
// Also the methods of what is started to seal and to open.
import { beforeAll } from 'vitest'
import { misuse, type Row, whole } from '../../protocol/test/misuse.js'
import * as crypto from '../src/index.js'
import { id, secret, sha256 } from './places.js'
import { counted, filled } from './support.js'

const key = filled(1)
const some = filled(3, 5)
const random = (): crypto.Random => counted()
const place = { network: id(1), record: id(2), epoch: 3 }
const header = {
  fileKey: secret<crypto.FileKey>(4),
  name: 'scan.dcm',
  mediaType: 'application/dicom',
  length: 5,
  modified: 7,
  path: 'study',
}
const card = {
  title: 'CT',
  patient: { name: 'Wong', born: '1950', ids: [{ system: 'hk', value: '1' }] },
  author: 'Chan',
  date: 1,
  category: 'image',
  sections: [{ id: 1, name: 'Images' }],
}
const note = { kind: 'purpose', text: 'care' } as const
const parameters = { segmentLength: 64, rotationBits: 20 }
const sealing = (): crypto.Sealing => crypto.startSealing(key, some, { parameters, random: random() })
const sealKey = secret<crypto.SectionKey>(5)
const seed = filled(6)
const context = { info: some, aad: some }
const master = filled(7) as Uint8Array as crypto.VaultKey
const fileKeyPlace = { network: id(1), record: id(2), section: 1, fileId: filled(8, 16) }

let rows: Readonly<Record<string, Row | readonly Row[] | string>>

beforeAll(async () => {
  await crypto.ready()
  const boxKey = crypto.publicKeyOf(seed)
  const device = crypto.deviceFromSeed(secret(9))
  const identity = {
    network: id(1),
    founding: id(2),
    logKey: 'log.example+6f7f04c4+AW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1t',
    chain: id(3),
    seed: secret<crypto.DeviceSeed>(9),
    keys: device.keys,
    epochs: [{ epoch: 0, secret: secret<crypto.EpochSecret>(10) }],
  }
  const { encodeNoteKey, noteKey } = await import('@sealchart/protocol')
  identity.logKey = encodeNoteKey(noteKey('log.example', filled(11)))
  const target = {
    recipient: id(4),
    epoch: 0,
    keyHash: sha256(boxKey),
    sequence: 1,
    link: id(5),
    what: [{ grant: id(6), keys: [{ section: 0, epoch: 0 }], trail: 0 }],
  }
  const wrapPlace = { network: id(1), chain: id(2), target, recipientKey: boxKey }
  const secrets = {
    card: sealKey,
    keys: [{ section: 0, epoch: 0, key: sealKey }],
    trail: secret<crypto.TrailSecret>(12),
  }
  const row = await crypto.sealWrap(wrapPlace, secrets, random())
  const received = { network: id(1), chain: id(2), leaf: row.leaf, envelope: row.envelope, seed }
  const { grantSecret } = await crypto.openEnvelope(received)
  const deviceRow = await crypto.sealDeviceWrap(wrapPlace, secret(13), random())
  const ofTeam = { ...target, what: [{ grant: null, keys: [{ section: 0, epoch: 0 }], trail: null }] }
  const teamRow = await crypto.sealTeamWrap({ ...wrapPlace, target: ofTeam }, secret(13), random())
  const teamPlace = { network: id(1), team: id(2) }
  const host = { hostKey: filled(14) }
  const vaultHeader = await crypto.sealVaultKey(master, host, random())
  const blob = { counter: 3, bytes: some }
  const sealed = sealing()
  const full = filled(15, 32)
  const segment = await sealed.sealSegment(full, 0, false)
  const recorded = { iv: crypto.segmentIv(segment), name: await crypto.nameSegment(segment) }
  const trail = crypto.trailKeys(secret(12), place)
  const epochPlace = { network: id(1), member: id(2), epoch: 0 }
  const back = { network: id(1), chain: id(2), what: 1, epoch: 1 }
  const offer = { keys: device.keys, salt: filled(16, 16) }
  const meeting = { network: id(1), code: crypto.offerCode(offer, id(1)) }
  const invitation = {
    member: id(3),
    pins: { tree: { size: 5, root: id(17) as never }, chains: [{ chain: id(3), sequence: 2, link: id(18) as never }] },
  }
  const nullable = { '0.leaf.link': 'null', '0.leaf.what': 'empty list', '0.leaf.what.0.keys': 'empty list' }
  const opened = 'USAGE|UNAUTHENTIC'
  const loose = {
    '0.target.link': 'null',
    '0.target.what': 'empty list',
    '0.target.what.0.grant': 'null',
    '0.target.what.0.keys': 'empty list',
    '0.target.what.0.keys.0.epoch': 'seven|negative zero',
    '0.target.what.0.keys.0.section': 'seven|negative zero',
    '0.target.what.0.trail': 'null',
  }
  const anyPieces = { '0.prefix': 'length', '0.body': 'length', '0.tag': 'length' }
  const cost = { memory: 65_536, passes: 3 }

  rows = {
    // Browsers have none.
    ...(crypto.startSealPool && {
      startSealPool: {
        args: [1],
        call: async (workers: number) => await crypto.startSealPool?.(workers).close(),
        takes: { 0: 'seven' },
      },
    }),

    // cards, headers, notes
    sealCard: {
      args: () => [card, sealKey, place, random()],
      takes: {
        '0.patient': 'null',
        '0.patient.born': 'null',
        '0.patient.ids': 'empty list',
        '0.author': 'empty text',
        '0.category': 'empty text',
        '0.sections': 'empty list',
      },
    },
    openCard: { args: [await crypto.sealCard(card, sealKey, place, random()), sealKey, place], ends: opened },
    sealFileHeader: {
      args: () => [header, sealKey, { ...fileKeyPlace, epoch: 1 }, random()],
      takes: { '0.mediaType': 'empty text', '0.modified': 'null', '0.path': 'empty text' },
    },
    openFileHeader: {
      args: [
        await crypto.sealFileHeader(header, sealKey, { ...fileKeyPlace, epoch: 1 }, random()),
        sealKey,
        { ...fileKeyPlace, epoch: 1 },
      ],
      ends: opened,
    },
    fileContext: { args: [fileKeyPlace] },
    sealNote: {
      args: () => [note, trail.key, { ...place, author: id(3) }, random()],
      ends: 'USAGE|KEY_FORMAT',
      takes: { '0.text': 'empty text' },
    },
    openNote: {
      args: [
        crypto.sealNote(note, trail.key, { ...place, author: id(3) }, random()),
        trail.seed,
        { ...place, author: id(3) },
      ],
      ends: opened,
    },

    // wraps
    sealWrap: {
      args: () => [wrapPlace, secrets, random()],
      takes: loose,
      keeps: 'a leaf is its target, with two hashes',
    },
    sealWraps: {
      args: () => [[{ place: whole(wrapPlace), secrets: whole(secrets) }], random()],
      takes: { 0: 'empty list', 1: '*' },
      keeps: 'as sealWrap',
    },
    openEnvelope: { args: [received], ends: `${opened}|COMMITMENT`, takes: { ...nullable, '0.leaf.keys': 'null' } },
    openKeys: {
      args: [{ network: id(1), chain: id(2), leaf: row.leaf, keys: row.keys, grantSecret }],
      ends: `${opened}|COMMITMENT`,
      takes: nullable,
    },
    sealDeviceWrap: {
      args: () => [wrapPlace, secret(13), random()],
      takes: loose,
      keeps: 'a leaf is its target, with two hashes',
    },
    openDeviceWrap: {
      args: [{ ...received, leaf: deviceRow.leaf, envelope: deviceRow.envelope }],
      ends: opened,
      takes: nullable,
    },

    sealTeamWrap: {
      args: () => [{ ...wrapPlace, target: ofTeam }, secret(13), random()],
      takes: loose,
      keeps: 'a leaf is its target, with two hashes',
    },
    openTeamWrap: {
      args: [{ ...received, leaf: teamRow.leaf, envelope: teamRow.envelope }],
      ends: `${opened}|COMMITMENT`,
      takes: nullable,
    },
    sealTeamTitle: { args: () => [{ title: 'mass', reason: 'operable?' }, secret(13), teamPlace, random()] },
    openTeamTitle: {
      args: [
        await crypto.sealTeamTitle({ title: 'mass', reason: 'x' }, secret(13), teamPlace, random()),
        secret(13),
        teamPlace,
      ],
      ends: opened,
    },

    CryptoError: {
      args: ['USAGE', 'message', { details: {} }],
      call: (...args) => Reflect.construct(crypto.CryptoError, args),
      takes: { '': '*' },
    },

    // FLOE
    startSealing: {
      args: () => [key, some, { parameters, random: random() }],
      takes: { '2.parameters.rotationBits': 'seven|negative zero' },
    },
    'startSealing.sealSegment': {
      args: () => [full, 0, false],
      call: (...args) => Reflect.apply(sealing().sealSegment, null, args),
      takes: { 1: 'seven|negative zero', 2: 'true' },
      ends: 'USAGE|LIMIT',
    },
    'startSealing.resealSegment': {
      args: () => [full, 0, false, recorded],
      call: (...args) => Reflect.apply(sealed.resealSegment, null, args),
      takes: { 1: 'negative zero' },
      ends: 'USAGE|LIMIT|SOURCE_CHANGED',
    },
    'startSealing.verifySegment': {
      args: () => [segment, full, 0, false],
      call: (...args) => Reflect.apply(sealed.verifySegment, null, args),
      takes: { 2: 'negative zero' },
      ends: 'USAGE|LIMIT|SELFCHECK',
    },
    resumeSealing: {
      args: () => [key, some, sealed.header, { parameters, random: random() }],
      ends: `${opened}|COMMITMENT`,
      takes: { '3.parameters.rotationBits': 'seven|negative zero', '3.random': '*' },
    },
    startOpening: {
      args: [key, some, sealed.header, parameters],
      ends: `${opened}|COMMITMENT`,
      takes: { '3.rotationBits': 'seven|negative zero' },
    },
    'startOpening.openSegment': {
      args: [segment, 0, false],
      call: (...args) =>
        Reflect.apply(crypto.startOpening(key, some, sealed.header, parameters).openSegment, null, args),
      takes: { 1: 'negative zero' },
      ends: `${opened}|LIMIT`,
    },
    joinSegment: { args: [segment], takes: anyPieces },
    nameSegment: [{ args: [segment], takes: anyPieces }, { args: [some] }],
    segmentIv: { args: [segment], keeps: 'a view', takes: { '0.body': '*', '0.tag': '*' } },
    sealBytes: { args: () => [key, some, some, random()] },
    openBytes: { args: [key, some, await crypto.sealBytes(key, some, some, random())], ends: `${opened}|COMMITMENT` },
    payloadLength: { args: [parameters], takes: { '0.rotationBits': 'seven|negative zero' } },
    segmentCount: { args: [5, parameters], takes: { '1.rotationBits': 'seven|negative zero' } },
    sealedLength: { args: [5, parameters], takes: { '1.rotationBits': 'seven|negative zero' } },

    // HPKE
    publicKeyOf: { args: [seed] },
    sealTo: { args: () => [boxKey, context, some, random()], ends: 'USAGE|KEY_FORMAT' },
    openWith: { args: [seed, context, crypto.sealTo(boxKey, context, some, random())], ends: opened },

    // keys
    deviceFromSeed: { args: [secret(9)] },
    'deviceFromSeed.sign': { args: [some], call: (...args) => Reflect.apply(device.sign, null, args) },
    memberEpochKeys: { args: [secret(10), epochPlace], takes: { '1.epoch': 'seven|negative zero' } },
    trailKeys: { args: [secret(12), place] },
    sectionCommitment: { args: [sealKey, { ...place, section: 1 }] },
    checkSectionKey: {
      args: [sealKey, crypto.sectionCommitment(sealKey, { ...place, section: 1 }), { ...place, section: 1 }],
      ends: 'USAGE|COMMITMENT',
    },
    checkTrailSecret: { args: [secret(12), trail.key, place], ends: 'USAGE|COMMITMENT' },
    checkEpochSecret: {
      args: [secret(10), crypto.memberEpochKeys(secret(10), epochPlace).key, epochPlace],
      ends: 'USAGE|COMMITMENT',
    },
    sealBackLink: {
      args: () => [{ epoch: 0, secret: secret(1) }, secret(2), back, random()],
      takes: { '2.what': 'seven', '2.epoch': 'seven' },
    },
    openBackLink: {
      args: [await crypto.sealBackLink({ epoch: 0, secret: sealKey }, secret(2), back, random()), secret(2), back],
      ends: opened,
    },
    recordNonce: { args: [secret(10), 'ref'] },
    encodeIdentity: { args: [identity], ends: 'USAGE|KEYPAIR_MISMATCH', takes: { '0.epochs': 'empty list' } },
    decodeIdentity: { args: [crypto.encodeIdentity(identity)], ends: 'USAGE|VAULT' },

    // devices
    sealDeviceNames: {
      args: () => [[{ device: id(4), name: 'Phone' }], secret(10), epochPlace, random()],
      takes: { 0: 'empty list', '2.epoch': 'seven|negative zero' },
    },
    openDeviceNames: {
      args: [await crypto.sealDeviceNames([], secret(10), epochPlace, random()), secret(10), epochPlace],
      ends: opened,
    },
    offerCode: { args: [offer, id(1)] },
    meetingPlace: { args: [meeting] },
    sealOffer: { args: () => [offer, id(1), random()] },
    openOffer: { args: [await crypto.sealOffer(offer, id(1), random()), meeting], ends: opened },
    sealInvitation: {
      args: () => [invitation, boxKey, meeting, random()],
      ends: 'USAGE|KEY_FORMAT',
      takes: { '0.pins.tree': 'null', '0.pins.chains': 'empty list' },
    },
    openInvitation: {
      args: [await crypto.sealInvitation(invitation, boxKey, meeting, random()), seed, meeting],
      ends: opened,
    },
    sealConsent: { args: () => [filled(20, 64), meeting, random()] },
    openConsent: { args: [await crypto.sealConsent(filled(20, 64), meeting, random()), meeting], ends: opened },

    // padding
    paddedLength: { args: [5] },
    checkPaddedLength: { args: [5, 5], ends: 'PADDING' },
    checkPadding: { args: [new Uint8Array(5)] },

    release: { args: () => [filled(1, 300_000)], takes: { 0: '*' } },

    // secrets
    asSecret: { args: [key] },
    equalSecrets: { args: [some, some] },
    newSecret: { args: () => [random()] },
    wipe: { args: () => [filled(1, 5)] },
    systemRandom: { args: [0] },

    selftest: { args: [] },
    ready: { args: [] },

    // vaults
    createVaultKey: {
      args: () => [host, random(), cost],
      takes: { 2: 'undefined' },
      ends: 'USAGE|KDF_FLOOR',
    },
    sealVaultKey: [
      { args: () => [master, host, random(), cost], takes: { 3: 'undefined' } },
      {
        args: () => [master, { passphrase: 'correct horse' }, random(), cost],
        ends: 'USAGE|KDF_FLOOR|KDF_CAP',
        takes: { '1.passphrase': 'text|text of 32', 3: 'undefined' },
      },
    ],
    openVaultKey: { args: [host, vaultHeader], ends: 'USAGE|VAULT' },
    sealBlob: { args: () => [master, 'name', blob, random()] },
    openBlob: {
      args: [master, 'name', await crypto.sealBlob(master, 'name', blob, random()), 1],
      ends: 'USAGE|VAULT|ROLLBACK',
      takes: { 3: 'undefined|negative zero' },
    },
  }
})

misuse({
  exported: crypto,
  error: crypto.CryptoError,
  rows: () => rows,
  shared: 'refused',
  methods: [
    'startSealing.sealSegment',
    'startSealing.resealSegment',
    'startSealing.verifySegment',
    'startOpening.openSegment',
    'deviceFromSeed.sign',
  ],
})
