// Manifests and index segments. Spec: docs/spec/sections.md, "Manifest".
import * as p from '../../packages/protocol/dist/index.js'
import { manifestFile } from '../../packages/protocol/dist/manifest.js'
import { hex } from '../operations/notation.mjs'
import { counting, flip, vectorsOf } from './vectors.mjs'

const rejects = 'sections.md#what-a-reader-must-reject'
const names = Array.from({ length: 5 }, (_, i) => counting(0x10 * i))

/** A file of as many segments as there are names. */
function fileOf(id, own, over = {}) {
  const indexes = own.length === 1 ? own : p.encodeIndex(own).map((index) => p.sha256(index))
  return {
    id: counting(id, 16),
    header: counting(0x70, 234),
    floe: counting(0x80, 74),
    padded: 1_048_544 * own.length,
    segments: own.length,
    root: p.namesRoot(own),
    names: indexes,
    ...over,
  }
}
const small = fileOf(0x01, names.slice(0, 1))
const large = fileOf(0x02, names)
const values = (file) => manifestFile.encode(file)

export default async function manifests() {
  const { accepts, refuses, files } = vectorsOf('manifests')
  const decode = (bytes) => ({ operation: 'manifests/decode', inputs: { bytes: hex(bytes) } })
  const spec = 'sections.md#manifest'
  await accepts('manifest-of-none', {
    ...decode(p.encodeManifest({ files: [] })),
    spec,
    comment: 'A section may be empty.',
  })
  await accepts('manifest-of-one', {
    ...decode(p.encodeManifest({ files: [small] })),
    spec,
    comment: 'One segment: its name stands in the manifest.',
  })
  await accepts('manifest-of-two', {
    ...decode(p.encodeManifest({ files: [small, large] })),
    spec,
    comment: 'Five segments: their names stand in an index segment.',
  })
  const raw = (...list) => p.encode([list.map(values)])
  const many = { ...large, segments: 32_769, names: [counting(0x60), counting(0x61)] }
  await accepts('manifest-of-two-index-segments', { ...decode(raw(many)), spec, comment: '32,769 names take two.' })
  const wrong = {
    'manifest-with-a-file-id-twice': [raw(small, { ...large, id: small.id }), 'One file, one entry.'],
    'manifest-without-segments': [raw({ ...small, segments: 0 }), 'A file has one at least.'],
    'manifest-with-65537-segments': [
      raw({ ...large, segments: 65_537, names: Array(3).fill(counting(0x60)) }),
      '65,536 at most.',
    ],
    'manifest-with-a-name-too-many': [
      raw({ ...large, names: [...large.names, counting(0x60)] }),
      'Five segments have one index segment.',
    ],
    'manifest-with-a-name-too-few': [raw({ ...many, names: many.names.slice(1) }), '32,769 segments have two.'],
    'manifest-with-names-for-one-segment': [
      raw({ ...small, names: [names[0], names[1]] }),
      'One segment has one name.',
    ],
    'manifest-without-names': [raw({ ...small, names: [] }), 'One at least.'],
    'manifest-with-a-short-id': [raw({ ...small, id: counting(1, 15) }), 'An id has 16 bytes.'],
    'manifest-with-an-empty-header': [raw({ ...small, header: new Uint8Array(0) }), 'Every file has a header.'],
    'manifest-with-a-header-too-long': [raw({ ...small, header: new Uint8Array(1025) }), '1,024 bytes at most.'],
    'manifest-with-a-short-floe-header': [raw({ ...small, floe: counting(0x80, 73) }), '74 bytes.'],
    'manifest-with-a-negative-length': [raw({ ...small, padded: -1 }), 'A length.'],
    'manifest-with-a-short-name': [raw({ ...small, names: [counting(0x60, 31)] }), 'A SHA-256.'],
    'manifest-with-a-file-of-six-fields': [p.encode([[values(small).slice(0, 6)]]), 'Seven.'],
    'manifest-of-two-fields': [p.encode([[], null]), 'One.'],
  }
  for (const [name, [bytes, comment]] of Object.entries(wrong))
    await refuses(name, 'DECODE_SHAPE', { ...decode(bytes), spec: rejects, comment })
  const sound = p.encodeManifest({ files: [small, large] })
  await refuses('manifest-cut', 'DECODE_TRUNCATED', {
    ...decode(sound.slice(0, -1)),
    spec: rejects,
    comment: 'The last byte is missing.',
  })
  await refuses('manifest-trailing', 'DECODE_TRAILING', {
    ...decode(p.concat(sound, Uint8Array.of(0))),
    spec: rejects,
    comment: 'A byte follows.',
  })

  const repeated = (file, count) => ({
    operation: 'manifests/repeated',
    inputs: { file: hex(p.encode(values(file).slice(1))), count },
  })
  await accepts('manifest-of-a-thousand', { ...repeated(large, 1000), spec, comment: 'Each with its own id.' })
  await refuses('manifest-of-more-than-8-mib', 'TOO_LARGE', {
    ...repeated({ ...large, header: counting(0x70, 1024) }, 7_500),
    spec: rejects,
    comment: 'Each file is allowed, and so is their number.',
  })
  await refuses('manifest-of-10001', 'DECODE_SHAPE', {
    ...repeated(large, 10_001),
    spec: rejects,
    comment: 'Ten thousand files at most.',
  })

  const index = ({ segments, root, names: own }, indexes) => ({
    operation: 'manifests/index',
    inputs: { segments, root: hex(root), names: own.map(hex), indexes: indexes.map(hex) },
  })
  const [segment] = p.encodeIndex(names)
  await accepts('index-of-one-segment', {
    ...index(small, []),
    spec,
    comment: 'No index segment: the name stands in the manifest.',
  })
  await accepts('index-of-five-segments', { ...index(large, [segment]), spec, comment: 'Five names, and their root.' })
  /** The file with index segments that the manifest names, whatever they hold. */
  const naming = (bytes) => index({ ...large, names: [p.sha256(bytes)] }, [bytes])
  const wrongIndexes = {
    'index-that-is-missing': index(large, []),
    'index-with-another-bit': index(large, [flip(segment)]),
    'index-one-too-many': index(large, [segment, segment]),
    'index-cut-in-two': index(large, [segment.slice(0, 64), segment.slice(64)]),
    'index-in-another-order-that-is-named': naming(p.concat(names[1], names[0], ...names.slice(2))),
    'index-cut-that-is-named': naming(segment.slice(0, -1)),
    'index-with-a-name-too-few-that-is-named': naming(segment.slice(32)),
    'index-with-a-byte-behind-that-is-named': naming(p.concat(segment, Uint8Array.of(0))),
    'index-of-another-name': index({ ...large, names: [counting(0x60)] }, [segment]),
    'index-with-another-root': index({ ...large, root: counting(0x60) }, [segment]),
    'index-of-one-segment-with-another-root': index({ ...small, root: counting(0x60) }, []),
  }
  for (const [name, vector] of Object.entries(wrongIndexes))
    await refuses(name, 'SEGMENT', { ...vector, spec: rejects, comment: 'Not the names that the manifest signs.' })
  return files
}
