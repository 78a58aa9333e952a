// An answer while it comes: its status, then its bytes in pieces, over a transport of the caller's or by the platform (`#exchange`).
// Spec: docs/spec/relay.md, "The stream". As an exchange it neither signs nor repeats, and does not know what the bytes mean.
import { abortable, throwIfAborted } from './errors.js'
import { requestOf, type Sending } from './exchange.js'
import type { Transport } from './transport.js'

/** An answer that goes on. */
export interface Flow {
  readonly status: number
  /**
   * Its bytes as they come; an error where it is cut, none where there is no body to read. The connection is closed when the iteration ends,
   * and at once when the signal is aborted, whether or not somebody is reading.
   */
  readonly pieces: AsyncIterable<Uint8Array>
}

/** Sends, and resolves when an answer begins. @throws ClientError ABORTED; anything else: no answer came. */
export type OpenFlow = (sending: Omit<Sending, 'capOf'>, signal: AbortSignal) => Promise<Flow>

/** Flows over what a caller passes as transport, or over the platform's fetch. */
export const flowOver =
  (transport: Transport): OpenFlow =>
  async (sending, signal) => {
    throwIfAborted(signal)
    const answered = transport(requestOf(sending, signal)).then(({ status, body }) => ({
      status,
      pieces: body ? piecesOf(body, signal) : nothing(),
    }))
    return abortable(answered, signal)
  }

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** The signal is listened to from the beginning: a transport need not heed that of its request, and a body may never be read. */
function piecesOf(body: ReadableStream<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const reader = body.getReader()
  const cancel = (): void => void reader.cancel().catch(() => undefined)
  signal.addEventListener('abort', cancel, { once: true })
  if (signal.aborted) cancel()
  return read()

  async function* read(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const { done, value } = await reader.read()
        throwIfAborted(signal)
        if (done) return
        yield value
      }
    } finally {
      signal.removeEventListener('abort', cancel)
      cancel()
    }
  }
}
