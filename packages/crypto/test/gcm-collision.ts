// The known weakness of AES-GCM that FLOE's header answers: one ciphertext that is authentic under two keys.
// "Invisible salamanders" (Dodis, Grubbs, Ristenpart, Woodage, CRYPTO 2018): a tag is linear in each ciphertext block, so one
// block is chosen such that both keys give the same tag. Field arithmetic of NIST SP 800-38D §6.3 on BigInt.
import { createCipheriv } from 'node:crypto'

const R = 0xe1n << 120n
const toInt = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex') || '0'}`)
const toBytes = (value: bigint): Uint8Array => new Uint8Array(Buffer.from(value.toString(16).padStart(32, '0'), 'hex'))

function multiply(x: bigint, y: bigint): bigint {
  let product = 0n
  let shifted = y
  for (let bit = 127n; bit >= 0n; bit--) {
    if ((x >> bit) & 1n) product ^= shifted
    shifted = shifted & 1n ? (shifted >> 1n) ^ R : shifted >> 1n
  }
  return product
}

function power(base: bigint, exponent: number): bigint {
  let result = 1n << 127n
  for (let i = 0; i < exponent; i++) result = multiply(result, base)
  return result
}

/** x^(2^128 − 2): the inverse, since the multiplicative group has 2^128 − 1 elements. */
function invert(x: bigint): bigint {
  let result = 1n << 127n
  let square = x
  for (let i = 1; i < 128; i++) {
    square = multiply(square, square)
    result = multiply(result, square)
  }
  return result
}

const block = (key: Uint8Array, input: Uint8Array): bigint => {
  const aes = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false)
  return toInt(aes.update(input))
}

/** A ciphertext of `blocks` blocks and a tag that AES-256-GCM accepts under both keys, for one IV and at most 16 bytes of AAD. */
export function collide(keys: readonly [Uint8Array, Uint8Array], iv: Uint8Array, aad: Uint8Array, blocks: number) {
  const body = new Uint8Array(16 * blocks).map((_, i) => (i < 16 ? 0 : i & 0xff))
  const lengths = (BigInt(8 * aad.length) << 64n) | BigInt(8 * body.length)
  const padded = new Uint8Array(16)
  padded.set(aad)
  const counter = Uint8Array.of(...iv, 0, 0, 0, 1)
  const tagWithoutFirst = (key: Uint8Array): bigint => {
    const h = block(key, new Uint8Array(16))
    let sum = multiply(toInt(padded), power(h, blocks + 2)) ^ multiply(lengths, h) ^ block(key, counter)
    for (let i = 1; i < blocks; i++) {
      sum ^= multiply(toInt(body.subarray(16 * i, 16 * i + 16)), power(h, blocks + 1 - i))
    }
    return sum
  }
  const weight = (key: Uint8Array): bigint => power(block(key, new Uint8Array(16)), blocks + 1)
  const difference = tagWithoutFirst(keys[0]) ^ tagWithoutFirst(keys[1])
  const first = multiply(difference, invert(weight(keys[0]) ^ weight(keys[1])))
  body.set(toBytes(first))
  return { body, tag: toBytes(tagWithoutFirst(keys[0]) ^ multiply(first, weight(keys[0]))) }
}
