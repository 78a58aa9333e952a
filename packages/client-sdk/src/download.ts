// Downloads: files of a manifest as streams, bytes or ranges. Spec: docs/spec/sections.md, "Reading". Nothing is released before the
// segment that it lies in is authenticated, its name, place and padding included; what stands later in a file may still fail, and then
// the stream ends in an error, never at an end. Whether manifest and header are authentic was decided before.
import {
  checkPaddedLength,
  checkPadding,
  FILE,
  type FileHeader,
  fileContext,
  type Opening,
  release,
  segmentCount,
  startOpening,
} from '@sealchart/crypto'
import { type ChainId, type Digest, decodeIndex, type ManifestFile } from '@sealchart/protocol'
import { ClientError, hasCode } from './errors.js'
import { PIECE } from './pieces.js'
import { createMeter, type OnProgress } from './progress.js'
import { createShelf, type Shelf, type ShelfOptions } from './shelf.js'

/** A file that may be opened: its row of the verified manifest, its opened header, and its section. */
export interface OpenableFile {
  readonly section: number
  readonly manifest: ManifestFile
  readonly header: FileHeader
}

export interface DownloadOptions extends Omit<ShelfOptions, 'small'> {
  readonly network: ChainId
}

export interface ReadOptions {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: OnProgress | undefined
}

/**
 * A file of a record. Its content is fetched when it is read, and every reading verifies: SEGMENT, UNAUTHENTIC, COMMITMENT and PADDING
 * mean that it is not what its author published, and every later reading ends the same way without asking the relay again.
 */
export interface OpenedFile {
  /** A name without folders. */
  readonly name: string
  /** Empty if the author's program did not say. */
  readonly mediaType: string
  /** The folders above it, joined by `/`; empty for none. */
  readonly path: string
  /** Bytes. */
  readonly length: number
  /** ms since 1970, or null. */
  readonly modified: number | null
  readonly section: number
  /** The content in pieces of up to 1 MiB, as fast as they are taken. */
  stream(options?: ReadOptions): ReadableStream<Uint8Array>
  /** All of it at once. @throws ClientError LIMIT above 1 GiB: use `stream` */
  bytes(options?: ReadOptions): Promise<Uint8Array<ArrayBuffer>>
  /** Bytes `from` (inclusive) to `to` (exclusive). @throws ClientError USAGE outside the file, LIMIT above 1 GiB */
  range(from: number, to: number, options?: ReadOptions): Promise<Uint8Array<ArrayBuffer>>
}

/** Segments that are fetched before they are wanted. */
const AHEAD = 4
const MOST_BYTES = 2 ** 30
/** Sealed length below which a file's only segment comes in a batch with its neighbours'. */
const SMALL = 256 * 1024
const OVERHEAD = 32

/** The files of an opened version, in the order given, which is also the order in which small ones are fetched ahead. */
export function openFiles(files: readonly OpenableFile[], options: DownloadOptions): readonly OpenedFile[] {
  const small = files.flatMap(({ manifest: { names, padded, segments } }) =>
    segments === 1 && padded + OVERHEAD < SMALL ? [{ name: names[0] as Digest, length: padded + OVERHEAD }] : [],
  )
  const shelf = createShelf({ ...options, small })
  return files.map((file) => openedFile(file, createReader(file, shelf, options)))
}

function openedFile({ section, header, manifest }: OpenableFile, reader: Reader): OpenedFile {
  const { name, mediaType, path, length, modified } = header
  const all = { first: 0, last: manifest.segments - 1 }
  const meterOf = (options: ReadOptions | undefined, total: number) =>
    createMeter('receive', total, options?.onProgress)
  return {
    name,
    mediaType,
    path,
    length,
    modified,
    section,
    stream: (options) => streamOf(reader, all, { ...options, meter: meterOf(options, length), name }),
    bytes: (options) => collect(reader, all, { from: 0, to: length, meter: meterOf(options, length), name }, options),
    async range(from, to, options) {
      if (!(Number.isSafeInteger(from) && Number.isSafeInteger(to) && 0 <= from && from <= to && to <= length)) {
        throw new ClientError('USAGE', 'a range lies inside its file')
      }
      if (from === to) return new Uint8Array()
      const places = { first: Math.floor(from / PIECE), last: Math.floor((to - 1) / PIECE) }
      return collect(reader, places, { from, to, meter: meterOf(options, to - from), name }, options)
    },
  }
}

interface Places {
  readonly first: number
  readonly last: number
}

type Meter = ReturnType<typeof createMeter>

/** Reads the content of one segment, without padding. */
type Reader = (position: number, signal: AbortSignal | undefined) => Promise<Uint8Array>

function createReader({ section, manifest, header }: OpenableFile, shelf: Shelf, options: DownloadOptions): Reader {
  const { network, record } = options
  let opening: Opening | null = null
  let names: readonly Digest[] | null = null
  let failure: { readonly error: unknown } | null = null

  function open(): Opening {
    checkPaddedLength(header.length, manifest.padded)
    if (segmentCount(manifest.padded, FILE) !== manifest.segments) {
      throw new ClientError('SEGMENT', 'the number of segments is not the one that the length gives')
    }
    const aad = fileContext({ network, record, section, fileId: manifest.id })
    return startOpening(header.fileKey, aad, manifest.floe, FILE)
  }
  async function findNames(signal: AbortSignal | undefined): Promise<readonly Digest[]> {
    if (manifest.segments === 1) return decodeIndex(manifest, [])
    return decodeIndex(manifest, await Promise.all(manifest.names.map((name) => shelf.take(name, signal))))
  }
  async function read(position: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
    opening ??= open()
    names ??= await findNames(signal)
    const segment = await shelf.take(names[position] as Digest, signal)
    const plaintext = await opening.openSegment(segment, position, position === manifest.segments - 1)
    // Fetched for this reading alone; single segments may have come with others, which are kept.
    if (manifest.segments > 1) release(segment)
    const from = position * PIECE
    if (plaintext.length !== Math.min(PIECE, manifest.padded - from)) {
      throw new ClientError('PADDING', 'a file is not as long as its manifest says')
    }
    const content = Math.max(0, Math.min(plaintext.length, header.length - from))
    checkPadding(plaintext.subarray(content))
    return plaintext.subarray(0, content)
  }
  return async (position, signal) => {
    if (failure) throw failure.error
    try {
      return await read(position, signal)
    } catch (error) {
      // The same answer to everything from here on: a relay that watches must not learn from a second question what failed.
      if (hasCode(error, 'SEGMENT', 'UNAUTHENTIC', 'COMMITMENT', 'PADDING')) failure ??= { error }
      throw error
    }
  }
}

/** Contents in order, with a few segments on the way before they are wanted. */
async function* inOrder(
  reader: Reader,
  { first, last }: Places,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const ending = new AbortController()
  const end = (): void => ending.abort(signal?.reason)
  if (signal?.aborted) end()
  signal?.addEventListener('abort', end, { once: true })
  const ahead: Promise<Uint8Array>[] = []
  let next = first
  const fill = (): void => {
    while (ahead.length < AHEAD && next <= last) {
      const content = reader(next++, ending.signal)
      // Whoever takes it learns of its failure; one that nobody takes any more failed for nobody.
      content.catch(() => undefined)
      ahead.push(content)
      // The first segment alone, with what is asked once for all: header and index.
      if (next === first + 1) return
    }
  }
  try {
    fill()
    for (let content = ahead.shift(); content; content = ahead.shift()) {
      const opened = await content
      fill()
      yield opened
    }
  } finally {
    end()
    signal?.removeEventListener('abort', end)
    await Promise.allSettled(ahead)
  }
}

function streamOf(
  reader: Reader,
  places: Places,
  { signal, meter, name }: ReadOptions & { readonly meter: Meter; readonly name: string },
): ReadableStream<Uint8Array> {
  const ending = new AbortController()
  const end = (): void => ending.abort(signal?.reason)
  if (signal?.aborted) end()
  signal?.addEventListener('abort', end, { once: true })
  const contents = inOrder(reader, places, ending.signal)
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    for (;;) {
      const next = await contents.next()
      if (next.done) {
        signal?.removeEventListener('abort', end)
        return controller.close()
      }
      if (next.value.length === 0) continue
      meter(next.value.length, name)
      return controller.enqueue(next.value)
    }
  }
  // Nothing is fetched before somebody reads.
  return new ReadableStream({ pull, cancel: end }, { highWaterMark: 0 })
}

/** The bytes of a range, once all segments that it touches are authenticated. */
async function collect(
  reader: Reader,
  places: Places,
  { from, to, meter, name }: { from: number; to: number; meter: Meter; name: string },
  options: ReadOptions | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  if (to - from > MOST_BYTES) throw new ClientError('LIMIT', 'more than 1 GiB at once: read it as a stream')
  const bytes = new Uint8Array(to - from)
  let at = places.first * PIECE
  for await (const content of inOrder(reader, places, options?.signal)) {
    const part = content.subarray(Math.max(0, from - at), Math.max(0, to - at))
    // A segment that is padding alone lies beyond the end; it was asked for to be checked.
    if (part.length > 0) bytes.set(part, Math.max(0, at - from))
    at += PIECE
    if (part.length > 0) meter(part.length, name)
  }
  return bytes
}
