import fc from 'fast-check'
import { expect, test } from 'vitest'
import { effort } from '../../../scripts/effort.mjs'
import { checkPaddedLength, checkPadding, paddedLength } from '../src/padme.js'
import { expectCode, notBytes } from './support.js'

/** Padmé on the binary digits of a length: keep the first 1 + ⌊log2⌊log2 L⌋⌋ + 1 digits, round the rest up. */
function reference(length: number): number {
  if (length < 2) return length
  const exponent = length.toString(2).length - 1
  const kept = exponent.toString(2).length
  const step = 1n << BigInt(Math.max(0, exponent - kept))
  return Number(((BigInt(length) + step - 1n) / step) * step)
}

test.each([
  [0, 0],
  [1, 1],
  [2, 2],
  [8, 8],
  [9, 10],
  [99, 104],
  [1000, 1024],
  [1024, 1024],
  [1025, 1088],
  [65_536, 65_536],
  [65_537, 67_584],
  [1_000_000, 1_015_808],
  [2 ** 32, 2 ** 32],
  [2 ** 32 + 1, 2 ** 32 + 2 ** 26],
  [2 ** 52, 2 ** 52],
])('%i bytes become %i', (length, padded) => {
  expect(reference(length)).toBe(padded)
  expect(paddedLength(length)).toBe(padded)
})

test('every length up to 5,000, and those around every power of two', () => {
  for (let length = 0; length <= 5000; length++) expect(paddedLength(length)).toBe(reference(length))
  for (let exponent = 12; exponent < 52; exponent++) {
    for (const offset of [-1, 0, 1]) {
      const length = 2 ** exponent + offset
      expect(paddedLength(length), `${length}`).toBe(reference(length))
    }
  }
})

test('never shorter, at most 12 % longer, padded only once, and in order', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 2 ** 51 }), fc.integer({ min: 0, max: 2 ** 20 }), (length, more) => {
      const padded = paddedLength(length)
      expect(padded).toBe(reference(length))
      expect(padded).toBeGreaterThanOrEqual(length)
      expect(padded).toBeLessThanOrEqual(length * 1.12)
      expect(paddedLength(padded)).toBe(padded)
      expect(paddedLength(length + more)).toBeGreaterThanOrEqual(padded)
    }),
    { numRuns: effort(300) },
  )
})

test('lengths that are none', async () => {
  for (const length of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 52 + 1, '9', null, 9n]) {
    await expectCode('USAGE', () => paddedLength(length as number), String(length))
  }
})

test('a padded length is accepted only for its own lengths', async () => {
  checkPaddedLength(0, 0)
  checkPaddedLength(1025, 1088)
  checkPaddedLength(1088, 1088)
  for (const [length, padded] of [
    [1025, 1087],
    [1025, 1089],
    [1025, 1152],
    [1089, 1088],
    [1024, 1088],
    [1025, 1025],
    [-1, 0],
    [0.5, 1],
    [2 ** 52 + 1, 2 ** 53],
  ] as const) {
    await expectCode('PADDING', () => checkPaddedLength(length, padded), `${length}, ${padded}`)
  }
})

test('padding is zero', async () => {
  checkPadding(new Uint8Array())
  checkPadding(new Uint8Array(1000))
  for (const at of [0, 500, 999]) {
    const padding = new Uint8Array(1000)
    padding[at] = 1
    await expectCode('PADDING', () => checkPadding(padding), `byte ${at}`)
  }
  for (const [what, value] of notBytes) await expectCode('USAGE', () => checkPadding(value as Uint8Array), what)
})

test('the longest length has a padded one, and it is checked like any other', async () => {
  checkPaddedLength(2 ** 52, 2 ** 52)
  await expectCode('PADDING', () => checkPaddedLength(2 ** 52, 2 ** 52 - 1))
})
