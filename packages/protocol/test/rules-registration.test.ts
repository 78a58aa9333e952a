// Rules of a registration number's chain. Spec: docs/spec/rules.md, "Registration".
import { beforeAll, describe, expect, it } from 'vitest'
import { compare, type Digest, type EntryHash } from '../src/bytes.js'
import { ready } from '../src/ed25519.js'
import { accessLogOf, registrationChainOf, registrationHash } from '../src/entry.js'
import { limits } from '../src/limits.js'
import { checkList } from '../src/rules/apply.js'
import { facts } from '../src/rules/facts.js'
import { type Institution, idOf, type Member, World } from './actors.js'
import { expectCode } from './expect-code.js'
import { verdicts } from './expect-verdict.js'
import { Registrations } from './registrations.js'

beforeAll(ready)

interface Scene {
  readonly world: World
  readonly registrations: Registrations
  readonly hospital: Institution
  readonly number: Digest
  /** The number is bound to her by the clinic's credential. */
  readonly chan: Member
  /** Holds the hospital's credential for the same number. */
  readonly lee: Member
  /** Has a credential for no number. */
  readonly wong: Member
}

async function scene(): Promise<Scene> {
  const world = await World.founded()
  const registrations = new Registrations(world)
  const number = registrations.number('M01234')
  const hospital = await world.addInstitution('Hospital')
  const chan = await registrations.bound(await world.member('chan'), number)
  const lee = await registrations.registered(await world.member('lee', { at: hospital }), number, hospital.issuer)
  return { world, registrations, hospital, number, chan, lee, wong: await world.member('wong') }
}

describe('binding', () => {
  verdicts(scene, [
    ['again, to the same member', 'accepted', (s) => s.registrations.bind(s.number, s.chan)],
    [
      'again, by another institution',
      'accepted',
      async (s) =>
        s.registrations.bind(s.number, await s.registrations.registered(s.chan, s.number, s.hospital.issuer)),
    ],
    ['to another member', 'BINDING', (s) => s.registrations.bind(s.number, s.lee)],
    ['under a credential for no number', 'CRED_BINDING', (s) => s.registrations.bind(s.number, s.wong)],
    [
      'under a credential for another number',
      'CRED_BINDING',
      (s) => s.registrations.bind(s.registrations.number('M04321'), s.chan),
    ],
    [
      'under somebody else’s credential',
      'CRED_BINDING',
      (s) => s.registrations.bind(s.number, s.chan, { body: { credential: s.lee.credential } }),
    ],
    [
      'on a chain that the credential names instead of a number',
      'CRED_BINDING',
      async (s) => {
        const log = accessLogOf(idOf('record'))
        const wong = await s.registrations.registered(s.wong, log as Uint8Array as Digest)
        return s.registrations.bind(log as Uint8Array as Digest, wong, { chain: log })
      },
    ],
    [
      'as a founding with a predecessor',
      'CHAIN',
      (s) => s.registrations.bind(s.number, s.chan, { sequence: 0, previous: idOf('link') }),
    ],
    [
      'by an issuer',
      'CRED_BINDING',
      (s) => s.registrations.bind(s.number, { ...s.chan, ...s.world.institution.issuer }),
    ],
  ])

  it('sets to whom, and since when', async () => {
    const { world, registrations, number, chan } = await scene()
    const bound = world.fact(registrations.chain(number), facts.registration)
    expect(bound?.member).toEqual(chan.chain)
    await world.place(await registrations.bind(number, chan))
    expect(world.fact(registrations.chain(number), facts.registration)).toEqual(bound)
  })
})

describe('moving by the member', () => {
  verdicts(scene, [
    ['to who holds a credential', 'accepted', (s) => s.registrations.rebind(s.number, s.chan, s.lee)],
    ['to who holds none', 'CRED_BINDING', (s) => s.registrations.rebind(s.number, s.chan, s.wong)],
    ['by somebody else', 'ROLE', (s) => s.registrations.rebind(s.number, s.lee, s.lee)],
    [
      'without the chain of who gets it',
      'RULE',
      (s) => s.registrations.rebind(s.number, s.chan, s.lee, { restsOn: [s.chan.chain] }),
    ],
  ])

  it('leaves nothing to who had it', async () => {
    const { world, registrations, number, chan, lee } = await scene()
    await world.place(await registrations.rebind(number, chan, lee))
    expect(await world.code(await registrations.bind(number, chan))).toBe('BINDING')
    expect(await world.code(await registrations.rebind(number, chan, chan))).toBe('ROLE')
    expect(await world.code(await registrations.bind(number, lee))).toBe('accepted')
  })
})

interface Proposed extends Scene {
  readonly proposal: EntryHash
}

async function proposed(): Promise<Proposed> {
  const made = await scene()
  const proposal = await made.registrations.propose(made.number, made.lee)
  await made.world.place(proposal)
  return { ...made, proposal: proposal.hash }
}

describe('a proposal', () => {
  verdicts(scene, [
    ['by who holds a credential', 'accepted', (s) => s.registrations.propose(s.number, s.lee)],
    ['by who holds none', 'CRED_BINDING', (s) => s.registrations.propose(s.number, s.wong)],
  ])
  verdicts(proposed, [
    [
      'approved by an issuer',
      'accepted',
      (s) => s.registrations.approve(s.number, s.proposal, s.world.institution.issuer),
    ],
    ['approved by a root', 'accepted', (s) => s.registrations.approve(s.number, s.proposal, s.world.institution)],
    ['approved by the network', 'accepted', (s) => s.registrations.approve(s.number, s.proposal, s.world.network)],
    ['approved by its own institution', 'ROLE', (s) => s.registrations.approve(s.number, s.proposal, s.hospital)],
    ['approved by a member', 'ROLE', (s) => s.registrations.approve(s.number, s.proposal, s.wong)],
    ['that nobody made', 'RULE', (s) => s.registrations.approve(s.number, idOf('no'), s.world.network)],
    ['refused by its member', 'accepted', (s) => s.registrations.object(s.number, s.proposal, s.chan)],
    ['refused by somebody else', 'ROLE', (s) => s.registrations.object(s.number, s.proposal, s.lee)],
    [
      'refused under a credential for no number',
      'CRED_BINDING',
      async (s) => s.registrations.object(s.number, s.proposal, await s.registrations.registered(s.chan, null)),
    ],
  ])
})

interface Approved extends Proposed {
  readonly proposed: number
}

async function approved(): Promise<Approved> {
  const made = await proposed()
  const { world, registrations, number, proposal } = made
  const start = world.now
  await world.place(await registrations.approve(number, proposal, world.institution.issuer))
  await world.place(await registrations.approve(number, proposal, world.network))
  return { ...made, proposed: start }
}
const both = ({ world }: Scene) => [world.institution, world.network]
const settle = (s: Approved, approvers = both(s), by = s.lee) =>
  s.registrations.settle(s.number, s.proposal, by, approvers)

describe('the end of a proposal', () => {
  it('comes after the time for an objection, and before it expires', async () => {
    const s = await approved()
    for (const [after, code] of [
      [0, 'RULE'],
      [limits.objection - 1, 'RULE'],
      [limits.objection, 'accepted'],
      [limits.proposal - 1, 'accepted'],
      [limits.proposal, 'RULE'],
    ] as const) {
      s.world.now = s.proposed + after
      expect(await s.world.code(await settle(s)), String(after)).toBe(code)
    }
  })

  it('moves the number, once', async () => {
    const s = await approved()
    s.world.now += limits.objection
    await s.world.place(await settle(s))
    expect(s.world.fact(s.registrations.chain(s.number), facts.registration)?.member).toEqual(s.lee.chain)
    expect(await s.world.code(await settle(s))).toBe('RULE')
    expect(await s.world.code(await s.registrations.bind(s.number, s.chan))).toBe('BINDING')
  })

  it('names who has approved, once each, in order, and two at least', async () => {
    const s = await approved()
    s.world.now += limits.objection
    const { institution, network } = s.world
    expect(await s.world.code(await settle(s, [network]))).toBe('RULE')
    expect(await s.world.code(await settle(s, []))).toBe('RULE')
    expect(await s.world.code(await settle(s, [network, network]))).toBe('RULE')
    expect(await s.world.code(await settle(s, [network, s.hospital]))).toBe('RULE')
    const approvals = [institution.chain, network.chain].sort(compare).reverse()
    const outOfOrder = s.registrations.settle(s.number, s.proposal, s.lee, both(s), { body: { approvals } })
    expect(await s.world.code(await outOfOrder)).toBe('RULE')
    expect(await s.world.code(await settle(s, both(s), s.wong))).toBe('ROLE')
  })

  it('does not come after an objection, or a move', async () => {
    const s = await approved()
    await s.world.place(await s.registrations.object(s.number, s.proposal, s.chan))
    s.world.now += limits.objection
    expect(await s.world.code(await settle(s))).toBe('RULE')
    const moved = await approved()
    await moved.world.place(await moved.registrations.rebind(moved.number, moved.chan, moved.lee))
    moved.world.now += limits.objection
    expect(await moved.world.code(await settle(moved))).toBe('RULE')
  })

  it('counts nobody who does not stand any more', async () => {
    const removed = await approved()
    const { world } = removed
    const body = { institution: world.institution.chain }
    const remove = { kind: 'network', type: 'remove', chain: world.network.chain, by: world.network, body } as const
    await world.place(await world.sign(remove))
    world.now += limits.objection
    expect(await world.code(await settle(removed))).toBe('CRED_REVOKED')
    const voided = await approved()
    const { institution } = voided.world
    await voided.world.place(await voided.world.dismiss(institution, institution.issuer, 0))
    voided.world.now += limits.objection
    expect(await voided.world.code(await settle(voided))).toBe('CRED_REVOKED')
    const left = await approved()
    await left.world.place(await left.world.withdraw(left.lee.chain, left.lee.credential, left.hospital.issuer))
    left.world.now += limits.objection
    expect(await left.world.code(await settle(left))).toBe('CRED_REVOKED')
  })

  it('is out of reach of a thief for whom nobody vouches', async () => {
    const s = await approved()
    await s.world.place(await s.world.withdraw(s.chan.chain, s.chan.credential, s.world.institution.issuer))
    expect(await s.world.code(await s.registrations.object(s.number, s.proposal, s.chan))).toBe('CRED_REVOKED')
    s.world.now += limits.objection
    expect(await s.world.code(await settle(s))).toBe('accepted')
  })
})

describe('a list', () => {
  it('that issues a credential for a number says something of it on its chain', async () => {
    const { world, registrations, number, wong } = await scene()
    const credential = await world.credential(wong.chain, world.institution.issuer, { body: { registration: number } })
    const bind = await registrations.bind(number, { ...wong, credential: credential.hash })
    const propose = await registrations.propose(number, { ...wong, credential: credential.hash })
    for (const said of [bind, propose]) checkList([credential, said])
    expectCode('RULE', () => checkList([credential]))
    expectCode('RULE', () => checkList([bind, credential]))
    const other = await registrations.bind(number, wong)
    const accept = await world.accept(wong, credential.hash)
    expectCode('RULE', () => checkList([credential, accept, other]))
    checkList([await world.credential(wong.chain, world.institution.issuer)])
  })
})

describe('a number', () => {
  const network = idOf<World['network']['chain']>('network')

  it('has one spelling', () => {
    for (const [board, number] of [
      ['hk-mchk', 'm01234'],
      ['hk-mchk', 'M 01234'],
      ['hk-mchk', 'M01234\n'],
      ['hk-mchk', '\uff2d01234'],
      ['hk-mchk', ''],
      ['hk-mchk', '1'.repeat(41)],
      ['HK-MCHK', 'M01234'],
      ['', 'M01234'],
      ['b'.repeat(41), 'M01234'],
      ['hk mchk', 'M01234'],
    ] as const)
      expectCode('USAGE', () => registrationHash(network, board, number))
    expect(registrationHash(network, 'b'.repeat(40), '9'.repeat(40))).toHaveLength(32)
    expect(registrationHash(network, 'a-1', 'A-1')).toHaveLength(32)
  })

  it('has a chain of its own in each network', () => {
    const hash = registrationHash(network, 'hk-mchk', 'M01234')
    expect(registrationChainOf(network, hash)).not.toEqual(hash)
    expect(registrationChainOf(network, hash)).not.toEqual(registrationChainOf(idOf('other'), hash))
  })
})
