// The test vectors, as the packages of this repository read them: each whole, and each positive one with one bit changed.
// What they are, and how they are made, says test-vectors/README.md. The second reader reads the same files: scripts/check-reader.mjs.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { withOneBit } from '../../../test-vectors/operations/bits.mjs'
import { areasIn, vectorsIn } from '../../../test-vectors/operations/files.mjs'
import { operations, verdict } from '../../../test-vectors/operations/index.mjs'

const folder = fileURLToPath(new URL('../../../test-vectors', import.meta.url))
const vectors = vectorsIn(folder)
const positive = vectors.filter(({ vector }) => vector.output !== undefined)
const changed = positive.flatMap(({ path, vector }) => {
  const other = withOneBit(vector, path)
  return other ? [{ path, other }] : []
})

test('there are as many as were written down, and more than half are refused', () => {
  const sums = readFileSync(join(folder, 'SHA256SUMS'), 'utf8').trim().split('\n')
  expect(vectors.length).toBe(sums.filter((line) => line.includes('/')).length)
  expect(vectors.length).toBeGreaterThanOrEqual(400)
  expect(positive.length).toBeLessThan(0.4 * vectors.length)
})

test('every operation has vectors of both kinds, unless it cannot be refused', () => {
  const refused = new Set(vectors.filter(({ vector }) => vector.expect).map(({ vector }) => vector.operation))
  const accepted = new Set(positive.map(({ vector }) => vector.operation))
  const total = new Set(['log/slot', 'log/root', 'entries/chain-id', 'entries/access-log', 'hpke/key'])
  for (const operation of Object.keys(operations)) {
    expect(accepted, operation).toContain(operation)
    if (!total.has(operation)) expect(refused, operation).toContain(operation)
  }
})

describe.each(areasIn(folder))('%s', (area) => {
  const here = ({ path }: { readonly path: string }) => path.startsWith(`${area}/`)

  test.each(vectors.filter(here))('$path', async ({ vector }) => {
    const { output, expect: code } = vector
    expect(await verdict(vector)).toEqual(code === undefined ? { output } : { expect: code })
  })

  test.each(changed.filter(here))('$path, one bit changed', async ({ other }) => {
    expect(await verdict(other)).not.toEqual({ output: other.output })
  })
})
