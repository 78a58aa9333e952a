// Rules of a record that is shared with a team, and shared on. Spec: docs/spec/rules.md, "Grants".
import { beforeAll, describe, expect, it } from 'vitest'
import { type ChainId, type EntryHash, hex } from '../src/bytes.js'
import { ready } from '../src/ed25519.js'
import type { AnyEntry } from '../src/entry.js'
import { limits } from '../src/limits.js'
import { facts } from '../src/rules/facts.js'
import { liveGrants } from '../src/rules/live-grants.js'
import { checkTrail } from '../src/trail.js'
import { DAY, type Institution, idOf, type Member } from './actors.js'
import { verdicts } from './expect-verdict.js'
import { Shares } from './shares.js'
import { codeOf } from './support.js'
import { Teams } from './teams.js'

beforeAll(ready)

interface Scene {
  readonly teams: Teams
  readonly world: Teams['world']
  readonly shares: Shares
  readonly hospital: Institution
  /** Founder of the record, in no team. */
  readonly chan: Member
  /** Admin of `team`; Lee sits in it for the hospital, Wong for the clinic. */
  readonly ng: Member
  readonly lee: Member
  readonly wong: Member
  /** In no team. */
  readonly ho: Member
  readonly team: ChainId
  /** A consultation of Ng and Lee, for ten days. */
  readonly board: ChainId
  readonly until: number
  readonly record: ChainId
  /** To `team`: section 1, everything. */
  readonly toTeam: EntryHash
}

async function scene(): Promise<Scene> {
  const teams = await Teams.founded()
  const { world } = teams
  const hospital = await world.addInstitution('Hospital')
  const [chan, ng] = [await world.member('chan'), await world.member('ng')]
  const lee = await world.member('lee', { at: hospital })
  const [wong, ho] = [await world.member('wong'), await world.member('ho')]
  const team = await teams.team(ng, [lee, wong])
  const until = world.now + 10 * DAY
  const board = await teams.team(ng, [lee], { body: { until } })
  const record = await world.record(chan, [1, 2])
  const shares = new Shares(world, record)
  const toTeam = await shares.placed(shares.toTeam(chan, team, { body: { actions: 63 } }))
  return { teams, world, shares, hospital, chan, ng, lee, wong, ho, team, board, until, record, toTeam }
}

/** Lee's credential was withdrawn and her institution has told the team. */
async function stale(): Promise<Scene> {
  const s = await scene()
  const by = s.hospital.issuer
  await s.world.place(await s.world.withdraw(s.lee.chain, s.lee.credential, by))
  await s.world.place(await s.teams.stale(s.team, s.lee, by, s.lee.credential))
  return s
}

const code = async (s: Scene, made: Promise<AnyEntry>) => s.world.code(await made)

describe('a grant to a team', () => {
  verdicts(scene, [
    ['that is open', 'accepted', (s) => s.shares.toTeam(s.chan, s.team)],
    ['that has an end, until then', 'accepted', (s) => s.shares.toTeam(s.chan, s.board, { body: { until: s.until } })],
    ['for less', 'accepted', (s) => s.shares.toTeam(s.chan, s.board, { body: { until: s.until - 1 } })],
    ['for longer than the team', 'RULE', (s) => s.shares.toTeam(s.chan, s.board, { body: { until: s.until + 1 } })],
    ['without an end, where the team has one', 'RULE', (s) => s.shares.toTeam(s.chan, s.board)],
    ['in a capacity', 'CRED_BINDING', (s) => s.shares.toTeam(s.chan, s.team, { body: { capacity: s.lee.credential } })],
    ['that is a member', 'RULE', (s) => s.shares.toTeam(s.chan, s.lee.chain)],
    ['that is a record', 'RULE', (s) => s.shares.toTeam(s.chan, s.record, { restsOn: s.world.standing(s.chan) })],
    [
      'whose state it does not name',
      'RULE',
      (s) => s.shares.toTeam(s.chan, s.team, { restsOn: s.world.standing(s.chan) }),
    ],
  ])

  it('that waits for a new key is refused until it has it', async () => {
    const s = await stale()
    expect(await code(s, s.shares.toTeam(s.chan, s.team))).toBe('STALE_EPOCH')
    await s.world.place(await s.teams.refresh(s.team, s.wong, [s.lee]))
    expect(await code(s, s.shares.toTeam(s.chan, s.team))).toBe('accepted')
  })

  it('that is closed, or over, is refused', async () => {
    const s = await scene()
    const body = { until: s.until - 1 }
    await s.world.place(await s.teams.close(s.team, s.ng))
    expect(await code(s, s.shares.toTeam(s.chan, s.team))).toBe('TEAM_CLOSED')
    s.world.now = s.until - 2
    expect(await code(s, s.shares.toTeam(s.chan, s.board, { body }))).toBe('accepted')
    s.world.now = s.until
    const later = { ...body, until: s.until + 1 }
    expect(await code(s, s.shares.toTeam(s.chan, s.board, { body: later }))).toBe('TEAM_CLOSED')
  })

  it('counts as one holder’s, 8 at most', async () => {
    const s = await scene()
    for (let held = 1; held < limits.grantsEach; held++) await s.shares.placed(s.shares.toTeam(s.chan, s.team))
    expect(await code(s, s.shares.toTeam(s.chan, s.team))).toBe('LIMIT')
    expect(await code(s, s.shares.toTeam(s.chan, s.board, { body: { until: s.until } }))).toBe('accepted')
    await s.world.place(await s.world.revoke(s.record, s.chan, [s.toTeam]))
    expect(await code(s, s.shares.toTeam(s.chan, s.team))).toBe('accepted')
  })
})

describe('under a team’s grant', () => {
  const via = (s: Scene) => ({ via: [s.team] })

  verdicts(scene, [
    ['its admin views', 'accepted', (s) => s.shares.view(s.ng, s.toTeam, via(s))],
    ['a member views', 'accepted', (s) => s.shares.view(s.lee, s.toTeam, via(s))],
    ['a member publishes', 'accepted', (s) => s.shares.publish(s.wong, s.toTeam, [s.team])],
    [
      'nobody views what was not shared',
      'NOT_GRANTED',
      (s) => s.shares.view(s.lee, s.toTeam, { ...via(s), body: { sections: [2] } }),
    ],
    ['somebody outside does not', 'NOT_GRANTED', (s) => s.shares.view(s.ho, s.toTeam, via(s))],
    ['the founder does not', 'NOT_GRANTED', (s) => s.shares.view(s.chan, s.toTeam, via(s))],
    ['somebody outside does not publish', 'NOT_GRANTED', (s) => s.shares.publish(s.ho, s.toTeam, [s.team])],
    ['nobody views without the team’s state', 'RULE', (s) => s.shares.view(s.lee, s.toTeam)],
    ['nobody publishes without the team’s state', 'RULE', (s) => s.shares.publish(s.lee, s.toTeam, [])],
  ])

  it('a member acts in the capacity of her seat, and in no other', async () => {
    const s = await scene()
    const atHospital = await s.world.renewed(s.wong, s.hospital.issuer)
    expect(await code(s, s.shares.view(atHospital, s.toTeam, via(s)))).toBe('NOT_GRANTED')
    expect(await code(s, s.shares.view(s.wong, s.toTeam, via(s)))).toBe('accepted')
    const again = await s.world.renewed(s.wong, s.world.institution.issuer)
    expect(await code(s, s.shares.view(again, s.toTeam, via(s)))).toBe('accepted')
    await s.world.place(await s.world.withdraw(s.wong.chain, s.wong.credential, s.world.institution.issuer))
    expect(await code(s, s.shares.view(s.wong, s.toTeam, via(s)))).toBe('CRED_REVOKED')
  })

  it('whoever leaves or is out does nothing any more, and whoever comes may', async () => {
    const s = await stale()
    expect(await code(s, s.shares.view(s.wong, s.toTeam, via(s)))).toBe('accepted')
    const lee = await s.world.renewed(s.lee, s.hospital.issuer)
    expect(await code(s, s.shares.view(lee, s.toTeam, via(s)))).toBe('NOT_GRANTED')
    await s.world.place(await s.teams.refresh(s.team, s.wong, [s.lee]))
    expect(await code(s, s.shares.view(lee, s.toTeam, via(s)))).toBe('NOT_GRANTED')
    await s.world.place(await s.teams.change(s.team, s.ng, { adds: [lee] }))
    expect(await code(s, s.shares.view(lee, s.toTeam, via(s)))).toBe('accepted')
    await s.world.place(await s.teams.change(s.team, s.ng, { removes: [lee] }))
    expect(await code(s, s.shares.view(lee, s.toTeam, via(s)))).toBe('NOT_GRANTED')
  })

  it('nobody does anything once the team is closed, or its time is over', async () => {
    const s = await scene()
    const toBoard = await s.shares.placed(s.shares.toTeam(s.chan, s.board, { body: { until: s.until } }))
    await s.world.place(await s.teams.close(s.team, s.ng))
    expect(await code(s, s.shares.view(s.lee, s.toTeam, via(s)))).toBe('TEAM_CLOSED')
    expect(await code(s, s.shares.publish(s.wong, s.toTeam, [s.team]))).toBe('TEAM_CLOSED')
    s.world.now = s.until - 1
    expect(await code(s, s.shares.view(s.lee, toBoard, { via: [s.board] }))).toBe('accepted')
    s.world.now = s.until
    expect(await code(s, s.shares.view(s.lee, toBoard, { via: [s.board] }))).toBe('GRANT_ENDED')
  })

  it('an action that it does not allow is refused', async () => {
    const s = await scene()
    const toView = await s.shares.placed(s.shares.toTeam(s.chan, s.team))
    expect(await code(s, s.shares.view(s.lee, toView, via(s)))).toBe('accepted')
    expect(await code(s, s.shares.publish(s.lee, toView, [s.team]))).toBe('NOT_GRANTED')
  })
})

describe('a recall of a team’s grant', () => {
  type WithHo = Scene & { readonly toHo: EntryHash }
  const recall = (s: Scene, grants: readonly EntryHash[]) =>
    s.world.revoke(s.record, s.chan, grants, { body: { mode: 'recall' } })

  it('holds as long as nobody has opened through the team', async () => {
    const s = await scene()
    expect(await code(s, recall(s, [s.toTeam]))).toBe('accepted')
    const own = await s.shares.placed(s.world.grant(s.record, s.chan, s.lee))
    await s.world.place(await s.shares.view(s.lee, own))
    // Lee has opened, and not from her seat.
    expect(await code(s, recall(s, [s.toTeam]))).toBe('accepted')
    const at = await s.world.place(await s.shares.view(s.wong, s.toTeam, { via: [s.team] }))
    const log = s.world.accessHead(s.record).chain
    expect(s.world.fact(log, facts.viewed(s.team))).toEqual({ index: at })
    expect(s.world.fact(log, facts.viewed(s.wong.chain))).toEqual({ index: at })
    expect(await code(s, recall(s, [s.toTeam]))).toBe('ALREADY_OPENED')
    await s.world.place(await s.shares.view(s.ng, s.toTeam, { via: [s.team] }))
    expect(s.world.fact(log, facts.viewed(s.team))).toEqual({ index: at })
  })

  it('of a member’s own fails once she has opened from her seat', async () => {
    const s = await scene()
    const own = await s.shares.placed(s.world.grant(s.record, s.chan, s.lee))
    expect(await code(s, recall(s, [own]))).toBe('accepted')
    await s.world.place(await s.shares.view(s.lee, s.toTeam, { via: [s.team] }))
    expect(await code(s, recall(s, [own]))).toBe('ALREADY_OPENED')
  })

  it.each([
    ['somebody opened through the team', 'ALREADY_OPENED', (s: WithHo) => [s.lee, s.toTeam] as const],
    ['who opened did so under a grant of her own', 'accepted', (s: WithHo) => [s.ho, s.toHo] as const],
  ])('that a relay let through is found by whoever has the whole trail, where %s', async (_, found, opener) => {
    const s = await scene()
    const toHo = await s.shares.placed(s.world.grant(s.record, s.chan, s.ho))
    const [by, grant] = opener({ ...s, toHo })
    await s.world.place(await s.shares.view(by, grant, { via: grant === s.toTeam ? [s.team] : [] }))
    const entry = await recall(s, [s.toTeam])
    s.world.advance(entry)
    s.world.log.append([{ entry, access: null }], s.world.now)
    const ledger = s.world.ledger()
    await ledger.take(s.world.log.proven())
    expect(codeOf(() => checkTrail(ledger, s.record))).toBe(found)
  })
})

/** Lee (section 1 and 2, from tomorrow on for two days, all but to write) and the team, both to share on. */
async function shared(): Promise<
  Scene & { readonly toLee: EntryHash; readonly begins: number; readonly ends: number }
> {
  const s = await scene()
  const begins = s.world.now + DAY
  const ends = begins + 2 * DAY
  const body = { sections: [1, 2], actions: 55, notBefore: begins, until: ends }
  const toLee = await s.shares.placed(s.world.grant(s.record, s.chan, s.lee, { body }))
  s.world.now = begins
  return { ...s, toLee, begins, ends }
}
type Shared = Awaited<ReturnType<typeof shared>>

describe('sharing on', () => {
  const on = (s: Shared, body: object = {}, to = s.ho) =>
    s.shares.on(s.lee, s.toLee, to, { body: { notBefore: s.begins, until: s.ends, ...body } })

  verdicts(shared, [
    ['a section', 'accepted', (s) => on(s)],
    ['all of it', 'accepted', (s) => on(s, { sections: [1, 2], actions: 55 })],
    ['for less', 'accepted', (s) => on(s, { until: s.ends - 1, notBefore: s.begins + 1 })],
    [
      'to a team',
      'accepted',
      (s) => s.shares.toTeam(s.lee, s.team, { body: { from: s.toLee, notBefore: s.begins, until: s.ends } }),
    ],
    ['by a team’s member, from her seat', 'accepted', (s) => s.shares.on(s.wong, s.toTeam, s.ho, { via: [s.team] })],
    ['what was not granted to do', 'NOT_GRANTED', (s) => on(s, { actions: 9 })],
    ['longer', 'NOT_GRANTED', (s) => on(s, { until: s.ends + 1 })],
    ['without an end', 'NOT_GRANTED', (s) => on(s, { until: null })],
    ['from earlier on', 'NOT_GRANTED', (s) => on(s, { notBefore: s.begins - 1 })],
    [
      'a section that was not granted',
      'NOT_GRANTED',
      (s) => s.shares.on(s.wong, s.toTeam, s.ho, { via: [s.team], body: { sections: [1, 2] } }),
    ],
    [
      'somebody else’s grant',
      'NOT_GRANTED',
      (s) => s.shares.on(s.wong, s.toLee, s.ho, { body: { notBefore: s.begins, until: s.ends } }),
    ],
    ['a grant that is not', 'NOT_GRANTED', (s) => s.shares.on(s.lee, idOf('no grant'), s.ho)],
    [
      'by the founder under another’s grant',
      'NOT_GRANTED',
      (s) => s.shares.on(s.chan, s.toLee, s.ho, { body: { notBefore: s.begins, until: s.ends } }),
    ],
    ['to oneself', 'RULE', (s) => on(s, {}, s.lee)],
    ['to the founder', 'RULE', (s) => on(s, {}, s.chan)],
    ['by a holder, and naming nothing', 'ROLE', (s) => s.world.grant(s.record, s.lee, s.ho)],
    ['from outside the team', 'NOT_GRANTED', (s) => s.shares.on(s.ho, s.toTeam, s.lee, { via: [s.team] })],
    ['without the team’s state', 'RULE', (s) => s.shares.on(s.wong, s.toTeam, s.ho)],
    ['under another member’s credential', 'CRED_BINDING', (s) => on(s, { credential: s.ho.credential })],
  ])

  it('needs the right to', async () => {
    const s = await scene()
    const toView = await s.shares.placed(s.world.grant(s.record, s.chan, s.lee, { body: { actions: 47 } }))
    expect(await code(s, s.shares.on(s.lee, toView, s.ho))).toBe('NOT_GRANTED')
    const toShare = await s.shares.placed(s.world.grant(s.record, s.chan, s.lee, { body: { actions: 17 } }))
    expect(await code(s, s.shares.on(s.lee, toShare, s.ho))).toBe('accepted')
  })

  it('needs the capacity in which one was granted', async () => {
    const s = await shared()
    const atClinic = await s.world.renewed(s.lee, s.world.institution.issuer)
    const body = { notBefore: s.begins, until: s.ends }
    expect(await code(s, s.shares.on(atClinic, s.toLee, s.ho, { body }))).toBe('NOT_GRANTED')
    expect(await code(s, s.shares.on(s.lee, s.toLee, s.ho, { body }))).toBe('accepted')
  })

  it('begins and ends with the grant', async () => {
    const s = await shared()
    s.world.now = s.begins - 1
    expect(await code(s, on(s))).toBe('NOT_GRANTED')
    s.world.now = s.ends - 1
    expect(await code(s, on(s))).toBe('accepted')
    s.world.now = s.ends
    expect(await code(s, on(s, { until: s.ends + 1 }))).toBe('GRANT_ENDED')
  })

  it('goes eight times, and no further', async () => {
    const s = await scene()
    const body = { actions: 17 }
    let held = await s.shares.placed(s.world.grant(s.record, s.chan, s.lee, { body }))
    const both = [s.lee, s.ho] as const
    for (let depth = 1; depth <= limits.sharedOn; depth++) {
      const [by, to] = depth % 2 === 1 ? both : both.toReversed()
      held = await s.shares.placed(s.shares.on(by as Member, held, to as Member, { body }))
      expect(s.world.fact(s.record, facts.grant(held))).toMatchObject({ depth, ended: null })
    }
    expect(await code(s, s.shares.on(s.lee, held, s.ho, { body }))).toBe('LIMIT')
  })
})

describe('what was shared on', () => {
  /** Chan → Lee → the team → Ho → Ng, who is in no team for this. */
  async function chained() {
    const s = await scene()
    const body = { actions: 17 }
    const toLee = await s.shares.placed(s.world.grant(s.record, s.chan, s.lee, { body }))
    const toOn = await s.shares.placed(s.shares.toTeam(s.lee, s.team, { body: { ...body, from: toLee } }))
    const via = [s.team]
    const toHo = await s.shares.placed(s.shares.on(s.wong, toOn, s.ho, { via, body }))
    const last = await s.world.member('last')
    const toLast = await s.shares.placed(s.shares.on(s.ho, toHo, last, { via, body }))
    return { ...s, toLee, toOn, toHo, last, toLast, via }
  }
  type Chained = Awaited<ReturnType<typeof chained>>
  const views = async (s: Chained) => [
    await code(s, s.shares.view(s.lee, s.toLee)),
    await code(s, s.shares.view(s.wong, s.toOn, { via: s.via })),
    await code(s, s.shares.view(s.ho, s.toHo, { via: s.via })),
    await code(s, s.shares.view(s.last, s.toLast, { via: s.via })),
  ]
  const live = async (s: Chained, over: readonly EntryHash[] = []) => {
    const found = await liveGrants(s.record, s.world.facts, s.world.now, over)
    const names = { toTeam: s.toTeam, toLee: s.toLee, toOn: s.toOn, toHo: s.toHo, toLast: s.toLast }
    const of = (hash: EntryHash) => Object.entries(names).find(([, one]) => hex(one) === hex(hash))?.[0]
    return new Map(found.map(({ hash, teams }) => [of(hash), teams.map(hex)]))
  }

  it('opens for all', async () => {
    const s = await chained()
    expect(await views(s)).toEqual(['accepted', 'accepted', 'accepted', 'accepted'])
    const team = hex(s.team)
    const all = { toTeam: [], toLee: [], toOn: [], toHo: [team], toLast: [team] }
    expect(Object.fromEntries(await live(s))).toEqual(all)
  })

  it('rests on the teams that it comes from', async () => {
    const s = await chained()
    expect(await code(s, s.shares.view(s.last, s.toLast))).toBe('RULE')
  })

  it('ends with whatever it comes from, and nothing before it does', async () => {
    const s = await chained()
    expect(new Set((await live(s, [s.toHo])).keys())).toEqual(new Set(['toLee', 'toOn', 'toTeam']))
    await s.world.place(await s.world.revoke(s.record, s.chan, [s.toHo]))
    expect(await views(s)).toEqual(['accepted', 'accepted', 'GRANT_ENDED', 'GRANT_ENDED'])
    expect(new Set((await live(s)).keys())).toEqual(new Set(['toLee', 'toOn', 'toTeam']))
    expect(await code(s, s.shares.on(s.ho, s.toHo, s.last, { via: s.via }))).toBe('GRANT_ENDED')
    // Who is last holds a grant that nobody named: it counts until somebody does.
    expect(s.world.fact(s.record, facts.grant(s.toLast))?.ended).toBeNull()
    expect(await code(s, s.world.revoke(s.record, s.chan, [s.toLast]))).toBe('accepted')
  })

  it('ends with the first, too', async () => {
    const s = await chained()
    await s.world.place(await s.world.revoke(s.record, s.chan, [s.toLee]))
    expect(await views(s)).toEqual(Array(4).fill('GRANT_ENDED'))
    expect(await code(s, s.shares.on(s.ho, s.toHo, s.last, { via: s.via }))).toBe('GRANT_ENDED')
    expect([...(await live(s)).keys()]).toEqual(['toTeam'])
  })

  it('ends with a team that it comes from', async () => {
    const s = await chained()
    await s.world.place(await s.teams.close(s.team, s.ng))
    expect(await views(s)).toEqual(['accepted', 'TEAM_CLOSED', 'TEAM_CLOSED', 'TEAM_CLOSED'])
    expect(await code(s, s.shares.on(s.ho, s.toHo, s.last, { via: s.via }))).toBe('TEAM_CLOSED')
  })

  it('was opened as far as a recall is concerned, by whomever', async () => {
    const s = await chained()
    const recall = (grant: EntryHash) =>
      code(s, s.world.revoke(s.record, s.chan, [grant], { body: { mode: 'recall' } }))
    expect([await recall(s.toLee), await recall(s.toHo)]).toEqual(['accepted', 'accepted'])
    await s.world.place(await s.shares.view(s.last, s.toLast, { via: s.via }))
    expect([await recall(s.toLee), await recall(s.toHo)]).toEqual(['ALREADY_OPENED', 'ALREADY_OPENED'])
    expect(await recall(s.toTeam)).toBe('accepted')
    const entry = await s.world.revoke(s.record, s.chan, [s.toLee], { body: { mode: 'recall' } })
    s.world.advance(entry)
    s.world.log.append([{ entry, access: null }], s.world.now)
    const ledger = s.world.ledger()
    await ledger.take(s.world.log.proven())
    expect(codeOf(() => checkTrail(ledger, s.record))).toBe('ALREADY_OPENED')
  })

  it('does not end with the seat of who shared it', async () => {
    const s = await chained()
    await s.world.place(await s.teams.change(s.team, s.ng, { removes: [s.wong] }))
    expect(await views(s)).toEqual(['accepted', 'NOT_GRANTED', 'accepted', 'accepted'])
  })
})
