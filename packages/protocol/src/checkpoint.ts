// Checkpoints (C2SP tlog-checkpoint): the signed size and root of the log.
// Spec: docs/spec/log.md, "Checkpoints". A checkpoint that verifies says what the log's key signed, not that it is the newest, nor
// that everybody is shown the same one: that is for pins, consistency proofs and witnesses.
import { base64, equal, type TreeHash, unbase64 } from './bytes.js'
import { expectNatural, expectText, reading } from './check.js'
import { ProtocolError } from './errors.js'
import { emptyRoot, type TreeHead } from './merkle.js'
import { isNoteName, type NoteKey, type NoteSigner, signNote, verifyNote } from './note.js'

/** A tree head of the log named `origin`. */
export interface Checkpoint extends TreeHead {
  readonly origin: string
}

const refuse = (why: string): never => {
  throw new ProtocolError('CHECKPOINT', why)
}

/** The note text: origin, size and root, a line each. @throws ProtocolError USAGE for what `decodeCheckpoint` refuses. */
export function encodeCheckpoint(checkpoint: Checkpoint): string {
  const text = reading('a checkpoint', () => {
    const { origin, size, root } = checkpoint
    return `${expectText(origin)}\n${expectNatural(size)}\n${base64(root)}\n`
  })
  try {
    decodeCheckpoint(text)
    return text
  } catch (cause) {
    throw new ProtocolError('USAGE', 'not a checkpoint', { cause })
  }
}

/**
 * The inverse of `encodeCheckpoint`, for a note text whose signature is checked.
 * @throws ProtocolError CHECKPOINT, also for extension lines: our logs write none, and what no auditor reads must not vary.
 */
export function decodeCheckpoint(text: string): Checkpoint {
  const [origin, size, root, end, ...rest] = expectText(text).split('\n')
  if (origin === undefined || size === undefined || root === undefined || end !== '' || rest.length > 0) {
    return refuse('expected an origin, a size and a root, and nothing else')
  }
  if (!isNoteName(origin)) return refuse('origin cannot name a log')
  const hash = unbase64(root)
  if (hash === null || hash.length !== 32) return refuse('root is not the base64 form of 32 bytes')
  const head = { size: decodeSize(size), root: hash as Uint8Array as TreeHash }
  if (head.size === 0 && !equal(head.root, emptyRoot())) return refuse('an empty tree has one root only')
  return { origin, ...head }
}

function decodeSize(text: string): number {
  const size = /^(0|[1-9][0-9]{0,15})$/.test(text) ? Number(text) : Number.NaN
  return Number.isSafeInteger(size) ? size : refuse('size is not a canonical number up to 2^53−1')
}

/**
 * The signed note of a checkpoint. The signer has checked that it is consistent with everything signed before.
 * @throws ProtocolError USAGE when origin and key name differ, or for what `decodeCheckpoint` refuses.
 */
export function signCheckpoint(checkpoint: Checkpoint, signer: NoteSigner): Uint8Array<ArrayBuffer> {
  const named = reading('a checkpoint and a signer', () => checkpoint.origin === signer.key.name)
  if (!named) throw new ProtocolError('USAGE', 'origin is not the name of the key')
  return signNote(encodeCheckpoint(checkpoint), signer)
}

/**
 * The checkpoint in a note that the log's key signed. `ready()` of ed25519.ts has resolved.
 * @throws ProtocolError CHECKPOINT.
 */
export function verifyCheckpoint(note: Uint8Array, key: NoteKey): Checkpoint {
  const checkpoint = decodeCheckpoint(verifyNote(note, [key]))
  // A key that signs for two logs would let one's tree head stand for the other's.
  if (checkpoint.origin !== key.name) return refuse('origin is not the name of the key')
  return checkpoint
}
