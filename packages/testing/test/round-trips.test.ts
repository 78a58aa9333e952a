// How many requests each call takes, as docs/architecture.md has them in its table.
import type { ChartRecord, Sealchart } from '@sealchart/client-sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestNetwork, testNetwork } from '../src/index.js'
import { all, file, visit } from './stories/support.js'

const plan = { kec: ['chan'], hospital: ['lee', 'wong', 'ho'] } as const
let net: TestNetwork<typeof plan>
let chan: Sealchart
let lee: Sealchart
let shared: ChartRecord

const sharing = (who: 'lee' | 'wong' | 'ho') => ({ with: net.person(who), sections: ['summary'], reason: 'referral' })

beforeAll(async () => {
  net = await testNetwork(plan)
  chan = net.chart('chan')
  lee = net.chart('lee')
  shared = await chan.records.create(visit('shared'))
  await shared.share({ ...sharing('lee'), actions: ['view', 'write'] })
})
afterAll(() => net.close())

/** Requests of a chart during a call. */
async function requestsOf(chart: Sealchart, call: () => Promise<unknown>): Promise<number> {
  const before = chart.roundTrips
  await call()
  return chart.roundTrips - before
}

test('records.create, with and without share', async () => {
  expect(await requestsOf(chan, () => chan.records.create(visit('alone')))).toBe(2)
  expect(await requestsOf(chan, () => chan.records.create(visit('with', { share: [sharing('lee')] })))).toBe(2)
})

test('record.share', async () => {
  const record = await chan.records.create(visit('to share'))
  expect(await requestsOf(chan, () => record.share(sharing('wong')))).toBe(2)
})

test('records.open, with small files and with a large one', async () => {
  let opened: ChartRecord | undefined
  expect(
    await requestsOf(lee, async () => {
      opened = await lee.records.open(shared.id, { purpose: 'treatment' })
    }),
  ).toBe(2)
  expect(await requestsOf(lee, () => Promise.all((opened?.files('summary') ?? []).map((one) => one.bytes())))).toBe(0)

  const large = { name: 'scan.bin', data: new Uint8Array(2.5 * 2 ** 20) }
  const record = await chan.records.create({ ref: 'large', title: 'CT', sections: { imaging: large } })
  const own = await chan.records.open(record.id, { purpose: 'check' })
  // Three segments, and the list of their names.
  expect(await requestsOf(chan, async () => own.files('imaging')[0]?.bytes())).toBe(4)
})

test('record.publish, by the founder, alone and with holders, and by a writer', async () => {
  const sections = { summary: file('letter.txt', 'Second letter.') }
  const alone = await chan.records.create(visit('held by nobody'))
  expect(await requestsOf(chan, () => alone.publish({ sections }))).toBe(3)
  expect(await requestsOf(chan, () => shared.publish({ sections }))).toBe(5)
  const writing = await lee.records.open(shared.id, { purpose: 'treatment' })
  expect(await requestsOf(lee, () => writing.publish({ sections }))).toBe(4)
})

test('grant.recall, grant.revoke, record.revoke', async () => {
  const record = await chan.records.create(visit('to end', { share: [sharing('lee')] }))
  const [wong, ho] = [await record.share(sharing('wong')), await record.share(sharing('ho'))]
  expect(await requestsOf(chan, () => wong.recall({ reason: 'wrong Dr Wong' }))).toBe(3)
  expect(await requestsOf(chan, () => ho.revoke({ reason: 'ended' }))).toBe(3)
  expect(await requestsOf(chan, () => record.revoke(net.person('lee'), { reason: 'left' }))).toBe(5)
})

test('records.list, directory.find, directory.one, record.trail', async () => {
  expect(await requestsOf(chan, () => chan.records.list())).toBe(1)
  expect(await requestsOf(chan, () => chan.directory.find({ name: net.person('lee').name }))).toBe(3)
  expect(await requestsOf(chan, () => chan.directory.one({ name: net.person('ho').name }))).toBe(3)
  expect(await requestsOf(chan, () => all(shared.trail()))).toBe(1)
})

test('Sealchart.open, of a member who is there and of a new one', async () => {
  expect((await net.reopen('lee')).roundTrips).toBe(2)
  const before = net.relay.requests.length
  await net.enrol('kec', { name: 'Ng' })
  expect(net.relay.requests.length - before).toBe(5)
})
