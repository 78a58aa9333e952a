// One request to the relay and its answer as bytes: signed if asked, bounded while it is read, tried again with growing pauses.
// Spec: docs/spec/relay.md, "Requests". What the bytes mean is link.ts's; nothing of a request is kept between calls.
import type { Random } from '@sealchart/crypto'
import { type ErrorCode, errorAnswer, type RequestParts, type SignatureHeaders, unpack } from '@sealchart/protocol'
import { abortable, ClientError, hasCode, RelayRefusal, throwIfAborted } from './errors.js'
import type { Transport } from './transport.js'

/** One request; `cap` bounds its answer in bytes. A GET has an empty body. */
export interface Call {
  readonly method: 'GET' | 'POST'
  /** As `new URL(url).href` writes it. */
  readonly url: string
  readonly body: Uint8Array<ArrayBuffer>
  readonly cap: number
  readonly signed: boolean
}

export interface Caller {
  /** The answer's body. @throws RelayRefusal, ClientError OFFLINE, BUSY, RATE, RELAY, ABORTED */
  send(call: Call, signal: AbortSignal | undefined): Promise<Uint8Array<ArrayBuffer>>
  /** Requests sent so far. */
  sent(): number
}

/** Waits; ends early, without an error, when the signal is aborted. */
export type Wait = (ms: number, signal?: AbortSignal) => Promise<void>

export interface CallerOptions {
  readonly transport: Transport
  readonly sign: ((request: RequestParts) => Promise<SignatureHeaders>) | null
  readonly random: Random
  readonly retries?: number
  readonly wait?: Wait
}

const RETRIES = 4
const FIRST_PAUSE = 250
const LONGEST_PAUSE = 8_000
/** What a relay may ask for at most with Retry-After. */
const LONGEST_ASKED = 30_000
/** Bytes of a refusal: a stale head comes with the entries that were missed. */
const REFUSAL = 16 * 1024 * 1024

export const systemWait: Wait = (ms, signal) =>
  new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    if (signal?.aborted) end()
    else signal?.addEventListener('abort', end, { once: true })
  })

export function createCaller(options: CallerOptions): Caller {
  const { random, retries = RETRIES, wait = systemWait } = options
  let sent = 0
  async function send(call: Call, signal: AbortSignal | undefined): Promise<Uint8Array<ArrayBuffer>> {
    for (let failures = 0; ; failures++) {
      throwIfAborted(signal)
      const headers = await headersOf(call, options.sign)
      sent++
      const outcome = await attempt({ call, headers, transport: options.transport }, signal)
      if ('bytes' in outcome) return outcome.bytes
      if (failures >= retries || !hasCode(outcome.error, 'OFFLINE', 'BUSY', 'RATE')) throw outcome.error
      await wait(pause(failures, random, outcome.asked), signal)
    }
  }
  return { send, sent: () => sent }
}

/** Doubling pauses, each shortened by up to a half at random, so that many clients of a relay that restarts do not come at once. */
function pause(failures: number, random: Random, asked: number): number {
  const [byte = 0] = random(1)
  const longest = Math.min(FIRST_PAUSE * 2 ** failures, LONGEST_PAUSE)
  return Math.max(longest * (1 - byte / 510), Math.min(asked, LONGEST_ASKED))
}

/** Fresh for every try: a signature is valid for minutes only. */
async function headersOf({ method, url, body, signed }: Call, sign: CallerOptions['sign']): Promise<HeadersInit> {
  if (!signed) return {}
  if (!sign) throw new ClientError('USAGE', 'this call needs a device that signs it')
  return { ...(await sign({ method, url, body })) }
}

/** A fresh request for every try: a body is read once. It is made once, because each copy of a request copies its body. */
const requestOf = ({ method, url, body }: Call, headers: HeadersInit, signal: AbortSignal): Request =>
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

type Outcome = { readonly bytes: Uint8Array<ArrayBuffer> } | { readonly error: ClientError; readonly asked: number }

interface Attempt {
  readonly call: Call
  readonly headers: HeadersInit
  readonly transport: Transport
}

async function attempt({ call, headers, transport }: Attempt, signal: AbortSignal | undefined): Promise<Outcome> {
  const ending = new AbortController()
  const end = (): void => ending.abort()
  signal?.addEventListener('abort', end, { once: true })
  let complete = false
  try {
    const sending = Promise.resolve(transport(requestOf(call, headers, ending.signal)))
    const response = await abortable(sending, signal)
    const done = response.status === 200 || response.status === 201 || response.status === 204
    const bytes = await readBody(response, done ? call.cap : REFUSAL, signal)
    complete = true
    if (done) return { bytes }
    return { error: refusal(response.status, bytes), asked: askedPause(response) }
  } catch (cause) {
    if (hasCode(cause, 'ABORTED', 'RELAY')) return { error: cause as ClientError, asked: 0 }
    // What a platform says about a failed connection differs and helps nobody; it stays as the cause.
    return { error: new ClientError('OFFLINE', 'the relay was not reached', { cause }), asked: 0 }
  } finally {
    signal?.removeEventListener('abort', end)
    // A connection on which something still comes is closed.
    if (!complete) end()
  }
}

const askedPause = (response: Response): number => {
  const seconds = response.headers.get('retry-after') ?? ''
  return /^\d{1,6}$/.test(seconds) ? Number(seconds) * 1000 : 0
}

/** The body, counted as it comes: no length that a relay declares is believed. */
async function readBody(
  response: Response,
  cap: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  if (response.body === null) return new Uint8Array()
  const reader = response.body.getReader()
  const declared = Number(response.headers.get('content-length') ?? 0)
  let room = new Uint8Array(declared > 0 && declared <= cap ? declared : 16_384)
  let length = 0
  try {
    for (;;) {
      const { done, value } = await abortable(reader.read(), signal)
      if (done) return length === room.length ? room : room.slice(0, length)
      if (length + value.length > cap) throw new ClientError('RELAY', 'the answer of the relay is too long')
      if (length + value.length > room.length) room = grow(room, Math.min(cap, 2 * (length + value.length)))
      room.set(value, length)
      length += value.length
    }
  } finally {
    reader.cancel().catch(() => undefined)
  }
}

function grow(bytes: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(length)
  larger.set(bytes)
  return larger
}

/** Codes for statuses that a proxy before the relay may answer with, in words that are not the relay's. */
const ofProxies: Readonly<Record<number, ErrorCode>> = { 429: 'RATE', 502: 'BUSY', 503: 'BUSY', 504: 'BUSY' }

function refusal(status: number, bytes: Uint8Array): ClientError {
  try {
    return new RelayRefusal(status, unpack(errorAnswer, bytes, 'refusal', { bytes: REFUSAL }))
  } catch (cause) {
    const code = ofProxies[status] ?? 'RELAY'
    return new ClientError(code, 'the answer is not one of a relay', { cause, details: { status } })
  }
}
