// Who moves SQLite's write-ahead log into the main file, and when. Spec: docs/spec/storage.md, "SQLite".
import { CHECKPOINT_BYTES, WAL_LIMIT } from './folder-layout.js'
import type { WriteAheadLog } from './store/sqlite.js'

/** How often the sequencer moves what is left of the log: what gathers in a second is moved in milliseconds. */
const REST_MS = 1000
/** How long what was erased may stay in the log. */
const CUT_MS = 60 * 60 * 1000
/** After how long a cut that readers held up is tried again. */
const AGAIN_MS = 60 * 1000

/**
 * For a thread of its own, called a few times a second: neither readers nor the sequencer wait for a passive move. Once an hour the
 * log is moved whole and cut, so that nothing that was erased outlives it there. `now` is a clock in ms that never goes back.
 */
export function logMover(log: WriteAheadLog, now: () => number): () => void {
  let next = now() + CUT_MS
  return () => {
    if (now() >= next) next = now() + (log.checkpoint('full') ? CUT_MS : AGAIN_MS)
    else if (log.walBytes() > CHECKPOINT_BYTES) log.checkpoint('passive')
  }
}

/**
 * For the sequencer, called between two turns. Another thread moves the log while turns write to it, and never reaches its end. What is
 * left is moved here: then the next turn starts the log over, in blocks that the file has already, whose sync is the cheap kind. When
 * readers held that up for long, the log is cut. `now` is a clock in ms that never goes back.
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
