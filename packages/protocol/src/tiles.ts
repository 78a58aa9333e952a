// Tiles (C2SP tlog-tiles): the tree as files of 256 hashes, and its leaves as entry bundles, each with its one path.
// Spec: docs/spec/log.md, "Tiles". A tile proves nothing by itself: whoever reads one recomputes the checkpoint's root from tiles.
import { expectBytes, expectId, type TreeHash } from './bytes.js'
import { expectList, expectNatural, expectText, isNatural, reading } from './check.js'
import { ProtocolError } from './errors.js'
import type { Node } from './merkle.js'

/** A tile of hashes (`level` 0 holds leaf hashes) or, with level `entries`, of leaf data. `width` is 1–256; 256 is full. */
export interface Tile {
  readonly level: number | 'entries'
  readonly index: number
  readonly width: number
}

const WIDTH = 256
/** Above level 6 a tile would span more than 2^53 leaves. */
const MAX_LEVEL = 6

const malformed = (why: string): never => {
  throw new ProtocolError('DECODE_SHAPE', why)
}

/** How many leaves one element of a tile spans. */
const spanOf = (level: Tile['level']): number => (level === 'entries' ? 1 : WIDTH ** level)

/** True when the tile lies in a tree of at most 2^53−1 leaves. */
function isTile({ level, index, width }: Tile): boolean {
  if (level !== 'entries' && !(Number.isInteger(level) && level >= 0)) return false
  if (!Number.isSafeInteger(index) || index < 0 || !Number.isInteger(width) || width < 1 || width > WIDTH) return false
  // No tile above level 6: its first hash alone would span more.
  return index * WIDTH + width <= Number.MAX_SAFE_INTEGER / spanOf(level)
}

/** @throws ProtocolError USAGE */
function expectTile(tile: Tile): Tile {
  if (!reading('a tile', () => isTile(tile))) throw new ProtocolError('USAGE', 'not a tile of any tree')
  return tile
}

// ——— paths

/** `tile/<level>/<index>[.p/<width>]`, the index in groups of three digits: `tile/0/x001/x234/067`. @throws ProtocolError USAGE. */
export function tilePath(tile: Tile): string {
  expectTile(tile)
  const digits = String(tile.index)
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/.{3}/g) ?? []
  const index = groups.map((group, i) => (i === groups.length - 1 ? group : `x${group}`)).join('/')
  return `tile/${tile.level}/${index}${tile.width === WIDTH ? '' : `.p/${tile.width}`}`
}

const pathForm = /^tile\/(entries|[0-9])\/((?:x[0-9]{3}\/){0,5}[0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/

/** The inverse of `tilePath`. @throws ProtocolError DECODE_SHAPE for any path that it does not write. */
export function parseTilePath(path: string): Tile {
  const [, level, groups, partial] = pathForm.exec(expectText(path)) ?? []
  if (level === undefined || groups === undefined) return malformed('not a tile path')
  const tile = {
    level: level === 'entries' ? level : Number(level),
    index: Number(groups.replace(/[x/]/g, '')),
    width: partial === undefined ? WIDTH : Number(partial),
  } as const
  // One tile has one path: no spare groups of zeros, no `.p/256`.
  if (!isTile(tile) || tilePath(tile) !== path) return malformed('not the path of a tile')
  return tile
}

// ——— which tiles

/**
 * The tiles that exist at `newSize` and did not at `oldSize`, by level upwards and index: what a log writes when it grows. Bundles
 * have the index and width of the tiles of level 0.
 * @throws ProtocolError USAGE unless 0 ≤ oldSize ≤ newSize.
 */
export function tilesFor(oldSize: number, newSize: number): { full: Tile[]; partial: Tile[] } {
  if (!isNatural(oldSize) || !isNatural(newSize) || oldSize > newSize) {
    throw new ProtocolError('USAGE', 'expected two tree sizes')
  }
  const full: Tile[] = []
  const partial: Tile[] = []
  for (let level = 0; level <= MAX_LEVEL; level++) {
    const before = Math.floor(oldSize / spanOf(level))
    const after = Math.floor(newSize / spanOf(level))
    if (after === before) break
    const end = Math.floor(after / WIDTH)
    for (let index = Math.floor(before / WIDTH); index < end; index++) full.push({ level, index, width: WIDTH })
    if (after % WIDTH !== 0) partial.push({ level, index: end, width: after % WIDTH })
  }
  return { full, partial }
}

/** The leaves [from, to) that a tile spans. @throws ProtocolError USAGE */
export function leavesOf(tile: Tile): { from: number; to: number } {
  const { level, index, width } = expectTile(tile)
  return { from: index * WIDTH * spanOf(level), to: (index * WIDTH + width) * spanOf(level) }
}

/** The complete subtrees whose roots are the content of a tile of hashes, in order. @throws ProtocolError USAGE */
export function nodesOf(tile: Tile & { readonly level: number }): Node[] {
  expectNatural((expectTile(tile) as typeof tile).level)
  return Array.from({ length: tile.width }, (_, i) => ({ level: 8 * tile.level, index: tile.index * WIDTH + i }))
}

/**
 * Where a complete subtree is found in tiles: elements [from, from + count) of that tile, which is at least that wide. Its root is
 * `rootOf` these.
 * @throws ProtocolError USAGE
 */
export function tileOf(node: Node): { level: number; index: number; from: number; count: number } {
  const { level, index } = reading('a node', () => ({
    level: expectNatural(node.level),
    index: expectNatural(node.index),
  }))
  const count = 2 ** (level % 8)
  const first = index * count
  return { level: Math.floor(level / 8), index: Math.floor(first / WIDTH), from: first % WIDTH, count }
}

// ——— contents

/** The content of a tile of 1–256 hashes. @throws ProtocolError USAGE. */
export function encodeTile(hashes: readonly TreeHash[]): Uint8Array<ArrayBuffer> {
  if (expectList(hashes, expectId).length < 1 || hashes.length > WIDTH) {
    throw new ProtocolError('USAGE', 'expected 1 to 256 hashes')
  }
  const out = new Uint8Array(32 * hashes.length)
  for (const [i, hash] of hashes.entries()) out.set(hash, 32 * i)
  return out
}

/** The hashes of a tile of this width. @throws ProtocolError DECODE_SHAPE for any other length, USAGE. */
export function decodeTile(content: Uint8Array, width: number): TreeHash[] {
  if (expectBytes(content).length !== 32 * expectNatural(width)) return malformed('tile has the wrong length')
  return Array.from(
    { length: width },
    (_, i) => new Uint8Array(content.subarray(32 * i, 32 * (i + 1))) as Uint8Array as TreeHash,
  )
}

/** An entry bundle: each leaf's data after its length in two bytes, big-endian. @throws ProtocolError USAGE. */
export function encodeBundle(leaves: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  if (
    expectList(leaves, expectBytes).length < 1 ||
    leaves.length > WIDTH ||
    leaves.some((leaf) => leaf.length > 0xffff)
  ) {
    throw new ProtocolError('USAGE', 'expected 1 to 256 leaves of at most 65535 bytes')
  }
  const out = new Uint8Array(leaves.reduce((length, leaf) => length + 2 + leaf.length, 0))
  let at = 0
  for (const leaf of leaves) {
    out[at] = leaf.length >> 8
    out[at + 1] = leaf.length & 0xff
    out.set(leaf, at + 2)
    at += 2 + leaf.length
  }
  return out
}

/**
 * The leaf data of a bundle of this width.
 * @throws ProtocolError DECODE_TRUNCATED, DECODE_TRAILING: bytes for fewer or more leaves.
 */
export function decodeBundle(content: Uint8Array, width: number): Uint8Array<ArrayBuffer>[] {
  const leaves: Uint8Array<ArrayBuffer>[] = []
  let at = 0
  while (leaves.length < width) {
    const [high, low] = content.subarray(at, at + 2)
    if (high === undefined || low === undefined)
      throw new ProtocolError('DECODE_TRUNCATED', 'bundle ends before a leaf')
    const end = at + 2 + high * 256 + low
    if (end > content.length) throw new ProtocolError('DECODE_TRUNCATED', 'bundle ends inside a leaf')
    leaves.push(new Uint8Array(content.subarray(at + 2, end)))
    at = end
  }
  if (at !== content.length) throw new ProtocolError('DECODE_TRAILING', 'bytes follow the last leaf')
  return leaves
}
