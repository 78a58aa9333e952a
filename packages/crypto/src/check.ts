// Checks of arguments that come from the caller's own code, so that a mistake ends in USAGE before any key is touched.
// What comes from outside is not checked here: it fails as UNAUTHENTIC where it is opened.
import { CryptoError } from './errors.js'

/** Source of cryptographic randomness: `length` fresh bytes at every call. An argument, so that tests and simulation decide. */
export type Random = (length: number) => Uint8Array

/** @throws CryptoError USAGE unless `value` is a Uint8Array, of exactly `length` bytes where a length is given. */
export function requireBytes(value: unknown, name: string, length?: number): void {
  if (!(value instanceof Uint8Array)) throw new CryptoError('USAGE', `${name} must be a Uint8Array`)
  if (length !== undefined && value.length !== length) {
    throw new CryptoError('USAGE', `${name} must be ${length} bytes long`)
  }
}

/** `length` bytes from `random`. A source that answers too little would silently repeat nonces, so its answer is measured. */
export function draw(random: Random, length: number): Uint8Array {
  if (typeof random !== 'function') throw new CryptoError('USAGE', 'random must be a function')
  const bytes = random(length)
  requireBytes(bytes, 'the answer of random', length)
  return bytes
}

/** The platform's generator (WebCrypto, also in Node). At most 65,536 bytes a call. */
export const systemRandom: Random = (length) => globalThis.crypto.getRandomValues(new Uint8Array(length))
