// The keys of one record that this member holds: from envelopes and handouts, each compared with what the record's entries commit to.
// Spec: docs/spec/keys.md, "Epochs". Older epochs are reached through back-links; nothing here asks the relay.
import {
  type BackLinkPlace,
  checkSectionKey,
  checkTrailSecret,
  type GrantSecret,
  openBackLink,
  openEnvelope,
  openKeys,
  type SectionKey,
  type TrailSecret,
} from '@sealchart/crypto'
import {
  type AnyEntry,
  type ChainId,
  type Digest,
  type EpochStart,
  equal,
  type HandedRow,
  hex,
  is,
  sha256,
  type TrailStart,
  type WrapLeaf,
} from '@sealchart/protocol'
import { goBack, linkedBack, type Way } from './back-links.js'
import { ClientError } from './errors.js'
import type { MemberKeys } from './member-keys.js'
import { checkRow } from './rows.js'
import { isSeatedIn } from './seats.js'
import type { Session } from './session.js'
import type { TeamKeys } from './team-keys.js'

/** What a member opens rows with. */
export interface Holdings {
  readonly own: MemberKeys
  readonly teams: TeamKeys
}

/** What a record's chain says of its epochs: all of them, by section, and the trail's. */
export interface Epochs {
  readonly sections: ReadonlyMap<number, ReadonlyMap<number, EpochStart>>
  readonly trail: ReadonlyMap<number, TrailStart>
}

type WithEpochs = { readonly epochs: readonly EpochStart[]; readonly trail: TrailStart | null }

/** The epochs that the verified entries of a record started. */
export function epochsOf(session: Session, record: ChainId): Epochs {
  const sections = new Map<number, Map<number, EpochStart>>()
  const trail = new Map<number, TrailStart>()
  for (const { entry } of session.ledger.entries(record)) {
    const started = startsOf(entry)
    for (const start of started?.epochs ?? []) {
      const known = sections.get(start.section) ?? new Map<number, EpochStart>()
      sections.set(start.section, known.set(start.epoch, start))
    }
    if (started?.trail) trail.set(started.trail.epoch, started.trail)
  }
  return { sections, trail }
}

const startsOf = (entry: AnyEntry): WithEpochs | null =>
  is(entry, 'record', 'create') || is(entry, 'record', 'publish') || is(entry, 'record', 'revoke') ? entry.body : null

interface OpenedEnvelope {
  readonly leaf: WrapLeaf
  readonly grantSecret: GrantSecret
}

export class Keyring {
  readonly #session: Session
  readonly #record: ChainId
  readonly #keys = new Map<string, SectionKey>()
  readonly #trail = new Map<number, TrailSecret>()
  /** By wrap list: one's own, and those of teams. */
  readonly #envelopes = new Map<string, readonly OpenedEnvelope[]>()

  constructor(session: Session, record: ChainId) {
    this.#session = session
    this.#record = record
  }

  /** Keeps a key that this process made. */
  add(section: number, epoch: number, key: SectionKey): void {
    this.#keys.set(`${section}/${epoch}`, key)
  }

  addTrail(epoch: number, secret: TrailSecret): void {
    this.#trail.set(epoch, secret)
  }

  /**
   * Opens rows of wrap lists, the member's own and those of teams in which she sits: the card's key at once, the section keys after `takeKeys`.
   * @throws SealchartError WRAPS for a row outside a signed list, UNAUTHENTIC, COMMITMENT.
   */
  async takeRows(rows: readonly HandedRow[], { own, teams }: Holdings): Promise<void> {
    const { chain, network } = this.#session
    for (const row of rows) {
      const { leaf } = row
      const isOwn = equal(leaf.recipient, chain)
      checkRow(this.#session, this.#record, row, (recipient) => isOwn || isSeatedIn(this.#session, recipient))
      const { key, seed } = await (isOwn ? own.keys(leaf.epoch) : teams.keys(leaf.recipient, leaf.epoch))
      if (!equal(sha256(key), leaf.keyHash))
        throw new ClientError('WRAPS', 'a wrap names another key than its recipient’s')
      const opened = await openEnvelope({
        network: network.chain,
        chain: this.#record,
        leaf,
        envelope: row.envelope,
        seed,
      })
      const envelopes = this.#envelopes.get(hex(row.wraps)) ?? []
      this.#envelopes.set(hex(row.wraps), [...envelopes, { leaf, grantSecret: opened.grantSecret }])
      const card = leaf.what.flatMap((one) => one.keys).find((one) => one.section === 0)
      if (card && opened.card) await this.#takeKey(0, card.epoch, opened.card)
    }
  }

  /** Opens the section keys that came with a handout. @throws SealchartError WRAPS, UNAUTHENTIC, COMMITMENT. */
  async takeKeys(given: readonly { readonly wraps: Digest; readonly keys: Uint8Array }[]): Promise<void> {
    for (const { wraps, keys } of given) {
      const digest = sha256(keys)
      const envelope = this.#envelopes
        .get(hex(wraps))
        ?.find(({ leaf }) => leaf.keys !== null && equal(digest, leaf.keys))
      if (!envelope) throw new ClientError('WRAPS', 'section keys are not those that a leaf names')
      const { leaf, grantSecret } = envelope
      const opened = await openKeys({
        network: this.#session.network.chain,
        chain: this.#record,
        leaf,
        keys,
        grantSecret,
      })
      for (const { section, epoch, key } of opened.keys) await this.#takeKey(section, epoch, key)
      const trail = leaf.what.find((one) => one.trail !== null)?.trail ?? null
      if (opened.trail && trail !== null) this.#takeTrail(trail, opened.trail)
    }
  }

  /**
   * The key of a section in an epoch: held, or reached through back-links from a later one.
   * @throws ClientError NOT_GRANTED when no held key leads there; COMMITMENT, UNAUTHENTIC for poisoned links.
   */
  async key(section: number, epoch: number): Promise<SectionKey> {
    const starts = epochsOf(this.#session, this.#record).sections.get(section) ?? new Map<number, EpochStart>()
    const key = await goBack(starts, epoch, this.#way(section))
    if (!key) throw new ClientError('NOT_GRANTED', 'no key of this section is held', { details: { section } })
    return key
  }

  /** Whether the newest key of a section is held or can be reached. */
  async has(section: number, epoch: number): Promise<boolean> {
    return this.key(section, epoch).then(
      () => true,
      () => false,
    )
  }

  /** The trail secret of an epoch, or null when this member may not read purposes of that time. */
  async trailSecret(epoch: number): Promise<TrailSecret | null> {
    return goBack(epochsOf(this.#session, this.#record).trail, epoch, this.#trailWay())
  }

  /** Where the next epoch of a section links back to; null when no key of it is held. */
  linkedKey(section: number, newest: number): Promise<{ readonly epoch: number; readonly secret: SectionKey } | null> {
    const starts = epochsOf(this.#session, this.#record).sections.get(section) ?? new Map<number, EpochStart>()
    return linkedBack(starts, newest, { secret: (epoch) => this.key(section, epoch), way: this.#way(section) })
  }

  /** Where the next epoch of the trail links back to; null when no secret of it is held. */
  linkedTrail(newest: number): Promise<{ readonly epoch: number; readonly secret: TrailSecret } | null> {
    const starts = epochsOf(this.#session, this.#record).trail
    return linkedBack(starts, newest, { secret: (epoch) => this.trailSecret(epoch), way: this.#trailWay() })
  }

  #way(section: number): Way<SectionKey> {
    return {
      held: (at) => this.#keys.get(`${section}/${at}`) ?? null,
      open: (link, at, later) => openBackLink(link, later, this.#linkPlace(section, at)),
      take: (at, found) => this.#takeKey(section, at, found),
    }
  }

  #trailWay(): Way<TrailSecret> {
    return {
      held: (at) => this.#trail.get(at) ?? null,
      open: (link, at, later) => openBackLink(link, later, this.#linkPlace('trail', at)),
      take: async (at, found) => this.#takeTrail(at, found),
    }
  }

  #linkPlace(what: number | 'trail', epoch: number): BackLinkPlace {
    return { network: this.#session.network.chain, chain: this.#record, what, epoch }
  }

  async #takeKey(section: number, epoch: number, key: SectionKey): Promise<void> {
    const start = epochsOf(this.#session, this.#record).sections.get(section)?.get(epoch)
    if (!start) throw new ClientError('COMMITMENT', 'a key is for an epoch that the record does not have')
    checkSectionKey(key, start.commitment, {
      network: this.#session.network.chain,
      record: this.#record,
      section,
      epoch,
    })
    this.add(section, epoch, key)
  }

  #takeTrail(epoch: number, secret: TrailSecret): void {
    const start = epochsOf(this.#session, this.#record).trail.get(epoch)
    if (!start) throw new ClientError('COMMITMENT', 'a trail secret is for an epoch that the record does not have')
    checkTrailSecret(secret, start.key, { network: this.#session.network.chain, record: this.#record, epoch })
    this.addTrail(epoch, secret)
  }
}
