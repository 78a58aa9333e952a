// The tables of the store in memory, and copies of their rows. Spec: docs/spec/storage.md, "Rows".
import { type ChainId, type Digest, hex } from '@sealchart/protocol'
import type {
  AttachmentRow,
  ClaimRow,
  EntryRow,
  HeadRow,
  LeafRow,
  ListingRow,
  NoticeRow,
  SegmentRow,
  TreeHead,
  UploadRow,
} from './contract.js'

/** A listing with its end: the index of the entry that ended it, or null. */
export type MemoryListing = ListingRow & { readonly ended: number | null }

/** A notice to everybody, with the log time of its entry: what an expiry is compared with. */
export interface TimedNotice {
  readonly row: NoticeRow
  readonly time: number
}

export interface Tables {
  treeHead: TreeHead | null
  readonly entries: Map<number, EntryRow>
  readonly byHash: Map<string, EntryRow>
  /** Entries of a chain by sequence, as placed. */
  readonly chains: Map<string, EntryRow[]>
  readonly heads: Map<string, HeadRow>
  readonly facts: Map<string, Map<string, Uint8Array>>
  readonly leaves: LeafRow[]
  readonly seals: LeafRow[]
  readonly beside: Map<string, Uint8Array>
  /** By `claimKey`, then by member. */
  readonly claims: Map<string, Map<string, ClaimRow>>
  /** By member, then by `listingKey`. */
  readonly listings: Map<string, Map<string, MemoryListing>>
  readonly ownNotices: Map<string, NoticeRow[]>
  readonly recordNotices: Map<string, TimedNotice[]>
  readonly tiles: Map<string, Uint8Array>
  readonly attachments: Map<string, AttachmentRow>
  readonly uploads: Map<string, UploadRow>
  /** Uploads that a collection has begun to take: gone for every reader. */
  readonly collecting: Set<string>
  /** By upload, then by name. */
  readonly segments: Map<string, Map<string, SegmentRow>>
  /** By `nameKey`. */
  readonly named: Map<string, Set<SegmentRow>>
}

export const tables = (): Tables => ({
  treeHead: null,
  entries: new Map(),
  byHash: new Map(),
  chains: new Map(),
  heads: new Map(),
  facts: new Map(),
  leaves: [],
  seals: [],
  beside: new Map(),
  claims: new Map(),
  listings: new Map(),
  ownNotices: new Map(),
  recordNotices: new Map(),
  tiles: new Map(),
  attachments: new Map(),
  uploads: new Map(),
  collecting: new Set(),
  segments: new Map(),
  named: new Map(),
})

export const listingKey = (record: ChainId, grant: Uint8Array): string => `${hex(record)}/${hex(grant)}`
export const nameKey = (record: ChainId, name: Digest): string => `${hex(record)}/${hex(name)}`
export const claimKey = (name: string, value: string): string => JSON.stringify([name, value])
export const tileKey = (level: number, index: number): string => `${level}/${index}`

/** The value under `key`, made first where there is none. */
export function at<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key)
  if (found !== undefined) return found
  const made = make()
  map.set(key, made)
  return made
}

/** A row with fresh bytes. Rows hold bytes, plain values and, as `place`, one plain object of plain values. */
export function copied<T extends object>(row: T): T {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, copiedValue(value)])) as T
}

function copiedValue(value: unknown): unknown {
  if (value instanceof Uint8Array) return new Uint8Array(value)
  return typeof value === 'object' && value !== null ? { ...value } : value
}

export const copiedBytes = (bytes: Uint8Array | undefined): Uint8Array | null =>
  bytes === undefined ? null : new Uint8Array(bytes)

/** The position of the first item for which `test` holds, in a list where it holds for no item before one for which it does not. */
export function firstWhere<T>(list: readonly T[], test: (item: T) => boolean): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (test(list[middle] as T)) high = middle
    else low = middle + 1
  }
  return low
}
