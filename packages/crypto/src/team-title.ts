// Title and reason of a consultation, sealed so that its members alone read them. Spec: docs/spec/keys.md, "Teams".
// They lie beside the team's founding, under its first epoch: whoever joins later reaches that by back-links.
import { bind, limits, type Shape, struct, text } from '@sealchart/protocol'
import type { Random } from './check.js'
import { deriveKey } from './keys.js'
import { lines } from './note.js'
import { in64s, type ObjectKind, openObject, sealObject } from './object.js'
import { bindPlace, type TeamPlace, teamPlace } from './place.js'
import { refine } from './refine.js'
import type { EpochSecret } from './secrets.js'

/** What a consultation is about. */
export interface TeamTitle {
  readonly title: string
  /** Text in lines. */
  readonly reason: string
}

// How long both may be is bounded by their sealed length: LIMIT.
const anyLength = Number.MAX_SAFE_INTEGER
const reason = refine(lines, (value) => value !== '', 'a text that is not empty')
const shape: Shape<TeamTitle> = struct({ title: text(anyLength, 1), reason })
const kind: ObjectKind<TeamTitle> = { shape, padding: in64s, limit: limits.private }

const sealUnder = (secret: EpochSecret, place: TeamPlace): { key: Uint8Array; aad: Uint8Array } => ({
  key: deriveKey(secret, bind('teamTitleKey', [])),
  aad: bindPlace('teamTitle', teamPlace, place),
})

/** Seals under a team's first epoch secret. @throws CryptoError USAGE, LIMIT when it is longer than 4 KiB sealed. */
export const sealTeamTitle = async (
  title: TeamTitle,
  secret: EpochSecret,
  place: TeamPlace,
  random: Random,
): Promise<Uint8Array> => sealObject(kind, title, sealUnder(secret, place), random)

/** @throws CryptoError UNAUTHENTIC, USAGE */
export const openTeamTitle = async (sealed: Uint8Array, secret: EpochSecret, place: TeamPlace): Promise<TeamTitle> =>
  openObject(kind, sealed, sealUnder(secret, place))
