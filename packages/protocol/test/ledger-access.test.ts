// The ledger and access logs: entries that come alone, in any order, then whole; and recalls. Spec: docs/spec/rules.md, "Trails".
import { beforeAll, describe, expect, it } from 'vitest'
import { effort } from '../../../scripts/effort.mjs'
import { type ChainId, type EntryHash, equal, hex, type LinkHash } from '../src/bytes.js'
import { ready } from '../src/ed25519.js'
import { type AnyEntry, accessLogOf, is } from '../src/entry.js'
import { accessLink } from '../src/leaf.js'
import type { Ledger } from '../src/ledger.js'
import type { AccessPlace } from '../src/proven.js'
import { facts } from '../src/rules/facts.js'
import { checkTrail } from '../src/trail.js'
import { idOf, type LogEntry, type Member, World } from './actors.js'
import { codeOf, codeOfAsync } from './support.js'

beforeAll(ready)

interface Scene {
  readonly world: World
  readonly chan: Member
  readonly lee: Member
  readonly wong: Member
  readonly record: ChainId
  readonly log: ChainId
  readonly toLee: EntryHash
  readonly toWong: EntryHash
}

async function scene(): Promise<Scene> {
  const world = await World.founded()
  const [chan, lee, wong] = [await world.member('chan'), await world.member('lee'), await world.member('wong')]
  const record = await world.record(chan, [1])
  const granted = async (to: Member) => {
    const entry = await world.grant(record, chan, to)
    await world.place(entry)
    return entry.hash
  }
  const [toLee, toWong] = [await granted(lee), await granted(wong)]
  return { world, chan, lee, wong, record, log: accessLogOf(record), toLee, toWong }
}

const numbered =
  (...numbers: number[]) =>
  ({ access }: LogEntry) =>
    access !== null && numbers.includes(access.number)
const isAccess = ({ access }: LogEntry) => access !== null

/** Takes what `wanted` picks, as a client does that knows the ledger’s tree. */
const take = (ledger: Ledger, world: World, wanted: (one: LogEntry) => boolean) =>
  codeOfAsync(() => ledger.take(world.log.proven(wanted, { seen: ledger.tree?.size ?? 0 })))

/** A ledger that has the record and whom it concerns, and nothing of its access log. */
async function opened(s: Scene): Promise<Ledger> {
  const ledger = s.world.ledger()
  expect(await take(ledger, s.world, (one) => !isAccess(one))).toBe('accepted')
  return ledger
}

/** Five views: Lee, Wong, Lee, Lee, Wong. */
async function viewed(): Promise<Scene> {
  const s = await scene()
  for (const [who, grant] of [
    [s.lee, s.toLee],
    [s.wong, s.toWong],
    [s.lee, s.toLee],
    [s.lee, s.toLee],
    [s.wong, s.toWong],
  ] as const)
    await s.world.place(await s.world.view(s.record, who, grant))
  return s
}

/** Places an access entry where the relay says it stands, whatever was there. */
const forge = (world: World, entry: AnyEntry, access: AccessPlace) => world.log.append([{ entry, access }], world.now)

describe('single entries, then the whole log', () => {
  const orders = [
    [1, 2, 3, 4, 5],
    [5, 4, 3, 2, 1],
    [3, 1, 5, 2, 4],
    [2, 4, 1, 5, 3],
  ]
  it.each(orders)('in the order %i %i %i %i %i', async (...order) => {
    const s = await viewed()
    const ledger = await opened(s)
    for (const number of order) expect(await take(ledger, s.world, numbered(number))).toBe('accepted')
    expect(ledger.entries(s.log).map(({ access }) => access?.number)).toEqual([1, 2, 3, 4, 5])
    expect(ledger.head(s.log)).toEqual(s.world.accessHead(s.record))
    expect(codeOf(() => checkTrail(ledger, s.record))).toBe('accepted')
    const first = ledger.entries(s.log).map(({ index }) => index)
    expect(ledger.factsBefore(ledger.entries(s.record)[0]?.entry as AnyEntry)).toBeDefined()
    expect(s.world.fact(s.log, facts.viewed(s.lee.chain))).toEqual({ index: first[0] })
    expect(s.world.fact(s.log, facts.viewed(s.wong.chain))).toEqual({ index: first[1] })
    expect(await take(ledger, s.world, isAccess)).toBe('accepted')
    expect(ledger.entries(s.log)).toHaveLength(5)
  })

  it('a log with a gap is no trail', async () => {
    const s = await viewed()
    for (const missing of [1, 3]) {
      const ledger = await opened(s)
      await take(ledger, s.world, (one) => isAccess(one) && !numbered(missing)(one))
      expect(codeOf(() => checkTrail(ledger, s.record))).toBe('LOG_MISSING')
      expect(await take(ledger, s.world, numbered(missing))).toBe('accepted')
      expect(codeOf(() => checkTrail(ledger, s.record))).toBe('accepted')
    }
    const none = await opened(s)
    expect(codeOf(() => checkTrail(none, s.record))).toBe('accepted')
  })

  it('a log that ends before what was seen is a rollback', async () => {
    const s = await viewed()
    const before = await opened(s)
    await take(before, s.world, numbered(5))
    const ledger = s.world.ledger(before.pins())
    await take(ledger, s.world, (one) => !numbered(5)(one))
    expect(codeOf(() => checkTrail(ledger, s.record))).toBe('ROLLBACK')
    await take(ledger, s.world, numbered(5))
    expect(codeOf(() => checkTrail(ledger, s.record))).toBe('accepted')
  })
})

describe('an access log that is not one', () => {
  it('differs behind a single entry that was shown', async () => {
    const s = await viewed()
    const { world, lee, record, toLee, log } = s
    const ledger = await opened(s)
    // Lee is shown her own view after a link that nobody else will see.
    const over = { sequence: 0, previous: log as Uint8Array as LinkHash, time: world.now + 1 }
    const view = await world.view(record, lee, toLee, over)
    const previous = idOf<LinkHash>('hidden')
    forge(world, view, { number: 6, previous })
    expect(await take(ledger, world, ({ entry }) => entry === view)).toBe('accepted')
    expect(await take(ledger, world, numbered(1, 2, 3, 4))).toBe('accepted')
    expect(await take(ledger, world, numbered(5))).toBe('CHAIN')
    const other = await opened(s)
    expect(await take(other, world, numbered(1, 2, 3, 4, 5, 6))).toBe('CHAIN')
    const third = await opened(s)
    expect(await take(third, world, (one) => numbered(1, 2, 3, 4, 5)(one) && one.entry !== view)).toBe('accepted')
    expect(await take(third, world, ({ entry }) => entry === view)).toBe('CHAIN')
  })

  it('has a link that an entry named otherwise', async () => {
    const s = await viewed()
    const { world, lee, record, toLee } = s
    const head = world.accessHead(record)
    const view = await world.view(record, lee, toLee, { sequence: 3, previous: idOf('not the third') })
    forge(world, view, { number: 6, previous: head.link })
    const alone = await opened(s)
    expect(await take(alone, world, ({ entry }) => entry === view)).toBe('accepted')
    expect(await take(alone, world, numbered(3))).toBe('CHAIN')
    const after = await opened(s)
    expect(await take(after, world, numbered(3))).toBe('accepted')
    expect(await take(after, world, ({ entry }) => entry === view)).toBe('CHAIN')
    const first = await world.view(record, lee, toLee, { sequence: 0, previous: idOf('not the log') })
    forge(world, first, { number: 6, previous: head.link })
    expect(await take(await opened(s), world, ({ entry }) => entry === first)).toBe('CHAIN')
  })

  it('has an entry before the one that it names', async () => {
    const s = await viewed()
    const { world, lee, record, toLee } = s
    const head = world.accessHead(record)
    for (const sequence of [6, 7]) {
      const view = await world.view(record, lee, toLee, { sequence, previous: head.link })
      forge(world, view, { number: 6, previous: head.link })
      expect(await take(await opened(s), world, ({ entry }) => entry === view)).toBe('SEQ')
    }
  })

  it('has an entry twice', async () => {
    const s = await viewed()
    const { world, record } = s
    const head = world.accessHead(record)
    const entry = world.log.entries.find(numbered(2))?.entry as AnyEntry
    forge(world, entry, { number: 6, previous: head.link })
    const ledger = await opened(s)
    expect(await take(ledger, world, isAccess)).toBe('FORK')
    expect(await take(ledger, world, numbered(6))).toBe('accepted')
    expect(await take(ledger, world, numbered(2))).toBe('FORK')
  })

  it('has two entries at one number', async () => {
    const s = await viewed()
    const { world, lee, record, toLee } = s
    const fourth = world.log.entries.find(numbered(4)) as LogEntry
    const view = await world.view(record, lee, toLee, {
      sequence: 1,
      previous: (world.log.entries.find(numbered(2)) as LogEntry).access?.previous as LinkHash,
    })
    forge(world, view, fourth.access as AccessPlace)
    const ledger = await opened(s)
    expect(await take(ledger, world, (one) => one.entry === fourth.entry)).toBe('accepted')
    expect(await take(ledger, world, ({ entry }) => entry === view)).toBe('FORK')
  })

  it('has numbers in another order than the log', async () => {
    const s = await scene()
    const { world, lee, wong, record, log, toLee, toWong } = s
    const start = log as Uint8Array as LinkHash
    const one = await world.view(record, lee, toLee)
    const two = await world.view(record, wong, toWong)
    const link = accessLink(start, 1, one.hash)
    forge(world, two, { number: 2, previous: link })
    forge(world, one, { number: 1, previous: start })
    for (const order of [
      [one, two],
      [two, one],
    ]) {
      const ledger = await opened(s)
      expect(await take(ledger, world, ({ entry }) => entry === order[0])).toBe('accepted')
      expect(await take(ledger, world, ({ entry }) => entry === order[1])).toBe('CHAIN')
    }
  })

  it('differs from what an earlier process saw', async () => {
    const s = await viewed()
    const { world, lee, record, toLee } = s
    const ledger = await opened(s)
    await take(ledger, world, numbered(5))
    const chains = ledger.pins().chains
    const head = world.accessHead(record)
    const over = { sequence: 0, previous: s.log as Uint8Array as LinkHash }
    const [same, before, after] = [
      await world.view(record, lee, toLee, over),
      await world.view(record, lee, toLee, { ...over, time: world.now + 1 }),
      await world.view(record, lee, toLee, { sequence: 5, previous: idOf('fifth') }),
    ]
    forge(world, same, { number: 5, previous: idOf('fourth') })
    forge(world, before, { number: 6, previous: idOf('fifth') })
    forge(world, after, { number: 7, previous: idOf('sixth') })
    for (const entry of [same, before, after]) {
      const again = world.ledger({ tree: null, chains })
      await take(again, world, (one) => !isAccess(one))
      expect(await take(again, world, (one) => one.entry === entry)).toBe('FORK')
    }
    expect(head.sequence).toBe(5)
  })
})

describe('recalls', () => {
  const recall = (s: Scene, grant: EntryHash, over: object = {}) =>
    s.world.revoke(s.record, s.chan, [grant], { ...over, body: { mode: 'recall' } })
  const placeAnyway = (world: World, entry: AnyEntry) =>
    world.log.append([{ entry, access: world.advance(entry) }], world.now)
  const trailOf = async (s: Scene) => {
    const ledger = await opened(s)
    expect(await take(ledger, s.world, isAccess)).toBe('accepted')
    return codeOf(() => checkTrail(ledger, s.record))
  }

  it('before the recipient looked', async () => {
    const s = await scene()
    await s.world.place(await s.world.view(s.record, s.wong, s.toWong))
    await s.world.place(await recall(s, s.toLee))
    expect(await trailOf(s)).toBe('accepted')
  })

  it('before anybody looked', async () => {
    const s = await scene()
    await s.world.place(await recall(s, s.toLee))
    await s.world.place(await s.world.view(s.record, s.wong, s.toWong))
    expect(await trailOf(s)).toBe('accepted')
  })

  it('after she looked, which opening does not see and the trail does', async () => {
    const s = await scene()
    await s.world.place(await s.world.view(s.record, s.lee, s.toLee))
    placeAnyway(s.world, await recall(s, s.toLee))
    expect(await trailOf(s)).toBe('ALREADY_OPENED')
    const whole = s.world.ledger()
    expect(await take(whole, s.world, () => true)).toBe('accepted')
    expect(codeOf(() => checkTrail(whole, s.record))).toBe('ALREADY_OPENED')
  })

  it('on a state before she looked, that was superseded', async () => {
    const s = await scene()
    const entry = await recall(s, s.toLee)
    await s.world.place(await s.world.view(s.record, s.lee, s.toLee))
    placeAnyway(s.world, entry)
    expect(await trailOf(s)).toBe('STALE_AUTHORITY')
  })

  it('on a state of the log that there never was', async () => {
    const s = await scene()
    await s.world.place(await s.world.view(s.record, s.wong, s.toWong))
    const standing = s.world.standing(s.chan).map((chain) => s.world.rest(chain))
    const head = s.world.accessHead(s.record)
    for (const rest of [
      { ...head, link: idOf('link') },
      { ...head, sequence: 2 },
      { ...head, sequence: 0 },
    ]) {
      const before = s.world.rest(s.record)
      const { log } = s.world
      s.world.log = log.copy()
      placeAnyway(s.world, await recall(s, s.toLee, { rests: [...standing, rest] }))
      expect(await trailOf(s)).toBe('CHAIN')
      s.world.log = log
      s.world.heads.set(hex(s.record), before)
    }
  })

  it('gets one verdict, whatever is known of the log, and the trail another', async () => {
    const s = await viewed()
    const entry = await recall({ ...s }, s.toLee)
    expect(entry.restsOn.at(-1)?.sequence).toBe(5)
    await s.world.place(await s.world.view(s.record, s.wong, s.toWong))
    placeAnyway(s.world, entry)
    const isRecall = (one: LogEntry) => is(one.entry, 'record', 'revoke')
    const ledger = s.world.ledger()
    await take(ledger, s.world, (one) => !isAccess(one) && !isRecall(one))
    await take(ledger, s.world, numbered(1, 2, 3, 4, 5, 6))
    expect(await take(ledger, s.world, isRecall)).toBe('accepted')
    expect(codeOf(() => checkTrail(ledger, s.record))).toBe('STALE_AUTHORITY')
    const other = s.world.ledger()
    await take(other, s.world, (one) => !isAccess(one) && !isRecall(one))
    await take(other, s.world, numbered(5))
    expect(await take(other, s.world, isRecall)).toBe('accepted')
    expect(await take(other, s.world, numbered(6))).toBe('accepted')
    expect(codeOf(() => checkTrail(other, s.record))).toBe('LOG_MISSING')
  })
})

it('thousands of accesses are taken, and their order counts', { timeout: 120_000 }, async () => {
  const count = effort(2_000, 10_000)
  const world = await World.founded()
  const chan = await world.member('chan')
  const lee = await world.member('lee', { fast: true })
  const record = await world.record(chan, [1])
  const grant = await world.grant(record, chan, lee)
  await world.place(grant)
  for (let made = 0; made < count; ) {
    const batch: LogEntry[] = []
    for (; batch.length < 250; made++) {
      const entry = await world.view(record, lee, grant.hash)
      batch.push({ entry, access: world.advance(entry) })
    }
    world.log.append(batch, world.now)
  }
  const ledger = world.ledger()
  await ledger.take(world.log.proven())
  expect(ledger.entries(accessLogOf(record))).toHaveLength(count)
  expect(ledger.head(accessLogOf(record))?.sequence).toBe(count)
  expect(ledger.factsUnder(accessLogOf(record), '')).toHaveLength(1)
  expect(codeOf(() => checkTrail(ledger, record))).toBe('accepted')
  expect(equal(ledger.head(record)?.link as Uint8Array, world.rest(record).link)).toBe(true)
})
