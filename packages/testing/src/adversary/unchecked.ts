// A member's client with its checks taken out: it has her vault, signs whatever it likes, and believes nothing and everything.
// For tests of what relay and formats refuse by themselves; a program that is to keep somebody's records must never use it.
import type { ConnectOptions, Transport, VaultHandle } from '@sealchart/client-sdk'
import {
  ready as cryptoReady,
  type Device,
  decodeIdentity,
  deviceFromSeed,
  type Identity,
  memberEpochKeys,
  openBlob,
  openVaultKey,
} from '@sealchart/crypto'
import {
  type AnyEntry,
  type AppendRequest,
  appendRequest,
  type Bodies,
  type ChainId,
  type KindName,
  pack,
  paths,
  ready,
  type Statement,
  signEntry,
  signRequest,
} from '@sealchart/protocol'

/** An answer as it came. */
export interface RawAnswer {
  readonly status: number
  readonly bytes: Uint8Array
}

/** A request as it goes; a GET has no body. */
export interface RawCall {
  readonly method?: 'GET' | 'POST'
  /** Path and query. */
  readonly path: string
  readonly body?: Uint8Array
  /** Whether her device signs the request. */
  readonly signed?: boolean
}

/** Bytes that nobody else may have, with a name for reports. */
export interface NamedSecret {
  readonly name: string
  readonly bytes: Uint8Array
}

export interface UncheckedClient {
  readonly chain: ChainId
  readonly network: ChainId
  readonly device: Device
  readonly identity: Identity
  /** Secrets of her vault, and the seeds that are derived from them. */
  readonly secrets: readonly NamedSecret[]
  send(call: RawCall): Promise<RawAnswer>
  /** Signs any statement as her device. */
  sign<K extends KindName, T extends keyof Bodies[K]>(statement: Statement<K, T>): Promise<AnyEntry>
  /** Appends entries, without waiting for a proof. */
  append(
    entries: readonly Uint8Array[],
    more?: Partial<AppendRequest> & { readonly signed?: boolean },
  ): Promise<RawAnswer>
}

export interface UncheckedOptions extends ConnectOptions {
  /** The network file's text. */
  readonly network: string
  readonly vault: VaultHandle
}

/** Opens a member's vault without its keeper. @throws SealchartError VAULT; TypeError for a vault without a member. */
export async function uncheckedClient(options: UncheckedOptions): Promise<UncheckedClient> {
  await Promise.all([ready(), cryptoReady()])
  const { relay } = JSON.parse(options.network) as { readonly relay: string }
  const identity = await identityOf(options.vault)
  const device = deviceFromSeed(identity.seed)
  const { chain, network } = identity
  const now = options.now ?? Date.now
  const transport: Transport = options.transport ?? ((request) => fetch(request))

  async function send({ method = 'POST', path, body, signed = false }: RawCall): Promise<RawAnswer> {
    const url = relay + path
    const content = new Uint8Array(body ?? new Uint8Array())
    const parts = { method, url, body: content, chain, device: device.id, created: now() }
    const headers = signed ? await signRequest(parts, device.sign) : {}
    const sent = method === 'GET' ? {} : { body: content }
    const response = await transport(new Request(url, { method, headers: { ...headers }, ...sent }))
    return { status: response.status, bytes: new Uint8Array(await response.arrayBuffer()) }
  }
  return {
    chain,
    network,
    device,
    identity,
    secrets: secretsOf(identity, device),
    send,
    sign: (statement) => signEntry(statement, { chain, device: device.id, sign: device.sign }, network),
    append(entries, { signed = false, ...more } = {}) {
      const nothing = { attachments: [], beside: [], segments: [], uploads: [], token: null, seen: 0 }
      return send({ path: paths.append, body: pack(appendRequest, { ...nothing, ...more, entries }), signed })
    },
  }
}

async function identityOf({ vault, unlock }: VaultHandle): Promise<Identity> {
  const [header, sealed] = [await vault.read('vault-key'), await vault.read('identity')]
  if (!header || !sealed) throw new TypeError('this vault has no member')
  const master = await openVaultKey(typeof unlock === 'function' ? await unlock(vault) : unlock, header.bytes)
  return decodeIdentity((await openBlob(master, 'identity', sealed.bytes)).bytes)
}

function secretsOf({ network, chain, seed, epochs }: Identity, device: Device): NamedSecret[] {
  return [
    { name: 'device seed', bytes: seed },
    { name: 'device box seed', bytes: device.boxSeed },
    ...epochs.flatMap(({ epoch, secret }) => [
      { name: `member epoch ${epoch}`, bytes: secret },
      {
        name: `member epoch ${epoch} box seed`,
        bytes: memberEpochKeys(secret, { network, member: chain, epoch }).seed,
      },
    ]),
  ]
}
