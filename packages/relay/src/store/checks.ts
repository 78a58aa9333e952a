// What every back end asks of a write before it touches a row. Spec: docs/spec/storage.md, "Turns" and "Staging".
import { equal } from '@sealchart/protocol'
import { RelayError } from '../errors.js'
import { type Batch, type Staging, StoreConflict, type TreeHead } from './contract.js'

/** @throws StoreConflict unless the store's tree head is the one that the turn was computed on. */
export function checkExpected(head: TreeHead | null, expect: Batch['expect']): void {
  const same = head === null || expect === null ? head === expect : isSame(head, expect)
  if (!same) throw new StoreConflict('the tree head is not the expected one')
}

const isSame = (head: TreeHead, expect: NonNullable<Batch['expect']>): boolean =>
  head.size === expect.size && equal(head.root, expect.root)

/** Staging makes nothing live: only a turn does, with the entry that names it. @throws RelayError USAGE. */
export function checkStaging({ attachments = [], uploads = [] }: Staging): void {
  const live = attachments.some((row) => row.live !== null) || uploads.some((row) => row.state === 'live')
  if (live) throw new RelayError('USAGE', 'only a turn makes attachments and uploads live')
}
