// Rules of a member's devices: which of them are on her chain, and the key that turns with every removal. Spec: docs/spec/rules.md,
// "Devices". A member is a group of devices as a team is one of members; who must be wrapped to is admits.ts's question.
import { compare, type DeviceId, equal } from '../bytes.js'
import { deviceId } from '../device-keys.js'
import { verify } from '../ed25519.js'
import type { Entry } from '../entry.js'
import { ProtocolError } from '../errors.js'
import { limits } from '../limits.js'
import { enrolmentMessage, listing } from './authority.js'
import { type Change, type Device, type Devices, facts, set } from './facts.js'
import { startEpoch } from './group.js'
import type { Look, Position } from './look.js'
import { refuse } from './sections.js'

type Own = Entry<'member', 'devices' | 'refresh' | 'names' | 'accept'>
type Turning = Entry<'member', 'devices' | 'refresh'>

const DAY = 24 * 60 * 60_000

export const deviceRules = {
  async devices(entry: Entry<'member', 'devices'>, look: Look, at: Position): Promise<Change[]> {
    requireOwn(entry)
    const { adds, removes, epoch, wraps } = entry.body
    if (adds.length + removes.length === 0) refuse('an entry adds or removes a device')
    const joining = adds.map(({ keys }) => deviceId(keys))
    requireAscending(joining)
    requireAscending(removes)
    // Whoever leaves must not be the one who chose the key of those who stay.
    if (removes.some((device) => equal(device, entry.signer.device))) refuse('no device removes itself')
    const leaving = await listedAmong(entry, removes, look)
    for (const [i, { keys, proof }] of adds.entries()) {
      if (await look.fact(entry.chain, facts.device(joining[i] as DeviceId))) refuse('the device was listed before')
      // Without its own signature a member could pass somebody else's device off as hers.
      if (!verify(keys.sign, enrolmentMessage(look.network, entry.chain, keys), proof))
        throw new ProtocolError('BINDING', "the device's own signature over its enrolment does not verify")
    }
    if (epoch === null && removes.length > 0) throw new ProtocolError('STALE_EPOCH', 'a removal starts a new epoch')
    const before = await devicesOf(entry, look)
    const listed = before.listed + adds.length - removes.length
    if (listed > limits.devices) throw new ProtocolError('LIMIT', 'a member has 16 devices at most')
    // One that only removes is not counted: whoever has stolen a device could use the day up, and stay.
    const changes = adds.length === 0 ? before.changes : counted(before, at)
    return [
      set(facts.devices, { listed, changes }),
      ...(epoch === null ? [] : [await startEpoch(entry, epoch, { wraps: wraps.attached.digest, look, at })]),
      ...leaving.map(({ id, device }) => set(facts.device(id), { ...device, voidFrom: at.index })),
      ...adds.map(({ keys }, i) => set(facts.device(joining[i] as DeviceId), listing(keys, 'member', at))),
    ]
  },

  async refresh(entry: Entry<'member', 'refresh'>, look: Look, at: Position): Promise<Change[]> {
    requireOwn(entry)
    const before = await devicesOf(entry, look)
    return [
      set(facts.devices, { ...before, changes: counted(before, at) }),
      await startEpoch(entry, entry.body.epoch, { wraps: entry.body.wraps.attached.digest, look, at }),
    ]
  },

  async names(entry: Entry<'member', 'names'>): Promise<Change[]> {
    requireOwn(entry)
    if (entry.private === null) refuse('names of devices lie sealed beside their entry')
    return []
  },
}

/** @throws ProtocolError ROLE unless the signing device is the member's own. */
export function requireOwn(entry: Own): void {
  if (!equal(entry.signer.chain, entry.chain))
    throw new ProtocolError('ROLE', "only the member's own device may do this")
}

/** Whether a fact is that of a device that a member has now. */
export const isOwned = (device: Device | null): device is Device =>
  device !== null && device.role === 'member' && device.voidFrom === null

function requireAscending(devices: readonly DeviceId[]): void {
  const ascend = devices.every((one, i) => i === 0 || compare(devices[i - 1] as DeviceId, one) < 0)
  if (!ascend) refuse('devices are named once each, in order')
}

/** The facts of devices, each of which the member has. @throws ProtocolError RULE. */
async function listedAmong(
  entry: Turning,
  ids: readonly DeviceId[],
  look: Look,
): Promise<{ readonly id: DeviceId; readonly device: Device }[]> {
  const found: { id: DeviceId; device: Device }[] = []
  for (const id of ids) {
    const device = await look.fact(entry.chain, facts.device(id))
    if (!isOwned(device)) return refuse('the member has no such device')
    found.push({ id, device })
  }
  return found
}

const devicesOf = async (entry: Turning, look: Look): Promise<Devices> =>
  (await look.fact(entry.chain, facts.devices)) ?? refuse('there is no such member')

/** The times that count after one more entry. @throws ProtocolError LIMIT. */
function counted({ changes }: Devices, { time }: Position): readonly number[] {
  const lately = changes.filter((change) => time - change < DAY)
  if (lately.length >= limits.deviceChanges)
    throw new ProtocolError('LIMIT', 'a member adds devices or turns her key ten times a day at most')
  return [...lately, time]
}
