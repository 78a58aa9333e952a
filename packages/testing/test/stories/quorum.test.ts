// A network that decides by a quorum of its institutions: nobody alone takes in or puts out.
import { Institution, memoryVault } from '@sealchart/client-sdk'
import { describe, expect, test } from 'vitest'
import { testNetwork } from '../../src/index.js'
import { codeOf } from './support.js'

const plan = { kec: ['chan'], hospital: ['lee'] } as const

async function deciding() {
  const net = await testNetwork(plan)
  const { kec, hospital } = net.institutions
  const both = async (id: string): Promise<void> => {
    await kec.root.approve(id)
    await hospital.root.approve(id)
  }
  const quorum = await net.root.propose({ quorum: 2 })
  await both(quorum)
  await net.root.settle(quorum)
  const found = () => Institution.found({ ...net.connect, network: net.network, name: 'Third', vault: memoryVault() })
  return { net, kec, hospital, both, found }
}

describe('a quorum', () => {
  test('admits an institution, which waits until then', async () => {
    const { net, kec, both, found } = await deciding()
    const third = await found()
    expect(await codeOf(net.root.admit(third))).toBe('ROLE')
    const id = await kec.root.propose({ admit: third })
    expect(await codeOf(third.appointIssuer({ vault: memoryVault() }))).toBe('REQUEST_SIGNATURE')
    const [proposal] = await net.institutions.hospital.root.proposals()
    expect(proposal).toMatchObject({ id, what: 'admit', state: 'open', needed: 2, approvals: [] })
    expect(proposal?.institution).toEqual({ id: third.id, name: 'Third' })
    expect(await codeOf(kec.root.settle(id))).toBe('RULE')
    await both(id)
    await kec.root.settle(id)
    const issuer = await third.appointIssuer({ vault: memoryVault() })
    expect(issuer.device).toHaveLength(32)
    expect((await net.root.proposals()).map(({ what, state }) => [what, state])).toContainEqual(['admit', 'settled'])
    expect(await codeOf(kec.root.settle(id))).toBe('RULE')
    await net.close()
  })

  test('puts one out, and keeps as many as it needs', async () => {
    const { net, kec, hospital, both, found } = await deciding()
    const early = await kec.root.propose({ remove: hospital.id })
    await both(early)
    expect(await codeOf(kec.root.settle(early))).toBe('RULE')
    const third = await found()
    const admission = await net.root.propose({ admit: third })
    await both(admission)
    await net.root.settle(admission)
    expect(await codeOf(net.root.remove(hospital.id))).toBe('ROLE')
    await net.root.settle(early)
    expect(await codeOf(net.chart('chan').directory.one({ name: 'Dr Lee' }))).toBe('CRED_REVOKED')
    expect(await codeOf(hospital.root.approve(admission))).toMatch(/^(CRED_REVOKED|RULE)$/)
    await net.close()
  })

  test('expires, and leaves the root what no quorum decides', async () => {
    const { net, both } = await deciding()
    const id = await net.root.propose({ quorum: 0 })
    await both(id)
    net.clock.advance({ days: 30 })
    expect(await codeOf(net.root.settle(id))).toBe('RULE')
    expect((await net.root.proposals())[0]).toMatchObject({ what: 'quorum', quorum: 0, state: 'expired' })
    await net.close()
  })
})
