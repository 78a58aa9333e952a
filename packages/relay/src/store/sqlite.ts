// The store in one SQLite file: one connection that writes, any number that read (in other threads), one that checkpoints.
// Spec: docs/spec/storage.md, "SQLite". The SQL stands in sqlite-schema.ts (tables), -reads.ts, -turns.ts and -staging.ts.
//
// WAL mode with synchronous=FULL: a commit is one sync of the write-ahead log, and readers never wait for it. Every call works
// synchronously and resolves afterwards: whoever must not be held up runs it in a thread of its own.
import { statSync } from 'node:fs'
import type Database from 'better-sqlite3'
import type { Reads, Store } from './contract.js'
import { openReader, openWriter } from './sqlite-connection.js'
import { sqliteReads as readsOf } from './sqlite-reads.js'
import { collector, eraser, stagingWriter } from './sqlite-staging.js'
import { isFull, transactions } from './sqlite-transactions.js'
import { turnWriter } from './sqlite-turns.js'

/**
 * `passive` moves what it can into the main file without making anybody wait; `full` moves everything and cuts the write-ahead log to
 * nothing: after it, what was erased is gone from the disk's files. It waits for readers, and the writer with it, for at most
 * `FULL_WAITS_MS`: a backup may read for minutes.
 */
export type CheckpointMode = 'passive' | 'full'

/** The write-ahead log: how long its file is, and moving it into the main file. */
export interface WriteAheadLog {
  walBytes(): number
  /**
   * True when everything that was committed at the call lies in the main file. False also when the disk is full: then all of it stays in
   * the log, and reads go on.
   */
  checkpoint(mode: CheckpointMode): boolean
}

/** How long a full checkpoint waits for readers, in ms: while it does, nothing is written. */
const FULL_WAITS_MS = 50

export type SqliteStore = Store & WriteAheadLog

/**
 * Opens the store for its one writer, and makes or migrates it. Its folder exists.
 * @throws RelayError USAGE when better-sqlite3 is missing, or the file is not a store of this version; INTERNAL when a setting that
 * durability rests on cannot be set.
 */
export async function sqliteStore(path: string): Promise<SqliteStore> {
  return storeOn(await openWriter(path))
}

/** The store over a connection that `openWriter` made. */
export function storeOn(db: Database.Database): SqliteStore {
  const transact = transactions(db)
  const commit = turnWriter(db, transact)
  const stage = stagingWriter(db, transact)
  const collect = collector(db, transact)
  const erase = eraser(db, transact)
  const log = writeAheadLog(db)
  const reads = readsOf(db)
  return {
    ...reads,
    commit: async (batch) => commit(batch),
    stage: async (rows) => stage(rows),
    collect: async (now, limit) => collect(now, limit),
    eraseBeside: async (digests) => erase(digests),
    ...log,
    async close() {
      // SQLite cuts the log when its last connection ends, and not if that one only reads.
      log.checkpoint('full')
      await reads.close()
    },
  }
}

/** Opens a store that exists for reading, in any thread. @throws RelayError USAGE as `sqliteStore`. */
export async function sqliteReads(path: string): Promise<Reads> {
  return readsOf(await openReader(path))
}

/** A connection for checkpoints alone, for a thread of its own: a passive one there does not hold the writer up. */
export async function sqliteCheckpointer(path: string): Promise<WriteAheadLog & { close(): void }> {
  const db = await openWriter(path)
  return { ...writeAheadLog(db), close: () => void db.close() }
}

interface CheckpointRow {
  readonly busy: number
  readonly log: number
  readonly checkpointed: number
}

function writeAheadLog(db: Database.Database): WriteAheadLog {
  const passive = db.prepare<[], CheckpointRow>('PRAGMA wal_checkpoint(PASSIVE)')
  const full = db.prepare<[], CheckpointRow>('PRAGMA wal_checkpoint(TRUNCATE)')
  return {
    walBytes: () => statSync(`${db.name}-wal`, { throwIfNoEntry: false })?.size ?? 0,
    checkpoint(mode) {
      const row = mode === 'passive' ? rowOf(passive) : waitingAtMost(db, FULL_WAITS_MS, () => rowOf(full))
      return row !== undefined && row.busy === 0 && row.log === row.checkpointed
    },
  }
}

/** Runs a step in which this connection waits no longer for others. */
function waitingAtMost<T>(db: Database.Database, ms: number, step: () => T): T {
  const usual = db.pragma('busy_timeout', { simple: true }) as number
  db.pragma(`busy_timeout = ${ms}`)
  try {
    return step()
  } finally {
    db.pragma(`busy_timeout = ${usual}`)
  }
}

/** What a checkpoint says; undefined when it found no room. The log is not cut before all of it was synced in the main file. */
function rowOf(checkpoint: Database.Statement<[], CheckpointRow>): CheckpointRow | undefined {
  try {
    return checkpoint.get()
  } catch (error) {
    if (isFull(error)) return undefined
    throw error
  }
}
