// Cargo: the files of one publication, uploaded once and sealed under one epoch only. Spec: docs/spec/keys.md, "File keys".
// An attempt that the relay refuses may be made again with the same upload, unless a section's key is another one since: a file key whose
// header left the device under one section key is never sealed under another, so then the files get new keys and are uploaded anew.
// Keys are told apart by their commitments, not by the epoch's number: a refused attempt may have begun an epoch of the same number, and
// wrapped its key to somebody whom the one that stands leaves out.
import {
  bytes,
  type ChainId,
  type EntryHash,
  equal,
  hashOf,
  list,
  type Placed,
  pack,
  struct,
  uint,
  unpack,
} from '@sealchart/protocol'
import { ClientError } from './errors.js'
import { discardUpload } from './journal.js'
import type { Member } from './member.js'
import type { OnProgress } from './progress.js'
import type { FileToUpload } from './resume.js'
import { collectSources, type FilesInput } from './sources.js'
import { type Uploaded, uploadFiles } from './upload.js'

export interface TransferOptions {
  readonly onProgress?: OnProgress
  readonly signal?: AbortSignal
}

/** By section, the commitment (32 bytes) of the key under which headers are about to leave the device. */
export type KeysInUse = ReadonlyMap<number, Uint8Array>

const sentShape = struct({
  entry: bytes<EntryHash>(32),
  keys: list(struct({ section: uint(), commitment: bytes(32) }), 1000),
})

export interface Cargo {
  /** The uploaded files; uploads what is missing. */
  load(): Promise<Uploaded>
  /** The entry of this cargo if an attempt of this or an earlier process was placed after all. */
  placed(entries: readonly Placed[]): Placed | null
  /** Uploads anew, with new keys, when headers have left the device under other section keys than these. */
  renewFor(keys: KeysInUse): Promise<void>
  /** To be called before an entry is sent: it may be placed even if nobody hears of it. */
  sending(entry: EntryHash, keys: KeysInUse): Promise<void>
}

export interface CargoOf {
  readonly record: ChainId
  /** The founding nonce of a record that does not exist yet, or null. */
  readonly nonce: Uint8Array | null
  readonly sections: ReadonlyMap<number, FilesInput>
}

export async function packCargo(member: Member, of: CargoOf, options: TransferOptions): Promise<Cargo> {
  const { session } = member
  const files: FileToUpload[] = []
  for (const [section, input] of of.sections) {
    for (const source of await collectSources(input)) files.push({ section, source })
  }
  const journal = { keeper: session.keeper, id: journalId(of) }
  let uploaded: Uploaded | null = null
  let sent: Sent | null = null
  // A stream of this call has nothing in common with one of an earlier process but its name: that one's entry is not this call's.
  const streams = files.some(({ source }) => source.kind === 'once')

  async function load(): Promise<Uploaded> {
    if (uploaded) return uploaded
    const { link, network, surroundings } = session
    uploaded = await uploadFiles(files, {
      link,
      journal,
      network: network.chain,
      record: of.record,
      nonce: of.nonce,
      ...surroundings,
      ...options,
    })
    sent ??= uploaded.note === null ? null : { ...decodeSent(uploaded.note), ours: !streams }
    return uploaded
  }
  return {
    load,
    placed: (entries) => entries.find(({ entry }) => sent?.ours && equal(entry.hash, sent.entry)) ?? null,
    async renewFor(keys) {
      if (!sent || [...keys].every(([section, commitment]) => isSame(sent?.keys.get(section), commitment))) return
      // Streams were uploaded in this process, with keys of this process.
      if (!sent.ours && files.every(({ source }) => source.kind === 'once')) return
      await discardUpload(journal)
      if (streams) {
        throw new ClientError(
          'SOURCE_CHANGED',
          'the section’s key turned and a stream can’t be read again: call again with a new stream',
        )
      }
      uploaded = null
      sent = null
      await load()
    },
    async sending(entry, keys) {
      sent = { entry, keys, ours: true }
      const pairs = [...keys].map(([section, commitment]) => ({ section, commitment }))
      await (await load()).keep(pack(sentShape, { entry, keys: pairs }))
    },
  }
}

/** An attempt that was sent; `ours` unless it may have been for other content. */
interface Sent {
  readonly entry: EntryHash
  readonly keys: KeysInUse
  readonly ours: boolean
}

const isSame = (a: Uint8Array | undefined, b: Uint8Array): boolean => a !== undefined && equal(a, b)

function decodeSent(note: Uint8Array): Omit<Sent, 'ours'> {
  const { entry, keys } = unpack(sentShape, note, 'upload note')
  return { entry, keys: new Map(keys.map(({ section, commitment }) => [section, commitment])) }
}

/** Where a new process finds the upload again: by the record and the sections that it fills. */
function journalId({ record, nonce, sections }: CargoOf): Uint8Array {
  return hashOf('journal', [record, nonce !== null, [...sections.keys()]]).slice(0, 16)
}
