// Rules of a team that waits for a new key: who may say so, and what ends it. Spec: docs/spec/rules.md, "Team".
import { beforeAll, describe, expect, it } from 'vitest'
import { ready } from '../src/ed25519.js'
import type { AnyEntry } from '../src/entry.js'
import { facts } from '../src/rules/facts.js'
import { type Actor, type Institution, idOf, newDevice } from './actors.js'
import { verdicts } from './expect-verdict.js'
import { MemberDevices } from './member-devices.js'
import { type Scene, scene } from './team-scene.js'
import { seatOf } from './teams.js'

beforeAll(ready)

/** Lee's credential was withdrawn, and her institution has said so to the team. */
async function withdrawn(): Promise<Scene> {
  const s = await scene()
  const by = s.hospital.issuer
  await s.world.place(await s.world.withdraw(s.lee.chain, s.lee.credential, by))
  await s.world.place(await s.teams.stale(s.team, s.lee, by, s.lee.credential))
  return s
}

/** Wong's phone was stolen: she has turned her own key. */
async function turned(): Promise<Scene> {
  const s = await scene()
  await s.world.place(await new MemberDevices(s.world, s.wong.chain).refresh(s.wong.device))
  return s
}

/** And she has told the team. */
async function reported(): Promise<Scene> {
  const s = await turned()
  await s.world.place(await s.teams.stale(s.team, s.wong, s.wong, null))
  return s
}

describe('a member’s word for herself', () => {
  verdicts(turned, [
    ['after she has turned her key', 'accepted', (s) => s.teams.stale(s.team, s.wong, s.wong, null)],
    ['with a key that is older than the team’s', 'RULE', (s) => s.teams.stale(s.team, s.lee, s.lee, null)],
    ['from outside', 'RULE', (s) => s.teams.stale(s.team, s.ho, s.ho, null)],
    ['under a name that is not hers', 'RULE', (s) => s.teams.stale(s.team, s.lee, s.wong, null, onNetwork(s, s.wong))],
  ])

  it('counts once for each key of hers, and not while the team waits anyway', async () => {
    const s = await reported()
    const report = async () => s.world.code(await s.teams.stale(s.team, s.wong, s.wong, null))
    expect(await report()).toBe('RULE')
    await s.world.place(await s.teams.refresh(s.team, s.lee, []))
    expect(await report()).toBe('RULE')
    await s.world.place(await new MemberDevices(s.world, s.wong.chain).refresh(s.wong.device))
    expect(await report()).toBe('accepted')
  })

  it('counts from her first key on where she joined under an older one of the team', async () => {
    const s = await scene()
    const late = await s.world.member('who came later')
    await s.world.place(await s.teams.change(s.team, s.chan, { adds: [late] }))
    expect(await s.world.code(await s.teams.stale(s.team, late, late, null))).toBe('accepted')
  })

  it('is hers alone: who has left or is out has none', async () => {
    const s = await turned()
    await s.world.place(await s.world.withdraw(s.wong.chain, s.wong.credential, s.world.institution.issuer))
    await s.world.place(await s.teams.stale(s.team, s.wong, s.world.institution.issuer, s.wong.credential))
    expect(await s.world.code(await s.teams.stale(s.team, s.wong, s.wong, null))).toBe('RULE')
    await s.world.place(await s.teams.refresh(s.team, s.lee, [s.wong]))
    expect(await s.world.code(await s.teams.stale(s.team, s.wong, s.wong, null))).toBe('RULE')
  })
})

const onNetwork = (s: Scene, by: Actor) => ({ restsOn: [by.chain, s.world.network.chain] })

describe('an institution’s word', () => {
  const tells = (s: Scene, by: Actor, credential = s.lee.credential): Promise<AnyEntry> =>
    s.teams.stale(s.team, s.lee, by, credential)

  verdicts(scene, [
    ['without cause', 'ROLE', (s) => s.teams.stale(s.team, s.lee, s.hospital.issuer, null)],
    ['of a credential that stands', 'RULE', (s) => tells(s, s.hospital.issuer)],
    ['of a credential that is not', 'RULE', (s) => tells(s, s.hospital.issuer, idOf('none'))],
    ['of another member’s', 'RULE', (s) => tells(s, s.hospital.issuer, s.wong.credential)],
  ])

  verdicts(async () => {
    const s = await scene()
    await s.world.place(await s.world.withdraw(s.lee.chain, s.lee.credential, s.hospital.issuer))
    const more = await s.world.renewed(s.wong, s.hospital.issuer)
    await s.world.place(await s.world.withdraw(s.wong.chain, more.credential, s.hospital.issuer))
    const offer = await s.world.credential(s.wong.chain, s.world.institution.issuer)
    await s.world.place(offer)
    return { ...s, more, offer: offer.hash }
  }, [
    ['by the issuer who withdrew', 'accepted', (s) => tells(s, s.hospital.issuer)],
    ['by its root', 'accepted', (s) => tells(s, s.hospital)],
    [
      'by another institution',
      'ROLE',
      (s) => {
        const restsOn = [s.lee.chain, s.world.institution.chain, s.world.network.chain]
        return s.teams.stale(s.team, s.lee, s.world.institution.issuer, s.lee.credential, { restsOn })
      },
    ],
    ['by a colleague', 'ROLE', (s) => tells(s, s.wong)],
    [
      'of a credential in another capacity than her seat’s',
      'RULE',
      (s) => s.teams.stale(s.team, s.wong, s.hospital.issuer, s.more.credential),
    ],
    [
      'of an offer that she never took',
      'RULE',
      (s) => s.teams.stale(s.team, s.wong, s.world.institution.issuer, s.offer),
    ],
  ])

  /** The hospital has dismissed the issuer who signed Lee's credential, from some log index on, and has another one. */
  async function dismissed(from: (s: Scene) => number): Promise<Scene & { readonly second: Actor }> {
    const s = await scene()
    const second = { chain: s.hospital.chain, device: newDevice('second issuer') }
    await s.world.place(await s.world.appoint(s.hospital, second.device))
    await s.world.place(await s.world.dismiss(s.hospital, s.hospital.issuer, from(s)))
    return { ...s, second }
  }
  const placeOf = ({ world, lee }: Scene): number =>
    world.fact(lee.chain, facts.credential(lee.credential))?.index ?? -1

  verdicts(
    () => dismissed(() => 0),
    [
      ['by another issuer, where hers is void from the first', 'accepted', (s) => tells(s, s.second)],
      ['by the dismissed one', 'CRED_REVOKED', (s) => tells(s, s.hospital.issuer)],
    ],
  )
  it('stands where the dismissal voids the credential, from its own place on and not after', async () => {
    const at = await dismissed(placeOf)
    expect(await at.world.code(await tells(at, at.second))).toBe('accepted')
    const after = await dismissed((s) => placeOf(s) + 1)
    expect(await after.world.code(await tells(after, after.second))).toBe('RULE')
  })
})

describe('a colleague’s word', () => {
  const remove = ({ world }: Scene, { chain }: Institution): Promise<AnyEntry> => {
    const on = { kind: 'network', chain: world.network.chain, by: world.network } as const
    return world.sign({ ...on, type: 'remove', body: { institution: chain } })
  }
  /** The network has removed the hospital, where Lee has her seat. */
  async function removed(): Promise<Scene> {
    const s = await scene()
    await s.world.place(await remove(s, s.hospital))
    return s
  }
  const tells = (s: Scene, by: Actor, of: Actor = s.lee): Promise<AnyEntry> =>
    s.teams.stale(s.team, of, by, null, onNetwork(s, by))

  verdicts(scene, [['as long as the institution stands', 'RULE', (s) => tells(s, s.wong)]])
  verdicts(removed, [
    ['after the network has removed the institution', 'accepted', (s) => tells(s, s.wong)],
    ['of a member of another institution', 'RULE', (s) => tells(s, s.wong, s.chan)],
    ['from outside', 'ROLE', (s) => tells(s, s.ho)],
    ['by the institution itself', 'ROLE', (s) => tells(s, s.hospital.issuer)],
  ])

  it('puts the member out, and is then no longer hers to give', async () => {
    const s = await removed()
    await s.world.place(await tells(s, s.wong))
    expect(s.world.fact(s.team, facts.seat(s.lee.chain))).toMatchObject({ out: true, left: null })
    expect(s.world.fact(s.team, facts.team)).toMatchObject({ out: 1, admins: 1, members: 3 })
    expect(await s.world.code(await tells(s, s.chan))).toBe('RULE')
    const clinic = await remove(s, s.world.institution)
    await s.world.place(clinic)
    expect(await s.world.code(await tells(s, s.lee, s.wong))).toBe('ROLE')
    expect(await s.world.code(await tells(s, s.chan, s.wong))).toBe('accepted')
  })

  it('is all there is: the removed institution’s own does not count any more', async () => {
    const s = await scene()
    const { issuer } = s.hospital
    await s.world.place(await s.world.withdraw(s.lee.chain, s.lee.credential, issuer))
    await s.world.place(await remove(s, s.hospital))
    expect(await s.world.code(await s.teams.stale(s.team, s.lee, issuer, s.lee.credential))).toBe('CRED_REVOKED')
    expect(await s.world.code(await tells(s, s.wong))).toBe('accepted')
  })

  it('counts for nobody whose institution was never there', async () => {
    const s = await scene()
    const stranger = { ...s.ho, institution: idOf<Institution['chain']>('no institution') }
    const body = { adds: [seatOf(stranger)] }
    await s.world.place(await s.teams.change(s.team, s.chan, {}, { body }))
    expect(await s.world.code(await tells(s, s.wong, stranger))).toBe('RULE')
  })
})

describe('a stale team', () => {
  describe('whose member lost her credential', () => {
    verdicts(withdrawn, [
      ['is refreshed by anybody, without her', 'accepted', (s) => s.teams.refresh(s.team, s.wong, [s.lee])],
      ['is not refreshed with her', 'STALE_EPOCH', (s) => s.teams.refresh(s.team, s.wong, [])],
      ['is not refreshed by her', 'ROLE', (s) => s.teams.refresh(s.team, s.lee, [s.lee])],
      ['is not used to remove others', 'RULE', (s) => s.teams.refresh(s.team, s.wong, [s.lee, s.chan])],
      ['is refreshed without anybody twice', 'RULE', (s) => s.teams.refresh(s.team, s.wong, [s.lee, s.lee])],
      [
        'is not refreshed with an epoch left out',
        'SEQ',
        (s) => s.teams.refresh(s.team, s.wong, [s.lee], { body: { epoch: { ...s.teams.next(s.team), epoch: 2 } } }),
      ],
      ['is changed without her', 'accepted', (s) => s.teams.change(s.team, s.chan, { removes: [s.lee] })],
      ['is not changed with her', 'STALE_EPOCH', (s) => s.teams.change(s.team, s.chan, { removes: [s.wong] })],
      [
        'takes no new key that she gets too',
        'STALE_EPOCH',
        (s) => s.teams.change(s.team, s.chan, {}, { body: { epoch: s.teams.next(s.team) } }),
      ],
      ['takes nobody in under its old key', 'STALE_EPOCH', (s) => s.teams.change(s.team, s.chan, { adds: [s.ho] })],
      ['is not told twice', 'RULE', (s) => s.teams.stale(s.team, s.lee, s.hospital.issuer, s.lee.credential)],
      ['does not appoint who is out', 'RULE', (s) => s.teams.appoint(s.team, s.chan, s.lee)],
      ['can be closed', 'accepted', (s) => s.teams.close(s.team, s.chan)],
    ])
  })

  describe('whose member lost a device', () => {
    verdicts(reported, [
      ['is refreshed by her', 'accepted', (s) => s.teams.refresh(s.team, s.wong, [])],
      ['is refreshed by another', 'accepted', (s) => s.teams.refresh(s.team, s.lee, [])],
      ['keeps her', 'RULE', (s) => s.teams.refresh(s.team, s.lee, [s.wong])],
      ['takes nobody in under its old key', 'STALE_EPOCH', (s) => s.teams.change(s.team, s.chan, { adds: [s.ho] })],
      [
        'takes somebody in with a new one',
        'accepted',
        (s) => s.teams.change(s.team, s.chan, { adds: [s.ho] }, { body: { epoch: s.teams.next(s.team) } }),
      ],
      [
        'takes a new key from an admin, and nothing else',
        'accepted',
        (s) => s.teams.change(s.team, s.chan, {}, { body: { epoch: s.teams.next(s.team) } }),
      ],
    ])
  })

  it('is stale since the first report, until the next epoch', async () => {
    const s = await reported()
    const since = s.world.fact(s.team, facts.team)?.stale
    expect(since).not.toBeNull()
    const by = s.hospital.issuer
    await s.world.place(await s.world.withdraw(s.lee.chain, s.lee.credential, by))
    await s.world.place(await s.teams.stale(s.team, s.lee, by, s.lee.credential))
    expect(s.world.fact(s.team, facts.team)).toMatchObject({ stale: since, out: 1, members: 3 })
    const index = await s.world.place(await s.teams.refresh(s.team, s.wong, [s.lee]))
    expect(s.world.fact(s.team, facts.team)).toMatchObject({ stale: null, out: 0, members: 2, admins: 1 })
    expect(s.world.fact(s.team, facts.epoch)).toMatchObject({ epoch: 1, index })
    expect(await s.world.code(await s.teams.refresh(s.team, s.wong, []))).toBe('RULE')
  })

  it('counts no admin who is out', async () => {
    const s = await withdrawn()
    const admins = () => s.world.fact(s.team, facts.team)?.admins
    await s.world.place(await s.teams.refresh(s.team, s.wong, [s.lee]))
    await s.world.place(await s.teams.appoint(s.team, s.chan, s.wong))
    const by = s.world.institution.issuer
    await s.world.place(await s.world.withdraw(s.wong.chain, s.wong.credential, by))
    expect(admins()).toBe(2)
    await s.world.place(await s.teams.stale(s.team, s.wong, by, s.wong.credential))
    expect(admins()).toBe(1)
    expect(await s.world.code(await s.teams.dismiss(s.team, s.chan, s.wong))).toBe('RULE')
    expect(await s.world.code(await s.teams.dismiss(s.team, s.chan, s.chan))).toBe('RULE')
    await s.world.place(await s.teams.change(s.team, s.chan, { removes: [s.wong] }))
    expect(admins()).toBe(1)
  })

  it('can lose its last admin, and is refreshed all the same', async () => {
    const s = await scene()
    const by = s.world.institution.issuer
    await s.world.place(await s.world.withdraw(s.chan.chain, s.chan.credential, by))
    await s.world.place(await s.teams.stale(s.team, s.chan, by, s.chan.credential))
    await s.world.place(await s.teams.refresh(s.team, s.lee, [s.chan]))
    expect(s.world.fact(s.team, facts.team)).toMatchObject({ members: 2, admins: 0 })
    expect(await s.world.code(await s.teams.close(s.team, s.lee))).toBe('ROLE')
  })
})
