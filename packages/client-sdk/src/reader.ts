// The reader: a chart that only reads. For programs that show records and write nothing: it brings neither upload nor sharing into a
// bundle. Spec: docs/sdk.md, "Reading only". Opening signs a view entry like every other opening; there is no reading without a trace.
import type { Card } from '@sealchart/crypto'
import { ready as cryptoReady } from '@sealchart/crypto'
import { hex, ready } from '@sealchart/protocol'
import type { OpenedFile } from './download.js'
import { openEnrolled } from './enrolled.js'
import type { Member } from './member.js'
import { type ConnectOptions, decodeNetworkFile, surroundingsOf } from './network.js'
import {
  filesIn,
  type ListOptions,
  listPage,
  newestVersion,
  type OpenOptions,
  openRecord,
  type Page,
  type Version,
  versionsOf,
} from './reading.js'
import { openVault, type VaultHandle } from './vaults/contract.js'

export interface ReaderOptions extends ConnectOptions {
  /** The network file's text: what the reader trusts before anything else. */
  readonly network: string
  /** Her vault, unlocked; a chart was opened with it before. */
  readonly vault: VaultHandle
}

/** A record that was opened for reading: what of a `ChartRecord` writes nothing. */
export interface ReadRecord {
  /** The record's id in hexadecimal. */
  readonly id: string
  readonly card: Card
  /** The newest version's number, as far as this process has seen. */
  readonly version: number
  /** The files of a section, in the author's order. @throws SealchartError USAGE, NOT_GRANTED when this section was not opened. */
  files(section: string): readonly OpenedFile[]
  /** All versions, oldest first, with the sections that each changed. */
  versions(): readonly Version[]
}

export class Reader {
  readonly #member: Member

  private constructor(member: Member) {
    this.#member = member
  }

  /**
   * Opens the vault of a member who is enrolled; it neither enrols nor renews.
   * @throws SealchartError NO_CREDENTIAL (open a `Sealchart` with this vault first), VAULT, USAGE, OFFLINE, and what verification finds.
   */
  static async open(options: ReaderOptions): Promise<Reader> {
    await Promise.all([ready(), cryptoReady()])
    const network = decodeNetworkFile(options.network)
    const keeper = await openVault(options.vault, surroundingsOf(options).random)
    return new Reader(await openEnrolled(keeper, network, options))
  }

  /**
   * Opens a record: an entry in its access log first, then keys, manifests and files.
   * @throws SealchartError UNKNOWN (no such record, or not for you), NOT_GRANTED, GRANT_ENDED, CRED_*, and what verification finds.
   */
  async open(id: string, options: OpenOptions): Promise<ReadRecord> {
    const member = this.#member
    const state = await openRecord(member, id, options)
    return {
      id: hex(state.chain),
      card: state.card,
      version: newestVersion(member, state.chain),
      files: (section) => filesIn(state, section),
      versions: () => versionsOf(member, state),
    }
  }

  /** A page of the records that you may see, newest change first. Listing opens cards only: no view is logged. */
  list(options: ListOptions = {}): Promise<Page> {
    return listPage(this.#member, options)
  }
}
