// Rules of a record: create and publish, epochs and contents. Spec: docs/spec/rules.md, "Record", "Sections".
import { beforeAll, describe, expect, it } from 'vitest'
import type { ChainId, EntryHash } from '../src/bytes.js'
import { ready } from '../src/ed25519.js'
import { limits } from '../src/limits.js'
import { facts } from '../src/rules/facts.js'
import { backTo, DAY, type Institution, idOf, type Member, MINUTE, World } from './actors.js'
import { verdicts } from './expect-verdict.js'

beforeAll(ready)

interface Scene {
  readonly world: World
  readonly other: Institution
  readonly chan: Member
  readonly lee: Member
  readonly record: ChainId
  /** Lee may view and write section 1. */
  readonly writing: EntryHash
  /** Lee may view section 1. */
  readonly viewing: EntryHash
}

async function scene(): Promise<Scene> {
  const world = await World.founded()
  const other = await world.addInstitution('Hospital')
  const chan = await world.member('chan')
  const lee = await world.member('lee')
  const record = await world.record(chan, [1, 2])
  const writing = await world.grant(record, chan, lee, { body: { actions: 9 } })
  await world.place(writing)
  const viewing = await world.grant(record, chan, lee)
  await world.place(viewing)
  return { world, other, chan, lee, record, writing: writing.hash, viewing: viewing.hash }
}

const all = Array.from({ length: limits.sections }, (_, i) => i + 1)

describe('create', () => {
  const create = (s: Scene, over: object = {}, sections: readonly number[] = [1]) =>
    s.world.create(s.chan, sections, over)
  const two = (s: Scene) => [s.world.start(0, 0), s.world.start(1, 0)]
  const contents = (s: Scene, ...counts: number[]) => [
    s.world.content(0, 0),
    ...counts.map((count, i) => s.world.content(i + 1, 0, count)),
  ]
  verdicts(scene, [
    ['with a section', 'accepted', (s) => create(s)],
    ['with a card only', 'accepted', (s) => create(s, {}, [])],
    ['with 256 sections', 'accepted', (s) => create(s, {}, all)],
    ['by another member than it names', 'BINDING', (s) => create(s, { by: s.lee, restsOn: s.world.standing(s.lee) })],
    ['under another nonce than its id', 'BINDING', (s) => create(s, { body: { nonce: idOf('other') } })],
    ['for another founder than its id', 'BINDING', (s) => create(s, { body: { founder: s.lee.chain } })],
    [
      'without a card',
      'RULE',
      (s) => create(s, { body: { epochs: [s.world.start(1, 0)], contents: [s.world.content(1, 0)] } }),
    ],
    ['without contents for a section', 'RULE', (s) => create(s, { body: { contents: contents(s) } })],
    [
      'with contents for a section that it does not start',
      'STALE_EPOCH',
      (s) => create(s, { body: { contents: [s.world.content(0, 0), s.world.content(2, 0)] } }),
    ],
    [
      'with a later first epoch',
      'SEQ',
      (s) => create(s, { body: { epochs: [s.world.start(0, 0), s.world.start(1, 1)] } }),
    ],
    ['with a later first trail epoch', 'SEQ', (s) => create(s, { body: { trail: s.world.trailStart(1) } })],
    [
      'with a key before the first',
      'RULE',
      (s) => create(s, { body: { epochs: [s.world.start(0, 0), { ...s.world.start(1, 0), back: backTo(0) }] } }),
    ],
    [
      'with a trail secret before the first',
      'RULE',
      (s) => create(s, { body: { trail: { ...s.world.trailStart(0), back: backTo(0) } } }),
    ],
    ['with epochs out of order', 'RULE', (s) => create(s, { body: { epochs: two(s).reverse() } })],
    ['with an epoch twice', 'RULE', (s) => create(s, { body: { epochs: [...two(s), s.world.start(1, 0)] } })],
    ['with contents out of order', 'RULE', (s) => create(s, { body: { contents: contents(s, 1).reverse() } })],
    [
      'with an end of a grant that cannot exist',
      'RULE',
      (s) => create(s, { body: { epochs: [s.world.start(0, 0), s.world.start(1, 0, s.world.now + DAY)] } }),
    ],
    [
      'with contents under an epoch that is not',
      'STALE_EPOCH',
      (s) => create(s, { body: { contents: [s.world.content(0, 0), s.world.content(1, 1)] } }),
    ],
    ['with 10,000 files in a section', 'accepted', (s) => create(s, { body: { contents: contents(s, limits.files) } })],
    ['with a file more', 'LIMIT', (s) => create(s, { body: { contents: contents(s, limits.files + 1) } })],
    ['with 10,000 files in two', 'accepted', (s) => create(s, { body: { contents: contents(s, 9000, 1000) } }, [1, 2])],
    ['with a file more in two', 'LIMIT', (s) => create(s, { body: { contents: contents(s, 9000, 1001) } }, [1, 2])],
    [
      'with a wrap list from a log that does not exist',
      'RULE',
      (s) => create(s, { body: { wraps: s.world.wraps({ asOf: s.world.log.size + 1 }) } }),
    ],
  ])

  const sized = (section: number, length: number) => async (s: Scene) => {
    const made = contents(s, 1).map((item) =>
      item.section === section ? { ...item, object: { ...item.object, length } } : item,
    )
    return create(s, { body: { contents: made } })
  }
  verdicts(scene, [
    ['a card of 4 KiB', 'accepted', sized(0, limits.card)],
    ['a card of a byte more', 'LIMIT', sized(0, limits.card + 1)],
    ['a manifest of 8 MiB', 'accepted', sized(1, limits.manifest)],
    ['a manifest of a byte more', 'LIMIT', sized(1, limits.manifest + 1)],
  ])
})

describe('publish', () => {
  const publish = (s: Scene, over: object = {}, sections: readonly number[] = [1]) =>
    s.world.publish(s.record, s.chan, sections, over)
  const write = (
    s: Scene,
    over: { body?: object; turning?: Readonly<Record<number, number | null>> } = {},
    sections: readonly number[] = [1],
  ) => s.world.publish(s.record, s.lee, sections, { ...over, body: { grant: s.writing, ...over.body } })
  verdicts(scene, [
    ['the founder, a section', 'accepted', (s) => publish(s)],
    ['two sections', 'accepted', (s) => publish(s, {}, [1, 2])],
    ['the card', 'accepted', (s) => publish(s, {}, [0])],
    ['a new section', 'accepted', (s) => publish(s, { turning: { 3: null } }, [3])],
    ['a new section with a number far off', 'accepted', (s) => publish(s, { turning: { 256: null } }, [256])],
    ['a new section without contents', 'RULE', (s) => publish(s, { turning: { 3: null } }, [1])],
    ['contents of a section that is not', 'RULE', (s) => publish(s, { body: { contents: [s.world.content(3, 0)] } })],
    ['nothing', 'RULE', (s) => publish(s, {}, [])],
    ['a new epoch of a section', 'accepted', (s) => publish(s, { turning: { 1: null } })],
    ['a new epoch of another section than it writes', 'accepted', (s) => publish(s, { turning: { 2: null } })],
    ['new epochs of card and trail', 'accepted', (s) => publish(s, { turning: { 0: null } })],
    ['the version before', 'SEQ', (s) => publish(s, { body: { version: 1 } })],
    ['the version after the next', 'SEQ', (s) => publish(s, { body: { version: 3 } })],
    ['an epoch too far', 'SEQ', (s) => publish(s, { body: { epochs: [s.world.start(1, 2)], wraps: s.world.wraps() } })],
    [
      'the same epoch again',
      'SEQ',
      (s) => publish(s, { body: { epochs: [s.world.start(1, 0)], wraps: s.world.wraps() } }),
    ],
    [
      'an epoch without the key before it',
      'RULE',
      (s) => publish(s, { turning: { 1: null }, body: { epochs: [{ ...s.world.start(1, 1), back: null }] } }),
    ],
    [
      'a trail epoch without the secret before it',
      'RULE',
      (s) => publish(s, { turning: { 0: null }, body: { trail: { ...s.world.trailStart(1), back: null } } }),
    ],
    [
      'a trail epoch too far',
      'SEQ',
      (s) => publish(s, { turning: { 0: null }, body: { trail: s.world.trailStart(2) } }),
    ],
    [
      'a new card epoch without the trail’s',
      'RULE',
      (s) => publish(s, { turning: { 0: null }, body: { trail: null } }),
    ],
    ['a new trail epoch without the card’s', 'RULE', (s) => publish(s, { body: { trail: s.world.trailStart(1) } })],
    [
      'a new card epoch without the card',
      'RULE',
      (s) => publish(s, { turning: { 0: null }, body: { contents: [s.world.content(1, 0)] } }),
    ],
    ['new epochs without wraps', 'RULE', (s) => publish(s, { turning: { 1: null }, body: { wraps: null } })],
    ['wraps without new epochs', 'RULE', (s) => publish(s, { body: { wraps: s.world.wraps() } })],
    [
      'contents under the epoch before',
      'STALE_EPOCH',
      (s) => publish(s, { turning: { 1: null }, body: { contents: [s.world.content(1, 0)] } }),
    ],
    [
      'contents under an epoch that is not',
      'STALE_EPOCH',
      (s) => publish(s, { body: { contents: [s.world.content(1, 1)] } }),
    ],
    [
      'contents out of order',
      'RULE',
      (s) => publish(s, { body: { contents: [s.world.content(2, 0), s.world.content(1, 0)] } }),
    ],
    [
      'a section twice',
      'RULE',
      (s) => publish(s, { body: { contents: [s.world.content(1, 0), s.world.content(1, 0)] } }),
    ],
    ['as founder by naming a grant', 'NOT_GRANTED', (s) => publish(s, { body: { grant: s.writing } })],
    [
      'under a credential of somebody else',
      'CRED_BINDING',
      (s) => publish(s, { body: { credential: s.lee.credential } }),
    ],
    // writers
    ['a writer', 'accepted', (s) => write(s)],
    ['a writer without naming the grant', 'ROLE', (s) => s.world.publish(s.record, s.lee, [1])],
    ['a reader', 'NOT_GRANTED', (s) => write(s, { body: { grant: s.viewing } })],
    ['under a grant that is not', 'NOT_GRANTED', (s) => write(s, { body: { grant: idOf('no grant') } })],
    ['a writer, another section', 'NOT_GRANTED', (s) => write(s, {}, [2])],
    ['a writer, also another section', 'NOT_GRANTED', (s) => write(s, {}, [1, 2])],
    ['a writer turns the key of another section', 'NOT_GRANTED', (s) => write(s, { turning: { 2: null } })],
    [
      'a writer turns the keys of her section and the card',
      'accepted',
      (s) => write(s, { turning: { 0: null, 1: null } }),
    ],
    ['a writer seals the card again', 'accepted', (s) => write(s, {}, [0, 1])],
    ['a writer adds a section', 'NOT_GRANTED', (s) => write(s, { turning: { 3: null } }, [3])],
    [
      'a writer under somebody else’s grant',
      'NOT_GRANTED',
      (s) => s.world.publish(s.record, s.chan, [1], { body: { grant: s.writing } }),
    ],
  ])

  it('a writer whose capacity is another', async () => {
    const s = await scene()
    const elsewhere = await s.world.renewed(s.lee, s.other.issuer)
    const entry = await s.world.publish(s.record, elsewhere, [1], { body: { grant: s.writing } })
    expect(await s.world.code(entry)).toBe('NOT_GRANTED')
  })

  it('a writer may not add a section that her grant could name', async () => {
    const { world, chan, lee, record, writing } = await scene()
    const grant = world.fact(record, facts.grant(writing))
    world.setFact(record, facts.grant(writing), { ...(grant as NonNullable<typeof grant>), sections: [1, 3] })
    const entry = await world.publish(record, lee, [3], { turning: { 3: null }, body: { grant: writing } })
    expect(await world.code(entry)).toBe('RULE')
    expect(await world.code(await world.publish(record, chan, [3], { turning: { 3: null } }))).toBe('accepted')
  })

  it('counts files of the newest contents only, over all sections', async () => {
    const { world, chan, record } = await scene()
    const publish = (section: number, count: number) =>
      world.publish(record, chan, [], { body: { contents: [world.content(section, 0, count)] } })
    // Sections 1 and 2 begin with a file each.
    expect(await world.code(await publish(1, limits.files - 1))).toBe('accepted')
    expect(await world.code(await publish(1, limits.files))).toBe('LIMIT')
    await world.place(await publish(1, limits.files - 1))
    expect(await world.code(await publish(2, 2))).toBe('LIMIT')
    await world.place(await publish(1, 5))
    await world.place(await publish(2, limits.files - 5))
    expect(world.fact(record, facts.counters)).toEqual({ version: 4, grants: 2, sections: 3, files: limits.files })
    expect(world.fact(record, facts.content(1))?.version).toBe(3)
    expect(world.fact(record, facts.content(1, 2))?.object.count).toBe(limits.files - 1)
  })
})

describe('nothing new under an old key', () => {
  /** Lee holds section 1 until noon, then it is noon. */
  async function expired() {
    const s = await scene()
    const { world, chan, record } = s
    const until = world.now + DAY
    await world.place(await world.grant(record, chan, s.lee, { body: { until } }))
    return { ...s, until }
  }

  it('holds to the last moment', async () => {
    const { world, chan, record, until } = await expired()
    world.now = until - 1
    expect(await world.code(await world.publish(record, chan, [1]))).toBe('accepted')
    world.now = until
    expect(await world.code(await world.publish(record, chan, [1]))).toBe('STALE_EPOCH')
  })

  it('concerns the section, and the card, which every holder has', async () => {
    const { world, chan, record, until } = await expired()
    world.now = until
    const code = async (sections: readonly number[], turning: Readonly<Record<number, number | null>>) =>
      world.code(await world.publish(record, chan, sections, { turning }))
    expect(await code([2], {})).toBe('STALE_EPOCH')
    expect(await code([2], { 0: null })).toBe('accepted')
    expect(await code([1], { 0: null })).toBe('STALE_EPOCH')
    expect(await code([1], { 1: null })).toBe('STALE_EPOCH')
    expect(await code([1], { 0: null, 1: null })).toBe('accepted')
    expect(await code([1, 2], { 0: null, 1: null })).toBe('accepted')
  })

  it('a new epoch that has ended already is stale too', async () => {
    const { world, chan, record, until } = await expired()
    const code = async (end: number) => world.code(await world.publish(record, chan, [1], { turning: { 1: end } }))
    expect(await code(world.now + MINUTE)).toBe('accepted')
    expect(await code(world.now + 1)).toBe('accepted')
    expect(await code(world.now)).toBe('STALE_EPOCH')
    expect(until).toBeGreaterThan(world.now)
  })

  it('what a new epoch states is what counts from then on', async () => {
    const { world, chan, record, until } = await expired()
    world.now = until
    await world.place(await world.publish(record, chan, [1], { turning: { 0: null, 1: until + DAY } }))
    expect(world.fact(record, facts.section(1))).toMatchObject({ epoch: 1, until: until + DAY })
    world.now = until + DAY
    expect(await world.code(await world.publish(record, chan, [2]))).toBe('accepted')
    expect(await world.code(await world.publish(record, chan, [1]))).toBe('STALE_EPOCH')
  })
})

it('facts of a record say what its entries said', async () => {
  const { world, chan, record } = await scene()
  const founder = world.fact(record, facts.founder)
  expect(founder?.member).toEqual(chan.chain)
  expect(founder?.institution).toEqual(chan.institution)
  expect(world.fact(record, facts.counters)).toEqual({ version: 1, grants: 2, sections: 3, files: 2 })
  expect(world.fact(record, facts.trail)?.epoch).toBe(0)
  expect(world.fact(record, facts.founded)?.kind).toBe(6)
})
