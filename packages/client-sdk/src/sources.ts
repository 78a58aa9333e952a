// Sources: what a caller may pass as a file, brought into one of two forms: readable anywhere and again, or once from start to end.
// Spec: docs/sdk.md, "Files". Nothing is read here before the upload asks for it, and nothing is judged by its content.

import { type Shape, text, utf8 } from '@sealchart/protocol'
import { openPath } from '#files'
import { ClientError } from './errors.js'
import type {
  AnywhereSource,
  Description,
  FileData,
  FileInput,
  FilesInput,
  Found,
  NamedFile,
  Source,
} from './source.js'

export type { FileInput, FilesInput, NamedFile } from './source.js'

/** Media types by extension, for what patients' records are made of. */
const mediaTypes: Readonly<Record<string, string>> = {
  bmp: 'image/bmp',
  csv: 'text/csv',
  dcm: 'application/dicom',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  gif: 'image/gif',
  hl7: 'x-application/hl7-v2+er7',
  htm: 'text/html',
  html: 'text/html',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  json: 'application/json',
  mp3: 'audio/mpeg',
  mp4: 'video/mp4',
  pdf: 'application/pdf',
  png: 'image/png',
  rtf: 'application/rtf',
  tif: 'image/tiff',
  tiff: 'image/tiff',
  txt: 'text/plain',
  wav: 'audio/wav',
  webp: 'image/webp',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  xml: 'application/xml',
  zip: 'application/zip',
}

/** The media type that a name's extension suggests; empty if none. FHIR comes as `.fhir.json` or `.fhir.xml`. */
export function mediaTypeOf(name: string): string {
  const [, fhir] = /\.fhir\.(json|xml)$/i.exec(name) ?? []
  if (fhir) return `application/fhir+${fhir.toLowerCase()}`
  const extension = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? ''
  return Object.hasOwn(mediaTypes, extension) ? (mediaTypes[extension] as string) : ''
}

/** Files from a browser's file or folder picker: a folder's structure is kept. */
export function fromFiles(files: Iterable<File>): NamedFile[] {
  return Array.from(files, (file) => {
    const folders = (file.webkitRelativePath || '').split('/').slice(1, -1)
    return { data: file, name: file.name, path: folders.join('/') }
  })
}

/** Brings a section's files into order. @throws ClientError USAGE for what is none */
export async function collectSources(input: FilesInput): Promise<Source[]> {
  if (isFile(input)) return [await toSource(input)]
  const sources: Source[] = []
  for await (const file of input) sources.push(await toSource(file))
  return sources
}

function isFile(input: FilesInput): input is FileInput {
  if (typeof input === 'string' || input instanceof Uint8Array || isStream(input) || isBlob(input)) return true
  if (typeof input === 'object' && input !== null && 'data' in input) return true
  const iterates =
    typeof input === 'object' && input !== null && (Symbol.iterator in input || Symbol.asyncIterator in input)
  if (iterates) return false
  throw new ClientError('USAGE', 'a file is bytes, a Blob, a stream, a path, or { name, data }')
}

// Not instanceof alone: a Blob or stream may come from another realm, or from Node's own modules.
const isBlob = (value: unknown): value is Blob =>
  typeof value === 'object' && value !== null && 'arrayBuffer' in value && 'slice' in value && 'size' in value
const isStream = (value: unknown): value is ReadableStream<Uint8Array> =>
  typeof value === 'object' && value !== null && 'getReader' in value

/** One file as a source. @throws ClientError USAGE for a file, name or folder that cannot be shared */
export async function toSource(input: FileInput): Promise<Source> {
  const named: NamedFile = isFile(input) && isNamed(input) ? input : { data: input as FileData }
  const { data } = named
  if (typeof data === 'string') return openPath(data, (found) => describe(named, found))
  if (data instanceof Uint8Array) return ofBytes(data, describe(named, {}))
  if (isBlob(data)) return ofBlob(data, describe(named, foundIn(data)))
  if (isStream(data)) return { ...describe(named, {}), kind: 'once', length: named.length ?? null, open: () => data }
  throw new ClientError('USAGE', 'a file is bytes, a Blob, a stream, a path, or { name, data }')
}

const isNamed = (input: FileInput): input is NamedFile =>
  typeof input === 'object' && !(input instanceof Uint8Array) && 'data' in input

const foundIn = (data: Blob): Found => ({
  type: data.type,
  ...('name' in data ? { name: String(data.name) } : {}),
  ...('lastModified' in data ? { modified: Number(data.lastModified) } : {}),
})

function describe(named: NamedFile, found: Found): Description {
  const name = (named.name ?? found.name ?? 'unnamed').normalize('NFC')
  const path = (named.path ?? '').normalize('NFC')
  const modified = named.modified ?? found.modified ?? null
  requireName(name)
  if (path !== '') for (const folder of path.split('/')) requireName(folder)
  if (utf8(name).length + utf8(path).length > LONGEST) {
    throw new ClientError('USAGE', 'a file name and its folders have at most 700 bytes together')
  }
  const type = named.type || found.type || mediaTypeOf(name)
  if (!/^[ -~]{0,127}$/.test(type)) throw new ClientError('USAGE', 'a media type is ASCII, at most 127 characters')
  return { name, path, mediaType: type, modified: modified === null ? null : Math.floor(Number(modified)) }
}

const nameShape: Shape<string> = text(500, 1)
/** Bytes of name and folders that fit into a sealed header, whatever else it says; known before hours of upload, not after. */
const LONGEST = 700

/** Names that every reader's file system can take without leaving its folder; crypto's header refuses others too. */
function requireName(name: string): void {
  try {
    nameShape.decode(name, 'name')
    if (!/[/\\]/.test(name) && name !== '.' && name !== '..') return
  } catch {
    // The same answer as below: what stood in the name is not repeated.
  }
  throw new ClientError('USAGE', 'a file or folder name has 1 to 500 characters, no slashes and no control characters')
}

function ofBytes(data: Uint8Array, description: Description): AnywhereSource {
  return {
    ...description,
    kind: 'anywhere',
    length: data.length,
    location: null,
    read: async (offset, length) => data.subarray(offset, offset + length),
    // The caller's memory: that nobody writes to it meanwhile is the caller's promise.
    isUnchanged: async () => true,
  }
}

function ofBlob(data: Blob, description: Description): AnywhereSource {
  return {
    ...description,
    kind: 'anywhere',
    length: data.size,
    location: null,
    async read(offset, length) {
      try {
        return new Uint8Array(await data.slice(offset, offset + length).arrayBuffer())
      } catch (cause) {
        // A File whose file on disk was changed cannot be read any more.
        throw new ClientError('SOURCE_CHANGED', 'a file can no longer be read', { cause })
      }
    },
    isUnchanged: async () => true,
  }
}
