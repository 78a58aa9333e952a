import { ml_kem768_x25519 } from '@noble/post-quantum/hybrid.js'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { effort } from '../../../scripts/effort.mjs'
import { systemRandom } from '../src/check.js'
import { HPKE_OVERHEAD, openWith, publicKeyOf, sealTo } from '../src/hpke.js'
import { ready } from '../src/sodium.js'
import { oracleOpen, oracleSeal } from './hpke-oracle.js'
import { counted, expectCode, filled, flip, notBytes } from './support.js'

const ENC = 1120
const seed = filled(1)
const context = { info: filled(2, 50), aad: filled(3, 20) }

beforeAll(ready)

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const some = fc.uint8Array({ maxLength: 100 })

describe('other implementations', () => {
  test('the same public key and the same encapsulation as noble’s X-Wing, from the same randomness', () => {
    fc.assert(
      fc.property(bytes(32), bytes(64), (seed, randomness) => {
        const { publicKey } = ml_kem768_x25519.keygen(seed)
        expect(publicKeyOf(seed)).toEqual(publicKey)
        const { cipherText } = ml_kem768_x25519.encapsulate(publicKey, randomness)
        expect(sealTo(publicKey, context, seed, () => randomness).subarray(0, ENC)).toEqual(cipherText)
      }),
      { numRuns: effort(10) },
    )
  })

  test('@hpke opens what is sealed here, and is opened here', async () => {
    await fc.assert(
      fc.asyncProperty(bytes(32), some, some, some, async (seed, info, aad, plaintext) => {
        const publicKey = publicKeyOf(seed)
        expect(
          await oracleOpen(seed, { info, aad }, sealTo(publicKey, { info, aad }, plaintext, systemRandom)),
        ).toEqual(plaintext)
        expect(openWith(seed, { info, aad }, await oracleSeal(publicKey, { info, aad }, plaintext))).toEqual(plaintext)
      }),
      { numRuns: effort(8) },
    )
  })
})

test.each([0, 1, 31, 32, 33, 64, 4096, 100_000])('%i bytes come back', (length) => {
  const plaintext = filled(4, length)
  const sealed = sealTo(publicKeyOf(seed), context, plaintext, counted())
  expect(sealed.length).toBe(length + HPKE_OVERHEAD)
  expect(openWith(seed, context, sealed)).toEqual(plaintext)
})

describe('refused', () => {
  const sealed = () => sealTo(publicKeyOf(seed), context, filled(5, 40), counted())

  test('a flipped bit in any byte', async () => {
    const original = sealed()
    for (let byte = 0; byte < original.length; byte++) {
      await expectCode(
        'UNAUTHENTIC',
        () => openWith(seed, context, flip(original, 8 * byte + (byte % 8))),
        `byte ${byte}`,
      )
    }
  })

  test('any truncation, and more bytes', async () => {
    const original = sealed()
    const short = [0, 1, 31, 32, ENC - 1, ENC, ENC + 1, HPKE_OVERHEAD - 1]
    for (const length of [...short, ...Array.from({ length: 40 }, (_, i) => HPKE_OVERHEAD + i)]) {
      await expectCode('UNAUTHENTIC', () => openWith(seed, context, original.subarray(0, length)), `${length} bytes`)
    }
    await expectCode('UNAUTHENTIC', () => openWith(seed, context, new Uint8Array([...original, 0])))
  })

  test('another recipient, info or associated data, or the two exchanged', async () => {
    const original = sealed()
    const { info, aad } = context
    await expectCode('UNAUTHENTIC', () => openWith(filled(9), context, original))
    await expectCode('UNAUTHENTIC', () => openWith(seed, { info: flip(info, 0), aad }, original))
    await expectCode('UNAUTHENTIC', () => openWith(seed, { info, aad: flip(aad, 0) }, original))
    await expectCode('UNAUTHENTIC', () => openWith(seed, { info: info.subarray(1), aad }, original))
    await expectCode('UNAUTHENTIC', () => openWith(seed, { info: aad, aad: info }, original))
  })

  test('an encapsulation whose X25519 half has small order', async () => {
    for (const point of smallOrder) {
      const changed = sealed()
      changed.set(point, ENC - 32)
      await expectCode('UNAUTHENTIC', () => openWith(seed, context, changed))
    }
  })

  test('the error says nothing about the step that failed', () => {
    const failures = [flip(sealed(), 0), flip(sealed(), 8 * ENC), sealed().subarray(0, 10)].map((changed) => {
      try {
        return openWith(seed, context, changed)
      } catch (error) {
        const { message, cause, code, details } = error as Error & { code: string; details: object }
        return { message, cause, code, details }
      }
    })
    expect(failures[1]).toEqual(failures[0])
    expect(failures[2]).toEqual(failures[0])
  })

  test('public keys that are none', async () => {
    const publicKey = publicKeyOf(seed)
    for (const length of [0, 32, 1184, 1215]) {
      await expectCode('KEY_FORMAT', () => sealTo(publicKey.subarray(0, length), context, seed, counted()), `${length}`)
    }
    await expectCode('KEY_FORMAT', () => sealTo(new Uint8Array([...publicKey, 0]), context, seed, counted()))
    // Coefficients of 12 bits, two in three bytes: 3329 and 4095 are out of range in either half (FIPS 203 §7.2).
    for (const triple of [
      [0x01, 0x0d, 0x00],
      [0x00, 0x10, 0xd0],
      [0xff, 0xff, 0xff],
    ]) {
      for (const at of [0, 600, 1149]) {
        const changed = publicKey.slice()
        changed.set(triple, at)
        await expectCode('KEY_FORMAT', () => sealTo(changed, context, seed, counted()), `${triple.join()} at ${at}`)
      }
    }
    for (const point of smallOrder) {
      const changed = publicKey.slice()
      changed.set(point, 1184)
      await expectCode('KEY_FORMAT', () => sealTo(changed, context, seed, counted()))
    }
  })
})

/** The points of order 1, 2, 4 and 8 on Curve25519 and its twist (RFC 7748 §7 asks for them to be refused). */
const smallOrder = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
].map((hex) => new Uint8Array(Buffer.from(hex, 'hex')))

test('10,000 messages sealed at once have 10,000 encapsulations', { timeout: 120_000 }, async () => {
  const publicKey = publicKeyOf(seed)
  const seal = async () => sealTo(publicKey, context, seed, systemRandom)
  const messages = await Promise.all(Array.from({ length: 10_000 }, seal))
  const encapsulations = messages.map((message) => Buffer.from(message.subarray(0, ENC)).toString('base64'))
  expect(new Set(encapsulations).size).toBe(10_000)
  expect(openWith(seed, context, messages[9_999] as Uint8Array)).toEqual(seed)
})

test('the random source decides everything, and 64 bytes are drawn once', () => {
  const drawn: number[] = []
  const random = (length: number) => {
    drawn.push(length)
    return filled(6, length)
  }
  const publicKey = publicKeyOf(seed)
  expect(sealTo(publicKey, context, seed, random)).toEqual(sealTo(publicKey, context, seed, random))
  expect(drawn).toEqual([64, 64])
})

test.each(notBytes)('%s is no byte string', async (_, value) => {
  const wrong = value as Uint8Array
  const publicKey = publicKeyOf(seed)
  const { info, aad } = context
  for (const [i, action] of [
    () => publicKeyOf(wrong),
    () => sealTo(wrong, context, seed, counted()),
    () => sealTo(publicKey, { info: wrong, aad }, seed, counted()),
    () => sealTo(publicKey, { info, aad: wrong }, seed, counted()),
    () => sealTo(publicKey, context, wrong, counted()),
    () => sealTo(publicKey, context, seed, () => wrong),
    () => openWith(wrong, context, publicKey),
    () => openWith(seed, { info: wrong, aad }, publicKey),
    () => openWith(seed, { info, aad: wrong }, publicKey),
    () => openWith(seed, context, wrong),
  ].entries()) {
    await expectCode('USAGE', action, `action ${i}`)
  }
  for (const length of [0, 31, 33, 64]) {
    await expectCode('USAGE', () => publicKeyOf(filled(1, length)))
    await expectCode('USAGE', () => openWith(filled(1, length), context, publicKey))
    await expectCode('USAGE', () => sealTo(publicKey, context, seed, () => filled(1, length === 64 ? 65 : length)))
  }
})
