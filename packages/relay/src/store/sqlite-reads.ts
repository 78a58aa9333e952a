// Reads of the SQLite store, for the connection that writes and for those of other threads that only read.
// Spec: docs/spec/storage.md. What one read returns is of one commit, also where it takes several statements.
import type { ChainId, EntryHash } from '@sealchart/protocol'
import type Database from 'better-sqlite3'
import { RelayError } from '../errors.js'
import { pause } from '../slices.js'
import type {
  EntryRow,
  FactRow,
  HeadRow,
  LeafRow,
  ListingRow,
  NoticeRow,
  Reads,
  RecordRow,
  TreeHead,
} from './contract.js'
import { objectReads } from './sqlite-object-reads.js'
import { get, plain, plainRow } from './sqlite-rows.js'
import { type Snapshot, snapshots } from './sqlite-transactions.js'

/** Reads over this connection; `close` closes it. */
export function sqliteReads(db: Database.Database): Reads {
  const snapshot = snapshots(db)
  return {
    ...logReads(db, snapshot),
    ...stateReads(db, snapshot),
    ...recordReads(db),
    ...objectReads(db, snapshot),
    close: async () => void db.close(),
  }
}

type LogReads = Pick<
  Reads,
  'treeHead' | 'entries' | 'entryByHash' | 'entryAt' | 'linkAt' | 'leaves' | 'sealsFor' | 'tile'
>

const ENTRY = 'SELECT idx AS "index", chain, sequence, link, hash, bytes FROM entry'

function logReads(db: Database.Database, snapshot: Snapshot): LogReads {
  const treeHead = treeHeadOf(db)
  const entries = db.prepare<[Uint8Array, number, number], EntryRow>(
    `${ENTRY} WHERE chain = ? AND sequence > ? ORDER BY sequence LIMIT ?`,
  )
  const byHash = db.prepare<[Uint8Array], EntryRow>(`${ENTRY} WHERE hash = ?`)
  const byIndex = db.prepare<[number], EntryRow>(`${ENTRY} WHERE idx = ?`)
  const link = db
    .prepare<[Uint8Array, number], Uint8Array>('SELECT link FROM entry WHERE chain = ? AND sequence = ?')
    .pluck()
  const leaves = leavesOf(db)
  const seal = db.prepare<[number], { index: number; data: Uint8Array }>(
    'SELECT idx AS "index", data FROM leaf WHERE seal = 1 AND idx >= ? ORDER BY idx LIMIT 1',
  )
  const tile = db.prepare<[number, number], Uint8Array>('SELECT hashes FROM tile WHERE level = ? AND idx = ?').pluck()
  const sealFor = (index: number): LeafRow => {
    const row = seal.get(index)
    if (row === undefined) throw new RelayError('INTERNAL', 'index is outside the log')
    return { ...plainRow(row), seal: true }
  }
  return {
    treeHead: async () => treeHead(),
    entries: async (chain, after, limit) => entries.all(chain, after, limit).map(plainRow),
    entryByHash: async (hash) => get(byHash, hash),
    entryAt: async (index) => get(byIndex, index),
    linkAt: async (chain, sequence) => plain(link.get(chain, sequence)),
    leaves: async (from, count) => leaves(from, count),
    sealsFor: async (indices) => snapshot(() => indices.map(sealFor)),
    tile: async (level, index) => plain(tile.get(level, index)),
  }
}

/** The tree head, read now. */
export function treeHeadOf(db: Database.Database): () => TreeHead | null {
  const select = db.prepare<[], TreeHead>('SELECT size, root, edge, time, checkpoint FROM tree_head')
  return () => get(select)
}

/** Leaves from `from` on, at most `count`, in order. */
export function leavesOf(db: Database.Database): (from: number, count: number) => LeafRow[] {
  const select = db.prepare<[number, number], { index: number; data: Uint8Array; seal: number }>(
    'SELECT idx AS "index", data, seal FROM leaf WHERE idx >= ? ORDER BY idx LIMIT ?',
  )
  return (from, count) =>
    select.all(from, count).map(({ index, data, seal }) => ({ index, data: plain(data), seal: seal === 1 }))
}

/** Entries with an index from `from` on, at most `count`, in order. */
export function entriesOf(db: Database.Database): (from: number, count: number) => EntryRow[] {
  const select = db.prepare<[number, number], EntryRow>(`${ENTRY} WHERE idx >= ? ORDER BY idx LIMIT ?`)
  return (from, count) => select.all(from, count).map(plainRow)
}

/** The head of one chain, read now. */
export function headOf(db: Database.Database): (chain: ChainId) => HeadRow | null {
  const select = db.prepare<[Uint8Array], HeadRow>(
    'SELECT chain, sequence, link, idx AS "index" FROM entry WHERE chain = ? ORDER BY sequence DESC LIMIT 1',
  )
  return (chain) => get(select, chain)
}

type StateReads = Pick<Reads, 'heads' | 'facts' | 'factsUnder' | 'beside' | 'claimants'>

/** Facts that are read at one moment: of ten thousand grants nobody waits for more than these. */
const FACTS_PAGE = 512

function stateReads(db: Database.Database, snapshot: Snapshot): StateReads {
  const head = headOf(db)
  const fact = db
    .prepare<[Uint8Array, string], Uint8Array>('SELECT value FROM fact WHERE chain = ? AND key = ?')
    .pluck()
  // U+10FFFF, the last code point, is in no key: everything that begins with the prefix lies before prefix ‖ U+10FFFF.
  const under = db.prepare<[Uint8Array, string, string, number], FactRow>(
    'SELECT chain, key, value FROM fact WHERE chain = ? AND key >= ? AND key < ? || char(0x10ffff) ORDER BY key LIMIT ?',
  )
  const beside = db.prepare<[Uint8Array], Uint8Array>('SELECT bytes FROM beside WHERE digest = ?').pluck()
  const claimants = db
    .prepare<[string, string, number], ChainId>(
      'SELECT member FROM claim WHERE name = ? AND value = ? ORDER BY idx DESC LIMIT ?',
    )
    .pluck()
  return {
    heads: async (chains) => snapshot(() => chains.map(head)),
    facts: async (keys) => snapshot(() => keys.map(({ chain, key }) => plain(fact.get(chain, key)))),
    async factsUnder(chain, prefix) {
      const found: FactRow[] = []
      for (let from = prefix; ; await pause()) {
        const page = under.all(chain, from, prefix, FACTS_PAGE)
        for (const row of page) found.push(plainRow(row))
        if (page.length < FACTS_PAGE) return found
        // The next key there can be.
        from = `${(page.at(-1) as FactRow).key}\0`
      }
    },
    beside: async (digests) => snapshot(() => digests.map((digest) => plain(beside.get(digest)))),
    claimants: async (name, value, limit) => claimants.all(name, value, limit).map((member) => plain(member)),
  }
}

const LISTING_HOLDS = 'ended IS NULL AND (expires IS NULL OR expires > :now)'

function recordReads(db: Database.Database): Pick<Reads, 'records' | 'listings' | 'notices'> {
  // All listings of a member are looked at for each page: keeping them in the order of change would make a turn write a row for
  // everybody who can list the record.
  const records = db.prepare<{ member: ChainId; now: number; before: number }, Listed>(`
    SELECT record, "grant", changed FROM (
      SELECT record, "grant",
        (SELECT idx FROM entry WHERE chain = record ORDER BY sequence DESC LIMIT 1) AS changed
      FROM listing WHERE member = :member AND ${LISTING_HOLDS}
    ) WHERE changed < :before ORDER BY changed DESC, "grant"`)
  const listings = db.prepare<{ member: ChainId; record: ChainId; now: number }, ListingRow>(`
    SELECT member, record, "grant", since AS "from", expires FROM listing
    WHERE member = :member AND record = :record AND ${LISTING_HOLDS} ORDER BY "grant"`)
  // One row an index: max() takes the member's own notice, where there is one, before one to all, whose member is null.
  const notices = db.prepare<{ member: ChainId; after: number; limit: number }, NoticeRow>(`
    SELECT idx AS "index", record, max(member) AS member FROM (
      SELECT idx, record, member FROM notice_to_member WHERE member = :member AND idx > :after
      UNION ALL
      SELECT notice.idx, notice.record, NULL
      FROM listing JOIN notice_to_all AS notice ON notice.record = listing.record
      WHERE listing.member = :member AND notice.idx > :after AND notice.idx >= listing.since
        AND (listing.ended IS NULL OR notice.idx < listing.ended)
        AND (listing.expires IS NULL OR listing.expires > notice.time)
    ) GROUP BY idx ORDER BY idx LIMIT :limit`)
  return {
    records: async (member, now, { after, limit }) =>
      grouped(records.iterate({ member, now, before: after ?? Number.MAX_SAFE_INTEGER }), limit),
    listings: async (member, record, now) => listings.all({ member, record, now }).map(plainRow),
    notices: async (member, after, limit) => notices.all({ member, after, limit }).map(plainRow),
  }
}

interface Listed {
  readonly record: ChainId
  readonly grant: EntryHash
  readonly changed: number
}

/** The first `limit` records of rows that are ordered by record. */
function grouped(rows: Iterable<Listed>, limit: number): RecordRow[] {
  const records: { record: ChainId; grants: EntryHash[]; changed: number }[] = []
  for (const row of rows) {
    const { record, grant, changed } = plainRow(row)
    const last = records.at(-1)
    // An entry is of one record: rows with the same newest entry are rows of the same record.
    if (last?.changed === changed) last.grants.push(grant)
    else if (records.length === limit) break
    else records.push({ record, grants: [grant], changed })
  }
  return records
}
