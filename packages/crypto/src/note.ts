// Purposes, reasons and notes on a record: sealed to the trail's public key, so that who writes one needs no right to read others.
// Spec: docs/spec/keys.md, "Trail". The sealed text lies beside its entry, which names its hash and can outlive it.
import { limits, oneOf, type Shape, struct, text } from '@sealchart/protocol'
import { type Random, requireBytes } from './check.js'
import { CryptoError, unauthentic } from './errors.js'
import { openWith, sealTo } from './hpke.js'
import { addPadding, decodeContent, encodeContent, in64s, removePadding } from './object.js'
import { bindPlace, type NotePlace, notePlace } from './place.js'

/** What somebody wrote: the purpose of a view, the reason of a grant or a revocation, or a note. */
export interface TrailNote {
  readonly kind: 'purpose' | 'reason' | 'note'
  /** Text in lines. */
  readonly text: string
}

const line = text(Number.MAX_SAFE_INTEGER)

/** Text as everywhere else, but with line feeds. */
export const lines: Shape<string> = {
  decode(value, at) {
    // Not a string: the line's own refusal.
    for (const one of typeof value === 'string' ? value.split('\n') : [value]) line.decode(one, at)
    return value as string
  },
  encode: (value) => value,
}

const noteShape: Shape<TrailNote> = struct({ kind: oneOf('purpose', 'reason', 'note'), text: lines })
const NOTHING = new Uint8Array()

/**
 * Seals a note to the trail's public key of the place's epoch.
 * @throws CryptoError USAGE, KEY_FORMAT, LIMIT when it is longer than 4 KiB sealed.
 */
export function sealNote(note: TrailNote, trailKey: Uint8Array, place: NotePlace, random: Random): Uint8Array {
  const padded = addPadding(encodeContent(noteShape, note), in64s)
  const context = { info: bindPlace('trailNote', notePlace, place), aad: NOTHING }
  const sealed = sealTo(trailKey, context, padded, random)
  if (sealed.length > limits.private) throw new CryptoError('LIMIT', 'sealed, a note is at most 4 KiB long')
  return sealed
}

/** Opens a note with the seed of the trail's key pair. @throws CryptoError UNAUTHENTIC, USAGE */
export function openNote(sealed: Uint8Array, seed: Uint8Array, place: NotePlace): TrailNote {
  requireBytes(sealed, 'sealed note')
  if (sealed.length > limits.private) throw unauthentic()
  const padded = openWith(seed, { info: bindPlace('trailNote', notePlace, place), aad: NOTHING }, sealed)
  return decodeContent(noteShape, removePadding(padded, in64s))
}
