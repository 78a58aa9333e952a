// The object store's contract: immutable files of bytes (segments, batches of small ones, attachments), named by the relay.
// Spec: docs/spec/storage.md. What a file means, and who may read it, stands in the store's rows, never here.
//
// `write` resolves when the file's bytes and its directory entry survive the loss of power; a file that `write` did not answer for
// may exist and is harmless: no row names it. A name is never written twice.
import type { Place } from '../store/contract.js'

export interface Segments {
  /**
   * Stores the concatenation of `parts` as one new file and answers its name. The parts do not change until it answers.
   * @throws RelayError FULL when the disk is full and BUSY when no file can be opened now (nothing is left behind), OUTCOME_UNKNOWN when
   * the disk failed: stop.
   */
  write(parts: readonly Uint8Array[]): Promise<string>
  /** Bytes `from` (inclusive) to `to` (exclusive) of a place; all of it without a range. @throws RelayError INTERNAL when bytes are missing, BUSY when no file can be opened now. */
  read(place: Place, range?: { readonly from: number; readonly to: number }): Promise<Uint8Array<ArrayBuffer>>
  /** Removes files; one that does not exist is no error. */
  remove(files: readonly string[]): Promise<void>
  /** Names of all files, for the check of what no row names. */
  list(): AsyncIterable<string>
  close(): Promise<void>
}
