// One request and its answer as bytes, bounded while they come: over a transport of the caller's, or by the platform (`#exchange`).
// Spec: docs/spec/signatures.md, "Requests". It neither signs nor repeats, and does not know what the bytes mean.
import { abortable, ClientError } from './errors.js'
import type { Transport } from './transport.js'

export interface Sending {
  readonly method: 'GET' | 'POST'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** Empty for a GET. */
  readonly body: Uint8Array<ArrayBuffer>
  /** Bytes of an answer with this status, at most. */
  readonly capOf: (status: number) => number
}

export interface Received {
  readonly status: number
  readonly retryAfter: string | null
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** Sends and receives. @throws ClientError RELAY for an answer that is too long, ABORTED; anything else: no answer came */
export type Exchange = (sending: Sending, signal: AbortSignal | undefined) => Promise<Received>

/** Room for an answer, counted as it comes: no length that a relay declares is believed. */
export interface Room {
  /** @throws ClientError RELAY beyond the cap */
  add(chunk: Uint8Array): void
  bytes(): Uint8Array<ArrayBuffer>
}

const FIRST_ROOM = 16_384

export function createRoom(declared: string | null | undefined, cap: number): Room {
  const said = Number(declared ?? 0)
  let room = new Uint8Array(said > 0 && said <= cap ? said : Math.min(cap, FIRST_ROOM))
  let length = 0
  return {
    add(chunk) {
      const next = length + chunk.length
      if (next > cap) throw new ClientError('RELAY', 'the answer of the relay is too long')
      if (next > room.length) {
        const larger = new Uint8Array(Math.min(cap, 2 * next))
        larger.set(room.subarray(0, length))
        room = larger
      }
      room.set(chunk, length)
      length = next
    },
    bytes: () => (length === room.length ? room : room.slice(0, length)),
  }
}

/** Runs an exchange under a signal of its own: unless it comes to its end, its connection is closed. */
export async function orClose<T>(
  signal: AbortSignal | undefined,
  run: (ending: AbortSignal) => Promise<T>,
): Promise<T> {
  const ending = new AbortController()
  const end = (): void => ending.abort()
  signal?.addEventListener('abort', end, { once: true })
  try {
    return await abortable(run(ending.signal), signal)
  } catch (error) {
    end()
    throw error
  } finally {
    signal?.removeEventListener('abort', end)
  }
}

/** An exchange over what a caller passes as transport, or over the platform's fetch. */
export function overTransport(transport: Transport): Exchange {
  return (sending, signal) =>
    orClose(signal, async (ending) => {
      const response = await transport(requestOf(sending, ending))
      const { status, headers } = response
      const room = createRoom(headers.get('content-length'), sending.capOf(status))
      await readBody(response.body, room, signal)
      return { status, retryAfter: headers.get('retry-after'), bytes: room.bytes() }
    })
}

/** Made once a try: a body is read once, and each copy of a request copies its body. */
export const requestOf = ({ method, url, headers, body }: Omit<Sending, 'capOf'>, signal: AbortSignal): Request =>
  new Request(url, {
    method,
    headers,
    signal,
    // No content type of its own: an unsigned POST of bytes needs no preflight in a browser.
    ...(method === 'POST' ? { body } : {}),
    // The address is pinned by the network's chain: a redirect would be a second address that nobody signed.
    redirect: 'error',
    credentials: 'omit',
    cache: 'no-store',
    referrerPolicy: 'no-referrer',
  })

async function readBody(
  body: ReadableStream<Uint8Array> | null,
  room: Room,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (body === null) return
  const reader = body.getReader()
  try {
    for (;;) {
      const { done, value } = await abortable(reader.read(), signal)
      if (done) return
      room.add(value)
    }
  } finally {
    reader.cancel().catch(() => undefined)
  }
}
