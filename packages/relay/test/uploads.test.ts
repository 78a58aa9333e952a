// Uploads and segments: who may put and read what, torn and repeated bodies, ranges, quotas. Spec: docs/spec/relay.md, "Segments".
import {
  actions,
  type ChainId,
  hex,
  limits,
  pack,
  paths,
  presentAnswer,
  presentRequest,
  segmentBatchRequest,
  sha256,
  uploadAnswer,
  uploadRequest,
} from '@sealchart/protocol'
import { describe, expect, it } from 'vitest'
import { memoryStore } from '../src/store/memory.js'
import {
  type Answer,
  foundedWorld,
  fresh,
  joined,
  type Member,
  type RecordOf,
  read,
  refusal,
  type World,
} from './actors.js'

type Ask = Partial<Parameters<typeof uploadRequest.encode>[0]>

const open = (world: World, as: Member, record: ChainId, more: Ask = {}): Promise<Answer> =>
  world.post(paths.uploads, uploadRequest, { id: fresh(16), record, nonce: null, reserved: 10_000_000, ...more }, as)

const put = (world: World, ticket: string, body: Uint8Array, section: number | string = 1): Promise<Answer> =>
  world.send('POST', `${paths.segments}?section=${section}&ticket=${ticket}`, { body })

async function scene(): Promise<{ world: World; chan: Member; lee: Member; record: RecordOf }> {
  const world = await foundedWorld()
  const [chan, lee] = [await world.member('Chan'), await world.member('Lee')]
  return { world, chan, lee, record: await world.record(chan) }
}

/** A published upload of some files, and a reader's ticket for them. */
async function published(sizes: readonly number[]) {
  const { world, chan, lee, record } = await scene()
  const files = sizes.map((size) => fresh(size))
  const id = fresh(16)
  const { ticket } = read(uploadAnswer, await open(world, chan, record.id, { id }))
  for (const file of files) expect((await put(world, ticket, joined([file]))).status).toBe(204)
  await world.append([await world.publishDraft(record, chan, { version: 2, files })], { uploads: [id] })
  const grant = await world.grant(record, lee)
  const { handouts } = await world.append([await world.viewDraft(record, lee, { grant, version: 2 })])
  const reading = handouts[0]?.ticket as string
  const get = (name: Uint8Array, headers: HeadersInit = {}, from: Uint8Array = record.id) =>
    world.send('GET', `${paths.segments}/${hex(from)}/${hex(name)}?ticket=${reading}`, { headers })
  return {
    world,
    chan,
    lee,
    record,
    files,
    names: files.map((file) => sha256(file)),
    grant,
    reading,
    put: ticket,
    get,
    id,
  }
}

describe('opening an upload', () => {
  it('is for the founder and for writers', async () => {
    const { world, chan, lee, record } = await scene()
    read(uploadAnswer, await open(world, chan, record.id))
    expect(refusal(await open(world, lee, record.id)).code).toBe('UNKNOWN')
    await world.grant(record, lee)
    expect(refusal(await open(world, lee, record.id)).code).toBe('UNKNOWN')
    await world.grant(record, lee, { actions: actions.view | actions.write })
    read(uploadAnswer, await open(world, lee, record.id))
  })

  it('is for whoever a record that does not exist yet will belong to', async () => {
    const { world, chan, lee } = await scene()
    const { record, nonce } = await world.create(chan)
    read(uploadAnswer, await open(world, chan, record.id, { nonce }))
    expect(refusal(await open(world, lee, record.id, { nonce })).code).toBe('UNKNOWN')
    expect(refusal(await open(world, chan, record.id)).code).toBe('UNKNOWN')
  })

  it('prolongs one’s own with the same id, and tells nothing of others’', async () => {
    const { world, chan, lee, record } = await scene()
    await world.grant(record, lee, { actions: actions.view | actions.write })
    const id = fresh(16)
    const first = read(uploadAnswer, await open(world, chan, record.id, { id }))
    world.now += 1000
    expect(read(uploadAnswer, await open(world, chan, record.id, { id })).expires).toBe(first.expires + 1000)
    expect(refusal(await open(world, lee, record.id, { id })).code).toBe('UNKNOWN')
  })

  it('stops at the quota of bytes and of uploads', async () => {
    const world = await foundedWorld({ limits: { memberBytes: 1000, uploads: 2 } })
    const chan = await world.member('Chan')
    const record = await world.record(chan, [])
    expect(refusal(await open(world, chan, record.id, { reserved: 1001 }))).toMatchObject({
      code: 'QUOTA',
      status: 507,
    })
    read(uploadAnswer, await open(world, chan, record.id, { reserved: 999 }))
    read(uploadAnswer, await open(world, chan, record.id, { reserved: 1 }))
    expect(refusal(await open(world, chan, record.id, { reserved: 0 })).code).toBe('QUOTA')
    world.now += 24 * 60 * 60_000
    await world.relay.collect()
    read(uploadAnswer, await open(world, chan, record.id, { reserved: 1000 }))
  })

  it('counts requests of one moment against the same quota', async () => {
    const world = await foundedWorld({ limits: { memberBytes: 1000 } })
    const chan = await world.member('Chan')
    const record = await world.record(chan, [])
    const answers = await Promise.all(Array.from({ length: 5 }, () => open(world, chan, record.id, { reserved: 400 })))
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 200, 507, 507, 507])
  })
})

describe('putting segments', () => {
  it('changes nothing when the same bytes come again', async () => {
    const { world, chan, record } = await scene()
    const { ticket } = read(uploadAnswer, await open(world, chan, record.id, { reserved: 300 }))
    const body = joined([fresh(100), fresh(200)])
    expect((await put(world, ticket, body)).status).toBe(204)
    // The reservation is used up: what comes again is not counted again.
    expect((await put(world, ticket, body)).status).toBe(204)
    expect(refusal(await put(world, ticket, joined([fresh(1)]))).code).toBe('QUOTA')
  })

  it('takes a body that is cut at any byte of its lengths as an error, and stores nothing of it', async () => {
    const { world, chan, record } = await scene()
    const { ticket } = read(uploadAnswer, await open(world, chan, record.id))
    const items = [fresh(3), fresh(2)]
    const body = joined(items)
    for (let length = 1; length < body.length; length++) {
      const answer = await put(world, ticket, body.subarray(0, length))
      // A body that ends between two segments is a shorter batch.
      if (length === 7) expect(answer.status).toBe(204)
      else expect(refusal(answer)).toMatchObject({ code: 'DECODE_TRUNCATED', status: 400 })
    }
    const names = items.map((item) => sha256(item) as never)
    const ask = await world.send('POST', `${paths.present}?ticket=${ticket}`, {
      body: pack(presentRequest, { record: record.id, names }),
    })
    expect(read(presentAnswer, ask).present).toEqual([true, false])
  })

  it('takes a segment of 1 MiB, and neither a longer one nor an empty one', async () => {
    const { world, chan, record } = await scene()
    const { ticket } = read(uploadAnswer, await open(world, chan, record.id))
    expect((await put(world, ticket, joined([fresh(limits.segment)]))).status).toBe(204)
    expect(refusal(await put(world, ticket, joined([fresh(limits.segment + 1)]))).code).toBe('TOO_LARGE')
    expect(refusal(await put(world, ticket, joined([new Uint8Array()]))).code).toBe('DECODE_RANGE')
  })

  it('is for sections 1 to 256', async () => {
    const { world, chan, record } = await scene()
    const { ticket } = read(uploadAnswer, await open(world, chan, record.id))
    const codes = new Map<number | string, number>()
    for (const section of [0, 1, 256, 257, '01', '-1', '']) {
      codes.set(section, (await put(world, ticket, joined([fresh(5)]), section)).status)
    }
    expect([...codes.values()]).toEqual([422, 204, 204, 422, 422, 422, 422])
  })

  it('ends with the grant', async () => {
    const { world, lee, record } = await scene()
    const grant = await world.grant(record, lee, { actions: actions.view | actions.write })
    const { ticket } = read(uploadAnswer, await open(world, lee, record.id))
    await world.revoke(record, [grant])
    expect(refusal(await put(world, ticket, joined([fresh(5)]))).code).toBe('UNKNOWN')
  })

  it('ends when an entry has published the upload', async () => {
    const { world, put: ticket } = await published([400_000])
    expect(refusal(await put(world, ticket, joined([fresh(5)]))).code).toBe('UNKNOWN')
  })

  it('is a refusal, and no failure, when the upload is completed meanwhile', async () => {
    const store = memoryStore()
    let before = async (): Promise<void> => {}
    const world = await foundedWorld({
      store: {
        ...store,
        async stage(rows) {
          await before()
          return store.stage(rows)
        },
      },
    })
    const chan = await world.member('Chan')
    const record = await world.record(chan, [])
    const id = fresh(16)
    const { ticket } = read(uploadAnswer, await open(world, chan, record.id, { id }))
    const row = await store.upload(id)
    before = async () => {
      if (row) await store.stage({ uploads: [{ ...row, state: 'complete' }] })
    }
    expect(refusal(await put(world, ticket, joined([fresh(10)])))).toMatchObject({
      status: 409,
      code: 'STAGED_MISSING',
    })
  })

  it('is published while it cannot be collected on the way, or prolonged first', async () => {
    const { world, chan, record } = await scene()
    const [id, file] = [fresh(16), fresh(10)]
    const { ticket } = read(uploadAnswer, await open(world, chan, record.id, { id }))
    await put(world, ticket, joined([file]))
    world.now += 24 * 60 * 60_000 - 1
    const publish = await world.publishDraft(record, chan, { version: 2, files: [file] })
    expect(refusal(await world.tryAppend([publish], { uploads: [id] })).code).toBe('STAGED_MISSING')
    read(uploadAnswer, await open(world, chan, record.id, { id }))
    await world.append([publish], { uploads: [id] })
  })

  it('is forgotten a day after the last byte, with the file', async () => {
    const { world, chan, record } = await scene()
    const id = fresh(16)
    const { ticket } = read(uploadAnswer, await open(world, chan, record.id, { id }))
    const file = fresh(400_000)
    await put(world, ticket, joined([file]))
    world.now += 24 * 60 * 60_000
    await world.relay.collect()
    expect(await world.store.upload(id)).toBeNull()
    expect(await world.store.segment(record.id, sha256(file) as never)).toBeNull()
  })
})

describe('an append that is refused', () => {
  it('leaves its upload open for what was missing', async () => {
    const { world, chan, record } = await scene()
    const id = fresh(16)
    const { ticket } = read(uploadAnswer, await open(world, chan, record.id, { id }))
    const [one, two] = [fresh(300_000), fresh(300_000)]
    await put(world, ticket, joined([one]))
    const draft = await world.publishDraft(record, chan, { version: 2, files: [one, two] })
    expect(refusal(await world.tryAppend([draft], { uploads: [id] })).code).toBe('STAGED_MISSING')
    expect((await put(world, ticket, joined([two]))).status).toBe(204)
    await world.append([draft], { uploads: [id] })
  })

  it('costs nobody an upload, however often small segments come with it', async () => {
    const { world, chan, record } = await scene()
    for (let i = 0; i < 20; i++) {
      const file = fresh(100)
      const draft = await world.publishDraft(record, chan, { version: 9, files: [file] })
      const segments = [{ record: record.id, section: 1, bytes: file }]
      expect(refusal(await world.tryAppend([{ ...draft, segments }])).code).toBe('SEQ')
    }
    const file = fresh(100)
    const draft = await world.publishDraft(record, chan, { version: 2, files: [file] })
    await world.append([{ ...draft, segments: [{ record: record.id, section: 1, bytes: file }] }])
  })
})

describe('reading segments', () => {
  it('gives whole segments and ranges of them', async () => {
    const { files, names, get } = await published([400_000])
    const [file, name] = [files[0] as Uint8Array, names[0] as Uint8Array]
    const whole = await get(name)
    expect(whole.status).toBe(200)
    expect(whole.headers.get('cache-control')).toContain('immutable')
    expect(sha256(whole.bytes)).toEqual(name)
    const cases: [string, number, number, number][] = [
      ['bytes=0-0', 206, 0, 1],
      ['bytes=100-199', 206, 100, 200],
      ['bytes=399999-', 206, 399_999, 400_000],
      ['bytes=399999-500000', 206, 399_999, 400_000],
      ['bytes=-1', 206, 399_999, 400_000],
      ['bytes=-500000', 206, 0, 400_000],
      ['bytes=5-4', 200, 0, 400_000],
      ['bytes=0-1,3-4', 200, 0, 400_000],
      ['items=0-1', 200, 0, 400_000],
    ]
    for (const [range, status, from, to] of cases) {
      const answer = await get(name, { range })
      expect([range, answer.status, answer.bytes.length]).toEqual([range, status, to - from])
      expect(sha256(answer.bytes)).toEqual(sha256(file.subarray(from, to)))
    }
    for (const range of ['bytes=400000-', 'bytes=-0']) expect((await get(name, { range })).status).toBe(416)
  })

  it('gives several in one answer, in the order of the names, and no more than 8 MiB', async () => {
    const sizes = [400_000, 300_000, ...Array.from({ length: 8 }, () => limits.segment)]
    const { world, record, files, names, reading } = await published(sizes)
    const ask = (of: readonly Uint8Array[]) =>
      world.post(`${paths.segmentBatch}?ticket=${reading}`, segmentBatchRequest, {
        record: record.id,
        names: of as never,
      })
    const answer = await ask([names[1] as Uint8Array, names[0] as Uint8Array])
    expect(answer.bytes).toEqual(joined([files[1] as Uint8Array, files[0] as Uint8Array]))
    expect(refusal(await ask(names.slice(2))).code).toBe('TOO_LARGE')
    expect((await ask(names.slice(3))).status).toBe(200)
  })

  it('answers alike for a name that does not exist, another record, another kind of ticket, a changed one, none', async () => {
    const { world, chan, record, names, reading, put: putting, get } = await published([400_000])
    const other = await world.record(chan)
    const name = names[0] as Uint8Array
    const path = (ticket: string) => `${paths.segments}/${hex(record.id)}/${hex(name)}?ticket=${ticket}`
    const changed = `${reading.slice(0, 20)}${reading[20] === 'A' ? 'B' : 'A'}${reading.slice(21)}`
    const answers = [
      await get(fresh(32)),
      await get(name, {}, other.id),
      await get(name, {}, fresh(32)),
      await world.send('GET', path(putting)),
      await world.send('GET', path(changed)),
      await world.send('GET', path('')),
      await world.send('GET', path('A'.repeat(5000))),
      await world.send('GET', `${paths.segments}/${hex(record.id)}/zz?ticket=${reading}`),
    ]
    for (const answer of answers) {
      expect(refusal(answer)).toMatchObject({ code: 'UNKNOWN', status: 404 })
      expect(answer.bytes).toEqual(answers[0]?.bytes)
    }
  })

  it('ends at once with the grant, the credential, or the hour', async () => {
    const revoked = await published([400_000])
    await revoked.world.revoke(revoked.record, [revoked.grant])
    expect((await revoked.get(revoked.names[0] as Uint8Array)).status).toBe(404)

    const withdrawn = await published([400_000])
    await withdrawn.world.withdraw(withdrawn.lee)
    expect((await withdrawn.get(withdrawn.names[0] as Uint8Array)).status).toBe(404)

    const late = await published([400_000])
    late.world.now += limits.ticket - 1
    expect((await late.get(late.names[0] as Uint8Array)).status).toBe(200)
    late.world.now += 1
    expect((await late.get(late.names[0] as Uint8Array)).status).toBe(404)
  })

  it('opens the sections of the entry alone', async () => {
    const { world, chan, record } = await scene()
    const id = fresh(16)
    const { ticket } = read(uploadAnswer, await open(world, chan, record.id, { id }))
    const [mine, others] = [fresh(400_000), fresh(400_000)]
    await put(world, ticket, joined([mine]), 1)
    await put(world, ticket, joined([others]), 2)
    await world.append([await world.publishDraft(record, chan, { version: 2, files: [mine] })], { uploads: [id] })
    const { handouts } = await world.append([await world.viewDraft(record, chan, { grant: null, version: 2 })])
    const get = async (file: Uint8Array) =>
      world.send('GET', `${paths.segments}/${hex(record.id)}/${hex(sha256(file))}?ticket=${handouts[0]?.ticket}`)
    expect((await get(mine)).status).toBe(200)
    expect((await get(others)).status).toBe(404)
  })
})
