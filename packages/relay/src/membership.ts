// Who sits in which team, looked up from the member's side. Spec: docs/spec/relay.md, "Teams".
// A roster stands on its team's chain. That a relay finds a member's teams without a walk over all of them is kept here, in facts of her
// chain that no rule reads.
import {
  type AnyEntry,
  bytes,
  type ChainId,
  equal,
  facts,
  hex,
  type Infer,
  is,
  isSeated,
  nullable,
  pack,
  readFact,
  SEATS,
  struct,
  uint,
  unhex,
  unpack,
} from '@sealchart/protocol'
import { credentialsOf } from './credentials.js'
import { RelayError } from './errors.js'
import { inSlices } from './slices.js'
import { factOf, keyOf, type State } from './state.js'
import type { FactRow, NoticeRow, Reads, RecordRow } from './store/contract.js'

const SITS = 'sits/'

const sitting = struct({ institution: bytes<ChainId>(32), since: uint(), until: nullable(uint()) })

/** A team in which a member sits and is not out: in which capacity, and from which log index. */
export interface Sitting {
  readonly team: ChainId
  readonly institution: ChainId
  readonly since: number
}

/** The open teams in which a member sits, by id. */
export async function teamsOf(state: State, member: ChainId, now: number): Promise<readonly Sitting[]> {
  const found: Sitting[] = []
  for await (const { key, value } of inSlices(await state.under(member, SITS))) {
    const { until, ...rest } = unpack(sitting, value, 'sitting')
    if (until === null || until > now)
      found.push({ team: unhex(key.slice(SITS.length)) as Uint8Array as ChainId, ...rest })
  }
  return found
}

/** The members who sit in a team and are not out. */
export async function membersOf(state: State, team: ChainId): Promise<{ member: ChainId; institution: ChainId }[]> {
  const found: { member: ChainId; institution: ChainId }[] = []
  for await (const { key, value } of inSlices(await state.under(team, SEATS))) {
    const member = unhex(key.slice(SEATS.length)) as Uint8Array as ChainId
    const seat = readFact(facts.seat(member), value)
    if (isSeated(seat) && !seat.out) found.push({ member, institution: seat.institution })
  }
  return found
}

/** What an entry of a team changes in its members' lists of teams; `state` holds the facts after it. */
export async function sittingsChanged(entry: AnyEntry, index: number, state: State): Promise<FactRow[]> {
  if (entry.kind !== 'team') return []
  const { until } = (await factOf(state, entry.chain, facts.team)) as Infer<(typeof facts.team)['shape']>
  const key = SITS + hex(entry.chain)
  const sits = ({ member: chain, institution }: { member: ChainId; institution: ChainId }): FactRow => ({
    chain,
    key,
    value: pack(sitting, { institution, since: index, until }),
  })
  const leaves = (chain: ChainId): FactRow => ({ chain, key, value: null })
  if (is(entry, 'team', 'found')) return entry.body.seats.map(sits)
  if (is(entry, 'team', 'change')) return [...entry.body.removes.map(leaves), ...entry.body.adds.map(sits)]
  if (is(entry, 'team', 'close')) return (await membersOf(state, entry.chain)).map(({ member }) => leaves(member))
  if (!is(entry, 'team', 'stale')) return []
  const seat = await factOf(state, entry.chain, facts.seat(entry.body.member))
  return seat?.out ? [leaves(entry.body.member)] : []
}

/**
 * Whoever takes a credential away, or a device of her own, says so to the teams in the same list, or somebody outside would go on wrapping to
 * them. `state` holds the facts after the list. @throws RelayError CONFLICT.
 */
export async function requireTeamsTold(entries: readonly AnyEntry[], state: State, now: number): Promise<void> {
  for (const entry of entries) {
    if (is(entry, 'member', 'devices') && entry.body.removes.length > 0) await requireStale(entry.chain, state, now)
    if (!is(entry, 'member', 'withdraw')) continue
    const withdrawn = await factOf(state, entry.chain, facts.credential(entry.body.credential))
    const ofIt = ({ institution }: { readonly institution: ChainId }): boolean =>
      withdrawn !== null && equal(institution, withdrawn.institution)
    const credentials = await credentialsOf(state, entry.chain)
    if (credentials.some(({ value }) => value.state === 'accepted' && ofIt(value))) continue
    if ((await teamsOf(state, entry.chain, now)).some(ofIt))
      throw new RelayError('CONFLICT', 'a team of this member is not told that her credential is withdrawn')
  }
}

/** After a device is gone every team of its member waits for a new key. @throws RelayError CONFLICT. */
async function requireStale(member: ChainId, state: State, now: number): Promise<void> {
  for (const { team } of await teamsOf(state, member, now)) {
    if ((await factOf(state, team, facts.team))?.stale === null)
      throw new RelayError('CONFLICT', 'a team of this member is not told that a device of hers is gone')
  }
}

interface Lookup {
  readonly reads: Pick<Reads, 'records' | 'notices'>
  readonly state: State
}

/** Records that a member may list, by grants of her own or of her teams, newest change first. */
export async function recordsOf(
  { reads, state }: Lookup,
  member: ChainId,
  { now, after, limit }: { readonly now: number; readonly after: number | null; readonly limit: number },
): Promise<RecordRow[]> {
  const found = new Map<string, RecordRow>()
  for (const holder of [member, ...(await teamsOf(state, member, now)).map(({ team }) => team)]) {
    for (const row of await reads.records(holder, now, { after, limit })) {
      const grants = [...(found.get(keyOf(row.record))?.grants ?? []), ...row.grants]
      found.set(keyOf(row.record), { ...row, grants })
    }
  }
  return [...found.values()].sort((a, b) => b.changed - a.changed).slice(0, limit)
}

/** Notices for a member, her own and those of her teams since she sits in them, in order of the log, one an index. */
export async function noticesOf(
  { reads, state }: Lookup,
  member: ChainId,
  { now, after, limit }: { readonly now: number; readonly after: number; readonly limit: number },
): Promise<NoticeRow[]> {
  const found = new Map<number, NoticeRow>()
  for (const row of await reads.notices(member, after, limit)) found.set(row.index, row)
  for (const { team, since } of await teamsOf(state, member, now)) {
    for (const row of await reads.notices(team, Math.max(after, since), limit))
      if (!found.has(row.index)) found.set(row.index, row)
  }
  return [...found.values()].sort((a, b) => a.index - b.index).slice(0, limit)
}
