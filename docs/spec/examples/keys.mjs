// Worked examples of docs/spec/keys.md. What is derived is computed a second time, with node:crypto, and compared.
import { createHmac, hkdfSync } from 'node:crypto'
import {
  deviceFromSeed,
  memberEpochKeys,
  openBackLink,
  openNote,
  publicKeyOf,
  ready,
  recordNonce,
  sealBackLink,
  sealNote,
  sectionCommitment,
  trailKeys,
} from '../../../packages/crypto/dist/index.js'
import { bind, encode, utf8 } from '../../../packages/protocol/dist/index.js'
import { counting, ed25519, hex, values, writeExamples } from './lib.mjs'

await ready()

const shortened = (bytes) => `${hex(bytes.subarray(0, 32))}\n… ${bytes.length} bytes …\n${hex(bytes.subarray(-32))}`
const hkdf = (secret, info) => new Uint8Array(hkdfSync('sha256', secret, '', info, 32))
const scripted =
  (...answers) =>
  () =>
    answers.shift()

function same(what, computed, expected) {
  if (hex(computed) !== hex(expected)) throw new Error(`${what}: the package and node:crypto differ`)
  return computed
}

const network = counting(0x00)
const member = counting(0x20)
const record = counting(0x40)

const seed = counting(0x60)
const device = deviceFromSeed(seed)
const signSeed = hkdf(seed, bind('deviceSign', []))
const boxSeed = same('X-Wing seed', device.boxSeed, hkdf(seed, bind('deviceBox', [])))
same('Ed25519 key', device.keys.sign, ed25519(signSeed).publicKey)

const epochSecret = counting(0x80)
const epochInfo = bind('epochBox', [network, member, 0])
const epochKeys = memberEpochKeys(epochSecret, { network, member, epoch: 0 })
same('epoch seed', epochKeys.seed, hkdf(epochSecret, epochInfo))
same('epoch key', epochKeys.key, publicKeyOf(epochKeys.seed))

const sectionKey = counting(0xa0)
const section = { network, record, section: 3, epoch: 1 }
const commitmentInfo = bind('sectionCommitment', [network, record, 3, 1])
const commitment = same('commitment', sectionCommitment(sectionKey, section), hkdf(sectionKey, commitmentInfo))

const previous = counting(0xc0)
const link = { network, chain: record, what: 3, epoch: 1 }
const iv = counting(0xe0)
const segmentIv = counting(0x10, 12)
const sealedLink = await sealBackLink({ epoch: 0, secret: previous }, sectionKey, link, scripted(iv, segmentIv))
same('back-link', await openBackLink(sealedLink, sectionKey, link), previous)

const trailSecret = counting(0xd0)
const trailInfo = bind('trailBox', [network, record, 0])
const trail = trailKeys(trailSecret, { network, record, epoch: 0 })
same('trail seed', trail.seed, hkdf(trailSecret, trailInfo))
const note = { kind: 'purpose', text: 'treatment' }
const notePlace = { network, record, epoch: 0, author: member }
const sealedNote = sealNote(note, trail.key, notePlace, scripted(counting(0x30, 64)))
same('note', utf8(openNote(sealedNote, trail.seed, notePlace).text), utf8(note.text))
const content = encode([note.kind, note.text])
const padded = new Uint8Array(64)
padded.set([0, 0, 0, content.length])
padded.set(content, 4)

const ref = 'visit 7f3c'
const referenceKey = hkdf(epochSecret, bind('reference', []))
const nonce = same(
  'nonce',
  recordNonce(epochSecret, ref),
  new Uint8Array(createHmac('sha256', referenceKey).update(ref).digest()),
)

writeExamples('keys.md', {
  device: values({
    'device seed': seed,
    'info, Ed25519': bind('deviceSign', []),
    'Ed25519 seed': signSeed,
    'Ed25519 public': device.keys.sign,
    'info, X-Wing': bind('deviceBox', []),
    'X-Wing seed': boxSeed,
    'X-Wing public': shortened(device.keys.box),
    'device id': device.id,
  }),
  epoch: values({
    'network id': network,
    'member chain': member,
    'epoch secret': epochSecret,
    info: epochInfo,
    'X-Wing seed': epochKeys.seed,
    'X-Wing public': shortened(epochKeys.key),
  }),
  commitment: values({
    'record id': record,
    'section key': sectionKey,
    info: commitmentInfo,
    commitment,
  }),
  link: values({
    'section key, epoch 0': previous,
    'section key, epoch 1': sectionKey,
    'associated data': bind('backLink', [network, record, 3, 1, 0]),
    'FLOE IV': iv,
    'segment IV': segmentIv,
    'back-link, sealed': sealedLink.sealed,
  }),
  note: values({
    'trail secret': trailSecret,
    'info, key pair': trailInfo,
    'X-Wing seed': trail.seed,
    content,
    padded,
    'info, note': bind('trailNote', [network, record, 0, member]),
    randomness: counting(0x30, 64),
    sealed: shortened(sealedNote),
  }),
  nonce: values({
    'first epoch secret': epochSecret,
    info: bind('reference', []),
    key: referenceKey,
    ref: utf8(ref),
    nonce,
  }),
})
