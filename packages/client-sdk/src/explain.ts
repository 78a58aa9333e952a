// Why somebody may open a record, or may not: the grants that say so, from verified entries. Spec: docs/spec/rules.md, "Record".
import {
  type ActionName,
  actions,
  type ChainId,
  equal,
  facts,
  type Grant,
  is,
  isSeated,
  type LiveGrant,
} from '@sealchart/protocol'
import { grantsOf, type HeldGrant, isHeldBy, liveGrantsOf } from './held-grants.js'
import type { Member } from './member.js'
import { type Person, personOf, personUnder, standingCredential } from './people.js'
import { isOpen, type TeamCard, teamCard } from './seats.js'
import type { Session } from './session.js'
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
  /** The team that it was given to; null for one of her own. */
  readonly team: TeamCard | null
  readonly state: 'live' | 'not yet' | 'expired' | 'revoked' | 'team closed'
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
  const held = grantsOf(session, of.chain).filter(({ grant }) => concerns(session, grant, id))
  const current = await liveGrantsOf(session, of.chain)
  const grants: ExplainedGrant[] = []
  for (const one of held) grants.push(await explained(member, of, one, current))
  const founder = session.ledger.fact(of.chain, facts.founder)
  const founded = founder !== null && equal(founder.member, id)
  const live = current.filter(
    ({ hash, grant }) =>
      (grant.actions & OPENING) !== 0 && held.some((one, i) => equal(one.hash, hash) && grants[i]?.state === 'live'),
  )
  // Not the card's status: erased claims take nobody's access away, and a grant is for one institution's capacity.
  if (!standingCredential(session, id)) return { allowed: false, because: whyNot(person), person, grants }
  if (founded) return { allowed: true, because: 'she founded the record', person, grants }
  if (live.some((one) => isHeldBy(session, one, id)))
    return { allowed: true, because: 'a grant allows it', person, grants }
  return { allowed: false, because: whyNone(grants, live), person, grants }
}

/** A grant of hers, or of a team in which she sits. */
const concerns = (session: Session, { recipient, institution }: Grant, id: ChainId): boolean =>
  institution === null ? isSeated(session.ledger.fact(recipient, facts.seat(id))) : equal(recipient, id)

/** Actions that open contents. */
const OPENING = actions.view | actions.download

function whyNone(grants: readonly ExplainedGrant[], live: readonly LiveGrant[]): string {
  if (live.length > 0) return 'her grant is for another institution’s capacity'
  return grants.length > 0 ? 'no grant of hers holds now' : 'nothing was ever granted to her'
}

const whyNot = (person: Person | null): string =>
  person ? `her credential does not hold: ${person.status}` : 'she is not a verified member of the network'

async function explained(
  member: Member,
  of: TrailOf,
  { hash, grant }: HeldGrant,
  live: readonly LiveGrant[],
): Promise<ExplainedGrant> {
  const { session } = member
  const placed = session.ledger.entries(of.chain).find(({ entry }) => equal(entry.hash, hash))
  const entry = placed?.entry
  const now = session.surroundings.now()
  return {
    sections: grant.sections.flatMap((section) => of.card.sections.find((one) => one.id === section)?.name ?? []),
    actions: (Object.keys(actions) as ActionName[]).filter((name) => (grant.actions & actions[name]) !== 0),
    by: entry && is(entry, 'record', 'grant') ? personUnder(session, entry.signer.chain, entry.body.credential) : null,
    since: new Date(placed?.time ?? 0),
    until: grant.until === null ? null : new Date(grant.until),
    reason: entry ? (await textOf(member, of, entry, trailEpochAt(member, of.chain, hash))).text : null,
    team: grant.institution === null ? teamCard(session, grant.recipient) : null,
    state: stateOf(session, grant, { isLive: live.some((one) => equal(one.hash, hash)), now }),
  }
}

function stateOf(
  session: Session,
  grant: Grant,
  { isLive, now }: { readonly isLive: boolean; readonly now: number },
): ExplainedGrant['state'] {
  if (grant.ended !== null) return 'revoked'
  if (grant.until !== null && grant.until <= now) return 'expired'
  // What it comes from has ended.
  if (!isLive) return 'revoked'
  if (grant.institution === null && !isOpen(session, grant.recipient)) return 'team closed'
  return grant.notBefore > now ? 'not yet' : 'live'
}
