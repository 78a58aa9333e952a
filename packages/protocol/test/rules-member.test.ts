// Rules of a member's chain, and the credentials that everything else is done under. Spec: docs/spec/rules.md, "Member", "Credentials".
import { beforeAll, describe, expect, it } from 'vitest'
import type { EntryHash } from '../src/bytes.js'
import { ready } from '../src/ed25519.js'
import { limits } from '../src/limits.js'
import { facts } from '../src/rules/facts.js'
import { type Actor, DAY, type Institution, idOf, type Member, newDevice, START, World } from './actors.js'
import { verdicts } from './expect-verdict.js'

beforeAll(ready)

interface Scene {
  readonly world: World
  readonly other: Institution
  readonly chan: Member
  readonly lee: Member
  /** A credential that chan was offered and has not accepted. */
  readonly offered: EntryHash
  /** One that was withdrawn. */
  readonly withdrawn: EntryHash
}

async function scene(): Promise<Scene> {
  const world = await World.founded()
  const other = await world.addInstitution('Hospital')
  const chan = await world.member('chan')
  const lee = await world.member('lee', { at: other })
  const offered = await world.credential(chan.chain, other.issuer)
  await world.place(offered)
  const late = await world.renewed(chan, world.institution.issuer)
  await world.place(await world.withdraw(chan.chain, late.credential, world.institution.issuer))
  return { world, other, chan, lee, offered: offered.hash, withdrawn: late.credential }
}

describe('founding', () => {
  verdicts(scene, [
    ['by the device that it lists', 'accepted', (s) => s.world.memberFound(newDevice('new'))],
    [
      'by another device',
      'BINDING',
      (s) => s.world.memberFound(newDevice('new'), { by: { chain: s.chan.chain, device: newDevice('other') } }),
    ],
    [
      'by a device of another chain',
      'BINDING',
      (s) => s.world.memberFound(newDevice('new'), { by: { ...s.chan, device: newDevice('new') } }),
    ],
    [
      'with another nonce than its id was made from',
      'BINDING',
      (s) => s.world.memberFound(newDevice('new'), { body: { nonce: idOf('other nonce') } }),
    ],
    [
      'with somebody else’s keys',
      'BINDING',
      (s) => s.world.memberFound(newDevice('new'), { body: { keys: newDevice('other').keys } }),
    ],
    [
      'with a wrap list from a log that does not exist',
      'RULE',
      (s) => s.world.memberFound(newDevice('new'), { body: { wraps: s.world.wraps({ asOf: s.world.log.size + 1 }) } }),
    ],
  ])

  it('is followed by credential and acceptance', async () => {
    const world = await World.founded()
    const device = newDevice('new')
    const found = await world.memberFound(device)
    const own = { chain: found.chain, device }
    await world.place(found)
    expect(await world.code(await world.accept(own, idOf('nothing')))).toBe('RULE')
    const credential = await world.credential(own.chain, world.institution.issuer)
    expect(await world.code(await world.withdraw(own.chain, credential.hash, world.institution.issuer))).toBe('RULE')
    await world.place(credential)
    expect(await world.code(await world.credential(own.chain, world.institution.issuer))).toBe('RULE')
    expect(await world.code(await world.withdraw(own.chain, credential.hash, world.institution.issuer))).toBe('RULE')
    expect(await world.code(await world.accept(own, idOf('nothing')))).toBe('RULE')
    await world.place(await world.accept(own, credential.hash))
    expect(await world.code(await world.withdraw(own.chain, credential.hash, world.institution.issuer))).toBe(
      'accepted',
    )
  })
})

describe('credential', () => {
  const issue = (s: Scene, by: Actor, over: object = {}) => s.world.credential(s.chan.chain, by, over)
  const claim = (name: string) => ({ name, hash: idOf(name) })
  verdicts(scene, [
    ['by an issuer', 'accepted', (s) => issue(s, s.world.institution.issuer)],
    ['by the root', 'accepted', (s) => issue(s, s.world.institution)],
    ['by another institution', 'accepted', (s) => issue(s, s.other.issuer)],
    [
      'by an issuer of another institution than it names',
      'ROLE',
      (s) =>
        issue(s, s.other.issuer, {
          body: { institution: s.world.institution.chain },
          restsOn: [s.other.chain, s.world.institution.chain, s.world.network.chain],
        }),
    ],
    ['by a member', 'ROLE', (s) => issue(s, s.lee)],
    ['by the member herself', 'ROLE', (s) => issue(s, s.chan, { restsOn: [s.world.network.chain] })],
    ['by the network’s root', 'ROLE', (s) => issue(s, s.world.network, { restsOn: [s.world.network.chain] })],
    ['by a device that is not listed', 'BINDING', (s) => issue(s, { ...s.other, device: newDevice('nobody') })],
    ['without the network’s state', 'RULE', (s) => issue(s, s.other.issuer, { restsOn: [s.other.chain] })],
    ['for 400 days', 'accepted', (s) => issue(s, s.other, { body: { notBefore: 5, until: 5 + limits.credential } })],
    [
      'for a millisecond more',
      'RULE',
      (s) => issue(s, s.other, { body: { notBefore: 5, until: 6 + limits.credential } }),
    ],
    ['for no time', 'RULE', (s) => issue(s, s.other, { body: { notBefore: START, until: START } })],
    ['for less than no time', 'RULE', (s) => issue(s, s.other, { body: { notBefore: START, until: START - 1 } })],
    ['with two claims', 'accepted', (s) => issue(s, s.other, { body: { claims: [claim('name'), claim('role')] } })],
    ['with one claim twice', 'RULE', (s) => issue(s, s.other, { body: { claims: [claim('name'), claim('name')] } })],
  ])
})

describe('acceptance', () => {
  verdicts(scene, [
    ['of an offer', 'accepted', (s) => s.world.accept(s.chan, s.offered)],
    ['by somebody else', 'ROLE', (s) => s.world.accept(s.chan, s.offered, { by: s.lee, restsOn: [s.lee.chain] })],
    [
      'by the issuer',
      'ROLE',
      (s) => s.world.accept(s.chan, s.offered, { by: s.other.issuer, restsOn: [s.other.chain] }),
    ],
    ['of what is accepted', 'RULE', (s) => s.world.accept(s.chan, s.chan.credential)],
    ['of what is withdrawn', 'RULE', (s) => s.world.accept(s.chan, s.withdrawn)],
    ['of another member’s', 'RULE', (s) => s.world.accept(s.chan, s.lee.credential)],
  ])
})

describe('withdrawal', () => {
  verdicts(scene, [
    ['by an issuer', 'accepted', (s) => s.world.withdraw(s.chan.chain, s.chan.credential, s.world.institution.issuer)],
    ['by the root', 'accepted', (s) => s.world.withdraw(s.chan.chain, s.chan.credential, s.world.institution)],
    ['of an offer', 'accepted', (s) => s.world.withdraw(s.chan.chain, s.offered, s.other.issuer)],
    ['by another institution', 'ROLE', (s) => s.world.withdraw(s.chan.chain, s.chan.credential, s.other.issuer)],
    ['by the member', 'ROLE', (s) => s.world.withdraw(s.chan.chain, s.chan.credential, s.chan)],
    ['twice', 'RULE', (s) => s.world.withdraw(s.chan.chain, s.withdrawn, s.world.institution.issuer)],
    ['of nothing', 'RULE', (s) => s.world.withdraw(s.chan.chain, idOf('nothing'), s.world.institution.issuer)],
  ])
})

// What acting under a credential needs, tried with the simplest thing that needs one: creating a record.
describe('acting', () => {
  const acting = (s: Scene, over: object = {}, by: Member = s.chan) => s.world.create(by, [1], over)
  const until = START + 300 * DAY
  verdicts(scene, [
    ['under an accepted credential', 'accepted', (s) => acting(s)],
    ['under one that was only offered', 'CRED_BINDING', (s) => acting(s, { body: { credential: s.offered } })],
    ['under another member’s', 'CRED_BINDING', (s) => acting(s, { body: { credential: s.lee.credential } })],
    ['under one that was withdrawn', 'CRED_REVOKED', (s) => acting(s, { body: { credential: s.withdrawn } })],
    ['without her institution’s state', 'RULE', (s) => acting(s, { restsOn: [s.chan.chain, s.world.network.chain] })],
    ['without the network’s state', 'RULE', (s) => acting(s, { restsOn: [s.chan.chain, s.chan.institution] })],
    ['without her own state', 'RULE', (s) => acting(s, { restsOn: [s.chan.institution, s.world.network.chain] })],
    [
      'with a device that her chain does not list',
      'BINDING',
      (s) => acting(s, { by: { ...s.chan, device: s.lee.device } }),
    ],
  ])

  it('holds from its first to before its last moment', async () => {
    const s = await scene()
    for (const [time, code] of [
      [START - DAY - 1, 'CRED_EXPIRED'],
      [START - DAY, 'accepted'],
      [until - 1, 'accepted'],
      [until, 'CRED_EXPIRED'],
    ] as const) {
      expect(await s.world.code(await acting(s, { time }), { time })).toBe(code)
    }
  })

  it('ends when the institution is removed', async () => {
    const s = await scene()
    const { network } = s.world
    const body = { institution: s.other.chain }
    expect(await s.world.code(await acting(s, {}, s.lee))).toBe('accepted')
    await s.world.place(
      await s.world.sign({ kind: 'network', type: 'remove', chain: network.chain, by: network, body }),
    )
    expect(await s.world.code(await acting(s, {}, s.lee))).toBe('CRED_REVOKED')
    expect(await s.world.code(await s.world.credential(s.chan.chain, s.other.issuer))).toBe('CRED_REVOKED')
    expect(await s.world.code(await acting(s))).toBe('accepted')
  })
})

describe('a dismissal names the place from which on nothing holds', () => {
  const tried = async (place: (index: number) => number) => {
    const world = await World.founded()
    const { issuer } = world.institution
    const early = await world.member('early')
    const renewed = await world.renewed(early, issuer)
    const index = world.fact(early.chain, facts.credential(renewed.credential))?.index as number
    await world.place(await world.dismiss(world.institution, issuer, place(index)))
    return {
      first: await world.code(await world.create(early, [1])),
      second: await world.code(await world.create(renewed, [1])),
      next: await world.code(await world.credential(early.chain, issuer)),
      fromRoot: await world.code(await world.credential(early.chain, world.institution)),
    }
  }

  it.each([
    ['after the second credential', (index: number) => index + 1, 'accepted', 'accepted'],
    ['at the second credential', (index: number) => index, 'accepted', 'CRED_REVOKED'],
    ['just before it', (index: number) => index - 1, 'accepted', 'CRED_REVOKED'],
    ['from the beginning', () => 0, 'CRED_REVOKED', 'CRED_REVOKED'],
  ])('%s', async (_, place, first, second) => {
    expect(await tried(place)).toEqual({ first, second, next: 'CRED_REVOKED', fromRoot: 'accepted' })
  })
})
