// Facts: the state of a chain as small keyed rows. Every row's key and shape stands here; rules read and write nothing else.
// Spec: docs/spec/rules.md, "Facts". A relay keeps facts in its store, a client in memory; both get them from the same rules.
import {
  admission as admitting,
  attached,
  chainId,
  deviceIdShape,
  digestShape,
  entryHashShape,
  linkHashShape,
  purposes,
} from '../bodies.js'
import { type ChainId, type DeviceId, type EntryHash, expectId, hex, unhex } from '../bytes.js'
import { expectNatural, expectText, reading } from '../check.js'
import { boxKey } from '../device-keys.js'
import { ProtocolError } from '../errors.js'
import { limits } from '../limits.js'
import {
  bool,
  bytes,
  type Infer,
  list,
  nullable,
  oneOf,
  pack,
  type Shape,
  struct,
  text,
  uint,
  unpack,
} from '../shape.js'

/** The key of one fact in its chain, with the shape of its value. */
export interface Fact<T> {
  readonly key: string
  readonly shape: Shape<T>
}

const fact = <T>(key: string, shape: Shape<T>): Fact<T> => ({ key, shape })

const founded = struct({ kind: uint(7), link: linkHashShape })

const device = struct({
  sign: bytes(32),
  role: oneOf('root', 'issuer', 'member'),
  since: uint(),
  voidFrom: nullable(uint()),
  keyHash: bytes(32),
})
/**
 * A device that a chain lists, with the SHA-256 of its X-Wing key. What an issuer signed at or after log index `voidFrom` is void; a
 * member's device signs nothing from there on.
 */
export type Device = Infer<typeof device>

const admission = struct({ founding: linkHashShape, admitted: uint(), removed: nullable(uint()) })
const quorum = struct({ needed: uint(), institutions: uint() })
/** A network's quorum: how many institutions must approve, and how many are in it. */
export type Quorum = Infer<typeof quorum>

const proposal = struct({
  admit: nullable(admitting),
  remove: nullable(chainId),
  quorum: nullable(uint()),
  time: uint(),
  settled: bool,
})
/** What a network is asked to decide; `time` is its log time in ms. */
export type Proposal = Infer<typeof proposal>

const logKey = struct({ origin: text(200, 1), key: bytes(32) })

const groupEpoch = struct({ epoch: uint(), key: boxKey, keyHash: bytes(32), wraps: digestShape, index: uint() })
/** A member's or team's newest epoch: X-Wing public key, its SHA-256, and the attachment and log index with which it began. */
export type GroupEpoch = Infer<typeof groupEpoch>

const devices = struct({ listed: uint(), changes: list(uint(), limits.deviceChanges) })
/** How many devices a member has, and the log times of the newest entries that `limits.deviceChanges` counts. */
export type Devices = Infer<typeof devices>

const credential = struct({
  institution: chainId,
  issuer: deviceIdShape,
  registration: nullable(digestShape),
  index: uint(),
  notBefore: uint(),
  until: uint(),
  state: oneOf('offered', 'accepted', 'withdrawn'),
})
export type Credential = Infer<typeof credential>

const registration = struct({ member: chainId, since: uint() })

const move = struct({
  member: chainId,
  credential: entryHashShape,
  institution: chainId,
  index: uint(),
  time: uint(),
  objected: bool,
})
/** A proposal to bind a number to another member, under a credential of an institution; `time` is its log time in ms. */
export type Move = Infer<typeof move>

const approval = struct({ device: deviceIdShape, index: uint() })
/** An institution's (or the network's) approval of a proposal: who signed it, and where. */
export type Approval = Infer<typeof approval>

const team = struct({
  purpose: oneOf(...purposes),
  institution: chainId,
  until: nullable(uint()),
  members: uint(),
  admins: uint(),
  out: uint(),
  stale: nullable(uint()),
  closed: nullable(uint()),
})
/** A team: how many are seated, how many of them admins, how many out; since which log index it is stale, and at which it was closed. */
export type Team = Infer<typeof team>

const seat = struct({
  institution: chainId,
  role: oneOf('admin', 'member'),
  since: uint(),
  out: bool,
  left: nullable(uint()),
})
/** A member's seat in a team, from log index `since` to `left`; who is `out` is left out of the next epoch. */
export type SeatFact = Infer<typeof seat>

const founder = struct({
  member: chainId,
  create: entryHashShape,
  institution: chainId,
  index: uint(),
  wraps: digestShape,
})
export type Founder = Infer<typeof founder>

const trail = struct({ epoch: uint(), keyHash: bytes(32), index: uint() })

const section = struct({
  epoch: uint(),
  commitment: bytes(32),
  index: uint(),
  wraps: digestShape,
  until: nullable(uint()),
})
/** A section's newest epoch; `wraps` is the list with which it began, `until` the earliest end of its holders' grants. */
export type Section = Infer<typeof section>

const contentFact = struct({ version: uint(), epoch: uint(), object: attached })
export type ContentFact = Infer<typeof contentFact>

const grant = struct({
  from: nullable(entryHashShape),
  depth: uint(limits.sharedOn),
  recipient: chainId,
  institution: nullable(chainId),
  sections: list(uint(limits.sections), limits.sections),
  actions: uint(),
  notBefore: uint(),
  until: nullable(uint()),
  index: uint(),
  wraps: digestShape,
  ended: nullable(uint()),
})
/**
 * A grant. `from` is the one that it shares on, `depth` how many lie before it. `institution` is the one in whose capacity a member holds
 * it; a team's holders act in the capacity of their seats. `ended` is the log index of its revocation.
 */
export type Grant = Infer<typeof grant>

const holder = struct({ grants: uint() })
const counters = struct({ version: uint(), grants: uint(), sections: uint(), files: uint() })
const viewed = struct({ index: uint() })

/** Key prefix of all devices that a chain lists or ever listed; the device's id in hexadecimal follows. */
export const DEVICES = 'device/'

/** Key prefix of all seats of a team; the member's id in hexadecimal follows. */
export const SEATS = 'seat/'

export const facts = {
  /** Of every chain but access logs: its kind (bodies.ts) and the link hash of its founding entry. */
  founded: fact('founded', founded),
  name: fact('name', text(limits.name)),
  relay: fact('relay', text(500)),
  log: fact('log', logKey),
  device: (id: DeviceId) => fact(`${DEVICES}${hex(expectId(id))}`, device),
  devices: fact('devices', devices),
  /** Of a network: how many institutions must approve (0: its root decides alone), and how many are in it. */
  quorum: fact('quorum', quorum),
  proposal: (hash: EntryHash) => fact(`proposal/${hex(expectId(hash))}`, proposal),
  institution: (id: ChainId) => fact(`institution/${hex(expectId(id))}`, admission),
  epoch: fact('epoch', groupEpoch),
  credential: (hash: EntryHash) => fact(`credential/${hex(expectId(hash))}`, credential),
  /** Of a registration chain: to whom the number is bound, and since which log index. */
  registration: fact('registration', registration),
  move: (proposal: EntryHash) => fact(`move/${hex(expectId(proposal))}`, move),
  approval: (proposal: EntryHash, by: ChainId) =>
    fact(`approval/${hex(expectId(proposal))}/${hex(expectId(by))}`, approval),
  team: fact('team', team),
  seat: (member: ChainId) => fact(`${SEATS}${hex(expectId(member))}`, seat),
  founder: fact('founder', founder),
  counters: fact('counters', counters),
  trail: fact('trail', trail),
  section: (id: number) => fact(`section/${pad(id)}`, section),
  /** Newest contents of a section, or with a version those that the version published. */
  content: (id: number, version?: number) =>
    fact(`content/${pad(id)}${version === undefined ? '' : `/${expectNatural(version)}`}`, contentFact),
  grant: (hash: EntryHash) => fact(`grant/${hex(expectId(hash))}`, grant),
  /** How many grants of a record that have not ended a member holds. */
  holder: (member: ChainId) => fact(`holder/${hex(expectId(member))}`, holder),
  viewed: (member: ChainId) => fact(`viewed/${hex(expectId(member))}`, viewed),
} as const

/** Key prefix of all grants of a record; the grant entry's hash in hexadecimal follows. */
export const GRANTS = 'grant/'

/** The grant that the key of a fact names. @throws ProtocolError USAGE for the key of another fact. */
export function grantHashOf(key: string): EntryHash {
  const hash = typeof key === 'string' && key.startsWith(GRANTS) ? unhex(key.slice(GRANTS.length)) : null
  if (hash?.length !== 32) throw new ProtocolError('USAGE', 'not the key of a grant')
  return hash as Uint8Array as EntryHash
}

const pad = (id: number): string => String(expectNatural(id)).padStart(3, '0')

/** A change that a rule makes to the chain of its entry; value null deletes. */
export interface Change {
  readonly key: string
  readonly value: Uint8Array | null
}

export const set = <T>(target: Fact<T>, value: T): Change => ({ key: target.key, value: pack(target.shape, value) })

/** Decoded facts by the bytes that hold them. Stored bytes are replaced, never changed, and a key has one shape. */
const decoded = new WeakMap<Uint8Array, { readonly key: string; readonly value: unknown }>()

/** The key of a fact that somebody asks for. @throws ProtocolError USAGE */
export const keyOf = (target: Fact<unknown>): string => reading('a fact', () => expectText(target.key))

/** The value of a fact; facts that are read again and again are decoded once. @throws ProtocolError DECODE_*, USAGE */
export function readFact<T>(target: Fact<T>, bytes: Uint8Array): T {
  const key = keyOf(target)
  const known = decoded.get(bytes)
  if (known?.key === key) return known.value as T
  const value = unpack(
    reading('a fact', () => target.shape),
    bytes,
    key,
  )
  decoded.set(bytes, { key, value })
  return value
}
