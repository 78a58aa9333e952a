// What is signed about Chan's devices: the workstation that founded her chain, a phone and a tablet. `over` of each changes its body.
import { deviceFromSeed, memberEpochKeys } from '../../packages/crypto/dist/index.js'
import * as p from '../../packages/protocol/dist/index.js'
import { counting } from './vectors.mjs'
import { backTo, chan, network, proofOf, wraps } from './world.mjs'

/** A device of Chan's, once her chain lists it. */
export const ofChan = (first) => ({ chain: chan.chain, device: deviceFromSeed(counting(first)) })
export const phone = ofChan(0x14)
export const tablet = ofChan(0x15)

const ascending = (devices) => [...devices].sort((a, b) => p.compare(a.device.id, b.device.id))
export const idsOf = (...devices) => ascending(devices).map(({ device }) => device.id)
/** Devices with their consent to be Chan's. */
export const joining = (...devices) =>
  ascending(devices).map((one) => ({ keys: one.device.keys, proof: proofOf(one, chan) }))

export const memberEpoch = (epoch, over = {}) => ({
  epoch,
  key: memberEpochKeys(counting(0x72 + epoch), { network, member: chan.chain, epoch }).key,
  back: backTo(epoch),
  ...over,
})

const own = (type, by, body, more) => ({ kind: 'member', type, chain: chan.chain, by, body, ...more })

export const deviceActs = {
  change: (world, over = {}, by = chan) =>
    own('devices', by, { adds: [], removes: [], epoch: null, wraps: wraps(world), ...over }),
  add: (world, ...devices) => deviceActs.change(world, { adds: joining(...devices) }),
  /** Removes devices, and starts an epoch. */
  remove: (world, epoch, ...devices) =>
    deviceActs.change(world, { removes: idsOf(...devices), epoch: memberEpoch(epoch) }),
  refresh: (world, epoch = 1, by = chan, over = {}) =>
    own('refresh', by, { epoch: memberEpoch(epoch, over), wraps: wraps(world) }),
  /** Somebody's own key, turned for a phone that is gone. */
  turn: (world, who) => ({
    kind: 'member',
    type: 'refresh',
    chain: who.chain,
    by: who,
    body: { epoch: memberEpoch(1), wraps: wraps(world) },
  }),
  names: (by = chan) => own('names', by, {}, { over: { private: counting(0x5c) } }),
}
