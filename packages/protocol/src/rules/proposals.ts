// What a network decides by a quorum of its institutions: whom it takes in, whom it puts out, and how many decide.
// Spec: docs/spec/rules.md, "Network", "Quorums". Nothing here walks over institutions or approvals: how many there are is a fact.
import type { Admission } from '../bodies.js'
import { type ChainId, equal } from '../bytes.js'
import type { Entry } from '../entry.js'
import { limits } from '../limits.js'
import { type Change, facts, type Proposal, type Quorum, set } from './facts.js'
import type { Look, Position } from './look.js'
import { requireApprovals } from './quorum.js'
import { refuse } from './sections.js'
import { requireRoot, requireStandingIssuer } from './standing.js'

export const proposalRules = {
  async propose(entry: Entry<'network', 'propose'>, look: Look, at: Position): Promise<Change[]> {
    if (!equal(entry.signer.chain, look.network)) await requireInstitution(entry, look, at)
    const { admit, remove, quorum } = entry.body
    if ([admit, remove, quorum].filter((one) => one !== null).length !== 1) refuse('a proposal says one thing')
    return [set(facts.proposal(entry.hash), { admit, remove, quorum, time: at.time, settled: false })]
  },

  async approve(entry: Entry<'network', 'approve'>, look: Look, at: Position): Promise<Change[]> {
    await requireOpen(entry, look, at)
    await requireInstitution(entry, look, at)
    const { chain, device } = entry.signer
    return [set(facts.approval(entry.body.proposal, chain), { device, index: at.index })]
  },

  /** Whoever signs this decides nothing: the approvals do. */
  async settle(entry: Entry<'network', 'settle'>, look: Look, at: Position): Promise<Change[]> {
    const open = await requireOpen(entry, look, at)
    const { needed, institutions } = await quorumOf(look)
    // Whoever asks for so many shows that there are so many: a network could otherwise ask for more than it has, and never decide again.
    const least = Math.max(needed, open.quorum ?? 0)
    if (least === 0) refuse('without a quorum the root decides alone')
    if (entry.body.approvals.length < least) refuse('too few approve')
    await requireApprovals(entry, entry.body, look)
    const settled = set(facts.proposal(entry.body.proposal), { ...open, settled: true })
    if (open.admit) return [settled, ...(await admitting(open.admit, look, at))]
    if (open.remove) return [settled, ...(await removing(open.remove, look, at))]
    return [settled, set(facts.quorum, { needed: open.quorum ?? 0, institutions })]
  },
}

/** The root of an institution that is in the network. @throws ProtocolError ROLE, CRED_REVOKED, BINDING. */
async function requireInstitution(entry: Entry<'network'>, look: Look, at: Position): Promise<void> {
  const { chain, device } = entry.signer
  await requireStandingIssuer(chain, device, look, at.index)
  await requireRoot(entry, chain, look)
}

/** A proposal that stands. @throws ProtocolError RULE. */
async function requireOpen(entry: Entry<'network', 'approve' | 'settle'>, look: Look, at: Position): Promise<Proposal> {
  const found = (await look.fact(entry.chain, facts.proposal(entry.body.proposal))) ?? refuse('no such proposal')
  if (found.settled) refuse('the proposal was settled')
  if (at.time >= found.time + limits.proposal) refuse('the proposal has expired')
  return found
}

/** How many institutions must approve, and how many are in the network. @throws ProtocolError RULE. */
export const quorumOf = async (look: Look): Promise<Quorum> =>
  (await look.fact(look.network, facts.quorum)) ?? refuse('there is no such network')

/** @throws ProtocolError RULE for an institution that was admitted before. */
export async function admitting({ institution, founding }: Admission, look: Look, at: Position): Promise<Change[]> {
  const target = facts.institution(institution)
  if (await look.fact(look.network, target)) refuse('the institution was admitted before')
  const { needed, institutions } = await quorumOf(look)
  return [
    set(target, { founding, admitted: at.index, removed: null }),
    set(facts.quorum, { needed, institutions: institutions + 1 }),
  ]
}

/** @throws ProtocolError RULE for an institution that is not in the network, or without which no quorum is left. */
export async function removing(institution: ChainId, look: Look, at: Position): Promise<Change[]> {
  const target = facts.institution(institution)
  const admission = (await look.fact(look.network, target)) ?? refuse('the institution is not in the network')
  if (admission.removed !== null) refuse('the institution is not in the network')
  const { needed, institutions } = await quorumOf(look)
  if (institutions - 1 < needed) refuse('fewer would be left than have to approve: lower the quorum first')
  return [
    set(target, { ...admission, removed: at.index }),
    set(facts.quorum, { needed, institutions: institutions - 1 }),
  ]
}
