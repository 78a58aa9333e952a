// The public keys of a device: Ed25519 for its signatures, X-Wing for what is sealed to it; their checks and the device's id.
// Spec: docs/spec/signatures.md, "Device keys". Checks look at the encoding alone: that somebody holds the secret half is shown by
// the device's own signature in the entry that brings the keys in, not here.
import type { BoxKey, DeviceId, SignKey } from './bytes.js'
import { equal, expectBytes, unhex } from './bytes.js'
import { reading } from './check.js'
import { hashOf } from './context.js'
import { ProtocolError } from './errors.js'
import { bytes, type Shape, struct } from './shape.js'

/** A device's public keys. */
export interface DevicePublicKeys {
  /** Ed25519 (RFC 8032 §5.1.5). */
  readonly sign: SignKey
  /** X-Wing: ML-KEM-768 encapsulation key (FIPS 203 §7.2), 1,184 bytes, then X25519 (RFC 7748 §5), 32 bytes. */
  readonly box: BoxKey
}

const SIGN_KEY = 32
const BOX_KEY = 1216
const MLKEM_KEY = 1184
const MLKEM_COEFFICIENTS = 1152
const MLKEM_MODULUS = 3329

const points = (...hexes: readonly string[]): readonly Uint8Array[] => hexes.map((text) => unhex(text) as Uint8Array)
const zeros = '00'.repeat(30)
const ones = 'ff'.repeat(30)

/** y of the eight points of small order on edwards25519; each y stands for both signs of x. */
const smallOrder = points(
  `00${zeros}00`,
  `01${zeros}00`,
  `ec${ones}7f`,
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
)

/** u of the points of small order on Curve25519 and its twist, in their canonical encodings. */
const lowOrder = points(
  `00${zeros}00`,
  `01${zeros}00`,
  `ec${ones}7f`,
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
)

/** Whether 32 little-endian bytes with a clear top bit are below 2^255−19. */
const isFieldElement = (value: Uint8Array): boolean => {
  const last = value[31] as number
  if (last !== 0x7f) return last < 0x7f
  return (value[0] as number) < 0xed || value.subarray(1, 31).some((byte) => byte !== 0xff)
}

/**
 * An Ed25519 public key in the form that `verify` accepts: canonical, and not of small order.
 * @throws ProtocolError KEY_FORMAT, USAGE for another type.
 */
export function checkSignKey(key: Uint8Array): SignKey {
  if (expectBytes(key).length !== SIGN_KEY) refuse('an Ed25519 public key is 32 bytes')
  const y = new Uint8Array(key)
  y[31] = (y[31] as number) & 0x7f
  if (!isFieldElement(y)) refuse('the Ed25519 public key is not canonical')
  // Under such a key a signature can be valid for every message.
  if (smallOrder.some((point) => equal(point, y))) refuse('the Ed25519 public key has small order')
  return key as SignKey
}

/**
 * An X-Wing public key whose halves are both in their one form. libsodium reduces or masks some malformed halves in silence;
 * two libraries would then disagree about which keys are equal and which can be sealed to.
 * @throws ProtocolError KEY_FORMAT, USAGE for another type.
 */
export function checkBoxKey(key: Uint8Array): BoxKey {
  if (expectBytes(key).length !== BOX_KEY) refuse('an X-Wing public key is 1,216 bytes')
  // Two 12-bit coefficients in three bytes: FIPS 203 §7.2, the modulus check of an encapsulation key.
  for (let at = 0; at < MLKEM_COEFFICIENTS; at += 3) {
    const [a, b, c] = [key[at] as number, key[at + 1] as number, key[at + 2] as number]
    if ((a | ((b & 15) << 8)) >= MLKEM_MODULUS || ((b >> 4) | (c << 4)) >= MLKEM_MODULUS) {
      refuse('the ML-KEM half has a coefficient that is not reduced')
    }
  }
  const u = key.subarray(MLKEM_KEY)
  if (!isFieldElement(u)) refuse('the X25519 half is not canonical')
  // RFC 7748 §6.1: with such a point the shared secret is zero, whatever the sender's key.
  if (lowOrder.some((point) => equal(point, u))) refuse('the X25519 half has low order')
  return key as BoxKey
}

function refuse(message: string): never {
  throw new ProtocolError('KEY_FORMAT', message)
}

const checked = <T extends Uint8Array>(length: number, check: (key: Uint8Array) => T): Shape<T> => {
  const form = bytes<T>(length)
  return { decode: (value, at) => check(form.decode(value, at)), encode: form.encode }
}

/** An Ed25519 public key on the wire. Decoding checks it: DECODE_SHAPE, KEY_FORMAT. */
export const signKey: Shape<SignKey> = checked(SIGN_KEY, checkSignKey)

/** An X-Wing public key on the wire. Decoding checks it: DECODE_SHAPE, KEY_FORMAT. */
export const boxKey: Shape<BoxKey> = checked(BOX_KEY, checkBoxKey)

/** Both public keys of a device on the wire. */
export const devicePublicKeys: Shape<DevicePublicKeys> = struct({ sign: signKey, box: boxKey })

/** Both checks, for keys that did not come through a decoder. @throws ProtocolError KEY_FORMAT, USAGE. */
export const checkDeviceKeys = (keys: { readonly sign: Uint8Array; readonly box: Uint8Array }): DevicePublicKeys =>
  reading('device keys', () => ({ sign: checkSignKey(keys.sign), box: checkBoxKey(keys.box) }))

/** Both keys, if they have the lengths of theirs. @throws ProtocolError USAGE */
export function keyPairOf(keys: DevicePublicKeys): readonly [sign: Uint8Array, box: Uint8Array] {
  return reading('device keys', () => {
    const { sign, box } = keys
    if (expectBytes(sign).length === SIGN_KEY && expectBytes(box).length === BOX_KEY) return [sign, box]
    throw new ProtocolError('USAGE', 'expected device keys')
  })
}

/**
 * The id of the device with these keys: 32 bytes. Both keys count, so neither can be swapped under a known id.
 * @throws ProtocolError USAGE
 */
export const deviceId = (keys: DevicePublicKeys): DeviceId =>
  hashOf('deviceId', keyPairOf(keys)) as Uint8Array as DeviceId
