// One's own row of a wrap list, compared with what a verified entry signed. Spec: docs/spec/wraps.md.
import {
  type ChainId,
  type Digest,
  equal,
  type HandedRow,
  sha256,
  verifyInclusion,
  type WrapsRef,
  wrapLeafHash,
} from '@sealchart/protocol'
import { ClientError } from './errors.js'
import type { Session } from './session.js'

/** The wrap list that a verified entry of a chain signed under this digest, or null. */
export function wrapsNamed(session: Session, chain: ChainId, digest: Digest): WrapsRef | null {
  for (const { entry } of session.ledger.entries(chain)) {
    const wraps = 'wraps' in entry.body ? entry.body.wraps : null
    if (wraps && equal(wraps.attached.digest, digest)) return wraps
  }
  return null
}

/** @throws ClientError WRAPS for a row outside a list that an entry of the chain signed, or of somebody else. */
export function checkRow(
  session: Session,
  chain: ChainId,
  { wraps, leaf, envelope, position, path }: HandedRow,
  isMine: (recipient: ChainId) => boolean,
): void {
  const signed = wrapsNamed(session, chain, wraps)
  if (!signed) throw new ClientError('WRAPS', 'a wrap belongs to no entry of this chain')
  if (!isMine(leaf.recipient)) throw new ClientError('WRAPS', 'a wrap is for somebody else')
  if (!equal(sha256(envelope), leaf.envelope))
    throw new ClientError('WRAPS', 'an envelope is not the one that its leaf names')
  verifyInclusion(
    { index: position, hash: wrapLeafHash(leaf) },
    { size: signed.attached.count, root: signed.root },
    path,
  )
}
