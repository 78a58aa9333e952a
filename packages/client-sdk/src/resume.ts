// Resuming an upload: which of the call's files are those of the journal, what the relay has of them, and whether their content is
// still what was sealed. Spec: docs/spec/vault.md, "Upload journal". Nothing is sent before all of that is known.
import { type FileKey, fileContext, type Random } from '@sealchart/crypto'
import { type ChainId, type Digest, encodeIndex, hex, sha256 } from '@sealchart/protocol'
import { ClientError, throwIfAborted } from './errors.js'
import { type JournalFile, type JournalState, readMarks } from './journal.js'
import type { Link } from './link.js'
import { measure, pieceAt } from './pieces.js'
import { createMeter, type OnProgress } from './progress.js'
import type { Sealers } from './sealer.js'
import type { AnywhereSource, Source } from './source.js'

/** A file to be uploaded, and the section that it belongs to. */
export interface FileToUpload {
  readonly section: number
  readonly source: Source
}

/** A file that goes on: its keys, and the segments that are marked as put. */
export interface ResumedFile {
  readonly file: JournalFile
  readonly source: AnywhereSource
  readonly marks: ReturnType<typeof readMarks>
}

export interface ResumeOptions {
  readonly link: Link
  readonly network: ChainId
  readonly record: ChainId
  readonly random: Random
  readonly sealers: Sealers
  readonly signal: AbortSignal
  readonly onProgress: OnProgress | undefined
}

/**
 * The files of the call that the journal knows; the others begin anew, and so does a stream, which cannot be read again.
 * @throws ClientError SOURCE_CHANGED when the journal's files are not the call's
 */
export function matchFiles(state: JournalState, files: readonly FileToUpload[]): Map<number, ResumedFile> {
  const resumed = new Map<number, ResumedFile>()
  for (const [index, file] of state.files.entries()) {
    const now = files[index]
    if (!now || !isSame(file, now)) {
      throw new ClientError('SOURCE_CHANGED', 'the files are not those of the upload that was interrupted')
    }
    if (now.source.kind === 'anywhere') resumed.set(index, { file, source: now.source, marks: readMarks(file) })
  }
  return resumed
}

function isSame(file: JournalFile, { section, source }: FileToUpload): boolean {
  const described = file.section === section && file.name === source.name && file.path === source.path
  if (source.kind === 'once') return described
  return described && file.length === source.length && file.modified === source.modified
}

/** The names, in hexadecimal, of marked segments and their index segments that the relay has. */
export async function findPresent(
  resumed: Iterable<ResumedFile>,
  tickets: readonly string[],
  { link, record, signal }: ResumeOptions,
): Promise<ReadonlySet<string>> {
  const names = [...resumed].flatMap(namesOf)
  const present = new Set<string>()
  for (const ticket of tickets) {
    for (let at = 0; at < names.length; at += MOST_NAMES) {
      const asked = names.slice(at, at + MOST_NAMES)
      const answer = await link.present({ ticket, record, names: asked }, signal)
      for (const [i, name] of asked.entries()) if (answer[i]) present.add(hex(name))
    }
  }
  return present
}

const MOST_NAMES = 10_000

function namesOf({ source, marks }: ResumedFile): Digest[] {
  const { segments } = measure(source.length)
  const names = Array.from(marks.values(), ({ name }) => name as Digest)
  if (segments === 1 || marks.size < segments) return names
  const inOrder = Array.from({ length: segments }, (_, position) => marks.get(position)?.name as Digest)
  return [...names, ...encodeIndex(inOrder).map((index) => sha256(index) as Uint8Array as Digest)]
}

/**
 * Reads what the relay has already once more from its source, and seals it to compare: a file that changed in its sent part would
 * otherwise become one half of each.
 * @throws CryptoError SOURCE_CHANGED; ClientError SOURCE_CHANGED, ABORTED
 */
export async function checkPresent(
  resumed: readonly ResumedFile[],
  present: ReadonlySet<string>,
  { network, record, sealers, signal, onProgress }: ResumeOptions,
): Promise<void> {
  const pieces = resumed.flatMap(({ file, source, marks }) =>
    [...marks]
      .filter(([, { name }]) => present.has(hex(name)))
      .map(([position, mark]) => ({ file, source, position, mark })),
  )
  const total = pieces.reduce((sum, { source, position }) => sum + pieceAt(source, position).size, 0)
  const meter = createMeter('check', total, onProgress)
  for (const { file, source, position, mark } of pieces) {
    throwIfAborted(signal)
    const aad = fileContext({ network, record, section: file.section, fileId: file.id })
    const sealer = sealers.start({ fileKey: file.fileKey as FileKey, aad, header: file.floe }, 0)
    const piece = pieceAt(source, position)
    await sealer.reseal(piece, mark)
    meter(piece.size, source.name)
  }
}
