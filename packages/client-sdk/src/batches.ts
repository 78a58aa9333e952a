// Several segments in one body: each with its length, four bytes, big-endian, before it. Spec: docs/spec/relay.md, "Segments".
import { limits } from '@sealchart/protocol'
import { ClientError } from './errors.js'

const LENGTH_FIELD = 4

/** Bytes that a segment of this length takes in a batch. */
export const batchedLength = (length: number): number => LENGTH_FIELD + length

/** Bytes of something in parts. */
export const partsLength = (parts: readonly Uint8Array[]): number => parts.reduce((sum, part) => sum + part.length, 0)

/** Segments, each in the parts that make it up, in one copy. @throws ClientError USAGE above the limit of a batch. */
export function joinBatch(segments: readonly (readonly Uint8Array[])[]): Uint8Array<ArrayBuffer> {
  const length = segments.reduce((sum, parts) => sum + batchedLength(partsLength(parts)), 0)
  if (length > limits.segmentBatch) throw new ClientError('USAGE', 'a batch of segments has at most 8 MiB')
  const batch = new Uint8Array(length)
  const view = new DataView(batch.buffer)
  let at = 0
  for (const parts of segments) {
    view.setUint32(at, partsLength(parts))
    at += LENGTH_FIELD
    for (const part of parts) {
      batch.set(part, at)
      at += part.length
    }
  }
  return batch
}

/** The inverse of `joinBatch`; views into the batch. @throws ClientError RELAY unless it holds exactly `count` segments. */
export function splitBatch(batch: Uint8Array<ArrayBuffer>, count: number): Uint8Array<ArrayBuffer>[] {
  const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength)
  const segments: Uint8Array<ArrayBuffer>[] = []
  let at = 0
  while (segments.length < count && at + LENGTH_FIELD <= batch.length) {
    const end = at + batchedLength(view.getUint32(at))
    if (end > batch.length) break
    segments.push(batch.subarray(at + LENGTH_FIELD, end))
    at = end
  }
  if (segments.length === count && at === batch.length) return segments
  throw new ClientError('RELAY', 'the answer does not hold the segments that were asked for')
}
