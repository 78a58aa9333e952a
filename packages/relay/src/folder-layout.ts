// What lies where in a relay's folders, and how long its write-ahead log may become. Spec: docs/spec/storage.md.

const MiB = 1024 * 1024

/** The store in DIR. */
export const STORE_FILE = 'store.sqlite'
/** In DIR.local: the log's name, and the key of tickets. */
export const ORIGIN_FILE = 'origin'
export const TICKET_FILE = 'ticket-key'
/** Bytes of the write-ahead log from which on it is moved passively. */
export const CHECKPOINT_BYTES: number = 4 * MiB
/** Bytes of the write-ahead log at which the sequencer itself moves all of it between two turns. */
export const WAL_LIMIT: number = 256 * MiB
