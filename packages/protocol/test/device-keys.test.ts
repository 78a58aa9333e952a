// Public keys of a device: every malformed form is refused by our own check. Spec: docs/spec/signatures.md, "Device keys".
import { ed25519 } from '@noble/curves/ed25519.js'
import { describe, expect, it } from 'vitest'
import { type BoxKey, hex, type SignKey, unhex } from '../src/bytes.js'
import { encode } from '../src/codec.js'
import { labels } from '../src/context.js'
import {
  boxKey,
  checkBoxKey,
  checkDeviceKeys,
  checkSignKey,
  deviceId,
  devicePublicKeys,
  signKey,
} from '../src/device-keys.js'
import { sha256 } from '../src/sha256.js'
import { pack, unpack } from '../src/shape.js'
import { boxKeyOf, codeOf, deviceOf, filled } from './support.js'

const P = 2n ** 255n - 19n
/** 32 little-endian bytes of a number. */
const little = (n: bigint): Uint8Array => (unhex(n.toString(16).padStart(64, '0')) as Uint8Array).slice().reverse()
const signBit = 2n ** 255n

const signCode = (key: Uint8Array): string => codeOf(() => checkSignKey(key))
const boxCode = (key: Uint8Array): string => codeOf(() => checkBoxKey(key))

describe('checkSignKey', () => {
  it('accepts the keys of real secrets, and only in their own bytes', () => {
    for (let seed = 0; seed < 50; seed++) expect(signCode(ed25519.getPublicKey(filled(seed)))).toBe('accepted')
  })

  it.each([0, 31, 33, 64])('refuses %i bytes', (length) => {
    expect(signCode(new Uint8Array(length).fill(9))).toBe('KEY_FORMAT')
  })

  it('refuses every y from p to 2^255−1, with either sign', () => {
    for (let y = P; y < 2n ** 255n; y++) {
      expect(signCode(little(y))).toBe('KEY_FORMAT')
      expect(signCode(little(y + signBit))).toBe('KEY_FORMAT')
    }
  })

  it('refuses the points of small order, which multiplication by the cofactor takes to the identity', () => {
    let found = 0
    for (const y of [0n, 1n, P - 1n, ...orderEight()]) {
      const point = ed25519.Point.fromBytes(little(y))
      expect(point.isSmallOrder()).toBe(true)
      for (const sign of [0n, signBit]) {
        expect(signCode(little(y + sign))).toBe('KEY_FORMAT')
        found++
      }
    }
    // Eight points; two of them have x = 0 and a second, non-canonical sign.
    expect(found).toBe(10)
  })

  it.each([2n, 3n, P - 2n, 2n ** 254n])('does not refuse the neighbour y = %i', (y) => {
    expect(signCode(little(y))).toBe('accepted')
    expect(signCode(little(y + signBit))).toBe('accepted')
  })
})

/** The y of the points of order eight, found by multiplying points by the prime order. */
function orderEight(): bigint[] {
  const found = new Set<bigint>()
  for (let y = 2n; found.size < 2; y++) {
    try {
      const torsion = ed25519.Point.fromBytes(little(y))
        .multiplyUnsafe(ed25519.Point.Fn.ORDER - 1n)
        .add(ed25519.Point.fromBytes(little(y)))
      if (!torsion.double().double().is0() && torsion.double().double().double().is0()) found.add(torsion.toAffine().y)
    } catch {
      // Not the y of a point.
    }
  }
  return [...found]
}

describe('checkBoxKey', () => {
  const valid = boxKeyOf(1)
  const withCoefficient = (index: number, coefficient: number): Uint8Array => {
    const key = valid.slice()
    const at = Math.floor(index / 2) * 3
    if (index % 2 === 0) {
      key[at] = coefficient & 255
      key[at + 1] = ((key[at + 1] as number) & 0xf0) | (coefficient >> 8)
    } else {
      key[at + 1] = ((key[at + 1] as number) & 15) | ((coefficient & 15) << 4)
      key[at + 2] = coefficient >> 4
    }
    return key
  }
  const withPoint = (u: bigint): Uint8Array => {
    const key = valid.slice()
    key.set(little(u), 1184)
    return key
  }

  it.each([0, 1184, 1215, 1217])('refuses %i bytes', (length) => {
    expect(boxCode(new Uint8Array(length))).toBe('KEY_FORMAT')
  })

  it('refuses each of the 768 coefficients at 3329, and accepts it at 3328', () => {
    for (let i = 0; i < 768; i++) {
      expect(boxCode(withCoefficient(i, 3328))).toBe('accepted')
      expect(boxCode(withCoefficient(i, 3329))).toBe('KEY_FORMAT')
      expect(boxCode(withCoefficient(i, 4095))).toBe('KEY_FORMAT')
    }
  })

  it('lets the seed of the matrix be anything', () => {
    const key = valid.slice().fill(0xff, 1152, 1184)
    expect(boxCode(key)).toBe('accepted')
  })

  it('refuses an X25519 half of p and more, and one with its top bit set', () => {
    for (let u = P; u < 2n ** 255n; u++) expect(boxCode(withPoint(u))).toBe('KEY_FORMAT')
    expect(boxCode(withPoint(9n + signBit))).toBe('KEY_FORMAT')
    expect(boxCode(withPoint(2n ** 255n + 2n ** 254n))).toBe('KEY_FORMAT')
  })

  it('refuses the points of low order', () => {
    const eight = [
      'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
      '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
    ]
    const low = [
      0n,
      1n,
      P - 1n,
      ...eight.map((text) => BigInt(`0x${hex((unhex(text) as Uint8Array).slice().reverse())}`)),
    ]
    for (const u of low) {
      // Doubling three times leads to infinity: (u²−1)² / 4u(u²+Au+1) on curve and twist alike.
      expect(endsAtInfinity(u)).toBe(true)
      expect(boxCode(withPoint(u))).toBe('KEY_FORMAT')
    }
    for (const u of [2n, 9n, P - 2n]) {
      expect(endsAtInfinity(u)).toBe(false)
      expect(boxCode(withPoint(u))).toBe('accepted')
    }
  })
})

/** Whether [8]u is the point at infinity on the Montgomery curve with A = 486662 (RFC 7748 §4.1), by projective doubling. */
function endsAtInfinity(u: bigint): boolean {
  const mod = (n: bigint): bigint => ((n % P) + P) % P
  let [x, z] = [u, 1n]
  for (let i = 0; i < 3; i++) {
    const [sum, difference] = [mod((x + z) ** 2n), mod((x - z) ** 2n)]
    const four = mod(sum - difference)
    x = mod(sum * difference)
    z = mod(four * (difference + 121_666n * four))
  }
  return z === 0n
}

describe('on the wire', () => {
  const { keys, id } = deviceOf(1)

  it('a pair is the array of both keys, and its id the labelled hash of that array', () => {
    const packed = pack(devicePublicKeys, keys)
    expect(hex(packed)).toBe(hex(encode([keys.sign, keys.box])))
    expect(unpack(devicePublicKeys, packed, 'keys')).toEqual(keys)
    expect(hex(id)).toBe(hex(sha256(new TextEncoder().encode(labels.deviceId), packed)))
  })

  it('both keys count for the id', () => {
    const other = deviceOf(2).keys
    const ids = [keys, other, { sign: keys.sign, box: other.box }, { sign: other.sign, box: keys.box }].map((k) =>
      hex(deviceId(k)),
    )
    expect(new Set(ids).size).toBe(4)
  })

  it('no decoder lets a malformed key through', () => {
    const zeroSign = new Uint8Array(32)
    const fullBox = new Uint8Array(1216).fill(0xff)
    expect(codeOf(() => unpack(devicePublicKeys, encode([zeroSign, keys.box]), 'keys'))).toBe('KEY_FORMAT')
    expect(codeOf(() => unpack(devicePublicKeys, encode([keys.sign, fullBox]), 'keys'))).toBe('KEY_FORMAT')
    expect(codeOf(() => unpack(devicePublicKeys, encode([keys.box, keys.sign]), 'keys'))).toBe('DECODE_SHAPE')
    expect(codeOf(() => unpack(signKey, encode(zeroSign), 'key'))).toBe('KEY_FORMAT')
    expect(codeOf(() => unpack(boxKey, encode(fullBox), 'key'))).toBe('KEY_FORMAT')
    expect(codeOf(() => unpack(boxKey, encode(fullBox.subarray(1)), 'key'))).toBe('DECODE_SHAPE')
    expect(codeOf(() => checkDeviceKeys({ sign: zeroSign as Uint8Array as SignKey, box: keys.box }))).toBe('KEY_FORMAT')
    expect(codeOf(() => checkDeviceKeys({ sign: keys.sign, box: fullBox as Uint8Array as BoxKey }))).toBe('KEY_FORMAT')
  })
})
