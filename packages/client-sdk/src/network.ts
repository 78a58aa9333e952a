// The network: its founding, the network file that every client pins, and the admission of institutions.
// Spec: docs/spec/rules.md, "Network". The root's seed lies in the vault's blob "authority" and is used for nothing else.

import type { DeviceSeed } from '@sealchart/crypto'
import { ready as cryptoReady, type Device, deviceFromSeed, newSecret } from '@sealchart/crypto'
import {
  type AnyEntry,
  bytes,
  type ChainId,
  chainIdOf,
  decodeEntry,
  decodeNoteKey,
  encodeNoteKey,
  equal,
  hex,
  is,
  type LinkHash,
  type NetworkPin,
  oneOf,
  pack,
  ready,
  struct,
  text,
  unhex,
  unpack,
} from '@sealchart/protocol'
import { systemWait } from './calls.js'
import { ClientError } from './errors.js'
import { createLink, type Link, type LinkOptions } from './link.js'
import { Session } from './session.js'
import type { Surroundings } from './surroundings.js'
import { type Keeper, openVault, type VaultHandle } from './vaults/contract.js'

const FILE = 'sealchart/network/v1'

/** What a client must know of a network beforehand; public, and what all trust begins with. */
export interface NetworkFile {
  readonly name: string
  readonly relay: string
  readonly pin: NetworkPin
}

/** The network file as text: JSON, five fields, to be handed to clients by a way that is not the relay. */
export function encodeNetworkFile(file: NetworkFile): string {
  const { name, relay, pin } = file
  const fields = {
    format: FILE,
    name,
    relay,
    network: hex(pin.chain),
    founding: hex(pin.founding),
    log: encodeNoteKey(pin.log),
  }
  return `${JSON.stringify(fields, null, 2)}\n`
}

/** @throws ClientError USAGE when the text is not a network file. */
export function decodeNetworkFile(source: string): NetworkFile {
  try {
    const fields = JSON.parse(source) as Record<string, unknown>
    const { format, name, relay, network, founding, log } = fields
    const chain = unhex(String(network))
    const link = unhex(String(founding))
    const sound =
      format === FILE &&
      typeof name === 'string' &&
      typeof relay === 'string' &&
      chain?.length === 32 &&
      link?.length === 32
    if (!sound || Object.keys(fields).length !== 6) throw new Error('fields')
    return {
      name,
      relay,
      pin: {
        chain: chain as Uint8Array as ChainId,
        founding: link as Uint8Array as LinkHash,
        log: decodeNoteKey(String(log)),
      },
    }
  } catch (cause) {
    throw new ClientError('USAGE', 'this is not a network file', { cause })
  }
}

/** How the SDK reaches a relay and what it takes from its surroundings; all optional for a vendor. */
export interface ConnectOptions extends Partial<Surroundings> {
  readonly transport?: LinkOptions['transport']
}

/** The surroundings of a real program. */
export function surroundingsOf(options: ConnectOptions): Surroundings {
  return {
    now: options.now ?? Date.now,
    random: options.random ?? ((length) => globalThis.crypto.getRandomValues(new Uint8Array(length))),
    wait: options.wait ?? systemWait,
  }
}

/** A link of a device (or, with null, of nobody yet) to the relay of a network. */
export function linkTo(
  file: { readonly relay: string },
  signer: { readonly chain: ChainId; readonly device: Device } | null,
  options: ConnectOptions,
): Link {
  const { now, random, wait } = surroundingsOf(options)
  return createLink({
    url: file.relay,
    ...(options.transport ? { transport: options.transport } : {}),
    wait,
    signer: signer && { chain: signer.chain, device: signer.device.id, sign: signer.device.sign },
    clock: now,
    random,
  })
}

const BLOB = 'authority'
const authorityShape = struct({
  role: oneOf('network', 'institution', 'issuer'),
  chain: bytes<ChainId>(32),
  seed: bytes(32),
  network: text(2000),
})

/** What an authority's vault holds: its role, its chain, its seed, and the network that it belongs to. */
export interface Authority {
  readonly role: 'network' | 'institution' | 'issuer'
  readonly chain: ChainId
  readonly seed: DeviceSeed
  readonly network: NetworkFile
}

/** Writes an authority into an empty vault. @throws ClientError USAGE when the vault holds one already. */
export async function keepAuthority(keeper: Keeper, authority: Authority): Promise<void> {
  if ((await keeper.get(BLOB)) !== null)
    throw new ClientError('USAGE', 'this vault holds an authority already: give each its own')
  const network = encodeNetworkFile(authority.network).replaceAll('\n', ' ').trimEnd()
  await keeper.put(
    BLOB,
    pack(authorityShape, { role: authority.role, chain: authority.chain, seed: authority.seed, network }),
  )
}

/** Opens the vault of an authority of this role. @throws ClientError USAGE when it holds none. */
export async function openAuthority(
  handle: VaultHandle,
  role: Authority['role'],
  options: ConnectOptions,
): Promise<{ authority: Authority; session: Session }> {
  await Promise.all([ready(), cryptoReady()])
  const { random } = surroundingsOf(options)
  const keeper = await openVault(handle, random)
  const blob = await keeper.get(BLOB)
  if (blob === null) throw new ClientError('USAGE', `this vault holds no ${role}: found or appoint it first`)
  const kept = unpack(authorityShape, blob, 'authority')
  if (kept.role !== role) throw new ClientError('USAGE', `this vault holds a ${kept.role}, not a ${role}`)
  const authority: Authority = {
    role,
    chain: kept.chain,
    seed: kept.seed as DeviceSeed,
    network: decodeNetworkFile(kept.network),
  }
  return { authority, session: await sessionOf(authority, keeper, options) }
}

/** A session that signs with an authority's device. */
export async function sessionOf(authority: Authority, keeper: Keeper, options: ConnectOptions): Promise<Session> {
  const device = deviceFromSeed(authority.seed)
  const link = linkTo(authority.network, { chain: authority.chain, device }, options)
  return Session.open({
    network: authority.network.pin,
    device,
    chain: authority.chain,
    link,
    keeper,
    surroundings: surroundingsOf(options),
  })
}

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
   * Admits an institution: appends its signed founding together with the admission.
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

function institutionFounding(encoded: Uint8Array): AnyEntry {
  const entry = decodeEntry(encoded)
  if (!is(entry, 'institution', 'found')) throw new ClientError('USAGE', 'this is not the founding of an institution')
  if (!equal(entry.chain, entry.signer.chain))
    throw new ClientError('BINDING', 'the founding is not signed by the institution')
  return entry
}
