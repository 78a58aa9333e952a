// The RFC 6962 definitions written down as they stand there, slow and recursive: what the tests compare the tree code with.
import { createHash } from 'node:crypto'
import type { TreeHash } from '../src/bytes.js'
import type { Node } from '../src/merkle.js'

const hash = (...parts: readonly Uint8Array[]): TreeHash => {
  const state = createHash('sha256')
  for (const part of parts) state.update(part)
  return new Uint8Array(state.digest()) as Uint8Array as TreeHash
}

/** Leaf hashes 0 to size − 1 of a tree whose leaf i is the decimal text of i. */
export const leavesOfSize = (size: number): TreeHash[] =>
  Array.from({ length: size }, (_, i) => hash(Uint8Array.of(0), new TextEncoder().encode(String(i))))

/** The largest power of two below n. */
function split(n: number): number {
  let k = 1
  while (2 * k < n) k *= 2
  return k
}

/** RFC 6962's functions over D[from:to] of one list of leaves; each MTH is kept, so that all trees up to 130 stay affordable. */
export class ReferenceTree {
  readonly #leaves: readonly TreeHash[]
  readonly #known = new Map<string, TreeHash>()

  constructor(leaves: readonly TreeHash[]) {
    this.#leaves = leaves
  }

  /** MTH (§2.1). */
  mth(from: number, to: number): TreeHash {
    if (to === from) return hash()
    if (to - from === 1) return this.#leaves[from] as TreeHash
    const known = this.#known.get(`${from}:${to}`)
    if (known !== undefined) return known
    const k = from + split(to - from)
    const made = hash(Uint8Array.of(1), this.mth(from, k), this.mth(k, to))
    this.#known.set(`${from}:${to}`, made)
    return made
  }

  /** PATH(m, D[0:n]) (§2.1.1). */
  path(m: number, n: number, from = 0): TreeHash[] {
    if (n - from === 1) return []
    const k = from + split(n - from)
    return m < k ? [...this.path(m, k, from), this.mth(k, n)] : [...this.path(m, n, k), this.mth(from, k)]
  }

  /** PROOF(m, D[0:n]) (§2.1.2). */
  proof(m: number, n: number, from = 0): TreeHash[] {
    if (m === n) return from === 0 ? [] : [this.mth(from, m)]
    const k = from + split(n - from)
    return m <= k ? [...this.proof(m, k, from), this.mth(k, n)] : [...this.proof(m, n, k), this.mth(from, k)]
  }

  /** The hash of a complete subtree. */
  node({ level, index }: Node): TreeHash {
    return this.mth(index * 2 ** level, (index + 1) * 2 ** level)
  }
}

/** All complete subtrees without a proven leaf whose parent has one, or is not complete: left to right. Found by looking at all. */
export function complement(size: number, proven: ReadonlySet<number>): Node[] {
  const free = ({ level, index }: Node): boolean => {
    const from = index * 2 ** level
    const to = from + 2 ** level
    return to <= size && !Array.from({ length: to - from }, (_, i) => from + i).some((leaf) => proven.has(leaf))
  }
  const found: Node[] = []
  for (let level = 0; 2 ** level <= size; level++) {
    for (let index = 0; (index + 1) * 2 ** level <= size; index++) {
      const node = { level, index }
      if (free(node) && !free({ level: level + 1, index: Math.floor(index / 2) })) found.push(node)
    }
  }
  return found.sort((a, b) => a.index * 2 ** a.level - b.index * 2 ** b.level)
}

/** The same hash with one bit turned over. */
export function flipped(value: TreeHash, bit: number): TreeHash {
  const copy = value.slice()
  copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7))
  return copy as TreeHash
}
