import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { sha256 as native } from '#sha256'
import { ProtocolError } from '../src/errors.js'
import { sha256 as portable } from '../src/sha256.js'

const lengths = [0, 1, 31, 32, 55, 56, 63, 64, 65, 127, 128, 1023, 1024, 1025, 5000]

test('the platform’s implementation and the portable one hash the concatenation of their arguments, below and above the gathered length', () => {
  for (const length of lengths) {
    const data = Uint8Array.from({ length }, (_, i) => (i * 31 + length) & 0xff)
    const expected = createHash('sha256').update(data).digest('hex')
    for (const cut of [0, 1, length >> 1, length]) {
      const parts = [data.subarray(0, cut), data.subarray(cut)]
      for (const sha256 of [native, portable]) {
        expect(Buffer.from(sha256(...parts)).toString('hex'), `${length} cut at ${cut}`).toBe(expected)
      }
    }
  }
})

test('a result is not touched by the next call', () => {
  const first = native(Uint8Array.of(1))
  const copy = first.slice()
  native(Uint8Array.of(2))
  expect(first).toEqual(copy)
})

test('what is not a Uint8Array is refused', () => {
  for (const wrong of ['abc', [1, 2], new ArrayBuffer(4), null, 5]) {
    for (const sha256 of [native, portable]) {
      try {
        sha256(wrong as never)
        expect.unreachable()
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError)
        expect((error as ProtocolError).code).toBe('USAGE')
      }
    }
  }
})
