// Seeds from the test vectors: the inputs of the operations that reach a decoder, those that are refused too. ../test-vectors/README.md
// says what stands where.
import { readdirSync, readFileSync } from 'node:fs'

const root = new URL('../test-vectors/', import.meta.url)

function readAll() {
  const found = []
  for (const area of readdirSync(root, { withFileTypes: true })) {
    if (!area.isDirectory() || area.name === 'generators' || area.name === 'operations') continue
    for (const file of readdirSync(new URL(`${area.name}/`, root))) {
      if (!file.endsWith('.json')) continue
      found.push(JSON.parse(readFileSync(new URL(`${area.name}/${file}`, root), 'utf8')))
    }
  }
  return found
}

const all = readAll()

/** The vectors of an operation. @throws Error when there are none: a target without seeds would pass by reading nothing. */
export function vectorsOf(...operations) {
  const found = all.filter(({ operation }) => operations.includes(operation))
  if (found.length === 0) throw new Error(`no vectors of ${operations.join(', ')}`)
  return found
}

/** The positive ones. */
export const acceptedOf = (...operations) => vectorsOf(...operations).filter(({ expect }) => expect === undefined)

export const unhex = (text) => new Uint8Array(Buffer.from(text, 'hex'))
export const utf8 = (text) => new Uint8Array(Buffer.from(text))
/** For text formats, whose decoders take strings: what is no UTF-8 becomes U+FFFD, as in a URL or a header that was decoded. */
export const toText = (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')

/** One byte-string input of every vector of these operations. */
export const seedsOf = (name, ...operations) => vectorsOf(...operations).map(({ inputs }) => unhex(inputs[name]))

/** 32 bytes, or as many as told, that count up from `first`. */
export const filled = (first, length = 32) => Uint8Array.from({ length }, (_, i) => first + i)

/** Random bytes for sealing in a fuzzer: always the same, so that two seals of one content are equal. */
export const fixed = (length) => new Uint8Array(length).fill(7)

/** A finding that a target makes itself: what was accepted is not what it says. */
export class Mismatch extends Error {}

export function same(a, b, what) {
  if (Buffer.compare(Buffer.from(a), Buffer.from(b)) !== 0) throw new Mismatch(`${what} differ`)
}
