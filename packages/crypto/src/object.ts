// Small sealed objects: a structure, its padding, and one seal. Everything that keys.ts and its neighbours seal goes through here.
// Spec: docs/spec/sections.md, "Padded structures". Whatever is wrong with what is opened (key, place, bytes, padding, structure), the
// answer is UNAUTHENTIC: an opener has nothing better to do with the difference, and an attacker might.
import { type DecodeLimits, ProtocolError, pack, type Shape, unpack } from '@sealchart/protocol'
import { type Random, requireBytes } from './check.js'
import { CryptoError, unauthentic } from './errors.js'
import { openBytes, sealBytes } from './floe.js'
import { SECRET_LENGTH } from './secrets.js'

/** The length in bytes that a plaintext of `length` bytes is padded to, the length field counted. */
export type Padding = (length: number) => number

/** Multiples of 64 bytes: for what is short, where steps in proportion would tell single words apart. */
export const in64s: Padding = (length) => Math.ceil(length / 64) * 64

const LENGTH_FIELD = 4

/** The canonical encoding of a structure. @throws CryptoError USAGE naming the field, LIMIT above 16 MiB. */
export function encodeContent<T>(shape: Shape<T>, value: T): Uint8Array<ArrayBuffer> {
  try {
    return pack(shape, value)
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause
    // The message names a field and what it must be, never what stood there.
    throw new CryptoError(cause.code === 'TOO_LARGE' ? 'LIMIT' : 'USAGE', cause.message, { cause })
  }
}

/** The inverse of `encodeContent` for what was authentic. @throws CryptoError UNAUTHENTIC */
export function decodeContent<T>(shape: Shape<T>, encoded: Uint8Array, limits?: DecodeLimits): T {
  try {
    return unpack(shape, encoded, 'content', limits)
  } catch {
    throw unauthentic()
  }
}

/** Length (four bytes, big-endian), content, zeros. */
export function addPadding(content: Uint8Array, padding: Padding): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(padding(LENGTH_FIELD + content.length))
  new DataView(out.buffer).setUint32(0, content.length)
  out.set(content, LENGTH_FIELD)
  return out
}

/**
 * The inverse of `addPadding`: one content has one padded form, so that nothing can hide in it or mark it.
 * @throws CryptoError UNAUTHENTIC
 */
export function removePadding(padded: Uint8Array, padding: Padding): Uint8Array {
  if (padded.length < LENGTH_FIELD) throw unauthentic()
  const end = LENGTH_FIELD + new DataView(padded.buffer, padded.byteOffset).getUint32(0)
  // Padding never shortens: a length beyond the end does not fit either.
  if (padding(end) !== padded.length) throw unauthentic()
  if (padded.subarray(end).some((byte) => byte !== 0)) throw unauthentic()
  return padded.subarray(LENGTH_FIELD, end)
}

/** A kind of sealed structure: what it is, how it is padded, and its greatest length in bytes once sealed. */
export interface ObjectKind<T> {
  readonly shape: Shape<T>
  readonly padding: Padding
  readonly limit: number
}

/** Seals a structure under a key. @throws CryptoError USAGE, LIMIT if it would be longer than its kind allows. */
export async function sealObject<T>(
  kind: ObjectKind<T>,
  value: T,
  { key, aad }: ObjectSeal,
  random: Random,
): Promise<Uint8Array> {
  const sealed = await sealBytes(key, aad, addPadding(encodeContent(kind.shape, value), kind.padding), random)
  if (sealed.length > kind.limit) throw new CryptoError('LIMIT', `sealed, this is at most ${kind.limit} bytes long`)
  return sealed
}

/** Opens what `sealObject` made. @throws CryptoError UNAUTHENTIC, USAGE */
export async function openObject<T>(kind: ObjectKind<T>, sealed: Uint8Array, seal: ObjectSeal): Promise<T> {
  requireBytes(sealed, 'sealed object')
  if (sealed.length > kind.limit) throw unauthentic()
  return decodeContent(kind.shape, removePadding(await openSealed(seal, sealed), kind.padding))
}

/** What a seal is made under: 32 bytes of key, and label and context as associated data. */
export interface ObjectSeal {
  readonly key: Uint8Array
  readonly aad: Uint8Array
}

/** `openBytes` with one code for all that can be wrong with the object. @throws CryptoError UNAUTHENTIC, USAGE */
export async function openSealed({ key, aad }: ObjectSeal, sealed: Uint8Array): Promise<Uint8Array> {
  // Before the object is looked at, so that a mistake of the caller's is not taken for one of the sender's.
  requireBytes(key, 'key', SECRET_LENGTH)
  try {
    return await openBytes(key, aad, sealed)
  } catch (cause) {
    // FLOE calls a header of another key or place COMMITMENT. Here that code is kept for a key that contradicts an entry.
    if (cause instanceof CryptoError && cause.code === 'COMMITMENT') throw unauthentic()
    throw cause
  }
}
