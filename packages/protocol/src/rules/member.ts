// Rules of a member's chain: its founding, the credentials that issuers put on it, and its devices (devices.ts). Spec: docs/spec/rules.md, "Member".
// A chain begins found, credential, accept: a member without an institution's word for it does not exist.
import { sha256 } from '#sha256'
import type { Entry } from '../entry.js'
import { ProtocolError } from '../errors.js'
import { limits } from '../limits.js'
import { checkChainId, listing } from './authority.js'
import { deviceRules, requireOwn } from './devices.js'
import { type Change, facts, set } from './facts.js'
import type { Look, Position } from './look.js'
import { requireIssuer } from './standing.js'

export const memberRules = {
  async found(entry: Entry<'member', 'found'>, look: Look, at: Position): Promise<Change[]> {
    checkChainId(entry.chain, look.network, entry.body)
    const { keys, epochKey, wraps } = entry.body
    return [
      set(facts.device(entry.signer.device), listing(keys, 'member', at)),
      set(facts.devices, { listed: 1, changes: [] }),
      set(facts.epoch, {
        epoch: 0,
        key: epochKey,
        keyHash: sha256(epochKey),
        wraps: wraps.attached.digest,
        index: at.index,
      }),
    ]
  },
  async credential(entry: Entry<'member', 'credential'>, look: Look, at: Position): Promise<Change[]> {
    const { institution, claims, registration, notBefore, until } = entry.body
    await requireIssuer(entry, institution, look, at)
    if (new Set(claims.map((claim) => claim.name)).size !== claims.length)
      throw new ProtocolError('RULE', 'a credential makes each claim once')
    if (until <= notBefore || until - notBefore > limits.credential)
      throw new ProtocolError('RULE', 'a credential is valid for 400 days at most')
    const issued = {
      institution,
      issuer: entry.signer.device,
      registration,
      index: at.index,
      notBefore,
      until,
      state: 'offered',
    } as const
    return [set(facts.credential(entry.hash), issued)]
  },
  async accept(entry: Entry<'member', 'accept'>, look: Look): Promise<Change[]> {
    requireOwn(entry)
    const target = facts.credential(entry.body.credential)
    const credential = await look.fact(entry.chain, target)
    if (credential?.state !== 'offered') throw new ProtocolError('RULE', 'there is no such credential to accept')
    return [set(target, { ...credential, state: 'accepted' })]
  },
  async withdraw(entry: Entry<'member', 'withdraw'>, look: Look, at: Position): Promise<Change[]> {
    const target = facts.credential(entry.body.credential)
    const credential = await look.fact(entry.chain, target)
    if (!credential || credential.state === 'withdrawn')
      throw new ProtocolError('RULE', 'there is no such credential to withdraw')
    await requireIssuer(entry, credential.institution, look, at)
    return [set(target, { ...credential, state: 'withdrawn' })]
  },
  ...deviceRules,
}
