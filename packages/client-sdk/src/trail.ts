// The trail: a record's verified history, from its chain and its access log, with real names and, where one may read them, purposes.
// Spec: docs/spec/rules.md, "Trails". Every step was verified by the ledger before it stands here; what does not verify throws.
import { type Card, openNote, trailKeys } from '@sealchart/crypto'
import {
  type ActionName,
  type AnyEntry,
  accessLogOf,
  actions,
  type ChainId,
  checkTrail,
  type Entry,
  type EntryHash,
  equal,
  facts,
  hex,
  is,
  type Placed,
} from '@sealchart/protocol'
import { isFounder } from './access.js'
import { ClientError, hasCode } from './errors.js'
import { isHeldBy, liveGrantsOf } from './held-grants.js'
import type { Keyring } from './keyring.js'
import type { Member } from './member.js'
import { type Person, personUnder } from './people.js'
import { type TeamCard, teamCard } from './seats.js'

export interface Step {
  readonly what: 'create' | 'publish' | 'grant' | 'revoke' | 'recall' | 'view' | 'download' | 'note'
  /** Log time: fixed by the log, not by who signed. */
  readonly when: Date
  readonly who: Person | null
  /** For a grant its recipient, for a revocation whose grants ended. */
  readonly to: readonly (Person | TeamCard)[]
  /** The team from a seat of which she acted; null where she acted for herself. */
  readonly from: TeamCard | null
  readonly sections: readonly string[]
  readonly actions: readonly ActionName[]
  readonly version: number | null
  /** Purpose, reason or note; null when there is none, it was erased, you may not read it, or it is garbled. */
  readonly text: string | null
  /** True when what was sealed as its text does not open: its signer, or who last turned the trail's key, sealed something else. */
  readonly garbled: boolean
  readonly until: Date | null
  /** Place in the log. */
  readonly index: number
  /** Always `verified`: place, link, signature, rules and the signer's credential. */
  readonly status: 'verified'
}

export interface TrailOf {
  readonly chain: ChainId
  readonly card: Card
  readonly ring: Keyring
}

/** Reads the whole history of a record. @throws SealchartError UNKNOWN unless you may read the trail, and what verification finds. */
export async function readTrail(member: Member, of: TrailOf, signal?: AbortSignal): Promise<readonly Step[]> {
  const { session } = member
  const log = accessLogOf(of.chain)
  await session.sync([of.chain], { signal, access: [log] })
  // Others are served no access log, or their own entries of it: what they would see is no trail.
  if (!(await mayRead(member, of.chain))) throw new ClientError('UNKNOWN', 'there is no trail that you may read')
  checkTrail(session.ledger, of.chain)
  const all = [...session.ledger.entries(of.chain), ...session.ledger.entries(log)].sort((a, b) => a.index - b.index)
  const steps: Step[] = []
  let trailEpoch = 0
  for (const placed of all) {
    trailEpoch = startedTrail(placed.entry) ?? trailEpoch
    steps.push(await stepOf(member, of, placed, trailEpoch))
  }
  return steps
}

/** The founder, and holders of a live grant with `trail`. */
async function mayRead(member: Member, record: ChainId): Promise<boolean> {
  if (isFounder(member, record)) return true
  const { session } = member
  const live = await liveGrantsOf(session, record)
  return live.some((one) => (one.grant.actions & actions.trail) !== 0 && isHeldBy(session, one, session.chain))
}

const startedTrail = (entry: AnyEntry): number | null => {
  if (is(entry, 'record', 'create') || is(entry, 'record', 'revoke')) return entry.body.trail.epoch
  return is(entry, 'record', 'publish') ? (entry.body.trail?.epoch ?? null) : null
}

async function stepOf(member: Member, of: TrailOf, { entry, index, time }: Placed, trailEpoch: number): Promise<Step> {
  const base = {
    when: new Date(time),
    who: signerOf(member, entry),
    to: [],
    from: teamOf(member, of.chain, entry),
    sections: [],
    actions: [],
    version: null,
    ...(await textOf(member, of, entry, trailEpoch)),
    until: null,
    index,
    status: 'verified',
  } as const
  const names = (ids: readonly number[]): string[] =>
    ids.flatMap((id) => of.card.sections.find((section) => section.id === id)?.name ?? [])
  if (is(entry, 'record', 'create')) {
    return { ...base, what: 'create', version: 1, sections: names(entry.body.contents.map(({ section }) => section)) }
  }
  if (is(entry, 'record', 'publish')) {
    return {
      ...base,
      what: 'publish',
      version: entry.body.version,
      sections: names(entry.body.contents.map(({ section }) => section)),
    }
  }
  if (is(entry, 'record', 'grant')) {
    const { sections, until } = entry.body
    const to = [recipientOf(member, entry)].filter((one) => one !== null)
    const granted = { sections: names(sections), actions: actionsOf(entry.body.actions) }
    return { ...base, ...granted, what: 'grant', to, until: until === null ? null : new Date(until) }
  }
  if (is(entry, 'record', 'revoke')) {
    return { ...base, what: entry.body.mode, to: endedPeople(member, of.chain, entry.body.grants) }
  }
  if (is(entry, 'access', 'view') || is(entry, 'access', 'download')) {
    return { ...base, what: entry.type, version: entry.body.version, sections: names(entry.body.sections) }
  }
  if (is(entry, 'access', 'note')) return { ...base, what: 'note' }
  throw new ClientError('INTERNAL', 'a record’s chain holds an entry of another kind')
}

const actionsOf = (bits: number): ActionName[] =>
  (Object.keys(actions) as ActionName[]).filter((name) => (bits & actions[name]) !== 0)

/** The signer as the credential under which she acted describes her. */
function signerOf(member: Member, entry: AnyEntry): Person | null {
  const credential = entry.kind === 'record' || entry.kind === 'access' ? entry.body.credential : null
  return credential ? personUnder(member.session, entry.signer.chain, credential) : null
}

function endedPeople(member: Member, record: ChainId, grants: readonly EntryHash[]): readonly (Person | TeamCard)[] {
  const found = new Map<string, Person | TeamCard>()
  for (const { entry } of member.session.ledger.entries(record)) {
    if (!is(entry, 'record', 'grant') || !grants.some((hash) => equal(hash, entry.hash))) continue
    const recipient = recipientOf(member, entry)
    if (recipient) found.set(hex(recipient.id), recipient)
  }
  return [...found.values()]
}

/** Whom a grant was made to: a person as her credential described her, or a team. */
function recipientOf({ session }: Member, { body }: Entry<'record', 'grant'>): Person | TeamCard | null {
  const { recipient, capacity } = body
  return capacity === null ? teamCard(session, recipient) : personUnder(session, recipient, capacity)
}

/** The team from a seat of which an entry was signed: that of the grant under which it was. */
function teamOf({ session }: Member, record: ChainId, entry: AnyEntry): TeamCard | null {
  const named = 'grant' in entry.body ? entry.body.grant : is(entry, 'record', 'grant') ? entry.body.from : null
  const grant = named && session.ledger.fact(record, facts.grant(named))
  return grant && grant.institution === null ? teamCard(session, grant.recipient) : null
}

/**
 * What was sealed to the trail key for this entry; no text for who may not read it. The relay can't see what is sealed, so one reader's
 * garbage is shown as what it is and does not end the trail for everybody.
 */
export async function textOf(
  member: Member,
  of: TrailOf,
  entry: AnyEntry,
  trailEpoch: number,
): Promise<Pick<Step, 'text' | 'garbled'>> {
  const { session } = member
  const sealed = session.beside(entry.private)
  if (sealed === null) return { text: null, garbled: false }
  const epoch = entry.kind === 'access' ? entry.body.trailEpoch : trailEpoch
  try {
    const secret = await of.ring.trailSecret(epoch)
    if (secret === null) return { text: null, garbled: false }
    const place = { network: session.network.chain, record: of.chain, epoch }
    const { text } = openNote(sealed, trailKeys(secret, place).seed, { ...place, author: entry.signer.chain })
    return { text, garbled: false }
  } catch (error) {
    if (!hasCode(error, 'UNAUTHENTIC', 'COMMITMENT')) throw error
    return { text: null, garbled: true }
  }
}

/** The trail epoch that was the newest at the record's entry with this hash. */
export function trailEpochAt(member: Member, record: ChainId, hash: EntryHash): number {
  let epoch = member.session.ledger.fact(record, facts.trail)?.epoch ?? 0
  let current = 0
  for (const { entry } of member.session.ledger.entries(record)) {
    current = startedTrail(entry) ?? current
    if (equal(entry.hash, hash)) epoch = current
  }
  return epoch
}
