// The inbox as a stream: what its frames say, when they come, and how it ends, whoever ends it. Spec: docs/spec/relay.md, "Notices".
import {
  type ChainId,
  enrolmentMessage,
  type Infer,
  inboxFrame,
  inboxRequest,
  inboxStreamRequest,
  pack,
  paths,
  unpack,
} from '@sealchart/protocol'
import { afterEach, describe, expect, it } from 'vitest'
import { type Listening, listen } from '../src/server.js'
import { memoryStore } from '../src/store/memory.js'
import { foundedWorld, type Member, newDevice, type RecordOf, refusal, type Signer, type World } from './actors.js'
import { settled, type Ticking, ticking } from './ticking.js'

type Frame = Infer<typeof inboxFrame>

/** The frames of a body, each when it is asked for; null after the last. */
function framesIn(body: ReadableStream<Uint8Array> | null) {
  const reader = (body as ReadableStream<Uint8Array>).getReader()
  let bytes = new Uint8Array()
  const fill = async (length: number): Promise<boolean> => {
    while (bytes.length < length) {
      const { done, value } = await reader.read()
      if (done) return false
      bytes = Uint8Array.from([...bytes, ...value])
    }
    return true
  }
  return {
    async next(): Promise<Frame | null> {
      if (!(await fill(4))) return null
      const length = new DataView(bytes.buffer).getUint32(0)
      if (!(await fill(4 + length))) throw new Error('the body ends inside a frame')
      const frame = unpack(inboxFrame, bytes.slice(4, 4 + length), 'frame')
      bytes = bytes.slice(4 + length)
      return frame
    },
    cancel: () => reader.cancel(),
  }
}

interface Scene {
  readonly world: World
  readonly clock: Ticking
  readonly chan: Member
  readonly lee: Member
  readonly record: RecordOf
  /** Members of whom the store was asked for notices. */
  readonly asked: ChainId[]
  readonly failures: unknown[]
  failing: boolean
}

async function scene(waiters?: number): Promise<Scene> {
  const clock = ticking()
  const store = memoryStore()
  const asked: ChainId[] = []
  const failures: unknown[] = []
  const world = await foundedWorld({
    wait: clock.wait,
    ...(waiters === undefined ? {} : { limits: { waiters } }),
    onFailure: (error) => void failures.push(error),
    store: {
      ...store,
      async notices(member, after, limit) {
        asked.push(member)
        if (made.failing) throw new Error('the disk is gone')
        return store.notices(member, after, limit)
      },
    },
  })
  Object.defineProperty(world, 'now', { get: clock.now })
  const [chan, lee] = [await world.member('Chan'), await world.member('Lee')]
  const made: Scene = { world, clock, chan, lee, record: await world.record(chan), asked, failures, failing: false }
  return made
}

const ask = (world: World, as: Signer, after = 0): Promise<Response> =>
  world.fetch('POST', paths.inboxStream, { body: pack(inboxStreamRequest, { after }), as })

async function open(world: World, as: Signer, after = 0) {
  const response = await ask(world, as, after)
  expect(response.status).toBe(200)
  return framesIn(response.body)
}

const poll = (world: World, as: Signer, wait: number, signal?: AbortSignal): Promise<Response> =>
  world.fetch('POST', paths.inbox, {
    body: pack(inboxRequest, { after: 0, limit: 10, wait }),
    as,
    ...(signal && { signal }),
  })

const newest = async (world: World): Promise<number> => ((await world.store.treeHead())?.size as number) - 1

const publish = async ({ world, record, chan }: Scene, version: number): Promise<void> =>
  void (await world.append([await world.publishDraft(record, chan, { version, files: [] })]))

const codeOf = async (response: Response): Promise<string> => {
  const bytes = new Uint8Array(await response.arrayBuffer())
  return refusal({ status: response.status, headers: response.headers, bytes }).code
}

async function appointIssuer(world: World): Promise<Signer> {
  const { institution, network } = world
  const device = await newDevice()
  const proof = device.sign(enrolmentMessage(network.chain, institution.chain, device.keys))
  const body = { keys: device.keys, proof }
  const statement = { kind: 'institution', chain: institution.chain, type: 'appoint', body } as const
  await world.append([{ entry: await world.sign(institution, statement) }])
  return { chain: institution.chain, device }
}

async function dismiss(world: World, { chain, device }: Signer): Promise<void> {
  const body = { device: device.id, from: await newest(world) }
  const entry = await world.sign(world.institution, { kind: 'institution', chain, type: 'dismiss', body })
  await world.append([{ entry }])
}

describe('a stream of notices', () => {
  it('says at once what there is, then what comes, each frame where the one before ended', async () => {
    const here = await scene()
    const { world, lee, record } = here
    await world.grant(record, lee)
    const granted = await newest(world)
    const response = await ask(world, lee)
    expect([...response.headers]).toEqual(
      expect.arrayContaining([
        ['cache-control', 'no-store, no-transform'],
        ['content-type', 'application/octet-stream'],
        ['x-accel-buffering', 'no'],
      ]),
    )
    const stream = framesIn(response.body)
    // The grant is the last entry but its seal.
    const first = { index: granted - 1, chain: record.id }
    expect(await stream.next()).toEqual({ after: 0, notices: [first], ends: false })
    for (const version of [2, 3]) {
      const coming = stream.next()
      await publish(here, version)
      const index = (await newest(world)) - 1
      const after = version === 2 ? first.index : index - 2
      expect(await coming).toEqual({ after, notices: [{ index, chain: record.id }], ends: false })
    }
    await stream.cancel()
  })

  it('begins with an empty frame where there is nothing, and after what its reader has', async () => {
    const here = await scene()
    await here.world.grant(here.record, here.lee)
    const after = await newest(here.world)
    const stream = await open(here.world, here.lee, after)
    expect(await stream.next()).toEqual({ after, notices: [], ends: false })
    await stream.cancel()
  })

  it('gives many notices in frames of two hundred', async () => {
    const { world, lee, chan, record } = await scene()
    const grant = await world.grant(record, lee)
    const drafts = await Promise.all(
      Array.from({ length: 210 }, () => world.viewDraft(record, lee, { grant, type: 'download' })),
    )
    await world.append(drafts)
    const stream = await open(world, chan)
    const [one, two] = [await stream.next(), await stream.next()]
    expect([one?.notices.length, two?.notices.length, two?.after]).toEqual([200, 10, one?.notices.at(-1)?.index])
    await stream.cancel()
  })

  it('says every 15 seconds that it is there, without asking the store', async () => {
    const { world, clock, lee, asked } = await scene()
    const stream = await open(world, lee)
    await stream.next()
    const coming = stream.next()
    let came = false
    void coming.then(() => (came = true))
    await settled()
    asked.length = 0
    await clock.advance(14_000)
    expect(came).toBe(false)
    await clock.advance(1_000)
    expect(await coming).toEqual({ after: 0, notices: [], ends: false })
    expect(asked).toEqual([])
    await stream.cancel()
  })

  it('ends after three to four minutes, each after others, with a frame that says so, and leaves its place', async () => {
    const { world, clock, lee } = await scene(3)
    const began = clock.now()
    const streams = await Promise.all([open(world, lee), open(world, lee), open(world, lee)])
    const all = streams.map(async (stream) => {
      const frames: Frame[] = []
      for (let frame = await stream.next(); frame; frame = await stream.next()) frames.push(frame)
      return { frames, lived: clock.now() - began }
    })
    expect((await ask(world, lee)).status).toBe(503)
    await clock.advance(240_000)
    for (const { frames, lived } of await Promise.all(all)) {
      expect(lived).toBeGreaterThanOrEqual(180_000)
      expect(frames.map(({ ends }) => ends)).toEqual([...frames.slice(1).map(() => false), true])
      expect(frames.length).toBe(Math.floor((lived - 1) / 15_000) + 2)
    }
    expect(new Set((await Promise.all(all)).map(({ lived }) => lived)).size).toBe(3)
    for (const stream of await Promise.all([open(world, lee), open(world, lee), open(world, lee)]))
      await stream.cancel()
  })
})

describe('a reader of the stream', () => {
  it('who takes nothing gets nothing made, and is cut after half a minute', async () => {
    const here = await scene(1)
    const { world, clock, lee, record, asked } = here
    const stream = await open(world, lee)
    await stream.next()
    await settled()
    asked.length = 0
    await world.grant(record, lee)
    await publish(here, 2)
    await settled()
    expect(asked).toEqual([])
    await clock.advance(29_000)
    expect((await ask(world, lee)).status).toBe(503)
    await clock.advance(1_000)
    await expect(stream.next()).rejects.toThrow('a frame was not taken')
    await (await open(world, lee)).cancel()
    expect(here.failures).toEqual([])
  })

  it('who never looks at the body is cut as well', async () => {
    const { world, clock, lee } = await scene(1)
    const response = await ask(world, lee)
    await clock.advance(30_000)
    await expect(response.arrayBuffer()).rejects.toThrow('a frame was not taken')
    await (await open(world, lee)).cancel()
  })

  it('who goes away leaves the place at once, and no timer', async () => {
    const { world, clock, lee } = await scene(1)
    for (let again = 0; again < 3; again++) {
      const stream = await open(world, lee)
      await stream.next()
      const coming = stream.next()
      await settled()
      await stream.cancel()
      expect(await coming).toBeNull()
      expect(clock.waiting()).toBe(0)
    }
  })

  it('who goes away while a long poll waits leaves the place at once', async () => {
    const { world, clock, lee } = await scene(1)
    const ending = new AbortController()
    const waiting = poll(world, lee, 20_000, ending.signal)
    await settled()
    expect((await ask(world, lee)).status).toBe(503)
    ending.abort()
    await waiting
    expect(clock.waiting()).toBe(0)
    await (await open(world, lee)).cancel()
  })
})

describe('places', () => {
  it('are shared by streams and long polls: 64 of a member, and the rest is for others', async () => {
    const { world, lee, chan } = await scene()
    const streams = await Promise.all(Array.from({ length: 40 }, () => open(world, lee)))
    const polls = Array.from({ length: 24 }, () => poll(world, lee, 20_000))
    await settled()
    const refused = await ask(world, lee)
    expect([refused.status, refused.headers.get('retry-after'), await codeOf(refused)]).toEqual([503, '1', 'BUSY'])
    // A long poll beyond them is answered at once.
    expect((await poll(world, lee, 20_000)).status).toBe(200)
    await (await open(world, chan)).cancel()
    await Promise.all(streams.map((stream) => stream.cancel()))
    await (await open(world, lee)).cancel()
    await world.relay.close()
    for (const answer of await Promise.all(polls)) expect(answer.status).toBe(200)
  })

  it('are bounded in all', async () => {
    const { world, lee, chan } = await scene(3)
    const streams = await Promise.all([open(world, lee), open(world, lee), open(world, chan)])
    expect((await ask(world, chan)).status).toBe(503)
    await streams[0]?.cancel()
    const last = await open(world, chan)
    for (const one of [...streams, last]) await one.cancel()
  })
})

describe('a stream ends', () => {
  it('when the relay closes: whoever listens is told, whoever does not is cut, and nobody is waited for', async () => {
    const { world, clock, lee, chan } = await scene()
    const listening = await open(world, lee)
    await listening.next()
    const last = listening.next()
    const idle = await open(world, lee)
    await idle.next()
    const never = await ask(world, chan)
    await settled()
    await world.relay.close()
    expect(await last).toEqual({ after: 0, notices: [], ends: true })
    expect(await listening.next()).toBeNull()
    await expect(idle.next()).rejects.toThrow('a frame was not taken')
    await expect(never.arrayBuffer()).rejects.toThrow('a frame was not taken')
    expect(clock.waiting()).toBe(0)
    expect((await ask(world, lee)).status).toBe(503)
  })

  it('with the turn that withdraws a member’s last credential, and does not begin again', async () => {
    const { world, lee, chan } = await scene()
    const [stream, other] = [await open(world, lee), await open(world, chan)]
    await stream.next()
    await other.next()
    const [coming, others] = [stream.next(), other.next()]
    const waiting = poll(world, lee, 20_000)
    await settled()
    await world.withdraw(lee)
    expect(await coming).toBeNull()
    expect(await codeOf(await waiting)).toBe('CRED_REVOKED')
    const refused = await ask(world, lee)
    expect([refused.status, await codeOf(refused)]).toEqual([422, 'CRED_REVOKED'])
    expect(await codeOf(await poll(world, lee, 0))).toBe('CRED_REVOKED')
    await other.cancel()
    expect(await others).toBeNull()
  })

  it('with the turn that dismisses its device, and does not begin again', async () => {
    const { world } = await scene()
    const issuer = await appointIssuer(world)
    const stream = await open(world, issuer)
    await stream.next()
    const coming = stream.next()
    const waiting = poll(world, issuer, 20_000)
    await settled()
    await dismiss(world, issuer)
    expect(await coming).toBeNull()
    expect(await codeOf(await waiting)).toBe('REQUEST_SIGNATURE')
    expect((await ask(world, issuer)).status).toBe(401)
  })

  it('when the store fails, which the operator is told once', async () => {
    const here = await scene(1)
    const stream = await open(here.world, here.lee)
    await stream.next()
    const coming = stream.next()
    await settled()
    here.failing = true
    await here.world.grant(here.record, here.lee)
    await expect(coming).rejects.toThrow('the disk is gone')
    expect(here.failures).toHaveLength(1)
    here.failing = false
    await (await open(here.world, here.lee)).cancel()
  })
})

describe('over sockets', () => {
  let server: Listening | null = null
  afterEach(async () => server?.stop())

  const openOver = async (world: World, as: Signer, signal?: AbortSignal) => {
    server ??= await listen(world.relay, { host: '127.0.0.1', port: 0 })
    const { port } = server
    const through: Pick<World, 'relay'> = {
      relay: {
        ...world.relay,
        fetch: async (request) => {
          const { pathname } = new URL(request.url)
          const body = await request.arrayBuffer()
          const init = { method: 'POST', headers: request.headers, body, ...(signal && { signal }) }
          return fetch(`http://127.0.0.1:${port}${pathname}`, init)
        },
      },
    }
    const client = Object.assign(Object.create(world) as World, through)
    return open(client, as)
  }

  it('frames come one by one while the answer goes on, a client that goes away leaves its place, and the end is told', async () => {
    const { world, clock, lee, record } = await scene(1)
    const ending = new AbortController()
    const first = await openOver(world, lee, ending.signal)
    expect(await first.next()).toEqual({ after: 0, notices: [], ends: false })
    const coming = first.next()
    await world.grant(record, lee)
    expect((await coming)?.notices).toHaveLength(1)
    ending.abort()
    await expect(first.next()).rejects.toThrow()
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(clock.waiting()).toBe(0)

    const second = await openOver(world, lee)
    await second.next()
    const last = second.next()
    const [stopped] = [server?.stop(), await world.relay.close()]
    expect(await last).toMatchObject({ ends: true })
    expect(await second.next()).toBeNull()
    await stopped
    server = null
  })
})
