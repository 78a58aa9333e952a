// A record's whole history in a ledger: that its access log has no gap, and that every recall kept its promise.
// Spec: docs/spec/rules.md, "Trails". Opening a record replays its chain alone; only who has the access log whole can check these two.
// It does not prove that the log's newest entry is the newest: that takes another reader, or a witness.
import { type ChainId, type EntryHash, equal, expectId, hex, type LinkHash } from './bytes.js'
import { reading } from './check.js'
import { type AnyEntry, accessLogOf, type Entry, is } from './entry.js'
import { ProtocolError } from './errors.js'
import { accessLink } from './leaf.js'
import { Ledger } from './ledger.js'
import type { AccessPlace, Placed } from './proven.js'
import { facts, GRANTS } from './rules/facts.js'
import { sharedFrom } from './rules/grants.js'

/**
 * Checks the access log of a record that a ledger has taken, together with the record's recalls.
 * @throws ProtocolError USAGE, ROLLBACK, LOG_MISSING (the record, or an entry of its access log, was not given), CHAIN (a recall rests on an
 * access link that the log does not have), STALE_AUTHORITY (or on one that was superseded), ALREADY_OPENED (the recipient had opened the
 * record before).
 */
export function checkTrail(ledger: Ledger, record: ChainId): void {
  if (!reading('a ledger', () => ledger instanceof Ledger)) throw new ProtocolError('USAGE', 'expected a ledger')
  const log = accessLogOf(expectId(record))
  ledger.requirePinned(record)
  ledger.requirePinned(log)
  if (!ledger.head(record)) throw new ProtocolError('LOG_MISSING', 'nothing of the record was given')
  const access = ledger.entries(log)
  if (access.some((placed, i) => placed.access?.number !== i + 1))
    throw new ProtocolError('LOG_MISSING', 'an entry of the access log was not given')
  for (const { entry, index } of ledger.entries(record)) {
    if (is(entry, 'record', 'revoke') && entry.body.mode === 'recall') checkRecall(ledger, { entry, index, access })
  }
}

function checkRecall(
  ledger: Ledger,
  recall: { readonly entry: Entry<'record', 'revoke'>; readonly index: number; readonly access: readonly Placed[] },
): void {
  const { entry, index, access } = recall
  const log = accessLogOf(entry.chain)
  const rest = entry.restsOn.find((one) => equal(one.chain, log))
  if (!rest || rest.sequence > access.length || !equal(linkAt(log, access, rest.sequence), rest.link))
    throw new ProtocolError('CHAIN', 'a recall rests on an access link that the log does not have')
  const next = access[rest.sequence]
  if (next && next.index < index)
    throw new ProtocolError('STALE_AUTHORITY', 'a recall rests on an access link that was superseded')
  const recipientOf = (hash: EntryHash): string => hex(ledger.fact(entry.chain, facts.grant(hash))?.recipient ?? hash)
  const shared = sharedFrom(ledger.factsUnder(entry.chain, GRANTS), entry.body.grants)
  const recipients = new Set([...entry.body.grants.map(recipientOf), ...shared.map(({ recipient }) => hex(recipient))])
  const isBroken = ({ entry: one }: Placed): boolean => {
    if (!opens(one)) return false
    const { grant } = one.body
    return recipients.has(hex(one.signer.chain)) || (grant !== null && recipients.has(recipientOf(grant)))
  }
  if (access.slice(0, rest.sequence).some(isBroken))
    throw new ProtocolError('ALREADY_OPENED', 'the recipient had opened the record before the recall')
}

const opens = (entry: AnyEntry): entry is AnyEntry & Entry<'access', 'view' | 'download'> =>
  is(entry, 'access', 'view') || is(entry, 'access', 'download')

function linkAt(log: ChainId, access: readonly Placed[], number: number): Uint8Array {
  const placed = access[number - 1]
  if (!placed) return log
  const { previous } = placed.access as AccessPlace
  return accessLink(previous as LinkHash, number, placed.entry.hash)
}
