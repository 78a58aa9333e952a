// Wrap lists: who gets which secrets with an entry. Type, encoder and decoder of a leaf, a row and the whole attachment.
// Spec: docs/spec/wraps.md. The secrets themselves are sealed in @sealchart/crypto; whether a list fits its entry stands in rules/admits.ts.
import { sha256 } from '#sha256'
import { chainId, digestShape, entryHashShape, linkHashShape, type WrapsRef } from './bodies.js'
import { type ChainId, compare, concat, equal, expectBytes, type TreeHash } from './bytes.js'
import { expectList, expectNatural, reading } from './check.js'
import { bytesHead } from './codec.js'
import { ProtocolError } from './errors.js'
import { limits } from './limits.js'
import { leafHash, rootOf } from './merkle.js'
import { blob, bytes, type Infer, list, nullable, pack, struct, uint, unpack } from './shape.js'

/** Sections and epochs whose keys a recipient gets under one grant: `grant` null is the grant that this very entry makes. */
export const wrappedGrant = struct({
  grant: nullable(entryHashShape),
  keys: list(struct({ section: uint(limits.sections), epoch: uint(0xffffffff) }), limits.sections + 1),
  /** The trail secret's epoch, for a founder, a writer or a grant of `trail`. */
  trail: nullable(uint(0xffffffff)),
})
export type WrappedGrant = Infer<typeof wrappedGrant>

/**
 * One leaf. `recipient` is a member chain (in a member's founding: the device's id), `epoch` and `keyHash` say which of its public
 * keys was used, `sequence` and `link` where its chain stood (null for a device). All before `envelope` is HPKE's context.
 */
export const wrapLeaf = struct({
  recipient: chainId,
  epoch: uint(0xffffffff),
  keyHash: bytes(32),
  sequence: uint(),
  link: nullable(linkHashShape),
  what: list(wrappedGrant, limits.grants),
  envelope: digestShape,
  keys: nullable(digestShape),
})
export type WrapLeaf = Infer<typeof wrapLeaf>

/** What `envelope` and `keys` of a leaf are bound to: the leaf without the two. */
export type WrapTarget = Omit<WrapLeaf, 'envelope' | 'keys'>

const targetShape = struct({
  recipient: chainId,
  epoch: uint(0xffffffff),
  keyHash: bytes(32),
  sequence: uint(),
  link: nullable(linkHashShape),
  what: list(wrappedGrant, limits.grants),
})

/** The canonical CBOR of a target, which goes into HPKE's info and the section keys' associated data. @throws ProtocolError USAGE */
export const encodeTarget = (target: WrapTarget): Uint8Array<ArrayBuffer> => pack(targetShape, target)

const rowShape = struct({ leaf: wrapLeaf, envelope: blob(limits.wrapRow), keys: nullable(blob(limits.wrapRow)) })

/** A leaf with the two sealed objects that it names. */
export type WrapRow = Infer<typeof rowShape>

/** @throws ProtocolError USAGE, also when an object is not the one that the leaf names; LIMIT above 32 KiB. */
export function encodeWrapRow(row: WrapRow): Uint8Array<ArrayBuffer> {
  const encoded = pack(rowShape, row)
  if (!namesItsObjects(row)) throw new ProtocolError('USAGE', 'a wrap names an object other than the one beside it')
  if (encoded.length > limits.wrapRow) throw new ProtocolError('LIMIT', 'a wrap is at most 32 KiB long')
  return encoded
}

/** @throws ProtocolError DECODE_*, TOO_LARGE, WRAPS when an object is not the one that the leaf names. */
export function decodeWrapRow(encoded: Uint8Array): WrapRow {
  const row = unpack(rowShape, encoded, 'wrap', { bytes: limits.wrapRow })
  if (!namesItsObjects(row)) throw new ProtocolError('WRAPS', 'a wrap names an object other than the one beside it')
  return row
}

function namesItsObjects({ leaf, envelope, keys }: WrapRow): boolean {
  if ((keys === null) !== (leaf.keys === null) || !equal(sha256(envelope), leaf.envelope)) return false
  return keys === null || leaf.keys === null || equal(sha256(keys), leaf.keys)
}

/** Leaf hash of a row in the wrap list's tree, from its leaf. Of a row that was just read, `WrapRange` has the bytes. */
export const wrapLeafHash = (leaf: WrapLeaf): TreeHash => leafHash(pack(wrapLeaf, leaf))

/**
 * The attachment: each row with its length (four bytes, big-endian) before it, ordered by recipient.
 * @throws ProtocolError USAGE, also when a recipient stands twice; LIMIT.
 */
export function encodeWrapList(rows: readonly WrapRow[]): Uint8Array<ArrayBuffer> {
  const given = expectList(rows, ({ leaf }) => expectBytes(leaf.recipient))
  if (given.length > limits.wraps) throw new ProtocolError('LIMIT', 'a wrap list has too many rows')
  const encoded = given.map((row) => ({ bytes: encodeWrapRow(row), recipient: row.leaf.recipient }))
  encoded.sort((a, b) => compare(a.recipient, b.recipient))
  if (
    encoded.some(({ recipient }, i) => i > 0 && equal(recipient, (encoded[i - 1] as { recipient: ChainId }).recipient))
  )
    throw new ProtocolError('USAGE', 'a recipient has one wrap in a list')
  return concat(...encoded.flatMap(({ bytes }) => [lengthOf(bytes), bytes]))
}

function lengthOf(bytes: Uint8Array): Uint8Array {
  const length = new Uint8Array(4)
  new DataView(length.buffer).setUint32(0, bytes.length)
  return length
}

const sorted = (rows: readonly WrapRow[]): WrapRow[] =>
  [...rows].sort((a, b) => compare(a.leaf.recipient, b.leaf.recipient))

/** What an entry says of a wrap list: its attachment's hash, length and count, the root over its leaves, and the log size of the heads. @throws ProtocolError USAGE */
export function describeWrapList(encoded: Uint8Array, rows: readonly WrapRow[], asOf: number): WrapsRef {
  expectNatural(asOf)
  expectList(rows, ({ leaf }) => expectBytes(leaf.recipient))
  const attached = {
    digest: sha256(encoded) as Uint8Array as WrapsRef['attached']['digest'],
    length: encoded.length,
    count: rows.length,
  }
  return { attached, root: rootOf(sorted(rows).map((row) => wrapLeafHash(row.leaf))), asOf }
}

/** A row's place in its attachment. */
export interface WrapRange {
  readonly row: WrapRow
  readonly offset: number
  readonly length: number
  /** The row's leaf as it stands there, which is what the list's tree hashes: a view. */
  readonly leaf: Uint8Array
}

/**
 * Reads an attachment row by row, in strict order of recipient, each once: whoever reads ten thousand can let others run between them.
 * @throws ProtocolError DECODE_*, TOO_LARGE, LIMIT, WRAPS.
 */
export function* readWrapRows(encoded: Uint8Array): Generator<WrapRange, void, undefined> {
  const view = new DataView(expectBytes(encoded).buffer, encoded.byteOffset, encoded.byteLength)
  let last: WrapRow | null = null
  for (let at = 0, count = 0; at < encoded.length; count++) {
    if (encoded.length - at < 4) throw new ProtocolError('DECODE_TRUNCATED', 'a wrap list ends inside a length')
    const length = view.getUint32(at)
    if (length > limits.wrapRow) throw new ProtocolError('TOO_LARGE', 'a wrap is longer than its limit')
    if (length > encoded.length - at - 4) throw new ProtocolError('DECODE_TRUNCATED', 'a wrap list ends inside a wrap')
    if (count === limits.wraps) throw new ProtocolError('LIMIT', 'a wrap list has too many rows')
    const bytes = encoded.subarray(at + 4, at + 4 + length)
    const row = decodeWrapRow(bytes)
    if (last && compare(last.leaf.recipient, row.leaf.recipient) >= 0) {
      throw new ProtocolError('WRAPS', 'wraps are not in strict order of recipient')
    }
    last = row
    yield { row, offset: at + 4, length, leaf: leafIn(bytes, row) }
    at += 4 + length
  }
}

/** A row is its array's head, the leaf, envelope and keys: each has one encoding, so that the leaf lies between head and envelope. */
function leafIn(encoded: Uint8Array, { envelope, keys }: WrapRow): Uint8Array {
  const sealed = lengthIn(envelope) + (keys === null ? 1 : lengthIn(keys))
  return encoded.subarray(1, encoded.length - sealed)
}

const lengthIn = (bytes: Uint8Array): number => bytesHead(bytes.length).length + bytes.length

/** Decodes a whole attachment. @throws ProtocolError DECODE_*, TOO_LARGE, LIMIT, WRAPS. */
export const decodeWrapList = (encoded: Uint8Array): WrapRange[] => [...readWrapRows(encoded)]

/** @throws ProtocolError WRAPS when a decoded list is not the one that an entry signed, USAGE. */
export function checkWrapList(ranges: readonly WrapRange[], signed: WrapsRef): void {
  const same = reading('a decoded wrap list and its reference', () => {
    const root = rootOf(ranges.map((range) => leafHash(range.leaf)))
    return equal(root, signed.root) && ranges.length === signed.attached.count
  })
  if (!same) throw new ProtocolError('WRAPS', 'the wrap list is not the one that the entry signs')
}
