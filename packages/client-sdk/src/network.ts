// The network file that every client pins, how the SDK reaches a relay, and the vaults of authorities: roots and issuers.
// An authority's seed lies in its vault's blob "authority" and is used for nothing else.

import type { DeviceSeed } from '@sealchart/crypto'
import { ready as cryptoReady, type Device, deviceFromSeed } from '@sealchart/crypto'
import {
  bytes,
  type ChainId,
  decodeNoteKey,
  encodeNoteKey,
  hex,
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
