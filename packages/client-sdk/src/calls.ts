// One request to the relay and its answer as bytes: signed if asked, bounded while it is read, tried again with growing pauses.
// Spec: docs/spec/relay.md, "Requests". What the bytes mean is link.ts's; nothing of a request is kept between calls.
import type { Random } from '@sealchart/crypto'
import { type ErrorCode, errorAnswer, type RequestParts, type SignatureHeaders, unpack } from '@sealchart/protocol'
import { ClientError, hasCode, RelayRefusal, throwIfAborted } from './errors.js'
import { createRoom, type Exchange, type Sending } from './exchange.js'
import type { OpenFlow } from './flow.js'

/** One request; `cap` bounds its answer in bytes. A GET has an empty body. */
export interface Call {
  readonly method: 'GET' | 'POST'
  /** As `new URL(url).href` writes it. */
  readonly url: string
  readonly body: Uint8Array<ArrayBuffer>
  readonly cap: number
  readonly signed: boolean
  /** For a caller who tries again by himself. */
  readonly once?: boolean
}

export interface Caller {
  /** The answer's body. @throws RelayRefusal, ClientError OFFLINE, BUSY, RATE, RELAY, ABORTED */
  send(call: Call, signal: AbortSignal | undefined): Promise<Uint8Array<ArrayBuffer>>
  /**
   * The body of an answer that goes on, as it comes; asked for once, whatever happens. @throws as `send`, and so does whoever reads on.
   */
  open(call: Call, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>
  /** Requests sent so far. */
  sent(): number
}

/** Waits; ends early, without an error, when the signal is aborted. */
export type Wait = (ms: number, signal?: AbortSignal) => Promise<void>

export interface CallerOptions {
  readonly exchange: Exchange
  readonly flow: OpenFlow
  readonly sign: ((request: RequestParts) => Promise<SignatureHeaders>) | null
  readonly random: Random
  readonly retries?: number
  readonly wait?: Wait
}

const RETRIES = 4
const PAUSES: Pauses = { first: 250, longest: 8_000 }
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
      const { method, url, body, cap } = call
      const capOf = (status: number): number => (isDone(status) ? cap : REFUSAL)
      const outcome = await attempt(options.exchange, { method, url, headers, body, capOf }, signal)
      if ('bytes' in outcome) return outcome.bytes
      if (call.once || failures >= retries || !hasCode(outcome.error, 'OFFLINE', 'BUSY', 'RATE')) throw outcome.error
      await wait(Math.max(growing(failures, random, PAUSES), Math.min(outcome.asked, LONGEST_ASKED)), signal)
    }
  }
  async function open(call: Call, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const headers = await headersOf(call, options.sign)
    sent++
    const { method, url, body } = call
    const { status, pieces } = await options.flow({ method, url, headers, body }, signal).catch(notReached)
    if (status === 200) return inWords(pieces)
    const room = createRoom(null, REFUSAL)
    for await (const piece of inWords(pieces)) room.add(piece)
    throw refusal(status, room.bytes())
  }
  return { send, open, sent: () => sent }
}

/** Doubling pauses in ms, each shortened by up to a half at random, so that many clients of a relay that restarts do not come at once. */
export function growing(failures: number, random: Random, { first, longest }: Pauses): number {
  const [byte = 0] = random(1)
  return Math.min(first * 2 ** failures, longest) * (1 - byte / 510)
}

/** ms of the first pause, and of the longest. */
export interface Pauses {
  readonly first: number
  readonly longest: number
}

/** Fresh for every try: a signature is valid for minutes only. */
async function headersOf(
  { method, url, body, signed }: Call,
  sign: CallerOptions['sign'],
): Promise<Readonly<Record<string, string>>> {
  if (!signed) return {}
  if (!sign) throw new ClientError('USAGE', 'this call needs a device that signs it')
  return { ...(await sign({ method, url, body })) }
}

type Outcome = { readonly bytes: Uint8Array<ArrayBuffer> } | { readonly error: ClientError; readonly asked: number }

const isDone = (status: number): boolean => status === 200 || status === 201 || status === 204

async function attempt(exchange: Exchange, sending: Sending, signal: AbortSignal | undefined): Promise<Outcome> {
  try {
    const { status, retryAfter, bytes } = await exchange(sending, signal)
    if (isDone(status)) return { bytes }
    return { error: refusal(status, bytes), asked: askedPause(retryAfter) }
  } catch (cause) {
    return { error: offline(cause), asked: 0 }
  }
}

/** What a platform says about a failed connection differs and helps nobody; it stays as the cause. */
const offline = (cause: unknown): ClientError =>
  hasCode(cause, 'ABORTED', 'RELAY')
    ? (cause as ClientError)
    : new ClientError('OFFLINE', 'the relay was not reached', { cause })

function notReached(cause: unknown): never {
  throw offline(cause)
}

async function* inWords(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* pieces
  } catch (cause) {
    throw offline(cause)
  }
}

const askedPause = (seconds: string | null): number => (/^\d{1,6}$/.test(seconds ?? '') ? Number(seconds) * 1000 : 0)

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
