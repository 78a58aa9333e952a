// The store in memory: the whole contract with nothing behind it, for tests, simulation and the testing package.
// Spec: docs/spec/storage.md. No Node module is imported. Nothing survives the process: durable here means as long as this object.
//
// Each write first checks everything and then changes the tables without a way to fail, in one go without `await`: that is its
// atomicity. Rows are copied on the way in and on the way out, so that a caller's later changes reach nobody.
import { hex } from '@sealchart/protocol'
import { RelayError } from '../errors.js'
import { checkExpected, checkStaging } from './checks.js'
import {
  type Batch,
  type Collected,
  type ListingRow,
  type NoticeRow,
  type SegmentRow,
  type Staging,
  type Store,
  StoreConflict,
  type UploadRow,
} from './contract.js'
import { memoryReads, namedFiles } from './memory-reads.js'
import { at, claimKey, copied, listingKey, nameKey, type Tables, tables, tileKey } from './memory-tables.js'
import { checkReadBack } from './read-back.js'

/** A store that begins empty and ends with the object. */
export function memoryStore(): Store {
  const t = tables()
  return {
    ...memoryReads(t),
    commit: async (batch) => commit(t, copiedBatch(batch)),
    stage: async (rows) => stage(t, rows),
    collect: async (now, limit) => collect(t, now, limit),
    eraseBeside: async (digests) => {
      for (const digest of digests) erase(t, hex(digest))
    },
  }
}

// ——— turns

const copiedBatch = (batch: Batch): Batch => ({
  ...batch,
  entries: batch.entries.map(copied),
  leaves: batch.leaves.map(copied),
  heads: batch.heads.map(copied),
  facts: batch.facts.map(copied),
  beside: batch.beside.map(copied),
  claims: batch.claims.map(copied),
  listings: batch.listings.map(copied),
  notices: batch.notices.map(copied),
  tiles: batch.tiles.map(copied),
  head: copied(batch.head),
})

function commit(t: Tables, batch: Batch): void {
  checkExpected(t.treeHead, batch.expect)
  checkStaged(t, batch)
  checkUnique(t, batch)
  checkReadBack(batch, t.treeHead, { ...batch, treeHead: batch.head })
  placeEntries(t, batch)
  placeState(t, batch)
  for (const row of batch.listings) list(t, row)
  for (const end of batch.ended) {
    for (const listings of t.listings.values()) endListing(listings, end)
  }
  for (const row of batch.notices) notify(t, row, batch.head.time)
  t.treeHead = batch.head
}

function checkStaged(t: Tables, { attachments, uploads }: Batch): void {
  if (attachments.some(({ digest }) => !t.attachments.has(hex(digest)))) {
    throw new StoreConflict('an attachment is not staged')
  }
  const isComplete = (id: Uint8Array): boolean =>
    t.uploads.get(hex(id))?.state === 'complete' && !t.collecting.has(hex(id))
  if (!uploads.every(isComplete)) throw new StoreConflict('an upload is not complete')
}

function checkUnique(t: Tables, { entries, uploads, tiles }: Batch): void {
  const last = new Map<string, number>()
  const hashes = new Set<string>()
  for (const row of entries) {
    const chain = hex(row.chain)
    const before = last.get(chain) ?? t.chains.get(chain)?.at(-1)?.sequence ?? -1
    const hash = hex(row.hash)
    const known = t.byHash.has(hash) || hashes.has(hash)
    if (row.sequence <= before || known) throw new RelayError('SELFCHECK', 'an entry is placed twice')
    last.set(chain, row.sequence)
    hashes.add(hash)
  }
  if (new Set(uploads.map(hex)).size !== uploads.length) throw new StoreConflict('an upload is published twice')
  const keys = tiles.map((row) => tileKey(row.level, row.index))
  if (new Set(keys).size !== keys.length || keys.some((key) => t.tiles.has(key))) {
    throw new RelayError('SELFCHECK', 'a tile is stored twice')
  }
}

function placeEntries(t: Tables, batch: Batch): void {
  for (const row of batch.entries) {
    t.entries.set(row.index, row)
    t.byHash.set(hex(row.hash), row)
    at(t.chains, hex(row.chain), () => []).push(row)
  }
  for (const row of batch.leaves) {
    t.leaves.push(row)
    if (row.seal) t.seals.push(row)
  }
  for (const row of batch.tiles) t.tiles.set(tileKey(row.level, row.index), row.hashes)
}

function placeState(t: Tables, batch: Batch): void {
  for (const row of batch.heads) t.heads.set(hex(row.chain), row)
  for (const { chain, key, value } of batch.facts) {
    const facts = at(t.facts, hex(chain), () => new Map<string, Uint8Array>())
    if (value === null) facts.delete(key)
    else facts.set(key, value)
  }
  for (const { digest, bytes } of batch.beside) at(t.beside, hex(digest), () => bytes)
  for (const row of batch.claims) at(t.claims, claimKey(row.name, row.value), () => new Map()).set(hex(row.member), row)
  for (const { digest, index } of batch.attachments) {
    const row = t.attachments.get(hex(digest))
    if (row && row.live === null) t.attachments.set(hex(digest), { ...row, live: index })
  }
  for (const id of batch.uploads) {
    const row = t.uploads.get(hex(id))
    if (row) t.uploads.set(hex(id), { ...row, state: 'live' })
  }
}

function list(t: Tables, row: ListingRow): void {
  at(t.listings, hex(row.member), () => new Map()).set(listingKey(row.record, row.grant), { ...row, ended: null })
}

type Listings = Tables['listings'] extends Map<string, infer Of> ? Of : never

function endListing(listings: Listings, { record, grant, index }: Batch['ended'][number]): void {
  const key = listingKey(record, grant)
  const row = listings.get(key)
  if (row && row.ended === null) listings.set(key, { ...row, ended: index })
}

function notify(t: Tables, row: NoticeRow, time: number): void {
  if (row.member !== null) at(t.ownNotices, hex(row.member), () => []).push(row)
  else at(t.recordNotices, hex(row.record), () => []).push({ row, time })
}

function erase(t: Tables, digest: string): void {
  t.beside.delete(digest)
  for (const claims of t.claims.values()) {
    for (const [member, row] of claims) if (hex(row.digest) === digest) claims.delete(member)
  }
}

// ——— staging

function stage(t: Tables, rows: Staging): void {
  checkStaging(rows)
  const { attachments = [], uploads = [], segments = [] } = rows
  if (uploads.some(({ id }) => t.collecting.has(hex(id)))) throw new StoreConflict('an upload is being collected')
  const opened = new Map(uploads.map((row) => [hex(row.id), row]))
  for (const row of segments) checkSegment(t, opened, row)
  for (const row of attachments) {
    const known = at(t.attachments, hex(row.digest), () => copied(row))
    const expires = Math.max(known.expires, row.expires)
    if (known.live === null) t.attachments.set(hex(row.digest), { ...known, expires })
  }
  for (const row of uploads) moveUpload(t, row)
  for (const row of segments) putSegment(t, copied(row))
}

function checkSegment(t: Tables, opened: ReadonlyMap<string, UploadRow>, row: SegmentRow): void {
  const id = hex(row.upload)
  if (t.segments.get(id)?.has(hex(row.name)) && !t.collecting.has(id)) return
  const stored = t.uploads.get(id)
  const upload = stored ?? opened.get(id)
  const isOpen = upload && (!stored || stored.state === 'open') && !t.collecting.has(id)
  if (!isOpen || hex(upload.record) !== hex(row.record)) throw new StoreConflict('a segment has no open upload')
}

function moveUpload(t: Tables, row: UploadRow): void {
  const known = at(t.uploads, hex(row.id), () => copied(row))
  if (known.state === 'live') return
  const state = known.state === 'complete' ? known.state : row.state
  t.uploads.set(hex(row.id), { ...known, state, expires: Math.max(known.expires, row.expires) })
}

function putSegment(t: Tables, row: SegmentRow): void {
  const segments = at(t.segments, hex(row.upload), () => new Map<string, SegmentRow>())
  if (segments.has(hex(row.name))) return
  segments.set(hex(row.name), row)
  at(t.named, nameKey(row.record, row.name), () => new Set()).add(row)
}

// ——— collection

function collect(t: Tables, now: number, limit: number): Collected {
  const files = new Set<string>()
  let rows = 0
  for (const [key, row] of t.attachments) {
    if (rows >= limit) break
    if (row.live !== null || row.expires > now) continue
    t.attachments.delete(key)
    files.add(row.place.file)
    rows += 1
  }
  for (const [key, row] of t.uploads) {
    if (rows >= limit) break
    if (row.state !== 'live' && row.expires <= now) rows += collectUpload(t, key, limit - rows, files)
  }
  const named = namedFiles(t)
  return { rows, files: [...files].filter((file) => !named.has(file)) }
}

/** Takes at most `limit` rows of an upload, the upload's own row last; returns how many. */
function collectUpload(t: Tables, key: string, limit: number, files: Set<string>): number {
  const segments = t.segments.get(key) ?? new Map<string, SegmentRow>()
  const taken = [...segments.values()].slice(0, limit)
  t.collecting.add(key)
  for (const row of taken) {
    segments.delete(hex(row.name))
    t.named.get(nameKey(row.record, row.name))?.delete(row)
    files.add(row.place.file)
  }
  if (taken.length === limit) return limit
  t.uploads.delete(key)
  t.segments.delete(key)
  t.collecting.delete(key)
  return taken.length + 1
}
