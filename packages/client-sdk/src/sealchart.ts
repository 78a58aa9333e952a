// The chart: a doctor at a workstation. Opens her vault, enrols or renews her where needed, and holds records, directory and inbox.
// Spec: docs/sdk.md. No global state: every chart has its own session, and closing it forgets the keys it holds.
import { ready as cryptoReady } from '@sealchart/crypto'
import { ready } from '@sealchart/protocol'
import { type DeviceEnrolment, startEnrolment } from './device-enrolment.js'
import { Devices } from './devices.js'
import { Directory } from './directory.js'
import { type CredentialSource, openMember } from './enrolment.js'
import { ClientError } from './errors.js'
import { type InboxOptions, inbox, type Notice } from './inbox.js'
import type { Member } from './member.js'
import { type ConnectOptions, decodeNetworkFile, surroundingsOf } from './network.js'
import { type Person, personOf, syncNumbers } from './people.js'
import { Records } from './records.js'
import { Registration } from './registration.js'
import { Teams } from './teams.js'
import { openVault, type VaultHandle } from './vaults/contract.js'

export interface OpenChartOptions extends ConnectOptions {
  /** The network file's text: what the chart trusts before anything else. */
  readonly network: string
  /** Her vault, unlocked. */
  readonly vault: VaultHandle
  /** Brings a request to the issuer behind your log-in; called when she is new here or her credential has run out. */
  readonly credential?: CredentialSource
}

export interface EnrolDeviceOptions extends ConnectOptions {
  /** The network file's text: what the new device trusts before anything else. */
  readonly network: string
  /** An empty vault, or the one in which an enrolment waits. */
  readonly vault: VaultHandle
  /** Throws away an enrolment that waits in the vault, and shows another code. */
  readonly restart?: boolean
}

export class Sealchart {
  readonly records: Records
  readonly directory: Directory
  readonly teams: Teams
  readonly devices: Devices
  readonly registration: Registration
  readonly #member: Member

  private constructor(member: Member, source: CredentialSource | null) {
    this.#member = member
    this.records = new Records(member)
    this.directory = new Directory(member.session)
    this.teams = new Teams(member)
    this.devices = new Devices(member)
    this.registration = new Registration(member, source)
  }

  /**
   * Opens a chart.
   * @throws SealchartError VAULT (wrong passphrase, damaged vault), NO_CREDENTIAL, USAGE, OFFLINE, and what verification finds.
   */
  static async open(options: OpenChartOptions): Promise<Sealchart> {
    await Promise.all([ready(), cryptoReady()])
    const network = decodeNetworkFile(options.network)
    const keeper = await openVault(options.vault, surroundingsOf(options).random)
    const source = options.credential ?? null
    return new Sealchart(await openMember(keeper, network, source, options), source)
  }

  /**
   * Begins to enrol this device as another one of a member who has one: show the code, and wait until she has typed or scanned it there.
   * @throws SealchartError USAGE (a vault that holds a device), VAULT, OFFLINE, CONFLICT (pass `restart`).
   */
  static async enrolDevice(options: EnrolDeviceOptions): Promise<DeviceEnrolment<Sealchart>> {
    await Promise.all([ready(), cryptoReady()])
    const network = decodeNetworkFile(options.network)
    const keeper = await openVault(options.vault, surroundingsOf(options).random)
    const open = async (member: Member): Promise<Sealchart> => {
      await member.session.sync([member.session.chain, network.pin.chain])
      await syncNumbers(member.session, [member.session.chain])
      // Whoever enrols a device has a credential: the first one brought it.
      return new Sealchart(member, null)
    }
    return startEnrolment(keeper, network, { options, restart: options.restart ?? false, open })
  }

  /** Herself, as the others see her. */
  get me(): Person {
    const person = personOf(this.#member.session, this.#member.session.chain)
    if (!person) throw new ClientError('NO_CREDENTIAL', 'this member has no credential')
    return person
  }

  /** Requests sent to the relay so far, repeated ones included: for tests and metrics. */
  get roundTrips(): number {
    return this.#member.session.link.roundTrips
  }

  /** News for her, as it comes, each once. */
  inbox(options: InboxOptions = {}): AsyncGenerator<Notice> {
    return inbox(this.#member, options)
  }
}
