// Reading: opening a record with a purpose, its files and versions, and pages of cards. Spec: docs/spec/relay.md, "Records".
// Nothing that writes is reached from here: a program that only reads is bundled without it (scripts/check-bundle.mjs).
import type { Card } from '@sealchart/crypto'
import { type ChainId, facts, hex, is, SealchartError, unhex } from '@sealchart/protocol'
import { grantedSections, type Listed, listRecords, openAccess } from './access.js'
import type { OpenedFile } from './download.js'
import { ClientError } from './errors.js'
import type { RecordState } from './holding.js'
import type { Member } from './member.js'
import { retrying } from './retry.js'

export interface OpenOptions {
  /** Why the record is opened: shown on the trail to who may read it. */
  readonly purpose: string
  /** Names of sections; default: all that are granted. */
  readonly sections?: readonly string[]
  /** Default: the newest. */
  readonly version?: number
  /** `download` where copies leave the program; default: view. */
  readonly action?: 'view' | 'download'
  readonly signal?: AbortSignal
}

export interface ListOptions {
  /** Only records of a patient with one of these identifiers. Compared here: the relay can't. */
  readonly patient?: { readonly ids: readonly { readonly system: string; readonly value: string }[] }
  readonly changedSince?: Date
  /** Most records of a page; default 50, at most 100. */
  readonly limit?: number
  /** The `next` of the page before. */
  readonly after?: number
  readonly signal?: AbortSignal
}

/** One line of a list: the card, opened; nothing else of the record was. */
export interface ListItem {
  readonly id: string
  readonly card: Card
  readonly version: number
  readonly changed: Date
}

export interface Page {
  readonly records: readonly ListItem[]
  /** Records whose card does not open, each with what its verification found; all others are listed nevertheless. */
  readonly unreadable: readonly { readonly id: string; readonly error: SealchartError }[]
  /** Pass as `after` for the next page; null at the end. */
  readonly next: number | null
}

/** A version of a record: its number, when it was published and which sections it changed. */
export interface Version {
  readonly number: number
  readonly published: Date
  readonly sections: readonly string[]
}

/**
 * Opens a record: an entry in its access log first, then keys, manifests and files.
 * @throws SealchartError UNKNOWN (no such record, or not for you), NOT_GRANTED, GRANT_ENDED, CRED_*, and what verification finds.
 */
export async function openRecord(member: Member, id: string, options: OpenOptions): Promise<RecordState> {
  const chain = chainOf(id)
  return retrying(async () => {
    const listed = await oneRecord(member, chain, options.signal)
    const { card, sealed, ring } = listed
    const named = options.sections?.map((name) => sectionIn(card, name))
    const sections = named ?? (await grantedSections(member, chain, card))
    if (sections.length === 0) throw new ClientError('NOT_GRANTED', 'no section of this record is granted to you')
    const asked = {
      type: options.action ?? 'view',
      purpose: options.purpose,
      version: options.version ?? newestVersion(member, chain),
      sections: [...new Set(sections)].sort((a, b) => a - b),
    } as const
    const opened = await openAccess(member, listed, asked, options.signal)
    return { chain, card, sealed, ring, opened }
  })
}

/** One record as a list has it: chain and card, verified. @throws SealchartError UNKNOWN, and what verification finds. */
export async function oneRecord(member: Member, chain: ChainId, signal: AbortSignal | undefined): Promise<Listed> {
  const { records } = await listRecords(member, { record: chain, after: null, limit: 1 }, signal)
  const [listed] = records
  if (listed && hex(listed.item.record) === hex(chain)) return listed
  throw new ClientError('UNKNOWN', 'there is no such record, or you may not see it')
}

/** A page of the records that a member may see, newest change first. Listing opens cards only: no view is logged. */
export async function listPage(member: Member, options: ListOptions): Promise<Page> {
  const limit = options.limit ?? 50
  if (!Number.isInteger(limit) || limit < 1 || limit > 100)
    throw new ClientError('USAGE', 'limit is a whole number from 1 to 100')
  const asked = { record: null, after: options.after ?? null, limit }
  const { records, unreadable, more, last } = await listRecords(member, asked, options.signal)
  const items = records.map((listed) => itemOf(member, listed))
  const since = options.changedSince?.getTime() ?? 0
  // Pages go back in time: one that does not would be followed by itself.
  if (last !== null && asked.after !== null && last >= asked.after)
    throw new ClientError('RELAY', 'the relay answers with a page that was asked for before')
  const ended = items.some((item) => item.changed.getTime() < since)
  return {
    records: items.filter((item) => item.changed.getTime() >= since && isOf(item.card, options.patient)),
    unreadable: unreadable.map(({ record, error }) => ({ id: hex(record), error })),
    next: more && !ended ? last : null,
  }
}

function itemOf(member: Member, { item, card }: Listed): ListItem {
  const changed = new Date(member.session.ledger.entries(item.record).at(-1)?.time ?? 0)
  return { id: hex(item.record), card, version: newestVersion(member, item.record), changed }
}

/**
 * The files of a section that was opened, in the author's order.
 * @throws SealchartError USAGE unless the record was opened with a purpose, NOT_GRANTED when this section was not opened, and what its
 * contents ended in where they do not open.
 */
export function filesIn({ card, opened }: RecordState, section: string): readonly OpenedFile[] {
  const id = sectionIn(card, section)
  if (!opened)
    throw new ClientError('USAGE', 'open the record with a purpose before reading it: records.open(id, { purpose })')
  const files = opened.files.get(id)
  if (files instanceof SealchartError) throw files
  if (files) return files
  throw new ClientError('NOT_GRANTED', 'this section was not opened: you have no grant for it, or did not ask for it', {
    details: { section },
  })
}

/** The newest version's number, as far as this process has seen. */
export const newestVersion = (member: Member, record: ChainId): number =>
  member.session.ledger.fact(record, facts.counters)?.version ?? 0

/** All versions, oldest first, with the sections that each changed. */
export function versionsOf({ session }: Member, { chain, card }: RecordState): readonly Version[] {
  return session.ledger.entries(chain).flatMap(({ entry, time }) => {
    const version = is(entry, 'record', 'create') ? 1 : is(entry, 'record', 'publish') ? entry.body.version : null
    if (version === null || !(is(entry, 'record', 'create') || is(entry, 'record', 'publish'))) return []
    const changed = entry.body.contents.flatMap(
      ({ section }) => card.sections.find(({ id }) => id === section)?.name ?? [],
    )
    return [{ number: version, published: new Date(time), sections: changed }]
  })
}

/** The number of a section by its name. @throws ClientError USAGE when the card names no such section. */
export function sectionIn(card: Card, name: string): number {
  const section = card.sections.find((one) => one.name === name)
  if (!section) throw new ClientError('USAGE', 'the record has no section of this name', { details: { section: name } })
  return section.id
}

function chainOf(id: string): ChainId {
  const bytes = typeof id === 'string' ? unhex(id) : null
  if (bytes?.length !== 32) throw new ClientError('USAGE', 'a record id is 64 hexadecimal digits')
  return bytes as Uint8Array as ChainId
}

function isOf(card: Card, patient: ListOptions['patient']): boolean {
  if (!patient) return true
  return (card.patient?.ids ?? []).some((own) =>
    patient.ids.some((one) => one.system === own.system && one.value === own.value),
  )
}
