// Worked examples of docs/spec/sections.md: a card, a file of two segments, its header, and the manifest that names it.

import { createHash } from 'node:crypto'
import {
  FILE,
  fileContext,
  nameSegment,
  openCard,
  openFileHeader,
  paddedLength,
  payloadLength,
  sealCard,
  sealFileHeader,
  startSealing,
} from '../../../packages/crypto/dist/index.js'
import {
  bind,
  decodeIndex,
  decodeManifest,
  encode,
  encodeIndex,
  encodeManifest,
  namesRoot,
  utf8,
} from '../../../packages/protocol/dist/index.js'
import { counting, hex, values, writeExamples } from './lib.mjs'

const sha256 = (bytes) => new Uint8Array(createHash('sha256').update(bytes).digest())
const scripted =
  (...answers) =>
  () =>
    answers.shift()

function same(what, computed, expected) {
  if (JSON.stringify(computed) !== JSON.stringify(expected)) throw new Error(`${what}: not what was sealed`)
  return computed
}

function padded(content, length) {
  const out = new Uint8Array(length)
  new DataView(out.buffer).setUint32(0, content.length)
  out.set(content, 4)
  return out
}

const network = counting(0x00)
const record = counting(0x40)
const iv = counting(0xe0)
const segmentIv = counting(0x10, 12)

const cardKey = counting(0xa0)
const cardPlace = { network, record, epoch: 1 }
const card = {
  title: 'CT angiogram',
  patient: { name: '陳大文', born: '1961-04', ids: [{ system: 'urn:example:mrn', value: '4711' }] },
  author: 'Dr Chan',
  date: 1_790_000_000_000,
  category: 'imaging',
  sections: [{ id: 3, name: 'images' }],
}
const cardContent = encode([
  card.title,
  [card.patient.name, card.patient.born, [['urn:example:mrn', '4711']]],
  card.author,
  card.date,
  card.category,
  [[3, 'images']],
])
const sealedCard = await sealCard(card, cardKey, cardPlace, scripted(iv, segmentIv))
same('card', await openCard(sealedCard, cardKey, cardPlace), card)

const length = 1_500_000
const fileKey = counting(0xc0)
const fileId = counting(0x70, 16)
const place = { network, record, section: 3, epoch: 1, fileId }
const sectionKey = counting(0xb0)
const header = {
  fileKey,
  name: 'CT.dcm',
  mediaType: 'application/dicom',
  length,
  modified: 1_789_999_000_000,
  path: 'study/1',
}
const headerContent = encode(Object.values(header))
const sealedHeader = await sealFileHeader(header, sectionKey, place, scripted(iv, segmentIv))
same('header', await openFileHeader(sealedHeader, sectionKey, place), header)

// The file's content is zeros, so its padding is more of them.
const plaintext = new Uint8Array(paddedLength(length))
const ivs = scripted(counting(0x20), counting(0x30, 12), counting(0x40, 12))
const { header: floe, sealSegment } = startSealing(fileKey, fileContext(place), { parameters: FILE, random: ivs })
const most = payloadLength(FILE)
const segments = [
  await sealSegment(plaintext.subarray(0, most), 0, false),
  await sealSegment(plaintext.subarray(most), 1, true),
]
const names = await Promise.all(segments.map(nameSegment))
const [index] = encodeIndex(names)
const file = {
  id: fileId,
  header: sealedHeader,
  floe,
  padded: plaintext.length,
  segments: segments.length,
  root: namesRoot(names),
  names: [sha256(index)],
}
const manifest = encodeManifest({ files: [file] })
same('names', decodeIndex(decodeManifest(manifest).files[0], [index]).map(hex), names.map(hex))

writeExamples('sections.md', {
  card: values({
    'network id': network,
    'record id': record,
    'key of section 0': cardKey,
    'associated data': bind('card', [network, record, 1]),
    title: utf8(card.title),
    content: cardContent,
    'its length': cardContent.length,
    padded: padded(cardContent, paddedLength(4 + cardContent.length)),
    'FLOE IV': iv,
    'segment IV': segmentIv,
    'sealed card': sealedCard,
  }),
  header: values({
    'key of section 3': sectionKey,
    'file id': fileId,
    'associated data': bind('fileHeader', [network, record, 3, 1, fileId]),
    'file key': fileKey,
    content: headerContent,
    'its length': headerContent.length,
    padded: padded(headerContent, 64 * Math.ceil((4 + headerContent.length) / 64)),
    'sealed header': sealedHeader,
  }),
  file: values({
    'true length': length,
    padded: plaintext.length,
    'associated data': bind('file', [network, record, 3, fileId]),
    'FLOE header': floe,
    'segment 0': `${most} bytes of plaintext, not final`,
    'its name': names[0],
    'segment 1': `${plaintext.length - most} bytes of plaintext, final`,
    'its name ': names[1],
    'index segment': index,
    root: file.root,
  }),
  manifest: values({
    names: file.names[0],
    manifest,
    'its length': manifest.length,
  }),
})
