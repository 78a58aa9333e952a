// Rows beside the log in SQLite: staging, collection and erasure. Spec: docs/spec/storage.md, "Staging" and "Collection".
import type { Digest } from '@sealchart/protocol'
import type Database from 'better-sqlite3'
import { checkStaging } from './checks.js'
import {
  type AttachmentRow,
  type Collected,
  type SegmentRow,
  type Staging,
  StoreConflict,
  type UploadRow,
} from './contract.js'
import { namedFiles } from './sqlite-object-reads.js'
import { uploadStates } from './sqlite-schema.js'
import type { Transact } from './sqlite-transactions.js'

/** A function that stages rows, durable when it returns. */
export function stagingWriter(db: Database.Database, transact: Transact): (rows: Staging) => void {
  const attachment = attachmentWriter(db)
  const { open, move } = uploadWriter(db)
  const segment = segmentWriter(db)
  return (rows) => {
    checkStaging(rows)
    const { attachments = [], uploads = [], segments = [] } = rows
    transact(() => {
      attachments.forEach(attachment)
      uploads.forEach(open)
      segments.forEach(segment)
      uploads.forEach(move)
    })
  }
}

function attachmentWriter(db: Database.Database): (row: AttachmentRow) => void {
  const insert = db.prepare(`
    INSERT INTO attachment (digest, file, offset, length, count, root, expires, live)
    VALUES (:digest, :file, :offset, :length, :count, :root, :expires, NULL)
    ON CONFLICT DO UPDATE SET expires = max(expires, :expires) WHERE live IS NULL`)
  return ({ place, ...row }) => void insert.run({ ...row, ...place })
}

/** A new upload is open until its segments are taken; then expiry and state move forward, never back. */
function uploadWriter(db: Database.Database): { open: (row: UploadRow) => void; move: (row: UploadRow) => void } {
  const insert = db.prepare(`
    INSERT INTO upload (id, record, member, reserved, expires, state)
    VALUES (:id, :record, :member, :reserved, :expires, 0) ON CONFLICT DO NOTHING`)
  const update = db.prepare(`
    UPDATE upload SET expires = max(expires, :expires), state = max(state, :state) WHERE id = :id AND state < 2`)
  const isCollected = db.prepare<[Uint8Array], number>('SELECT 1 FROM upload WHERE id = ? AND state = 3').pluck()
  return {
    open(row) {
      if (isCollected.get(row.id)) throw new StoreConflict('an upload is being collected')
      insert.run(row)
    },
    move: (row) => void update.run({ ...row, state: uploadStates.indexOf(row.state) }),
  }
}

function segmentWriter(db: Database.Database): (row: SegmentRow) => void {
  const insert = db.prepare(`
    INSERT INTO segment (upload, name, record, section, file, offset, length)
    SELECT :upload, :name, :record, :section, :file, :offset, :length
    WHERE EXISTS (SELECT 1 FROM upload WHERE id = :upload AND record = :record AND state = 0)
    ON CONFLICT DO NOTHING`)
  const isThere = db
    .prepare<[Uint8Array, Uint8Array, Uint8Array], number>(`
      SELECT 1 FROM segment JOIN upload ON upload.id = segment.upload
      WHERE segment.record = ? AND name = ? AND upload = ? AND state < 3`)
    .pluck()
  return ({ place, ...row }) => {
    if (insert.run({ ...row, ...place }).changes === 1 || isThere.get(row.record, row.name, row.upload)) return
    throw new StoreConflict('a segment has no open upload')
  }
}

// ——— collection

/** A function that forgets what has expired, at most `limit` rows, durable when it returns. */
export function collector(db: Database.Database, transact: Transact): (now: number, limit: number) => Collected {
  const takeAttachments = attachmentCollector(db)
  const takeUploads = uploadCollector(db)
  const isNamed = namedFiles(db)
  return (now, limit) =>
    transact(() => {
      const files = new Set<string>()
      const attachments = takeAttachments(now, limit, files)
      const rows = attachments + takeUploads(now, limit - attachments, files)
      return { rows, files: [...files].filter((file) => !isNamed(file)) }
    })
}

type Take = (now: number, limit: number, files: Set<string>) => number

function attachmentCollector(db: Database.Database): Take {
  const take = db.prepare<[number, number], { file: string }>(`
    DELETE FROM attachment WHERE digest IN (
      SELECT digest FROM attachment WHERE live IS NULL AND expires <= ? ORDER BY expires LIMIT ?
    ) RETURNING file`)
  return (now, limit, files) => {
    const taken = take.all(now, limit)
    for (const { file } of taken) files.add(file)
    return taken.length
  }
}

function uploadCollector(db: Database.Database): Take {
  const expired = db
    .prepare<[number, number], Uint8Array>(
      'SELECT id FROM upload WHERE state <> 2 AND expires <= ? ORDER BY expires LIMIT ?',
    )
    .pluck()
  const begin = db.prepare<[Uint8Array]>('UPDATE upload SET state = 3 WHERE id = ?')
  const takeSegments = db.prepare<{ id: Uint8Array; limit: number }, { file: string }>(`
    DELETE FROM segment WHERE rowid IN (SELECT rowid FROM segment WHERE upload = :id LIMIT :limit) RETURNING file`)
  const end = db.prepare<[Uint8Array]>('DELETE FROM upload WHERE id = ?')
  return (now, limit, files) => {
    let left = limit
    for (const id of expired.all(now, limit)) {
      if (left === 0) break
      begin.run(id)
      const segments = takeSegments.all({ id, limit: left })
      for (const { file } of segments) files.add(file)
      left -= segments.length
      // The upload's own row goes last: as long as segments are left, they belong to something.
      if (left === 0) break
      end.run(id)
      left -= 1
    }
    return limit - left
  }
}

/** A function that erases bytes beside entries, and the claims they make. */
export function eraser(db: Database.Database, transact: Transact): (digests: readonly Digest[]) => void {
  const bytes = db.prepare<[Uint8Array]>('DELETE FROM beside WHERE digest = ?')
  const claims = db.prepare<[Uint8Array]>('DELETE FROM claim WHERE digest = ?')
  return (digests) =>
    transact(() => {
      for (const digest of digests) {
        bytes.run(digest)
        claims.run(digest)
      }
    })
}
