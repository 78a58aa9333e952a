// An institution's root, and its issuers, who put credentials on members' chains behind the vendor's log-in.
// Spec: docs/spec/rules.md, "Institution" and "Member". An issuer keeps no list of people: who somebody is, is the log-in's word.
import { ready as cryptoReady, type DeviceSeed, deviceFromSeed, newSecret } from '@sealchart/crypto'
import {
  type AnyEntry,
  type ChainId,
  chainIdOf,
  claimHash,
  type DeviceId,
  type Digest,
  decodeEntry,
  deviceId,
  type EntryHash,
  encodeClaims,
  enrolmentMessage,
  equal,
  facts,
  is,
  ready,
  sha256,
  verifyEntry,
} from '@sealchart/protocol'
import { decodeCredentialRequest, encodeCredentialAnswer } from './credential.js'
import { ClientError } from './errors.js'
import {
  type ConnectOptions,
  decodeNetworkFile,
  keepAuthority,
  type NetworkFile,
  openAuthority,
  sessionOf,
  surroundingsOf,
} from './network.js'
import { personOf } from './people.js'
import { retrying } from './retry.js'
import type { Session } from './session.js'
import { tellTeams } from './teams-told.js'
import { openVault, type VaultHandle } from './vaults/contract.js'

/** What an institution says of a person; `name` is always there. Each at most 200 characters. */
export interface Claims {
  readonly name: string
  readonly registration?: string
  readonly role?: string
  readonly department?: string
}

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

/** Days that a credential is valid unless `issue` says otherwise. */
const VALID_DAYS = 365
const DAY = 24 * 60 * 60_000

/** Issues and withdraws credentials on a server that has authenticated the person. Holds no state but its key and pins. */
export class Issuer {
  readonly device: DeviceId
  readonly network: NetworkFile
  readonly #session: Session

  private constructor(session: Session, network: NetworkFile) {
    this.device = session.device.id
    this.network = network
    this.#session = session
  }

  /** @internal An issuer over an open session. */
  static over(session: Session, network: NetworkFile): Issuer {
    return new Issuer(session, network)
  }

  /** Opens an issuer's vault on its server. */
  static async open(options: { readonly vault: VaultHandle } & ConnectOptions): Promise<Issuer> {
    const { authority, session } = await openAuthority(options.vault, 'issuer', options)
    return new Issuer(session, authority.network)
  }

  /**
   * Answers a device's request for a credential, after the caller's own log-in has established who is asking.
   * @param request the bytes that the SDK sent. @param claims what the institution says of the person who is logged in.
   * @throws ClientError BINDING when the request is not signed by the device that it names; CRED_BINDING when a renewal is for a
   * chain whose registration is somebody else's.
   */
  async issue(request: Uint8Array, claims: Claims, options: { readonly validDays?: number } = {}): Promise<Uint8Array> {
    const asked = decodeCredentialRequest(request)
    const { chain: network } = this.network.pin
    await this.#session.sync([this.#session.chain, network])
    const member = asked.founding ? this.#founding(asked.founding) : await this.#renewal(asked.member, claims)
    const { now, random } = this.#session.surroundings
    const salted = Object.entries(claims).flatMap(([name, value]: [string, string | undefined]) =>
      value === undefined ? [] : [{ name, salt: random(16), value }],
    )
    const beside = encodeClaims(salted)
    const notBefore = now() - DAY
    const entry = await this.#session.sign({
      kind: 'member',
      chain: member.chain,
      type: 'credential',
      body: {
        institution: this.#session.chain,
        claims: salted.map((claim) => ({ name: claim.name, hash: claimHash(member.chain, claim) })),
        registration: null,
        notBefore,
        until: now() + (options.validDays ?? VALID_DAYS) * DAY,
      },
      restsOn: [this.#session.chain, network],
      private: sha256(beside) as Uint8Array as Digest,
      ...(member.after ? { after: member.after } : {}),
    })
    return encodeCredentialAnswer({ credential: entry.bytes, claims: beside, pass: null })
  }

  /** Withdraws a credential: its member can open and sign nothing more under it, and her teams are told in the same step. */
  async withdraw(member: ChainId, credential: EntryHash): Promise<void> {
    await retrying(() => this.#withdraw(member, credential))
  }

  async #withdraw(member: ChainId, credential: EntryHash): Promise<void> {
    const session = this.#session
    await session.sync([member, session.chain, this.network.pin.chain])
    const restsOn = [session.chain, this.network.pin.chain]
    const withdrawal = await session.sign({
      kind: 'member',
      chain: member,
      type: 'withdraw',
      body: { credential },
      restsOn,
    })
    const told = await tellTeams(session, withdrawal, credential)
    await session.append([withdrawal, ...told])
  }

  /** A first request carries the signed founding of the member's chain: the device shows that it holds its keys. */
  #founding(encoded: Uint8Array): { chain: ChainId; after?: readonly AnyEntry[] } {
    const entry = decodeEntry(encoded)
    if (!is(entry, 'member', 'found'))
      throw new ClientError('BINDING', 'the request does not carry the founding of a member')
    verifyEntry(entry, entry.body.keys.sign, this.network.pin.chain)
    const device = deviceId(entry.body.keys)
    const own =
      equal(device, entry.signer.device) &&
      equal(chainIdOf(this.network.pin.chain, device, entry.body.nonce), entry.chain)
    if (!own) throw new ClientError('BINDING', 'the founding is not signed by the device that it lists')
    return { chain: entry.chain, after: [entry] }
  }

  /** A renewal names a chain: whoever is logged in must be whom the chain's newest credential named. */
  async #renewal(member: ChainId, claims: Claims): Promise<{ chain: ChainId; after?: readonly AnyEntry[] }> {
    await this.#session.sync([member])
    const card = personOf(this.#session, member)
    const epoch = this.#session.ledger.fact(member, facts.epoch)
    if (!card || !epoch) throw new ClientError('CRED_BINDING', 'there is no such member to renew')
    const same = card.registration === null ? card.name === claims.name : card.registration === claims.registration
    if (!same)
      throw new ClientError('CRED_BINDING', 'the person logged in is not the one that this member’s credential names')
    return { chain: member }
  }
}
