// The secrets of the teams in which a member sits, each compared with what the team's entries commit to. Spec: docs/spec/keys.md, "Epochs".
// They come from her own rows of the team's wrap lists; older epochs are reached through back-links.
import {
  type BoxKeys,
  checkEpochSecret,
  type EpochSecret,
  memberEpochKeys,
  openBackLink,
  openTeamWrap,
} from '@sealchart/crypto'
import {
  type BackLink,
  type ChainId,
  type Digest,
  equal,
  facts,
  type HandedRow,
  hex,
  is,
  sha256,
} from '@sealchart/protocol'
import { goBack, linkedBack, type Way } from './back-links.js'
import { ClientError, hasCode } from './errors.js'
import type { MemberKeys } from './member-keys.js'
import { checkRow } from './rows.js'
import type { Session } from './session.js'

interface Start {
  readonly key: Uint8Array
  readonly back: BackLink | null
}

/** Most rows that one request asks for. */
const MOST_ROWS = 100

export class TeamKeys {
  readonly #session: Session
  readonly #own: MemberKeys
  readonly #held = new Map<string, EpochSecret>()
  readonly #asked = new Set<string>()

  constructor(session: Session, own: MemberKeys) {
    this.#session = session
    this.#own = own
  }

  /** Keeps a secret that this process made. */
  add(team: ChainId, epoch: number, secret: EpochSecret): void {
    this.#held.set(`${hex(team)}/${epoch}`, secret)
  }

  /**
   * The secret of an epoch of a team whose chain was synced.
   * @throws SealchartError NOT_GRANTED when no row of hers leads there; COMMITMENT, UNAUTHENTIC, WRAPS for poisoned rows and links.
   */
  async secret(team: ChainId, epoch: number, signal?: AbortSignal): Promise<EpochSecret> {
    const starts = this.#startsOf(team)
    const found = await this.#reach(team, starts, epoch)
    if (found) return found
    const poisoned = await this.#ask(team, starts, signal)
    const after = await this.#reach(team, starts, epoch)
    if (after) return after
    throw poisoned ?? new ClientError('NOT_GRANTED', 'no key of this team is held: sit in it first')
  }

  /** Where the next epoch of a team links back to; null when no key of it is held. */
  linked(team: ChainId, newest: number): Promise<{ readonly epoch: number; readonly secret: EpochSecret } | null> {
    const starts = this.#startsOf(team)
    return linkedBack(starts, newest, { secret: (epoch) => this.secret(team, epoch), way: this.#way(team, starts) })
  }

  /** The key pair of an epoch of a team. @throws as `secret` */
  async keys(team: ChainId, epoch: number, signal?: AbortSignal): Promise<BoxKeys> {
    return memberEpochKeys(await this.secret(team, epoch, signal), this.#place(team, epoch))
  }

  #reach(team: ChainId, starts: ReadonlyMap<number, Start>, epoch: number): Promise<EpochSecret | null> {
    return goBack(starts, epoch, this.#way(team, starts))
  }

  #way(team: ChainId, starts: ReadonlyMap<number, Start>): Way<EpochSecret> {
    const { network } = this.#session
    return {
      held: (at) => this.#held.get(`${hex(team)}/${at}`) ?? null,
      open: (link, at, later) => openBackLink(link, later, { network: network.chain, chain: team, what: 0, epoch: at }),
      take: async (at, found) => this.#take(team, starts, { epoch: at, secret: found }),
    }
  }

  #take(
    team: ChainId,
    starts: ReadonlyMap<number, Start>,
    { epoch, secret }: { epoch: number; secret: EpochSecret },
  ): void {
    const start = starts.get(epoch)
    if (!start) throw new ClientError('COMMITMENT', 'a secret is for an epoch that the team does not have')
    checkEpochSecret(secret, start.key, this.#place(team, epoch))
    this.add(team, epoch, secret)
  }

  #place(member: ChainId, epoch: number): { network: ChainId; member: ChainId; epoch: number } {
    return { network: this.#session.network.chain, member, epoch }
  }

  /** Every epoch that the team's verified entries started. */
  #startsOf(team: ChainId): ReadonlyMap<number, Start> {
    const starts = new Map<number, Start>()
    for (const { entry } of this.#session.ledger.entries(team)) {
      if (is(entry, 'team', 'found')) starts.set(0, { key: entry.body.epochKey, back: null })
      else if (is(entry, 'team', 'change') || is(entry, 'team', 'refresh')) {
        const { epoch } = entry.body
        if (epoch) starts.set(epoch.epoch, { key: epoch.key, back: epoch.back })
      }
    }
    return starts
  }

  /** Lists in which she may have a row: those of every epoch, and those that seated her. */
  #listsOf(team: ChainId): Digest[] {
    const { ledger, chain } = this.#session
    return ledger.entries(team).flatMap(({ entry }) => {
      if (!is(entry, 'team', 'found') && !is(entry, 'team', 'change') && !is(entry, 'team', 'refresh')) return []
      const seated = is(entry, 'team', 'change') && entry.body.adds.some(({ member }) => equal(member, chain))
      const starts = !is(entry, 'team', 'change') || entry.body.epoch !== null
      return seated || starts ? [entry.body.wraps.attached.digest] : []
    })
  }

  /** Fetches her rows that were not asked for before, the newest first; answers what was wrong with one of them. */
  async #ask(team: ChainId, starts: ReadonlyMap<number, Start>, signal: AbortSignal | undefined): Promise<unknown> {
    const lists = this.#listsOf(team).filter((digest) => !this.#asked.has(hex(digest)))
    const wanted = lists.reverse().slice(0, MOST_ROWS)
    if (wanted.length === 0) return null
    const rows = await this.#session.link.wraps(
      wanted.map((wraps) => ({ chain: team, wraps })),
      signal,
    )
    let poisoned: unknown = null
    for (const [i, row] of rows.entries()) {
      if (row === null) continue
      try {
        this.#take(team, starts, await this.#open(team, row))
        this.#asked.add(hex(wanted[i] as Digest))
      } catch (error) {
        if (!hasCode(error, 'COMMITMENT', 'UNAUTHENTIC')) throw error
        poisoned ??= error
      }
    }
    return poisoned
  }

  async #open(team: ChainId, row: HandedRow): Promise<{ epoch: number; secret: EpochSecret }> {
    const { network, chain } = this.#session
    const { leaf, envelope } = row
    checkRow(this.#session, team, row, (recipient) => equal(recipient, chain))
    const { key, seed } = await this.#own.keys(leaf.epoch)
    if (!equal(sha256(key), leaf.keyHash)) throw new ClientError('WRAPS', 'a wrap names another key than this member’s')
    const secret = await openTeamWrap({ network: network.chain, chain: team, leaf, envelope, seed })
    return { epoch: leaf.what[0]?.keys[0]?.epoch ?? 0, secret }
  }

  /** Whether the newest key that this member got is the one that the team's entries name. @throws as `secret` */
  async audit(team: ChainId, signal?: AbortSignal): Promise<void> {
    const newest = this.#session.ledger.fact(team, facts.epoch)
    if (!newest) throw new ClientError('UNKNOWN', 'there is no such team')
    await this.secret(team, newest.epoch, signal)
  }
}
