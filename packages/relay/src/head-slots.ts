// The highest signed head on a disk: one file with two slots that are written in turn, so that a torn write spoils the older one's
// place and never the newest head. Spec: docs/spec/storage.md, "Head lock". Who may write it is head-lock-files.ts.
//
// A slot: SHA-256(label ‖ body), 32 bytes; length of the body, four bytes, big-endian; body, CBOR [1, sequence, size, root, note].
import { fdatasyncSync, writeSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import {
  blob,
  bytes,
  concat,
  equal,
  hashBytes,
  oneOf,
  ProtocolError,
  pack,
  struct,
  type TreeHash,
  uint,
  unpack,
  utf8,
} from '@sealchart/protocol'
import { RelayError } from './errors.js'
import { checkAdvance, noHead, type SignedHead } from './head-lock.js'

/** Room for a note with many cosignatures; a multiple of every usual block size, so that no block holds parts of both slots. */
const SLOT = 64 * 1024
const HASH = 32
const START = HASH + 4

const bodyShape = struct({
  format: oneOf(1),
  sequence: uint(),
  size: uint(),
  root: bytes<TreeHash>(32),
  note: blob(SLOT - 1024),
})
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export interface HeadSlots {
  readonly latest: SignedHead
  write(next: SignedHead): Promise<void>
  close(): Promise<void>
}

/** The content of a new file: an empty tree in the first slot, nothing yet in the second. */
export function newSlots(): Uint8Array {
  const file = new Uint8Array(2 * SLOT)
  file.set(encodeSlot({ ...noHead(), sequence: 0 }))
  return file
}

/** Opens the file and keeps it open. @throws RelayError LOCK_MISSING when neither slot can be read. */
export async function openSlots(path: string): Promise<HeadSlots> {
  const handle = await open(path, 'r+')
  try {
    return slotsOf(handle, await readNewest(handle))
  } catch (error) {
    await handle.close()
    throw error
  }
}

type Slot = SignedHead & { readonly sequence: number }

async function readNewest(handle: FileHandle): Promise<Slot> {
  const file = new Uint8Array(2 * SLOT)
  await handle.read(file, 0, file.length, 0)
  const slots = [file.subarray(0, SLOT), file.subarray(SLOT)].map(decodeSlot)
  const [newest] = slots.filter((slot) => slot !== null).sort((a, b) => b.sequence - a.sequence)
  if (newest === undefined) throw new RelayError('LOCK_MISSING', 'the head lock holds no head that can be read')
  return newest
}

function slotsOf(handle: FileHandle, newest: Slot): HeadSlots {
  let latest = newest
  let isBroken = false
  let queue = Promise.resolve()
  const write = async (next: SignedHead): Promise<void> => {
    // After a failed sync nobody knows what the file holds: the next start reads it.
    if (isBroken) throw new RelayError('OUTCOME_UNKNOWN', 'the head lock failed before')
    checkAdvance(latest, next)
    const { size, root, checkpoint } = next
    const slot = {
      size,
      root: new Uint8Array(root) as Uint8Array as TreeHash,
      checkpoint,
      sequence: latest.sequence + 1,
    }
    try {
      writeSlot(handle, slot)
    } catch (cause) {
      isBroken = true
      throw new RelayError('OUTCOME_UNKNOWN', 'the head lock could not be written', { cause })
    }
    latest = slot
  }
  return {
    get latest() {
      return latest
    },
    write(next) {
      const written = queue.then(() => write(next))
      queue = written.catch(() => {})
      return written
    },
    async close() {
      await queue
      await handle.close()
    },
  }
}

/** In this thread, as the store's commit before it: two trips to a pool of threads take as long as the sync. */
function writeSlot({ fd }: FileHandle, slot: Slot): void {
  const encoded = encodeSlot(slot)
  const start = (slot.sequence % 2) * SLOT
  for (let at = 0; at < encoded.length; ) at += writeSync(fd, encoded, at, encoded.length - at, start + at)
  // The file has had its length from the beginning: its data is all there is to sync.
  fdatasyncSync(fd)
}

function encodeSlot({ sequence, size, root, checkpoint }: Slot): Uint8Array {
  const body = pack(bodyShape, { format: 1, sequence, size, root, note: utf8(checkpoint) })
  const length = new Uint8Array(4)
  new DataView(length.buffer).setUint32(0, body.length)
  return concat(hashBytes('headLock', body), length, body)
}

/** Null for a slot that was never written, or not to its end, or that holds anything else than this file writes. */
function decodeSlot(slot: Uint8Array): Slot | null {
  const length = new DataView(slot.buffer, slot.byteOffset).getUint32(HASH)
  if (length === 0 || length > slot.length - START) return null
  const body = slot.subarray(START, START + length)
  return decodeBody(body, slot.subarray(0, HASH))
}

function decodeBody(body: Uint8Array, hash: Uint8Array): Slot | null {
  try {
    if (!equal(hashBytes('headLock', body), hash)) return null
    const { sequence, size, root, note } = unpack(bodyShape, body, 'slot')
    return { sequence, size, root, checkpoint: strictUtf8.decode(note) }
  } catch (error) {
    // A TypeError is the decoder's, for a note that is no UTF-8.
    if (error instanceof ProtocolError || error instanceof TypeError) return null
    throw error
  }
}
