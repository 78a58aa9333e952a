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
import { systemWait } from './calls.js'
import { ClientError } from './errors.js'
import { feed, type InboxState, type NoticeRow, newer } from './feed.js'
import type { Member } from './member.js'
import { type Person, personOf, personUnder } from './people.js'

/** One piece of news. */
export interface Notice {
  /** Place in the log: what `after` takes. */
  readonly number: number
  /** The record's id; of news about a registration number the id of its chain. */
  readonly record: string
  readonly what: 'granted' | 'revoked' | 'published' | 'opened' | 'number asked for' | 'number refused' | 'number given'
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
  /** Told whether news would arrive now, whenever that changes: a person who waits for news should see when none can come. */
  readonly onState?: (state: InboxState) => void
}

const BLOB = 'inbox'
const LIMIT = 100
const shape = struct({ network: bytes<ChainId>(32), acknowledged: uint() })

/**
 * Notices as they come. A relay that is away, or too busy, is asked again for as long as it takes, with pauses of up to half a minute;
 * with `once` it is an error after the usual few tries.
 * @throws SealchartError whose action is not `retry`: what verification finds, and what the relay refuses for good.
 */
export async function* inbox(member: Member, options: InboxOptions = {}): AsyncGenerator<Notice> {
  const { session } = member
  const { signal = new AbortController().signal, onState } = options
  const after = options.after ?? (await acknowledged(member))
  const read = (row: NoticeRow): Promise<Notice | null> => readNotice(member, row, signal)
  if (options.once) return yield* waiting(member, { after, signal, read })
  const { link, surroundings } = session
  // Silence is measured by the platform's timer: a clock of the caller's may stand still.
  yield* feed({ link, after, read, signal, ...surroundings, patience: systemWait, ...(onState && { onState }) })
}

/** What there is, page by page. */
async function* waiting(
  { session }: Member,
  options: { after: number; signal: AbortSignal; read: (row: NoticeRow) => Promise<Notice | null> },
): AsyncGenerator<Notice> {
  const { signal, read } = options
  let { after } = options
  try {
    for (let more = true; more && !signal.aborted; ) {
      const { notices } = await session.link.inbox({ after, limit: LIMIT, wait: 0 }, signal)
      const rows = newer(notices, after)
      for (const row of rows) {
        after = row.index
        const notice = await read(row)
        if (notice) yield notice
      }
      more = rows.length > 0 && notices.length >= LIMIT
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

async function acknowledged({ session }: Member): Promise<number> {
  const blob = await session.keeper.get(BLOB)
  return blob === null ? 0 : unpack(shape, blob, 'inbox').acknowledged
}

/** The entry behind a notice, verified; null when this member may no longer see it or it is none of her business. */
async function readNotice(
  member: Member,
  { chain: record, index }: NoticeRow,
  signal: AbortSignal,
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
  if ((session.ledger.tree?.size ?? 0) <= index)
    throw new ClientError('RELAY', 'the relay announces an entry that its log does not have')
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
  if (entry.kind === 'registration') return newsOfNumber(member, entry)
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

/** Who asks for her number, refuses hers, or gives it to her: `chart.registration` answers. */
function newsOfNumber({ session }: Member, entry: AnyEntry): Pick<Notice, 'what' | 'who' | 'version'> | null {
  const who = personOf(session, entry.signer.chain)
  if (is(entry, 'registration', 'propose')) return { what: 'number asked for', who, version: null }
  if (is(entry, 'registration', 'object')) return { what: 'number refused', who, version: null }
  if (is(entry, 'registration', 'rebind')) return { what: 'number given', who, version: null }
  return null
}
