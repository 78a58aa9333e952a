// Worked examples of docs/spec/signatures.md.
import sodium from 'libsodium-wrappers'
import {
  bind,
  deviceId,
  devicePublicKeys,
  encode,
  pack,
  ready,
  sign1,
  signatureInput,
  signRequest,
  utf8,
  verifyRequest,
  verifySign1,
} from '../../../packages/protocol/dist/index.js'
import { counting, ed25519, hex, values, writeExamples } from './lib.mjs'

await ready()

const seed = counting(0x10)
const boxSeed = counting(0x30)
const pair = ed25519(seed)
const keys = { sign: pair.publicKey, box: sodium.crypto_kem_xwing_seed_keypair(boxSeed).publicKey }
const device = deviceId(keys)
const packedKeys = pack(devicePublicKeys, keys)
const shortened = (bytes) => `${hex(bytes.subarray(0, 32))}\n… ${bytes.length} bytes …\n${hex(bytes.subarray(-32))}`

const chain = counting(0x50)
const network = counting(0x70)
const payload = encode([1, 'example'])
const aad = bind('entry', [network])
const parts = { chain, device, payload }
const signed = await sign1({ ...parts, aad }, pair.sign)
verifySign1(signed, keys.sign, aad)

const NOW = 1_790_000_000_000
const request = { method: 'PUT', url: 'https://relay.example/v1/uploads/7', body: utf8('segment') }
let base = ''
const fields = await signRequest({ ...request, chain, device, created: NOW }, (message) => {
  base = new TextDecoder().decode(message)
  return pair.sign(message)
})
await verifyRequest({ ...request, headers: new Headers(fields), now: NOW }, () => keys.sign)

writeExamples('signatures.md', {
  keys: values({
    'Ed25519 seed': seed,
    'Ed25519 public': keys.sign,
    'X-Wing seed': boxSeed,
    'X-Wing public': shortened(keys.box),
    'CBOR of both': shortened(packedKeys),
    'device id': device,
  }),
  sign1: values({
    'chain id': chain,
    'device id': device,
    'key id': encode([chain, device]),
    protected: signed.subarray(4, 79),
    'network id': network,
    'external data': aad,
    payload,
    Sig_structure: signatureInput(parts, aad),
    signature: signed.subarray(-64),
    COSE_Sign1: signed,
  }),
  request: [
    '```',
    base,
    '```',
    '',
    'and with the signature over these bytes (no line break at the end) the request is sent with',
    '',
    '```',
    ...Object.entries(fields).map(([name, value]) => `${name}: ${value}`),
    '```',
  ].join('\n'),
})
