// The platform's ciphers on WebCrypto, for browsers and other runtimes; HMAC of small inputs by @noble/hashes, which
// needs no promise. Spec: docs/spec/sealing.md. Same bytes as cipher-node.ts. Keys are imported as not extractable, for
// AES-GCM only.
import { hmac } from '@noble/hashes/hmac.js'
import { sha256, sha384 } from '@noble/hashes/sha2.js'
import { concat, equal } from '@sealchart/protocol'
import type { Aead, Cipher, Nonce, Sealed } from './cipher.js'

/** WebCrypto's types exclude memory shared between threads; a view of such memory is refused by WebCrypto itself. */
const source = (bytes: Uint8Array): BufferSource => bytes as Uint8Array<ArrayBuffer>

const algorithm = ({ iv, aad }: Nonce): AesGcmParams => ({
  name: 'AES-GCM',
  iv: source(iv),
  additionalData: source(aad),
  tagLength: 128,
})

/**
 * WebCrypto wants ciphertext and tag in one piece: a view where they lie side by side already, which is the usual case.
 */
function joined({ body, tag }: Sealed): Uint8Array {
  const adjacent = body.buffer === tag.buffer && body.byteOffset + body.length === tag.byteOffset
  return adjacent ? new Uint8Array(body.buffer, body.byteOffset, body.length + tag.length) : concat(body, tag)
}

/** What is hashed in pieces is gathered here: a segment of a file, which is ciphertext, or less. */
const gathered = new Uint8Array(2 ** 20)

/**
 * The parts in one piece, good until the next call. WebCrypto has no hash of several parts, but it copies its input
 * before `digest` returns (Web Cryptography API, "digest"): so the next call may write over it, and a fresh megabyte a
 * segment is spared.
 */
function gather(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts
  if (only !== undefined && parts.length === 1) return only
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  if (length > gathered.length) return concat(...parts)
  let at = 0
  for (const part of parts) {
    gathered.set(part, at)
    at += part.length
  }
  return gathered.subarray(0, length)
}

async function aead(raw: Uint8Array): Promise<Aead> {
  const { subtle } = globalThis.crypto
  const key = await subtle.importKey('raw', source(raw), 'AES-GCM', false, ['encrypt', 'decrypt'])
  const open = async (nonce: Nonce, sealed: Sealed): Promise<Uint8Array | null> => {
    try {
      return new Uint8Array(await subtle.decrypt(algorithm(nonce), key, source(joined(sealed))))
    } catch {
      return null
    }
  }
  return {
    async seal(nonce, plaintext) {
      const bytes = new Uint8Array(await subtle.encrypt(algorithm(nonce), key, source(plaintext)))
      return { body: bytes.subarray(0, plaintext.length), tag: bytes.subarray(plaintext.length) }
    },
    open,
    async check(nonce, sealed, plaintext) {
      const opened = await open(nonce, sealed)
      return opened !== null && equal(opened, plaintext)
    },
  }
}

export const cipher: Cipher = {
  aead,
  async sha256(parts) {
    return new Uint8Array(await globalThis.crypto.subtle.digest('SHA-256', source(gather(parts))))
  },
  hmac(hash, key, parts) {
    const mac = hmac.create(hash === 'sha256' ? sha256 : sha384, key)
    for (const part of parts) mac.update(part)
    return mac.digest()
  },
}
