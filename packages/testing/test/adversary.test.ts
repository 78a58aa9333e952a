// Somebody who turns against the network, with all that she ever had: a revoked reader without her client's checks, an outsider, and
// whoever copies the relay's disk. What they try over the wire is answered by the real relay; what they try at home, by the formats.

import { type ChartRecord, Sealchart } from '@sealchart/client-sdk'
import { sealNote, systemRandom } from '@sealchart/crypto'
import {
  type AnyEntry,
  accessLogOf,
  appendAnswer,
  type ChainId,
  type ErrorAnswer,
  errorAnswer,
  type Handout,
  hex,
  is,
  pack,
  paths,
  recordsRequest,
  segmentBatchRequest,
  sha256,
  syncAnswer,
  syncRequest,
  unhex,
  unpack,
} from '@sealchart/protocol'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  type Exchange,
  gatherLoot,
  type Loot,
  openWithAnything,
  type RawAnswer,
  recordingTransport,
  sealedObjects,
  searchCanaries,
  type TestNetwork,
  testNetwork,
  type UncheckedClient,
  uncheckedClient,
  writeForms,
} from '../src/index.js'
import { seededRandom } from '../src/random.js'
import { file, LETTER, SCAN, visit } from './stories/support.js'

const LARGE = { bytes: 64 * 1024 * 1024 }
const refusal = ({ bytes }: RawAnswer): ErrorAnswer => unpack(errorAnswer, bytes, 'answer', LARGE)
const handouts = ({ bytes }: RawAnswer): readonly Handout[] => unpack(appendAnswer, bytes, 'answer', LARGE).handouts
const idOf = (record: { readonly id: string }): ChainId => unhex(record.id) as Uint8Array as ChainId

/** Of a file of several segments, so that some are fetched under the ticket. */
const study = { name: 'study.dcm', data: seededRandom('study')(2_500_000) }

interface Scene {
  readonly net: TestNetwork<{ kec: readonly ['chan']; hospital: readonly ['lee', 'wong', 'ho'] }>
  readonly record: ChartRecord
  readonly exchanges: Exchange[]
  readonly lee: UncheckedClient
  readonly loot: Loot
}

/** Chan shares with Lee and Wong; Lee reads everything she may, recorded, and is then the adversary's tool. */
async function scene(): Promise<Scene> {
  const net = await testNetwork({ kec: ['chan'], hospital: ['lee', 'wong', 'ho'] })
  const sections = { summary: file('letter.txt', LETTER), imaging: [file('ct.txt', SCAN), study] }
  const record = await net.chart('chan').records.create(visit('v1', { sections }))
  const people = [net.person('lee'), net.person('wong')]
  await record.share({ with: people, sections: ['summary', 'imaging'], actions: ['trail'], reason: 'referral' })
  const exchanges: Exchange[] = []
  const transport = recordingTransport(net.relay.transport, (exchange) => exchanges.push(exchange))
  const chart = await Sealchart.open({ ...net.connect, transport, network: net.network, ...net.member('lee') })
  const opened = await chart.records.open(record.id, { purpose: 'treatment' })
  for (const section of ['summary', 'imaging']) for (const one of opened.files(section)) await one.bytes()
  const lee = await uncheckedClient({ ...net.connect, network: net.network, vault: net.member('lee').vault })
  return { net, record, exchanges, lee, loot: await gatherLoot(lee, exchanges) }
}

const segmentPath = (record: ChainId, name: Uint8Array, ticket: string): string =>
  `${paths.segments}/${hex(record)}/${hex(name)}?${new URLSearchParams({ ticket })}`

/** A view entry as her client would never sign it: on heads from the relay's own disk, which she may not know any more. */
async function viewEntry({ lee, loot, net, record }: Scene, change: { version?: number; grant?: null } = {}) {
  const [before] = loot.views as [AnyEntry]
  if (!is(before, 'access', 'view')) throw new Error('the recording holds no view')
  const { entries } = await net.relay.stored.snapshot()
  const heads = new Map(entries.map(({ entry }) => [hex(entry.chain), entry]))
  const log = accessLogOf(idOf(record))
  const turned = entries.findLast(({ entry }) => is(entry, 'record', 'revoke'))?.entry
  if (!turned || !is(turned, 'record', 'revoke')) throw new Error('nothing was revoked')
  const { epoch, key } = turned.body.trail
  const place = { network: lee.network, record: idOf(record), epoch, author: lee.chain }
  const beside = sealNote({ kind: 'purpose', text: 'just looking' }, key, place, systemRandom)
  const entry = await lee.sign<'access', 'view'>({
    kind: 'access',
    chain: log,
    sequence: 0,
    previous: log as Uint8Array as AnyEntry['link'],
    time: net.clock.now(),
    seen: null,
    restsOn: before.restsOn.map(({ chain }) => {
      const { sequence, link } = heads.get(hex(chain)) as AnyEntry
      return { chain, sequence, link }
    }),
    type: 'view',
    body: { ...before.body, trailEpoch: epoch, ...change },
    private: sha256(beside) as Uint8Array as AnyEntry['private'],
  })
  return { entry, beside }
}

describe('no entry, no bytes', () => {
  let at: Scene
  beforeAll(async () => void (at = await scene()))

  test('the loot is what she had: keys, a ticket, her view, names of segments', () => {
    expect(at.loot.secrets.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['device seed', 'section 0 epoch 0', 'section 1 epoch 0', 'section 2 epoch 0', 'trail 0']),
    )
    expect(at.loot.tickets).toHaveLength(1)
    expect(at.loot.views).toHaveLength(1)
    expect(at.loot.segmentNames.length).toBeGreaterThanOrEqual(3)
  })

  test('lists and syncs carry neither keys nor manifests nor plaintext', async () => {
    const secrets = at.loot.secrets.filter(({ name }) => /section|trail|file/.test(name))
    const canaries = [...secrets, { name: 'letter', bytes: new TextEncoder().encode(LETTER) }]
    const haystacks = at.exchanges.map(({ path, request, answer }) => ({
      name: path,
      bytes: new Uint8Array([...request, ...answer]),
    }))
    expect(await searchCanaries({ canaries, haystacks })).toEqual([])
  })

  test('her view, replayed by herself in time, opens again; unsigned, or by somebody else, it gives place and proof', async () => {
    const { lee, loot, net } = at
    const bytes = [(loot.views[0] as AnyEntry).bytes]
    expect(handouts(await lee.append(bytes, { signed: true }))).toHaveLength(1)
    const unsigned = await lee.append(bytes)
    expect(unsigned.status).toBe(200)
    expect(handouts(unsigned)).toEqual([])
    const wong = await uncheckedClient({ ...net.connect, network: net.network, vault: net.member('wong').vault })
    expect(handouts(await wong.append(bytes, { signed: true }))).toEqual([])
  })

  test('segments without a ticket, of another record or unknown, answer alike', async () => {
    const { lee, loot, record, net } = at
    const own = await net.chart('chan').records.create(visit('other'))
    const [ticket] = loot.tickets as [string]
    const [name] = loot.segmentNames as [Uint8Array]
    const get = (path: string) => lee.send({ method: 'GET', path })
    const unknown = await get(segmentPath(idOf(record), sha256(name), ticket))
    expect([unknown.status, refusal(unknown).code]).toEqual([404, 'UNKNOWN'])
    for (const path of [
      segmentPath(idOf(record), name, ''),
      segmentPath(idOf(record), name, `${ticket.slice(0, -2)}AA`),
      segmentPath(idOf(own), name, ticket),
      segmentPath(lee.chain, name, ticket),
    ]) {
      expect(await get(path)).toEqual(unknown)
    }
    expect((await get(segmentPath(idOf(record), name, ticket))).status).toBe(200)
    const batch = pack(segmentBatchRequest, { record: idOf(own), names: loot.segmentNames as never })
    const path = `${paths.segmentBatch}?${new URLSearchParams({ ticket })}`
    expect(await lee.send({ path, body: batch })).toEqual(unknown)
  })

  test('a record of hers that names another record’s segments gets none of them', async () => {
    const { net, record, loot, lee } = at
    const chart = net.chart('lee')
    const mine = await chart.records.create(visit('mine', { sections: { imaging: study } }))
    const exchanges: Exchange[] = []
    const transport = recordingTransport(net.relay.transport, (exchange) => exchanges.push(exchange))
    const again = await Sealchart.open({ ...net.connect, transport, network: net.network, ...net.member('lee') })
    await again.records.open(mine.id, { purpose: 'own' })
    const { tickets } = await gatherLoot(lee, exchanges)
    const [foreign] = loot.segmentNames as [Uint8Array]
    const answer = await lee.send({ method: 'GET', path: segmentPath(idOf(mine), foreign, tickets[0] as string) })
    expect([answer.status, refusal(answer).code]).toEqual([404, 'UNKNOWN'])
    expect(idOf(record)).not.toEqual(idOf(mine))
  })
})

test('outsiders and unenrolled devices get the bytes of what does not exist', async () => {
  const { net, record } = await scene()
  const ho = await uncheckedClient({ ...net.connect, network: net.network, vault: net.member('ho').vault })
  const ask = (chain: ChainId, signed = true) => {
    const nothing = { seen: 0, after: null, limit: 1, have: [] }
    const list = pack(recordsRequest, { ...nothing, record: chain })
    const want = [
      { chain, after: 0 },
      { chain: accessLogOf(chain), after: 0 },
    ]
    const sync = pack(syncRequest, { seen: 0, want, have: [] })
    return Promise.all([
      ho.send({ path: paths.records, body: list, signed }),
      ho.send({ path: paths.sync, body: sync, signed }),
    ])
  }
  const nowhere = sha256(new Uint8Array(1)) as Uint8Array as ChainId
  expect(await ask(idOf(record))).toEqual(await ask(nowhere))
  expect(await ask(idOf(record), false)).toEqual(await ask(nowhere, false))
  const [, sync] = await ask(idOf(record))
  expect(unpack(syncAnswer, (sync as RawAnswer).bytes, 'answer', LARGE).proven.entries).toEqual([])
  await net.close()
})

describe('after the revocation', () => {
  let at: Scene
  let since: number
  beforeAll(async () => {
    at = await scene()
    const { record, net } = at
    await record.revoke(net.person('lee'), { reason: 'left the case' })
    since =
      (await net.relay.stored.snapshot()).entries.findLast(({ entry }) => is(entry, 'record', 'revoke'))?.index ?? -1
    await record.publish({ sections: { summary: file('letter.txt', 'after Lee'), imaging: [study] } })
    await net.chart('wong').records.open(record.id, { purpose: 'treatment' })
  })

  test('her ticket is refused at once, with the bytes of what is unknown', async () => {
    const { lee, loot, record } = at
    const [ticket] = loot.tickets as [string]
    const unknown = await lee.send({ method: 'GET', path: segmentPath(idOf(record), sha256(lee.chain), ticket) })
    for (const name of loot.segmentNames) {
      expect(await lee.send({ method: 'GET', path: segmentPath(idOf(record), name, ticket) })).toEqual(unknown)
    }
    expect(refusal(unknown).code).toBe('UNKNOWN')
  })

  test('her view, replayed, gives place and proof, and no keys, manifest or ticket', async () => {
    const { lee, loot } = at
    for (const signed of [true, false]) {
      const answer = await lee.append([(loot.views[0] as AnyEntry).bytes], { signed })
      expect(answer.status).toBe(200)
      expect(handouts(answer)).toEqual([])
    }
  })

  test.each([
    [{}, 'GRANT_ENDED'],
    [{ version: 2 }, 'GRANT_ENDED'],
    [{ grant: null }, 'NOT_GRANTED'],
  ] as const)('a view that she signs raw, on the newest heads (%o), ends in %s', async (change, code) => {
    const { entry, beside } = await viewEntry(at, change)
    const answer = await at.lee.append([entry.bytes], { beside: [beside], signed: true })
    expect(refusal(answer).code).toBe(code)
  })

  test('of the record she sees what was up to her revocation, and no card', async () => {
    const { lee, record } = at
    const list = pack(recordsRequest, { seen: 0, record: idOf(record), after: null, limit: 1, have: [] })
    expect((await lee.send({ path: paths.records, body: list, signed: true })).status).toBe(404)
    const body = pack(syncRequest, { seen: 0, want: [{ chain: idOf(record), after: 0 }], have: [] })
    const answer = await lee.send({ path: paths.sync, body, signed: true })
    const { entries } = unpack(syncAnswer, answer.bytes, 'answer', LARGE).proven
    expect(Math.max(...entries.map(({ index }) => index))).toBeLessThan(since)
  })

  test('with the relay’s disk and every secret she ever had, she opens nothing new, and what she had', async () => {
    const { net, lee, loot, record } = at
    const objects = await sealedObjects(await net.relay.stored.snapshot(), lee.network, idOf(record))
    const fresh = objects.filter(({ index }) => index >= since)
    const old = objects.filter(({ index }) => index < since)
    expect(new Set(fresh.map(({ kind }) => kind))).toEqual(
      new Set(['card', 'header', 'segment', 'envelope', 'keys', 'back-link', 'note']),
    )
    expect((await openWithAnything(fresh, loot.secrets)).opened).toEqual([])
    const control = await openWithAnything(old, loot.secrets)
    expect(new Set(control.opened.map(({ object }) => object.kind))).toEqual(
      new Set(['card', 'header', 'segment', 'envelope', 'keys', 'note']),
    )
  })

  test('ten minutes after its log time a view opens nothing again, even where the grant still holds', async () => {
    const { net, record } = at
    const wong = await uncheckedClient({ ...net.connect, network: net.network, vault: net.member('wong').vault })
    const { entries } = await net.relay.stored.snapshot()
    const his = entries.findLast(({ entry }) => is(entry, 'access', 'view'))?.entry as AnyEntry
    expect(hex(his.signer.chain)).toBe(hex(wong.chain))
    net.clock.advance({ minutes: 9 })
    expect(handouts(await wong.append([his.bytes], { signed: true }))).toHaveLength(1)
    net.clock.advance({ minutes: 2 })
    expect(handouts(await wong.append([his.bytes], { signed: true }))).toEqual([])
    expect(record.version).toBe(2)
  })
})

test('after a grant has expired and a version was published, cached keys open nothing of it', async () => {
  const net = await testNetwork({ kec: ['chan'], hospital: ['lee'] })
  const record = await net.chart('chan').records.create(visit('v1'))
  const until = new Date(net.clock.now() + 3_600_000)
  await record.share({ with: net.person('lee'), sections: ['summary'], reason: 'hour', until })
  const exchanges: Exchange[] = []
  const transport = recordingTransport(net.relay.transport, (exchange) => exchanges.push(exchange))
  const chart = await Sealchart.open({ ...net.connect, transport, network: net.network, ...net.member('lee') })
  await chart.records.open(record.id, { purpose: 'treatment' })
  const lee = await uncheckedClient({ ...net.connect, network: net.network, vault: net.member('lee').vault })
  const loot = await gatherLoot(lee, exchanges)

  net.clock.advance({ hours: 2 })
  await record.publish({ sections: { summary: file('letter.txt', 'later') } })
  const stored = await net.relay.stored.snapshot()
  const since = stored.entries.findLast(({ entry }) => is(entry, 'record', 'publish'))?.index ?? 0
  const objects = await sealedObjects(stored, lee.network, idOf(record))
  const fresh = objects.filter(({ index }) => index >= since)
  expect(fresh.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['header', 'segment', 'back-link', 'card']))
  expect((await openWithAnything(fresh, loot.secrets)).opened).toEqual([])
  await net.close()
})

test('the relay’s stores hold no window of a plaintext or a key; planted ones are found', async () => {
  const { net, loot } = await scene()
  const utf8 = (text: string) => new TextEncoder().encode(text)
  const canaries = [
    { name: 'letter', bytes: utf8(LETTER) },
    { name: 'scan', bytes: utf8(SCAN) },
    { name: 'study', bytes: study.data.subarray(0, 100_000) },
    { name: 'patient', bytes: utf8('Wong Siu Ming A123456(3)') },
    { name: 'purpose', bytes: utf8('treatment, referral, and why') },
    ...loot.secrets,
  ]
  expect(await searchCanaries({ canaries, haystacks: net.relay.stored.everything() })).toEqual([])
  async function* planted() {
    for await (const { name, bytes } of net.relay.stored.everything()) yield { name, bytes }
    for (const { form, bytes } of writeForms(utf8(LETTER)))
      yield { name: form, bytes: new Uint8Array([1, 2, 3, ...bytes]) }
  }
  const found = await searchCanaries({ canaries, haystacks: planted() })
  expect(found.map(({ form, haystack }) => form === haystack)).toEqual(writeForms(utf8(LETTER)).map(() => true))
  await net.close()
})
