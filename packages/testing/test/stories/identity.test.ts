// Credentials that run out or are withdrawn, one person in two windows, and a process that dies in the middle.

import { Sealchart, type VaultHandle } from '@sealchart/client-sdk'
import { describe, expect, test } from 'vitest'
import { testNetwork } from '../../src/index.js'
import { all, codeOf, file, LETTER, read, told, visit } from './support.js'

describe('credentials', () => {
  test('an expired one is renewed when the chart is opened next, and the same person goes on', async () => {
    const net = await testNetwork({ kec: ['chan'], hospital: ['lee'] })
    const record = await net.chart('chan').records.create(visit('v1'))
    net.clock.advance({ days: 400 })
    const share = { with: net.person('lee'), sections: ['summary'], reason: 'referral' }
    expect(await codeOf(record.share(share))).toBe('KEY_UNVERIFIED')

    const [chan, lee] = [await net.reopen('chan'), await net.reopen('lee')]
    expect(lee.me).toMatchObject({ id: net.person('lee').id, status: 'verified' })
    const again = await chan.records.create(visit('v1'))
    await again.share({ ...share, with: await chan.directory.one({ name: 'Dr Lee' }) })
    const opened = await lee.records.open(record.id, { purpose: 'treatment' })
    expect(await read(opened, 'summary')).toBe(LETTER)
    await net.close()
  })

  test('without a way to the issuer, an expired one ends in NO_CREDENTIAL', async () => {
    const net = await testNetwork({ kec: ['chan'] })
    net.clock.advance({ days: 400 })
    const { vault } = net.member('chan')
    expect(await codeOf(Sealchart.open({ ...net.connect, network: net.network, vault }))).toBe('NO_CREDENTIAL')
    await net.close()
  })

  test('whose credential was withdrawn opens nothing, and nothing new is published under her keys', async () => {
    const net = await testNetwork({ kec: ['chan'], hospital: ['lee', 'wong'] })
    const record = await net.chart('chan').records.create(visit('v1'))
    const share = { sections: ['summary'], reason: 'referral' }
    await record.share({ ...share, with: [net.person('lee'), net.person('wong')] })
    await net.chart('lee').records.open(record.id, { purpose: 'treatment' })

    const { id, credential } = net.person('lee')
    await net.institutions.hospital.issuer.withdraw(id, credential)
    expect(await codeOf(net.chart('lee').records.open(record.id, { purpose: 'treatment' }))).toBe('UNKNOWN')
    expect(await codeOf(net.chart('chan').directory.one({ name: 'Dr Lee' }))).toBe('CRED_REVOKED')
    expect(await record.explainAccess({ id })).toMatchObject({
      allowed: false,
      because: 'her credential does not hold: withdrawn',
    })

    await record.publish({ sections: { summary: file('letter.txt', 'without Lee') } })
    const opened = await net.chart('wong').records.open(record.id, { purpose: 'treatment' })
    expect(await read(opened, 'summary')).toBe('without Lee')
    expect(told(await all(record.trail()))).toContain('Dr Chan revoke Dr Lee (credential withdrawn, or team closed)')
    await net.close()
  })

  test('the issuer renews nobody for somebody else', async () => {
    const net = await testNetwork({ kec: ['chan'], hospital: ['lee'] })
    net.clock.advance({ days: 400 })
    const { vault } = net.member('lee')
    const asWong = net.institutions.hospital.credentialFor({
      name: 'Dr Wong',
      registration: 'M99999',
      board: 'hk-mchk',
    })
    const opening = Sealchart.open({ ...net.connect, network: net.network, vault, credential: asWong })
    expect(await codeOf(opening)).toBe('CRED_BINDING')
    await net.close()
  })
})

describe('one vault', () => {
  test('in two windows: each does its work, and neither leads the other back', async () => {
    const net = await testNetwork({ kec: ['chan'], hospital: ['lee'] })
    const [left, right] = [net.chart('chan'), await net.reopen('chan')]
    const mine = await left.records.create(visit('left'))
    const other = await right.records.create(visit('right'))
    expect((await left.records.list()).records).toHaveLength(2)

    const both = await right.records.open(mine.id, { purpose: 'to amend' })
    const [a, b] = await Promise.all([
      mine.publish({ sections: { summary: file('letter.txt', 'from the left') } }),
      both.publish({ sections: { imaging: file('ct.txt', 'from the right') } }),
    ])
    expect([a, b].sort((x, y) => x - y)).toEqual([2, 3])
    expect((await left.records.open(other.id, { purpose: 'check' })).card.title).toBe('Chest pain')

    const third = await net.reopen('chan')
    const newest = await third.records.open(mine.id, { purpose: 'check' })
    expect([await read(newest, 'summary'), await read(newest, 'imaging')]).toEqual(['from the left', 'from the right'])
    await net.close()
  })

  test('opened twice before anybody enrolled is one person', async () => {
    const net = await testNetwork({ kec: ['chan'] })
    const again = await net.reopen('chan')
    expect(again.me.id).toEqual(net.person('chan').id)
    await net.close()
  })
})

test('a process that dies between upload and entry: a new one goes on, and nothing is there twice', async () => {
  const net = await testNetwork({ kec: ['chan'], hospital: ['lee'] })
  const noise = crypto.getRandomValues(new Uint8Array(65_536))
  const data = Uint8Array.from({ length: 12 * 1024 * 1024 }, (_, i) => (noise[i % 65_536] as number) ^ (i >> 16))
  const study = { name: 'ct.dcm', data, modified: 1 }
  const options = visit('visit-17', { sections: { summary: file('letter.txt', LETTER), imaging: study } })
  const puts = () => net.relay.requests.filter(({ path }) => path === '/v1/segments').length

  // Everything is put and written down; then the process can write nothing more, and the entry is never sent.
  const member = net.member('chan')
  const dying = dyingVault(member.vault, (name) => name.startsWith('upload-') && puts() >= 12)
  const chan = await Sealchart.open({ ...net.connect, network: net.network, ...member, vault: dying })
  await expect(chan.records.create(options)).rejects.toThrow('the process died')
  const before = puts()
  expect((await net.chart('chan').records.list()).records).toEqual([])

  const again = await net.reopen('chan')
  const record = await again.records.create(options)
  expect(puts()).toBe(before)
  await record.share({ with: net.person('lee'), sections: ['imaging'], reason: 'referral' })
  const opened = await net.chart('lee').records.open(record.id, { purpose: 'treatment' })
  const got = await opened.files('imaging')[0]?.bytes()
  expect(Buffer.compare(got ?? new Uint8Array(), data)).toBe(0)
  expect((await again.records.list()).records).toHaveLength(1)
  await net.close()
})

/** A vault that dies with its process: after the first write for which `last` holds, nothing is written any more. */
function dyingVault({ vault, ...handle }: VaultHandle, last: (name: string) => boolean): VaultHandle {
  let dead = false
  const write: VaultHandle['vault']['write'] = async (name, bytes, ifMatch) => {
    if (dead) throw new Error('the process died')
    const tag = await vault.write(name, bytes, ifMatch)
    dead = last(name)
    return tag
  }
  return { ...handle, vault: { ...vault, write } }
}
