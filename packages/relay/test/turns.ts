// Makes turns whose rows fit together, for the suites: entries of any bytes, leaves, seal, edge and root as the sequencer makes them.
import {
  append,
  type ChainId,
  type Digest,
  type Edge,
  type EntryHash,
  edgeShape,
  emptyEdge,
  encode,
  encodeEntryLeaf,
  encodeSeal,
  hashBytes,
  leafHash,
  pack,
  rootOfEdge,
  type Slot,
  unpack,
  utf8,
} from '@sealchart/protocol'
import type { Batch, EntryRow, LeafRow, TreeHead } from '../src/store/contract.js'

/** 32 bytes that say `name`. */
export const named = (name: string): Uint8Array => {
  const out = new Uint8Array(32)
  out.set(utf8(name).subarray(0, 32))
  return out
}
export const chain = (name: string): ChainId => named(name) as ChainId
export const digest = (name: string): Digest => named(name) as Digest
export const entryHash = (name: string): EntryHash => named(name) as EntryHash
/** 16 bytes that say `name`. */
export const uploadId = (name: string): Uint8Array => named(name).slice(0, 16)

export interface Said {
  readonly chain: string
  readonly sequence: number
  readonly text?: string
}

/** The turn that places these entries after `before`, an hour of log time later or at `time`. */
export function turn(
  before: TreeHead | null,
  said: readonly Said[],
  more: Partial<Batch> & { time?: number } = {},
): Batch {
  const start: Edge = before ? unpack(edgeShape, before.edge, 'edge') : emptyEdge
  const { time = (before?.time ?? 0) + 3_600_000, ...rows } = more
  const entries = said.map((one, i) => entryRow(one, start.size + i))
  const leaves: LeafRow[] = entries.map((row) => ({ index: row.index, data: leafData(row), seal: false }))
  const size = start.size + entries.length + 1
  const seal = encodeSeal({ first: start.size, size, time, prefixRoot: null })
  leaves.push({ index: size - 1, data: seal, seal: true })
  const edge = leaves.reduce((so, row) => append(so, leafHash(row.data)), start)
  const heads = new Map(
    entries.map(({ chain: id, sequence, link, index }, i) => [said[i]?.chain, { chain: id, sequence, link, index }]),
  )
  return {
    expect: before && { size: before.size, root: before.root },
    entries,
    leaves,
    heads: [...heads.values()],
    facts: [],
    beside: [],
    claims: [],
    listings: [],
    ended: [],
    notices: [],
    tiles: [],
    attachments: [],
    uploads: [],
    head: { size, root: rootOfEdge(edge), edge: pack(edgeShape, edge), time, checkpoint: `checkpoint ${size}` },
    ...rows,
  }
}

function entryRow({ chain: name, sequence, text }: Said, index: number): EntryRow {
  const bytes = encode([text ?? `${name} ${sequence}`])
  const hash = hashBytes('entryHash', bytes) as Uint8Array as EntryHash
  return { index, chain: chain(name), sequence, link: hashBytes('linkHash', bytes), hash, bytes }
}

const leafData = (row: EntryRow): Uint8Array => encodeEntryLeaf(row.link as Uint8Array as Slot, row.hash)

/** The same bytes with one bit of the last byte turned. */
export function flipped<T extends Uint8Array>(bytes: T): T {
  const out = new Uint8Array(bytes)
  out[out.length - 1] = (out[out.length - 1] ?? 0) ^ 1
  return out as Uint8Array as T
}
