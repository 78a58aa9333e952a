// The relay of a test: the real one over stores in memory, reached by calling its handler, and the ways in which it can fail a client.
// What lies in its stores ends with the test; nothing here opens a port or a file.
import type { Transport } from '@sealchart/client-sdk'
import { hex, sha256, utf8 } from '@sealchart/protocol'
import { createRelay, defaultConfig, memoryHeadLock, memorySegments, memoryStore } from '@sealchart/relay'
import type { TestClock } from './clock.js'

/**
 * How requests fail: `offline` no answer; `lost-answer` the relay does what it was asked, and the answer is lost; `busy` 503;
 * `broken` 500 with a page that no relay wrote.
 */
export type Failure = 'offline' | 'lost-answer' | 'busy' | 'broken'

/** One request that reached the way to the relay. `status` is null when no answer came back. */
export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly status: number | null
}

/** Stands between clients and the relay: may answer itself, or change what it forwards or answers. */
export type Layer = (request: Request, forward: Transport) => Promise<Response>

export interface TestRelay {
  readonly url: string
  /** Every request so far, in the order of the answers. */
  readonly requests: readonly SeenRequest[]
  /** Fails requests from now on: the next `times`, or all until `recover`. */
  fail(failure: Failure, times?: number): void
  recover(): void
  /** Puts a layer before the relay; returns what takes it away again. */
  through(layer: Layer): () => void
  /** For clients that a test makes itself. */
  readonly transport: Transport
}

/** What starts with a network of its own: the founding token too. */
export interface StartedRelay {
  readonly relay: TestRelay
  readonly token: string
  close(): Promise<void>
}

const URL_OF_TESTS = 'https://relay.test'

export async function startTestRelay(clock: TestClock, random: (length: number) => Uint8Array): Promise<StartedRelay> {
  const headLock = await memoryHeadLock('relay.test', random(32))
  const token = `${hex(random(16))}.${hex(headLock.key.publicKey).slice(0, 32)}`
  const relay = await createRelay({
    store: memoryStore(),
    segments: memorySegments(),
    headLock,
    clock: { now: clock.now, wait: waitForWake },
    random,
    config: { ...defaultConfig, foundingToken: sha256(utf8(token)), ticketKey: random(32) },
    onFatal: (error) => {
      throw error
    },
  })
  return { relay: failing(async (request) => relay.fetch(request)), token, close: () => relay.close() }
}

/** Time stands still in a test: whoever waits for news waits until some comes, or a moment. */
const MOMENT = 20

function waitForWake(ms: number, wake: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      wake.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, Math.min(ms, MOMENT))
    if (wake.aborted) end()
    else wake.addEventListener('abort', end, { once: true })
  })
}

function failing(handler: Transport): TestRelay {
  const requests: SeenRequest[] = []
  const layers: Layer[] = []
  let failure: { readonly kind: Failure; left: number } | null = null
  const forward = throughAll(layers, handler)

  async function transport(request: Request): Promise<Response> {
    const seen = { method: request.method, path: new URL(request.url).pathname }
    const kind = takeFailure()
    const response = await answer(kind, request)
    requests.push({ ...seen, status: response?.status ?? null })
    if (response) return response
    throw new TypeError(`the test lets this request fail: ${kind}`)
  }
  function takeFailure(): Failure | null {
    if (failure === null || failure.left <= 0) return null
    failure.left--
    return failure.kind
  }
  async function answer(kind: Failure | null, request: Request): Promise<Response | null> {
    if (kind === null) return forward(request)
    if (kind === 'busy') return new Response('busy', { status: 503 })
    if (kind === 'broken') return new Response('<html>Internal Server Error</html>', { status: 500 })
    if (kind === 'lost-answer') await forward(request)
    return null
  }
  return {
    url: URL_OF_TESTS,
    requests,
    transport,
    fail: (kind, times = Number.POSITIVE_INFINITY) => {
      failure = { kind, left: times }
    },
    recover: () => {
      failure = null
    },
    through(layer) {
      layers.push(layer)
      return () => void layers.splice(layers.indexOf(layer), 1)
    },
  }
}

/** The newest layer first, as whoever stands nearest to the clients. */
const throughAll =
  (layers: readonly Layer[], handler: Transport): Transport =>
  (request) =>
    layers.reduce<Transport>((next, layer) => (given) => layer(given, next), handler)(request)
