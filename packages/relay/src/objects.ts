// Reading stored objects by digest. Spec: docs/spec/storage.md. Whether somebody may have them is decided by who asks here.
import type { Digest } from '@sealchart/protocol'
import { RelayError } from './errors.js'
import type { Segments } from './segments/contract.js'
import type { AttachmentRow, Reads } from './store/contract.js'

/** ms from naming something staged to the turn that makes it live, with much room. */
export const GATE_MS: number = 10 * 60_000

/** Whether a stored object can't be collected before an entry that names it now is placed. */
export const isKept = ({ live, expires }: AttachmentRow, now: number): boolean =>
  live !== null || expires > now + GATE_MS

/** The bytes of an attachment. @throws RelayError INTERNAL when it is missing although an entry names it. */
export async function readAttachment(reads: Reads, segments: Segments, digest: Digest): Promise<Uint8Array> {
  const row = await reads.attachment(digest)
  if (row === null) throw new RelayError('INTERNAL', 'an attachment is missing')
  return segments.read(row.place)
}
