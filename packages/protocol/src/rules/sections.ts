// Sections of a record: new epochs of their keys, and contents under them. Spec: docs/spec/rules.md, "Sections".
// Used by the rules of create, publish and revoke; who may do these stands in record.ts.
import { sha256 } from '#sha256'
import type { BackLink, Content, EpochStart, TrailStart } from '../bodies.js'
import type { ChainId, Digest } from '../bytes.js'
import type { Entry } from '../entry.js'
import { ProtocolError } from '../errors.js'
import { limits } from '../limits.js'
import { type Change, facts, type Section, set } from './facts.js'
import type { Look, Position } from './look.js'

export type RecordEntry<T extends 'create' | 'publish' | 'revoke'> = Entry<'record', T>

/** The section that comes with lists: title, patient, author, date, category. */
export const CARD = 0

export const refuse = (message: string): never => {
  throw new ProtocolError('RULE', message)
}

export const ascending = (ids: readonly number[]): boolean =>
  ids.every((id, i) => i === 0 || id > (ids[i - 1] as number))

interface Started {
  readonly sections: ReadonlyMap<number, number>
  readonly changes: readonly Change[]
}

/** New epochs: each the next of its section, with a back-link, in order; the card's and the trail's always together. */
export async function startEpochs(
  entry: RecordEntry<'create' | 'publish' | 'revoke'>,
  look: Look,
  at: Position,
  rules: { readonly mayAdd: boolean; readonly wraps: Digest | null },
): Promise<Started> {
  const { epochs, trail } = entry.body
  if (!ascending(epochs.map((start) => start.section))) refuse('epochs are in order of section, one each')
  const sections = new Map<number, number>()
  const changes: Change[] = []
  for (const start of epochs) {
    const current = await look.fact(entry.chain, facts.section(start.section))
    checkNext(start, current, rules.mayAdd)
    if (start.until !== null && start.until <= at.time)
      throw new ProtocolError('STALE_EPOCH', 'a holder’s grant has ended meanwhile')
    sections.set(start.section, start.epoch)
    const wraps = rules.wraps ?? refuse('new epochs and a wrap list come together')
    changes.push(
      set(facts.section(start.section), {
        epoch: start.epoch,
        commitment: start.commitment,
        index: at.index,
        wraps,
        until: start.until,
      }),
    )
  }
  if (sections.has(CARD) !== (trail !== null)) refuse('card and trail take new keys together')
  if (trail) changes.push(await startTrail(entry.chain, trail, look, at))
  return { sections, changes }
}

function checkNext(start: EpochStart, current: Section | null, mayAdd: boolean): void {
  if (!current && !mayAdd) refuse('only the founder adds a section')
  if (start.epoch !== (current ? current.epoch + 1 : 0))
    throw new ProtocolError('SEQ', 'epochs are numbered without gaps')
  checkBack(start)
}

/** An epoch after the first leads back to an earlier one: not always the one before, whose links somebody may have poisoned. */
export function checkBack({ epoch, back }: { readonly epoch: number; readonly back: BackLink | null }): void {
  if ((back === null) !== (epoch === 0)) refuse('an epoch after the first carries the key of an earlier one')
  if (back !== null && back.to >= epoch) refuse('a back-link leads to an earlier epoch')
}

async function startTrail(record: ChainId, start: TrailStart, look: Look, at: Position): Promise<Change> {
  const current = await look.fact(record, facts.trail)
  if (start.epoch !== (current ? current.epoch + 1 : 0))
    throw new ProtocolError('SEQ', 'trail epochs are numbered without gaps')
  checkBack(start)
  return set(facts.trail, { epoch: start.epoch, keyHash: sha256(start.key), index: at.index })
}

/** Nothing new under an old key: every section touched, and the card, must be under keys that no ended grant holds. */
export async function requireFresh(
  entry: RecordEntry<'publish'>,
  look: Look,
  at: Position,
  started: ReadonlyMap<number, number>,
): Promise<void> {
  for (const id of [CARD, ...entry.body.contents.map((item) => item.section)]) {
    if (started.has(id)) continue
    const section = (await look.fact(entry.chain, facts.section(id))) ?? refuse('there is no such section')
    if (section.until !== null && section.until <= at.time) {
      throw new ProtocolError('STALE_EPOCH', 'a grant to this section has expired: the version needs a new epoch')
    }
  }
}

/**
 * New contents: in order, under the newest epoch of their section. `files` is by how many the record's files become more.
 * @throws ProtocolError RULE, STALE_EPOCH, LIMIT.
 */
export async function publishContents(
  entry: RecordEntry<'create' | 'publish' | 'revoke'>,
  look: Look,
  rules: { readonly version: number; readonly started: ReadonlyMap<number, number> },
): Promise<{ changes: Change[]; files: number }> {
  const { contents } = entry.body
  if (!ascending(contents.map((item) => item.section))) refuse('contents are in order of section, one each')
  if (rules.started.has(CARD) && contents[0]?.section !== CARD)
    refuse('a new card epoch comes with the card sealed under it')
  const changes: Change[] = []
  let files = 0
  for (const item of contents) {
    const epoch = rules.started.get(item.section) ?? (await look.fact(entry.chain, facts.section(item.section)))?.epoch
    if (item.epoch !== epoch)
      throw new ProtocolError('STALE_EPOCH', 'contents are under another epoch than the section’s newest')
    checkObject(item)
    const before = await look.fact(entry.chain, facts.content(item.section))
    if (item.section !== CARD) files += item.object.count - (before?.object.count ?? 0)
    const value = { version: rules.version, epoch, object: item.object }
    changes.push(set(facts.content(item.section), value), set(facts.content(item.section, rules.version), value))
  }
  return { changes, files }
}

/** @throws ProtocolError LIMIT for more files than a record has at most. */
export function checkFiles(files: number): number {
  if (files > limits.files) throw new ProtocolError('LIMIT', 'a record has 10,000 files at most')
  return files
}

function checkObject(item: Content): void {
  const longest = item.section === CARD ? limits.card : limits.manifest
  if (item.object.length > longest) throw new ProtocolError('LIMIT', 'a card is at most 4 KiB long, a manifest 8 MiB')
}
