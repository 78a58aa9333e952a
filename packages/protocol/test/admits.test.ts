// Wrap lists against their entries: exactly who is entitled, exactly to what. Spec: docs/spec/rules.md, "Wrap lists".
import { beforeAll, describe, expect, it } from 'vitest'
import { sha256 } from '#sha256'
import { type ChainId, compare, type EntryHash, equal, hex } from '../src/bytes.js'
import { ready } from '../src/ed25519.js'
import type { AnyEntry } from '../src/entry.js'
import { admits } from '../src/rules/admits.js'
import { facts } from '../src/rules/facts.js'
import { liveGrants, mayReadTrail } from '../src/rules/live-grants.js'
import type { Facts } from '../src/rules/look.js'
import type { WrapLeaf, WrappedGrant } from '../src/wraps.js'
import { DAY, idOf, type Member, newDevice, World } from './actors.js'
import { codeOfAsync } from './support.js'
import { rowTo, wrapped } from './wrap-rows.js'

beforeAll(ready)

interface Scene {
  readonly world: World
  readonly chan: Member
  readonly lee: Member
  readonly wong: Member
  readonly record: ChainId
  readonly create: EntryHash
  /** Lee: section 1 to view, until tomorrow; 1 and 2 to write. Wong: section 2 to view. */
  readonly view: EntryHash
  readonly write: EntryHash
  readonly other: EntryHash
  readonly until: number
}

async function scene(): Promise<Scene> {
  const world = await World.founded()
  const [chan, lee, wong] = [await world.member('chan'), await world.member('lee'), await world.member('wong')]
  const create = await world.create(chan, [1, 2])
  await world.place(create)
  const record = create.chain
  const until = world.now + DAY
  const granted = async (to: Member, body: object) => {
    const entry = await world.grant(record, chan, to, { body })
    await world.place(entry)
    return entry.hash
  }
  const view = await granted(lee, { until })
  const write = await granted(lee, { actions: 9, sections: [1, 2] })
  const other = await granted(wong, { sections: [2] })
  return { world, chan, lee, wong, record, create: create.hash, view, write, other, until }
}

const inOrder = (leaves: readonly WrapLeaf[]): WrapLeaf[] =>
  [...leaves].sort((a, b) => compare(a.recipient, b.recipient))
const leafTo = (recipient: ChainId, ...what: WrappedGrant[]): WrapLeaf =>
  rowTo(
    recipient,
    what.sort((a, b) => (a.grant && b.grant ? compare(a.grant, b.grant) : 0)),
  ).leaf

/** One change of the leaves of each kind, and that none of them passes. */
async function refusesChanges(entry: AnyEntry, leaves: readonly WrapLeaf[], known: Facts): Promise<void> {
  const code = (changed: readonly WrapLeaf[]) => codeOfAsync(() => admits(entry, changed, known))
  expect(await code(leaves)).toBe('accepted')
  const stranger = rowTo(idOf('stranger'), leaves[0]?.what).leaf
  for (const [i, leaf] of leaves.entries()) {
    const changed = (over: Partial<WrapLeaf>) => leaves.map((one, at) => (at === i ? { ...one, ...over } : one))
    const changedWhat = (change: (what: readonly WrappedGrant[]) => readonly WrappedGrant[]) =>
      changed({ what: change(leaf.what) })
    const first = leaf.what[0] as WrappedGrant
    const instead = (over: Partial<WrappedGrant>) => changedWhat(([, ...rest]) => [{ ...first, ...over }, ...rest])
    const cases: Record<string, readonly WrapLeaf[]> = {
      'one too few': leaves.filter((_, at) => at !== i),
      'one too many': inOrder([...leaves, stranger]),
      'the same twice': leaves.flatMap((one, at) => (at === i ? [one, one] : [one])),
      'a stranger instead': inOrder(changed({ recipient: idOf('stranger') })),
      'without section keys': changed({ keys: null }),
      'without a grant': changedWhat((what) => what.slice(1)),
      'with a grant more': changedWhat((what) => [...what, wrapped(idOf('grant'), { 0: 1 })]),
      'under another grant': instead({ grant: idOf('another grant') }),
      'under no grant, or under one': instead({ grant: first.grant === null ? idOf('another grant') : null }),
      'without an epoch': instead({ keys: first.keys.slice(1) }),
      'with an epoch more': instead({ keys: [...first.keys, { section: 9, epoch: 0 }] }),
      'with an older epoch': instead({ keys: first.keys.map((key) => ({ ...key, epoch: key.epoch + 1 })) }),
      'with another section': instead({ keys: first.keys.map((key) => ({ ...key, section: key.section + 5 })) }),
      'with another trail': instead({ trail: first.trail === null ? 0 : null }),
      'with another trail epoch': instead({ trail: (first.trail ?? 6) + 1 }),
    }
    if (first.keys.length > 1) cases['with epochs in another order'] = instead({ keys: [...first.keys].reverse() })
    if (leaf.what.length > 1) cases['with grants in another order'] = changedWhat((what) => [...what].reverse())
    for (const [name, list] of Object.entries(cases))
      expect(await code(list), `${hex(leaf.recipient).slice(0, 4)} ${name}`).toBe('WRAPS')
  }
  if (leaves.length > 1) expect(await code([...leaves].reverse())).toBe('WRAPS')
  expect(await code([])).toBe('WRAPS')
}

describe('exactly the entitled, and exactly what they are entitled to', () => {
  it('a founding of a record: its founder, with everything', async () => {
    const { world, chan } = await scene()
    const entry = await world.create(chan, [1, 2])
    await refusesChanges(entry, [leafTo(chan.chain, wrapped(null, { 0: 0, 1: 0, 2: 0 }, 0))], world.facts)
  })

  it('a grant: its recipient, with the card and what it names', async () => {
    const { world, chan, wong, record } = await scene()
    const view = await world.grant(record, chan, wong)
    await refusesChanges(view, [leafTo(wong.chain, wrapped(null, { 0: 0, 1: 0 }))], world.facts)
    const write = await world.grant(record, chan, wong, { body: { actions: 9, sections: [1, 2] } })
    await refusesChanges(write, [leafTo(wong.chain, wrapped(null, { 0: 0, 1: 0, 2: 0 }, 0))], world.facts)
  })

  it('a grant after rotations: the newest epochs', async () => {
    const { world, chan, wong, record, until } = await scene()
    await world.place(await world.publish(record, chan, [1], { turning: { 0: until, 1: until } }))
    const trail = await world.grant(record, chan, wong, { body: { actions: 33, sections: [1, 2] } })
    await refusesChanges(trail, [leafTo(wong.chain, wrapped(null, { 0: 1, 1: 1, 2: 0 }, 1))], world.facts)
  })

  it('new epochs: the founder and all holders, each with the sections of her grants', async () => {
    const { world, chan, lee, wong, record, create, view, write, other, until } = await scene()
    const entry = await world.publish(record, chan, [1], { turning: { 0: until, 1: until, 2: null } })
    const leaves = inOrder([
      leafTo(chan.chain, wrapped(create, { 0: 1, 1: 1, 2: 1 }, 1)),
      leafTo(lee.chain, wrapped(view, { 0: 1, 1: 1 }), wrapped(write, { 0: 1, 1: 1, 2: 1 }, 1)),
      leafTo(wong.chain, wrapped(other, { 0: 1, 2: 1 })),
    ])
    await refusesChanges(entry, leaves, world.facts)
  })

  it('new epochs by a writer: the same', async () => {
    const { world, chan, lee, record, create, view, write, until } = await scene()
    const entry = await world.publish(record, lee, [1], { turning: { 1: until }, body: { grant: write } })
    const leaves = inOrder([
      leafTo(chan.chain, wrapped(create, { 1: 1 })),
      leafTo(lee.chain, wrapped(view, { 1: 1 }), wrapped(write, { 1: 1 })),
    ])
    await refusesChanges(entry, leaves, world.facts)
  })

  it('a revocation: those who remain', async () => {
    const { world, chan, lee, wong, record, create, view, write, other } = await scene()
    const entry = await world.revoke(record, chan, [view], { turning: { 0: null, 1: null } })
    const remaining = [
      leafTo(chan.chain, wrapped(create, { 0: 1, 1: 1 }, 1)),
      leafTo(lee.chain, wrapped(write, { 0: 1, 1: 1 }, 1)),
      leafTo(wong.chain, wrapped(other, { 0: 1 })),
    ]
    await refusesChanges(entry, inOrder(remaining), world.facts)
    const both = await world.revoke(record, chan, [view, write], { turning: { 0: null, 1: null, 2: null } })
    const rest = [
      leafTo(chan.chain, wrapped(create, { 0: 1, 1: 1, 2: 1 }, 1)),
      leafTo(wong.chain, wrapped(other, { 0: 1, 2: 1 })),
    ]
    await refusesChanges(both, inOrder(rest), world.facts)
  })

  it('after an end: without those who have expired', async () => {
    const { world, chan, lee, wong, record, create, write, other, until } = await scene()
    world.now = until
    const entry = await world.publish(record, chan, [1], { turning: { 0: null, 1: null } })
    const leaves = inOrder([
      leafTo(chan.chain, wrapped(create, { 0: 1, 1: 1 }, 1)),
      leafTo(lee.chain, wrapped(write, { 0: 1, 1: 1 }, 1)),
      leafTo(wong.chain, wrapped(other, { 0: 1 })),
    ])
    await refusesChanges(entry, leaves, world.facts)
  })

  it('a new section: the founder alone', async () => {
    const { world, chan, record, create } = await scene()
    const entry = await world.publish(record, chan, [3], { turning: { 3: null } })
    await refusesChanges(entry, [leafTo(chan.chain, wrapped(create, { 3: 0 }))], world.facts)
  })
})

describe('until', () => {
  it('is the earliest end among the holders of each section', async () => {
    const { world, chan, lee, wong, record, create, view, write, other, until } = await scene()
    const code = async (card: number | null, one: number | null, two: number | null) => {
      const entry = await world.publish(record, chan, [1], { turning: { 0: card, 1: one, 2: two } })
      const leaves = inOrder([
        leafTo(chan.chain, wrapped(create, { 0: 1, 1: 1, 2: 1 }, 1)),
        leafTo(lee.chain, wrapped(view, { 0: 1, 1: 1 }), wrapped(write, { 0: 1, 1: 1, 2: 1 }, 1)),
        leafTo(wong.chain, wrapped(other, { 0: 1, 2: 1 })),
      ])
      return codeOfAsync(() => admits(entry, leaves, world.facts))
    }
    expect(await code(until, until, null)).toBe('accepted')
    expect(await code(null, until, null)).toBe('WRAPS')
    expect(await code(until, null, null)).toBe('WRAPS')
    expect(await code(until, until, until)).toBe('WRAPS')
    expect(await code(until + 1, until, null)).toBe('WRAPS')
    expect(await code(until, until - 1, null)).toBe('WRAPS')
  })
})

describe('keys and heads', () => {
  it('are the recipients’ newest', async () => {
    const { world, chan, wong, record } = await scene()
    const entry = await world.grant(record, chan, wong)
    const head = world.rest(wong.chain)
    const epoch = world.fact(wong.chain, facts.epoch)
    const now = { epoch: 0, keyHash: epoch?.keyHash as Uint8Array, sequence: head.sequence, link: head.link }
    const leaf = { ...leafTo(wong.chain, wrapped(null, { 0: 0, 1: 0 })), ...now }
    const code = (over: Partial<WrapLeaf>, found: typeof now | null = now) =>
      codeOfAsync(() =>
        admits(entry, [{ ...leaf, ...over }], world.facts, {
          newest: async ({ recipient }) => (equal(recipient, wong.chain) ? found : null),
          network: world.network.chain,
          time: world.now,
        }),
      )
    expect(await code({})).toBe('accepted')
    for (const over of [
      { epoch: 1 },
      { keyHash: idOf('other') },
      { sequence: 1 },
      { link: idOf('other') },
      { link: null },
    ])
      expect(await code(over as Partial<WrapLeaf>)).toBe('WRAPS')
    expect(await code({}, null)).toBe('WRAPS')
  })

  it('of a founding member’s one device', async () => {
    const { world } = await scene()
    const device = newDevice('new')
    const entry = await world.memberFound(device)
    const leaf: WrapLeaf = {
      ...rowTo(device.id as Uint8Array as ChainId, [], { keys: null }).leaf,
      keyHash: sha256(device.keys.box),
      sequence: 0,
      link: null,
    }
    const code = (...leaves: WrapLeaf[]) => codeOfAsync(() => admits(entry, leaves, world.facts))
    expect(await code(leaf)).toBe('accepted')
    expect(await code()).toBe('WRAPS')
    expect(await code(leaf, leaf)).toBe('WRAPS')
    const changes: Partial<WrapLeaf>[] = [
      { recipient: entry.chain },
      { keyHash: sha256(device.keys.sign) },
      { epoch: 1 },
      { sequence: 1 },
      { link: idOf('link') },
      { what: [wrapped(null, {})] },
      { keys: idOf('keys') },
    ]
    for (const change of changes) expect(await code({ ...leaf, ...change })).toBe('WRAPS')
  })
})

it('an entry that wraps nothing has no list', async () => {
  const { world, chan, lee, record, view } = await scene()
  for (const entry of [await world.view(record, lee, view), await world.accept(chan, idOf('none'))])
    expect(await codeOfAsync(() => admits(entry, [], world.facts))).toBe('WRAPS')
  const foreign = await world.publish(record, chan, [1], { turning: { 1: null } })
  const nothing: Facts = { get: () => null, under: () => [] }
  expect(await codeOfAsync(() => admits(foreign, [], nothing))).toBe('WRAPS')
  const grant = await world.grant(record, chan, lee)
  expect(await codeOfAsync(() => admits(grant, [], nothing))).toBe('WRAPS')
})

it('live grants are those that have neither ended nor expired', async () => {
  const { world, chan, record, view, write, other, until } = await scene()
  const live = async (time: number) => (await liveGrants(record, world.facts, time)).map(({ hash }) => hex(hash)).sort()
  const all = [view, write, other].map(hex).sort()
  expect(await live(until - 1)).toEqual(all)
  expect(await live(until)).toEqual(all.filter((hash) => hash !== hex(view)))
  await world.place(await world.revoke(record, chan, [other], { turning: { 0: null, 2: null } }))
  expect(await live(until - 1)).toEqual([view, write].map(hex).sort())
  expect([1, 2, 4, 8, 32, 9, 33, 7].map(mayReadTrail)).toEqual([false, false, false, true, true, true, true, false])
})

it('pauses over thousands of rows, and decides the same', async () => {
  const { world, chan, record, create } = await scene()
  const entry = await world.publish(record, chan, [1], { turning: { 1: null } })
  const members = Array.from({ length: 300 }, (_, i) => idOf<ChainId>(`member ${i}`))
  const stored = members.map((recipient, i) => {
    const grant = {
      from: null,
      depth: 0,
      recipient,
      institution: chan.institution,
      sections: [1],
      actions: 1,
      notBefore: 0,
      until: null,
      index: 1,
      wraps: create as Uint8Array as never,
      ended: null,
    }
    world.setFact(record, facts.grant(idOf(`grant ${i}`)), grant)
    return leafTo(recipient, wrapped(idOf(`grant ${i}`), { 1: 1 }))
  })
  const existing = await liveGrants(record, world.facts, world.now)
  const others = existing.filter(
    ({ grant }) => grant.sections.includes(1) && !members.some((one) => equal(one, grant.recipient)),
  )
  const lee = others[0]?.grant.recipient as ChainId
  const leaves = inOrder([
    ...stored,
    leafTo(chan.chain, wrapped(create, { 1: 1 })),
    leafTo(lee, ...others.map(({ hash }) => wrapped(hash, { 1: 1 }))),
  ])
  let pauses = 0
  const pausing: Facts = { ...world.facts, pause: async () => void pauses++ }
  const until = others[0]?.grant.until ?? others[1]?.grant.until ?? null
  const stated = await world.publish(record, chan, [1], { turning: { 1: until } })
  expect(await codeOfAsync(() => admits(stated, leaves, pausing))).toBe('accepted')
  expect(pauses).toBeGreaterThan(7)
  expect(await codeOfAsync(() => admits(entry, leaves, pausing))).toBe('WRAPS')
})
