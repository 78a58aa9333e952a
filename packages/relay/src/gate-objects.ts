// The gate's work on objects: attachments, small segments and uploads of a list, checked and made durable before its turn.
// Spec: docs/spec/relay.md, "The gate". All attachments that travel in one request become one file, all its small segments another.
import { type AppendRequest, type ChainId, type Digest, equal, hex, is, sha256 } from '@sealchart/protocol'
import { checkHolders, checkManifest, checkWraps, type NamedObject, objectsOf, stagedMissing } from './attachments.js'
import { RelayError } from './errors.js'
import type { GateParts, Judged } from './gate-parts.js'
import { GATE_MS, isKept } from './objects.js'
import type { Asking } from './reach.js'
import type { GatedList } from './sequencer.js'
import { keyOf } from './state.js'
import { type AttachmentRow, type SegmentRow, STAGED_ROWS, type UploadRow } from './store/contract.js'
import { indexDigest, indexFor } from './wrap-index.js'

/** `recipients`: keys of the chains whose heads and credentials were checked. */
export interface Staged extends Pick<GatedList, 'attachments' | 'uploads'> {
  readonly recipients: ReadonlySet<string>
}

/** An object of a list: from the request (`row` null), or staged or live already. */
interface Found {
  readonly object: NamedObject
  readonly judged: Judged
  readonly position: number
  readonly bytes: Uint8Array
  readonly row: AttachmentRow | null
}

/** Something that is to be stored as an attachment. */
interface ToStore {
  readonly digest: Digest
  readonly bytes: Uint8Array
  readonly count: number
  readonly root: AttachmentRow['root']
}

export async function stageObjects(
  parts: GateParts,
  request: AppendRequest,
  judged: readonly Judged[],
  network: ChainId,
): Promise<Staged> {
  const found = await findObjects(parts, request, judged)
  const store: ToStore[] = []
  const live: { digest: Digest; position: number }[] = []
  const recipients = new Set<string>()
  const asking = { network, time: parts.now(), asked: recipients }
  for (const one of found) {
    if (one.object.what === 'wraps') await takeWraps(parts, one, { store, live, asking })
    else store.push(...asStored(one, 0, null))
    live.push({ digest: one.object.attached.digest, position: one.position })
  }
  for (const { entry, before } of judged) {
    if (is(entry, 'record', 'publish')) await checkHolders(entry, before, asking)
  }
  const rows = await findUploads(parts, request, judged)
  const uploads = [...rows.map(({ id }) => id), ...(await storeSegments(parts, request.segments, judged))]
  for (const { object, bytes, judged: of } of found) {
    const { attached, what } = object
    if (what === 'manifest') await checkManifest(parts, { record: of.entry.chain, attached, bytes, uploads })
  }
  await storeAll(parts, store, found)
  await freeze(parts, rows)
  return { attachments: live, uploads, recipients }
}

// ——— finding

/** Every object that the entries name, with its bytes. @throws RelayError STAGED_MISSING, RULE for another length than named. */
async function findObjects(parts: GateParts, request: AppendRequest, judged: readonly Judged[]): Promise<Found[]> {
  const given = new Map(request.attachments.map((bytes) => [keyOf(sha256(bytes)), bytes]))
  const found: Found[] = []
  let missing = 0
  for (const [position, one] of judged.entries()) {
    for (const object of objectsOf(one.entry)) {
      const { digest, length } = object.attached
      const inline = given.get(keyOf(digest))
      const row = inline ? null : await keptAttachment(parts, digest)
      if (!inline && row === null) {
        missing += 1
        continue
      }
      if ((inline?.length ?? row?.place.length) !== length)
        throw new RelayError('RULE', 'an object has another length than its entry says')
      // A card is opaque and short; nothing of it is looked at.
      const needed = object.what !== 'card' && row !== null
      const bytes = inline ?? (needed ? await parts.segments.read(row.place) : new Uint8Array())
      found.push({ object, judged: one, position, bytes, row })
    }
  }
  if (missing > 0) throw stagedMissing(missing)
  return found
}

/** A stored attachment; one that may be collected before the turn is as good as gone: its row could come back here, its file could not. */
async function keptAttachment(parts: GateParts, digest: Digest): Promise<AttachmentRow | null> {
  const row = await parts.reads.attachment(digest)
  return row !== null && isKept(row, parts.now()) ? row : null
}

// ——— wrap lists

async function takeWraps(
  parts: GateParts,
  one: Found,
  to: {
    readonly store: ToStore[]
    readonly live: { digest: Digest; position: number }[]
    readonly asking: Asking
  },
): Promise<void> {
  const { entry, before } = one.judged
  const list = await checkWraps(parts, entry, { bytes: one.bytes, before, asking: to.asking })
  to.store.push(...asStored(one, list.rows.length, null))
  const index = indexFor(list.rows)
  if (index === null) return
  const digest = indexDigest(one.object.attached.digest)
  if ((await keptAttachment(parts, digest)) === null) to.store.push({ digest, bytes: index, count: 0, root: null })
  to.live.push({ digest, position: one.position })
}

const asStored = (one: Found, count: number, root: AttachmentRow['root']): ToStore[] =>
  one.row === null ? [{ digest: one.object.attached.digest, bytes: one.bytes, count, root }] : []

// ——— uploads and small segments

/** The uploads that this list publishes. @throws RelayError STAGED_MISSING for one that is not the signer's, of its record, or there. */
async function findUploads(parts: GateParts, request: AppendRequest, judged: readonly Judged[]): Promise<UploadRow[]> {
  const rows: UploadRow[] = []
  for (const id of request.uploads) {
    const row = await parts.reads.upload(id)
    // One that may be collected before it is frozen would be published without what was found in it.
    const usable = row !== null && row.state !== 'live' && row.expires > parts.now() + GATE_MS
    if (!usable || !publishes(judged, row.record, row.member)) throw stagedMissing(1)
    rows.push(row)
  }
  return rows
}

/** Nothing is put under these any more. */
async function freeze(parts: GateParts, rows: readonly UploadRow[]): Promise<void> {
  const expires = parts.now() + parts.config.limits.staged
  for (let at = 0; at < rows.length; at += STAGED_ROWS) {
    const frozen = rows.slice(at, at + STAGED_ROWS).map((row): UploadRow => ({ ...row, expires, state: 'complete' }))
    await parts.sequencer.stage({ uploads: frozen })
  }
}

/** Whether the list publishes contents of this record, signed by this member. */
const publishes = (judged: readonly Judged[], record: ChainId, member: ChainId): boolean =>
  judged.some(
    ({ entry }) =>
      (is(entry, 'record', 'create') || is(entry, 'record', 'publish')) &&
      equal(entry.chain, record) &&
      equal(entry.signer.chain, member),
  )

async function storeSegments(
  parts: GateParts,
  given: AppendRequest['segments'],
  judged: readonly Judged[],
): Promise<Uint8Array[]> {
  const uploads: Uint8Array[] = []
  for (const record of recordsIn(given)) {
    const entry = judged.find(
      ({ entry: one }) => equal(one.chain, record) && publishes(judged, record, one.signer.chain),
    )
    if (!entry) throw new RelayError('RULE', 'segments come with an entry that publishes them')
    const segments = given.filter((segment) => equal(segment.record, record))
    uploads.push(await storeUpload(parts, { record, member: entry.entry.signer.chain, segments }))
  }
  return uploads
}

function recordsIn(given: AppendRequest['segments']): ChainId[] {
  const records = new Map<string, ChainId>()
  for (const { record } of given) records.set(keyOf(record), record)
  return [...records.values()]
}

/** Stores segments as one file under an upload of their own, which is complete at once. */
async function storeUpload(
  parts: GateParts,
  { record, member, segments }: { record: ChainId; member: ChainId; segments: AppendRequest['segments'] },
): Promise<Uint8Array> {
  const id = parts.random(16)
  const reserved = segments.reduce((sum, { bytes }) => sum + bytes.length, 0)
  // Nobody can name it but the list that it came with: if that is refused, its next try brings its own.
  const expires = parts.now() + GATE_MS
  await parts.quotas.carry({ id, member, bytes: reserved, expires }, async () => {
    const upload: UploadRow = { id, record, member, reserved, expires, state: 'open' }
    const file = await parts.segments.write(segments.map(({ bytes }) => bytes))
    let offset = 0
    const rows = segments.map(({ section, bytes }): SegmentRow => {
      const place = { file, offset, length: bytes.length }
      offset += bytes.length
      return { record, name: sha256(bytes) as Uint8Array as Digest, section, upload: id, place }
    })
    for (let at = 0; at < rows.length; at += STAGED_ROWS) {
      const last = at + STAGED_ROWS >= rows.length
      const uploads = [{ ...upload, state: last ? 'complete' : 'open' } as const]
      await parts.sequencer.stage({ uploads, segments: rows.slice(at, at + STAGED_ROWS) })
    }
  })
  return id
}

// ——— storing

/** Writes what came with the request as one file and stages its rows; moves the expiry of what was staged before. */
async function storeAll(parts: GateParts, store: readonly ToStore[], found: readonly Found[]): Promise<void> {
  const expires = parts.now() + parts.config.limits.staged
  const rows = new Map<string, AttachmentRow>()
  for (const { row } of found) if (row && row.live === null) rows.set(hex(row.digest), { ...row, expires })
  const fresh = [...new Map(store.map((one) => [hex(one.digest), one])).values()]
  if (fresh.length > 0) {
    const file = await parts.segments.write(fresh.map(({ bytes }) => bytes))
    let offset = 0
    for (const { digest, bytes, count, root } of fresh) {
      const place = { file, offset, length: bytes.length }
      rows.set(hex(digest), { digest, place, count, root, expires, live: null })
      offset += bytes.length
    }
  }
  const all = [...rows.values()]
  for (let at = 0; at < all.length; at += STAGED_ROWS) {
    await parts.sequencer.stage({ attachments: all.slice(at, at + STAGED_ROWS) })
  }
}
