// Uploads: files into sealed, named segments at the relay, and what a manifest and headers need of them. Spec: docs/spec/sections.md.
// It seals content and never a header: under which section key a file key leaves the device is decided by whoever publishes.
// Memory is bounded whatever the length of a file: a few pieces being sealed, and the outbox's window.
import { type FileKey, fileContext, newSecret, type Random } from '@sealchart/crypto'
import {
  type ChainId,
  type Digest,
  encodeIndex,
  hex,
  limits,
  namesRoot,
  sha256,
  type TreeHash,
} from '@sealchart/protocol'
import { ClientError, throwIfAborted } from './errors.js'
import { createJournal, type Journal, type JournalPlace, readJournal } from './journal.js'
import type { Link } from './link.js'
import { createOutbox, createTickets, type InlineSegment, type Outbox } from './outbox.js'
import { measure, type Piece, pieceAt, piecesOf } from './pieces.js'
import { createMeter, type OnProgress } from './progress.js'
import { checkPresent, type FileToUpload, findPresent, matchFiles, type ResumedFile } from './resume.js'
import { createSealers, type Sealer, type Sealers } from './sealer.js'
import type { Source } from './source.js'
import { createWindow, type Window } from './window.js'

export interface UploadOptions {
  readonly link: Link
  readonly network: ChainId
  readonly record: ChainId
  /** The founding nonce (32 bytes) of a record that does not exist yet, or null. */
  readonly nonce: Uint8Array | null
  readonly random: Random
  /** ms since 1970. */
  readonly now: () => number
  /** Where the upload is written down, to be gone on with; null: nowhere. */
  readonly journal: JournalPlace | null
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: OnProgress | undefined
}

/** An uploaded file: its manifest's fields without the sealed header, and its header's. Lengths in bytes. */
export interface DraftFile {
  readonly section: number
  /** 16 bytes. */
  readonly id: Uint8Array
  readonly fileKey: FileKey
  readonly floe: Uint8Array
  readonly padded: number
  readonly segments: number
  readonly root: TreeHash
  readonly names: readonly Digest[]
  readonly name: string
  readonly mediaType: string
  readonly path: string
  readonly length: number
  readonly modified: number | null
}

export interface Uploaded {
  /** In the order of the call. */
  readonly files: readonly DraftFile[]
  /** Segments to travel inside the append request; empty if there was an upload. */
  readonly inline: readonly InlineSegment[]
  /** Ids of the uploads that the append request names. */
  readonly uploads: readonly Uint8Array[]
  /** What an earlier run kept with `keep`, or null. */
  readonly note: Uint8Array | null
  /** Writes a note of the caller's into the journal: what it is about to append, say. */
  keep(note: Uint8Array): Promise<void>
  /** To be called once the entry stands: forgets the journal. */
  settle(): Promise<void>
}

/** One call at work. */
interface Job {
  readonly options: UploadOptions
  readonly signal: AbortSignal
  readonly sealers: Sealers
  readonly journal: Journal
  readonly outbox: Outbox
  /** Pieces at work, and requests on the way. */
  readonly window: Window
  readonly puts: Window
  readonly meter: (bytes: number, file: string) => void
  readonly resumed: ReadonlyMap<number, ResumedFile>
  readonly present: ReadonlySet<string>
}

/** Pieces that are read and sealed at once; two workers have two each. */
const AT_ONCE = { tasks: 4, bytes: 8 * 1024 * 1024 }
/** Requests on the way at once, and bytes in them. */
const ON_THE_WAY = { tasks: 4, bytes: 16 * 1024 * 1024 }

/**
 * Uploads files, or goes on with an upload that its journal knows. After an error the journal stays: the same call goes on, and
 * `discardUpload` forgets it, as it must before other content is uploaded in its place.
 * @throws ClientError SOURCE_CHANGED, USAGE, LIMIT, ABORTED, OFFLINE, RELAY and refusals; CryptoError SELFCHECK, SOURCE_CHANGED
 */
export async function uploadFiles(files: readonly FileToUpload[], options: UploadOptions): Promise<Uploaded> {
  if (files.length > limits.files) throw new ClientError('LIMIT', 'a record has at most 10,000 files')
  throwIfAborted(options.signal)
  const ending = new AbortController()
  const abort = (): void => ending.abort(options.signal?.reason)
  options.signal?.addEventListener('abort', abort, { once: true })
  const sealers = createSealers(options.random)
  const window = createWindow(AT_ONCE)
  const puts = createWindow(ON_THE_WAY)
  let job: Job | null = null
  try {
    job = await begin(files, options, { sealers, window, puts, signal: ending.signal })
    return await run(files, job)
  } catch (error) {
    ending.abort()
    // Nothing of this call goes on once it has ended, and what was put by then is known to the next.
    await Promise.allSettled([window.drain(), puts.drain()])
    await job?.journal.write().catch(() => undefined)
    throwIfAborted(options.signal)
    throw error
  } finally {
    options.signal?.removeEventListener('abort', abort)
    await sealers.close()
  }
}

async function begin(
  files: readonly FileToUpload[],
  options: UploadOptions,
  tools: Pick<Job, 'sealers' | 'window' | 'puts' | 'signal'>,
): Promise<Job> {
  const { record, onProgress } = options
  const found = options.journal && (await readJournal(options.journal, record))
  const resumed = found ? matchFiles(found, files) : new Map<number, ResumedFile>()
  const journal = createJournal({ place: options.journal, now: options.now }, record, found)
  const expected = files.reduce((sum, { source }) => sum + storedLength(source), 0)
  const hasUnknown = files.some(({ source }) => source.length === null)
  const outboxOptions = { ...options, expected, hasUnknown, journal, puts: tools.puts, signal: tools.signal }
  const tickets = createTickets(outboxOptions, found?.uploads ?? [])
  let present: ReadonlySet<string> = new Set()
  if (found) {
    const resuming = { ...options, ...tools, onProgress }
    const standing = await tickets.resume()
    present = await findPresent(resumed.values(), standing.tickets, resuming)
    await checkPresent([...resumed.values()], present, resuming)
    await standing.begin()
  }
  const total = hasUnknown ? null : files.reduce((sum, { source }) => sum + measure(source.length ?? 0).padded, 0)
  const meter = createMeter('send', total, onProgress)
  return { options, ...tools, journal, outbox: createOutbox(outboxOptions, tickets), meter, resumed, present }
}

/** Bytes that a file takes at the relay: FLOE's 32 a segment, and 32 a name where there is an index. */
function storedLength(source: Source): number {
  const { padded, segments } = measure(source.length ?? 0)
  return padded + 32 * segments + (segments > 1 ? 32 * segments : 0)
}

async function run(files: readonly FileToUpload[], job: Job): Promise<Uploaded> {
  const { outbox, journal, window } = job
  const drafts: DraftFile[] = []
  for (const [index, file] of files.entries()) {
    throwIfAborted(job.signal)
    const target = startFile(job, index, file)
    const finish = async (length: number): Promise<void> => {
      drafts[index] = await finishFile(job, target, length)
    }
    await sendFile(job, target, finish)
  }
  await window.drain()
  await outbox.finish()
  await journal.write()
  return {
    files: drafts,
    inline: outbox.inline(),
    uploads: outbox.uploads(),
    note: journal.note,
    keep: (note) => journal.keep(note),
    settle: () => journal.remove(),
  }
}

/** A file at work: its keys, and its segments' names as they come. */
interface Target extends FileToUpload {
  readonly index: number
  readonly id: Uint8Array
  readonly fileKey: FileKey
  readonly sealer: Sealer
  readonly marks: ResumedFile['marks']
  readonly names: Digest[]
}

/** A file that the journal knows keeps its keys; any other content gets fresh ones, whatever happened before. */
function startFile(job: Job, index: number, { section, source }: FileToUpload): Target {
  const { network, record, random } = job.options
  const known = job.resumed.get(index)
  const id = known?.file.id ?? random(16).slice()
  const fileKey = (known?.file.fileKey as FileKey | undefined) ?? newSecret<FileKey>(random)
  const aad = fileContext({ network, record, section, fileId: id })
  const sealer = job.sealers.start({ fileKey, aad, header: known?.file.floe ?? null }, source.length ?? 0)
  if (!known) {
    const { name, path, length, modified } = source
    const file = { id, fileKey, floe: sealer.header, section, name, path, length, modified, marks: new Uint8Array() }
    job.journal.setFile(index, file)
  }
  return { index, section, source, id, fileKey, sealer, marks: known?.marks ?? new Map(), names: [] }
}

async function sendFile(job: Job, target: Target, finish: (length: number) => Promise<void>): Promise<void> {
  const { window } = job
  const { source } = target
  if (source.kind === 'anywhere' && measure(source.length).segments === 1) {
    // Small files do not wait for each other.
    const piece = pieceAt(source, 0)
    return window.admit(piece.size, async () => {
      await sendPiece(job, target, piece)
      await finish(source.length)
    })
  }
  const length =
    source.kind === 'anywhere' ? await sendPieces(job, target, source) : await sendStream(job, target, source)
  await window.drain()
  await finish(length)
}

async function sendPieces(job: Job, target: Target, source: Source & { readonly kind: 'anywhere' }): Promise<number> {
  const { segments } = measure(source.length)
  for (let position = 0; position < segments; position++) {
    throwIfAborted(job.signal)
    const piece = pieceAt(source, position)
    await job.window.admit(piece.size, () => sendPiece(job, target, piece))
  }
  return source.length
}

async function sendStream(job: Job, target: Target, source: Source & { readonly kind: 'once' }): Promise<number> {
  const pieces = piecesOf(source, job.signal)
  try {
    for (;;) {
      const next = await pieces.next()
      if (next.done) return next.value
      const piece = next.value
      await job.window.admit(piece.size, () => sendPiece(job, target, piece))
    }
  } finally {
    await pieces.return(0)
  }
}

async function sendPiece(job: Job, target: Target, piece: Piece): Promise<void> {
  const { index, section, source, sealer, marks, names } = target
  const { position, size } = piece
  const mark = marks.get(position)
  if (mark && job.present.has(hex(mark.name))) {
    // Compared with its source before anything was sent.
    names[position] = mark.name as Digest
    return job.meter(size, source.name)
  }
  const { parts, iv, name } = await (mark ? sealer.reseal(piece, mark) : sealer.seal(piece))
  names[position] = name
  await job.outbox.add({
    section,
    parts,
    async stored() {
      if (!mark) await job.journal.mark(index, position, { iv, name, size })
      job.meter(size, source.name)
    },
  })
}

async function finishFile(job: Job, target: Target, length: number): Promise<DraftFile> {
  const { section, source, id, fileKey, sealer, names } = target
  sealer.end()
  if (source.kind === 'anywhere' && !(await source.isUnchanged())) {
    throw new ClientError('SOURCE_CHANGED', 'a file was changed while it was uploaded')
  }
  const indexes = names.length > 1 ? encodeIndex(names) : []
  const indexNames = indexes.map((index) => sha256(index) as Uint8Array as Digest)
  for (const [i, index] of indexes.entries()) {
    if (job.present.has(hex(indexNames[i] as Digest))) continue
    await job.outbox.add({ section, parts: [index], stored: async () => undefined })
  }
  const { padded, segments } = measure(length)
  const { name, mediaType, path, modified } = source
  const described = { name, mediaType, path, length, modified }
  const listed = { names: names.length > 1 ? indexNames : names, root: namesRoot(names) }
  return { section, id, fileKey, floe: sealer.header, padded, segments, ...listed, ...described }
}
