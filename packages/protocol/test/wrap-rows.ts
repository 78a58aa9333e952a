// Rows of wrap lists for the tests: well-formed leaves with made-up objects beside them.

import { sha256 } from '#sha256'
import type { ChainId, EntryHash } from '../src/bytes.js'
import type { WrapLeaf, WrappedGrant, WrapRow } from '../src/wraps.js'
import { idOf } from './test-log.js'

/** What a recipient gets under one grant: epochs by section. */
export const wrapped = (
  grant: EntryHash | null,
  epochs: Readonly<Record<number, number>>,
  trail: number | null = null,
): WrappedGrant => ({
  grant,
  keys: Object.entries(epochs).map(([section, epoch]) => ({ section: +section, epoch })),
  trail,
})

/** A row to a recipient, with made-up objects of these lengths (null: no section keys). */
export function rowTo(
  recipient: ChainId,
  what: readonly WrappedGrant[] = [],
  { envelope = 40, keys = 50 as number | null, over = {} as Partial<WrapLeaf> } = {},
): WrapRow {
  const sealed = new Uint8Array(envelope).fill(recipient[0] as number)
  const sealedKeys = keys === null ? null : new Uint8Array(keys).fill(recipient[1] as number)
  const leaf: WrapLeaf = {
    recipient,
    epoch: 0,
    keyHash: idOf('key'),
    sequence: 2,
    link: idOf('link'),
    what,
    envelope: sha256(sealed) as Uint8Array as WrapLeaf['envelope'],
    keys: sealedKeys && (sha256(sealedKeys) as Uint8Array as WrapLeaf['envelope']),
    ...over,
  }
  return { leaf, envelope: sealed, keys: sealedKeys }
}
