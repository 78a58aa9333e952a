// POST segments puts them under an upload; GET segments and POST segments/batch read them. Spec: docs/spec/relay.md, "Segments".
// A name is no key: what a ticket does not open is answered like what does not exist.
import {
  type ChainId,
  concat,
  type Digest,
  decodeEntry,
  equal,
  hex,
  limits,
  paths,
  segmentBatchRequest,
  sha256,
  type Ticket,
  unhex,
} from '@sealchart/protocol'
import { type Request, readBody } from '../bodies.js'
import { RelayError } from '../errors.js'
import { openingOf } from '../handout.js'
import { answerBytes, answerNothing, decodeBody } from '../http.js'
import type { OpenedBy } from '../permissions.js'
import { release, releaseOnceSent } from '../release.js'
import type { Services } from '../services.js'
import { pause } from '../slices.js'
import { keyOf, lru } from '../state.js'
import { type SegmentRow, STAGED_ROWS, type UploadRow } from '../store/contract.js'
import { isStillListed, READ } from '../tickets.js'
import { type Route, SMALL_BODY } from './route.js'
import { uploadOf } from './uploads.js'

const LENGTH = 4
/** A batch, and one segment that did not fit into it any more. */
const PUT_BODY = limits.segmentBatch + limits.segment
/** Bytes that are hashed between two pauses, and what a segment costs beside its bytes. */
const PAUSE_AFTER = 1024 * 1024
const HASH_COST = 2048

const unknown = (): never => {
  throw new RelayError('UNKNOWN', 'there is no such segment')
}

// ——— putting

export const putSegmentsRoute: Route = {
  method: 'POST',
  path: paths.segments,
  asker: 'ticket',
  async handle(c, services) {
    const upload = await uploadOf(c, services)
    const section = sectionOf(c)
    const body = await readBody(c, PUT_BODY, services.intakes.known)
    await putSegments(services, { upload, section, items: splitItems(body) })
    release(body)
    return answerNothing(204, { 'cache-control': 'no-store' })
  },
}

function sectionOf(c: Request): number {
  const text = c.req.query('section') ?? ''
  const section = /^(0|[1-9][0-9]{0,2})$/.test(text) ? Number(text) : Number.NaN
  if (section >= 1 && section <= limits.sections) return section
  throw new RelayError('LIMIT', 'segments are put for one of 256 sections')
}

/** Items with their lengths (four bytes, big-endian) before them. @throws RelayError DECODE_TRUNCATED, TOO_LARGE. */
function splitItems(body: Uint8Array): Uint8Array[] {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength)
  const items: Uint8Array[] = []
  for (let at = 0; at < body.length; ) {
    if (body.length - at < LENGTH) throw new RelayError('DECODE_TRUNCATED', 'the body ends inside a length')
    const length = view.getUint32(at)
    if (length > limits.segment) throw new RelayError('TOO_LARGE', 'a segment is at most 1 MiB long')
    if (length === 0) throw new RelayError('DECODE_RANGE', 'a segment is not empty')
    if (length > body.length - at - LENGTH) throw new RelayError('DECODE_TRUNCATED', 'the body ends inside a segment')
    items.push(body.subarray(at + LENGTH, at + LENGTH + length))
    at += LENGTH + length
  }
  return items
}

interface ToPut {
  readonly upload: UploadRow
  readonly section: number
  readonly items: readonly Uint8Array[]
}

/** Stores what is not there yet as one file; the same bytes again change nothing. */
async function putSegments(services: Services, { upload, section, items }: ToPut): Promise<void> {
  const fresh = await freshItems(services, upload, items)
  const length = fresh.reduce((sum, { bytes }) => sum + bytes.length, 0)
  await services.quotas.use(upload, length, () => storeItems(services, upload, { section, fresh }))
}

async function storeItems(
  services: Services,
  upload: UploadRow,
  { section, fresh }: { readonly section: number; readonly fresh: readonly { name: Digest; bytes: Uint8Array }[] },
): Promise<void> {
  const expires = services.now() + services.config.limits.staged
  const file = fresh.length === 0 ? null : await services.segments.write(fresh.map(({ bytes }) => bytes))
  let offset = 0
  const rows = fresh.map(({ name, bytes }): SegmentRow => {
    const place = { file: file as string, offset, length: bytes.length }
    offset += bytes.length
    return { record: upload.record, name, section, upload: upload.id, place }
  })
  const uploads = [{ ...upload, expires }]
  for (let at = 0; at === 0 || at < rows.length; at += STAGED_ROWS) {
    await services.sequencer.stage({ uploads, segments: rows.slice(at, at + STAGED_ROWS) })
  }
}

async function freshItems(
  services: Services,
  upload: UploadRow,
  items: readonly Uint8Array[],
): Promise<{ name: Digest; bytes: Uint8Array }[]> {
  const named = new Map<string, { name: Digest; bytes: Uint8Array }>()
  let hashed = 0
  for (const bytes of items) {
    const name = sha256(bytes) as Uint8Array as Digest
    named.set(hex(name), { name, bytes })
    hashed += bytes.length + HASH_COST
    if (hashed < PAUSE_AFTER) continue
    hashed = 0
    await pause()
  }
  const all = [...named.values()]
  const fresh: { name: Digest; bytes: Uint8Array }[] = []
  for (let at = 0; at < all.length; at += STAGED_ROWS) {
    const slice = all.slice(at, at + STAGED_ROWS)
    const names = slice.map(({ name }) => name)
    const present = await services.reads.present(upload.record, upload.id, names)
    fresh.push(...slice.filter((_, i) => !present[i]))
    await pause()
  }
  return fresh
}

// ——— reading

/** What lets a ticket open, found once and kept: the entry that it was given for. */
const openedBy = lru<OpenedBy>(10_000)

/** The ticket of a request, if it still opens the record. @throws RelayError UNKNOWN. */
async function readTicket(c: Request, services: Services, record: ChainId): Promise<Ticket> {
  const ticket = services.tickets.check(c.req.query('ticket'), READ)
  if (ticket === null || !equal(ticket.record, record)) return unknown()
  const by = await openerOf(services, ticket)
  // Asked at each use: what ended since the ticket was given is refused at once.
  if (by === null || !(await services.permissions.stillOpens(by))) return unknown()
  if (!(await isStillListed(services, ticket))) return unknown()
  return ticket
}

async function openerOf(services: Services, { subject, member }: Ticket): Promise<OpenedBy | null> {
  const key = keyOf(subject)
  const known = openedBy.get(key)
  if (known) return known
  const row = await services.reads.entryByHash(subject as Parameters<Services['reads']['entryByHash']>[0])
  const opening = row && openingOf(decodeEntry(row.bytes))
  if (!opening) return null
  const { record, credential, grant } = opening
  const by = { member, record, credential, grant }
  openedBy.set(key, by)
  return by
}

async function segmentRow(services: Services, ticket: Ticket, name: Digest): Promise<SegmentRow> {
  const row = await services.reads.segment(ticket.record, name)
  return row !== null && ticket.sections.includes(row.section) ? row : unknown()
}

const IMMUTABLE = 'private, max-age=31536000, immutable'

export const getSegmentRoute: Route = {
  method: 'GET',
  path: `${paths.segments}/:record/:name`,
  asker: 'ticket',
  async handle(c, services) {
    const record = idOf<ChainId>(c.req.param('record'))
    const name = idOf<Digest>(c.req.param('name'))
    const ticket = await readTicket(c, services, record)
    const { place } = await segmentRow(services, ticket, name)
    const headers = {
      'content-type': 'application/octet-stream',
      'cache-control': IMMUTABLE,
      'accept-ranges': 'bytes',
      etag: `"${hex(name)}"`,
    }
    const range = rangeOf(c.req.header('range'), place.length)
    if (range === 'unsatisfiable') {
      return answerNothing(416, { ...headers, 'content-range': `bytes */${place.length}` })
    }
    if (range === null) {
      const bytes = await services.segments.read(place)
      releaseOnceSent(c, bytes)
      return answerBytes(bytes, headers)
    }
    const part = await services.segments.read(place, range)
    const said = `bytes ${range.from}-${range.to - 1}/${place.length}`
    return answerBytes(part, { ...headers, 'content-range': said }, 206)
  },
}

function idOf<T extends Uint8Array>(text: string | undefined): T {
  const id = text === undefined ? null : unhex(text)
  return id?.length === 32 ? (id as Uint8Array as T) : unknown()
}

/** One range of bytes (RFC 9110 §14.1.2); null for none, and for forms that may be ignored. */
function rangeOf(header: string | undefined, length: number): { from: number; to: number } | 'unsatisfiable' | null {
  const [, first, last] = /^bytes=([0-9]{0,15})-([0-9]{0,15})$/.exec(header ?? '') ?? []
  if (first === undefined || last === undefined || first + last === '') return null
  if (first === '') {
    const count = Math.min(Number(last), length)
    return count === 0 ? 'unsatisfiable' : { from: length - count, to: length }
  }
  const from = Number(first)
  const to = last === '' ? length : Math.min(Number(last) + 1, length)
  if (last !== '' && Number(last) < from) return null
  return from >= length ? 'unsatisfiable' : { from, to }
}

export const segmentBatchRoute: Route = {
  method: 'POST',
  path: paths.segmentBatch,
  asker: 'ticket',
  async handle(c, services) {
    const { record, names } = decodeBody(segmentBatchRequest, await readBody(c, SMALL_BODY, services.intakes.strangers))
    const ticket = await readTicket(c, services, record)
    const rows: SegmentRow[] = []
    let bytes = 0
    for (const name of names) {
      const row = await segmentRow(services, ticket, name)
      bytes += LENGTH + row.place.length
      // The lengths stand in the manifest: whoever asks for more than an answer holds can know it.
      if (bytes > limits.segmentBatch) throw new RelayError('TOO_LARGE', 'the segments do not fit into one answer')
      rows.push(row)
    }
    const parts: Uint8Array[] = []
    for (const { place } of rows) {
      const length = new Uint8Array(LENGTH)
      new DataView(length.buffer).setUint32(0, place.length)
      parts.push(length, await services.segments.read(place))
    }
    const headers = { 'content-type': 'application/octet-stream', 'cache-control': 'no-store' }
    const batch = concat(...parts)
    releaseOnceSent(c, batch)
    return answerBytes(batch, headers)
  },
}
