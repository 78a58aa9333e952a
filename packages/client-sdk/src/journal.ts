// The journal of an upload: what a new process needs to go on where another one ended. Kept sealed in the vault, because it holds
// file keys. Spec: docs/spec/vault.md, "Upload journal". A mark is made after its segment was put: what is not marked is sealed anew
// under a fresh IV, and what is marked is only ever sealed again to the same bytes.

import type { RecordedSegment } from '@sealchart/crypto'
import {
  blob,
  bytes,
  type ChainId,
  concat,
  equal,
  hex,
  type Infer,
  limits,
  list,
  nullable,
  pack,
  struct,
  text,
  uint,
  unpack,
} from '@sealchart/protocol'
import { ClientError } from './errors.js'
import type { Keeper } from './vaults/contract.js'

/** Position, IV and name of a segment. */
const MARK = 4 + 12 + 32
/** Marks of all files: beyond, a resumption sends again what has no mark. Keeps the journal under the limit of a vault's blob. */
const MOST_MARKS = 10 * 1024 * 1024
/** Written at least every so many bytes or ms. For large uploads less often: each writing takes all of the journal. */
const STEP_BYTES = 32 * 1024 * 1024
const STEP_MS = 2_000
const STEP_SHARE = 128

const fileShape = struct({
  id: bytes(16),
  fileKey: bytes(32),
  floe: bytes(74),
  section: uint(limits.sections),
  name: text(1000),
  path: text(4000),
  length: nullable(uint()),
  modified: nullable(uint()),
  marks: blob(MOST_MARKS),
})
const journalShape = struct({
  record: bytes<ChainId>(32),
  uploads: list(struct({ id: bytes(16), reserved: uint(), used: uint() }), limits.list),
  files: list(fileShape, limits.files),
  note: nullable(blob(limits.append)),
})

/** A file as a journal has it: its keys, its source's fingerprint, and the marks of segments that were put. */
export type JournalFile = Infer<typeof fileShape>
export type JournalState = Infer<typeof journalShape>
export type UploadState = JournalState['uploads'][number]

/** Where a journal lies: `id` (16 bytes) is derived by the caller from what is uploaded, so that a new process finds it. */
export interface JournalPlace {
  readonly keeper: Keeper
  readonly id: Uint8Array
}

const blobName = ({ id }: JournalPlace): string => `upload-${hex(id)}`

/** The journal of an upload that did not end, or null. @throws ClientError USAGE when it belongs to another record */
export async function readJournal(place: JournalPlace, record: ChainId): Promise<JournalState | null> {
  const found = await place.keeper.get(blobName(place))
  if (found === null) return null
  const state = unpack(journalShape, found, 'journal')
  if (!equal(state.record, record)) throw new ClientError('USAGE', 'this upload began for another record')
  return state
}

/** Forgets an upload that is not to be gone on with, and with it its file keys. */
export const discardUpload = (place: JournalPlace): Promise<void> => place.keeper.remove(blobName(place))

/** The marks of a file by position. */
export function readMarks({ marks }: JournalFile): Map<number, RecordedSegment> {
  const view = new DataView(marks.buffer, marks.byteOffset, marks.byteLength)
  const found = new Map<number, RecordedSegment>()
  for (let at = 0; at + MARK <= marks.length; at += MARK) {
    found.set(view.getUint32(at), { iv: marks.slice(at + 4, at + 16), name: marks.slice(at + 16, at + MARK) })
  }
  return found
}

function encodeMark(position: number, { iv, name }: RecordedSegment): Uint8Array {
  const mark = new Uint8Array(MARK)
  new DataView(mark.buffer).setUint32(0, position)
  mark.set(iv, 4)
  mark.set(name, 16)
  return mark
}

/** Writes one upload's journal. Until `begin`, nothing is in the vault: what fits into an append request needs no journal. */
export interface Journal {
  /** From here on the journal is in the vault; `uploads` says at each writing which there are. */
  begin(uploads: () => readonly UploadState[]): Promise<void>
  /** The file at this place of the call, instead of what stood there. */
  setFile(index: number, file: JournalFile): void
  /** Marks a segment that was put, of `size` bytes; writes if a step is due. */
  mark(index: number, position: number, segment: RecordedSegment & { readonly size: number }): Promise<void>
  /** A note of the caller's, and what was kept before. */
  keep(note: Uint8Array): Promise<void>
  readonly note: Uint8Array | null
  write(): Promise<void>
  /** Removes it from the vault. */
  remove(): Promise<void>
}

interface Kept {
  readonly file: JournalFile
  marks: Uint8Array[]
}

/** A journal at its place (null: nowhere), going on from `found`. */
export function createJournal(
  { place, now }: { readonly place: JournalPlace | null; readonly now: () => number },
  record: ChainId,
  found: JournalState | null,
): Journal {
  const files: Kept[] = (found?.files ?? []).map((file) => ({ file, marks: [file.marks] }))
  let uploads: (() => readonly UploadState[]) | null = null
  let note = found?.note ?? null
  let writing: Promise<void> | null = null
  let marks = files.reduce((sum, { file }) => sum + file.marks.length, 0)
  let since = { bytes: 0, at: now() }
  let stored = 0

  async function store(): Promise<void> {
    if (place === null || uploads === null) return
    since = { bytes: 0, at: now() }
    for (const kept of files) if (kept.marks.length > 1) kept.marks = [concat(...kept.marks)]
    const encoded = files.map((kept) => ({ ...kept.file, marks: kept.marks[0] as Uint8Array }))
    await place.keeper.put(blobName(place), pack(journalShape, { record, uploads: uploads(), files: encoded, note }))
  }
  /** One writing at a time; what is marked meanwhile is in the next. */
  async function write(): Promise<void> {
    while (writing !== null) await writing.catch(() => undefined)
    writing = store()
    try {
      await writing
    } finally {
      writing = null
    }
  }
  return {
    get note() {
      return note
    },
    async begin(given) {
      uploads = given
      await write()
    },
    setFile(index, file) {
      files[index] = { file, marks: [file.marks] }
    },
    async mark(index, position, segment) {
      stored += segment.size
      since = { ...since, bytes: since.bytes + segment.size }
      if (marks + MARK > MOST_MARKS) return
      marks += MARK
      files[index]?.marks.push(encodeMark(position, segment))
      const due = since.bytes >= Math.max(STEP_BYTES, stored / STEP_SHARE) || now() - since.at >= STEP_MS
      if (due && uploads !== null && writing === null) await write()
    },
    async keep(kept) {
      note = kept
      await write()
    },
    write,
    async remove() {
      if (place !== null) await discardUpload(place)
    },
  }
}
