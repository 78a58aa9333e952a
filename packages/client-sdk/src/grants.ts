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
import { ClientError } from './errors.js'
import { epochsOf, type Keyring } from './keyring.js'
import { actingAs, type Member, sealText } from './member.js'
import { authorityChains, type Person, standingCredential } from './people.js'
import { packWraps, wrapFor } from './rotation.js'

/** What to grant, to whom, and why. */
export interface ShareOptions {
  readonly with: Person | readonly Person[]
  readonly sections: readonly string[]
  /** Default: view. */
  readonly actions?: readonly ActionName[]
  /** Shown on the trail; sealed, so that the relay does not learn it. */
  readonly reason: string
  readonly notBefore?: Date
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
 * Signs one grant and wraps to its recipient; the session has synced her chain. `after` are earlier entries of the same list.
 * @throws ClientError KEY_UNVERIFIED unless her card is verified and the one that was chosen; USAGE; NO_CREDENTIAL.
 */
export async function sealGrant(
  member: Member,
  place: GrantPlace,
  share: ShareOptions & { readonly with: Person },
  after: readonly AnyEntry[],
): Promise<SealedGrant> {
  const { session } = member
  const { record } = place
  const recipient = verifiedRecipient(member, share.with)
  const sections = [...new Set(share.sections.map(place.sectionId))].sort((a, b) => a - b)
  if (sections.length === 0) throw new ClientError('USAGE', 'a grant names at least one section')
  const actions = [...new Set<ActionName>(['view', ...(share.actions ?? [])])].reduce(
    (sum, name) => sum | bits[name],
    0,
  )
  const { attachment, wraps } = packWraps(session, [await wrapTo(member, place, recipient.id, { sections, actions })])
  const reason = sealText(member, record, { kind: 'reason', text: share.reason }, place.trail)
  const { credential, restsOn } = actingAs(member)
  const entry = await session.sign({
    kind: 'record',
    chain: record,
    type: 'grant',
    body: {
      credential,
      recipient: recipient.id,
      capacity: recipient.credential,
      sections,
      actions,
      notBefore: share.notBefore?.getTime() ?? 0,
      until: share.until?.getTime() ?? null,
      wraps,
    },
    restsOn: [...restsOn, recipient.id, ...authorityChains(session, recipient.institution)],
    private: reason.digest,
    after,
  })
  return { entry, attachment, beside: reason.beside }
}

/** The recipient as she stands now: a card that was chosen on a screen must still be the one that holds. */
function verifiedRecipient(
  member: Member,
  person: Person,
): { id: ChainId; credential: EntryHash; institution: ChainId } {
  const standing = standingCredential(member.session, person.id)
  if (person.status !== 'verified' || !standing) {
    throw new ClientError('KEY_UNVERIFIED', 'this person has no credential that holds: look her up again')
  }
  if (!equal(standing.credential.institution, person.institution.id)) {
    throw new ClientError('KEY_UNVERIFIED', 'this person’s institution has changed: look her up again')
  }
  return { id: person.id, credential: standing.hash, institution: standing.credential.institution }
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
