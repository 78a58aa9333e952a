// Why somebody may open a record, or may not: the grants that say so, from verified entries. Spec: docs/spec/rules.md, "Record".
import { type ActionName, actions, type ChainId, equal, facts, is } from '@sealchart/protocol'
import { grantsOf, type HeldGrant } from './held-grants.js'
import type { Member } from './member.js'
import { type Person, personOf, personUnder, standingCredential, standsAt } from './people.js'
import { type TrailOf, textOf, trailEpochAt } from './trail.js'

/** One grant as an explanation shows it. */
export interface ExplainedGrant {
  readonly sections: readonly string[]
  readonly actions: readonly ActionName[]
  readonly by: Person | null
  readonly since: Date
  readonly until: Date | null
  /** Null when you may not read the trail. */
  readonly reason: string | null
  readonly state: 'live' | 'not yet' | 'expired' | 'revoked'
}

export interface AccessExplanation {
  readonly allowed: boolean
  /** One sentence: founder, live grant, or what stands in the way. */
  readonly because: string
  readonly person: Person | null
  readonly grants: readonly ExplainedGrant[]
}

/** Explains a person's access; the session has synced the record and her chain. */
export async function explainAccess(member: Member, of: TrailOf, id: ChainId): Promise<AccessExplanation> {
  const { session } = member
  const person = personOf(session, id)
  const held = grantsOf(session, of.chain).filter(({ grant }) => equal(grant.recipient, id))
  const grants: ExplainedGrant[] = []
  for (const one of held) grants.push(await explained(member, of, one))
  const founder = session.ledger.fact(of.chain, facts.founder)
  const founded = founder !== null && equal(founder.member, id)
  const live = held.filter(({ grant }, i) => grants[i]?.state === 'live' && (grant.actions & OPENING) !== 0)
  // Not the card's status: erased claims take nobody's access away, and a grant is for one institution's capacity.
  if (!standingCredential(session, id)) return { allowed: false, because: whyNot(person), person, grants }
  if (founded) return { allowed: true, because: 'she founded the record', person, grants }
  if (live.some(({ grant }) => standsAt(session, id, grant.institution)))
    return { allowed: true, because: 'a grant allows it', person, grants }
  return { allowed: false, because: whyNone(grants, live), person, grants }
}

/** Actions that open contents. */
const OPENING = actions.view | actions.download

function whyNone(grants: readonly ExplainedGrant[], live: readonly HeldGrant[]): string {
  if (live.length > 0) return 'her grant is for another institution’s capacity'
  return grants.length > 0 ? 'no grant of hers holds now' : 'nothing was ever granted to her'
}

const whyNot = (person: Person | null): string =>
  person ? `her credential does not hold: ${person.status}` : 'she is not a verified member of the network'

async function explained(member: Member, of: TrailOf, { hash, grant }: HeldGrant): Promise<ExplainedGrant> {
  const { session } = member
  const placed = session.ledger.entries(of.chain).find(({ entry }) => equal(entry.hash, hash))
  const entry = placed?.entry
  const now = session.surroundings.now()
  const expired = grant.until !== null && grant.until <= now
  return {
    sections: grant.sections.flatMap((section) => of.card.sections.find((one) => one.id === section)?.name ?? []),
    actions: (Object.keys(actions) as ActionName[]).filter((name) => (grant.actions & actions[name]) !== 0),
    by: entry && is(entry, 'record', 'grant') ? personUnder(session, entry.signer.chain, entry.body.credential) : null,
    since: new Date(placed?.time ?? 0),
    until: grant.until === null ? null : new Date(grant.until),
    reason: entry ? (await textOf(member, of, entry, trailEpochAt(member, of.chain, hash))).text : null,
    state: grant.ended !== null ? 'revoked' : expired ? 'expired' : grant.notBefore > now ? 'not yet' : 'live',
  }
}
