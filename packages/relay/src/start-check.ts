// The check before the first turn of a process: do store and head lock tell the same history? Spec: docs/spec/storage.md, "Start-up".
// It reads the head, the edge and what was committed since the lock advanced; nothing in this version hashes everything again.
import {
  append,
  decodeLeaf,
  type Edge,
  equal,
  hashBytes,
  leafHash,
  ProtocolError,
  ready,
  rootOfEdge,
  utf8,
  verifyCheckpoint,
} from '@sealchart/protocol'
import { RelayError } from './errors.js'
import { type HeadLock, noHead, type SignedHead } from './head-lock.js'
import type { LeafRow, Reads, TreeHead } from './store/contract.js'
import { edgeOf, readable } from './store/read-back.js'
import { edgeAt } from './tree-nodes.js'

const LEAVES_A_READ = 1024

/** What was found: how many leaves the store was ahead of its lock, all of them checked again. */
export interface StartCheck {
  readonly size: number
  readonly ahead: number
}

/**
 * Compares a store with its head lock. A store that is ahead of it and continues the same tree is a crash between the two syncs of a
 * turn: its newer rows are checked again, and the lock advances.
 * @throws RelayError LOCK_AHEAD when the lock has signed more than the store holds (an older copy was restored), LOG_INCONSISTENT when
 * both tell different histories, CHECKPOINT when the store's head is not signed by the lock's key, SELFCHECK when its rows are damaged.
 */
export async function checkStart(store: Reads, lock: HeadLock): Promise<StartCheck> {
  const head = await store.treeHead()
  const signed = lock.latest() ?? noHead()
  const size = head?.size ?? 0
  if (size < signed.size) throw new RelayError('LOCK_AHEAD', 'the store is older than the highest signed head')
  if (head === null) return { size: 0, ahead: 0 }
  const edge = edgeOf(head)
  await checkSignature(head, lock)
  if (size === signed.size) checkRoot(edge, signed)
  else await checkAhead(store, signed, head)
  if (size > signed.size) await lock.advance(head)
  return { size, ahead: size - signed.size }
}

async function checkSignature(head: TreeHead, { key }: HeadLock): Promise<void> {
  await ready()
  try {
    const said = verifyCheckpoint(utf8(head.checkpoint), key.key)
    if (said.size === head.size && equal(said.root, head.root)) return
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause
    throw new RelayError('CHECKPOINT', 'the store’s head is not signed by the key of its head lock', { cause })
  }
  throw new RelayError('CHECKPOINT', 'the store’s checkpoint is of another head')
}

function checkRoot(edge: Edge, { root }: SignedHead): void {
  if (equal(rootOfEdge(edge), root)) return
  throw new RelayError('LOG_INCONSISTENT', 'store and head lock tell different histories')
}

/** From the edge at the lock's size, over the rows since, to the store's root. */
async function checkAhead(store: Reads, signed: SignedHead, head: TreeHead): Promise<void> {
  let edge = await edgeAt(store, signed.size)
  checkRoot(edge, signed)
  while (edge.size < head.size) {
    const rows = await store.leaves(edge.size, Math.min(LEAVES_A_READ, head.size - edge.size))
    if (rows.length === 0) throw new RelayError('SELFCHECK', 'leaves are missing')
    for (const row of rows) {
      await checkLeaf(store, row)
      edge = append(edge, leafHash(row.data))
    }
  }
  if (!equal(rootOfEdge(edge), head.root)) throw new RelayError('SELFCHECK', 'leaves lead to another root')
}

/** The entry of a leaf is there, and has the hash that the leaf says. */
async function checkLeaf(store: Reads, { index, data, seal }: LeafRow): Promise<void> {
  const leaf = readable('a leaf', () => decodeLeaf(data))
  if (leaf.kind === 'seal' && seal) return
  const entry = leaf.kind === 'entry' && !seal ? await store.entryAt(index) : null
  if (leaf.kind !== 'entry' || entry === null) throw new RelayError('SELFCHECK', 'an entry is missing')
  const hash = readable('an entry', () => hashBytes('entryHash', entry.bytes))
  if (!equal(hash, leaf.entryHash)) throw new RelayError('SELFCHECK', 'an entry is damaged')
}
