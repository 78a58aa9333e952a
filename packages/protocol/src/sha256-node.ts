// SHA-256 on node:crypto. Chosen by the package's "imports" map; sha256.ts is the same function everywhere else.
import { createHash } from 'node:crypto'
import { expectBytes } from './bytes.js'

export function sha256(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(expectBytes(part))
  return new Uint8Array(hash.digest())
}
