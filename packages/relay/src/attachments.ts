// What an entry names and what comes with it: which objects it needs, where they are, and whether they fit it.
// Spec: docs/spec/relay.md, "The gate". All of it happens before the turn, in slices, and is durable before the entry is placed.
import {
  type AnyEntry,
  type Attached,
  admits,
  type ChainId,
  type Digest,
  decodeManifest,
  type Entry,
  equal,
  is,
  isHeldAsWrapped,
  liveGrants,
  type Manifest,
  ProtocolError,
  type WrapLeaf,
  type WrapsRef,
} from '@sealchart/protocol'
import { RelayError } from './errors.js'
import { sealOf } from './proofs.js'
import { type Asking, askedFacts, newestOf, requireSeats } from './reach.js'
import type { Segments } from './segments/contract.js'
import type { Sequencer } from './sequencer.js'
import { pause, SLICE } from './slices.js'
import { keyOf, type State } from './state.js'
import type { Reads } from './store/contract.js'
import { type ReadList, readWrapList, rootOfRows } from './wrap-index.js'

/** An object that an entry names, and what it is. */
export interface NamedObject {
  readonly attached: Attached
  readonly what: 'wraps' | 'manifest' | 'card'
}

/** The objects that an entry names, in the order of its body. */
export function objectsOf(entry: AnyEntry): NamedObject[] {
  const objects: NamedObject[] = []
  const wraps = wrapsRefOf(entry)
  if (wraps) objects.push({ attached: wraps.attached, what: 'wraps' })
  if (is(entry, 'record', 'create') || is(entry, 'record', 'publish') || is(entry, 'record', 'revoke')) {
    for (const { section, object } of entry.body.contents)
      objects.push({ attached: object, what: section === 0 ? 'card' : 'manifest' })
  }
  return objects
}

/** The wrap list that an entry signs, or null. */
export const wrapsRefOf = (entry: AnyEntry): WrapsRef | null => ('wraps' in entry.body ? entry.body.wraps : null)

export interface CheckParts {
  readonly reads: Reads
  readonly segments: Segments
  readonly sequencer: Pick<Sequencer, 'head'>
  readonly now: () => number
}

/**
 * ms since which the heads that a list names may have moved. Of ten thousand recipients one renews a credential while the list is made: the
 * list is good, as long as the key is the newest and somebody who was withdrawn is not in it.
 */
const MOST_BEHIND = 10 * 60_000

/**
 * Checks a wrap list against its entry: who is in it, and that each row is to the newest key of its recipient, and to her head as of the log
 * size that the entry names. `asked` takes the chains that this depends on.
 * @throws ProtocolError WRAPS, DECODE_*, LIMIT; RelayError CRED_BINDING, STALE_EPOCH, LIMIT of a team's seats.
 */
export async function checkWraps(
  parts: CheckParts,
  entry: AnyEntry,
  { bytes, before, asking }: { readonly bytes: Uint8Array; readonly before: State; readonly asking: Asking },
): Promise<ReadList> {
  const signed = wrapsRefOf(entry)
  if (!signed) throw new RelayError('INTERNAL', 'an entry without a wrap list')
  const list = await readWrapList(bytes)
  if (list.rows.length !== signed.attached.count || !equal(await rootOfRows(list.rows), signed.root))
    throw new ProtocolError('WRAPS', 'the wrap list is not the one that the entry signs')
  const isRecent = await wasSizeLately(parts, signed.asOf)
  await admits(entry, list.leaves, askedFacts(before, asking), {
    ...asking,
    async newest(leaf) {
      const newest = await newestOf(before, leaf.recipient)
      const moved = newest !== null && newest.sequence !== leaf.sequence
      if (!moved || !isRecent || !(await wasHead(parts.reads, leaf, signed.asOf))) return newest
      return { ...newest, sequence: leaf.sequence, link: leaf.link }
    },
  })
  if (entry.kind === 'team') await requireSeats(before, entry, list.leaves, asking)
  if (entry.kind !== 'member') for (const { recipient } of list.leaves) asking.asked.add(keyOf(recipient))
  return list
}

/** Whether the log had this size at some moment of the last ten minutes. */
async function wasSizeLately({ reads, sequencer, now }: CheckParts, asOf: number): Promise<boolean> {
  if (asOf >= (sequencer.head?.size ?? 0)) return true
  // It had this size until the turn that placed the leaf behind it.
  const [outgrown] = await reads.sealsFor([asOf])
  return outgrown !== undefined && sealOf(outgrown).time >= now() - MOST_BEHIND
}

/** Whether the entry that a leaf names was the head of its recipient's chain when the log had this size. */
async function wasHead(reads: Reads, { recipient, sequence, link }: WrapLeaf, asOf: number): Promise<boolean> {
  const [named, next] = await reads.entries(recipient, sequence - 1, 2)
  if (named?.sequence !== sequence || link === null || !equal(named.link, link)) return false
  return named.index < asOf && (next === undefined || next.index >= asOf)
}

/**
 * Nothing new under a key that somebody holds who is no longer entitled: for a version under epochs that began earlier, whether each holder
 * is still reached as the key was wrapped to her. (Ended grants turned the epoch already; expired ones are seen in the turn.)
 * @throws RelayError STALE_EPOCH.
 */
export async function checkHolders(
  entry: AnyEntry & Entry<'record', 'publish'>,
  before: State,
  asking: Asking,
): Promise<void> {
  const started = new Set(entry.body.epochs.map(({ section }) => section))
  const kept = [...new Set([0, ...entry.body.contents.map(({ section }) => section)])].filter((id) => !started.has(id))
  const known = askedFacts(before, asking)
  const live = await liveGrants(entry.chain, known, entry.time)
  if (!(await isHeldAsWrapped(entry.chain, kept, live, known, asking)))
    throw new RelayError(
      'STALE_EPOCH',
      'somebody holds a key who should not, or with an older one: the version needs a new epoch',
    )
}

/**
 * Checks a section manifest: as many files as the entry says, and every segment and index segment that it names is there, live or
 * under one of these uploads.
 * @throws ProtocolError DECODE_*, RelayError LIMIT, SEGMENT, STAGED_MISSING.
 */
export async function checkManifest(
  parts: CheckParts,
  {
    record,
    attached,
    bytes,
    uploads,
  }: { record: ChainId; attached: Attached; bytes: Uint8Array; uploads: readonly Uint8Array[] },
): Promise<void> {
  const manifest = decodeManifest(bytes)
  if (manifest.files.length !== attached.count)
    throw new RelayError('RULE', 'a manifest has another number of files than its entry says')
  let missing = 0
  for await (const names of namesOf(parts, record, manifest)) {
    missing += await countMissing(parts.reads, record, { names, uploads })
    await pause()
  }
  if (missing > 0) throw stagedMissing(missing)
}

/** The names in a manifest and in its index segments, in slices. */
async function* namesOf(parts: CheckParts, record: ChainId, manifest: Manifest): AsyncGenerator<readonly Digest[]> {
  let names: Digest[] = []
  for (const file of manifest.files) {
    names.push(...file.names)
    if (names.length >= SLICE) {
      yield names
      names = []
    }
  }
  if (names.length > 0) yield names
  for (const file of manifest.files) {
    if (file.segments > 1) yield* indexedNames(parts, record, file)
  }
}

async function* indexedNames(
  { reads, segments }: CheckParts,
  record: ChainId,
  file: Manifest['files'][number],
): AsyncGenerator<readonly Digest[]> {
  let left = file.segments
  for (const name of file.names) {
    const row = await reads.segment(record, name)
    if (row === null) throw stagedMissing(1)
    const index = await segments.read(row.place)
    if (index.length % 32 !== 0 || index.length > 32 * left)
      throw new RelayError('SEGMENT', 'an index segment does not hold the names of its file')
    left -= index.length / 32
    for (let at = 0; at < index.length; at += 32 * SLICE) {
      const slice = index.subarray(at, at + 32 * SLICE)
      yield Array.from(
        { length: slice.length / 32 },
        (_, i) => slice.slice(32 * i, 32 * i + 32) as Uint8Array as Digest,
      )
    }
  }
  if (left !== 0) throw new RelayError('SEGMENT', 'an index segment does not hold the names of its file')
}

const noUpload = new Uint8Array(16)

async function countMissing(
  reads: Reads,
  record: ChainId,
  { names, uploads }: { names: readonly Digest[]; uploads: readonly Uint8Array[] },
): Promise<number> {
  let missing = names
  for (const upload of uploads.length > 0 ? uploads : [noUpload]) {
    if (missing.length === 0) return 0
    const present = await reads.present(record, upload, missing)
    missing = missing.filter((_, i) => !present[i])
  }
  return missing.length
}

export const stagedMissing = (count: number): RelayError =>
  new RelayError('STAGED_MISSING', 'something that an entry names was not staged', { details: { count } })
