// A thief's view of a relay's data folder: the store read with SQL, the objects as files. Nothing of the relay's program is used.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { decodeEntry } from '@sealchart/protocol'
import Database from 'better-sqlite3'

/**
 * Opens a copy of a data folder (never the folder of a running relay: SQLite may write to it).
 * @param {string} folder
 * @returns {import('@sealchart/testing').Stored}
 */
export function openDisk(folder) {
  const store = new Database(join(folder, 'store.sqlite'))
  const object = (/** @type {any} */ row) => {
    if (!row) return null
    const path = join(folder, 'objects', row.file.slice(0, 2), row.file)
    return new Uint8Array(readFileSync(path).subarray(row.offset, row.offset + row.length))
  }
  const entries = /** @type {{ idx: number, bytes: Uint8Array }[]} */ (
    store.prepare('SELECT idx, bytes FROM entry ORDER BY idx').all()
  )
  const attachment = store.prepare('SELECT file, offset, length FROM attachment WHERE digest = ?')
  const beside = store.prepare('SELECT bytes FROM beside WHERE digest = ?')
  const segment = store.prepare('SELECT file, offset, length FROM segment WHERE record = ? AND name = ?')
  return {
    entries: entries.map(({ idx, bytes }) => ({ index: idx, entry: decodeEntry(new Uint8Array(bytes)) })),
    attachment: async (digest) => object(attachment.get(digest)),
    segment: async (record, name) => object(segment.get(record, name)),
    async beside(digest) {
      const row = /** @type {{ bytes: Uint8Array } | undefined} */ (beside.get(digest))
      return row ? new Uint8Array(row.bytes) : null
    },
  }
}
