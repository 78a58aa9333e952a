// Batch proofs: one proof that many leaves are in one RFC 6962 tree, with every inner node given or computed once.
// Spec: docs/spec/log.md, "Batch proofs". An RFC 6962 path for each leaf proves the same (merkle.ts) and is longer.
//
// The planner and the verifier run the same traversal, so they cannot disagree about which nodes a proof holds.
import { equal, isBytes, type TreeHash } from './bytes.js'
import { reading } from './check.js'
import { ProtocolError } from './errors.js'
import { cover, fold, type LeafAt, type Node, nodeHash, oneBits, splitOf, type TreeHead } from './merkle.js'

interface Visitor<T> {
  /** A subtree without a proven leaf: leaves [from, to). */
  gap(from: number, to: number): T
  /** The proven leaf at this position of the list. */
  leaf(position: number): T
  join(left: T, right: T): T
}

/** Walks the tree left to right, no deeper than the proven leaves need. `indices` are strictly increasing and below `size`. */
function traverse<T>(size: number, indices: readonly number[], visitor: Visitor<T>): T {
  const visit = (from: number, to: number, first: number, end: number): T => {
    if (first === end) return visitor.gap(from, to)
    if (to - from === 1) return visitor.leaf(first)
    const middle = from + splitOf(to - from)
    const cut = firstFrom(indices, middle, first, end)
    const left = visit(from, middle, first, cut)
    return visitor.join(left, visit(middle, to, cut, end))
  }
  return visit(0, size, 0, indices.length)
}

/** The first position in [low, high) whose index is `bound` or more; `high` when there is none. */
function firstFrom(indices: readonly number[], bound: number, low: number, high: number): number {
  let a = low
  let b = high
  while (a < b) {
    const middle = (a + b) >>> 1
    if ((indices[middle] as number) < bound) a = middle + 1
    else b = middle
  }
  return a
}

function isBatch(size: number, indices: readonly number[]): boolean {
  if (!Array.isArray(indices)) return false
  let previous = -1
  for (const index of indices) {
    if (!Number.isSafeInteger(index) || index <= previous) return false
    previous = index
  }
  return Number.isSafeInteger(size) && indices.length > 0 && previous < size
}

/**
 * The complete subtrees whose hashes are the batch proof for these leaves, left to right.
 * @throws ProtocolError USAGE unless `indices` is not empty, strictly increasing and inside the tree.
 */
export function planBatch(size: number, indices: readonly number[]): Node[] {
  if (!reading('indices', () => isBatch(size, indices)))
    throw new ProtocolError('USAGE', 'indices are not increasing places in the tree')
  const nodes: Node[] = []
  traverse(size, indices, {
    gap: (from, to) => void nodes.push(...cover(from, to)),
    leaf: () => {},
    join: () => {},
  })
  return nodes
}

/**
 * Returns when each leaf has its hash at its index in the tree with this size and root.
 * @throws ProtocolError LOG_PROOF for another root, for leaves that are none, unsorted, twice or outside, and for a node too few
 * or too many; USAGE for another structure.
 */
export const verifyBatch = (tree: TreeHead, leaves: readonly LeafAt[], nodes: readonly TreeHash[]): void =>
  reading('a tree, leaves and nodes', () => checkBatch(tree, leaves, nodes))

function checkBatch(tree: TreeHead, leaves: readonly LeafAt[], nodes: readonly TreeHash[]): void {
  const refuse = (why: string): never => {
    throw new ProtocolError('LOG_PROOF', why)
  }
  const indices = leaves.map((leaf) => leaf.index)
  // No leaf would be a proof of nothing that looks like one.
  if (!isBatch(tree.size, indices)) return refuse('leaves are not increasing places in the tree')
  const isHash = (hash: TreeHash): boolean => isBytes(hash) && hash.length === 32
  if (!nodes.every(isHash) || !leaves.every((leaf) => isHash(leaf.hash))) return refuse('a hash is not 32 bytes')
  let used = 0
  const take = (count: number): TreeHash => {
    used += count
    if (used > nodes.length) return refuse('the proof has too few nodes')
    return count === 1 ? (nodes[used - 1] as TreeHash) : fold(nodes.slice(used - count, used))
  }
  const root = traverse<TreeHash>(tree.size, indices, {
    gap: (from, to) => take(oneBits(to - from)),
    leaf: (position) => (leaves[position] as LeafAt).hash,
    join: nodeHash,
  })
  // A node that no step used would let two different proofs stand for the same leaves.
  if (used !== nodes.length) return refuse('the proof has too many nodes')
  if (!equal(root, tree.root)) refuse('leaves and nodes do not lead to the root')
}
