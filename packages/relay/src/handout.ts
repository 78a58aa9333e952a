// The handout: what a durable view or download entry opens. Spec: docs/spec/relay.md, "Handouts".
// Nothing here is secret to the relay: keys are sealed to the reader, manifests and segments under them. What it withholds without an
// entry, it withholds so that every reading leaves a trace.
import {
  type AnyEntry,
  type ChainId,
  type ContentFact,
  type Digest,
  decodeManifest,
  facts,
  type Handout,
  readFact,
} from '@sealchart/protocol'
import { readAttachment } from './objects.js'
import type { Segments } from './segments/contract.js'
import { factOf, keyOf, type Lru, lru, type State } from './state.js'
import type { Reads } from './store/contract.js'
import { READ, type Tickets } from './tickets.js'
import type { FoundRow, WrapLists } from './wrap-index.js'

/** Bytes of segments that come with a handout, so that small sections need no second request. */
const INLINE_BYTES = 256 * 1024

/** Bytes of contents that are kept in memory: what many open, they open soon after each other. */
const KEPT_BYTES = 64 * 1024 * 1024

/** A section's manifest and its small segments: they never change, and are named by the manifest's digest in its record. */
export interface SectionBytes {
  readonly manifest: Uint8Array
  readonly small: readonly Uint8Array[]
}

export type SectionCache = Lru<SectionBytes>

export const sectionCache = (): SectionCache =>
  lru<SectionBytes>(KEPT_BYTES, ({ manifest, small }) => small.reduce((sum, one) => sum + one.length, manifest.length))

export interface HandoutParts {
  readonly sectionBytes: SectionCache
  readonly reads: Reads
  readonly segments: Segments
  readonly state: State
  readonly tickets: Tickets
  readonly wrapLists: WrapLists
}

/** An entry that opens sections. */
export interface Opening {
  readonly entry: AnyEntry
  readonly record: ChainId
  readonly grant: AnyEntry['hash'] | null
  readonly credential: AnyEntry['hash']
  readonly version: number
  readonly sections: readonly number[]
}

/** What an entry opens, or null for one that opens nothing. */
export function openingOf(entry: AnyEntry): Opening | null {
  if (entry.kind !== 'access' || entry.type === 'note') return null
  const { record, grant, credential, version, sections } = entry.body
  return { entry, record, grant, credential, version, sections }
}

export async function makeHandout(parts: HandoutParts, opening: Opening): Promise<Handout> {
  const { entry, record, grant, version, sections } = opening
  const { chain: member, device } = entry.signer
  const contents = await contentsAt(parts, opening)
  const opened: Handout['opened'][number][] = []
  const inline: Uint8Array[] = []
  let left = INLINE_BYTES
  for (const { section, content } of contents) {
    const { manifest, small } = await sectionBytes(parts, record, { section, content })
    opened.push({ section, version: content.version, epoch: content.epoch, manifest })
    for (const segment of small) {
      if (segment.length > left) break
      left -= segment.length
      inline.push(segment)
    }
  }
  const ticket = { kind: READ, member, device, record, version, sections, grant, subject: entry.hash }
  return {
    entry: entry.hash,
    keys: await keysFor(parts, opening, contents),
    opened,
    ticket: parts.tickets.issue(ticket),
    segments: inline,
  }
}

interface SectionContent {
  readonly section: number
  readonly content: ContentFact
}

/** The newest contents of each section that are not newer than the version. A section that is younger has none. */
async function contentsAt({ state }: HandoutParts, { record, version, sections }: Opening): Promise<SectionContent[]> {
  const found: SectionContent[] = []
  for (const section of sections) {
    const newest = await factOf(state, record, facts.content(section))
    const content =
      newest && newest.version > version ? await olderContent(state, { record, section, version }) : newest
    if (content) found.push({ section, content })
  }
  return found
}

async function olderContent(
  state: State,
  { record, section, version }: { record: ChainId; section: number; version: number },
): Promise<ContentFact | null> {
  const target = facts.content(section)
  const all = (await state.under(record, `${target.key}/`)).map(({ value }) => readFact(target, value))
  return all.filter((one) => one.version <= version).sort((a, b) => b.version - a.version)[0] ?? null
}

/**
 * The reader's section keys: from the list that began each section's newest epoch if that was after her grant, else from her grant's
 * own list; and from the latter too where the contents are under an older epoch.
 */
async function keysFor(
  { state, wrapLists }: HandoutParts,
  { entry, record, grant: hash, sections }: Opening,
  contents: readonly SectionContent[],
): Promise<Handout['keys']> {
  const grant = hash === null ? null : await factOf(state, record, facts.grant(hash))
  const base = grant ?? (await factOf(state, record, facts.founder))
  if (base === null) return []
  const lists = new Map<string, Digest>()
  for (const id of sections) {
    const section = await factOf(state, record, facts.section(id))
    if (section === null) continue
    const since = section.index > base.index ? section.wraps : base.wraps
    lists.set(keyOf(since), since)
    const content = contents.find((one) => one.section === id)
    if (content && content.content.epoch !== section.epoch) lists.set(keyOf(base.wraps), base.wraps)
  }
  const keys: Handout['keys'][number][] = []
  for (const wraps of lists.values()) {
    const row = await heldRow(wrapLists, { list: wraps, holder: grant?.recipient ?? null, member: entry.signer.chain })
    if (row?.keys) keys.push({ wraps, keys: row.keys })
  }
  return keys
}

/** The row of a list under which a member holds a grant: its recipient's, or hers, where the team was stale and its members got one each. */
export const heldRow = async (
  lists: WrapLists,
  { list, holder, member }: { readonly list: Digest; readonly holder: ChainId | null; readonly member: ChainId },
): Promise<FoundRow | null> => (holder && (await lists.rowOf(list, holder))) ?? lists.rowOf(list, member)

/** The manifest of a section's contents, and segments of its one-segment files in order, as far as a handout has room for them. */
async function sectionBytes(
  parts: HandoutParts,
  record: ChainId,
  { section, content }: SectionContent,
): Promise<SectionBytes> {
  const key = `${keyOf(record)}${section}/${keyOf(content.object.digest)}`
  const known = parts.sectionBytes.get(key)
  if (known) return known
  const manifest = await readAttachment(parts.reads, parts.segments, content.object.digest)
  const found = { manifest, small: await smallSegments(parts, { record, section, manifest }) }
  parts.sectionBytes.set(key, found)
  return found
}

/** The reader knows these by their hash. */
async function smallSegments(
  { reads, segments }: HandoutParts,
  { record, section, manifest }: { record: ChainId; section: number; manifest: Uint8Array },
): Promise<Uint8Array[]> {
  const found: Uint8Array[] = []
  let left = INLINE_BYTES
  for (const file of decodeManifest(manifest).files) {
    if (file.segments !== 1) continue
    const row = await reads.segment(record, file.names[0] as Digest)
    if (row === null || row.section !== section || row.place.length > left) break
    left -= row.place.length
    found.push(await segments.read(row.place))
  }
  return found
}
