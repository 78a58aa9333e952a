import { SealchartError } from '@sealchart/client-sdk'
import { expect, test } from 'vitest'
import { testNetwork } from '../src/index.js'
import { codeOf, read, visit } from './stories/support.js'

test('stands quickly, with people who are who the plan says', async () => {
  await (await testNetwork({ warm: ['up'] })).close()
  const began = performance.now()
  const net = await testNetwork({ kec: ['chan'], hospital: { lee: { name: 'Lee Ka Yan', role: 'surgeon' } } })
  // 300 ms on a machine that has nothing else to do; four times that where tests of other packages run beside.
  expect(performance.now() - began).toBeLessThan(4 * 300)
  expect(net.person('chan')).toMatchObject({
    name: 'Dr Chan',
    role: 'doctor',
    status: 'verified',
    institution: { name: 'Kec' },
  })
  expect(net.person('lee')).toMatchObject({ name: 'Lee Ka Yan', role: 'surgeon', institution: { name: 'Hospital' } })
  expect(net.person('chan').registration).not.toBe(net.person('lee').registration)
  await net.close()
})

test('with a seed, two runs send the same bytes', async () => {
  const start = new Date('2026-01-05T09:00:00Z')
  const run = async (seed: string) => {
    const net = await testNetwork({ kec: ['chan'] }, { seed, start })
    const record = await net.chart('chan').records.create(visit('v1'))
    await net.close()
    return record.id
  }
  expect(await run('a')).toBe(await run('a'))
  expect(await run('a')).not.toBe(await run('b'))
})

test('the clock stands still until it is advanced, and goes forward only', async () => {
  const start = new Date('2026-01-05T09:00:00Z')
  const { clock, close } = await testNetwork({ kec: [] }, { start })
  expect(clock.now()).toBe(start.getTime())
  clock.advance({ days: 1, hours: 2, minutes: 3, ms: 4 })
  expect(clock.now() - start.getTime()).toBe(((24 + 2) * 60 + 3) * 60_000 + 4)
  expect(() => clock.advance({ ms: -1 })).toThrow(TypeError)
  expect(() => clock.advance({ days: Number.NaN })).toThrow(TypeError)
  await close()
})

test('the relay fails as it is told to, and recovers', async () => {
  const net = await testNetwork({ kec: ['chan'] })
  const list = () => net.chart('chan').records.list()
  for (const [failure, code] of [
    ['offline', 'OFFLINE'],
    ['lost-answer', 'OFFLINE'],
    ['busy', 'BUSY'],
    ['broken', 'RELAY'],
  ] as const) {
    net.relay.fail(failure)
    expect(await codeOf(list())).toBe(code)
    net.relay.recover()
    expect(await list()).toMatchObject({ records: [] })
  }
  // Fewer failures than the SDK tries again: nobody notices.
  net.relay.fail('busy', 2)
  expect(await list()).toMatchObject({ records: [] })
  expect(net.relay.requests.slice(-3).map(({ path, status }) => [path, status])).toEqual([
    ['/v1/records', 503],
    ['/v1/records', 503],
    ['/v1/records', 200],
  ])
  await net.close()
})

test('a layer stands before the relay until it is taken away; the newest is nearest to the clients', async () => {
  const net = await testNetwork({ kec: ['chan'] })
  const seen: string[] = []
  const layer = (name: string) =>
    net.relay.through(async (request, forward) => {
      seen.push(name)
      return forward(request)
    })
  const removals = [layer('inner'), layer('outer')]
  await net.chart('chan').records.list()
  for (const remove of removals) remove()
  await net.chart('chan').records.list()
  expect(seen).toEqual(['outer', 'inner'])
  await net.close()
})

test('people are reopened, enrolled later, and asked for by name only if they are there', async () => {
  const net = await testNetwork({ kec: ['chan'] })
  const record = await net.chart('chan').records.create(visit('v1'))
  const again = await (await net.reopen('chan')).records.open(record.id, { purpose: 'check' })
  expect(await read(again, 'summary')).toContain('Dear colleague')
  const ng = await net.enrol('kec', { name: 'Ng Wai', role: 'nurse' })
  expect(ng.me).toMatchObject({ name: 'Ng Wai', role: 'nurse', status: 'verified' })
  // @ts-expect-error a misspelt key does not compile
  expect(() => net.chart('chna')).toThrow('nobody is called "chna"')
  await expect(ng.records.open(record.id, { purpose: 'curiosity' })).rejects.toBeInstanceOf(SealchartError)
  await net.close()
})
