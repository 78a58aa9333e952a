// Access: looking at a record under a durable entry in its access log. No entry, no bytes. Spec: docs/spec/relay.md, "Handouts".
import { type Card, openCard, openFileHeader } from '@sealchart/crypto'
import {
  type AnyEntry,
  accessLogOf,
  actions,
  type ChainId,
  type Digest,
  decodeManifest,
  equal,
  facts,
  type Handout,
  type LiveGrant,
  type RecordItem,
  SealchartError,
  sha256,
} from '@sealchart/protocol'
import { type OpenableFile, type OpenedFile, openFiles } from './download.js'
import { ClientError } from './errors.js'
import { capacityIn, isHeldBy, liveGrantsOf, teamsBehind } from './held-grants.js'
import { Keyring } from './keyring.js'
import { type Acting, actingAs, type Member, sealText } from './member.js'
import type { Session } from './session.js'

/** What a record looks like from a list: its verified chain, the opened card, and a keyring with the card's key. */
export interface Listed {
  readonly item: RecordItem
  readonly card: Card
  /** SHA-256 of the card as it is stored: tells whether it is still the newest. */
  readonly sealed: Digest
  readonly ring: Keyring
}

/** A record of a page that does not open: who made it, or who last turned its keys, sealed something else than its entries say. */
export interface Unreadable {
  readonly record: ChainId
  readonly error: SealchartError
}

/** A page as it was verified; `last` is where the next one begins. */
export interface ListedPage {
  readonly records: readonly Listed[]
  readonly unreadable: readonly Unreadable[]
  readonly more: boolean
  readonly last: number | null
}

/**
 * Asks for one record, or a page, and verifies it: chain, rows, envelope, card. On a page one record that does not open stands beside
 * the others: whoever grants something to a member could otherwise take all her other records from her list.
 * @throws SealchartError what verification throws: of the log and the chains always, of rows, envelope and card when one was asked for.
 */
export async function listRecords(
  member: Member,
  asked: { readonly record: ChainId | null; readonly after: number | null; readonly limit: number },
  signal?: AbortSignal,
): Promise<ListedPage> {
  const { session } = member
  const answer = await session.exchange(async (seen) => {
    const given = await session.link.records({ ...asked, seen: seen(), have: session.known() }, signal)
    await session.take(given.proven, given.beside)
    return given
  }, signal)
  const records: Listed[] = []
  const unreadable: Unreadable[] = []
  for (const item of answer.records) {
    try {
      records.push(await openListed(member, item))
    } catch (error) {
      if (asked.record !== null || !(error instanceof SealchartError)) throw error
      unreadable.push({ record: item.record, error })
    }
  }
  await session.pin()
  return { records, unreadable, more: answer.more, last: answer.records.at(-1)?.changed ?? null }
}

async function openListed(member: Member, item: RecordItem): Promise<Listed> {
  const { session } = member
  session.ledger.requirePinned(item.record)
  const content = session.ledger.fact(item.record, facts.content(0))
  if (!content || !equal(sha256(item.card), content.object.digest)) {
    throw new ClientError('NOT_IN_MANIFEST', 'a card is not the one that the record’s entries name')
  }
  const ring = new Keyring(session, item.record)
  await ring.takeRows(item.rows, member)
  const place = { network: session.network.chain, record: item.record, epoch: content.epoch }
  const card = await openCard(item.card, await ring.key(0, content.epoch), place)
  return { item, ring, card, sealed: content.object.digest }
}

export interface AccessRequest {
  readonly type: 'view' | 'download'
  readonly purpose: string
  readonly version: number
  readonly sections: readonly number[]
}

/**
 * The grant under which a member acts on a record, her own before one of a team: null for the founder.
 * @throws ClientError NOT_GRANTED, GRANT_ENDED.
 */
export async function grantFor(
  member: Member,
  record: ChainId,
  needs: { sections: readonly number[]; bits: number },
): Promise<LiveGrant | null> {
  const { session } = member
  if (isFounder(member, record)) return null
  const now = session.surroundings.now()
  const live = await liveGrantsOf(session, record)
  const own = live.filter((one) => isHeldBy(session, one, session.chain))
  const fits = ({ grant }: LiveGrant): boolean =>
    (grant.actions & needs.bits) === needs.bits &&
    grant.notBefore <= now &&
    needs.sections.every((id) => grant.sections.includes(id))
  const found = own
    .filter(fits)
    .sort((a, b) => Number(a.grant.institution === null) - Number(b.grant.institution === null))
  if (found[0]) return found[0]
  if (own.length === 0) throw new ClientError('NOT_GRANTED', 'no grant lets you do this with this record')
  throw new ClientError('NOT_GRANTED', 'your grant does not cover these sections, or not this action: ask the author')
}

/** As whom a member acts under a grant (null: as the founder), with the teams that it came through. @throws ClientError NO_CREDENTIAL */
export function actingUnder(member: Member, under: LiveGrant | null): Acting {
  if (under === null) return actingAs(member)
  const acting = actingAs(member, capacityIn(member.session, under, member.session.chain) ?? undefined)
  return { ...acting, restsOn: [...acting.restsOn, ...teamsBehind(under)] }
}

export function isFounder({ session }: Member, record: ChainId): boolean {
  const founder = session.ledger.fact(record, facts.founder)
  return founder !== null && equal(founder.member, session.chain)
}

/** Sections of a record that a member may open: all for its founder. */
export async function grantedSections(member: Member, record: ChainId, card: Card): Promise<readonly number[]> {
  const { session } = member
  const all = card.sections.map(({ id }) => id)
  if (isFounder(member, record)) return all
  const live = await liveGrantsOf(session, record)
  const own = live.filter((one) => isHeldBy(session, one, session.chain))
  return all.filter((id) => own.some(({ grant }) => grant.sections.includes(id)))
}

/** Everything that a view or download entry opened: a desk for files' bytes, and the files by section, or why a section does not open. */
export interface Opened {
  readonly entry: AnyEntry
  readonly handout: Handout
  readonly files: ReadonlyMap<number, readonly OpenedFile[] | SealchartError>
}

/** Appends the access entry and opens what the relay hands out for it. */
export async function openAccess(
  member: Member,
  listed: Pick<Listed, 'item' | 'ring'>,
  asked: AccessRequest,
  signal?: AbortSignal,
): Promise<Opened> {
  const { session } = member
  const { record, access } = listed.item
  const entry = await signAccess(member, record, access, asked)
  const answer = await session.append([entry.entry], { beside: [entry.beside] }, signal)
  const handout = answer.handouts.find((one) => equal(one.entry, entry.entry.hash))
  if (!handout)
    throw new ClientError('RELAY', 'the relay logged the access and handed out nothing: open the record again')
  await listed.ring.takeKeys(handout.keys)
  return { entry: entry.entry, handout, files: await openSections(member, listed, handout, asked) }
}

async function signAccess(
  member: Member,
  record: ChainId,
  access: RecordItem['access'],
  asked: AccessRequest,
): Promise<{ entry: AnyEntry; beside: Uint8Array }> {
  const { session } = member
  const under = await grantFor(member, record, { sections: asked.sections, bits: actions[asked.type] })
  const { credential, restsOn } = actingUnder(member, under)
  const sealed = sealText(member, record, { kind: 'purpose', text: asked.purpose })
  const { version, sections } = asked
  const body = { record, grant: under?.hash ?? null, credential, version, sections, trailEpoch: sealed.trailEpoch }
  const entry = await session.sign({
    kind: 'access',
    chain: accessLogOf(record),
    type: asked.type,
    body,
    restsOn: [...restsOn, record],
    private: sealed.digest,
    access,
  })
  return { entry, beside: sealed.beside }
}

/**
 * The files of the sections that were asked for, each manifest compared with what the record's entries name. A section whose contents do
 * not open takes no other along: whoever may write to one section could otherwise close all of them to everybody.
 */
async function openSections(
  member: Member,
  { item, ring }: Pick<Listed, 'item' | 'ring'>,
  handout: Handout,
  asked: AccessRequest,
): Promise<ReadonlyMap<number, readonly OpenedFile[] | SealchartError>> {
  const openable: OpenableFile[] = []
  const failed = new Map<number, SealchartError>()
  for (const opened of handout.opened) {
    checkManifest(member, item, opened, asked)
    try {
      openable.push(...(await readManifest(member, { item, ring }, opened)))
    } catch (error) {
      if (!(error instanceof SealchartError)) throw error
      failed.set(opened.section, error)
    }
  }
  for (const section of asked.sections) {
    if (handout.opened.some((one) => one.section === section)) continue
    throw new ClientError('NOT_IN_MANIFEST', 'the relay withheld a section that the entry opened', {
      details: { section },
    })
  }
  const { session } = member
  const files = openFiles(openable, {
    link: session.link,
    network: session.network.chain,
    record: item.record,
    ticket: handout.ticket,
    renew: () => renewTicket(),
    inline: handout.segments,
  })
  return new Map(
    asked.sections.map((section) => [section, failed.get(section) ?? files.filter((file) => file.section === section)]),
  )
}

/** A ticket outlives an hour only through a new access entry: reading goes on after the record is opened again. */
function renewTicket(): Promise<string> {
  return Promise.reject(new ClientError('GRANT_ENDED', 'this access has ended: open the record again'))
}

/** @throws ClientError NOT_IN_MANIFEST for a manifest that is not the one of this section and version. */
function checkManifest(
  { session }: Member,
  item: RecordItem,
  { section, version, epoch, manifest }: Handout['opened'][number],
  asked: AccessRequest,
): void {
  const signed = session.ledger.fact(item.record, facts.content(section, version))
  const newest = newestUpTo(session, item.record, { section, version: asked.version })
  const fits = signed && signed.epoch === epoch && version === newest && equal(sha256(manifest), signed.object.digest)
  if (!fits || !asked.sections.includes(section)) {
    throw new ClientError('NOT_IN_MANIFEST', 'a manifest is not the one that the record’s entries name')
  }
}

async function readManifest(
  { session }: Member,
  { item, ring }: Pick<Listed, 'item' | 'ring'>,
  { section, epoch, manifest }: Handout['opened'][number],
): Promise<OpenableFile[]> {
  const key = await ring.key(section, epoch)
  const files: OpenableFile[] = []
  for (const file of decodeManifest(manifest).files) {
    const place = { network: session.network.chain, record: item.record, section, epoch, fileId: file.id }
    files.push({ section, manifest: file, header: await openFileHeader(file.header, key, place) })
  }
  return files
}

/** The version that last changed a section, up to the one that was asked for. */
function newestUpTo(
  session: Session,
  record: ChainId,
  at: { readonly section: number; readonly version: number },
): number | null {
  for (let version = at.version; version > 0; version--) {
    if (session.ledger.fact(record, facts.content(at.section, version))) return version
  }
  return null
}
