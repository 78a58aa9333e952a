// The RFC 6962 Merkle tree: hashes, the right edge that a log keeps, inclusion and consistency proofs. Batch proofs: batch.ts.
// Spec: docs/spec/log.md, "Tree" and "Proofs". Sources: RFC 6962 §2.1, RFC 9162 §2.1.
//
// Provers are planners: they name the complete subtrees that a proof needs, the caller fetches those in one go from whatever it
// stores them in, and `assemble` makes the proof. Nothing here reads a store, and no root is trusted here: it comes in a checkpoint.
import { sha256 } from '#sha256'
import { equal, expectId, isBytes, type TreeHash } from './bytes.js'
import { expectFunction, expectList, expectNatural, isNatural, reading } from './check.js'
import { ProtocolError } from './errors.js'
import { bytes, list, type Shape, struct, uint } from './shape.js'

/** A complete subtree: it covers the leaves from `index` · 2^`level`, 2^`level` of them. Level 0 is a leaf. */
export interface Node {
  readonly level: number
  readonly index: number
}

/** What a proof is made of: all subtrees to fetch, and how many of them, in order, fold into each element of the proof. */
export interface Plan {
  readonly nodes: readonly Node[]
  readonly groups: readonly number[]
}

/** A tree as its right edge: the roots of its maximal complete subtrees, largest first. */
export interface Edge {
  readonly size: number
  readonly hashes: readonly TreeHash[]
}

/** The size and root of a tree, as a checkpoint signs them. */
export interface TreeHead {
  readonly size: number
  readonly root: TreeHash
}

/** A leaf hash at its place. */
export interface LeafAt {
  readonly index: number
  readonly hash: TreeHash
}

const leafPrefix = Uint8Array.of(0)
const nodePrefix = Uint8Array.of(1)

/** SHA-256(0x00 ‖ data). The prefixes keep a leaf from ever being read as an inner node (RFC 6962 §2.1). */
export const leafHash = (data: Uint8Array): TreeHash => leafHashOf([data])

/** The same for data in parts. */
export const leafHashOf = (parts: readonly Uint8Array[]): TreeHash =>
  sha256(leafPrefix, ...parts) as Uint8Array as TreeHash

/** SHA-256(0x01 ‖ left ‖ right). @throws ProtocolError USAGE */
export const nodeHash = (left: TreeHash, right: TreeHash): TreeHash =>
  sha256(nodePrefix, expectId(left), expectId(right)) as Uint8Array as TreeHash

/** The root of the tree without leaves: SHA-256 of nothing. */
export const emptyRoot = (): TreeHash => sha256() as Uint8Array as TreeHash

/** The root over leaf hashes in order. Pairs are joined level by level; an odd last one moves up as it is. @throws ProtocolError USAGE */
export const rootOf = (leafHashes: readonly TreeHash[]): TreeHash =>
  reading('leaf hashes', () => {
    if (!Array.isArray(leafHashes)) throw new ProtocolError('USAGE', 'expected leaf hashes')
    return joined(leafHashes)
  })

function joined(leafHashes: readonly TreeHash[]): TreeHash {
  let level = leafHashes
  while (level.length > 1) {
    const above: TreeHash[] = []
    for (let i = 0; i + 1 < level.length; i += 2) above.push(nodeHash(level[i] as TreeHash, level[i + 1] as TreeHash))
    if (level.length % 2 === 1) above.push(level[level.length - 1] as TreeHash)
    level = above
  }
  // The only one was never joined, and so not looked at.
  return level.length === 0 ? emptyRoot() : expectId(level[0] as TreeHash)
}

/** The number of leaves left of a tree's first split: the largest power of two below `size`, which is at least 2. */
export function splitOf(size: number): number {
  const last = size - 1
  return last < 0x100000000 ? 2 ** (31 - Math.clz32(last)) : 2 ** (63 - Math.clz32(last / 0x100000000))
}

/** The maximal complete subtrees of the leaves [from, to), left to right, where that range is a subtree of some RFC 6962 tree. */
export function cover(from: number, to: number): Node[] {
  const nodes: Node[] = []
  for (let at = from; at < to; ) {
    const width = splitOf(to - at + 1)
    nodes.push({ level: Math.log2(width), index: at / width })
    at += width
  }
  return nodes
}

/** The root of a range from its `cover`: smaller subtrees join first. */
export function fold(hashes: readonly TreeHash[]): TreeHash {
  const last = hashes[hashes.length - 1]
  if (last === undefined) return emptyRoot()
  let hash = last
  for (let i = hashes.length - 2; i >= 0; i--) hash = nodeHash(hashes[i] as TreeHash, hash)
  return hash
}

// ——— the edge

export const emptyEdge: Edge = Object.freeze({ size: 0, hashes: Object.freeze([]) })

/**
 * The edge after one more leaf. `completed` is told every complete subtree that this leaf ends, the leaf itself first: what a
 * log stores.
 * @throws ProtocolError LIMIT at 2^53−1 leaves, USAGE.
 */
export function append(edge: Edge, leaf: TreeHash, completed?: (node: Node, hash: TreeHash) => void): Edge {
  const { size, hashes } = edgeOf(edge)
  if (completed !== undefined) expectFunction(completed)
  if (size >= Number.MAX_SAFE_INTEGER) throw new ProtocolError('LIMIT', 'the tree is full')
  let hash = expectId(leaf)
  let level = 0
  let index = size
  completed?.({ level, index }, hash)
  while (index % 2 === 1) {
    hash = nodeHash(hashes.pop() as TreeHash, hash)
    level += 1
    index = (index - 1) / 2
    completed?.({ level, index }, hash)
  }
  hashes.push(hash)
  return { size: size + 1, hashes }
}

/** The root of the tree with this edge. @throws ProtocolError USAGE */
export const rootOfEdge = (edge: Edge): TreeHash => fold(edgeOf(edge).hashes)

/** An edge with hashes of its own, as many as its size asks for. @throws ProtocolError USAGE */
const edgeOf = (edge: Edge): { size: number; hashes: TreeHash[] } =>
  reading('the edge of a tree', () => {
    const { size, hashes } = edge
    if (expectList(hashes, expectId).length !== oneBits(expectNatural(size)))
      throw new ProtocolError('USAGE', 'expected one hash for each complete subtree')
    return { size, hashes: hashes.slice() }
  })

const edgeFields = struct({ size: uint(), hashes: list(bytes<TreeHash>(32), 53) })

/** The stored form of an edge: `[size, [hash…]]`, with exactly as many hashes as `size` has one bits. */
export const edgeShape: Shape<Edge> = {
  decode(value, at) {
    const edge = edgeFields.decode(value, at)
    if (edge.hashes.length === oneBits(edge.size)) return edge
    throw new ProtocolError('DECODE_SHAPE', `${at}.hashes: expected one hash for each complete subtree`)
  },
  encode: (edge) => edgeFields.encode(edge),
}

/** How many complete subtrees a range of `size` leaves has. */
export function oneBits(size: number): number {
  let count = 0
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) count += rest % 2
  return count
}

// ——— proofs

interface Step {
  readonly from: number
  readonly to: number
  readonly left: boolean
}

/**
 * The way from the root down to leaf `index`, as the siblings that it passes, lowest first. It ends at the first subtree whose
 * last leaf is `index` when `whole` is set (that subtree begins at `from`), else at the leaf.
 */
function descend(index: number, size: number, whole: boolean): { from: number; steps: Step[] } {
  const steps: Step[] = []
  let from = 0
  let to = size
  while (whole ? to !== index + 1 : to - from > 1) {
    const middle = from + splitOf(to - from)
    if (index < middle) {
      steps.push({ from: middle, to, left: false })
      to = middle
    } else {
      steps.push({ from, to: middle, left: true })
      from = middle
    }
  }
  return { from, steps: steps.reverse() }
}

function plan(ranges: readonly { readonly from: number; readonly to: number }[]): Plan {
  const groups = ranges.map(({ from, to }) => cover(from, to))
  return { nodes: groups.flat(), groups: groups.map((group) => group.length) }
}

const isHash = (value: Uint8Array): boolean => isBytes(value) && value.length === 32

/** What an older edge of the same log is made of. Each element of the assembled proof is one hash of the edge. */
export function planEdge(size: number): Plan {
  if (!isNatural(size)) throw new ProtocolError('USAGE', 'size is not a tree size')
  const nodes = cover(0, size)
  return { nodes, groups: nodes.map(() => 1) }
}

/** What the inclusion proof of leaf `index` in a tree of `size` leaves is made of (RFC 6962 §2.1.1). @throws ProtocolError USAGE. */
export function planInclusion(index: number, size: number): Plan {
  if (!isNatural(index) || !isNatural(size) || index >= size)
    throw new ProtocolError('USAGE', 'index is outside the tree')
  return plan(descend(index, size, false).steps)
}

/** What the consistency proof between two sizes is made of (RFC 6962 §2.1.2). @throws ProtocolError USAGE unless 0 < oldSize ≤ size. */
export function planConsistency(oldSize: number, size: number): Plan {
  if (!isNatural(oldSize) || !isNatural(size) || oldSize === 0 || oldSize > size) {
    throw new ProtocolError('USAGE', 'consistency is between a tree that is not empty and a later one')
  }
  const { from, steps } = descend(oldSize - 1, size, true)
  return plan(from === 0 ? steps : [{ from, to: oldSize }, ...steps])
}

/** The proof from the hashes of `plan.nodes`, in that order. @throws ProtocolError USAGE when their number differs. */
export const assemble = (plan: Plan, hashes: readonly TreeHash[]): TreeHash[] =>
  reading('a plan and its hashes', () => {
    const { nodes, groups } = plan
    const planned = groups.reduce((sum, count) => sum + expectNatural(count), 0)
    if (!Array.isArray(nodes) || planned !== nodes.length || expectList(hashes, expectId).length !== planned)
      throw new ProtocolError('USAGE', 'expected one hash for each planned node')
    let end = 0
    return groups.map((count) => {
      end += count
      return fold(hashes.slice(end - count, end))
    })
  })

/**
 * Returns when leaf `index` of the tree with this size and root has this hash, by an RFC 6962 audit path.
 * @throws ProtocolError LOG_PROOF, USAGE for another structure.
 */
export const verifyInclusion = (leaf: LeafAt, tree: TreeHead, path: readonly TreeHash[]): void =>
  reading('a leaf, a tree and a path', () => checkInclusion(leaf, tree, path))

function checkInclusion(leaf: LeafAt, tree: TreeHead, path: readonly TreeHash[]): void {
  const refuse = (why: string): never => {
    throw new ProtocolError('LOG_PROOF', why)
  }
  if (!isNatural(leaf.index) || !isNatural(tree.size) || leaf.index >= tree.size)
    return refuse('index is outside the tree')
  const { steps } = descend(leaf.index, tree.size, false)
  // The length is a function of index and size: a path of another length would prove a node at another depth.
  if (path.length !== steps.length) return refuse('path has the wrong length')
  if (![leaf.hash, ...path].every(isHash)) return refuse('path holds something that is not a hash')
  let hash = leaf.hash
  steps.forEach((step, i) => {
    const sibling = path[i] as TreeHash
    hash = step.left ? nodeHash(sibling, hash) : nodeHash(hash, sibling)
  })
  if (!equal(hash, tree.root)) refuse('path does not lead to the root')
}

/**
 * Returns when `newer` is an append-only growth of `older`, by an RFC 6962 consistency proof. An empty older tree is refused:
 * everything is consistent with it, so such a proof says nothing.
 * @throws ProtocolError LOG_INCONSISTENT, USAGE for another structure.
 */
export const verifyConsistency = (older: TreeHead, newer: TreeHead, path: readonly TreeHash[]): void =>
  reading('two trees and a path', () => checkConsistency(older, newer, path))

function checkConsistency(older: TreeHead, newer: TreeHead, path: readonly TreeHash[]): void {
  const refuse = (why: string): never => {
    throw new ProtocolError('LOG_INCONSISTENT', why)
  }
  if (!isNatural(older.size) || !isNatural(newer.size) || older.size === 0)
    return refuse('sizes are not two tree sizes')
  if (older.size > newer.size) return refuse('the newer tree is smaller')
  const { from, steps } = descend(older.size - 1, newer.size, true)
  // Where the older tree is one complete subtree of the newer, its root is the start and is not repeated in the proof.
  const given = from === 0 ? 0 : 1
  if (path.length !== steps.length + given) return refuse('proof has the wrong length')
  if (!path.every(isHash)) return refuse('proof holds something that is not a hash')
  const seed = given === 1 ? (path[0] as TreeHash) : older.root
  let oldHash = seed
  let newHash = seed
  steps.forEach((step, i) => {
    const sibling = path[i + given] as TreeHash
    // What lies left of the older tree's end belongs to both trees, what lies right of it to the newer alone.
    if (step.left) oldHash = nodeHash(sibling, oldHash)
    newHash = step.left ? nodeHash(sibling, newHash) : nodeHash(newHash, sibling)
  })
  if (!equal(oldHash, older.root)) refuse('proof does not lead to the older root')
  if (!equal(newHash, newer.root)) refuse('proof does not lead to the newer root')
}
