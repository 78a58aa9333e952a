// Reads of the store in memory. Spec: docs/spec/storage.md. Every row that leaves is a copy.
import { compare, hex, utf8 } from '@sealchart/protocol'
import { RelayError } from '../errors.js'
import type { LeafRow, ListingRow, NoticeRow, Reads, RecordRow, SegmentRow } from './contract.js'
import {
  claimKey,
  copied,
  copiedBytes,
  firstWhere,
  type MemoryListing,
  nameKey,
  type Tables,
  tileKey,
} from './memory-tables.js'

/** Reads over these tables; `close` does nothing. */
export function memoryReads(t: Tables): Reads {
  return { ...logReads(t), ...stateReads(t), ...recordReads(t), ...objectReads(t), close: async () => {} }
}

type LogReads = Pick<
  Reads,
  'treeHead' | 'entries' | 'entryByHash' | 'entryAt' | 'linkAt' | 'leaves' | 'sealsFor' | 'tile'
>

function logReads(t: Tables): LogReads {
  const orNull = <T extends object>(row: T | undefined | null): T | null => (row ? copied(row) : null)
  return {
    treeHead: async () => orNull(t.treeHead),
    async entries(chain, after, limit) {
      const rows = t.chains.get(hex(chain)) ?? []
      const from = firstWhere(rows, (row) => row.sequence > after)
      return rows.slice(from, from + limit).map(copied)
    },
    entryByHash: async (hash) => orNull(t.byHash.get(hex(hash))),
    entryAt: async (index) => orNull(t.entries.get(index)),
    async linkAt(chain, sequence) {
      const rows = t.chains.get(hex(chain)) ?? []
      const row = rows[firstWhere(rows, (candidate) => candidate.sequence >= sequence)]
      return copiedBytes(row?.sequence === sequence ? row.link : undefined)
    },
    leaves: async (from, count) => t.leaves.slice(from, from + count).map(copied),
    sealsFor: async (indices) => indices.map((index) => sealFor(t, index)),
    tile: async (level, index) => copiedBytes(t.tiles.get(tileKey(level, index))),
  }
}

function sealFor(t: Tables, index: number): LeafRow {
  const seal = t.seals[firstWhere(t.seals, (row) => row.index >= index)]
  if (seal === undefined) throw new RelayError('INTERNAL', 'index is outside the log')
  return copied(seal)
}

function stateReads(t: Tables): Pick<Reads, 'heads' | 'facts' | 'factsUnder' | 'beside' | 'claimants'> {
  return {
    async heads(chains) {
      return chains.map((chain) => {
        const row = t.heads.get(hex(chain))
        return row ? copied(row) : null
      })
    },
    facts: async (keys) => keys.map(({ chain, key }) => copiedBytes(t.facts.get(hex(chain))?.get(key))),
    async factsUnder(chain, prefix) {
      const found = [...(t.facts.get(hex(chain)) ?? [])].filter(([key]) => key.startsWith(prefix))
      // SQLite's order of text is that of its UTF-8, which is not that of UTF-16 units.
      found.sort(([a], [b]) => compare(utf8(a), utf8(b)))
      return found.map(([key, value]) => copied({ chain, key, value }))
    },
    beside: async (digests) => digests.map((digest) => copiedBytes(t.beside.get(hex(digest)))),
    async claimants(name, value, limit) {
      const rows = [...(t.claims.get(claimKey(name, value))?.values() ?? [])].sort((a, b) => b.index - a.index)
      return rows.slice(0, limit).map((row) => copyOf(row.member))
    },
  }
}

/** A listing that has not ended, and is not expired at `now`. */
const holds = (listing: MemoryListing, now: number): boolean =>
  listing.ended === null && (listing.expires === null || listing.expires > now)

function recordReads(t: Tables): Pick<Reads, 'records' | 'listings' | 'notices'> {
  const listingsOf = (member: Uint8Array): MemoryListing[] => [...(t.listings.get(hex(member))?.values() ?? [])]
  return {
    async records(member, now, { after, limit }) {
      const rows = new Map<string, RecordRow>()
      for (const listing of listingsOf(member)) {
        const head = t.heads.get(hex(listing.record))
        if (!head || !holds(listing, now)) continue
        const grants = [...(rows.get(hex(listing.record))?.grants ?? []), listing.grant].sort(compare)
        rows.set(hex(listing.record), { record: listing.record, grants, changed: head.index })
      }
      const page = [...rows.values()].filter((row) => after === null || row.changed < after)
      page.sort((a, b) => b.changed - a.changed)
      return page.slice(0, limit).map((row) => ({ ...copied(row), grants: row.grants.map(copyOf) }))
    },
    async listings(member, record, now) {
      const held = listingsOf(member).filter((row) => holds(row, now) && compare(row.record, record) === 0)
      return held.sort((a, b) => compare(a.grant, b.grant)).map(withoutEnd)
    },
    async notices(member, after, limit) {
      const rows = new Map<number, NoticeRow>()
      for (const listing of listingsOf(member)) {
        for (const row of noticesUnder(t, listing)) rows.set(row.index, row)
      }
      for (const row of t.ownNotices.get(hex(member)) ?? []) rows.set(row.index, row)
      const page = [...rows.values()].filter((row) => row.index > after).sort((a, b) => a.index - b.index)
      return page.slice(0, limit).map(copied)
    },
  }
}

const copyOf = <T extends Uint8Array>(bytes: T): T => new Uint8Array(bytes) as Uint8Array as T

const withoutEnd = ({ member, record, grant, from, expires }: MemoryListing): ListingRow =>
  copied({ member, record, grant, from, expires })

/** Notices to everybody of the listing's record while it could be listed by it. */
function noticesUnder(t: Tables, { record, from, ended, expires }: MemoryListing): NoticeRow[] {
  const all = t.recordNotices.get(hex(record)) ?? []
  const seen = all.filter(({ row, time }) => {
    const inRange = row.index >= from && (ended === null || row.index < ended)
    return inRange && (expires === null || expires > time)
  })
  return seen.map(({ row }) => row)
}

/** All files of objects that a row names. */
export function namedFiles(t: Tables): ReadonlySet<string> {
  const segments = [...t.segments.values()].flatMap((rows) => [...rows.values()])
  return new Set([...t.attachments.values(), ...segments].map(({ place }) => place.file))
}

function objectReads(t: Tables): Pick<Reads, 'attachment' | 'upload' | 'reserved' | 'segment' | 'present' | 'named'> {
  const isLive = (row: SegmentRow): boolean => t.uploads.get(hex(row.upload))?.state === 'live'
  const isThere = (row: SegmentRow): boolean => !t.collecting.has(hex(row.upload))
  return {
    async attachment(digest) {
      const row = t.attachments.get(hex(digest))
      return row ? copied(row) : null
    },
    async upload(id) {
      const row = t.uploads.get(hex(id))
      return row && !t.collecting.has(hex(id)) ? copied(row) : null
    },
    async reserved(member, now) {
      const rows = [...t.uploads].filter(([key, row]) => {
        return !t.collecting.has(key) && row.state !== 'live' && row.expires > now && compare(row.member, member) === 0
      })
      const open = rows.filter(([, row]) => row.state === 'open')
      return { bytes: rows.reduce((sum, [, row]) => sum + row.reserved, 0), uploads: open.length }
    },
    async segment(record, name) {
      const rows = [...(t.named.get(nameKey(record, name)) ?? [])].filter(isThere)
      const row = rows.find(isLive) ?? rows[0]
      return row ? copied(row) : null
    },
    async present(record, upload, names) {
      return names.map((name) => {
        const rows = [...(t.named.get(nameKey(record, name)) ?? [])].filter(isThere)
        return rows.some((row) => isLive(row) || compare(row.upload, upload) === 0)
      })
    },
    async named(files) {
      const known = namedFiles(t)
      return files.map((file) => known.has(file))
    },
  }
}
