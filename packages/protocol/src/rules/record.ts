// Rules of a record's chain: create, publish, grant, revoke. Spec: docs/spec/rules.md, "Record".
// They cost the same for ten recipients and ten thousand: what grows stands in the wrap list, which admits.ts checks before the turn.
import { sha256 } from '#sha256'
import { actions, type Content, type EpochStart, type TrailStart, type WrapsRef } from '../bodies.js'
import { type ChainId, type Digest, type EntryHash, equal } from '../bytes.js'
import { accessLogOf, chainIdOf, type Entry } from '../entry.js'
import { ProtocolError } from '../errors.js'
import { limits } from '../limits.js'
import { type Change, type Founder, facts, type Grant, type Section, set } from './facts.js'
import type { Look, Position } from './look.js'
import { requireCredential } from './standing.js'

const refuse = (message: string): never => {
  throw new ProtocolError('RULE', message)
}

type RecordEntry<T extends 'create' | 'publish' | 'revoke'> = Entry<'record', T>
const CARD = 0

export const recordRules = {
  async create(entry: RecordEntry<'create'>, look: Look, at: Position): Promise<Change[]> {
    const { founder, nonce, credential, epochs, contents, wraps } = entry.body
    if (!equal(chainIdOf(look.network, founder, nonce), entry.chain) || !equal(entry.signer.chain, founder)) {
      throw new ProtocolError('BINDING', 'a record id is the hash of its network, founder and nonce')
    }
    const { institution } = await requireCredential(founder, credential, look, at)
    if (epochs.some((start) => start.until !== null)) refuse('nothing has been granted yet that could end')
    const started = await startEpochs(entry, look, at, { mayAdd: true, wraps: wraps.attached.digest })
    if (!started.sections.has(CARD) || contents.length !== epochs.length)
      refuse('a new record has a card, and contents for each section')
    const published = await publishContents(entry, look, { version: 1, started: started.sections })
    return [
      set(facts.founder, {
        member: founder,
        create: entry.hash,
        institution,
        index: at.index,
        wraps: wraps.attached.digest,
      }),
      set(facts.counters, { version: 1, grants: 0, sections: started.sections.size, files: published.files }),
      ...started.changes,
      ...published.changes,
    ]
  },

  async publish(entry: RecordEntry<'publish'>, look: Look, at: Position): Promise<Change[]> {
    const { version, contents, epochs, wraps } = entry.body
    const counters = (await look.fact(entry.chain, facts.counters)) ?? refuse('there is no such record')
    if (version !== counters.version + 1) throw new ProtocolError('SEQ', 'versions are numbered without gaps')
    const founder = await requireWriter(entry, look, at)
    if (epochs.length > 0 !== (wraps !== null)) refuse('new epochs and a wrap list come together')
    const started = await startEpochs(entry, look, at, { mayAdd: founder, wraps: wraps?.attached.digest ?? null })
    if (contents.length === 0) refuse('a version publishes something')
    await requireFresh(entry, look, at, started.sections)
    const published = await publishContents(entry, look, { version, started: started.sections })
    const sections = counters.sections + [...started.sections.values()].filter((epoch) => epoch === 0).length
    if (sections > limits.sections + 1) throw new ProtocolError('LIMIT', 'a record has 256 sections at most')
    const files = counters.files + published.files
    if (files > limits.files) throw new ProtocolError('LIMIT', 'a record has 10,000 files at most')
    return [set(facts.counters, { ...counters, version, sections, files }), ...started.changes, ...published.changes]
  },

  async grant(entry: Entry<'record', 'grant'>, look: Look, at: Position): Promise<Change[]> {
    const { credential, recipient, capacity, sections, notBefore, until, wraps } = entry.body
    await requireFounder(entry, credential, look, at)
    if (equal(recipient, entry.signer.chain)) refuse('the founder needs no grant')
    if (!ascending(sections) || sections[0] === CARD) refuse('sections are named once each, in order, without the card')
    if ((entry.body.actions & actions.view) === 0 || hasUnknownBits(entry.body.actions))
      refuse('a grant allows known actions, and viewing')
    if (until !== null && (until <= at.time || until <= notBefore)) refuse('the grant would have ended already')
    const { institution } = await requireCredential(recipient, capacity, look, at)
    const changes: Change[] = []
    for (const id of [CARD, ...sections]) {
      const section = (await look.fact(entry.chain, facts.section(id))) ?? refuse('a grant names sections that exist')
      if (until !== null && (section.until === null || until < section.until))
        changes.push(set(facts.section(id), { ...section, until }))
    }
    const counters = (await look.fact(entry.chain, facts.counters)) ?? refuse('there is no such record')
    if (counters.grants >= limits.grants) throw new ProtocolError('LIMIT', 'a record has 10,000 grants at most')
    const granted = {
      recipient,
      institution,
      sections,
      actions: entry.body.actions,
      notBefore,
      until,
      index: at.index,
      wraps: wraps.attached.digest,
      ended: null,
    }
    return [
      set(facts.grant(entry.hash), granted),
      set(facts.counters, { ...counters, grants: counters.grants + 1 }),
      ...changes,
    ]
  },

  async revoke(entry: RecordEntry<'revoke'>, look: Look, at: Position): Promise<Change[]> {
    const { credential, grants, mode, contents, wraps } = entry.body
    await requireFounder(entry, credential, look, at)
    const counters = (await look.fact(entry.chain, facts.counters)) ?? refuse('there is no such record')
    const started = await startEpochs(entry, look, at, { mayAdd: false, wraps: wraps.attached.digest })
    const ended = await endGrants(entry, grants, look, at)
    for (const grant of ended) {
      if (mode === 'recall') await requireUnopened(entry, grant.recipient, look)
      // What the ended grant could open takes new keys in the same entry, so that nothing new is ever sealed under the old ones.
      if (grant.sections.some((id) => !started.sections.has(id)))
        refuse('a revocation renews every section that it takes away')
    }
    if (contents.length !== 1 || contents[0]?.section !== CARD)
      refuse('a revocation seals the card again, and nothing else')
    const published = await publishContents(entry, look, { version: counters.version, started: started.sections })
    return [
      ...ended.map((grant) => grant.change),
      set(facts.counters, { ...counters, grants: counters.grants - ended.length }),
      ...started.changes,
      ...published.changes,
    ]
  },
}

const hasUnknownBits = (bits: number): boolean =>
  (bits & ~Object.values(actions).reduce((all, bit) => all | bit, 0)) !== 0

const ascending = (ids: readonly number[]): boolean => ids.every((id, i) => i === 0 || id > (ids[i - 1] as number))

async function requireFounder(
  entry: Entry<'record'>,
  credential: EntryHash,
  look: Look,
  at: Position,
): Promise<Founder> {
  const founder = await look.fact(entry.chain, facts.founder)
  if (!founder || !equal(founder.member, entry.signer.chain))
    throw new ProtocolError('ROLE', 'only the founder may do this')
  await requireCredential(founder.member, credential, look, at)
  return founder
}

/** Whether the founder signs; otherwise the entry names the grant that lets its signer write to all sections it touches. */
async function requireWriter(entry: RecordEntry<'publish'>, look: Look, at: Position): Promise<boolean> {
  const { grant: named, credential, contents, epochs } = entry.body
  if (named === null) {
    await requireFounder(entry, credential, look, at)
    return true
  }
  const grant = await requireGrant(entry.chain, named, look, at)
  if (!equal(grant.recipient, entry.signer.chain))
    throw new ProtocolError('NOT_GRANTED', 'the grant is not this member’s')
  const standing = await requireCredential(grant.recipient, credential, look, at)
  if (!equal(standing.institution, grant.institution))
    throw new ProtocolError('NOT_GRANTED', 'the grant is for another capacity')
  if ((grant.actions & actions.write) === 0) throw new ProtocolError('NOT_GRANTED', 'the grant does not allow writing')
  const touched = [...contents, ...epochs].map((item) => item.section).filter((id) => id !== CARD)
  if (touched.some((id) => !grant.sections.includes(id)))
    throw new ProtocolError('NOT_GRANTED', 'the grant does not name this section')
  return false
}

/** A grant that holds at this position. @throws ProtocolError NOT_GRANTED, GRANT_ENDED. */
export async function requireGrant(record: ChainId, hash: EntryHash, look: Look, at: Position): Promise<Grant> {
  const grant = await look.fact(record, facts.grant(hash))
  if (!grant || at.time < grant.notBefore)
    throw new ProtocolError('NOT_GRANTED', 'there is no such grant, or it has not begun')
  if (grant.ended !== null) throw new ProtocolError('GRANT_ENDED', 'the grant was revoked')
  if (grant.until !== null && at.time >= grant.until) throw new ProtocolError('GRANT_ENDED', 'the grant has expired')
  return grant
}

async function endGrants(
  entry: RecordEntry<'revoke'>,
  named: readonly EntryHash[],
  look: Look,
  at: Position,
): Promise<(Grant & { change: Change })[]> {
  const ended: (Grant & { change: Change })[] = []
  for (const [i, hash] of named.entries()) {
    if (named.slice(0, i).some((earlier) => equal(earlier, hash))) refuse('a grant is named once')
    const grant = (await look.fact(entry.chain, facts.grant(hash))) ?? refuse('there is no such grant')
    if (grant.ended !== null) throw new ProtocolError('GRANT_ENDED', 'the grant was revoked before')
    ended.push({ ...grant, change: set(facts.grant(hash), { ...grant, ended: at.index }) })
  }
  return ended
}

/** Recall promises that nobody has looked: refused once the recipient has an entry in the access log that the revocation rests on. */
async function requireUnopened(entry: RecordEntry<'revoke'>, recipient: ChainId, look: Look): Promise<void> {
  const log = accessLogOf(entry.chain)
  if (await look.fact(log, facts.viewed(recipient)))
    throw new ProtocolError('ALREADY_OPENED', 'the recipient has opened the record')
}

interface Started {
  readonly sections: ReadonlyMap<number, number>
  readonly changes: readonly Change[]
}

/** New epochs: each the next of its section, with a back-link, in order; the card's and the trail's always together. */
async function startEpochs(
  entry: RecordEntry<'create' | 'publish' | 'revoke'>,
  look: Look,
  at: Position,
  rules: { readonly mayAdd: boolean; readonly wraps: Digest | null },
): Promise<Started> {
  const { epochs, trail } = entry.body
  if (!ascending(epochs.map((start) => start.section))) refuse('epochs are in order of section, one each')
  const sections = new Map<number, number>()
  const changes: Change[] = []
  for (const start of epochs) {
    const current = await look.fact(entry.chain, facts.section(start.section))
    checkNext(start, current, rules.mayAdd)
    if (start.until !== null && start.until <= at.time)
      throw new ProtocolError('STALE_EPOCH', 'a holder’s grant has ended meanwhile')
    sections.set(start.section, start.epoch)
    const wraps = rules.wraps ?? refuse('new epochs and a wrap list come together')
    changes.push(
      set(facts.section(start.section), {
        epoch: start.epoch,
        commitment: start.commitment,
        index: at.index,
        wraps,
        until: start.until,
      }),
    )
  }
  if (sections.has(CARD) !== (trail !== null)) refuse('card and trail take new keys together')
  if (trail) changes.push(await startTrail(entry.chain, trail, look, at))
  return { sections, changes }
}

function checkNext(start: EpochStart, current: Section | null, mayAdd: boolean): void {
  if (!current && !mayAdd) refuse('only the founder adds a section')
  if (start.epoch !== (current ? current.epoch + 1 : 0))
    throw new ProtocolError('SEQ', 'epochs are numbered without gaps')
  if ((start.back === null) !== (start.epoch === 0)) refuse('an epoch after the first carries the key before it')
}

async function startTrail(record: ChainId, start: TrailStart, look: Look, at: Position): Promise<Change> {
  const current = await look.fact(record, facts.trail)
  if (start.epoch !== (current ? current.epoch + 1 : 0))
    throw new ProtocolError('SEQ', 'trail epochs are numbered without gaps')
  if ((start.back === null) !== (start.epoch === 0)) refuse('an epoch after the first carries the secret before it')
  return set(facts.trail, { epoch: start.epoch, keyHash: sha256(start.key), index: at.index })
}

/** Nothing new under an old key: every section touched, and the card, must be under keys that no ended grant holds. */
async function requireFresh(
  entry: RecordEntry<'publish'>,
  look: Look,
  at: Position,
  started: ReadonlyMap<number, number>,
): Promise<void> {
  for (const id of [CARD, ...entry.body.contents.map((item) => item.section)]) {
    if (started.has(id)) continue
    const section = (await look.fact(entry.chain, facts.section(id))) ?? refuse('there is no such section')
    if (section.until !== null && section.until <= at.time) {
      throw new ProtocolError('STALE_EPOCH', 'a grant to this section has expired: the version needs a new epoch')
    }
  }
}

async function publishContents(
  entry: RecordEntry<'create' | 'publish' | 'revoke'>,
  look: Look,
  rules: { readonly version: number; readonly started: ReadonlyMap<number, number> },
): Promise<{ changes: Change[]; files: number }> {
  const { contents } = entry.body
  if (!ascending(contents.map((item) => item.section))) refuse('contents are in order of section, one each')
  if (rules.started.has(CARD) && contents[0]?.section !== CARD)
    refuse('a new card epoch comes with the card sealed under it')
  const changes: Change[] = []
  let files = 0
  for (const item of contents) {
    const epoch = rules.started.get(item.section) ?? (await look.fact(entry.chain, facts.section(item.section)))?.epoch
    if (item.epoch !== epoch)
      throw new ProtocolError('STALE_EPOCH', 'contents are under another epoch than the section’s newest')
    checkObject(item)
    const before = await look.fact(entry.chain, facts.content(item.section))
    if (item.section !== CARD) files += item.object.count - (before?.object.count ?? 0)
    const value = { version: rules.version, epoch, object: item.object }
    changes.push(set(facts.content(item.section), value), set(facts.content(item.section, rules.version), value))
  }
  if (files > limits.files) throw new ProtocolError('LIMIT', 'a record has 10,000 files at most')
  return { changes, files }
}

function checkObject(item: Content): void {
  const longest = item.section === CARD ? limits.card : limits.manifest
  if (item.object.length > longest) throw new ProtocolError('LIMIT', 'a card is at most 4 KiB long, a manifest 8 MiB')
}

/** The wrap list that an entry of a record carries, or null. */
export const wrapsOf = (entry: Entry<'record'>): WrapsRef | null => entry.body.wraps
