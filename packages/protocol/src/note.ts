// Signed notes (C2SP signed-note): text with Ed25519 signature lines, and the keys that verify them.
// Spec: docs/spec/log.md, "Signed notes". Only signature type 0x01 is verified; lines of unknown keys, cosignatures among them, are
// passed over as the source demands. Nothing here signs: who signs is an argument.
import { sha256 } from '#sha256'
import { base64, concat, equal, hex, isBytes, unbase64, utf8 } from './bytes.js'
import { expectFunction, expectText, reading } from './check.js'
import { verify } from './ed25519.js'
import { type ErrorCode, ProtocolError } from './errors.js'

/** Who may sign a note: a name and an Ed25519 public key of 32 bytes. `id` is four bytes computed from both. */
export interface NoteKey {
  readonly name: string
  readonly publicKey: Uint8Array
  readonly id: Uint8Array
}

export interface NoteSigner {
  readonly key: NoteKey
  /** Ed25519 over the message: 64 bytes. */
  sign(message: Uint8Array): Uint8Array
}

export interface NoteSignature {
  readonly name: string
  readonly id: Uint8Array
  readonly signature: Uint8Array
}

/** A note's text, with its final newline, and its signature lines in order. Says nothing about who signed. */
export interface Note {
  readonly text: string
  readonly signatures: readonly NoteSignature[]
}

const MAX_NOTE = 64 * 1024
/** signed-note asks for at least 16; each line of a known key costs a verification. */
const MAX_SIGNATURES = 32
/** A checkpoint's origin is a name, and cosignatures count its bytes in one. */
const MAX_NAME = 255
const ED25519 = Uint8Array.of(1)
const NEWLINE = 0x0a
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const refuse = (why: string, code: ErrorCode = 'CHECKPOINT', cause?: unknown): never => {
  throw new ProtocolError(code, why, cause === undefined ? {} : { cause })
}

/** True for what may name a key: 1–255 bytes of UTF-8 without Unicode space, plus sign or control character. */
export function isNoteName(name: string): boolean {
  const bytes = utf8(name)
  if (bytes.length === 0 || bytes.length > MAX_NAME || strictUtf8.decode(bytes) !== name) return false
  return !/[\p{White_Space}+]/u.test(name) && bytes.every((byte) => byte >= 0x20)
}

// ——— keys

/**
 * A key with its id: the first four bytes of SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key).
 * @throws ProtocolError KEY_FORMAT.
 */
export function noteKey(name: string, publicKey: Uint8Array): NoteKey {
  if (!isNoteName(name)) return refuse('not a key name', 'KEY_FORMAT')
  if (!isBytes(publicKey) || publicKey.length !== 32) return refuse('expected 32 bytes', 'KEY_FORMAT')
  const id = sha256(utf8(name), Uint8Array.of(NEWLINE), ED25519, publicKey).slice(0, 4)
  return { name, publicKey: new Uint8Array(publicKey), id }
}

/** Its fields, if they belong together. @throws ProtocolError KEY_FORMAT, USAGE */
export const checkNoteKey = (key: NoteKey): NoteKey =>
  reading('the key of a note', () => {
    const { name, publicKey, id } = noteKey(key.name, key.publicKey)
    return equal(key.id, id) ? { name, publicKey, id } : refuse('key id is not that of name and key', 'KEY_FORMAT')
  })

/** A key as text: `name+hex(id)+base64(0x01 ‖ public key)`. @throws ProtocolError KEY_FORMAT, USAGE */
export function encodeNoteKey(key: NoteKey): string {
  const { name, publicKey, id } = checkNoteKey(key)
  return `${name}+${hex(id)}+${base64(concat(ED25519, publicKey))}`
}

/** The inverse of `encodeNoteKey`. @throws ProtocolError KEY_FORMAT for anything it does not write. */
export function decodeNoteKey(text: string): NoteKey {
  const [name, id, ...rest] = expectText(text).split('+')
  const material = unbase64(rest.join('+'))
  if (name === undefined || id === undefined || material === null) return refuse('not a verifier key', 'KEY_FORMAT')
  if (material[0] !== 1) return refuse('not an Ed25519 key', 'KEY_FORMAT')
  const key = noteKey(name, material.subarray(1))
  if (hex(key.id) !== id) return refuse('key id is not that of name and key', 'KEY_FORMAT')
  return key
}

// ——— notes

/**
 * A note taken apart, no signature checked.
 * @throws ProtocolError CHECKPOINT for more than 64 KiB or 32 signature lines, invalid UTF-8, control characters, and any line
 * that is not one.
 */
export function decodeNote(note: Uint8Array): Note {
  if (!isBytes(note)) return refuse('expected a Uint8Array', 'USAGE')
  if (note.length > MAX_NOTE) return refuse('note is longer than 64 KiB')
  if (note.some((byte) => byte < 0x20 && byte !== NEWLINE)) return refuse('note holds a control character')
  const whole = decodeUtf8(note)
  // The last empty line, because the text may hold empty lines and the signatures may not.
  const end = whole.lastIndexOf('\n\n')
  const lines = whole.slice(end + 2).split('\n')
  if (end < 0 || lines.length < 2 || lines.pop() !== '') return refuse('note has no signature lines')
  if (lines.length > MAX_SIGNATURES) return refuse('note has too many signatures')
  return { text: whole.slice(0, end + 1), signatures: lines.map(decodeSignature) }
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return strictUtf8.decode(bytes)
  } catch (cause) {
    return refuse('note is not valid UTF-8', 'CHECKPOINT', cause)
  }
}

function decodeSignature(line: string): NoteSignature {
  const [dash, name, encoded, ...rest] = line.split(' ')
  if (dash !== '—' || name === undefined || encoded === undefined || rest.length > 0)
    return refuse('not a signature line')
  const bytes = unbase64(encoded)
  if (!isNoteName(name) || bytes === null || bytes.length < 5) return refuse('not a signature line')
  return { name, id: bytes.slice(0, 4), signature: bytes.slice(4) }
}

/** The inverse of `decodeNote`. @throws ProtocolError USAGE for what it would refuse. */
export function encodeNote(note: Note): Uint8Array<ArrayBuffer> {
  const lines = note.signatures.map(({ name, id, signature }) => `— ${name} ${base64(concat(id, signature))}\n`)
  const bytes = utf8(`${note.text}\n${lines.join('')}`)
  try {
    if (decodeNote(bytes).text === note.text) return bytes
  } catch (cause) {
    return refuse('not a note', 'USAGE', cause)
  }
  return refuse('text cannot be that of a note', 'USAGE')
}

/** The note of one signer over `text`, which ends in a newline. @throws ProtocolError USAGE. */
export function signNote(text: string, signer: NoteSigner): Uint8Array<ArrayBuffer> {
  const { name, id } = reading('a signer', () => {
    expectFunction(signer.sign)
    return checkNoteKey(signer.key)
  })
  const signature = signer.sign(utf8(text))
  if (!isBytes(signature) || signature.length !== 64) return refuse('expected a signature of 64 bytes', 'USAGE')
  return encodeNote({ text, signatures: [{ name, id, signature }] })
}

/**
 * The text of a note that at least one of `keys` signed, and no other of them failed to. Lines of unknown keys are passed over.
 * `ready()` of ed25519.ts has resolved.
 * @throws ProtocolError CHECKPOINT.
 */
export function verifyNote(note: Uint8Array, keys: readonly NoteKey[]): string {
  const { text, signatures } = decodeNote(note)
  const message = utf8(text)
  let verified = 0
  for (const { name, id, signature } of signatures) {
    const publicKey = reading(
      'keys of notes',
      () => keys.find((known) => known.name === name && equal(known.id, id))?.publicKey,
    )
    if (publicKey === undefined) continue
    // One bad line of a known key spoils the note: a damaged note never passes because another line happens to hold.
    if (!verify(publicKey, message, signature)) return refuse('a signature of a known key does not verify')
    verified += 1
  }
  if (verified === 0) return refuse('no known key signed this note')
  return text
}
