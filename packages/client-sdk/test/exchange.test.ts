// Exchanges over sockets, by the platform and over a transport: both answer alike, and neither believes a length.
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { systemExchange } from '#exchange'
import { type Exchange, overTransport } from '../src/exchange.js'

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
