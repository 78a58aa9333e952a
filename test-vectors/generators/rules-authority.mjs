// Cases of networks, institutions and members. Each: the chapter after which it plays, what is placed, and the code, or none if accepted.
import { chainIdOf } from '../../packages/protocol/dist/index.js'
import { hex } from '../operations/notation.mjs'
import { cases, counting, flip } from './vectors.mjs'
import {
  acts,
  chan,
  clinic,
  DAY,
  HOUR,
  hospital,
  issuer,
  lee,
  network,
  place,
  record,
  START,
  stranger,
  wong,
} from './world.mjs'

const founded = 'a-network-is-founded'
const peopled = 'three-members-join'
const recorded = 'a-record-is-created'

const other = { ...hospital, device: stranger.device }
const fresh = { device: stranger.device, nonce: counting(0x99) }

export const authority = [
  // ——— applying an entry
  ...cases(
    { after: founded, spec: 'applying-an-entry' },
    {
      'clock-five-minutes-behind': [
        null,
        'Five minutes are allowed, both included.',
        place({ ...acts.relay(), over: { time: START - 5 * 60_000 } }),
      ],
      'clock-too-far-behind': [
        'CLOCK',
        'A millisecond more than five minutes before log time.',
        place({ ...acts.relay(), over: { time: START - 5 * 60_000 - 1 } }),
      ],
      'clock-too-far-ahead': [
        'CLOCK',
        'A millisecond more than five minutes after log time.',
        place({ ...acts.relay(), over: { time: START + 5 * 60_000 + 1 } }),
      ],
      'seen-at-the-entrys-own-place': [
        null,
        'The log had as many leaves as the entry’s index says; its root is not looked at.',
        (world) => place({ ...acts.relay(), over: { seen: { size: world.size, root: counting(0x66) } } })(world),
      ],
      'seen-in-the-future': [
        'RULE',
        'The log did not have that size yet.',
        (world) => place({ ...acts.relay(), over: { seen: { size: world.size + 1, root: counting(0x66) } } })(world),
      ],
      'wraps-as-of-the-future': [
        'RULE',
        'A wrap list names a log size that was not there.',
        place((world) =>
          acts.foundMember(world, chan, {
            wraps: {
              attached: { digest: counting(0x55), length: 1, count: 1 },
              root: counting(0x56),
              asOf: world.size + 1,
            },
          }),
        ),
      ],
      'founding-with-a-predecessor': [
        'CHAIN',
        'Nothing comes before a founding.',
        place((world) => ({ ...acts.foundMember(world, chan), over: { previous: counting(0x60) } })),
      ],
    },
  ),
  ...cases(
    { after: peopled, spec: 'applying-an-entry' },
    {
      'member-founded-twice': [
        'SEQ',
        'The second time as the fourth entry of her chain.',
        place((world) => ({
          ...acts.foundMember(world, chan),
          over: { sequence: 3, previous: world.head(chan.chain).link },
        })),
      ],
      'chain-of-another-kind': [
        'BINDING',
        'An entry for members on an institution’s chain.',
        place({ ...acts.accept(chan, { hash: counting(0x60) }), chain: clinic.chain, by: clinic }),
      ],
    },
  ),
  ...cases(
    { after: founded, spec: 'applying-an-entry' },
    {
      'member-begins-without-credential': [
        'RULE',
        'The second entry of a member’s chain is a credential.',
        place((world) => acts.foundMember(world, chan), acts.accept(chan, { hash: counting(0x60) })),
      ],
      'member-begins-with-an-acceptance-by-an-issuer': [
        'RULE',
        'Before it is asked who may accept.',
        place((world) => acts.foundMember(world, chan), {
          ...acts.accept(chan, { hash: counting(0x60) }),
          by: issuer,
          restsOn: [clinic.chain],
        }),
      ],
      'chain-that-begins-with-a-credential': [
        'SEQ',
        'A chain begins with its founding.',
        place({ ...acts.credential(chan, issuer, clinic), over: { sequence: 0, previous: null } }),
      ],
      'member-goes-on-without-accepting': [
        'RULE',
        'The third entry of a member’s chain accepts.',
        place(
          (world) => acts.foundMember(world, chan),
          acts.credential(chan, issuer, clinic),
          acts.credential(chan, issuer, clinic, { until: START + DAY }),
        ),
      ],
      'rests-on-its-own-chain': [
        'RULE',
        'A chain’s own state is the entry before.',
        place({ ...acts.relay(), restsOn: [network] }),
      ],
      'rests-on-one-chain-twice': [
        'RULE',
        'Two states of one chain: which counts?',
        place((world) => acts.foundMember(world, chan), {
          ...acts.credential(chan, issuer, clinic),
          restsOn: [clinic.chain, network, clinic.chain],
        }),
      ],
    },
  ),
  ...cases(
    { after: recorded, spec: 'applying-an-entry' },
    {
      'rests-on-a-record': [
        'RULE',
        'Who verifies a member’s chain may not see the record.',
        async (world) => {
          await world.add({ ...acts.accept(chan, { hash: counting(0x60) }), restsOn: [record] })
        },
      ],
    },
  ),
  ...cases(
    { after: founded, spec: 'signers' },
    {
      'signed-by-a-device-that-nobody-lists': [
        'BINDING',
        'The chain is right, the device is not on it.',
        place({ ...acts.relay(), by: { chain: network, device: stranger.device } }),
      ],
      'signed-with-another-device-key': [
        'SIG',
        'The header names a listed device; another one’s key made the signature.',
        place({
          ...acts.relay(),
          by: { chain: network, device: { id: acts.relay().by.device.id, sign: stranger.device.sign } },
        }),
      ],
      'signed-for-another-network': [
        'SIG',
        'The network stands in what is signed.',
        place({ ...acts.relay(), inNetwork: counting(0x60) }),
      ],
    },
  ),

  // ——— network
  ...cases(
    { after: founded, spec: 'network' },
    {
      'network-address-changes': [null, 'The root gives a new address.', place(acts.relay())],
      'network-address-by-an-institution': [
        'ROLE',
        'Only the network’s own root.',
        place({ ...acts.relay(), by: clinic, restsOn: [clinic.chain] }),
      ],
      'network-founded-besides': [
        'FORK',
        'A second network in this one’s log is not the one that was given.',
        async (world) => {
          const chain = counting(0x6a)
          await world.add({ ...acts.found(), chain, by: { chain, device: stranger.device } })
        },
      ],
      'institution-is-removed': [null, 'What is done under its credentials ends here.', place(acts.remove(hospital))],
      'institution-removed-by-an-institution': [
        'ROLE',
        'Only the root removes.',
        place({ ...acts.remove(hospital), by: clinic, restsOn: [clinic.chain] }),
      ],
      'institution-removed-twice': [
        'RULE',
        'It is not in the network any more.',
        place(acts.remove(hospital), acts.remove(hospital)),
      ],
      'institution-removed-that-never-was': ['RULE', 'Nobody admitted it.', place(acts.remove(lee))],
      'institution-admitted-twice': [
        'RULE',
        'An institution is admitted once.',
        place(acts.admit(clinic, { link: counting(0x60) })),
      ],
      'institution-admitted-again-after-removal': [
        'RULE',
        'A removed institution does not come back under the same chain.',
        place(acts.remove(hospital), acts.admit(hospital, { link: counting(0x60) })),
      ],
      'institution-admitted-by-an-institution': [
        'ROLE',
        'Only the root admits.',
        place({ ...acts.admit(lee, { link: counting(0x60) }), by: hospital, restsOn: [hospital.chain] }),
      ],
    },
  ),

  // ——— institution
  ...cases(
    { after: founded, spec: 'institution' },
    {
      'institution-founded-with-another-nonce': [
        'BINDING',
        'The id is the hash of network, device and nonce.',
        async (world) => {
          const chain = counting(0x6a)
          const of = { ...fresh, chain }
          await world.add(acts.foundInstitution(of, 'Third', { nonce: counting(0x9a) }))
        },
      ],
    },
  ),
  ...cases(
    { after: founded, spec: 'signers' },
    {
      'institution-founded-by-another-device': [
        'BINDING',
        'A founding is signed by the device that it lists.',
        place((world) => ({ ...acts.foundMember(world, chan), by: { chain: chan.chain, device: stranger.device } })),
      ],
      'founding-names-another-chain-as-signer': [
        'BINDING',
        'In a founding the signer’s chain is the one that begins.',
        place((world) => ({ ...acts.foundMember(world, chan), by: { chain: clinic.chain, device: chan.device } })),
      ],
    },
  ),
  ...cases(
    { after: founded, spec: 'institution' },
    {
      'issuer-is-appointed': [null, 'With the device’s own consent.', place(acts.appoint(stranger, clinic))],
      'issuer-appointed-twice': ['RULE', 'The device is listed already.', place(acts.appoint(issuer, clinic))],
      'issuer-appointed-by-an-issuer': [
        'ROLE',
        'Only the root appoints.',
        async (world) => {
          const appoint = await acts.appoint(stranger, clinic)
          await world.add({ ...appoint, by: issuer })
        },
      ],
      'issuer-appointed-by-another-institution': [
        'ROLE',
        'The root of this chain, not of another one.',
        async (world) => {
          const appoint = await acts.appoint(stranger, clinic)
          await world.add({ ...appoint, by: hospital, restsOn: [hospital.chain] })
        },
      ],
      'issuer-appointed-without-consent': [
        'BINDING',
        'The proof’s last bit is changed.',
        async (world) => {
          const appoint = await acts.appoint(stranger, clinic)
          const body = { ...appoint.body, proof: flip(appoint.body.proof, -1) }
          await world.add({ ...appoint, body })
        },
      ],
      'issuer-appointed-with-consent-for-another-institution': [
        'BINDING',
        'The consent names the institution.',
        async (world) => {
          const appoint = await acts.appoint(stranger, clinic)
          const elsewhere = await acts.appoint(stranger, hospital)
          await world.add({ ...appoint, body: elsewhere.body })
        },
      ],
      'issuer-is-dismissed-from-the-past': [
        null,
        'It became known that the key was stolen before.',
        place((world) => acts.dismiss(issuer, clinic, world.size - 1)),
      ],
      'issuer-dismissed-from-the-future': [
        'RULE',
        'A dismissal names a place that is there.',
        place((world) => acts.dismiss(issuer, clinic, world.size + 1)),
      ],
      'issuer-dismissed-by-an-issuer': [
        'ROLE',
        'Only the root dismisses.',
        async (world) => {
          await world.add(await acts.appoint(stranger, clinic))
          await world.add({ ...acts.dismiss(stranger, clinic, world.size), by: issuer })
        },
      ],
      'issuer-dismissed-that-is-none': [
        'RULE',
        'The device was never appointed.',
        place(acts.dismiss(stranger, clinic, 0)),
      ],
      'root-cannot-be-dismissed': ['RULE', 'The root is no issuer.', place(acts.dismiss(clinic, clinic, 0))],
      'issuer-dismissed-again-from-a-later-place': [
        'RULE',
        'That would bring back what was void.',
        place(acts.dismiss(issuer, clinic, 3), acts.dismiss(issuer, clinic, 5)),
      ],
      'issuer-dismissed-again-from-an-earlier-place': [
        null,
        'More is void than was known at first.',
        place(acts.dismiss(issuer, clinic, 5), acts.dismiss(issuer, clinic, 3)),
      ],
    },
  ),

  // ——— member
  ...cases(
    { after: founded, spec: 'member' },
    {
      'member-founded-with-another-nonce': [
        'BINDING',
        'The id is the hash of network, device and nonce.',
        place((world) => acts.foundMember(world, chan, { nonce: counting(0x9a) })),
      ],
    },
  ),
  ...cases(
    { after: peopled, spec: 'member' },
    {
      'credential-by-the-root-of-an-institution': [
        null,
        'The root may issue too.',
        place(acts.credential(chan, clinic, clinic, { until: START + DAY })),
      ],
      'credential-of-a-second-institution': [
        null,
        'Chan works at the hospital too.',
        place(acts.credential(chan, hospital, hospital)),
      ],
      'credential-by-another-institution': [
        'ROLE',
        'The hospital signs what the clinic would have to.',
        place({ ...acts.credential(chan, hospital, clinic), restsOn: [clinic.chain, hospital.chain, network] }),
      ],
      'credential-by-the-member-herself': [
        'ROLE',
        'Nobody vouches for herself.',
        place(acts.credential(chan, chan, clinic)),
      ],
    },
  ),
  ...cases(
    { after: peopled, spec: 'signers' },
    {
      'credential-by-a-dismissed-issuer': [
        'CRED_REVOKED',
        'What the issuer signs from that place on is void.',
        place(
          (world) => acts.dismiss(issuer, clinic, world.size),
          acts.credential(chan, issuer, clinic, { until: START + DAY }),
        ),
      ],
      'credential-of-a-removed-institution': [
        'CRED_REVOKED',
        'The network has removed it.',
        place(acts.remove(hospital), acts.credential(chan, hospital, hospital)),
      ],
      'credential-of-an-institution-that-was-not-admitted': [
        'ROLE',
        'Anybody can found an institution.',
        async (world) => {
          const third = { ...fresh, chain: chainIdOf(network, fresh.device.id, fresh.nonce) }
          await world.add(acts.foundInstitution(third, 'Third'))
          await world.add(acts.credential(chan, third, third))
        },
      ],
      'credential-of-another-founding-than-was-admitted': [
        'BINDING',
        'The same keys and nonce could found a second chain with this id and another name.',
        async (world) => {
          const third = { ...fresh, chain: chainIdOf(network, fresh.device.id, fresh.nonce) }
          await world.add(acts.foundInstitution(third, 'Third'))
          await world.add(acts.admit(third, { link: counting(0x60) }))
          await world.add(acts.credential(chan, third, third))
        },
      ],
    },
  ),
  ...cases(
    { after: peopled, spec: 'member' },
    {
      'credential-that-ends-before-it-begins': [
        'RULE',
        'notBefore is below until.',
        place(acts.credential(chan, issuer, clinic, { notBefore: START, until: START })),
      ],
      'credential-for-401-days': [
        'RULE',
        'Four hundred days at most.',
        place(acts.credential(chan, issuer, clinic, { notBefore: START, until: START + 400 * DAY + 1 })),
      ],
      'credential-for-400-days': [
        null,
        'Four hundred days are allowed.',
        place(acts.credential(chan, issuer, clinic, { notBefore: START, until: START + 400 * DAY })),
      ],
      'credential-with-a-claim-twice': [
        'RULE',
        'Two names in one credential: which counts?',
        place(
          acts.credential(chan, issuer, clinic, {
            claims: [
              { name: 'name', hash: counting(0x61) },
              { name: 'name', hash: counting(0x62) },
            ],
          }),
        ),
      ],
    },
  ),
  ...cases(
    { after: peopled, spec: 'what-enters' },
    {
      'credential-without-resting-on-the-network': [
        'RULE',
        'Whether the institution is admitted is a fact of the network’s chain, which the entry does not name.',
        place({ ...acts.credential(chan, issuer, clinic), restsOn: [clinic.chain] }),
      ],
    },
  ),
  ...cases(
    { after: peopled, spec: 'member' },
    {
      'credential-accepted-by-the-issuer': [
        'ROLE',
        'A credential counts once the member’s own device has accepted it.',
        async (world) => {
          const offered = await world.add(acts.credential(chan, hospital, hospital))
          await world.add({ ...acts.accept(chan, offered), by: hospital, restsOn: [hospital.chain] })
        },
      ],
      'credential-accepted-that-is-not-there': [
        'RULE',
        'Nobody offered it.',
        place(acts.accept(chan, { hash: counting(0x60) })),
      ],
      'credential-accepted-twice': [
        'RULE',
        'It is accepted already.',
        (world) => place(acts.accept(chan, world.named.get('chan')))(world),
      ],
      'credential-is-withdrawn': [
        null,
        'By an issuer of its institution.',
        (world) => place(acts.withdraw(lee, hospital, hospital, world.named.get('lee')))(world),
      ],
      'credential-withdrawn-twice': [
        'RULE',
        'It is withdrawn already.',
        (world) =>
          place(
            acts.withdraw(lee, hospital, hospital, world.named.get('lee')),
            acts.withdraw(lee, hospital, hospital, world.named.get('lee')),
          )(world),
      ],
      'credential-withdrawn-by-another-institution': [
        'ROLE',
        'The clinic did not issue it.',
        (world) => place(acts.withdraw(lee, issuer, clinic, world.named.get('lee')))(world),
      ],
      'credential-withdrawn-by-the-member': [
        'ROLE',
        'Members don’t withdraw.',
        (world) => place(acts.withdraw(lee, lee, hospital, world.named.get('lee')))(world),
      ],
    },
  ),

  // ——— credentials hold, or not
  ...cases(
    { after: peopled, spec: 'credentials' },
    {
      'record-under-a-withdrawn-credential': [
        'CRED_REVOKED',
        'Chan’s credential was withdrawn.',
        (world) => place(acts.withdraw(chan, issuer, clinic, world.named.get('chan')), acts.create)(world),
      ],
      'record-under-an-expired-credential': [
        'CRED_EXPIRED',
        'Log time has reached until.',
        (world) => {
          world.now = START + 30 * DAY
          return place(acts.create)(world)
        },
      ],
      'record-in-the-last-millisecond-of-a-credential': [
        null,
        'Until is not included: a millisecond before, it holds.',
        (world) => {
          world.now = START + 30 * DAY - 1
          return place(acts.create)(world)
        },
      ],
      'record-under-a-credential-that-has-not-begun': [
        'CRED_EXPIRED',
        'notBefore lies ahead.',
        async (world) => {
          const later = await world.add(acts.credential(chan, issuer, clinic, { notBefore: START + HOUR }))
          await world.add(acts.accept(chan, later))
          await world.add(acts.create(world, { credential: later.hash }))
        },
      ],
      'record-under-a-credential-that-was-not-accepted': [
        'CRED_BINDING',
        'Offered only.',
        async (world) => {
          const offered = await world.add(acts.credential(chan, issuer, clinic, { until: START + DAY }))
          await world.add(acts.create(world, { credential: offered.hash }))
        },
      ],
      'record-under-somebody-elses-credential': [
        'CRED_BINDING',
        'Wong’s, who works at the same clinic.',
        place((world) => acts.create(world, { credential: world.named.get('wong').hash })),
      ],
      'record-after-the-issuer-was-dismissed-from-before': [
        'CRED_REVOKED',
        'What the issuer signed from place 0 on is void, Chan’s credential with it.',
        place(acts.dismiss(issuer, clinic, 0), acts.create),
      ],
      'record-after-the-issuer-was-dismissed-from-now': [
        null,
        'Chan’s credential was issued before that place, and stands.',
        place((world) => acts.dismiss(issuer, clinic, world.size), acts.create),
      ],
      'record-after-the-institution-was-removed': [
        'CRED_REVOKED',
        'Everything that is done under its credentials ends.',
        place(acts.remove(clinic), acts.create),
      ],
    },
  ),

  // ——— lists
  ...cases(
    { after: founded, spec: 'lists', operation: 'rules/list' },
    {
      'list-of-a-member-and-what-makes-it': [
        null,
        'A member’s founding, a credential and its acceptance, together.',
        async (world) => ({ entries: await memberList(world) }),
      ],
      'list-of-a-member-without-acceptance': [
        'RULE',
        'Nobody has said that this is her credential.',
        async (world) => ({ entries: (await memberList(world)).slice(0, 2) }),
      ],
      'list-of-a-member-alone': [
        'RULE',
        'A chain that nobody vouches for.',
        async (world) => ({ entries: (await memberList(world)).slice(0, 1) }),
      ],
      'list-of-a-member-without-a-credential': [
        'RULE',
        'An acceptance of what nobody issued.',
        async (world) => {
          const [founding, , accepted] = await memberList(world)
          return { entries: [founding, accepted] }
        },
      ],
      'list-in-another-order': [
        'RULE',
        'The founding comes first.',
        async (world) => ({ entries: (await memberList(world)).reverse() }),
      ],
      'list-of-an-institution-without-admission': [
        'RULE',
        'An institution enters the log with its admission.',
        async (world) => ({ entries: [await hexOf(world.sign(acts.foundInstitution(other, 'Third')))] }),
      ],
      'list-with-the-admission-of-another-founding': [
        'RULE',
        'The admission names another link hash.',
        async (world) => {
          const founding = await world.sign(acts.foundInstitution(other, 'Third'))
          const admission = await world.sign(acts.admit(other, { link: flip(founding.link) }))
          return { entries: [founding, admission].map(({ bytes }) => hex(bytes)) }
        },
      ],
    },
  ),
]

const hexOf = async (signing) => hex((await signing).bytes)

async function memberList(world) {
  const own = world.fork()
  const founding = await own.add(acts.foundMember(own, wong))
  const credential = await own.add(acts.credential(wong, issuer, clinic))
  const accepted = await own.add(acts.accept(wong, credential))
  return [founding, credential, accepted].map(({ bytes }) => hex(bytes))
}
