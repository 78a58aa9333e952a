// The relay behind Node's HTTP server: time-outs, and an end that lets running requests finish. Spec: docs/spec/relay.md, "Limits".
import type { Server } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { Relay } from './relay.js'

/** ms for a request's head, and for all of it: an attachment of 48 MiB over a slow line takes minutes. */
const HEADERS_MS = 10_000
const REQUEST_MS = 10 * 60_000
const KEEP_ALIVE_MS = 65_000
const MOST_SOCKETS = 10_000
/** ms that running requests have to finish when the relay stops. */
const STOP_MS = 10_000
const IDLE_MS = 50

export interface Listening {
  readonly address: string
  readonly port: number
  /** Takes no more requests, and waits for those that run. */
  stop(): Promise<void>
}

export async function listen(relay: Relay, at: { readonly host: string; readonly port: number }): Promise<Listening> {
  const listener = getRequestListener((request, env) => relay.fetch(request, env))
  const server = createServer(
    {
      headersTimeout: HEADERS_MS,
      requestTimeout: REQUEST_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: 5_000,
      maxHeaderSize: 16 * 1024,
    },
    (incoming, outgoing) => void listener(incoming, outgoing),
  )
  server.maxConnections = MOST_SOCKETS
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(at.port, at.host, resolve)
  })
  const { address, port } = server.address() as AddressInfo
  return { address, port, stop: () => stop(server) }
}

async function stop(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  // A connection becomes idle when its request is answered, and its client keeps it open.
  const idle = setInterval(() => server.closeIdleConnections(), IDLE_MS)
  const deadline = setTimeout(() => server.closeAllConnections(), STOP_MS)
  await closed
  clearInterval(idle)
  clearTimeout(deadline)
}
