// Meetings: where a new device and one that a member has leave each other three messages. Spec: docs/spec/relay.md, "Meetings".
// In memory, for minutes, for whoever knows the place. What lies there is sealed under a code that the relay is not told.
import { type ChainId, type Digest, equal } from '@sealchart/protocol'
import { RelayError } from './errors.js'
import { createRates } from './rates.js'
import { keyOf } from './state.js'

export type Slots = readonly (Uint8Array | null)[]

export interface Meetings {
  /**
   * What stands at a place, after a message was put into a slot where one is given. What stands in a slot stays.
   * @throws RelayError CONFLICT for other bytes in a slot, UNKNOWN for a first message that is not the offer, RATE, BUSY.
   */
  visit(place: Digest, put: { readonly slot: number; readonly bytes: Uint8Array } | null): Slots
}

/** ms from the first message on. */
const KEPT_MS = 10 * 60_000
/** Meetings at a time, and bytes of all of them: strangers fill them, and nobody else waits for it. */
const MOST = 4096
const MOST_BYTES = 64 * 1024 * 1024
/** Requests of all who ask, together: at once, and a second. */
const BURST = 500
const RATE = 100

const OFFER = 0
const NOTHING: Slots = [null, null, null]

interface Meeting {
  readonly slots: Slots
  readonly until: number
}

export function createMeetings(now: () => number): Meetings {
  // In order of their ends: all last equally long, and a change leaves one where it is.
  const meetings = new Map<string, Meeting>()
  const rates = createRates({ burst: BURST, rate: RATE, now })
  const everybody = new Uint8Array(32) as Uint8Array as ChainId
  let bytes = 0

  const forgetOver = (): void => {
    for (const [key, { slots, until }] of meetings) {
      if (until > now()) return
      meetings.delete(key)
      bytes -= slots.reduce((sum, slot) => sum + (slot?.length ?? 0), 0)
    }
  }

  return {
    visit(place, put) {
      rates.take(everybody, 1)
      forgetOver()
      const key = keyOf(place)
      const known = meetings.get(key)
      if (put === null) return known?.slots ?? NOTHING
      const { slots, until } = known ?? { slots: NOTHING, until: now() + KEPT_MS }
      const there = slots[put.slot] ?? null
      if (there !== null) {
        if (equal(there, put.bytes)) return slots
        throw new RelayError('CONFLICT', 'something else stands in this slot')
      }
      if (!known && put.slot !== OFFER) throw new RelayError('UNKNOWN', 'no such meeting')
      if ((!known && meetings.size >= MOST) || bytes + put.bytes.length > MOST_BYTES)
        throw new RelayError('BUSY', 'there is no room for more meetings')
      bytes += put.bytes.length
      const next = slots.with(put.slot, put.bytes)
      meetings.set(key, { slots: next, until })
      return next
    },
  }
}
