// Making, finding, versioning and listing records; what a crash leaves, and how many round trips it takes.
import { Institution, memoryVault } from '@sealchart/client-sdk'
import { describe, expect, test } from 'vitest'
import { testNetwork } from '../../src/index.js'
import { all, codeOf, file, LETTER, news, read, visit } from './support.js'

test('creating again with the same reference finds the same record', async () => {
  const net = await testNetwork({ kec: ['chan'] })
  const chan = net.chart('chan')
  const first = await chan.records.create(visit('visit-17'))
  const again = await chan.records.create(visit('visit-17', { title: 'Another title' }))
  expect(again.id).toBe(first.id)
  expect(again.card.title).toBe('Chest pain')
  expect((await chan.records.create(visit('visit-18'))).id).not.toBe(first.id)
  await net.close()
})

test('an answer that was lost does not make a second record', async () => {
  const net = await testNetwork({ kec: ['chan'] })
  const chan = net.chart('chan')
  net.relay.fail('lost-answer', 2)
  const record = await chan.records.create(visit('visit-17'))
  net.relay.recover()
  const opened = await chan.records.open(record.id, { purpose: 'check' })
  expect(await read(opened, 'summary')).toBe(LETTER)
  expect((await chan.records.list()).records).toHaveLength(1)
  await net.close()
})

test('a relay that stays away is OFFLINE, and nothing is half done', async () => {
  const net = await testNetwork({ kec: ['chan'] })
  const chan = net.chart('chan')
  net.relay.fail('offline')
  expect(await codeOf(chan.records.create(visit('visit-17')))).toBe('OFFLINE')
  net.relay.fail('broken')
  expect(await codeOf(chan.records.create(visit('visit-17')))).toBe('RELAY')
  net.relay.recover()
  expect((await chan.records.list()).records).toEqual([])
  await chan.records.create(visit('visit-17'))
  expect((await chan.records.list()).records).toHaveLength(1)
  await net.close()
})

test('versions: each is kept, sections that were not published stay', async () => {
  const net = await testNetwork({ kec: ['chan'], hospital: ['lee'] })
  const record = await net.chart('chan').records.create(visit('v1'))
  await record.share({ with: net.person('lee'), sections: ['summary', 'imaging'], reason: 'referral' })
  expect(await record.publish({ sections: { summary: file('letter.txt', 'corrected') } })).toBe(2)
  expect(await record.publish({ sections: { labs: file('labs.hl7', 'MSH|') } })).toBe(3)
  expect(record.versions().map(({ number, sections }) => [number, ...sections])).toEqual([
    [1, 'summary', 'imaging'],
    [2, 'summary'],
    [3, 'labs'],
  ])

  const lee = net.chart('lee')
  const newest = await lee.records.open(record.id, { purpose: 'treatment' })
  expect(await read(newest, 'summary')).toBe('corrected')
  const older = await lee.records.open(record.id, { purpose: 'comparison', version: 1, sections: ['summary'] })
  expect(await read(older, 'summary')).toBe(LETTER)
  expect(() => newest.files('labs')).toThrow(expect.objectContaining({ code: 'NOT_GRANTED' }))
  await net.close()
})

test('a list comes in pages, newest first, and by patient; listing is no view', async () => {
  const net = await testNetwork({ kec: ['chan'] })
  const chan = net.chart('chan')
  const other = { name: 'Cheung Yuk', born: null, ids: [{ system: 'urn:hkid', value: 'B654321(0)' }] }
  for (let i = 1; i <= 5; i++) {
    net.clock.advance({ minutes: 1 })
    await chan.records.create(visit(`visit-${i}`, { title: `Visit ${i}`, ...(i === 3 ? { patient: other } : {}) }))
  }
  const first = await chan.records.list({ limit: 2 })
  expect(first.records.map(({ card }) => card.title)).toEqual(['Visit 5', 'Visit 4'])
  const second = await chan.records.list({ limit: 2, after: first.next ?? 0 })
  expect(second.records.map(({ card }) => card.title)).toEqual(['Visit 3', 'Visit 2'])
  const third = await chan.records.list({ limit: 2, after: second.next ?? 0 })
  expect(third).toMatchObject({ records: [{ card: { title: 'Visit 1' } }], next: null })

  const hers = await chan.records.list({ patient: { ids: [{ system: 'urn:hkid', value: 'B654321(0)' }] } })
  expect(hers.records.map(({ card }) => card.title)).toEqual(['Visit 3'])
  const recent = await chan.records.list({ changedSince: new Date(net.clock.now() - 90_000) })
  expect(recent.records.map(({ card }) => card.title)).toEqual(['Visit 5', 'Visit 4'])

  const record = await chan.records.create(visit('visit-5'))
  expect((await all(record.trail())).map(({ what }) => what)).toEqual(['create'])
  await net.close()
})

test('the inbox gives each piece of news once, and an acknowledged one never again', async () => {
  const net = await testNetwork({ kec: ['chan'], hospital: ['lee'] })
  const [chan, lee] = [net.chart('chan'), net.chart('lee')]
  const record = await chan.records.create(visit('v1'))
  await record.share({ with: net.person('lee'), sections: ['summary'], reason: 'referral' })
  await record.publish({ sections: { summary: file('letter.txt', 'second') } })
  await lee.records.open(record.id, { purpose: 'treatment' })

  const first = await all(lee.inbox({ once: true }))
  expect(news(first)).toEqual(['Dr Chan granted', 'Dr Chan published 2'])
  expect(news(await all(lee.inbox({ once: true })))).toEqual(['Dr Chan granted', 'Dr Chan published 2'])
  await first[0]?.acknowledge()
  expect(news(await all((await net.reopen('lee')).inbox({ once: true })))).toEqual(['Dr Chan published 2'])
  await first[1]?.acknowledge()
  expect(await all((await net.reopen('lee')).inbox({ once: true }))).toEqual([])
  expect(news(await all(chan.inbox({ once: true })))).toEqual(['Dr Lee opened 2'])
  await net.close()
})

test('an inbox that waits is woken by what happens, and ends when its signal says so', async () => {
  const net = await testNetwork({ kec: ['chan'], hospital: ['lee'] })
  const record = await net.chart('chan').records.create(visit('v1'))
  const ending = new AbortController()
  const coming = (async () => {
    for await (const notice of net.chart('lee').inbox({ signal: ending.signal })) {
      ending.abort()
      return notice.what
    }
    return 'nothing'
  })()
  await record.share({ with: net.person('lee'), sections: ['summary'], reason: 'referral' })
  expect(await coming).toBe('granted')
  await net.close()
})

describe('round trips', () => {
  const kilobytes = (count: number): Uint8Array => crypto.getRandomValues(new Uint8Array(1000 * count))
  const letter = { name: 'letter.pdf', data: kilobytes(50) }

  test('sharing 50 kB with three doctors takes two', async () => {
    const net = await testNetwork({ kec: ['chan'], hospital: ['lee', 'wong', 'ho'] })
    const chan = net.chart('chan')
    const share = {
      with: [net.person('lee'), net.person('wong'), net.person('ho')],
      sections: ['summary'],
      reason: 'board',
    }
    const before = chan.roundTrips
    await chan.records.create({ ref: 'r', title: 'Board', sections: { summary: letter }, share: [share] })
    expect(chan.roundTrips - before).toBeLessThanOrEqual(2)
    await net.close()
  })

  test('opening takes two, for a reader who has seen nothing of the network since she enrolled', async () => {
    const net = await testNetwork({ kec: ['chan'], hospital: ['lee'] })
    const share = { with: net.person('lee'), sections: ['summary'], reason: 'referral' }
    const sections = { summary: letter }
    const record = await net.chart('chan').records.create({ ref: 'r', title: 'Referral', sections, share: [share] })
    const lee = net.chart('lee')
    // Whom the network trusts has changed since: her entry rests on the newest state of that too.
    const vault = memoryVault()
    const third = await Institution.found({ ...net.connect, network: net.network, name: 'Third', vault })
    await net.root.admit(third)
    const before = lee.roundTrips
    const opened = await lee.records.open(record.id, { purpose: 'treatment' })
    expect((await opened.files('summary')[0]?.bytes())?.length).toBe(50_000)
    expect(lee.roundTrips - before).toBeLessThanOrEqual(2)
    await net.close()
  })
})
