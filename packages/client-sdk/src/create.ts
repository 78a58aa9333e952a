// Making a record: files are sealed and put first, then one list of entries makes it exist, with its first grants.
// Spec: docs/spec/rules.md, "Record". A crash before the list leaves an upload that can be resumed; an answered list is durable.
import {
  type Card,
  newSecret,
  recordNonce,
  type SectionKey,
  sectionCommitment,
  type TrailSecret,
  trailKeys,
} from '@sealchart/crypto'
import { type AnyEntry, type ChainId, chainIdOf, type Digest, type SectionContent } from '@sealchart/protocol'
import { type Cargo, packCargo, type TransferOptions } from './cargo.js'
import { type SealedContent, sealCardContent, sealSection } from './contents.js'
import { ClientError } from './errors.js'
import { type SealedGrant, type ShareOptions, sealGrant } from './grants.js'
import { Keyring } from './keyring.js'
import { actingAs, type Member } from './member.js'
import { sectionIn } from './reading.js'
import { retrying } from './retry.js'
import { packWraps, wrapFor } from './rotation.js'
import type { Session } from './session.js'
import type { FilesInput } from './sources.js'
import type { DraftFile } from './upload.js'

/** Files of each section, by its name. */
export type Sections = Readonly<Record<string, FilesInput>>

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
  /** SHA-256 of the card as it is stored. */
  readonly sealed: Digest
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
 * What fits into a request takes two round trips: the heads of everybody concerned, and the list.
 */
export async function makeRecord(member: Member, options: CreateOptions, author: string): Promise<Made | null> {
  const { chain, nonce } = recordFor(member, options.ref)
  const names = Object.keys(options.sections)
  if (names.length === 0) throw new ClientError('USAGE', 'a record has at least one section')
  const card: Card = {
    title: options.title,
    patient: options.patient ?? null,
    author: options.author ?? author,
    date: (options.date ?? new Date(member.session.surroundings.now())).getTime(),
    category: options.category ?? '',
    sections: names.map((name, i) => ({ id: i + 1, name })),
  }
  const sections = new Map(names.map((name, i) => [i + 1, options.sections[name] as FilesInput]))
  const cargo = await packCargo(member, { record: chain, nonce, sections }, options)
  const making = { chain, nonce, card, keys: newKeys(member, card) }
  return retrying(() => attempt(member, { making, cargo, options }))
}

interface Attempt {
  readonly making: Making
  readonly cargo: Cargo
  readonly options: CreateOptions
}

async function attempt(member: Member, { making, cargo, options }: Attempt): Promise<Made | null> {
  const { session } = member
  const { chain, card, keys } = making
  const people = (options.share ?? []).flatMap((share) => share.with)
  await session.sync([session.chain, chain, ...people.map(({ id }) => id)], { signal: options.signal })
  if (session.ledger.head(chain)) return null
  // Another process that began epoch 0 had keys of its own, which are gone.
  const network = session.network.chain
  const under = new Map(
    keys.sections.map(({ section, epoch, key }) => [
      section,
      sectionCommitment(key, { network, record: chain, section, epoch }),
    ]),
  )
  await cargo.load()
  await cargo.renewFor(under)
  const uploaded = await cargo.load()
  const founded = await signCreate(member, making, uploaded.files)
  const grants = await signShares(member, founded, options.share ?? [])
  await cargo.sending(founded.entry.hash, under)
  await session.append(
    [founded.entry, ...grants.map(({ entry }) => entry)],
    {
      attachments: [...founded.attachments, ...grants.map(({ attachment }) => attachment)],
      beside: grants.map(({ beside }) => beside),
      segments: uploaded.inline,
      uploads: uploaded.uploads,
    },
    options.signal,
  )
  await uploaded.settle()
  return { chain, card, sealed: founded.sealed, ring: founded.ring, grants }
}

/** The keys of a record's first epochs, drawn once for all attempts of a call. */
interface FirstKeys {
  readonly trail: TrailSecret
  readonly sections: readonly { readonly section: number; readonly epoch: 0; readonly key: SectionKey }[]
}

interface Making {
  readonly chain: ChainId
  readonly nonce: Uint8Array
  readonly card: Card
  readonly keys: FirstKeys
}

function newKeys({ session }: Member, card: Card): FirstKeys {
  const { random } = session.surroundings
  const ids = [0, ...card.sections.map(({ id }) => id)]
  return {
    trail: newSecret<TrailSecret>(random),
    sections: ids.map((section) => ({ section, epoch: 0, key: newSecret<SectionKey>(random) })),
  }
}

interface Founded {
  readonly entry: AnyEntry
  readonly chain: ChainId
  readonly card: Card
  readonly sealed: Digest
  readonly ring: Keyring
  readonly trail: { readonly epoch: number; readonly key: Uint8Array }
  readonly attachments: readonly Uint8Array[]
}

async function signCreate(member: Member, making: Making, files: readonly DraftFile[]): Promise<Founded> {
  const { session } = member
  const { chain, nonce, card, keys } = making
  const network = session.network.chain
  const trail = { epoch: 0, key: trailKeys(keys.trail, { network, record: chain, epoch: 0 }).key, back: null }
  const sealed: SealedContent[] = []
  for (const { section, epoch, key } of keys.sections) {
    const place = { record: chain, section, epoch, key }
    const drafts = files.filter((file) => file.section === section)
    sealed.push(section === 0 ? await sealCardContent(session, place, card) : await sealSection(session, place, drafts))
  }
  const { attachment, wraps } = await wrapToFounder(session, chain, keys)
  const epochs = keys.sections.map(({ section, epoch, key }) => {
    const commitment = sectionCommitment(key, { network, record: chain, section, epoch })
    return { section, epoch, commitment, back: null, until: null }
  })
  const { credential, restsOn } = actingAs(member)
  const contents = sealed.map(({ content }) => content)
  const body = { founder: session.chain, nonce, credential, trail, epochs, contents, wraps }
  const entry = await session.sign({ kind: 'record', chain, type: 'create', body, restsOn })
  const ring = new Keyring(session, chain)
  for (const { section, epoch, key } of keys.sections) ring.add(section, epoch, key)
  ring.addTrail(0, keys.trail)
  const attachments = [attachment, ...sealed.map((one) => one.attachment)]
  // The card is section 0, and the first.
  const { digest } = (contents[0] as SectionContent).object
  return { entry, chain, card, sealed: digest, ring, trail, attachments }
}

async function wrapToFounder(
  session: Session,
  chain: ChainId,
  { sections, trail }: FirstKeys,
): Promise<ReturnType<typeof packWraps>> {
  const what = [{ grant: null, keys: sections.map(({ section, epoch }) => ({ section, epoch })), trail: 0 }]
  const row = await wrapFor(session, chain, session.chain, what, {
    card: sections[0]?.key ?? null,
    keys: sections,
    trail,
  })
  return packWraps(session, [row])
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
