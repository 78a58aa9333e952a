// Entries of every type, and what a decoder and a verifier of signatures refuse. Spec: docs/spec/entries.md, docs/spec/signatures.md.
import * as p from '../../packages/protocol/dist/index.js'
import { bytes, hex, toJson } from '../operations/notation.mjs'
import { deviceActs, idsOf, joining, memberEpoch, phone, tablet } from './member-devices.mjs'
import { number, registrationActs } from './registrations.mjs'
import { quorumActs } from './rules-quorum.mjs'
import { seat, teamActs, teamEpoch } from './teams.mjs'
import { counting, flip, vectorsOf } from './vectors.mjs'
import {
  acts,
  chan,
  clinic,
  foundedWorld,
  hospital,
  issuer,
  lee,
  network,
  peopledWorld,
  record,
  recordedWorld,
  root,
  sharedWorld,
  stranger,
  wong,
} from './world.mjs'

const spec = 'entries.md#what-a-decoder-must-reject'
const operation = 'entries/verify'

const inputs = (entry, by, over = {}) => ({
  bytes: hex(entry.bytes ?? entry),
  signKey: hex(by.device.keys.sign),
  network: hex(network),
  ...over,
})

export default async function entries() {
  const area = vectorsOf('entries')
  const world = await sharedWorld(await recordedWorld(await peopledWorld(await foundedWorld())))
  await types(area, world)
  await signatures(area, world)
  await forms(area, world)
  await payloads(area, world)
  await bodies(area, world)
  await deviceKeys(area, world)
  await ids(area)
  await claims(area)
  return area.files
}

// ——— one of every type

async function types({ accepts }, world) {
  const founding = await world.sign(acts.foundInstitution(hospital, 'Hospital'))
  const acted = {
    'network-found': [acts.found(), { network: null }],
    'network-admit': [acts.admit(hospital, founding)],
    'network-remove': [acts.remove(hospital)],
    'network-relay': [acts.relay()],
    'network-propose-an-admission': [
      quorumActs.propose({ admit: { institution: clinic.chain, founding: counting(0x61) } }),
    ],
    'network-propose-a-removal': [quorumActs.propose({ remove: hospital.chain }, clinic)],
    'network-propose-a-quorum': [quorumActs.propose({ quorum: 12 })],
    'network-approve': [quorumActs.approve(world, clinic)],
    'network-settle': [quorumActs.settle(world, clinic, [clinic.chain, hospital.chain])],
    'institution-found': [acts.foundInstitution(hospital, 'Hospital')],
    'institution-appoint': [await acts.appoint(issuer, clinic)],
    'institution-dismiss': [acts.dismiss(issuer, clinic, 7)],
    'member-found': [acts.foundMember(world, chan)],
    'member-credential': [acts.credential(chan, issuer, clinic, { claims: [{ name: 'name', hash: counting(0x61) }] })],
    'member-accept': [acts.accept(chan, { hash: counting(0x60) })],
    'member-withdraw': [acts.withdraw(lee, hospital, hospital, { hash: counting(0x60) })],
    'member-devices': [
      deviceActs.change(world, { adds: joining(phone), removes: idsOf(tablet), epoch: memberEpoch(1) }),
    ],
    'member-refresh': [deviceActs.refresh(world)],
    'member-names': [deviceActs.names()],
    'member-credential-for-a-number': [acts.credential(chan, issuer, clinic, { registration: number })],
    'registration-bind': [registrationActs.bind(world, chan)],
    'registration-rebind': [registrationActs.rebind(world, lee)],
    'registration-propose': [registrationActs.propose(world)],
    'registration-approve': [registrationActs.approve(world, issuer)],
    'registration-object': [registrationActs.object(world)],
    'registration-settle': [registrationActs.settle(world)],
    'team-found': [teamActs.found(world)],
    'team-change': [teamActs.change(world, { adds: [seat(wong)], removes: [lee.chain], epoch: teamEpoch(1) })],
    'team-refresh': [teamActs.refresh(world, { leaves: [wong.chain] })],
    'team-stale': [teamActs.stale(lee, hospital, { hash: counting(0x60) }, hospital)],
    'team-appoint': [teamActs.appoint(world, lee)],
    'team-dismiss': [teamActs.dismiss(world, lee)],
    'team-close': [teamActs.close(world)],
    'record-create': [acts.create(world)],
    'record-publish': [acts.publish(world)],
    'record-grant': [acts.grant(world, lee)],
    'record-revoke': [acts.revoke(world)],
    'access-view': [acts.view(world)],
    'access-download': [acts.view(world, {}, lee, 'download')],
    'access-note': [acts.note(world)],
  }
  for (const [name, [act, over]] of Object.entries(acted))
    await accepts(name, {
      spec: 'entries.md#bodies',
      comment: `An entry of type ${name.replace('-', ' ')}, as it is signed.`,
      operation,
      inputs: inputs(await world.sign(act), act.by, over),
    })
  await accepts('entry-with-all-fields', {
    spec: 'entries.md#layout',
    comment: 'A checkpoint that was seen, and a state that it rests on.',
    operation,
    inputs: inputs(
      await world.sign({ ...acts.relay(), restsOn: [clinic.chain], over: { seen: { size: 9, root: counting(0x66) } } }),
      root,
    ),
  })
}

// ——— signatures

async function signatures({ refuses }, world) {
  const { bytes: sound } = await world.sign(acts.relay())
  const signed = {
    'signature-with-another-bit': ['One bit of S.', flip(sound, 8 * (sound.length - 1))],
    'signature-with-another-r': ['One bit of R.', flip(sound, 8 * (sound.length - 64))],
    'signature-plus-the-group-order': ['S + L: a second signature by anybody who saw the first.', addOrder(sound)],
    'signature-of-zeros': ['64 zeros.', withTail(sound, new Uint8Array(64))],
    'payload-with-another-bit': ['The last character of the address.', flip(sound, 8 * (sound.length - 68) + 1)],
  }
  for (const [name, [comment, entry]] of Object.entries(signed))
    await refuses(name, 'SIG', { spec: 'signatures.md#ed25519', comment, operation, inputs: inputs(entry, root) })
  await refuses('key-of-another-device', 'SIG', {
    spec,
    comment: 'A key that did not sign it.',
    operation,
    inputs: inputs(sound, stranger),
  })
  await refuses('entry-of-another-network', 'SIG', {
    spec,
    comment: 'An entry fits one network.',
    operation,
    inputs: inputs(sound, root, { network: hex(counting(0x60)) }),
  })
  await refuses('entry-of-no-network', 'SIG', {
    spec,
    comment: 'Only a network’s own founding has none.',
    operation,
    inputs: inputs(sound, root, { network: null }),
  })
}

// ——— the form of a COSE_Sign1

async function forms({ refuses }, world) {
  const { bytes: sound } = await world.sign(acts.relay())
  const changed = (at, byte) => Uint8Array.from(sound, (value, i) => (i === at ? byte : value))
  const wrong = {
    'cose-another-tag': ['DECODE_SHAPE', 'Tag 17.', changed(0, 0xd1)],
    'cose-array-of-three': ['DECODE_SHAPE', 'Three items.', changed(1, 0x83)],
    'cose-header-of-another-length': ['DECODE_SHAPE', 'A protected header of 74 bytes.', changed(3, 0x4a)],
    'cose-header-map-of-three': ['DECODE_SHAPE', 'A third parameter.', changed(4, 0xa3)],
    'cose-another-parameter': ['DECODE_SHAPE', 'Parameter 2 (crit) instead of 1.', changed(5, 0x02)],
    'cose-eddsa': ['DOWNGRADE', 'The polymorphic algorithm −8.', changed(6, 0x27)],
    'cose-another-algorithm': ['DOWNGRADE', 'ESP256 instead of Ed25519.', changed(6, 0x28)],
    'cose-another-key-id': ['DECODE_SHAPE', 'The key id is an array of three.', changed(10, 0x83)],
    'cose-unprotected-header': ['DECODE_SHAPE', 'A map of one.', changed(79, 0xa1)],
    'cose-payload-is-text': ['DECODE_SHAPE', 'A text instead of a byte string.', changed(80, 0x78)],
    'cose-payload-length-not-shortest': ['DECODE_NOT_SHORTEST', 'Its length in three bytes.', longerHead(sound)],
    'cose-signature-of-63-bytes': ['DECODE_SHAPE', 'The signature says 63 bytes.', changed(sound.length - 65, 63)],
    'cose-cut': ['DECODE_TRUNCATED', 'The last byte is missing.', sound.slice(0, -1)],
    'cose-cut-behind-another-algorithm': [
      'DECODE_TRUNCATED',
      'Forty bytes, another algorithm among them.',
      changed(6, 0x27).slice(0, 40),
    ],
    'cose-cut-in-the-header': ['DECODE_TRUNCATED', 'Forty bytes.', sound.slice(0, 40)],
    'cose-empty': ['DECODE_TRUNCATED', 'Nothing.', new Uint8Array(0)],
    'cose-trailing': ['DECODE_TRAILING', 'A byte follows.', Uint8Array.of(...sound, 0)],
    'cose-too-long': ['TOO_LARGE', '64 KiB and a byte.', new Uint8Array(65_537)],
  }
  for (const [name, [code, comment, bytes]] of Object.entries(wrong))
    await refuses(name, code, { spec: 'signatures.md#cose_sign1', comment, operation, inputs: inputs(bytes, root) })
}

/** An institution's founding with a key that is none, and beside it a private part's hash of any length. */
const malformedFounding = (length) => {
  const keys = [new Uint8Array(32), clinic.device.keys.box]
  const fields = [1, 2, clinic.chain, 0, null, 0, null, [], null, 'found', [keys, counting(0), 'Clinic']]
  return [...fields, counting(0, length)]
}

// ——— payloads, signed as they are

async function payloads({ refuses }, world) {
  const fields = fieldsOf(await world.sign(acts.relay()))
  const withField = (at, value) => fields.map((field, i) => (i === at ? value : field))
  const body = (...values) => withField(10, values)
  const rest = [counting(0x60), 1, counting(0x61)]
  const wrong = {
    'format-2': ['DOWNGRADE', 'Another format version.', withField(0, 2)],
    'format-0': ['DOWNGRADE', 'There never was one.', withField(0, 0)],
    'kind-0': ['DECODE_SHAPE', 'No such kind.', withField(1, 0)],
    'kind-8': ['DECODE_SHAPE', 'No such kind.', withField(1, 8)],
    'kind-as-text': ['DECODE_SHAPE', 'Types are not converted.', withField(1, 'network')],
    'chain-of-31-bytes': ['DECODE_SHAPE', 'An id has 32 bytes.', withField(2, counting(0, 31))],
    'sequence-negative': ['DECODE_SHAPE', 'Sequences count from 0.', withField(3, -1)],
    'sequence-null': ['DECODE_SHAPE', 'It may not be absent.', withField(3, null)],
    'previous-of-33-bytes': ['DECODE_SHAPE', 'A link hash has 32 bytes.', withField(4, counting(0, 33))],
    'time-null': ['DECODE_SHAPE', 'It may not be absent.', withField(5, null)],
    'seen-without-root': ['DECODE_SHAPE', 'Size and root.', withField(6, [9])],
    'rests-on-17-chains': ['DECODE_SHAPE', 'Sixteen at most.', withField(7, Array(17).fill(rest))],
    'rests-on-null': ['DECODE_SHAPE', 'An empty list is not absent.', withField(7, null)],
    'rests-on-without-link': ['DECODE_SHAPE', 'Chain, sequence and link.', withField(7, [rest.slice(0, 2)])],
    'a-pass': ['DECODE_SHAPE', 'Passes are reserved.', withField(8, counting(0x60))],
    'type-of-another-kind': ['DECODE_SHAPE', 'A network does not accept.', withField(9, 'accept')],
    'type-empty': ['DECODE_SHAPE', 'No type.', withField(9, '')],
    'type-in-capitals': ['DECODE_SHAPE', 'Types are compared as they are.', withField(9, 'Relay')],
    'type-constructor': ['DECODE_SHAPE', 'A name that languages give to every object.', withField(9, 'constructor')],
    'body-with-a-field-too-many': ['DECODE_SHAPE', 'What nobody checks would be signed.', body('https://a.example', 1)],
    'body-with-a-field-too-few': ['DECODE_SHAPE', 'Nothing is optional.', body()],
    'body-of-another-type': ['DECODE_SHAPE', 'A number for an address.', body(1)],
    'body-null': ['DECODE_SHAPE', 'It may not be absent.', withField(10, null)],
    'text-not-normalised': [
      'DECODE_SHAPE',
      'e and a combining acute: form C is one character.',
      body('https://e\u0301.example'),
    ],
    'text-with-a-line-break': ['DECODE_SHAPE', 'A control character.', body('https://a.example\n')],
    'text-with-a-direction-override': [
      'DECODE_SHAPE',
      'U+202E shows a name as another one.',
      body('https://a\u202e.example'),
    ],
    'text-with-an-isolate': ['DECODE_SHAPE', 'U+2066.', body('https://a\u2066.example')],
    'private-of-16-bytes': ['DECODE_SHAPE', 'A SHA-256 has 32 bytes.', withField(11, counting(0, 16))],
    'payload-with-a-field-too-many': ['DECODE_SHAPE', 'Thirteen.', [...withField(0, 1), null]],
    'payload-with-a-field-too-few': ['DECODE_SHAPE', 'Eleven.', fields.slice(0, -1)],
    'payload-is-no-array': ['DECODE_SHAPE', 'A number.', 1],
    'payload-with-two-faults': [
      'DECODE_SHAPE',
      'A private part of 16 bytes beside a body with a malformed key: the fields come before the body.',
      malformedFounding(16),
    ],
  }
  for (const [name, [code, comment, payload]] of Object.entries(wrong)) {
    const bytes = await resigned(p.encode(payload))
    await refuses(name, code, { spec, comment, operation, inputs: inputs(bytes, root) })
  }
  await refuses('payload-with-a-map', 'DECODE_TYPE', {
    spec,
    comment: 'What encoding.md refuses is refused here too.',
    operation,
    inputs: inputs(await resigned(Uint8Array.of(0xa0)), root),
  })
  await refuses('payload-trailing', 'DECODE_TRAILING', {
    spec,
    comment: 'A byte after the payload’s array, inside the byte string.',
    operation,
    inputs: inputs(await resigned(Uint8Array.of(...p.encode(fields), 0)), root),
  })
}

// ——— bodies of other types

async function bodies({ refuses }, world) {
  const tables = [
    [acts.foundInstitution(hospital, 'Hospital'), wrongNames],
    [await acts.appoint(issuer, clinic), wrongAppointments],
    [deviceActs.change(world, { adds: joining(phone) }), wrongDevices],
    [acts.grant(world, lee), wrongGrants],
    [acts.revoke(world), wrongRevocations],
  ]
  for (const [act, table] of tables) {
    const entry = await world.sign(act)
    for (const [name, [[at, value], comment]] of Object.entries(table)) {
      const payload = withBody(entry, (body) => body.map((field, i) => (i === at ? value : field)))
      const bytes = await resigned(p.encode(payload), act.by)
      await refuses(name, 'DECODE_SHAPE', { spec, comment, operation, inputs: inputs(bytes, act.by) })
    }
  }
}

/** Name → [[which field of the body, what stands there], why not]. */
const wrongNames = {
  'name-of-201-characters': [[2, 'a'.repeat(201)], '200 at most.'],
  'name-that-is-empty': [[2, ''], 'One at least.'],
  'name-with-a-delete': [[2, 'a\u007f'], 'U+007F, a control character.'],
  'name-with-a-next-line': [[2, 'a\u0085b'], 'U+0085, a control character.'],
}
const wrongAppointments = {
  'appoint-with-a-proof-of-63-bytes': [[1, counting(0x60, 63)], 'A signature has 64.'],
}
const [added] = joining(phone)
const newDevice = [[added.keys.sign, added.keys.box], added.proof]
const wrongDevices = {
  'devices-with-a-proof-of-63-bytes': [[0, [[newDevice[0], counting(0x60, 63)]]], 'A signature has 64.'],
  'devices-that-adds-17': [[0, Array(17).fill(newDevice)], '16 at most.'],
  'devices-that-removes-17': [[1, Array(17).fill(phone.device.id)], '16 at most.'],
  'devices-that-removes-a-shorter-id': [[1, [counting(0x60, 31)]], 'An id has 32 bytes.'],
  'devices-without-wraps': [[3, null], 'They may not be absent.'],
}
const wrongGrants = {
  'grant-from-a-hash-of-31-bytes': [[1, counting(0x60, 31)], 'An entry hash has 32.'],
  'grant-of-no-section': [[4, []], 'At least one.'],
  'grant-of-section-257': [[4, [257]], 'There are 256.'],
  'grant-of-action-64': [[5, 64], '63 is the sum of all there are.'],
  'grant-with-a-negative-end': [[7, -1], 'A time.'],
  'grant-without-wraps': [[8, null], 'It may not be absent.'],
  'grant-with-too-many-wraps': [[8, [[counting(0x55), 1000, 65_537], counting(0x56), 0]], '65,536 rows at most.'],
}
const wrongRevocations = {
  'revoke-mode-other': [[1, 'forget'], 'Revoke or recall.'],
  'revoke-of-no-grant': [[2, []], 'At least one.'],
  'revoke-of-257-grants': [[2, Array(257).fill(counting(0x60))], '256 at most.'],
  'revoke-with-a-bare-back-link': [
    [4, [[0, 1, counting(0x57), counting(0x58), null]]],
    'A back-link names the epoch that it leads to.',
  ],
  'revoke-with-a-back-link-of-257-bytes': [
    [4, [[0, 1, counting(0x57), [0, counting(0x58, 257)], null]]],
    '256 at most.',
  ],
}

// ——— keys in bodies, and alone

/** y of the points of order 8 on edwards25519, little-endian, and u of the same on Curve25519: RFC 7748 §4.1 maps one to the other. */
const [order8, otherOrder8, montgomery, otherMontgomery] = [
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
].map(bytes)

async function deviceKeys({ accepts, refuses }, world) {
  const { sign, box } = stranger.device.keys
  const second = Uint8Array.from(box, (byte, i) => [0, 0x10, 0xd0][i] ?? byte)
  const coefficient = Uint8Array.from(box, (byte, i) => (i === 0 ? 0x01 : i === 1 ? (byte & 0xf0) | 0x0d : byte))
  const x25519 = (u) => Uint8Array.of(...box.subarray(0, 1184), ...u)
  const wrong = {
    'sign-key-of-small-order': [{ sign: Uint8Array.of(1, ...new Uint8Array(31)) }, 'The neutral element.'],
    'sign-key-of-order-2': [{ sign: Uint8Array.of(0xec, ...new Uint8Array(30).fill(0xff), 0x7f) }, 'y = −1.'],
    'sign-key-of-order-4': [{ sign: new Uint8Array(32) }, 'y = 0.'],
    'sign-key-not-canonical': [{ sign: Uint8Array.of(0xee, ...new Uint8Array(30).fill(0xff), 0x7f) }, 'y = p + 1.'],
    'sign-key-not-canonical-with-sign': [
      { sign: Uint8Array.of(0xf0, ...new Uint8Array(31).fill(0xff)) },
      'y = p + 3, and the sign bit.',
    ],
    'sign-key-of-31-bytes': [{ sign: sign.slice(1) }, 'A key has 32 bytes.'],
    'sign-key-of-33-bytes': [{ sign: Uint8Array.of(...sign, 0) }, 'A key has 32 bytes.'],
    'sign-key-of-order-8': [{ sign: order8 }, 'One of the two points of order 8, up to their sign.'],
    'sign-key-of-order-8-the-other': [{ sign: otherOrder8 }, 'The other one.'],
    'box-key-of-1215-bytes': [{ box: box.slice(1) }, 'A key has 1,216 bytes.'],
    'box-key-of-1217-bytes': [{ box: Uint8Array.of(...box, 0) }, 'A key has 1,216 bytes.'],
    'box-key-coefficient-3329': [{ box: coefficient }, 'A coefficient of ML-KEM that is not below 3329.'],
    'box-key-second-coefficient-3329': [{ box: second }, 'The second one alone.'],
    'box-key-coefficient-4095': [
      { box: Uint8Array.from(box, (byte, i) => (i < 3 ? 0xff : byte)) },
      'The largest that 12 bits hold.',
    ],
    'box-key-top-bit': [
      { box: Uint8Array.from(box, (byte, i) => (i === 1215 ? byte | 0x80 : byte)) },
      'RFC 7748 would mask it.',
    ],
    'box-key-u-too-large': [{ box: x25519([0xee, ...new Uint8Array(30).fill(0xff), 0x7f]) }, 'u = p + 1.'],
    'box-key-u-0': [{ box: x25519(new Uint8Array(32)) }, 'The shared secret would be zero.'],
    'box-key-u-1': [{ box: x25519([1, ...new Uint8Array(31)]) }, 'Of low order.'],
    'box-key-u-of-order-8': [{ box: x25519(montgomery) }, 'Of low order.'],
    'box-key-u-of-order-8-the-other': [{ box: x25519(otherMontgomery) }, 'Of low order.'],
    'box-key-u-minus-1': [{ box: x25519([0xec, ...new Uint8Array(30).fill(0xff), 0x7f]) }, 'Of low order.'],
  }
  for (const [name, [over, comment]] of Object.entries(wrong)) {
    const given = { sign, box, ...over }
    await refuses(name, 'KEY_FORMAT', {
      spec: 'signatures.md#device-keys',
      comment,
      operation: 'entries/device-keys',
      inputs: { sign: hex(given.sign), box: hex(given.box) },
    })
  }
  await accepts('device-keys', {
    spec: 'signatures.md#device-keys',
    comment: 'A device’s id is the hash of both of its keys.',
    operation: 'entries/device-keys',
    inputs: { sign: hex(sign), box: hex(box) },
  })
  const bad = p.encode(
    withBody(await world.sign(acts.foundInstitution(hospital, 'Hospital')), (one) => [
      [one[0][0], coefficient],
      ...one.slice(1),
    ]),
  )
  await refuses('founding-with-a-malformed-key', 'KEY_FORMAT', {
    spec,
    comment: 'Keys in a body are checked while it is decoded.',
    operation,
    inputs: inputs(await resigned(bad, hospital), hospital),
  })
}

// ——— ids

async function ids({ accepts, refuses }) {
  await accepts('chain-id-of-a-network', {
    spec: 'entries.md#identifiers',
    comment: 'Null instead of a network’s id.',
    operation: 'entries/chain-id',
    inputs: { network: null, founder: hex(counting(0x20)), nonce: hex(counting(0x40)) },
  })
  await accepts('chain-id-of-a-member', {
    spec: 'entries.md#identifiers',
    comment: 'Network, founder and nonce.',
    operation: 'entries/chain-id',
    inputs: { network: hex(network), founder: hex(counting(0x20)), nonce: hex(counting(0x40)) },
  })
  const numbered = (board, given) => ({
    spec: 'entries.md#identifiers',
    operation: 'entries/registration',
    inputs: { network: hex(network), board, number: given },
  })
  await accepts('registration-number', { ...numbered('hk-mchk', 'M01234'), comment: 'A doctor’s.' })
  await accepts('registration-number-of-another-board', {
    ...numbered('hk-nchk', 'M01234'),
    comment: 'The same number, another chain.',
  })
  await accepts('registration-number-of-40', { ...numbered('b'.repeat(40), '9'.repeat(40)), comment: 'The longest.' })
  const misspelt = {
    'in-small-letters': ['hk-mchk', 'm01234'],
    'with-a-space': ['hk-mchk', 'M 01234'],
    'with-a-wide-letter': ['hk-mchk', '\uff2d01234'],
    'with-an-end-of-line': ['hk-mchk', 'M01234\n'],
    'of-nothing': ['hk-mchk', ''],
    'of-41': ['hk-mchk', '9'.repeat(41)],
    'of-a-board-in-capitals': ['HK-MCHK', 'M01234'],
    'of-no-board': ['', 'M01234'],
    'of-a-board-of-41': ['b'.repeat(41), 'M01234'],
  }
  for (const [name, given] of Object.entries(misspelt))
    await refuses(`registration-number-${name}`, 'USAGE', {
      ...numbered(...given),
      comment: 'One number has one spelling, so that nobody binds it a second time under another.',
    })
  await accepts('access-log-of-a-record', {
    spec: 'entries.md#identifiers',
    comment: 'Access link 0.',
    operation: 'entries/access-log',
    inputs: { record: hex(record) },
  })
}

// ——— claims

async function claims({ accepts, refuses }) {
  const salt = counting(0x30, 16)
  const given = [
    { name: 'name', salt, value: '陳大文' },
    { name: 'registration', salt: counting(0x40, 16), value: 'M01234' },
  ]
  const hashed = given.map((claim) => [claim.name, p.claimHash(chan.chain, claim)])
  const beside = p.encodeClaims(given)
  const claimed = (over = {}) => ({
    spec: 'entries.md#claims',
    operation: 'entries/claims',
    inputs: { member: hex(chan.chain), claims: toJson(hashed), beside: hex(beside), ...over },
  })
  await accepts('claims-two', { ...claimed(), comment: 'Name and registration.' })
  const wrongClaims = {
    'claims-of-another-member': { member: hex(lee.chain) },
    'claims-one-missing': { beside: hex(p.encodeClaims(given.slice(0, 1))) },
    'claims-in-another-order': { beside: hex(p.encodeClaims([...given].reverse())) },
    'claims-with-another-value': { beside: hex(p.encodeClaims([{ ...given[0], value: '陳小文' }, given[1]])) },
    'claims-with-another-salt': {
      beside: hex(p.encodeClaims([{ ...given[0], salt: counting(0x31, 16) }, given[1]])),
    },
    'claims-with-another-name': { claims: toJson([['role', hashed[0][1]], hashed[1]]) },
  }
  for (const [name, over] of Object.entries(wrongClaims))
    await refuses(name, 'CRED_BINDING', { ...claimed(over), comment: 'Not what the credential carries the hashes of.' })
  await refuses('claims-with-a-short-salt', 'DECODE_SHAPE', {
    ...claimed({ beside: hex(p.encode(given.map(({ name, value }) => [name, counting(0, 15), value]))) }),
    comment: 'A salt has 16 bytes.',
  })
  const twice = [given[0], { ...given[0], value: '陳大武' }]
  await accepts('claims-twice', {
    ...claimed({
      claims: toJson(twice.map((claim) => [claim.name, p.claimHash(chan.chain, claim)])),
      beside: hex(p.encode(twice.map((claim) => [claim.name, claim.salt, claim.value]))),
    }),
    comment: 'The form allows it; the rule of credentials does not.',
  })
  const long = Array.from({ length: 16 }, (_, i) => ({ name: `name ${i}`, salt, value: '陳'.repeat(200) }))
  await refuses('claims-of-more-than-4-kib', 'TOO_LARGE', {
    ...claimed({
      claims: toJson(long.map((claim) => [claim.name, p.claimHash(chan.chain, claim)])),
      beside: hex(p.encode(long.map((claim) => [claim.name, claim.salt, claim.value]))),
    }),
    comment: 'Sixteen claims, each of which is allowed.',
  })
}

/** A payload under the same header, with a signature that is right. */
async function resigned(payload, by = root) {
  const parts = { chain: by.chain, device: by.device.id, payload }
  return p.sign1({ ...parts, aad: p.bind('entry', [network]) }, by.device.sign)
}

const fieldsOf = (entry) => p.decode(p.decodeSign1(entry.bytes).payload)
const withBody = (entry, change) => fieldsOf(entry).map((field, i) => (i === 10 ? change(field) : field))

const withTail = (bytes, tail) => Uint8Array.of(...bytes.subarray(0, bytes.length - tail.length), ...tail)

/** The order of the group, little-endian: RFC 8032 §5.1. */
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n

function addOrder(bytes) {
  const s = bytes.subarray(bytes.length - 32)
  let sum = ORDER + s.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n)
  const out = new Uint8Array(32)
  for (let i = 0; i < 32; i++, sum >>= 8n) out[i] = Number(sum & 0xffn)
  return withTail(bytes, out)
}

/** The same with the payload's length in two bytes, where one is enough. */
function longerHead(bytes) {
  if (bytes[80] !== 0x58) throw new Error('the payload’s length does not take one byte')
  return Uint8Array.of(...bytes.subarray(0, 80), 0x59, 0, ...bytes.subarray(81))
}
