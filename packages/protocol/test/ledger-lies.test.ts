// The ledger against a relay that lies: forks, entries that rest on superseded states, log time. Spec: docs/spec/rules.md, "Verifying".
import { beforeAll, describe, expect, it } from 'vitest'
import { equal, hex } from '../src/bytes.js'
import { ready } from '../src/ed25519.js'
import { is } from '../src/entry.js'
import { DAY, idOf, type LogEntry } from './actors.js'
import { force, refuses, scene } from './ledger-scene.js'
import { codeOfAsync } from './support.js'

beforeAll(ready)

describe('forks', () => {
  it('another entry at a known place', async () => {
    const { world, chan, record } = await scene()
    const ledger = world.ledger()
    await ledger.take(world.log.proven())
    const before = world.rest(record)
    const [one, two] = [await world.publish(record, chan, [1]), await world.publish(record, chan, [1])]
    expect(hex(one.link)).not.toBe(hex(two.link))
    await world.place(one)
    await ledger.take(world.log.proven(undefined, { seen: ledger.tree?.size as number }))
    world.heads.set(hex(record), before)
    force(world, two)
    const seen = ledger.tree?.size as number
    await refuses(ledger, world.log.proven(undefined, { seen }), 'FORK', world)
    // Both to somebody who has neither.
    await refuses(world.ledger(), world.log.proven(), 'FORK', world)
  })

  it('the same entry at another place', async () => {
    const { world, record } = await scene()
    const last = world.log.entries.at(-1) as LogEntry
    force(world, last.entry)
    await refuses(world.ledger(), world.log.proven(), 'FORK', world)
    expect(equal(last.entry.chain, record)).toBe(true)
  })

  it('a link to another entry than the one before', async () => {
    const { world, chan, record } = await scene()
    force(world, await world.publish(record, chan, [1], { previous: idOf('other') }))
    await refuses(world.ledger(), world.log.proven(), 'CHAIN', world)
  })

  it('a successor that stands before its predecessor', async () => {
    const { world, chan, record } = await scene()
    const first = await world.publish(record, chan, [1])
    world.advance(first)
    const second = await world.publish(record, chan, [1], { body: { version: 3 } })
    world.log.append(
      [
        { entry: second, access: null },
        { entry: first, access: null },
      ],
      world.now,
    )
    await refuses(world.ledger(), world.log.proven(), 'LOG_MISSING', world)
    const ledger = world.ledger()
    const size = world.log.seals.at(-2)?.size as number
    await ledger.take(world.log.proven(undefined, { size }))
    await ledger.take(world.log.proven(({ entry }) => entry === first, { seen: size }))
    const seen = ledger.tree?.size as number
    await refuses(
      ledger,
      world.log.proven(({ entry }) => entry === second, { seen }),
      'CHAIN',
      world,
    )
  })

  it('a state that its chain does not have', async () => {
    const { world, chan, record } = await scene()
    const rests = world.standing(chan).map((chain) => ({ ...world.rest(chain), link: idOf('link') }))
    force(world, await world.publish(record, chan, [1], { rests: rests as never }))
    await refuses(world.ledger(), world.log.proven(), 'CHAIN', world)
  })
})

describe('an entry that rests on a superseded state', () => {
  /** Lee’s credential is withdrawn; the relay places what she signed before all the same. */
  async function withdrawn() {
    const s = await scene()
    const { world, lee, record, grant } = s
    const before = world.log.size
    const view = await world.view(record, lee, grant)
    await world.place(await world.withdraw(lee.chain, lee.credential, world.institution.issuer))
    force(world, view)
    return { ...s, before, view }
  }
  const isWithdraw = ({ entry }: LogEntry) => is(entry, 'member', 'withdraw')
  const isView = ({ entry }: LogEntry) => is(entry, 'access', 'view')

  it('is refused when the successor is known', async () => {
    const { world, before } = await withdrawn()
    const ledger = world.ledger()
    await ledger.take(world.log.proven(undefined, { size: before }))
    await ledger.take(world.log.proven(isWithdraw, { seen: before }))
    await refuses(ledger, world.log.proven(isView, { seen: ledger.tree?.size as number }), 'STALE_AUTHORITY', world)
  })

  it('shows when the successor comes later', async () => {
    const { world, before } = await withdrawn()
    const ledger = world.ledger()
    await ledger.take(world.log.proven(undefined, { size: before }))
    await ledger.take(world.log.proven(isView, { seen: before }))
    await refuses(ledger, world.log.proven(isWithdraw, { seen: ledger.tree?.size as number }), 'STALE_AUTHORITY', world)
  })

  it('shows when both come together', async () => {
    const { world, before } = await withdrawn()
    const ledger = world.ledger()
    await ledger.take(world.log.proven(undefined, { size: before }))
    await refuses(ledger, world.log.proven(undefined, { seen: before }), 'STALE_AUTHORITY', world)
  })

  it('is no longer refused when the withdrawal came after', async () => {
    const { world, lee, record, grant } = await scene()
    await world.place(await world.view(record, lee, grant))
    await world.place(await world.withdraw(lee.chain, lee.credential, world.institution.issuer))
    expect(await codeOfAsync(() => world.ledger().take(world.log.proven()))).toBe('accepted')
  })

  it('of a later place than its own is refused too', async () => {
    const { world, chan, lee, record } = await scene()
    const withdraw = await world.withdraw(lee.chain, lee.credential, world.institution.issuer)
    world.advance(withdraw)
    const publish = await world.publish(record, chan, [1], { restsOn: [...world.standing(chan), lee.chain] })
    world.log.append(
      [
        { entry: publish, access: null },
        { entry: withdraw, access: null },
      ],
      world.now,
    )
    await refuses(world.ledger(), world.log.proven(), 'LOG_MISSING', world)
  })
})

describe('log time', () => {
  it('does not go back behind what was seen', async () => {
    const { world, chan, record } = await scene()
    const ledger = world.ledger()
    await ledger.take(world.log.proven())
    const entry = await world.publish(record, chan, [1], { time: world.now - DAY })
    world.advance(entry)
    world.log.append([{ entry, access: null }], world.now - DAY)
    await refuses(
      ledger,
      world.log.proven(({ entry: one }) => one === entry, { seen: ledger.tree?.size as number }),
      'TIME',
      world,
    )
    await refuses(world.ledger(), world.log.proven(), 'TIME', world)
  })

  it('is one for each place', async () => {
    const { world, chan, record } = await scene()
    const ledger = world.ledger()
    await ledger.take(world.log.proven())
    const entry = await world.publish(record, chan, [1])
    world.advance(entry)
    world.log.append([{ entry, access: null }], world.now, { first: world.log.size - 3 })
    await refuses(
      ledger,
      world.log.proven(({ entry: one }) => one === entry, { seen: ledger.tree?.size as number }),
      'LOG_INCONSISTENT',
      world,
    )
  })
})
