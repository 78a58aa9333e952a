// The ledger: what one verifier takes, refuses, remembers and compares. Spec: docs/spec/rules.md, "Verifying".
import { beforeAll, describe, expect, it } from 'vitest'
import { equal, hex } from '../src/bytes.js'
import { ready } from '../src/ed25519.js'
import { type AnyEntry, accessLogOf, is, type Statement, signEntry } from '../src/entry.js'
import { Ledger } from '../src/ledger.js'
import type { Proven } from '../src/proven.js'
import { facts, GRANTS } from '../src/rules/facts.js'
import { checkTrail } from '../src/trail.js'
import { idOf, type LogEntry, TestLog, type World } from './actors.js'
import { force, refuses, scene, snapshot } from './ledger-scene.js'
import { codeOf, codeOfAsync } from './support.js'

beforeAll(ready)

describe('a whole log', () => {
  it('is taken, and says what the relay’s state says', async () => {
    const { world, chan, lee, record, grant } = await scene()
    await world.place(await world.view(record, lee, grant))
    const ledger = world.ledger()
    const placed = await ledger.take(world.log.proven())
    expect(placed).toHaveLength(world.log.entries.length)
    expect(ledger.tree).toEqual(world.log.head())
    for (const chain of [record, chan.chain, lee.chain, world.network.chain, world.institution.chain]) {
      expect(ledger.head(chain)).toEqual(world.rest(chain))
      expect(ledger.factsUnder(chain, '')).toEqual(await world.facts.under(chain, ''))
    }
    expect(ledger.fact(record, facts.grant(grant))?.recipient).toEqual(lee.chain)
    expect(ledger.factsUnder(record, GRANTS)).toHaveLength(1)
    expect(ledger.head(idOf('nothing'))).toBe(null)
    expect(ledger.fact(record, facts.name)).toBe(null)
    expect(ledger.entries(idOf('nothing'))).toEqual([])
    expect(ledger.known().map(({ chain }) => hex(chain))).not.toContain(hex(accessLogOf(record)))
    expect(ledger.pins().chains.map(({ chain }) => hex(chain))).toContain(hex(accessLogOf(record)))
  })

  it('is taken in any parts that hold what they rest on, again and in one process only once', async () => {
    const { world, record } = await scene()
    const ledger = world.ledger()
    for (let size = 2; size <= world.log.size; size++) {
      if (!world.log.seals.some((seal) => seal.size === size)) continue
      const seen = ledger.tree?.size ?? 0
      await ledger.take(world.log.proven(undefined, { size, seen }))
    }
    const whole = world.ledger()
    await whole.take(world.log.proven())
    expect(snapshot(ledger, world)).toEqual(snapshot(whole, world))
    await whole.take(world.log.proven(undefined, { seen: world.log.size }))
    expect(snapshot(whole, world)).toEqual(snapshot(ledger, world))
    const part = world.ledger()
    await part.take(world.proven([record]))
    expect(part.head(record)).toEqual(world.rest(record))
  })

  it('waits for the answer before', async () => {
    const { world } = await scene()
    const ledger = world.ledger()
    await Promise.all([
      ledger.take(world.log.proven()),
      ledger.take(world.log.proven()),
      ledger.take(world.log.proven()),
    ])
    const bad = ledger.take({ ...world.log.proven(), nodes: [idOf('node')] })
    const good = ledger.take(world.log.proven(undefined, { seen: world.log.size }))
    expect(await codeOfAsync(() => bad)).toBe('LOG_PROOF')
    expect(await codeOfAsync(() => good)).toBe('accepted')
    expect(ledger.head(world.network.chain)).toEqual(world.rest(world.network.chain))
  })
})

describe('all or nothing', () => {
  const without = (world: World, missing: (one: LogEntry) => boolean): Proven =>
    world.log.proven((one) => !missing(one))

  it('a chain with a gap, or without what it rests on', async () => {
    const { world, chan, lee, record } = await scene()
    const ledger = world.ledger()
    await refuses(
      ledger,
      without(world, ({ entry }) => equal(entry.chain, chan.chain)),
      'LOG_MISSING',
      world,
    )
    await refuses(
      ledger,
      without(world, ({ entry }) => equal(entry.chain, lee.chain)),
      'LOG_MISSING',
      world,
    )
    await refuses(
      ledger,
      without(world, ({ entry }) => equal(entry.chain, world.network.chain)),
      'LOG_MISSING',
      world,
    )
    await refuses(
      ledger,
      without(world, ({ entry }) => is(entry, 'record', 'create')),
      'LOG_MISSING',
      world,
    )
    await refuses(
      ledger,
      without(world, ({ entry }) => is(entry, 'member', 'accept')),
      'LOG_MISSING',
      world,
    )
    await ledger.take(world.log.proven(undefined, { size: world.log.seals[2]?.size as number }))
    const seen = ledger.tree?.size as number
    const rest = world.log.proven(({ entry }) => equal(entry.chain, record), { seen })
    await refuses(ledger, rest, 'LOG_MISSING', world)
  })

  it('an entry that a rule refuses, after many that it does not', async () => {
    const { world, lee, record, grant } = await scene()
    const ledger = world.ledger()
    await ledger.take(world.log.proven())
    await world.place(await world.view(record, lee, grant))
    force(world, await world.publish(record, lee, [1]))
    await refuses(ledger, world.log.proven(undefined, { seen: ledger.tree?.size as number }), 'ROLE', world)
    await refuses(world.ledger(), world.log.proven(), 'ROLE', world)
  })

  it('an entry that somebody else signed', async () => {
    const { world, chan, lee, record } = await scene()
    const ledger = world.ledger()
    await ledger.take(world.log.proven())
    const device = { ...chan.device, sign: lee.device.sign }
    force(world, await world.publish(record, { ...chan, device }, [1]))
    await refuses(ledger, world.log.proven(undefined, { seen: ledger.tree?.size as number }), 'SIG', world)
  })

  it('an entry for another network', async () => {
    const { world, chan, record } = await scene()
    const { bytes: _b, hash: _h, link: _l, signer, ...statement } = await world.publish(record, chan, [1])
    const foreign = await signEntry(
      statement as Statement,
      { ...signer, sign: chan.device.sign },
      idOf('other network'),
    )
    force(world, foreign)
    await refuses(world.ledger(), world.log.proven(), 'SIG', world)
  })

  it('a log that another key signed, or another network’s founding', async () => {
    const { world } = await scene()
    const pin = world.pin
    const otherKey = new Ledger({ ...pin, log: new TestLog('other.example').signer.key })
    await refuses(otherKey, world.log.proven(), 'CHECKPOINT', world)
    await refuses(new Ledger({ ...pin, founding: idOf('founding') }), world.log.proven(), 'FORK', world)
    await refuses(new Ledger({ ...pin, chain: idOf('network') }), world.log.proven(), 'BINDING', world)
  })
})

describe('pins', () => {
  it('survive a restart, and less than they say is a rollback', async () => {
    const { world, record, chan } = await scene()
    const early = world.log.size
    await world.place(await world.publish(record, chan, [1]))
    const ledger = world.ledger()
    await ledger.take(world.log.proven())
    const pins = ledger.pins()
    const again = world.ledger(pins)
    expect(again.pins()).toEqual(pins)
    expect(again.tree).toEqual(world.log.head())
    expect(codeOf(() => again.requirePinned(record))).toBe('ROLLBACK')
    expect(codeOf(() => again.requirePinned(idOf('unknown')))).toBe('accepted')
    await refuses(again, world.log.proven(undefined, { size: early }), 'ROLLBACK', world)
    // A whole tree, but an old end of the chain.
    const older = world.log.proven(({ index }) => index < early, { seen: world.log.size })
    await again.take(older)
    expect(codeOf(() => again.requirePinned(record))).toBe('ROLLBACK')
    expect(again.pins()).toEqual(pins)
    await again.take(world.log.proven(undefined, { seen: world.log.size }))
    expect(codeOf(() => again.requirePinned(record))).toBe('accepted')
    expect(again.pins()).toEqual(pins)
  })

  it('do not let a chain differ from what was seen', async () => {
    const { world, chan, record } = await scene()
    const early = world.log.copy()
    const before = world.rest(record)
    await world.place(await world.publish(record, chan, [1]))
    const ledger = world.ledger()
    await ledger.take(world.log.proven())
    // The same chain, otherwise, in a log that only a new process is shown.
    world.log = early
    world.heads.set(hex(record), before)
    force(world, await world.publish(record, chan, [1], { body: { version: 2 } }))
    const { chains } = ledger.pins()
    await refuses(world.ledger({ tree: null, chains }), world.log.proven(), 'FORK', world)
    await refuses(world.ledger(ledger.pins()), world.log.proven(), 'FORK', world)
  })

  it('do not let the log differ from what was seen', async () => {
    const { world, chan, record } = await scene()
    const early = world.log.copy()
    await world.place(await world.publish(record, chan, [1]))
    const ledger = world.ledger()
    await ledger.take(world.log.proven())
    world.log = early
    for (let i = 0; i < 3; i++) world.log.append([world.log.entries[i] as LogEntry], world.now)
    const grown = world.log.proven(() => false, { seen: ledger.tree?.size as number })
    await refuses(ledger, grown, 'LOG_INCONSISTENT', world)
  })
})

it('the facts that an entry was judged by are those before it', async () => {
  const { world, chan, lee, record, grant } = await scene()
  await world.place(await world.revoke(record, chan, [grant]))
  const again = await world.grant(record, chan, lee)
  await world.place(again)
  const ledger = world.ledger()
  await ledger.take(world.log.proven())
  const entries = ledger.entries(record).map(({ entry }) => entry)
  const live = entries.map((entry) => (ledger.factsBefore(entry).under(record, GRANTS) as readonly unknown[]).length)
  expect(live).toEqual([0, 0, 1, 1])
  const before = ledger.factsBefore(entries[2] as AnyEntry)
  expect(before.get(record, facts.grant(grant).key)).not.toEqual(
    ledger.factsBefore(entries[3] as AnyEntry).get(record, facts.grant(grant).key),
  )
  expect(ledger.fact(record, facts.grant(grant))?.ended).toBeGreaterThan(0)
  expect(codeOf(() => checkTrail(ledger, record))).toBe('accepted')
})
