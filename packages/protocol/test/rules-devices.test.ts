// Rules of a member's devices: who joins, who leaves, when the key turns, and who gets it. Spec: docs/spec/rules.md, "Devices".
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { effort } from '../../../scripts/effort.mjs'
import { equal, hex } from '../src/bytes.js'
import { ready } from '../src/ed25519.js'
import type { AnyEntry } from '../src/entry.js'
import { limits } from '../src/limits.js'
import { admits } from '../src/rules/admits.js'
import { facts } from '../src/rules/facts.js'
import type { WrapLeaf } from '../src/wraps.js'
import { DAY, type Device, idOf, type Member, MINUTE, newDevice, World } from './actors.js'
import { verdicts } from './expect-verdict.js'
import { MemberDevices } from './member-devices.js'
import { codeOfAsync } from './support.js'

beforeAll(ready)

interface Scene {
  readonly world: World
  readonly chan: Member
  readonly lee: Member
  readonly devices: MemberDevices
  /** Chan has a desk and a phone; a pager was removed, and the key turned with it. */
  readonly desk: Device
  readonly phone: Device
  readonly pager: Device
  /** Nobody's. */
  readonly tablet: Device
}

async function scene(): Promise<Scene> {
  const world = await World.founded()
  const [chan, lee] = [await world.member('chan'), await world.member('lee')]
  const devices = new MemberDevices(world, chan.chain)
  const [phone, pager, tablet] = [newDevice('phone'), newDevice('pager'), newDevice('tablet')]
  const desk = chan.device
  await world.place(await devices.change(desk, { adds: [phone, pager] }))
  await world.place(await devices.change(desk, { removes: [pager] }))
  world.now += 1000
  return { world, chan, lee, devices, desk, phone, pager, tablet }
}

const elsewhere = (s: Scene) => ({ by: s.lee, restsOn: [s.lee.chain] })
const back = (to: number) => ({ to, sealed: Uint8Array.of(7) })

describe('a device joins', () => {
  verdicts(scene, [
    ['by another', 'accepted', (s) => s.devices.change(s.phone, { adds: [s.tablet] })],
    ['with another', 'accepted', (s) => s.devices.change(s.desk, { adds: [s.tablet, newDevice('lens')] })],
    [
      'as the key turns',
      'accepted',
      (s) => s.devices.change(s.desk, { adds: [s.tablet] }, { body: { epoch: s.devices.next() } }),
    ],
    ['by itself', 'BINDING', (s) => s.devices.change(s.tablet, { adds: [s.tablet] })],
    ['by somebody else’s', 'ROLE', (s) => s.devices.change(s.desk, { adds: [s.tablet] }, elsewhere(s))],
    [
      'by an issuer',
      'ROLE',
      (s) => {
        const by = s.world.institution.issuer
        return s.devices.change(s.desk, { adds: [s.tablet] }, { by, restsOn: [by.chain] })
      },
    ],
    [
      'with a consent to another member',
      'BINDING',
      async (s) => {
        const adds = await s.devices.joining([s.tablet], s.lee.chain)
        return s.devices.change(s.desk, {}, { body: { adds } })
      },
    ],
    [
      'with the keys of another’s device',
      'BINDING',
      async (s) => {
        const [own] = await s.devices.joining([s.tablet])
        const adds = [{ keys: s.lee.device.keys, proof: own?.proof as Uint8Array }]
        return s.devices.change(s.desk, {}, { body: { adds } })
      },
    ],
    ['that is there', 'RULE', (s) => s.devices.change(s.desk, { adds: [s.phone] })],
    ['that adds itself again', 'RULE', (s) => s.devices.change(s.desk, { adds: [s.desk] })],
    ['that was removed', 'RULE', (s) => s.devices.change(s.desk, { adds: [s.pager] })],
    [
      'twice in one entry',
      'RULE',
      async (s) => {
        const adds = await s.devices.joining([s.tablet])
        return s.devices.change(s.desk, {}, { body: { adds: [...adds, ...adds] } })
      },
    ],
    [
      'out of order',
      'RULE',
      async (s) => {
        const adds = await s.devices.joining([s.tablet, newDevice('lens')])
        return s.devices.change(s.desk, {}, { body: { adds: adds.toReversed() } })
      },
    ],
    [
      'with a wrap list from a log that does not exist',
      'RULE',
      (s) =>
        s.devices.change(
          s.desk,
          { adds: [s.tablet] },
          { body: { wraps: s.world.wraps({ asOf: s.world.log.size + 1 }) } },
        ),
    ],
  ])

  it('is listed from then on, and its member has one more', async () => {
    const { world, chan, devices, desk, tablet } = await scene()
    const index = world.log.size
    await world.place(await devices.change(desk, { adds: [tablet] }))
    expect(world.fact(chan.chain, facts.device(tablet.id))).toMatchObject({
      role: 'member',
      since: index,
      voidFrom: null,
    })
    expect(world.fact(chan.chain, facts.devices)?.listed).toBe(3)
    const offered = await world.credential(chan.chain, world.institution.issuer)
    await world.place(offered)
    expect(await world.code(await world.accept(devices.as(tablet), offered.hash))).toBe('accepted')
    expect(await world.code(await world.create({ ...chan, device: tablet }, [1]))).toBe('accepted')
  })

  it(`is one of ${limits.devices} at most`, async () => {
    const { world, chan, devices, desk, phone, tablet } = await scene()
    const known = world.fact(chan.chain, facts.devices)
    if (!known) throw new Error('no devices')
    world.setFact(chan.chain, facts.devices, { ...known, listed: limits.devices - 1 })
    expect(await world.code(await devices.change(desk, { adds: [tablet] }))).toBe('accepted')
    expect(await world.code(await devices.change(desk, { adds: [tablet, newDevice('lens')] }))).toBe('LIMIT')
    world.setFact(chan.chain, facts.devices, { ...known, listed: limits.devices })
    expect(await world.code(await devices.change(desk, { adds: [tablet] }))).toBe('LIMIT')
    expect(await world.code(await devices.change(desk, { adds: [tablet], removes: [phone] }))).toBe('accepted')
  })
})

describe('a device leaves', () => {
  const keepingTheKey = { body: { epoch: null } }
  verdicts(scene, [
    ['by another', 'accepted', (s) => s.devices.change(s.phone, { removes: [s.desk] })],
    ['for another', 'accepted', (s) => s.devices.change(s.desk, { adds: [s.tablet], removes: [s.phone] })],
    ['by itself', 'RULE', (s) => s.devices.change(s.phone, { removes: [s.phone] })],
    ['by somebody else’s', 'ROLE', (s) => s.devices.change(s.desk, { removes: [s.phone] }, elsewhere(s))],
    ['and the key stays', 'STALE_EPOCH', (s) => s.devices.change(s.desk, { removes: [s.phone] }, keepingTheKey)],
    ['though it left before', 'RULE', (s) => s.devices.change(s.desk, { removes: [s.pager] })],
    ['though it was never there', 'RULE', (s) => s.devices.change(s.desk, { removes: [s.tablet] })],
    ['as it joins', 'RULE', (s) => s.devices.change(s.desk, { adds: [s.tablet], removes: [s.tablet] })],
    ['twice in one entry', 'RULE', (s) => s.devices.change(s.desk, { removes: [s.phone, s.phone] })],
    ['out of nothing', 'RULE', (s) => s.devices.change(s.desk, {})],
  ])

  it('signs nothing more, on no chain', async () => {
    const { world, chan, devices, pager, desk, tablet } = await scene()
    const record = await world.record(chan)
    const late: readonly (() => Promise<AnyEntry>)[] = [
      () => devices.change(pager, { adds: [tablet] }),
      () => devices.change(pager, { removes: [desk] }),
      () => devices.refresh(pager),
      () => devices.names(pager, { private: idOf('names') }),
      () => world.accept(devices.as(pager), chan.credential),
      () => world.create({ ...chan, device: pager }, [1]),
      () => world.publish(record, { ...chan, device: pager }, [1]),
      () => world.view(record, { ...chan, device: pager }, null),
    ]
    for (const entry of late) expect(await world.code(await entry())).toBe('BINDING')
  })

  it('has signed what it signed, for whoever comes later', async () => {
    const { world, chan, devices, desk, phone } = await scene()
    const record = await world.create({ ...chan, device: phone }, [1])
    await world.place(record)
    await world.place(await devices.change(desk, { removes: [phone] }))
    const ledger = world.ledger()
    await ledger.take(world.proven([record.chain, chan.chain]))
    expect(ledger.head(record.chain)?.link).toEqual(record.link)
    expect(ledger.fact(chan.chain, facts.device(phone.id))?.voidFrom).toBe(world.fact(chan.chain, facts.epoch)?.index)
  })

  it('is refused by whoever is shown what it signed afterwards, although a relay placed it', async () => {
    const { world, chan, devices, pager } = await scene()
    const late = await world.create({ ...chan, device: pager }, [1])
    world.advance(late)
    world.log.append([{ entry: late, access: null }], world.now)
    expect(await codeOfAsync(() => world.ledger().take(world.proven([late.chain, chan.chain])))).toBe('BINDING')
    expect(await world.code(await devices.refresh(pager))).toBe('BINDING')
  })

  it('is refused by a verifier also if the entry rests on the chain as it was', async () => {
    const { world, chan, devices, desk, phone } = await scene()
    const early = await world.create({ ...chan, device: phone }, [1])
    await world.place(await devices.change(desk, { removes: [phone] }))
    world.advance(early)
    world.log.append([{ entry: early, access: null }], world.now)
    const taken = world.ledger().take(world.proven([early.chain, chan.chain]))
    expect(await codeOfAsync(() => taken)).toBe('STALE_AUTHORITY')
  })
})

describe('the key turns', () => {
  verdicts(scene, [
    ['by any device', 'accepted', (s) => s.devices.refresh(s.phone)],
    ['by somebody else’s', 'ROLE', (s) => s.devices.refresh(s.desk, s.devices.next(), elsewhere(s))],
    [
      'to the epoch that is there',
      'SEQ',
      (s) => s.devices.refresh(s.desk, s.devices.next({ epoch: 1, back: back(0) })),
    ],
    ['past an epoch', 'SEQ', (s) => s.devices.refresh(s.desk, s.devices.next({ epoch: 3 }))],
    ['and leads to the first', 'accepted', (s) => s.devices.refresh(s.desk, s.devices.next({ back: back(0) }))],
    ['and leads to itself', 'RULE', (s) => s.devices.refresh(s.desk, s.devices.next({ back: back(2) }))],
    [
      'past an epoch, as a device joins',
      'SEQ',
      (s) =>
        s.devices.change(
          s.desk,
          { adds: [s.tablet] },
          { body: { epoch: s.devices.next({ epoch: 3, back: back(1) }) } },
        ),
    ],
  ])

  it('ten times a day by log time, additions counted and removals not', async () => {
    const { world, chan, devices, desk, phone, tablet } = await scene()
    const first = world.fact(chan.chain, facts.devices)?.changes[0] as number
    // The scene's addition is the first.
    for (let count = 1; count < limits.deviceChanges; count++) {
      world.now += MINUTE
      await world.place(await devices.refresh(desk))
    }
    expect(world.fact(chan.chain, facts.devices)?.changes).toHaveLength(limits.deviceChanges)
    const tried = async () => ({
      refresh: await world.code(await devices.refresh(phone)),
      addition: await world.code(await devices.change(phone, { adds: [tablet] })),
      exchange: await world.code(await devices.change(desk, { adds: [tablet], removes: [phone] })),
      removal: await world.code(await devices.change(desk, { removes: [phone] })),
      names: await world.code(await devices.names(phone, { private: idOf('names') })),
    })
    const refused = { refresh: 'LIMIT', addition: 'LIMIT', exchange: 'LIMIT', removal: 'accepted', names: 'accepted' }
    expect(await tried()).toEqual(refused)
    world.now = first + DAY - 1
    expect(await tried()).toEqual(refused)
    world.now = first + DAY
    expect(Object.values(await tried())).toEqual(Array(5).fill('accepted'))
    await world.place(await devices.refresh(desk))
    expect(await tried()).toEqual(refused)
  })
})

describe('devices are named', () => {
  const sealed = { private: idOf('names') as never }
  verdicts(scene, [
    ['by any of them', 'accepted', (s) => s.devices.names(s.phone, sealed)],
    ['as one joins', 'accepted', (s) => s.devices.change(s.desk, { adds: [s.tablet] }, sealed)],
    ['by somebody else’s', 'ROLE', (s) => s.devices.names(s.desk, { ...sealed, ...elsewhere(s) })],
    ['without names', 'RULE', (s) => s.devices.names(s.desk)],
  ])
})

describe('who gets the key', () => {
  const cases: readonly (readonly [string, (s: Scene) => Promise<AnyEntry>, (s: Scene) => readonly Device[]])[] = [
    ['a device that joins', (s) => s.devices.change(s.desk, { adds: [s.tablet] }), (s) => [s.tablet]],
    [
      'all of them as it turns with that',
      (s) => s.devices.change(s.desk, { adds: [s.tablet] }, { body: { epoch: s.devices.next() } }),
      (s) => [s.desk, s.phone, s.tablet],
    ],
    ['who remains', (s) => s.devices.change(s.desk, { removes: [s.phone] }), (s) => [s.desk]],
    [
      'who remains and who joins',
      (s) => s.devices.change(s.desk, { adds: [s.tablet], removes: [s.phone] }),
      (s) => [s.desk, s.tablet],
    ],
    ['all of them as it turns', (s) => s.devices.refresh(s.desk), (s) => [s.desk, s.phone]],
  ]
  it.each(cases)('%s', async (_, sign, due) => {
    const s = await scene()
    const entry = await sign(s)
    const code = (leaves: readonly WrapLeaf[]) => codeOfAsync(() => admits(entry, leaves, s.world.facts))
    const leaves = s.devices.leaves(...due(s))
    expect(await code(leaves)).toBe('accepted')
    for (const device of [s.desk, s.phone, s.pager, s.tablet, newDevice('lens')]) {
      const others = due(s).filter(({ id }) => !equal(id, device.id))
      const wrong = others.length < leaves.length ? others : [...others, device]
      expect(await code(s.devices.leaves(...wrong))).toBe('WRAPS')
    }
    const changes: readonly Partial<WrapLeaf>[] = [
      { recipient: s.lee.chain },
      { keyHash: idOf('key') },
      { epoch: 1 },
      { sequence: 1 },
      { link: idOf('link') },
      { what: [{ grant: null, keys: [], trail: null }] },
      { keys: idOf('keys') },
    ]
    for (const change of changes)
      expect(await code(leaves.map((leaf, i) => (i === leaves.length - 1 ? { ...leaf, ...change } : leaf)))).toBe(
        'WRAPS',
      )
  })

  it('is no question of an entry that has no wrap list', async () => {
    const s = await scene()
    const entry = await s.devices.names(s.desk, { private: idOf('names') })
    expect(await codeOfAsync(() => admits(entry, s.devices.leaves(s.desk), s.world.facts))).toBe('WRAPS')
    expect(await codeOfAsync(() => admits(entry, [], s.world.facts))).toBe('WRAPS')
  })
})

describe('any sequence of changes', () => {
  const steps = fc.array(
    fc.record({
      by: fc.nat(7),
      adds: fc.uniqueArray(fc.nat(7), { maxLength: 2 }),
      removes: fc.uniqueArray(fc.nat(7), { maxLength: 2 }),
      turns: fc.boolean(),
      hours: fc.nat(30),
    }),
    { maxLength: 25 },
  )
  const names = Array.from({ length: 8 }, (_, i) => newDevice(`device ${i}`))

  it('ends as a list of devices kept by hand says, and each epoch is for exactly those', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (changes) => {
        const world = await World.founded()
        const chan = await world.member('chan')
        const devices = new MemberDevices(world, chan.chain)
        const all = [chan.device, ...names.slice(1)]
        const here = new Set([0])
        const ever = new Set([0])
        const counted: number[] = []
        for (const { by, adds, removes, turns, hours } of changes) {
          world.now += hours * 60 * MINUTE
          const picked = (of: readonly number[]) => of.map((i) => all[i] as Device)
          const body = removes.length > 0 || turns ? { epoch: devices.next() } : {}
          const entry = await devices.change(
            all[by] as Device,
            { adds: picked(adds), removes: picked(removes) },
            { body },
          )
          const lately = counted.filter((time) => world.now - time < DAY)
          const may =
            here.has(by) &&
            adds.length + removes.length > 0 &&
            adds.every((i) => !ever.has(i)) &&
            removes.every((i) => here.has(i) && i !== by) &&
            (adds.length === 0 || lately.length < limits.deviceChanges)
          const code = await world.code(entry)
          expect([code === 'accepted', code]).toEqual([may, code])
          if (!may) continue
          const before = [...here]
          for (const i of adds) {
            ever.add(i)
            here.add(i)
          }
          for (const i of removes) here.delete(i)
          if (adds.length > 0) counted.push(world.now)
          const due = 'epoch' in body ? [...here] : adds
          expect(await codeOfAsync(() => admits(entry, devices.leaves(...picked(due)), world.facts))).toBe('accepted')
          if (before.length !== due.length)
            expect(await codeOfAsync(() => admits(entry, devices.leaves(...picked(before)), world.facts))).toBe('WRAPS')
          await world.place(entry)
          expect(world.fact(chan.chain, facts.devices)?.listed).toBe(here.size)
          const listed = all.filter(({ id }) => world.fact(chan.chain, facts.device(id))?.voidFrom === null)
          expect(listed.map(({ id }) => hex(id))).toEqual(
            [...here].toSorted((a, b) => a - b).map((i) => hex((all[i] as Device).id)),
          )
        }
      }),
      { numRuns: effort(30) },
    )
  })
})
