// Wrap lists against what their recipients' chains say: who is reached by a version with new keys. Spec: docs/spec/rules.md, "Wrap lists".
// Each plays after Chan has created a record; the version turns card, section 1 and trail. Lee sits in Chan's team for the hospital.
import * as p from '../../packages/protocol/dist/index.js'
import { hex } from '../operations/notation.mjs'
import { deviceActs, memberEpoch } from './member-devices.mjs'
import { seat, seats, team, teamActs, teamEpoch, teamKey } from './teams.mjs'
import { counting } from './vectors.mjs'
import {
  acts,
  chan,
  clinic,
  content,
  DAY,
  epochStart,
  hospital,
  issuer,
  lee,
  logSigner,
  network,
  START,
  standing,
  trailStart,
  wong,
} from './world.mjs'

const after = 'a-record-is-created'
const { view, write, shareOn } = p.actions
const turnedTo = (epoch) => [0, 1].map((section) => ({ section, epoch }))
const sealed = (first) => counting(first, 40)

/** A row to the newest key and head that a recipient has in this world; `over` replaces fields of its leaf. */
function row(world, who, what, over = {}) {
  const [envelope, keys] = [sealed(0x70), sealed(0x80)]
  const { sequence, link } = world.head(who.chain)
  const { epoch = 0, epochKey } = who
  const leaf = {
    recipient: who.chain,
    epoch,
    keyHash: p.sha256(epochKey),
    sequence,
    link,
    what: [...what].sort((a, b) => p.compare(a.grant, b.grant)),
    envelope: p.sha256(envelope),
    keys: p.sha256(keys),
    ...over,
  }
  return { leaf, envelope, keys }
}

const department = { chain: team, epochKey: teamKey(0) }
const under = (world, name, trail = null, epoch = 1) => ({
  grant: world.named.get(name).hash,
  keys: turnedTo(epoch),
  trail,
})
const toFounder = (world, ...more) => row(world, chan, [under(world, 'record', 1), ...more])
/** After a revocation the next epochs are numbered 2. */
const toFounderThen = (world) => row(world, chan, [under(world, 'record', 2, 2)])

/** Chan grants to somebody, or to the team, by a name. */
const grants =
  (to, over = {}, as = 'given') =>
  async (world) => {
    const made = acts.grant(world, to === department ? lee : to, over)
    const toTeam = { recipient: team, capacity: null, ...over }
    const given =
      to === department ? { ...made, body: { ...made.body, ...toTeam }, restsOn: [...standing(chan), team] } : made
    world.named.set(as, await world.add(given))
  }
/** Lee shares on to Wong what the team has. */
const sharesOn = async (world) => {
  const made = acts.grant(world, wong, { credential: world.named.get('lee').hash, from: world.named.get('given').hash })
  const restsOn = [...new Set([...standing(lee), ...standing(wong), team])]
  world.named.set('shared', await world.add({ ...made, by: lee, restsOn }))
}
const adds = (make) => async (world) => void (await world.add(await make(world)))
const founded = adds((world) => teamActs.found(world, { seats: seats(seat(chan, 'admin'), seat(lee)) }))
const closed = adds((world) => teamActs.close(world))
const turns = (who) => adds((world) => deviceActs.turn(world, who))
const reports = adds(() => teamActs.stale(lee))
const withdraws = (who, by, institution, name) =>
  adds((world) => acts.withdraw(who, by, institution, world.named.get(name)))
const told = (who, by, institution, name) =>
  adds((world) => teamActs.stale(who, by, world.named.get(name), institution))
const joins = adds((world) => teamActs.change(world, { adds: [seat(wong)] }))
const credentials =
  (who, by, institution, as, over = {}) =>
  async (world) => {
    const offered = await world.add(acts.credential(who, by, institution, over))
    await world.add(acts.accept(who, offered))
    world.named.set(as, offered)
  }
const turnedKey = (who) => ({ ...who, epoch: 1, epochKey: memberEpoch(1).key })

/** What a version of Chan's says beside its wraps: ends of its epochs, its writer, their number. */
const publishes =
  (until, by = chan, epoch = 1) =>
  (world, wraps) =>
    acts.publish(
      world,
      {
        grant: by === chan ? null : world.named.get('given').hash,
        trail: trailStart(epoch),
        epochs: [0, 1].map((section) => epochStart(section, epoch, { until })),
        contents: [content(0, epoch), content(1, epoch)],
        wraps,
      },
      by,
    )
const tomorrow = START + DAY
/** Chan ends a grant. */
const revokes = (as) => (world, wraps) => acts.revoke(world, { grants: [world.named.get(as).hash], wraps })
const revoked = adds((world) => revokes('given')(world, describe(world, [toFounder(world)])))
/** Lee shares on to Wong what Chan granted her. */
const passesOn = async (world) => {
  const made = acts.grant(world, wong, { credential: world.named.get('lee').hash, from: world.named.get('given').hash })
  const restsOn = [...new Set([...standing(lee), ...standing(wong)])]
  world.named.set('shared', await world.add({ ...made, by: lee, restsOn }))
}
const mayShare = { actions: view + shareOn }
function describe(world, rows) {
  return p.describeWrapList(p.encodeWrapList(rows), rows, world.size)
}

/** Name → [comment, what happens, rows, the version]. */
const reached = {
  'a-member': [
    'Lee, under her newest key.',
    [grants(lee)],
    (world) => [toFounder(world), row(world, lee, [under(world, 'given')])],
    publishes(tomorrow),
  ],
  'a-member-with-a-new-key': [
    'Lee turned it since.',
    [grants(lee), turns(lee)],
    (world) => [toFounder(world), row(world, turnedKey(lee), [under(world, 'given')])],
    publishes(tomorrow),
  ],
  'a-member-whose-credential-has-run-out': [
    'Whoever renews it finds her keys.',
    [grants(lee, { until: null }), credentials(chan, issuer, clinic, 'chan', { until: START + 60 * DAY }), later(40)],
    (world) => [toFounder(world), row(world, lee, [under(world, 'given')])],
    publishes(null),
  ],
  'no-member-whose-credential-was-withdrawn': [
    'Lee holds her grant still, and gets no key.',
    [grants(lee), withdraws(lee, hospital, hospital, 'lee')],
    (world) => [toFounder(world)],
    publishes(null),
  ],
  'no-member-who-has-lost-the-capacity': [
    'Granted to her at the hospital; only the clinic vouches for her by now.',
    [grants(lee), credentials(lee, issuer, clinic, 'second'), withdraws(lee, hospital, hospital, 'lee')],
    (world) => [toFounder(world)],
    publishes(null),
  ],
  'no-member-of-a-removed-institution': [
    'The network has removed the hospital.',
    [grants(lee), adds(() => acts.remove(hospital))],
    (world) => [toFounder(world)],
    publishes(null),
  ],
  'no-member-by-a-dismissed-issuer': [
    'Whoever signed Wong’s credential was dismissed from its place on.',
    [grants(wong), adds((world) => acts.dismiss(issuer, clinic, placeOf(world, 'wong')))],
    (world) => [toFounder(world)],
    publishes(null),
  ],
  'no-founder-whose-credential-was-withdrawn': [
    'Lee, who may write, goes on without her.',
    [grants(lee, { actions: view + write }), withdraws(chan, issuer, clinic, 'chan')],
    (world) => [row(world, lee, [under(world, 'given', 1)])],
    publishes(tomorrow, lee),
  ],
  'a-team': [
    'Under its newest key.',
    [founded, grants(department)],
    (world) => [toFounder(world), row(world, department, [under(world, 'given')])],
    publishes(tomorrow),
  ],
  'a-team-with-a-new-key': [
    'It was repaired since.',
    [founded, grants(department), adds((world) => teamActs.change(world, { epoch: teamEpoch(1) }))],
    (world) => [
      toFounder(world),
      row(world, { ...department, epoch: 1, epochKey: teamKey(1) }, [under(world, 'given')]),
    ],
    publishes(tomorrow),
  ],
  'the-members-of-a-stale-team': [
    'Chan, who is the founder, and Lee, under her new key.',
    [founded, grants(department), turns(lee), reports],
    (world) => [toFounder(world, under(world, 'given')), row(world, turnedKey(lee), [under(world, 'given')])],
    publishes(tomorrow),
  ],
  'no-member-of-a-stale-team-who-is-out': [
    'Lee’s credential was withdrawn, and the team was told; she has another one by now.',
    [
      founded,
      joins,
      grants(department),
      withdraws(lee, hospital, hospital, 'lee'),
      told(lee, hospital, hospital, 'lee'),
      credentials(lee, hospital, hospital, 'second'),
    ],
    (world) => [toFounder(world, under(world, 'given')), row(world, wong, [under(world, 'given')])],
    publishes(tomorrow),
  ],
  'no-member-of-a-stale-team-for-whom-nobody-vouches': [
    'Wong’s credential was withdrawn, and the team is stale for Lee’s phone.',
    [founded, joins, grants(department), turns(lee), reports, withdraws(wong, issuer, clinic, 'wong')],
    (world) => [toFounder(world, under(world, 'given')), row(world, turnedKey(lee), [under(world, 'given')])],
    publishes(tomorrow),
  ],
  'no-member-of-a-stale-team-who-has-left': [
    'Wong was removed before.',
    [
      founded,
      joins,
      grants(department),
      adds((world) => teamActs.change(world, { removes: [wong.chain], epoch: teamEpoch(1) })),
      turns(lee),
      reports,
    ],
    (world) => [toFounder(world, under(world, 'given')), row(world, turnedKey(lee), [under(world, 'given')])],
    publishes(tomorrow),
  ],
  'no-closed-team': [
    'Its grant ended with it.',
    [founded, grants(department), closed],
    (world) => [toFounder(world)],
    publishes(null),
  ],
  'who-was-given-from-a-team': [
    'Wong, to whom Lee shared on.',
    [founded, grants(department, { actions: view + shareOn }), sharesOn],
    (world) => [
      toFounder(world),
      row(world, department, [under(world, 'given')]),
      row(world, wong, [under(world, 'shared')]),
    ],
    publishes(tomorrow),
  ],
  'who-was-given-from-a-grant': [
    'Wong, to whom Lee shared on.',
    [grants(lee, mayShare), passesOn],
    (world) => [toFounder(world), row(world, lee, [under(world, 'given')]), row(world, wong, [under(world, 'shared')])],
    publishes(tomorrow),
  ],
  'nobody-by-a-grant-that-ends': [
    'Chan ends Lee’s grant, and with it what Wong was given from it.',
    [grants(lee, mayShare), passesOn],
    (world) => [toFounder(world)],
    revokes('given'),
  ],
  'nobody-by-a-grant-that-was-revoked': [
    'Chan has ended Lee’s grant before.',
    [grants(lee, mayShare), passesOn, revoked],
    (world) => [toFounderThen(world)],
    publishes(null, chan, 2),
  ],
  'nobody-by-a-closed-team': [
    'Neither the team nor Wong, to whom Lee shared on.',
    [founded, grants(department, { actions: view + shareOn }), sharesOn, closed],
    (world) => [toFounder(world)],
    publishes(null),
  ],
}

const missed = {
  'an-old-key': [
    'Lee turned hers since.',
    [grants(lee), turns(lee)],
    (world) => [toFounder(world), row(world, lee, [under(world, 'given')])],
    publishes(tomorrow),
  ],
  'an-old-head': [
    'The key is the newest; Lee’s chain went on.',
    [grants(lee), credentials(lee, hospital, hospital, 'second')],
    (world) => [toFounder(world), row(world, lee, [under(world, 'given')], { sequence: 2 })],
    publishes(tomorrow),
  ],
  'another-head': [
    'Of the same sequence.',
    [grants(lee)],
    (world) => [toFounder(world), row(world, lee, [under(world, 'given')], { link: counting(0x60) })],
    publishes(tomorrow),
  ],
  'somebody-whose-credential-was-withdrawn': [
    'Lee.',
    [grants(lee), withdraws(lee, hospital, hospital, 'lee')],
    (world) => [toFounder(world), row(world, lee, [under(world, 'given')])],
    publishes(tomorrow),
  ],
  'somebody-of-a-removed-institution': [
    'The hospital.',
    [grants(lee), adds(() => acts.remove(hospital))],
    (world) => [toFounder(world), row(world, lee, [under(world, 'given')])],
    publishes(tomorrow),
  ],
  'a-founder-whose-credential-was-withdrawn': [
    'Chan.',
    [grants(lee, { actions: view + write }), withdraws(chan, issuer, clinic, 'chan')],
    (world) => [toFounder(world), row(world, lee, [under(world, 'given', 1)])],
    publishes(tomorrow, lee),
  ],
  'a-stale-team': [
    'Its key may be in wrong hands.',
    [founded, grants(department), turns(lee), reports],
    (world) => [toFounder(world), row(world, department, [under(world, 'given')])],
    publishes(tomorrow),
  ],
  'a-stale-team-without-a-member': [
    'Lee is not out.',
    [founded, grants(department), turns(lee), reports],
    (world) => [toFounder(world, under(world, 'given'))],
    publishes(tomorrow),
  ],
  'a-stale-team-with-who-is-out': [
    'Lee is.',
    [
      founded,
      joins,
      grants(department),
      withdraws(lee, hospital, hospital, 'lee'),
      told(lee, hospital, hospital, 'lee'),
    ],
    (world) => [
      toFounder(world, under(world, 'given')),
      row(world, lee, [under(world, 'given')]),
      row(world, wong, [under(world, 'given')]),
    ],
    publishes(tomorrow),
  ],
  'a-closed-team': [
    'Nobody acts from it.',
    [founded, grants(department), closed],
    (world) => [toFounder(world), row(world, department, [under(world, 'given')])],
    publishes(tomorrow),
  ],
  'who-was-given-from-a-closed-team': [
    'Wong, to whom Lee shared on.',
    [founded, grants(department, { actions: view + shareOn }), sharesOn, closed],
    (world) => [toFounder(world), row(world, wong, [under(world, 'shared')])],
    publishes(tomorrow),
  ],
  'who-was-given-from-a-grant-that-ends': [
    'Wong.',
    [grants(lee, mayShare), passesOn],
    (world) => [toFounder(world), row(world, wong, [under(world, 'shared')])],
    revokes('given'),
  ],
  'who-was-given-from-a-grant-that-was-revoked': [
    'Wong.',
    [grants(lee, mayShare), passesOn, revoked],
    (world) => [toFounderThen(world), row(world, wong, [under(world, 'shared', null, 2)])],
    publishes(tomorrow, chan, 2),
  ],
  'an-end-of-somebody-who-is-not-reached': [
    'Lee’s grant ends tomorrow, and she gets no key.',
    [grants(lee), withdraws(lee, hospital, hospital, 'lee')],
    (world) => [toFounder(world)],
    publishes(tomorrow),
  ],
}

/** Days pass. */
function later(days) {
  return async (world) => {
    world.now += days * DAY
  }
}

/** The log index of a credential. */
const placeOf = (world, name) =>
  world.entries.find(({ bytes }) => hex(bytes) === hex(world.named.get(name).bytes)).index

export async function reach({ accepts, refuses }, recorded, founding) {
  async function vector([comment, steps, rowsOf, act]) {
    const world = recorded.fork()
    world.named.set('record', p.decodeEntry(recorded.entries.at(-1).bytes))
    const since = world.size
    for (const step of steps) await step(world)
    const rows = rowsOf(world)
    const list = p.encodeWrapList(rows)
    await world.add(act(world, p.describeWrapList(list, rows, world.size)))
    const inputs = {
      network: hex(network),
      founding: hex(founding),
      logKey: p.encodeNoteKey(logSigner.key),
      before: [after],
      proven: world.answer(since),
      list: hex(list),
    }
    return { operation: 'wraps/reaches', spec: 'rules.md#wrap-lists', comment, inputs }
  }
  for (const [name, given] of Object.entries(reached)) await accepts(`reaches-${name}`, await vector(given))
  for (const [name, given] of Object.entries(missed)) await refuses(`reaches-not-${name}`, 'WRAPS', await vector(given))
}
