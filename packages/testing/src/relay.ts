// The relay of a test: the real one over stores in memory, reached by calling its handler, and the ways in which it can fail a client.
// What lies in its stores ends with the test; nothing here opens a port or a file.
import type { Transport } from '@sealchart/client-sdk'
import { type AnyEntry, type Digest, decodeEntry, hex, sha256, utf8 } from '@sealchart/protocol'
import {
  createRelay,
  defaultConfig,
  memoryHeadLock,
  memorySegments,
  memoryStore,
  type Segments,
  type Store,
} from '@sealchart/relay'
import type { Stored } from './adversary/objects.js'
import type { Named } from './canary.js'
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
  /** What the relay has stored, as a thief of its disk would have it. */
  readonly stored: StoredByRelay
}

export interface StoredByRelay {
  /** As of now. */
  snapshot(): Promise<Stored>
  /** Every object file, entry and part beside one: haystacks for `searchCanaries`. */
  everything(): AsyncGenerator<Named>
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
  const store = memoryStore()
  const { segments, files } = countedSegments()
  const relay = await createRelay({
    store,
    segments,
    headLock,
    clock: { now: clock.now, wait: waitForWake },
    random,
    config: { ...defaultConfig, foundingToken: sha256(utf8(token)), ticketKey: random(32) },
    onFatal: (error) => {
      throw error
    },
  })
  const handler: Transport = async (request) => relay.fetch(request)
  return { relay: { ...failing(handler), stored: storedIn(store, segments, files) }, token, close: () => relay.close() }
}

/** Objects in memory, and how long each file is. */
function countedSegments(): { segments: Segments; files: ReadonlyMap<string, number> } {
  const files = new Map<string, number>()
  const segments = memorySegments()
  const write: Segments['write'] = async (parts) => {
    const file = await segments.write(parts)
    files.set(
      file,
      parts.reduce((sum, { length }) => sum + length, 0),
    )
    return file
  }
  return { segments: { ...segments, write }, files }
}

function storedIn(store: Store, segments: Segments, files: ReadonlyMap<string, number>): StoredByRelay {
  const read = async (row: { readonly place: Parameters<Segments['read']>[0] } | null): Promise<Uint8Array | null> =>
    row && segments.read(row.place)
  const entries = async (): Promise<{ index: number; entry: AnyEntry }[]> => {
    const size = (await store.treeHead())?.size ?? 0
    const rows = await Promise.all(Array.from({ length: size }, (_, index) => store.entryAt(index)))
    return rows.flatMap((row) => (row ? [{ index: row.index, entry: decodeEntry(row.bytes) }] : []))
  }
  const beside = async (digest: Digest): Promise<Uint8Array | null> => (await store.beside([digest]))[0] ?? null
  return {
    snapshot: async () => ({
      entries: await entries(),
      beside,
      attachment: async (digest) => read(await store.attachment(digest)),
      segment: async (record, name) => read(await store.segment(record, name)),
    }),
    async *everything() {
      for (const { index, entry } of await entries()) {
        yield { name: `entry ${index}`, bytes: entry.bytes }
        const part = entry.private && (await beside(entry.private))
        if (part) yield { name: `beside entry ${index}`, bytes: part }
      }
      for await (const file of segments.list()) {
        const length = files.get(file) ?? 0
        yield { name: `object ${file}`, bytes: await segments.read({ file, offset: 0, length }) }
      }
    },
  }
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

function failing(handler: Transport): Omit<TestRelay, 'stored'> {
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
    if (kind === 'lost-answer') await (await forward(request)).body?.cancel()
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
