// The shelf of a download: segments by name, each checked against its name before anybody sees it. Small ones come in batches: reading
// ten thousand small files in order takes dozens of requests. Spec: docs/spec/relay.md, "Segments". It opens nothing and has no keys.
import { nameSegment } from '@sealchart/crypto'
import { type ChainId, type Digest, equal, hex, limits } from '@sealchart/protocol'
import { batchedLength } from './batches.js'
import { abortable, ClientError, hasCode, throwIfAborted } from './errors.js'
import type { Link } from './link.js'

export interface ShelfOptions {
  readonly link: Link
  readonly record: ChainId
  readonly ticket: string
  /** Another ticket when this one has ended. */
  readonly renew: () => Promise<string>
  /** Segments that came with the answer already. */
  readonly inline: readonly Uint8Array[]
  /** Small segments in the order in which they will be wanted; `length` in bytes, sealed. */
  readonly small: readonly { readonly name: Digest; readonly length: number }[]
}

export interface Shelf {
  /** A segment in memory of the asker's own. @throws ClientError SEGMENT when the relay gives another one; OFFLINE, RELAY, ABORTED and refusals */
  take(name: Digest, signal: AbortSignal | undefined): Promise<Uint8Array>
}

/** Bytes of small segments that were fetched ahead and nobody has taken. */
const MOST_AHEAD = 2 * limits.segmentBatch

interface Ahead {
  readonly length: number
  readonly bytes: Promise<Uint8Array>
}

export function createShelf(options: ShelfOptions): Shelf {
  const { link, record, renew } = options
  const places = new Map(options.small.map(({ name }, place) => [hex(name), place]))
  const ahead = new Map<string, Ahead>()
  const taken = new Set<string>()
  let inline: Promise<ReadonlyMap<string, Uint8Array>> | null = null
  let { ticket } = options

  /** One more try with another ticket: an ended one is answered like everything that is unknown. */
  async function withTicket<T>(ask: (ticket: string) => Promise<T>): Promise<T> {
    const used = ticket
    try {
      return await ask(used)
    } catch (error) {
      if (!hasCode(error, 'UNKNOWN', 'REQUEST_EXPIRED')) throw error
      if (ticket === used) ticket = await renew()
      return ask(ticket)
    }
  }

  /** A small segment together with those after it that were never taken. */
  function fetchFrom(place: number): void {
    const names: Digest[] = []
    let room = limits.segmentBatch
    for (const { name, length } of options.small.slice(place, place + 10_000)) {
      const key = hex(name)
      if (names.length > 0 && (taken.has(key) || ahead.has(key))) continue
      room -= batchedLength(length)
      if (room < 0) break
      names.push(name)
    }
    const batch = withTicket((ticket) => link.getSegments({ ticket, record, names }))
    for (const [i, name] of names.entries()) {
      const key = hex(name)
      // A copy: a view would keep the whole batch in memory until its last segment is taken.
      const bytes = batch.then((segments) => (segments[i] as Uint8Array).slice())
      bytes.catch(() => ahead.delete(key))
      ahead.set(key, { length: options.small[places.get(key) as number]?.length ?? 0, bytes })
    }
    drop()
  }
  /** Lets go of what was fetched first and never wanted. */
  function drop(): void {
    let bytes = 0
    for (const { length } of ahead.values()) bytes += length
    for (const [key, { length }] of ahead) {
      if (bytes <= MOST_AHEAD) return
      ahead.delete(key)
      bytes -= length
    }
  }
  async function fetch(name: Digest, signal: AbortSignal | undefined): Promise<Uint8Array> {
    const key = hex(name)
    inline ??= index(options.inline)
    const here = (await inline).get(key)
    // A copy: readers give back the memory of what they took, and may come again.
    if (here) return here.slice()
    const place = places.get(key)
    if (place === undefined) return withTicket((ticket) => link.getSegment({ ticket, record, name }, signal))
    if (!ahead.has(key)) fetchFrom(place)
    const found = ahead.get(key) as Ahead
    // Others may wait for the same batch: one reader's abort is not theirs.
    const bytes = await abortable(found.bytes, signal)
    taken.add(key)
    ahead.delete(key)
    return bytes
  }
  return {
    async take(name, signal) {
      throwIfAborted(signal)
      const bytes = await fetch(name, signal)
      if (equal(await nameSegment(bytes), name)) return bytes
      throw new ClientError('SEGMENT', 'the relay gave another segment than the manifest names')
    },
  }
}

async function index(segments: readonly Uint8Array[]): Promise<ReadonlyMap<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>()
  for (const bytes of segments) found.set(hex(await nameSegment(bytes)), bytes)
  return found
}
