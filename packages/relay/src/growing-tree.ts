// The log's tree while it grows: the right edge, the tiles that are not full yet, and the subtrees that a turn completes.
// Spec: docs/spec/log.md, "Tree" and "Tiles". In memory only: what it says is final when the turn is committed.
import {
  append,
  type Edge,
  edgeShape,
  emptyEdge,
  encodeTile,
  leafHash,
  type Node,
  pack,
  planBatch,
  rootOf,
  rootOfEdge,
  type TreeHash,
  unpack,
} from '@sealchart/protocol'
import { RelayError } from './errors.js'
import type { Reads, TileRow, TreeHead } from './store/contract.js'

const WIDTH = 256

/** A tree at one size. `partial` holds for each tile level the hashes of its last tile while that is not full. */
export interface GrowingTree {
  readonly edge: Edge
  readonly partial: readonly (readonly TreeHash[])[]
}

/** A tree after more leaves, with what they completed. */
export interface Growth {
  readonly tree: GrowingTree
  readonly root: TreeHash
  readonly edge: Uint8Array
  /** Hashes of the new leaves. */
  readonly leaves: readonly TreeHash[]
  readonly tiles: readonly TileRow[]
  /** The batch proof of new leaves in the grown tree; `indices` increase. */
  prove(indices: readonly number[]): TreeHash[]
}

/** The tree at a stored head: its last tiles are read back from leaves and full tiles. */
export async function loadTree(reads: Pick<Reads, 'leaves' | 'tile'>, head: TreeHead | null): Promise<GrowingTree> {
  if (head === null) return { edge: emptyEdge, partial: [] }
  const partial: TreeHash[][] = []
  const begun = head.size % WIDTH
  const rows = begun === 0 ? [] : await reads.leaves(head.size - begun, begun)
  partial.push(rows.map((row) => leafHash(row.data)))
  for (let level = 1, count = Math.floor(head.size / WIDTH); count > 0; level++, count = Math.floor(count / WIDTH)) {
    const hashes: TreeHash[] = []
    for (let index = count - (count % WIDTH); index < count; index++)
      hashes.push(await rootOfTile(reads, level - 1, index))
    partial.push(hashes)
  }
  return { edge: unpack(edgeShape, head.edge, 'edge'), partial }
}

async function rootOfTile(reads: Pick<Reads, 'tile'>, level: number, index: number): Promise<TreeHash> {
  const bytes = await reads.tile(level, index)
  if (bytes === null) throw new RelayError('SELFCHECK', 'a full tile is missing')
  return rootOf(hashesOf(bytes))
}

/** The hashes of a tile's bytes. */
export const hashesOf = (bytes: Uint8Array): TreeHash[] =>
  Array.from({ length: bytes.length / 32 }, (_, i) => bytes.slice(32 * i, 32 * i + 32) as Uint8Array as TreeHash)

const nameOf = ({ level, index }: Node): string => `${level}/${index}`

/** The tree after `data`, one more leaf each. The given tree stays as it is. */
export function grow(tree: GrowingTree, data: readonly Uint8Array[]): Growth {
  const partial = tree.partial.map((hashes) => [...hashes])
  const nodes = new Map<string, TreeHash>(edgeNodes(tree.edge))
  const tiles: TileRow[] = []
  const leaves: TreeHash[] = []
  let edge = tree.edge
  for (const one of data) {
    const hash = leafHash(one)
    leaves.push(hash)
    edge = append(edge, hash, (node, completed) => {
      nodes.set(nameOf(node), completed)
      if (node.level % 8 === 0) addToTile(partial, tiles, node, completed)
    })
  }
  return {
    tree: { edge, partial },
    root: rootOfEdge(edge),
    edge: pack(edgeShape, edge),
    leaves,
    tiles,
    prove: (indices) => planBatch(edge.size, indices).map((node) => nodes.get(nameOf(node)) ?? lost()),
  }
}

const lost = (): never => {
  throw new RelayError('INTERNAL', 'a node of the tree is missing')
}

/** The subtrees that an edge consists of, with their places. */
function edgeNodes({ size, hashes }: Edge): [string, TreeHash][] {
  const nodes: [string, TreeHash][] = []
  let from = 0
  for (const hash of hashes) {
    const level = Math.floor(Math.log2(size - from))
    nodes.push([nameOf({ level, index: from / 2 ** level }), hash])
    from += 2 ** level
  }
  return nodes
}

function addToTile(partial: TreeHash[][], tiles: TileRow[], { level, index }: Node, hash: TreeHash): void {
  const at = level / 8
  while (partial.length <= at) partial.push([])
  const hashes = partial[at] as TreeHash[]
  hashes.push(hash)
  if (hashes.length < WIDTH) return
  tiles.push({ level: at, index: Math.floor(index / WIDTH), hashes: encodeTile(hashes) })
  partial[at] = []
}
