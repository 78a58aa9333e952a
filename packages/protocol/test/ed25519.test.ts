// Ed25519 verification: the rules on signatures made here. The published edge cases run in conformance/ed25519.mjs.
import { readFileSync } from 'node:fs'
import { ed25519 } from '@noble/curves/ed25519.js'
import { describe, expect, it } from 'vitest'
import { concat, unhex, utf8 } from '../src/bytes.js'
import { ready, verify } from '../src/ed25519.js'
import { codeOf, filled, notBytes } from './support.js'

const secret = filled(1)
const key = ed25519.getPublicKey(secret)
const message = utf8('message')
const signature = ed25519.sign(message, secret)

it('before ready has resolved, it says so; afterwards ready may be called again', async () => {
  expect(codeOf(() => verify(key, message, signature))).toBe('USAGE')
  await Promise.all([ready(), ready()])
  expect(verify(key, message, signature)).toBe(true)
  await ready()
})

describe('verify', () => {
  it('accepts RFC 8032 §7.1, TEST 2', () => {
    const vector = {
      key: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
      signature:
        '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    }
    expect(verify(unhex(vector.key) as Uint8Array, Uint8Array.of(0x72), unhex(vector.signature) as Uint8Array)).toBe(
      true,
    )
  })

  it('refuses every flipped bit of the key and the signature', () => {
    const whole = concat(key, signature)
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const flipped = whole.slice()
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7))
      expect(verify(flipped.subarray(0, 32), message, flipped.subarray(32))).toBe(false)
    }
  })

  it('refuses S + L, which verifies where S is reduced', () => {
    const order = ed25519.Point.Fn.ORDER
    const s = BigInt(`0x${Buffer.from(signature.slice(32)).reverse().toString('hex')}`) + order
    const more = Uint8Array.from(Buffer.from(s.toString(16).padStart(64, '0'), 'hex')).reverse()
    expect(verify(key, message, concat(signature.subarray(0, 32), more))).toBe(false)
  })

  it('refuses the identity as key, under which R = [S]B signs every message', () => {
    const identity = new Uint8Array(32)
    identity[0] = 1
    const r = ed25519.Point.BASE.toBytes()
    const one = new Uint8Array(32)
    one[0] = 1
    expect(ed25519.verify(concat(r, one), message, identity, { zip215: true })).toBe(true)
    expect(verify(identity, message, concat(r, one))).toBe(false)
  })

  it.each([0, 31, 33, 64])('a key of %i bytes is just not the key', (length) => {
    expect(verify(new Uint8Array(length), message, signature)).toBe(false)
  })

  it.each([0, 63, 65, 128])('%i bytes are just not a signature', (length) => {
    expect(verify(key, message, new Uint8Array(length))).toBe(false)
  })

  it('takes bytes only: a text is not signed as its UTF-8', () => {
    for (const wrong of [...notBytes, 'message'] as Uint8Array[]) {
      expect(codeOf(() => verify(wrong, message, signature))).toBe('USAGE')
      expect(codeOf(() => verify(key, wrong, signature))).toBe('USAGE')
      expect(codeOf(() => verify(key, message, wrong))).toBe('USAGE')
    }
  })
})

it('the file takes two names from libsodium and no other', () => {
  const source = readFileSync(new URL('../src/ed25519.ts', import.meta.url), 'utf8').replaceAll(
    /\/\/.*|\/\*[^]*?\*\//g,
    '',
  )
  expect(source.match(/libsodium-wrappers/g)).toHaveLength(1)
  expect(source).toMatch(/^import sodium from 'libsodium-wrappers'$/m)
  const uses = source.match(/\bsodium\b(?!')[^]{0,40}/g) ?? []
  const names = uses.slice(1).map((use) => /^sodium\.(\w+)/.exec(use)?.[1] ?? use)
  expect(names.sort()).toEqual(['crypto_sign_verify_detached', 'ready'])
})
