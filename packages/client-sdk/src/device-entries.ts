// Signing for a member's devices: who joins, who leaves, and the key that they get, in one entry. Spec: docs/spec/rules.md, "Devices".
import {
  type DeviceName,
  type EpochSecret,
  memberEpochKeys,
  newSecret,
  sealBackLink,
  sealDeviceNames,
  sealDeviceWrap,
} from '@sealchart/crypto'
import {
  type AnyEntry,
  type ChainId,
  compare,
  DEVICES,
  type DeviceId,
  type DevicePublicKeys,
  type Digest,
  deviceId,
  equal,
  facts,
  hex,
  is,
  type NextEpoch,
  readFact,
  sha256,
  unhex,
  type WrapsRef,
} from '@sealchart/protocol'
import { ClientError } from './errors.js'
import type { Member } from './member.js'
import { packWraps } from './rotation.js'
import type { Session } from './session.js'

/** A device that joins, with its own signature over its enrolment. */
export interface Joining {
  readonly keys: DevicePublicKeys
  readonly proof: Uint8Array
  readonly name: string
}

/** A list of entries that changes a member's devices, with what travels with it; `keep` once it stands. */
export interface DeviceChange {
  readonly entries: readonly AnyEntry[]
  readonly attachments: readonly Uint8Array[]
  readonly beside: readonly Uint8Array[]
  keep(): Promise<void>
}

/** Whether a device is one of the member's now, as her verified chain says. */
export function isOwnDevice({ ledger, chain }: Session, device: DeviceId): boolean {
  const fact = ledger.fact(chain, facts.device(device))
  return fact !== null && fact.voidFrom === null
}

/** The ids of the member's devices. */
export const ownDevices = ({ ledger, chain }: Session): readonly DeviceId[] =>
  ledger.factsUnder(chain, DEVICES).flatMap(({ key, value }) => {
    const id = unhex(key.slice(DEVICES.length)) as Uint8Array as DeviceId
    return readFact(facts.device(id), value).voidFrom === null ? [id] : []
  })

/** Takes a device in, under the key that there is. The session has synced its chain. */
export async function signJoining(member: Member, { keys, proof, name }: Joining): Promise<DeviceChange> {
  const { session, own } = member
  const { epoch, secret } = await own.newest()
  const { attachment, wraps } = await wrapTo(session, secret, [keys])
  const named = await sealNames(member, { epoch, secret }, [{ device: deviceId(keys), name }])
  const body = { adds: [{ keys, proof }], removes: [], epoch: null, wraps }
  const { chain } = session
  const entry = await session.sign({ kind: 'member', chain, type: 'devices', body, restsOn: [], private: named.digest })
  return { entries: [entry], attachments: [attachment], beside: [named.beside], keep: async () => undefined }
}

/** Lets devices go, and turns the key. The session has synced its chain. */
export async function signLeaving(member: Member, leaving: readonly DeviceId[]): Promise<DeviceChange> {
  const { session } = member
  const removes = [...leaving].sort(compare)
  const { start, secret, attachment, wraps } = await turn(member, removes)
  const body = { adds: [], removes, epoch: start, wraps }
  const entry = await session.sign({ kind: 'member', chain: session.chain, type: 'devices', body, restsOn: [] })
  const keep = (): Promise<void> => member.own.add(start.epoch, secret)
  return { entries: [entry], attachments: [attachment], beside: [], keep }
}

/** Turns the key for all devices. The session has synced its chain. */
export async function signRefresh(member: Member): Promise<DeviceChange> {
  const { session } = member
  const { start, secret, attachment, wraps } = await turn(member, [])
  const body = { epoch: start, wraps }
  const entry = await session.sign({ kind: 'member', chain: session.chain, type: 'refresh', body, restsOn: [] })
  const keep = (): Promise<void> => member.own.add(start.epoch, secret)
  return { entries: [entry], attachments: [attachment], beside: [], keep }
}

/** Names devices. The session has synced its chain. */
export async function signNames(member: Member, names: readonly DeviceName[]): Promise<DeviceChange> {
  const { session, own } = member
  const { beside, digest } = await sealNames(member, await own.newest(), names)
  const draft = { kind: 'member', chain: session.chain, type: 'names', body: {}, restsOn: [], private: digest } as const
  return { entries: [await session.sign(draft)], attachments: [], beside: [beside], keep: async () => undefined }
}

interface Turned {
  readonly start: NextEpoch
  readonly secret: EpochSecret
  readonly attachment: Uint8Array
  readonly wraps: WrapsRef
}

/** The next epoch, for all devices but those that leave. */
async function turn(member: Member, leaving: readonly DeviceId[]): Promise<Turned> {
  const { session, own } = member
  const fact = session.ledger.fact(session.chain, facts.epoch)
  if (!fact) throw new ClientError('KEY_UNVERIFIED', 'this member’s chain is not known')
  const epoch = fact.epoch + 1
  const secret = newSecret<EpochSecret>(session.surroundings.random)
  const { key } = memberEpochKeys(secret, own.place(epoch))
  const linked = { network: session.network.chain, chain: session.chain, what: 0, epoch }
  const back = await sealBackLink(await own.linked(), secret, linked, session.surroundings.random)
  const start = { epoch, key, back }
  const stay = ownDevices(session).filter((id) => !leaving.some((one) => equal(one, id)))
  return { start, secret, ...(await wrapTo(session, secret, keysOf(session, stay))) }
}

/** The public keys of devices, from the entries that brought them in. */
function keysOf({ ledger, chain }: Session, devices: readonly DeviceId[]): readonly DevicePublicKeys[] {
  const known = new Map<string, DevicePublicKeys>()
  for (const { entry } of ledger.entries(chain)) {
    const brought = is(entry, 'member', 'found') ? [entry.body] : is(entry, 'member', 'devices') ? entry.body.adds : []
    for (const { keys } of brought) known.set(hex(deviceId(keys)), keys)
  }
  return devices.map((id) => known.get(hex(id)) as DevicePublicKeys)
}

/** The member's secret wrapped to devices. */
async function wrapTo(
  session: Session,
  secret: EpochSecret,
  devices: readonly DevicePublicKeys[],
): Promise<{ attachment: Uint8Array; wraps: WrapsRef }> {
  const rows = []
  for (const keys of devices) {
    const recipient = deviceId(keys) as Uint8Array as ChainId
    const target = { recipient, epoch: 0, keyHash: sha256(keys.box), sequence: 0, link: null, what: [] }
    const place = { network: session.network.chain, chain: session.chain, target, recipientKey: keys.box }
    rows.push(await sealDeviceWrap(place, secret, session.surroundings.random))
  }
  return packWraps(session, rows)
}

async function sealNames(
  { session, own }: Member,
  { epoch, secret }: { readonly epoch: number; readonly secret: EpochSecret },
  names: readonly DeviceName[],
): Promise<{ beside: Uint8Array; digest: Digest }> {
  const beside = await sealDeviceNames(names, secret, own.place(epoch), session.surroundings.random)
  return { beside, digest: sha256(beside) as Uint8Array as Digest }
}
