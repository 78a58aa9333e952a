// Whether a member's wrap list fits its entry: one row to each device that gets her secret, and to no other. Spec: docs/spec/rules.md,
// "Wrap lists". A device has one key and no chain: its row names neither epoch nor head, and grants nothing.
import { sha256 } from '#sha256'
import { type ChainId, compare, type DeviceId, equal, hex, unhex } from '../bytes.js'
import { reading } from '../check.js'
import { deviceId } from '../device-keys.js'
import { type AnyEntry, is } from '../entry.js'
import { ProtocolError } from '../errors.js'
import type { WrapLeaf } from '../wraps.js'
import { isOwned } from './devices.js'
import { DEVICES, facts, readFact } from './facts.js'
import type { Facts } from './look.js'

interface Due {
  readonly id: DeviceId
  readonly keyHash: Uint8Array
}

/** @throws ProtocolError WRAPS, USAGE. */
export async function admitsDevices(entry: AnyEntry, leaves: readonly WrapLeaf[], known: Facts): Promise<void> {
  const due = [...(await dueFor(entry, known))].sort((a, b) => compare(a.id, b.id))
  const fits = reading(
    'leaves',
    () => leaves.length === due.length && leaves.every((leaf, i) => isFor(leaf, due[i] as Due)),
  )
  if (!fits) throw new ProtocolError('WRAPS', 'a member wraps to exactly the devices that get her key')
}

/** All her devices after an entry that starts an epoch, otherwise those that are added. */
async function dueFor(entry: AnyEntry, known: Facts): Promise<Due[]> {
  if (is(entry, 'member', 'found')) return [{ id: entry.signer.device, keyHash: sha256(entry.body.keys.box) }]
  if (is(entry, 'member', 'refresh')) return remaining(entry.chain, [], known)
  if (!is(entry, 'member', 'devices')) throw new ProtocolError('WRAPS', 'this entry of a member has no wrap list')
  const { adds, removes, epoch } = entry.body
  const added = adds.map(({ keys }) => ({ id: deviceId(keys), keyHash: sha256(keys.box) }))
  return epoch === null ? added : [...(await remaining(entry.chain, removes, known)), ...added]
}

/** The devices of a member without those that leave. */
async function remaining(member: ChainId, leaving: readonly DeviceId[], known: Facts): Promise<Due[]> {
  const gone = new Set(leaving.map(hex))
  return (await known.under(member, DEVICES)).flatMap(({ key, value }) => {
    const id = unhex(key.slice(DEVICES.length)) as Uint8Array as DeviceId
    const device = readFact(facts.device(id), value)
    return isOwned(device) && !gone.has(hex(id)) ? [{ id, keyHash: device.keyHash }] : []
  })
}

const isFor = (leaf: WrapLeaf, { id, keyHash }: Due): boolean =>
  equal(leaf.recipient, id) &&
  equal(leaf.keyHash, keyHash) &&
  leaf.epoch === 0 &&
  leaf.sequence === 0 &&
  leaf.link === null &&
  leaf.what.length === 0 &&
  leaf.keys === null
