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
  equal,
  facts,
  hex,
  is,
  type SectionContent,
} from '@sealchart/protocol'
import { grantFor } from './access.js'
import { type Cargo, packCargo, type TransferOptions } from './cargo.js'
import { type SealedContent, sealCardContent, sealSection } from './contents.js'
import type { Sections } from './create.js'
import { ClientError } from './errors.js'
import { type HeldGrant, liveGrantsOf } from './held-grants.js'
import type { Keyring } from './keyring.js'
import { actingAs, type Member } from './member.js'
import { isDeposed } from './people.js'
import { sectionIn } from './reading.js'
import { retrying } from './retry.js'
import { type Rotation, rotate } from './rotation.js'
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
  const grant = grantFor(member, chain, { sections, bit: actions.write })
  if (grant !== null && card !== held.card) throw new ClientError('NOT_GRANTED', 'only the founder adds a section')
  await requireHoldersStand(member, chain, signal)
  const time = session.surroundings.now()
  const turning = staleSections(member, chain, sections, time)
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
  readonly grant: EntryHash | null
  readonly time: number
  readonly rotation: Rotation | null
  readonly contents: readonly SectionContent[]
}

function signPublish(member: Member, { chain, grant, time, rotation, contents }: Publishing): Promise<AnyEntry> {
  const { session } = member
  const { credential, restsOn } = actingAs(member)
  const version = (session.ledger.fact(chain, facts.counters)?.version ?? 0) + 1
  const turned = { trail: rotation?.trail ?? null, epochs: rotation?.epochs ?? [], wraps: rotation?.wraps ?? null }
  const body = { credential, grant, version, contents, ...turned }
  return session.sign({ kind: 'record', chain, type: 'publish', body, restsOn, time })
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
 * Members who hold a live grant of a record, and whose every credential was taken from them. Syncs the chains of all whom a new epoch
 * would be wrapped to: the holders, and the founder.
 */
export async function fallenHolders(
  member: Member,
  record: ChainId,
  signal?: AbortSignal,
): Promise<readonly HeldGrant[]> {
  const { session } = member
  const live = liveGrantsOf(session, record, session.surroundings.now())
  const founder = session.ledger.fact(record, facts.founder)
  const concerned = [...live.map(({ grant }) => grant.recipient), ...(founder ? [founder.member] : [])]
  const others = new Map(concerned.filter((one) => !equal(one, session.chain)).map((one) => [hex(one), one]))
  if (others.size > 0) await session.sync([...others.values()], { signal })
  return live.filter(({ grant }) => isDeposed(session, grant.recipient))
}

/**
 * Nothing new under a key that somebody holds whose credential was withdrawn: her grants must end first, and only the founder ends them.
 * What the founder holds nobody can end.
 * @throws ClientError STALE_EPOCH saying how many grants are concerned.
 */
async function requireHoldersStand(member: Member, record: ChainId, signal: AbortSignal | undefined): Promise<void> {
  const fallen = await fallenHolders(member, record, signal)
  const founder = member.session.ledger.fact(record, facts.founder)
  if (founder && isDeposed(member.session, founder.member))
    throw new ClientError('STALE_EPOCH', 'the founder’s credential was withdrawn: make a new record')
  if (fallen.length === 0) return
  throw new ClientError(
    'STALE_EPOCH',
    'the credential of a holder was withdrawn: the founder has to end her grants first',
    {
      details: { grants: fallen.length },
    },
  )
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
