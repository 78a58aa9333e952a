// Contents of sections on their way out: sealed headers and manifests for uploaded files, and the sealed card.
// Spec: docs/spec/sections.md. The bytes of files are sealed and put by upload.ts; here only what names them.
import { type Card, type SectionKey, sealCard, sealFileHeader } from '@sealchart/crypto'
import { type ChainId, type Digest, encodeManifest, type SectionContent, sha256 } from '@sealchart/protocol'
import type { Session } from './session.js'
import type { DraftFile } from './upload.js'

/** Contents as an entry names them, with the object itself. */
export interface SealedContent {
  readonly content: SectionContent
  readonly attachment: Uint8Array
}

interface Place {
  readonly record: ChainId
  readonly section: number
  readonly epoch: number
  readonly key: SectionKey
}

/** Seals the headers of a section's files under its epoch, and lists the files in a manifest. */
export async function sealSection(
  session: Session,
  place: Place,
  drafts: readonly DraftFile[],
): Promise<SealedContent> {
  const { record, section, epoch, key } = place
  const files = []
  for (const draft of drafts) {
    const { fileKey, name, mediaType, path, length, modified } = draft
    const header = { fileKey, name, mediaType, path, length, modified }
    const at = { network: session.network.chain, record, section, epoch, fileId: draft.id }
    const sealed = await sealFileHeader(header, key, at, session.surroundings.random)
    const { id, floe, padded, segments, root, names } = draft
    files.push({ id, header: sealed, floe, padded, segments, root, names })
  }
  const attachment = encodeManifest({ files })
  return { content: { section, epoch, object: describe(attachment, files.length) }, attachment }
}

/** Seals the card under its epoch. */
export async function sealCardContent(
  session: Session,
  place: Omit<Place, 'section'>,
  card: Card,
): Promise<SealedContent> {
  const { record, epoch, key } = place
  const attachment = await sealCard(
    card,
    key,
    { network: session.network.chain, record, epoch },
    session.surroundings.random,
  )
  return { content: { section: 0, epoch, object: describe(attachment, 0) }, attachment }
}

const describe = (object: Uint8Array, count: number): SectionContent['object'] => ({
  digest: sha256(object) as Uint8Array as Digest,
  length: object.length,
  count,
})
