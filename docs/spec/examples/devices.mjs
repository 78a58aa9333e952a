// Worked examples of docs/spec/devices.md. Hashes and keys are computed a second time, with node:crypto, and compared.
import { createHash, hkdfSync } from 'node:crypto'
import {
  deviceFromSeed,
  meetingPlace,
  offerCode,
  openOffer,
  ready,
  sealBytes,
} from '../../../packages/crypto/dist/index.js'
import { bind, encode, labelBytes } from '../../../packages/protocol/dist/index.js'
import { counting, hex, values, writeExamples } from './lib.mjs'

await ready()

const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const network = counting(0x00)
const device = deviceFromSeed(counting(0x60))
const offer = { keys: device.keys, salt: counting(0x90, 16) }
const encoded = encode([[device.keys.sign, device.keys.box], offer.salt])
const hash = (purpose, context) =>
  new Uint8Array(createHash('sha256').update(labelBytes(purpose)).update(encode(context)).digest())
const code = hash('offerCode', [network, encoded]).slice(0, 20)
const place = hash('meeting', [network, code])
if (hex(code) !== hex(offerCode(offer, network)) || hex(place) !== hex(meetingPlace({ network, code })))
  throw new Error('the package and node:crypto differ')

const bits = [...code].map((byte) => byte.toString(2).padStart(8, '0')).join('')
const letters = bits.match(/.{5}/g).map((five) => LETTERS[Number.parseInt(five, 2)])
const shown = letters.join('').match(/.{4}/g).join(' ')

const info = bind('offerKey', [network, 'offer'])
const key = new Uint8Array(hkdfSync('sha256', code, '', info, 32))
const aad = bind('offer', [network, 'offer'])
const draws = [counting(0xe0), counting(0x10, 12)]
const sealed = await sealBytes(key, aad, encoded, () => draws.shift())
if (hex((await openOffer(sealed, { network, code })).box) !== hex(device.keys.box))
  throw new Error('the package does not open what was sealed as the chapter says')

writeExamples('devices.md', {
  code: values({
    'network id': network,
    'device seed': counting(0x60),
    salt: offer.salt,
    'SHA-256 of CBOR(offer)': new Uint8Array(createHash('sha256').update(encoded).digest()),
    code,
    shown,
    place,
    'info of the offer’s key': info,
    'key of the offer': key,
    'associated data': aad,
    'bytes of the sealed offer': String(sealed.length),
  }),
})
