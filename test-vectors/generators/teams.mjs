// What is signed about a team of Chan's: a department in which Lee sits for the hospital; Wong is outside. `over` of each changes its body.
import { memberEpochKeys } from '../../packages/crypto/dist/index.js'
import * as p from '../../packages/protocol/dist/index.js'
import { counting } from './vectors.mjs'
import { backTo, chan, clinic, hospital, lee, network, standing, wraps } from './world.mjs'

export const teamNonce = counting(0x92)
export const team = p.chainIdOf(network, chan.chain, teamNonce)

export const teamKey = (epoch) => memberEpochKeys(counting(0x62 + epoch), { network, member: team, epoch }).key
export const teamEpoch = (epoch, over = {}) => ({ epoch, key: teamKey(epoch), back: backTo(epoch), ...over })

export const inOrder = (...members) => members.map(({ chain }) => chain).sort(p.compare)
export const seat = (of, role = 'member') => ({
  member: of.chain,
  institution: (of === lee ? hospital : clinic).chain,
  role,
})
export const seats = (...all) => [...all].sort((a, b) => p.compare(a.member, b.member))

const nameOf = (who) => (who === chan ? 'chan' : who === lee ? 'lee' : 'wong')
const credentialOf = (world, who) => world.named.get(nameOf(who))?.hash ?? counting(0x60)
const signed = (type, world, by, body) => ({
  kind: 'team',
  type,
  chain: team,
  by,
  body: { credential: credentialOf(world, by), ...body },
  restsOn: standing(by),
})

export const teamActs = {
  found: (world, over = {}, more = {}) => ({
    ...signed('found', world, chan, {
      founder: chan.chain,
      nonce: teamNonce,
      purpose: 'department',
      name: 'Cardiology',
      until: null,
      seats: seats(seat(chan, 'admin'), seat(lee)),
      epochKey: teamKey(0),
      wraps: wraps(world),
      ...over,
    }),
    ...more,
  }),
  change: (world, over = {}, by = chan) =>
    signed('change', world, by, { adds: [], removes: [], epoch: null, wraps: wraps(world), ...over }),
  refresh: (world, over = {}, by = lee) =>
    signed('refresh', world, by, { leaves: [], epoch: teamEpoch(1), wraps: wraps(world), ...over }),
  /** A member's own word, or another's; with a credential its institution's. */
  stale: (who, by = who, credential = null, institution = null) => ({
    kind: 'team',
    type: 'stale',
    chain: team,
    by,
    body: { member: who.chain, credential: credential && credential.hash },
    restsOn: institution ? [who.chain, institution.chain, network] : by === who ? [by.chain] : [by.chain, network],
  }),
  appoint: (world, who, by = chan) => signed('appoint', world, by, { member: who.chain }),
  dismiss: (world, who, by = chan) => signed('dismiss', world, by, { member: who.chain }),
  close: (world, by = chan) => signed('close', world, by, {}),
}
