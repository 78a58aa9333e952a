// One transaction of the SQLite store, and what each way of failing means. Spec: docs/spec/storage.md, "Failures".
import type Database from 'better-sqlite3'
import { RelayError } from '../errors.js'
import { StoreConflict } from './contract.js'

/** Runs a transaction that is durable when it returns. It takes the write lock first, so that what it read stays true. */
export type Transact = <T>(body: () => T) => T

/** Runs `read` on one state of the store, however many statements it takes. */
export type Snapshot = <T>(read: () => T) => T

export function snapshots(db: Database.Database): Snapshot {
  const begin = db.prepare('BEGIN')
  const end = db.prepare('COMMIT')
  return (read) => {
    begin.run()
    try {
      return read()
    } finally {
      end.run()
    }
  }
}

/**
 * @throws whatever `body` throws (after a rollback), and RelayError FULL for a full disk (nothing is written), SELFCHECK for a row
 * that breaks a key, OUTCOME_UNKNOWN for every other failure.
 */
export function transactions(db: Database.Database): Transact {
  const begin = db.prepare('BEGIN IMMEDIATE')
  const commit = db.prepare('COMMIT')
  const rollback = db.prepare('ROLLBACK')
  return (body) => {
    try {
      begin.run()
      const result = body()
      commit.run()
      return result
    } catch (error) {
      // SQLite has rolled back already after some errors.
      if (db.inTransaction) rollback.run()
      throw meaning(error)
    }
  }
}

/**
 * A full disk is a clean refusal even where COMMIT meets it: a transaction counts from its last frame in the log file on, and that
 * is the write that failed. Everything else that COMMIT can fail with may come after that frame.
 */
function meaning(error: unknown): Error {
  if (error instanceof StoreConflict || error instanceof RelayError) return error
  const code = sqliteCode(error)
  if (isFull(error)) return new RelayError('FULL', 'the disk is full', { cause: error })
  if (code.startsWith('SQLITE_CONSTRAINT')) {
    return new RelayError('SELFCHECK', 'a row breaks a key of its table', { cause: error })
  }
  return new RelayError('OUTCOME_UNKNOWN', 'a write failed, and may have happened', { cause: error })
}

/** Whether SQLite found no room on the disk. */
export const isFull = (error: unknown): boolean => sqliteCode(error) === 'SQLITE_FULL'

function sqliteCode(error: unknown): string {
  const isSqlite = error instanceof Error && error.name === 'SqliteError'
  return isSqlite && 'code' in error && typeof error.code === 'string' ? error.code : ''
}
