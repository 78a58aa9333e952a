// What the cipher of browsers does in a way of its own: it gathers the parts of a hash in memory that the next call
// writes over.
import { sha256 } from '@noble/hashes/sha2.js'
import { expect, test } from 'vitest'
import { cipher } from '../src/cipher-web.js'
import { filled } from './support.js'

const MiB = 2 ** 20

test('hashes that are asked for at once do not get into each other’s parts', async () => {
  const lengths = [0, 1, 20, 100_000, MiB - 20, MiB - 19, MiB, 3 * MiB]
  const inputs = lengths.map((length, i) => [filled(i, 20), filled(i + 1, length)])
  const digests = await Promise.all(inputs.map(async (parts) => cipher.sha256(parts)))
  for (const [i, parts] of inputs.entries()) {
    const expected = sha256.create()
    for (const part of parts) expected.update(part)
    expect(digests[i], `${lengths[i]}`).toEqual(expected.digest())
  }
})

test('parts may be changed as soon as a hash was asked for', async () => {
  const parts = [filled(1, 20), filled(2, 1000)]
  const expected = await cipher.sha256(parts)
  const asked = cipher.sha256(parts)
  for (const part of parts) part.fill(0)
  expect(await asked).toEqual(expected)
})
