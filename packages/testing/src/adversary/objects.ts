// Everything sealed that a relay stores of a record, found by its entries; and trying secrets on it, each in the object's own context.
import {
  type DeviceSeed,
  FILE,
  fileContext,
  type GrantSecret,
  openBackLink,
  openCard,
  openEnvelope,
  openFileHeader,
  openKeys,
  openNote,
  type SectionKey,
  startOpening,
} from '@sealchart/crypto'
import {
  type AnyEntry,
  accessLogOf,
  type ChainId,
  type Digest,
  decodeManifest,
  equal,
  is,
  type ManifestFile,
  readWrapRows,
} from '@sealchart/protocol'
import type { NamedSecret } from './unchecked.js'

/** What a relay has stored, however one got at it. */
export interface Stored {
  /** All entries in log order. */
  readonly entries: readonly { readonly index: number; readonly entry: AnyEntry }[]
  attachment(digest: Digest): Promise<Uint8Array | null>
  beside(digest: Digest): Promise<Uint8Array | null>
  segment(record: ChainId, name: Digest): Promise<Uint8Array | null>
}

/** One sealed thing, with the entry that published it, and a way to try a secret on it. */
export interface SealedObject {
  readonly kind: 'card' | 'header' | 'segment' | 'envelope' | 'keys' | 'back-link' | 'note'
  /** Log index of the entry that names it. */
  readonly index: number
  /** @throws SealchartError, unless the secret opens it. */
  open(secret: Uint8Array): Promise<unknown>
}

/** All sealed objects of a record, in log order. */
export async function sealedObjects(stored: Stored, network: ChainId, record: ChainId): Promise<SealedObject[]> {
  const found: SealedObject[] = []
  let trail = 0
  for (const { index, entry } of stored.entries) {
    const isOwn = equal(entry.chain, record) || equal(entry.chain, accessLogOf(record))
    if (!isOwn) continue
    const at = { stored, network, record, index, entry }
    trail = (starts(entry) ? entry.body.trail?.epoch : null) ?? trail
    if (starts(entry)) found.push(...backLinks(at, entry.body), ...(await contents(at, entry.body.contents)))
    if (entry.kind === 'record') found.push(...(await wraps(at)))
    found.push(...(await notes(at, entry.kind === 'access' ? entry.body.trailEpoch : trail)))
  }
  return found
}

/**
 * Tries every secret on every object.
 * @returns how many attempts were made, and the objects that opened, each with the secret's name.
 */
export async function openWithAnything(
  objects: readonly SealedObject[],
  secrets: readonly NamedSecret[],
): Promise<{ readonly attempts: number; readonly opened: readonly { object: SealedObject; secret: string }[] }> {
  const opened: { object: SealedObject; secret: string }[] = []
  for (const object of objects) {
    for (const { name, bytes } of secrets) {
      const works = await object.open(bytes).then(
        () => true,
        () => false,
      )
      if (works) opened.push({ object, secret: name })
    }
  }
  return { attempts: objects.length * secrets.length, opened }
}

interface At {
  readonly stored: Stored
  readonly network: ChainId
  readonly record: ChainId
  readonly index: number
  readonly entry: AnyEntry
}

type Starting = Extract<AnyEntry, { kind: 'record'; type: 'create' | 'publish' | 'revoke' }>

const starts = (entry: AnyEntry): entry is Starting =>
  is(entry, 'record', 'create') || is(entry, 'record', 'publish') || is(entry, 'record', 'revoke')

function backLinks({ network, record, index }: At, body: Starting['body']): SealedObject[] {
  const links = [
    ...body.epochs.map(({ section, epoch, back }) => ({ what: section as number | 'trail', epoch, back })),
    ...(body.trail ? [{ what: 'trail' as const, epoch: body.trail.epoch, back: body.trail.back }] : []),
  ]
  return links.flatMap(({ what, epoch, back }) =>
    back === null
      ? []
      : [
          {
            kind: 'back-link' as const,
            index,
            open: (secret) => openBackLink(back, secret as SectionKey, { network, chain: record, what, epoch }),
          },
        ],
  )
}

async function contents(at: At, list: Starting['body']['contents']): Promise<SealedObject[]> {
  const { stored, network, record, index } = at
  const found: SealedObject[] = []
  for (const { section, epoch, object } of list) {
    const bytes = await stored.attachment(object.digest)
    if (!bytes) continue
    if (section === 0) {
      const place = { network, record, epoch }
      found.push({ kind: 'card', index, open: (secret) => openCard(bytes, secret as SectionKey, place) })
      continue
    }
    for (const file of decodeManifest(bytes).files) {
      const place = { network, record, section, epoch, fileId: file.id }
      found.push({ kind: 'header', index, open: (secret) => openFileHeader(file.header, secret as SectionKey, place) })
      found.push(...(await segments(at, section, file)))
    }
  }
  return found
}

async function segments({ stored, network, record, index }: At, section: number, file: ManifestFile) {
  const names = await segmentNames(stored, record, file)
  const aad = fileContext({ network, record, section, fileId: file.id })
  const found: SealedObject[] = []
  for (const [position, name] of names.entries()) {
    const bytes = await stored.segment(record, name)
    if (!bytes) continue
    const final = position === names.length - 1
    found.push({
      kind: 'segment',
      index,
      open: async (secret) => startOpening(secret, aad, file.floe, FILE).openSegment(bytes, position, final),
    })
  }
  return found
}

async function segmentNames(stored: Stored, record: ChainId, file: ManifestFile): Promise<readonly Digest[]> {
  if (file.segments === 1) return file.names
  const names: Digest[] = []
  for (const name of file.names) {
    const index = (await stored.segment(record, name)) ?? new Uint8Array()
    for (let at = 0; at < index.length; at += 32) names.push(index.slice(at, at + 32) as Uint8Array as Digest)
  }
  return names
}

async function wraps({ stored, network, record, index, entry }: At): Promise<SealedObject[]> {
  const ref = entry.kind === 'record' ? entry.body.wraps : null
  const list = ref && (await stored.attachment(ref.attached.digest))
  if (!list) return []
  return [...readWrapRows(list)].flatMap(({ row: { leaf, envelope, keys } }) => {
    const at = { network, chain: record, leaf }
    const sealed: SealedObject[] = [
      { kind: 'envelope', index, open: (seed) => openEnvelope({ ...at, envelope, seed: seed as DeviceSeed }) },
    ]
    if (keys === null) return sealed
    return [
      ...sealed,
      { kind: 'keys', index, open: (secret) => openKeys({ ...at, keys, grantSecret: secret as GrantSecret }) },
    ]
  })
}

async function notes({ stored, network, record, index, entry }: At, epoch: number): Promise<SealedObject[]> {
  const bytes = entry.private && (await stored.beside(entry.private))
  if (!bytes) return []
  const place = { network, record, epoch, author: entry.signer.chain }
  return [{ kind: 'note', index, open: async (seed) => openNote(bytes, seed, place) }]
}
