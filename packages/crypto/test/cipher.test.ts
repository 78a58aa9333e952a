import { hmac } from '@noble/hashes/hmac.js'
import { sha256, sha384 } from '@noble/hashes/sha2.js'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { effort } from '../../../scripts/effort.mjs'
import { cipher as node } from '../src/cipher-node.js'
import { cipher as web } from '../src/cipher-web.js'
import { filled, flip } from './support.js'

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const parts = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 })
const ciphers = [
  ['node', node],
  ['web', web],
] as const

test('both seal to the same bytes, and each opens what the other sealed', async () => {
  await fc.assert(
    fc.asyncProperty(
      bytes(32),
      bytes(12),
      fc.uint8Array({ maxLength: 40 }),
      fc.uint8Array({ maxLength: 300 }),
      async (key, iv, aad, plaintext) => {
        const [one, two] = [await node.aead(key), await web.aead(key)]
        const sealed = await one.seal({ iv, aad }, plaintext)
        expect(await two.seal({ iv, aad }, plaintext)).toEqual(sealed)
        expect(await one.open({ iv, aad }, sealed)).toEqual(plaintext)
        expect(await two.open({ iv, aad }, sealed)).toEqual(plaintext)
      },
    ),
    { numRuns: effort(100) },
  )
})

test('both hash the concatenation of parts', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), parts, async (key, list) => {
      const whole = new Uint8Array(Buffer.concat(list))
      expect(await node.sha256(list)).toEqual(sha256(whole))
      expect(await web.sha256(list)).toEqual(sha256(whole))
      for (const [name, hash] of [
        ['sha256', sha256],
        ['sha384', sha384],
      ] as const) {
        expect(node.hmac(name, key, list)).toEqual(hmac(hash, key, whole))
        expect(web.hmac(name, key, list)).toEqual(hmac(hash, key, whole))
      }
    }),
    { numRuns: effort(50) },
  )
})

test.each(ciphers)('%s: opening answers null, whatever is wrong', async (_, cipher) => {
  const nonce = { iv: filled(1, 12), aad: filled(2, 9) }
  const aead = await cipher.aead(filled(3))
  const sealed = await aead.seal(nonce, filled(4, 50))
  expect(await aead.open({ ...nonce, iv: flip(nonce.iv, 3) }, sealed)).toBeNull()
  expect(await aead.open({ ...nonce, aad: flip(nonce.aad, 3) }, sealed)).toBeNull()
  expect(await aead.open(nonce, { ...sealed, body: flip(sealed.body, 3) })).toBeNull()
  expect(await aead.open(nonce, { ...sealed, tag: flip(sealed.tag, 3) })).toBeNull()
  expect(await aead.open(nonce, { ...sealed, body: sealed.body.subarray(1) })).toBeNull()
  expect(await (await cipher.aead(filled(5))).open(nonce, sealed)).toBeNull()
  // GCM allows shorter tags; these ciphers do not, because a 4-byte tag is forged in 2^32 tries.
  for (const length of [0, 4, 8, 12, 15]) {
    const short = { ...sealed, tag: sealed.tag.subarray(0, length) }
    const answer = await Promise.resolve()
      .then(() => aead.open(nonce, short))
      .catch(() => null)
    expect(answer, `${length}-byte tag`).toBeNull()
  }
})

test.each(ciphers)('%s: a check sees a difference anywhere, also beyond the first 64 KiB', async (_, cipher) => {
  const nonce = { iv: filled(6, 12), aad: filled(7, 9) }
  const aead = await cipher.aead(filled(8))
  for (const length of [0, 1, 65_536, 65_537, 200_000]) {
    const plaintext = filled(9, length)
    const sealed = await aead.seal(nonce, plaintext)
    expect(await aead.check(nonce, sealed, plaintext), `${length}`).toBe(true)
    expect(await aead.check(nonce, { ...sealed, tag: flip(sealed.tag, 0) }, plaintext), `${length}, tag`).toBe(false)
    expect(await aead.check(nonce, sealed, new Uint8Array([...plaintext, 0])), `${length}, longer`).toBe(false)
    if (length === 0) continue
    for (const at of [0, length >> 1, length - 1]) {
      expect(await aead.check(nonce, sealed, flip(plaintext, 8 * at)), `${length}, byte ${at}`).toBe(false)
    }
  }
})

test.each(ciphers)('%s: opens wherever body and tag lie in memory', async (_, cipher) => {
  const nonce = { iv: filled(1, 12), aad: filled(2, 9) }
  const aead = await cipher.aead(filled(3))
  const plaintext = filled(4, 32)
  const { body, tag } = await aead.seal(nonce, plaintext)
  const tagFirst = new Uint8Array([...tag, ...body])
  const gap = new Uint8Array([...body, 0, ...tag])
  // Two memories, whose offsets look as if one followed the other.
  const apart = new Uint8Array([...new Uint8Array(32), ...tag])
  for (const sealed of [
    { body: tagFirst.subarray(16), tag: tagFirst.subarray(0, 16) },
    { body: gap.subarray(0, 32), tag: gap.subarray(33) },
    { body: body.slice(), tag: apart.subarray(32) },
  ]) {
    expect(await aead.open(nonce, sealed)).toEqual(plaintext)
  }
})
