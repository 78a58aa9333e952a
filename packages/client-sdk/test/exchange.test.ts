// Exchanges over sockets, by the platform and over a transport: both answer alike, and neither believes a length.
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { systemExchange, systemFlow } from '#exchange'
import { type Exchange, overTransport } from '../src/exchange.js'
import { flowOver, type OpenFlow } from '../src/flow.js'

const ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

/** A server of this moment; its address. */
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  ends.push(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const bytes = (length: number): Uint8Array<ArrayBuffer> => new Uint8Array(length).map((_, i) => i * 31)

/** Sends bytes, or asks without any. */
function ask(exchange: Exchange, url: string, options: { body?: Uint8Array<ArrayBuffer>; cap?: number } = {}) {
  const { body, cap = 1 << 21 } = options
  const method = body ? 'POST' : 'GET'
  const sending = {
    method,
    url,
    headers: { 'x-said': 'yes' },
    body: body ?? new Uint8Array(),
    capOf: () => cap,
  } as const
  return (signal?: AbortSignal) => exchange(sending, signal)
}

const exchanges: [string, Exchange][] = [
  ['by the platform', systemExchange],
  ['over a transport', overTransport((request) => fetch(request))],
]

describe.each(exchanges)('an exchange %s', (_, exchange) => {
  test.each([0, 1, 65_536, 1 << 20])('carries %i bytes there and back', async (length) => {
    const url = await serve((request, response) => {
      expect(request.headers['x-said']).toBe('yes')
      expect(request.headers['content-length']).toBe(String(length))
      request.pipe(response)
    })
    const { status, bytes: back } = await ask(exchange, url, { body: bytes(length) })()
    expect(status).toBe(200)
    expect(Buffer.compare(back, bytes(length))).toBe(0)
  })

  test('gives status and Retry-After, and follows no redirect', async () => {
    const url = await serve((request, response) => {
      if (request.url === '/busy') response.writeHead(503, { 'retry-after': '7' }).end('busy')
      else response.writeHead(307, { location: '/busy' }).end()
    })
    expect(await ask(exchange, `${url}/busy`)()).toMatchObject({ status: 503, retryAfter: '7' })
    const redirected = await ask(exchange, `${url}/elsewhere`)().catch(() => ({ status: 307 }))
    expect(redirected.status).toBe(307)
  })

  test.each([
    ['that declares its length', { 'content-length': '1000' }],
    ['that does not', {}],
  ])('refuses an answer %s when it is too long, and closes the connection', async (_name, headers) => {
    let closed: Promise<unknown> = Promise.resolve()
    const url = await serve((_request, response) => {
      closed = once(response, 'close')
      response.writeHead(200, headers)
      response.write(bytes(1000))
    })
    await expect(ask(exchange, url, { cap: 999 })()).rejects.toMatchObject({ code: 'RELAY' })
    await closed
  })

  test('fails when the answer ends early, and when nobody listens', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': '1000' })
      response.write(bytes(500))
      setTimeout(() => response.destroy(), 20)
    })
    await expect(ask(exchange, url)()).rejects.toThrow()
    await expect(ask(exchange, 'http://127.0.0.1:9')()).rejects.toThrow()
  })

  test('ends when it is aborted, before an answer and in the midst of one', async () => {
    let closed: Promise<unknown> = Promise.resolve()
    const url = await serve((request, response) => {
      closed = once(response, 'close')
      if (request.url === '/half') response.writeHead(200).write(bytes(10))
    })
    for (const path of ['/never', '/half']) {
      const controller = new AbortController()
      setTimeout(() => controller.abort(), 30)
      await expect(ask(exchange, url + path)(controller.signal)).rejects.toMatchObject({ code: 'ABORTED' })
      await closed
    }
  })
})

const flows: [string, OpenFlow][] = [
  ['by the platform', systemFlow],
  ['over a transport', flowOver((request) => fetch(request))],
]

describe.each(flows)('a flow %s', (_, flow) => {
  const open = (url: string, signal = new AbortController().signal) =>
    flow({ method: 'POST', url, headers: { 'x-said': 'yes' }, body: bytes(10) }, signal)
  const iterator = (pieces: AsyncIterable<Uint8Array>) => pieces[Symbol.asyncIterator]()

  test('carries a request there, and pieces back while the answer goes on', async () => {
    let more = (): void => {}
    const url = await serve((request, response) => {
      expect([request.headers['x-said'], request.headers['content-length']]).toEqual(['yes', '10'])
      response.writeHead(200).write(bytes(7))
      more = () => void response.end(bytes(9))
    })
    const { status, pieces } = await open(url)
    expect(status).toBe(200)
    const reading = iterator(pieces)
    expect((await reading.next()).value).toHaveLength(7)
    more()
    expect((await reading.next()).value).toHaveLength(9)
    expect(await reading.next()).toMatchObject({ done: true })
  })

  test('gives a status that is no good, with what was said', async () => {
    const url = await serve((_request, response) => void response.writeHead(503).end('busy'))
    const { status, pieces } = await open(url)
    let said = ''
    for await (const piece of pieces) said += new TextDecoder().decode(piece)
    expect([status, said]).toEqual([503, 'busy'])
  })

  test('fails when the answer is cut, and when nobody listens', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200).write(bytes(5))
      setTimeout(() => response.destroy(), 20)
    })
    const reading = iterator((await open(url)).pieces)
    expect((await reading.next()).value).toHaveLength(5)
    await expect(reading.next()).rejects.toThrow()
    await expect(open('http://127.0.0.1:9')).rejects.toThrow()
  })

  test('closes its connection when it is aborted: before an answer, while it is read, and while nobody reads', async () => {
    let closed: Promise<unknown> = Promise.resolve()
    const url = await serve((request, response) => {
      closed = once(response, 'close')
      if (request.url !== '/never') response.writeHead(200).write(bytes(5))
    })
    const before = new AbortController()
    setTimeout(() => before.abort(), 30)
    await expect(open(`${url}/never`, before.signal)).rejects.toMatchObject({ code: 'ABORTED' })
    await closed

    const reading = new AbortController()
    const pieces = iterator((await open(url, reading.signal)).pieces)
    await pieces.next()
    const next = pieces.next()
    reading.abort()
    await expect(next).rejects.toThrow()
    await closed

    const idle = new AbortController()
    await open(url, idle.signal)
    idle.abort()
    await closed
    await expect(open(url, AbortSignal.abort())).rejects.toMatchObject({ code: 'ABORTED' })
  })

  test('closes its connection when nobody goes on', async () => {
    let closed: Promise<unknown> = Promise.resolve()
    const url = await serve((_request, response) => {
      closed = once(response, 'close')
      response.writeHead(200).write(bytes(5))
    })
    for await (const piece of (await open(url)).pieces) {
      expect(piece).toHaveLength(5)
      break
    }
    await closed
  })
})

describe('a flow over a transport', () => {
  const send = (answer: () => Response | Promise<Response>, signal: AbortSignal) =>
    flowOver(async () => answer())(
      { method: 'POST', url: 'https://relay.example/', headers: {}, body: bytes(1) },
      signal,
    )

  test('without a body has no pieces', async () => {
    const { pieces } = await send(() => new Response(null), new AbortController().signal)
    for await (const _ of pieces) throw new Error('a piece of nothing')
  })

  test('lets go of a body that comes after it was aborted, or that nobody reads, where the transport heeds no signal', async () => {
    let cancelled = 0
    const body = () => new ReadableStream({ cancel: () => void cancelled++ })
    const late = new AbortController()
    let answer: (response: Response) => void = () => undefined
    const asked = send(() => new Promise<Response>((resolve) => (answer = resolve)), late.signal)
    late.abort()
    await expect(asked).rejects.toMatchObject({ code: 'ABORTED' })
    answer(new Response(body()))
    await new Promise((resolve) => setTimeout(resolve))
    expect(cancelled).toBe(1)

    const idle = new AbortController()
    await send(() => new Response(body()), idle.signal)
    idle.abort()
    expect(cancelled).toBe(2)
  })
})
