// Rules of a record's chain: create, publish, grant, revoke. Spec: docs/spec/rules.md, "Record".
// They cost the same for ten recipients and ten thousand: what grows stands in the wrap list, which admits.ts checks before the turn.
// What the types share stands in sections.ts (epochs and contents) and grants.ts.
import { actions } from '../bodies.js'
import { type ChainId, type EntryHash, equal } from '../bytes.js'
import { accessLogOf, chainIdOf, type Entry } from '../entry.js'
import { ProtocolError } from '../errors.js'
import { limits } from '../limits.js'
import { type Change, type Founder, facts, type Grant, set } from './facts.js'
import { addToHolder, endGrants, isRecall, releaseHolders, requireHeld } from './grants.js'
import type { Look, Position } from './look.js'
import { requireOpen } from './seats.js'
import {
  ascending,
  CARD,
  checkFiles,
  publishContents,
  type RecordEntry,
  refuse,
  requireFresh,
  startEpochs,
} from './sections.js'
import { requireCredential } from './standing.js'

export const recordRules = {
  async create(entry: RecordEntry<'create'>, look: Look, at: Position): Promise<Change[]> {
    const { founder, nonce, credential, epochs, contents, wraps } = entry.body
    if (!equal(chainIdOf(look.network, founder, nonce), entry.chain) || !equal(entry.signer.chain, founder)) {
      throw new ProtocolError('BINDING', 'a record id is the hash of its network, founder and nonce')
    }
    const { institution } = await requireCredential(founder, credential, look, at)
    if (epochs.some((start) => start.until !== null)) refuse('nothing has been granted yet that could end')
    const started = await startEpochs(entry, look, at, { mayAdd: true, wraps: wraps.attached.digest })
    if (contents.length !== epochs.length) refuse('a new record has contents for each section')
    const published = await publishContents(entry, look, { version: 1, started: started.sections })
    const files = checkFiles(published.files)
    return [
      set(facts.founder, {
        member: founder,
        create: entry.hash,
        institution,
        index: at.index,
        wraps: wraps.attached.digest,
      }),
      set(facts.counters, { version: 1, grants: 0, sections: started.sections.size, files }),
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
    const added = [...started.sections].filter(([, epoch]) => epoch === 0).map(([section]) => section)
    if (added.some((id) => !contents.some((item) => item.section === id)))
      refuse('a new section comes with its contents')
    const sections = counters.sections + added.length
    const files = checkFiles(counters.files + published.files)
    return [set(facts.counters, { ...counters, version, sections, files }), ...started.changes, ...published.changes]
  },

  async grant(entry: Entry<'record', 'grant'>, look: Look, at: Position): Promise<Change[]> {
    const { from, recipient, sections, notBefore, until, wraps } = entry.body
    const founder = await requireSharer(entry, look, at)
    if (equal(recipient, founder) || equal(recipient, entry.signer.chain))
      refuse('who shares needs no grant of her own')
    if (!ascending(sections) || sections[0] === CARD) refuse('sections are named once each, in order, without the card')
    if ((entry.body.actions & actions.view) === 0) refuse('a grant allows viewing')
    if (until !== null && (until <= at.time || until <= notBefore)) refuse('the grant would have ended already')
    const depth = from === null ? 0 : await checkShare(entry, from, look)
    const institution = await requireRecipient(entry, look, at)
    const changes: Change[] = []
    for (const id of [CARD, ...sections]) {
      const section = (await look.fact(entry.chain, facts.section(id))) ?? refuse('a grant names sections that exist')
      if (until !== null && (section.until === null || until < section.until))
        changes.push(set(facts.section(id), { ...section, until }))
    }
    const counters = (await look.fact(entry.chain, facts.counters)) ?? refuse('there is no such record')
    if (counters.grants >= limits.grants) throw new ProtocolError('LIMIT', 'a record has 10,000 grants at most')
    const held = await addToHolder(entry.chain, recipient, look)
    const granted = {
      from,
      depth,
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
      held,
      ...changes,
    ]
  },

  async revoke(entry: RecordEntry<'revoke'>, look: Look, at: Position): Promise<Change[]> {
    const { credential, grants, contents, wraps } = entry.body
    await requireFounder(entry, credential, look, at)
    const counters = (await look.fact(entry.chain, facts.counters)) ?? refuse('there is no such record')
    const started = await startEpochs(entry, look, at, { mayAdd: false, wraps: wraps.attached.digest })
    const ended = await endGrants(entry, grants, look, at)
    // Whether the promise is kept says who has that log whole: a relay (requireUnopened), a trail (checkTrail).
    if (isRecall(entry) && !entry.restsOn.some(({ chain }) => equal(chain, accessLogOf(entry.chain))))
      refuse('a recall rests on the access log')
    for (const grant of ended) {
      // What the ended grant could open takes new keys in the same entry, so that nothing new is ever sealed under the old ones.
      if (grant.sections.some((id) => !started.sections.has(id)))
        refuse('a revocation renews every section that it takes away')
    }
    if (contents.length !== 1 || contents[0]?.section !== CARD)
      refuse('a revocation seals the card again, and nothing else')
    const published = await publishContents(entry, look, { version: counters.version, started: started.sections })
    return [
      ...ended.map((grant) => grant.change),
      ...(await releaseHolders(entry.chain, ended, look)),
      set(facts.counters, { ...counters, grants: counters.grants - ended.length }),
      ...started.changes,
      ...published.changes,
    ]
  },
}

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

/** The founder's member chain, if she signs, or somebody whose grant lets her share on. */
async function requireSharer(entry: Entry<'record', 'grant'>, look: Look, at: Position): Promise<ChainId> {
  const { from, credential } = entry.body
  if (from === null) return (await requireFounder(entry, credential, look, at)).member
  const founder = (await look.fact(entry.chain, facts.founder)) ?? refuse('there is no such record')
  await requireNamed(entry, from, look, at)
  return founder.member
}

/** The depth of a grant that shares another one on. What it gives is nothing that the other one does not. @throws ProtocolError NOT_GRANTED, LIMIT. */
async function checkShare({ chain, body }: Entry<'record', 'grant'>, from: EntryHash, look: Look): Promise<number> {
  const { actions: allowed, sections, notBefore, until } = body
  const given = (await look.fact(chain, facts.grant(from))) ?? refuse('there is no such grant')
  const narrower =
    (given.actions & actions.shareOn) !== 0 &&
    (allowed & ~given.actions) === 0 &&
    sections.every((id) => given.sections.includes(id)) &&
    notBefore >= given.notBefore &&
    (given.until === null || (until !== null && until <= given.until))
  if (!narrower) throw new ProtocolError('NOT_GRANTED', 'nobody shares on more than was granted')
  if (given.depth >= limits.sharedOn) throw new ProtocolError('LIMIT', 'a grant is shared on eight times at most')
  return given.depth + 1
}

/** In whose capacity the recipient gets a grant; null for a team, whose members act in those of their seats. */
async function requireRecipient(entry: Entry<'record', 'grant'>, look: Look, at: Position): Promise<ChainId | null> {
  const { recipient, capacity, until } = entry.body
  if (capacity !== null) return (await requireCredential(recipient, capacity, look, at)).institution
  const team = await requireOpen(recipient, look, at)
  // A key that is stale may be in somebody's hands who has left.
  if (team.stale !== null)
    throw new ProtocolError('STALE_EPOCH', 'the team takes a new key first: a member refreshes it')
  if (team.until !== null && (until === null || until > team.until))
    refuse('a grant to a team ends with it at the latest')
  return null
}

/** The grant that an entry names, if it holds and is the signer's. */
async function requireNamed(
  entry: Entry<'record', 'publish' | 'grant'>,
  named: EntryHash,
  look: Look,
  at: Position,
): Promise<Grant> {
  const signer = entry.signer.chain
  const standing = await requireCredential(signer, entry.body.credential, look, at)
  return requireHeld({ record: entry.chain, grant: named, signer, standing }, look, at)
}

/** Whether the founder signs; otherwise the entry names the grant that lets its signer write to all sections it touches. */
async function requireWriter(entry: RecordEntry<'publish'>, look: Look, at: Position): Promise<boolean> {
  const { grant: named, credential, contents, epochs } = entry.body
  if (named === null) {
    await requireFounder(entry, credential, look, at)
    return true
  }
  const grant = await requireNamed(entry, named, look, at)
  if ((grant.actions & actions.write) === 0) throw new ProtocolError('NOT_GRANTED', 'the grant does not allow writing')
  const touched = [...contents, ...epochs].map((item) => item.section).filter((id) => id !== CARD)
  if (touched.some((id) => !grant.sections.includes(id)))
    throw new ProtocolError('NOT_GRANTED', 'the grant does not name this section')
  return false
}
