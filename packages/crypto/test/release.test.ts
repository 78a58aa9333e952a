// Memory that is given back: whole buffers that are large, nothing else.
import { expect, test } from 'vitest'
import { release } from '../src/release.js'

const LARGE = 256 * 1024

test('bytes that fill their memory are empty afterwards', () => {
  const bytes = new Uint8Array(LARGE)
  release(bytes)
  expect(bytes.length).toBe(0)
  // Again is no harm.
  release(bytes)
})

/** By way of WebAssembly: a page that is not isolated from others has no SharedArrayBuffer to construct. */
const shared = new WebAssembly.Memory({ initial: 4, maximum: 4, shared: true })

test.each([
  ['short ones', new Uint8Array(LARGE - 1)],
  ['a view into larger memory', new Uint8Array(LARGE + 1).subarray(1)],
  ['memory that threads share', new Uint8Array(shared.buffer)],
  ['memory that may not be moved', new Uint8Array(new WebAssembly.Memory({ initial: 4 }).buffer)],
])('%s stay', (_what, bytes) => {
  const { length } = bytes
  release(bytes)
  expect(bytes.length).toBe(length)
})
