// A turn of the sequencer as one transaction of SQLite. Spec: docs/spec/storage.md, "Turns" and "Read-back".
import type Database from 'better-sqlite3'
import { checkExpected } from './checks.js'
import { type Batch, StoreConflict } from './contract.js'
import { checkReadBack } from './read-back.js'
import { entriesOf, headOf, leavesOf, treeHeadOf } from './sqlite-reads.js'
import type { Transact } from './sqlite-transactions.js'

/** A function that writes a turn, durable when it returns. */
export function turnWriter(db: Database.Database, transact: Transact): (batch: Batch) => void {
  const treeHead = treeHeadOf(db)
  const steps = [logWriter(db), stateWriter(db), listWriter(db), objectWriter(db)]
  const readBack = rowReader(db)
  return (batch) =>
    transact(() => {
      const before = treeHead()
      checkExpected(before, batch.expect)
      for (const write of steps) write(batch)
      checkReadBack(batch, before, readBack(batch, before?.size ?? 0))
    })
}

type Write = (batch: Batch) => void

function logWriter(db: Database.Database): Write {
  // By position, as for all rows that a turn has many of: naming the values costs half as much again.
  const entry = db.prepare<[number, Uint8Array, number, Uint8Array, Uint8Array, Uint8Array]>(
    'INSERT INTO entry (idx, chain, sequence, link, hash, bytes) VALUES (?, ?, ?, ?, ?, ?)',
  )
  const leaf = db.prepare<[number, number, Uint8Array]>('INSERT INTO leaf (idx, seal, data) VALUES (?, ?, ?)')
  const tile = db.prepare('INSERT INTO tile (level, idx, hashes) VALUES (:level, :index, :hashes)')
  const treeHead = db.prepare(`
    INSERT INTO tree_head (one, size, root, edge, time, checkpoint) VALUES (1, :size, :root, :edge, :time, :checkpoint)
    ON CONFLICT DO UPDATE SET size = :size, root = :root, edge = :edge, time = :time, checkpoint = :checkpoint`)
  return (batch) => {
    for (const { index, chain, sequence, link, hash, bytes } of batch.entries) {
      entry.run(index, chain, sequence, link, hash, bytes)
    }
    for (const row of batch.leaves) leaf.run(row.index, row.seal ? 1 : 0, row.data)
    for (const row of batch.tiles) tile.run(row)
    treeHead.run(batch.head)
  }
}

function stateWriter(db: Database.Database): Write {
  const setFact = db.prepare<[Uint8Array, string, Uint8Array]>(`
    INSERT INTO fact (chain, key, value) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value`)
  const deleteFact = db.prepare<[Uint8Array, string]>('DELETE FROM fact WHERE chain = ? AND key = ?')
  const beside = db.prepare(
    'INSERT INTO beside (digest, idx, bytes) VALUES (:digest, :index, :bytes) ON CONFLICT DO NOTHING',
  )
  const claim = db.prepare(`
    INSERT INTO claim (name, value, member, digest, idx) VALUES (:name, :value, :member, :digest, :index)
    ON CONFLICT DO UPDATE SET digest = :digest, idx = :index`)
  return (batch) => {
    for (const { chain, key, value } of batch.facts) {
      if (value === null) deleteFact.run(chain, key)
      else setFact.run(chain, key, value)
    }
    for (const row of batch.beside) beside.run(row)
    for (const row of batch.claims) claim.run(row)
  }
}

function listWriter(db: Database.Database): Write {
  const listing = db.prepare(`
    INSERT INTO listing (member, record, "grant", since, expires, ended)
    VALUES (:member, :record, :grant, :from, :expires, NULL)
    ON CONFLICT DO UPDATE SET since = :from, expires = :expires, ended = NULL`)
  const end = db.prepare(`
    UPDATE listing SET ended = :index WHERE record = :record AND "grant" = :grant AND ended IS NULL`)
  const toMember = db.prepare('INSERT INTO notice_to_member (member, idx, record) VALUES (:member, :index, :record)')
  const toAll = db.prepare<[Uint8Array, number, number]>(
    'INSERT INTO notice_to_all (record, idx, time) VALUES (?, ?, ?)',
  )
  return (batch) => {
    for (const row of batch.listings) listing.run(row)
    for (const row of batch.ended) end.run(row)
    for (const row of batch.notices) {
      if (row.member === null) toAll.run(row.record, row.index, batch.head.time)
      else toMember.run(row)
    }
  }
}

function objectWriter(db: Database.Database): Write {
  const attachment = db.prepare('UPDATE attachment SET live = coalesce(live, :index) WHERE digest = :digest')
  const upload = db.prepare<[Uint8Array]>('UPDATE upload SET state = 2 WHERE id = ? AND state = 1')
  return (batch) => {
    for (const row of batch.attachments) {
      if (attachment.run(row).changes !== 1) throw new StoreConflict('an attachment is not staged')
    }
    for (const id of batch.uploads) {
      if (upload.run(id).changes !== 1) throw new StoreConflict('an upload is not complete')
    }
  }
}

/** The turn's rows as SQL gives them back, in the batch's order. */
function rowReader(db: Database.Database): (batch: Batch, first: number) => Parameters<typeof checkReadBack>[2] {
  const treeHead = treeHeadOf(db)
  const entries = entriesOf(db)
  const leaves = leavesOf(db)
  const head = headOf(db)
  return (batch, first) => {
    // One more than was written: a row too many would show as well.
    const placed = entries(first, batch.entries.length + 1)
    return {
      entries: inOrderOf(batch.entries, placed),
      leaves: leaves(first, batch.leaves.length + 1),
      heads: batch.heads.map((row) => head(row.chain)),
      treeHead: treeHead(),
    }
  }
}

/** Rows as they were meant, null for a missing one; as they are, where their number differs. */
function inOrderOf(meant: Batch['entries'], placed: Batch['entries']): (Batch['entries'][number] | null)[] {
  if (placed.length !== meant.length) return [...placed]
  const byIndex = new Map(placed.map((row) => [row.index, row]))
  return meant.map((row) => byIndex.get(row.index) ?? null)
}
