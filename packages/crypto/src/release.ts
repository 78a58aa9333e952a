// Gives memory back at once: what a pool has sealed, once it is sent, and segments, once they are opened. A collector sees a megabyte
// of content as a small object and may let dozens of them wait; and a worker gets memory sooner that another thread has given back.
// Nothing here is needed for correctness: what is not released is collected later.

import { CryptoError } from './errors.js'

/** Shorter ones are not worth the call, and may lie in memory that is shared with others. */
const LEAST = 256 * 1024

let port: MessagePort | null = null

/** Drops the memory of bytes that are nobody's any more; they are empty afterwards. Views into larger memory are left alone. @throws CryptoError USAGE */
export function release(bytes: Uint8Array): void {
  // Given back twice is given back.
  if (!ArrayBuffer.isView(bytes)) throw new CryptoError('USAGE', 'only bytes can be given back')
  const { buffer, byteLength } = bytes
  if (byteLength < LEAST || !(buffer instanceof ArrayBuffer) || buffer.byteLength !== byteLength) return
  port ??= openClosedPort()
  try {
    port.postMessage(null, [buffer])
  } catch {
    // Memory that may not be moved stays.
  }
}

/** A port whose other end is closed: what is moved into a message to it is freed with the message. */
function openClosedPort(): MessagePort {
  const { port1, port2 } = new MessageChannel()
  port2.close()
  return port1
}
