// Nodes of the log's tree at any size, from the stored tiles and leaves. Spec: docs/spec/log.md, "Tiles".
// Tiles are stored when they are full; what lies in one that is not comes from the tiles below it, and at the bottom from the leaves.
import {
  decodeTile,
  type Edge,
  leafHash,
  type Node,
  planEdge,
  rootOf,
  type TreeHash,
  tileOf,
} from '@sealchart/protocol'
import { RelayError } from './errors.js'
import type { Reads } from './store/contract.js'

type TreeReads = Pick<Reads, 'tile' | 'leaves'>

const WIDTH = 256

/** The hashes of complete subtrees, in the order asked. @throws RelayError SELFCHECK when the store lacks what they are made of. */
export async function nodeHashes(reads: TreeReads, nodes: readonly Node[]): Promise<TreeHash[]> {
  const hashes: TreeHash[] = []
  for (const node of nodes) hashes.push(rootOf(await elementsOf(reads, tileOf(node))))
  return hashes
}

/** The right edge of the tree when it had `size` leaves. @throws RelayError SELFCHECK. */
export async function edgeAt(reads: TreeReads, size: number): Promise<Edge> {
  return { size, hashes: await nodeHashes(reads, planEdge(size).nodes) }
}

async function elementsOf(
  reads: TreeReads,
  { level, index, from, count }: ReturnType<typeof tileOf>,
): Promise<TreeHash[]> {
  const tile = await reads.tile(level, index)
  if (tile !== null) return decodeTile(tile, WIDTH).slice(from, from + count)
  const first = index * WIDTH + from
  if (level === 0) return leafHashes(reads, first, count)
  const hashes: TreeHash[] = []
  for (let below = first; below < first + count; below++) {
    const full = await reads.tile(level - 1, below)
    if (full === null) throw new RelayError('SELFCHECK', 'a full tile is missing')
    hashes.push(rootOf(decodeTile(full, WIDTH)))
  }
  return hashes
}

async function leafHashes(reads: TreeReads, from: number, count: number): Promise<TreeHash[]> {
  const rows = await reads.leaves(from, count)
  if (rows.length !== count) throw new RelayError('SELFCHECK', 'leaves are missing')
  return rows.map((row) => leafHash(row.data))
}
