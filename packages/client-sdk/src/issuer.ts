// An institution's issuers, who put credentials on members' chains behind the vendor's log-in, and approve that numbers move.
// Spec: docs/spec/rules.md, "Member", "Registration". An issuer keeps no list of people: who somebody is, is the log-in's word.
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
  equal,
  facts,
  is,
  registrationChainOf,
  registrationHash,
  sha256,
  verifyEntry,
} from '@sealchart/protocol'
import { warningOf } from './boards.js'
import { decodeCredentialRequest, encodeCredentialAnswer } from './credential.js'
import { ClientError } from './errors.js'
import { approveMove, chainOfNumber, type Move, movesOn, type RegistrationNumber } from './moves.js'
import { type ConnectOptions, type NetworkFile, openAuthority } from './network.js'
import { claimedBy } from './people.js'
import { retrying } from './retry.js'
import type { Session } from './session.js'
import { tellTeams } from './teams-told.js'
import type { VaultHandle } from './vaults/contract.js'

/** What an institution says of a person; `name` is always there. Each at most 200 characters. */
export interface Claims {
  readonly name: string
  /** A registration number, 1–40 of `A–Z 0–9 -`, and the short name of the board that gave it, 1–40 of `a–z 0–9 -`. One needs the other. */
  readonly registration?: string
  readonly board?: string
  readonly role?: string
  readonly department?: string
}

/** Days that a credential is valid unless `issue` says otherwise. */
const VALID_DAYS = 365
const DAY = 24 * 60 * 60_000
/** Claims that go together with the number's hash. */
const NUMBERED: readonly string[] = ['registration', 'board']

export interface IssueOptions {
  /** Days that the credential is valid; default 365, at most 400. */
  readonly validDays?: number
  /**
   * Issues the credential although the number is bound to another member: the same person, whose devices are lost. The number moves
   * only after others approve and she to whom it is bound does not object: docs/sdk.md, "Registration numbers".
   */
  readonly move?: boolean
  /** Told in a sentence what is unusual about a number. It is issued all the same. */
  readonly onWarning?: (warning: string) => void
}

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
   * @throws ClientError BINDING when the request is not signed by the device that it names, or the registration number is bound to
   * another member; CRED_BINDING when a renewal is for a chain whose registration is somebody else's; USAGE for a number without a
   * board, or one whose spelling has no hash.
   */
  async issue(request: Uint8Array, claims: Claims, options: IssueOptions = {}): Promise<Uint8Array> {
    const asked = decodeCredentialRequest(request)
    const { chain: network } = this.network.pin
    const number = this.#number(claims, options)
    await this.#session.sync([this.#session.chain, network])
    const member = asked.founding ? this.#founding(asked.founding) : await this.#renewal(asked.member, claims)
    const { moves } = await this.#requireHers(number, member.chain, options)
    // Who is new here can't see the number's chain yet: she gets her credential first, and asks for the number with the next.
    const waits = moves && member.after !== undefined
    const { now, random } = this.#session.surroundings
    const salted = Object.entries(claims).flatMap(([name, value]: [string, string | undefined]) =>
      value === undefined || (waits && NUMBERED.includes(name)) ? [] : [{ name, salt: random(16), value }],
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
        registration: waits ? null : number,
        notBefore,
        until: now() + (options.validDays ?? VALID_DAYS) * DAY,
      },
      restsOn: [this.#session.chain, network],
      private: sha256(beside) as Uint8Array as Digest,
      ...(member.after ? { after: member.after } : {}),
    })
    return encodeCredentialAnswer({ credential: entry.bytes, claims: beside, pass: null })
  }

  /** Who has asked for a registration number that is bound to another member, newest first. */
  moves(number: RegistrationNumber): Promise<readonly Move[]> {
    return movesOn(this.#session, chainOfNumber(this.#session, number))
  }

  /**
   * Approves that a number moves to who asks for it: two institutions, or one and the network's root, have to, besides the one that
   * issued the credential. Look at the person first, not at the request.
   * @throws SealchartError ROLE for a credential of one's own institution, RULE for a proposal that is over.
   */
  approveMove(number: RegistrationNumber, id: string): Promise<void> {
    return approveMove(this.#session, number, id)
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

  /** The hash of the number that is claimed, or null for none. @throws SealchartError USAGE */
  #number({ registration, board }: Claims, { onWarning }: IssueOptions): Digest | null {
    if (registration === undefined && board === undefined) return null
    if (registration === undefined || board === undefined)
      throw new ClientError('USAGE', 'a registration number comes with the board that gave it')
    const hash = registrationHash(this.network.pin.chain, board, registration)
    const warning = warningOf({ board, number: registration })
    if (warning !== null) onWarning?.(warning)
    return hash
  }

  /** An issuer gives a number that is somebody's no new keys. @throws ClientError BINDING */
  async #requireHers(number: Digest | null, member: ChainId, { move }: IssueOptions): Promise<{ moves: boolean }> {
    if (number === null) return { moves: false }
    const chain = registrationChainOf(this.network.pin.chain, number)
    await this.#session.sync([chain])
    const bound = this.#session.ledger.fact(chain, facts.registration)
    const moves = bound !== null && !equal(bound.member, member)
    if (moves && move !== true)
      throw new ClientError('BINDING', 'the registration number is bound to another member of the network')
    return { moves }
  }

  /** A renewal names a chain: whoever is logged in must be whom the chain's newest credential named. */
  async #renewal(member: ChainId, claims: Claims): Promise<{ chain: ChainId; after?: readonly AnyEntry[] }> {
    await this.#session.sync([member])
    const claimed = claimedBy(this.#session, member)
    const epoch = this.#session.ledger.fact(member, facts.epoch)
    if (!claimed || !epoch) throw new ClientError('CRED_BINDING', 'there is no such member to renew')
    const { name, registration, board } = claims
    const numbered = claimed.has('registration')
    const same = numbered
      ? claimed.get('registration') === registration && claimed.get('board') === board
      : claimed.get('name') === name
    if (!same)
      throw new ClientError('CRED_BINDING', 'the person logged in is not the one that this member’s credential names')
    return { chain: member }
  }
}
