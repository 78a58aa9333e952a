// Known answers at a user's installation: that this runtime, its libraries and whatever bundled them compute what the specification says.
// Every construction once, with what it must give and what it must refuse. The whole of it stands in test-vectors/.
import {
  bind,
  decode,
  encode,
  equal,
  hex,
  leafHash,
  rootOf,
  sha256,
  unhex,
  utf8,
  ready as verifierReady,
  verify,
} from '@sealchart/protocol'
import { systemRandom } from './check.js'
import { openBytes, sealBytes } from './floe.js'
import { openWith, publicKeyOf, sealTo } from './hpke.js'
import { deviceFromSeed } from './keys.js'
import { paddedLength } from './padme.js'
import { asSecret, type DeviceSeed } from './secrets.js'
import { ready } from './sodium.js'

/** What was tested, and whether it held. */
export interface SelftestResult {
  readonly name: string
  readonly passed: boolean
}

const counting = (first: number, length = 32): Uint8Array => Uint8Array.from({ length }, (_, i) => (first + i) & 0xff)
const bytes = (text: string): Uint8Array => unhex(text) ?? new Uint8Array(0)
const flipped = (given: Uint8Array): Uint8Array => given.map((byte, i) => (i === given.length - 1 ? byte ^ 1 : byte))
const drawing = (...answers: readonly Uint8Array[]): (() => Uint8Array) => {
  const left = [...answers]
  return () => left.shift() ?? new Uint8Array(0)
}

/** True when the action is refused with this code. */
async function refuses(code: string, action: () => unknown): Promise<boolean> {
  try {
    await action()
    return false
  } catch (error) {
    return (error as { code?: string }).code === code
  }
}

/** Values that stand in docs/spec, in RFC 8032 §7.1 (test 2) and in FIPS 180-4. */
const known = {
  abc: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  signKey: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
  signature:
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  treeOf7: '3560191803028444b232018ac047fdb561c09c23a7a6876c85e08b5e4d48e9f3',
  deviceId: '6524f7fb7784cf21b5c21e8a066d4c0286ab97ed7f5ce3b4af3b2d02cee26669',
  floe:
    '00000001000000000020202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f720dc92f752a81045bd25ff7253bada1' +
    '2b9f99f5375421e65744f5f89d3620900000002c606162636465666768696a6b8a4415ec4b3bc42a7039d2187079c8a34f2ba955e4f6c4c453d59e5f',
  boxKeyDigest: '50d9c65da6c62f01fc400f5784cf09df7ef8fd11343252f01ab8eee52d9c2d15',
  sealedDigest: '669aa4865869ca923c06abab845794d0c4ba6a03ea04e49b2ffa203997ce0771',
}

const cases: Readonly<Record<string, () => boolean | Promise<boolean>>> = {
  'SHA-256': () => hex(sha256(utf8('abc'))) === known.abc,
  async 'deterministic CBOR'() {
    const value = ['陳大文', 2 ** 53 - 1, null, Uint8Array.of(1)]
    return (
      hex(encode(decode(encode(value)))) === hex(encode(value)) &&
      (await refuses('DECODE_NOT_SHORTEST', () => decode(bytes('1817'))))
    )
  },
  'Ed25519, strict'() {
    const [key, signature] = [bytes(known.signKey), bytes(known.signature)]
    const smallOrder = Uint8Array.of(1, ...new Uint8Array(31))
    const forged = Uint8Array.of(...smallOrder, ...new Uint8Array(32))
    const message = Uint8Array.of(0x72)
    return (
      verify(key, message, signature) &&
      !verify(key, Uint8Array.of(0x73), signature) &&
      !verify(smallOrder, message, forged)
    )
  },
  'Merkle tree': () => hex(rootOf(Array.from({ length: 7 }, (_, i) => leafHash(Uint8Array.of(i))))) === known.treeOf7,
  'device keys': () => hex(deviceFromSeed(asSecret<DeviceSeed>(counting(0x60))).id) === known.deviceId,
  async FLOE() {
    const [key, aad] = [counting(0), bind('card', [counting(0x40, 4)])]
    const sealed = await sealBytes(key, aad, utf8('CT angiogram'), drawing(counting(0x20), counting(0x60, 12)))
    return (
      hex(sealed) === known.floe &&
      equal(await openBytes(key, aad, sealed), utf8('CT angiogram')) &&
      (await refuses('UNAUTHENTIC', () => openBytes(key, aad, flipped(sealed)))) &&
      (await refuses('COMMITMENT', () => openBytes(counting(1), aad, sealed)))
    )
  },
  async 'HPKE with X-Wing'() {
    const seed = counting(0x80)
    const key = publicKeyOf(seed)
    const context = { info: bind('envelope', [counting(0x40, 4)]), aad: new Uint8Array(0) }
    const sealed = sealTo(key, context, counting(0xe0), drawing(counting(0x10, 64)))
    return (
      hex(sha256(key)) === known.boxKeyDigest &&
      hex(sha256(sealed)) === known.sealedDigest &&
      equal(openWith(seed, context, sealed), counting(0xe0)) &&
      (await refuses('UNAUTHENTIC', () => openWith(seed, context, flipped(sealed))))
    )
  },
  Padmé: () => paddedLength(1_073_741_825) === 1_107_296_256,
  'random bytes'() {
    const [a, b] = [systemRandom(32), systemRandom(32)]
    return a.length === 32 && b.length === 32 && !equal(a, b)
  },
}

/**
 * Runs all of them; a failure is a result, not an error. Nothing leaves the process, and no key of the user's is touched.
 * What to do with a failure: do not use this installation, and report runtime and versions.
 */
export async function selftest(): Promise<readonly SelftestResult[]> {
  await Promise.all([verifierReady(), ready()])
  const results: SelftestResult[] = []
  for (const [name, holds] of Object.entries(cases)) {
    // Whatever is thrown: this installation does not compute what it should.
    const passed = await Promise.resolve()
      .then(holds)
      .catch(() => false)
    results.push({ name, passed })
  }
  return results
}
