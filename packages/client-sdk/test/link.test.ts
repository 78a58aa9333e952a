// The link against a transport made of functions: what it sends, how it reads answers, when it tries again and when not.
import { ready as cryptoReady, type Device, deviceFromSeed, newSecret, systemRandom } from '@sealchart/crypto'
import {
  type ChainId,
  concat,
  type Digest,
  encode,
  errorAnswer,
  hex,
  inboxAnswer,
  inboxFrame,
  inboxStreamRequest,
  meetingAnswer,
  networkAnswer,
  pack,
  presentAnswer,
  ready,
  segmentBatchRequest,
  unpack,
  uploadAnswer,
  verifyRequest,
  wrapsAnswer,
} from '@sealchart/protocol'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { effort } from '../../../scripts/effort.mjs'
import { joinBatch, splitBatch } from '../src/batches.js'
import { RelayRefusal } from '../src/errors.js'
import { createLink, type LinkOptions, type LinkSigner } from '../src/link.js'
import { relayAddress } from '../src/transport.js'
import { codeOf, record, seeded } from './support.js'

const NOW = 1_800_000_000_000
let device: Device
let signer: LinkSigner

beforeAll(async () => {
  await Promise.all([ready(), cryptoReady()])
  device = deviceFromSeed(newSecret(systemRandom))
  signer = { chain: seeded(32, 5) as Uint8Array as ChainId, device: device.id, sign: device.sign }
})

type Answer = (request: Request, count: number) => Response | Promise<Response>

function linkTo(answer: Answer, options: Partial<LinkOptions> = {}) {
  const requests: Request[] = []
  const pauses: number[] = []
  const link = createLink({
    url: 'https://relay.example/base/',
    transport: async (request) => {
      requests.push(request.clone())
      return answer(request, requests.length)
    },
    signer: null,
    clock: () => NOW,
    random: systemRandom,
    wait: async (ms) => void pauses.push(ms),
    ...options,
  })
  return { link, requests, pauses }
}

const inbox = { after: 0, limit: 10, wait: 0 }
const empty = () => new Response(pack(inboxAnswer, { notices: [] }))
const refusal = (code: 'BUSY' | 'CONFLICT' | 'QUOTA' | 'RATE', status = 503, headers = {}) =>
  new Response(pack(errorAnswer, { code, message: 'no', entryTime: 1, logTime: 2, missed: null }), { status, headers })

describe('addresses', () => {
  test.each([
    'https://relay.example',
    'https://relay.example:8443/x',
    'http://localhost:1',
    'http://127.0.0.1',
    'http://[::1]:9/',
  ])('%s is accepted', (url) => expect(relayAddress(url).endsWith('/')).toBe(false))
  test.each([
    'http://relay.example',
    'http://127.0.0.1.evil.example',
    'http://localhost.evil.example',
    'ftp://localhost',
    'https://user@relay.example',
    'https://relay.example/?a',
    'https://relay.example/#a',
    'relay.example',
    '',
  ])('%s is USAGE', async (url) => {
    expect(
      await codeOf((async () => createLink({ url, signer: null, clock: () => NOW, random: systemRandom }))()),
    ).toBe('USAGE')
  })
})

describe('what is sent', () => {
  test('a signed request verifies as its device’s, and says nothing to follow redirects or send cookies', async () => {
    const { link, requests } = linkTo(empty, { signer })
    await link.inbox(inbox)
    const [request] = requests as [Request]
    expect(request.url).toBe('https://relay.example/base/v1/inbox')
    expect([request.redirect, request.credentials, request.cache]).toEqual(['error', 'omit', 'no-store'])
    const body = new Uint8Array(await request.arrayBuffer())
    const parts = { method: 'POST', url: request.url, body, headers: request.headers, now: NOW }
    const signed = await verifyRequest(parts, (_chain, asked) =>
      hex(asked) === hex(device.id) ? device.keys.sign : null,
    )
    expect(signed.created).toBe(NOW)
  })

  test('nobody signs a segment: its ticket is in the URL, and the request needs no preflight', async () => {
    const bytes = seeded(100)
    const name = seeded(32, 9) as Uint8Array as Digest
    const { link, requests } = linkTo((request) => new Response(request.method === 'GET' ? bytes : null), { signer })
    expect(await link.getSegment({ ticket: 'a+/=', record, name })).toEqual(bytes)
    await link.putSegments({ ticket: 't', section: 3, segments: [[bytes.subarray(0, 7), bytes.subarray(7)]] })
    const [get, put] = requests as [Request, Request]
    expect(get.url).toBe(`https://relay.example/base/v1/segments/${hex(record)}/${hex(name)}?ticket=a%2B%2F%3D`)
    expect(put.url).toBe('https://relay.example/base/v1/segments?section=3&ticket=t')
    for (const request of [get, put]) expect([...request.headers.keys()]).toEqual([])
    expect(splitBatch(new Uint8Array(await put.arrayBuffer()), 1)).toEqual([bytes])
  })

  test('nobody signs at a meeting: the relay is not told whose devices meet', async () => {
    const answer = { slots: [null, null, null] }
    const { link, requests } = linkTo(() => new Response(pack(meetingAnswer, answer)), { signer })
    const place = seeded(32, 4) as Uint8Array as Digest
    expect(await link.meeting({ place, put: null })).toEqual(answer)
    expect([...(requests[0] as Request).headers.keys()]).toEqual([])
    const { link: other } = linkTo(() => new Response(encode([[null, null]])), { signer })
    expect(await codeOf(other.meeting({ place, put: null }))).toBe('RELAY')
  })

  test('a batch is asked for by names and comes back in their order', async () => {
    const names = [1, 2, 3].map((seed) => seeded(32, seed) as Uint8Array as Digest)
    const parts = [seeded(10), seeded(0), seeded(3)]
    const { link, requests } = linkTo(() => new Response(joinBatch(parts.map((part) => [part]))))
    expect(await link.getSegments({ ticket: 't', record, names })).toEqual(parts)
    const asked = unpack(segmentBatchRequest, new Uint8Array(await requests[0]!.arrayBuffer()), 'request')
    expect(asked.names.map(hex)).toEqual(names.map(hex))
  })

  test('without a signer a call that needs one goes out unsigned, for the relay to refuse', async () => {
    const { link, requests } = linkTo(empty)
    await link.inbox(inbox)
    expect(requests[0]!.headers.get('signature')).toBeNull()
  })

  test('a signed append is signed, and a large one; an ordinary one is not', async () => {
    const request = {
      entries: [Uint8Array.of(1)],
      attachments: [],
      beside: [],
      segments: [],
      uploads: [],
      token: null,
      seen: 0,
    }
    const { link, requests } = linkTo(() => refusal('QUOTA', 413), { signer })
    expect(await codeOf(link.append(request))).toBe('QUOTA')
    expect(await codeOf(link.append(request, undefined, true))).toBe('QUOTA')
    const large = { ...request, attachments: [new Uint8Array(256 * 1024)] }
    expect(await codeOf(link.append(large))).toBe('QUOTA')
    expect(requests.map(({ headers }) => headers.has('signature'))).toEqual([false, true, true])
    const stranger = linkTo(() => refusal('QUOTA', 413))
    expect(await codeOf(stranger.link.append(large))).toBe('QUOTA')
    expect(stranger.requests[0]!.headers.has('signature')).toBe(false)
  })
})

describe('what comes back', () => {
  test('a refusal keeps its code, status and times, and quotes the relay’s words', async () => {
    const { link } = linkTo(() => refusal('CONFLICT', 409))
    const error = await link.inbox(inbox).catch((cause: unknown) => cause)
    expect(error).toBeInstanceOf(RelayRefusal)
    expect(error).toMatchObject({
      code: 'CONFLICT',
      status: 409,
      missed: null,
      details: { status: 409, entryTime: 1, logTime: 2 },
    })
    expect((error as Error).message).toContain('"no"')
  })

  const strange: Record<string, () => Response> = {
    'a page': () => new Response('<html>'),
    nothing: () => new Response(null),
    'another structure': () => new Response(pack(uploadAnswer, { ticket: '', expires: 1 })),
    'a page with status 404': () => new Response('not here', { status: 404 }),
    'a redirect': () => new Response(null, { status: 302, headers: { location: 'https://evil.example/' } }),
    'partial content': () => new Response(pack(inboxAnswer, { notices: [] }), { status: 206 }),
    'a code that nobody knows': () =>
      new Response(Uint8Array.of(0x85, 0x61, 0x58, 0x60, 0xf6, 0xf6, 0xf6), { status: 400 }),
  }
  test.each(Object.entries(strange))('%s is RELAY, and is not asked for again', async (_name, answer) => {
    const { link, requests } = linkTo(answer)
    expect(await codeOf(link.inbox(inbox))).toBe('RELAY')
    expect(requests).toHaveLength(1)
    expect(link.roundTrips).toBe(1)
  })

  test('an answer is counted while it comes: whatever length it declares, it ends at the cap', async () => {
    let given = 0
    let cancelled = false
    const endless = (): Response =>
      new Response(
        new ReadableStream({
          pull(controller) {
            given += 65_536
            controller.enqueue(new Uint8Array(65_536))
          },
          cancel() {
            cancelled = true
          },
        }),
        { headers: { 'content-length': '10' } },
      )
    const { link } = linkTo(endless)
    expect(await codeOf(link.inbox(inbox))).toBe('RELAY')
    expect(given).toBeLessThanOrEqual(2 ** 20)
    expect(cancelled).toBe(true)
    const name = seeded(32) as Uint8Array as Digest
    expect(await codeOf(link.getSegment({ ticket: 't', record, name }))).toBe('RELAY')
  })

  test('answers about fewer or more things than were asked are RELAY', async () => {
    const names = [seeded(32) as Uint8Array as Digest]
    for (const present of [[], [true, true]]) {
      const { link } = linkTo(() => new Response(pack(presentAnswer, { present })))
      expect(await codeOf(link.present({ ticket: 't', record, names }))).toBe('RELAY')
    }
    const wraps = names[0] as Digest
    for (const rows of [[], [null, null]]) {
      const { link } = linkTo(() => new Response(pack(wrapsAnswer, { rows })))
      expect(await codeOf(link.wraps([{ chain: record, wraps }]))).toBe('RELAY')
    }
    const bodies = [
      joinBatch([]),
      joinBatch([[seeded(1)], [seeded(2)]]),
      joinBatch([[seeded(5)]]).slice(0, 7),
      Uint8Array.of(0, 0),
    ]
    for (const body of bodies) {
      const { link } = linkTo(() => new Response(body))
      expect(await codeOf(link.getSegments({ ticket: 't', record, names }))).toBe('RELAY')
    }
  })

  test('a batch is split only as it was joined', () => {
    const property = fc.property(
      fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 }),
      fc.nat(60),
      (segments, cut) => {
        const batch = joinBatch(segments.map((bytes) => [bytes]))
        expect(splitBatch(batch, segments.length).map(hex)).toEqual(segments.map(hex))
        if (batch.length > 0) expect(() => splitBatch(batch.slice(0, cut % batch.length), segments.length)).toThrow()
        expect(() => splitBatch(batch, segments.length + 1)).toThrow()
      },
    )
    fc.assert(property, { numRuns: effort(200) })
  })

  test('the network as it says itself', async () => {
    const answer = { network: null, founding: null, log: 'key' }
    const { link, requests } = linkTo(() => new Response(pack(networkAnswer, answer)))
    expect(await link.network()).toEqual(answer)
    expect(requests[0]!.method).toBe('GET')
  })
})

describe('a stream', () => {
  const framed = (after: number): Uint8Array<ArrayBuffer> => {
    const content = pack(inboxFrame, { after, notices: [], ends: false })
    return concat(Uint8Array.of(0, 0, 0, content.length), content)
  }
  const { signal } = new AbortController()

  test('is asked for by a signed request, and gives frames as they come', async () => {
    const { link, requests } = linkTo(() => new Response(concat(framed(3), framed(4))), { signer })
    const found: number[] = []
    for await (const { after } of link.inboxStream({ after: 3 }, signal)) found.push(after)
    expect(found).toEqual([3, 4])
    const [request] = requests as [Request]
    expect(request.url).toBe('https://relay.example/base/v1/inbox/stream')
    expect(request.headers.has('signature')).toBe(true)
    expect(unpack(inboxStreamRequest, new Uint8Array(await request.arrayBuffer()), 'request')).toEqual({ after: 3 })
    expect(link.roundTrips).toBe(1)
  })

  test.each<[string, string, Answer]>([
    ['a refusal', 'BUSY', () => refusal('BUSY')],
    ['no answer', 'OFFLINE', () => Promise.reject(new TypeError('fetch failed'))],
    ['a page', 'RELAY', () => new Response('<html>')],
    ['a page with a status', 'RELAY', () => new Response('<html>', { status: 404 })],
    ['a proxy’s 502', 'BUSY', () => new Response('bad gateway', { status: 502 })],
    [
      'a connection that ends',
      'OFFLINE',
      () => new Response(new ReadableStream({ pull: (c) => c.error(new Error('reset')) })),
    ],
  ])('%s is %s, and is not asked for again', async (_name, code, answer) => {
    const { link, requests } = linkTo(answer)
    expect(await codeOf(link.inboxStream({ after: 0 }, signal).next())).toBe(code)
    expect(requests).toHaveLength(1)
  })

  test('a long poll that is asked for once is not tried again either', async () => {
    const { link, requests } = linkTo(() => refusal('BUSY'))
    expect(await codeOf(link.inbox(inbox, signal, true))).toBe('BUSY')
    expect(requests).toHaveLength(1)
  })
})

describe('tries', () => {
  test('no answer is OFFLINE, after five tries with growing pauses', async () => {
    const { link, requests, pauses } = linkTo(() => Promise.reject(new TypeError('fetch failed')))
    expect(await codeOf(link.inbox(inbox))).toBe('OFFLINE')
    expect(requests).toHaveLength(5)
    expect(link.roundTrips).toBe(5)
    for (const [i, pause] of pauses.entries()) {
      expect(pause).toBeGreaterThanOrEqual(125 * 2 ** i)
      expect(pause).toBeLessThanOrEqual(250 * 2 ** i)
    }
  })

  test.each([
    ['BUSY', () => refusal('BUSY')],
    ['RATE', () => refusal('RATE', 429)],
    ['a proxy’s 502', () => new Response('bad gateway', { status: 502 })],
    [
      'a connection that ends inside the answer',
      () => new Response(new ReadableStream({ pull: (c) => c.error(new Error('reset')) })),
    ],
  ])('%s, then an answer', async (_name, first) => {
    const { link, requests } = linkTo((_request, count) => (count === 1 ? first() : empty()))
    expect(await link.inbox(inbox)).toEqual({ notices: [] })
    expect(requests).toHaveLength(2)
  })

  test('Retry-After is kept, up to half a minute', async () => {
    for (const [asked, pause] of [
      ['3', 3_000],
      ['86400', 30_000],
    ] as const) {
      const { link, pauses } = linkTo((_request, count) =>
        count === 1 ? refusal('BUSY', 503, { 'retry-after': asked }) : empty(),
      )
      await link.inbox(inbox)
      expect(pauses).toEqual([pause])
    }
  })

  test('a refusal that trying again does not change is not tried again', async () => {
    for (const code of ['CONFLICT', 'QUOTA'] as const) {
      const { link, requests } = linkTo(() => refusal(code, 409))
      expect(await codeOf(link.inbox(inbox))).toBe(code)
      expect(requests).toHaveLength(1)
    }
  })

  test('every try is signed anew', async () => {
    let now = NOW
    const { link, requests } = linkTo((_request, count) => (count < 3 ? refusal('BUSY') : empty()), {
      signer,
      clock: () => (now += 60_000),
    })
    await link.inbox(inbox)
    expect(new Set(requests.map(({ headers }) => headers.get('signature'))).size).toBe(3)
  })

  test('retries: 0 is one try', async () => {
    const { link, requests } = linkTo(() => refusal('BUSY'), { retries: 0 })
    expect(await codeOf(link.inbox(inbox))).toBe('BUSY')
    expect(requests).toHaveLength(1)
  })

  test('aborted before, on the way, inside the answer and in a pause: ABORTED at once', async () => {
    expect(await codeOf(linkTo(empty).link.inbox(inbox, AbortSignal.abort()))).toBe('ABORTED')
    const never: Answer[] = [
      () => new Promise(() => undefined),
      () => new Response(new ReadableStream({ pull: () => new Promise(() => undefined) })),
    ]
    for (const answer of never) {
      const abort = new AbortController()
      setTimeout(() => abort.abort(), 5)
      expect(await codeOf(linkTo(answer).link.inbox(inbox, abort.signal))).toBe('ABORTED')
    }
    const abort = new AbortController()
    const wait = async (): Promise<void> => abort.abort()
    const { link, requests } = linkTo(() => refusal('BUSY'), { wait })
    expect(await codeOf(link.inbox(inbox, abort.signal))).toBe('ABORTED')
    expect(requests).toHaveLength(1)
  })

  test('no message holds a ticket', async () => {
    const name = seeded(32) as Uint8Array as Digest
    for (const answer of [
      () => Promise.reject(new TypeError('x')),
      () => new Response('x', { status: 500 }),
      () => refusal('QUOTA'),
    ]) {
      const { link } = linkTo(answer)
      const error = await link.getSegment({ ticket: 'secret-ticket', record, name }).catch((cause: unknown) => cause)
      expect(String(error)).not.toContain('secret-ticket')
    }
  })
})
