// Names of a member's devices: sealed under her own newest epoch, so that her devices show them to her and nobody else reads them.
// Spec: docs/spec/keys.md, "Names of devices". They lie beside an entry of her chain, which names their hash and can outlive them.
import { bytes, type DeviceId, limits, list, struct, text } from '@sealchart/protocol'
import type { Random } from './check.js'
import { deriveKey } from './keys.js'
import { in64s, type ObjectKind, type ObjectSeal, openObject, sealObject } from './object.js'
import { bindPlace, type MemberPlace, memberPlace } from './place.js'
import type { EpochSecret } from './secrets.js'

/** What a member calls one of her devices: 1–60 UTF-16 units in one line. */
export interface DeviceName {
  readonly device: DeviceId
  readonly name: string
}

const kind: ObjectKind<readonly DeviceName[]> = {
  shape: list(struct({ device: bytes<DeviceId>(32), name: text(limits.deviceName, 1) }), limits.devices),
  padding: in64s,
  limit: limits.private,
}

const sealOf = (secret: EpochSecret, place: MemberPlace): ObjectSeal => ({
  key: deriveKey(secret, bindPlace('nameKey', memberPlace, place)),
  aad: bindPlace('deviceNames', memberPlace, place),
})

/** Seals names under the secret of the place's epoch. @throws CryptoError USAGE */
export const sealDeviceNames = (
  names: readonly DeviceName[],
  secret: EpochSecret,
  place: MemberPlace,
  random: Random,
): Promise<Uint8Array> => sealObject(kind, names, sealOf(secret, place), random)

/** Opens names with the secret of the epoch that they were sealed under. @throws CryptoError UNAUTHENTIC, USAGE */
export const openDeviceNames = (
  sealed: Uint8Array,
  secret: EpochSecret,
  place: MemberPlace,
): Promise<readonly DeviceName[]> => openObject(kind, sealed, sealOf(secret, place))
