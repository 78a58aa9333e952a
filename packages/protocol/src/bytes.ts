// Byte strings and the branded types over them: ids and hashes of equal length cannot be swapped by accident.
// Spec: docs/spec/encoding.md, "Conventions". No cryptography here.

import { ProtocolError } from './errors.js'

declare const brand: unique symbol

/** 32 bytes that name a chain. For a record chain also called the record's id. */
export type ChainId = Uint8Array & { readonly [brand]: 'ChainId' }
/** 32 bytes: the hash of a device's two public keys (device-keys.ts). */
export type DeviceId = Uint8Array & { readonly [brand]: 'DeviceId' }
/** 32 bytes: hash of a whole entry under the entry label; what leaves, grants and credentials are named by. */
export type EntryHash = Uint8Array & { readonly [brand]: 'EntryHash' }
/** 32 bytes: hash of a whole entry under the link label; what the next entry of a chain names. */
export type LinkHash = Uint8Array & { readonly [brand]: 'LinkHash' }
/** 32 bytes: node or root of an RFC 6962 tree. */
export type TreeHash = Uint8Array & { readonly [brand]: 'TreeHash' }
/** 32 bytes: the place in the log that exactly one entry may take: derived from what the entry follows. */
export type Slot = Uint8Array & { readonly [brand]: 'Slot' }
/** 32 bytes: SHA-256 of an object, without label: segments, attachments, private parts. */
export type Digest = Uint8Array & { readonly [brand]: 'Digest' }

/** 32 bytes: an Ed25519 public key that passed `checkSignKey`. */
export type SignKey = Uint8Array & { readonly [brand]: 'SignKey' }
/** 1,216 bytes: an X-Wing public key that passed `checkBoxKey`. */
export type BoxKey = Uint8Array & { readonly [brand]: 'BoxKey' }

/**
 * Whether a value is a byte string that can be read: not a proxy of one, and not one whose memory was handed to another thread, which
 * would look empty. A subclass and a view of shared memory are bytes; nobody may write there meanwhile.
 */
export const isBytes = (value: unknown): value is Uint8Array =>
  ArrayBuffer.isView(value) && value instanceof Uint8Array && (value.length > 0 || !isDetached(value))

function isDetached(empty: Uint8Array): boolean {
  try {
    new Uint8Array(empty.buffer)
    return false
  } catch {
    return true
  }
}

/**
 * Its argument, if that is a byte string: callers without types would otherwise hash `undefined` or the text of an object.
 * @throws ProtocolError USAGE
 */
export function expectBytes(value: Uint8Array): Uint8Array {
  if (!isBytes(value)) throw new ProtocolError('USAGE', 'expected a Uint8Array')
  return value
}

/** The same for what has 32 bytes: ids and hashes. @throws ProtocolError USAGE */
export function expectId<T extends Uint8Array>(value: T): T {
  if (!isBytes(value) || value.length !== 32) throw new ProtocolError('USAGE', 'expected 32 bytes')
  return value
}

/** Byte-wise equality of public values. Not constant-time: never for secrets. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (expectBytes(a).length !== expectBytes(b).length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Order of byte strings as unsigned bytes, shorter first on a common prefix. */
export function compare(a: Uint8Array, b: Uint8Array): number {
  const n = Math.min(expectBytes(a).length, expectBytes(b).length)
  for (let i = 0; i < n; i++) {
    const d = (a[i] as number) - (b[i] as number)
    if (d !== 0) return d
  }
  return a.length - b.length
}

/** One fresh byte string of all parts in order. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0
  for (const part of parts) length += expectBytes(part).length
  const out = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

const digits = Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0))

/** Character codes of the digits while `hex` makes its text: kept, since ids become map keys two dozen times an entry. */
const codes: number[] = []

/** Lower-case hexadecimal. */
export function hex(bytes: Uint8Array): string {
  const most = 4096
  if (expectBytes(bytes).length > most) return hex(bytes.subarray(0, most)) + hex(bytes.subarray(most))
  codes.length = 2 * bytes.length
  let at = 0
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number
    codes[at++] = digits[byte >> 4] as number
    codes[at++] = digits[byte & 15] as number
  }
  return String.fromCharCode.apply(null, codes)
}

/** The inverse of `hex`; null for anything `hex` does not write. */
export function unhex(text: string): Uint8Array<ArrayBuffer> | null {
  if (typeof text !== 'string' || text.length % 2 !== 0 || !/^[0-9a-f]*$/.test(text)) return null
  const bytes = new Uint8Array(text.length / 2)
  for (let i = 0; i < bytes.length; i++) bytes[i] = (valueAt(text, 2 * i) << 4) | valueAt(text, 2 * i + 1)
  return bytes
}

/** The value of a lower-case hexadecimal digit: ‘0’ is 48, ‘a’ is 97. */
function valueAt(text: string, at: number): number {
  const code = text.charCodeAt(at)
  return code < 97 ? code - 48 : code - 87
}

/** Standard base64 with padding (RFC 4648 §4), as signed notes use it. */
export function base64(bytes: Uint8Array): string {
  let binary = ''
  for (const byte of expectBytes(bytes)) binary += String.fromCharCode(byte)
  return btoa(binary)
}

/** The inverse of `base64`; null for anything `base64` does not write (no whitespace, canonical padding bits). */
export function unbase64(text: string): Uint8Array<ArrayBuffer> | null {
  if (typeof text !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) return null
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0))
  return base64(bytes) === text ? bytes : null
}

/** The UTF-8 bytes of a text (RFC 3629). @throws ProtocolError USAGE for anything but a string. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  if (typeof text !== 'string') throw new ProtocolError('USAGE', 'expected a string')
  return new TextEncoder().encode(text)
}
