// FLOE objects and segments, and Padmé. Spec: docs/spec/sealing.md.
import { createCipheriv, createHmac } from 'node:crypto'
import * as c from '../../packages/crypto/dist/index.js'
import * as p from '../../packages/protocol/dist/index.js'
import { hex } from '../operations/notation.mjs'
import { counting, flip, scripted, vectorsOf } from './vectors.mjs'

await c.ready()

const rejects = 'sealing.md#what-a-decoder-must-reject'
const key = counting(0x00)
const associatedData = p.bind('card', [counting(0x40, 4)])
const iv = counting(0x20)
const segmentIv = (number) => counting(0x60 + 16 * number, 12)
const other = counting(0x01)

const spec = 'sealing.md#under-a-symmetric-key'

export default async function floe() {
  const area = vectorsOf('floe')
  await objects(area)
  await segments(area)
  await wrongSegments(area)
  await padding(area)
  return area.files
}

// ——— small objects, as one string

async function objects({ accepts, refuses }) {
  const seal = (plaintext) => c.sealBytes(key, associatedData, plaintext, scripted(iv, ...[0, 1, 2].map(segmentIv)))
  const object = (sealed, over = {}) => ({
    operation: 'floe/object',
    inputs: { key: hex(key), associatedData: hex(associatedData), sealed: hex(sealed), ...over },
  })
  const text = p.utf8('CT angiogram')
  const sound = await seal(text)
  await accepts('object', { ...object(sound), spec, comment: 'Twelve bytes in one segment.' })
  await accepts('object-empty', { ...object(await seal(new Uint8Array(0))), spec, comment: 'One empty segment.' })
  const full = c.payloadLength(c.SMALL)
  await accepts('object-of-one-full-segment', {
    ...object(await seal(counting(0, full))),
    spec,
    comment: 'The last segment may be full.',
  })
  await accepts('object-of-two-segments', {
    ...object(await seal(counting(0, full + 1))),
    spec,
    comment: 'One byte more than a segment holds.',
  })
  const wrongObjects = {
    'object-cut': ['UNAUTHENTIC', sound.slice(0, -1), 'The last byte is missing.'],
    'object-longer': ['UNAUTHENTIC', Uint8Array.of(...sound, 0), 'A byte follows.'],
    'object-without-a-segment': ['UNAUTHENTIC', sound.slice(0, 74), 'The header alone.'],
    'object-without-a-whole-header': ['UNAUTHENTIC', sound.slice(0, 73), '73 bytes.'],
    'object-empty-input': ['UNAUTHENTIC', new Uint8Array(0), 'Nothing.'],
    'object-with-another-aead': ['UNAUTHENTIC', flip(sound, 0), 'Parameters are the reader’s.'],
    'object-with-another-kdf': ['UNAUTHENTIC', flip(sound, 8), 'Parameters are the reader’s.'],
    'object-with-another-segment-length': ['UNAUTHENTIC', flip(sound, 5 * 8), 'Parameters are the reader’s.'],
    'object-with-another-iv-length': ['UNAUTHENTIC', flip(sound, 9 * 8), 'Parameters are the reader’s.'],
    'object-with-another-iv': ['COMMITMENT', flip(sound, 10 * 8), 'The header tag covers the IV.'],
    'object-with-another-header-tag': ['COMMITMENT', flip(sound, 73 * 8), 'The last bit but seven of the header.'],
    'object-with-another-length-field': ['UNAUTHENTIC', flip(sound, 77 * 8), 'The last segment says how long it is.'],
    'object-not-final': [
      'UNAUTHENTIC',
      Uint8Array.of(...sound.subarray(0, 74), 0xff, 0xff, 0xff, 0xff, ...sound.subarray(78)),
      'It says that more follows.',
    ],
    'object-with-another-segment-iv': ['UNAUTHENTIC', flip(sound, 78 * 8), 'The IV of the segment.'],
    'object-with-another-ciphertext': ['UNAUTHENTIC', flip(sound, 90 * 8), 'The first byte of the ciphertext.'],
    'object-with-another-tag': ['UNAUTHENTIC', flip(sound, -1), 'The last byte of the tag.'],
  }
  for (const [name, [code, sealed, comment]] of Object.entries(wrongObjects))
    await refuses(name, code, { ...object(sealed), spec: rejects, comment })
  await refuses('object-under-another-key', 'COMMITMENT', {
    ...object(sound, { key: hex(other) }),
    spec: rejects,
    comment: 'A header belongs to one key.',
  })
  await refuses('object-for-another-use', 'COMMITMENT', {
    ...object(sound, { associatedData: hex(p.bind('card', [counting(0x41, 4)])) }),
    spec: rejects,
    comment: 'And to one use.',
  })
  const long = await seal(counting(0, full + 1))
  await refuses('object-without-its-last-segment', 'UNAUTHENTIC', {
    ...object(long.slice(0, 74 + 65_536)),
    spec: rejects,
    comment: 'The first segment is not final.',
  })
}

// ——— segments one by one, of 64 bytes

const parameters = { segmentLength: 64, rotationBits: 20 }
async function segmentsOf(pieces, given = parameters, first = 0) {
  const sealing = c.startSealing(key, associatedData, {
    parameters: given,
    random: scripted(iv, ...pieces.map((_, i) => segmentIv(i))),
  })
  const segments = []
  for (const [i, piece] of pieces.entries()) {
    const position = first + i
    const final = i === pieces.length - 1
    segments.push({ position, final, bytes: c.joinSegment(await sealing.sealSegment(piece, position, final)) })
  }
  return { header: sealing.header, segments }
}
const inputsOf = ({ header, segments }, given = parameters, over = {}) => ({
  key: hex(key),
  associatedData: hex(associatedData),
  segmentLength: given.segmentLength,
  rotationBits: given.rotationBits,
  header: hex(header),
  segments: segments.map(({ bytes, ...place }) => ({ ...place, bytes: hex(bytes) })),
  ...over,
})
const operation = 'floe/segments'
const three = await segmentsOf([counting(0, 32), counting(32, 32), counting(64, 3)])
const named = await Promise.all(
  three.segments.map(async (one) => ({ ...one, name: hex(await c.nameSegment(one.bytes)) })),
)

async function segments({ accepts }) {
  await accepts('segments', {
    operation,
    spec,
    comment: 'Two full segments and a shorter one.',
    inputs: inputsOf(three),
  })
  await accepts('segments-in-any-order', {
    operation,
    spec,
    comment: 'Each says by position and flag where it belongs.',
    inputs: inputsOf({ ...three, segments: [...three.segments].reverse() }),
  })
  await accepts('segments-with-names', {
    operation,
    spec: 'sealing.md#names-of-segments',
    comment: 'A name is the SHA-256 of a segment.',
    inputs: inputsOf({ ...three, segments: named }),
  })
  const rotating = { segmentLength: 64, rotationBits: 1 }
  await accepts('segments-under-two-data-keys', {
    operation,
    spec,
    comment: 'With one bit of rotation, segments 0 and 1 share a key, and 2 has another.',
    inputs: inputsOf(await segmentsOf([counting(0, 32), counting(32, 32), counting(64, 3)], rotating), rotating),
  })
  const far = await segmentsOf([counting(0, 3)], parameters, 2 ** 20 + 5)
  await accepts('segment-far-behind', {
    operation,
    spec,
    comment: 'Position 2^20 + 5, under the second data key.',
    inputs: inputsOf(far),
  })
}

async function wrongSegments({ refuses }) {
  const [first, second, last] = three.segments
  const wrong = {
    'segment-at-another-position': ['UNAUTHENTIC', { ...first, position: 1 }, 'Segment 0 at place 1.'],
    'segment-final-that-is-not': ['UNAUTHENTIC', { ...second, final: true }, 'It says that more follows.'],
    'segment-not-final-that-is': ['UNAUTHENTIC', { ...last, final: false }, 'It says that nothing follows.'],
    'segment-cut': [
      'UNAUTHENTIC',
      { ...first, bytes: first.bytes.slice(0, -1) },
      'A segment that is not the last is full.',
    ],
    'segment-longer': [
      'UNAUTHENTIC',
      { ...last, bytes: Uint8Array.of(...last.bytes, 0) },
      'Its length field says less.',
    ],
    'segment-longer-than-any': ['UNAUTHENTIC', { ...first, bytes: Uint8Array.of(...first.bytes, 0) }, '65 bytes.'],
    'segment-of-31-bytes': [
      'UNAUTHENTIC',
      { ...last, bytes: last.bytes.slice(0, 31) },
      'Shorter than a length field, an IV and a tag.',
    ],
    'segment-empty': ['UNAUTHENTIC', { ...last, bytes: new Uint8Array(0) }, 'Nothing.'],
    'segment-with-another-tag': ['UNAUTHENTIC', { ...first, bytes: flip(first.bytes, -1) }, 'One bit.'],
    'segment-position-too-large': ['LIMIT', { ...last, position: 2 ** 40 }, 'There are 2^40 at most.'],
    'segment-position-of-the-last-not-final': [
      'LIMIT',
      { ...first, position: 2 ** 40 - 1 },
      'The last possible position is final.',
    ],
  }
  for (const [name, [code, segment, comment]] of Object.entries(wrong))
    await refuses(name, code, {
      operation,
      spec: rejects,
      comment,
      inputs: inputsOf({ ...three, segments: [segment] }),
    })
  const two = [counting(0, 32), counting(0, 1)]
  const lengths = {
    'segment-empty-behind-others': [
      { position: 1, final: true, length: 0 },
      'FLOE lets a writer end an object so; here one plaintext has one segmentation.',
    ],
    'segment-not-full-that-is-not-the-last': [
      { position: 0, final: false, length: 31 },
      'Sealed under the right key; a segment that is not the last is full.',
    ],
    'segment-longer-than-any-that-is-the-last': [
      { position: 0, final: true, length: 33 },
      'Sealed under the right key, and its length field fits; 64 bytes at most.',
    ],
  }
  for (const [name, [segment, comment]] of Object.entries(lengths))
    await refuses(name, 'UNAUTHENTIC', {
      operation,
      spec: rejects,
      comment,
      inputs: inputsOf(await withSegment(two, segment)),
    })
  const elsewhere = await segmentsOf([counting(0x80, 32), counting(0xa0, 3)])
  const moved = c.joinSegment(
    await c
      .startSealing(key, associatedData, { parameters, random: scripted(other, segmentIv(0)) })
      .sealSegment(counting(0, 32), 0, false),
  )
  await refuses('segment-of-another-object', 'UNAUTHENTIC', {
    operation,
    spec: rejects,
    comment: 'The same key, another IV in the header.',
    inputs: inputsOf({ ...elsewhere, segments: [{ position: 0, final: false, bytes: moved }] }),
  })
  await refuses('segment-with-another-name', 'SEGMENT', {
    operation,
    spec: rejects,
    comment: 'It would open; it is not the one that was signed.',
    inputs: inputsOf({ ...three, segments: [{ ...named[0], name: named[1].name }] }),
  })
  await refuses('segments-under-another-key', 'COMMITMENT', {
    operation,
    spec: rejects,
    comment: 'A header belongs to one key.',
    inputs: inputsOf(three, parameters, { key: hex(other) }),
  })
  await refuses('segments-with-other-parameters', 'UNAUTHENTIC', {
    operation,
    spec: rejects,
    comment: 'The reader expects segments of 128 bytes.',
    inputs: inputsOf(three, { ...parameters, segmentLength: 128 }),
  })
}

// ——— padding

async function padding({ accepts, refuses }) {
  const padme = 'sealing.md#padmé'
  for (const length of [0, 1, 9, 1025, 2 ** 30 + 1])
    await accepts(`padme-${length}`, {
      operation: 'floe/padme',
      spec: padme,
      comment: `${length} bytes.`,
      inputs: { length },
    })
  await refuses('padme-too-long', 'USAGE', {
    operation: 'floe/padme',
    spec: padme,
    comment: 'Beyond 2^52.',
    inputs: { length: 2 ** 52 + 1 },
  })
  await refuses('padme-negative', 'USAGE', {
    operation: 'floe/padme',
    spec: padme,
    comment: 'No such length.',
    inputs: { length: -1 },
  })
  const padded = (length, to, rest) => ({ operation: 'floe/padding', inputs: { length, padded: to, rest: hex(rest) } })
  await accepts('padding', { ...padded(9, 10, new Uint8Array(1)), spec: padme, comment: 'One zero.' })
  await refuses('padding-not-zero', 'PADDING', {
    ...padded(9, 10, Uint8Array.of(1)),
    spec: rejects,
    comment: 'Room for content that no reader shows.',
  })
  await refuses('padding-not-padmes', 'PADDING', {
    ...padded(9, 11, new Uint8Array(2)),
    spec: rejects,
    comment: 'Sizes as marks.',
  })
  await refuses('padding-none', 'PADDING', {
    ...padded(9, 9, new Uint8Array(0)),
    spec: rejects,
    comment: 'Nine is not padded.',
  })
}

/** The first of these segments, and one of any length at this place, sealed as FLOE would: right but for its length. */
async function withSegment(pieces, { position, final, length }) {
  const { header, segments: sound } = await segmentsOf(pieces)
  const cipher = createCipheriv('aes-256-gcm', dataKeyOf(header), segmentIv(position))
  cipher.setAAD(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, position, final ? 1 : 0))
  const body = Uint8Array.of(...cipher.update(counting(0, length)), ...cipher.final())
  const field = final ? [0, 0, 0, 32 + length] : [0xff, 0xff, 0xff, 0xff]
  const bytes = Uint8Array.of(...field, ...segmentIv(position), ...body, ...cipher.getAuthTag())
  return { header, segments: [...sound.slice(0, position), { position, final, bytes }] }
}

/** sealing.md, "Algorithm", written out: the data key of the first segments. */
function dataKeyOf(header) {
  const derive = (from, ...purpose) => {
    const mac = createHmac('sha384', from).update(header.subarray(0, 42))
    for (const part of purpose) mac.update(part)
    return mac.update(associatedData).update(Uint8Array.of(1)).digest()
  }
  return derive(derive(key, 'MESSAGE_KEY:'), 'DEK:', new Uint8Array(8)).subarray(0, 32)
}
