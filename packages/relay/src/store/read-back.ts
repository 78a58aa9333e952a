// The check between writing a turn and making it final: what the back end gives back must be what the turn was computed on.
// Spec: docs/spec/storage.md, "Read-back". It catches our own errors, bad memory and a back end that changes bytes. It does not
// catch a disk that lies: the rows usually come from a cache, not from the platter.
//
// Every hash is computed anew from the bytes that were read. Of the batch only its claims are used: which hash, which root.
import {
  append,
  decodeLeaf,
  type Edge,
  edgeShape,
  emptyEdge,
  equal,
  hashBytes,
  hex,
  leafHash,
  ProtocolError,
  rootOfEdge,
  unpack,
} from '@sealchart/protocol'
import { RelayError } from '../errors.js'
import type { Batch, EntryRow, HeadRow, LeafRow, TreeHead } from './contract.js'

/** A turn's rows as the back end gives them back, each list in the batch's order. */
export interface ReadRows {
  readonly entries: readonly (EntryRow | null)[]
  readonly leaves: readonly LeafRow[]
  readonly heads: readonly (HeadRow | null)[]
  readonly treeHead: TreeHead | null
}

const mismatch = (what: string, cause?: unknown): never => {
  throw new RelayError('SELFCHECK', `read-back: ${what}`, cause === undefined ? {} : { cause })
}

/**
 * Returns when the rows are whole and lead from `before` (the tree head that the batch was computed on; null: an empty log) to the
 * batch's root.
 * @throws RelayError SELFCHECK: the transaction must be rolled back and the process must stop.
 */
export function checkReadBack(batch: Batch, before: TreeHead | null, rows: ReadRows): void {
  const start = edgeOf(before)
  checkEntries(batch, rows.entries)
  const edge = checkLeaves(batch, start, rows.leaves)
  checkEntryLeaves(batch, start.size, rows.leaves)
  checkHeads(batch, rows.heads)
  checkTreeHead(batch, edge, rows.treeHead)
}

/** The stored edge of a tree head, compared with its root. @throws RelayError SELFCHECK. */
export function edgeOf(head: TreeHead | null): Edge {
  if (head === null) return emptyEdge
  const edge = readable('the edge', () => unpack(edgeShape, head.edge, 'edge'))
  if (edge.size !== head.size || !equal(rootOfEdge(edge), head.root)) return mismatch('edge and root differ')
  return edge
}

/** What a protocol function refuses of a stored row is damage to it. @throws RelayError SELFCHECK. */
export function readable<T>(what: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    if (cause instanceof ProtocolError) return mismatch(`${what} cannot be read`, cause)
    throw cause
  }
}

function checkEntries(batch: Batch, read: ReadRows['entries']): void {
  if (read.length !== batch.entries.length) mismatch('number of entries differs')
  batch.entries.forEach((meant, i) => {
    const row = read[i]
    if (!row) return mismatch('an entry is missing')
    const placed = row.index === meant.index && row.sequence === meant.sequence && equal(row.chain, meant.chain)
    if (!placed || !equal(row.link, meant.link)) return mismatch('an entry lies at another place')
    const hash = readable('an entry', () => hashBytes('entryHash', row.bytes))
    if (!equal(hash, meant.hash)) return mismatch('the bytes of an entry have another hash')
    if (!equal(row.hash, meant.hash)) return mismatch('an entry is stored under another hash')
  })
}

/** The edge after the turn, from the leaf data that was read. */
function checkLeaves(batch: Batch, start: Edge, read: readonly LeafRow[]): Edge {
  if (read.length !== batch.leaves.length || read.length === 0) return mismatch('number of leaves differs')
  let edge = start
  read.forEach((row, i) => {
    if (row.index !== start.size + i || batch.leaves[i]?.index !== row.index)
      return mismatch('leaves are not contiguous')
    if (row.seal !== (i === read.length - 1)) return mismatch('the seal is not the last leaf, or not the only one')
    edge = append(edge, leafHash(row.data))
  })
  if (edge.size !== batch.head.size || !equal(rootOfEdge(edge), batch.head.root))
    mismatch('leaves lead to another root')
  return edge
}

/** Each entry at its leaf and each leaf with its entry; the seal speaks of this turn. */
function checkEntryLeaves(batch: Batch, first: number, read: readonly LeafRow[]): void {
  const hashes = new Map(batch.entries.map((entry) => [entry.index, entry.hash]))
  if (hashes.size !== read.length - 1) mismatch('entries and leaves differ in number')
  for (const row of read) {
    const leaf = readable('a leaf', () => decodeLeaf(row.data))
    if (leaf.kind === 'entry') {
      const hash = hashes.get(row.index)
      if (row.seal || hash === undefined || !equal(leaf.entryHash, hash)) mismatch('a leaf names another entry')
    } else {
      const { seal } = leaf
      const ours = seal.first === first && seal.size === batch.head.size && seal.time === batch.head.time
      if (!row.seal || !ours) mismatch('the seal is of another turn')
    }
  }
}

/** The head of each chain that the turn touched is its last entry, in the batch as in the store. */
function checkHeads(batch: Batch, read: ReadRows['heads']): void {
  const newest = new Map(batch.entries.map((entry) => [hex(entry.chain), entry]))
  if (batch.heads.length !== newest.size || read.length !== newest.size) mismatch('number of heads differs')
  batch.heads.forEach((meant, i) => {
    const entry = newest.get(hex(meant.chain))
    if (!entry || !isSameHead(meant, entry)) return mismatch('a head is not the last entry of its chain')
    if (!isSameHead(meant, read[i] ?? null)) mismatch('the head of a chain differs')
  })
}

const isSameHead = (a: HeadRow, b: HeadRow | null): boolean =>
  b !== null && a.sequence === b.sequence && a.index === b.index && equal(a.chain, b.chain) && equal(a.link, b.link)

function checkTreeHead(batch: Batch, edge: Edge, read: TreeHead | null): void {
  const meant = batch.head
  if (!read || read.size !== meant.size || !equal(read.root, meant.root)) return mismatch('the tree head differs')
  if (read.time !== meant.time || read.checkpoint !== meant.checkpoint) return mismatch('the tree head differs')
  const stored = edgeOf(read)
  const same =
    stored.hashes.length === edge.hashes.length && stored.hashes.every((hash, i) => equal(hash, edge.hashes[i]!))
  if (!same) mismatch('the stored edge is of another tree')
}
