// What one process holds of a record: its card, its keys, and what it opened; and bringing them up to date before something is written.
// Spec: docs/spec/keys.md, "Epochs". Whoever writes from an older card or key undoes what another process did meanwhile.
import type { Card } from '@sealchart/crypto'
import { type ChainId, type Digest, equal, facts } from '@sealchart/protocol'
import { grantedSections, listRecords, type Opened, openAccess } from './access.js'
import { ClientError } from './errors.js'
import type { Keyring } from './keyring.js'
import type { Member } from './member.js'

/** A record in the hands of one process. */
export interface RecordState {
  readonly chain: ChainId
  readonly card: Card
  /** SHA-256 of the card as it is stored: tells whether it is still the newest. */
  readonly sealed: Digest
  readonly ring: Keyring
  readonly opened: Opened | null
}

/**
 * The newest card and the newest keys of all granted sections of a record that was just synced: from a list, and where keys are
 * missing by an access entry of its own. By an older card a new section would get another one's number, and its readers.
 * @throws SealchartError UNKNOWN, NOT_GRANTED, and what verification finds.
 */
export async function holdNewest(
  member: Member,
  held: RecordState,
  signal: AbortSignal | undefined,
): Promise<RecordState> {
  const { chain } = held
  const { ledger } = member.session
  const newest = ledger.fact(chain, facts.content(0))?.object.digest
  if (newest && equal(newest, held.sealed) && (await holdsKeys(member, held))) return held
  const { records } = await listRecords(member, { record: chain, after: null, limit: 1 }, signal)
  const [listed] = records
  if (!listed || !equal(listed.item.record, chain))
    throw new ClientError('UNKNOWN', 'there is no such record, or you may not see it')
  const { card, sealed, ring } = listed
  const listedState = { ...held, card, sealed }
  if (await holdsKeys(member, listedState)) return listedState
  const sections = await grantedSections(member, chain, card)
  const asked = {
    type: 'view',
    purpose: 'to share or to publish',
    version: ledger.fact(chain, facts.counters)?.version ?? 0,
    sections,
  } as const
  return { chain, card, sealed, ring, opened: await openAccess(member, listed, asked, signal) }
}

/** Whether the newest keys of the card and of all granted sections are held or can be reached. */
async function holdsKeys(member: Member, { chain, card, ring }: RecordState): Promise<boolean> {
  const granted = await grantedSections(member, chain, card)
  const epochOf = (id: number): number => member.session.ledger.fact(chain, facts.section(id))?.epoch ?? 0
  const held = await Promise.all([0, ...granted].map((id) => ring.has(id, epochOf(id))))
  return granted.length > 0 && held.every(Boolean)
}
