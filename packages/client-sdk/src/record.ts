// A record in the hands of one member: reading what was opened, sharing, publishing, revoking, and the verified trail.
// Spec: docs/spec/rules.md, "Record". Making, finding and opening records stand in records.ts.
import type { Card } from '@sealchart/crypto'
import { accessLogOf, type EntryHash, equal, hex } from '@sealchart/protocol'
import { isFounder } from './access.js'
import type { TransferOptions } from './cargo.js'
import { sealCardContent } from './contents.js'
import type { Sections } from './create.js'
import type { OpenedFile } from './download.js'
import { ClientError, hasCode } from './errors.js'
import { type AccessExplanation, explainAccess } from './explain.js'
import { placeOf, type Recipient, type SealedGrant, type ShareOptions, sealGrant } from './grants.js'
import { grantsOf, liveGrantsOf } from './held-grants.js'
import { holdNewest, type RecordState } from './holding.js'
import { actingAs, type Member, sealText } from './member.js'
import type { Person } from './people.js'
import { fallenGrants, publishVersion } from './publish.js'
import { filesIn, newestVersion, sectionIn, type Version, versionsOf } from './reading.js'
import { retrying } from './retry.js'
import { rotate } from './rotation.js'
import { refreshOwn } from './team.js'
import { readTrail, type Step } from './trail.js'

/** Why grants end, and how to stop waiting. The reason is sealed; only who may read the trail sees it. */
export interface EndOptions {
  readonly reason?: string
  readonly signal?: AbortSignal
}

/** One grant, in the hands of who made it. */
export interface GrantHandle {
  readonly id: string
  readonly recipient: Recipient
  /** Takes the grant back as long as its recipient has not opened the record. @throws SealchartError ALREADY_OPENED. */
  recall(options?: EndOptions): Promise<void>
  /** Ends the grant. */
  revoke(options?: EndOptions): Promise<void>
}

/** The reason of an end that nobody asked for. */
const FALLEN = 'credential withdrawn, or team closed'

export class ChartRecord {
  /** The record's id in hexadecimal: what a vendor keeps. */
  readonly id: string
  readonly #member: Member
  #state: RecordState

  /** @internal */
  constructor(member: Member, state: RecordState) {
    this.id = hex(state.chain)
    this.#member = member
    this.#state = state
  }

  /** Title, patient, author, date, category and the names of the sections. */
  get card(): Card {
    return this.#state.card
  }

  /** The newest version's number, as far as this process has seen. */
  get version(): number {
    return newestVersion(this.#member, this.#state.chain)
  }

  /**
   * The files of a section that was opened, in the author's order.
   * @throws SealchartError USAGE unless the record was opened with a purpose, NOT_GRANTED when this section was not opened, and what its
   * contents ended in where they do not open; other sections do.
   */
  files(section: string): readonly OpenedFile[] {
    return filesIn(this.#state, section)
  }

  /** All versions, oldest first, with the sections that each changed. */
  versions(): readonly Version[] {
    return versionsOf(this.#member, this.#state)
  }

  /**
   * Grants people and teams actions on sections: all of them or none. Stored and provable when it resolves. Who did not found the record
   * shares on what she was given, if her grant allows it.
   * @throws SealchartError KEY_UNVERIFIED, CRED_* for a recipient whose credential does not hold, ROLE unless you founded the record.
   */
  async share(share: ShareOptions & { readonly with: Recipient }, signal?: AbortSignal): Promise<GrantHandle>
  async share(
    share: ShareOptions & { readonly with: readonly Recipient[] },
    signal?: AbortSignal,
  ): Promise<readonly GrantHandle[]>
  async share(share: ShareOptions, signal?: AbortSignal): Promise<GrantHandle | readonly GrantHandle[]> {
    const people = [share.with].flat()
    if (people.length === 0) throw new ClientError('USAGE', 'name at least one person to share with')
    const handles = await retrying(async () => this.#share(share, people, signal))
    return Array.isArray(share.with) ? handles : (handles[0] as GrantHandle)
  }

  async #share(
    share: ShareOptions,
    people: readonly Recipient[],
    signal: AbortSignal | undefined,
  ): Promise<readonly GrantHandle[]> {
    const { session } = this.#member
    const { chain } = this.#state
    await session.sync([chain, session.chain, ...people.map(({ id }) => id)], { signal })
    await refreshOwn(
      this.#member,
      people.map(({ id }) => id),
      signal,
    )
    const { ring, card } = await this.#hold(signal)
    const place = placeOf(this.#member, chain, ring, (name) => sectionIn(card, name))
    const grants: SealedGrant[] = []
    for (const person of people) {
      grants.push(
        await sealGrant(
          this.#member,
          place,
          { ...share, with: person },
          grants.map(({ entry }) => entry),
        ),
      )
    }
    const luggage = {
      attachments: grants.map(({ attachment }) => attachment),
      beside: grants.map(({ beside }) => beside),
    }
    await session.append(
      grants.map(({ entry }) => entry),
      luggage,
      signal,
    )
    return grants.map(({ entry }, i) => this.handle(entry.hash, people[i] as Recipient))
  }

  /** @internal */
  handle(hash: EntryHash, recipient: Recipient): GrantHandle {
    return {
      id: hex(hash),
      recipient,
      recall: (options = {}) => this.#end([hash], 'recall', options),
      revoke: (options = {}) => this.#end([hash], 'revoke', options),
    }
  }

  /**
   * Publishes a new version: each named section's contents are replaced, the others stay.
   * @returns the version's number.
   * @throws SealchartError NOT_GRANTED, SOURCE_CHANGED, ABORTED, STALE_EPOCH when a holder's credential no longer holds.
   */
  async publish(options: { readonly sections: Sections } & TransferOptions): Promise<number> {
    const { signal } = options
    const hold = (): Promise<RecordState> => this.#hold(signal)
    await retrying(async () => {
      await this.#member.session.sync([this.#state.chain], { signal })
      await hold()
    })
    await this.#endFallen(signal)
    const { version, card, sealed } = await publishVersion(this.#member, this.#state, { ...options, hold })
    this.#state = { ...this.#state, card, sealed }
    return version
  }

  /**
   * Ends everything that a person or a team holds in this record, and turns the keys. What she opened before, she may have kept.
   * @returns what she had opened; null if the grants ended and the trail could not be read after that: ask `trail` later.
   * @throws SealchartError GRANT_ENDED when she holds nothing, ROLE unless you founded the record.
   */
  async revoke(
    person: Pick<Recipient, 'id'>,
    options: EndOptions = {},
  ): Promise<{ readonly alreadyOpened: readonly Step[] | null }> {
    const { session } = this.#member
    const { chain } = this.#state
    await session.sync([chain], { signal: options.signal })
    const live = await liveGrantsOf(session, chain)
    const held = live.filter(({ grant }) => equal(grant.recipient, person.id)).map(({ hash }) => hash)
    if (held.length === 0) throw new ClientError('GRANT_ENDED', 'this person holds no grant in this record')
    await this.#end(held, 'revoke', options)
    return { alreadyOpened: await this.#openedBy(person, options.signal) }
  }

  /** What a person has opened, or null where the relay is not reached: the grants have ended, and an error would say that they have not. */
  async #openedBy({ id }: Pick<Recipient, 'id'>, signal: AbortSignal | undefined): Promise<readonly Step[] | null> {
    try {
      const steps = await readTrail(this.#member, this.#state, signal)
      const opened = (step: Step): boolean => step.what === 'view' || step.what === 'download'
      const isBy = ({ who, from }: Step): boolean => [who, from].some((one) => one !== null && equal(one.id, id))
      return steps.filter((step) => opened(step) && isBy(step))
    } catch (error) {
      if (hasCode(error, 'OFFLINE', 'BUSY', 'RATE', 'RELAY', 'ABORTED')) return null
      throw error
    }
  }

  /** Ends the grants of holders whose credentials were withdrawn and of closed teams, so that the next version is under keys that they do not hold. */
  async #endFallen(signal: AbortSignal | undefined): Promise<void> {
    if (!isFounder(this.#member, this.#state.chain)) return
    const fallen = await fallenGrants(this.#member, this.#state.chain, signal)
    if (fallen.length > 0) await this.#end(fallen, 'revoke', { reason: FALLEN, ...(signal ? { signal } : {}) })
  }

  async #end(grants: readonly EntryHash[], mode: 'revoke' | 'recall', options: EndOptions): Promise<void> {
    await retrying(() => this.#signEnd(grants, mode, options))
  }

  async #signEnd(
    asked: readonly EntryHash[],
    mode: 'revoke' | 'recall',
    { reason, signal }: EndOptions,
  ): Promise<void> {
    const { session } = this.#member
    const { chain } = this.#state
    const log = accessLogOf(chain)
    await session.sync([chain, session.chain], { signal, access: mode === 'recall' ? [log] : [] })
    const { ring, card } = await this.#hold(signal)
    const isAsked = (hash: EntryHash): boolean => asked.some((one) => equal(one, hash))
    // New keys are wrapped to nobody whose credential was taken away: what such holders have ends with the rest.
    const fallen = (await fallenGrants(this.#member, chain, signal)).filter((hash) => !isAsked(hash))
    if (mode === 'recall' && fallen.length > 0) {
      await this.#signEnd(fallen, 'revoke', { reason: FALLEN, ...(signal ? { signal } : {}) })
      return this.#signEnd(asked, mode, { ...(reason ? { reason } : {}), ...(signal ? { signal } : {}) })
    }
    const grants = [...asked, ...fallen]
    const time = session.surroundings.now()
    const ended = grantsOf(session, chain).filter(({ hash }) => grants.some((one) => equal(one, hash)))
    const sections = [...new Set([0, ...ended.flatMap(({ grant }) => grant.sections)])]
    const rotation = await rotate(session, ring, { record: chain, sections, ended: grants, time })
    const cardKey = rotation.key(0)
    if (!rotation.trail || !cardKey) throw new ClientError('INTERNAL', 'a revocation turns card and trail')
    const sealed = await sealCardContent(session, { record: chain, ...cardKey }, card)
    const text = reason ? sealText(this.#member, chain, { kind: 'reason', text: reason }, rotation.trail) : null
    const { credential, restsOn } = actingAs(this.#member)
    // A recall rests on the access log: if the recipient opens the record meanwhile, the relay refuses it.
    const rests = mode === 'recall' ? [...restsOn, log] : restsOn
    const { trail, epochs, wraps } = rotation
    const body = { credential, mode, grants, trail, epochs, contents: [sealed.content], wraps }
    const entry = await session.sign({
      kind: 'record',
      chain,
      type: 'revoke',
      body,
      restsOn: rests,
      private: text?.digest ?? null,
      time,
    })
    const luggage = { attachments: [rotation.attachment, sealed.attachment], beside: text ? [text.beside] : [] }
    await session.append([entry], luggage, signal)
    rotation.keep()
    this.#state = { ...this.#state, sealed: sealed.content.object.digest }
  }

  /** The verified history: who did what when, with real names; purposes and reasons where you may read them. */
  async *trail(options: { readonly signal?: AbortSignal } = {}): AsyncGenerator<Step> {
    yield* await readTrail(this.#member, this.#state, options.signal)
  }

  /** Whether a person may open this record and by which grants, or why not. */
  async explainAccess(
    person: Pick<Person, 'id'>,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<AccessExplanation> {
    const { session } = this.#member
    await session.sync([this.#state.chain, person.id], { signal: options.signal })
    return explainAccess(this.#member, this.#state, person.id)
  }

  /** The newest card and keys of the record, which was just synced. */
  async #hold(signal: AbortSignal | undefined): Promise<RecordState> {
    this.#state = await holdNewest(this.#member, this.#state, signal)
    return this.#state
  }
}
