// The tables of the SQLite store: numbered migrations, and the settings that every connection is opened with and read back.
// Spec: docs/spec/storage.md, "SQLite". Column names are those of contract.ts; `idx` is an index of the log, `since` a listing's `from`.
//
// A released migration never changes: a later one is added. WITHOUT ROWID where rows are small and found by their key alone; rows with
// large blobs keep a rowid, so that a lookup by key does not walk over their bytes.
import type Database from 'better-sqlite3'
import { RelayError } from '../errors.js'

const tables = `
-- One row: the log's newest state.
CREATE TABLE tree_head (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  size INTEGER NOT NULL, root BLOB NOT NULL, edge BLOB NOT NULL, time INTEGER NOT NULL, checkpoint TEXT NOT NULL
) STRICT;

CREATE TABLE entry (
  idx INTEGER PRIMARY KEY,
  chain BLOB NOT NULL, sequence INTEGER NOT NULL, link BLOB NOT NULL, hash BLOB NOT NULL, bytes BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX entry_by_chain ON entry (chain, sequence);
CREATE UNIQUE INDEX entry_by_hash ON entry (hash);

CREATE TABLE leaf (idx INTEGER PRIMARY KEY, seal INTEGER NOT NULL CHECK (seal IN (0, 1)), data BLOB NOT NULL) STRICT;
CREATE INDEX leaf_by_seal ON leaf (idx) WHERE seal = 1;

CREATE TABLE tile (
  level INTEGER NOT NULL, idx INTEGER NOT NULL, hashes BLOB NOT NULL, PRIMARY KEY (level, idx)
) STRICT;

-- The state of a chain. Its head is no row: it is the last of its entries, found by entry_by_chain.
CREATE TABLE fact (
  chain BLOB NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (chain, key)
) STRICT, WITHOUT ROWID;

-- What can be erased without touching a proof.
CREATE TABLE beside (digest BLOB PRIMARY KEY NOT NULL, idx INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT;
CREATE TABLE claim (
  name TEXT NOT NULL, value TEXT NOT NULL, member BLOB NOT NULL, digest BLOB NOT NULL, idx INTEGER NOT NULL,
  PRIMARY KEY (name, value, member)
) STRICT, WITHOUT ROWID;
CREATE INDEX claim_by_digest ON claim (digest);

CREATE TABLE listing (
  member BLOB NOT NULL, record BLOB NOT NULL, "grant" BLOB NOT NULL,
  since INTEGER NOT NULL, expires INTEGER, ended INTEGER,
  PRIMARY KEY (member, record, "grant")
) STRICT, WITHOUT ROWID;
CREATE INDEX listing_by_grant ON listing (record, "grant");

-- A notice to one member, and one to everybody who could list the record then; time is the log time of the entry.
CREATE TABLE notice_to_member (
  member BLOB NOT NULL, idx INTEGER NOT NULL, record BLOB NOT NULL, PRIMARY KEY (member, idx)
) STRICT, WITHOUT ROWID;
CREATE TABLE notice_to_all (
  record BLOB NOT NULL, idx INTEGER NOT NULL, time INTEGER NOT NULL, PRIMARY KEY (record, idx)
) STRICT, WITHOUT ROWID;

CREATE TABLE attachment (
  digest BLOB PRIMARY KEY,
  file TEXT NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL,
  count INTEGER NOT NULL, root BLOB, expires INTEGER NOT NULL, live INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX attachment_by_file ON attachment (file);
CREATE INDEX attachment_by_expiry ON attachment (expires) WHERE live IS NULL;

-- state: 0 open, 1 complete, 2 live, 3 being collected (gone for every reader).
CREATE TABLE upload (
  id BLOB PRIMARY KEY,
  record BLOB NOT NULL, member BLOB NOT NULL, reserved INTEGER NOT NULL, expires INTEGER NOT NULL,
  state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 3)
) STRICT, WITHOUT ROWID;
CREATE INDEX upload_by_member ON upload (member, expires) WHERE state < 2;
CREATE INDEX upload_by_expiry ON upload (expires) WHERE state <> 2;

-- A version may have 65,536 of these, and their names are random: each costs one row at a random place, of the index by name. Table and
-- other indexes grow at the ends of their upload and file.
CREATE TABLE segment (
  upload BLOB NOT NULL REFERENCES upload (id), name BLOB NOT NULL,
  record BLOB NOT NULL, section INTEGER NOT NULL,
  file TEXT NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX segment_by_name ON segment (record, name, upload);
CREATE INDEX segment_by_upload ON segment (upload);
CREATE INDEX segment_by_file ON segment (file);
`

/** Migration n, from 1, is at n − 1 and takes a store from version n − 1 to n. */
const migrations: readonly string[] = [tables]

/** Marks the file as a Sealchart store: "Seal" in ASCII. */
const APPLICATION_ID = 0x5365616c

/** Names of the upload states by their number in the table. */
export const uploadStates = ['open', 'complete', 'live', 'collecting'] as const

const number = (db: Database.Database, pragma: string): number => Number(db.pragma(pragma, { simple: true }))

/**
 * The version of the store in a file, 0 for an empty file. Asked before anything is set: the file may be somebody else's.
 * @throws RelayError USAGE for a file that is another program's, or a newer version's.
 */
export function versionOf(db: Database.Database): number {
  const version = number(db, 'user_version')
  const isOurs = number(db, 'application_id') === APPLICATION_ID
  const isEmpty = version === 0 && number(db, 'schema_version') === 0
  if (!isOurs && !isEmpty) throw new RelayError('USAGE', 'the file is not a Sealchart store')
  if (version > migrations.length) throw new RelayError('USAGE', 'the store belongs to a newer version of the relay')
  return version
}

/** Brings the store to this program's version, in one transaction. */
export function migrate(db: Database.Database): void {
  db.transaction(() => {
    for (const step of migrations.slice(versionOf(db))) db.exec(step)
    db.pragma(`application_id = ${APPLICATION_ID}`)
    db.pragma(`user_version = ${migrations.length}`)
  }).immediate()
}

/** @throws RelayError USAGE unless the store is exactly this program's version: a connection that only reads does not migrate. */
export function checkMigrated(db: Database.Database): void {
  if (versionOf(db) !== migrations.length) {
    throw new RelayError('USAGE', 'the store is not migrated yet: open it for writing first')
  }
}

/** Settings of every connection, each with the value that must be read back. */
const settings: readonly (readonly [pragma: string, value: string, read: string | number])[] = [
  // Declared references hold; functions and virtual tables in the schema of a file that somebody else wrote do nothing.
  ['foreign_keys', 'ON', 1],
  ['trusted_schema', 'OFF', 0],
  // A page that is damaged so that it cannot be one is an error, not a strange answer.
  ['cell_size_check', 'ON', 1],
  // 64 MiB of pages. Not mapped into memory: a failing disk would be a signal that ends the process instead of an error.
  ['cache_size', '-65536', -65536],
  ['mmap_size', '0', 0],
  ['temp_store', 'MEMORY', 2],
]

/** Settings of the connection that writes. */
const writerSettings: typeof settings = [
  ['journal_mode', 'WAL', 'wal'],
  // In WAL mode NORMAL syncs at checkpoints only, and loses acknowledged commits with the power; it is better-sqlite3's default there.
  ['synchronous', 'FULL', 2],
  // Erased means overwritten with zeros, in the file; in the write-ahead log until it is checkpointed.
  ['secure_delete', 'ON', 1],
  // Checkpoints are asked for: by a thread of their own, and between turns.
  ['wal_autocheckpoint', '0', 0],
]

/** Sets a connection up. @throws RelayError INTERNAL when a setting does not read back as it was set. */
export function configure(db: Database.Database, mode: 'write' | 'read'): void {
  for (const [pragma, value, read] of mode === 'write' ? [...settings, ...writerSettings] : settings) {
    db.pragma(`${pragma} = ${value}`)
    if (db.pragma(pragma, { simple: true }) !== read) {
      throw new RelayError('INTERNAL', `SQLite does not take the setting ${pragma}`, { details: { pragma } })
    }
  }
}
