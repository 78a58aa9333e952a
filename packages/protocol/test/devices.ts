// The tests' actors: devices with real signing keys that follow from a name, and the members and institutions that they make.
import { createPrivateKey, sign as nodeSign } from 'node:crypto'
import { ed25519 } from '@noble/curves/ed25519.js'
import type { ChainId, EntryHash } from '../src/bytes.js'
import type { Signer } from '../src/cose.js'
import { checkDeviceKeys, type DevicePublicKeys, deviceId } from '../src/device-keys.js'
import { boxKeyOf } from './support.js'
import { idOf } from './test-log.js'

export interface Device {
  readonly keys: DevicePublicKeys
  readonly id: ReturnType<typeof deviceId>
  readonly sign: Signer
}

/** Who signs: a device, and the chain that lists it. */
export interface Actor {
  readonly chain: ChainId
  readonly device: Device
}

export interface Member extends Actor {
  readonly credential: EntryHash
  readonly institution: ChainId
}

export interface Institution extends Actor {
  readonly issuer: Actor
}

/** A device whose keys follow from its name. With `fast` Node signs: the same signatures, for those who sign thousands. */
export function newDevice(name: string, fast = false): Device {
  const secret = idOf(`secret of ${name}`)
  const keys = checkDeviceKeys({ sign: ed25519.getPublicKey(secret), box: boxKeyOf(secret[0] as number) })
  if (!fast) return { keys, id: deviceId(keys), sign: (message) => ed25519.sign(message, secret) }
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), secret])
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  return { keys, id: deviceId(keys), sign: (message) => new Uint8Array(nodeSign(null, message, key)) }
}
