// Targets of the codec and of what stands on it directly: CBOR, texts of keys and paths, tiles, notes.
import * as cborg from 'cborg'
import * as p from '../../packages/protocol/dist/index.js'
import { decodeNote, encodeNote } from '../../packages/protocol/dist/note.js'
import { decodeBundle } from '../../packages/protocol/dist/tiles.js'
import { acceptedOf, filled, Mismatch, same, seedsOf, toText, unhex, utf8, vectorsOf } from '../seeds.mjs'

await p.ready()

const strict = { strict: true, allowUndefined: false, allowNaN: false, allowInfinity: false, useMaps: true }

/** Whether a value that cborg read is in the subset of encoding.md. U+FFFD: cborg writes it for what is no UTF-8. */
function inSubset(value, depth) {
  if (typeof value === 'number') return Number.isSafeInteger(value)
  if (Array.isArray(value)) return depth < 16 && value.every((item) => inSubset(item, depth + 1))
  return value === null || ['boolean', 'string'].includes(typeof value) || value instanceof Uint8Array
}

/** Whether these bytes are, to cborg, the one encoding of a value of the subset. Null: cborg drops a leading U+FEFF of a text. */
function cborgAccepts(bytes) {
  if (Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes('\ufeff')) return null
  try {
    const value = cborg.decode(bytes, strict)
    return inSubset(value, 0) && Buffer.compare(cborg.encode(value), bytes) === 0
  } catch {
    return false
  }
}

const tileBytes = acceptedOf('log/leaf').map(({ inputs }) => unhex(inputs.bytes))
const checkpoints = vectorsOf('log/checkpoint')
const notes = checkpoints.map(({ inputs }) => unhex(inputs.note))
const logKey = p.decodeNoteKey(acceptedOf('log/checkpoint')[0].inputs.key)

/** The text of a note: everything before its last empty line. */
const textOf = (note) => utf8(toText(note).split('\n\n')[0].concat('\n'))

export const codec = [
  {
    name: 'codec/decode',
    form: 'cbor',
    seeds: seedsOf('bytes', 'codec/decode', 'manifests/decode', 'log/leaf'),
    run(bytes) {
      const expected = cborgAccepts(bytes)
      let value
      try {
        value = p.decode(bytes)
      } catch (error) {
        if (expected === true) throw new Mismatch('cborg accepts what decode refuses', { cause: error })
        throw error
      }
      if (expected === false) throw new Mismatch('decode accepts what cborg does not')
      return value
    },
    reencode: (value) => p.encode(value),
  },
  {
    name: 'codec/decode with limits',
    form: 'cbor',
    seeds: seedsOf('bytes', 'codec/decode'),
    run: (bytes) => p.decode(bytes, { bytes: 64, items: 10, depth: 3 }),
    reencode: (value) => p.encode(value),
  },
  {
    name: 'hex and base64',
    form: 'text',
    seeds: ['', '00', 'abcd', 'AA==', 'AAA=', 'AAAA', '+/+/'].map(utf8),
    run(bytes) {
      const text = toText(bytes)
      const [fromHex, fromBase64] = [p.unhex(text), p.unbase64(text)]
      if (fromHex !== null && p.hex(fromHex) !== text) throw new Mismatch('hex')
      if (fromBase64 !== null && p.base64(fromBase64) !== text) throw new Mismatch('base64')
    },
  },
  {
    name: 'note/decodeNote',
    form: 'text',
    seeds: notes,
    run: decodeNote,
    reencode: encodeNote,
  },
  {
    name: 'checkpoint/decodeCheckpoint',
    form: 'text',
    seeds: notes.map(textOf),
    run: (bytes) => p.decodeCheckpoint(toText(bytes)),
    reencode: (checkpoint) => utf8(p.encodeCheckpoint(checkpoint)),
    // U+FFFD may name a log; where it stands for bytes that are no UTF-8, the text is another one.
    original: (bytes) => utf8(toText(bytes)),
  },
  {
    name: 'checkpoint/verifyCheckpoint',
    form: 'text',
    seeds: notes,
    share: 1 / 2,
    run: (bytes) => p.verifyCheckpoint(bytes, logKey),
  },
  {
    name: 'note/decodeNoteKey',
    form: 'text',
    seeds: vectorsOf('log/verifier-key').map(({ inputs }) => utf8(inputs.text)),
    run: (bytes) => p.decodeNoteKey(toText(bytes)),
    reencode: (key) => utf8(p.encodeNoteKey(key)),
    original: (bytes) => utf8(toText(bytes)),
  },
  {
    name: 'tiles/parseTilePath',
    form: 'text',
    seeds: vectorsOf('log/tile-path').map(({ inputs }) => utf8(inputs.path)),
    run: (bytes) => p.parseTilePath(toText(bytes)),
    reencode: (tile) => utf8(p.tilePath(tile)),
  },
  {
    // The first byte is the width, less 1.
    name: 'tiles/decodeTile',
    form: 'bytes',
    seeds: [1, 2, 255, 256].map((width) => Uint8Array.of(width - 1, ...filled(width, 32 * width))),
    run: (bytes) => p.decodeTile(bytes.subarray(1), (bytes[0] ?? 0) + 1),
    reencode: (hashes) => Uint8Array.of(hashes.length - 1, ...p.encodeTile(hashes)),
  },
  {
    name: 'tiles/decodeBundle',
    form: 'bytes',
    seeds: [1, 2, 5].map((width) => Uint8Array.of(width - 1, ...p.encodeBundle(tileBytes.slice(0, width)))),
    run: (bytes) => decodeBundle(bytes.subarray(1), (bytes[0] ?? 0) + 1),
    reencode: (leaves) => Uint8Array.of(leaves.length - 1, ...p.encodeBundle(leaves)),
  },
  {
    name: 'leaf/decodeLeaf',
    form: 'cbor',
    seeds: seedsOf('bytes', 'log/leaf'),
    run: p.decodeLeaf,
    reencode: (leaf) =>
      leaf.kind === 'entry' ? p.encodeEntryLeaf(leaf.slot, leaf.entryHash) : p.encodeSeal(leaf.seal),
  },
  {
    name: 'device-keys',
    form: 'cbor',
    seeds: vectorsOf('entries/device-keys').map(({ inputs }) => p.encode([unhex(inputs.sign), unhex(inputs.box)])),
    run(bytes) {
      const keys = p.unpack(p.devicePublicKeys, bytes, 'keys')
      same(p.deviceId(p.checkDeviceKeys(keys)), p.deviceId(keys), 'device ids')
      return keys
    },
    reencode: (keys) => p.pack(p.devicePublicKeys, keys),
  },
  {
    // 32 bytes of key, 64 of signature, then the message: a false answer, never an error, whatever they are.
    name: 'ed25519/verify',
    form: 'bytes',
    share: 1 / 4,
    seeds: [filled(0, 96), filled(0, 120), new Uint8Array(96)],
    run: (bytes) => void p.verify(bytes.subarray(0, 32), bytes.subarray(96), bytes.subarray(32, 96)),
  },
]
