// What an entry means beside its chain: who lists the record now, who is told, what the directory finds.
// Spec: docs/spec/relay.md, "Notices" and "Lists". The rules of the chains decided already; nothing here can refuse.
import { type AnyEntry, accessLogOf, type ChainId, type EntryHash, facts, hex, is } from '@sealchart/protocol'
import { membersOf, sittingsChanged } from './membership.js'
import type { AcceptedClaims } from './sequencer.js'
import { factOf, type Layer, type State } from './state.js'
import type { ClaimRow, EndedRow, ListingRow, NoticeRow } from './store/contract.js'

export interface Consequences {
  readonly listings: ListingRow[]
  readonly ended: EndedRow[]
  readonly notices: NoticeRow[]
  readonly claims: ClaimRow[]
}

export const noConsequences = (): Consequences => ({ listings: [], ended: [], notices: [], claims: [] })

/** The fact by which the relay finds an access log's record: the 32 bytes of the record's id. No rule reads it. */
export const RECORD_OF_LOG = 'record'

/** Key prefix of the grants that share another one on: its hash and theirs, in hexadecimal. No rule reads it. */
const SHARED = 'shared/'

/** Adds to `to` what the entry at `index` brings about, and to `state`, which holds the facts after it, what the relay alone looks up by. */
export async function addConsequences(to: Consequences, entry: AnyEntry, index: number, state: Layer): Promise<void> {
  const tell = (member: ChainId | null): void => void to.notices.push({ index, record: entry.chain, member })
  if (is(entry, 'record', 'create')) {
    to.listings.push({
      member: entry.body.founder,
      record: entry.chain,
      grant: entry.hash,
      from: index,
      expires: null,
    })
    state.setFact({ chain: accessLogOf(entry.chain), key: RECORD_OF_LOG, value: entry.chain })
  } else if (is(entry, 'record', 'grant')) {
    const { from, recipient, until } = entry.body
    if (from) state.setFact({ chain: entry.chain, key: `${SHARED}${hex(from)}/${hex(entry.hash)}`, value: entry.hash })
    to.listings.push({ member: recipient, record: entry.chain, grant: entry.hash, from: index, expires: until })
    tell(recipient)
  } else if (is(entry, 'record', 'publish')) {
    tell(null)
  } else if (is(entry, 'record', 'revoke')) {
    const recipients = new Map<string, ChainId>()
    for (const grant of await withShared(state, entry.chain, entry.body.grants)) {
      to.ended.push({ record: entry.chain, grant, index })
      const ended = await factOf(state, entry.chain, facts.grant(grant))
      if (ended) recipients.set(ended.recipient.join(), ended.recipient)
    }
    for (const recipient of recipients.values()) tell(recipient)
  } else if (entry.kind === 'registration') {
    for (const member of await concernedBy(entry, state)) tell(member)
  } else if (entry.kind === 'team') {
    for (const row of await sittingsChanged(entry, index, state)) state.setFact(row)
    for (const member of await toldBy(entry, state)) tell(member)
  } else if (entry.kind === 'access') {
    const { record } = entry.body as { readonly record: ChainId }
    const founder = await factOf(state, record, facts.founder)
    const own = founder && founder.member.join() === entry.signer.chain.join()
    if (founder && !own) to.notices.push({ index, record, member: founder.member })
  }
}

/** Who hears of an entry about a registration number: who has it, of a proposal; who wants it, of an objection and of a move. */
async function concernedBy(entry: AnyEntry, state: State): Promise<readonly ChainId[]> {
  const bound = await factOf(state, entry.chain, facts.registration)
  if (is(entry, 'registration', 'propose')) return bound ? [bound.member] : []
  if (is(entry, 'registration', 'rebind')) return [entry.body.member]
  if (!is(entry, 'registration', 'object')) return []
  const move = await factOf(state, entry.chain, facts.move(entry.body.proposal))
  return move ? [move.member] : []
}

/** Grants with all that were shared on from them, which end with them. */
async function withShared(state: State, record: ChainId, grants: readonly EntryHash[]): Promise<readonly EntryHash[]> {
  const all = new Map(grants.map((grant) => [hex(grant), grant]))
  for (const [key] of all) {
    for (const { value } of await state.under(record, `${SHARED}${key}/`)) all.set(hex(value), value as EntryHash)
  }
  return [...all.values()]
}

/** Whom an entry of a team concerns: those who come and go, all when it closes; of a stale team its members, who can refresh it. */
async function toldBy(entry: AnyEntry & { readonly kind: 'team' }, state: State): Promise<readonly ChainId[]> {
  if (is(entry, 'team', 'found')) return entry.body.seats.map(({ member }) => member)
  if (is(entry, 'team', 'change')) return [...entry.body.removes, ...entry.body.adds.map(({ member }) => member)]
  if (is(entry, 'team', 'close')) return (await membersOf(state, entry.chain)).map(({ member }) => member)
  if (is(entry, 'team', 'stale')) return [entry.chain]
  return is(entry, 'team', 'appoint') || is(entry, 'team', 'dismiss') ? [entry.body.member] : []
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
}
