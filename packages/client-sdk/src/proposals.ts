// What a network decides by a quorum of its institutions: proposals, approvals, and the entry that ends them.
// Spec: docs/spec/rules.md, "Network", "Quorums". Roots of institutions and of the network sign here; nobody alone changes anything.
import {
  type AnyEntry,
  type ChainId,
  decodeEntry,
  type EntryHash,
  equal,
  facts,
  hex,
  is,
  limits,
  type Proposal as ProposalFact,
} from '@sealchart/protocol'
import { ClientError } from './errors.js'
import { approversOf, proposalHash } from './moves.js'
import { retrying } from './retry.js'
import type { Session } from './session.js'

/** One thing that a network is asked to decide. */
export type Asked =
  | { readonly admit: { readonly founding: Uint8Array } }
  | { readonly remove: ChainId }
  /** How many institutions decide from then on, 12 at most; 0: the root alone. */
  | { readonly quorum: number }

/** A proposal as the network's verified chain shows it. */
export interface Proposal {
  /** Names it: the hash of its entry, in hexadecimal. */
  readonly id: string
  readonly what: 'admit' | 'remove' | 'quorum'
  /** Whom it takes in or puts out; its name is what it calls itself: ask by another way who it is. Null for a quorum. */
  readonly institution: { readonly id: ChainId; readonly name: string } | null
  readonly quorum: number | null
  readonly proposed: Date
  readonly expires: Date
  /** Institutions that have approved and still count. */
  readonly approvals: readonly string[]
  /** How many have to. */
  readonly needed: number
  readonly state: 'open' | 'settled' | 'expired'
}

/** The founding of an institution, which its root has signed. @throws ClientError USAGE, BINDING */
export function institutionFounding(encoded: Uint8Array): AnyEntry {
  const entry = decodeEntry(encoded)
  if (!is(entry, 'institution', 'found')) throw new ClientError('USAGE', 'this is not the founding of an institution')
  if (!equal(entry.chain, entry.signer.chain))
    throw new ClientError('BINDING', 'the founding is not signed by the institution')
  return entry
}

/** Proposes; an institution is founded in the same step, and waits. Answers the proposal's name. @throws SealchartError ROLE. */
export async function propose(session: Session, asked: Asked): Promise<string> {
  const founding = 'admit' in asked ? institutionFounding(asked.admit.founding) : null
  const body = {
    admit: founding && { institution: founding.chain, founding: founding.link },
    remove: 'remove' in asked ? asked.remove : null,
    quorum: 'quorum' in asked ? asked.quorum : null,
  }
  return retrying(async () => {
    const entry = await signed(session, 'propose', body)
    await session.append(founding ? [founding, entry] : [entry])
    return hex(entry.hash)
  })
}

/** Approves a proposal, as the root of an institution. @throws SealchartError ROLE, RULE. */
export async function approve(session: Session, id: string): Promise<void> {
  const body = { proposal: proposalHash(id) }
  await retrying(async () => void (await session.append([await signed(session, 'approve', body)])))
}

/** Ends a proposal that enough have approved: what it says is done. @throws SealchartError UNKNOWN, RULE. */
export async function settle(session: Session, id: string): Promise<void> {
  const proposal = proposalHash(id)
  await retrying(async () => {
    const { chain } = session.network
    await session.sync([chain, session.chain])
    const approvals = approversOf(session, chain, proposal).slice(0, limits.approvals)
    await session.append([await signed(session, 'settle', { proposal, approvals }, approvals)])
  })
}

/** All proposals, newest first. @throws as `Session.sync`. */
export async function proposals(session: Session): Promise<readonly Proposal[]> {
  const { chain } = session.network
  await session.sync([chain])
  const found = session.ledger.entries(chain).flatMap(({ entry }) => {
    const proposal = is(entry, 'network', 'propose') ? session.ledger.fact(chain, facts.proposal(entry.hash)) : null
    return proposal ? [{ hash: entry.hash, proposal }] : []
  })
  const waiting = found.flatMap(({ proposal: { admit } }) => (admit ? [admit.institution] : []))
  if (waiting.length > 0) await session.sync(waiting)
  return found.reverse().map(({ hash, proposal }) => shown(session, hash, proposal))
}

function shown(session: Session, hash: EntryHash, proposal: ProposalFact): Proposal {
  const { admit, remove, quorum, time, settled } = proposal
  const { chain } = session.network
  const expires = time + limits.proposal
  const concerned = admit?.institution ?? remove
  const isOver = session.surroundings.now() >= expires
  return {
    id: hex(hash),
    what: admit ? 'admit' : remove ? 'remove' : 'quorum',
    institution: concerned && { id: concerned, name: nameOf(session, proposal, concerned) },
    quorum,
    proposed: new Date(time),
    expires: new Date(expires),
    approvals: approversOf(session, chain, hash).map(
      (by) => session.ledger.fact(by, facts.name) ?? hex(by.subarray(0, 4)),
    ),
    needed: Math.max(session.ledger.fact(chain, facts.quorum)?.needed ?? 0, quorum ?? 0),
    state: settled ? 'settled' : isOver ? 'expired' : 'open',
  }
}

/** What an institution calls itself in the founding that is proposed; another founding of the same id is not it. */
function nameOf({ ledger }: Session, { admit }: ProposalFact, id: ChainId): string {
  const founded = ledger.fact(id, facts.founded)
  const same = !admit || (founded !== null && equal(founded.link, admit.founding))
  return (same ? ledger.fact(id, facts.name) : null) ?? hex(id.subarray(0, 4))
}

async function signed<T extends 'propose' | 'approve' | 'settle'>(
  session: Session,
  type: T,
  body: Parameters<typeof session.sign<'network', T>>[0]['body'],
  approvals: readonly ChainId[] = [],
): Promise<AnyEntry> {
  const { chain } = session.network
  if (approvals.length === 0) await session.sync([chain, session.chain])
  return session.sign({ kind: 'network', chain, type, body, restsOn: [session.chain, ...approvals] })
}
