// Whether a wrap list fits its entry: exactly those who are entitled, exactly the epochs they are entitled to, under their newest keys.
// Spec: docs/spec/rules.md, "Wrap lists". Run by the relay before the turn and by whoever verifies a trail; it can't check contents.
import { type ChainId, compare, type EntryHash, equal, expectId, hex, unhex } from '../bytes.js'
import { expectFunction, expectList, reading } from '../check.js'
import { type AnyEntry, type Entry, expectEntry, is } from '../entry.js'
import { ProtocolError } from '../errors.js'
import type { WrapLeaf, WrappedGrant } from '../wraps.js'
import { admitsDevices } from './admits-devices.js'
import { facts, readFact, SEATS } from './facts.js'
import { liveGrants, mayReadTrail } from './live-grants.js'
import { expectFacts, type Facts } from './look.js'
import { type AsOf, expectAsOf, type HeldKeys, reachedBy } from './reach.js'
import { isSeated } from './seats.js'

interface Due {
  readonly recipient: ChainId
  readonly what: WrappedGrant[]
  /** In a team one key is all there is: nothing is held back until somebody opens. */
  readonly isTeam?: true
}

/** Rows or grants between two pauses. */
const SLICE = 64

const refuse = (message: string): never => {
  throw new ProtocolError('WRAPS', message)
}

/** What the recipients' own chains say, which `known` then has to have: a relay does, and a verifier who was given them. */
export interface Recipients extends AsOf {
  /** Newest epoch key and head of a leaf's recipient, or null. */
  newest(leaf: WrapLeaf): Promise<Pick<WrapLeaf, 'epoch' | 'keyHash' | 'sequence' | 'link'> | null>
}

/**
 * Checks the leaves of an entry's wrap list against the facts of its chain before it. Without `recipients` every holder is taken to be
 * reached, and no leaf is compared with its recipient's newest key and head.
 * @throws ProtocolError WRAPS, USAGE.
 */
export async function admits(
  entry: AnyEntry,
  leaves: readonly WrapLeaf[],
  known: Facts,
  recipients?: Recipients,
): Promise<void> {
  expectEntry(entry)
  expectFacts(known)
  expectList(leaves, (leaf) => expectId(leaf.recipient))
  if (recipients !== undefined) reading('recipients', () => expectFunction(expectAsOf(recipients) && recipients.newest))
  if (entry.kind === 'member') return admitsDevices(entry, leaves, known)
  const due = await dueFor(entry, known, recipients ? (keys) => reachedBy(keys, known, recipients) : herself)
  if (leaves.length !== due.length) refuse('the wrap list has too few or too many rows')
  for (const [i, leaf] of leaves.entries()) {
    if (i % SLICE === SLICE - 1) await known.pause?.()
    reading('a leaf', () => checkDue(leaf, due[i] as Due))
    const now = recipients && (await recipients.newest(leaf))
    if (recipients && (!now || !reading('a leaf', () => sameHead(leaf, now))))
      refuse('a wrap is not to the newest key of its recipient')
  }
}

/** To whom a grant's keys go. */
type Reach = (keys: HeldKeys) => Promise<readonly ChainId[]>

const herself: Reach = async ({ grant }) => [grant.recipient]

function checkDue(leaf: WrapLeaf, expected: Due): void {
  if (!equal(leaf.recipient, expected.recipient))
    refuse('a wrap is for somebody who is not entitled, or one is missing')
  expectList(leaf.what, ({ keys }) => expectList(keys, ({ section }) => section))
  if (!sameWhat(leaf.what, expected.what)) refuse('a wrap holds other epochs than its recipient is entitled to')
  if (expected.isTeam) {
    if (leaf.keys !== null) refuse('a wrap of a team has no section keys')
    return
  }
  if (leaf.keys === null) return refuse('a wrap comes with its section keys')
  expectId(leaf.keys)
}

const sameHead = (leaf: WrapLeaf, now: Pick<WrapLeaf, 'epoch' | 'keyHash' | 'sequence' | 'link'>): boolean =>
  leaf.epoch === now.epoch &&
  equal(leaf.keyHash, now.keyHash) &&
  leaf.sequence === now.sequence &&
  leaf.link !== null &&
  now.link !== null &&
  equal(leaf.link, now.link)

/** Who must be in the list, by recipient, with what: for a grant its recipient, otherwise the founder and all holders who remain. */
async function dueFor(entry: AnyEntry, known: Facts, reach: Reach): Promise<Due[]> {
  if (is(entry, 'record', 'create')) {
    const keys = entry.body.epochs.map(({ section, epoch }) => ({ section, epoch }))
    return [{ recipient: entry.body.founder, what: [{ grant: null, keys, trail: entry.body.trail.epoch }] }]
  }
  if (is(entry, 'record', 'grant')) return [await dueForGrant(entry, known)]
  if (entry.kind === 'team') return dueForTeam(entry, known)
  const turns = is(entry, 'record', 'publish') || is(entry, 'record', 'revoke')
  if (turns && entry.body.wraps !== null) return dueForEpochs(entry, known, reach)
  return refuse('this entry has no wrap list')
}

/** Who gets a team's secret: all who sit in it after an entry that starts an epoch, otherwise those who are added. */
async function dueForTeam(entry: AnyEntry, known: Facts): Promise<Due[]> {
  const rows = (members: readonly ChainId[], epoch: number): Due[] =>
    [...members].sort(compare).map((recipient) => ({
      recipient,
      what: [{ grant: null, keys: [{ section: 0, epoch }], trail: null }],
      isTeam: true,
    }))
  if (is(entry, 'team', 'found')) return rows(seated(entry.body.seats), 0)
  if (is(entry, 'team', 'refresh'))
    return rows(await remaining(entry.chain, entry.body.leaves, known), entry.body.epoch.epoch)
  if (!is(entry, 'team', 'change')) return refuse('this entry of a team has no wrap list')
  const { adds, removes, epoch } = entry.body
  if (epoch !== null) return rows([...(await remaining(entry.chain, removes, known)), ...seated(adds)], epoch.epoch)
  const newest = await known.get(entry.chain, facts.epoch.key)
  return newest === null ? refuse('there is no such team') : rows(seated(adds), readFact(facts.epoch, newest).epoch)
}

const seated = (seats: readonly { readonly member: ChainId }[]): ChainId[] => seats.map(({ member }) => member)

/** Who sits in a team, without those who leave it. */
async function remaining(team: ChainId, leaving: readonly ChainId[], known: Facts): Promise<ChainId[]> {
  const gone = new Set(leaving.map(hex))
  const members: ChainId[] = []
  for (const [i, { key, value }] of (await known.under(team, SEATS)).entries()) {
    if (i % SLICE === SLICE - 1) await known.pause?.()
    const member = unhex(key.slice(SEATS.length)) as Uint8Array as ChainId
    if (!gone.has(hex(member)) && isSeated(readFact(facts.seat(member), value))) members.push(member)
  }
  return members
}

async function dueForGrant(entry: Entry<'record', 'grant'>, known: Facts): Promise<Due> {
  const keys: { section: number; epoch: number }[] = []
  for (const section of [0, ...entry.body.sections]) {
    const stored = await known.get(entry.chain, facts.section(section).key)
    if (stored === null) return refuse('a grant names sections that exist')
    keys.push({ section, epoch: readFact(facts.section(section), stored).epoch })
  }
  const trail = mayReadTrail(entry.body.actions) ? await known.get(entry.chain, facts.trail.key) : null
  return {
    recipient: entry.body.recipient,
    what: [{ grant: null, keys, trail: trail === null ? null : readFact(facts.trail, trail).epoch }],
  }
}

async function dueForEpochs(
  entry: Entry<'record', 'publish'> | Entry<'record', 'revoke'>,
  known: Facts,
  reach: Reach,
): Promise<Due[]> {
  const stored = await known.get(entry.chain, facts.founder.key)
  if (stored === null) return refuse('there is no such record')
  const founder = readFact(facts.founder, stored)
  const started = entry.body.epochs.map(({ section, epoch }) => ({ section, epoch }))
  const trail = entry.body.trail?.epoch ?? null
  const due = new Map<string, Due>()
  const add = (recipient: ChainId, what: WrappedGrant): void => {
    const one = due.get(hex(recipient)) ?? { recipient, what: [] }
    one.what.push(what)
    due.set(hex(recipient), one)
  }
  for (const member of await reach({ grant: { recipient: founder.member, institution: null }, teams: [] }))
    add(member, { grant: founder.create, keys: started, trail })
  const ended = is(entry as AnyEntry, 'record', 'revoke')
    ? (entry.body as Entry<'record', 'revoke'>['body']).grants
    : []
  const ends = new Map<number, number>()
  for (const [i, live] of (await liveGrants(entry.chain, known, entry.time, ended)).entries()) {
    if (i % SLICE === SLICE - 1) await known.pause?.()
    const { hash, grant } = live
    const keys = started.filter(({ section }) => section === 0 || grant.sections.includes(section))
    const reached = keys.length === 0 ? [] : await reach(live)
    for (const member of reached) add(member, { grant: hash, keys, trail: mayReadTrail(grant.actions) ? trail : null })
    const { until } = grant
    if (until === null || reached.length === 0) continue
    for (const { section } of keys) ends.set(section, Math.min(until, ends.get(section) ?? until))
  }
  checkUntil(entry, ends)
  await known.pause?.()
  for (const one of due.values()) one.what.sort((a, b) => compare(a.grant as EntryHash, b.grant as EntryHash))
  return [...due.values()].sort((a, b) => compare(a.recipient, b.recipient))
}

/** Each new epoch says when the first of its holders' grants ends (`ends`, by section): the turn then needs no walk over all of them. */
function checkUntil(
  entry: Entry<'record', 'publish'> | Entry<'record', 'revoke'>,
  ends: ReadonlyMap<number, number>,
): void {
  for (const { section, until } of entry.body.epochs) {
    if (until !== (ends.get(section) ?? null)) refuse('an epoch states another end than the earliest of its holders')
  }
}

function sameWhat(a: readonly WrappedGrant[], b: readonly WrappedGrant[]): boolean {
  return a.length === b.length && a.every((one, i) => sameGrant(one, b[i] as WrappedGrant))
}

function sameGrant(a: WrappedGrant, b: WrappedGrant): boolean {
  const grants = a.grant === null || b.grant === null ? a.grant === b.grant : equal(a.grant, b.grant)
  const keys =
    a.keys.length === b.keys.length &&
    a.keys.every((key, i) => key.section === b.keys[i]?.section && key.epoch === b.keys[i]?.epoch)
  return grants && keys && a.trail === b.trail
}
