// The platform's ciphers on node:crypto. Synchronous inside, so that a segment costs no thread hop and simulation stays in order.
// Spec: docs/spec/sealing.md. cipher-web.ts gives the same bytes in browsers. OpenSSL does the work; this file only avoids copies.
import { createCipheriv, createDecipheriv, createHash, createHmac } from 'node:crypto'
import type { Aead, Cipher, Nonce, Sealed } from './cipher.js'

const ALGORITHM = 'aes-256-gcm'
const TAG = { authTagLength: 16 }
/** Small enough to be compared while it is still in the processor's cache. */
const CHECKED_AT_ONCE = 65_536

/** A Node Buffer as the plain class, over the same memory. These buffers come from OpenSSL's own allocations, not Node's pool. */
const plain = (buffer: Buffer): Uint8Array => new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length)

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
      for (let at = 0; at < body.length; at += CHECKED_AT_ONCE) {
        const opened = gcm.update(body.subarray(at, at + CHECKED_AT_ONCE))
        if (Buffer.compare(opened, plaintext.subarray(at, at + CHECKED_AT_ONCE)) !== 0) return false
      }
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
