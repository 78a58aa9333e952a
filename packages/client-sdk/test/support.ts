// What the tests of transfer share: a place, seeded bytes, uploads with defaults, and opening what was uploaded.
import { type FileHeader, systemRandom } from '@sealchart/crypto'
import { type ChainId, SealchartError } from '@sealchart/protocol'
import { type DownloadOptions, type OpenedFile, openFiles } from '../src/download.js'
import type { Link } from '../src/link.js'
import { collectSources, type FilesInput } from '../src/sources.js'
import { type DraftFile, type Uploaded, type UploadOptions, uploadFiles } from '../src/upload.js'
import type { FakeRelay } from './fake-link.js'

export const network = new Uint8Array(32).fill(1) as Uint8Array as ChainId
export const record = new Uint8Array(32).fill(2) as Uint8Array as ChainId

/** The same bytes for the same length and seed; no long runs, no period below 64 KiB. */
export function seeded(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length)
  let state = seed >>> 0 || 1
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    bytes[i] = state >>> 24
  }
  return bytes
}

/** The code of the error that a call ends in; 'none' if it ends in none. */
export async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call
    return 'none'
  } catch (error) {
    if (error instanceof SealchartError) return error.code
    throw error
  }
}

export async function upload(
  relay: FakeRelay,
  input: FilesInput,
  options: Partial<UploadOptions> = {},
): Promise<Uploaded> {
  const sources = await collectSources(input)
  return uploadFiles(
    sources.map((source) => ({ section: 1, source })),
    { link: relay.link, network, record, nonce: null, random: systemRandom, now: Date.now, journal: null, ...options },
  )
}

export const headerOf = ({ fileKey, name, mediaType, length, modified, path }: DraftFile): FileHeader => ({
  fileKey,
  name,
  mediaType,
  length,
  modified,
  path,
})

/** What a publisher makes of a draft, as a reader's manifest has it. */
export const manifestOf = ({ id, floe, padded, segments, root, names }: DraftFile) => ({
  id,
  header: new Uint8Array(1),
  floe,
  padded,
  segments,
  root,
  names,
})

export function open(
  uploaded: Pick<Uploaded, 'files' | 'inline'>,
  link: Link,
  options: Partial<DownloadOptions> = {},
): readonly OpenedFile[] {
  const files = uploaded.files.map((draft) => ({
    section: draft.section,
    manifest: manifestOf(draft),
    header: headerOf(draft),
  }))
  const inline = uploaded.inline.map(({ bytes }) => bytes)
  return openFiles(files, {
    link,
    network,
    record,
    ticket: 'read',
    renew: async () => 'read again',
    inline,
    ...options,
  })
}
