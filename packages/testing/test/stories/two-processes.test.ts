// One member at two workstations, or in two processes after a crash: what one has not seen of the other must cost nobody anything.
import { memoryVault, Sealchart } from '@sealchart/client-sdk'
import { type AppendRequest, appendRequest, hex, paths, sha256, unpack } from '@sealchart/protocol'
import { describe, expect, test } from 'vitest'
import { testNetwork } from '../../src/index.js'
import { seededRandom } from '../../src/random.js'
import { codeOf, file, read, visit } from './support.js'

const MiB = 1024 * 1024
const MOST = { bytes: 64 * MiB }

describe('a window that has not seen a new section', () => {
  test('adds another one under a number of its own, which nobody else’s readers have', async () => {
    const net = await testNetwork({ kec: ['chan'], hospital: ['lee'] })
    const one = await net.chart('chan').records.create(visit('v1'))
    const two = await (await net.reopen('chan')).records.open(one.id, { purpose: 'writing' })
    await one.publish({ sections: { labs: file('labs.txt', 'potassium 4.1') } })
    await one.share({ with: net.person('lee'), sections: ['labs'], reason: 'referral' })
    await two.publish({ sections: { psychiatry: file('notes.txt', 'not for Lee') } })

    const lees = await net.chart('lee').records.open(one.id, { purpose: 'treatment' })
    expect(lees.card.sections.map(({ name }) => name)).toEqual(['summary', 'imaging', 'labs', 'psychiatry'])
    expect(await read(lees, 'labs')).toBe('potassium 4.1')
    expect(() => lees.files('psychiatry')).toThrow(expect.objectContaining({ code: 'NOT_GRANTED' }))
    await net.close()
  })

  test('revokes without taking it off the card', async () => {
    const net = await testNetwork({ kec: ['chan'], hospital: ['lee', 'wong'] })
    const one = await net.chart('chan').records.create(visit('v1'))
    await one.share({ with: net.person('wong'), sections: ['summary'], reason: 'second opinion' })
    const two = await (await net.reopen('chan')).records.open(one.id, { purpose: 'writing' })
    await one.publish({ sections: { labs: file('labs.txt', 'potassium 4.1') } })
    await one.share({ with: net.person('lee'), sections: ['labs'], reason: 'referral' })
    await two.revoke(net.person('wong'))

    // Off the card, its number would be the next new section's, and Lee would read that.
    const again = await (await net.reopen('chan')).records.open(one.id, { purpose: 'writing' })
    expect(again.card.sections.map(({ id, name }) => [id, name])).toEqual([
      [1, 'summary'],
      [2, 'imaging'],
      [3, 'labs'],
    ])
    expect(await read(again, 'labs')).toBe('potassium 4.1')
    await net.close()
  })

  test('goes on after the keys were turned in the other one', async () => {
    const net = await testNetwork({ kec: ['chan'], hospital: ['lee', 'wong'] })
    const one = await net.chart('chan').records.create(visit('v1'))
    await one.share({ with: [net.person('lee'), net.person('wong')], sections: ['summary'], reason: 'board' })
    const two = await (await net.reopen('chan')).records.open(one.id, { purpose: 'writing' })
    await one.revoke(net.person('lee'))
    await two.revoke(net.person('wong'))
    expect(await two.publish({ sections: { summary: file('letter.txt', 'again') } })).toBe(2)
    await net.close()
  })
})

test('what left under keys that a revoked reader got in a refused attempt is never published', async () => {
  const net = await testNetwork({ kec: ['chan'], hospital: ['lee', 'wong'] })
  const one = await net.chart('chan').records.create(visit('v1'))
  const until = new Date(net.clock.now() + 24 * 3_600_000)
  await one.share({ with: net.person('wong'), sections: ['summary'], reason: 'second opinion', until })
  await one.share({ with: net.person('lee'), sections: ['summary'], reason: 'referral' })
  const two = await (await net.reopen('chan')).records.open(one.id, { purpose: 'writing' })
  net.clock.advance({ days: 2 })

  // Wong’s grant has expired, so the version turns the keys, and wraps them to Lee; meanwhile the other window revokes Lee.
  const attempts: AppendRequest[] = []
  const restore = net.relay.through(async (request, forward) => {
    if (!request.url.endsWith(paths.append)) return forward(request)
    const body = new Uint8Array(await request.clone().arrayBuffer())
    const asked = unpack(appendRequest, body, 'request', MOST)
    if (asked.segments.length === 0) return forward(request)
    attempts.push(asked)
    if (attempts.length === 1) await two.revoke(net.person('lee'))
    return forward(request)
  })
  expect(await one.publish({ sections: { summary: file('letter.txt', 'after Lee') } })).toBe(2)
  restore()
  expect(attempts).toHaveLength(2)
  const names = attempts.map(({ segments }) => segments.map(({ bytes }) => hex(sha256(bytes))))
  expect(names[1]).not.toEqual(names[0])
  await net.close()
})

test('two processes that open one new vault at once are one member', async () => {
  const net = await testNetwork({ kec: ['chan'] })
  const vault = memoryVault()
  const credential = net.institutions.kec.credentialFor({ name: 'Dr Ho', registration: 'M20001', board: 'hk-mchk' })
  const open = (): Promise<Sealchart> => Sealchart.open({ ...net.connect, network: net.network, vault, credential })
  const [a, b] = await Promise.all([open(), open()])
  const later = await open()
  expect(new Set([a, b, later].map(({ me }) => hex(me.id))).size).toBe(1)
  await net.close()
})

describe('a stream whose answer was lost', () => {
  const stream = (seed: string) => new Blob([seededRandom(seed)(5 * MiB)]).stream() as ReadableStream<Uint8Array>
  const interrupted = async () => {
    const net = await testNetwork({ kec: ['chan'], hospital: ['lee'] })
    const record = await net.chart('chan').records.create(visit('v1'))
    const restore = net.relay.through(async (request, forward) => {
      const answer = await forward(request)
      if (request.url.endsWith(paths.append)) throw new Error('cut')
      return answer
    })
    return { net, record, restore }
  }

  test('another one of the same name is published, not taken for it', async () => {
    const { net, record, restore } = await interrupted()
    expect(await codeOf(record.publish({ sections: { summary: stream('first') } }))).toBe('OFFLINE')
    restore()
    const again = await (await net.reopen('chan')).records.open(record.id, { purpose: 'writing' })
    expect(await again.publish({ sections: { summary: stream('second') } })).toBe(3)
    const opened = await (await net.reopen('chan')).records.open(record.id, { purpose: 'reading' })
    const bytes = await opened.files('summary')[0]?.bytes()
    expect(Buffer.compare(bytes ?? new Uint8Array(), seededRandom('second')(5 * MiB))).toBe(0)
    await net.close()
  })
})
