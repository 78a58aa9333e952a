// Pieces: a file's plaintext as its segments take it, padded with zeros at the end. Spec: docs/spec/sealing.md, "Padmé".
// Every piece but the last is exactly full. How much is read ahead is the caller's business; nothing is sealed here.
import { FILE, type Source as PoolSource, paddedLength, payloadLength, segmentCount } from '@sealchart/crypto'
import { limits } from '@sealchart/protocol'
import { abortable, ClientError, throwIfAborted } from './errors.js'
import type { AnywhereSource, OnceSource } from './source.js'

/** The plaintext of one segment. */
export interface Piece {
  readonly position: number
  readonly final: boolean
  /** Bytes, padding counted. */
  readonly size: number
  load(): Promise<Uint8Array>
  /** Where a worker finds it by itself, or null. */
  readonly range: (PoolSource & { readonly path: string }) | null
}

/** Plaintext bytes of every segment but the last. */
export const PIECE: number = payloadLength(FILE)

/** Padded length and number of segments. @throws ClientError LIMIT above 65,536 segments */
export function measure(length: number): { padded: number; segments: number } {
  const padded = paddedLength(length)
  const segments = segmentCount(padded, FILE)
  if (segments > limits.segmentsPerFile) throw new ClientError('LIMIT', 'a file has at most 64 GiB')
  return { padded, segments }
}

/** One piece of a source that can be read anywhere. */
export function pieceAt(source: AnywhereSource, position: number): Piece {
  const { padded, segments } = measure(source.length)
  const from = position * PIECE
  const size = Math.min(PIECE, padded - from)
  const offset = Math.min(from, source.length)
  const length = Math.min(from + size, source.length) - offset
  return {
    position,
    final: position === segments - 1,
    size,
    load: async () => withPadding(length === 0 ? new Uint8Array() : await source.read(offset, length), length, size),
    range: source.location === null ? null : { path: source.location, offset, length, size },
  }
}

function withPadding(content: Uint8Array, length: number, size: number): Uint8Array {
  // Zeros in the place of what is missing would be sealed as content and pass unnoticed.
  if (content.length !== length) throw new ClientError('SOURCE_CHANGED', 'a source does not give what it said')
  if (length === size) return content
  const padded = new Uint8Array(size)
  padded.set(content)
  return padded
}

/** The pieces of a stream, and its true length at the end. @throws ClientError SOURCE_CHANGED, USAGE, LIMIT, ABORTED */
export async function* piecesOf(
  source: OnceSource,
  signal: AbortSignal | undefined,
): AsyncGenerator<Piece, number, undefined> {
  let room = new Uint8Array(PIECE)
  let filled = 0
  let position = 0
  for await (const chunk of chunksOf(source, signal)) {
    for (let at = 0; at < chunk.length; ) {
      if (filled === PIECE) {
        yield ofBytes(room, position++, false)
        room = new Uint8Array(PIECE)
        filled = 0
        measure(position * PIECE)
      }
      const count = Math.min(PIECE - filled, chunk.length - at)
      room.set(chunk.subarray(at, at + count), filled)
      filled += count
      at += count
    }
  }
  const length = position * PIECE + filled
  if (source.length !== null && source.length !== length) {
    throw new ClientError('SOURCE_CHANGED', 'a stream has another length than was said')
  }
  const { padded, segments } = measure(length)
  for (; position < segments; position++) {
    yield ofBytes(room.subarray(0, Math.min(PIECE, padded - position * PIECE)), position, position === segments - 1)
    room = new Uint8Array(PIECE)
  }
  return length
}

const ofBytes = (bytes: Uint8Array, position: number, final: boolean): Piece => ({
  position,
  final,
  size: bytes.length,
  load: async () => bytes,
  range: null,
})

/** A stream's chunks; let go of as soon as nobody takes them any more. */
async function* chunksOf(source: OnceSource, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  throwIfAborted(signal)
  const reader = open(source)
  try {
    for (;;) {
      const { done, value } = await abortable(reader.read().catch(failed), signal)
      if (done) return
      if (!(value instanceof Uint8Array)) throw new ClientError('USAGE', 'a stream of a file gives Uint8Arrays')
      yield value
    }
  } finally {
    reader.cancel().catch(() => undefined)
  }
}

const failed = (cause: unknown): never => {
  throw new ClientError('SOURCE_CHANGED', 'a stream of a file failed', { cause })
}

function open(source: OnceSource): ReadableStreamDefaultReader<Uint8Array> {
  try {
    return source.open().getReader()
  } catch (cause) {
    throw new ClientError('USAGE', 'a stream was read already: pass a fresh one', { cause })
  }
}
