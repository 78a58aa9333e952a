// Somebody's credential is taken away while she holds keys of a record: who may go on with it, and what an explanation says.
import { describe, expect, test } from 'vitest'
import { testNetwork } from '../../src/index.js'
import { codeOf, file, read, visit } from './support.js'

const withdraw = async (
  issuer: { withdraw(member: never, credential: never): Promise<void> },
  person: { readonly id: unknown; readonly credential: unknown },
): Promise<void> => issuer.withdraw(person.id as never, person.credential as never)

describe('a holder whose credential was withdrawn', () => {
  const scene = async () => {
    const net = await testNetwork({ kec: ['chan'], hospital: ['lee', 'wong'] })
    const record = await net.chart('chan').records.create(visit('v1'))
    const both = [net.person('lee'), net.person('wong')]
    const grants = await record.share({ with: both, sections: ['summary'], actions: ['trail'], reason: 'board' })
    await withdraw(net.institutions.hospital.issuer, net.person('wong'))
    return { net, record, grants }
  }

  test('gets no new keys when somebody else is revoked: her grant ends too', async () => {
    const { net, record } = await scene()
    await record.revoke(net.person('lee'), { reason: 'transferred' })
    expect((await record.explainAccess(net.person('wong'))).grants.map(({ state }) => state)).toEqual(['revoked'])
    await net.close()
  })

  test('gets none when another grant is recalled, and the recall stays one', async () => {
    const { net, record, grants } = await scene()
    await grants[0]?.recall({ reason: 'wrong person' })
    const ends = []
    for await (const step of record.trail())
      if (/revoke|recall/.test(step.what)) ends.push([step.what, step.to[0]?.name])
    expect(ends).toEqual([
      ['revoke', 'Dr Wong'],
      ['recall', 'Dr Lee'],
    ])
    await net.close()
  })
})

describe('a writer', () => {
  test('turns the keys of a founder whose credential was withdrawn: she gets no new ones', async () => {
    const net = await testNetwork({ kec: ['chan'], hospital: ['lee'] })
    const record = await net.chart('chan').records.create(visit('v1'))
    await record.share({ with: net.person('lee'), sections: ['summary'], actions: ['write'], reason: 'referral' })
    const opened = await net.chart('lee').records.open(record.id, { purpose: 'treatment' })
    await withdraw(net.institutions.kec.issuer, net.person('chan'))
    expect(await opened.publish({ sections: { summary: file('a.txt', 'new') } })).toBe(2)
    expect(await codeOf(net.chart('chan').records.open(record.id, { purpose: 'curious' }))).toBe('UNKNOWN')
    expect(await read(await net.chart('lee').records.open(record.id, { purpose: 'treatment' }), 'summary')).toBe('new')
    await net.close()
  })

  test('turns the keys although the founder has a newer credential than the record knows', async () => {
    const net = await testNetwork({ kec: ['chan'], hospital: ['lee', 'wong'] })
    const record = await net.chart('chan').records.create(visit('v1'))
    const until = new Date(net.clock.now() + 24 * 3_600_000)
    await record.share({ with: net.person('lee'), sections: ['summary'], actions: ['write'], reason: 'referral' })
    await record.share({ with: net.person('wong'), sections: ['summary'], reason: 'second opinion', until })
    net.clock.advance({ days: 370 })
    await net.reopen('chan')
    net.clock.advance({ minutes: 20 })
    const opened = await (await net.reopen('lee')).records.open(record.id, { purpose: 'treatment' })
    expect(await opened.publish({ sections: { summary: file('a.txt', 'new') } })).toBe(2)
    await net.close()
  })
})

test('an explanation knows in whose capacity a grant was given', async () => {
  const net = await testNetwork({ kec: ['chan'], hospital: ['lee'] })
  const record = await net.chart('chan').records.create(visit('v1'))
  await record.share({ with: net.person('lee'), sections: ['summary'], reason: 'referral' })
  expect((await record.explainAccess(net.person('lee'))).allowed).toBe(true)
  await withdraw(net.institutions.hospital.issuer, net.person('lee'))
  // She goes on at the other institution: the same person and keys, in another capacity.
  const { claims, vault } = net.member('lee')
  const { Sealchart } = await import('@sealchart/client-sdk')
  const credential = net.institutions.kec.credentialFor(claims)
  const lee = await Sealchart.open({ ...net.connect, network: net.network, vault, credential })
  expect(await codeOf(lee.records.open(record.id, { purpose: 'treatment' }))).not.toBe('')
  const said = await record.explainAccess(net.person('lee'))
  expect([said.allowed, said.person?.status, said.grants[0]?.state]).toEqual([false, 'verified', 'live'])
  await net.close()
})
