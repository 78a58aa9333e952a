// Records against a model: whatever is created, published, granted, revoked, recalled, left to expire and viewed, in any order, the
// rules and a ledger agree with sets and counters about who may open what, and which epochs are stale. Spec: docs/spec/rules.md.
import fc from 'fast-check'
import { beforeAll, expect, it } from 'vitest'
import { effort } from '../../../scripts/effort.mjs'
import type { ChainId, EntryHash } from '../src/bytes.js'
import { ready } from '../src/ed25519.js'
import type { AnyEntry } from '../src/entry.js'
import type { Ledger } from '../src/ledger.js'
import { facts } from '../src/rules/facts.js'
import { liveGrants } from '../src/rules/live-grants.js'
import { checkTrail } from '../src/trail.js'
import { type Member, MINUTE, World } from './actors.js'
import { codeOf } from './support.js'

beforeAll(ready)

interface ModelGrant {
  readonly reader: number
  readonly sections: readonly number[]
  readonly write: boolean
  readonly from: number
  readonly until: number
  ended: boolean
}

/** What the rules come to: nothing of entries, links or proofs. */
interface Model {
  time: number
  version: number
  /** By section, 0 the card: its epoch, and when the first of those who hold its key loses it. */
  readonly epochs: number[]
  readonly ends: number[]
  readonly grants: ModelGrant[]
  readonly opened: Set<number>
}

interface Real {
  readonly world: World
  readonly founder: Member
  readonly readers: readonly Member[]
  readonly record: ChainId
  readonly hashes: EntryHash[]
  readonly ledger: Ledger
}

type Command = fc.AsyncCommand<Model, Real>

const NEVER = Number.POSITIVE_INFINITY
const orNull = (time: number): number | null => (time === NEVER ? null : time)
const readers = fc.nat(2)
const somegrant = fc.nat(11)

const live = (model: Model, grant: ModelGrant): boolean => !grant.ended && grant.until > model.time
const holds = (grant: ModelGrant, section: number): boolean => section === 0 || grant.sections.includes(section)
const earliest = (model: Model, section: number, without?: ModelGrant): number =>
  Math.min(
    NEVER,
    ...model.grants
      .filter((one) => one !== without && live(model, one) && holds(one, section))
      .map(({ until }) => until),
  )
const stale = (model: Model, section: number): boolean => (model.ends[section] as number) <= model.time

/** Asks the rules, compares with the model, and goes on in world and ledger where it was accepted. */
async function verdict(real: Real, entry: AnyEntry, expected: string): Promise<boolean> {
  const { world, ledger } = real
  expect(await world.code(entry)).toBe(expected)
  if (expected !== 'accepted') return false
  await world.place(entry)
  await ledger.take(world.log.proven(undefined, { seen: ledger.tree?.size ?? 0 }))
  return true
}

function turn(model: Model, sections: readonly number[], without?: ModelGrant): Record<number, number | null> {
  return Object.fromEntries(sections.map((section) => [section, orNull(earliest(model, section, without))]))
}

function turned(model: Model, sections: readonly number[]): void {
  for (const section of sections) {
    model.epochs[section] = (model.epochs[section] as number) + 1
    model.ends[section] = earliest(model, section)
  }
}

const wait = (minutes: number): Command => ({
  check: () => true,
  async run(model, real) {
    model.time += minutes * MINUTE
    real.world.now = model.time
  },
  toString: () => `wait ${minutes}`,
})

interface Granting {
  readonly reader: number
  readonly sections: readonly number[]
  readonly write: boolean
  /** Minutes from now on, and how many from then on. */
  readonly after: number
  readonly minutes: number | null
}

const grantTo = ({ reader, sections, write, after, minutes }: Granting): Command => ({
  check: ({ grants }) => grants.length < 12 && grants.filter((one) => one.reader === reader && !one.ended).length < 8,
  async run(model, real) {
    const from = model.time + after * MINUTE
    const until = minutes === null ? NEVER : from + minutes * MINUTE
    const known = sections.every((section) => section < model.epochs.length)
    const body = { sections, actions: write ? 9 : 1, notBefore: from, until: orNull(until) }
    const entry = await real.world.grant(real.record, real.founder, real.readers[reader] as Member, { body })
    if (!(await verdict(real, entry, known && until > from ? 'accepted' : 'RULE'))) return
    model.grants.push({ reader, sections, write, from, until, ended: false })
    real.hashes.push(entry.hash)
    for (const section of [0, ...sections]) model.ends[section] = Math.min(model.ends[section] as number, until)
  },
  toString: () => `grant ${sections.join()} to ${reader}${write ? ' to write' : ''} from +${after} for ${minutes}`,
})

/** What publishing a section ends in, by the founder or under a grant. */
function publishVerdict(model: Model, grant: ModelGrant | null, section: number, leavesStale: boolean): string {
  if (grant) {
    if (model.time < grant.from) return 'NOT_GRANTED'
    if (!live(model, grant)) return 'GRANT_ENDED'
    if (!grant.write || !grant.sections.includes(section)) return 'NOT_GRANTED'
  }
  return leavesStale ? 'STALE_EPOCH' : 'accepted'
}

/** The founder, or the holder of a grant, publishes a section or adds the next one; with `turns` under new keys where old are stale. */
const publish = (by: number | null, section: number, turns: boolean): Command => ({
  check: ({ grants, epochs }) => (by === null || grants.length > 0) && section <= epochs.length,
  async run(model, real) {
    const at = by === null ? null : by % model.grants.length
    const grant = at === null ? null : (model.grants[at] as ModelGrant)
    const adds = section === model.epochs.length
    const due = [0, section].filter((id) => (id === section && adds) || stale(model, id))
    const turning = turns || adds ? due : []
    const entry = await real.world.publish(
      real.record,
      grant ? (real.readers[grant.reader] as Member) : real.founder,
      [section],
      {
        turning: turn(model, turning),
        body: { grant: at === null ? null : (real.hashes[at] as EntryHash) },
      },
    )
    if (!(await verdict(real, entry, publishVerdict(model, grant, section, due.length > turning.length)))) return
    model.version += 1
    if (adds) {
      model.epochs.push(-1)
      model.ends.push(NEVER)
    }
    turned(model, turning)
  },
  toString: () => `publish ${section} by ${by ?? 'founder'}${turns ? ', turning' : ''}`,
})

const revoke = (which: number, mode: 'revoke' | 'recall', forgets: boolean): Command => ({
  check: ({ grants }) => grants.length > 0,
  async run(model, real) {
    const at = which % model.grants.length
    const grant = model.grants[at] as ModelGrant
    const sections = forgets ? [0] : [0, ...grant.sections]
    const entry = await real.world.revoke(real.record, real.founder, [real.hashes[at] as EntryHash], {
      turning: turn(model, sections, grant),
      body: { mode },
    })
    const opened = mode === 'recall' && model.opened.has(grant.reader)
    const expected = grant.ended ? 'GRANT_ENDED' : forgets ? 'RULE' : opened ? 'ALREADY_OPENED' : 'accepted'
    if (!(await verdict(real, entry, expected))) return
    grant.ended = true
    turned(model, sections)
  },
  toString: () => `${mode} ${which}${forgets ? ', forgetting its sections' : ''}`,
})

/** A reader, or (null) the grant's own holder, views a section, or (null) the grant's first. */
const view = (reader: number | null, which: number, section: number | null): Command => ({
  check: ({ grants }) => grants.length > 0,
  async run(model, real) {
    const at = which % model.grants.length
    const grant = model.grants[at] as ModelGrant
    const who = reader ?? grant.reader
    const id = section ?? (grant.sections[0] as number)
    const by = real.readers[who] as Member
    const entry = await real.world.view(real.record, by, real.hashes[at] as EntryHash, { body: { sections: [id] } })
    const mine = grant.reader === who && grant.sections.includes(id)
    const ended = live(model, grant) ? (mine ? 'accepted' : 'NOT_GRANTED') : 'GRANT_ENDED'
    if (await verdict(real, entry, model.time < grant.from ? 'NOT_GRANTED' : ended)) model.opened.add(who)
  },
  toString: () => `view ${section ?? 'the first'} by ${reader ?? 'its holder'} under ${which}`,
})

/** After every command: the ledger’s facts are the model’s. */
const compare = (): Command => ({
  check: () => true,
  async run(model, real) {
    const { ledger, record, world } = real
    for (const [section, epoch] of model.epochs.entries())
      expect(ledger.fact(record, facts.section(section))).toMatchObject({
        epoch,
        until: orNull(model.ends[section] as number),
      })
    expect(ledger.fact(record, facts.trail)?.epoch).toBe(model.epochs[0])
    const unended = model.grants.filter(({ ended }) => !ended)
    expect(ledger.fact(record, facts.counters)).toEqual({
      version: model.version,
      grants: unended.length,
      sections: model.epochs.length,
      files: model.epochs.length - 1,
    })
    for (const [reader, member] of real.readers.entries())
      expect(ledger.fact(record, facts.holder(member.chain))?.grants ?? 0).toBe(
        unended.filter((one) => one.reader === reader).length,
      )
    const found = await liveGrants(record, world.facts, model.time)
    expect(found).toHaveLength(model.grants.filter((grant) => live(model, grant)).length)
    expect(codeOf(() => checkTrail(ledger, record))).toBe('accepted')
  },
  toString: () => 'compare',
})

const sections = fc.constantFrom([1], [2], [1, 2], [3], [2, 3])
const granting = fc.record({
  reader: readers,
  sections,
  write: fc.boolean(),
  after: fc.constantFrom(0, 0, 0, 10),
  minutes: fc.option(fc.integer({ min: 0, max: 40 })),
})
const viewing = fc.tuple(
  fc.option(readers, { freq: 2 }),
  somegrant,
  fc.option(fc.integer({ min: 1, max: 3 }), { freq: 2 }),
)
const commands = fc.commands(
  [
    fc.integer({ min: 1, max: 30 }).map(wait),
    granting.map(grantTo),
    granting.map(grantTo),
    fc.tuple(fc.option(somegrant), fc.integer({ min: 1, max: 4 }), fc.boolean()).map((args) => publish(...args)),
    fc.tuple(somegrant, fc.constantFrom('revoke', 'revoke', 'recall'), fc.boolean()).map((args) => revoke(...args)),
    viewing.map((args) => view(...args)),
    viewing.map((args) => view(...args)),
    fc.constant(compare()),
  ],
  { maxCommands: 60, size: 'max' },
)

it('agree', { timeout: 600_000 }, async () => {
  const ran = new Map<string, number>()
  await fc.assert(
    fc.asyncProperty(commands, async (list) => {
      const world = await World.founded()
      const founder = await world.member('founder')
      const members = [await world.member('a'), await world.member('b'), await world.member('c')]
      const record = await world.record(founder, [1, 2])
      const ledger = world.ledger()
      await ledger.take(world.log.proven())
      const model: Model = {
        time: world.now,
        version: 1,
        epochs: [0, 0, 0],
        ends: [NEVER, NEVER, NEVER],
        grants: [],
        opened: new Set(),
      }
      await fc.asyncModelRun(
        () => ({ model, real: { world, founder, readers: members, record, hashes: [], ledger } }),
        list,
      )
      await compare().run(model, { world, founder, readers: members, record, hashes: [], ledger })
      for (const { entry } of ledger.entries(record)) ran.set(entry.type, (ran.get(entry.type) ?? 0) + 1)
      ran.set('opened', (ran.get('opened') ?? 0) + model.opened.size)
    }),
    { numRuns: effort(20, 1000) },
  )
  // Sequences that reach nothing would agree too.
  for (const reached of ['create', 'publish', 'grant', 'revoke', 'opened'])
    expect(ran.get(reached), reached).toBeGreaterThan(2)
})
