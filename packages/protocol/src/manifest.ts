// Section manifests: the files of one version of a section, and the names of their segments. Type, encoder and decoder.
// Spec: docs/spec/sections.md. A file that is not in the signed manifest does not exist; for each position exactly one segment is named.
import { sha256 } from '#sha256'
import { digestShape, treeHash } from './bodies.js'
import { concat, type Digest, equal, expectId, hex, type TreeHash } from './bytes.js'
import { expectList, reading } from './check.js'
import { ProtocolError } from './errors.js'
import { limits } from './limits.js'
import { leafHash, rootOf } from './merkle.js'
import { blob, bytes, type Infer, list, pack, type Shape, struct, uint, unpack } from './shape.js'

/** FLOE header of a file: parameters 10, IV 32, tag 32 bytes. */
const FLOE_HEADER = 74

/**
 * One file. `id` is random and binds its header and segments; `header` is the sealed file header (file key, name, media type, true
 * length); `padded` the padded plaintext length in bytes; `names` one segment's name, or the names of the index segments.
 */
export const manifestFile = struct({
  id: bytes(16),
  header: blob(limits.fileHeader, 1),
  floe: bytes(FLOE_HEADER),
  padded: uint(),
  segments: uint(limits.segmentsPerFile),
  root: treeHash,
  names: list(digestShape, limits.segmentsPerFile / limits.namesPerIndex, 1),
})
export type ManifestFile = Infer<typeof manifestFile>

const filesShape = struct({ files: list(manifestFile, limits.files) })
export type Manifest = Infer<typeof filesShape>

const refuse = (at: string, expected: string): never => {
  throw new ProtocolError('DECODE_SHAPE', `${at}: expected ${expected}`)
}

const manifestShape: Shape<Manifest> = {
  decode(value, at) {
    const manifest = filesShape.decode(value, at)
    const ids = new Set<string>()
    for (const [i, file] of manifest.files.entries()) {
      const names = file.segments <= 1 ? 1 : Math.ceil(file.segments / limits.namesPerIndex)
      if (file.segments === 0 || file.names.length !== names)
        refuse(`${at}.files[${i}].names`, 'as many names as the segments need')
      ids.add(hex(file.id))
    }
    if (ids.size !== manifest.files.length) refuse(`${at}.files`, 'each file id once')
    return manifest
  },
  encode: filesShape.encode,
}

/** @throws ProtocolError USAGE for what `decodeManifest` refuses, LIMIT above 8 MiB. */
export function encodeManifest(manifest: Manifest): Uint8Array<ArrayBuffer> {
  const encoded = pack(manifestShape, manifest)
  if (encoded.length > limits.manifest) throw new ProtocolError('LIMIT', 'a manifest is at most 8 MiB long')
  return encoded
}

/** @throws ProtocolError DECODE_*, TOO_LARGE; DECODE_SHAPE also when a file's number of segments and of names do not fit, or an id stands twice. */
export const decodeManifest = (encoded: Uint8Array): Manifest =>
  unpack(manifestShape, encoded, 'manifest', { bytes: limits.manifest })

/** RFC 6962 root over a file's segment names, in order of position. @throws ProtocolError USAGE */
export const namesRoot = (names: readonly Digest[]): TreeHash =>
  rootOf(expectList(names, expectId).map((name) => leafHash(name)))

/** Index segments: the names of a file with more than one segment, joined, at most 32,768 in each. @throws ProtocolError USAGE */
export function encodeIndex(names: readonly Digest[]): Uint8Array<ArrayBuffer>[] {
  const indexes: Uint8Array<ArrayBuffer>[] = []
  expectList(names, expectId)
  for (let at = 0; at < names.length; at += limits.namesPerIndex)
    indexes.push(concat(...names.slice(at, at + limits.namesPerIndex)))
  return indexes
}

/**
 * The names of all segments of a file, from its index segments (none for a file with one segment).
 * @throws ProtocolError SEGMENT when they are not what the manifest signs, USAGE.
 */
export const decodeIndex = (file: ManifestFile, indexes: readonly Uint8Array[]): readonly Digest[] =>
  reading('a manifest’s file and its index segments', () => namesIn(file, indexes))

function namesIn(file: ManifestFile, indexes: readonly Uint8Array[]): readonly Digest[] {
  if (file.segments === 1) return checkNames(file, file.names)
  const bytes = concat(...indexes)
  const fits =
    indexes.length === file.names.length && indexes.every((index, i) => equal(sha256(index), file.names[i] as Digest))
  if (!fits || bytes.length !== 32 * file.segments)
    throw new ProtocolError('SEGMENT', 'an index segment is not the one that the manifest names')
  return checkNames(
    file,
    Array.from({ length: file.segments }, (_, i) => bytes.slice(32 * i, 32 * i + 32) as Uint8Array as Digest),
  )
}

function checkNames(file: ManifestFile, names: readonly Digest[]): readonly Digest[] {
  if (!equal(namesRoot(names), file.root))
    throw new ProtocolError('SEGMENT', 'the segment names are not those that the manifest signs')
  return names
}
