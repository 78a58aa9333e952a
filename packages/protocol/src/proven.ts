// Proven entries: entries with the seals of their batches, a checkpoint, and one batch proof that all of them are in its tree.
// Spec: docs/spec/log.md, "Proven entries". Every answer that carries entries carries them so; nothing is taken from a relay without.

import { verifyBatch } from './batch.js'
import { linkHashShape, treeHash } from './bodies.js'
import { equal, expectId, type LinkHash, type TreeHash } from './bytes.js'
import { expectNatural, reading } from './check.js'
import { type Checkpoint, verifyCheckpoint } from './checkpoint.js'
import { type AnyEntry, decodeEntry, expectEntry } from './entry.js'
import { ProtocolError } from './errors.js'
import { encodeSeal, entryLeafHash, foundingSlot, logTimeOf, type Seal, sealIndex, slotAfter } from './leaf.js'
import { limits } from './limits.js'
import { type LeafAt, leafHash, type TreeHead, verifyConsistency } from './merkle.js'
import type { NoteKey } from './note.js'
import { mergeSeals } from './seals.js'
import { blob, type Infer, list, nullable, struct, uint } from './shape.js'

/** The place of an access entry in its log: its number (from 1) and the access link before it. */
export const accessPlace = struct({ number: uint(), previous: linkHashShape })
export type AccessPlace = Infer<typeof accessPlace>

const MOST = 1 << 20
const sealShape = struct({ first: uint(), size: uint(), time: uint(), prefixRoot: nullable(treeHash) })

/**
 * What a relay sends: a checkpoint (signed note), a consistency proof from the size that the asker named, entries by log index with
 * the places of those from access logs, the seals of their batches in order, and the batch proof's nodes.
 */
export const proven = struct({
  checkpoint: blob(64 * 1024),
  consistency: list(treeHash, 64),
  entries: list(struct({ index: uint(), bytes: blob(limits.entry), access: nullable(accessPlace) }), MOST),
  seals: list(sealShape, MOST),
  nodes: list(treeHash, MOST),
})
export type Proven = Infer<typeof proven>

/** An entry whose place in the log is verified; whether its chain accepts it is not yet. `time` is its log time in ms. */
export interface Placed {
  readonly entry: AnyEntry
  readonly index: number
  readonly time: number
  readonly access: AccessPlace | null
}

/**
 * Verifies checkpoint, consistency with what was seen before, and the place and log time of every entry. That batches do not overlap
 * and time does not go back is checked among the seals given; a ledger checks it against those that it has seen before.
 * @throws ProtocolError CHECKPOINT, ROLLBACK (a smaller tree than seen), FORK (the same size with another root), LOG_INCONSISTENT,
 * LOG_PROOF, TIME, LOG_MISSING (no seal covers an entry), DECODE_*; USAGE for another structure.
 */
export const verifyProven = (
  given: Proven,
  key: NoteKey,
  seen: TreeHead | null,
): { tree: Checkpoint; placed: readonly Placed[] } => reading('proven entries', () => checkProven(given, key, seen))

function checkProven(
  given: Proven,
  key: NoteKey,
  seen: TreeHead | null,
): { tree: Checkpoint; placed: readonly Placed[] } {
  const tree = verifyCheckpoint(given.checkpoint, key)
  checkGrowth(seen, tree, given.consistency)
  mergeSeals([], given.seals)
  const placed = place(given)
  const leaves: LeafAt[] = [
    ...placed.map(({ entry, index, access }) => ({
      index,
      hash: entryLeafHash(slotOf(entry, access), entry.hash),
    })),
    ...given.seals.map((seal) => ({ index: sealIndex(seal), hash: leafHash(encodeSeal(seal)) })),
  ].sort((a, b) => a.index - b.index)
  if (leaves.length > 0) verifyBatch(tree, leaves, given.nodes)
  else if (given.nodes.length > 0) throw new ProtocolError('LOG_PROOF', 'the proof has too many nodes')
  return { tree, placed }
}

/** @throws ProtocolError ROLLBACK, FORK, LOG_INCONSISTENT unless the new tree is the seen one or a growth of it; USAGE. */
export const checkGrowth = (seen: TreeHead | null, tree: TreeHead, consistency: readonly TreeHash[]): void =>
  reading('two trees and a path', () => requireGrowth(seen, tree, consistency))

function requireGrowth(seen: TreeHead | null, tree: TreeHead, consistency: readonly TreeHash[]): void {
  expectNatural(tree.size)
  if (seen === null || expectNatural(seen.size) === 0) return
  if (tree.size < seen.size)
    throw new ProtocolError('ROLLBACK', 'the relay shows an older log than it has shown before')
  if (tree.size > seen.size) return verifyConsistency(seen, tree, consistency)
  if (!equal(tree.root, seen.root)) throw new ProtocolError('FORK', 'two logs of the same size differ')
}

function place(given: Proven): Placed[] {
  const seals = given.seals[Symbol.iterator]()
  let seal: Seal | undefined
  let last = -1
  return given.entries.map(({ index, bytes, access }) => {
    if (index <= last) throw new ProtocolError('LOG_PROOF', 'entries are not in order of their places')
    last = index
    while (!seal || sealIndex(seal) < index) {
      const next: IteratorResult<Seal> = seals.next()
      if (next.done) throw new ProtocolError('LOG_MISSING', 'no seal covers an entry')
      seal = next.value
    }
    const entry = decodeEntry(bytes)
    if ((entry.kind === 'access') !== (access !== null) || access?.number === 0)
      throw new ProtocolError('LOG_PROOF', 'only an access entry has an access place, numbered from 1')
    return { entry, index, time: logTimeOf(index, seal), access }
  })
}

/** The slot that an entry takes in the log. @throws ProtocolError USAGE */
export function slotOf(
  entry: AnyEntry,
  access: { readonly previous: LinkHash } | null,
): Uint8Array & ReturnType<typeof slotAfter> {
  expectEntry(entry)
  // Not for whatever is falsy: without its place an access entry would take a slot that is not its own.
  if (access !== null) return slotAfter(reading('an access place', () => expectId(access.previous)))
  return entry.previous === null ? foundingSlot(entry.chain) : slotAfter(entry.previous)
}
