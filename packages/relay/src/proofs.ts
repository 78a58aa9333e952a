// Proven entries: rows of the store with the proofs that an asker needs to take them. Spec: docs/spec/log.md, "Proven entries".
import {
  type AnyEntry,
  accessLogOf,
  decodeEntry,
  decodeLeaf,
  equal,
  type LinkHash,
  type Proven,
  type Seal,
  sealIndex,
  utf8,
} from '@sealchart/protocol'
import { RelayError } from './errors.js'
import type { LogTree } from './log-tree.js'
import { inSlices } from './slices.js'
import { lru } from './state.js'
import type { EntryRow, LeafRow, Reads } from './store/contract.js'

/** What of a stored entry the relay needs to know to serve it. */
export type Known = Pick<AnyEntry, 'kind' | 'chain' | 'restsOn' | 'private' | 'signer'>

/** Decodes stored entries, and remembers what it needs of them. */
export function entryReader(): (row: EntryRow) => Known {
  const kept = lru<Known>(50_000)
  return (row) => {
    const key = String(row.index)
    const known = kept.get(key)
    if (known) return known
    const { kind, chain, restsOn, private: beside, signer } = decodeEntry(row.bytes)
    const read = { kind, chain, restsOn, private: beside, signer }
    kept.set(key, read)
    return read
  }
}

export interface Prover {
  /** Proves rows, sorted by index and each once, at the log's newest head, for somebody who has seen the tree of size `seen`. */
  prove(rows: readonly EntryRow[], seen: number): Promise<Proven>
  /** The seals that cover these rows, in order of the rows. */
  sealsOf(rows: readonly EntryRow[]): Promise<readonly Seal[]>
}

/** The seal in a stored leaf. */
export function sealOf(leaf: LeafRow): Seal {
  const decoded = decodeLeaf(leaf.data)
  if (decoded.kind !== 'seal') throw new RelayError('INTERNAL', 'a seal is not one')
  return decoded.seal
}

export function prover(reads: Reads, log: LogTree, read: (row: EntryRow) => Known): Prover {
  const sealsOf = async (rows: readonly EntryRow[]): Promise<readonly Seal[]> =>
    rows.length === 0 ? [] : (await reads.sealsFor(rows.map((row) => row.index))).map(sealOf)

  const accessOf = async (row: EntryRow, before: EntryRow | undefined) => {
    if (read(row).kind !== 'access') return null
    const number = row.sequence
    if (number === 1) return { number, previous: row.chain as Uint8Array as LinkHash }
    const known = before && before.sequence === number - 1 && equal(before.chain, row.chain)
    const previous = known ? before.link : await reads.linkAt(row.chain, number - 1)
    if (previous === null) throw new RelayError('INTERNAL', 'an access link is missing')
    return { number, previous: previous as LinkHash }
  }

  return {
    sealsOf,
    async prove(rows, seen) {
      const seals = unique(await sealsOf(rows))
      // Rows of a turn are read from its commit on: the answer waits for the head that holds them all.
      const head = await log.reach(seals.at(-1)?.size ?? 0)
      if (head === null) throw new RelayError('UNKNOWN', 'there is no log yet')
      const entries: Proven['entries'][number][] = []
      const newest = new Map<string, EntryRow>()
      for await (const row of inSlices(rows)) {
        const chain = row.chain.join()
        entries.push({ index: row.index, bytes: row.bytes, access: await accessOf(row, newest.get(chain)) })
        newest.set(chain, row)
      }
      const indices = [...rows.map((row) => row.index), ...seals.map(sealIndex)].sort((a, b) => a - b)
      return {
        checkpoint: utf8(head.checkpoint),
        consistency: await log.proveGrowth(seen, head.size),
        entries,
        seals,
        nodes: indices.length === 0 ? [] : await log.proveBatch(head.size, indices),
      }
    },
  }
}

/** Seals in order, each once: rows are in order, so equal ones follow each other. */
const unique = (seals: readonly Seal[]): Seal[] => seals.filter((seal, i) => seals[i - 1]?.size !== seal.size)

/** Whether a state that an entry rests on is its record's access log, which is not part of a closure. */
export const isOwnLog = (entry: Pick<AnyEntry, 'kind' | 'chain'>, chain: Uint8Array): boolean =>
  entry.kind === 'record' && equal(accessLogOf(entry.chain), chain)
