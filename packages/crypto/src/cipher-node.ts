// The platform's ciphers on node:crypto. Synchronous inside, so that a segment costs no thread hop and simulation stays in order.
// Spec: docs/spec/sealing.md. cipher-web.ts gives the same bytes in browsers. OpenSSL does the work; this file only avoids copies.
import { createCipheriv, createDecipheriv, createHash, createHmac } from 'node:crypto'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import type { Aead, Cipher, Nonce, Sealed } from './cipher.js'

const ALGORITHM = 'aes-256-gcm'
const TAG = { authTagLength: 16 }
/** Small enough to be compared while it is still in the processor's cache. */
const CHECKED_AT_ONCE = 65_536

/** A Node Buffer as the plain class, over the same memory. These buffers come from OpenSSL's own allocations, not Node's pool. */
const plain = (buffer: Buffer): Uint8Array => new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length)

let port: MessagePort | null = null

/** Frees what was only compared: the collector sees sixteen small objects a segment, and would let a hundred megabytes of them wait. */
function free(compared: readonly Buffer[]): void {
  // A buffer that shares its memory with others stays.
  const whole = compared.filter(({ buffer, byteLength }) => buffer.byteLength === byteLength)
  port ??= closedPort()
  // In one message: each costs as much as decrypting 32 KiB.
  port.postMessage(
    null,
    whole.map(({ buffer }) => buffer as ArrayBuffer),
  )
}

/** A port whose other end is closed: memory that is moved into a message to it is freed with the message. */
function closedPort(): MessagePort {
  const { port1, port2 } = new MessageChannel()
  port2.close()
  port1.unref()
  return port1
}

function aead(key: Uint8Array): Aead {
  return {
    seal({ iv, aad }: Nonce, plaintext: Uint8Array): Sealed {
      const gcm = createCipheriv(ALGORITHM, key, iv, TAG)
      gcm.setAAD(aad)
      const body = plain(gcm.update(plaintext))
      gcm.final()
      return { body, tag: plain(gcm.getAuthTag()) }
    },
    open({ iv, aad }: Nonce, { body, tag }: Sealed): Uint8Array | null {
      const gcm = createDecipheriv(ALGORITHM, key, iv, TAG)
      gcm.setAAD(aad)
      gcm.setAuthTag(tag)
      const plaintext = plain(gcm.update(body))
      try {
        gcm.final()
        return plaintext
      } catch {
        // What GCM decrypts under a wrong tag is attacker-chosen: it must not stay where a later bug could release it.
        plaintext.fill(0)
        return null
      }
    },
    check({ iv, aad }: Nonce, { body, tag }: Sealed, plaintext: Uint8Array): boolean {
      if (body.length !== plaintext.length) return false
      const gcm = createDecipheriv(ALGORITHM, key, iv, TAG)
      gcm.setAAD(aad)
      gcm.setAuthTag(tag)
      const compared: Buffer[] = []
      let same = true
      for (let at = 0; same && at < body.length; at += CHECKED_AT_ONCE) {
        const opened = gcm.update(body.subarray(at, at + CHECKED_AT_ONCE))
        same = Buffer.compare(opened, plaintext.subarray(at, at + CHECKED_AT_ONCE)) === 0
        compared.push(opened)
      }
      free(compared)
      if (!same) return false
      try {
        gcm.final()
        return true
      } catch {
        return false
      }
    },
  }
}

export const cipher: Cipher = {
  aead,
  sha256(parts) {
    const hash = createHash('sha256')
    for (const part of parts) hash.update(part)
    return new Uint8Array(hash.digest())
  },
  hmac(hash, key, parts) {
    const mac = createHmac(hash, key)
    for (const part of parts) mac.update(part)
    return new Uint8Array(mac.digest())
  },
}
