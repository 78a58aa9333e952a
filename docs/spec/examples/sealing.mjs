// Worked examples of docs/spec/sealing.md. The intermediate values are computed a second time, with node:crypto, and compared.
import { createCipheriv, createHash, createHmac } from 'node:crypto'
import { keySchedule, SUITE } from '../../../packages/crypto/dist/hpke.js'
import {
  HPKE_OVERHEAD,
  joinSegment,
  nameSegment,
  openBytes,
  openWith,
  paddedLength,
  publicKeyOf,
  ready,
  sealBytes,
  sealTo,
  startSealing,
} from '../../../packages/crypto/dist/index.js'
import { bind, utf8 } from '../../../packages/protocol/dist/index.js'
import { counting, hex, table, values, writeExamples } from './lib.mjs'

const join = (...parts) => new Uint8Array(Buffer.concat(parts.map((part) => Uint8Array.from(part))))
const hmac = (hash, key, ...parts) =>
  new Uint8Array(
    createHmac(hash, key)
      .update(join(...parts))
      .digest(),
  )
const shortened = (bytes) => `${hex(bytes.subarray(0, 32))}\n… ${bytes.length} bytes …\n${hex(bytes.subarray(-32))}`

/** A random source that answers with these values. */
const scripted =
  (...answers) =>
  () =>
    answers.shift()

function same(what, computed, expected) {
  if (hex(computed) !== hex(expected)) throw new Error(`${what}: the package and node:crypto differ`)
  return computed
}

// A small object: FLOE with 64 KiB segments, by the formulas of the chapter.
const key = counting(0)
const aad = bind('card', [counting(0x40, 4)])
const floeIv = counting(0x20)
const segmentIv = counting(0x60, 12)
const plaintext = utf8('CT angiogram')
const parameters = join([0, 0], [0, 1, 0, 0], [0, 0, 0, 32])
const derive = (from, purpose, length) =>
  hmac('sha384', from, parameters, floeIv, purpose, aad, [1]).subarray(0, length)
const headerTag = derive(key, utf8('HEADER_TAG:'), 32)
const messageKey = derive(key, utf8('MESSAGE_KEY:'), 48)
const dataKey = derive(messageKey, join(utf8('DEK:'), new Uint8Array(8)), 32)
const segmentData = join(new Uint8Array(8), [1])
const gcm = createCipheriv('aes-256-gcm', dataKey, segmentIv).setAAD(segmentData)
const ciphertext = gcm.update(plaintext)
gcm.final()
const segment = join([0, 0, 0, 32 + plaintext.length], segmentIv, ciphertext, gcm.getAuthTag())
const sealed = await sealBytes(key, aad, plaintext, scripted(floeIv, segmentIv))
same('FLOE', sealed, join(parameters, floeIv, headerTag, segment))
same('FLOE opened', await openBytes(key, aad, sealed), plaintext)
const name = same('name', await nameSegment(segment), createHash('sha256').update(segment).digest())

// Two segments: what differs between a full one and the last. Segments of 64 bytes, which no file has, so that they fit a page.
const short = { segmentLength: 64, rotationBits: 20 }
const sealing = startSealing(key, aad, { parameters: short, random: scripted(floeIv, segmentIv, counting(0x70, 12)) })
const first = joinSegment(await sealing.sealSegment(counting(0xa0), 0, false))
const last = joinSegment(await sealing.sealSegment(counting(0xc0, 3), 1, true))

// HPKE to one recipient.
await ready()
const seed = counting(0x80)
const publicKey = publicKeyOf(seed)
const randomness = counting(0x10, 64)
const context = { info: bind('envelope', [counting(0x40, 4)]), aad: new Uint8Array() }
const secret = counting(0xe0)
const message = sealTo(publicKey, context, secret, scripted(randomness))
same('HPKE opened', openWith(seed, context, message), secret)
const { default: sodium } = await import('libsodium-wrappers')
const { sharedSecret } = sodium.crypto_kem_xwing_enc_deterministic(publicKey, randomness)
const schedule = keySchedule(SUITE, sharedSecret, context.info)
const labelled = (salt, label, ikm) => hmac('sha256', salt, utf8('HPKE-v1'), SUITE, utf8(label), ikm)
const empty = new Uint8Array()
const pskIdHash = labelled(empty, 'psk_id_hash', empty)
const infoHash = labelled(empty, 'info_hash', context.info)
const scheduleContext = join([0], pskIdHash, infoHash)
const prk = labelled(sharedSecret, 'secret', empty)
const expand = (label, length) =>
  hmac('sha256', prk, [0, length], utf8('HPKE-v1'), SUITE, utf8(label), scheduleContext, [1]).subarray(0, length)
same('HPKE key', schedule.key, expand('key', 32))
same('HPKE nonce', schedule.nonce, expand('base_nonce', 12))

writeExamples('sealing.md', {
  floe: values({
    key,
    'associated data': aad,
    'FLOE IV': floeIv,
    'header tag': headerTag,
    header: sealed.subarray(0, 74),
    'message key': messageKey,
    'data key': dataKey,
    plaintext,
    'segment IV': segmentIv,
    'segment data': segmentData,
    segment,
    'sealed object': sealed,
    'segment name': name,
  }),
  segments: values({
    header: sealing.header,
    'segment 0': first,
    'segment 1, final': last,
  }),
  hpke: values({
    seed,
    'public key': shortened(publicKey),
    info: context.info,
    'associated data': context.aad,
    randomness,
    'shared secret': sharedSecret,
    'suite id': SUITE,
    psk_id_hash: pskIdHash,
    info_hash: infoHash,
    PRK: prk,
    key: schedule.key,
    nonce: schedule.nonce,
    plaintext: secret,
    sealed: shortened(message),
    'its length': `${HPKE_OVERHEAD} + ${secret.length}`,
  }),
  padme: table(
    ['length', 'padded', 'more'],
    [0, 1, 9, 100, 1000, 1025, 50_000, 1_000_000, 2 ** 30 + 1, 65_536 * (2 ** 20 - 32)].map((length) => {
      const padded = paddedLength(length)
      return [length, padded, length === 0 ? '0 %' : `${((100 * (padded - length)) / length).toFixed(1)} %`].map(String)
    }),
  ),
})
