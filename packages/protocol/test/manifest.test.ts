// Section manifests and index segments. Spec: docs/spec/sections.md.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sha256 } from '#sha256'
import { effort } from '../../../scripts/effort.mjs'
import { concat, type Digest, hex } from '../src/bytes.js'
import { decode, encode, type Value } from '../src/codec.js'
import { limits } from '../src/limits.js'
import {
  decodeIndex,
  decodeManifest,
  encodeIndex,
  encodeManifest,
  type ManifestFile,
  namesRoot,
} from '../src/manifest.js'
import { expectCode } from './expect-code.js'
import { codeOf } from './support.js'
import { idOf } from './test-log.js'

/** Names of segments, cheaply: the position, padded. */
const namesOf = (count: number): Digest[] =>
  Array.from({ length: count }, (_, i) => {
    const name = new Uint8Array(32)
    new DataView(name.buffer).setUint32(0, i)
    return name as Uint8Array as Digest
  })

function fileOf(seed: number, segments: number): { file: ManifestFile; names: Digest[]; indexes: Uint8Array[] } {
  const names = namesOf(segments)
  const indexes = segments === 1 ? [] : encodeIndex(names)
  const file: ManifestFile = {
    id: idOf(`file ${seed}`).slice(0, 16),
    header: new Uint8Array(100).fill(seed),
    floe: new Uint8Array(74).fill(seed),
    padded: 1000 * segments,
    segments,
    root: namesRoot(names),
    names: segments === 1 ? names : indexes.map((index) => sha256(index) as Uint8Array as Digest),
  }
  return { file, names, indexes }
}

const small = () => [fileOf(1, 1).file, fileOf(2, 3).file]

describe('a manifest', () => {
  it('comes back', () => {
    for (const files of [[], small(), [fileOf(3, 32_768).file, fileOf(4, 32_769).file, fileOf(5, 65_536).file]]) {
      const encoded = encodeManifest({ files })
      expect(decodeManifest(encoded)).toEqual({ files })
      expect(hex(encodeManifest(decodeManifest(encoded)))).toBe(hex(encoded))
    }
  })

  /** Encodings that no manifest has, each from a good file with a field changed; the same value is the caller’s fault. */
  const wrong: readonly (readonly [string, object])[] = [
    ['no segments', { segments: 0 }],
    ['more segments than there are', { segments: limits.segmentsPerFile + 1 }],
    ['one segment and two names', { segments: 1, names: namesOf(2) }],
    ['one index and two names', { segments: 32_768, names: namesOf(2) }],
    ['two indexes and one name', { segments: 32_769, names: namesOf(1) }],
    ['two indexes and three names', { segments: 65_536, names: namesOf(3) }],
    ['no name', { names: [] }],
    ['an id of 15 bytes', { id: new Uint8Array(15) }],
    ['no header', { header: new Uint8Array(0) }],
    ['a header of 1,025 bytes', { header: new Uint8Array(limits.fileHeader + 1) }],
    ['a FLOE header of 73 bytes', { floe: new Uint8Array(73) }],
    ['a negative length', { padded: -1 }],
    ['a root of 31 bytes', { root: new Uint8Array(31) }],
  ]
  it.each(wrong)('refuses a file with %s', (_, change) => {
    const file = { ...fileOf(1, 2).file, ...change }
    const { id, header, floe, padded, segments, root, names } = file
    const value: Value = [[[id, header, floe, padded, segments, root, names]]]
    expectCode('DECODE_SHAPE', () => decodeManifest(encode(value)))
    expectCode('USAGE', () => encodeManifest({ files: [file] }))
  })

  it('accepts a header of 1,024 bytes', () => {
    const file = { ...fileOf(1, 1).file, header: new Uint8Array(limits.fileHeader) }
    expect(codeOf(() => decodeManifest(encodeManifest({ files: [file] })))).toBe('accepted')
  })

  it('refuses a file id that stands twice', () => {
    const [first, second] = small() as [ManifestFile, ManifestFile]
    const twice = [first, { ...second, id: first.id }]
    expectCode('USAGE', () => encodeManifest({ files: twice }))
    const values = decode(encodeManifest({ files: [first] })) as Value[][]
    expectCode('DECODE_SHAPE', () => decodeManifest(encode([[...(values[0] as Value[]), ...(values[0] as Value[])]])))
  })

  it('has 10,000 files and 8 MiB at most', () => {
    const many = (count: number, header = 1) =>
      Array.from({ length: count }, (_, i) => ({
        ...fileOf(1, 1).file,
        id: idOf(`${i}`).slice(0, 16),
        header: new Uint8Array(header),
      }))
    expect(decodeManifest(encodeManifest({ files: many(limits.files) })).files).toHaveLength(limits.files)
    expectCode('USAGE', () => encodeManifest({ files: many(limits.files + 1) }))
    const each = encodeManifest({ files: many(8000, 800) }).length / 8000
    const fitting = Math.floor(limits.manifest / each)
    expect(codeOf(() => decodeManifest(encodeManifest({ files: many(fitting - 1, 800) })))).toBe('accepted')
    expectCode('LIMIT', () => encodeManifest({ files: many(fitting + 2, 800) }))
    expectCode('TOO_LARGE', () => decodeManifest(new Uint8Array(limits.manifest + 1)))
    expect(codeOf(() => decodeManifest(new Uint8Array(limits.manifest)))).not.toBe('TOO_LARGE')
  })

  it('is refused at every length but its own', () => {
    const encoded = encodeManifest({ files: small() })
    for (let length = 0; length < encoded.length; length++)
      expect(
        codeOf(() => decodeManifest(encoded.subarray(0, length))),
        String(length),
      ).toBe('DECODE_TRUNCATED')
    expectCode('DECODE_TRAILING', () => decodeManifest(concat(encoded, Uint8Array.of(0))))
  })

  it('that decodes after a change is one that encodes so', () => {
    const encoded = encodeManifest({ files: small() })
    fc.assert(
      fc.property(fc.nat(8 * encoded.length - 1), (bit) => {
        const changed = encoded.slice()
        changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7))
        if (codeOf(() => decodeManifest(changed)) !== 'accepted') return
        expect(hex(encodeManifest(decodeManifest(changed)))).toBe(hex(changed))
      }),
      { numRuns: effort(1000) },
    )
  })
})

describe('segment names', () => {
  it.each([1, 2, 32_767, 32_768, 32_769, 65_536])('of %i segments come back from their indexes', (segments) => {
    const { file, names, indexes } = fileOf(1, segments)
    expect(file.names).toHaveLength(Math.max(1, Math.ceil(segments / limits.namesPerIndex)))
    const decoded = decodeIndex(file, indexes)
    expect(decoded).toHaveLength(segments)
    expect(hex(concat(...decoded.slice(-3)))).toBe(hex(concat(...names.slice(-3))))
  })

  it('are refused when an index is not the one named', () => {
    const { file, indexes } = fileOf(1, 40_000)
    const [first, second] = indexes as [Uint8Array, Uint8Array]
    const damaged = first.slice()
    damaged[40] = (damaged[40] as number) ^ 1
    for (const given of [
      [],
      [first],
      [second],
      [second, first],
      [damaged, second],
      [first, second, second],
      [first, first],
    ])
      expectCode('SEGMENT', () => decodeIndex(file, given))
    // Both indexes in one are the same names, and yet not what the manifest says.
    expectCode('SEGMENT', () => decodeIndex(file, [concat(first, second)]))
  })

  it('are refused when they do not have the signed root, or not that many', () => {
    const { file, indexes } = fileOf(1, 5)
    expectCode('SEGMENT', () => decodeIndex({ ...file, root: namesRoot(namesOf(4)) }, indexes))
    expectCode('SEGMENT', () => decodeIndex({ ...file, segments: 4 }, indexes))
    const one = fileOf(2, 1).file
    expectCode('SEGMENT', () => decodeIndex({ ...one, root: namesRoot(namesOf(2)) }, []))
    const short = (indexes[0] as Uint8Array).subarray(0, 4 * 32 + 31)
    expectCode('SEGMENT', () => decodeIndex({ ...file, names: [sha256(short) as Uint8Array as Digest] }, [short]))
  })
})
