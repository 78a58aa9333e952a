// Records: making one, listing those that a member may see, and opening one with a purpose. Spec: docs/spec/relay.md, "Records".
import type { Card } from '@sealchart/crypto'
import { type ChainId, facts, hex, type SealchartError, unhex } from '@sealchart/protocol'
import { grantedSections, type Listed, listRecords, openAccess } from './access.js'
import { sectionIn } from './contents.js'
import { type CreateOptions, makeRecord, recordFor } from './create.js'
import { ClientError } from './errors.js'
import type { Member } from './member.js'
import { personOf } from './people.js'
import { ChartRecord } from './record.js'
import { retrying } from './retry.js'

export interface OpenOptions {
  /** Why the record is opened: shown on the trail to who may read it. */
  readonly purpose: string
  /** Names of sections; default: all that are granted. */
  readonly sections?: readonly string[]
  /** Default: the newest. */
  readonly version?: number
  /** `download` where copies leave the program; default: view. */
  readonly action?: 'view' | 'download'
  readonly signal?: AbortSignal
}

export interface ListOptions {
  /** Only records of a patient with one of these identifiers. Compared here: the relay can't. */
  readonly patient?: { readonly ids: readonly { readonly system: string; readonly value: string }[] }
  readonly changedSince?: Date
  /** Most records of a page; default 50, at most 100. */
  readonly limit?: number
  /** The `next` of the page before. */
  readonly after?: number
  readonly signal?: AbortSignal
}

/** One line of a list: the card, opened; nothing else of the record was. */
export interface ListItem {
  readonly id: string
  readonly card: Card
  readonly version: number
  readonly changed: Date
}

export interface Page {
  readonly records: readonly ListItem[]
  /** Records whose card does not open, each with what its verification found; all others are listed nevertheless. */
  readonly unreadable: readonly { readonly id: string; readonly error: SealchartError }[]
  /** Pass as `after` for the next page; null at the end. */
  readonly next: number | null
}

export class Records {
  readonly #member: Member

  /** @internal */
  constructor(member: Member) {
    this.#member = member
  }

  /**
   * Makes a record with its first version, and with `share` its first grants, in one step. With a `ref` that has a record already, that
   * record is answered, and nothing is sent.
   * @throws SealchartError USAGE, LIMIT, SOURCE_CHANGED, ABORTED, OFFLINE, QUOTA, NO_CREDENTIAL.
   */
  async create(options: CreateOptions): Promise<ChartRecord> {
    const author = personOf(this.#member.session, this.#member.session.chain)?.name ?? ''
    const made = await makeRecord(this.#member, options, author)
    if (made) return new ChartRecord(this.#member, { ...made, opened: null })
    const { chain } = recordFor(this.#member, options.ref)
    const { card, sealed, ring } = await this.#one(chain, options.signal)
    return new ChartRecord(this.#member, { chain, card, sealed, ring, opened: null })
  }

  /**
   * Opens a record: an entry in its access log first, then keys, manifests and files.
   * @throws SealchartError UNKNOWN (no such record, or not for you), NOT_GRANTED, GRANT_ENDED, CRED_*, and what verification finds.
   */
  async open(id: string, options: OpenOptions): Promise<ChartRecord> {
    const chain = chainOf(id)
    return retrying(async () => {
      const listed = await this.#one(chain, options.signal)
      const { card, sealed, ring } = listed
      const sections =
        options.sections?.map((name) => sectionIn(card, name)) ?? grantedSections(this.#member, chain, card)
      if (sections.length === 0) throw new ClientError('NOT_GRANTED', 'no section of this record is granted to you')
      const newest = this.#member.session.ledger.fact(chain, facts.counters)?.version ?? 0
      const asked = {
        type: options.action ?? 'view',
        purpose: options.purpose,
        version: options.version ?? newest,
        sections: [...new Set(sections)].sort((a, b) => a - b),
      } as const
      const opened = await openAccess(this.#member, listed, asked, options.signal)
      return new ChartRecord(this.#member, { chain, card, sealed, ring, opened })
    })
  }

  /** A page of the records that you may see, newest change first. Listing opens cards only: no view is logged. */
  async list(options: ListOptions = {}): Promise<Page> {
    const limit = options.limit ?? 50
    if (!Number.isInteger(limit) || limit < 1 || limit > 100)
      throw new ClientError('USAGE', 'limit is a whole number from 1 to 100')
    const asked = { record: null, after: options.after ?? null, limit }
    const { records, unreadable, more, last } = await listRecords(this.#member, asked, options.signal)
    const items = records.map((listed) => this.#item(listed))
    const since = options.changedSince?.getTime() ?? 0
    // Pages go back in time: one that does not would be followed by itself.
    if (last !== null && asked.after !== null && last >= asked.after)
      throw new ClientError('RELAY', 'the relay answers with a page that was asked for before')
    const ended = items.some((item) => item.changed.getTime() < since)
    return {
      records: items.filter((item) => item.changed.getTime() >= since && isOf(item.card, options.patient)),
      unreadable: unreadable.map(({ record, error }) => ({ id: hex(record), error })),
      next: more && !ended ? last : null,
    }
  }

  #item({ item, card }: Listed): ListItem {
    const { ledger } = this.#member.session
    const changed = new Date(ledger.entries(item.record).at(-1)?.time ?? 0)
    return { id: hex(item.record), card, version: ledger.fact(item.record, facts.counters)?.version ?? 0, changed }
  }

  async #one(chain: ChainId, signal: AbortSignal | undefined): Promise<Listed> {
    const { records } = await listRecords(this.#member, { record: chain, after: null, limit: 1 }, signal)
    const [listed] = records
    if (listed && hex(listed.item.record) === hex(chain)) return listed
    throw new ClientError('UNKNOWN', 'there is no such record, or you may not see it')
  }
}

function chainOf(id: string): ChainId {
  const bytes = typeof id === 'string' ? unhex(id) : null
  if (bytes?.length !== 32) throw new ClientError('USAGE', 'a record id is 64 hexadecimal digits')
  return bytes as Uint8Array as ChainId
}

function isOf(card: Card, patient: ListOptions['patient']): boolean {
  if (!patient) return true
  return (card.patient?.ids ?? []).some((own) =>
    patient.ids.some((one) => one.system === own.system && one.value === own.value),
  )
}
