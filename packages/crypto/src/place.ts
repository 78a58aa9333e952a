// Places: what a key or a sealed object belongs to, and how that becomes the context of a derivation or a seal.
// Spec: docs/spec/keys.md, "Contexts". A place is checked before it is encoded: an id in another form would still derive a key, just
// one that nobody else derives.
import {
  bind,
  bytes,
  type ChainId,
  limits,
  type Purpose,
  type Shape,
  struct,
  uint,
  type Value,
} from '@sealchart/protocol'
import { CryptoError } from './errors.js'

/** A member's epoch. */
export interface MemberPlace {
  readonly network: ChainId
  readonly member: ChainId
  readonly epoch: number
}

/** A team. */
export interface TeamPlace {
  readonly network: ChainId
  readonly team: ChainId
}

/** A record's trail epoch, and also its card epoch: what a record has one of. */
export interface RecordPlace {
  readonly network: ChainId
  readonly record: ChainId
  readonly epoch: number
}

/** An epoch of a section; section 0 is the card. */
export interface SectionPlace extends RecordPlace {
  readonly section: number
}

/** Where a back-link stands: the epoch that it is sealed under. `what` is a section's number, or the trail; 0 for a group. */
export interface BackLinkPlace {
  readonly network: ChainId
  readonly chain: ChainId
  readonly what: number | 'trail'
  readonly epoch: number
}

/** A back-link's context: its place, and the epoch that it leads to. */
export interface LedPlace extends BackLinkPlace {
  readonly to: number
}

/** A file, whatever epoch its header is sealed under: the file outlives the epoch. `fileId` is its 16-byte id in the manifest. */
export interface FilePlace {
  readonly network: ChainId
  readonly record: ChainId
  readonly section: number
  readonly fileId: Uint8Array
}

/** Where a file's header stands. */
export interface FileHeaderPlace extends FilePlace {
  readonly epoch: number
}

/** Who wrote a note on a record: the author's member chain, and the trail epoch whose key it is sealed to. */
export interface NotePlace extends RecordPlace {
  readonly author: ChainId
}

const id = bytes<ChainId>(32)
const epoch = uint(0xffffffff)
const section = uint(limits.sections)
const fileId = bytes(16)
const sectionOrTrail: Shape<number | 'trail'> = {
  decode: (value, at) => (value === 'trail' ? value : section.decode(value, at)),
  encode: (value) => value,
}

export const memberPlace: Shape<MemberPlace> = struct({ network: id, member: id, epoch })
export const teamPlace: Shape<TeamPlace> = struct({ network: id, team: id })
export const recordPlace: Shape<RecordPlace> = struct({ network: id, record: id, epoch })
export const sectionPlace: Shape<SectionPlace> = struct({ network: id, record: id, section, epoch })
export const backLinkPlace: Shape<LedPlace> = struct({ network: id, chain: id, what: sectionOrTrail, epoch, to: epoch })
export const filePlace: Shape<FilePlace> = struct({ network: id, record: id, section, fileId })
export const fileHeaderPlace: Shape<FileHeaderPlace> = struct({ network: id, record: id, section, epoch, fileId })
export const notePlace: Shape<NotePlace> = struct({ network: id, record: id, epoch, author: id })

/** label ‖ CBOR(place): associated data or info. @throws CryptoError USAGE naming the field that is not what it must be. */
export function bindPlace<T>(purpose: Purpose, shape: Shape<T>, place: T): Uint8Array<ArrayBuffer> {
  try {
    const context = shape.encode(place)
    shape.decode(context, 'place')
    return bind(purpose, context as readonly Value[])
  } catch (cause) {
    const message =
      cause instanceof Error && cause.name === 'ProtocolError' ? cause.message : 'a place has all its fields'
    throw new CryptoError('USAGE', message, { cause })
  }
}
