// The self-test of an installation: it holds here, and says what does not hold where something is wrong.
import { afterEach, expect, test, vi } from 'vitest'
import { cipher } from '#cipher'
import { selftest } from '../src/selftest.js'

afterEach(() => vi.restoreAllMocks())

const failed = async (): Promise<string[]> => (await selftest()).filter(({ passed }) => !passed).map(({ name }) => name)

test('everything holds, and each construction has its case', async () => {
  const results = await selftest()
  expect(results.filter(({ passed }) => !passed)).toEqual([])
  expect(results.length).toBeGreaterThanOrEqual(9)
})

test('a cipher that computes something else is found', async () => {
  const { hmac } = cipher
  vi.spyOn(cipher, 'hmac').mockImplementation((hash, key, parts) => hmac(hash, key, [...parts, Uint8Array.of(0)]))
  expect(await failed()).toEqual(['FLOE', 'HPKE with X-Wing'])
})

test('a cipher that fails is a failed case, not an error', async () => {
  vi.spyOn(cipher, 'aead').mockImplementation(() => {
    throw new Error('no such cipher')
  })
  expect(await failed()).toEqual(['FLOE'])
})
