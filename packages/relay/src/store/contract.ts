// The store's contract: what every back end (memory, SQLite, later PostgreSQL) must keep, and with which durability.
// Spec: docs/spec/storage.md. One suite, test/store-suite.ts, runs on all of them. Bytes of objects are not here: see segments/.
//
// A store has one writer, the sequencer's. Its writes take data, never a callback, and are atomic. `StoreConflict` and RelayError FULL
// mean that nothing was written, and that the writer may go on. SELFCHECK means that nothing was written, and that the process must
// stop: what it computed and what the store gave back differ. After any other error the outcome is unknown: stop, and recover at the
// next start. When a write resolves, it survives the loss of power. Each read sees whole commits only; two reads may see two states.
//
// What has an expiry is expired from that millisecond on: `expires` ≤ now.
import type { ChainId, Digest, EntryHash, TreeHash } from '@sealchart/protocol'

/** The log's newest state. `edge` is the encoded right edge of the tree, `time` the newest seal's, `checkpoint` a signed note. */
export interface TreeHead {
  readonly size: number
  readonly root: TreeHash
  readonly edge: Uint8Array
  readonly time: number
  readonly checkpoint: string
}

/**
 * One placed entry. In an access log `sequence` is its number and `link` its access link; elsewhere its sequence and link hash.
 * (chain, sequence), the hash and the index are unique: an access log therefore has a chain id of its own here.
 */
export interface EntryRow {
  readonly index: number
  readonly chain: ChainId
  readonly sequence: number
  readonly link: Uint8Array
  readonly hash: EntryHash
  readonly bytes: Uint8Array
}

/** A leaf's data as it was hashed into the tree: `[slot, entry hash]`, or a seal (`seal: true`). */
export interface LeafRow {
  readonly index: number
  readonly data: Uint8Array
  readonly seal: boolean
}

/** Newest entry of a chain. A turn has one row for each chain that it places an entry on. */
export interface HeadRow {
  readonly chain: ChainId
  readonly sequence: number
  readonly link: Uint8Array
  readonly index: number
}

export interface FactKey {
  readonly chain: ChainId
  readonly key: string
}

/** One fact of a chain's state; a null value deletes it. */
export interface FactRow extends FactKey {
  readonly value: Uint8Array | null
}

/**
 * Bytes that lie beside an entry and can be erased without touching a proof: claims, sealed purposes and reasons. The first row of a
 * digest stays.
 */
export interface BesideRow {
  readonly digest: Digest
  readonly index: number
  readonly bytes: Uint8Array
}

/**
 * A claim that the bytes beside an accepted credential make about a member: what the directory is asked by. `digest` names these bytes:
 * the row is erased with them. The newest row of a (name, value, member) replaces the older one.
 */
export interface ClaimRow {
  readonly member: ChainId
  readonly name: string
  readonly value: string
  readonly digest: Digest
  readonly index: number
}

/**
 * Who may list a record since which log index, by which grant (the founder by the founding entry); `expires` in ms or null. A newer
 * row of the same (member, record, grant) replaces the older one, ended or not.
 */
export interface ListingRow {
  readonly member: ChainId
  readonly record: ChainId
  readonly grant: EntryHash
  readonly from: number
  readonly expires: number | null
}

/** The end of a grant's listings, for all members: it ended with the entry at `index`, which they no longer see. */
export interface EndedRow {
  readonly record: ChainId
  readonly grant: EntryHash
  readonly index: number
}

/** News in the entry at `index`, for one member, or (null) for everybody who could list the record at that index. */
export interface NoticeRow {
  readonly index: number
  readonly record: ChainId
  readonly member: ChainId | null
}

/** A full tile: 256 hashes, 8,192 bytes. */
export interface TileRow {
  readonly level: number
  readonly index: number
  readonly hashes: Uint8Array
}

/** A whole turn of the sequencer. */
export interface Batch {
  /** The tree head that the turn was computed on, null for the first. Another head in the store is a conflict. */
  readonly expect: { readonly size: number; readonly root: TreeHash } | null
  readonly entries: readonly EntryRow[]
  /** All leaves of the turn in order, the seal last; the first has index `expect.size`. */
  readonly leaves: readonly LeafRow[]
  readonly heads: readonly HeadRow[]
  readonly facts: readonly FactRow[]
  readonly beside: readonly BesideRow[]
  readonly claims: readonly ClaimRow[]
  readonly listings: readonly ListingRow[]
  readonly ended: readonly EndedRow[]
  readonly notices: readonly NoticeRow[]
  readonly tiles: readonly TileRow[]
  /** Staged attachments that an entry of this turn names: they become live. A missing one is a conflict; one that is live stays as it is. */
  readonly attachments: readonly { readonly digest: Digest; readonly index: number }[]
  /** Uploads that an entry of this turn publishes: they become live. A missing one, or one that isn't complete, is a conflict. */
  readonly uploads: readonly Uint8Array[]
  readonly head: TreeHead
}

/** Where bytes lie in the object store: a file, and a range in it. */
export interface Place {
  readonly file: string
  readonly offset: number
  readonly length: number
}

/** A staged or live attachment: a wrap list, a manifest, a sealed card. `live` is the log index that made it live, or null. */
export interface AttachmentRow {
  readonly digest: Digest
  readonly place: Place
  /** Rows in it, and the RFC 6962 root over them, for a wrap list; 0 and null otherwise. */
  readonly count: number
  readonly root: TreeHash | null
  /** ms; a staged attachment may be collected from then on. */
  readonly expires: number
  readonly live: number | null
}

/** One upload: segments of one record put by one member before an entry publishes them. `id` is 16 bytes. */
export interface UploadRow {
  readonly id: Uint8Array
  readonly record: ChainId
  readonly member: ChainId
  /** Padded bytes that the member may put under it. */
  readonly reserved: number
  readonly expires: number
  readonly state: 'open' | 'complete' | 'live'
}

/**
 * A stored segment: unique by (upload, name), so that an upload which is collected takes nothing from another one of the same record.
 * `section` is the section that it was put for.
 */
export interface SegmentRow {
  readonly record: ChainId
  readonly name: Digest
  readonly section: number
  readonly upload: Uint8Array
  readonly place: Place
}

/** Most rows of one staging: turns wait behind its transaction. */
export const STAGED_ROWS = 128

/**
 * Rows that do not touch the log; taken between turns, at most `STAGED_ROWS` at a time. Rows that exist already are left as they are
 * (first writer wins), except that the expiry of what is not live moves forward, and an upload's state from open to complete.
 * Nothing becomes live here. A new segment needs its upload to be open: one of the store, or a new one of these rows; states move last.
 */
export interface Staging {
  readonly attachments?: readonly AttachmentRow[]
  readonly uploads?: readonly UploadRow[]
  readonly segments?: readonly SegmentRow[]
}

/** A record in a member's list: newest head first. */
export interface RecordRow {
  readonly record: ChainId
  readonly grants: readonly EntryHash[]
  /** Log index of the record's newest entry: what lists are ordered and paged by. */
  readonly changed: number
}

/** Where a page of a list begins, and how long it is. */
export interface Page {
  /** Rows strictly beyond this position in the list's order; null for the first page. */
  readonly after: number | null
  readonly limit: number
}

export interface Reads {
  treeHead(): Promise<TreeHead | null>
  heads(chains: readonly ChainId[]): Promise<readonly (HeadRow | null)[]>
  facts(keys: readonly FactKey[]): Promise<readonly (Uint8Array | null)[]>
  /**
   * All facts of a chain whose key begins with `prefix`, in key order. Hundreds are read in pages, each of its own
   * moment: who rests a verdict on all of them compares the chain's head, as the turn does.
   */
  factsUnder(chain: ChainId, prefix: string): Promise<readonly FactRow[]>
  /** Entries of a chain with `after` < sequence, in order; −1 for all. */
  entries(chain: ChainId, after: number, limit: number): Promise<readonly EntryRow[]>
  entryByHash(hash: EntryHash): Promise<EntryRow | null>
  entryAt(index: number): Promise<EntryRow | null>
  /** The link of one placed entry of a chain. */
  linkAt(chain: ChainId, sequence: number): Promise<Uint8Array | null>
  leaves(from: number, count: number): Promise<readonly LeafRow[]>
  /** For each index the seal leaf that covers it: the first seal at or after it. @throws RelayError INTERNAL for an index outside the log. */
  sealsFor(indices: readonly number[]): Promise<readonly LeafRow[]>
  tile(level: number, index: number): Promise<Uint8Array | null>
  beside(digests: readonly Digest[]): Promise<readonly (Uint8Array | null)[]>
  /** Members with a claim of this name and value, newest first. */
  claimants(name: string, value: string, limit: number): Promise<readonly ChainId[]>
  /** Records with a listing of this member that has not ended and not expired at `now`; by `changed`, newest first. */
  records(member: ChainId, now: number, page: Page): Promise<readonly RecordRow[]>
  /** Listings of one member for one record that have not ended and not expired at `now`. */
  listings(member: ChainId, record: ChainId, now: number): Promise<readonly ListingRow[]>
  /**
   * Notices with index > `after` for a member, oldest first: her own, and those to everybody of a record while she could list it
   * (from ≤ index < end, and not expired at the index's log time). One row an index; her own goes before one to everybody.
   */
  notices(member: ChainId, after: number, limit: number): Promise<readonly NoticeRow[]>
  attachment(digest: Digest): Promise<AttachmentRow | null>
  upload(id: Uint8Array): Promise<UploadRow | null>
  /** Bytes reserved by a member's uploads that are not live and not expired at `now`, and how many of these are open. */
  reserved(member: ChainId, now: number): Promise<{ readonly bytes: number; readonly uploads: number }>
  /** A segment of the record by name: of a live upload if there is one, else of any. */
  segment(record: ChainId, name: Digest): Promise<SegmentRow | null>
  /** Which of these names a live upload of the record has, or `upload` itself: what needn't be put again under `upload`. */
  present(record: ChainId, upload: Uint8Array, names: readonly Digest[]): Promise<readonly boolean[]>
  /** Which of these files of objects a row names, live or not. */
  named(files: readonly string[]): Promise<readonly boolean[]>
  close(): Promise<void>
}

export interface Store extends Reads {
  /**
   * One turn, atomic and durable when it resolves. Before it is final its rows are read back and checked (read-back.ts).
   * @throws StoreConflict when `expect`, an attachment or an upload does not hold.
   */
  commit(batch: Batch): Promise<void>
  /**
   * Rows beside the log, atomic and durable when it resolves.
   * @throws StoreConflict for a new segment whose upload is missing or not open, and for an upload that is being collected.
   */
  stage(rows: Staging): Promise<void>
  /**
   * Forgets uploads (with their segments) and attachments that are not live and expired at `now`; returns the files that no row names
   * any more, for the caller to remove. Takes at most `limit` rows; a caller with more to collect calls again until it returns 0 rows.
   * An upload is gone for every reader from the first call that takes one of its rows.
   */
  collect(now: number, limit: number): Promise<Collected>
  /** Erases bytes beside an entry, and the claims that they make. In SQLite they are overwritten, and stay in the write-ahead log until a full checkpoint. */
  eraseBeside(digests: readonly Digest[]): Promise<void>
}

/** What a collection took: how many rows, and the files that no row names any more. */
export interface Collected {
  readonly rows: number
  readonly files: readonly string[]
}

/** Nothing was written: the store is not where the batch thought it was. */
export class StoreConflict extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'StoreConflict'
  }
}
