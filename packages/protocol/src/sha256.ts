// SHA-256 (FIPS 180-4) over the concatenation of its arguments, for platforms without node:crypto.
import { sha256 as noble } from '@noble/hashes/sha2.js'
import { expectBytes } from './bytes.js'

export function sha256(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const hash = noble.create()
  for (const part of parts) hash.update(expectBytes(part))
  return hash.digest() as Uint8Array<ArrayBuffer>
}
