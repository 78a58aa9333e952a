// The test vectors, as the packages of this repository read them: each whole, and each positive one with one bit changed.
// What they are, and how they are made, says test-vectors/README.md. The second reader reads the same files: scripts/check-reader.mjs.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { operations, verdict } from '../../../test-vectors/operations/index.mjs'

interface Vector {
  readonly operation: string
  readonly spec: string
  readonly comment: string
  readonly inputs: Readonly<Record<string, unknown>>
  readonly output?: unknown
  readonly expect?: string
}

const folder = new URL('../../../test-vectors/', import.meta.url)
const areas = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !['generators', 'operations', 'reader'].includes(entry.name))
  .map(({ name }) => name)
const vectors = areas.flatMap((area) =>
  readdirSync(new URL(`${area}/`, folder)).map((name) => {
    const path = `${area}/${name}`
    return { path, vector: JSON.parse(readFileSync(new URL(path, folder), 'utf8')) as Vector }
  }),
)
/** A line of a key that was not given may hold anything. */
const passedOver = 'log/checkpoint-with-a-cosignature.json'
const positive = vectors.filter(({ vector }) => vector.output !== undefined)

test('there are as many as were written down, and more than half are refused', () => {
  const sums = readFileSync(new URL('SHA256SUMS', folder), 'utf8').trim().split('\n')
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

describe.each(areas)('%s', (area) => {
  test.each(vectors.filter(({ path }) => path.startsWith(`${area}/`)))('$path', async ({ vector }) => {
    const { output, expect: code } = vector
    expect(await verdict(vector)).toEqual(code === undefined ? { output } : { expect: code })
  })

  test.each(positive.filter(({ path }) => path.startsWith(`${area}/`) && path !== passedOver))(
    '$path, one bit changed',
    async (given) => {
      const changed = withOneBit(given.vector, given.path)
      if (changed === null) return
      expect(await verdict(changed)).not.toEqual({ output: given.vector.output })
    },
  )
})

/** Byte strings of the inputs: where each stands, as a path of keys. */
function byteStrings(value: unknown, at: readonly string[] = []): string[][] {
  if (typeof value === 'string') return /^([0-9a-f]{2})+$/.test(value) ? [[...at]] : []
  if (value === null || typeof value !== 'object') return []
  return Object.entries(value)
    .filter(([key]) => key !== 'before' && key !== 'pins')
    .flatMap(([key, inner]) => byteStrings(inner, [...at, key]))
}

/** The vector with one bit of one byte string changed, both chosen by the file's name; null where there is no byte string. */
function withOneBit(vector: Vector, name: string): Vector | null {
  const places = vector.operation === 'rules/list' ? [] : byteStrings(vector.inputs)
  if (places.length === 0) return null
  const drawn = createHash('sha256').update(name).digest()
  const place = places[drawn.readUInt32BE(0) % places.length] as string[]
  const inputs = structuredClone(vector.inputs) as Record<string, unknown>
  const holder = place.slice(0, -1).reduce<Record<string, unknown>>((inner, key) => inner[key] as never, inputs)
  const last = place.at(-1) as string
  const bytes = Buffer.from(holder[last] as string, 'hex')
  const bit = drawn.readUInt32BE(4) % (8 * bytes.length)
  bytes.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
  holder[last] = bytes.toString('hex')
  return { ...vector, inputs }
}
