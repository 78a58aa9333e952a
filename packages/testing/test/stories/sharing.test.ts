// Chan shares, Lee reads, Chan revokes, Lee cannot; and what else sharing is asked for.
import { describe, expect, test } from 'vitest'
import { testNetwork } from '../../src/index.js'
import { all, codeOf, file, LETTER, read, SCAN, told, visit } from './support.js'

test('Chan shares, Lee reads, Chan revokes, Lee cannot', async () => {
  const net = await testNetwork({ kec: ['chan'], hospital: ['lee'] })
  const record = await net.chart('chan').records.create(visit('v1'))
  await record.share({ with: net.person('lee'), sections: ['summary'], reason: 'referral' })

  const opened = await net.chart('lee').records.open(record.id, { purpose: 'treatment' })
  expect(opened.card.title).toBe('Chest pain')
  expect(await read(opened, 'summary')).toBe(LETTER)
  expect(() => opened.files('imaging')).toThrow(expect.objectContaining({ code: 'NOT_GRANTED' }))

  const { alreadyOpened } = await record.revoke(net.person('lee'), { reason: 'transferred' })
  expect(told(alreadyOpened ?? [])).toEqual(['Dr Lee view (treatment)'])
  expect(await codeOf(net.chart('lee').records.open(record.id, { purpose: 'treatment' }))).toBe('UNKNOWN')
  expect((await net.chart('lee').records.list()).records).toEqual([])

  await record.publish({ sections: { summary: file('letter.txt', 'second thoughts') } })
  expect(await codeOf(net.chart('lee').records.open(record.id, { purpose: 'treatment' }))).toBe('UNKNOWN')
  await net.close()
})

test('a revocation that stands is no failure where the trail cannot be read after it', async () => {
  const net = await testNetwork({ kec: ['chan'], hospital: ['lee'] })
  const record = await net.chart('chan').records.create(visit('v1'))
  await record.share({ with: net.person('lee'), sections: ['summary'], reason: 'referral' })
  await net.chart('lee').records.open(record.id, { purpose: 'treatment' })
  const recover = net.relay.through(async (request, forward) => {
    const answer = await forward(request)
    if (new URL(request.url).pathname === '/v1/append') net.relay.fail('offline')
    return answer
  })
  expect(await record.revoke(net.person('lee'), { reason: 'transferred' })).toEqual({ alreadyOpened: null })
  recover()
  net.relay.recover()
  expect(await codeOf(record.revoke(net.person('lee')))).toBe('GRANT_ENDED')
  expect(told(await all(record.trail())).filter((step) => step.includes('Lee view'))).toEqual([
    'Dr Lee view (treatment)',
  ])
  await net.close()
})

test('Wong was granted the imaging only; asking for the letter is refused before anything is sent', async () => {
  const net = await testNetwork({ kec: ['chan'], hospital: ['wong'] })
  const record = await net.chart('chan').records.create(visit('v1'))
  await record.share({ with: net.person('wong'), sections: ['imaging'], reason: 'second reading' })

  const wong = net.chart('wong')
  const asked = wong.records.open(record.id, { purpose: 'reading', sections: ['summary', 'imaging'] })
  expect(await codeOf(asked)).toBe('NOT_GRANTED')
  const opened = await wong.records.open(record.id, { purpose: 'reading' })
  expect(await read(opened, 'imaging')).toBe(SCAN)
  expect(told(await all(record.trail()))).toEqual([
    'Dr Chan create',
    'Dr Chan grant Dr Wong (second reading)',
    'Dr Wong view (reading)',
  ])
  await net.close()
})

test('somebody who was granted nothing gets the answer for what does not exist', async () => {
  const net = await testNetwork({ kec: ['chan'], hospital: ['lee', 'ho'] })
  const record = await net.chart('chan').records.create(visit('v1', { share: [] }))
  const ho = net.chart('ho')
  expect(await codeOf(ho.records.open(record.id, { purpose: 'curiosity' }))).toBe('UNKNOWN')
  expect(await codeOf(ho.records.open('00'.repeat(32), { purpose: 'curiosity' }))).toBe('UNKNOWN')
  await net.close()
})

describe('recall', () => {
  test('before Lee has opened, the grant is taken back as if it had not been', async () => {
    const net = await testNetwork({ kec: ['chan'], hospital: ['lee'] })
    const record = await net.chart('chan').records.create(visit('v1'))
    const grant = await record.share({ with: net.person('lee'), sections: ['summary'], reason: 'wrong person' })
    await grant.recall({ reason: 'wrong person' })
    expect(await codeOf(net.chart('lee').records.open(record.id, { purpose: 'treatment' }))).toBe('UNKNOWN')
    expect(told(await all(record.trail())).at(-1)).toBe('Dr Chan recall Dr Lee (wrong person)')
    await net.close()
  })

  test('after she has opened, it is refused, and revoking is what is left', async () => {
    const net = await testNetwork({ kec: ['chan'], hospital: ['lee'] })
    const record = await net.chart('chan').records.create(visit('v1'))
    const grant = await record.share({ with: net.person('lee'), sections: ['summary'], reason: 'referral' })
    await net.chart('lee').records.open(record.id, { purpose: 'treatment' })
    expect(await codeOf(grant.recall())).toBe('ALREADY_OPENED')
    await net.chart('lee').records.open(record.id, { purpose: 'treatment' })
    await grant.revoke()
    expect(await codeOf(net.chart('lee').records.open(record.id, { purpose: 'treatment' }))).toBe('UNKNOWN')
    await net.close()
  })
})

test('a grant ends by itself at its time, and what is published then is under keys that Lee does not hold', async () => {
  const net = await testNetwork({ kec: ['chan'], hospital: ['lee', 'wong'] })
  const until = new Date(net.clock.now() + 24 * 3_600_000)
  const record = await net.chart('chan').records.create(visit('v1'))
  await record.share({ with: net.person('lee'), sections: ['summary'], reason: 'second opinion', until })
  await record.share({ with: net.person('wong'), sections: ['summary'], reason: 'treatment' })
  await net.chart('lee').records.open(record.id, { purpose: 'opinion' })

  net.clock.advance({ days: 2 })
  expect(await codeOf(net.chart('lee').records.open(record.id, { purpose: 'opinion' }))).toBe('UNKNOWN')
  await record.publish({ sections: { summary: file('letter.txt', 'after two days') } })
  expect(await codeOf(net.chart('lee').records.open(record.id, { purpose: 'opinion' }))).toBe('UNKNOWN')
  const opened = await net.chart('wong').records.open(record.id, { purpose: 'treatment' })
  expect(await read(opened, 'summary')).toBe('after two days')
  await net.close()
})

test('a grant that begins tomorrow opens tomorrow', async () => {
  const net = await testNetwork({ kec: ['chan'], hospital: ['lee'] })
  const notBefore = new Date(net.clock.now() + 24 * 3_600_000)
  const record = await net.chart('chan').records.create(visit('v1'))
  await record.share({ with: net.person('lee'), sections: ['summary'], reason: 'clinic tomorrow', notBefore })
  expect(await codeOf(net.chart('lee').records.open(record.id, { purpose: 'early' }))).toBe('NOT_GRANTED')
  net.clock.advance({ days: 1, minutes: 1 })
  const opened = await net.chart('lee').records.open(record.id, { purpose: 'clinic' })
  expect(await read(opened, 'summary')).toBe(LETTER)
  await net.close()
})

test('who may write publishes; who may only view is refused', async () => {
  const net = await testNetwork({ kec: ['chan'], hospital: ['lee', 'wong'] })
  const record = await net.chart('chan').records.create(visit('v1'))
  const { person } = net
  await record.share({ with: person('lee'), sections: ['summary'], actions: ['write'], reason: 'co-author' })
  await record.share({ with: person('wong'), sections: ['summary'], reason: 'reader' })

  const hers = await net.chart('lee').records.open(record.id, { purpose: 'to amend' })
  expect(await hers.publish({ sections: { summary: file('letter.txt', 'amended by Lee') } })).toBe(2)
  const his = await net.chart('wong').records.open(record.id, { purpose: 'to read' })
  expect(await read(his, 'summary')).toBe('amended by Lee')
  const refused = his.publish({ sections: { summary: file('letter.txt', 'amended by Wong') } })
  expect(await codeOf(refused)).toBe('NOT_GRANTED')
  await net.close()
})

test('explainAccess says who may, by what, and why not', async () => {
  const net = await testNetwork({ kec: ['chan'], hospital: ['lee', 'ho'] })
  const record = await net.chart('chan').records.create(visit('v1'))
  await record.share({ with: net.person('lee'), sections: ['summary'], reason: 'referral' })
  expect(await record.explainAccess(net.person('chan'))).toMatchObject({
    allowed: true,
    because: 'she founded the record',
  })
  expect(await record.explainAccess(net.person('lee'))).toMatchObject({
    allowed: true,
    because: 'a grant allows it',
    grants: [{ sections: ['summary'], actions: ['view'], reason: 'referral', state: 'live', by: { name: 'Dr Chan' } }],
  })
  expect(await record.explainAccess(net.person('ho'))).toMatchObject({
    allowed: false,
    because: 'nothing was ever granted to her',
  })
  await record.revoke(net.person('lee'))
  expect(await record.explainAccess(net.person('lee'))).toMatchObject({
    allowed: false,
    because: 'no grant of hers holds now',
    grants: [{ state: 'revoked' }],
  })
  await net.close()
})

test('the trail is for who may read it, and its purposes too', async () => {
  const net = await testNetwork({ kec: ['chan'], hospital: ['lee', 'wong'] })
  const record = await net.chart('chan').records.create(visit('v1'))
  await record.share({ with: net.person('lee'), sections: ['summary'], reason: 'referral' })
  await record.share({ with: net.person('wong'), sections: ['summary'], actions: ['trail'], reason: 'audit' })

  const hers = await net.chart('lee').records.open(record.id, { purpose: 'treatment' })
  expect(await codeOf(all(hers.trail()))).toBe('UNKNOWN')
  const his = await net.chart('wong').records.open(record.id, { purpose: 'yearly audit' })
  expect(told(await all(his.trail()))).toEqual([
    'Dr Chan create',
    'Dr Chan grant Dr Lee (referral)',
    'Dr Chan grant Dr Wong (audit)',
    'Dr Lee view (treatment)',
    'Dr Wong view (yearly audit)',
  ])
  await net.close()
})
