// What an operator may set, with the defaults. Spec: docs/spec/relay.md, "Limits". Limits of the formats are not here: they are
// protocol's and the same everywhere.

const MiB = 1024 * 1024
const GiB = 1024 * MiB
const HOUR = 60 * 60_000

export interface RelayConfig {
  /** The address that clients write into requests, without a slash at the end; null takes it from the network's chain. */
  readonly url: string | null
  /** SHA-256 of the one-time token that founds the network; null once it is used. */
  readonly foundingToken: Uint8Array | null
  /** 32 bytes for the MAC of tickets, kept over restarts; null makes a new one at each start. */
  readonly ticketKey: Uint8Array | null
  /** Web origins whose pages may call the relay; `*` for all. */
  readonly origins: readonly string[]
  readonly version: string
  readonly limits: OperatingLimits
}

export interface OperatingLimits {
  /** Entries between the gate and their answers; beyond, BUSY. */
  readonly waiting: number
  /** Entries of one device: how many at once, and how many a second in the long run. */
  readonly burst: number
  readonly rate: number
  /** Signed requests of one device other than appends: likewise. */
  readonly requestBurst: number
  readonly requestRate: number
  /** Bytes that one member may have stored or reserved that no entry has published yet, and all members together. */
  readonly memberBytes: number
  readonly allBytes: number
  /** Open uploads of one member, and staged attachments that no entry names yet. */
  readonly uploads: number
  readonly attachments: number
  /** ms that an upload or a staged attachment is kept after the last byte came. */
  readonly staged: number
  /** Bytes of bodies that are received or worked on at the same time, in all; the first 256 KiB of each do not count. */
  readonly receiving: number
  /** Requests that wait for notices at the same time, streams of them among these. Fewer than connections: others have to come through. */
  readonly waiters: number
}

export const defaultLimits: OperatingLimits = {
  waiting: 1024,
  burst: 2000,
  rate: 200,
  requestBurst: 1200,
  requestRate: 120,
  memberBytes: 100 * GiB,
  allBytes: 1000 * GiB,
  uploads: 16,
  attachments: 4096,
  staged: 24 * HOUR,
  receiving: 512 * MiB,
  waiters: 8_000,
}

export const defaultConfig: RelayConfig = {
  url: null,
  foundingToken: null,
  ticketKey: null,
  origins: [],
  version: '0.1.0',
  limits: defaultLimits,
}
