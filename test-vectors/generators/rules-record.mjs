// Cases of records and their access logs. Each: the chapter after which it plays, the code or null, why, and what is placed.
import { accessLogOf, actions, chainIdOf } from '../../packages/protocol/dist/index.js'
import { cases, counting } from './vectors.mjs'
import {
  accessLog,
  acts,
  backTo,
  chan,
  clinic,
  content,
  DAY,
  epochStart,
  HOUR,
  hospital,
  issuer,
  lee,
  network,
  place,
  record,
  START,
  standing,
  trailStart,
  wong,
} from './world.mjs'

const peopled = 'three-members-join'
const recorded = 'a-record-is-created'
const shared = 'a-section-is-shared'
const viewed = 'lee-views'
const revoked = 'chan-revokes'
const { view, note, write } = actions

/** The act with another body; `of` is one of `acts` that takes the world. */
const create = (over) => place((world) => acts.create(world, over))
const grant = (over, to = lee) => place((world) => acts.grant(world, to, over))
const publish = (over, by) => place((world) => acts.publish(world, over, by))
const revoke = (over) => place((world) => acts.revoke(world, over))
const open = (over, by, type) => place((world) => acts.view(world, over, by, type))

/** The same some time later. */
const later = (ms, play) => async (world) => {
  world.now += ms
  await play(world)
}

/** Wong gets a grant of section 1 first, and then acts under it. */
const underGrant = (over, act) => async (world) => {
  const granted = await world.add(acts.grant(world, wong, over))
  await world.add(act(world, granted.hash))
}
const wongPublishes =
  (over = {}) =>
  (world, hash) =>
    acts.publish(world, { grant: hash, ...over }, wong)
const next = (section) => epochStart(section, 1)
const epochs = [0, 1].map((section) => next(section))
/** A version that turns card, section 1 and trail, each linked back to epoch 0. */
const turned = (epoch) => ({
  trail: trailStart(epoch, { back: backTo(epoch, 0) }),
  epochs: [0, 1].map((section) => epochStart(section, epoch, { back: backTo(epoch, 0) })),
  contents: [content(0, epoch), content(1, epoch)],
  wraps: { attached: { digest: counting(0x55), length: 1, count: 1 }, root: counting(0x56), asOf: 0 },
})

/** Another record of Chan's, which Chan may view. */
const second = {
  record: chainIdOf(network, chan.chain, counting(0x92)),
  get log() {
    return accessLogOf(this.record)
  },
  create(world) {
    return { ...acts.create(world, { nonce: counting(0x92) }), chain: this.record }
  },
  view(world) {
    const act = acts.view(world, { record: this.record }, chan)
    return { ...act, chain: this.log, restsOn: [this.record, ...standing(chan)] }
  },
}

/** A recall: the same as a revocation, and it rests on the access log. */
const recall = (world, over = {}) => ({
  ...acts.revoke(world, { mode: 'recall', ...over }),
  restsOn: [...standing(chan), accessLog],
})

export const recordCases = [
  ...cases(
    { after: peopled, spec: 'record' },
    {
      'record-of-a-card-alone': [
        null,
        'A record needs nothing but a card.',
        create({ epochs: [epochStart(0, 0)], contents: [content(0, 0)] }),
      ],
      'record-with-another-nonce': [
        'BINDING',
        'The id is the hash of network, founder and nonce.',
        create({ nonce: counting(0x92) }),
      ],
      'record-founded-by-somebody-else': [
        'BINDING',
        'Wong signs what names Chan as founder.',
        place((world) => ({ ...acts.create(world), by: wong, restsOn: [...standing(chan), wong.chain] })),
      ],
      'record-without-a-card': [
        'RULE',
        'Section 0 is among the epochs.',
        create({ epochs: [epochStart(1, 0)], contents: [content(1, 0)] }),
      ],
      'record-with-a-section-without-contents': [
        'RULE',
        'As many contents as epochs.',
        create({ contents: [content(0, 0), content(1, 0)] }),
      ],
      'record-whose-epoch-ends': [
        'RULE',
        'Nothing has been granted yet that could end.',
        create({ epochs: [epochStart(0, 0, { until: START + DAY }), epochStart(1, 0), epochStart(2, 0)] }),
      ],
      'record-that-begins-with-epoch-1': [
        'SEQ',
        'A section’s first epoch is 0.',
        create({ epochs: [epochStart(0, 0), epochStart(1, 1), epochStart(2, 0)] }),
      ],
      'record-with-a-back-link-from-nothing': [
        'RULE',
        'Nothing comes before epoch 0.',
        create({ epochs: [epochStart(0, 0), epochStart(1, 0, { back: backTo(1) }), epochStart(2, 0)] }),
      ],
      'record-whose-trail-begins-with-1': ['SEQ', 'The trail’s first epoch is 0.', create({ trail: trailStart(1) })],
      'record-with-sections-out-of-order': [
        'RULE',
        'Epochs ascend.',
        create({ epochs: [epochStart(0, 0), epochStart(2, 0), epochStart(1, 0)] }),
      ],
      'record-with-a-section-twice': [
        'RULE',
        'One epoch each.',
        create({ epochs: [epochStart(0, 0), epochStart(1, 0), epochStart(1, 0)] }),
      ],
      'record-with-contents-out-of-order': [
        'RULE',
        'Contents ascend.',
        create({ contents: [content(0, 0), content(2, 0), content(1, 0)] }),
      ],
      'record-with-contents-under-another-epoch': [
        'STALE_EPOCH',
        'Section 1 has epoch 0.',
        create({ contents: [content(0, 0), content(1, 1), content(2, 0)] }),
      ],
      'record-with-a-card-too-long': [
        'LIMIT',
        'A sealed card is at most 4 KiB.',
        create({ contents: [content(0, 0, { length: 4097 }), content(1, 0), content(2, 0)] }),
      ],
      'record-with-a-manifest-too-long': [
        'LIMIT',
        'A manifest is at most 8 MiB.',
        create({ contents: [content(0, 0), content(1, 0, { length: 8 * 2 ** 20 + 1 }), content(2, 0)] }),
      ],
      'record-with-10001-files': [
        'LIMIT',
        'Ten thousand files in all sections together.',
        create({
          contents: [content(0, 0, { count: 0 }), content(1, 0, { count: 9000 }), content(2, 0, { count: 1001 })],
        }),
      ],
    },
  ),
  ...cases(
    { after: recorded, spec: 'record' },
    {
      'record-created-twice': [
        'FORK',
        'A second founding stands at a place that is taken.',
        create({ contents: [content(0, 0), content(1, 0, { length: 501 }), content(2, 0)] }),
      ],
      'version-2-is-published': [null, 'The founder publishes section 1 under its key.', publish()],
      'version-with-a-new-section': [
        null,
        'The founder adds section 3; card and trail keep their keys.',
        publish({
          epochs: [epochStart(3, 0)],
          contents: [content(3, 0)],
          wraps: { attached: { digest: counting(0x55), length: 1000, count: 1 }, root: counting(0x56), asOf: 0 },
        }),
      ],
      'version-3-after-1': ['SEQ', 'Versions have no gaps.', publish({ version: 3 })],
      'version-1-again': ['SEQ', 'Version 1 is there.', publish({ version: 1 })],
      'version-without-contents': ['RULE', 'A version publishes something.', publish({ contents: [] })],
      'version-of-a-record-that-is-not-there': [
        'LOG_MISSING',
        'No record with this id was given.',
        place((world) => ({
          ...acts.publish(world),
          chain: chainIdOf(network, chan.chain, counting(0x9b)),
          over: { sequence: 1, previous: counting(0x60) },
        })),
      ],
      'version-by-somebody-without-a-grant': ['ROLE', 'Wong is not the founder.', publish({}, wong)],
      'version-of-a-section-that-is-not-there': [
        'RULE',
        'Contents of section 9.',
        publish({ contents: [content(9, 0)] }),
      ],
      'version-with-new-epochs-and-no-wraps': [
        'RULE',
        'Nobody could open it.',
        publish({ epochs: [next(1)], contents: [content(1, 1)] }),
      ],
      'version-with-wraps-and-no-epochs': [
        'RULE',
        'Wraps of nothing.',
        publish({
          wraps: { attached: { digest: counting(0x55), length: 1, count: 1 }, root: counting(0x56), asOf: 0 },
        }),
      ],
      'version-with-a-new-section-without-contents': [
        'RULE',
        'A new section comes with its contents.',
        publish({
          epochs: [epochStart(3, 0)],
          contents: [content(1, 0)],
          wraps: { attached: { digest: counting(0x55), length: 1, count: 1 }, root: counting(0x56), asOf: 0 },
        }),
      ],
      'version-under-an-epoch-that-is-not-there': [
        'STALE_EPOCH',
        'Section 1 has epoch 0 only.',
        publish({ contents: [content(1, 1)] }),
      ],
      'version-turns-the-card-without-the-trail': [
        'RULE',
        'Section 0 turns exactly if the trail does.',
        publish({
          epochs: [next(0)],
          contents: [content(0, 1)],
          wraps: { attached: { digest: counting(0x55), length: 1, count: 1 }, root: counting(0x56), asOf: 0 },
        }),
      ],
      'version-turns-the-trail-without-the-card': [
        'RULE',
        'And the other way round.',
        publish({
          trail: trailStart(1),
          epochs: [next(1)],
          contents: [content(1, 1)],
          wraps: { attached: { digest: counting(0x55), length: 1, count: 1 }, root: counting(0x56), asOf: 0 },
        }),
      ],
      'version-turns-the-card-and-does-not-seal-it': [
        'RULE',
        'With a new epoch of the card, the card is the first of the contents.',
        publish({
          trail: trailStart(1),
          epochs,
          contents: [content(1, 1)],
          wraps: { attached: { digest: counting(0x55), length: 1, count: 1 }, root: counting(0x56), asOf: 0 },
        }),
      ],
      'version-skips-an-epoch': [
        'SEQ',
        'After epoch 0 comes 1.',
        publish({
          epochs: [epochStart(1, 2)],
          contents: [content(1, 2)],
          wraps: { attached: { digest: counting(0x55), length: 1, count: 1 }, root: counting(0x56), asOf: 0 },
        }),
      ],
      'version-with-a-new-epoch-without-a-back-link': [
        'RULE',
        'Holders of the new key could not reach the old.',
        publish({
          epochs: [epochStart(1, 1, { back: null })],
          contents: [content(1, 1)],
          wraps: { attached: { digest: counting(0x55), length: 1, count: 1 }, root: counting(0x56), asOf: 0 },
        }),
      ],
      'version-whose-back-link-leads-nowhere': [
        'RULE',
        'To the epoch that it starts itself.',
        publish({
          epochs: [epochStart(1, 1, { back: backTo(1, 1) })],
          contents: [content(1, 1)],
          wraps: { attached: { digest: counting(0x55), length: 1, count: 1 }, root: counting(0x56), asOf: 0 },
        }),
      ],
      'version-whose-trail-leads-nowhere': [
        'RULE',
        'To the epoch that it starts itself.',
        publish({
          trail: trailStart(1, { back: backTo(1, 1) }),
          epochs,
          contents: [content(0, 1), content(1, 1)],
          wraps: { attached: { digest: counting(0x55), length: 1, count: 1 }, root: counting(0x56), asOf: 0 },
        }),
      ],
      'version-whose-back-links-lead-around-an-epoch': [
        null,
        'From 2 to 0: whoever started epoch 1 sealed garbage.',
        place(
          (world) => acts.publish(world, turned(1)),
          (world) => acts.publish(world, { ...turned(2), version: 3 }),
        ),
      ],
      'version-with-a-new-trail-without-a-back-link': [
        'RULE',
        'Whoever reads the trail could not go on to what was written before.',
        publish({
          trail: trailStart(1, { back: null }),
          epochs,
          contents: [content(0, 1), content(1, 1)],
          wraps: { attached: { digest: counting(0x55), length: 1, count: 1 }, root: counting(0x56), asOf: 0 },
        }),
      ],
      'version-under-somebody-elses-credential': [
        'CRED_BINDING',
        'Wong’s, who works at the same clinic.',
        place((world) => acts.publish(world, { credential: world.named.get('wong').hash })),
      ],
      'version-under-a-withdrawn-credential': [
        'CRED_REVOKED',
        'The founder’s own, withdrawn since.',
        place((world) => acts.withdraw(chan, issuer, clinic, world.named.get('chan')), acts.publish),
      ],
      'version-that-rests-on-another-record': [
        'RULE',
        'Who may see this record may not see that one.',
        place(
          (world) => second.create(world),
          (world) => ({ ...acts.publish(world), restsOn: [...standing(chan), second.record] }),
        ),
      ],
      'version-that-rests-on-another-records-access-log': [
        'RULE',
        'Nor its access log.',
        place(
          (world) => second.create(world),
          (world) => second.view(world),
          (world) => ({ ...acts.publish(world), restsOn: [...standing(chan), second.log] }),
        ),
      ],
      'version-under-an-epoch-that-ends-now': [
        'STALE_EPOCH',
        'A grant ended between signing and placing.',
        publish({
          epochs: [epochStart(1, 1, { until: START })],
          contents: [content(1, 1)],
          wraps: { attached: { digest: counting(0x55), length: 1, count: 1 }, root: counting(0x56), asOf: 0 },
        }),
      ],
      'version-with-10001-files': [
        'LIMIT',
        'Ten thousand files, those of other sections counted.',
        publish({ contents: [content(1, 0, { count: 10_000 })] }),
      ],
    },
  ),

  // ——— grants
  ...cases(
    { after: recorded, spec: 'record' },
    {
      'grant-without-an-end': [null, 'A grant may hold until it is revoked.', grant({ until: null })],
      'grant-of-everything': [
        null,
        'All actions there are, and both sections.',
        grant({ actions: 63, sections: [1, 2] }),
      ],
      'grant-to-the-founder': [
        'RULE',
        'The founder needs none.',
        place((world) => ({
          ...acts.grant(world, wong),
          body: { ...acts.grant(world, wong).body, recipient: chan.chain, capacity: world.named.get('chan').hash },
        })),
      ],
      'grant-by-somebody-else': [
        'ROLE',
        'Wong shares on nothing that was granted to her.',
        place((world) => ({
          ...acts.grant(world, lee, { credential: world.named.get('wong').hash }),
          by: wong,
          restsOn: [wong.chain, clinic.chain, network, lee.chain, hospital.chain],
        })),
      ],
      'grant-of-the-card': [
        'RULE',
        'The card comes with every grant and is named by none.',
        grant({ sections: [0, 1] }),
      ],
      'grant-of-sections-out-of-order': ['RULE', 'Sections ascend.', grant({ sections: [2, 1] })],
      'grant-of-a-section-twice': ['RULE', 'Once each.', grant({ sections: [1, 1] })],
      'grant-of-a-section-that-is-not-there': ['RULE', 'Section 7.', grant({ sections: [7] })],
      'grant-without-viewing': ['RULE', 'Whoever may do anything may view.', grant({ actions: write })],
      'grant-that-has-ended': ['RULE', 'Until is above log time.', grant({ until: START })],
      'grant-that-ends-before-it-begins': [
        'RULE',
        'And above notBefore.',
        grant({ notBefore: START + HOUR, until: START + HOUR }),
      ],
      'grant-to-somebody-under-anothers-credential': [
        'CRED_BINDING',
        'The capacity is the recipient’s own credential.',
        place((world) => ({ ...acts.grant(world, lee, { capacity: world.named.get('wong').hash }) })),
      ],
      'grant-without-resting-on-the-recipient': [
        'RULE',
        'Whether her credential holds is a fact of her chain.',
        place((world) => ({ ...acts.grant(world, lee), restsOn: [...standing(chan), hospital.chain] })),
      ],
      'grant-to-somebody-whose-credential-was-withdrawn': [
        'CRED_REVOKED',
        'She is nobody here any more.',
        place(
          (world) => acts.withdraw(lee, hospital, hospital, world.named.get('lee')),
          (world) => acts.grant(world, lee),
        ),
      ],
      'ninth-grant-to-one-member': [
        'LIMIT',
        'Eight at a time.',
        place(...Array(9).fill((world) => acts.grant(world, lee))),
      ],
    },
  ),

  // ——— writers
  ...cases(
    { after: recorded, spec: 'record' },
    {
      'writer-publishes': [null, 'Wong may write section 1.', underGrant({ actions: view + write }, wongPublishes())],
      'writer-turns-a-key': [
        null,
        'With card and trail, which she may seal for that.',
        underGrant(
          { actions: view + write },
          wongPublishes({
            trail: trailStart(1),
            epochs,
            contents: [content(0, 1), content(1, 1)],
            wraps: { attached: { digest: counting(0x55), length: 1, count: 1 }, root: counting(0x56), asOf: 0 },
          }),
        ),
      ],
      'reader-publishes': [
        'NOT_GRANTED',
        'Her grant allows viewing alone.',
        underGrant({ actions: view }, wongPublishes()),
      ],
      'writer-of-another-section': [
        'NOT_GRANTED',
        'Section 2 is not hers.',
        underGrant({ actions: view + write }, wongPublishes({ contents: [content(2, 0)] })),
      ],
      'writer-adds-a-section': [
        'NOT_GRANTED',
        'Only the founder adds sections: no grant names one that is not there.',
        underGrant(
          { actions: view + write },
          wongPublishes({
            epochs: [epochStart(3, 0)],
            contents: [content(3, 0)],
            wraps: { attached: { digest: counting(0x55), length: 1, count: 1 }, root: counting(0x56), asOf: 0 },
          }),
        ),
      ],
      'writer-under-a-grant-that-is-not-there': [
        'NOT_GRANTED',
        'No grant has this hash.',
        publish({ grant: counting(0x60) }, wong),
      ],
      'writer-under-a-grant-that-has-not-begun': [
        'NOT_GRANTED',
        'notBefore lies ahead.',
        underGrant({ actions: view + write, notBefore: START + HOUR }, wongPublishes()),
      ],
      'writer-under-somebody-elses-grant': [
        'NOT_GRANTED',
        'Lee’s.',
        place(async (world) => {
          const granted = await world.add(acts.grant(world, lee, { actions: view + write }))
          return acts.publish(world, { grant: granted.hash }, wong)
        }),
      ],
      'writer-whose-credential-was-withdrawn': [
        'CRED_REVOKED',
        'A grant needs somebody who holds it.',
        async (world) => {
          const granted = await world.add(acts.grant(world, lee, { actions: view + write }))
          await world.add(acts.withdraw(lee, hospital, hospital, world.named.get('lee')))
          await world.add(acts.publish(world, { grant: granted.hash }, lee))
        },
      ],
      'writer-in-another-capacity': [
        'NOT_GRANTED',
        'Granted to her at the hospital; she acts for the clinic.',
        async (world) => {
          const granted = await world.add(acts.grant(world, lee, { actions: view + write }))
          const second = await world.add(acts.credential(lee, clinic, clinic))
          await world.add(acts.accept(lee, second))
          await world.add({
            ...acts.publish(world, { grant: granted.hash, credential: second.hash }, lee),
            restsOn: [lee.chain, clinic.chain, network],
          })
        },
      ],
    },
  ),

  // ——— nothing new under an old key
  ...cases(
    { after: shared, spec: 'record' },
    {
      'version-after-a-grant-has-expired': [
        'STALE_EPOCH',
        'Who held it has the key: the version needs a new epoch.',
        later(DAY, publish()),
      ],
      'version-just-before-a-grant-expires': [
        null,
        'A millisecond before, it may be published under the old key.',
        later(DAY - 1, publish()),
      ],
      'version-of-another-section-after-a-grant-has-expired': [
        'STALE_EPOCH',
        'The card is old for everybody.',
        later(DAY, publish({ contents: [content(2, 0)] })),
      ],
      'version-with-new-keys-after-a-grant-has-expired': [
        null,
        'Card, section 1 and trail turn.',
        later(
          DAY,
          publish({
            trail: trailStart(1),
            epochs,
            contents: [content(0, 1), content(1, 1)],
            wraps: { attached: { digest: counting(0x55), length: 1, count: 1 }, root: counting(0x56), asOf: 0 },
          }),
        ),
      ],
      'version-with-a-new-card-and-an-old-section': [
        'STALE_EPOCH',
        'Section 1 is still under the key that has ended.',
        later(
          DAY,
          publish({
            trail: trailStart(1),
            epochs: [next(0)],
            contents: [content(0, 1), content(1, 0)],
            wraps: { attached: { digest: counting(0x55), length: 1, count: 1 }, root: counting(0x56), asOf: 0 },
          }),
        ),
      ],
    },
  ),

  // ——— revoking
  ...cases(
    { after: shared, spec: 'record' },
    {
      'revoke-one-who-has-not-looked': [null, 'Card, section 1 and trail take new epochs.', revoke()],
      'revoke-an-expired-grant': [null, 'An expired grant counts until it is revoked.', later(2 * DAY, revoke())],
      'revoke-by-somebody-else': [
        'ROLE',
        'Lee ends her own grant: only founders do.',
        place((world) => ({
          ...acts.revoke(world, { credential: world.named.get('lee').hash }),
          by: lee,
          restsOn: standing(lee),
        })),
      ],
      'revoke-and-keep-the-sections-key': [
        'RULE',
        'Every section of an ended grant takes a new epoch.',
        revoke({ epochs: [next(0)] }),
      ],
      'revoke-and-keep-the-card': [
        'RULE',
        'Card and trail are always among them.',
        revoke({ epochs: [next(1)], contents: [] }),
      ],
      'revoke-without-sealing-the-card': ['RULE', 'The card is sealed anew.', revoke({ contents: [] })],
      'revoke-and-publish': [
        'RULE',
        'The card, and nothing else.',
        revoke({ contents: [content(0, 1), content(1, 1)] }),
      ],
      'revoke-a-grant-twice-in-one-entry': [
        'RULE',
        'Each once.',
        place((world) =>
          acts.revoke(world, { grants: [world.named.get('grant').hash, world.named.get('grant').hash] }),
        ),
      ],
      'revoke-a-grant-that-is-not-there': ['RULE', 'No grant has this hash.', revoke({ grants: [counting(0x60)] })],
      'revoke-and-add-a-section': [
        'RULE',
        'Sections are added by versions.',
        revoke({ epochs: [...epochs, epochStart(3, 0)] }),
      ],
      'revoke-with-the-old-trail': ['SEQ', 'The trail’s next epoch is 1.', revoke({ trail: trailStart(0) })],
      'recall-what-nobody-has-opened': [
        null,
        'It was sent by mistake, and nobody looked.',
        place((world) => recall(world)),
      ],
      'recall-without-resting-on-the-access-log': [
        'RULE',
        'That nobody looked is a fact of the access log.',
        revoke({ mode: 'recall' }),
      ],
      'revoke-resting-on-the-access-log': [
        'RULE',
        'Nobody looks at what a revocation would say of it.',
        place((world) => ({ ...acts.revoke(world), restsOn: [...standing(chan), accessLog] })),
      ],
    },
  ),
  ...cases(
    { after: viewed, spec: 'record' },
    {
      'recall-what-was-opened': [
        null,
        'Lee has viewed it. Whoever knows that and whoever does not take the same; the trail tells.',
        place((world) => recall(world)),
      ],
      'recall-that-knows-of-no-access': [
        null,
        'It rests on number 0, and number 1 is known: that is for the trail too.',
        async (world) => {
          const restsOn = [
            ...standing(chan).map((chain) => world.restOn(chain)),
            { chain: accessLog, sequence: 0, link: accessLog },
          ]
          await world.add({ ...acts.revoke(world, { mode: 'recall' }), over: { restsOn } })
        },
      ],
    },
  ),
  ...cases(
    { after: revoked, spec: 'record' },
    {
      'revoke-what-was-revoked': [
        'GRANT_ENDED',
        'Ended already.',
        place((world) =>
          acts.revoke(world, {
            trail: trailStart(2),
            epochs: [epochStart(0, 2), epochStart(1, 2)],
            contents: [content(0, 2)],
          }),
        ),
      ],
      'version-after-a-revocation': [null, 'Under the new keys.', publish({ contents: [content(1, 1)] })],
      'version-under-the-revoked-key': ['STALE_EPOCH', 'Section 1 has epoch 1.', publish()],
    },
  ),

  // ——— the access log
  ...cases(
    { after: shared, spec: 'access-log' },
    {
      'founder-views': [null, 'Without a grant.', open({}, chan)],
      'founder-views-both-sections': [null, 'All there are.', open({ sections: [1, 2] }, chan)],
      'view-of-another-section': ['NOT_GRANTED', 'The grant names section 1.', open({ sections: [2] })],
      'view-of-the-card': ['RULE', 'The card is opened without an entry.', open({ sections: [0, 1] })],
      'view-of-sections-out-of-order': ['RULE', 'Sections ascend.', open({ sections: [2, 1] }, chan)],
      'view-of-a-section-that-is-not-there': ['RULE', 'Section 9.', open({ sections: [9] }, chan)],
      'view-of-version-2': ['RULE', 'There is version 1.', open({ version: 2 })],
      'view-of-version-0': ['RULE', 'Versions count from 1.', open({ version: 0 })],
      'view-without-a-grant': ['NOT_GRANTED', 'Only the founder opens without one.', open({ grant: null })],
      'view-by-somebody-without-a-grant': ['NOT_GRANTED', 'Wong is neither founder nor holder.', open({}, wong)],
      'view-under-somebody-elses-grant': [
        'NOT_GRANTED',
        'Lee’s grant, Wong’s device.',
        place((world) => acts.view(world, { grant: world.named.get('grant').hash }, wong)),
      ],
      'founder-views-under-somebody-elses-grant': [
        'NOT_GRANTED',
        'Wong’s, who works at the same clinic. The founder needs none.',
        place(async (world) => {
          const granted = await world.add(acts.grant(world, wong))
          return acts.view(world, { grant: granted.hash }, chan)
        }),
      ],
      'view-under-a-grant-that-is-not-there': [
        'NOT_GRANTED',
        'No grant has this hash.',
        open({ grant: counting(0x60) }),
      ],
      'view-after-the-grants-end': ['GRANT_ENDED', 'Log time has reached until.', later(DAY, open())],
      'view-just-before-the-grants-end': [null, 'Until is not included.', later(DAY - 1, open())],
      'view-under-another-trail-epoch': [
        'STALE_EPOCH',
        'The purpose is sealed to a key that is not the newest.',
        open({ trailEpoch: 1 }),
      ],
      'view-without-a-purpose': [
        'RULE',
        'An access carries its sealed purpose.',
        place((world) => ({ ...acts.view(world), over: {} })),
      ],
      'view-on-another-records-log': [
        'BINDING',
        'The log’s id follows from the record’s.',
        place((world) => ({
          ...acts.view(world),
          chain: counting(0x6b),
          over: { private: counting(0x5c), previous: counting(0x6b) },
        })),
      ],
      'view-under-somebody-elses-credential': [
        'CRED_BINDING',
        'Chan’s.',
        place((world) => acts.view(world, { credential: world.named.get('chan').hash })),
      ],
      'view-after-the-credential-was-withdrawn': [
        'CRED_REVOKED',
        'Keys she has; an entry she cannot make.',
        place((world) => acts.withdraw(lee, hospital, hospital, world.named.get('lee')), acts.view),
      ],
      'view-after-the-hospital-was-removed': [
        'CRED_REVOKED',
        'With its institution the credential ends.',
        place(acts.remove(hospital), acts.view),
      ],
      'view-in-another-capacity': [
        'NOT_GRANTED',
        'Granted to her at the hospital; she acts for the clinic.',
        async (world) => {
          const second = await world.add(acts.credential(lee, clinic, clinic))
          await world.add(acts.accept(lee, second))
          await world.add({
            ...acts.view(world, { credential: second.hash }),
            restsOn: [record, lee.chain, clinic.chain, network],
          })
        },
      ],
      'download-under-a-grant-to-view': ['NOT_GRANTED', 'The grant does not allow it.', open({}, lee, 'download')],
      'note-under-a-grant-to-view': ['NOT_GRANTED', 'The grant does not allow it.', place((world) => acts.note(world))],
      'founder-notes': [null, 'A note on the record’s log.', place((world) => acts.note(world, {}, chan))],
      'view-without-resting-on-the-record': [
        'RULE',
        'Whether the grant holds is a fact of the record’s chain.',
        place((world) => ({ ...acts.view(world), restsOn: standing(lee) })),
      ],
    },
  ),
  ...cases(
    { after: recorded, spec: 'access-log' },
    {
      'download-and-note-under-a-grant': [
        null,
        'A grant of viewing, downloading and noting.',
        async (world) => {
          const granted = await world.add(acts.grant(world, lee, { actions: view + note + actions.download }))
          world.named.set('grant', granted)
          await place(
            (w) => acts.view(w, {}, lee, 'download'),
            (w) => acts.note(w),
          )(world)
        },
      ],
    },
  ),
  ...cases(
    { after: viewed, spec: 'access-log' },
    {
      'a-second-view': [null, 'Number 2; the first stays the one that counts as viewed.', open()],
      'a-view-that-knows-nothing-newer': [
        null,
        'Its signer knew link 0 only: a lower bound.',
        place((world) => ({
          ...acts.view(world),
          over: { private: counting(0x5d), sequence: 0, previous: accessLog },
        })),
      ],
    },
  ),
  ...cases(
    { after: revoked, spec: 'access-log' },
    {
      'view-after-the-revocation': ['GRANT_ENDED', 'The grant was revoked.', open({ trailEpoch: 1 })],
      'founder-views-after-the-revocation': [null, 'Under the new trail key.', open({ trailEpoch: 1 }, chan)],
    },
  ),
]
