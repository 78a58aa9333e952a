// Reads of the SQLite store's rows about objects: attachments, uploads and segments. Spec: docs/spec/storage.md.
import type Database from 'better-sqlite3'
import type { AttachmentRow, Place, Reads, SegmentRow, UploadRow } from './contract.js'
import { plainRow } from './sqlite-rows.js'
import { uploadStates } from './sqlite-schema.js'
import type { Snapshot } from './sqlite-transactions.js'

type Stored<T extends { readonly place: Place }> = Omit<T, 'place'> & Place

/** The contract's form of a row whose place lies in three columns. */
function placed<T extends Place>({ file, offset, length, ...row }: T): Omit<T, keyof Place> & { place: Place } {
  return { ...plainRow(row), place: { file, offset, length } }
}

/** Whether a row names a file of objects. */
export function namedFiles(db: Database.Database): (file: string) => boolean {
  const named = db
    .prepare<{ file: string }, number>(`
      SELECT 1 FROM attachment WHERE file = :file UNION ALL SELECT 1 FROM segment WHERE file = :file LIMIT 1`)
    .pluck()
  return (file) => named.get({ file }) !== undefined
}

type ObjectReads = Pick<Reads, 'attachment' | 'upload' | 'reserved' | 'segment' | 'present' | 'named'>

export function objectReads(db: Database.Database, snapshot: Snapshot): ObjectReads {
  const attachment = db.prepare<[Uint8Array], Stored<AttachmentRow>>(
    'SELECT digest, file, offset, length, count, root, expires, live FROM attachment WHERE digest = ?',
  )
  const upload = db.prepare<[Uint8Array], Omit<UploadRow, 'state'> & { state: number }>(
    'SELECT id, record, member, reserved, expires, state FROM upload WHERE id = ? AND state < 3',
  )
  const reserved = db.prepare<[Uint8Array, number], { bytes: number; uploads: number }>(`
    SELECT total(reserved) AS bytes, count(*) FILTER (WHERE state = 0) AS uploads
    FROM upload WHERE member = ? AND expires > ? AND state < 2`)
  const segment = db.prepare<[Uint8Array, Uint8Array], Stored<SegmentRow>>(`
    SELECT segment.record AS record, name, section, upload, file, offset, length
    FROM segment JOIN upload ON upload.id = segment.upload
    WHERE segment.record = ? AND name = ? AND state < 3 ORDER BY state = 2 DESC LIMIT 1`)
  const present = db
    .prepare<[Uint8Array, Uint8Array, Uint8Array], number>(`
      SELECT 1 FROM segment JOIN upload ON upload.id = segment.upload
      WHERE segment.record = ? AND name = ? AND (state = 2 OR state < 2 AND upload.id = ?) LIMIT 1`)
    .pluck()
  const isNamed = namedFiles(db)
  return {
    async attachment(digest) {
      const row = attachment.get(digest)
      return row ? placed(row) : null
    },
    async upload(id) {
      const row = upload.get(id)
      return row ? { ...plainRow(row), state: uploadStates[row.state] as UploadRow['state'] } : null
    },
    reserved: async (member, now) => reserved.get(member, now) ?? { bytes: 0, uploads: 0 },
    async segment(record, name) {
      const row = segment.get(record, name)
      return row ? placed(row) : null
    },
    present: async (record, id, names) =>
      snapshot(() => names.map((name) => present.get(record, name, id) !== undefined)),
    named: async (files) => snapshot(() => files.map(isNamed)),
  }
}
