// Quotas: what counts as stored without an entry, and what is given back. Spec: docs/spec/relay.md, "Limits".
import { appendAnswer, paths, uploadAnswer, uploadRequest, utf8 } from '@sealchart/protocol'
import { describe, expect, it } from 'vitest'
import { RelayError } from '../src/errors.js'
import { memorySegments } from '../src/segments/memory.js'
import { memoryStore } from '../src/store/memory.js'
import {
  foundedWorld,
  fresh,
  joined,
  type Member,
  manifestOf,
  type RecordOf,
  read,
  refusal,
  type World,
} from './actors.js'

const open = (world: World, as: Member, { id: record }: RecordOf, reserved: number) =>
  world.post(paths.uploads, uploadRequest, { id: fresh(16), record, nonce: null, reserved }, as)

const put = (world: World, ticket: string, items: readonly Uint8Array[]) =>
  world.send('POST', `${paths.segments}?section=1&ticket=${ticket}`, { body: joined(items) })

const attach = (world: World, as: Member, bytes: Uint8Array) =>
  world.send('POST', paths.attachments, { body: bytes, as })

describe('segments that come with their entry', () => {
  it('are no open uploads, however many come at once', async () => {
    const world = await foundedWorld({ limits: { uploads: 2 } })
    const chan = await world.member('Chan')
    const drafts = await Promise.all(Array.from({ length: 6 }, async () => (await world.create(chan)).draft))
    const answers = await Promise.all(drafts.map((draft) => world.tryAppend([draft])))
    expect(answers.map(({ status }) => status)).toEqual(drafts.map(() => 200))
  })

  it('of lists that were refused are forgotten in minutes, and keep nobody from trying again', async () => {
    const store = memoryStore()
    const world = await foundedWorld({ store, limits: { uploads: 2 } })
    const chan = await world.member('Chan')
    const record = await world.record(chan)
    const file = utf8('another sealed segment')
    const refused = await world.publishDraft(record, chan, { version: 2, files: [file, fresh(10)] })
    const segments = [{ record: record.id, section: 1, bytes: file }]
    for (let i = 0; i < 5; i++)
      expect(refusal(await world.tryAppend([refused], { segments })).code).toBe('STAGED_MISSING')
    read(
      appendAnswer,
      await world.tryAppend([await world.publishDraft(record, chan, { version: 2, files: [file] })], { segments }),
    )
    expect((await store.reserved(chan.chain, world.now)).bytes).toBe(5 * file.length)
    world.now += 10 * 60_000
    await world.relay.collect()
    expect((await store.reserved(chan.chain, world.now)).bytes).toBe(0)
  })
})

describe('the bytes of all members', () => {
  it('are those that no entry has published', async () => {
    const world = await foundedWorld({ limits: { allBytes: 1000 } })
    const chan = await world.member('Chan')
    for (let i = 0; i < 4; i++) await world.record(chan, [fresh(400)])
    const record = await world.record(chan, [])
    read(uploadAnswer, await open(world, chan, record, 900))
    expect(refusal(await open(world, chan, record, 200)).code).toBe('QUOTA')
  })
})

describe('bytes under an upload', () => {
  it('are given back when they could not be stored', async () => {
    const segments = memorySegments()
    let isFull = false
    const write: typeof segments.write = (parts) =>
      isFull ? Promise.reject(new RelayError('FULL', 'the disk is full')) : segments.write(parts)
    const world = await foundedWorld({ segments: { ...segments, write } })
    const chan = await world.member('Chan')
    const { ticket } = read(uploadAnswer, await open(world, chan, await world.record(chan), 100))
    const file = fresh(100)
    isFull = true
    expect(refusal(await put(world, ticket, [file]))).toMatchObject({ status: 507, code: 'FULL' })
    isFull = false
    expect((await put(world, ticket, [file])).status).toBe(204)
    expect(refusal(await put(world, ticket, [fresh(1)])).code).toBe('QUOTA')
  })
})

describe('staged attachments', () => {
  it('count in bytes and in number, until an entry names them or a day has passed', async () => {
    const world = await foundedWorld({ limits: { memberBytes: 1000, attachments: 2 } })
    const [chan, lee] = [await world.member('Chan'), await world.member('Lee')]
    const record = await world.record(chan)
    const publish = await world.publishDraft(record, chan, { version: 2, files: [] })
    const [manifest] = publish.attachments as [Uint8Array]
    expect((await attach(world, chan, manifest)).status).toBe(200)
    expect((await attach(world, chan, fresh(500))).status).toBe(200)
    expect((await attach(world, chan, manifest)).status).toBe(200)
    expect(refusal(await attach(world, chan, fresh(1))).code).toBe('QUOTA')
    expect((await attach(world, lee, fresh(500))).status).toBe(200)
    expect(refusal(await attach(world, lee, fresh(501))).code).toBe('QUOTA')
    await world.append([publish], { attachments: [] })
    expect((await attach(world, chan, fresh(1))).status).toBe(200)
    world.now += 24 * 60 * 60_000
    await world.relay.collect()
    for (let i = 0; i < 2; i++) expect((await attach(world, lee, fresh(400))).status).toBe(200)
  })

  it('that are about to be collected are not made live without their bytes', async () => {
    const world = await foundedWorld()
    const chan = await world.member('Chan')
    const record = await world.record(chan)
    const manifest = manifestOf([])
    await attach(world, chan, manifest)
    world.now += 24 * 60 * 60_000 - 1000
    const publish = await world.publishDraft(record, chan, { version: 2, files: [] })
    expect(refusal(await world.tryAppend([publish], { attachments: [] })).code).toBe('STAGED_MISSING')
    expect((await attach(world, chan, manifest)).status).toBe(200)
    world.now += 1000
    await world.relay.collect()
    await world.append([publish], { attachments: [] })
    const { handouts } = await world.append([await world.viewDraft(record, chan, { grant: null, version: 2 })])
    expect(handouts[0]?.opened[0]?.manifest).toEqual(manifest)
  })
})
