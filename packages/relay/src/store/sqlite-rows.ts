// From SQLite's values to the contract's: better-sqlite3 gives Buffers, in memory of their own; what leaves the store is plain bytes.
import type Database from 'better-sqlite3'

/** The same bytes as a plain Uint8Array; null for no row. */
export function plain<T extends Uint8Array>(bytes: T): T
export function plain(bytes: Uint8Array | undefined): Uint8Array | null
export function plain(bytes: Uint8Array | undefined): Uint8Array | null {
  return bytes === undefined ? null : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** The row with plain bytes, changed in place: it is fresh from SQLite. */
export function plainRow<T extends object>(row: T): T {
  const fields = row as Record<string, unknown>
  for (const name of Object.keys(fields)) {
    const value = fields[name]
    if (value instanceof Uint8Array) fields[name] = plain(value)
  }
  return row
}

/** One row with plain bytes, or null. */
export function get<P extends unknown[], T extends object>(select: Database.Statement<P, T>, ...values: P): T | null {
  const row = select.get(...values)
  return row === undefined ? null : plainRow(row)
}
