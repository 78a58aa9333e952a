// Cases of registration numbers. Each plays after three members have joined; most begin with Chan's number, bound by the clinic's credential.
import { accessLogOf } from '../../packages/protocol/dist/index.js'
import { hex } from '../operations/notation.mjs'
import {
  inOrder,
  number,
  otherNumber,
  registered,
  registeredAs,
  registration,
  registrationActs,
} from './registrations.mjs'
import { quorumActs, third } from './rules-quorum.mjs'
import { cases, counting } from './vectors.mjs'
import {
  acts,
  chan,
  clinic,
  DAY,
  hospital,
  issuer,
  lee,
  network,
  place,
  record,
  root,
  START,
  stranger,
  wong,
} from './world.mjs'

const after = 'three-members-join'

const binding = (who) => (world) => registrationActs.bind(world, who)
const longer = { until: START + 300 * DAY }
const chanBound = [registered(chan, { over: longer }), binding(chan)]
/** Chan's number is bound, and then these. */
const bound = (...entries) => place(...chanBound, ...entries)

/** Lee, with the hospital's credential for the number, proposes to have it. */
const proposed = [
  registered(lee, { over: longer }),
  async (world) => {
    const proposal = await world.sign(registrationActs.propose(world))
    world.named.set('proposal', proposal)
    return registrationActs.propose(world)
  },
]
const proposing = (...entries) => bound(...proposed, ...entries)
const approving = (by, over) => (world) => registrationActs.approve(world, by, over)
const approved = [approving(issuer), approving(root)]
const passing = (ms) => (entry) => async (world) => {
  world.now += ms
  return entry(world)
}
const waited = passing(14 * DAY)
const settling = (over, by) => (world) => registrationActs.settle(world, over, by)
const objecting = (by, over) => (world) => registrationActs.object(world, by, over)
const rebinding = (to, by) => (world) => registrationActs.rebind(world, to, {}, by)
const withdrawing = (who, by, institution) => (world) =>
  acts.withdraw(who, by, institution, world.named.get(registeredAs(who)))

/** A third institution, and a quorum of all three. */
const askingForThree = [
  acts.foundInstitution(third, 'Third'),
  (world) => acts.admit(third, { link: world.head(third.chain).link }),
  async (world) => {
    const proposal = await world.add(quorumActs.propose({ quorum: 3 }))
    world.named.set('quorum', proposal)
    return quorumActs.approve(world, clinic, { proposal: proposal.hash })
  },
  ...[hospital, third].map(
    (by) => (world) => quorumActs.approve(world, by, { proposal: world.named.get('quorum').hash }),
  ),
  (world) =>
    quorumActs.settle(world, root, [clinic.chain, hospital.chain, third.chain], {
      proposal: world.named.get('quorum').hash,
    }),
]

const binds = {
  'registration-is-bound': [null, 'A chain that begins with its first binding.', bound()],
  'registration-is-bound-again': [
    null,
    'Another credential of the same member, by another institution: a doctor with two employers.',
    bound(registered(chan, { by: hospital, at: hospital }), (world) =>
      registrationActs.bind(world, chan, {}, { restsOn: [chan.chain, hospital.chain, network] }),
    ),
  ],
  'registration-of-another-member': [
    'BINDING',
    'Lee has a credential for the number, which is Chan’s.',
    bound(registered(lee), binding(lee)),
  ],
  'registration-under-no-credential': [
    'CRED_BINDING',
    'Not one that she accepted.',
    place((world) => registrationActs.bind(world, chan, { credential: counting(0x60) })),
  ],
  'registration-under-a-credential-that-was-offered': [
    'CRED_BINDING',
    'She has not accepted it.',
    place(async (world) => {
      const offered = await world.add(acts.credential(chan, issuer, clinic, { registration: number }))
      return registrationActs.bind(world, chan, { credential: offered.hash })
    }),
  ],
  'registration-under-a-credential-without-a-number': [
    'CRED_BINDING',
    'A sound credential, for no number.',
    place((world) => registrationActs.bind(world, chan, { credential: world.named.get('chan').hash })),
  ],
  'registration-under-a-credential-for-another-number': [
    'CRED_BINDING',
    'The chain is that of another number.',
    place(registered(chan, { over: { registration: otherNumber } }), binding(chan)),
  ],
  'registration-on-the-chain-that-the-credential-says': [
    'CRED_BINDING',
    'A chain’s id is a hash of the number’s hash: nobody founds one in the place of a record’s access log.',
    place(registered(chan, { over: { registration: accessLogOf(record) } }), (world) =>
      registrationActs.bind(world, chan, {}, { chain: accessLogOf(record) }),
    ),
  ],
  'registration-under-a-withdrawn-credential': [
    'CRED_REVOKED',
    'The clinic has withdrawn it.',
    place(registered(chan), withdrawing(chan, issuer, clinic), binding(chan)),
  ],
  'registration-that-begins-with-a-proposal': [
    'SEQ',
    'A number that nobody has is bound.',
    place(registered(lee), (world) => ({
      ...registrationActs.propose(world),
      over: { sequence: 0, previous: null },
    })),
  ],
  'registration-with-a-predecessor': [
    'CHAIN',
    'The first binding has none.',
    place(registered(chan), (world) =>
      registrationActs.bind(world, chan, {}, { over: { sequence: 0, previous: counting(0x60) } }),
    ),
  ],
  'registration-is-rested-on': [
    'RULE',
    'Nothing in this version rests on one.',
    bound(() => ({ ...acts.relay(), restsOn: [registration] })),
  ],
  'registration-entry-on-a-members-chain': [
    'BINDING',
    'A chain of another kind.',
    bound((world) => ({
      ...registrationActs.propose(world, wong),
      chain: chan.chain,
      restsOn: [wong.chain, clinic.chain, network],
    })),
  ],
}

const rebinds = {
  'registration-moves-by-its-member': [
    null,
    'Chan signs with the old device; Lee holds the credential.',
    bound(registered(lee), rebinding(lee)),
  ],
  'registration-moves-by-another-member': [
    'ROLE',
    'Lee signs for herself.',
    bound(registered(lee), rebinding(lee, lee)),
  ],
  'registration-moves-back-by-who-had-it': [
    'ROLE',
    'Chan has given it away.',
    bound(registered(lee), rebinding(lee), (world) => registrationActs.rebind(world, chan)),
  ],
  'registration-moves-to-who-has-no-credential': [
    'CRED_BINDING',
    'Wong’s is not for this number.',
    bound((world) => registrationActs.rebind(world, wong, { credential: world.named.get('wong').hash })),
  ],
  'registration-bound-by-who-had-it': [
    'BINDING',
    'It is Lee’s now.',
    bound(registered(lee), rebinding(lee), binding(chan)),
  ],
}

const proposals = {
  'registration-move-proposed': [null, 'By Lee, under the hospital’s credential.', proposing()],
  'registration-move-proposed-without-a-credential': [
    'CRED_BINDING',
    'Wong has none for the number.',
    bound((world) => registrationActs.propose(world, wong, { credential: world.named.get('wong').hash })),
  ],
  'registration-move-approved': [null, 'By the clinic’s issuer and the network’s root.', proposing(...approved)],
  'registration-move-approved-by-a-root': [null, 'An institution’s root, too.', proposing(approving(clinic))],
  'registration-move-approved-by-its-own-institution': [
    'ROLE',
    'The hospital has spoken by its credential.',
    proposing(approving(hospital)),
  ],
  'registration-move-approved-by-a-member': ['ROLE', 'Wong is no institution.', proposing(approving(wong))],
  'registration-move-approved-by-a-dismissed-issuer': [
    'CRED_REVOKED',
    'The clinic dismissed it.',
    proposing((world) => acts.dismiss(issuer, clinic, world.size), approving(issuer)),
  ],
  'registration-move-approved-that-nobody-proposed': [
    'RULE',
    'There is no such proposal.',
    proposing(approving(issuer, { proposal: counting(0x60) })),
  ],
  'registration-move-objected': [null, 'By Chan, under a credential for the number.', proposing(objecting())],
  'registration-move-objected-by-another-member': ['ROLE', 'Lee against herself.', proposing(objecting(lee))],
  'registration-move-objected-without-a-credential': [
    'CRED_REVOKED',
    'Chan’s device was stolen, and the clinic has withdrawn her credential.',
    proposing(withdrawing(chan, issuer, clinic), objecting()),
  ],
  'registration-move-objected-under-another-credential': [
    'CRED_BINDING',
    'One that is for no number.',
    proposing((world) => registrationActs.object(world, chan, { credential: world.named.get('chan').hash })),
  ],
  'registration-move-approved-after-an-objection': [
    'RULE',
    'Chan has objected.',
    proposing(objecting(), approving(issuer)),
  ],
}

const settlements = {
  'registration-move-settled': [
    null,
    'Fourteen days later, with two approvals.',
    proposing(...approved, waited(settling())),
  ],
  'registration-move-settled-too-early': [
    'RULE',
    'A millisecond before.',
    proposing(...approved, passing(14 * DAY - 1)(settling())),
  ],
  'registration-move-settled-at-the-last-moment': [
    null,
    'A millisecond before it expires.',
    proposing(...approved, passing(30 * DAY - 1)(settling())),
  ],
  'registration-move-settled-too-late': [
    'RULE',
    'Thirty days are over.',
    proposing(...approved, passing(30 * DAY)(settling())),
  ],
  'registration-move-settled-after-an-objection': [
    'RULE',
    'Chan has objected.',
    proposing(...approved, objecting(), waited(settling())),
  ],
  'registration-move-settled-after-a-move': [
    'RULE',
    'Chan has given the number to Lee herself: the proposal is over.',
    proposing(...approved, rebinding(lee), waited(settling())),
  ],
  'registration-move-settled-twice': [
    'RULE',
    'The proposal has done what it said.',
    proposing(...approved, waited(settling()), settling()),
  ],
  'registration-move-settled-by-another-member': [
    'ROLE',
    'Wong settles Lee’s proposal.',
    proposing(...approved, waited(settling({}, wong))),
  ],
  'registration-move-settled-by-one': [
    'RULE',
    'One approval.',
    proposing(approving(issuer), waited(settling({ approvals: [clinic.chain] }))),
  ],
  'registration-move-settled-by-as-many-as-the-network-asks-for': [
    'RULE',
    'The network decides by three institutions, and so do numbers.',
    proposing(...askingForThree, ...approved, waited(settling())),
  ],
  'registration-move-settled-with-one-twice': [
    'RULE',
    'Each once.',
    proposing(approving(issuer), waited(settling({ approvals: [clinic.chain, clinic.chain] }))),
  ],
  'registration-move-settled-out-of-order': [
    'RULE',
    'Approvals ascend.',
    proposing(...approved, waited(settling({ approvals: inOrder(clinic.chain, network).reverse() }))),
  ],
  'registration-move-settled-without-an-approval': [
    'RULE',
    'The network has not approved.',
    proposing(approving(issuer), waited(settling())),
  ],
  'registration-move-settled-by-who-was-removed': [
    'CRED_REVOKED',
    'The network removed the clinic after it approved.',
    proposing(...approved, () => acts.remove(clinic), waited(settling())),
  ],
  'registration-move-settled-by-a-void-approval': [
    'CRED_REVOKED',
    'The issuer was dismissed from a place before its approval.',
    proposing(...approved, () => acts.dismiss(issuer, clinic, 7), waited(settling())),
  ],
  'registration-move-settled-by-an-issuer-dismissed-later': [
    null,
    'What it approved before stands.',
    proposing(...approved, (world) => acts.dismiss(issuer, clinic, world.size), waited(settling())),
  ],
  'registration-move-settled-without-a-credential': [
    'CRED_REVOKED',
    'The hospital has withdrawn Lee’s credential.',
    proposing(...approved, withdrawing(lee, hospital, hospital), waited(settling())),
  ],
  'registration-move-settled-against-a-thief': [
    null,
    'Chan’s device was stolen; nobody vouches for it any more.',
    proposing(...approved, withdrawing(chan, issuer, clinic), waited(settling())),
  ],
}

/** A member's list: founding, a credential for the number, acceptance, and what is said of it. */
const listed = (said) => async (world) => {
  const own = world.fork()
  const founding = await own.add(acts.foundMember(own, { ...wong, ...newcomer }))
  const credential = await own.add(acts.credential(newcomer, issuer, clinic, { registration: number }))
  own.named.set(registeredAs(wong), credential)
  const accepted = await own.add(acts.accept(newcomer, credential))
  const more = said ? [await own.sign(await said(own, credential))] : []
  return { entries: [founding, credential, accepted, ...more].map(({ bytes }) => hex(bytes)) }
}
const newcomer = { chain: counting(0x6b), device: stranger.device, nonce: counting(0x99), epochKey: wong.epochKey }
const saying = (credential) => ({
  kind: 'registration',
  type: 'bind',
  chain: registration,
  by: newcomer,
  body: { credential: credential.hash },
  over: { sequence: 0, previous: null },
})

const lists = {
  'list-of-a-credential-and-its-binding': [
    null,
    'A credential for a number, and what its member says of it on the number’s chain.',
    listed((_, credential) => saying(credential)),
  ],
  'list-of-a-credential-without-its-binding': ['RULE', 'Nothing is said of the number.', listed(null)],
  'list-of-a-credential-and-another-binding': [
    'RULE',
    'The binding names another credential.',
    listed(() => saying({ hash: counting(0x60) })),
  ],
  'list-of-a-credential-and-an-acceptance': [
    'RULE',
    'An acceptance names the credential, too, and is no binding.',
    listed((_, credential) => acts.accept(newcomer, credential)),
  ],
}

const shared = { after, spec: 'registration' }
export const registrationCases = [
  ...cases(shared, binds),
  ...cases(shared, rebinds),
  ...cases(shared, proposals),
  ...cases(shared, settlements),
  ...cases({ ...shared, spec: 'lists', operation: 'rules/list' }, lists),
]
