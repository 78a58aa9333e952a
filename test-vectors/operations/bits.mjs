// One bit changed in a positive vector. Described in ../README.md, "Bits"; the second reader chooses its bit in its own way.
import { createHash } from 'node:crypto'

/** Vectors that hold what nobody looks at: a stranger's line, the root of a tree without leaves, a proof that is not needed. */
const PASSED_OVER = [
  'log/checkpoint-with-a-cosignature.json',
  'rules/pinned-tree-of-nothing.json',
  'rules/answer-with-a-consistency-proof-that-nobody-needs.json',
]
/** Names, pins of chains that may not occur, an answer of which nothing stays, and facts that no rule asks for. */
const LEFT_ALONE = ['before', 'pins', 'refused', 'facts']

/** Byte strings of the inputs: where each stands, as a path of keys. */
function byteStrings(value, at = []) {
  if (typeof value === 'string') return /^([0-9a-f]{2})+$/.test(value) ? [at] : []
  if (value === null || typeof value !== 'object') return []
  return Object.entries(value)
    .filter(([key]) => !LEFT_ALONE.includes(key))
    .flatMap(([key, inner]) => byteStrings(inner, [...at, key]))
}

/**
 * The vector with one bit of one byte string changed, both chosen by the file's path, `<area>/<name>.json`. Null for a negative vector,
 * and where no byte string has to matter.
 */
export function withOneBit(vector, path) {
  const apart = vector.output === undefined || vector.operation === 'rules/list' || PASSED_OVER.includes(path)
  const places = apart ? [] : byteStrings(vector.inputs)
  if (places.length === 0) return null
  const drawn = createHash('sha256').update(path).digest()
  const place = places[drawn.readUInt32BE(0) % places.length]
  const inputs = structuredClone(vector.inputs)
  const holder = place.slice(0, -1).reduce((inner, key) => inner[key], inputs)
  const last = place.at(-1)
  const bytes = Buffer.from(holder[last], 'hex')
  const bit = drawn.readUInt32BE(4) % (8 * bytes.length)
  bytes[bit >> 3] ^= 1 << (bit & 7)
  holder[last] = bytes.toString('hex')
  return { ...vector, inputs }
}
