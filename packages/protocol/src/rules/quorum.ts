// Where a rule asks for several signers: one proposal, approvals that name its hash, and a last entry that names the approvals.
// Spec: docs/spec/rules.md, "Quorums". The last entry says which approvals count, so that no rule walks over all that there are.
import { type ChainId, compare, type EntryHash, equal } from '../bytes.js'
import { facts } from './facts.js'
import type { Look } from './look.js'
import { refuse } from './sections.js'
import { requireStandingIssuer } from './standing.js'

/** Each named chain has approved, and stands now: an institution that was removed since does not count. @throws ProtocolError RULE, ROLE, CRED_REVOKED, BINDING. */
export async function requireApprovals(
  entry: { readonly chain: ChainId },
  { proposal, approvals }: { readonly proposal: EntryHash; readonly approvals: readonly ChainId[] },
  look: Look,
): Promise<void> {
  if (!approvals.every((one, i) => i === 0 || compare(approvals[i - 1] as ChainId, one) < 0))
    refuse('approvals are named once each, in order')
  for (const by of approvals) {
    const approval = (await look.fact(entry.chain, facts.approval(proposal, by))) ?? refuse('one has not approved')
    if (!equal(by, look.network)) await requireStandingIssuer(by, approval.device, look, approval.index)
  }
}
