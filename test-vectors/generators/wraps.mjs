// Wrap lists: their form, their root, whom they must name, and the sealed objects in a row. Spec: docs/spec/wraps.md; rules.md, "Wrap lists".
import * as c from '../../packages/crypto/dist/index.js'
import * as p from '../../packages/protocol/dist/index.js'
import { hex } from '../operations/notation.mjs'
import { deviceActs, idsOf, joining, memberEpoch, phone, tablet } from './member-devices.mjs'
import { seat, seats, teamActs, teamEpoch } from './teams.mjs'
import { counting, scripted, vectorsOf } from './vectors.mjs'
import {
  acts,
  chan,
  content,
  DAY,
  epochStart,
  foundedWorld,
  lee,
  logSigner,
  network,
  peopledWorld,
  record,
  recordedWorld,
  revokedWorld,
  START,
  sharedWorld,
  trailStart,
  viewedWorld,
  wong,
} from './world.mjs'
import { reach } from './wraps-reach.mjs'

await c.ready()

const rejects = 'wraps.md#what-an-opener-must-reject'
const sealed = (first) => counting(first, 40)

/** A row whose sealed objects are made up; `over` replaces fields of its leaf. */
function rowTo(who, what, over = {}, { envelope = sealed(0x70), keys = sealed(0x80) } = {}) {
  const leaf = {
    recipient: who.chain,
    epoch: 0,
    keyHash: p.sha256(who.epochKey),
    sequence: 2,
    link: counting(0x60),
    what,
    envelope: p.sha256(envelope),
    keys: keys && p.sha256(keys),
    ...over,
  }
  return { leaf, envelope, keys }
}
const pairs = (...list) => list.map(([section, epoch]) => ({ section, epoch }))
const under = (grant, keys, trail = null) => ({ grant, keys, trail })

/** An attachment of rows as they are given, in whatever order. */
function joined(rows) {
  return p.concat(
    ...rows.flatMap((row) => {
      const bytes = row instanceof Uint8Array ? row : p.encodeWrapRow(row)
      const length = new Uint8Array(4)
      new DataView(length.buffer).setUint32(0, bytes.length)
      return [length, bytes]
    }),
  )
}

/** A list of one row whose length is one too large. */
function saysMore(list) {
  const out = new Uint8Array(list)
  new DataView(out.buffer).setUint32(0, list.length - 3)
  return out
}

export default async function wraps(rules) {
  const { accepts, refuses, files } = vectorsOf('wraps', rules)
  await lists({ accepts, refuses })
  await objects({ accepts, refuses })
  await fits({ accepts, refuses })
  return files
}

// ——— the attachment

async function lists({ accepts, refuses }) {
  const what = [under(counting(0x90), pairs([0, 0], [1, 0]))]
  const rows = [chan, lee, wong]
    .map((who) => rowTo(who, what))
    .sort((a, b) => p.compare(a.leaf.recipient, b.leaf.recipient))
  const list = p.encodeWrapList(rows)
  const signed = p.describeWrapList(list, rows, 7)
  const spec = 'wraps.md#the-list'
  const given = (bytes, over = {}) => ({
    operation: 'wraps/list',
    inputs: { list: hex(bytes), count: signed.attached.count, root: hex(signed.root), ...over },
  })
  await accepts('list-of-three', { ...given(list), spec, comment: 'In order of recipient.' })
  const one = p.encodeWrapList(rows.slice(0, 1))
  await accepts('list-of-one', {
    ...given(one, { count: 1, root: hex(p.describeWrapList(one, rows.slice(0, 1), 7).root) }),
    spec,
    comment: 'Its root is its leaf’s hash.',
  })
  const [first, second, third] = rows
  const wrong = {
    'list-in-another-order': ['WRAPS', joined([second, first, third]), 'One list, one order.'],
    'list-with-a-recipient-twice': ['WRAPS', joined([first, first, second]), 'Nobody twice with different keys.'],
    'list-with-a-row-missing': ['WRAPS', joined([first, second]), 'The entry says three.'],
    'list-with-another-row': [
      'WRAPS',
      joined([first, second, rowTo(wong, [under(null, pairs([0, 0]))], { recipient: third.leaf.recipient })]),
      'Another leaf, another root.',
    ],
    'list-with-another-envelope': [
      'WRAPS',
      joined([first, second, reencoded(third, { envelope: sealed(0x71) })]),
      'The leaf names its hash.',
    ],
    'list-with-other-section-keys': [
      'WRAPS',
      joined([first, second, reencoded(third, { keys: sealed(0x81) })]),
      'The leaf names its hash.',
    ],
    'list-without-section-keys': [
      'WRAPS',
      joined([first, second, reencoded(third, { keys: null })]),
      'The leaf names them.',
    ],
    'list-cut-in-a-row': ['DECODE_TRUNCATED', list.slice(0, -1), 'The last row is shorter than it says.'],
    'list-cut-in-a-length': ['DECODE_TRUNCATED', p.concat(list, new Uint8Array(3)), 'Three bytes of a length.'],
    'list-with-a-row-too-long': [
      'TOO_LARGE',
      p.concat(Uint8Array.of(0, 0, 0x80, 1), new Uint8Array(32_769)),
      'Longer than 32 KiB.',
    ],
    'list-with-a-row-too-long-and-cut': [
      'TOO_LARGE',
      p.concat(Uint8Array.of(0, 0, 0x80, 1), new Uint8Array(100)),
      'Its length is looked at before it is compared with what is there.',
    ],
    'list-whose-last-row-says-too-much': [
      'DECODE_TRUNCATED',
      saysMore(p.encodeWrapList([third])),
      'The row is whole, and its length says a byte more.',
    ],
    'list-with-a-row-that-is-empty': ['DECODE_TRUNCATED', new Uint8Array(4), 'A row of no bytes.'],
    'list-with-a-row-that-trails': [
      'DECODE_TRAILING',
      joined([p.concat(p.encodeWrapRow(first), Uint8Array.of(0))]),
      'A byte inside the row’s length.',
    ],
    'list-with-a-row-of-two-fields': ['DECODE_SHAPE', joined([p.encode([1, 2])]), 'Leaf, envelope and keys.'],
  }
  for (const [name, [code, bytes, comment]] of Object.entries(wrong))
    await refuses(name, code, { ...given(bytes), spec: rejects, comment })
  await refuses('list-of-another-root', 'WRAPS', {
    ...given(list, { root: hex(counting(0x60)) }),
    spec: rejects,
    comment: 'What is not under the signed root was not made by its signer.',
  })
  await refuses('list-of-another-count', 'WRAPS', {
    ...given(list, { count: 4 }),
    spec: rejects,
    comment: 'The entry says four.',
  })

  /** The list as it stands, under its own root and count: nothing but its form is wrong. */
  const asSigned = (given) => ({
    operation: 'wraps/list',
    inputs: {
      list: hex(joined(given)),
      count: given.length,
      root: hex(p.rootOf(given.map(({ leaf }) => p.wrapLeafHash(leaf)))),
    },
  })
  await refuses('list-in-another-order-that-is-signed', 'WRAPS', {
    ...asSigned([second, first, third]),
    spec: rejects,
    comment: 'Its signer signed a list that is none.',
  })
  await refuses('list-with-a-recipient-twice-that-is-signed', 'WRAPS', {
    ...asSigned([first, first]),
    spec: rejects,
    comment: 'Its signer signed a list that is none.',
  })

  // one row with its path
  const leaves = rows.map(({ leaf }) => p.wrapLeafHash(leaf))
  const plan = p.planInclusion(1, 3)
  const node = ({ level, index }) => p.rootOf(leaves.slice(index * 2 ** level, (index + 1) * 2 ** level))
  const path = p.assemble(plan, plan.nodes.map(node)).map(hex)
  const row = (bytes, over = {}) => ({
    operation: 'wraps/row',
    inputs: { row: hex(bytes), root: hex(signed.root), size: 3, index: 1, path, ...over },
  })
  await accepts('row-with-its-path', { ...row(p.encodeWrapRow(second)), spec, comment: 'What a recipient is handed.' })
  await refuses('row-of-somebody-else', 'LOG_PROOF', {
    ...row(p.encodeWrapRow(first)),
    spec: rejects,
    comment: 'Another leaf at this place.',
  })
  await refuses('row-at-another-place', 'LOG_PROOF', {
    ...row(p.encodeWrapRow(second), { index: 0 }),
    spec: rejects,
    comment: 'The path is that of row 1.',
  })
  await refuses('row-with-another-envelope', 'WRAPS', {
    ...row(reencoded(second, { envelope: sealed(0x71) })),
    spec: rejects,
    comment: 'The leaf names its hash.',
  })
  await refuses('row-cut', 'DECODE_TRUNCATED', {
    ...row(p.encodeWrapRow(second).slice(0, -1)),
    spec: rejects,
    comment: 'The last byte is missing.',
  })
  await refuses('row-of-one-grant-without-keys', 'DECODE_SHAPE', {
    ...row(
      p.encode([
        [...leafValue(second).slice(0, 5), [[null, 1, null]], ...leafValue(second).slice(6)],
        second.envelope,
        second.keys,
      ]),
    ),
    spec: rejects,
    comment: 'A number where pairs belong.',
  })
}

const leafValue = ({ leaf }) => p.decode(p.encodeWrapRow({ leaf, envelope: sealed(0x70), keys: sealed(0x80) }))[0]
/** A row with another object than its leaf names. */
const reencoded = (row, over) =>
  p.encode([leafValue(row), over.envelope ?? row.envelope, over.keys === undefined ? row.keys : over.keys])

// ——— the sealed objects

async function objects({ accepts, refuses }) {
  const recipient = counting(0x20)
  const { key, seed } = c.memberEpochKeys(counting(0x80), { network, member: lee.chain, epoch: 0 })
  const grant = counting(0x90)
  const target = {
    recipient,
    epoch: 0,
    keyHash: p.sha256(key),
    sequence: 2,
    link: counting(0x60),
    what: [under(grant, pairs([0, 0], [3, 1]), 0)],
  }
  const grantSecret = counting(0xd0)
  const random = () => scripted(grantSecret, counting(0x01, 64), counting(0xe0), counting(0x10, 12))
  const card = counting(0xa0)
  const secrets = {
    card,
    keys: [
      { section: 0, epoch: 0, key: card },
      { section: 3, epoch: 1, key: counting(0xb0) },
    ],
    trail: counting(0xc0),
  }
  const place = { network, chain: record, target, recipientKey: key }
  const row = await c.sealWrap(place, secrets, random())
  const bytes = p.encodeWrapRow(row)
  const keysOf = (given, over = {}) => ({
    operation: 'wraps/keys',
    inputs: { network: hex(network), chain: hex(record), row: hex(given), grantSecret: hex(grantSecret), ...over },
  })
  await accepts('section-keys', {
    ...keysOf(bytes),
    spec: 'wraps.md#section-keys',
    comment: 'Card, section 3 and trail.',
  })
  const elsewhere = {
    network: { network: hex(counting(0x61)) },
    record: { chain: hex(counting(0x61)) },
    secret: { grantSecret: hex(counting(0xd1)) },
  }
  for (const [what, over] of Object.entries(elsewhere))
    await refuses(`section-keys-of-another-${what}`, 'UNAUTHENTIC', {
      ...keysOf(bytes, over),
      spec: rejects,
      comment: 'Replay to another place.',
    })
  const changes = {
    recipient: { recipient: counting(0x21) },
    epoch: { epoch: 1 },
    key: { keyHash: counting(0x61) },
    head: { sequence: 3 },
    link: { link: counting(0x61) },
    grant: { what: [under(counting(0x91), pairs([0, 0], [3, 1]), 0)] },
    section: { what: [under(grant, pairs([0, 0], [4, 1]), 0)] },
  }
  for (const [what, over] of Object.entries(changes))
    await refuses(`section-keys-for-another-${what}`, 'UNAUTHENTIC', {
      ...keysOf(p.encodeWrapRow({ ...row, leaf: { ...row.leaf, ...over } })),
      spec: rejects,
      comment: 'Sealed for another target.',
    })
  /** Section keys that say something else than the target names: their author contradicts herself. */
  const contradicting = async (value, iv = 0xe0, to = target) => {
    const key32 = await hkdf(grantSecret, p.bind('grantKeys', []))
    const aad = p.bind('sectionKeys', [network, record, p.encodeTarget(to)])
    const keys = await c.sealBytes(key32, aad, p.encode(value), scripted(counting(iv), counting(0x10, 12)))
    return p.encodeWrapRow({ ...row, keys, leaf: { ...row.leaf, ...to, keys: p.sha256(keys) } })
  }
  const both = [
    [0, 0, card],
    [3, 1, counting(0xb0)],
  ]
  const values = {
    'section-keys-one-too-few': ['COMMITMENT', [both.slice(0, 1), counting(0xc0)], 'The target names two.'],
    'section-keys-one-too-many': [
      'COMMITMENT',
      [[...both, [4, 0, counting(0xb1)]], counting(0xc0)],
      'The target names two.',
    ],
    'section-keys-in-another-order': [
      'COMMITMENT',
      [[...both].reverse(), counting(0xc0)],
      'Ordered by section and epoch.',
    ],
    'section-keys-of-another-epoch': [
      'COMMITMENT',
      [[both[0], [3, 2, counting(0xb0)]], counting(0xc0)],
      'The target names epoch 1.',
    ],
    'section-keys-without-the-trail': ['COMMITMENT', [both, null], 'The target names a trail epoch.'],
    'section-keys-of-31-bytes': [
      'UNAUTHENTIC',
      [[both[0], [3, 1, counting(0xb0, 31)]], counting(0xc0)],
      'Secrets have one length.',
    ],
    'section-keys-of-another-structure': ['UNAUTHENTIC', [both], 'Keys and trail.'],
  }
  for (const [name, [code, value, comment]] of Object.entries(values))
    await refuses(name, code, { ...keysOf(await contradicting(value)), spec: rejects, comment })

  const trails = { ...target, what: [...target.what, under(counting(0x91), pairs([0, 0]), 1)] }
  await refuses('section-keys-for-two-trail-epochs', 'COMMITMENT', {
    ...keysOf(await contradicting([both, counting(0xc0)], 0xe0, trails)),
    spec: rejects,
    comment: 'A target names at most one: no keys fit it.',
  })
  await refuses('section-keys-that-the-leaf-does-not-name', 'UNAUTHENTIC', {
    ...keysOf(p.encodeWrapRow({ ...row, leaf: { ...row.leaf, keys: null }, keys: null }), { object: hex(row.keys) }),
    spec: rejects,
    comment: 'The leaf names none.',
  })
  await refuses('section-keys-without-their-row-of-another-seal', 'UNAUTHENTIC', {
    ...keysOf(bytes, { object: hex(p.decodeWrapRow(await contradicting([both, counting(0xc0)], 0x30)).keys) }),
    spec: rejects,
    comment: 'The same keys, sealed once more: not the object that the leaf names.',
  })

  const envelope = (given, over = {}) => ({
    operation: 'wraps/envelope',
    inputs: { network: hex(network), chain: hex(record), row: hex(given), seed: hex(seed), ...over },
  })
  await accepts('envelope', { ...envelope(bytes), spec: 'wraps.md#envelope', comment: 'Card key and grant secret.' })
  for (const [what, over] of Object.entries({
    network: elsewhere.network,
    record: elsewhere.record,
    seed: { seed: hex(counting(0x61)) },
  }))
    await refuses(`envelope-of-another-${what}`, 'UNAUTHENTIC', {
      ...envelope(bytes, over),
      spec: rejects,
      comment: 'It opens in its place, for its recipient.',
    })
  await refuses('envelope-for-another-grant', 'UNAUTHENTIC', {
    ...envelope(p.encodeWrapRow({ ...row, leaf: { ...row.leaf, ...changes.grant } })),
    spec: rejects,
    comment: 'Sealed for another target.',
  })
  /** An envelope that says whether there is a card as this value does, for this target. */
  const sealedFor = (to, value, first = 0x01) => {
    const info = p.bind('envelope', [network, record, p.encodeTarget(to)])
    return c.sealTo(key, { info, aad: new Uint8Array(0) }, p.encode(value), scripted(counting(first, 64)))
  }
  const rowWith = (to, sealed) =>
    p.encodeWrapRow({
      leaf: { ...to, envelope: p.sha256(sealed), keys: row.leaf.keys },
      envelope: sealed,
      keys: row.keys,
    })
  const cardless = { ...target, what: [under(grant, pairs([3, 1]), 0)] }
  await accepts('envelope-without-a-card', {
    ...envelope(rowWith(cardless, sealedFor(cardless, [null, grantSecret]))),
    spec: 'wraps.md#envelope',
    comment: 'The target names no section 0.',
  })
  await refuses('envelope-with-a-card-that-is-not-named', 'COMMITMENT', {
    ...envelope(rowWith(cardless, sealedFor(cardless, [card, grantSecret]))),
    spec: rejects,
    comment: 'Its author contradicts herself.',
  })
  await refuses('envelope-without-the-card-that-is-named', 'COMMITMENT', {
    ...envelope(rowWith(target, sealedFor(target, [null, grantSecret]))),
    spec: rejects,
    comment: 'Its author contradicts herself.',
  })
  await refuses('envelope-without-its-row-of-another-seal', 'UNAUTHENTIC', {
    ...envelope(bytes, { object: hex(sealedFor(target, [card, grantSecret], 0x02)) }),
    spec: rejects,
    comment: 'The same secrets, sealed once more: not the object that the leaf names.',
  })
  const epochSecret = counting(0x88)
  const device = c.deviceFromSeed(counting(0x60))
  const deviceTarget = {
    recipient: device.id,
    epoch: 0,
    keyHash: p.sha256(device.keys.box),
    sequence: 0,
    link: null,
    what: [],
  }
  const deviceRow = await c.sealDeviceWrap(
    { network, chain: lee.chain, target: deviceTarget, recipientKey: device.keys.box },
    epochSecret,
    scripted(counting(0x01, 64)),
  )
  const wrapOf = (given, over = {}) => ({
    operation: 'wraps/device',
    inputs: { network: hex(network), chain: hex(lee.chain), row: hex(given), seed: hex(device.boxSeed), ...over },
  })
  await accepts('device-wrap', {
    ...wrapOf(p.encodeWrapRow(deviceRow)),
    spec: 'wraps.md#device-wraps',
    comment: 'An epoch secret for a device.',
  })
  const short = c.sealTo(
    device.keys.box,
    { info: p.bind('deviceWrap', [network, lee.chain, p.encodeTarget(deviceTarget)]), aad: new Uint8Array(0) },
    counting(0x88, 31),
    scripted(counting(0x01, 64)),
  )
  await refuses('device-wrap-of-31-bytes', 'UNAUTHENTIC', {
    ...wrapOf(
      p.encodeWrapRow({
        leaf: { ...deviceTarget, envelope: p.sha256(short), keys: null },
        envelope: short,
        keys: null,
      }),
    ),
    spec: rejects,
    comment: 'Secrets have one length.',
  })
  await refuses('device-wrap-of-another-member', 'UNAUTHENTIC', {
    ...wrapOf(p.encodeWrapRow(deviceRow), { chain: hex(chan.chain) }),
    spec: rejects,
    comment: 'Bound to the member’s chain.',
  })
  await refuses('device-wrap-that-is-an-envelope', 'UNAUTHENTIC', {
    ...wrapOf(bytes, { seed: hex(seed), chain: hex(record) }),
    spec: rejects,
    comment: 'Another purpose.',
  })
  await refuses('envelope-that-is-a-device-wrap', 'UNAUTHENTIC', {
    ...envelope(p.encodeWrapRow(deviceRow), { seed: hex(device.boxSeed), chain: hex(lee.chain) }),
    spec: rejects,
    comment: 'Another purpose.',
  })
}

async function hkdf(secret, info) {
  const { deriveKey } = await import('../../packages/crypto/dist/keys.js')
  return deriveKey(secret, info)
}

// ——— lists against their entries

async function fits({ accepts, refuses }) {
  const founded = await foundedWorld()
  const peopled = await peopledWorld(founded)
  const recorded = await recordedWorld(peopled)
  const shared = await sharedWorld(recorded)
  const revoked = await revokedWorld(await viewedWorld(shared))
  const founding = p.decodeEntry(founded.entries[0].bytes).link
  const created = p.decodeEntry(recorded.entries.at(-1).bytes).hash
  const grantHash = shared.named.get('grant').hash
  const at = {
    'a-network-is-founded': founded,
    'three-members-join': peopled,
    'a-record-is-created': recorded,
    'a-section-is-shared': shared,
    'chan-revokes': revoked,
  }

  /** A vector: the entry that `act` makes for these rows, after a chapter of the story. */
  async function vector(after, given, act, play = async () => {}) {
    const world = at[after].fork()
    const since = world.size
    await play(world)
    const rows = typeof given === 'function' ? given(world) : given
    const list = p.encodeWrapList(rows)
    await world.add(await act(world, { wraps: p.describeWrapList(list, rows, world.size) }))
    const logKey = p.encodeNoteKey(logSigner.key)
    const inputs = {
      network: hex(network),
      founding: hex(founding),
      logKey,
      before: [after],
      proven: world.answer(since),
      list: hex(list),
    }
    return { operation: 'wraps/fits', spec: 'rules.md#wrap-lists', inputs }
  }
  const all = pairs([0, 0], [1, 0], [2, 0])
  const turned = pairs([0, 1], [1, 1])
  const create = (world, over) => acts.create(world, over)
  const grant = (over) => (world, wrapsOf) => acts.grant(world, lee, { ...over, ...wrapsOf })
  const revoke =
    (over = {}) =>
    (world, wrapsOf) =>
      acts.revoke(world, { ...over, ...wrapsOf })
  const publish =
    (over = {}) =>
    (world, wrapsOf) =>
      acts.publish(world, {
        trail: trailStart(1),
        epochs: [epochStart(0, 1, { until: START + DAY }), epochStart(1, 1, { until: START + DAY })],
        contents: [content(0, 1), content(1, 1)],
        ...over,
        ...wrapsOf,
      })
  const device = { ...chan, chain: chan.device.id, epochKey: chan.device.keys.box }
  const deviceRow = (over = {}) => rowTo(device, [], { sequence: 0, link: null, keys: null, ...over }, { keys: null })
  const foundMember = (world, over) => acts.foundMember(world, chan, over)
  /** Rows of a member's secret to devices, as its lists have them. */
  const toDevices = (...devices) =>
    devices
      .map(({ device: { id, keys } }) =>
        rowTo({ chain: id, epochKey: keys.box }, [], { sequence: 0, link: null, keys: null }, { keys: null }),
      )
      .sort((a, b) => p.compare(a.leaf.recipient, b.leaf.recipient))
  const withPhone = async (world) => {
    await world.add(deviceActs.add(world, phone))
  }
  const addPhone = (world, over) => deviceActs.change(world, { adds: joining(phone), ...over })
  const addAndTurn = (world, over) => addPhone(world, { epoch: memberEpoch(1), ...over })
  const removePhone = (world, over) =>
    deviceActs.change(world, { removes: idsOf(phone), epoch: memberEpoch(1), ...over })
  const swapPhone = (world, over) => removePhone(world, { adds: joining(tablet), ...over })
  const turn = (world, { wraps: own }) => {
    const made = deviceActs.refresh(world)
    return { ...made, body: { ...made.body, wraps: own } }
  }
  const endless = [epochStart(0, 1), epochStart(1, 1)]
  const tomorrow = async (world) => {
    world.now += DAY
  }
  /** Lee gets a second grant of the same. */
  const grantAgain = async (world) => {
    world.named.set('second', await world.add(acts.grant(world, lee)))
  }
  const ofBoth = (world) =>
    [grantHash, world.named.get('second').hash].sort(p.compare).map((hash) => under(hash, turned))
  const toFounder = (keys, trail) => rowTo(chan, [under(created, keys, trail)])
  /** Rows of a team's secret, as its lists have them. */
  const ofTeam = (epoch, ...members) =>
    members
      .map((of) => rowTo(of, [under(null, pairs([0, epoch]))], { keys: null }, { keys: null }))
      .sort((a, b) => p.compare(a.leaf.recipient, b.leaf.recipient))
  const all3 = seats(seat(chan, 'admin'), seat(lee), seat(wong))
  const foundTeam = (world, over) => teamActs.found(world, { ...over, seats: all3 })
  const teamed = async (world) => {
    await world.add(teamActs.found(world, { seats: seats(seat(chan, 'admin'), seat(lee)) }))
  }
  const teamedStale = async (world) => {
    await teamed(world)
    await world.add(deviceActs.turn(world, lee))
    await world.add(teamActs.stale(lee))
  }
  const addWong = (world, over) => teamActs.change(world, { adds: [seat(wong)], ...over })
  const removeLee = (world, over) => teamActs.change(world, { removes: [lee.chain], epoch: teamEpoch(1), ...over })
  const swap = (world, over) => removeLee(world, { adds: [seat(wong)], ...over })
  const refresh = (world, over) => teamActs.refresh(world, over)
  const joined = 'three-members-join'

  const sound = {
    'fits-a-members-founding': ['a-network-is-founded', [deviceRow()], foundMember, 'One row, to the founding device.'],
    'fits-a-device-that-is-added': ['three-members-join', toDevices(phone), addPhone, 'One row, the key there is.'],
    'fits-a-device-that-is-added-with-a-new-key': [
      'three-members-join',
      toDevices(chan, phone),
      addAndTurn,
      'To both, the new key.',
    ],
    'fits-a-device-that-is-removed': [
      'three-members-join',
      toDevices(chan),
      removePhone,
      'To the one that remains.',
      withPhone,
    ],
    'fits-an-exchange-of-devices': [
      'three-members-join',
      toDevices(chan, tablet),
      swapPhone,
      'To the one that remains and the one that is added.',
      withPhone,
    ],
    'fits-a-key-that-turns': ['three-members-join', toDevices(chan, phone), turn, 'To all devices.', withPhone],
    'fits-a-new-team': [joined, ofTeam(0, chan, lee, wong), foundTeam, 'A row to each seat.'],
    'fits-an-addition-to-a-team': [joined, ofTeam(0, wong), addWong, 'To who is added, the key there is.', teamed],
    'fits-a-removal-from-a-team': [joined, ofTeam(1, chan), removeLee, 'To who remains, the new key.', teamed],
    'fits-an-exchange-in-a-team': [joined, ofTeam(1, chan, wong), swap, 'To who remains and who is added.', teamed],
    'fits-a-refresh-of-a-team': [joined, ofTeam(1, chan, lee), refresh, 'To all.', teamedStale],
    'fits-a-new-record': [
      'three-members-join',
      [rowTo(chan, [under(null, all, 0)])],
      create,
      'One row, to the founder, with the trail.',
    ],
    'fits-a-grant': [
      'a-record-is-created',
      [rowTo(lee, [under(null, pairs([0, 0], [1, 0]))])],
      grant({}),
      'Card and section 1; no trail for one who may view.',
    ],
    'fits-a-grant-with-the-trail': [
      'a-record-is-created',
      [rowTo(lee, [under(null, pairs([0, 0], [1, 0]), 0)])],
      grant({ actions: 33 }),
      'With the trail’s epoch.',
    ],
    'fits-a-revocation': ['a-section-is-shared', [toFounder(turned, 1)], revoke(), 'Nobody is left but the founder.'],
    'fits-a-version-with-new-keys': [
      'a-section-is-shared',
      [toFounder(turned, 1), rowTo(lee, [under(grantHash, turned)])],
      publish(),
      'The founder and Lee; each epoch ends when Lee’s grant does.',
    ],
    'fits-a-version-of-what-nobody-holds': [
      'a-section-is-shared',
      [toFounder(pairs([2, 1]), null)],
      publish({ trail: null, epochs: [epochStart(2, 1)], contents: [content(2, 1)] }),
      'Section 2 alone turns, which Lee was not given.',
    ],
    'fits-a-version-after-a-grant-has-expired': [
      'a-section-is-shared',
      [toFounder(turned, 1)],
      publish({ epochs: endless }),
      'Lee’s grant is over by the entry’s own time.',
      tomorrow,
    ],
    'fits-a-version-after-a-revocation': [
      'chan-revokes',
      [toFounder(pairs([0, 2], [1, 2]), 2)],
      publish({
        trail: trailStart(2),
        epochs: [epochStart(0, 2), epochStart(1, 2)],
        contents: [content(0, 2), content(1, 2)],
      }),
      'Lee’s grant was revoked.',
    ],
    'fits-a-version-with-two-grants-of-one-member': [
      'a-section-is-shared',
      (world) => [toFounder(turned, 1), rowTo(lee, ofBoth(world))],
      publish(),
      'One row, which names both in order of their hashes.',
      grantAgain,
    ],
  }
  for (const [name, [after, rows, act, comment, play]] of Object.entries(sound))
    await accepts(name, { ...(await vector(after, rows, act, play)), comment })
  const last = { chain: new Uint8Array(32).fill(0xff), epochKey: wong.epochKey }
  const wrong = {
    'team-without-a-member': [joined, ofTeam(0, chan, lee), foundTeam, 'Wong has a seat.'],
    'team-with-somebody-besides': [
      joined,
      [...ofTeam(0, chan, lee, wong), ...ofTeam(0, last)],
      foundTeam,
      'Nobody else has a seat.',
    ],
    'team-of-another-epoch': [joined, ofTeam(1, chan, lee, wong), foundTeam, 'The first is 0.'],
    'team-with-section-keys': [
      joined,
      ofTeam(0, chan, lee, wong).map((row, i) =>
        i === 1 ? rowTo({ ...lee, chain: row.leaf.recipient }, row.leaf.what) : row,
      ),
      foundTeam,
      'A team has no sections.',
    ],
    'team-that-says-no-epoch': [
      joined,
      ofTeam(0, chan, lee, wong).map((row) => ({ ...row, leaf: { ...row.leaf, what: [] } })),
      foundTeam,
      'Each row names the epoch.',
    ],
    'team-with-a-trail': [
      joined,
      ofTeam(0, chan, lee, wong).map((row) => ({
        ...row,
        leaf: { ...row.leaf, what: [under(null, pairs([0, 0]), 0)] },
      })),
      foundTeam,
      'A team has none.',
    ],
    'addition-to-all-of-a-team': [joined, ofTeam(0, chan, lee, wong), addWong, 'The others have the key.', teamed],
    'addition-of-another-epoch': [joined, ofTeam(1, wong), addWong, 'The newest is 0.', teamed],
    'removal-to-who-leaves-a-team': [joined, ofTeam(1, chan, lee), removeLee, 'Lee leaves.', teamed],
    'removal-under-the-old-key-of-a-team': [joined, ofTeam(0, chan), removeLee, 'It turns.', teamed],
    'exchange-without-who-comes': [joined, ofTeam(1, chan), swap, 'Wong is added.', teamed],
    'refresh-without-a-member': [joined, ofTeam(1, chan), refresh, 'Lee stays.', teamedStale],
    'refresh-to-who-left-before': [
      joined,
      ofTeam(2, chan, lee),
      (world, over) => teamActs.refresh(world, { epoch: teamEpoch(2), ...over }, chan),
      'Lee left before.',
      async (world) => {
        await teamed(world)
        await world.add(removeLee(world))
        await world.add(deviceActs.turn(world, chan))
        await world.add(teamActs.stale(chan))
      },
    ],
    'team-that-is-closed': [joined, [], (world) => teamActs.close(world), 'It has no wrap list.', teamed],
    'added-device-besides-the-first': [joined, toDevices(chan, phone), addPhone, 'The first has the key.'],
    'added-device-without-a-row': [joined, [], addPhone, 'It would know nothing.'],
    'added-device-with-another-in-its-place': [joined, toDevices(tablet), addPhone, 'The tablet is nobody’s.'],
    'new-key-without-the-added-device': [joined, toDevices(chan), addAndTurn, 'Both get it.'],
    'removal-to-the-device-that-leaves': [joined, toDevices(chan, phone), removePhone, 'It leaves.', withPhone],
    'removal-without-a-device-that-stays': [joined, [], removePhone, 'The workstation stays.', withPhone],
    'exchange-without-the-device-that-comes': [joined, toDevices(chan), swapPhone, 'The tablet is added.', withPhone],
    'turned-key-without-a-device': [joined, toDevices(chan), turn, 'The phone is there, too.', withPhone],
    'turned-key-to-a-device-that-left': [
      joined,
      toDevices(chan, phone),
      (world, { wraps: own }) => {
        const made = deviceActs.refresh(world, 2)
        return { ...made, body: { ...made.body, wraps: own } }
      },
      'The phone left before.',
      async (world) => {
        await withPhone(world)
        await world.add(deviceActs.remove(world, 1, phone))
      },
    ],
    'turned-key-under-another-key': [
      joined,
      toDevices(chan, { device: { ...phone.device, keys: tablet.device.keys } }),
      turn,
      'The phone’s row, to the tablet’s key.',
      withPhone,
    ],
    'turned-key-with-section-keys': [
      joined,
      toDevices(chan).map(({ leaf }) =>
        rowTo({ chain: leaf.recipient, epochKey: chan.device.keys.box }, [], { sequence: 0, link: null }),
      ),
      turn,
      'A member has no sections.',
    ],
    'names-of-devices-with-no-rows': [joined, [], () => deviceActs.names(), 'Not even an empty list.'],
    'names-of-devices-with-rows': [joined, toDevices(chan), () => deviceActs.names(), 'They have no wrap list.'],
    'founding-with-a-second-row': [
      'a-network-is-founded',
      [deviceRow(), deviceRow({ recipient: last.chain })],
      foundMember,
      'One device.',
    ],
    'founding-with-a-sequence': [
      'a-network-is-founded',
      [deviceRow({ sequence: 1 })],
      foundMember,
      'A device has no head.',
    ],
    'founding-with-a-grant': [
      'a-network-is-founded',
      [deviceRow({ what: [under(null, [])] })],
      foundMember,
      'A device wrap names none.',
    ],
    'grant-to-somebody-besides': [
      'a-record-is-created',
      [rowTo(lee, [under(null, pairs([0, 0], [1, 0]))]), rowTo(last, [under(null, pairs([0, 0], [1, 0]))])],
      grant({}),
      'A second row behind the right one.',
    ],
    'grant-with-another-section': [
      'a-record-is-created',
      [rowTo(lee, [under(null, pairs([0, 0], [2, 0]))])],
      grant({}),
      'Section 1 was granted.',
    ],
    'version-with-one-of-two-grants': [
      'a-section-is-shared',
      (world) => [toFounder(turned, 1), rowTo(lee, ofBoth(world).slice(0, 1))],
      publish(),
      'She holds two.',
      grantAgain,
    ],
    'version-with-two-grants-in-another-order': [
      'a-section-is-shared',
      (world) => [toFounder(turned, 1), rowTo(lee, ofBoth(world).reverse())],
      publish(),
      'In order of their hashes.',
      grantAgain,
    ],
    'version-to-one-whose-grant-has-expired': [
      'a-section-is-shared',
      [toFounder(turned, 1), rowTo(lee, [under(grantHash, turned)])],
      publish({ epochs: endless }),
      'Her grant is over by the entry’s own time.',
      tomorrow,
    ],
    'version-without-new-keys': [
      'a-section-is-shared',
      [toFounder([])],
      (world) => acts.publish(world),
      'It has no wrap list: nothing fits it.',
    ],
    'network-address': ['a-section-is-shared', [], () => acts.relay(), 'It has none either, not even an empty one.'],
    'founding-to-another-device': [
      'a-network-is-founded',
      [deviceRow({ recipient: lee.device.id })],
      foundMember,
      'Not the founding device.',
    ],
    'founding-to-another-key': [
      'a-network-is-founded',
      [deviceRow({ keyHash: counting(0x61) })],
      foundMember,
      'Not the device’s key.',
    ],
    'founding-with-a-link': [
      'a-network-is-founded',
      [deviceRow({ link: counting(0x61) })],
      foundMember,
      'A device has no head.',
    ],
    'founding-of-epoch-1': ['a-network-is-founded', [deviceRow({ epoch: 1 })], foundMember, 'The first is 0.'],
    'founding-with-section-keys': [
      'a-network-is-founded',
      [rowTo(device, [], { sequence: 0, link: null })],
      foundMember,
      'A device wrap has none.',
    ],
    'record-to-somebody-else': ['three-members-join', [rowTo(lee, [under(null, all, 0)])], create, 'To the founder.'],
    'record-to-somebody-besides': [
      'three-members-join',
      [rowTo(chan, [under(null, all, 0)]), rowTo(lee, [under(null, all, 0)])],
      create,
      'Nobody else is entitled.',
    ],
    'record-without-the-trail': [
      'three-members-join',
      [rowTo(chan, [under(null, all)])],
      create,
      'The founder reads the trail.',
    ],
    'record-with-a-section-missing': [
      'three-members-join',
      [rowTo(chan, [under(null, pairs([0, 0], [1, 0]), 0)])],
      create,
      'All epochs of the entry.',
    ],
    'record-under-a-grant': [
      'three-members-join',
      [rowTo(chan, [under(counting(0x61), all, 0)])],
      create,
      'There is no grant yet.',
    ],
    'record-without-section-keys': [
      'three-members-join',
      [rowTo(chan, [under(null, all, 0)], { keys: null }, { keys: null })],
      create,
      'Every row of a record has section keys.',
    ],
    'grant-to-another-recipient': [
      'a-record-is-created',
      [rowTo(wong, [under(null, pairs([0, 0], [1, 0]))])],
      grant({}),
      'Not whom the entry names.',
    ],
    'grant-with-a-section-too-many': [
      'a-record-is-created',
      [rowTo(lee, [under(null, all)])],
      grant({}),
      'Section 2 was not granted.',
    ],
    'grant-without-the-card': [
      'a-record-is-created',
      [rowTo(lee, [under(null, pairs([1, 0]))])],
      grant({}),
      'The card comes with every grant.',
    ],
    'grant-of-another-epoch': [
      'a-record-is-created',
      [rowTo(lee, [under(null, pairs([0, 0], [1, 1]))])],
      grant({}),
      'The newest is 0.',
    ],
    'grant-with-the-trail-that-was-not-granted': [
      'a-record-is-created',
      [rowTo(lee, [under(null, pairs([0, 0], [1, 0]), 0)])],
      grant({}),
      'Viewing is not reading the trail.',
    ],
    'grant-without-the-trail-that-was-granted': [
      'a-record-is-created',
      [rowTo(lee, [under(null, pairs([0, 0], [1, 0]))])],
      grant({ actions: 33 }),
      'She may read the trail.',
    ],
    'revocation-to-the-one-it-ends': [
      'a-section-is-shared',
      [toFounder(turned, 1), rowTo(lee, [under(grantHash, turned)])],
      revoke(),
      'Her grant is over.',
    ],
    'revocation-without-the-founder': [
      'a-section-is-shared',
      [rowTo(lee, [under(grantHash, turned)])],
      revoke(),
      'The founder is always among them.',
    ],
    'revocation-under-another-entry': [
      'a-section-is-shared',
      [rowTo(chan, [under(counting(0x61), turned, 1)])],
      revoke(),
      'The founder’s row names the creation.',
    ],
    'version-without-a-holder': [
      'a-section-is-shared',
      [toFounder(turned, 1)],
      publish(),
      'Lee’s grant covers section 1.',
    ],
    'version-to-one-who-holds-nothing-of-it': [
      'a-section-is-shared',
      [toFounder(pairs([2, 1]), null), rowTo(lee, [under(grantHash, [])])],
      publish({ trail: null, epochs: [epochStart(2, 1)], contents: [content(2, 1)] }),
      'Lee was given section 1.',
    ],
    'version-that-outlives-its-holders': [
      'a-section-is-shared',
      [toFounder(turned, 1), rowTo(lee, [under(grantHash, turned)])],
      publish({ epochs: [epochStart(0, 1), epochStart(1, 1)] }),
      'The epochs say no end, and Lee’s grant has one.',
    ],
    'version-that-ends-too-early': [
      'a-section-is-shared',
      [toFounder(turned, 1), rowTo(lee, [under(grantHash, turned)])],
      publish({ epochs: [epochStart(0, 1, { until: START + 1 }), epochStart(1, 1, { until: START + DAY })] }),
      'The card’s epoch says another end.',
    ],
    'version-with-the-trail-for-a-viewer': [
      'a-section-is-shared',
      [toFounder(turned, 1), rowTo(lee, [under(grantHash, turned, 1)])],
      publish(),
      'Lee may not read the trail.',
    ],
  }
  for (const [name, [after, rows, act, comment, play]] of Object.entries(wrong))
    await refuses(`fits-not-${name}`, 'WRAPS', { ...(await vector(after, rows, act, play)), comment })
  await reach({ accepts, refuses }, recorded, founding)
}
