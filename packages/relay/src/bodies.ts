// Bodies of requests, counted while they stream. Spec: docs/spec/relay.md, "Requests" and "Limits".
import type { IncomingMessage, ServerResponse } from 'node:http'
import { concat } from '@sealchart/protocol'
import type { Context } from 'hono'
import { RelayError } from './errors.js'
import type { Intake } from './intake.js'

/** What the Node server adds to a request: the raw streams under it. */
export interface Env {
  Bindings: { readonly incoming?: IncomingMessage; readonly outgoing?: ServerResponse }
}

export type Request = Context<Env>

/** @throws RelayError BUSY; TOO_LARGE beyond `most` bytes, whatever length was declared; the rest is not read. */
export const readBody = async (c: Request, most: number, intake: Intake): Promise<Uint8Array<ArrayBuffer>> =>
  concat(...(await readPieces(c, most, { intake, see: () => {} })))

/**
 * A body in pieces, each shown to `see` as it comes: nobody else waits while megabytes are copied or hashed.
 * @throws as `readBody`.
 */
export async function readPieces(
  c: Request,
  most: number,
  { intake, see }: { readonly intake: Intake; readonly see: (piece: Uint8Array) => void },
): Promise<readonly Uint8Array[]> {
  const body = gathered()
  let length = 0
  const take = (piece: Uint8Array): void => {
    length += piece.length
    if (length > most) throw new RelayError('TOO_LARGE', 'the body is longer than its limit')
    intake.take(c, piece.length)
    see(piece)
    body.add(piece)
  }
  const incoming = c.env?.incoming
  if (incoming) await readIncoming(incoming, take)
  else for await (const piece of webStream(c.req.raw.body)) take(piece)
  return body.end()
}

/** Bytes of a piece that is kept as it came. */
const LARGE = 16 * 1024

/** Keeps what comes in pieces; small ones are copied together, so that a body sent byte by byte takes no more memory than another. */
function gathered(): { add(piece: Uint8Array): void; end(): readonly Uint8Array[] } {
  const pieces: Uint8Array[] = []
  let block = new Uint8Array()
  let used = 0
  const close = (): void => {
    if (used > 0) pieces.push(block.subarray(0, used))
    block = new Uint8Array()
    used = 0
  }
  const copy = (piece: Uint8Array): void => {
    for (let at = 0; at < piece.length; ) {
      if (used === block.length) {
        close()
        block = new Uint8Array(LARGE)
      }
      const part = piece.subarray(at, at + block.length - used)
      block.set(part, used)
      used += part.length
      at += part.length
    }
  }
  return {
    add(piece) {
      // The first is often all.
      if (piece.length < LARGE && pieces.length + used > 0) return copy(piece)
      close()
      pieces.push(piece)
    },
    end() {
      close()
      return pieces
    },
  }
}

/**
 * Node's own stream, by its events: through the web stream a body takes twice the time, and an iterator costs a small one as much as its
 * signature's decoding. Left open when `take` refuses a chunk: the refusal goes out through the same socket.
 */
function readIncoming(incoming: IncomingMessage, take: (chunk: Uint8Array) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void): void => {
      incoming.off('data', onData).off('end', onEnd).off('error', onLost).off('close', onLost)
      settle()
    }
    const onData = (chunk: Uint8Array): void => {
      try {
        take(chunk)
      } catch (error) {
        incoming.pause()
        end(() => reject(error))
      }
    }
    const onEnd = (): void => end(resolve)
    const onLost = (): void => end(() => reject(new RelayError('DECODE_TRUNCATED', 'the body ended early')))
    // Nobody says again that a connection is gone.
    if (incoming.destroyed) return onLost()
    incoming.on('data', onData).on('end', onEnd).on('error', onLost).on('close', onLost)
  })
}

/** Calls `act` if the client goes away before its answer; returns what forgets it. */
export function onGone(c: Request, act: () => void): () => void {
  const outgoing = c.env?.outgoing
  if (outgoing) {
    if (outgoing.destroyed) act()
    outgoing.once('close', act)
    return () => void outgoing.off('close', act)
  }
  const { signal } = c.req.raw
  if (signal.aborted) act()
  signal.addEventListener('abort', act)
  return () => signal.removeEventListener('abort', act)
}

async function* webStream(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  if (body === null) return
  const reader = body.getReader()
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value
  } finally {
    // What is not read any more is not waited for either.
    await reader.cancel().catch(() => {})
  }
}
