// Who moves SQLite's write-ahead log into the main file, and when. Spec: docs/spec/storage.md, "SQLite".
import { CHECKPOINT_BYTES, WAL_LIMIT } from './folder-layout.js'
import type { WriteAheadLog } from './store/sqlite.js'

/** How often the sequencer moves what is left of the log: what gathers in a second is moved in milliseconds. */
const REST_MS = 1000
/** How long what was erased may stay in the log. */
const CUT_MS = 60 * 60 * 1000

/**
 * For a thread of its own, called a few times a second: neither readers nor the sequencer wait for a passive move. Once an hour the
 * log is moved whole and cut, so that nothing that was erased outlives it there.
 */
export function logMover(log: WriteAheadLog, now: () => number): () => void {
  let cut = now()
  return () => {
    if (now() - cut >= CUT_MS) {
      if (log.checkpoint('full')) cut = now()
    } else if (log.walBytes() > CHECKPOINT_BYTES) log.checkpoint('passive')
  }
}

/**
 * For the sequencer, called between two turns. Another thread moves the log while turns write to it, and never reaches its end. What is
 * left is moved here: then the next turn starts the log over, in blocks that the file has already, whose sync is the cheap kind. When
 * readers held that up for long, the log is cut.
 */
export function restMover(log: WriteAheadLog, now: () => number): () => void {
  let moved = now()
  return () => {
    if (now() - moved < REST_MS) return
    const length = log.walBytes()
    if (length > CHECKPOINT_BYTES) log.checkpoint(length > WAL_LIMIT ? 'full' : 'passive')
    moved = now()
  }
}
