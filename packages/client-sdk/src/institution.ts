// An institution's root: appoints and dismisses issuers, and has its voice in what the network decides.
// Spec: docs/spec/rules.md, "Institution", "Network".
import { ready as cryptoReady, type DeviceSeed, deviceFromSeed, newSecret } from '@sealchart/crypto'
import { type ChainId, chainIdOf, type DeviceId, enrolmentMessage, ready } from '@sealchart/protocol'
import { Issuer } from './issuer.js'
import {
  type ConnectOptions,
  decodeNetworkFile,
  keepAuthority,
  type NetworkFile,
  openAuthority,
  sessionOf,
  surroundingsOf,
} from './network.js'
import { type Asked, approve, type Proposal, proposals, propose, settle } from './proposals.js'
import type { Session } from './session.js'
import { openVault, type VaultHandle } from './vaults/contract.js'

export interface FoundInstitutionOptions extends ConnectOptions {
  /** The network file's text. */
  readonly network: string
  readonly name: string
  /** An empty vault for the root's keys; it goes offline afterwards. */
  readonly vault: VaultHandle
}

/** An institution's root: appoints and dismisses issuers. */
export class Institution {
  readonly id: ChainId
  readonly network: NetworkFile
  /** The signed founding entry, for the network's root to admit; empty for an institution that was opened again. */
  readonly founding: Uint8Array
  readonly #session: Session
  readonly #options: ConnectOptions

  private constructor(session: Session, network: NetworkFile, founding: Uint8Array, options: ConnectOptions) {
    this.id = session.chain
    this.network = network
    this.founding = founding
    this.#session = session
    this.#options = options
  }

  /** Signs the founding of an institution. It exists once the network's root has admitted it: `network.admit(institution)`. */
  static async found(options: FoundInstitutionOptions): Promise<Institution> {
    await Promise.all([ready(), cryptoReady()])
    const { random } = surroundingsOf(options)
    const network = decodeNetworkFile(options.network)
    const keeper = await openVault(options.vault, random)
    const seed = newSecret<DeviceSeed>(random)
    const device = deviceFromSeed(seed)
    const nonce = random(32)
    const chain = chainIdOf(network.pin.chain, device.id, nonce)
    const authority = { role: 'institution', chain, seed, network } as const
    await keepAuthority(keeper, authority)
    const session = await sessionOf(authority, keeper, options)
    const body = { keys: device.keys, nonce, name: options.name }
    const founding = await session.sign({ kind: 'institution', chain, type: 'found', body, restsOn: [] })
    return new Institution(session, network, founding.bytes, options)
  }

  /** Opens the root's vault again. */
  static async open(options: { readonly vault: VaultHandle } & ConnectOptions): Promise<Institution> {
    const { authority, session } = await openAuthority(options.vault, 'institution', options)
    return new Institution(session, authority.network, new Uint8Array(), options)
  }

  /** What the network is asked to decide, newest first. */
  proposals(): Promise<readonly Proposal[]> {
    return proposals(this.#session)
  }

  /** Proposes an admission, a removal or another quorum. @throws SealchartError ROLE before it is admitted itself. */
  propose(asked: Asked): Promise<string> {
    return propose(this.#session, asked)
  }

  /** Approves a proposal in the institution's name: its root alone can. Look at who it is about first. @throws SealchartError RULE */
  approve(id: string): Promise<void> {
    return approve(this.#session, id)
  }

  /** Ends a proposal that enough have approved. @throws SealchartError RULE */
  settle(id: string): Promise<void> {
    return settle(this.#session, id)
  }

  /** Appoints an issuer whose keys are made in, and stay in, the given empty vault (the vendor's or institution's server's). */
  async appointIssuer(options: { readonly vault: VaultHandle }): Promise<Issuer> {
    const { random } = this.#session.surroundings
    const keeper = await openVault(options.vault, random)
    const seed = newSecret<DeviceSeed>(random)
    const device = deviceFromSeed(seed)
    const proof = await device.sign(enrolmentMessage(this.network.pin.chain, this.id, device.keys))
    const authority = { role: 'issuer', chain: this.id, seed, network: this.network } as const
    await keepAuthority(keeper, authority)
    await this.#session.sync([this.id, this.network.pin.chain])
    const body = { keys: device.keys, proof }
    const entry = await this.#session.sign({ kind: 'institution', chain: this.id, type: 'appoint', body, restsOn: [] })
    await this.#session.append([entry])
    return Issuer.over(await sessionOf(authority, keeper, this.#options), this.network)
  }

  /** Dismisses an issuer; what it signed from log index `from` on (default: from now on) is void. */
  async dismissIssuer(issuer: DeviceId, options: { readonly from?: number } = {}): Promise<void> {
    await this.#session.sync([this.id, this.network.pin.chain])
    const from = options.from ?? this.#session.ledger.tree?.size ?? 0
    const entry = await this.#session.sign({
      kind: 'institution',
      chain: this.id,
      type: 'dismiss',
      body: { device: issuer, from },
      restsOn: [],
    })
    await this.#session.append([entry])
  }
}
