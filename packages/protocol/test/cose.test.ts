// COSE_Sign1 in its one form: bytes, faults, signatures. Spec: docs/spec/signatures.md, "COSE_Sign1".
import { beforeAll, describe, expect, it } from 'vitest'
import { type ChainId, concat, type DeviceId, equal, hex, utf8 } from '../src/bytes.js'
import { decode } from '../src/codec.js'
import { bind } from '../src/context.js'
import { decodeSign1, encodeSign1, sign1, signatureInput, verifySign1 } from '../src/cose.js'
import { ready } from '../src/ed25519.js'
import { chainOf, codeOf, codeOfAsync, deviceOf, filled } from './support.js'

beforeAll(ready)

const device = deviceOf(1)
const other = deviceOf(2)
const chain = chainOf(9)
const aad = bind('entry', [chainOf(3)])
const parts = { chain, device: device.id, payload: utf8('payload') }
const signed = await sign1({ ...parts, aad }, device.sign)

const accepted = (bytes: Uint8Array): string => codeOf(() => decodeSign1(bytes))
/** The same bytes with some put elsewhere. */
const patched = (at: number, ...bytes: number[]): Uint8Array => {
  const out = signed.slice()
  out.set(bytes, at)
  return out
}

describe('the form', () => {
  it('is tag 18, the 75-byte header, an empty header, payload and signature', () => {
    expect(hex(signed.subarray(0, 4))).toBe('d284584b')
    expect(hex(signed.subarray(4, 79))).toBe(`a2013204584582${`5820${hex(chain)}`}${`5820${hex(device.id)}`}`)
    expect(hex(signed.subarray(79, 88))).toBe(`a047${hex(parts.payload)}5840`.slice(0, 18))
    expect(signed.length).toBe(4 + 75 + 1 + 8 + 2 + 64)
  })

  it('has a key id that is CBOR itself', () => {
    expect(decode(signed.subarray(10, 79))).toEqual([chain, device.id])
  })

  it.each([0, 1, 23, 24, 255, 256, 65_387])('is read back to its parts with a payload of %i bytes', async (length) => {
    const payload = filled(5, length)
    const bytes = await sign1({ ...parts, payload, aad }, device.sign)
    const read = decodeSign1(bytes)
    expect(equal(read.payload, payload)).toBe(true)
    expect([hex(read.chain), hex(read.device)]).toEqual([hex(chain), hex(device.id)])
    expect(equal(encodeSign1(read), bytes)).toBe(true)
    if (length === 65_387) expect(bytes.length).toBe(65_536)
  })

  it('ends at 64 KiB, and no signature is asked for beyond', async () => {
    let asked = false
    const payload = new Uint8Array(65_388)
    const signer = (): Uint8Array => {
      asked = true
      return new Uint8Array(64)
    }
    expect(await codeOfAsync(() => sign1({ ...parts, payload, aad }, signer))).toBe('TOO_LARGE')
    expect(asked).toBe(false)
    expect(codeOf(() => encodeSign1({ ...parts, payload, signature: new Uint8Array(64) }))).toBe('TOO_LARGE')
    expect(accepted(new Uint8Array(65_537))).toBe('TOO_LARGE')
  })

  it('shares no memory with its input', () => {
    const input = Buffer.from(signed)
    const read = decodeSign1(input)
    input.fill(0)
    expect(equal(encodeSign1(read), signed)).toBe(true)
    expect(read.payload.constructor).toBe(Uint8Array)
  })
})

describe('decodeSign1 refuses', () => {
  it.each([
    ['nothing', new Uint8Array(0), 'DECODE_TRUNCATED'],
    ['no tag', signed.subarray(1), 'DECODE_SHAPE'],
    ['another tag', patched(0, 0xd1), 'DECODE_SHAPE'],
    ['the tag in two bytes', concat(Uint8Array.of(0xd8, 18), signed.subarray(1)), 'DECODE_SHAPE'],
    ['an array of five', patched(1, 0x85), 'DECODE_SHAPE'],
    ['an indefinite array', patched(1, 0x9f), 'DECODE_SHAPE'],
    ['a header of another length', patched(3, 74), 'DECODE_SHAPE'],
    ['a header with another number of entries', patched(4, 0xa3), 'DECODE_SHAPE'],
    ['EdDSA (−8)', patched(6, 0x27), 'DOWNGRADE'],
    ['ES256 (−7)', patched(6, 0x26), 'DOWNGRADE'],
    ['algorithm 0', patched(6, 0x00), 'DOWNGRADE'],
    ['another header parameter', patched(7, 0x05), 'DECODE_SHAPE'],
    ['the key id as text', patched(8, 0x78), 'DECODE_SHAPE'],
    ['a key id of three items', patched(10, 0x83), 'DECODE_SHAPE'],
    ['an id as text', patched(11, 0x78), 'DECODE_SHAPE'],
    ['an id of 31 bytes', patched(46, 31), 'DECODE_SHAPE'],
    [
      'an unprotected header',
      concat(signed.subarray(0, 79), Uint8Array.of(0xa1, 1, 0x27), signed.subarray(80)),
      'DECODE_SHAPE',
    ],
    ['a detached payload', concat(signed.subarray(0, 80), Uint8Array.of(0xf6), signed.subarray(88)), 'DECODE_SHAPE'],
    ['a payload as text', patched(80, 0x67), 'DECODE_SHAPE'],
    ['a payload as map', patched(80, 0xa7), 'DECODE_TYPE'],
    [
      'a payload length in two bytes',
      concat(signed.subarray(0, 80), Uint8Array.of(0x58, 7), signed.subarray(81)),
      'DECODE_NOT_SHORTEST',
    ],
    ['an indefinite payload', patched(80, 0x5f), 'DECODE_INDEFINITE'],
    [
      'a payload that claims 2^53−1 bytes',
      patched(80, 0x5b, 0, 0x1f, 255, 255, 255, 255, 255, 255),
      'DECODE_TRUNCATED',
    ],
    ['a signature as text', patched(88, 0x78), 'DECODE_SHAPE'],
    ['a signature that says 63 bytes', patched(89, 63), 'DECODE_SHAPE'],
    ['a byte after the end', concat(signed, Uint8Array.of(0)), 'DECODE_TRAILING'],
  ])('%s', (_, bytes, code) => {
    expect(accepted(bytes)).toBe(code)
  })

  it('every truncation', () => {
    for (let n = 0; n < signed.length; n++) expect(accepted(signed.subarray(0, n))).toBe('DECODE_TRUNCATED')
  })

  it('more bytes than the caller allows, and never more than 64 KiB', () => {
    expect(codeOf(() => decodeSign1(signed, { bytes: signed.length }))).toBe('accepted')
    expect(codeOf(() => decodeSign1(signed, { bytes: signed.length - 1 }))).toBe('TOO_LARGE')
    expect(codeOf(() => decodeSign1(new Uint8Array(65_537), { bytes: 1 << 20 }))).toBe('TOO_LARGE')
  })
})

describe('verifySign1', () => {
  it('accepts bytes and parts, and returns what was signed', () => {
    expect(equal(verifySign1(signed, device.keys.sign, aad).payload, parts.payload)).toBe(true)
    expect(equal(verifySign1(decodeSign1(signed), device.keys.sign, aad).payload, parts.payload)).toBe(true)
  })

  it('refuses every flipped bit', () => {
    const fixed = new Set([
      'SIG',
      'DOWNGRADE',
      'DECODE_SHAPE',
      'DECODE_TRUNCATED',
      'DECODE_TRAILING',
      'DECODE_TYPE',
      'DECODE_INDEFINITE',
      'DECODE_NOT_SHORTEST',
    ])
    let unverified = 0
    for (let bit = 0; bit < signed.length * 8; bit++) {
      const flipped = signed.slice()
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7))
      const code = codeOf(() => verifySign1(flipped, device.keys.sign, aad))
      expect(fixed).toContain(code)
      if (code === 'SIG') unverified++
    }
    // Bits of both ids, payload and signature reach the signature; all others are form.
    expect(unverified).toBe(8 * (32 + 32 + 7 + 64))
  })

  it.each([
    ['another key', other.keys.sign, aad],
    ['a key of another length', device.keys.sign.subarray(1), aad],
    ['another purpose', device.keys.sign, bind('enrolment', [chainOf(3)])],
    ['another network', device.keys.sign, bind('entry', [chainOf(4)])],
    ['no external data', device.keys.sign, new Uint8Array(0)],
  ])('refuses %s', (_, key, data) => {
    expect(codeOf(() => verifySign1(signed, key, data))).toBe('SIG')
  })

  it('covers the ids that its result names, not the bytes beside them', () => {
    const forged = { ...decodeSign1(signed), device: other.id }
    expect(codeOf(() => verifySign1(forged, device.keys.sign, aad))).toBe('SIG')
  })
})

it('the signature input is the Sig_structure of RFC 9052', () => {
  const input = signatureInput(parts, aad)
  expect(decode(input)).toEqual(['Signature1', signed.slice(4, 79), aad, parts.payload])
  expect(hex(input.subarray(0, 12))).toBe('846a5369676e617475726531')
})

it('a signer that returns something else signs nothing', async () => {
  for (const bad of [new Uint8Array(63), new Uint8Array(65), undefined, 'signature']) {
    expect(await codeOfAsync(() => sign1({ ...parts, aad }, () => bad as Uint8Array))).toBe('USAGE')
  }
})

it('ids of another length are refused before anything is signed', () => {
  const short = new Uint8Array(31) as Uint8Array as ChainId & DeviceId
  expect(codeOf(() => signatureInput({ ...parts, chain: short }, aad))).toBe('USAGE')
  expect(codeOf(() => signatureInput({ ...parts, device: short }, aad))).toBe('USAGE')
})
