// Records: making one, listing those that a member may see, and opening one with a purpose. Spec: docs/spec/relay.md, "Records".
import { type CreateOptions, makeRecord, recordFor } from './create.js'
import type { Member } from './member.js'
import { personOf } from './people.js'
import { type ListOptions, listPage, type OpenOptions, oneRecord, openRecord, type Page } from './reading.js'
import { ChartRecord } from './record.js'

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
    const { card, sealed, ring } = await oneRecord(this.#member, chain, options.signal)
    return new ChartRecord(this.#member, { chain, card, sealed, ring, opened: null })
  }

  /**
   * Opens a record: an entry in its access log first, then keys, manifests and files.
   * @throws SealchartError UNKNOWN (no such record, or not for you), NOT_GRANTED, GRANT_ENDED, CRED_*, and what verification finds.
   */
  async open(id: string, options: OpenOptions): Promise<ChartRecord> {
    return new ChartRecord(this.#member, await openRecord(this.#member, id, options))
  }

  /** A page of the records that you may see, newest change first. Listing opens cards only: no view is logged. */
  list(options: ListOptions = {}): Promise<Page> {
    return listPage(this.#member, options)
  }
}
