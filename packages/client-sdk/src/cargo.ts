// Cargo: the files of one publication, uploaded once and sealed under one epoch only. Spec: docs/spec/keys.md, "File keys".
// An attempt that the relay refuses may be made again with the same upload, unless a section's key has turned since: a file key whose
// header left the device under one epoch is never sealed under a later one, so then the files get new keys and are uploaded anew.
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

/** Epoch by section, under which headers are about to leave the device. */
export type EpochBySection = ReadonlyMap<number, number>

const sentShape = struct({
  entry: bytes<EntryHash>(32),
  epochs: list(struct({ section: uint(), epoch: uint() }), 1000),
})

export interface Cargo {
  /** The uploaded files; uploads what is missing. */
  load(): Promise<Uploaded>
  /** The entry of this cargo if an attempt of this or an earlier process was placed after all. */
  placed(entries: readonly Placed[]): Placed | null
  /** Uploads anew, with new keys, when headers have left the device under other epochs than these. */
  renewFor(epochs: EpochBySection): Promise<void>
  /** To be called before an entry is sent: it may be placed even if nobody hears of it. */
  sending(entry: EntryHash, epochs: EpochBySection): Promise<void>
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
  let sent: { readonly entry: EntryHash; readonly epochs: EpochBySection } | null = null

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
    sent ??= uploaded.note === null ? null : decodeSent(uploaded.note)
    return uploaded
  }
  return {
    load,
    placed: (entries) => entries.find(({ entry }) => sent !== null && equal(entry.hash, sent.entry)) ?? null,
    async renewFor(epochs) {
      if (!sent || [...epochs].every(([section, epoch]) => sent?.epochs.get(section) === epoch)) return
      if (files.some(({ source }) => source.kind === 'once')) {
        throw new ClientError(
          'SOURCE_CHANGED',
          'the section’s key turned and a stream can’t be read again: call again with a new stream',
        )
      }
      await discardUpload(journal)
      uploaded = null
      sent = null
      await load()
    },
    async sending(entry, epochs) {
      sent = { entry, epochs }
      const pairs = [...epochs].map(([section, epoch]) => ({ section, epoch }))
      await (await load()).keep(pack(sentShape, { entry, epochs: pairs }))
    },
  }
}

function decodeSent(note: Uint8Array): { entry: EntryHash; epochs: EpochBySection } {
  const { entry, epochs } = unpack(sentShape, note, 'upload note')
  return { entry, epochs: new Map(epochs.map(({ section, epoch }) => [section, epoch])) }
}

/** Where a new process finds the upload again: by the record and the sections that it fills. */
function journalId({ record, nonce, sections }: CargoOf): Uint8Array {
  return hashOf('journal', [record, nonce !== null, [...sections.keys()]]).slice(0, 16)
}
