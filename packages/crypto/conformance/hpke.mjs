// X-Wing (draft-connolly-cfrg-xwing-kem), HPKE with X-Wing (draft-ietf-hpke-pq) and RFC 9180's own base mode values.
// Only sequence number 0 has a way through this package; the later messages of a vector check the key and nonce of its schedule.

import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { shake128 } from '@noble/hashes/sha3.js'
import sodium from 'libsodium-wrappers'
import { keySchedule, openWith, publicKeyOf, sealTo } from '../dist/hpke.js'
import { ready } from '../dist/sodium.js'
import { hex, main, readJson, suite, unhex } from './lib.mjs'

const ascii = (text) => new TextEncoder().encode(text)
const join = (...parts) => new Uint8Array(Buffer.concat(parts))
const number = (value, length) => unhex(value.toString(16).padStart(2 * length, '0'))

function xWing({ seed, eseed, ss, sk, pk, ct }) {
  const { ciphertext, sharedSecret } = sodium.crypto_kem_xwing_enc_deterministic(unhex(pk), unhex(eseed))
  const opened = sodium.crypto_kem_xwing_dec(unhex(ct), unhex(sk))
  return (
    hex(publicKeyOf(unhex(seed))) === pk && hex(ciphertext) === ct && hex(sharedSecret) === ss && hex(opened) === ss
  )
}

const nonceAt = (nonce, sequence) => {
  const bytes = nonce.slice()
  new DataView(bytes.buffer).setUint32(8, new DataView(bytes.buffer).getUint32(8) ^ sequence)
  return bytes
}
const sealAt = ({ key, nonce }, sequence, aad, plaintext) =>
  sodium.crypto_aead_chacha20poly1305_ietf_encrypt(plaintext, aad, null, nonceAt(nonce, sequence), key)

function schedule(vector) {
  const suiteId = unhex(vector.suite_id)
  const { key, nonce } = keySchedule(suiteId, unhex(vector.shared_secret), unhex(vector.info))
  return hex(key) === vector.key && hex(nonce) === vector.base_nonce
}

function singleShot(vector) {
  const [{ aad, pt, ct }] = vector.encryptions
  const context = { info: unhex(vector.info), aad: unhex(aad) }
  const sealed = sealTo(unhex(vector.pkRm), context, unhex(pt), () => unhex(vector.ikmE))
  const opened = openWith(unhex(vector.skRm), context, unhex(vector.enc + ct))
  return hex(sealed) === vector.enc + ct && hex(opened) === pt && hex(publicKeyOf(unhex(vector.skRm))) === vector.pkRm
}

function message({ vector, encryption, sequence }) {
  const keys = keySchedule(unhex(vector.suite_id), unhex(vector.shared_secret), unhex(vector.info))
  const ciphertext = sealAt(keys, sequence, unhex(encryption.aad), unhex(encryption.pt))
  return hex(nonceAt(keys.nonce, sequence)) === encryption.nonce && hex(ciphertext) === encryption.ct
}

/** DHKEM(X25519, HKDF-SHA256), RFC 9180 §4.1, which this package does not contain: it leads to RFC 9180's own key schedule values. */
function dhkem({ ikmE, pkRm, enc }) {
  const kem = join(ascii('KEM'), number(0x20, 2))
  const extract = (label, ikm) => hmac(sha256, new Uint8Array(), join(ascii('HPKE-v1'), kem, ascii(label), ikm))
  const expand = (prk, label, info) =>
    hmac(sha256, prk, join(number(32, 2), ascii('HPKE-v1'), kem, ascii(label), info, number(1, 1)))
  const secretKey = expand(extract('dkp_prk', unhex(ikmE)), 'sk', new Uint8Array())
  if (hex(sodium.crypto_scalarmult_base(secretKey)) !== enc) throw new Error('DeriveKeyPair')
  const shared = sodium.crypto_scalarmult(secretKey, unhex(pkRm))
  return expand(extract('eae_prk', shared), 'shared_secret', unhex(enc + pkRm))
}

/** 1,000 messages with inputs drawn from SHAKE128, the ciphertexts absorbed by another SHAKE128 (the vector's accumulated form). */
function accumulated(vector) {
  const keys = keySchedule(
    join(ascii('HPKE'), number(0x20, 2), number(1, 2), number(3, 2)),
    dhkem(vector),
    unhex(vector.info),
  )
  const source = shake128.create({})
  const sink = shake128.create({})
  const drawInput = () => source.xof(source.xof(1)[0])
  for (let sequence = 0; sequence < 1000; sequence++) {
    const aad = drawInput()
    sink.update(sealAt(keys, sequence, aad, drawInput()))
  }
  return hex(sink.xof(16)) === vector.encryptions_accumulated
}

export async function run(dir) {
  await Promise.all([ready(), sodium.ready])
  const named = (name, list) => list.map((value, i) => [`${name} ${i}`, value])
  const ours = readJson(dir, 'hpke-pq', 'test-vectors.json').filter(
    ({ mode, kem_id, kdf_id, aead_id }) => mode === 0 && kem_id === 25722 && kdf_id === 1 && aead_id === 3,
  )
  const messages = ours.flatMap((vector) =>
    vector.encryptions.map((encryption, sequence) => ({ vector, encryption, sequence })),
  )
  const rfc = readJson(dir, 'hpke-pq', 'rfc9180-x25519-sha256-chacha20poly1305.json')
  return [
    await suite('x-wing', named('vector', readJson(dir, 'xwing', 'test-vectors.json')), xWing),
    await suite('hpke-x-wing key schedule', named('vector', ours), schedule),
    await suite('hpke-x-wing single shot', named('vector', ours), singleShot),
    await suite('hpke-x-wing messages', named('message', messages), message),
    await suite('hpke rfc 9180 key schedule', named('vector', rfc), accumulated),
  ]
}

await main(import.meta.url, run)
