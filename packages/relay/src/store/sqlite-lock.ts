// A lock that admits one process, on a file, through SQLite: Node has no file locks of its own, SQLite has the kernel's.
// Spec: docs/spec/storage.md, "Head lock".
//
// The kernel takes such a lock back when its process ends, however it ends: there is nothing to find out about a process that is gone,
// and no moment between finding out and taking over. It is bound to the file, so it holds between containers that share a volume, where
// process numbers and socket names do not. Nothing else in the process may open the file: closing it there would drop the lock.
import { RelayError } from '../errors.js'
import { loadSqlite } from './sqlite-connection.js'

/** Takes the lock or fails at once. @throws RelayError LOCK_HELD while another holder lives, USAGE without better-sqlite3. */
export async function lockFile(path: string): Promise<{ release(): void }> {
  const sqlite = await loadSqlite()
  const db = new sqlite(path, { timeout: 0 })
  try {
    // Writes nothing: the file stays empty, and the transaction open for as long as the lock is held.
    db.exec('BEGIN EXCLUSIVE')
    return { release: () => void db.close() }
  } catch (cause) {
    db.close()
    throw new RelayError('LOCK_HELD', 'another process holds the head lock', { cause })
  }
}
