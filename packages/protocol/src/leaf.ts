// The leaves of the log: entries at their slots, and the seals that end each batch and carry its time.
// Spec: docs/spec/log.md, "Slots", "Leaves" and "Seals". Whether a leaf is in a tree is merkle.ts and batch.ts; what an entry says
// is entry.ts.
import { type ChainId, concat, type EntryHash, expectId, type LinkHash, type Slot, type TreeHash } from './bytes.js'
import { expectNatural, reading } from './check.js'
import { decode } from './codec.js'
import { hashOf, labels } from './context.js'
import { ProtocolError } from './errors.js'
import { leafHashOf } from './merkle.js'
import { bytes, nullable, oneOf, pack, type Shape, struct, uint } from './shape.js'

/** What ends a batch: leaves `first` to `size` − 2 are its entries, leaf `size` − 1 is the seal. */
export interface Seal {
  /** Index of the batch's first entry. */
  readonly first: number
  /** Size of the tree up to and including this seal. */
  readonly size: number
  /** Log time of every entry of the batch: milliseconds since 1970. */
  readonly time: number
  /** Root of the prefix tree over the leaves before this seal; null where the log keeps none. */
  readonly prefixRoot: TreeHash | null
}

export interface EntryLeaf {
  readonly kind: 'entry'
  readonly slot: Slot
  readonly entryHash: EntryHash
}

export interface SealLeaf {
  readonly kind: 'seal'
  readonly seal: Seal
}

export type LogLeaf = EntryLeaf | SealLeaf

// ——— slots

/** The slot of whatever follows the entry (or access entry) with this link hash: SHA-256(label ‖ CBOR [link hash]). */
export const slotAfter = (link: LinkHash): Slot => hashOf('slot', [expectId(link)]) as Uint8Array as Slot

/** The slot of a chain's founding entry: SHA-256(label ‖ CBOR [chain id]). A second founding takes the same slot, and shows. */
export const foundingSlot = (chain: ChainId): Slot => hashOf('foundingSlot', [expectId(chain)]) as Uint8Array as Slot

/** Link 0 of a record's access log: SHA-256(label ‖ CBOR [record id]). */
export const accessStart = (record: ChainId): LinkHash =>
  hashOf('accessStart', [expectId(record)]) as Uint8Array as LinkHash

/**
 * The link of access entry `number` (from 1, without gaps): SHA-256(label ‖ CBOR [previous link, number, entry hash]). Its slot is
 * `slotAfter(previous)`.
 * @throws ProtocolError USAGE for a number below 1.
 */
export function accessLink(previous: LinkHash, number: number, entryHash: EntryHash): LinkHash {
  if (!Number.isSafeInteger(number) || number < 1) throw new ProtocolError('USAGE', 'access entries count from 1')
  return hashOf('accessLink', [expectId(previous), number, expectId(entryHash)]) as Uint8Array as LinkHash
}

// ——— leaves

const entryFields = struct({ slot: bytes<Slot>(32), entryHash: bytes<EntryHash>(32) })
const sealFields = struct({
  label: oneOf(labels.seal),
  first: uint(),
  size: uint(),
  time: uint(),
  prefixRoot: nullable(bytes<TreeHash>(32)),
})

const sealShape: Shape<Seal> = {
  decode(value, at) {
    const { first, size, time, prefixRoot } = sealFields.decode(value, at)
    // A batch without an entry would only move the clock.
    if (first + 2 <= size) return { first, size, time, prefixRoot }
    throw new ProtocolError('DECODE_SHAPE', `${at}.size: expected room for an entry and the seal`)
  },
  encode: (seal) => sealFields.encode({ label: labels.seal, ...seal }),
}

/** Longest leaf: a seal with three nine-byte integers and a root. */
const MAX_LEAF = 1 + 1 + labels.seal.length + 3 * 9 + 34

/** CBOR around the two fields, written out: a reader makes ten thousand of these to check one answer. */
const beforeSlot = Uint8Array.of(0x82, 0x58, 0x20)
const beforeEntryHash = Uint8Array.of(0x58, 0x20)

/** The leaf data of an entry: CBOR `[slot, entry hash]`, 69 bytes. @throws ProtocolError USAGE unless both are 32 bytes. */
export function encodeEntryLeaf(slot: Slot, entryHash: EntryHash): Uint8Array<ArrayBuffer> {
  return concat(...entryLeafParts(slot, entryHash))
}

/** The leaf hash of an entry (merkle.ts), without putting its leaf data together. @throws ProtocolError USAGE */
export const entryLeafHash = (slot: Slot, entryHash: EntryHash): TreeHash => leafHashOf(entryLeafParts(slot, entryHash))

function entryLeafParts(slot: Slot, entryHash: EntryHash): readonly Uint8Array[] {
  return [beforeSlot, expectId(slot), beforeEntryHash, expectId(entryHash)]
}

/**
 * The leaf data of a seal: CBOR `[label, first, size, time, prefix-tree root or null]`.
 * @throws ProtocolError USAGE unless there is room for an entry before the seal.
 */
export const encodeSeal = (seal: Seal): Uint8Array<ArrayBuffer> => pack(sealShape, seal)

/** Leaf data back to what it says. The two kinds differ in their number of fields. @throws ProtocolError DECODE_*, TOO_LARGE. */
export function decodeLeaf(data: Uint8Array): LogLeaf {
  const value = decode(data, { bytes: MAX_LEAF, depth: 1 })
  if (Array.isArray(value) && value.length === 2) return { kind: 'entry', ...entryFields.decode(value, 'leaf') }
  return { kind: 'seal', seal: sealShape.decode(value, 'seal') }
}

// ——— seals

/**
 * The leaf index at which a seal must be proven: its own last place. A seal at any other index is none.
 * @throws ProtocolError USAGE
 */
export const sealIndex = (seal: Seal): number => batchOf(seal).size - 1

/** Where a seal's batch lies, and its time. */
const batchOf = (seal: Seal): Pick<Seal, 'first' | 'size' | 'time'> =>
  reading('a seal', () => ({
    first: expectNatural(seal.first),
    size: expectNatural(seal.size),
    time: expectNatural(seal.time),
  }))

/**
 * The log time of the entry at leaf `index`, in milliseconds, by the seal of its batch. The caller has proven the seal's leaf at
 * `sealIndex(seal)` in the same tree as the entry's.
 * @throws ProtocolError TIME when the seal's batch does not hold that entry, USAGE.
 */
export function logTimeOf(index: number, seal: Seal): number {
  const { first, size, time } = batchOf(seal)
  // The seal's own place is not an entry: hence below size − 1, not below size.
  if (Number.isSafeInteger(index) && first <= index && index < size - 1) return time
  throw new ProtocolError('TIME', 'the seal does not cover this entry')
}

/**
 * Returns when `next` can be the seal after `previous` (null: the log's first): its batch begins where the last one ended, and
 * time does not go back.
 * @throws ProtocolError LOG_INCONSISTENT for a gap or an overlap, TIME for a decrease.
 */
export function checkNextSeal(previous: Seal | null, next: Seal): void {
  const after = batchOf(next)
  const before = previous === null ? null : batchOf(previous)
  if (after.first !== (before?.size ?? 0)) throw new ProtocolError('LOG_INCONSISTENT', 'batches are not contiguous')
  if (before !== null && after.time < before.time) throw new ProtocolError('TIME', 'log time goes back')
}
