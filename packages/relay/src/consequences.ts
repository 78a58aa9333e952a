// What an entry means beside its chain: who lists the record now, who is told, what the directory finds.
// Spec: docs/spec/relay.md, "Notices" and "Lists". The rules of the chains decided already; nothing here can refuse.
import { type AnyEntry, accessLogOf, type ChainId, facts, is } from '@sealchart/protocol'
import type { AcceptedClaims } from './sequencer.js'
import { factOf, type State } from './state.js'
import type { ClaimRow, EndedRow, FactRow, ListingRow, NoticeRow } from './store/contract.js'

export interface Consequences {
  readonly listings: ListingRow[]
  readonly ended: EndedRow[]
  readonly notices: NoticeRow[]
  readonly claims: ClaimRow[]
  readonly facts: FactRow[]
}

export const noConsequences = (): Consequences => ({ listings: [], ended: [], notices: [], claims: [], facts: [] })

/** The fact by which the relay finds an access log's record: the 32 bytes of the record's id. No rule reads it. */
export const RECORD_OF_LOG = 'record'

/** Adds to `to` what the entry at `index` brings about; `state` holds the facts after it. */
export async function addConsequences(to: Consequences, entry: AnyEntry, index: number, state: State): Promise<void> {
  const tell = (member: ChainId | null): void => void to.notices.push({ index, record: entry.chain, member })
  if (is(entry, 'record', 'create')) {
    to.listings.push({
      member: entry.body.founder,
      record: entry.chain,
      grant: entry.hash,
      from: index,
      expires: null,
    })
    to.facts.push({ chain: accessLogOf(entry.chain), key: RECORD_OF_LOG, value: entry.chain })
  } else if (is(entry, 'record', 'grant')) {
    const { recipient, until } = entry.body
    to.listings.push({ member: recipient, record: entry.chain, grant: entry.hash, from: index, expires: until })
    tell(recipient)
  } else if (is(entry, 'record', 'publish')) {
    tell(null)
  } else if (is(entry, 'record', 'revoke')) {
    const recipients = new Map<string, ChainId>()
    for (const grant of entry.body.grants) {
      to.ended.push({ record: entry.chain, grant, index })
      const ended = await factOf(state, entry.chain, facts.grant(grant))
      if (ended) recipients.set(ended.recipient.join(), ended.recipient)
    }
    for (const recipient of recipients.values()) tell(recipient)
  } else if (entry.kind === 'access') {
    const { record } = entry.body as { readonly record: ChainId }
    const founder = await factOf(state, record, facts.founder)
    const own = founder && founder.member.join() === entry.signer.chain.join()
    if (founder && !own) to.notices.push({ index, record, member: founder.member })
  }
}

/** Claims that are found by name and value from now on: their member has accepted the credential that carries them. */
export function addClaims(
  to: Consequences,
  entries: readonly AnyEntry[],
  accepted: readonly AcceptedClaims[],
  first: number,
): void {
  for (const { position, digest, claims } of accepted) {
    const entry = entries[position]
    if (!entry) continue
    for (const { name, value } of claims) {
      to.claims.push({ member: entry.chain, name, value, digest, index: first + position })
    }
  }
}

/** Adds one list's consequences to its turn's. */
export function addAll(to: Consequences, more: Consequences): void {
  to.listings.push(...more.listings)
  to.ended.push(...more.ended)
  to.notices.push(...more.notices)
  to.claims.push(...more.claims)
  to.facts.push(...more.facts)
}
