// Cases of a network that decides by a quorum. Each plays after its founding; most begin with a quorum of both institutions.
import { chainIdOf } from '../../packages/protocol/dist/index.js'
import { hex } from '../operations/notation.mjs'
import { inOrder } from './registrations.mjs'
import { cases, counting, flip } from './vectors.mjs'
import { acts, clinic, DAY, hospital, issuer, network, place, root, stranger } from './world.mjs'

const after = 'a-network-is-founded'

/** A third institution, whose founding nobody has placed. */
const nonce = counting(0x99)
export const third = { chain: chainIdOf(network, stranger.device.id, nonce), device: stranger.device, nonce }
const admission = (of = third) => ({ institution: of.chain, founding: counting(0x6d) })

const signed = (type, by, body, restsOn = [by.chain, network]) => ({
  kind: 'network',
  type,
  chain: network,
  by,
  body,
  restsOn: [...new Set(restsOn)].filter((chain) => chain !== network),
})
const proposalOf = (world) => world.named.get('proposal')?.hash ?? counting(0x61)

export const quorumActs = {
  propose: (over, by = root) => signed('propose', by, { admit: null, remove: null, quorum: null, ...over }),
  approve: (world, by, over = {}) => signed('approve', by, { proposal: proposalOf(world), ...over }),
  settle: (world, by, approvers, over = {}) =>
    signed('settle', by, { proposal: proposalOf(world), approvals: inOrder(...approvers), ...over }, [
      by.chain,
      ...approvers,
    ]),
}

/** Signs a proposal, keeps it for what names it, and places it. */
const proposing =
  (over, by = root) =>
  async (world) => {
    const proposal = await world.sign(quorumActs.propose(over, by))
    world.named.set('proposal', proposal)
    return quorumActs.propose(over, by)
  }
const approving = (by, over) => (world) => quorumActs.approve(world, by, over)
const both = [clinic.chain, hospital.chain]
const settling =
  (approvers = both, by = root, over = {}) =>
  (world) =>
    quorumActs.settle(world, by, approvers, over)
const approved = (over, by) => [proposing(over, by), approving(clinic), approving(hospital)]
const decided = (over, by) => [...approved(over, by), settling()]
/** Two decide, and then these. */
const withQuorum = (...entries) => place(...decided({ quorum: 2 }), ...entries)
const later = (ms, entry) => async (world) => {
  world.now += ms
  return entry(world)
}

const setting = {
  'quorum-is-set': [null, 'Both institutions approve that two decide.', withQuorum()],
  'quorum-of-more-than-approve': [
    'RULE',
    'Whoever asks for three shows three.',
    place(...approved({ quorum: 3 }), settling()),
  ],
  'quorum-is-lowered': [null, 'By those who decide now.', withQuorum(...decided({ quorum: 1 }))],
  'quorum-is-lowered-by-fewer': [
    'RULE',
    'Two decide still.',
    withQuorum(proposing({ quorum: 1 }), approving(clinic), settling([clinic.chain])),
  ],
  'quorum-is-given-up': [
    null,
    'The root decides alone again, and admits.',
    withQuorum(...decided({ quorum: 0 }), acts.admit(third, { link: counting(0x6d) })),
  ],
  'quorum-of-nobody': ['RULE', 'None is asked for, and none was.', place(proposing({ quorum: 0 }), settling([]))],
  'quorum-without-one': [
    'RULE',
    'As long as the root decides alone, it admits by itself.',
    place(...approved({ admit: admission() }), settling()),
  ],
}

const deciding = {
  'quorum-admits': [null, 'A third institution.', withQuorum(...decided({ admit: admission() }))],
  'quorum-removes': [
    null,
    'One of three.',
    withQuorum(...decided({ admit: admission() }), ...decided({ remove: third.chain })),
  ],
  'quorum-removes-whom-it-needs': [
    'RULE',
    'One would be left, and two decide.',
    withQuorum(...decided({ remove: hospital.chain })),
  ],
  'quorum-removes-who-was-never-there': [
    'RULE',
    'Nobody admitted it.',
    withQuorum(...decided({ remove: third.chain })),
  ],
  'quorum-admits-whom-it-has': ['RULE', 'The clinic is there.', withQuorum(...decided({ admit: admission(clinic) }))],
  'quorum-and-the-root-admits': [
    'ROLE',
    'It does not decide alone any more.',
    withQuorum(acts.admit(third, { link: counting(0x6d) })),
  ],
  'quorum-and-the-root-removes': ['ROLE', 'Neither.', withQuorum(acts.remove(hospital))],
  'quorum-and-the-root-gives-an-address': [null, 'That it still does.', withQuorum(acts.relay())],
  'quorum-proposed-by-an-institution': [
    null,
    'Its root may propose.',
    withQuorum(...decided({ admit: admission() }, clinic)),
  ],
  'quorum-proposed-by-an-issuer': ['ROLE', 'Only roots.', place(proposing({ quorum: 2 }, issuer))],
  'quorum-proposed-by-a-stranger': [
    'ROLE',
    'An institution that nobody admitted.',
    place(acts.foundInstitution(third, 'Third'), proposing({ quorum: 2 }, third)),
  ],
  'quorum-proposes-nothing': ['RULE', 'A proposal says one thing.', place(proposing({}))],
  'quorum-proposes-two-things': ['RULE', 'One thing.', place(proposing({ remove: clinic.chain, quorum: 2 }))],
  'quorum-approved-by-the-root': ['ROLE', 'Institutions approve.', place(proposing({ quorum: 2 }), approving(root))],
  'quorum-approved-by-an-issuer': ['ROLE', 'Their roots.', place(proposing({ quorum: 2 }), approving(issuer))],
  'quorum-approved-by-who-was-removed': [
    'CRED_REVOKED',
    'The hospital is out.',
    place(acts.remove(hospital), proposing({ quorum: 1 }), approving(hospital)),
  ],
  'quorum-approves-nothing': [
    'RULE',
    'Nobody proposed it.',
    place(proposing({ quorum: 2 }), approving(clinic, { proposal: counting(0x60) })),
  ],
  'quorum-counts-nobody-who-was-removed': [
    'CRED_REVOKED',
    'The hospital approved, and was removed before the end.',
    place(...approved({ quorum: 2 }), acts.remove(hospital), settling()),
  ],
  'quorum-counts-nobody-twice': [
    'RULE',
    'Each once.',
    place(proposing({ quorum: 2 }), approving(clinic), settling([clinic.chain, clinic.chain])),
  ],
  'quorum-counts-nobody-who-did-not-approve': [
    'RULE',
    'The hospital has not.',
    place(proposing({ quorum: 2 }), approving(clinic), settling()),
  ],
  'quorum-settled-by-anybody': [
    null,
    'The approvals decide, not who brings them.',
    place(...approved({ quorum: 2 }), settling(both, issuer)),
  ],
  'quorum-settled-twice': ['RULE', 'It was done.', place(...decided({ quorum: 2 }), settling())],
  'quorum-settled-at-the-last-moment': [
    null,
    'A millisecond before thirty days are over.',
    place(...approved({ quorum: 2 }), later(30 * DAY - 1, settling())),
  ],
  'quorum-settled-too-late': [
    'RULE',
    'Thirty days are over.',
    place(...approved({ quorum: 2 }), later(30 * DAY, settling())),
  ],
  'quorum-approved-too-late': [
    'RULE',
    'Thirty days are over.',
    place(proposing({ quorum: 2 }), later(30 * DAY, approving(clinic))),
  ],
}

/** Founding and proposal of a third institution, as they come in one list. */
const listed = (change) => async (world) => {
  const founding = await world.sign(acts.foundInstitution(third, 'Third'))
  const proposal = await world.sign(quorumActs.propose(change(founding)))
  return { entries: [founding, proposal].map((entry) => hex(entry.bytes)) }
}
const lists = {
  'list-of-an-institution-and-a-proposal-of-it': [
    null,
    'It is there, and waits to be admitted.',
    listed(({ link }) => ({ admit: { institution: third.chain, founding: link } })),
  ],
  'list-of-an-institution-and-a-proposal-of-another-founding': [
    'RULE',
    'The proposal names another link hash.',
    listed(({ link }) => ({ admit: { institution: third.chain, founding: flip(link) } })),
  ],
  'list-of-an-institution-and-a-proposal-of-another': [
    'RULE',
    'Its founding’s link hash, under another id.',
    listed(({ link }) => ({ admit: { institution: clinic.chain, founding: link } })),
  ],
  'list-of-an-institution-and-another-proposal': ['RULE', 'It admits nobody.', listed(() => ({ quorum: 2 }))],
}

const shared = { after, spec: 'network' }
export const quorumCases = [
  ...cases(shared, setting),
  ...cases(shared, deciding),
  ...cases({ ...shared, spec: 'lists', operation: 'rules/list' }, lists),
]
