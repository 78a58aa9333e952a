// Records against a model: whatever is created, published, granted, shared on, revoked, recalled, left to expire and viewed, by members and
// by a team whose members come and go, in any order, the rules and a ledger agree with sets and counters about who may open what, and which
// epochs are stale. Spec: docs/spec/rules.md.
import fc from 'fast-check'
import { beforeAll, expect, it } from 'vitest'
import { effort } from '../../../scripts/effort.mjs'
import { type ChainId, type EntryHash, equal, hex } from '../src/bytes.js'
import { ready } from '../src/ed25519.js'
import type { AnyEntry } from '../src/entry.js'
import type { Ledger } from '../src/ledger.js'
import { facts, readFact } from '../src/rules/facts.js'
import { requireHeld } from '../src/rules/grants.js'
import { liveGrants } from '../src/rules/live-grants.js'
import type { Look } from '../src/rules/look.js'
import { isHeldAsWrapped, reachedBy } from '../src/rules/reach.js'
import { checkTrail } from '../src/trail.js'
import { type Member, MINUTE, World } from './actors.js'
import { MemberDevices } from './member-devices.js'
import {
  ancestors,
  earliest,
  endedWith,
  granted,
  granting,
  held,
  isLive,
  isOver,
  isReached,
  type Model,
  type ModelGrant,
  NEVER,
  newModel,
  publishing,
  TEAM,
  turned,
} from './records-model.js'
import { Shares } from './shares.js'
import { codeOf, codeOfAsync } from './support.js'
import { idsOf, Teams } from './teams.js'

beforeAll(ready)

interface Real {
  readonly world: World
  readonly teams: Teams
  readonly shares: Shares
  readonly founder: Member
  /** Admin of the team, and no reader. */
  readonly keeper: Member
  readonly readers: readonly Member[]
  readonly team: ChainId
  readonly record: ChainId
  readonly hashes: Map<ModelGrant, EntryHash>
  readonly ledger: Ledger
}

type Command = fc.AsyncCommand<Model, Real>

const orNull = (time: number): number | null => (time === NEVER ? null : time)
const nth = <T>(items: readonly T[], which: number): T => items[which % items.length] as T
/** A reader who may use a grant, as long as it holds. */
const holderOf = ({ roster }: Model, { to }: ModelGrant): number => (to === TEAM ? ([...roster][0] ?? 0) : to)

const hashOf = ({ hashes }: Real, grant: ModelGrant): EntryHash => hashes.get(grant) as EntryHash

/** Asks the rules, compares with the model, and goes on in world and ledger where it was accepted. */
async function verdict(real: Real, entry: AnyEntry, expected: string): Promise<boolean> {
  const { world, ledger } = real
  expect(await world.code(entry)).toBe(expected)
  if (expected !== 'accepted') return false
  await world.place(entry)
  await ledger.take(world.log.proven(undefined, { seen: ledger.tree?.size ?? 0 }))
  return true
}

const ends = (model: Model, sections: readonly number[], without?: ModelGrant): Record<number, number | null> =>
  Object.fromEntries(sections.map((section) => [section, orNull(earliest(model, section, without))]))

const wait = (minutes: number): Command => ({
  check: () => true,
  async run(model, real) {
    model.time += minutes * MINUTE
    real.world.now = model.time
  },
  toString: () => `wait ${minutes}`,
})

interface Granting {
  /** A reader (null: its holder) who shares on, and under which grant; null for the founder. */
  readonly by: { readonly who: number | null; readonly under: number } | null
  readonly to: number
  readonly sections: readonly number[]
  readonly write: boolean
  readonly share: boolean
  /** Minutes from now on, and how many from then on; or sections and times as the grant that is shared on has them. */
  readonly times: { readonly after: number; readonly minutes: number | null } | 'same'
}

const grantTo = ({ by, to, sections: asked, write, share, times }: Granting): Command => ({
  check: ({ grants }) =>
    grants.length < 14 &&
    grants.filter((one) => one.to === to && !one.ended).length < 8 &&
    (by === null ? times !== 'same' : grants.length > 0),
  async run(model, real) {
    const from = by === null ? null : nth(model.grants, by.under)
    const { after, minutes } = times === 'same' ? { after: 0, minutes: null } : times
    const sections = times === 'same' && from ? from.sections : asked
    const starts = model.time + after * MINUTE
    const begins = times === 'same' && from ? from.begins : starts
    const until = times === 'same' && from ? from.until : minutes === null ? NEVER : starts + minutes * MINUTE
    const grant: ModelGrant = { to, sections, write, share, begins, until, from, ended: false }
    const who = from && by && (by.who ?? holderOf(model, from))
    const signer = who === null ? real.founder : nth(real.readers, who)
    const body = {
      from: from && hashOf(real, from),
      sections,
      actions: 1 + (write ? 8 : 0) + (share ? 16 : 0),
      notBefore: begins,
      until: orNull(until),
    }
    const via = [real.team]
    const entry =
      to === TEAM
        ? await real.shares.toTeam(signer, real.team, { body })
        : await real.shares.on(signer, body.from, nth(real.readers, to), { via, body })
    if (!(await verdict(real, entry, granting(model, who, grant)))) return
    granted(model, grant)
    real.hashes.set(grant, entry.hash)
  },
  toString: () => {
    const what = `${times === 'same' ? 'all' : asked.join()} to ${to === TEAM ? 'the team' : to}${write ? ' to write' : ''}`
    const how = times === 'same' ? 'as long' : `from +${times.after} for ${times.minutes}`
    return `${by === null ? 'grant' : `${by.who ?? 'its holder'} shares ${by.under} on:`} ${what}${share ? ' to share' : ''} ${how}`
  },
})

/** The founder, or a reader under a grant, publishes a section or adds the next one; with `turns` under new keys where old are over. */
const publish = (by: { who: number | null; under: number } | null, section: number, turns: boolean): Command => ({
  check: ({ grants, epochs }) => (by === null || grants.length > 0) && section <= epochs.length,
  async run(model, real) {
    const grant = by === null ? null : nth(model.grants, by.under)
    const who = by === null || grant === null ? 0 : (by.who ?? holderOf(model, grant))
    const adds = section === model.epochs.length
    const due = [0, section].filter((id) => (id === section && adds) || isOver(model, id))
    const turning = turns || adds ? due : []
    const signer = grant === null ? real.founder : nth(real.readers, who)
    const entry = await real.world.publish(real.record, signer, [section], {
      restsOn: [...real.world.standing(signer), real.team],
      turning: ends(model, turning),
      body: { grant: grant && hashOf(real, grant) },
    })
    const under = grant && { grant, who }
    if (!(await verdict(real, entry, publishing(model, under, section, due.length > turning.length)))) return
    model.version += 1
    if (adds) {
      model.epochs.push(-1)
      model.ends.push(NEVER)
    }
    turned(model, turning)
  },
  toString: () =>
    `publish ${section} by ${by === null ? 'founder' : `${by.who ?? 'its holder'} under ${by.under}`}${turns ? ', turning' : ''}`,
})

const revoke = (which: number, mode: 'revoke' | 'recall', forgets: boolean): Command => ({
  check: ({ grants }) => grants.length > 0,
  async run(model, real) {
    const grant = nth(model.grants, which)
    const sections = forgets ? [0] : [0, ...grant.sections]
    const entry = await real.world.revoke(real.record, real.founder, [hashOf(real, grant)], {
      turning: ends(model, sections, grant),
      body: { mode },
    })
    const opened = mode === 'recall' && endedWith(model, grant).some(({ to }) => model.opened.has(to))
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
    const grant = nth(model.grants, which)
    const who = reader ?? holderOf(model, grant)
    const id = section ?? (grant.sections[0] as number)
    const via = [real.team]
    const entry = await real.shares.view(nth(real.readers, who), hashOf(real, grant), { via, body: { sections: [id] } })
    const may = held(model, who, grant)
    const expected = may === 'accepted' && !grant.sections.includes(id) ? 'NOT_GRANTED' : may
    if (!(await verdict(real, entry, expected))) return
    model.opened.add(who)
    if (grant.to === TEAM) model.opened.add(TEAM)
  },
  toString: () => `view ${section ?? 'the first'} by ${reader ?? 'its holder'} under ${which}`,
})

/** A reader joins the team, or leaves it. */
const seat = (reader: number): Command => ({
  check: () => true,
  async run(model, real) {
    const member = nth(real.readers, reader)
    const leaves = model.roster.has(reader)
    const change = leaves ? { removes: [member] } : { adds: [member] }
    const entry = await real.teams.change(real.team, real.keeper, change)
    const keepsKey = !leaves && model.team === 'stale'
    const expected = model.team === 'closed' ? 'TEAM_CLOSED' : keepsKey ? 'STALE_EPOCH' : 'accepted'
    if (!(await verdict(real, entry, expected))) return
    if (leaves) {
      model.roster.delete(reader)
      model.team = 'open'
    } else model.roster.add(reader)
  },
  toString: () => `${reader} joins or leaves`,
})

/** A reader turns her own key and tells the team, which takes a new one or is left to wait. */
const lose = (reader: number): Command => ({
  check: ({ roster, team }) => roster.has(reader) && team === 'open',
  async run(model, real) {
    const member = nth(real.readers, reader)
    const own = await new MemberDevices(real.world, member.chain).refresh(member.device)
    // Ten times a day.
    if ((await real.world.code(own)) === 'LIMIT') return
    await verdict(real, own, 'accepted')
    await verdict(real, await real.teams.stale(real.team, member, member, null), 'accepted')
    model.team = 'stale'
  },
  toString: () => `${reader} loses a device`,
})

const refresh = (): Command => ({
  check: ({ team }) => team === 'stale',
  async run(model, real) {
    await verdict(real, await real.teams.refresh(real.team, real.keeper, []), 'accepted')
    model.team = 'open'
  },
  toString: () => 'refresh',
})

const close = (): Command => ({
  check: ({ team }) => team !== 'closed',
  async run(model, real) {
    await verdict(real, await real.teams.close(real.team, real.keeper), 'accepted')
    model.team = 'closed'
  },
  toString: () => 'close the team',
})

/** After every command: the ledger’s facts are the model’s. */
const compare = (): Command => ({
  check: () => true,
  async run(model, real) {
    const { ledger, record } = real
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
    for (const [to, chain] of [...idsOfAll(real)].entries())
      expect(ledger.fact(record, facts.holder(chain))?.grants ?? 0).toBe(unended.filter((one) => one.to === to).length)
    await compareHeld(model, real)
    await compareReach(model, real)
    expect(codeOf(() => checkTrail(ledger, record))).toBe('accepted')
  },
  toString: () => 'compare',
})

/** Readers, then the team: as the model numbers them. */
const idsOfAll = ({ readers, team }: Real): ChainId[] => [...readers.map(({ chain }) => chain), team]

/** Who may act under which grant. */
async function compareHeld(model: Model, real: Real): Promise<void> {
  const { world, record, readers } = real
  const look: Look = {
    network: world.network.chain,
    fact: (chain, target) => {
      const value = world.facts.get(chain, target.key) as Uint8Array | null
      return value && readFact(target, value)
    },
  }
  const at = { index: world.log.size, time: world.now }
  for (const grant of model.grants) {
    for (const [who, { chain: signer, institution }] of readers.entries()) {
      const one = { record, grant: hashOf(real, grant), signer, standing: { institution } }
      expect(await codeOfAsync(() => requireHeld(one, look, at)), `${who}`).toBe(held(model, who, grant))
    }
  }
}

/** Which grants are live, from which teams they come, to whom their keys go, and whether that is to whom they went. */
async function compareReach(model: Model, real: Real): Promise<void> {
  const { world, record, team, readers, keeper } = real
  const found = await liveGrants(record, world.facts, model.time)
  const live = model.grants.filter((grant) => isLive(model, grant))
  const at = { network: world.network.chain, time: model.time }
  expect(found.map(({ hash }) => hex(hash)).sort()).toEqual(live.map((grant) => hex(hashOf(real, grant))).sort())
  for (const grant of live) {
    const one = found.find(({ hash }) => equal(hash, hashOf(real, grant)))
    if (!one) throw new Error('a live grant is missing')
    expect(one.teams).toEqual(ancestors(grant).flatMap(({ to }) => (to === TEAM ? [team] : [])))
    const seats = idsOf(keeper, ...[...model.roster].map((who) => nth(readers, who)))
    const open = grant.to === TEAM && model.team === 'stale' ? seats : [idsOfAll(real)[grant.to]]
    expect(await reachedBy(one, world.facts, at)).toEqual(isReached(model, grant) ? open : [])
  }
  const isHeld = live.every((grant) => isReached(model, grant) && (grant.to !== TEAM || model.team === 'open'))
  // The card is every holder's. That a key of a holder is newer is asked elsewhere: reach.test.ts.
  if (!isHeld) expect(await isHeldAsWrapped(record, [0], found, world.facts, at)).toBe(false)
}

const readers = fc.nat(2)
const somegrant = fc.nat(13)
const sections = fc.constantFrom([1], [2], [1, 2], [3], [2, 3])
const sharing = fc.record({ who: fc.option(readers, { freq: 1 }), under: somegrant })
const oftener = fc.constantFrom(true, true, true, false)
const times = fc.record({
  after: fc.constantFrom(0, 0, 0, 10),
  minutes: fc.option(fc.integer({ min: 0, max: 40 })),
})
const grantingBy = (by: fc.Arbitrary<Granting['by']>, when: fc.Arbitrary<Granting['times']>) =>
  fc.record({ by, to: fc.nat(TEAM), sections, write: fc.boolean(), share: oftener, times: when }).map(grantTo)
const viewing = fc.tuple(
  fc.option(readers, { freq: 2 }),
  somegrant,
  fc.option(fc.integer({ min: 1, max: 3 }), { freq: 2 }),
)
const publisher = fc.option(fc.record({ who: fc.option(readers), under: somegrant }))
const commands = fc.commands(
  [
    fc.integer({ min: 1, max: 30 }).map(wait),
    grantingBy(fc.constant(null), times),
    grantingBy(fc.constant(null), times),
    grantingBy(sharing, fc.constant('same')),
    grantingBy(sharing, fc.oneof(times, fc.constant('same' as const))),
    fc.tuple(publisher, fc.integer({ min: 1, max: 4 }), fc.boolean()).map((args) => publish(...args)),
    fc.tuple(somegrant, fc.constantFrom('revoke', 'revoke', 'recall'), fc.boolean()).map((args) => revoke(...args)),
    viewing.map((args) => view(...args)),
    viewing.map((args) => view(...args)),
    readers.map(seat),
    readers.map(lose),
    fc.constant(refresh()),
    // Nothing about the team happens after it was closed.
    fc.nat(5).map((n) => (n === 0 ? close() : seat(n % 3))),
    fc.constant(compare()),
  ],
  { maxCommands: 60, size: 'max' },
)

/** Readers 0 and 1 sit in the team; it and reader 2 may do everything with section 1. */
async function begin(): Promise<{ model: Model; real: Real }> {
  const teams = await Teams.founded()
  const { world } = teams
  const [founder, keeper] = [await world.member('founder'), await world.member('keeper')]
  const members = [await world.member('a'), await world.member('b'), await world.member('c')]
  const team = await teams.team(keeper, members.slice(0, 2))
  const record = await world.record(founder, [1, 2])
  const ledger = world.ledger()
  await ledger.take(world.log.proven())
  const shares = new Shares(world, record)
  const real = { world, teams, shares, founder, keeper, readers: members, team, record, hashes: new Map(), ledger }
  const made = { model: newModel(world.now, [0, 1]), real }
  // Something to share on from the first command on.
  const common = { by: null, write: true, share: true, times: { after: 0, minutes: null } }
  await grantTo({ ...common, to: TEAM, sections: [1] }).run(made.model, real)
  await grantTo({ ...common, to: 2, sections: [1, 2] }).run(made.model, real)
  return made
}

it('agree', { timeout: 600_000 }, async () => {
  const ran = new Map<string, number>()
  const count = (what: string, more = 1): void => void ran.set(what, (ran.get(what) ?? 0) + more)
  await fc.assert(
    fc.asyncProperty(commands, async (list) => {
      const made = await begin()
      await fc.asyncModelRun(() => made, list)
      await compare().run(made.model, made.real)
      for (const { entry } of made.real.ledger.entries(made.real.record)) count(entry.type)
      count('opened', made.model.opened.size)
      count('opened by the team', made.model.opened.has(TEAM) ? 1 : 0)
      count('shared on', made.model.grants.filter(({ from }) => from !== null).length)
      count('shared on from the team', made.model.grants.filter(({ from }) => from?.to === TEAM).length)
    }),
    { numRuns: effort(20, 1000) },
  )
  // Sequences that reach nothing would agree too.
  for (const reached of ['create', 'publish', 'grant', 'revoke', 'opened', 'shared on'])
    expect(ran.get(reached), reached).toBeGreaterThan(2)
  for (const reached of ['opened by the team', 'shared on from the team'])
    expect(ran.get(reached), reached).toBeGreaterThan(0)
})
