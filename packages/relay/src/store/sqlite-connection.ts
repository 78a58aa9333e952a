// Opens SQLite connections. better-sqlite3 is native and optional: it is loaded here, when the first one is opened, and nowhere else.
// Spec: docs/spec/storage.md, "SQLite".
import type Database from 'better-sqlite3'
import { RelayError } from '../errors.js'
import { checkMigrated, configure, migrate, versionOf } from './sqlite-schema.js'

/** How long a statement waits for a lock of another connection, in ms. There is one writer: only checkpoints make it wait. */
const BUSY_MS = 5000

/** @throws RelayError USAGE when better-sqlite3 is not installed, or not for this platform. */
export async function loadSqlite(): Promise<typeof Database> {
  try {
    const { default: sqlite } = await import('better-sqlite3')
    return sqlite
  } catch (cause) {
    throw new RelayError('USAGE', 'the SQLite store needs better-sqlite3: npm install better-sqlite3', { cause })
  }
}

/** Opens the store for writing, and makes or migrates it. @throws RelayError USAGE, INTERNAL. */
export function openWriter(path: string): Promise<Database.Database> {
  return open(path, { timeout: BUSY_MS }, (db) => {
    versionOf(db)
    configure(db, 'write')
    migrate(db)
  })
}

/** Opens a store that exists, for reading. @throws RelayError USAGE, INTERNAL. */
export function openReader(path: string): Promise<Database.Database> {
  return open(path, { readonly: true, fileMustExist: true, timeout: BUSY_MS }, (db) => {
    checkMigrated(db)
    configure(db, 'read')
  })
}

/** A connection that could not be set up is not left open. */
async function open(
  path: string,
  options: Database.Options,
  setUp: (db: Database.Database) => void,
): Promise<Database.Database> {
  const sqlite = await loadSqlite()
  let db: Database.Database | null = null
  try {
    db = new sqlite(path, options)
    setUp(db)
    return db
  } catch (cause) {
    db?.close()
    throw cause instanceof RelayError ? cause : new RelayError('USAGE', 'the store cannot be opened', { cause })
  }
}
