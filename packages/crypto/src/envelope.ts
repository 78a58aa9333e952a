// Wraps: how the secrets that an entry starts reach one recipient: an envelope sealed to a public key, and the section keys under it.
// Spec: docs/spec/wraps.md. The structures stand in @sealchart/protocol (wraps.ts); who is entitled to a wrap is decided there too.
// Both objects are bound to the leaf that names them, all but their own hashes: what opens was sealed for this recipient and purpose.
import {
  bind,
  bytes,
  type ChainId,
  type Digest,
  encodeTarget,
  equal,
  limits,
  list,
  nullable,
  type Purpose,
  type Shape,
  struct,
  uint,
  type WrapLeaf,
  type WrapRow,
  type WrapTarget,
} from '@sealchart/protocol'
import { cipher } from '#cipher'
import { type Random, reading, requireBytes } from './check.js'
import { CryptoError, unauthentic } from './errors.js'
import { sealBytes } from './floe.js'
import { openWith, sealTo } from './hpke.js'
import { deriveKey } from './keys.js'
import { decodeContent, encodeContent, openSealed } from './object.js'
import {
  asSecret,
  type EpochSecret,
  equalSecrets,
  type GrantSecret,
  newSecret,
  SECRET_LENGTH,
  type SectionKey,
  type TrailSecret,
} from './secrets.js'

/** For whom a wrap is: network and chain of the entry that it belongs to, the leaf's target, and the recipient's X-Wing key. */
export interface WrapPlace {
  readonly network: ChainId
  readonly chain: ChainId
  readonly target: WrapTarget
  readonly recipientKey: Uint8Array
}

/** A section's key in one epoch. */
export interface EpochKey {
  readonly section: number
  readonly epoch: number
  readonly key: SectionKey
}

/** What one recipient gets in a record: exactly the keys that the target's `what` names, the card's (section 0) also as `card`. */
export interface WrapSecrets {
  readonly card: SectionKey | null
  readonly keys: readonly EpochKey[]
  readonly trail: TrailSecret | null
}

/** Where a received wrap stands. */
export interface LeafPlace {
  readonly network: ChainId
  readonly chain: ChainId
  readonly leaf: WrapLeaf
}

/** Bytes of a row that are in neither target nor objects: heads and the two hashes. */
const ROW_OVERHEAD = 75
const NOTHING = new Uint8Array()

const secretShape = <T extends SectionKey | TrailSecret | GrantSecret>(): Shape<T> => bytes<T>(SECRET_LENGTH)
const envelopeShape = struct({ card: nullable(secretShape<SectionKey>()), grantSecret: secretShape<GrantSecret>() })
const epochKeyShape: Shape<EpochKey> = struct({
  section: uint(limits.sections),
  epoch: uint(0xffffffff),
  key: secretShape<SectionKey>(),
})
const keysShape = struct({ keys: list(epochKeyShape, limits.wrapRow), trail: nullable(secretShape<TrailSecret>()) })

/** Label and context of a wrap's two objects: network, chain, and the encoded target, which is made once for both. */
function binder({ network, chain, target }: Pick<WrapPlace, 'network' | 'chain' | 'target'>): {
  readonly length: number
  readonly bind: (purpose: Purpose) => Uint8Array
} {
  requireBytes(network, 'network', 32)
  requireBytes(chain, 'chain', 32)
  const encoded = encodedTarget(target)
  return { length: encoded.length, bind: (purpose) => bind(purpose, [network, chain, encoded]) }
}

function encodedTarget(target: WrapTarget): Uint8Array {
  try {
    return encodeTarget(target)
  } catch (cause) {
    throw new CryptoError('USAGE', 'a target has the fields of a leaf', { cause })
  }
}

const digest = async (object: Uint8Array): Promise<Digest> => (await cipher.sha256([object])) as Digest

/** Section and epoch pairs and the trail epoch that a target names, over all its grants; pairs in order, each once. */
function named({ what }: WrapTarget): { pairs: readonly string[]; card: boolean; trails: ReadonlySet<number> } {
  const pairs = new Map<string, number>()
  for (const { keys } of what) {
    for (const { section, epoch } of keys) pairs.set(`${section}.${epoch}`, section * 2 ** 32 + epoch)
  }
  return {
    pairs: [...pairs].sort(([, a], [, b]) => a - b).map(([pair]) => pair),
    card: what.some(({ keys }) => keys.some(({ section }) => section === 0)),
    trails: new Set(what.flatMap(({ trail }) => (trail === null ? [] : [trail]))),
  }
}

/** True if these keys are exactly those that the target names, in order. */
function namesExactly(target: WrapTarget, keys: readonly EpochKey[], trail: TrailSecret | null): boolean {
  const { pairs, trails } = named(target)
  const same = keys.length === pairs.length && keys.every((key, i) => `${key.section}.${key.epoch}` === pairs[i])
  return same && trails.size === (trail === null ? 0 : 1)
}

/**
 * Seals one recipient's secrets of a record: the row of the wrap list, with the leaf's two hashes filled in.
 * @throws CryptoError USAGE if the secrets are not those that the target names or its key hash is another key's, KEY_FORMAT, LIMIT.
 */
export async function sealWrap(to: WrapPlace, secrets: WrapSecrets, random: Random): Promise<WrapRow> {
  const place = placeOf(to)
  const bound = binder(place)
  const { card, keys, trail } = reading('a wrap’s secrets', () => secretsFor(place.target, secrets))
  await checkRecipient(place)
  const grantSecret = newSecret<GrantSecret>(random)
  const envelope = sealEnvelope(
    place.recipientKey,
    bound.bind('envelope'),
    encodeContent(envelopeShape, { card, grantSecret }),
    random,
  )
  const sealedKeys = await sealBytes(
    deriveKey(grantSecret, bind('grantKeys', [])),
    bound.bind('sectionKeys'),
    encodeContent(keysShape, { keys, trail }),
    random,
  )
  if (bound.length + envelope.length + sealedKeys.length + ROW_OVERHEAD > limits.wrapRow) {
    throw new CryptoError('LIMIT', 'a wrap is at most 32 KiB long')
  }
  return rowOf(place, envelope, sealedKeys)
}

const placeOf = (place: WrapPlace): WrapPlace => reading('a wrap’s place', () => ({ ...place }))

const sealEnvelope = (key: Uint8Array, info: Uint8Array, content: Uint8Array, random: Random): Uint8Array =>
  sealTo(key, { info, aad: NOTHING }, content, random)

/** In order. What is wrapped by mistake can't be called back, so that it is what the leaf says is checked before anything is sealed. */
function secretsFor(target: WrapTarget, { card, keys: given, trail }: WrapSecrets): WrapSecrets {
  const keys = [...given].sort((a, b) => a.section - b.section || a.epoch - b.epoch)
  if (!namesExactly(target, keys, trail))
    throw new CryptoError('USAGE', 'the secrets are not those that the wrap names')
  const cards = keys.filter(({ section }) => section === 0)
  const fits = card === null ? cards.length === 0 : cards.some(({ key }) => equalSecrets(key, card))
  if (!fits) throw new CryptoError('USAGE', "the card's key is not the one of section 0")
  return { card, keys, trail }
}

/** Before anything is sealed: a leaf that names another key would be refused by every reader. */
async function checkRecipient({ target, recipientKey }: WrapPlace): Promise<void> {
  requireBytes(recipientKey, 'recipient key')
  if (equal(await digest(recipientKey), target.keyHash)) return
  throw new CryptoError('USAGE', 'the key hash of the wrap is that of another key')
}

async function rowOf({ target }: WrapPlace, envelope: Uint8Array, keys: Uint8Array | null): Promise<WrapRow> {
  const leaf = { ...target, envelope: await digest(envelope), keys: keys === null ? null : await digest(keys) }
  return { leaf, envelope, keys }
}

/** The wraps of one entry: `sealWrap` for each recipient, in the given order. @throws CryptoError as `sealWrap` */
export async function sealWraps(
  wraps: readonly { readonly place: WrapPlace; readonly secrets: WrapSecrets }[],
  random: Random,
): Promise<WrapRow[]> {
  const rows: WrapRow[] = []
  if (!Array.isArray(wraps)) throw new CryptoError('USAGE', 'wraps must be a list')
  const given = reading('wraps', () => Array.from(wraps, (wrap) => ({ place: wrap.place, secrets: wrap.secrets })))
  for (const { place, secrets } of given) rows.push(await sealWrap(place, secrets, random))
  return rows
}

/**
 * Opens an envelope with the seed of the key that its leaf names: the card's key, null where the leaf names no card, and the secret
 * that opens the section keys.
 * @throws CryptoError UNAUTHENTIC, COMMITMENT if a card's key is there and not named or the reverse, USAGE
 */
export async function openEnvelope(
  received: LeafPlace & { readonly envelope: Uint8Array; readonly seed: Uint8Array },
): Promise<{ card: SectionKey | null; grantSecret: GrantSecret }> {
  const wrap = receivedOf(received)
  const { card, grantSecret } = decodeContent(envelopeShape, await openRow('envelope', wrap))
  if ((card !== null) !== named(wrap.leaf).card) throw contradicts()
  return { card, grantSecret }
}

/**
 * Opens the section keys of a wrap: exactly those that its leaf names, in order of section and epoch.
 * @throws CryptoError UNAUTHENTIC, COMMITMENT if there are others than the leaf names, USAGE
 */
export async function openKeys(
  received: LeafPlace & { readonly keys: Uint8Array; readonly grantSecret: GrantSecret },
): Promise<{ keys: readonly EpochKey[]; trail: TrailSecret | null }> {
  const { network, chain, leaf, keys: sealed, grantSecret } = receivedOf(received)
  requireBytes(sealed, 'section keys')
  if (sealed.length > limits.wrapRow || leaf.keys === null || !equal(await digest(sealed), leaf.keys))
    throw unauthentic()
  const key = deriveKey(grantSecret, bind('grantKeys', []))
  const aad = binder({ network, chain, target: leaf }).bind('sectionKeys')
  const { keys, trail } = decodeContent(keysShape, await openSealed({ key, aad }, sealed))
  if (!namesExactly(leaf, keys, trail)) throw contradicts()
  return { keys, trail }
}

/** What was received, with a leaf that has the fields of one. @throws CryptoError USAGE */
const receivedOf = <T extends LeafPlace>(received: T): T =>
  reading('a received wrap', () => {
    const { envelope, keys } = received.leaf
    requireBytes(envelope, 'envelope hash', 32)
    if (keys !== null) requireBytes(keys, 'hash of the section keys', 32)
    encodedTarget(received.leaf)
    return { ...received }
  })

async function openRow(
  purpose: 'envelope' | 'deviceWrap',
  received: LeafPlace & { readonly envelope: Uint8Array; readonly seed: Uint8Array },
): Promise<Uint8Array> {
  const { leaf, envelope, seed } = received
  requireBytes(envelope, 'envelope')
  if (envelope.length > limits.wrapRow || !equal(await digest(envelope), leaf.envelope)) throw unauthentic()
  return openWith(seed, { info: binder({ ...received, target: leaf }).bind(purpose), aad: NOTHING }, envelope)
}

const contradicts = (): CryptoError => new CryptoError('COMMITMENT', 'a wrap holds other keys than its leaf names')

/**
 * Seals a member's epoch secret to one of its devices. There is no second object.
 * @throws CryptoError USAGE if the target's key hash is another key's, KEY_FORMAT.
 */
export async function sealDeviceWrap(to: WrapPlace, secret: EpochSecret, random: Random): Promise<WrapRow> {
  requireBytes(secret, 'epoch secret', SECRET_LENGTH)
  const place = placeOf(to)
  const info = binder(place).bind('deviceWrap')
  await checkRecipient(place)
  return rowOf(place, sealEnvelope(place.recipientKey, info, secret, random), null)
}

/** Opens a device's wrap. `checkEpochSecret` then says whether it is the secret that the entry commits to. @throws CryptoError UNAUTHENTIC, USAGE */
export async function openDeviceWrap(
  received: LeafPlace & { readonly envelope: Uint8Array; readonly seed: Uint8Array },
): Promise<EpochSecret> {
  const secret = await openRow('deviceWrap', receivedOf(received))
  if (secret.length !== SECRET_LENGTH) throw unauthentic()
  return asSecret<EpochSecret>(secret)
}

/**
 * Seals a team's epoch secret to one of its members: an envelope in which it stands where a record's card key does. There is no second object.
 * @throws CryptoError USAGE if the target names anything but one team epoch or its key hash is another key's, KEY_FORMAT.
 */
export async function sealTeamWrap(to: WrapPlace, secret: EpochSecret, random: Random): Promise<WrapRow> {
  requireBytes(secret, 'epoch secret', SECRET_LENGTH)
  const place = placeOf(to)
  const info = binder(place).bind('envelope')
  if (!reading('a target', () => isOfTeam(place.target)))
    throw new CryptoError('USAGE', 'a team’s wrap names one epoch')
  await checkRecipient(place)
  const content = { card: asSecret<SectionKey>(secret), grantSecret: newSecret<GrantSecret>(random) }
  return rowOf(place, sealEnvelope(place.recipientKey, info, encodeContent(envelopeShape, content), random), null)
}

const isOfTeam = ({ what: [one, ...more] }: WrapTarget): boolean =>
  one !== undefined &&
  more.length === 0 &&
  one.grant === null &&
  one.trail === null &&
  one.keys.length === 1 &&
  one.keys[0]?.section === 0

/**
 * Opens a team's wrap. `checkEpochSecret` then says whether it is the secret that the entry commits to.
 * @throws CryptoError UNAUTHENTIC, COMMITMENT for an envelope without a secret, or a leaf that is no team's; USAGE.
 */
export async function openTeamWrap(
  received: LeafPlace & { readonly envelope: Uint8Array; readonly seed: Uint8Array },
): Promise<EpochSecret> {
  const { card } = await openEnvelope(received)
  if (card === null || received.leaf.keys !== null || !isOfTeam(received.leaf)) throw contradicts()
  return asSecret<EpochSecret>(card)
}
