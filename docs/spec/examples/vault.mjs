// Worked examples of docs/spec/vault.md. Argon2id and HKDF are computed a second time, with other libraries, and compared.
import { hkdfSync } from 'node:crypto'
import { argon2id } from '@noble/hashes/argon2.js'
import {
  createVaultKey,
  decodeIdentity,
  deviceFromSeed,
  encodeIdentity,
  openBlob,
  openVaultKey,
  ready,
  sealBlob,
  sealBytes,
} from '../../../packages/crypto/dist/index.js'
import { bind, encodeNoteKey, noteKey, utf8 } from '../../../packages/protocol/dist/index.js'
import { counting, ed25519, hex, values, writeExamples } from './lib.mjs'

await ready()

const shortened = (bytes) => `${hex(bytes.subarray(0, 48))}\n… ${bytes.length} bytes …\n${hex(bytes.subarray(-48))}`
const hkdf = (secret, info) => new Uint8Array(hkdfSync('sha256', secret, '', info, 32))
const scripted =
  (...answers) =>
  () =>
    answers.shift()

function same(what, computed, expected) {
  if (hex(computed) !== hex(expected)) throw new Error(`${what}: two libraries differ`)
  return computed
}

const master = counting(0x40)
const iv = counting(0xe0)
const segmentIv = counting(0x10, 12)

const hostKey = counting(0x80)
const hosted = await createVaultKey({ hostKey }, scripted(master, iv, segmentIv))
same('master key', await openVaultKey({ hostKey }, hosted.header), master)

const passphrase = 'größer als 7'
const salt = counting(0x70, 16)
const typed = await createVaultKey({ passphrase }, scripted(master, salt, iv, segmentIv))
same('master key', await openVaultKey({ passphrase: passphrase.normalize('NFD') }, typed.header), master)
const derived = argon2id(utf8(passphrase), salt, { t: 3, m: 65_536, p: 1, dkLen: 32 })
const typedData = bind('vaultHeader', [1, ['argon2id', 65_536, 3, salt]])
const again = await sealBytes(hkdf(derived, bind('vaultUnlock', [])), typedData, master, scripted(iv, segmentIv))
same('sealed master key', typed.header.subarray(-again.length), again)

const content = { counter: 7, bytes: utf8('pinned') }
const blob = await sealBlob(master, 'pins', content, scripted(iv, segmentIv))
same('blob', (await openBlob(master, 'pins', blob, 7)).bytes, content.bytes)

const seed = counting(0x60)
const identity = {
  network: counting(0x00),
  founding: counting(0x20),
  logKey: encodeNoteKey(noteKey('relay.example', ed25519(counting(0x90)).publicKey)),
  chain: counting(0x30),
  seed,
  keys: deviceFromSeed(seed).keys,
  epochs: [{ epoch: 0, secret: counting(0xa0) }],
}
const encoded = encodeIdentity(identity)
same('seed', decodeIdentity(encoded).seed, seed)

writeExamples('vault.md', {
  host: values({
    'host key': hostKey,
    info: bind('vaultUnlock', []),
    'unlocking key': hkdf(hostKey, bind('vaultUnlock', [])),
    'associated data': bind('vaultHeader', [1, null]),
    'master key': master,
    'FLOE IV': iv,
    'segment IV': segmentIv,
    header: hosted.header,
  }),
  passphrase: values({
    passphrase,
    'its UTF-8, form C': utf8(passphrase),
    salt,
    Argon2id: derived,
    'unlocking key': hkdf(derived, bind('vaultUnlock', [])),
    'associated data': typedData,
    header: typed.header,
  }),
  blob: values({
    name: 'pins',
    counter: content.counter,
    content: content.bytes,
    info: bind('vaultKey', ['pins']),
    'key of the name': hkdf(master, bind('vaultKey', ['pins'])),
    'associated data': bind('vault', [1, 'pins', 7]),
    blob,
  }),
  identity: values({
    'log key': identity.logKey,
    'device seed': seed,
    'its length': encoded.length,
    identity: shortened(encoded),
  }),
})
