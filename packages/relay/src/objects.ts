// Reading stored objects by digest. Spec: docs/spec/storage.md. Whether somebody may have them is decided by who asks here.
import type { Digest } from '@sealchart/protocol'
import { RelayError } from './errors.js'
import type { Segments } from './segments/contract.js'
import type { Reads } from './store/contract.js'

/** The bytes of an attachment. @throws RelayError INTERNAL when it is missing although an entry names it. */
export async function readAttachment(reads: Reads, segments: Segments, digest: Digest): Promise<Uint8Array> {
  const row = await reads.attachment(digest)
  if (row === null) throw new RelayError('INTERNAL', 'an attachment is missing')
  return segments.read(row.place)
}
