// Rules of the network's and an institution's chain. Spec: docs/spec/rules.md, "Network" and "Institution".
// Each rule returns the changes to its own chain's facts, or throws; it looks at nothing but its entry and `look`.

import { sha256 } from '#sha256'
import { type ChainId, equal, expectId } from '../bytes.js'
import { bind } from '../context.js'
import { type DevicePublicKeys, deviceId, keyPairOf } from '../device-keys.js'
import { verify } from '../ed25519.js'
import { chainIdOf, type Entry } from '../entry.js'
import { ProtocolError } from '../errors.js'
import { type Change, type Device, facts, set } from './facts.js'
import type { Look, Position } from './look.js'
import { admitting, proposalRules, quorumOf, removing } from './proposals.js'
import { requireRoot } from './standing.js'

/** @throws ProtocolError BINDING when a chain's id is not the hash of its network, its founding device and its nonce. */
export function checkChainId(
  chain: ChainId,
  network: ChainId | null,
  body: { keys: DevicePublicKeys; nonce: Uint8Array },
): void {
  if (!equal(chainIdOf(network, deviceId(body.keys), body.nonce), chain)) {
    throw new ProtocolError('BINDING', 'a chain id is the hash of its network, founder and nonce')
  }
}

/** What a chain's facts say of a device from its first entry on. */
export const listing = ({ sign, box }: DevicePublicKeys, role: Device['role'], at: Position): Device => ({
  sign,
  role,
  since: at.index,
  voidFrom: null,
  keyHash: sha256(box),
})

export const networkRules = {
  async found(entry: Entry<'network', 'found'>, look: Look, at: Position): Promise<Change[]> {
    checkChainId(entry.chain, null, entry.body)
    if (!equal(entry.chain, look.network)) throw new ProtocolError('BINDING', 'this is another network')
    const { keys, name, relay, origin, logKey } = entry.body
    return [
      set(facts.device(entry.signer.device), listing(keys, 'root', at)),
      set(facts.name, name),
      set(facts.relay, relay),
      set(facts.log, { origin, key: logKey }),
      set(facts.quorum, { needed: 0, institutions: 0 }),
    ]
  },
  async admit(entry: Entry<'network', 'admit'>, look: Look, at: Position): Promise<Change[]> {
    await requireRootAlone(entry, look)
    return admitting(entry.body, look, at)
  },
  async remove(entry: Entry<'network', 'remove'>, look: Look, at: Position): Promise<Change[]> {
    await requireRootAlone(entry, look)
    return removing(entry.body.institution, look, at)
  },
  async relay(entry: Entry<'network', 'relay'>, look: Look): Promise<Change[]> {
    await requireRoot(entry, entry.chain, look)
    return [set(facts.relay, entry.body.relay)]
  },
  ...proposalRules,
}

/** @throws ProtocolError ROLE unless the signer is the root, and the network decides by no quorum. */
async function requireRootAlone(entry: Entry<'network'>, look: Look): Promise<void> {
  await requireRoot(entry, entry.chain, look)
  if ((await quorumOf(look)).needed > 0) throw new ProtocolError('ROLE', 'the network decides this by a quorum')
}

/**
 * What a device signs to show that it holds its keys and wants to be listed by this chain: an institution's or a member's.
 * @throws ProtocolError USAGE
 */
export const enrolmentMessage = (network: ChainId, chain: ChainId, keys: DevicePublicKeys): Uint8Array =>
  bind('enrolment', [expectId(network), expectId(chain), ...keyPairOf(keys)])

export const institutionRules = {
  async found(entry: Entry<'institution', 'found'>, look: Look, at: Position): Promise<Change[]> {
    checkChainId(entry.chain, look.network, entry.body)
    const { keys, name } = entry.body
    return [set(facts.device(entry.signer.device), listing(keys, 'root', at)), set(facts.name, name)]
  },
  async appoint(entry: Entry<'institution', 'appoint'>, look: Look, at: Position): Promise<Change[]> {
    await requireRoot(entry, entry.chain, look)
    const { keys, proof } = entry.body
    const target = facts.device(deviceId(keys))
    if (await look.fact(entry.chain, target)) throw new ProtocolError('RULE', 'the device was listed before')
    // Without the device's own signature an institution could pass somebody else's keys off as its issuer's.
    if (!verify(keys.sign, enrolmentMessage(look.network, entry.chain, keys), proof)) {
      throw new ProtocolError('BINDING', "the issuer's own signature over its appointment does not verify")
    }
    return [set(target, listing(keys, 'issuer', at))]
  },
  async dismiss(entry: Entry<'institution', 'dismiss'>, look: Look, at: Position): Promise<Change[]> {
    await requireRoot(entry, entry.chain, look)
    const target = facts.device(entry.body.device)
    const device = await look.fact(entry.chain, target)
    if (!device || device.role !== 'issuer') throw new ProtocolError('RULE', 'this device is not an issuer')
    if (device.voidFrom !== null && device.voidFrom <= entry.body.from)
      throw new ProtocolError('RULE', 'the issuer was dismissed before')
    if (entry.body.from > at.index) throw new ProtocolError('RULE', 'a dismissal names a log position that exists')
    return [set(target, { ...device, voidFrom: entry.body.from })]
  },
}
