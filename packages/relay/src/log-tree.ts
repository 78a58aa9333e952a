// The log as readers see it: its newest head, and any complete subtree, from tiles in memory or in the store.
// Spec: docs/spec/log.md, "Proofs". It is told of each turn; proofs of the sequencer's own turns are made there (growing-tree.ts).
import {
  assemble,
  encodeTile,
  type Node,
  nodeHash,
  planBatch,
  planConsistency,
  type Tile,
  type TreeHash,
  tileOf,
} from '@sealchart/protocol'
import { RelayError } from './errors.js'
import { hashesOf, loadTree } from './growing-tree.js'
import type { LogHead, TurnNews } from './sequencer.js'
import { lru } from './state.js'
import type { Reads } from './store/contract.js'

const WIDTH = 256
/** Full tiles in memory, at up to 32 kB each. */
const KEPT = 1024

/** The hashes of one tile, and what they join to, computed when asked: `levels[k]` holds subtrees of 2^k of its hashes. */
interface Pyramid {
  readonly levels: (TreeHash | undefined)[][]
}

export interface LogTree {
  readonly head: LogHead | null
  take(news: TurnNews): void
  /**
   * The head once the log has this size. The store shows a turn from its commit on; its head is given out only when the head lock holds
   * it too, a moment later.
   */
  reach(size: number): Promise<LogHead | null>
  /** The batch proof of these leaves (increasing) in the tree of `size`. */
  proveBatch(size: number, indices: readonly number[]): Promise<TreeHash[]>
  /** From what an asker has seen to `size`; empty where there is nothing to prove. */
  proveGrowth(seen: number, size: number): Promise<TreeHash[]>
  /** The bytes of a tile of hashes that lies in the log, or null. */
  tile(tile: Tile & { readonly level: number }): Promise<Uint8Array | null>
}

export async function openLogTree(reads: Reads): Promise<LogTree> {
  const stored = await reads.treeHead()
  const partial: Pyramid[] = (await loadTree(reads, stored)).partial.map((hashes) => ({ levels: [[...hashes]] }))
  const full = lru<Pyramid>(KEPT)
  let head: LogHead | null = stored
  let size = stored?.size ?? 0
  const waiting: (() => void)[] = []

  const add = (level: number, hash: TreeHash): void => {
    const pyramid = (partial[level] ??= { levels: [[]] })
    const hashes = pyramid.levels[0] as TreeHash[]
    hashes.push(hash)
    if (hashes.length < WIDTH) return
    const index = Math.floor(size / WIDTH ** (level + 1)) - 1
    full.set(`${level}/${index}`, pyramid)
    partial[level] = { levels: [[]] }
    add(level + 1, subtree(pyramid, 8, 0))
  }

  const pyramidOf = async (level: number, index: number): Promise<Pyramid> => {
    if (index === Math.floor(size / WIDTH ** (level + 1))) return partial[level] ?? lost()
    const name = `${level}/${index}`
    const known = full.get(name)
    if (known) return known
    const bytes = await reads.tile(level, index)
    if (bytes === null) return lost()
    const pyramid: Pyramid = { levels: [hashesOf(bytes)] }
    full.set(name, pyramid)
    return pyramid
  }

  const nodeAt = async (node: Node): Promise<TreeHash> => {
    const { level, index, from, count } = tileOf(node)
    return subtree(await pyramidOf(level, index), Math.log2(count), from / count)
  }

  const all = async (nodes: readonly Node[]): Promise<TreeHash[]> => {
    const hashes: TreeHash[] = []
    for (const node of nodes) hashes.push(await nodeAt(node))
    return hashes
  }

  return {
    get head() {
      return head
    },
    take(news) {
      for (const hash of hashesOf(news.leaves)) {
        size += 1
        add(0, hash)
      }
      head = news.head
      for (const wake of waiting.splice(0)) wake()
    },
    async reach(wanted) {
      while (wanted > size) await new Promise<void>((resolve) => waiting.push(resolve))
      return head
    },
    proveBatch: (at, indices) => all(planBatch(at, indices)),
    async proveGrowth(seen, at) {
      if (seen === 0 || seen >= at) return []
      const plan = planConsistency(seen, at)
      return assemble(plan, await all(plan.nodes))
    },
    async tile({ level, index, width }) {
      if ((index * WIDTH + width) * WIDTH ** level > size) return null
      const { levels } = await pyramidOf(level, index)
      return encodeTile((levels[0] as TreeHash[]).slice(0, width))
    },
  }
}

const lost = (): never => {
  throw new RelayError('INTERNAL', 'a node of the tree is missing')
}

/** The root of subtree `index` among those of 2^`height` hashes of a tile. Computed once. */
function subtree(pyramid: Pyramid, height: number, index: number): TreeHash {
  const row = (pyramid.levels[height] ??= [])
  const known = row[index]
  if (known) return known
  if (height === 0) return lost()
  const hash = nodeHash(subtree(pyramid, height - 1, 2 * index), subtree(pyramid, height - 1, 2 * index + 1))
  row[index] = hash
  return hash
}
