// Checks of arguments that come from the caller's own code, so that a mistake ends in USAGE before any key is touched.
// What comes from outside is not checked here: it fails as UNAUTHENTIC where it is opened.
import { CryptoError } from './errors.js'

/** Source of cryptographic randomness: `length` fresh bytes at every call. An argument, so that tests and simulation decide. */
export type Random = (length: number) => Uint8Array

/**
 * A byte string that can be read and stays as it is: no proxy of one; no memory that was handed to another thread, which would look
 * empty; and no shared memory, which can change between two looks and which WebCrypto refuses.
 */
export const isBytes = (value: unknown): value is Uint8Array =>
  ArrayBuffer.isView(value) && value instanceof Uint8Array && (value.length === 0 ? isAttached : isOwned)(value.buffer)

const isOwned = (buffer: ArrayBufferLike): boolean =>
  typeof SharedArrayBuffer === 'undefined' || !(buffer instanceof SharedArrayBuffer)

function isAttached(buffer: ArrayBufferLike): boolean {
  try {
    new Uint8Array(buffer)
    return true
  } catch {
    return false
  }
}

/** @throws CryptoError USAGE unless `value` is a Uint8Array, of exactly `length` bytes where a length is given. */
export function requireBytes(value: unknown, name: string, length?: number): void {
  if (!isBytes(value)) throw new CryptoError('USAGE', `${name} must be a Uint8Array`)
  if (length !== undefined && value.length !== length) {
    throw new CryptoError('USAGE', `${name} must be ${length} bytes long`)
  }
}

/** @throws CryptoError USAGE unless `value` is a natural number up to 2^53−1. */
export function requireNatural(value: unknown, name: string): void {
  if (!Number.isSafeInteger(value) || (value as number) < 0)
    throw new CryptoError('USAGE', `${name} must be a natural number`)
}

/**
 * What `read` makes of a caller's structure. Whatever else than our own errors is thrown meanwhile (by a missing field, or one that
 * can't be read) is the caller's mistake; so nothing of the caller's may be called in there.
 * @throws CryptoError USAGE, and what `read` throws of ours.
 */
export function reading<T>(what: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    if (cause instanceof CryptoError) throw cause
    throw new CryptoError('USAGE', `${what} must have all its fields`, { cause })
  }
}

/**
 * `length` bytes from `random`. A source that answers too little would silently repeat nonces, so its answer is measured; one that
 * answers with the same memory every time would change what was drawn before, so it is copied.
 */
export function draw(random: Random, length: number): Uint8Array {
  if (typeof random !== 'function') throw new CryptoError('USAGE', 'random must be a function')
  const bytes = random(length)
  requireBytes(bytes, 'the answer of random', length)
  return new Uint8Array(bytes)
}

/** The platform's generator (WebCrypto, also in Node). At most 65,536 bytes a call. @throws CryptoError USAGE */
export const systemRandom: Random = (length) => {
  requireNatural(length, 'length')
  if (length > 65_536) throw new CryptoError('USAGE', 'at most 65,536 random bytes at a time')
  return globalThis.crypto.getRandomValues(new Uint8Array(length))
}
