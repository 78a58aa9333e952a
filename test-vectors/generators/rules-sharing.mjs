// Cases of records that are shared with a team, and of grants that are shared on. Each plays after Chan has created a record.
// Chan's department has Lee in it, from the hospital; Wong is outside.
import { actions } from '../../packages/protocol/dist/index.js'
import { seat, team, teamActs, teamEpoch } from './teams.mjs'
import { cases, counting } from './vectors.mjs'
import {
  acts,
  chan,
  clinic,
  content,
  DAY,
  HOUR,
  hospital,
  issuer,
  lee,
  network,
  place,
  record,
  START,
  standing,
  wong,
} from './world.mjs'

const after = 'a-record-is-created'
const { view, write, download, shareOn } = actions
const unique = (...chains) => [...new Set(chains)]
const credentialOf = (world, who) => world.named.get(who === chan ? 'chan' : who === lee ? 'lee' : 'wong')

/** Chan grants section 1 to the team; `as` names the grant for those who act under it. */
const give =
  (over = {}, as = 'given') =>
  async (world) => {
    const made = acts.grant(world, lee, { recipient: team, capacity: null, ...over })
    const entry = await world.sign({ ...made, restsOn: [...standing(chan), team] })
    world.named.set(as, entry)
    return entry
  }

/** Somebody views under the grant of this name. */
const opens =
  (who, as = 'given', { over = {}, restsOn = [record, ...standing(who), team] } = {}) =>
  (world) => ({
    ...acts.view(world, { grant: world.named.get(as).hash, ...over }, who),
    restsOn,
  })

/** Somebody shares on to another what was granted to her, or to her team. */
const shares =
  (by, to, from, { over = {}, as = 'shared', teams = [] } = {}) =>
  async (world) => {
    const made = acts.grant(world, to, {
      credential: credentialOf(world, by).hash,
      from: world.named.get(from)?.hash ?? counting(0x60),
      ...over,
    })
    const entry = await world.sign({ ...made, by, restsOn: unique(...standing(by), ...standing(to), ...teams) })
    world.named.set(as, entry)
    return entry
  }

/** Chan grants to a member, by a name. */
const grants =
  (to, over = {}, as = 'granted') =>
  async (world) => {
    const entry = await world.sign(acts.grant(world, to, over))
    world.named.set(as, entry)
    return entry
  }

const revokes = (as) => (world) => acts.revoke(world, { grants: [world.named.get(as).hash] })

/** Entries that were signed already are placed as they are. */
const play =
  (...steps) =>
  async (world) => {
    for (const step of steps) {
      const made = await step(world)
      if (made?.bytes) world.place([made])
      else await world.add(made)
    }
  }

const founded = (world) => teamActs.found(world)
const founds =
  (over, more = {}) =>
  (world) =>
    teamActs.found(world, over, more)
const closed = (world) => teamActs.close(world)
const removed = (world) => teamActs.change(world, { removes: [lee.chain], epoch: teamEpoch(1) })
const withdrawn = (world) => acts.withdraw(lee, hospital, hospital, world.named.get('lee'))
const told = (world) => teamActs.stale(lee, hospital, world.named.get('lee'), hospital)
/** Lee takes another credential, and acts under it from now on. */
const renewed = (by, institution) => async (world) => {
  const offered = await world.add(acts.credential(lee, by, institution))
  world.named.set('lee', offered)
  return acts.accept(lee, offered)
}
const atClinic = [record, lee.chain, clinic.chain, network, team]
const withTeam = (...steps) => play(founded, ...steps)

const teams = {
  'team-is-given-a-section': [null, 'Not under anybody’s capacity.', withTeam(give())],
  'team-is-given-a-section-without-resting-on-it': [
    'RULE',
    'Whether it is open is a fact of its chain.',
    withTeam(async (world) => ({
      ...acts.grant(world, lee, { recipient: team, capacity: null }),
      restsOn: standing(chan),
    })),
  ],
  'team-is-given-a-section-in-a-capacity': [
    'CRED_BINDING',
    'A team has no credentials.',
    withTeam(async (world) => ({
      ...acts.grant(world, lee, { recipient: team }),
      restsOn: [...standing(chan), team],
    })),
  ],
  'member-is-given-a-section-in-no-capacity': [
    'RULE',
    'Lee is no team.',
    place((world) => acts.grant(world, lee, { capacity: null })),
  ],
  'team-that-is-closed-is-given-a-section': ['TEAM_CLOSED', 'Nobody could use it.', withTeam(closed, give())],
  'team-that-is-over-is-given-a-section': [
    'TEAM_CLOSED',
    'Log time is at its end.',
    play(founds({ until: START + HOUR }), async (world) => {
      world.now += HOUR
      return await give({ until: null })(world)
    }),
  ],
  'team-that-is-stale-is-given-a-section': [
    'STALE_EPOCH',
    'Its key may be in Lee’s hands.',
    withTeam(withdrawn, told, give()),
  ],
  'team-is-given-a-section-for-good': [
    'RULE',
    'It ends, and so does what it holds.',
    play(founds({ until: START + DAY }), give({ until: null })),
  ],
  'team-is-given-a-section-longer-than-it-lasts': [
    'RULE',
    'A millisecond.',
    play(founds({ until: START + DAY - 1 }), give()),
  ],
  'team-is-given-a-section-as-long-as-it-lasts': [null, 'To its end.', play(founds({ until: START + DAY }), give())],
  'ninth-grant-to-one-team': ['LIMIT', 'Eight at a time.', play(founded, ...Array(9).fill(give()))],

  'team-member-opens': [null, 'Lee, from her seat: she and the team have viewed it.', withTeam(give(), opens(lee))],
  'team-member-opens-twice': [
    null,
    'What is known of a first view stays.',
    withTeam(give(), opens(lee), (world) => opens(lee, 'given', { over: { sections: [1] } })(world)),
  ],
  'team-member-opens-without-resting-on-it': [
    'RULE',
    'Her seat is a fact of its chain.',
    withTeam(give(), opens(lee, 'given', { restsOn: [record, ...standing(lee)] })),
  ],
  'somebody-outside-opens-by-a-team': ['NOT_GRANTED', 'Wong has no seat.', withTeam(give(), opens(wong))],
  'one-who-left-opens-by-a-team': ['NOT_GRANTED', 'Lee was removed.', withTeam(give(), removed, opens(lee))],
  'one-who-is-out-opens-by-a-team': [
    'NOT_GRANTED',
    'She has another credential by now, and is out.',
    withTeam(give(), withdrawn, told, renewed(hospital, hospital), opens(lee)),
  ],
  'team-member-opens-in-another-capacity': [
    'NOT_GRANTED',
    'Her seat is the hospital’s, and she acts for the clinic.',
    withTeam(give(), renewed(issuer, clinic), opens(lee, 'given', { restsOn: atClinic })),
  ],
  'team-member-opens-when-it-is-closed': [
    'TEAM_CLOSED',
    'Its grants end with it.',
    withTeam(give(), closed, opens(lee)),
  ],
  'team-member-opens-when-it-is-stale': [
    null,
    'Chan’s key is gone; nobody is kept from what there is.',
    withTeam(
      give(),
      (world) => teamActs.change(world, { adds: [seat(wong)] }),
      (world) => acts.withdraw(wong, issuer, clinic, world.named.get('wong')),
      (world) => teamActs.stale(wong, issuer, world.named.get('wong'), clinic),
      opens(lee),
    ),
  ],
  'team-member-opens-another-section': [
    'NOT_GRANTED',
    'Section 2 was not given to it.',
    withTeam(give(), opens(lee, 'given', { over: { sections: [2] } })),
  ],
  'team-member-publishes': [
    null,
    'The team may write.',
    withTeam(give({ actions: view + write }), (world) => ({
      ...acts.publish(world, { grant: world.named.get('given').hash, contents: [content(1, 0)] }, lee),
      restsOn: [...standing(lee), team],
    })),
  ],
  'team-reader-publishes': [
    'NOT_GRANTED',
    'It may view.',
    withTeam(give(), (world) => ({
      ...acts.publish(world, { grant: world.named.get('given').hash }, lee),
      restsOn: [...standing(lee), team],
    })),
  ],
  'somebody-outside-publishes-by-a-team': [
    'NOT_GRANTED',
    'Wong has no seat.',
    withTeam(give({ actions: view + write }), (world) => ({
      ...acts.publish(world, { grant: world.named.get('given').hash }, wong),
      restsOn: [...standing(wong), team],
    })),
  ],
  'team-loses-its-grant': [null, 'Chan ends it.', withTeam(give(), revokes('given'))],
  'team-member-opens-what-was-revoked': [
    'GRANT_ENDED',
    'Chan ended it.',
    withTeam(give(), revokes('given'), opens(lee, 'given', { over: { trailEpoch: 1 } })),
  ],
}

const mayShare = view + shareOn
/** From Lee to Wong and back, `times` times; each grant comes from the one before. */
const passedOn = (times) =>
  play(
    grants(lee, { actions: mayShare }, 'step 0'),
    ...Array.from({ length: times }, (_, i) => {
      const [by, to] = i % 2 === 0 ? [lee, wong] : [wong, lee]
      return shares(by, to, `step ${i}`, { over: { actions: mayShare }, as: `step ${i + 1}` })
    }),
  )
const sharing = (...steps) => play(grants(lee, { actions: mayShare + download, sections: [1, 2] }), ...steps)

const shared = {
  'grant-is-shared-on': [null, 'Lee shares section 1 of the two that are hers.', sharing(shares(lee, wong, 'granted'))],
  'grant-is-shared-on-eight-times': [null, 'Each from the one before.', passedOn(8)],
  'grant-is-shared-on-nine-times': ['LIMIT', 'Whoever verifies the last walks back over all.', passedOn(9)],
  'grant-is-shared-on-without-leave': ['NOT_GRANTED', 'Lee may view.', play(grants(lee), shares(lee, wong, 'granted'))],
  'grant-that-is-not-there-is-shared-on': ['NOT_GRANTED', 'No grant has this hash.', play(shares(lee, wong, 'none'))],
  'grant-of-somebody-else-is-shared-on': [
    'NOT_GRANTED',
    'Lee’s, by Wong.',
    sharing(shares(wong, lee, 'granted', { over: { recipient: wong.chain } })),
  ],
  'grant-in-another-capacity-is-shared-on': [
    'NOT_GRANTED',
    'Granted to her at the hospital; she acts for the clinic.',
    sharing(renewed(issuer, clinic), async (world) => ({
      ...acts.grant(world, wong, { credential: world.named.get('lee').hash, from: world.named.get('granted').hash }),
      by: lee,
      restsOn: unique(lee.chain, clinic.chain, network, ...standing(wong)),
    })),
  ],
  'grant-is-shared-on-under-no-credential': [
    'CRED_BINDING',
    'Not one that she accepted.',
    sharing(shares(lee, wong, 'granted', { over: { credential: counting(0x60) } })),
  ],
  'grant-is-shared-on-with-more-actions': [
    'NOT_GRANTED',
    'Lee may not write.',
    sharing(shares(lee, wong, 'granted', { over: { actions: view + write } })),
  ],
  'grant-is-shared-on-with-another-section': [
    'NOT_GRANTED',
    'Section 2 is not Lee’s.',
    play(grants(lee, { actions: mayShare }), shares(lee, wong, 'granted', { over: { sections: [1, 2] } })),
  ],
  'grant-is-shared-on-for-longer': [
    'NOT_GRANTED',
    'A millisecond.',
    sharing(shares(lee, wong, 'granted', { over: { until: START + DAY + 1 } })),
  ],
  'grant-is-shared-on-for-good': [
    'NOT_GRANTED',
    'Lee’s ends.',
    sharing(shares(lee, wong, 'granted', { over: { until: null } })),
  ],
  'grant-for-good-is-shared-on': [
    null,
    'With an end of its own.',
    play(grants(lee, { actions: mayShare, until: null }), shares(lee, wong, 'granted')),
  ],
  'grant-is-shared-on-from-earlier': [
    'NOT_GRANTED',
    'Lee’s began a moment ago.',
    play(grants(lee, { actions: mayShare, notBefore: START }), shares(lee, wong, 'granted')),
  ],
  'grant-is-shared-on-to-the-founder': [
    'RULE',
    'Chan needs none.',
    sharing(shares(lee, chan, 'granted', { over: { recipient: chan.chain } })),
  ],
  'grant-is-shared-on-to-oneself': ['RULE', 'Lee has it.', sharing(shares(lee, lee, 'granted'))],
  'grant-that-was-revoked-is-shared-on': [
    'GRANT_ENDED',
    'Chan ended it.',
    play(grants(lee, { actions: mayShare }), revokes('granted'), shares(lee, wong, 'granted')),
  ],
  'grant-is-shared-on-to-a-team': [
    null,
    'Wong shares with the department in which Lee sits.',
    play(founded, grants(wong, { actions: mayShare }), async (world) => ({
      ...acts.grant(world, lee, {
        credential: world.named.get('wong').hash,
        from: world.named.get('granted').hash,
        recipient: team,
        capacity: null,
      }),
      by: wong,
      restsOn: [...standing(wong), team],
    })),
  ],
  'grant-of-a-team-is-shared-on': [
    null,
    'Lee shares with Wong what the team may share.',
    withTeam(give({ actions: mayShare }), shares(lee, wong, 'given', { teams: [team] })),
  ],

  'what-was-shared-on-is-opened': [
    null,
    'By Wong.',
    sharing(shares(lee, wong, 'granted'), opens(wong, 'shared', { restsOn: [record, ...standing(wong)] })),
  ],
  'what-was-shared-on-is-opened-after-its-end': [
    'GRANT_ENDED',
    'Chan ended Lee’s, and did not name Wong’s.',
    play(
      grants(lee, { actions: mayShare }),
      shares(lee, wong, 'granted'),
      revokes('granted'),
      opens(wong, 'shared', { over: { trailEpoch: 1 }, restsOn: [record, ...standing(wong)] }),
    ),
  ],
  'what-was-shared-on-twice-is-opened-after-its-end': [
    'GRANT_ENDED',
    'Chan ended the first of three.',
    play(
      grants(wong, { actions: mayShare }, 'first'),
      shares(wong, lee, 'first', { over: { actions: mayShare }, as: 'second' }),
      shares(lee, wong, 'second', { as: 'third' }),
      revokes('first'),
      opens(wong, 'third', { over: { trailEpoch: 1 }, restsOn: [record, ...standing(wong)] }),
    ),
  ],
  'what-was-shared-on-from-a-team-is-opened': [
    null,
    'By Wong, who is not in it.',
    withTeam(give({ actions: mayShare }), shares(lee, wong, 'given', { teams: [team] }), opens(wong, 'shared')),
  ],
  'what-was-shared-on-from-a-team-is-opened-without-resting-on-it': [
    'RULE',
    'Whether it is open is a fact of its chain.',
    withTeam(
      give({ actions: mayShare }),
      shares(lee, wong, 'given', { teams: [team] }),
      opens(wong, 'shared', { restsOn: [record, ...standing(wong)] }),
    ),
  ],
  'what-was-shared-on-from-a-team-is-opened-when-it-is-closed': [
    'TEAM_CLOSED',
    'All that came from it has ended.',
    withTeam(give({ actions: mayShare }), shares(lee, wong, 'given', { teams: [team] }), closed, opens(wong, 'shared')),
  ],
}

/** The whole trail of the record. */
const trail =
  (...steps) =>
  async (world) => {
    await play(...steps)(world)
    return { record: Buffer.from(record).toString('hex') }
  }
const recalls = (as) => (world) => ({
  ...acts.revoke(world, { mode: 'recall', grants: [world.named.get(as).hash] }),
  restsOn: [...standing(chan), acts.view(world, {}, chan).chain],
})

export const sharingCases = [
  ...cases({ after, spec: 'record' }, teams),
  ...cases({ after, spec: 'grants' }, shared),
  ...cases(
    { after, spec: 'trails', operation: 'rules/trail' },
    {
      'trail-with-a-recall-from-a-team': [null, 'Nobody of it has looked.', trail(founded, give(), recalls('given'))],
      'trail-with-a-recall-from-a-team-that-looked': [
        'ALREADY_OPENED',
        'Lee had, from her seat.',
        trail(founded, give(), opens(lee), recalls('given')),
      ],
      'trail-with-a-recall-of-one-of-two-grants': [
        'ALREADY_OPENED',
        'Lee had opened it under the other one.',
        trail(
          grants(lee),
          grants(lee, {}, 'second'),
          opens(lee, 'second', { restsOn: [record, ...standing(lee)] }),
          recalls('granted'),
        ),
      ],
      'trail-with-a-recall-of-what-was-shared-on': [
        'ALREADY_OPENED',
        'Wong had opened it, to whom Lee shared on.',
        trail(
          grants(lee, { actions: mayShare }),
          shares(lee, wong, 'granted'),
          opens(wong, 'shared', { restsOn: [record, ...standing(wong)] }),
          recalls('granted'),
        ),
      ],
      'trail-with-a-recall-from-a-team-whose-member-looked-for-herself': [
        null,
        'Lee opened it under a grant of her own.',
        trail(
          founded,
          give(),
          grants(lee),
          opens(lee, 'granted', { restsOn: [record, ...standing(lee)] }),
          recalls('given'),
        ),
      ],
    },
  ),
]
