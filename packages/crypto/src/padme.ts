// Padmé: rounds a length up so that it tells an observer little, at a cost of at most 12 %.
// Source: "Reducing Metadata Leakage from Encrypted Files and Communication with PURBs" (PoPETs 2019), algorithm 1.
// Spec: docs/spec/sealing.md, "Padmé". Padding is zero bytes at the end of a file's plaintext, and a reader checks it.
import { requireBytes } from './check.js'
import { CryptoError } from './errors.js'

/**
 * The padded length in bytes of `length` bytes: only the highest ⌊log2⌊log2 length⌋⌋ + 1 bits after the first may be other than zero.
 * @throws CryptoError USAGE unless `length` is an integer from 0 to 2^52.
 */
export function paddedLength(length: number): number {
  if (!Number.isSafeInteger(length) || length < 0 || length > 2 ** 52) {
    throw new CryptoError('USAGE', 'length must be an integer from 0 to 2^52')
  }
  if (length < 2) return length
  const exponent = floorLog2(length)
  // Arithmetic, not bit operations: lengths go beyond 32 bits.
  const step = 2 ** (exponent - (floorLog2(exponent) + 1))
  return step < 1 ? length : Math.ceil(length / step) * step
}

/** ⌊log2 n⌋ by counting, because Math.log2 rounds just below a power of two. */
function floorLog2(n: number): number {
  let exponent = 0
  while (2 ** (exponent + 1) <= n) exponent++
  return exponent
}

/**
 * Checks that `padded` is the one padded length of `length`: any other would let an author mark a file by its size.
 * @throws CryptoError PADDING
 */
export function checkPaddedLength(length: number, padded: number): void {
  if (!Number.isSafeInteger(length) || length < 0 || length > 2 ** 52 || paddedLength(length) !== padded) {
    throw new CryptoError('PADDING', 'the padded length is not the one that the true length gives')
  }
}

/** Checks that opened padding is zero: bytes there would be content that no viewer shows. @throws CryptoError PADDING */
export function checkPadding(padding: Uint8Array): void {
  requireBytes(padding, 'padding')
  if (padding.some((byte) => byte !== 0)) throw new CryptoError('PADDING', 'the padding is not zero')
}
