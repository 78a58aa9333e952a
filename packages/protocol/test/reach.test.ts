// To whom a record's keys go: who is vouched for, which teams are open, and whether what was wrapped is what would be wrapped now.
// Spec: docs/spec/rules.md, "Wrap lists".
import { beforeAll, describe, expect, it } from 'vitest'
import { type ChainId, compare, type EntryHash, hex } from '../src/bytes.js'
import { ready } from '../src/ed25519.js'
import { admits } from '../src/rules/admits.js'
import { facts } from '../src/rules/facts.js'
import { liveGrants } from '../src/rules/live-grants.js'
import { type Holder, isHeldAsWrapped, isVouchedFor, reachedBy, reachOf } from '../src/rules/reach.js'
import type { WrapLeaf, WrappedGrant } from '../src/wraps.js'
import { DAY, type Institution, idOf, type Member } from './actors.js'
import { MemberDevices } from './member-devices.js'
import { Shares } from './shares.js'
import { codeOfAsync } from './support.js'
import { idsOf, Teams } from './teams.js'
import { rowTo, wrapped } from './wrap-rows.js'

beforeAll(ready)

interface Scene {
  readonly teams: Teams
  readonly world: Teams['world']
  readonly shares: Shares
  readonly hospital: Institution
  /** Founder of the record. */
  readonly chan: Member
  /** Of the hospital, in the team. */
  readonly lee: Member
  /** Of the clinic, the team's admin. */
  readonly wong: Member
  readonly ho: Member
  readonly team: ChainId
  readonly record: ChainId
  readonly create: EntryHash
}

async function scene(): Promise<Scene> {
  const teams = await Teams.founded()
  const { world } = teams
  const hospital = await world.addInstitution('Hospital')
  const lee = await world.member('lee', { at: hospital })
  const [chan, wong, ho] = [await world.member('chan'), await world.member('wong'), await world.member('ho')]
  const team = await teams.team(wong, [lee])
  const create = await world.create(chan, [1, 2])
  await world.place(create)
  const record = create.chain
  return {
    teams,
    world,
    hospital,
    chan,
    lee,
    wong,
    ho,
    team,
    record,
    create: create.hash,
    shares: new Shares(world, record),
  }
}

const now = ({ world }: Scene) => ({ network: world.network.chain, time: world.now })
const reach = async (s: Scene, holder: Holder): Promise<string[]> =>
  (await reachOf(holder, s.world.facts, now(s))).map(hex)
const vouched = (s: Scene, { chain: member }: Member, institution: ChainId | null): Promise<boolean> =>
  isVouchedFor({ member, institution }, s.world.facts, s.world.network.chain)

const withdraw = async (s: Scene, who: Member, by = s.hospital.issuer): Promise<void> =>
  void (await s.world.place(await s.world.withdraw(who.chain, who.credential, by)))

/** Lee's credential is withdrawn, and her team is told. */
async function gone(s: Scene): Promise<void> {
  await withdraw(s, s.lee)
  await s.world.place(await s.teams.stale(s.team, s.lee, s.hospital.issuer, s.lee.credential))
}

/** Wong has turned her key and told the team. */
async function turned(s: Scene): Promise<void> {
  await s.world.place(await new MemberDevices(s.world, s.wong.chain).refresh(s.wong.device))
  await s.world.place(await s.teams.stale(s.team, s.wong, s.wong, null))
}

describe('an institution vouches', () => {
  it('for whom it gave a credential that she took, in its own name', async () => {
    const s = await scene()
    expect(await vouched(s, s.lee, s.hospital.chain)).toBe(true)
    expect(await vouched(s, s.lee, null)).toBe(true)
    expect(await vouched(s, s.lee, s.world.institution.chain)).toBe(false)
    expect(
      await isVouchedFor({ member: idOf('nobody'), institution: null }, s.world.facts, s.world.network.chain),
    ).toBe(false)
  })

  it('by no offer', async () => {
    const s = await scene()
    await s.world.place(await s.world.credential(s.lee.chain, s.world.institution.issuer))
    expect(await vouched(s, s.lee, s.world.institution.chain)).toBe(false)
  })

  it('until it withdraws, by what else it gave, and beyond the end of both', async () => {
    const s = await scene()
    const more = await s.world.renewed(s.lee, s.hospital.issuer)
    await withdraw(s, s.lee)
    expect(await vouched(s, s.lee, s.hospital.chain)).toBe(true)
    s.world.now += 1000 * DAY
    expect(await vouched(s, s.lee, s.hospital.chain)).toBe(true)
    await withdraw(s, more)
    expect(await vouched(s, s.lee, s.hospital.chain)).toBe(false)
    expect(await vouched(s, s.lee, null)).toBe(false)
  })

  it.each([
    ['by nothing that it voids with an issuer', 0, false],
    ['by what the issuer signed before', 1, true],
  ])('%s', async (_, after, expected) => {
    const s = await scene()
    const at = s.world.fact(s.lee.chain, facts.credential(s.lee.credential))?.index ?? 0
    await s.world.place(await s.world.dismiss(s.hospital, s.hospital.issuer, at + after))
    expect(await vouched(s, s.lee, s.hospital.chain)).toBe(expected)
  })

  it('as long as the network has it', async () => {
    const s = await scene()
    const on = { kind: 'network', chain: s.world.network.chain, by: s.world.network } as const
    await s.world.place(await s.world.sign({ ...on, type: 'remove', body: { institution: s.hospital.chain } }))
    expect(await vouched(s, s.lee, s.hospital.chain)).toBe(false)
    expect(await vouched(s, s.wong, null)).toBe(true)
  })
})

describe('keys reach', () => {
  it('a member, as long as somebody vouches for her in her capacity', async () => {
    const s = await scene()
    const { chain: member } = s.lee
    expect(await reach(s, { member, institution: s.hospital.chain })).toEqual([hex(member)])
    expect(await reach(s, { member, institution: s.world.institution.chain })).toEqual([])
    await withdraw(s, s.lee)
    expect(await reach(s, { member, institution: null })).toEqual([])
  })

  it('an open team, until it is closed', async () => {
    const s = await scene()
    const of = { member: s.team, institution: null }
    expect(await reach(s, of)).toEqual([hex(s.team)])
    await s.world.place(await s.teams.close(s.team, s.wong))
    expect(await reach(s, of)).toEqual([])
  })

  it('a team to its last millisecond', async () => {
    const s = await scene()
    const until = s.world.now + DAY
    const member = await s.teams.team(s.wong, [s.lee], { body: { until } })
    s.world.now = until - 1
    expect(await reach(s, { member, institution: null })).toEqual([hex(member)])
    s.world.now = until
    expect(await reach(s, { member, institution: null })).toEqual([])
  })

  it('of a stale team its members, without those who left, are out, or for whom nobody vouches', async () => {
    const s = await scene()
    const of = { member: s.team, institution: null }
    await s.world.place(await s.teams.change(s.team, s.wong, { adds: [s.ho, s.chan] }))
    await s.world.place(await s.teams.change(s.team, s.wong, { removes: [s.chan] }))
    await turned(s)
    expect(await reach(s, of)).toEqual(idsOf(s.lee, s.wong, s.ho).map(hex))
    await withdraw(s, s.ho, s.world.institution.issuer)
    expect(await reach(s, of)).toEqual(idsOf(s.lee, s.wong).map(hex))
    await gone(s)
    expect(await reach(s, of)).toEqual([hex(s.wong.chain)])
    await s.world.place(await s.teams.refresh(s.team, s.wong, [s.lee]))
    expect(await reach(s, of)).toEqual([hex(s.team)])
  })

  it('nobody by a grant that comes from a closed team', async () => {
    const s = await scene()
    const { chain: recipient, institution } = s.ho
    const live = { grant: { recipient, institution }, teams: [s.team] }
    const reached = async () => (await reachedBy(live, s.world.facts, now(s))).map(hex)
    expect(await reached()).toEqual([hex(recipient)])
    await turned(s)
    expect(await reached()).toEqual([hex(recipient)])
    await s.world.place(await s.teams.close(s.team, s.wong))
    expect(await reached()).toEqual([])
  })
})

describe('a section’s key is held as it would be wrapped now', () => {
  /** Shared with Ho (section 1), and the team (section 2). */
  async function granted() {
    const s = await scene()
    const toHo = await s.shares.placed(s.world.grant(s.record, s.chan, s.ho))
    const toTeam = await s.shares.placed(s.shares.toTeam(s.chan, s.team, { body: { sections: [2] } }))
    return { ...s, toHo, toTeam }
  }
  const held = async (s: Scene, ...sections: number[]): Promise<boolean> =>
    isHeldAsWrapped(s.record, sections, await liveGrants(s.record, s.world.facts, s.world.now), s.world.facts, now(s))
  const all = async (s: Scene): Promise<boolean[]> => [
    await held(s, 0),
    await held(s, 1),
    await held(s, 2),
    await held(s, 1, 2),
  ]
  const turn = async (s: Scene, ...sections: number[]) =>
    s.world.place(
      await s.world.publish(s.record, s.chan, [1], { turning: Object.fromEntries(sections.map((id) => [id, null])) }),
    )

  it('after it was granted', async () => {
    const s = await granted()
    expect(await all(s)).toEqual([true, true, true, true])
    expect(await held(s)).toBe(true)
    expect(await held(s, 3)).toBe(false)
    expect(await isHeldAsWrapped(idOf('no record'), [1], [], s.world.facts, now(s))).toBe(false)
  })

  it('not when a holder lost her credential', async () => {
    const s = await granted()
    await withdraw(s, s.ho, s.world.institution.issuer)
    expect(await all(s)).toEqual([false, false, true, false])
  })

  it('not when the founder lost hers', async () => {
    const s = await granted()
    await withdraw(s, s.chan, s.world.institution.issuer)
    expect(await all(s)).toEqual([false, false, false, false])
  })

  it('not when a holder’s own key is newer, until the section has a newer one', async () => {
    const s = await granted()
    await s.world.place(await new MemberDevices(s.world, s.ho.chain).refresh(s.ho.device))
    expect(await all(s)).toEqual([false, false, true, false])
    await turn(s, 1)
    expect(await all(s)).toEqual([false, true, true, true])
    await turn(s, 0)
    expect(await all(s)).toEqual([true, true, true, true])
  })

  it('not when the founder’s own key is newer', async () => {
    const s = await granted()
    await s.world.place(await new MemberDevices(s.world, s.chan.chain).refresh(s.chan.device))
    expect(await all(s)).toEqual([false, false, false, false])
    await turn(s, 0, 1)
    expect(await all(s)).toEqual([true, true, false, false])
  })

  it('not when a team is stale, nor right after it has a new key', async () => {
    const s = await granted()
    await turned(s)
    expect(await all(s)).toEqual([false, true, false, false])
    await s.world.place(await s.teams.refresh(s.team, s.wong, []))
    expect(await all(s)).toEqual([false, true, false, false])
    await turn(s, 0, 2)
    expect(await all(s)).toEqual([true, true, true, true])
  })

  it('not after somebody left a team, and after somebody came', async () => {
    const s = await granted()
    await s.world.place(await s.teams.change(s.team, s.wong, { adds: [s.ho] }))
    expect(await all(s)).toEqual([true, true, true, true])
    await s.world.place(await s.teams.change(s.team, s.wong, { removes: [s.lee] }))
    expect(await all(s)).toEqual([false, true, false, false])
  })

  it('by who was granted it later, under a key that she had then', async () => {
    const s = await granted()
    await s.world.place(await new MemberDevices(s.world, s.lee.chain).refresh(s.lee.device))
    await s.shares.placed(s.world.grant(s.record, s.chan, s.lee))
    expect(await all(s)).toEqual([true, true, true, true])
    await s.world.place(await new MemberDevices(s.world, s.lee.chain).refresh(s.lee.device))
    expect(await all(s)).toEqual([false, false, true, false])
  })

  it('not when a team is closed that a grant comes from', async () => {
    const s = await granted()
    const body = { actions: 17, sections: [1] }
    const from = await s.shares.placed(s.shares.toTeam(s.chan, s.team, { body }))
    await s.shares.placed(s.shares.on(s.wong, from, s.ho, { via: [s.team] }))
    expect(await all(s)).toEqual([true, true, true, true])
    await s.world.place(await s.teams.close(s.team, s.wong))
    expect(await all(s)).toEqual([false, false, false, false])
  })

  it('pauses over thousands of holders, and says the same', async () => {
    const s = await granted()
    const [one] = await liveGrants(s.record, s.world.facts, s.world.now)
    if (!one) throw new Error('no grant')
    let pauses = 0
    const pausing = { ...s.world.facts, pause: async () => void pauses++ }
    const many = Array.from({ length: 200 }, () => one)
    expect(await isHeldAsWrapped(s.record, [1], many, pausing, now(s))).toBe(true)
    expect(pauses).toBe(3)
  })
})

describe('a wrap list', () => {
  const leafTo = (recipient: ChainId, ...what: WrappedGrant[]): WrapLeaf =>
    rowTo(
      recipient,
      what.sort((a, b) => (a.grant && b.grant ? compare(a.grant, b.grant) : 0)),
    ).leaf
  const inOrder = (...leaves: WrapLeaf[]): WrapLeaf[] => leaves.sort((a, b) => compare(a.recipient, b.recipient))
  const newest = async (leaf: WrapLeaf) => leaf

  /** What a list ends in when a version turns card and section 1, with this end. */
  const code = async (s: Scene, leaves: readonly WrapLeaf[], until: number | null = null) => {
    const entry = await s.world.publish(s.record, s.chan, [1], { turning: { 0: until, 1: until } })
    return codeOfAsync(() => admits(entry, leaves, s.world.facts, { ...now(s), newest }))
  }
  const founders = (s: Scene) => leafTo(s.chan.chain, wrapped(s.create, { 0: 1, 1: 1 }, 1))
  const keys = { 0: 1, 1: 1 }

  async function granted() {
    const s = await scene()
    const until = s.world.now + DAY
    const toLee = await s.shares.placed(s.world.grant(s.record, s.chan, s.lee, { body: { until } }))
    const toTeam = await s.shares.placed(s.shares.toTeam(s.chan, s.team))
    return { ...s, until, toLee, toTeam }
  }

  it('names an open team, and not its members', async () => {
    const s = await granted()
    const own = leafTo(s.lee.chain, wrapped(s.toLee, keys))
    const list = inOrder(founders(s), own, leafTo(s.team, wrapped(s.toTeam, keys)))
    expect(await code(s, list, s.until)).toBe('accepted')
    expect(await code(s, list)).toBe('WRAPS')
    const members = [
      leafTo(s.lee.chain, wrapped(s.toLee, keys), wrapped(s.toTeam, keys)),
      leafTo(s.wong.chain, wrapped(s.toTeam, keys)),
    ]
    expect(await code(s, inOrder(founders(s), ...members), s.until)).toBe('WRAPS')
  })

  it('names the members of a stale team one by one, each in one row with her own grants', async () => {
    const s = await granted()
    await turned(s)
    const members = [
      leafTo(s.lee.chain, wrapped(s.toLee, keys), wrapped(s.toTeam, keys)),
      leafTo(s.wong.chain, wrapped(s.toTeam, keys)),
    ]
    expect(await code(s, inOrder(founders(s), ...members), s.until)).toBe('accepted')
    const own = leafTo(s.lee.chain, wrapped(s.toLee, keys))
    expect(await code(s, inOrder(founders(s), own, leafTo(s.team, wrapped(s.toTeam, keys))), s.until)).toBe('WRAPS')
  })

  it('names nobody whose credential was withdrawn, and her grant ends no key', async () => {
    const s = await granted()
    await gone(s)
    const wong = leafTo(s.wong.chain, wrapped(s.toTeam, keys))
    expect(await code(s, inOrder(founders(s), wong))).toBe('accepted')
    expect(await code(s, inOrder(founders(s), wong), s.until)).toBe('WRAPS')
    const lee = leafTo(s.lee.chain, wrapped(s.toLee, keys))
    expect(await code(s, inOrder(founders(s), wong, lee), s.until)).toBe('WRAPS')
  })

  it('names no closed team, and nobody with whom it shared on', async () => {
    const s = await granted()
    const from = await s.shares.placed(s.shares.toTeam(s.chan, s.team, { body: { actions: 17 } }))
    const toHo = await s.shares.placed(s.shares.on(s.wong, from, s.ho, { via: [s.team] }))
    const lee = leafTo(s.lee.chain, wrapped(s.toLee, keys))
    const team = leafTo(s.team, wrapped(s.toTeam, keys), wrapped(from, keys))
    const ho = leafTo(s.ho.chain, wrapped(toHo, keys))
    expect(await code(s, inOrder(founders(s), lee, team, ho), s.until)).toBe('accepted')
    await s.world.place(await s.teams.close(s.team, s.wong))
    expect(await code(s, inOrder(founders(s), lee, ho), s.until)).toBe('WRAPS')
    expect(await code(s, inOrder(founders(s), lee), s.until)).toBe('accepted')
  })

  it('leaves out a founder for whom nobody vouches', async () => {
    const s = await granted()
    const team = leafTo(s.team, wrapped(s.toTeam, keys))
    const lee = leafTo(s.lee.chain, wrapped(s.toLee, keys))
    await withdraw(s, s.chan, s.world.institution.issuer)
    expect(await code(s, inOrder(lee, team), s.until)).toBe('accepted')
    expect(await code(s, inOrder(founders(s), lee, team), s.until)).toBe('WRAPS')
  })

  it('is that of all holders for whoever has nothing of their chains', async () => {
    const s = await granted()
    await gone(s)
    const entry = await s.world.publish(s.record, s.chan, [1], { turning: { 0: s.until, 1: s.until } })
    const lee = leafTo(s.lee.chain, wrapped(s.toLee, keys))
    const list = inOrder(founders(s), lee, leafTo(s.team, wrapped(s.toTeam, keys)))
    expect(await codeOfAsync(() => admits(entry, list, s.world.facts))).toBe('accepted')
  })

  it('of a grant to a team has one row, to the team', async () => {
    const s = await granted()
    const entry = await s.shares.toTeam(s.chan, s.team, { body: { actions: 9, sections: [1, 2] } })
    const ofGrant = (to: ChainId) => [leafTo(to, wrapped(null, { 0: 0, 1: 0, 2: 0 }, 0))]
    const verdict = (leaves: readonly WrapLeaf[]) =>
      codeOfAsync(() => admits(entry, leaves, s.world.facts, { ...now(s), newest }))
    expect(await verdict(ofGrant(s.team))).toBe('accepted')
    expect(await verdict(ofGrant(s.lee.chain))).toBe('WRAPS')
    expect(await verdict([])).toBe('WRAPS')
  })
})
