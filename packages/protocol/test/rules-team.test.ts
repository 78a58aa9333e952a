// Rules of a team's chain, and the wrap lists of its entries. Spec: docs/spec/rules.md, "Team", "Wrap lists".
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { compare, type Digest } from '../src/bytes.js'
import { ready } from '../src/ed25519.js'
import type { AnyEntry } from '../src/entry.js'
import { limits } from '../src/limits.js'
import { admits } from '../src/rules/admits.js'
import { facts } from '../src/rules/facts.js'
import { DAY, idOf, type Member } from './actors.js'
import { verdicts } from './expect-verdict.js'
import { codeOfAsync } from './support.js'
import { back, type Scene, scene } from './team-scene.js'
import { idsOf, seatOf, seatsIn } from './teams.js'
import { rowTo, wrapped } from './wrap-rows.js'

beforeAll(ready)

const consultation = { purpose: 'consultation', name: null } as const
const sealed = { private: idOf<Digest>('sealed reason') }

describe('founding', () => {
  verdicts(scene, [
    ['a department', 'accepted', (s) => s.teams.found(s.chan, [s.lee])],
    ['of its founder alone', 'accepted', (s) => s.teams.found(s.chan)],
    [
      'with another nonce than its id was made from',
      'BINDING',
      (s) => s.teams.found(s.chan, [], { body: { nonce: idOf('other') } }),
    ],
    [
      'in somebody else’s name',
      'BINDING',
      (s) => s.teams.found(s.chan, [], { by: s.lee, restsOn: [...s.world.standing(s.lee), s.chan.chain] }),
    ],
    [
      'under nobody’s credential',
      'CRED_BINDING',
      (s) => s.teams.found(s.chan, [], { body: { credential: idOf('no') } }),
    ],
    ['without a name', 'RULE', (s) => s.teams.found(s.chan, [], { body: { name: null } })],
    [
      'a consultation',
      'accepted',
      (s) => s.teams.found(s.chan, [], { ...sealed, body: { ...consultation, until: s.world.now + DAY } }),
    ],
    [
      'a consultation with a name in clear',
      'RULE',
      (s) =>
        s.teams.found(s.chan, [], { ...sealed, body: { ...consultation, name: 'Mr X', until: s.world.now + DAY } }),
    ],
    ['a consultation without an end', 'RULE', (s) => s.teams.found(s.chan, [], { ...sealed, body: consultation })],
    [
      'a consultation without a reason',
      'RULE',
      (s) => s.teams.found(s.chan, [], { body: { ...consultation, until: s.world.now + DAY } }),
    ],
    ['that ends now', 'RULE', (s) => s.teams.found(s.chan, [], { body: { until: s.world.now } })],
    ['that ends in a moment', 'accepted', (s) => s.teams.found(s.chan, [], { body: { until: s.world.now + 1 } })],
    ['without its founder', 'RULE', (s) => s.teams.found(s.chan, [], { body: { seats: [seatOf(s.lee, 'admin')] } })],
    ['whose founder is no admin', 'RULE', (s) => s.teams.found(s.chan, [], { body: { seats: [seatOf(s.chan)] } })],
    [
      'whose founder sits for another institution',
      'RULE',
      (s) =>
        s.teams.found(s.chan, [], {
          body: { seats: [{ ...seatOf(s.chan, 'admin'), institution: s.hospital.chain }] },
        }),
    ],
    [
      'with a member twice',
      'RULE',
      (s) =>
        s.teams.found(s.chan, [], { body: { seats: seatsIn(seatOf(s.chan, 'admin'), seatOf(s.lee), seatOf(s.lee)) } }),
    ],
    [
      'out of order',
      'RULE',
      (s) =>
        s.teams.found(s.chan, [], {
          body: { seats: seatsIn(seatOf(s.chan, 'admin'), seatOf(s.lee), seatOf(s.wong)).reverse() },
        }),
    ],
  ])
})

describe('a change', () => {
  verdicts(scene, [
    ['adds', 'accepted', (s) => s.teams.change(s.team, s.chan, { adds: [s.ho] })],
    ['removes', 'accepted', (s) => s.teams.change(s.team, s.chan, { removes: [s.lee] })],
    ['does both', 'accepted', (s) => s.teams.change(s.team, s.chan, { adds: [s.ho], removes: [s.lee, s.wong] })],
    ['does nothing', 'RULE', (s) => s.teams.change(s.team, s.chan, {})],
    [
      'turns the key, and nothing else',
      'accepted',
      (s) => s.teams.change(s.team, s.chan, {}, { body: { epoch: s.teams.next(s.team) } }),
    ],
    [
      'turns the key, by a member',
      'ROLE',
      (s) => s.teams.change(s.team, s.lee, {}, { body: { epoch: s.teams.next(s.team) } }),
    ],
    [
      'turns the key, and leads back two epochs',
      'accepted',
      (s) => s.teams.change(s.turned, s.chan, {}, { body: { epoch: back(s.teams.next(s.turned), 0) } }),
    ],
    [
      'turns the key, and leads back to it',
      'RULE',
      (s) => s.teams.change(s.turned, s.chan, {}, { body: { epoch: back(s.teams.next(s.turned), 2) } }),
    ],
    [
      'turns the key, and leads to a later one',
      'RULE',
      (s) => s.teams.change(s.turned, s.chan, {}, { body: { epoch: back(s.teams.next(s.turned), 3) } }),
    ],
    ['by a member', 'ROLE', (s) => s.teams.change(s.team, s.lee, { adds: [s.ho] })],
    ['by somebody outside', 'ROLE', (s) => s.teams.change(s.team, s.ho, { adds: [s.ho] })],
    ['of what is no team', 'BINDING', (s) => s.teams.change(s.hospital.chain, s.chan, { adds: [s.ho] })],
    [
      'under nobody’s credential',
      'CRED_BINDING',
      (s) => s.teams.change(s.team, s.chan, { adds: [s.ho] }, { body: { credential: idOf('no') } }),
    ],
    ['adds somebody who is there', 'RULE', (s) => s.teams.change(s.team, s.chan, { adds: [s.lee] })],
    ['removes somebody who is not', 'RULE', (s) => s.teams.change(s.team, s.chan, { removes: [s.ho] })],
    ['removes and adds one member', 'RULE', (s) => s.teams.change(s.team, s.chan, { adds: [s.lee], removes: [s.lee] })],
    ['removes its signer', 'RULE', (s) => s.teams.change(s.team, s.chan, { removes: [s.chan] })],
    [
      'removes and keeps the key',
      'STALE_EPOCH',
      (s) => s.teams.change(s.team, s.chan, { removes: [s.lee] }, { body: { epoch: null } }),
    ],
    [
      'leaves an epoch out',
      'SEQ',
      (s) =>
        s.teams.change(
          s.team,
          s.chan,
          { removes: [s.lee] },
          { body: { epoch: { ...s.teams.next(s.team), epoch: 2 } } },
        ),
    ],
    [
      'starts an epoch again',
      'SEQ',
      (s) =>
        s.teams.change(
          s.team,
          s.chan,
          { removes: [s.lee] },
          { body: { epoch: { ...s.teams.next(s.team), epoch: 0 } } },
        ),
    ],
    [
      'turns the key for an addition',
      'accepted',
      (s) => s.teams.change(s.team, s.chan, { adds: [s.ho] }, { body: { epoch: s.teams.next(s.team) } }),
    ],
    ['removes somebody twice', 'RULE', (s) => s.teams.change(s.team, s.chan, { removes: [s.lee, s.lee] })],
    [
      'removes out of order',
      'RULE',
      (s) =>
        s.teams.change(
          s.team,
          s.chan,
          { removes: [s.lee, s.wong] },
          { body: { removes: idsOf(s.lee, s.wong).reverse() } },
        ),
    ],
    [
      'adds out of order',
      'RULE',
      (s) => {
        const adds = seatsIn(seatOf(s.ho), {
          member: idOf('x'),
          institution: s.hospital.chain,
          role: 'member',
        }).reverse()
        return s.teams.change(s.team, s.chan, {}, { body: { adds } })
      },
    ],
  ])

  it('of a team of 1,000 can remove, and not add', async () => {
    const s = await scene()
    const team = s.world.fact(s.team, facts.team)
    const full = { ...team, members: limits.members } as NonNullable<typeof team>
    s.world.setFact(s.team, facts.team, full)
    expect(await s.world.code(await s.teams.change(s.team, s.chan, { adds: [s.ho] }))).toBe('LIMIT')
    expect(await s.world.code(await s.teams.change(s.team, s.chan, { adds: [s.ho], removes: [s.lee] }))).toBe(
      'accepted',
    )
    s.world.setFact(s.team, facts.team, { ...full, members: limits.members - 1 })
    expect(await s.world.code(await s.teams.change(s.team, s.chan, { adds: [s.ho] }))).toBe('accepted')
  })

  it('lets somebody who left come back, and who is removed do nothing more', async () => {
    const s = await scene()
    await s.world.place(await s.teams.appoint(s.team, s.chan, s.lee))
    await s.world.place(await s.teams.change(s.team, s.chan, { removes: [s.lee] }))
    expect(await s.world.code(await s.teams.change(s.team, s.lee, { adds: [s.ho] }))).toBe('ROLE')
    expect(await s.world.code(await s.teams.change(s.team, s.chan, { removes: [s.lee] }))).toBe('RULE')
    await s.world.place(await s.teams.change(s.team, s.chan, { adds: [s.lee] }))
    expect(s.world.fact(s.team, facts.seat(s.lee.chain))).toMatchObject({ role: 'member', left: null })
    expect(s.world.fact(s.team, facts.team)).toMatchObject({ members: 3, admins: 1 })
  })
})

describe('admins', () => {
  verdicts(scene, [
    ['appoint', 'accepted', (s) => s.teams.appoint(s.team, s.chan, s.lee)],
    ['do not appoint an admin', 'RULE', (s) => s.teams.appoint(s.team, s.chan, s.chan)],
    ['do not appoint somebody outside', 'RULE', (s) => s.teams.appoint(s.team, s.chan, s.ho)],
    ['are not appointed by a member', 'ROLE', (s) => s.teams.appoint(s.team, s.lee, s.lee)],
    ['do not dismiss the last', 'RULE', (s) => s.teams.dismiss(s.team, s.chan, s.chan)],
    ['do not dismiss a member', 'RULE', (s) => s.teams.dismiss(s.team, s.chan, s.lee)],
    ['do not dismiss somebody outside', 'RULE', (s) => s.teams.dismiss(s.team, s.chan, s.ho)],
    ['are not dismissed by a member', 'ROLE', (s) => s.teams.dismiss(s.team, s.lee, s.chan)],
    ['close', 'accepted', (s) => s.teams.close(s.team, s.chan)],
    ['alone close', 'ROLE', (s) => s.teams.close(s.team, s.lee)],
  ])

  it('who were dismissed are members; two can each dismiss the other, once', async () => {
    const s = await scene()
    await s.world.place(await s.teams.appoint(s.team, s.chan, s.lee))
    await s.world.place(await s.teams.dismiss(s.team, s.lee, s.chan))
    expect(await s.world.code(await s.teams.change(s.team, s.chan, { adds: [s.ho] }))).toBe('ROLE')
    expect(await s.world.code(await s.teams.dismiss(s.team, s.lee, s.lee))).toBe('RULE')
    expect(s.world.fact(s.team, facts.team)).toMatchObject({ members: 3, admins: 1 })
  })

  it('act in the capacity of their seat', async () => {
    const s = await scene()
    const asHospital = await s.world.renewed(s.chan, s.hospital.issuer)
    expect(await s.world.code(await s.teams.change(s.team, asHospital, { adds: [s.ho] }))).toBe('ROLE')
    await s.world.place(await s.world.withdraw(s.chan.chain, s.chan.credential, s.world.institution.issuer))
    expect(await s.world.code(await s.teams.change(s.team, s.chan, { adds: [s.ho] }))).toBe('CRED_REVOKED')
  })
})

describe('a team that is over', () => {
  const all: readonly [string, (s: Scene) => Promise<AnyEntry>][] = [
    ['change', (s) => s.teams.change(s.team, s.chan, { adds: [s.ho] })],
    ['refresh', (s) => s.teams.refresh(s.team, s.lee, [])],
    ['stale', (s) => s.teams.stale(s.team, s.lee, s.lee, null)],
    ['appoint', (s) => s.teams.appoint(s.team, s.chan, s.lee)],
    ['dismiss', (s) => s.teams.dismiss(s.team, s.chan, s.chan)],
    ['close', (s) => s.teams.close(s.team, s.chan)],
  ]
  it.each(all)('refuses %s: closed, or past its end', async (_, make) => {
    const closed = await scene()
    await closed.world.place(await closed.teams.close(closed.team, closed.chan))
    expect(await closed.world.code(await make(closed))).toBe('TEAM_CLOSED')
    const s = await scene()
    const until = s.world.now + DAY
    const ending = { ...s, team: await s.teams.team(s.chan, [s.lee], { body: { until } }) }
    s.world.now = until
    expect(await s.world.code(await make(ending))).toBe('TEAM_CLOSED')
  })

  it('was open until its last millisecond', async () => {
    const s = await scene()
    const until = s.world.now + DAY
    const team = await s.teams.team(s.chan, [s.lee], { body: { until } })
    s.world.now = until - 1
    expect(await s.world.code(await s.teams.change(team, s.chan, { adds: [s.ho] }))).toBe('accepted')
  })
})

describe('nobody rests on a team yet', () => {
  verdicts(scene, [['a member’s entry', 'RULE', (s) => s.world.accept(s.chan, idOf('nothing'), { restsOn: [s.team] })]])
})

describe('wrap lists', () => {
  const leavesTo = (members: readonly Member[], epoch: number) =>
    idsOf(...members).map((chain) => rowTo(chain, [wrapped(null, { 0: epoch })], { keys: null }).leaf)

  /** What a list of rows to these members ends in. */
  const code = (s: Scene, entry: AnyEntry, leaves: ReturnType<typeof leavesTo>) =>
    codeOfAsync(() => admits(entry, leaves, s.world.facts))

  it.each<[string, (s: Scene) => Promise<AnyEntry>, (s: Scene) => Member[], number]>([
    ['founding: all', (s) => s.teams.found(s.chan, [s.lee, s.ho]), (s) => [s.chan, s.lee, s.ho], 0],
    ['addition: who is added', (s) => s.teams.change(s.team, s.chan, { adds: [s.ho] }), (s) => [s.ho], 0],
    ['removal: who remains', (s) => s.teams.change(s.team, s.chan, { removes: [s.lee] }), (s) => [s.chan, s.wong], 1],
    [
      'both: who remains, and who is added',
      (s) => s.teams.change(s.team, s.chan, { adds: [s.ho], removes: [s.lee] }),
      (s) => [s.chan, s.wong, s.ho],
      1,
    ],
    ['refresh: all', (s) => s.teams.refresh(s.team, s.lee, []), (s) => [s.chan, s.lee, s.wong], 1],
    ['refresh: all but who is out', (s) => s.teams.refresh(s.team, s.chan, [s.lee]), (s) => [s.chan, s.wong], 1],
  ])('%s', async (_, make, whom, epoch) => {
    const s = await scene()
    const entry = await make(s)
    const members = whom(s)
    const leaves = leavesTo(members, epoch)
    expect(await code(s, entry, leaves)).toBe('accepted')
    expect(await code(s, entry, leaves.slice(1))).toBe('WRAPS')
    const more = [...leaves, rowTo(idOf('stranger'), leaves[0]?.what, { keys: null }).leaf]
    expect(
      await code(
        s,
        entry,
        more.sort((a, b) => compare(a.recipient, b.recipient)),
      ),
    ).toBe('WRAPS')
    expect(await code(s, entry, leavesTo(members, epoch + 1))).toBe('WRAPS')
    expect(
      await code(
        s,
        entry,
        leaves.map((leaf) => ({ ...leaf, keys: idOf('keys') })),
      ),
    ).toBe('WRAPS')
    expect(
      await code(
        s,
        entry,
        leaves.map((leaf) => ({ ...leaf, what: [] })),
      ),
    ).toBe('WRAPS')
    if (leaves.length > 1) expect(await code(s, entry, leaves.toReversed())).toBe('WRAPS')
  })

  it('name who left in none, who came back in the next', async () => {
    const s = await scene()
    await s.world.place(await s.teams.change(s.team, s.chan, { removes: [s.lee] }))
    const removal = await s.teams.change(s.team, s.chan, { removes: [s.wong] })
    expect(await code(s, removal, leavesTo([s.chan], 2))).toBe('accepted')
    expect(await code(s, removal, leavesTo([s.chan, s.lee], 2))).toBe('WRAPS')
    await s.world.place(await s.teams.change(s.team, s.chan, { adds: [s.lee] }))
    expect(
      await code(s, await s.teams.change(s.team, s.chan, { removes: [s.wong] }), leavesTo([s.chan, s.lee], 2)),
    ).toBe('accepted')
  })

  it.each<[string, (s: Scene) => Promise<AnyEntry>]>([
    ['stale', (s) => s.teams.stale(s.team, s.lee, s.lee, null)],
    ['appoint', (s) => s.teams.appoint(s.team, s.chan, s.lee)],
    ['close', (s) => s.teams.close(s.team, s.chan)],
  ])('%s has none', async (_, make) => {
    const s = await scene()
    expect(await code(s, await make(s), [])).toBe('WRAPS')
  })
})

describe('any sequence of acts', () => {
  type Act = {
    readonly what: 'add' | 'remove' | 'appoint' | 'dismiss' | 'report' | 'refresh'
    readonly by: number
    readonly who: number
  }
  const act: fc.Arbitrary<Act> = fc.record({
    what: fc.constantFrom('add', 'remove', 'appoint', 'dismiss', 'report', 'refresh'),
    by: fc.nat(3),
    who: fc.nat(3),
  })

  it('leaves counts that are the roster’s, and an admin', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 12 }), async (acts) => {
        const s = await scene()
        const people = [s.chan, s.lee, s.wong, s.ho]
        for (const { what, by, who } of acts) {
          const [signer, other] = [people[by] as Member, people[who] as Member]
          const makes: Record<Act['what'], () => Promise<AnyEntry>> = {
            add: () => s.teams.change(s.team, signer, { adds: [other] }),
            remove: () => s.teams.change(s.team, signer, { removes: [other] }),
            appoint: () => s.teams.appoint(s.team, signer, other),
            dismiss: () => s.teams.dismiss(s.team, signer, other),
            report: () => s.teams.stale(s.team, signer, signer, null),
            refresh: () => s.teams.refresh(s.team, signer, []),
          }
          const entry = await makes[what]()
          const before = s.world.fact(s.team, facts.epoch)?.epoch ?? 0
          const seatedBefore = s.teams.roster(s.team, people)
          if ((await s.world.code(entry)) !== 'accepted') continue
          await s.world.place(entry)
          const after = s.teams.roster(s.team, people)
          // Whoever left holds no newer key: every removal turned it.
          if (seatedBefore.some((one) => !after.includes(one)))
            expect(s.world.fact(s.team, facts.epoch)?.epoch).toBe(before + 1)
          const admins = after.filter((one) => s.world.fact(s.team, facts.seat(one.chain))?.role === 'admin')
          expect(s.world.fact(s.team, facts.team)).toMatchObject({
            members: after.length,
            admins: admins.length,
            out: 0,
          })
          expect(admins.length).toBeGreaterThan(0)
        }
      }),
      { numRuns: 25 },
    )
  })
})
