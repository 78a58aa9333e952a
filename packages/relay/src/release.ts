// Gives the memory of large bodies back at once. A collector sees a megabyte as a small object: it lets dozens wait, and then looks
// through everything that lives because so much lies outside its heap. Nothing here is needed for correctness.
import type { Request } from './bodies.js'

/** Shorter ones are not worth the call, and may lie in memory that is shared with others. */
const LEAST = 256 * 1024

let port: MessagePort | null = null

/** Drops the memory of bytes that are nobody's any more; they are empty afterwards. Views into larger memory are left alone. */
export function release({ buffer, byteLength }: Uint8Array): void {
  if (byteLength < LEAST || !(buffer instanceof ArrayBuffer) || buffer.byteLength !== byteLength) return
  port ??= openClosedPort()
  port.postMessage(null, [buffer])
}

/** A port whose other end is closed: what is moved into a message to it is freed with the message. */
function openClosedPort(): MessagePort {
  const { port1, port2 } = new MessageChannel()
  port2.close()
  return port1
}

/** Releases the bytes of an answer once they are sent, or its connection is gone: nothing writes from them any more. */
export function releaseOnceSent(c: Request, bytes: Uint8Array): void {
  c.env?.outgoing?.once('close', () => release(bytes))
}
