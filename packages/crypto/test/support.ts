// What the tests of this package share: error codes, counted randomness, and edits of byte strings.
import { expect } from 'vitest'
import { CryptoError } from '../src/errors.js'
import type { Random } from '../src/index.js'

/** The code of the CryptoError that an action ends in, or 'accepted'. Any other error is the test's failure. */
export async function codeOf(action: () => unknown): Promise<string> {
  try {
    await action()
    return 'accepted'
  } catch (error) {
    if (error instanceof CryptoError) return error.code
    throw error
  }
}

export const expectCode = async (code: string, action: () => unknown, what = ''): Promise<void> =>
  expect(await codeOf(action), what).toBe(code)

/** `length` bytes that differ from those of every other seed. */
export const filled = (seed: number, length = 32): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length }, (_, i) => (seed * 31 + i * 7 + (i >> 8)) & 0xff)

/** Bytes that never repeat within one source: every draw begins with the number of the draw. */
export function counted(seed = 1): Random {
  let draws = 0
  return (length) => {
    const bytes = filled(seed, length)
    new DataView(bytes.buffer).setUint32(0, ++draws)
    return bytes
  }
}

/** A source that answers with the given values, in order. */
export function scripted(values: readonly Uint8Array[]): Random {
  const left = [...values]
  return () => {
    const next = left.shift()
    if (next === undefined) throw new Error('the script of random bytes has ended')
    return next
  }
}

export function flip(bytes: Uint8Array, bit: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(bytes)
  out[bit >> 3] = (out[bit >> 3] as number) ^ (1 << (bit & 7))
  return out
}

/** What is no Uint8Array, though some libraries would take it for one. */
export const notBytes: readonly (readonly [string, unknown])[] = [
  ['undefined', undefined],
  ['null', null],
  ['number', 32],
  ['string of that length', 'x'.repeat(32)],
  ['hex', '00'.repeat(32)],
  ['array', Array.from({ length: 32 }, () => 0)],
  ['ArrayBuffer', new ArrayBuffer(32)],
  ['DataView', new DataView(new ArrayBuffer(32))],
  ['Uint16Array', new Uint16Array(16)],
  ['object', { length: 32 }],
]

export const permutations = <T>(items: readonly T[]): T[][] =>
  items.length === 0
    ? [[]]
    : items.flatMap((item, i) => permutations(items.toSpliced(i, 1)).map((rest) => [item, ...rest]))
