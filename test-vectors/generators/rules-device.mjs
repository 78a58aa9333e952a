// Cases of a member's devices. Each plays after three members have joined; most begin with Chan's phone, which her workstation adds.
import { decode, encode } from '../../packages/protocol/dist/index.js'
import { bytes, hex } from '../operations/notation.mjs'
import { deviceActs, idsOf, joining, memberEpoch, phone, tablet } from './member-devices.mjs'
import { cases, counting } from './vectors.mjs'
import { acts, chan, clinic, DAY, issuer, lee, network, place, proofOf, START, wraps } from './world.mjs'

const after = 'three-members-join'

const adding = (world) => deviceActs.add(world, phone)
const removing = (world) => deviceActs.remove(world, 1, phone)
/** Chan has a phone, and then these. */
const withPhone = (...entries) => place(adding, ...entries)
const signedBy = (by) => (world) => ({ ...deviceActs.refresh(world), by })
const adds = (over) => (world) => deviceActs.change(world, { adds: [{ ...joining(phone)[0], ...over }] })

/** So many turns of the key, one a second. */
const turnsOf = (count, by = chan) =>
  Array.from({ length: count }, (_, i) => (world) => {
    world.now += 1000
    return deviceActs.refresh(world, i + 1, by)
  })
const tenTurns = turnsOf(10)
const later = (ms) => async (world) => {
  world.now += ms
  return deviceActs.refresh(world, 11)
}
const untilTheFirstIsOver = DAY - 9000

/** Chan adds the phone to as many devices as her facts say. */
const countingDevices = (listed) => async (world) => {
  const made = deviceActs.add(world, phone)
  const facts = await world.factsOf([chan.chain])
  const own = facts[hex(chan.chain)]
  own.devices = hex(encode([listed, decode(bytes(own.devices))[1]]))
  const entry = await world.sign(made)
  return { network: hex(network), entry: hex(entry.bytes), index: world.size, time: START, facts }
}

const joins = {
  'device-is-added': [null, 'By the workstation, with the phone’s own consent.', withPhone()],
  'device-is-added-and-the-key-turns': [
    null,
    'Nothing is removed.',
    place((world) => deviceActs.change(world, { adds: joining(phone), epoch: memberEpoch(1) })),
  ],
  'devices-are-added-together': [null, 'A phone and a tablet.', place((world) => deviceActs.add(world, phone, tablet))],
  'device-adds-another': [
    null,
    'The phone adds the tablet.',
    withPhone((world) => deviceActs.change(world, { adds: joining(tablet) }, phone)),
  ],
  'device-signs-for-its-member': [
    null,
    'The phone accepts a credential.',
    withPhone(async (world) => {
      const offered = await world.add(acts.credential(chan, issuer, clinic))
      return { ...acts.accept(chan, offered), by: phone }
    }),
  ],
  'device-adds-itself': ['BINDING', 'No chain lists it yet.', place((world) => ({ ...adding(world), by: phone }))],
  'device-added-by-an-issuer': [
    'ROLE',
    'An institution binds no keys to a member.',
    place((world) => ({ ...adding(world), by: issuer, restsOn: [clinic.chain] })),
  ],
  'device-added-by-somebody-else': [
    'ROLE',
    'Lee’s device, on Chan’s chain.',
    place((world) => ({ ...adding(world), by: lee, restsOn: [lee.chain] })),
  ],
  'device-without-its-consent': ['BINDING', 'A signature of zeros.', place(adds({ proof: new Uint8Array(64) }))],
  'device-that-consented-to-another': [
    'BINDING',
    'The phone’s consent to Lee’s chain.',
    place(adds({ proof: proofOf(phone, lee) })),
  ],
  'device-of-another-member': [
    'BINDING',
    'Lee’s keys, under a signature of Chan’s.',
    place(adds({ keys: lee.device.keys, proof: proofOf(chan, chan) })),
  ],
  'device-with-another-box-key': [
    'BINDING',
    'The consent covers both keys.',
    place(adds({ keys: { ...phone.device.keys, box: tablet.device.keys.box } })),
  ],
  'device-is-added-twice': ['RULE', 'It is listed already.', withPhone(adding)],
  'device-comes-back': [
    'RULE',
    'It was removed: a device that was ever listed is not added again.',
    withPhone(removing, adding),
  ],
  'devices-added-out-of-order': [
    'RULE',
    'They ascend by id.',
    place((world) => deviceActs.change(world, { adds: joining(phone, tablet).reverse() })),
  ],
  'device-twice-in-one-entry': [
    'RULE',
    'Each once.',
    place((world) => deviceActs.change(world, { adds: [...joining(phone), ...joining(phone)] })),
  ],
  'devices-of-which-none-changes': ['RULE', 'Nothing comes or goes.', place((world) => deviceActs.change(world))],
  'device-added-with-an-epoch-left-out': [
    'SEQ',
    'From 0 to 2.',
    place((world) => deviceActs.change(world, { adds: joining(phone), epoch: memberEpoch(2) })),
  ],
}

const leaves = {
  'device-is-removed': [null, 'And the key turns.', withPhone(removing)],
  'device-is-exchanged': [
    null,
    'The tablet for the phone.',
    withPhone((world) =>
      deviceActs.change(world, { adds: joining(tablet), removes: idsOf(phone), epoch: memberEpoch(1) }),
    ),
  ],
  'first-device-is-removed': [
    null,
    'By the phone.',
    withPhone((world) => ({ ...deviceActs.remove(world, 1, chan), by: phone })),
  ],
  'device-is-removed-and-the-key-stays': [
    'STALE_EPOCH',
    'Removal is rotation.',
    withPhone((world) => deviceActs.change(world, { removes: idsOf(phone) })),
  ],
  'device-is-removed-with-an-epoch-left-out': [
    'SEQ',
    'From 0 to 2.',
    withPhone((world) => deviceActs.remove(world, 2, phone)),
  ],
  'device-removes-itself': [
    'RULE',
    'It would have chosen the key of those that stay.',
    withPhone((world) => deviceActs.remove(world, 1, chan)),
  ],
  'only-device-removes-itself': ['RULE', 'One remains.', place((world) => deviceActs.remove(world, 1, chan))],
  'device-that-is-not-there-is-removed': [
    'RULE',
    'The tablet was never listed.',
    withPhone((world) => deviceActs.remove(world, 1, tablet)),
  ],
  'device-is-removed-twice': [
    'RULE',
    'It has left.',
    withPhone(removing, (world) => deviceActs.remove(world, 2, phone)),
  ],
  'devices-removed-out-of-order': [
    'RULE',
    'They ascend by id.',
    place(
      (world) => deviceActs.add(world, phone, tablet),
      (world) => deviceActs.change(world, { removes: idsOf(phone, tablet).reverse(), epoch: memberEpoch(1) }),
    ),
  ],
  'device-signs-after-its-removal': ['BINDING', 'As one that no chain lists.', withPhone(removing, signedBy(phone))],
  'device-takes-itself-back': [
    'BINDING',
    'The phone, which was removed, removes the workstation.',
    withPhone(removing, (world) => ({ ...deviceActs.remove(world, 2, chan), by: phone })),
  ],
  'first-device-signs-after-its-removal': [
    'BINDING',
    'Having founded the chain is no privilege.',
    withPhone((world) => ({ ...deviceActs.remove(world, 1, chan), by: phone }), signedBy(chan)),
  ],
  'device-creates-a-record-after-its-removal': [
    'BINDING',
    'On other chains too.',
    withPhone(removing, (world) => ({ ...acts.create(world), by: phone })),
  ],
  'device-created-a-record-before-its-removal': [
    null,
    'What it signed stays.',
    withPhone((world) => ({ ...acts.create(world), by: phone }), removing),
  ],
}

const turns = {
  'key-of-a-member-turns': [null, 'One device, a new key.', place((world) => deviceActs.refresh(world))],
  'key-turned-by-any-device': [null, 'The phone.', withPhone(signedBy(phone))],
  'key-turned-by-somebody-else': [
    'ROLE',
    'Lee’s device.',
    place((world) => ({ ...deviceActs.refresh(world, 1, lee), restsOn: [lee.chain] })),
  ],
  'key-turns-to-the-same-epoch': [
    'SEQ',
    'Epoch 0 is there.',
    place((world) => deviceActs.refresh(world, 0, chan, { back: { to: 0, sealed: counting(0x58) } })),
  ],
  'key-turns-and-leads-to-the-first-epoch': [
    null,
    'Not the one before: a link there is poisoned.',
    place(
      (world) => deviceActs.refresh(world, 1),
      (world) => deviceActs.refresh(world, 2, chan, { back: { to: 0, sealed: counting(0x58) } }),
    ),
  ],
  'key-turns-and-leads-to-itself': [
    'RULE',
    'A way back leads to an earlier epoch.',
    place((world) => deviceActs.refresh(world, 1, chan, { back: { to: 1, sealed: counting(0x58) } })),
  ],
  'key-turns-ten-times-a-day': [null, 'The tenth.', place(...tenTurns)],
  'key-turns-eleven-times-a-day': ['LIMIT', 'The eleventh.', place(...tenTurns, later(0))],
  'key-turns-a-day-after-the-first': [
    null,
    'Exactly a day of log time after the first of ten.',
    place(...tenTurns, later(untilTheFirstIsOver)),
  ],
  'key-turns-a-millisecond-before': [
    'LIMIT',
    'The first of ten still counts.',
    place(...tenTurns, later(untilTheFirstIsOver - 1)),
  ],
  'key-turns-twice-a-day-later': [
    'LIMIT',
    'The second of ten still counts, and so does the eleventh.',
    place(...tenTurns, later(untilTheFirstIsOver), (world) => deviceActs.refresh(world, 12)),
  ],
  'device-added-after-ten-turns': ['LIMIT', 'Additions are counted with them.', place(...tenTurns, adding)],
  'device-exchanged-after-ten-turns': [
    'LIMIT',
    'An addition, too.',
    withPhone(...turnsOf(9), (world) =>
      deviceActs.change(world, { adds: joining(tablet), removes: idsOf(phone), epoch: memberEpoch(10) }),
    ),
  ],
  'device-removed-after-ten-turns': [
    null,
    'A removal is not counted, and not held up.',
    withPhone(...turnsOf(9, phone), (world) => deviceActs.remove(world, 10, phone)),
  ],
  'key-turns-after-removals': [
    null,
    'Nine turns, and a removal that does not count.',
    withPhone(
      ...turnsOf(8),
      (world) => deviceActs.remove(world, 9, phone),
      (world) => deviceActs.refresh(world, 10),
    ),
  ],
}

const naming = {
  'devices-are-named': [null, 'The names lie sealed beside the entry.', place(() => deviceActs.names())],
  'device-is-added-with-its-name': [
    null,
    'Beside the same entry.',
    place((world) => ({ ...adding(world), over: { private: counting(0x5c) } })),
  ],
  'devices-are-named-by-somebody-else': [
    'ROLE',
    'Lee’s device.',
    place(() => ({ ...deviceActs.names(lee), restsOn: [lee.chain] })),
  ],
  'devices-are-named-without-names': ['RULE', 'No private part.', place(() => ({ ...deviceActs.names(), over: {} }))],
}

const shared = { after, spec: 'devices' }
export const deviceCases = [
  ...cases(shared, joins),
  ...cases(shared, leaves),
  ...cases(shared, turns),
  ...cases(shared, naming),
  ...cases(
    { ...shared, operation: 'rules/apply' },
    {
      'device-16': [null, 'The last one there is room for.', countingDevices(15)],
      'device-17': ['LIMIT', 'There are 16.', countingDevices(16)],
    },
  ),
  ...cases(
    { ...shared, spec: 'applying-an-entry' },
    {
      'devices-whose-wraps-are-of-the-future': [
        'RULE',
        'A log size that was not there.',
        place((world) =>
          deviceActs.change(world, { adds: joining(phone), wraps: wraps(world, { asOf: world.size + 1 }) }),
        ),
      ],
      'devices-on-an-institutions-chain': [
        'BINDING',
        'A chain of another kind.',
        place((world) => ({ ...deviceActs.refresh(world), chain: clinic.chain, by: clinic })),
      ],
    },
  ),
]
