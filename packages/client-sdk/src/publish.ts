// Publishing a version: files are sealed and put first, then one entry names them. Spec: docs/spec/rules.md, "Record".
// An attempt that was sent before a crash is found again and not repeated: a version is published once.
import { type Card, type SectionKey, sectionCommitment } from '@sealchart/crypto'
import {
  type AnyEntry,
  actions,
  type ChainId,
  type Digest,
  type Entry,
  type EntryHash,
  facts,
  is,
  isHeldAsWrapped,
  type LiveGrant,
  reachedBy,
  type SectionContent,
} from '@sealchart/protocol'
import { actingUnder, grantFor } from './access.js'
import { type Cargo, packCargo, type TransferOptions } from './cargo.js'
import { type SealedContent, sealCardContent, sealSection } from './contents.js'
import type { Sections } from './create.js'
import { ClientError } from './errors.js'
import type { Keyring } from './keyring.js'
import type { Member } from './member.js'
import { asOfNow, syncHolders } from './reach.js'
import { sectionIn } from './reading.js'
import { retrying } from './retry.js'
import { type Rotation, rotate } from './rotation.js'
import type { Session } from './session.js'
import { refreshOwn } from './team.js'
import type { DraftFile } from './upload.js'

/** A record as a writer holds it. */
export interface Held {
  readonly chain: ChainId
  readonly card: Card
  /** SHA-256 of the card as it is stored. */
  readonly sealed: Digest
  readonly ring: Keyring
}

/** What a publication made: the version's number, and the card with any new section. */
export interface PublishOutcome {
  readonly version: number
  readonly card: Card
  readonly sealed: Digest
}

export interface PublishOptions extends TransferOptions {
  readonly sections: Sections
  /** The newest card and keys of the record, which the session has synced again. */
  readonly hold: () => Promise<Held>
}

/**
 * Publishes a version: replaces the named sections' contents, adds new sections (the founder only), and starts new epochs where a
 * holder's grant has expired. The session has synced the record.
 */
export async function publishVersion(member: Member, held: Held, options: PublishOptions): Promise<PublishOutcome> {
  const card = withSections(held.card, Object.keys(options.sections))
  const sections = new Map(Object.entries(options.sections).map(([name, given]) => [sectionIn(card, name), given]))
  const cargo = await packCargo(member, { record: held.chain, nonce: null, sections }, options)
  return retrying(() => attempt(member, { chain: held.chain, cargo, sections: idsOf(card, options), options }))
}

const idsOf = (card: Card, { sections }: PublishOptions): readonly number[] =>
  Object.keys(sections)
    .map((name) => sectionIn(card, name))
    .sort((a, b) => a - b)

interface Job {
  readonly chain: ChainId
  readonly cargo: Cargo
  readonly sections: readonly number[]
  readonly options: PublishOptions
}

async function attempt(member: Member, job: Job): Promise<PublishOutcome> {
  const { session } = member
  const { chain, cargo, sections, options } = job
  const { signal } = options
  // Files first: they take the longest, and what is sealed of them holds for any epoch until a header is sent.
  const loaded = await cargo.load()
  await session.sync([chain, session.chain], { signal })
  const held = await options.hold()
  const before = cargo.placed(session.ledger.entries(chain))
  if (before && is(before.entry, 'record', 'publish')) {
    await loaded.settle()
    return { version: before.entry.body.version, card: held.card, sealed: held.sealed }
  }
  const card = withSections(held.card, Object.keys(options.sections))
  // What was sealed is bound to the numbers of its sections. Under a number that somebody else gave away meanwhile, others would read it.
  if (idsOf(card, options).some((id, i) => id !== sections[i]))
    throw new ClientError('CONFLICT', 'another section was added meanwhile: publish again')
  const grant = await grantFor(member, chain, { sections, bits: actions.write })
  if (grant !== null && card !== held.card) throw new ClientError('NOT_GRANTED', 'only the founder adds a section')
  const live = await refreshedHolders(member, chain, signal)
  const time = session.surroundings.now()
  const turning = await staleSections(session, chain, sections, live)
  const rotation =
    turning.length > 0 ? await rotate(session, held.ring, { record: chain, sections: turning, ended: [], time }) : null
  const keys = await keysFor(member, held, { rotation, sections: [0, ...sections] })
  const under = commitmentsOf(member, chain, { sections, keys })
  await cargo.renewFor(under)
  const uploaded = await cargo.load()
  const sealed = await sealVersion(member, { held, card, sections, rotation, keys, files: uploaded.files })
  const entry = await signPublish(member, {
    chain,
    grant,
    time,
    rotation,
    contents: sealed.map(({ content }) => content),
  })
  await cargo.sending(entry.hash, under)
  const attachments = [...(rotation ? [rotation.attachment] : []), ...sealed.map(({ attachment }) => attachment)]
  await session.append([entry], { attachments, segments: uploaded.inline, uploads: uploaded.uploads }, signal)
  rotation?.keep()
  await uploaded.settle()
  const newCard = sealed.find(({ content }) => content.section === 0)?.content.object.digest
  return { version: (entry as Published).body.version, card, sealed: newCard ?? held.sealed }
}

type Published = AnyEntry & Entry<'record', 'publish'>

interface Publishing {
  readonly chain: ChainId
  readonly grant: LiveGrant | null
  readonly time: number
  readonly rotation: Rotation | null
  readonly contents: readonly SectionContent[]
}

function signPublish(member: Member, { chain, grant, time, rotation, contents }: Publishing): Promise<AnyEntry> {
  const { session } = member
  const { credential, restsOn } = actingUnder(member, grant)
  const version = (session.ledger.fact(chain, facts.counters)?.version ?? 0) + 1
  const turned = { trail: rotation?.trail ?? null, epochs: rotation?.epochs ?? [], wraps: rotation?.wraps ?? null }
  const body = { credential, grant: grant?.hash ?? null, version, contents, ...turned }
  return session.sign({ kind: 'record', chain, type: 'publish', body, restsOn, time })
}

/** The card with new sections at its end. */
function withSections(card: Card, names: readonly string[]): Card {
  const fresh = names.filter((name) => !card.sections.some((section) => section.name === name))
  if (fresh.length === 0) return card
  const next = card.sections.length + 1
  return { ...card, sections: [...card.sections, ...fresh.map((name, i) => ({ id: next + i, name }))] }
}

/** The live grants of a record, after the stale teams among their holders in which the member sits took new keys. */
async function refreshedHolders(
  member: Member,
  chain: ChainId,
  signal: AbortSignal | undefined,
): Promise<readonly LiveGrant[]> {
  const live = await syncHolders(member.session, chain, signal)
  await refreshOwn(
    member,
    live.map(({ grant }) => grant.recipient),
    signal,
  )
  return live
}

/**
 * Sections (the card included) that take a new key: new ones, and those whose key is held by somebody whose grant has expired, who is not
 * entitled any more, or whose own key is a newer one.
 */
async function staleSections(
  session: Session,
  record: ChainId,
  touched: readonly number[],
  live: readonly LiveGrant[],
): Promise<number[]> {
  const { ledger, surroundings } = session
  const stale: number[] = []
  for (const id of [0, ...touched]) {
    const section = ledger.fact(record, facts.section(id))
    const isOver = !section || (section.until !== null && section.until <= surroundings.now())
    if (isOver || !(await isHeldAsWrapped(record, [id], live, ledger.facts, asOfNow(session)))) stale.push(id)
  }
  return stale
}

/** Live grants whose keys go to nobody: of members whose credentials were taken from them, and of teams that are closed. Syncs the holders. */
export async function fallenGrants(
  { session }: Member,
  record: ChainId,
  signal?: AbortSignal,
): Promise<readonly EntryHash[]> {
  const fallen: EntryHash[] = []
  for (const one of await syncHolders(session, record, signal)) {
    if ((await reachedBy(one, session.ledger.facts, asOfNow(session))).length === 0) fallen.push(one.hash)
  }
  return fallen
}

/** What the keys of the sections commit to: which key it is, whatever the number of its epoch. */
function commitmentsOf(
  { session }: Member,
  record: ChainId,
  of: { readonly sections: readonly number[]; readonly keys: ReadonlyMap<number, KeyInUse> },
): ReadonlyMap<number, Uint8Array> {
  const network = session.network.chain
  return new Map(
    of.sections.map((section) => {
      const { epoch, key } = of.keys.get(section) as KeyInUse
      return [section, sectionCommitment(key, { network, record, section, epoch })]
    }),
  )
}

type KeyInUse = { readonly epoch: number; readonly key: SectionKey }

/** The key of each section as it will be once the entry stands. */
async function keysFor(
  member: Member,
  held: Held,
  of: { readonly rotation: Rotation | null; readonly sections: readonly number[] },
): Promise<ReadonlyMap<number, KeyInUse>> {
  const keys = new Map<number, KeyInUse>()
  for (const section of of.sections) {
    const epoch = member.session.ledger.fact(held.chain, facts.section(section))?.epoch ?? 0
    keys.set(section, of.rotation?.key(section) ?? { epoch, key: await held.ring.key(section, epoch) })
  }
  return keys
}

interface Sealing {
  readonly held: Held
  readonly card: Card
  readonly sections: readonly number[]
  readonly rotation: Rotation | null
  readonly keys: ReadonlyMap<number, KeyInUse>
  readonly files: readonly DraftFile[]
}

async function sealVersion(member: Member, job: Sealing): Promise<SealedContent[]> {
  const { held, card, rotation, keys, sections, files } = job
  const { session } = member
  const place = (section: number) => ({ record: held.chain, section, ...(keys.get(section) as KeyInUse) })
  const sealed: SealedContent[] = []
  // A new card epoch, or a card that names new sections, is sealed again; the card always comes first.
  if (rotation?.key(0) || card !== held.card) sealed.push(await sealCardContent(session, place(0), card))
  for (const section of sections) {
    sealed.push(
      await sealSection(
        session,
        place(section),
        files.filter((file) => file.section === section),
      ),
    )
  }
  return sealed
}
