// A network that decides by a quorum of its institutions. Spec: docs/spec/rules.md, "Network", "Quorums".
import { beforeAll, describe, expect, it } from 'vitest'
import { compare } from '../src/bytes.js'
import { ready } from '../src/ed25519.js'
import type { AnyEntry } from '../src/entry.js'
import { limits } from '../src/limits.js'
import { checkList } from '../src/rules/apply.js'
import { facts } from '../src/rules/facts.js'
import { type Actor, type Institution, idOf, World } from './actors.js'
import { expectCode } from './expect-code.js'
import { verdicts } from './expect-verdict.js'
import { Quorums } from './quorums.js'

beforeAll(ready)

interface Scene {
  readonly world: World
  readonly quorums: Quorums
  readonly clinic: Institution
  readonly hospital: Institution
  /** Founded, and not admitted: nobody but a liar's relay places it so. */
  readonly third: Actor
  readonly founding: AnyEntry
}

async function scene(): Promise<Scene> {
  const world = await World.founded()
  const hospital = await world.addInstitution('Hospital')
  const { entry: founding, actor: third } = await world.institutionFound('Third')
  await world.place(founding)
  return { world, quorums: new Quorums(world), clinic: world.institution, hospital, third, founding }
}

/** Both institutions decide. */
async function deciding(): Promise<Scene> {
  const made = await scene()
  await made.quorums.decided({ quorum: 2 }, [made.clinic, made.hospital])
  return made
}

const quorumOf = ({ world }: Scene) => world.fact(world.network.chain, facts.quorum)
const admission = ({ founding }: Scene) => ({ institution: founding.chain, founding: founding.link })
const removal = ({ world }: Scene, { chain }: Actor) =>
  world.sign({
    kind: 'network',
    type: 'remove',
    chain: world.network.chain,
    by: world.network,
    body: { institution: chain },
  })

describe('a proposal', () => {
  verdicts(scene, [
    ['by the root', 'accepted', (s) => s.quorums.propose({ quorum: 1 })],
    ['by an institution’s root', 'accepted', (s) => s.quorums.propose({ quorum: 1 }, s.clinic)],
    ['by an issuer', 'ROLE', (s) => s.quorums.propose({ quorum: 1 }, s.clinic.issuer)],
    ['by an institution that nobody admitted', 'ROLE', (s) => s.quorums.propose({ quorum: 1 }, s.third)],
    ['by a member', 'ROLE', async (s) => s.quorums.propose({ quorum: 1 }, await s.world.member('chan'))],
    ['of nothing', 'RULE', (s) => s.quorums.propose({})],
    ['of two things', 'RULE', (s) => s.quorums.propose({ admit: admission(s), quorum: 1 })],
    ['of two other things', 'RULE', (s) => s.quorums.propose({ remove: s.clinic.chain, quorum: 0 })],
  ])

  it('asks for 12 at most', async () => {
    const { quorums } = await scene()
    await quorums.propose({ quorum: limits.approvals })
    await expect(quorums.propose({ quorum: limits.approvals + 1 })).rejects.toMatchObject({ code: 'USAGE' })
  })

  it('is approved by roots of institutions', async () => {
    const s = await scene()
    const proposal = await s.quorums.approved({ quorum: 1 }, [])
    const approved = async (by: Actor) => s.world.code(await s.quorums.approve(proposal, by))
    expect(await approved(s.clinic)).toBe('accepted')
    expect(await approved(s.clinic.issuer)).toBe('ROLE')
    expect(await approved(s.world.network)).toBe('ROLE')
    expect(await approved(s.third)).toBe('ROLE')
    expect(await s.world.code(await s.quorums.approve(idOf('nothing'), s.clinic))).toBe('RULE')
    s.world.now += limits.proposal - 1
    expect(await approved(s.clinic)).toBe('accepted')
    s.world.now += 1
    expect(await approved(s.clinic)).toBe('RULE')
  })
})

describe('a quorum', () => {
  it('is set by as many as it asks for', async () => {
    const s = await scene()
    expect(quorumOf(s)).toEqual({ needed: 0, institutions: 2 })
    const proposal = await s.quorums.approved({ quorum: 3 }, [s.clinic, s.hospital])
    expect(await s.world.code(await s.quorums.settle(proposal, [s.clinic, s.hospital]))).toBe('RULE')
    await s.quorums.decided({ quorum: 2 }, [s.clinic, s.hospital])
    expect(quorumOf(s)).toEqual({ needed: 2, institutions: 2 })
  })

  it('is lowered by those who decide, and given up', async () => {
    const s = await deciding()
    const proposal = await s.quorums.approved({ quorum: 1 }, [s.clinic])
    expect(await s.world.code(await s.quorums.settle(proposal, [s.clinic]))).toBe('RULE')
    await s.quorums.decided({ quorum: 1 }, [s.clinic, s.hospital])
    expect(quorumOf(s)?.needed).toBe(1)
    await s.quorums.decided({ quorum: 0 }, [s.hospital])
    expect(await s.world.code(await s.world.admit(s.founding))).toBe('accepted')
    const none = await s.quorums.approved({ quorum: 0 }, [])
    expect(await s.world.code(await s.quorums.settle(none, []))).toBe('RULE')
  })

  it('takes in and puts out', async () => {
    const s = await deciding()
    await s.quorums.decided({ admit: admission(s) }, [s.clinic, s.hospital])
    const { chain } = s.world.network
    expect(s.world.fact(chain, facts.institution(s.third.chain))?.removed).toBeNull()
    expect(quorumOf(s)).toEqual({ needed: 2, institutions: 3 })
    await s.quorums.decided({ remove: s.clinic.chain }, [s.third, s.hospital])
    expect(s.world.fact(chain, facts.institution(s.clinic.chain))?.removed).not.toBeNull()
    expect(quorumOf(s)).toEqual({ needed: 2, institutions: 2 })
  })

  it('leaves the root its address alone', async () => {
    const s = await deciding()
    const { network } = s.world
    expect(await s.world.code(await s.world.admit(s.founding))).toBe('ROLE')
    expect(await s.world.code(await removal(s, s.hospital))).toBe('ROLE')
    const body = { relay: 'https://other.example' }
    const relay = s.world.sign({ kind: 'network', type: 'relay', chain: network.chain, by: network, body })
    expect(await s.world.code(await relay)).toBe('accepted')
  })

  it('does what it could do before, once, and in time', async () => {
    const s = await deciding()
    const both = [s.clinic, s.hospital]
    const verdict = async (asked: Parameters<Quorums['propose']>[0]) =>
      s.world.code(await s.quorums.settle(await s.quorums.approved(asked, both), both))
    expect(await verdict({ remove: s.hospital.chain })).toBe('RULE')
    expect(await verdict({ remove: s.third.chain })).toBe('RULE')
    expect(await verdict({ admit: { ...admission(s), institution: s.clinic.chain } })).toBe('RULE')
    const settled = await s.quorums.decided({ admit: admission(s) }, both)
    expect(await s.world.code(await s.quorums.settle(settled, both))).toBe('RULE')
    const asked = await s.quorums.approved({ quorum: 1 }, both)
    s.world.now += limits.proposal - 1
    expect(await s.world.code(await s.quorums.settle(asked, both))).toBe('accepted')
    expect(await s.world.code(await s.quorums.settle(asked, both, {}, s.clinic.issuer))).toBe('accepted')
    s.world.now += 1
    expect(await s.world.code(await s.quorums.settle(asked, both))).toBe('RULE')
  })

  it('is none as long as the root decides alone', async () => {
    const s = await scene()
    const proposal = await s.quorums.approved({ admit: admission(s) }, [s.clinic, s.hospital])
    expect(await s.world.code(await s.quorums.settle(proposal, [s.clinic, s.hospital]))).toBe('RULE')
  })

  it('counts each who has approved and stands, once', async () => {
    const s = await scene()
    const proposal = await s.quorums.approved({ quorum: 2 }, [s.clinic])
    expect(await s.world.code(await s.quorums.settle(proposal, [s.clinic, s.hospital]))).toBe('RULE')
    expect(await s.world.code(await s.quorums.settle(proposal, [s.clinic, s.clinic]))).toBe('RULE')
    await s.world.place(await s.quorums.approve(proposal, s.hospital))
    const approvals = [s.clinic.chain, s.hospital.chain].sort(compare).reverse()
    const outOfOrder = await s.quorums.settle(proposal, [s.clinic, s.hospital], { body: { approvals } })
    expect(await s.world.code(outOfOrder)).toBe('RULE')
    expect(await s.world.code(await s.quorums.settle(proposal, [s.clinic, s.hospital]))).toBe('accepted')
    await s.world.place(await removal(s, s.hospital))
    expect(await s.world.code(await s.quorums.settle(proposal, [s.clinic, s.hospital]))).toBe('CRED_REVOKED')
    expect(await s.world.code(await s.quorums.approve(proposal, s.hospital))).toBe('CRED_REVOKED')
  })
})

describe('a list', () => {
  it('founds an institution together with a proposal of it', async () => {
    const { quorums, world } = await scene()
    const { entry } = await world.institutionFound('Fourth')
    const of = { institution: entry.chain, founding: entry.link }
    checkList([entry, await quorums.propose({ admit: of })])
    const others = [
      { admit: { ...of, founding: idOf<typeof of.founding>('other') } },
      { admit: { ...of, institution: world.institution.chain } },
      { remove: entry.chain },
      { quorum: 1 },
    ]
    for (const other of others) {
      const proposal = await quorums.propose(other)
      expectCode('RULE', () => checkList([entry, proposal]))
    }
  })
})
