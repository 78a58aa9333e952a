// The inbox: what concerns a member, in log order, each exactly once, verified before it is shown. Spec: docs/spec/relay.md, "Notices".
// The relay only says that there is news in a record; what the news is, is read from the record's verified chain.
import {
  type AnyEntry,
  accessLogOf,
  bytes,
  type ChainId,
  equal,
  facts,
  hex,
  is,
  type Placed,
  pack,
  struct,
  uint,
  unpack,
} from '@sealchart/protocol'
import type { Member } from './member.js'
import { type Person, personUnder } from './people.js'

/** One piece of news. */
export interface Notice {
  /** Place in the log: what `after` takes. */
  readonly number: number
  readonly record: string
  readonly what: 'granted' | 'revoked' | 'published' | 'opened'
  readonly who: Person | null
  readonly when: Date
  readonly version: number | null
  /** Remembers, in the vault, that everything up to here was dealt with. */
  acknowledge(): Promise<void>
}

export interface InboxOptions {
  /** Notices after this number; default: after the last acknowledged one. */
  readonly after?: number
  /** Ends the iteration when it aborts; without one the inbox waits for news for ever. */
  readonly signal?: AbortSignal
  /** Ends when no news is waiting, instead of waiting for more. */
  readonly once?: boolean
}

const BLOB = 'inbox'
const LIMIT = 100
const WAIT = 25_000
const shape = struct({ network: bytes<ChainId>(32), acknowledged: uint() })

/** Notices as they come. @throws SealchartError OFFLINE when the relay stays away, and what verification finds. */
export async function* inbox(member: Member, options: InboxOptions = {}): AsyncGenerator<Notice> {
  const { session } = member
  let after = options.after ?? (await acknowledged(member))
  while (!options.signal?.aborted) {
    const wait = options.once ? 0 : WAIT
    const answer = await session.link
      .inbox({ after, limit: LIMIT, wait }, options.signal)
      .catch(unlessAborted(options.signal))
    if (answer === null) return
    for (const { index, chain } of answer.notices) {
      // Each once and in order, whatever the relay repeats.
      if (index <= after) continue
      after = index
      const notice = await read(member, chain, index, options.signal)
      if (notice) yield notice
    }
    if (options.once && answer.notices.length < LIMIT) return
  }
}

const unlessAborted =
  (signal: AbortSignal | undefined) =>
  (error: unknown): null => {
    if (signal?.aborted) return null
    throw error
  }

async function acknowledged({ session }: Member): Promise<number> {
  const blob = await session.keeper.get(BLOB)
  return blob === null ? 0 : unpack(shape, blob, 'inbox').acknowledged
}

/** The entry behind a notice, verified; null when this member may no longer see it or it is none of her business. */
async function read(
  member: Member,
  record: ChainId,
  index: number,
  signal: AbortSignal | undefined,
): Promise<Notice | null> {
  const { session } = member
  const log = accessLogOf(record)
  const find = (): Placed | undefined =>
    [...session.ledger.entries(record), ...session.ledger.entries(log)].find((placed) => placed.index === index)
  if (!find()) await session.sync([record], { signal })
  const founder = session.ledger.fact(record, facts.founder)
  if (!find() && founder && equal(founder.member, session.chain))
    await session.sync([record], { signal, access: [log] })
  const placed = find()
  const news = placed && newsIn(member, placed.entry)
  if (!placed || !news) return null
  return {
    ...news,
    number: index,
    record: hex(record),
    when: new Date(placed.time),
    async acknowledge() {
      if (index <= (await acknowledged(member))) return
      await session.keeper.put(BLOB, pack(shape, { network: session.network.chain, acknowledged: index }))
    },
  }
}

function newsIn(member: Member, entry: AnyEntry): Pick<Notice, 'what' | 'who' | 'version'> | null {
  const { session } = member
  // What she did herself is no news to her.
  if (equal(entry.signer.chain, session.chain)) return null
  const who =
    'credential' in entry.body && entry.body.credential !== null && entry.kind !== 'member'
      ? personUnder(session, entry.signer.chain, entry.body.credential)
      : null
  if (is(entry, 'record', 'grant'))
    return equal(entry.body.recipient, session.chain) ? { what: 'granted', who, version: null } : null
  if (is(entry, 'record', 'revoke')) return { what: 'revoked', who, version: null }
  if (is(entry, 'record', 'publish')) return { what: 'published', who, version: entry.body.version }
  if (is(entry, 'access', 'view') || is(entry, 'access', 'download'))
    return { what: 'opened', who, version: entry.body.version }
  return null
}
