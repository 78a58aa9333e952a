// What @sealchart/client-sdk throws of its own; what protocol and crypto refuse passes through as theirs. Codes: docs/errors.md.
// No message here names a secret, a plaintext or a ticket.
import { type ErrorAnswer, type ErrorCode, SealchartError } from '@sealchart/protocol'

/** Thrown by the SDK: a wrong call, a relay that is not reached or refuses, a source that changed, an abort. */
export class ClientError extends SealchartError {}

/**
 * A refusal as the relay worded it. Its code is the relay's word and proves nothing: `missed` is verified before anything of it is
 * used, and a code like FORK in a refusal is a claim, not a finding of this client.
 */
export class RelayRefusal extends ClientError {
  /** HTTP status. */
  readonly status: number
  /** With CONFLICT: entries that the asker has not seen, with their proof; not verified yet. */
  readonly missed: ErrorAnswer['missed']

  constructor(status: number, answer: ErrorAnswer) {
    const { code, message, entryTime, logTime, missed } = answer
    super(code, `the relay answers ${code}: ${JSON.stringify(message)}`, { details: { status, entryTime, logTime } })
    this.status = status
    this.missed = missed
  }
}

/** @throws ClientError ABORTED once the signal is. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new ClientError('ABORTED', 'the call was aborted', { cause: signal.reason })
}

/**
 * The promise, or ABORTED as soon as the signal says so, whether or not what it waits for listens to the signal.
 * @throws ClientError ABORTED
 */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(new ClientError('ABORTED', 'the call was aborted', { cause: signal.reason }))
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    // Settling twice is harmless, and this promise is always waited for: nothing is left unhandled.
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

/** Whether an error is a typed one of this code. */
export const hasCode = (error: unknown, ...codes: readonly ErrorCode[]): boolean =>
  error instanceof SealchartError && codes.includes(error.code)
