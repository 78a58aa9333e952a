// What the constructions need from the platform: AES-256-GCM, SHA-256 of large inputs, HMAC of small ones.
// Two values of this interface give the same bytes: cipher-node.ts (node:crypto, synchronous) and cipher-web.ts (WebCrypto);
// package.json#imports chooses between them as `#cipher`. Nothing here decides on nonces: floe.ts does, and says why each is safe.

/** A value, or the promise of one: Node answers at once, WebCrypto later. Always `await` it; the await of a value is cheap. */
export type Awaitable<T> = T | Promise<T>

/** An AES-256-GCM ciphertext in two pieces, so that nobody has to copy it to put something before it. `tag` is 16 bytes. */
export interface Sealed {
  readonly body: Uint8Array
  readonly tag: Uint8Array
}

/** The 12-byte IV of one encryption and what it authenticates beside the plaintext. */
export interface Nonce {
  readonly iv: Uint8Array
  readonly aad: Uint8Array
}

/** AES-256-GCM (NIST SP 800-38D) under one key. The caller never repeats an IV. */
export interface Aead {
  seal(nonce: Nonce, plaintext: Uint8Array): Awaitable<Sealed>
  /** The plaintext, or null if anything about it does not fit. Nothing is released before the tag is verified. */
  open(nonce: Nonce, sealed: Sealed): Awaitable<Uint8Array | null>
  /** True if `sealed` opens to `plaintext`: what a sealer asks about its own work, without a second plaintext in memory where possible. */
  check(nonce: Nonce, sealed: Sealed, plaintext: Uint8Array): Awaitable<boolean>
}

export interface Cipher {
  /** Prepares a 32-byte key for many uses. */
  aead(key: Uint8Array): Awaitable<Aead>
  /** SHA-256 of the concatenation of the parts, which are not copied where the platform can avoid it. */
  sha256(parts: readonly Uint8Array[]): Awaitable<Uint8Array>
  /** HMAC (RFC 2104) of the concatenation of small parts; synchronous everywhere. */
  hmac(hash: 'sha256' | 'sha384', key: Uint8Array, parts: readonly Uint8Array[]): Uint8Array
}
