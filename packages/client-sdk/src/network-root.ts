// The network's root: founds the network, admits and removes institutions, alone or by a quorum of them.
// Spec: docs/spec/rules.md, "Network". The root's seed lies in the vault's blob "authority" and is used for nothing else.
import { ready as cryptoReady, type DeviceSeed, deviceFromSeed, newSecret } from '@sealchart/crypto'
import { type ChainId, chainIdOf, decodeNoteKey, hex, type LinkHash, ready } from '@sealchart/protocol'
import { ClientError } from './errors.js'
import { approveMove, type RegistrationNumber } from './moves.js'
import {
  type ConnectOptions,
  encodeNetworkFile,
  keepAuthority,
  linkTo,
  type NetworkFile,
  openAuthority,
  surroundingsOf,
} from './network.js'
import { type Asked, institutionFounding, type Proposal, proposals, propose, settle } from './proposals.js'
import { Session } from './session.js'
import { openVault, type VaultHandle } from './vaults/contract.js'

export interface FoundNetworkOptions extends ConnectOptions {
  readonly name: string
  /** The relay's address. */
  readonly relay: string
  /** The one-time founding token that the relay printed. It also names the log key that the relay must show. */
  readonly token: string
  /** An empty vault for the root's keys; it goes offline afterwards. */
  readonly vault: VaultHandle
}

/** The network's root: founds it, admits and removes institutions. */
export class Network {
  readonly file: NetworkFile
  readonly #session: Session

  private constructor(file: NetworkFile, session: Session) {
    this.file = file
    this.#session = session
  }

  /** The network file's text: what clients pin, handed to them by a way that is not the relay. */
  get text(): string {
    return encodeNetworkFile(this.file)
  }

  /** Founds a network on an empty relay. @throws SealchartError UNKNOWN for a wrong token, BINDING when the relay shows another log key. */
  static async found(options: FoundNetworkOptions): Promise<Network> {
    await Promise.all([ready(), cryptoReady()])
    const { random } = surroundingsOf(options)
    const keeper = await openVault(options.vault, random)
    const seed = newSecret<DeviceSeed>(random)
    const device = deviceFromSeed(seed)
    const nonce = random(32)
    const chain = chainIdOf(null, device.id, nonce)
    const { log } = await linkTo(options, null, options).network()
    requireNamed(options.token, log)
    const key = decodeNoteKey(log)
    const body = {
      keys: device.keys,
      nonce,
      name: options.name,
      origin: key.name,
      logKey: key.publicKey,
      relay: options.relay,
    }
    const draft = {
      network: { chain, founding: new Uint8Array(32) as Uint8Array as LinkHash, log: key },
      device,
      chain,
      keeper,
    }
    const link = linkTo(options, { chain, device }, options)
    const unsigned = await Session.open({ ...draft, link, surroundings: surroundingsOf(options) })
    const founding = await unsigned.sign({ kind: 'network', chain, type: 'found', body, restsOn: [] })
    const file: NetworkFile = {
      name: options.name,
      relay: options.relay,
      pin: { chain, founding: founding.link, log: key },
    }
    await keepAuthority(keeper, { role: 'network', chain, seed, network: file })
    const session = await Session.open({ ...draft, network: file.pin, link, surroundings: surroundingsOf(options) })
    await session.append([founding], { token: options.token })
    return new Network(file, session)
  }

  /** Opens the root's vault again. */
  static async open(options: { readonly vault: VaultHandle } & ConnectOptions): Promise<Network> {
    const { authority, session } = await openAuthority(options.vault, 'network', options)
    return new Network(authority.network, session)
  }

  /**
   * Admits an institution: appends its signed founding together with the admission. Where a quorum decides: `propose`.
   * @param founding what `Institution.found` answered, from the institution by a way that shows whose it is.
   */
  async admit(founding: { readonly founding: Uint8Array }): Promise<void> {
    const entry = institutionFounding(founding.founding)
    await this.#session.sync([this.file.pin.chain])
    const admit = await this.#session.sign({
      kind: 'network',
      chain: this.file.pin.chain,
      type: 'admit',
      body: { institution: entry.chain, founding: entry.link },
      restsOn: [],
    })
    await this.#session.append([entry, admit])
  }

  /** Approves that a registration number moves to who asks for it: `issuer.moves` shows who. @throws SealchartError RULE */
  approveMove(number: RegistrationNumber, id: string): Promise<void> {
    return approveMove(this.#session, number, id)
  }

  /**
   * Proposes what institutions decide by a quorum, or that they do: an admission, a removal, another quorum. An institution that is
   * proposed exists, and waits. Answers the proposal's name, for `institution.approve`.
   */
  propose(asked: Asked): Promise<string> {
    return propose(this.#session, asked)
  }

  /** Ends a proposal that enough institutions have approved. @throws SealchartError RULE for one that is over, or too few. */
  settle(id: string): Promise<void> {
    return settle(this.#session, id)
  }

  /** What was proposed in the last month and before, newest first. */
  proposals(): Promise<readonly Proposal[]> {
    return proposals(this.#session)
  }

  /** Removes an institution: what its issuers vouched for no longer holds. */
  async remove(institution: ChainId): Promise<void> {
    await this.#session.sync([this.file.pin.chain])
    const entry = await this.#session.sign({
      kind: 'network',
      chain: this.file.pin.chain,
      type: 'remove',
      body: { institution },
      restsOn: [],
    })
    await this.#session.append([entry])
  }
}

/** A founding token is `secret.fingerprint`: the second half is the log key's, so that the first answer of a relay is checked too. */
function requireNamed(token: string, log: string): void {
  const [, fingerprint] = token.split('.')
  const shown = hex(decodeNoteKey(log).publicKey).slice(0, 32)
  if (fingerprint !== shown)
    throw new ClientError('BINDING', 'the relay shows another log key than the founding token names')
}
