// What is signed about a registration number: Chan's, by the clinic; Lee holds a credential of the hospital for the same number, as Chan
// would on a new device whose old one is lost.
import * as p from '../../packages/protocol/dist/index.js'
import { counting } from './vectors.mjs'
import { acts, chan, clinic, hospital, issuer, lee, network, root } from './world.mjs'

export const number = p.registrationHash(network, 'hk-mchk', 'M01234')
export const registration = p.registrationChainOf(network, number)
export const otherNumber = p.registrationHash(network, 'hk-mchk', 'M04321')

const nameOf = (who) => (who === chan ? 'chan' : who === lee ? 'lee' : 'wong')
const institutionOf = (who) => (who === lee ? hospital : clinic).chain
export const registeredAs = (who) => `registered ${nameOf(who)}`

/** Issues a credential for the number, accepts it, and keeps it for what names it. */
export const registered =
  (who, { by = who === lee ? hospital : issuer, at = who === lee ? hospital : clinic, over = {} } = {}) =>
  async (world) => {
    const credential = await world.add(acts.credential(who, by, at, { registration: number, ...over }))
    world.named.set(registeredAs(who), credential)
    return acts.accept(who, credential)
  }

const credentialOf = (world, who) => world.named.get(registeredAs(who))?.hash ?? counting(0x60)

const proposalOf = (world) => world.named.get('proposal')?.hash ?? counting(0x61)

const signed = (type, by, body, restsOn, more = {}) => ({
  kind: 'registration',
  type,
  chain: registration,
  by,
  body,
  restsOn,
  ...more,
})

/** What an act about a member's credential rests on, besides the signer's chain. */
const vouched = (who, by = who) => [...new Set([by.chain, who.chain, institutionOf(who), network])]

export const registrationActs = {
  bind: (world, who, over = {}, more = {}) => {
    const founds = !world.heads.has(p.hex(more.chain ?? registration))
    const place = founds ? { over: { sequence: 0, previous: null } } : {}
    return signed('bind', who, { credential: credentialOf(world, who), ...over }, vouched(who), { ...place, ...more })
  },
  rebind: (world, to, over = {}, by = chan) =>
    signed('rebind', by, { member: to.chain, credential: credentialOf(world, to), ...over }, vouched(to, by)),
  propose: (world, who = lee, over = {}) =>
    signed('propose', who, { credential: credentialOf(world, who), ...over }, vouched(who)),
  approve: (world, by, over = {}) =>
    signed('approve', by, { proposal: proposalOf(world), ...over }, by === root ? [network] : [by.chain, network]),
  object: (world, by = chan, over = {}) =>
    signed('object', by, { proposal: proposalOf(world), credential: credentialOf(world, by), ...over }, vouched(by)),
  settle: (world, over = {}, by = lee) => {
    const body = { proposal: proposalOf(world), approvals: inOrder(clinic.chain, network), ...over }
    const restsOn = [...new Set([...vouched(lee, by), ...body.approvals])]
    return signed('settle', by, body, restsOn)
  },
}

export const inOrder = (...chains) => [...chains].sort(p.compare)
