// File headers: a file's key, name and true length, sealed under its section's key; and what the file's segments are bound to.
// Spec: docs/spec/sections.md, "File header". The segments themselves are FLOE (floe.ts); which files exist says the signed manifest.
import { bytes, limits, nullable, type Shape, struct, text, uint } from '@sealchart/protocol'
import type { Random } from './check.js'
import { in64s, type ObjectKind, openObject, sealObject } from './object.js'
import { bindPlace, type FileHeaderPlace, type FilePlace, fileHeaderPlace, filePlace } from './place.js'
import { refine } from './refine.js'
import type { FileKey, SectionKey } from './secrets.js'

/** What a reader learns of a file. */
export interface FileHeader {
  /** Random, 32 bytes, never used for a second content. */
  readonly fileKey: FileKey
  /** Without folders, never `.` or `..`. */
  readonly name: string
  /** ASCII, at most 127 characters; empty if unknown. */
  readonly mediaType: string
  /** Bytes before padding. */
  readonly length: number
  /** Milliseconds since 1970, or null if unknown. */
  readonly modified: number | null
  /** The folders above the file inside the folder that was shared, joined by `/`; empty for none. */
  readonly path: string
}

// The sealed length bounds these texts, so that too long a name is LIMIT and not a matter of its structure.
const anyLength = Number.MAX_SAFE_INTEGER

/** A name that stays in the folder that it is written to: readers save files under names that a stranger chose. */
const isName = (name: string): boolean => !/[/\\]/.test(name) && name !== '' && name !== '.' && name !== '..'
const isPath = (path: string): boolean => path === '' || path.split('/').every(isName)

const headerShape: Shape<FileHeader> = struct({
  fileKey: bytes<FileKey>(32),
  name: refine(text(anyLength, 1), isName, 'a file name without folders'),
  mediaType: refine(text(127), (type) => /^[ -~]*$/.test(type), 'a media type in ASCII'),
  length: uint(),
  modified: nullable(uint()),
  path: refine(text(anyLength), isPath, 'folders joined by slashes'),
})

// In steps of 64 bytes, because manifests are not sealed: a header's length would tell names apart.
const kind: ObjectKind<FileHeader> = { shape: headerShape, padding: in64s, limit: limits.fileHeader }

/** Seals a file's header for one epoch of its section. @throws CryptoError USAGE, LIMIT when name and path are too long together. */
export const sealFileHeader = (
  header: FileHeader,
  key: SectionKey,
  place: FileHeaderPlace,
  random: Random,
): Promise<Uint8Array> =>
  sealObject(kind, header, { key, aad: bindPlace('fileHeader', fileHeaderPlace, place) }, random)

/** Opens a file's header. `checkPaddedLength` then compares its length with the manifest's. @throws CryptoError UNAUTHENTIC, USAGE */
export const openFileHeader = (sealed: Uint8Array, key: SectionKey, place: FileHeaderPlace): Promise<FileHeader> =>
  openObject(kind, sealed, { key, aad: bindPlace('fileHeader', fileHeaderPlace, place) })

/** The associated data of a file's segments. Without epoch: a new epoch seals the header anew, and leaves the file. @throws CryptoError USAGE */
export const fileContext = (place: FilePlace): Uint8Array => bindPlace('file', filePlace, place)
