// Indexes of wrap lists: where a recipient's row lies, and the tree over all rows for its path. Spec: docs/spec/relay.md, "Wrap lists".
// A long list's index is an object beside it, made when the list is checked, so that nobody waits while ten thousand rows are read
// again. A short list has none: it is read whole. An index only says where to look; the path proves the row to its recipient.
import {
  type ChainId,
  compare,
  concat,
  type Digest,
  decodeWrapRow,
  type HandedRow,
  hashOf,
  leafHash,
  nodeHash,
  readWrapRows,
  rootOf,
  type TreeHash,
  type WrapLeaf,
  type WrapRow,
} from '@sealchart/protocol'
import { RelayError } from './errors.js'
import type { Segments } from './segments/contract.js'
import { inSlices, pause } from './slices.js'
import { keyOf, lru } from './state.js'
import type { AttachmentRow, Reads } from './store/contract.js'

/** From this many rows on a list has a stored index. */
const INDEXED_FROM = 65

const ENTRY = 72

/** One row of an index: 32 bytes recipient, offset and length (four bytes each, big-endian), 32 bytes leaf hash. */
interface IndexRow {
  readonly recipient: ChainId
  readonly offset: number
  readonly length: number
  readonly leaf: TreeHash
}

/** The digest under which a list's index is stored: no object can have it as its SHA-256 by chance or design. */
export const indexDigest = (list: Digest): Digest => hashOf('wrapIndex', [list]) as Uint8Array as Digest

/** A wrap list that was read: its leaves in order, and its index. */
export interface ReadList {
  readonly leaves: readonly WrapLeaf[]
  readonly rows: readonly IndexRow[]
}

/** Reads and hashes a list in slices. @throws ProtocolError DECODE_*, TOO_LARGE, LIMIT, WRAPS. */
export async function readWrapList(bytes: Uint8Array): Promise<ReadList> {
  const leaves: WrapLeaf[] = []
  const rows: IndexRow[] = []
  for await (const { row, offset, length, leaf } of inSlices(readWrapRows(bytes))) {
    leaves.push(row.leaf)
    rows.push({ recipient: row.leaf.recipient, offset, length, leaf: leafHash(leaf) })
  }
  return { leaves, rows }
}

export function encodeIndexRows(rows: readonly IndexRow[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(ENTRY * rows.length)
  const view = new DataView(out.buffer)
  rows.forEach((row, i) => {
    out.set(row.recipient, ENTRY * i)
    view.setUint32(ENTRY * i + 32, row.offset)
    view.setUint32(ENTRY * i + 36, row.length)
    out.set(row.leaf, ENTRY * i + 40)
  })
  return out
}

function decodeIndexRows(bytes: Uint8Array): IndexRow[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: Math.floor(bytes.length / ENTRY) }, (_, i) => ({
    recipient: bytes.slice(ENTRY * i, ENTRY * i + 32) as Uint8Array as ChainId,
    offset: view.getUint32(ENTRY * i + 32),
    length: view.getUint32(ENTRY * i + 36),
    leaf: bytes.slice(ENTRY * i + 40, ENTRY * (i + 1)) as Uint8Array as TreeHash,
  }))
}

// ——— rows of recipients

interface LoadedIndex {
  readonly rows: readonly IndexRow[]
  /** The tree over the leaves, level by level as `rootOf` joins them. */
  readonly levels: readonly (readonly TreeHash[])[]
}

/** A recipient's row with its path: what `handedRow` says, and the sealed section keys that lists hold back. */
export interface FoundRow {
  readonly handed: HandedRow
  readonly keys: Uint8Array | null
}

export interface WrapLists {
  /** The recipient's row of a live list, or null when she is not in it. @throws RelayError INTERNAL when the list is missing. */
  rowOf(list: Digest, recipient: ChainId): Promise<FoundRow | null>
}

/** Short lists in memory, rows of all long lists there (some 250 bytes each), and rows that were found (some 3 kB each). */
const KEPT_LISTS = 4096
const KEPT_ROWS = 200_000
const KEPT_FOUND = 10_000

export function wrapLists(reads: Reads, segments: Segments): WrapLists {
  const short = lru<LoadedIndex>(KEPT_LISTS)
  const long = lru<LoadedIndex>(KEPT_ROWS, (index) => index.rows.length)
  const rows = lru<FoundRow>(KEPT_FOUND)

  const load = async (list: Digest, row: AttachmentRow): Promise<LoadedIndex> => {
    const index = await reads.attachment(indexDigest(list))
    if (index === null) return build((await readWrapList(await segments.read(row.place))).rows)
    return build(decodeIndexRows(await segments.read(index.place)))
  }

  const indexOf = async (list: Digest, row: AttachmentRow): Promise<LoadedIndex> => {
    const key = keyOf(list)
    const known = short.get(key) ?? long.get(key)
    if (known) return known
    const loaded = await load(list, row)
    const kept = loaded.rows.length < INDEXED_FROM ? short : long
    kept.set(key, loaded)
    return loaded
  }

  const find = async (list: Digest, recipient: ChainId): Promise<FoundRow | null> => {
    const stored = await reads.attachment(list)
    if (stored === null) throw new RelayError('INTERNAL', 'a wrap list is missing')
    const index = await indexOf(list, stored)
    const position = positionOf(index.rows, recipient)
    const place = index.rows[position]
    if (!place) return null
    const range = { from: place.offset, to: place.offset + place.length }
    const row: WrapRow = decodeWrapRow(await segments.read(stored.place, range))
    const handed = {
      wraps: list,
      position,
      leaf: row.leaf,
      envelope: row.envelope,
      path: pathOf(index.levels, position),
    }
    return { handed, keys: row.keys }
  }

  return {
    async rowOf(list, recipient) {
      const key = keyOf(list) + keyOf(recipient)
      const known = rows.get(key)
      if (known) return known
      const found = await find(list, recipient)
      if (found) rows.set(key, found)
      return found
    },
  }
}

/** What `rootOf` answers for the leaves of these rows. */
export const rootOfRows = async (rows: readonly IndexRow[]): Promise<TreeHash> =>
  (await build(rows)).levels.at(-1)?.[0] ?? rootOf([])

async function build(rows: readonly IndexRow[]): Promise<LoadedIndex> {
  const levels: TreeHash[][] = [rows.map((row) => row.leaf)]
  for (let level = levels[0] as TreeHash[]; level.length > 1; level = levels.at(-1) as TreeHash[]) {
    const above: TreeHash[] = []
    for (let i = 0; i + 1 < level.length; i += 2) {
      above.push(nodeHash(level[i] as TreeHash, level[i + 1] as TreeHash))
      if (above.length % 1024 === 0) await pause()
    }
    if (level.length % 2 === 1) above.push(level.at(-1) as TreeHash)
    levels.push(above)
  }
  return { rows, levels }
}

/** The RFC 6962 path: siblings from the leaf upwards; an odd last node has none at its level. */
function pathOf(levels: readonly (readonly TreeHash[])[], position: number): TreeHash[] {
  return levels.flatMap((level, height) => level[Math.floor(position / 2 ** height) ^ 1] ?? [])
}

function positionOf(rows: readonly IndexRow[], recipient: ChainId): number {
  let low = 0
  let high = rows.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const order = compare((rows[middle] as IndexRow).recipient, recipient)
    if (order === 0) return middle
    if (order < 0) low = middle + 1
    else high = middle
  }
  return -1
}

/** The bytes of a list's index, to be stored beside it; null for a short list. */
export const indexFor = (rows: readonly IndexRow[]): Uint8Array<ArrayBuffer> | null =>
  rows.length < INDEXED_FROM ? null : concat(encodeIndexRows(rows))
