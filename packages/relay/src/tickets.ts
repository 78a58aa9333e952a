// Tickets: what the relay lets the bearer of a URL do for at most an hour: read a record's segments, or put some under an upload.
// Spec: docs/spec/relay.md, "Tickets". A ticket is CBOR and a MAC under a key that no client has; it says what was granted, and each
// use asks again whether it still is.
import { timingSafeEqual } from 'node:crypto'
import { concat, labelBytes, limits, pack, sha256, type Ticket, ticketShape, unpack } from '@sealchart/protocol'
import type { Permissions } from './permissions.js'

const MAC = 32
/** Longest ticket in characters: 256 sections. */
const MAX_TEXT = 2000

/** What a ticket allows. */
export const READ = 1
export const PUT = 2

export interface Tickets {
  issue(ticket: Omit<Ticket, 'expires'>): string
  /** What a ticket says, or null: not of this relay, changed, of another kind, or expired. */
  check(text: string | undefined, kind: number): Ticket | null
}

/** Whether the device that a ticket was given to may still ask: it was not removed since. */
export const isStillListed = async (
  { permissions }: { readonly permissions: Permissions },
  { member, device }: Ticket,
): Promise<boolean> => (await permissions.signKeyOf(member, device)) !== null

/** HMAC-SHA256 (RFC 2104) under a key of at most 64 bytes. An open takes one: Node's own costs more to set up than to run. */
export function hmacSha256(key: Uint8Array): (message: Uint8Array) => Uint8Array {
  const padded = (byte: number): Uint8Array => Uint8Array.from({ length: 64 }, (_, i) => (key[i] ?? 0) ^ byte)
  const [inner, outer] = [padded(0x36), padded(0x5c)]
  return (message) => sha256(outer, sha256(inner, message))
}

/** `key` is 32 random bytes. */
export function createTickets(key: Uint8Array, now: () => number): Tickets {
  const hmac = hmacSha256(key)
  const mac = (body: Uint8Array): Uint8Array => hmac(concat(labelBytes('ticket'), body))

  const open = (text: string): Ticket | null => {
    const bytes = new Uint8Array(Buffer.from(text, 'base64url'))
    if (bytes.length <= MAC) return null
    const body = bytes.subarray(0, -MAC)
    // The MAC first, in constant time: nothing that is not ours is decoded.
    if (!timingSafeEqual(mac(body), bytes.subarray(-MAC))) return null
    return unpack(ticketShape, body, 'ticket')
  }

  return {
    issue(ticket) {
      const body = pack(ticketShape, { ...ticket, expires: now() + limits.ticket })
      return Buffer.from(concat(body, mac(body))).toString('base64url')
    },
    check(text, kind) {
      if (text === undefined || text.length > MAX_TEXT) return null
      const ticket = open(text)
      return ticket !== null && ticket.kind === kind && ticket.expires > now() ? ticket : null
    },
  }
}
