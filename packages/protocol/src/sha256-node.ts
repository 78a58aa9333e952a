// SHA-256 on node:crypto. Chosen by the package's "imports" map; sha256.ts is the same function everywhere else.
//
// Trees hash 65 bytes a hundred thousand times, so a call's fixed cost decides: one-shot, small inputs gathered in a buffer that is
// kept, and the digest as a Latin-1 string, which spares Node an ArrayBuffer a call. Together that is half the time of createHash.
import { createHash, hash } from 'node:crypto'
import { expectBytes } from './bytes.js'

/** Overwritten by every small call and read only inside it; what this package hashes is public. */
const gathered = new Uint8Array(1024)
/** Its beginnings by their length: nearly all inputs have one of a dozen. */
const beginnings: Uint8Array[] = []

/** @throws ProtocolError USAGE when an argument is not a Uint8Array. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0
  for (const part of parts) length += expectBytes(part).length
  return fromLatin1(length <= gathered.length ? hashSmall(parts, length) : hashLarge(parts))
}

function hashSmall(parts: readonly Uint8Array[], length: number): string {
  let at = 0
  for (const part of parts) {
    gathered.set(part, at)
    at += part.length
  }
  return hash('sha256', (beginnings[length] ??= gathered.subarray(0, length)), 'binary')
}

function hashLarge(parts: readonly Uint8Array[]): string {
  const state = createHash('sha256')
  for (const part of parts) state.update(part)
  return state.digest('binary')
}

function fromLatin1(digest: string): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(32)
  for (let i = 0; i < 32; i++) out[i] = digest.charCodeAt(i)
  return out
}
