// Entries: one signed statement each, the only way any state changes. Type, encoder, decoder, hashes, signing and verification.
// Spec: docs/spec/entries.md. Whether a chain accepts an entry is decided in rules/; here only form, signature and identity.
import { type Bodies, bodies, chainId, type KindName, kinds, linkHashShape, treeHash } from './bodies.js'
import {
  type ChainId,
  type DeviceId,
  type Digest,
  type EntryHash,
  equal,
  expectBytes,
  expectId,
  hex,
  type LinkHash,
} from './bytes.js'
import { expectFunction, expectText, reading } from './check.js'
import { decode, type Value } from './codec.js'
import { bind, hashBytes, hashOf } from './context.js'
import { type Signer, sign1, signatureInput, verifySign1, viewSign1 } from './cose.js'
import { verify } from './ed25519.js'
import { ProtocolError } from './errors.js'
import { accessStart } from './leaf.js'
import { limits } from './limits.js'
import { bytes, decodeAs, type Infer, list, nullable, pack, type Shape, struct, text, uint } from './shape.js'

export const FORMAT = 1

/** Head of another chain that an entry's rules use. */
export const restShape = struct({ chain: chainId, sequence: uint(), link: linkHashShape })
export type Rest = Infer<typeof restShape>

/** A checkpoint as a signer has verified it: log size and root. */
export const seenShape = struct({ size: uint(), root: treeHash })
export type Seen = Infer<typeof seenShape>

/** The payload, around the body of one type. */
const payloadOf = <T>(body: Shape<T>) =>
  struct({
    format: uint(),
    kind: uint(7),
    chain: chainId,
    sequence: uint(),
    previous: nullable(linkHashShape),
    time: uint(),
    seen: nullable(seenShape),
    restsOn: list(restShape, limits.restsOn),
    pass: nullable(bytes(32)),
    type: text(20, 1),
    body,
    private: nullable(bytes<Digest>(32)),
  })
const anything: Shape<Value> = { decode: (value) => value, encode: (value) => value }
const anyPayload = payloadOf(anything)

/** Bytes of a COSE_Sign1 with the longest payload that are not payload (docs/spec/signatures.md). */
const AROUND_PAYLOAD = 149

/** What a signer states. `time` is ms since 1970; `previous` is null in a founding entry; `private` is the SHA-256 of a part beside the entry. */
export interface Statement<K extends KindName = KindName, T extends keyof Bodies[K] = keyof Bodies[K]> {
  readonly kind: K
  readonly chain: ChainId
  readonly sequence: number
  readonly previous: LinkHash | null
  readonly time: number
  readonly seen: Seen | null
  readonly restsOn: readonly Rest[]
  readonly type: T
  readonly body: Bodies[K][T]
  readonly private: Digest | null
}

/** Who signed: a device, and the chain that lists it. */
export interface Signed {
  readonly signer: { readonly chain: ChainId; readonly device: DeviceId }
}

/** A decoded entry with what identifies it. The signature is not verified yet: see `verifyEntry`. */
export type Entry<K extends KindName = KindName, T extends keyof Bodies[K] = keyof Bodies[K]> = Statement<K, T> &
  Signed & {
    readonly bytes: Uint8Array
    readonly hash: EntryHash
    readonly link: LinkHash
  }

/** Any entry, discriminated by `is`. */
export type AnyEntry = { [K in KindName]: { [T in keyof Bodies[K]]: Entry<K, T> }[keyof Bodies[K]] }[KindName]

/** Narrows an entry to one kind and type; what is nothing is no entry. */
export function is<K extends KindName, T extends keyof Bodies[K]>(
  entry: AnyEntry,
  kind: K,
  type: T,
): entry is AnyEntry & Entry<K, T> {
  return entry?.kind === kind && entry.type === type
}

/** Its argument, if it looks like what `decodeEntry` makes. @throws ProtocolError USAGE */
export function expectEntry(entry: AnyEntry): AnyEntry {
  const looksSo = reading('an entry', () => Object.hasOwn(kinds, entry.kind) && expectBytes(entry.bytes).length > 0)
  if (!looksSo) throw new ProtocolError('USAGE', 'expected an entry')
  return entry
}

/** An encoded entry and the Ed25519 key (32 bytes) that should have signed it. */
export interface SignedEntry {
  readonly bytes: Uint8Array
  readonly signKey: Uint8Array
}

const nameOf = new Map<number, KindName>(Object.entries(kinds).map(([name, kind]) => [kind, name as KindName]))

/** The shape of a type's body, or null where a kind of chain has no such type. */
function bodyShape(kind: string, type: string): Shape<unknown> | null {
  if (!Object.hasOwn(bodies, kind)) return null
  const types: Readonly<Record<string, Shape<unknown>>> = bodies[kind as KindName]
  return Object.hasOwn(types, type) ? (types[type] as Shape<unknown>) : null
}

/**
 * Signs a statement as a COSE_Sign1. `network` is the network's chain id (null in the network's own founding).
 * @throws ProtocolError USAGE, LIMIT (over 64 KiB), before anything is signed that a reader would refuse.
 */
export async function signEntry<K extends KindName, T extends keyof Bodies[K]>(
  statement: Statement<K, T>,
  signer: { readonly chain: ChainId; readonly device: DeviceId; readonly sign: Signer },
  network: ChainId | null,
): Promise<AnyEntry> {
  const payload = reading('a statement', () => encodeStatement(statement))
  if (payload.length + AROUND_PAYLOAD > limits.entry)
    throw new ProtocolError('LIMIT', 'an entry is at most 64 KiB long')
  const { chain, device, sign } = reading('a signer', () => ({ ...signer, sign: expectFunction(signer.sign) }))
  return decodeEntry(await sign1({ chain, device, aad: entryData(network), payload }, sign))
}

function encodeStatement<K extends KindName, T extends keyof Bodies[K]>(statement: Statement<K, T>): Uint8Array {
  const { kind, type } = statement
  const body = bodyShape(kind, type as string)
  if (!body) throw new ProtocolError('USAGE', 'no kind of chain has an entry of this type')
  const fields = { ...statement, format: FORMAT, kind: kinds[kind], pass: null, type: type as string }
  return pack(payloadOf(body), fields)
}

/** COSE external data of every entry: the label and the network. */
function entryData(network: ChainId | null): Uint8Array {
  if (lastData && network !== null && equal(lastData.network, network)) return lastData.data
  const data = bind('entry', [orNull(network)])
  if (network !== null) lastData = { network: new Uint8Array(network), data }
  return data
}

/** Nearly every call is for the same network: its external data is kept. */
let lastData: { readonly network: Uint8Array; readonly data: Uint8Array } | null = null

const orNull = (id: ChainId | null): Uint8Array | null => (id === null ? null : expectId(id))

/**
 * Decodes an entry; checks form only.
 * @throws ProtocolError DECODE_*, TOO_LARGE, DOWNGRADE (another format version).
 */
export function decodeEntry(encoded: Uint8Array): AnyEntry {
  if (expectBytes(encoded).length > limits.entry)
    throw new ProtocolError('TOO_LARGE', 'an entry is at most 64 KiB long')
  const own = new Uint8Array(encoded)
  const sign1 = viewSign1(own)
  const value = decode(sign1.payload)
  if (Array.isArray(value) && typeof value[0] === 'number' && value[0] !== FORMAT) {
    throw new ProtocolError('DOWNGRADE', 'an entry of another format version', { details: { format: value[0] } })
  }
  const payload = decodeAs(anyPayload, value, 'entry')
  const kind = nameOf.get(payload.kind)
  if (!kind) throw new ProtocolError('DECODE_SHAPE', 'entry.kind: no such kind of chain in this format')
  if (payload.pass !== null)
    throw new ProtocolError('DECODE_SHAPE', 'entry.pass: passes are not part of this format version')
  const body = bodyShape(kind, payload.type)
  if (!body) throw new ProtocolError('DECODE_SHAPE', `entry.type: a ${kind} chain has no entry of this type`)
  return {
    kind,
    chain: payload.chain,
    sequence: payload.sequence,
    previous: payload.previous,
    time: payload.time,
    seen: payload.seen,
    restsOn: payload.restsOn,
    type: payload.type,
    body: decodeAs(body, payload.body, payload.type),
    private: payload.private,
    bytes: own,
    hash: hashBytes('entryHash', own) as Uint8Array as EntryHash,
    link: hashBytes('linkHash', own) as Uint8Array as LinkHash,
    signer: { chain: sign1.chain, device: sign1.device },
  } as AnyEntry
}

/** @throws ProtocolError SIG when the signature is not the device's over this entry in this network. */
export function verifyEntry(entry: AnyEntry, signKey: Uint8Array, network: ChainId | null): void {
  verifySign1(viewSign1(expectEntry(entry).bytes), signKey, entryData(network))
}

/**
 * Whether an encoded entry is this key's in this network; none is the founding of a network.
 * @throws ProtocolError DECODE_* for what is no signed entry, USAGE (before `ready`, too)
 */
export function isSigned(signed: SignedEntry, network: ChainId): boolean {
  const { bytes, signKey } = reading('a signed entry', () => ({ ...signed }))
  const sign1 = viewSign1(expectBytes(bytes))
  return verify(signKey, signatureInput(sign1, entryData(expectId(network))), sign1.signature)
}

/** Id of a chain: hash of its network (null for the network itself), its founder and 32 bytes of nonce. @throws ProtocolError USAGE */
export const chainIdOf = (network: ChainId | null, founder: Uint8Array, nonce: Uint8Array): ChainId =>
  hashOf('chainId', [orNull(network), expectId(founder), expectId(nonce)]) as Uint8Array as ChainId

/**
 * Hash of a registration number, by which a credential names it. A board is 1–40 of `a–z 0–9 -`, a number 1–40 of `A–Z 0–9 -`: one number
 * has one spelling, and so one chain. @throws ProtocolError USAGE
 */
export function registrationHash(network: ChainId, board: string, number: string): Digest {
  if (!BOARD.test(expectText(board)) || !NUMBER.test(expectText(number)))
    throw new ProtocolError('USAGE', 'a board is 1–40 of a–z, 0–9 and -, a registration number 1–40 of A–Z, 0–9 and -')
  return hashOf('registration', [expectId(network), board, number]) as Uint8Array as Digest
}

const BOARD = /^[a-z0-9-]{1,40}$/
const NUMBER = /^[A-Z0-9-]{1,40}$/

/** Id of the chain of a registration number: no founder, no nonce, so everybody who knows the number finds it. @throws ProtocolError USAGE */
export const registrationChainOf = (network: ChainId, registration: Digest): ChainId =>
  hashOf('registrationChain', [expectId(network), expectId(registration)]) as Uint8Array as ChainId

/** Id of a record's access log, which is also its access link number 0. @throws ProtocolError USAGE */
export function accessLogOf(record: ChainId): ChainId {
  if (lastLog && equal(lastLog.record, record)) return new Uint8Array(lastLog.log) as Uint8Array as ChainId
  const log = accessStart(record) as Uint8Array as ChainId
  lastLog = { record: new Uint8Array(record), log: new Uint8Array(log) }
  return log
}

/** Whoever reads a trail asks for one record's log ten thousand times. */
let lastLog: { readonly record: Uint8Array; readonly log: Uint8Array } | null = null

/**
 * Hash of one claim as a credential carries it; `salt` is 16 random bytes that lie beside the entry with name and value.
 * @throws ProtocolError USAGE
 */
export function claimHash(member: ChainId, claim: { name: string; salt: Uint8Array; value: string }): Uint8Array {
  return reading('a claim', () => {
    const { name, salt, value } = claim
    if (expectBytes(salt).length !== 16) throw new ProtocolError('USAGE', 'a claim’s salt is 16 bytes')
    return hashOf('claim', [expectId(member), expectText(name), salt, expectText(value)])
  })
}

/** Short name of a chain for messages: the first eight hexadecimal digits. @throws ProtocolError USAGE */
export const shortId = (id: Uint8Array): string => hex(expectBytes(id).subarray(0, 4))
