// Making records and versions: files are sealed and put first, then one list of entries makes them exist. Spec: docs/spec/rules.md, "Record".
// A crash before the list leaves an upload that can be resumed; a list that was answered is durable; nothing stands in between.
import {
  type Card,
  newSecret,
  recordNonce,
  type SectionKey,
  sectionCommitment,
  type TrailSecret,
  trailKeys,
} from '@sealchart/crypto'
import { type AnyEntry, actions, type ChainId, chainIdOf, facts, hex, type SectionContent } from '@sealchart/protocol'
import { grantFor } from './access.js'
import { type SealedContent, sealCardContent, sealSection } from './contents.js'
import { ClientError } from './errors.js'
import { type SealedGrant, type ShareOptions, sealGrant } from './grants.js'
import { Keyring } from './keyring.js'
import { actingAs, type Member } from './member.js'
import { standingCredential } from './people.js'
import { liveGrantsOf, packWraps, type Rotation, rotate, wrapFor } from './rotation.js'
import { collectSources, type FilesInput, type Source } from './sources.js'
import { type Progress, type Uploaded, uploadSections } from './upload.js'

/** Files of each section, by its name. */
export type Sections = Readonly<Record<string, FilesInput>>

export interface TransferOptions {
  readonly onProgress?: (progress: Progress) => void
  readonly signal?: AbortSignal
}

export interface CreateOptions extends TransferOptions {
  /** The caller's own reference, for example the visit's UUID: a retry with the same one finds the same record. */
  readonly ref: string
  readonly title: string
  readonly category?: string
  /** Who made what the record is about, as shown on the card; default: your own verified name. */
  readonly author?: string
  /** Default: now. */
  readonly date?: Date
  readonly patient?: Card['patient']
  readonly sections: Sections
  /** Shares made with the record, in the same step. */
  readonly share?: readonly ShareOptions[]
}

/** A record that was just made: its chain, its card, and the keys. */
export interface Made {
  readonly chain: ChainId
  readonly card: Card
  readonly ring: Keyring
  readonly grants: readonly SealedGrant[]
}

/** Id and nonce of the record that this member makes for a reference. */
export function recordFor(member: Member, ref: string): { chain: ChainId; nonce: Uint8Array } {
  const nonce = recordNonce(member.first, ref)
  return { chain: chainIdOf(member.session.network.chain, member.session.chain, nonce), nonce }
}

/**
 * Makes a record with its first version and its shares; null when the reference has a record already.
 * The first of two round trips brings the heads of everybody concerned up to date.
 */
export async function makeRecord(member: Member, options: CreateOptions, author: string): Promise<Made | null> {
  const { session } = member
  const { chain, nonce } = recordFor(member, options.ref)
  const people = (options.share ?? []).flatMap((share) => share.with)
  await session.sync([session.chain, chain, ...people.map(({ id }) => id)], { signal: options.signal })
  if (session.ledger.head(chain)) return null
  const names = Object.keys(options.sections)
  if (names.length === 0) throw new ClientError('USAGE', 'a record has at least one section')
  const card: Card = {
    title: options.title,
    patient: options.patient ?? null,
    author: options.author ?? author,
    date: (options.date ?? new Date(session.surroundings.now())).getTime(),
    category: options.category ?? '',
    sections: names.map((name, i) => ({ id: i + 1, name })),
  }
  const uploaded = await upload(
    member,
    { chain, nonce },
    new Map(names.map((name, i) => [i + 1, options.sections[name] as FilesInput])),
    options,
  )
  const founded = await signCreate(member, { chain, nonce, card, uploaded })
  const grants = await signShares(member, founded, options.share ?? [])
  await session.append(
    [founded.entry, ...grants.map(({ entry }) => entry)],
    {
      attachments: [...founded.attachments, ...grants.map(({ attachment }) => attachment)],
      beside: grants.map(({ beside }) => beside),
      segments: uploaded.inline.map(({ section, bytes }) => ({ record: chain, section, bytes })),
      uploads: uploaded.upload ? [uploaded.upload] : [],
    },
    options.signal,
  )
  await uploaded.done()
  return { chain, card, ring: founded.ring, grants }
}

async function upload(
  member: Member,
  record: { chain: ChainId; nonce: Uint8Array | null },
  sections: ReadonlyMap<number, FilesInput>,
  options: TransferOptions,
): Promise<Uploaded> {
  const { link, keeper, network, surroundings } = member.session
  const sources = new Map<number, readonly Source[]>()
  for (const [section, given] of sections) sources.set(section, await collectSources(given))
  return uploadSections(
    { link, keeper, network: network.chain, ...surroundings },
    { record: record.chain, nonce: record.nonce, sections: sources },
    options,
  )
}

interface Founded {
  readonly entry: AnyEntry
  readonly chain: ChainId
  readonly card: Card
  readonly ring: Keyring
  readonly trail: { readonly epoch: number; readonly key: Uint8Array }
  readonly attachments: readonly Uint8Array[]
}

async function signCreate(
  member: Member,
  making: { readonly chain: ChainId; readonly nonce: Uint8Array; readonly card: Card; readonly uploaded: Uploaded },
): Promise<Founded> {
  const { session } = member
  const { chain, nonce, card, uploaded } = making
  const { random } = session.surroundings
  const network = session.network.chain
  const secret = newSecret<TrailSecret>(random)
  const trail = { epoch: 0, key: trailKeys(secret, { network, record: chain, epoch: 0 }).key, back: null }
  const keys = [0, ...card.sections.map(({ id }) => id)].map((section) => ({
    section,
    epoch: 0,
    key: newSecret<SectionKey>(random),
  }))
  const sealed: SealedContent[] = []
  for (const { section, key } of keys) {
    const place = { record: chain, epoch: 0, key }
    sealed.push(
      section === 0
        ? await sealCardContent(session, place, card)
        : await sealSection(session, { ...place, section }, uploaded.drafts.get(section) ?? []),
    )
  }
  const what = [{ grant: null, keys: keys.map(({ section, epoch }) => ({ section, epoch })), trail: 0 }]
  const row = await wrapFor(session, chain, session.chain, what, { card: keys[0]?.key ?? null, keys, trail: secret })
  const { attachment, wraps } = packWraps(session, [row])
  const epochs = keys.map(({ section, epoch, key }) => {
    const commitment = sectionCommitment(key, { network, record: chain, section, epoch })
    return { section, epoch, commitment, back: null, until: null }
  })
  const { credential, restsOn } = actingAs(member)
  const body = {
    founder: session.chain,
    nonce,
    credential,
    trail,
    epochs,
    contents: sealed.map(({ content }) => content),
    wraps,
  }
  const entry = await session.sign({ kind: 'record', chain, type: 'create', body, restsOn })
  const ring = new Keyring(session, chain)
  for (const { section, epoch, key } of keys) ring.add(section, epoch, key)
  ring.addTrail(0, secret)
  return { entry, chain, card, ring, trail, attachments: [attachment, ...sealed.map((one) => one.attachment)] }
}

async function signShares(member: Member, founded: Founded, shares: readonly ShareOptions[]): Promise<SealedGrant[]> {
  const { chain, card, ring, trail, entry } = founded
  const place = { record: chain, ring, trail, epoch: () => 0, sectionId: (name: string) => sectionIn(card, name) }
  const grants: SealedGrant[] = []
  for (const share of shares) {
    for (const person of [share.with].flat()) {
      grants.push(
        await sealGrant(member, place, { ...share, with: person }, [entry, ...grants.map((grant) => grant.entry)]),
      )
    }
  }
  return grants
}

/** The number of a section by its name. @throws ClientError USAGE when the card names no such section. */
export function sectionIn(card: Card, name: string): number {
  const section = card.sections.find((one) => one.name === name)
  if (!section) throw new ClientError('USAGE', 'the record has no section of this name', { details: { section: name } })
  return section.id
}

/** A record as a writer holds it. */
export interface Held {
  readonly chain: ChainId
  readonly card: Card
  readonly ring: Keyring
}

/** What a publication made: the version's number, and the card with any new section. */
export interface PublishOutcome {
  readonly version: number
  readonly card: Card
}

/**
 * Publishes a version: replaces the named sections' contents, adds new sections (the founder only), and starts new epochs where a
 * holder's grant has expired.
 */
export async function publishVersion(
  member: Member,
  held: Held,
  options: { readonly sections: Sections } & TransferOptions,
): Promise<PublishOutcome> {
  const { session } = member
  const { chain } = held
  const card = withSections(held.card, Object.keys(options.sections))
  await session.sync([chain, session.chain], { signal: options.signal })
  const sections = new Map(Object.entries(options.sections).map(([name, given]) => [sectionIn(card, name), given]))
  const grant = grantFor(member, chain, { sections: [...sections.keys()], bit: actions.write })
  if (grant !== null && card !== held.card) throw new ClientError('NOT_GRANTED', 'only the founder adds a section')
  const uploaded = await upload(member, { chain, nonce: null }, sections, options)
  await requireHoldersStand(member, chain, options.signal)
  const time = session.surroundings.now()
  const version = (session.ledger.fact(chain, facts.counters)?.version ?? 0) + 1
  const turning = staleSections(member, chain, [...sections.keys()], time)
  const rotation =
    turning.length > 0 ? await rotate(session, held.ring, { record: chain, sections: turning, ended: [], time }) : null
  const sealed = await sealVersion(member, { held, card, uploaded, rotation, sections: [...sections.keys()] })
  const { credential, restsOn } = actingAs(member)
  const body = {
    credential,
    grant,
    version,
    trail: rotation?.trail ?? null,
    epochs: rotation?.epochs ?? [],
    contents: sealed.map(({ content }): SectionContent => content),
    wraps: rotation?.wraps ?? null,
  }
  const entry = await session.sign({ kind: 'record', chain, type: 'publish', body, restsOn, time })
  await session.append(
    [entry],
    {
      attachments: [...(rotation ? [rotation.attachment] : []), ...sealed.map(({ attachment }) => attachment)],
      segments: uploaded.inline.map(({ section, bytes }) => ({ record: chain, section, bytes })),
      uploads: uploaded.upload ? [uploaded.upload] : [],
    },
    options.signal,
  )
  rotation?.keep()
  await uploaded.done()
  return { version, card }
}

/** The card with new sections at its end. */
function withSections(card: Card, names: readonly string[]): Card {
  const fresh = names.filter((name) => !card.sections.some((section) => section.name === name))
  if (fresh.length === 0) return card
  const next = card.sections.length + 1
  return { ...card, sections: [...card.sections, ...fresh.map((name, i) => ({ id: next + i, name }))] }
}

/** Sections (the card included) whose key somebody holds whose grant has expired, and sections that are new. */
function staleSections(member: Member, record: ChainId, touched: readonly number[], time: number): number[] {
  return [0, ...touched].filter((id) => {
    const section = member.session.ledger.fact(record, facts.section(id))
    return !section || (section.until !== null && section.until <= time)
  })
}

/**
 * Nothing new under a key that somebody holds whose credential was withdrawn: the founder has to end her grants first.
 * @throws ClientError STALE_EPOCH naming how many holders are concerned.
 */
async function requireHoldersStand(member: Member, record: ChainId, signal?: AbortSignal): Promise<void> {
  const { session } = member
  const live = liveGrantsOf(session, record, session.surroundings.now())
  const holders = [...new Map(live.map(({ grant }) => [hex(grant.recipient), grant.recipient])).values()]
  if (holders.length > 0) await session.sync(holders, { signal })
  const fallen = holders.filter((holder) => standingCredential(session, holder) === null)
  if (fallen.length === 0) return
  throw new ClientError('STALE_EPOCH', 'a holder’s credential no longer holds: revoke her grants, then publish again', {
    details: { holders: fallen.length },
  })
}

async function sealVersion(
  member: Member,
  job: { held: Held; card: Card; uploaded: Uploaded; rotation: Rotation | null; sections: readonly number[] },
): Promise<SealedContent[]> {
  const { held, card, uploaded, rotation, sections } = job
  const { session } = member
  const keyOf = async (section: number): Promise<{ epoch: number; key: SectionKey }> => {
    const fresh = rotation?.key(section)
    if (fresh) return fresh
    const epoch = session.ledger.fact(held.chain, facts.section(section))?.epoch ?? 0
    return { epoch, key: await held.ring.key(section, epoch) }
  }
  const sealed: SealedContent[] = []
  // A new card epoch, or a card that names new sections, is sealed again; the card always comes first.
  if (rotation?.key(0) || card !== held.card) {
    sealed.push(await sealCardContent(session, { record: held.chain, ...(await keyOf(0)) }, card))
  }
  for (const section of [...sections].sort((a, b) => a - b)) {
    const place = { record: held.chain, section, ...(await keyOf(section)) }
    sealed.push(await sealSection(session, place, uploaded.drafts.get(section) ?? []))
  }
  return sealed
}
