// Rules of a record: grant, revoke and recall. Spec: docs/spec/rules.md, "Grants".
import { beforeAll, describe, expect, it } from 'vitest'
import type { ChainId, Digest, EntryHash } from '../src/bytes.js'
import { ready } from '../src/ed25519.js'
import { limits } from '../src/limits.js'
import { facts } from '../src/rules/facts.js'
import { backTo, DAY, type Institution, idOf, type Member, World } from './actors.js'
import { verdicts } from './expect-verdict.js'

beforeAll(ready)

interface Scene {
  readonly world: World
  readonly other: Institution
  readonly chan: Member
  readonly lee: Member
  readonly wong: Member
  readonly record: ChainId
  /** Lee may view section 1; Wong may view 1 and 2, and has opened. */
  readonly toLee: EntryHash
  readonly toWong: EntryHash
  readonly ended: EntryHash
}

async function scene(): Promise<Scene> {
  const world = await World.founded()
  const other = await world.addInstitution('Hospital')
  const chan = await world.member('chan')
  const lee = await world.member('lee')
  const wong = await world.member('wong', { at: other })
  const record = await world.record(chan, [1, 2])
  const granted = async (to: Member, body: object = {}) => {
    const entry = await world.grant(record, chan, to, { body })
    await world.place(entry)
    return entry.hash
  }
  const ended = await granted(lee)
  await world.place(await world.revoke(record, chan, [ended]))
  const toLee = await granted(lee)
  const toWong = await granted(wong, { sections: [1, 2] })
  await world.place(await world.view(record, wong, toWong))
  return { world, other, chan, lee, wong, record, toLee, toWong, ended }
}

describe('grant', () => {
  const grant = (s: Scene, body: object = {}, over: object = {}) =>
    s.world.grant(s.record, s.chan, s.lee, { ...over, body })
  verdicts(scene, [
    ['a section, to view', 'accepted', (s) => grant(s)],
    ['two sections', 'accepted', (s) => grant(s, { sections: [1, 2] })],
    ['sections out of order', 'RULE', (s) => grant(s, { sections: [2, 1] })],
    ['a section twice', 'RULE', (s) => grant(s, { sections: [1, 1] })],
    ['the card by name', 'RULE', (s) => grant(s, { sections: [0, 1] })],
    ['a section that is not', 'RULE', (s) => grant(s, { sections: [1, 3] })],
    ['everything there is to do', 'accepted', (s) => grant(s, { actions: 63 })],
    ['nothing', 'RULE', (s) => grant(s, { actions: 0 })],
    ['to download without viewing', 'RULE', (s) => grant(s, { actions: 2 })],
    ['to share on', 'accepted', (s) => grant(s, { actions: 17 })],
    ['to herself', 'RULE', (s) => s.world.grant(s.record, s.chan, s.chan)],
    ['by a holder', 'ROLE', (s) => s.world.grant(s.record, s.wong, s.lee)],
    ['by a stranger', 'ROLE', (s) => s.world.grant(s.record, s.lee, s.wong)],
    ['under another member’s credential', 'CRED_BINDING', (s) => grant(s, { credential: s.lee.credential })],
    ['in a capacity that is not the recipient’s', 'CRED_BINDING', (s) => grant(s, { capacity: s.chan.credential })],
    ['to nobody', 'RULE', (s) => grant(s, { recipient: idOf('nobody') })],
    ['without the recipient’s state', 'RULE', (s) => grant(s, {}, { restsOn: s.world.standing(s.chan) })],
    ['from later on', 'accepted', (s) => grant(s, { notBefore: s.world.now + DAY })],
    ['that ends a millisecond from now', 'accepted', (s) => grant(s, { until: s.world.now + 1 })],
    ['that ends now', 'RULE', (s) => grant(s, { until: s.world.now })],
    ['that ended', 'RULE', (s) => grant(s, { until: s.world.now - 1 })],
    ['that ends before it begins', 'RULE', (s) => grant(s, { notBefore: s.world.now + 2, until: s.world.now + 1 })],
    ['that ends as it begins', 'RULE', (s) => grant(s, { notBefore: s.world.now + 2, until: s.world.now + 2 })],
    [
      'wraps from a log that does not exist',
      'RULE',
      (s) => grant(s, { wraps: s.world.wraps({ asOf: s.world.log.size + 1 }) }),
    ],
  ])

  it('to somebody whose credential does not hold', async () => {
    const { world, chan, lee, wong, record, other } = await scene()
    expect(await world.code(await world.grant(record, chan, wong))).toBe('accepted')
    await world.place(await world.withdraw(wong.chain, wong.credential, other.issuer))
    expect(await world.code(await world.grant(record, chan, wong))).toBe('CRED_REVOKED')
    world.now += 300 * DAY
    const renewed = await world.renewed(chan, world.institution.issuer, {
      body: { notBefore: world.now, until: world.now + DAY },
    })
    expect(await world.code(await world.grant(record, renewed, lee))).toBe('CRED_EXPIRED')
  })

  it('10,000 that have not ended, and no more; ending one makes room', async () => {
    const { world, chan, lee, record, toLee } = await scene()
    const counted = () => world.fact(record, facts.counters)
    const before = counted()
    expect(before?.grants).toBe(2)
    world.setFact(record, facts.counters, { ...(before as NonNullable<typeof before>), grants: limits.grants - 1 })
    const last = await world.grant(record, chan, lee)
    expect(await world.code(last)).toBe('accepted')
    await world.place(last)
    expect(await world.code(await world.grant(record, chan, lee))).toBe('LIMIT')
    await world.place(await world.revoke(record, chan, [toLee]))
    expect(counted()?.grants).toBe(limits.grants - 1)
    expect(await world.code(await world.grant(record, chan, lee))).toBe('accepted')
  })

  it('8 to one member, counted until a revocation names them', async () => {
    const { world, chan, lee, wong, record, toLee } = await scene()
    const more: EntryHash[] = []
    for (let held = 1; held < limits.grantsEach; held++) {
      const entry = await world.grant(record, chan, lee, { body: { until: world.now + DAY } })
      await world.place(entry)
      more.push(entry.hash)
    }
    expect(await world.code(await world.grant(record, chan, lee))).toBe('LIMIT')
    expect(await world.code(await world.grant(record, chan, wong))).toBe('accepted')
    world.now += 2 * DAY
    expect(await world.code(await world.grant(record, chan, lee))).toBe('LIMIT')
    await world.place(await world.revoke(record, chan, [...more.slice(0, 2), toLee]))
    expect(world.fact(record, facts.holder(lee.chain))?.grants).toBe(limits.grantsEach - 3)
    expect(world.fact(record, facts.holder(wong.chain))?.grants).toBe(1)
    expect(await world.code(await world.grant(record, chan, lee))).toBe('accepted')
  })

  it('ends the section’s key no later than itself', async () => {
    const { world, chan, lee, record } = await scene()
    const until = (section: number) => world.fact(record, facts.section(section))?.until
    expect([until(0), until(1), until(2)]).toEqual([null, null, null])
    await world.place(await world.grant(record, chan, lee, { body: { until: world.now + 2 * DAY } }))
    await world.place(await world.grant(record, chan, lee, { body: { until: world.now + 3 * DAY, sections: [2] } }))
    expect([until(0), until(1), until(2)].map((time) => (time ?? 0) - world.now)).toEqual([2 * DAY, 2 * DAY, 3 * DAY])
    await world.place(await world.grant(record, chan, lee, { body: { until: world.now + DAY, sections: [2] } }))
    expect([until(0), until(1), until(2)].map((time) => (time ?? 0) - world.now)).toEqual([DAY, 2 * DAY, DAY])
    await world.place(await world.grant(record, chan, lee))
    expect((until(1) ?? 0) - world.now).toBe(2 * DAY)
  })
})

describe('revoke', () => {
  const revoke = (
    s: Scene,
    over: { body?: object; turning?: Readonly<Record<number, number | null>> } = {},
    grants = [s.toLee],
  ) => s.world.revoke(s.record, s.chan, grants, over)
  const both = { 0: null, 1: null, 2: null }
  verdicts(scene, [
    ['a grant', 'accepted', (s) => revoke(s)],
    ['a grant, turning more than it took', 'accepted', (s) => revoke(s, { turning: both })],
    ['two grants', 'accepted', (s) => revoke(s, { turning: both }, [s.toLee, s.toWong])],
    ['a section of the grant keeps its key', 'RULE', (s) => revoke(s, {}, [s.toWong])],
    ['a section of the second grant keeps its key', 'RULE', (s) => revoke(s, {}, [s.toLee, s.toWong])],
    ['a grant twice', 'RULE', (s) => revoke(s, {}, [s.toLee, s.toLee])],
    ['a grant that is not', 'RULE', (s) => revoke(s, {}, [idOf('no grant')])],
    ['a grant that ended', 'GRANT_ENDED', (s) => revoke(s, {}, [s.ended])],
    ['by a holder', 'ROLE', (s) => s.world.revoke(s.record, s.wong, [s.toLee])],
    ['without a new card key', 'RULE', (s) => revoke(s, { turning: { 1: null } })],
    ['without the card under it', 'RULE', (s) => revoke(s, { body: { contents: [] } })],
    [
      'with contents of a section',
      'RULE',
      (s) =>
        revoke(s, {
          body: { contents: [s.world.content(0, s.world.epochOf(s.record, 0) + 1), s.world.content(2, 0)] },
        }),
    ],
    ['with a section instead of the card', 'RULE', (s) => revoke(s, { body: { contents: [s.world.content(2, 0)] } })],
    [
      'with the card under its old key',
      'STALE_EPOCH',
      (s) => revoke(s, { body: { contents: [s.world.content(0, s.world.epochOf(s.record, 0))] } }),
    ],
    ['with the trail epoch of before', 'SEQ', (s) => revoke(s, { body: { trail: s.world.trailStart(1) } })],
    ['adding a section', 'RULE', (s) => revoke(s, { turning: { 0: null, 1: null, 3: null } })],
    ['with an end that has passed', 'STALE_EPOCH', (s) => revoke(s, { turning: { 0: null, 1: s.world.now } })],
    ['under another member’s credential', 'CRED_BINDING', (s) => revoke(s, { body: { credential: s.lee.credential } })],
  ])

  it('ends the grant at its place, and no version', async () => {
    const { world, chan, record, toLee, toWong } = await scene()
    const before = world.fact(record, facts.counters)
    const index = await world.place(await world.revoke(record, chan, [toLee]))
    expect(world.fact(record, facts.grant(toLee))?.ended).toBe(index)
    expect(world.fact(record, facts.grant(toWong))?.ended).toBe(null)
    expect(world.fact(record, facts.counters)).toEqual({ ...before, grants: 1 })
    expect(world.fact(record, facts.section(1))?.epoch).toBe(2)
    expect(world.fact(record, facts.section(2))?.epoch).toBe(0)
    expect(world.fact(record, facts.trail)?.epoch).toBe(2)
    expect(world.fact(record, facts.content(0))).toMatchObject({ version: 1, epoch: 2 })
  })

  it('ends what has expired too', async () => {
    const { world, chan, lee, record } = await scene()
    const entry = await world.grant(record, chan, lee, { body: { until: world.now + DAY } })
    await world.place(entry)
    world.now += 2 * DAY
    expect(await world.code(await world.revoke(record, chan, [entry.hash]))).toBe('accepted')
  })

  it('256 grants at once, and no more', async () => {
    const { world, chan, record } = await scene()
    const members = Array.from({ length: 33 }, (_, i) => idOf<ChainId>(`member ${i}`))
    const grants = Array.from({ length: limits.revoked + 1 }, (_, i) => idOf<EntryHash>(`grant ${i}`))
    for (const [i, hash] of grants.entries()) {
      const recipient = members[i % members.length] as ChainId
      const held = world.fact(record, facts.holder(recipient))?.grants ?? 0
      world.setFact(record, facts.holder(recipient), { grants: held + 1 })
      world.setFact(record, facts.grant(hash), {
        from: null,
        depth: 0,
        recipient,
        institution: chan.institution,
        sections: [1],
        actions: 1,
        notBefore: 0,
        until: null,
        index: 1,
        wraps: idOf<Digest>('wraps'),
        ended: null,
      })
    }
    const counters = world.fact(record, facts.counters)
    world.setFact(record, facts.counters, { ...(counters as NonNullable<typeof counters>), grants: 300 })
    await world.place(await world.revoke(record, chan, grants.slice(0, limits.revoked)))
    expect(world.fact(record, facts.counters)?.grants).toBe(300 - limits.revoked)
    await expect(world.revoke(record, chan, grants)).rejects.toMatchObject({ code: 'USAGE' })
    await expect(world.revoke(record, chan, [])).rejects.toMatchObject({ code: 'USAGE' })
  })
})

it('a revocation of everything there can be fits into an entry', async () => {
  const { world, chan, record } = await scene()
  const grants = Array.from({ length: limits.revoked }, (_, i) => idOf<EntryHash>(`grant ${i}`))
  // A sealed back-link is 138 bytes.
  const epochs = Array.from({ length: limits.sections + 1 }, (_, i) => ({
    ...world.start(i, 0xffffffff, 8_000_000_000_000),
    back: backTo(0xfffffffe, new Uint8Array(138)),
  }))
  const trail = { ...world.trailStart(1), epoch: 0xffffffff, back: backTo(0xfffffffe, new Uint8Array(138)) }
  const entry = await world.revoke(record, chan, grants, { body: { epochs, trail } })
  expect(entry.bytes.length).toBeLessThanOrEqual(limits.entry)
})

describe('recall', () => {
  const recall = (s: Scene, grants: readonly EntryHash[], over: object = {}) =>
    s.world.revoke(s.record, s.chan, grants, {
      turning: { 0: null, 1: null, 2: null },
      ...over,
      body: { mode: 'recall' },
    })
  verdicts(scene, [
    ['before the recipient has looked', 'accepted', (s) => recall(s, [s.toLee])],
    ['after', 'ALREADY_OPENED', (s) => recall(s, [s.toWong])],
    ['one before and one after', 'ALREADY_OPENED', (s) => recall(s, [s.toLee, s.toWong])],
    [
      'without the access log’s state',
      'RULE',
      (s) => recall(s, [s.toLee], { rests: s.world.standing(s.chan).map((c) => s.world.rest(c)) }),
    ],
    ['of a grant that ended', 'GRANT_ENDED', (s) => recall(s, [s.ended])],
  ])

  it('a note does not open, a download does', async () => {
    const { world, chan, lee, record } = await scene()
    const grant = await world.grant(record, chan, lee, { body: { actions: 7 } })
    await world.place(grant)
    const code = async () => world.code(await recall({ world, record, chan } as Scene, [grant.hash]))
    await world.place(await world.note(record, lee, grant.hash))
    expect(await code()).toBe('accepted')
    await world.place(await world.access('download', record, lee, grant.hash))
    expect(await code()).toBe('ALREADY_OPENED')
  })

  it('rests on an access log that nobody has written to', async () => {
    const world = await World.founded()
    const chan = await world.member('chan')
    const lee = await world.member('lee')
    const record = await world.record(chan)
    const grant = await world.grant(record, chan, lee)
    await world.place(grant)
    const entry = await world.revoke(record, chan, [grant.hash], { body: { mode: 'recall' } })
    expect(entry.restsOn.at(-1)?.sequence).toBe(0)
    expect(await world.code(entry)).toBe('accepted')
  })
})

it('a record rests on no other record, and on no other access log', async () => {
  const { world, chan, record, toWong, wong } = await scene()
  const foreign = await world.record(chan)
  const standing = world.standing(chan).map((chain) => world.rest(chain))
  const resting = async (chain: ChainId) =>
    world.code(await world.publish(record, chan, [1], { rests: [...standing, { ...world.rest(chan.chain), chain }] }))
  expect(await resting(foreign)).toBe('RULE')
  await world.place(await world.view(foreign, chan, null))
  expect(await resting(world.accessHead(foreign).chain)).toBe('RULE')
  // Its own is for recalls.
  expect(await resting(world.accessHead(record).chain)).toBe('RULE')
  const view = await world.view(record, wong, toWong, { restsOn: [record, foreign, ...world.standing(wong)] })
  expect(await world.code(view)).toBe('RULE')
})
