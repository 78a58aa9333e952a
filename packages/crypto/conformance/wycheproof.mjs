// Wycheproof: the edge cases of the primitives that this package builds on, on both ciphers and through libsodium.
// Left out is only what no caller here can reach: other AES key, IV and tag lengths, and ML-KEM keys that are not stored as seeds
// (libsodium does not check the hash inside an expanded key, so this package never takes one).
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256, sha384 } from '@noble/hashes/sha2.js'
import sodium from 'libsodium-wrappers'
import { cipher as node } from '../dist/cipher-node.js'
import { cipher as web } from '../dist/cipher-web.js'
import { hex, main, refuses, suite, unhex, wycheproof } from './lib.mjs'

const otherGcm = (group) => group.keySize !== 256 || group.ivSize !== 96 || group.tagSize !== 128

const aesGcm =
  (cipher) =>
  async ({ test }) => {
    const nonce = { iv: unhex(test.iv), aad: unhex(test.aad) }
    const aead = await cipher.aead(unhex(test.key))
    const opened = await aead.open(nonce, { body: unhex(test.ct), tag: unhex(test.tag) })
    if (test.result !== 'valid') return opened === null
    const { body, tag } = await aead.seal(nonce, unhex(test.msg))
    return opened !== null && hex(opened) === test.msg && hex(body) === test.ct && hex(tag) === test.tag
  }

function chaCha20Poly1305({ test }) {
  const [key, iv, aad] = [unhex(test.key), unhex(test.iv), unhex(test.aad)]
  const open = () => sodium.crypto_aead_chacha20poly1305_ietf_decrypt(null, unhex(test.ct + test.tag), aad, iv, key)
  if (test.result !== 'valid') return refuses(open)
  const sealed = sodium.crypto_aead_chacha20poly1305_ietf_encrypt(unhex(test.msg), aad, null, iv, key)
  return hex(open()) === test.msg && hex(sealed) === test.ct + test.tag
}

const derivation =
  (hash) =>
  ({ test }) => {
    const derive = () => hkdf(hash, unhex(test.ikm), unhex(test.salt), unhex(test.info), test.size)
    return test.result === 'valid' ? hex(derive()) === test.okm : refuses(derive)
  }

const mac =
  (cipher) =>
  ({ group, test }) => {
    const tag = cipher.hmac('sha256', unhex(test.key), [unhex(test.msg)]).subarray(0, group.tagSize / 8)
    return (hex(tag) === test.tag) === (test.result === 'valid')
  }

/** Small order gives zero, which libsodium refuses; those cases are "acceptable" with a zero shared secret. */
function x25519({ test }) {
  const shared = () => sodium.crypto_scalarmult(unhex(test.private), unhex(test.public))
  return /^0+$/.test(test.shared) ? refuses(shared) : hex(shared()) === test.shared
}

function mlKem({ test }) {
  const open = () => {
    const { publicKey, privateKey } = sodium.crypto_kem_mlkem768_seed_keypair(unhex(test.seed))
    if (hex(publicKey) !== test.ek) return null
    return sodium.crypto_kem_mlkem768_dec(unhex(test.c), privateKey)
  }
  return test.result === 'valid' ? hex(open()) === test.K : refuses(open)
}

function mlKemEncaps({ test }) {
  const seal = () => sodium.crypto_kem_mlkem768_enc_deterministic(unhex(test.ek), unhex(test.m))
  if (test.result !== 'valid') return refuses(seal)
  const { ciphertext, sharedSecret } = seal()
  return hex(ciphertext) === test.c && hex(sharedSecret) === test.K
}

function mlKemKeys({ test }) {
  const { publicKey, privateKey } = sodium.crypto_kem_mlkem768_seed_keypair(unhex(test.seed))
  return hex(publicKey) === test.ek && hex(privateKey) === test.dk
}

export async function run(dir) {
  await sodium.ready
  const all = (file) => wycheproof(dir, file)
  const gcm = wycheproof(dir, 'aes_gcm_test.json', otherGcm)
  return [
    await suite('wycheproof aes-256-gcm, node', gcm, aesGcm(node)),
    await suite('wycheproof aes-256-gcm, web', gcm, aesGcm(web)),
    await suite('wycheproof chacha20-poly1305', all('chacha20_poly1305_test.json'), chaCha20Poly1305),
    await suite('wycheproof hkdf-sha256', all('hkdf_sha256_test.json'), derivation(sha256)),
    await suite('wycheproof hkdf-sha384', all('hkdf_sha384_test.json'), derivation(sha384)),
    await suite('wycheproof hmac-sha256, node', all('hmac_sha256_test.json'), mac(node)),
    await suite('wycheproof hmac-sha256, web', all('hmac_sha256_test.json'), mac(web)),
    await suite('wycheproof x25519', all('x25519_test.json'), x25519),
    await suite('wycheproof ml-kem-768', all('mlkem_768_test.json'), mlKem),
    await suite('wycheproof ml-kem-768 encapsulation', all('mlkem_768_encaps_test.json'), mlKemEncaps),
    await suite('wycheproof ml-kem-768 keys', all('mlkem_768_keygen_seed_test.json'), mlKemKeys),
  ]
}

await main(import.meta.url, run)
