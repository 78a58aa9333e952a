// The card of a record: the few things that a list shows, sealed under the key of section 0.
// Spec: docs/spec/sections.md, "Card". Opening a card is not an access to the record: it comes with lists, without an entry.
import { limits, list, nullable, type Shape, struct, text, uint } from '@sealchart/protocol'
import type { Random } from './check.js'
import { type ObjectKind, openObject, sealObject } from './object.js'
import { paddedLength } from './padme.js'
import { bindPlace, type RecordPlace, recordPlace } from './place.js'
import { refine } from './refine.js'
import type { SectionKey } from './secrets.js'

/** A patient as the author's institution knows them. */
export interface CardPatient {
  readonly name: string
  /** `YYYY`, `YYYY-MM` or `YYYY-MM-DD`, or null if unknown. */
  readonly born: string | null
  /** Identifiers, each with the system that gives it; what ties the records of one patient together. */
  readonly ids: readonly { readonly system: string; readonly value: string }[]
}

export interface Card {
  readonly title: string
  readonly patient: CardPatient | null
  /** Who made what the record is about, as the author writes it; not verified. */
  readonly author: string
  /** When that was, in milliseconds since 1970. */
  readonly date: number
  readonly category: string
  /** The record's sections in order of number, from 1. */
  readonly sections: readonly { readonly id: number; readonly name: string }[]
}

// How long each text may be is bounded by the card's sealed length: LIMIT.
const anyLength = Number.MAX_SAFE_INTEGER

const ascending = (sections: Card['sections']): boolean =>
  sections.every(({ id }, i) => id > (i === 0 ? 0 : (sections[i - 1]?.id ?? 0)))

const isDate = (born: string): boolean => /^\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?$/.test(born)

const cardShape: Shape<Card> = struct({
  title: text(anyLength, 1),
  patient: nullable(
    struct({
      name: text(anyLength, 1),
      born: nullable(refine(text(10), isDate, 'a date')),
      ids: list(struct({ system: text(anyLength, 1), value: text(anyLength, 1) }), 16),
    }),
  ),
  author: text(anyLength),
  date: uint(),
  category: text(anyLength),
  sections: refine(
    list(struct({ id: uint(limits.sections), name: text(anyLength, 1) }), limits.sections),
    ascending,
    'sections from 1 in order of number',
  ),
})

const kind: ObjectKind<Card> = { shape: cardShape, padding: paddedLength, limit: limits.card }

/** Seals a card under its epoch's key (section 0). @throws CryptoError USAGE, LIMIT when it is too long. */
export const sealCard = (card: Card, key: SectionKey, place: RecordPlace, random: Random): Promise<Uint8Array> =>
  sealObject(kind, card, { key, aad: bindPlace('card', recordPlace, place) }, random)

/** Opens a card. @throws CryptoError UNAUTHENTIC, USAGE */
export const openCard = (sealed: Uint8Array, key: SectionKey, place: RecordPlace): Promise<Card> =>
  openObject(kind, sealed, { key, aad: bindPlace('card', recordPlace, place) })
