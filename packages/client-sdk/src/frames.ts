// The frames of a stream of notices: four bytes of length, big-endian, then `inboxFrame`. Spec: docs/spec/relay.md, "The stream".
// Whether a frame fits to the one before, and whether what it announces is true, is decided in feed.ts and inbox.ts.
import { concat, type Infer, inboxFrame, unpack } from '@sealchart/protocol'
import { ClientError } from './errors.js'

export type InboxFrame = Infer<typeof inboxFrame>

const LENGTH_FIELD = 4
/** Bytes of a frame after its length; two hundred notices take about nine thousand. */
const MOST = 16_384

/** @throws ClientError RELAY for what is no frame, OFFLINE for an end inside one. */
export async function* framesIn(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<InboxFrame> {
  let held = new Uint8Array()
  for await (const piece of pieces) {
    held = concat(held, piece)
    for (
      let length = lengthIn(held);
      length !== null && held.length >= LENGTH_FIELD + length;
      length = lengthIn(held)
    ) {
      const end = LENGTH_FIELD + length
      const frame = frameOf(held.subarray(LENGTH_FIELD, end))
      held = held.slice(end)
      yield frame
    }
  }
  if (held.length > 0) throw new ClientError('OFFLINE', 'the stream ended inside a frame')
}

/** The length that these bytes begin with; null until all of it is there. */
function lengthIn(held: Uint8Array): number | null {
  if (held.length < LENGTH_FIELD) return null
  const length = new DataView(held.buffer, held.byteOffset).getUint32(0)
  if (length === 0 || length > MOST) throw new ClientError('RELAY', 'a frame of the stream has no length of one')
  return length
}

function frameOf(bytes: Uint8Array): InboxFrame {
  try {
    return unpack(inboxFrame, bytes, 'frame', { bytes: MOST })
  } catch (cause) {
    throw new ClientError('RELAY', 'a frame of the stream is not in its form', { cause })
  }
}
