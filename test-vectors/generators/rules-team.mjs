// Cases of teams. Each plays after three members have joined; most begin with the founding of Chan's department, in which Lee sits.
import { decode, encode } from '../../packages/protocol/dist/index.js'
import { bytes, hex } from '../operations/notation.mjs'
import { deviceActs } from './member-devices.mjs'
import { inOrder, seat, seats, team, teamActs, teamEpoch } from './teams.mjs'
import { cases, counting } from './vectors.mjs'
import { acts, backTo, chan, clinic, hospital, issuer, lee, network, place, START, wong, wraps } from './world.mjs'

const after = 'three-members-join'
const MINUTE = 60_000

const founded = (world) => teamActs.found(world)
const consultation = { purpose: 'consultation', name: null, until: START + MINUTE }
const sealed = { over: { private: counting(0x5c) } }

/** The department, and then these. */
const inTeam = (...entries) => place(founded, ...entries)
const adding = (world) => teamActs.change(world, { adds: [seat(wong)] })
const removing = (world) => teamActs.change(world, { removes: [lee.chain], epoch: teamEpoch(1) })
const withdrawing = (world) => acts.withdraw(lee, hospital, hospital, world.named.get('lee'))
const told = (world) => teamActs.stale(lee, hospital, world.named.get('lee'), hospital)
const reported = () => teamActs.stale(lee)
/** Lee turns her key, for a phone that is gone, and then these. */
const gone = (...entries) => inTeam((world) => deviceActs.turn(world, lee), reported, ...entries)
const closing = (world) => teamActs.close(world)
const later = async (world) => {
  world.now += MINUTE
  return teamActs.change(world, { adds: [seat(wong)] })
}
/** Wong sits in the team too. */
/** Whoever has signed Chan's and Wong's credentials was dismissed from the place of Wong's on. */
const dismissed = async (world) => {
  const { index } = world.entries.find(({ bytes: encoded }) => hex(encoded) === hex(world.named.get('wong').bytes))
  return acts.dismiss(issuer, clinic, index)
}
const withWong = (...entries) => inTeam(adding, ...entries)

/** Chan adds Wong to a team whose counts say that it has so many members. */
const countingMembers = (members) => async (world) => {
  await world.add(teamActs.found(world))
  const made = teamActs.change(world, { adds: [seat(wong)] })
  const facts = await world.factsOf([team, ...made.restsOn])
  const MEMBERS = 3
  const own = facts[hex(team)]
  own.team = hex(encode(decode(bytes(own.team)).map((field, i) => (i === MEMBERS ? members : field))))
  const entry = await world.sign(made)
  return { network: hex(network), entry: hex(entry.bytes), index: world.size, time: START, facts }
}

const founding = {
  'team-is-founded': [null, 'A department of an admin and a member.', inTeam()],
  'team-with-a-private-part': [
    null,
    'Nobody asks for one, and nobody refuses it.',
    place((world) => teamActs.found(world, {}, sealed)),
  ],
  'team-with-another-nonce': [
    'BINDING',
    'The id is the hash of network, founder and nonce.',
    place((world) => teamActs.found(world, { nonce: counting(0x99) })),
  ],
  'team-in-somebody-elses-name': [
    'BINDING',
    'The founder signs.',
    place((world) => teamActs.found(world, {}, { by: wong, restsOn: [wong.chain, chan.chain, clinic.chain, network] })),
  ],
  'team-under-no-credential': [
    'CRED_BINDING',
    'Not one that she accepted.',
    place((world) => teamActs.found(world, { credential: counting(0x60) })),
  ],
  'team-without-a-name': [
    'RULE',
    'What is no consultation has one.',
    place((world) => teamActs.found(world, { name: null })),
  ],
  'team-for-a-consultation': [
    null,
    'With an end and a sealed reason, and no name in clear.',
    place((world) => teamActs.found(world, consultation, sealed)),
  ],
  'team-for-a-consultation-with-a-name': [
    'RULE',
    'Its title would tell the relay of a patient.',
    place((world) => teamActs.found(world, { ...consultation, name: 'Mr X' }, sealed)),
  ],
  'team-for-a-consultation-without-an-end': [
    'RULE',
    'A consultation is over one day.',
    place((world) => teamActs.found(world, { ...consultation, until: null }, sealed)),
  ],
  'team-for-a-consultation-without-a-reason': [
    'RULE',
    'No private part.',
    place((world) => teamActs.found(world, consultation)),
  ],
  'team-that-ends-now': [
    'RULE',
    'It would be over before it began.',
    place((world) => teamActs.found(world, { until: START })),
  ],
  'team-out-of-order': [
    'RULE',
    'Seats ascend by member.',
    place((world) => teamActs.found(world, { seats: seats(seat(chan, 'admin'), seat(lee)).reverse() })),
  ],
  'team-with-a-member-twice': [
    'RULE',
    'Each once.',
    place((world) => teamActs.found(world, { seats: seats(seat(chan, 'admin'), seat(lee), seat(lee)) })),
  ],
  'team-without-its-founder': [
    'RULE',
    'The founder sits in it.',
    place((world) => teamActs.found(world, { seats: [seat(lee, 'admin')] })),
  ],
  'team-whose-founder-is-no-admin': [
    'RULE',
    'Somebody has to be.',
    place((world) => teamActs.found(world, { seats: seats(seat(chan), seat(lee, 'admin')) })),
  ],
  'team-whose-founder-sits-for-another-institution': [
    'RULE',
    'Her credential is the clinic’s.',
    place((world) =>
      teamActs.found(world, {
        seats: seats({ ...seat(chan, 'admin'), institution: hospital.chain }, seat(lee)),
      }),
    ),
  ],
}

const changes = {
  'team-adds-a-member': [null, 'Under the key it has.', inTeam(adding)],
  'team-adds-a-member-and-turns-its-key': [
    null,
    'Nobody is removed, and it is not stale.',
    inTeam((world) => teamActs.change(world, { adds: [seat(wong)], epoch: teamEpoch(1) })),
  ],
  'team-removes-a-member': [null, 'And turns its key.', inTeam(removing)],
  'team-changed-by-a-member': [
    'ROLE',
    'Lee is no admin.',
    inTeam((world) => teamActs.change(world, { adds: [seat(wong)] }, lee)),
  ],
  'team-changed-by-somebody-outside': [
    'ROLE',
    'Wong has no seat.',
    inTeam((world) => teamActs.change(world, { adds: [seat(wong)] }, wong)),
  ],
  'team-changed-by-one-who-left': [
    'ROLE',
    'Lee was an admin, and was removed.',
    inTeam(
      (world) => teamActs.appoint(world, lee),
      removing,
      (world) => teamActs.change(world, { adds: [seat(wong)] }, lee),
    ),
  ],
  'team-changed-under-no-credential': [
    'CRED_BINDING',
    'Not one that she accepted.',
    inTeam((world) => teamActs.change(world, { credential: counting(0x60), adds: [seat(wong)] })),
  ],
  'team-changed-in-another-capacity': [
    'ROLE',
    'Chan’s seat is the clinic’s, and she acts for the hospital.',
    inTeam(
      async (world) => {
        const offered = await world.add(acts.credential(chan, hospital, hospital))
        world.named.set('chan', offered)
        return acts.accept(chan, offered)
      },
      (world) => ({
        ...teamActs.change(world, { adds: [seat(wong)] }),
        restsOn: [chan.chain, hospital.chain, network],
      }),
    ),
  ],
  'team-changed-to-the-same': ['RULE', 'Nobody comes or goes.', inTeam((world) => teamActs.change(world))],
  'team-is-repaired': [
    null,
    'A new key for the same members.',
    inTeam((world) => teamActs.change(world, { epoch: teamEpoch(1) })),
  ],
  'team-back-link-leads-nowhere': [
    'RULE',
    'To the epoch that it starts itself.',
    inTeam((world) => teamActs.change(world, { epoch: teamEpoch(1, { back: backTo(1, 1) }) })),
  ],
  'team-back-link-leads-around-an-epoch': [
    null,
    'From 2 to 0: whoever started epoch 1 sealed garbage.',
    inTeam(
      (world) => teamActs.change(world, { epoch: teamEpoch(1) }),
      (world) => teamActs.change(world, { epoch: teamEpoch(2, { back: backTo(2, 0) }) }),
    ),
  ],
  'team-adds-out-of-order': [
    'RULE',
    'Seats ascend by member.',
    inTeam((world) => {
      const last = { member: new Uint8Array(32).fill(0xff), institution: clinic.chain, role: 'member' }
      return teamActs.change(world, { adds: [last, seat(wong)] })
    }),
  ],
  'team-removes-out-of-order': [
    'RULE',
    'Members ascend.',
    withWong((world) => teamActs.change(world, { removes: inOrder(lee, wong).reverse(), epoch: teamEpoch(1) })),
  ],
  'team-adds-who-is-there': ['RULE', 'Lee is in it.', inTeam((world) => teamActs.change(world, { adds: [seat(lee)] }))],
  'team-removes-who-is-not': [
    'RULE',
    'Wong is not in it.',
    inTeam((world) => teamActs.change(world, { removes: [wong.chain], epoch: teamEpoch(1) })),
  ],
  'team-removes-twice': [
    'RULE',
    'Lee has left already.',
    inTeam(removing, (world) => teamActs.change(world, { removes: [lee.chain], epoch: teamEpoch(2) })),
  ],
  'team-takes-somebody-back': [
    null,
    'Lee has left, and comes back.',
    inTeam(removing, (world) => teamActs.change(world, { adds: [seat(lee)] })),
  ],
  'team-removes-and-keeps-its-key': [
    'STALE_EPOCH',
    'Removal is rotation.',
    inTeam((world) => teamActs.change(world, { removes: [lee.chain] })),
  ],
  'team-leaves-an-epoch-out': [
    'SEQ',
    'From 0 to 2.',
    inTeam((world) => teamActs.change(world, { removes: [lee.chain], epoch: teamEpoch(2) })),
  ],
  'team-removes-its-own-admin': [
    'RULE',
    'Chan would have chosen the key of those who stay.',
    inTeam(
      (world) => teamActs.appoint(world, lee),
      (world) => teamActs.change(world, { removes: [chan.chain], epoch: teamEpoch(1) }),
    ),
  ],
  'team-with-another-admin': [
    null,
    'Lee is appointed, and removes Chan.',
    inTeam(
      (world) => teamActs.appoint(world, lee),
      (world) => teamActs.change(world, { removes: [chan.chain], epoch: teamEpoch(1) }, lee),
    ),
  ],
  'team-changed-when-closed': ['TEAM_CLOSED', 'Nothing follows.', inTeam(closing, adding)],
  'team-changed-after-its-end': [
    'TEAM_CLOSED',
    'Log time is at its end.',
    place((world) => teamActs.found(world, consultation, sealed), later),
  ],
  'team-changed-before-its-end': [
    null,
    'A millisecond before.',
    place((world) => teamActs.found(world, { ...consultation, until: START + MINUTE + 1 }, sealed), later),
  ],
  'team-is-rested-on': [
    'RULE',
    'Whoever verifies a network’s chain needs no teams.',
    inTeam(() => ({ ...acts.relay(), restsOn: [team] })),
  ],
}

const refreshes = {
  'team-is-stale-by-its-member': [null, 'Lee reports a lost phone.', gone()],
  'team-is-stale-by-a-member-with-the-same-key': [
    'RULE',
    'The next epoch would be wrapped to it again.',
    inTeam(reported),
  ],
  'team-is-stale-by-a-member-whose-key-it-has': [
    'RULE',
    'It took a new key since Lee took hers.',
    gone((world) => teamActs.refresh(world), reported),
  ],
  'team-is-stale-by-a-removed-institution': [
    null,
    'The network has removed the hospital, and Chan says so.',
    inTeam(
      () => acts.remove(hospital),
      () => teamActs.stale(lee, chan),
    ),
  ],
  'team-is-stale-by-a-removed-institution-says-somebody-outside': [
    'ROLE',
    'Wong has no seat.',
    inTeam(
      () => acts.remove(hospital),
      () => teamActs.stale(lee, wong),
    ),
  ],
  'team-is-stale-by-a-removed-institution-says-one-who-is-out': [
    'ROLE',
    'Wong is out.',
    withWong(
      (world) => acts.withdraw(wong, issuer, clinic, world.named.get('wong')),
      (world) => teamActs.stale(wong, issuer, world.named.get('wong'), clinic),
      () => acts.remove(hospital),
      () => teamActs.stale(lee, wong),
    ),
  ],
  'team-is-stale-by-a-dismissal': [
    null,
    'Whoever signed Wong’s credential was dismissed from before on.',
    withWong(dismissed, (world) => teamActs.stale(wong, clinic, world.named.get('wong'), clinic)),
  ],
  'team-is-stale-by-a-dismissal-of-later': [
    'RULE',
    'Wong’s credential was signed before.',
    withWong(
      (world) => acts.dismiss(issuer, clinic, world.size),
      (world) => teamActs.stale(wong, clinic, world.named.get('wong'), clinic),
    ),
  ],
  'team-is-stale-by-an-offer': [
    'RULE',
    'Lee never took it.',
    inTeam(
      async (world) => {
        world.named.set('offer', await world.sign(acts.credential(lee, hospital, hospital)))
        return acts.credential(lee, hospital, hospital)
      },
      (world) => teamActs.stale(lee, hospital, world.named.get('offer'), hospital),
    ),
  ],
  'team-is-stale-by-a-credential-that-is-not-there': [
    'RULE',
    'Lee’s chain has none with this hash.',
    inTeam(() => teamActs.stale(lee, hospital, { hash: counting(0x60) }, hospital)),
  ],
  'team-is-stale-by-an-offer-that-is-void': [
    'RULE',
    'Wong never took it, and whoever signed it was dismissed from before on.',
    withWong(
      async (world) => {
        world.named.set('offer', await world.sign(acts.credential(wong, issuer, clinic)))
        return acts.credential(wong, issuer, clinic)
      },
      (world) => acts.dismiss(issuer, clinic, world.size - 2),
      (world) => teamActs.stale(wong, clinic, world.named.get('offer'), clinic),
    ),
  ],
  'team-is-stale-twice': [
    'RULE',
    'Chan reports when Lee has: it is stale already.',
    gone(
      (world) => deviceActs.turn(world, chan),
      () => teamActs.stale(chan),
    ),
  ],
  'team-is-stale-since-the-first-report': [
    null,
    'Chan reports, then Lee is put out.',
    inTeam(
      (world) => deviceActs.turn(world, chan),
      () => teamActs.stale(chan),
      withdrawing,
      told,
    ),
  ],
  'team-is-stale-by-another-member': [
    'RULE',
    'Chan reports Lee’s, whose institution stands.',
    inTeam(() => teamActs.stale(lee, chan)),
  ],
  'team-is-stale-by-somebody-outside': ['RULE', 'Wong has no seat.', inTeam(() => teamActs.stale(wong))],
  'team-is-stale-by-one-who-left': [
    'RULE',
    'Lee was removed, and turned her key then.',
    inTeam(removing, (world) => deviceActs.turn(world, lee), reported),
  ],
  'team-is-stale-by-a-withdrawal': [null, 'The hospital has withdrawn Lee’s credential.', inTeam(withdrawing, told)],
  'team-is-stale-without-a-withdrawal': ['RULE', 'The credential stands.', inTeam(told)],
  'team-is-stale-by-another-institution': [
    'ROLE',
    'The hospital’s credential, the clinic’s issuer.',
    inTeam(withdrawing, (world) => ({
      ...teamActs.stale(lee, issuer, world.named.get('lee'), clinic),
    })),
  ],
  'team-is-stale-by-another-capacity': [
    'RULE',
    'Lee’s seat is the hospital’s; the clinic withdrew another credential of hers.',
    inTeam(
      async (world) => {
        const offered = await world.add(acts.credential(lee, issuer, clinic))
        await world.add(acts.accept(lee, offered))
        world.named.set('second', offered)
        return acts.withdraw(lee, issuer, clinic, offered)
      },
      (world) => ({
        ...teamActs.stale(lee, issuer, world.named.get('second'), clinic),
      }),
    ),
  ],
  'team-is-told-twice': ['RULE', 'Lee is out already.', inTeam(withdrawing, told, told)],
  'team-is-stale-when-closed': ['TEAM_CLOSED', 'There is nothing to refresh.', inTeam(closing, reported)],
  'team-is-refreshed': [null, 'By Lee, who stays.', gone((world) => teamActs.refresh(world))],
  'team-is-refreshed-without-cause': ['RULE', 'It is not stale.', inTeam((world) => teamActs.refresh(world))],
  'team-is-refreshed-twice': [
    'RULE',
    'It was stale until then.',
    gone(
      (world) => teamActs.refresh(world),
      (world) => teamActs.refresh(world, { epoch: teamEpoch(2) }),
    ),
  ],
  'team-is-refreshed-without-who-is-out': [
    null,
    'Lee’s credential was withdrawn; Wong refreshes.',
    withWong(withdrawing, told, (world) => teamActs.refresh(world, { leaves: [lee.chain] }, wong)),
  ],
  'team-is-refreshed-with-who-is-out': [
    'STALE_EPOCH',
    'The new key would reach Lee.',
    withWong(withdrawing, told, (world) => teamActs.refresh(world, {}, wong)),
  ],
  'team-is-refreshed-by-who-is-out': [
    'ROLE',
    'Lee has another credential, and is out.',
    inTeam(
      withdrawing,
      told,
      async (world) => {
        const offered = await world.add(acts.credential(lee, hospital, hospital))
        world.named.set('lee', offered)
        return acts.accept(lee, offered)
      },
      (world) => teamActs.refresh(world, { leaves: [lee.chain] }),
    ),
  ],
  'team-is-refreshed-without-one-who-stays': [
    'RULE',
    'A refresh removes nobody else.',
    withWong(withdrawing, told, (world) => teamActs.refresh(world, { leaves: inOrder(lee, chan) }, wong)),
  ],
  'team-is-refreshed-without-one-who-is-not-there': [
    'RULE',
    'Wong has no seat.',
    gone((world) => teamActs.refresh(world, { leaves: [wong.chain] })),
  ],
  'team-is-refreshed-out-of-order': [
    'RULE',
    'Lee and Wong are out, and named the wrong way round.',
    withWong(
      withdrawing,
      told,
      (world) => acts.withdraw(wong, issuer, clinic, world.named.get('wong')),
      (world) => teamActs.stale(wong, issuer, world.named.get('wong'), clinic),
      (world) => teamActs.refresh(world, { leaves: inOrder(lee, wong).reverse() }, chan),
    ),
  ],
  'team-is-refreshed-with-an-epoch-left-out': [
    'SEQ',
    'From 0 to 2.',
    gone((world) => teamActs.refresh(world, { epoch: teamEpoch(2) })),
  ],
  'team-is-refreshed-when-closed': [
    'TEAM_CLOSED',
    'Nothing follows.',
    gone(closing, (world) => teamActs.refresh(world)),
  ],
  'team-that-is-stale-adds': ['STALE_EPOCH', 'It needs a new key first, or in the same entry.', gone(adding)],
  'team-that-is-stale-adds-with-a-new-key': [
    null,
    'And is not stale any more.',
    gone((world) => teamActs.change(world, { adds: [seat(wong)], epoch: teamEpoch(1) })),
  ],
  'team-that-is-stale-keeps-who-is-out': [
    'STALE_EPOCH',
    'Wong goes; Lee, who is out, would get the new key.',
    withWong(withdrawing, told, (world) => teamActs.change(world, { removes: [wong.chain], epoch: teamEpoch(1) })),
  ],
  'team-that-is-stale-removes-who-is-out': [null, 'By an admin’s change.', withWong(withdrawing, told, removing)],
}

const admins = {
  'team-appoints': [null, 'Lee is an admin too.', inTeam((world) => teamActs.appoint(world, lee))],
  'team-appoints-an-admin': ['RULE', 'Chan is one.', inTeam((world) => teamActs.appoint(world, chan))],
  'team-appoints-somebody-outside': ['RULE', 'Wong has no seat.', inTeam((world) => teamActs.appoint(world, wong))],
  'team-appoints-by-a-member': ['ROLE', 'Lee herself.', inTeam((world) => teamActs.appoint(world, lee, lee))],
  'team-dismisses': [
    null,
    'Lee dismisses Chan.',
    inTeam(
      (world) => teamActs.appoint(world, lee),
      (world) => teamActs.dismiss(world, chan, lee),
    ),
  ],
  'team-dismisses-all-but-one-who-is-out': [
    'RULE',
    'Lee is an admin, too, and out.',
    inTeam(
      (world) => teamActs.appoint(world, lee),
      withdrawing,
      told,
      (world) => teamActs.dismiss(world, chan),
    ),
  ],
  'team-dismisses-who-is-out': [
    'RULE',
    'Lee is out, and Chan and Wong are admins.',
    withWong(
      (world) => teamActs.appoint(world, lee),
      (world) => teamActs.appoint(world, wong),
      withdrawing,
      told,
      (world) => teamActs.dismiss(world, lee),
    ),
  ],
  'team-appoints-who-is-out': [
    'RULE',
    'Lee is out.',
    inTeam(withdrawing, told, (world) => teamActs.appoint(world, lee)),
  ],
  'team-removes-an-admin-who-is-out': [
    null,
    'She counted among admins no more.',
    withWong(
      (world) => teamActs.appoint(world, lee),
      (world) => teamActs.appoint(world, wong),
      withdrawing,
      told,
      removing,
      (world) => teamActs.dismiss(world, wong),
    ),
  ],
  'team-dismisses-the-last-after-one-who-was-out': [
    'RULE',
    'Lee was an admin, was put out and removed: Chan is the last.',
    withWong(
      (world) => teamActs.appoint(world, lee),
      withdrawing,
      told,
      removing,
      (world) => teamActs.dismiss(world, chan),
    ),
  ],
  'team-dismisses-a-member': [
    'RULE',
    'Wong is no admin; there are two others.',
    withWong(
      (world) => teamActs.appoint(world, lee),
      (world) => teamActs.dismiss(world, wong),
    ),
  ],
  'team-dismisses-somebody-outside': ['RULE', 'Wong has no seat.', inTeam((world) => teamActs.dismiss(world, wong))],
  'team-dismisses-the-last': ['RULE', 'A team keeps an admin.', inTeam((world) => teamActs.dismiss(world, chan))],
  'team-dismisses-by-a-member': ['ROLE', 'Lee dismisses Chan.', inTeam((world) => teamActs.dismiss(world, chan, lee))],
  'team-is-closed': [null, 'By an admin.', inTeam(closing)],
  'team-is-closed-by-a-member': ['ROLE', 'Lee is none.', inTeam((world) => teamActs.close(world, lee))],
  'team-is-closed-twice': ['TEAM_CLOSED', 'Nothing follows.', inTeam(closing, closing)],
}

const shared = { after, spec: 'team' }
export const teamCases = [
  ...cases(shared, founding),
  ...cases(shared, changes),
  ...cases(shared, refreshes),
  ...cases(shared, admins),
  ...cases(
    { ...shared, operation: 'rules/apply' },
    {
      'team-of-1000': [null, 'The last one there is room for.', countingMembers(999)],
      'team-of-1001': ['LIMIT', 'A thousand are in it.', countingMembers(1000)],
    },
  ),
  ...cases(
    { ...shared, spec: 'applying-an-entry' },
    {
      'team-whose-wraps-are-of-the-future': [
        'RULE',
        'A log size that was not there.',
        place((world) => teamActs.found(world, { wraps: wraps(world, { asOf: world.size + 1 }) })),
      ],
      'team-entry-on-a-members-chain': [
        'BINDING',
        'A chain of another kind.',
        place((world) => ({
          ...teamActs.close(world),
          chain: chan.chain,
          restsOn: [clinic.chain, network],
        })),
      ],
    },
  ),
]
