// The closure: wanted entries with everything that they rest on, as far as the asker does not have it and may see it.
// Spec: docs/spec/relay.md, "Sync". An answer has a size; what is cut off is always the newest by log index, so that every answer can
// be taken by itself and the next one goes on.
import type { ChainId, Seal } from '@sealchart/protocol'
import type { Asker, Permissions, Sight } from './permissions.js'
import { isOwnLog, type Known, type Prover } from './proofs.js'
import { inSlices, pause, SLICE } from './slices.js'
import { keyOf, type State } from './state.js'
import type { EntryRow, Reads } from './store/contract.js'

/** Bytes of entries in one answer. Packing more at once would hold up everybody else. */
const MOST_BYTES = 4 * 1024 * 1024
/** Bytes in memory while an answer is collected; beyond, each further chain contributes one entry and is cut there. */
const MOST_COLLECTED = 32 * 1024 * 1024
const PAGE = 256

/** A chain and how many of its entries (of an access log: which number) the asker has. */
export interface Wanted {
  readonly chain: ChainId
  readonly after: number
}

export interface ClosureParts {
  readonly reads: Reads
  readonly state: State
  readonly permissions: Permissions
  readonly prover: Prover
  readonly read: (row: EntryRow) => Known
}

export interface Asked {
  readonly asker: Asker
  readonly want: readonly Wanted[]
  /** Chain and newest sequence that the asker has verified. */
  readonly have: readonly { readonly chain: ChainId; readonly sequence: number }[]
}

export interface Closure {
  /** By log index, each once. */
  readonly rows: readonly EntryRow[]
  /** Whether something was cut off. */
  readonly more: boolean
}

interface Collection {
  readonly have: ReadonlyMap<string, number>
  /** Wanted chains, and chains whose part in the answer is settled. */
  readonly asked: Set<string>
  readonly seen: Set<string>
  readonly queue: { readonly chain: ChainId; readonly after: number; readonly sight: Sight }[]
  readonly rows: EntryRow[]
  bytes: number
  /** No entry after this log index can be sent: something before it may be missing. */
  cut: number
}

/**
 * Collects the closure. A wanted chain that may not be seen, or does not exist, contributes nothing: an asker may want the chain that
 * she is about to found, or ask for people and a record at once.
 */
export async function collectClosure(parts: ClosureParts, { asker, want, have }: Asked): Promise<Closure> {
  const collection: Collection = {
    have: new Map(have.map(({ chain, sequence }) => [keyOf(chain), sequence])),
    asked: new Set(),
    seen: new Set(),
    queue: [],
    rows: [],
    bytes: 0,
    cut: Number.POSITIVE_INFINITY,
  }
  for await (const { chain, after } of inSlices(want)) {
    // Once a chain: what somebody may see of it can take thousands of rows to find out.
    if (collection.asked.has(keyOf(chain))) continue
    collection.asked.add(keyOf(chain))
    const sight = await parts.permissions.sightOf(asker, chain)
    if (sight === null) continue
    // Entries of an access log count from 1, all others from 0.
    enqueue(collection, { chain, after: sight.kind === 'access' ? after : after - 1, sight })
  }
  for (let next = collection.queue.shift(); next; next = collection.queue.shift()) {
    await collectChain(parts, collection, { ...next, asker })
  }
  return cutToSize(collection)
}

function enqueue(to: Collection, one: Collection['queue'][number]): void {
  const key = keyOf(one.chain)
  if (to.seen.has(key)) return
  to.seen.add(key)
  to.queue.push(one)
}

async function collectChain(
  parts: ClosureParts,
  to: Collection,
  { chain, after, sight, asker }: Collection['queue'][number] & { asker: Asker },
): Promise<void> {
  let last = after
  let own = 0
  for (;;) {
    const limit = to.bytes > MOST_COLLECTED ? 1 : PAGE
    const page = await parts.reads.entries(chain, last, limit)
    const seals = sight.kind === 'record' ? await parts.prover.sealsOf(page) : []
    for (const [i, row] of page.entries()) {
      if (i % SLICE === SLICE - 1) await pause()
      if (!isVisible(sight, row, seals[i])) return
      to.rows.push(row)
      to.bytes += row.bytes.length
      own += row.bytes.length
      last = row.sequence
      await addRests(parts, to, { row, asker })
    }
    if (page.length < limit) return
    if (own >= MOST_BYTES || limit === 1) {
      to.cut = Math.min(to.cut, (page.at(-1) as EntryRow).index)
      return
    }
  }
}

const isVisible = (sight: Sight, row: EntryRow, seal: Seal | undefined): boolean =>
  sight.sees(row.index, seal?.time ?? 0)

async function addRests(
  parts: ClosureParts,
  to: Collection,
  { row, asker }: { readonly row: EntryRow; readonly asker: Asker },
): Promise<void> {
  const entry = parts.read(row)
  for (const { chain } of entry.restsOn) {
    if (to.seen.has(keyOf(chain)) || isOwnLog(entry, chain)) continue
    const after = to.have.get(keyOf(chain)) ?? -1
    const head = await parts.state.head(chain)
    if (head === null || head.sequence <= after) {
      to.seen.add(keyOf(chain))
      continue
    }
    const sight = await parts.permissions.sightOf(asker, chain)
    if (sight !== null) enqueue(to, { chain, after, sight })
  }
}

function cutToSize({ rows, cut }: Collection): Closure {
  rows.sort((a, b) => a.index - b.index)
  let bytes = 0
  let count = 0
  for (const row of rows) {
    if (row.index > cut || (count > 0 && bytes + row.bytes.length > MOST_BYTES)) break
    bytes += row.bytes.length
    count += 1
  }
  return { rows: rows.slice(0, count), more: count < rows.length || cut !== Number.POSITIVE_INFINITY }
}

/** The private parts of these entries that are not erased. */
export async function besideOf(parts: ClosureParts, rows: readonly EntryRow[]): Promise<Uint8Array[]> {
  const digests = rows.flatMap((row) => parts.read(row).private ?? [])
  const found: Uint8Array[] = []
  for (let at = 0; at < digests.length; at += PAGE) {
    for (const bytes of await parts.reads.beside(digests.slice(at, at + PAGE))) if (bytes) found.push(bytes)
  }
  return found
}
