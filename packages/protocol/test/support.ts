// What the tests of this package share: the code an action ends in, and devices with keys made from a number.
import { ed25519 } from '@noble/curves/ed25519.js'
import { type ChainId, concat } from '../src/bytes.js'
import type { Signer } from '../src/cose.js'
import { checkDeviceKeys, type DevicePublicKeys, deviceId } from '../src/device-keys.js'
import { ProtocolError } from '../src/errors.js'

/** The code of the ProtocolError that an action throws, or 'accepted'. Any other error is the test's failure. */
export function codeOf(action: () => unknown): string {
  try {
    action()
    return 'accepted'
  } catch (error) {
    if (error instanceof ProtocolError) return error.code
    throw error
  }
}

/** The same for an action that answers later. */
export async function codeOfAsync(action: () => Promise<unknown>): Promise<string> {
  try {
    await action()
    return 'accepted'
  } catch (error) {
    if (error instanceof ProtocolError) return error.code
    throw error
  }
}

/** `length` bytes that differ from those of every other seed. */
export const filled = (seed: number, length = 32): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length }, (_, i) => (seed * 31 + i * 7) & 0xff)

export const chainOf = (seed: number): ChainId => filled(seed) as Uint8Array as ChainId

/** A well-formed X-Wing public key: coefficients below the modulus and the X25519 base point. Nobody holds its secret. */
export function boxKeyOf(seed: number): Uint8Array<ArrayBuffer> {
  const coefficients = filled(seed, 1152).map((byte, i) => (i % 3 === 1 ? byte & 0x77 : byte & 0x7f))
  const u = new Uint8Array(32)
  u[0] = 9
  return concat(coefficients, filled(seed + 1, 32), u)
}

/** A device whose keys follow from a number. */
export function deviceOf(seed: number): {
  keys: DevicePublicKeys
  id: ReturnType<typeof deviceId>
  sign: Signer
} {
  const secret = filled(seed)
  const keys = checkDeviceKeys({ sign: ed25519.getPublicKey(secret), box: boxKeyOf(seed) })
  return { keys, id: deviceId(keys), sign: (message) => ed25519.sign(message, secret) }
}

/** Every value that JavaScript hands to a function which wants bytes, and that is not bytes. */
export const notBytes: readonly unknown[] = [
  undefined,
  null,
  0,
  1,
  NaN,
  true,
  '',
  'text',
  [],
  [1, 2],
  {},
  { length: 32 },
  new ArrayBuffer(32),
  new DataView(new ArrayBuffer(32)),
  new Uint16Array(16),
  Symbol('bytes'),
  () => new Uint8Array(32),
]
