// The outbox of an upload: takes sealed segments, keeps them back while all of them fit into the append request, and otherwise puts
// them under an upload, large ones one a request with several on the way, small ones together. Spec: docs/spec/relay.md, "Segments".
// It knows neither files nor keys. Memory is bounded by its window and one batch.
import { type Random, release } from '@sealchart/crypto'
import { type ChainId, concat, limits } from '@sealchart/protocol'
import { batchedLength, partsLength } from './batches.js'
import { hasCode, throwIfAborted } from './errors.js'
import type { Journal, UploadState } from './journal.js'
import type { Link } from './link.js'
import type { Window } from './window.js'

const MiB = 1024 * 1024
/** Bytes of segments that travel inside an append request: half of what the relay takes there, manifests and wraps being the rest. */
const INLINE = 4 * MiB
const INLINE_COUNT = 10_000
/** From this length on a segment is put alone. */
const ALONE = 256 * 1024
/** Room that is reserved beyond what is known, for streams whose length nobody knows. */
const UNKNOWN = 64 * MiB
/** Room that a further upload has beyond what is expected. */
const SLACK = 16 * MiB

/** A sealed segment, and what happens once it is stored (or, inline, taken). */
export interface Parcel {
  readonly section: number
  /** Nobody else's: their memory is given back once they are put. */
  readonly parts: readonly Uint8Array[]
  stored(): Promise<void>
}

export interface InlineSegment {
  readonly record: ChainId
  readonly section: number
  readonly bytes: Uint8Array
}

export interface Outbox {
  add(parcel: Parcel): Promise<void>
  /** Waits until everything is stored. */
  finish(): Promise<void>
  /** After `finish`: the segments for the append request; none if there was an upload. */
  inline(): readonly InlineSegment[]
  /** Ids of the uploads to be named in the append request. */
  uploads(): readonly Uint8Array[]
}

export interface OutboxOptions {
  readonly link: Link
  readonly record: ChainId
  /** The founding nonce of a record that does not exist yet. */
  readonly nonce: Uint8Array | null
  readonly random: Random
  readonly now: () => number
  /** Bytes of all segments that will come, as far as known. */
  readonly expected: number
  readonly hasUnknown: boolean
  readonly journal: Journal
  /** Bounds the requests on the way. */
  readonly puts: Window
  readonly signal: AbortSignal
}

export function createOutbox(options: OutboxOptions, tickets: Tickets): Outbox {
  const { record, link, puts, signal } = options
  // A resumed upload has uploads already: nothing is kept back.
  let held: Parcel[] | null = tickets.uploads().length > 0 ? null : []
  let heldBytes = 0
  let batch: Parcel[] = []
  let batchBytes = 0

  async function put(parcels: readonly Parcel[]): Promise<void> {
    throwIfAborted(signal)
    const [first] = parcels as [Parcel]
    const segments = parcels.map(({ parts }) => parts)
    const size = segments.reduce((sum, parts) => sum + partsLength(parts), 0)
    await tickets.use(size, (ticket) => link.putSegments({ ticket, section: first.section, segments }, signal))
    for (const part of segments.flat()) release(part)
    for (const parcel of parcels) await parcel.stored()
  }
  async function flush(): Promise<void> {
    const parcels = batch
    const bytes = batchBytes
    batch = []
    batchBytes = 0
    if (parcels.length > 0) await puts.admit(bytes, () => put(parcels))
  }
  async function send(parcel: Parcel): Promise<void> {
    const length = batchedLength(partsLength(parcel.parts))
    if (length >= ALONE) return puts.admit(length, () => put([parcel]))
    const fits = (): boolean =>
      batch.length === 0 || (batch[0]?.section === parcel.section && batchBytes + length <= limits.segmentBatch)
    // Others may have begun another batch meanwhile.
    while (!fits()) await flush()
    batch.push(parcel)
    batchBytes += length
  }
  return {
    async add(parcel) {
      if (held === null) return send(parcel)
      held.push(parcel)
      heldBytes += partsLength(parcel.parts)
      if (heldBytes <= INLINE && held.length <= INLINE_COUNT) return
      const parcels = held
      held = null
      for (const each of parcels) await send(each)
    },
    async finish() {
      await flush()
      await puts.drain()
      for (const parcel of held ?? []) await parcel.stored()
    },
    inline: () => (held ?? []).map(({ section, parts }) => ({ record, section, bytes: concat(...parts) })),
    uploads: tickets.uploads,
  }
}

/** Uploads of one call, the newest in use, and tickets for them. */
export interface Tickets {
  /** Puts `bytes` under an upload that has room for them. */
  use(bytes: number, put: (ticket: string) => Promise<void>): Promise<void>
  /**
   * Prolongs the uploads of an earlier process and answers a ticket for each; one that was published or collected meanwhile is
   * forgotten. From `begin` on the journal is written again.
   */
  resume(): Promise<{ readonly tickets: readonly string[]; begin(): Promise<void> }>
  uploads(): readonly Uint8Array[]
}

interface Open {
  readonly id: Uint8Array
  readonly reserved: number
  used: number
  ticket: Ticket | null
}

interface Ticket {
  readonly text: Promise<string>
  /** When it was asked for. */
  readonly at: number
}

export function createTickets(options: OutboxOptions, found: readonly UploadState[]): Tickets {
  const { link, record, nonce, random, now, journal, signal } = options
  const opened: Open[] = found.map((upload) => ({ ...upload, ticket: null }))
  let turn: Promise<unknown> = Promise.resolve()
  const states = (): readonly UploadState[] => opened.map(({ id, reserved, used }) => ({ id, reserved, used }))

  /** The upload's ticket, asked for once however many wait for it. */
  function ticketOf(upload: Open): Ticket {
    // By the time since it was asked for, not by the relay's clock; half its life, so that a slow request still arrives in time.
    if (upload.ticket !== null && now() - upload.ticket.at < limits.ticket / 2) return upload.ticket
    const asked = link.openUpload({ id: upload.id, record, nonce, reserved: upload.reserved }, signal)
    const ticket: Ticket = { text: asked.then((answer) => answer.ticket), at: now() }
    upload.ticket = ticket
    ticket.text.catch(() => {
      if (upload.ticket === ticket) upload.ticket = null
    })
    return ticket
  }
  /** Room for what is still to come, as far as known; for streams of unknown length twice as much each time. */
  function roomFor(least: number): number {
    const claimed = opened.reduce((sum, { used }) => sum + used, 0)
    const unknown = options.hasUnknown ? Math.max(UNKNOWN, 2 * (opened.at(-1)?.reserved ?? 0)) : 0
    // What is on the way may have been claimed under an upload that had less room than it seemed.
    const slack = opened.length > 0 ? SLACK : 0
    return Math.max(least, options.expected - claimed + unknown + slack)
  }
  async function stands(upload: Open): Promise<boolean> {
    try {
      await ticketOf(upload).text
      return true
    } catch (error) {
      if (hasCode(error, 'UNKNOWN')) return false
      throw error
    }
  }
  async function openNext(least: number): Promise<Open> {
    const upload: Open = { id: random(16).slice(), reserved: roomFor(least), used: 0, ticket: null }
    opened.push(upload)
    // Before anything is put: a journal that does not know an upload could not publish what is under it.
    await journal.begin(states)
    return upload
  }
  /** Which upload takes so many bytes; one after the other, so that two never open one each. */
  function claim(bytes: number, besides: Open | null): Promise<Open> {
    const mine = turn.then(async () => {
      const last = opened.at(-1)
      const usable = last && last !== besides && last.used + bytes <= last.reserved
      const upload = usable ? last : await openNext(bytes)
      upload.used += bytes
      return upload
    })
    turn = mine.catch(() => undefined)
    return mine
  }
  return {
    uploads: () => opened.map(({ id }) => id),
    async resume() {
      const standing: Open[] = []
      for (const upload of opened.splice(0)) if (await stands(upload)) standing.push(upload)
      opened.push(...standing)
      // Of what is published already, any ticket for the record tells.
      if (opened.length === 0) await openNext(0)
      const tickets = await Promise.all(opened.map((upload) => ticketOf(upload).text))
      return { tickets, begin: () => journal.begin(states) }
    },
    async use(bytes, put) {
      const upload = await claim(bytes, null)
      const ticket = ticketOf(upload)
      try {
        return await put(await ticket.text)
      } catch (error) {
        // An ended ticket answers like an unknown one; an upload that is full of what an interrupted process put says so.
        const isFull = hasCode(error, 'QUOTA')
        if (!isFull && !hasCode(error, 'UNKNOWN', 'REQUEST_EXPIRED')) throw error
        if (!isFull && upload.ticket === ticket) upload.ticket = null
      }
      const next = upload.ticket === ticket ? await claim(bytes, upload) : upload
      await put(await ticketOf(next).text)
    },
  }
}
