// New epochs and their wraps: who gets which keys with an entry of a record. Spec: docs/spec/keys.md, "Epochs"; docs/spec/wraps.md.
// Removal is rotation: the keys of whatever an ended grant could open turn in the entry that ends it, for exactly those who remain.
import {
  newSecret,
  type SectionKey,
  sealBackLink,
  sealWrap,
  sectionCommitment,
  type TrailSecret,
  trailKeys,
} from '@sealchart/crypto'
import {
  type ChainId,
  compare,
  describeWrapList,
  type EntryHash,
  type EpochStart,
  encodeWrapList,
  facts,
  type Grant,
  hex,
  mayReadTrail,
  reachedBy,
  reachOf,
  type TrailStart,
  type WrappedGrant,
  type WrapRow,
  type WrapsRef,
  type WrapTarget,
} from '@sealchart/protocol'
import { ClientError } from './errors.js'
import { type HeldGrant, liveGrantsOf } from './held-grants.js'
import type { Keyring } from './keyring.js'
import { epochOf } from './people.js'
import type { Session } from './session.js'

/** Keys that a wrap carries. */
export interface WrappedKeys {
  readonly card: SectionKey | null
  readonly keys: readonly { readonly section: number; readonly epoch: number; readonly key: SectionKey }[]
  readonly trail: TrailSecret | null
}

/** A member's newest key and head, as the verified ledger has them: the only thing that is ever wrapped to. */
export function targetFor(
  session: Session,
  member: ChainId,
  what: readonly WrappedGrant[],
): { target: WrapTarget; key: Uint8Array } {
  const { epoch, key, keyHash } = epochOf(session, member)
  const head = session.ledger.head(member)
  if (!head) throw new ClientError('KEY_UNVERIFIED', 'no verified chain is known for this member')
  return { target: { recipient: member, epoch, keyHash, sequence: head.sequence, link: head.link, what }, key }
}

/** One wrap to a member for an entry of a record. */
export async function wrapFor(
  session: Session,
  record: ChainId,
  member: ChainId,
  what: readonly WrappedGrant[],
  keys: WrappedKeys,
): Promise<WrapRow> {
  const { target, key } = targetFor(session, member, what)
  const place = { network: session.network.chain, chain: record, target, recipientKey: key }
  return sealWrap(place, keys, session.surroundings.random)
}

/** A wrap list as an attachment and as its entry names it. */
export function packWraps(session: Session, rows: readonly WrapRow[]): { attachment: Uint8Array; wraps: WrapsRef } {
  const attachment = encodeWrapList(rows)
  return { attachment, wraps: describeWrapList(attachment, rows, session.ledger.tree?.size ?? 0) }
}

/** The keys of a new epoch for one section. */
export interface NewEpoch {
  readonly start: EpochStart
  readonly key: SectionKey
}

/** Starts the next epoch of a section (or its first), committed to and linked back. @throws ClientError NOT_GRANTED when no key of it is held. */
export async function startEpoch(
  session: Session,
  ring: Keyring,
  at: { readonly record: ChainId; readonly section: number; readonly until: number | null },
): Promise<NewEpoch> {
  const { record, section, until } = at
  const network = session.network.chain
  const current = session.ledger.fact(record, facts.section(section))
  const epoch = current ? current.epoch + 1 : 0
  const key = newSecret<SectionKey>(session.surroundings.random)
  const commitment = sectionCommitment(key, { network, record, section, epoch })
  const place = { network, chain: record, what: section, epoch }
  const earlier = current && (await ring.linkedKey(section, current.epoch))
  if (current && !earlier)
    throw new ClientError('NOT_GRANTED', 'no key of this section is held: open the record before writing to it', {
      details: { section },
    })
  const back = earlier && (await sealBackLink(earlier, key, place, session.surroundings.random))
  return { start: { section, epoch, commitment, back, until }, key }
}

/** Starts the next epoch of a record's trail (or its first). */
export async function startTrail(
  session: Session,
  ring: Keyring,
  record: ChainId,
): Promise<{ start: TrailStart; secret: TrailSecret }> {
  const network = session.network.chain
  const current = session.ledger.fact(record, facts.trail)
  const epoch = current ? current.epoch + 1 : 0
  const secret = newSecret<TrailSecret>(session.surroundings.random)
  const earlier = current && (await ring.linkedTrail(current.epoch))
  if (current && !earlier)
    throw new ClientError('NOT_GRANTED', 'the trail secret is not held: open the record before writing to it')
  const place = { network, chain: record, what: 'trail' as const, epoch }
  const back = earlier && (await sealBackLink(earlier, secret, place, session.surroundings.random))
  return { start: { epoch, key: trailKeys(secret, { network, record, epoch }).key, back }, secret }
}

/** A rotation: what its entry says, the wraps for those who remain, and the keys for the keyring. */
export interface Rotation {
  readonly epochs: readonly EpochStart[]
  readonly trail: TrailStart | null
  readonly wraps: WrapsRef
  readonly attachment: Uint8Array
  /** The new key of a section, or null when its epoch did not turn. */
  key(section: number): { readonly epoch: number; readonly key: SectionKey } | null
  /** Keeps the new keys once the entry stands. */
  keep(): void
}

/**
 * Turns the keys of sections for everybody entitled but the ended grants; with section 0 the trail's as well.
 * The session has synced the record, and with `syncHolders` everybody who is wrapped to.
 */
export async function rotate(
  session: Session,
  ring: Keyring,
  at: {
    readonly record: ChainId
    readonly sections: readonly number[]
    readonly ended: readonly EntryHash[]
    /** The entry's own time, in ms. */
    readonly time: number
  },
): Promise<Rotation> {
  const { record, ended, time } = at
  const live = await liveGrantsOf(session, record, { time, over: ended })
  const as = { network: session.network.chain, time }
  const holders: Reached[] = []
  for (const one of live) holders.push({ ...one, reached: await reachedBy(one, session.ledger.facts, as) })
  const started: NewEpoch[] = []
  for (const section of [...at.sections].sort((a, b) => a - b)) {
    started.push(await startEpoch(session, ring, { record, section, until: earliestEnd(holders, section) }))
  }
  const trail = at.sections.includes(0) ? await startTrail(session, ring, record) : null
  const rows = await wrapAll(session, record, { holders, started, trail, time })
  const { attachment, wraps } = packWraps(session, rows)
  return {
    epochs: started.map(({ start }) => start),
    trail: trail?.start ?? null,
    wraps,
    attachment,
    key(section) {
      const found = started.find(({ start }) => start.section === section)
      return found ? { epoch: found.start.epoch, key: found.key } : null
    },
    keep() {
      for (const { start, key } of started) ring.add(start.section, start.epoch, key)
      if (trail) ring.addTrail(trail.start.epoch, trail.secret)
    },
  }
}

/** A live grant, and to whom its keys go. */
interface Reached extends HeldGrant {
  readonly reached: readonly ChainId[]
}

/** The earliest end among grants whose holders get a section's key (every grant holds the card). */
function earliestEnd(holders: readonly Reached[], section: number): number | null {
  const ends = holders.flatMap(({ grant, reached }) =>
    reached.length > 0 && holds(grant, section) && grant.until !== null ? [grant.until] : [],
  )
  return ends.length === 0 ? null : ends.reduce((a, b) => Math.min(a, b))
}

const holds = (grant: Grant, section: number): boolean => section === 0 || grant.sections.includes(section)

interface Wrapping {
  readonly holders: readonly Reached[]
  readonly started: readonly NewEpoch[]
  readonly trail: { readonly start: TrailStart; readonly secret: TrailSecret } | null
  readonly time: number
}

/** One row a recipient: the founder with everything, every holder with what her grants name. */
async function wrapAll(
  session: Session,
  record: ChainId,
  { holders, started, trail, time }: Wrapping,
): Promise<WrapRow[]> {
  const founder = session.ledger.fact(record, facts.founder)
  if (!founder) throw new ClientError('INTERNAL', 'a record without a founder')
  const due = new Map<string, { member: ChainId; what: WrappedGrant[] }>()
  const all = started.map(({ start }) => ({ section: start.section, epoch: start.epoch }))
  const add = (member: ChainId, what: WrappedGrant): void => {
    const one = due.get(hex(member)) ?? { member, what: [] }
    one.what.push(what)
    due.set(hex(member), one)
  }
  const as = { network: session.network.chain, time }
  for (const member of await reachOf({ member: founder.member, institution: null }, session.ledger.facts, as))
    add(member, { grant: founder.create, keys: all, trail: trail?.start.epoch ?? null })
  for (const { hash, grant, reached } of holders) {
    const keys = all.filter(({ section }) => holds(grant, section))
    if (keys.length === 0) continue
    const reads = mayReadTrail(grant.actions) && trail !== null
    for (const member of reached) add(member, { grant: hash, keys, trail: reads ? trail.start.epoch : null })
  }
  const rows: WrapRow[] = []
  for (const { member, what } of due.values()) {
    what.sort((a, b) => compare(a.grant as EntryHash, b.grant as EntryHash))
    const named = new Set(what.flatMap((one) => one.keys.map((key) => key.section)))
    const keys = started
      .filter(({ start }) => named.has(start.section))
      .map(({ start, key }) => ({ section: start.section, epoch: start.epoch, key }))
    const card = keys.find(({ section }) => section === 0)?.key ?? null
    const reads = what.some((one) => one.trail !== null)
    rows.push(await wrapFor(session, record, member, what, { card, keys, trail: reads && trail ? trail.secret : null }))
  }
  return rows
}
