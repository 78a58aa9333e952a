// Every function that takes bytes, called by a program without types: always USAGE, never another error and never an answer.
import { beforeAll, describe, expect, it } from 'vitest'
import * as bytes from '../src/bytes.js'
import { decode } from '../src/codec.js'
import { bind, hashBytes, hashOf } from '../src/context.js'
import * as cose from '../src/cose.js'
import * as keys from '../src/device-keys.js'
import { ready } from '../src/ed25519.js'
import { signRequest, verifyRequest } from '../src/request.js'
import { unpack } from '../src/shape.js'
import { codeOfAsync, deviceOf, notBytes } from './support.js'

beforeAll(ready)

const empty = new Uint8Array(0)
const id = new Uint8Array(32) as Uint8Array as bytes.ChainId & bytes.DeviceId
const device = deviceOf(1)
const parts = { chain: id, device: id, payload: empty, signature: new Uint8Array(64) }
const request = { method: 'GET', url: 'https://relay.example/', body: empty, chain: id, device: id, created: 0 }
const headers = new Headers(Object.entries(await signRequest({ ...request, body: empty }, device.sign)))

const table: Readonly<Record<string, (wrong: never) => unknown>> = {
  expectBytes: (wrong) => bytes.expectBytes(wrong),
  'equal, first': (wrong) => bytes.equal(wrong, empty),
  'equal, second': (wrong) => bytes.equal(empty, wrong),
  'compare, first': (wrong) => bytes.compare(wrong, empty),
  'compare, second': (wrong) => bytes.compare(empty, wrong),
  concat: (wrong) => bytes.concat(empty, wrong),
  hex: (wrong) => bytes.hex(wrong),
  base64: (wrong) => bytes.base64(wrong),
  decode: (wrong) => decode(wrong),
  unpack: (wrong) => unpack(keys.devicePublicKeys, wrong, 'keys'),
  hashBytes: (wrong) => hashBytes('entryHash', wrong),
  signatureInput: (wrong) => cose.signatureInput(parts, wrong),
  'signatureInput, payload': (wrong) => cose.signatureInput({ ...parts, payload: wrong }, empty),
  'signatureInput, chain': (wrong) => cose.signatureInput({ ...parts, chain: wrong }, empty),
  'signatureInput, device': (wrong) => cose.signatureInput({ ...parts, device: wrong }, empty),
  'encodeSign1, chain': (wrong) => cose.encodeSign1({ ...parts, chain: wrong }),
  'encodeSign1, device': (wrong) => cose.encodeSign1({ ...parts, device: wrong }),
  'encodeSign1, payload': (wrong) => cose.encodeSign1({ ...parts, payload: wrong }),
  'encodeSign1, signature': (wrong) => cose.encodeSign1({ ...parts, signature: wrong }),
  decodeSign1: (wrong) => cose.decodeSign1(wrong),
  'sign1, aad': (wrong) => cose.sign1({ ...parts, aad: wrong }, device.sign),
  'sign1, signer’s answer': (wrong) => cose.sign1({ ...parts, aad: empty }, () => wrong),
  verifySign1: (wrong) => cose.verifySign1(wrong, id, empty),
  'verifySign1, key': (wrong) => cose.verifySign1(parts, wrong, empty),
  'verifySign1, aad': (wrong) => cose.verifySign1(parts, id, wrong),
  checkSignKey: (wrong) => keys.checkSignKey(wrong),
  checkBoxKey: (wrong) => keys.checkBoxKey(wrong),
  'checkDeviceKeys, sign': (wrong) => keys.checkDeviceKeys({ ...device.keys, sign: wrong }),
  'checkDeviceKeys, box': (wrong) => keys.checkDeviceKeys({ ...device.keys, box: wrong }),
  'deviceId, sign': (wrong) => keys.deviceId({ ...device.keys, sign: wrong }),
  'deviceId, box': (wrong) => keys.deviceId({ ...device.keys, box: wrong }),
  'signRequest, body': (wrong) => signRequest({ ...request, body: wrong }, device.sign),
  'signRequest, digest': (wrong) => signRequest({ ...request, body: { sha256: wrong } }, device.sign),
  'signRequest, chain': (wrong) => signRequest({ ...request, chain: wrong }, device.sign),
  'signRequest, device': (wrong) => signRequest({ ...request, device: wrong }, device.sign),
  'signRequest, signer’s answer': (wrong) => signRequest(request, () => wrong),
  'verifyRequest, body': (wrong) => verifyRequest({ ...request, headers, now: 0, body: wrong }, () => id),
}

describe('bytes', () => {
  it.each(Object.entries(table))('%s', async (_, call) => {
    for (const wrong of notBytes) expect(await codeOfAsync(async () => call(wrong as never))).toBe('USAGE')
  })
})

it('a context is an array, and text is a string', async () => {
  for (const wrong of [undefined, null, 0, 'context', {}, empty]) {
    expect(await codeOfAsync(async () => bind('slot', wrong as never))).toBe('USAGE')
    expect(await codeOfAsync(async () => hashOf('slot', wrong as never))).toBe('USAGE')
    if (typeof wrong !== 'string') expect(await codeOfAsync(async () => bytes.utf8(wrong as never))).toBe('USAGE')
  }
})

it('a key that is looked up in vain is no signature, whatever says so', async () => {
  for (const missing of [null, undefined]) {
    const answer = verifyRequest({ ...request, headers, now: 0 }, () => missing as null)
    expect(await codeOfAsync(() => answer)).toBe('REQUEST_SIGNATURE')
  }
})
