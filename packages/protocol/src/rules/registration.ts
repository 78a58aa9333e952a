// Rules of a registration number's chain: one number is bound to one member. Spec: docs/spec/rules.md, "Registration".
// The issuer's word is the credential, which names this chain; who is bound signs. Without her the number moves only by a quorum.
import { type ChainId, type EntryHash, equal } from '../bytes.js'
import { type Entry, registrationChainOf } from '../entry.js'
import { ProtocolError } from '../errors.js'
import { limits } from '../limits.js'
import { type Change, type Credential, facts, type Move, set } from './facts.js'
import type { Look, Position } from './look.js'
import { quorumOf } from './proposals.js'
import { requireApprovals } from './quorum.js'
import { refuse } from './sections.js'
import { requireCredential, requireStandingIssuer } from './standing.js'

/** Approvals that move a number, besides the credential: three parties have to err, or lie, together. More if the network asks for more. */
const QUORUM = 2

export const registrationRules = {
  async bind(entry: Entry<'registration', 'bind'>, look: Look, at: Position): Promise<Change[]> {
    const member = entry.signer.chain
    await requireRegistered(entry, { member, credential: entry.body.credential }, look, at)
    const bound = await look.fact(entry.chain, facts.registration)
    if (bound && !equal(bound.member, member))
      throw new ProtocolError('BINDING', 'the registration number is bound to another member')
    return bound ? [] : [set(facts.registration, { member, since: at.index })]
  },

  async rebind(entry: Entry<'registration', 'rebind'>, look: Look, at: Position): Promise<Change[]> {
    await requireBoundSigner(entry, look)
    await requireRegistered(entry, entry.body, look, at)
    return [set(facts.registration, { member: entry.body.member, since: at.index })]
  },

  async propose(entry: Entry<'registration', 'propose'>, look: Look, at: Position): Promise<Change[]> {
    const { credential } = entry.body
    const member = entry.signer.chain
    const { institution } = await requireRegistered(entry, { member, credential }, look, at)
    const { index, time } = at
    return [set(facts.move(entry.hash), { member, credential, institution, index, time, objected: false })]
  },

  async approve(entry: Entry<'registration', 'approve'>, look: Look, at: Position): Promise<Change[]> {
    const { proposal } = entry.body
    const { institution } = await requireOpen(entry, look, at)
    const { chain, device } = entry.signer
    if (equal(chain, institution)) throw new ProtocolError('ROLE', 'the institution has spoken by its credential')
    // The network's chain lists nobody but its root.
    if (!equal(chain, look.network)) await requireStandingIssuer(chain, device, look, at.index)
    return [set(facts.approval(proposal, chain), { device, index: at.index })]
  },

  async object(entry: Entry<'registration', 'object'>, look: Look, at: Position): Promise<Change[]> {
    const { proposal, credential } = entry.body
    const open = await requireOpen(entry, look, at)
    const member = await requireBoundSigner(entry, look)
    // Whoever holds a stolen device can't object once every institution has withdrawn its credentials.
    await requireRegistered(entry, { member, credential }, look, at)
    return [set(facts.move(proposal), { ...open, objected: true })]
  },

  async settle(entry: Entry<'registration', 'settle'>, look: Look, at: Position): Promise<Change[]> {
    const { proposal, approvals } = entry.body
    const open = await requireOpen(entry, look, at)
    if (!equal(entry.signer.chain, open.member))
      throw new ProtocolError('ROLE', 'only the member who proposed it may settle it')
    if (at.time < open.time + limits.objection) refuse('the time for an objection is not over')
    await requireRegistered(entry, open, look, at)
    const { needed } = await quorumOf(look)
    if (approvals.length < Math.max(QUORUM, needed)) refuse('too few approve')
    await requireApprovals(entry, { proposal, approvals }, look)
    return [set(facts.registration, { member: open.member, since: at.index })]
  },
}

/** The credential, if it holds and is for this chain's number. @throws as `requireCredential`; CRED_BINDING. */
async function requireRegistered(
  entry: Entry<'registration'>,
  { member, credential }: { readonly member: ChainId; readonly credential: EntryHash },
  look: Look,
  at: Position,
): Promise<Credential> {
  const held = await requireCredential(member, credential, look, at)
  const { registration } = held
  // Recomputed: a chain that could take any id could take that of somebody's access log before its first entry.
  if (registration === null || !equal(registrationChainOf(look.network, registration), entry.chain))
    throw new ProtocolError('CRED_BINDING', 'the credential is not for this registration number')
  return held
}

/** The member to whom the number is bound, who signs. @throws ProtocolError ROLE. */
async function requireBoundSigner(entry: Entry<'registration'>, look: Look): Promise<ChainId> {
  const bound = await look.fact(entry.chain, facts.registration)
  if (!bound || !equal(bound.member, entry.signer.chain))
    throw new ProtocolError('ROLE', 'only the member to whom the number is bound may sign this')
  return bound.member
}

/** A proposal that stands. @throws ProtocolError RULE. */
async function requireOpen(
  entry: Entry<'registration', 'approve' | 'object' | 'settle'>,
  look: Look,
  at: Position,
): Promise<Move> {
  const move = (await look.fact(entry.chain, facts.move(entry.body.proposal))) ?? refuse('there is no such proposal')
  const bound = await look.fact(entry.chain, facts.registration)
  if (!bound || move.index <= bound.since) refuse('the number was bound since')
  if (move.objected) refuse('the member has objected')
  if (at.time >= move.time + limits.proposal) refuse('the proposal has expired')
  return move
}
