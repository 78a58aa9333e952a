// Grants: the signed decision that a person may do named actions on named sections, with the keys wrapped to her in the same entry.
// Spec: docs/spec/rules.md, "Record". Ending them is rotation.ts's work, called from record.ts.
import {
  type ActionName,
  type AnyEntry,
  actions as bits,
  type ChainId,
  type EntryHash,
  equal,
  facts,
  mayReadTrail,
} from '@sealchart/protocol'
import { actingUnder, grantFor, isFounder } from './access.js'
import { ClientError } from './errors.js'
import { epochsOf, type Keyring } from './keyring.js'
import { type Member, sealText } from './member.js'
import { authorityChains, type Person, standingCredential } from './people.js'
import { packWraps, wrapFor } from './rotation.js'
import { isOpen, type TeamCard } from './seats.js'
import type { Session } from './session.js'

/** Whom something is shared with: a person whose card was verified, or a team. */
export type Recipient = Person | TeamCard

/** What to grant, to whom, and why. */
export interface ShareOptions {
  readonly with: Recipient | readonly Recipient[]
  readonly sections: readonly string[]
  /** Default: view. With `shareOn` the recipient may share on what she was given, and no more. */
  readonly actions?: readonly ActionName[]
  /** Shown on the trail; sealed, so that the relay does not learn it. */
  readonly reason: string
  readonly notBefore?: Date
  /** Default: as long as the team, or the grant that is shared on, lasts. */
  readonly until?: Date
}

/** Where a grant is made: the record as it stands, or as the founding entry of the same list makes it. */
export interface GrantPlace {
  readonly record: ChainId
  readonly ring: Keyring
  readonly sectionId: (name: string) => number
  readonly epoch: (section: number) => number
  readonly trail: { readonly epoch: number; readonly key: Uint8Array }
}

/** The place of a record whose chain the session has synced. */
export function placeOf(
  member: Member,
  record: ChainId,
  ring: Keyring,
  sectionId: (name: string) => number,
): GrantPlace {
  const { ledger } = member.session
  const epoch = ledger.fact(record, facts.trail)?.epoch
  const trail = epoch === undefined ? undefined : epochsOf(member.session, record).trail.get(epoch)
  if (!trail) throw new ClientError('UNKNOWN', 'there is no such record, or you may not see it')
  return { record, ring, sectionId, trail, epoch: (section) => ledger.fact(record, facts.section(section))?.epoch ?? 0 }
}

/** A signed grant with what travels beside it. */
export interface SealedGrant {
  readonly entry: AnyEntry
  readonly attachment: Uint8Array
  readonly beside: Uint8Array
}

/**
 * Signs one grant and wraps to its recipient; the session has synced her chain. Whoever did not found the record shares on what she holds.
 * `after` are earlier entries of the same list.
 * @throws ClientError KEY_UNVERIFIED unless her card is verified and the one that was chosen; STALE_EPOCH for a team that waits for a new
 * key; NOT_GRANTED for more than the sharer holds; USAGE; NO_CREDENTIAL.
 */
export async function sealGrant(
  member: Member,
  place: GrantPlace,
  share: ShareOptions & { readonly with: Recipient },
  after: readonly AnyEntry[],
): Promise<SealedGrant> {
  const { session } = member
  const { record } = place
  const target = 'purpose' in share.with ? teamTarget(session, share.with) : personTarget(session, share.with)
  const sections = [...new Set(share.sections.map(place.sectionId))].sort((a, b) => a - b)
  if (sections.length === 0) throw new ClientError('USAGE', 'a grant names at least one section')
  const names = new Set<ActionName>(['view', ...(share.actions ?? [])])
  const actions = [...names].reduce((sum, name) => sum | bits[name], 0)
  // In the list that makes a record nothing but its founding is known of it.
  const founds = session.ledger.head(record) === null || isFounder(member, record)
  const from = founds ? null : await grantFor(member, record, { sections, bits: actions | bits.shareOn })
  const { attachment, wraps } = packWraps(session, [await wrapTo(member, place, target.id, { sections, actions })])
  const reason = sealText(member, record, { kind: 'reason', text: share.reason }, place.trail)
  const { credential, restsOn } = actingUnder(member, from)
  const until = endOf(share, [target.until, from?.grant.until ?? null])
  const entry = await session.sign({
    kind: 'record',
    chain: record,
    type: 'grant',
    body: {
      credential,
      from: from?.hash ?? null,
      recipient: target.id,
      capacity: target.capacity,
      sections,
      actions,
      notBefore: Math.max(share.notBefore?.getTime() ?? 0, from?.grant.notBefore ?? 0),
      until,
      wraps,
    },
    restsOn: [...restsOn, target.id, ...target.authorities],
    private: reason.digest,
    after,
  })
  return { entry, attachment, beside: reason.beside }
}

/** A recipient as her verified chain has her now: in which capacity, what that rests on, and when it ends in any case. */
interface Target {
  readonly id: ChainId
  readonly capacity: EntryHash | null
  readonly authorities: readonly ChainId[]
  readonly until: number | null
}

/** A person as she stands now: a card that was chosen on a screen must still be the one that holds. */
function personTarget(session: Session, person: Person): Target {
  const standing = standingCredential(session, person.id)
  if (person.status !== 'verified' || !standing) {
    throw new ClientError('KEY_UNVERIFIED', 'this person has no credential that holds: look her up again')
  }
  const { institution } = standing.credential
  if (!equal(institution, person.institution.id)) {
    throw new ClientError('KEY_UNVERIFIED', 'this person’s institution has changed: look her up again')
  }
  const authorities = authorityChains(session, institution)
  return { id: person.id, capacity: standing.hash, authorities, until: null }
}

function teamTarget(session: Session, { id }: TeamCard): Target {
  const team = session.ledger.fact(id, facts.team)
  if (!team || !isOpen(session, id)) throw new ClientError('TEAM_CLOSED', 'there is no such team, or it is closed')
  if (team.stale !== null)
    throw new ClientError(
      'STALE_EPOCH',
      'the team waits for a new key: a member refreshes it, or share with its members',
    )
  return { id, capacity: null, authorities: [], until: team.until }
}

/** The end that was asked for, or the earliest that there is anyway. @throws ClientError USAGE for a later one. */
function endOf({ until }: ShareOptions, ends: readonly (number | null)[]): number | null {
  const bound = ends.reduce((a, b) => (a === null || b === null ? (a ?? b) : Math.min(a, b)), null)
  const asked = until?.getTime() ?? bound
  if (bound !== null && asked !== null && asked > bound)
    throw new ClientError('USAGE', 'a grant ends with its team, and with the grant that it shares on, at the latest')
  return asked
}

async function wrapTo(
  member: Member,
  place: GrantPlace,
  recipient: ChainId,
  granted: { sections: readonly number[]; actions: number },
) {
  const { ring, record } = place
  const keys = []
  for (const section of [0, ...granted.sections]) {
    const epoch = place.epoch(section)
    keys.push({ section, epoch, key: await ring.key(section, epoch) })
  }
  const reads = mayReadTrail(granted.actions)
  const trail = reads ? await ring.trailSecret(place.trail.epoch) : null
  if (reads && !trail)
    throw new ClientError('NOT_GRANTED', 'you do not hold the trail secret that this grant would hand on')
  const what = [
    {
      grant: null,
      keys: keys.map(({ section, epoch }) => ({ section, epoch })),
      trail: reads ? place.trail.epoch : null,
    },
  ]
  return wrapFor(member.session, record, recipient, what, { card: keys[0]?.key ?? null, keys, trail })
}
