// Worked examples of docs/spec/wraps.md: one wrap of a record with two sections, and the list that holds it.
import { createHash, hkdfSync } from 'node:crypto'
import { memberEpochKeys, openEnvelope, openKeys, ready, sealWrap } from '../../../packages/crypto/dist/index.js'
import {
  bind,
  checkWrapList,
  decodeWrapList,
  describeWrapList,
  encode,
  encodeTarget,
  encodeWrapList,
  encodeWrapRow,
  wrapLeafHash,
} from '../../../packages/protocol/dist/index.js'
import { counting, hex, values, writeExamples } from './lib.mjs'

await ready()

const shortened = (bytes) => `${hex(bytes.subarray(0, 32))}\n… ${bytes.length} bytes …\n${hex(bytes.subarray(-32))}`
const sha256 = (...parts) => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return new Uint8Array(hash.digest())
}
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
const { key: recipientKey, seed } = memberEpochKeys(counting(0x80), { network, member, epoch: 0 })

const card = counting(0xa0)
const sectionKey = counting(0xb0)
const keys = [
  { section: 0, epoch: 1, key: card },
  { section: 3, epoch: 1, key: sectionKey },
]
const target = {
  recipient: member,
  epoch: 0,
  keyHash: sha256(recipientKey),
  sequence: 2,
  link: counting(0x60),
  what: [{ grant: counting(0x90), keys: keys.map(({ section, epoch }) => ({ section, epoch })), trail: null }],
}
const grantSecret = counting(0xd0)
const [randomness, iv, segmentIv] = [counting(0x01, 64), counting(0xe0), counting(0x10, 12)]
const random = scripted(grantSecret, randomness, iv, segmentIv)
const row = await sealWrap({ network, chain: record, target, recipientKey }, { card, keys, trail: null }, random)

const { leaf } = row
const opened = await openEnvelope({ network, chain: record, leaf, envelope: row.envelope, seed })
same('grant secret', opened.grantSecret, grantSecret)
same('card', opened.card, card)
const handed = await openKeys({ network, chain: record, leaf, keys: row.keys, grantSecret })
same('section key', handed.keys[1].key, sectionKey)
same('envelope', leaf.envelope, sha256(row.envelope))
same('keys', leaf.keys, sha256(row.keys))

const fields = [leaf.recipient, leaf.epoch, leaf.keyHash, leaf.sequence, leaf.link]
const what = leaf.what.map((one) => [one.grant, one.keys.map(({ section, epoch }) => [section, epoch]), one.trail])
const encodedLeaf = encode([...fields, what, leaf.envelope, leaf.keys])
const leafHash = same('leaf hash', wrapLeafHash(leaf), sha256(Uint8Array.of(0), encodedLeaf))
const list = encodeWrapList([row])
const described = describeWrapList(list, [row], 77)
checkWrapList(decodeWrapList(list), described)

writeExamples('wraps.md', {
  target: values({
    recipient: target.recipient,
    epoch: target.epoch,
    'key hash': target.keyHash,
    sequence: target.sequence,
    link: target.link,
    what: '[[grant, [[0, 1], [3, 1]], null]]',
    grant: target.what[0].grant,
    'CBOR of target': encodeTarget(target),
  }),
  envelope: values({
    'network id': network,
    'record id': record,
    info: bind('envelope', [network, record, encodeTarget(target)]),
    'card key': card,
    'grant secret': grantSecret,
    plaintext: encode([card, grantSecret]),
    'X-Wing seed': seed,
    randomness,
    envelope: shortened(row.envelope),
  }),
  keys: values({
    'key, by HKDF': hkdf(grantSecret, bind('grantKeys', [])),
    'associated data': bind('sectionKeys', [network, record, encodeTarget(target)]),
    'key of section 3': sectionKey,
    plaintext: encode([keys.map(({ section, epoch, key }) => [section, epoch, key]), null]),
    'FLOE IV': iv,
    'segment IV': segmentIv,
    'section keys': row.keys,
  }),
  list: values({
    'CBOR of leaf': encodedLeaf,
    'leaf hash': leafHash,
    row: shortened(encodeWrapRow(row)),
    attachment: shortened(list),
    'attached.digest': described.attached.digest,
    'attached.length': described.attached.length,
    'attached.count': described.attached.count,
    root: described.root,
  }),
})
