// A member's own epoch secrets, each compared with what her chain commits to. Spec: docs/spec/keys.md, "Epochs".
// Another device of hers may have turned the key: this device's row of a wrap list brings the newest, and back-links those before it.
import {
  type BoxKeys,
  checkEpochSecret,
  decodeIdentity,
  type EpochSecret,
  encodeIdentity,
  memberEpochKeys,
  openBackLink,
  openDeviceWrap,
} from '@sealchart/crypto'
import {
  type AnyEntry,
  type BackLink,
  type Digest,
  deviceId,
  equal,
  facts,
  type HandedRow,
  hex,
  is,
  sha256,
} from '@sealchart/protocol'
import { goBack } from './back-links.js'
import { ClientError, hasCode } from './errors.js'
import { checkRow } from './rows.js'
import type { Session } from './session.js'
import type { Keeper } from './vaults/contract.js'

/** The vault's blob that holds who she is. */
export const IDENTITY = 'identity'

interface Start {
  readonly key: Uint8Array
  readonly back: BackLink | null
}

/** A wrap list in which this device may have a row, and the epoch whose secret it holds. */
interface OwnList {
  readonly epoch: number
  readonly wraps: Digest
}

/** Most rows that one request asks for. */
const MOST_ROWS = 100

export class MemberKeys {
  readonly #session: Session
  readonly #held: Map<number, EpochSecret>
  readonly #keep: ((epoch: number, secret: EpochSecret) => Promise<void>) | null
  readonly #asked = new Set<string>()

  /** Of a session's own chain. `keep` is told of every secret that becomes known. */
  constructor(
    session: Session,
    held: ReadonlyMap<number, EpochSecret>,
    keep: ((epoch: number, secret: EpochSecret) => Promise<void>) | null,
  ) {
    this.#session = session
    this.#held = new Map(held)
    this.#keep = keep
  }

  /** What is held, by epoch. */
  get held(): ReadonlyMap<number, EpochSecret> {
    return this.#held
  }

  /**
   * The secret of an epoch of her own; her chain was synced.
   * @throws SealchartError KEY_UNVERIFIED when nothing leads there; COMMITMENT, UNAUTHENTIC, WRAPS for poisoned rows and links.
   */
  async secret(epoch: number, signal?: AbortSignal): Promise<EpochSecret> {
    const found = this.#held.get(epoch) ?? (await this.#reach(epoch))
    if (found) return found
    const poisoned = await this.#ask(epoch, signal)
    const after = await this.#reach(epoch)
    if (after) return after
    throw poisoned ?? new ClientError('KEY_UNVERIFIED', 'this device holds no key that leads to this epoch')
  }

  /** The newest epoch and its secret. @throws as `secret` */
  async newest(signal?: AbortSignal): Promise<{ readonly epoch: number; readonly secret: EpochSecret }> {
    const fact = this.#session.ledger.fact(this.#session.chain, facts.epoch)
    if (!fact) throw new ClientError('KEY_UNVERIFIED', 'this member’s chain is not known')
    return { epoch: fact.epoch, secret: await this.secret(fact.epoch, signal) }
  }

  /**
   * The newest epoch from which the links lead to the first one: where a new epoch is linked back to. A device of hers with a changed client
   * may have poisoned a link that nobody needed who had been on both sides; whoever joins later needs it.
   */
  async linked(signal?: AbortSignal): Promise<{ readonly epoch: number; readonly secret: EpochSecret }> {
    const newest = this.#session.ledger.fact(this.#session.chain, facts.epoch)
    if (!newest) throw new ClientError('KEY_UNVERIFIED', 'this member’s chain is not known')
    for (let epoch = newest.epoch; epoch >= 0; epoch--) {
      const secret = await this.#sound(epoch, signal)
      if (secret) return { epoch, secret }
    }
    throw new ClientError('KEY_UNVERIFIED', 'this device holds no key of its member')
  }

  /** The secret of an epoch whose links lead to the first, or null. */
  async #sound(epoch: number, signal: AbortSignal | undefined): Promise<EpochSecret | null> {
    try {
      const secret = await this.secret(epoch, signal)
      const starts = this.#starts()
      for (let at = epoch, later = secret; at > 0; ) {
        const { back } = starts.get(at) as Start
        if (back === null) return null
        const { network, chain } = this.#session
        later = await openBackLink(back, later, { network: network.chain, chain, what: 0, epoch: at })
        at = back.to
        checkEpochSecret(later, (starts.get(at) as Start).key, this.place(at))
      }
      return secret
    } catch (error) {
      if (hasCode(error, 'COMMITMENT', 'UNAUTHENTIC', 'KEY_UNVERIFIED')) return null
      throw error
    }
  }

  /** The key pair of an epoch. @throws as `secret` */
  async keys(epoch: number, signal?: AbortSignal): Promise<BoxKeys> {
    return memberEpochKeys(await this.secret(epoch, signal), this.place(epoch))
  }

  /** Keeps a secret that this process made, for an entry that is placed. */
  async add(epoch: number, secret: EpochSecret): Promise<void> {
    this.#held.set(epoch, secret)
    await this.#keep?.(epoch, secret)
  }

  place(epoch: number): Parameters<typeof memberEpochKeys>[1] {
    return { network: this.#session.network.chain, member: this.#session.chain, epoch }
  }

  #reach(epoch: number): Promise<EpochSecret | null> {
    const { network, chain } = this.#session
    return goBack(this.#starts(), epoch, {
      held: (at) => this.#held.get(at) ?? null,
      open: (link, at, later) => openBackLink(link, later, { network: network.chain, chain, what: 0, epoch: at }),
      take: (at, found) => this.#take(at, found),
    })
  }

  async #take(epoch: number, secret: EpochSecret): Promise<void> {
    const start = this.#starts().get(epoch)
    if (!start) throw new ClientError('COMMITMENT', 'a secret is for an epoch that this member does not have')
    checkEpochSecret(secret, start.key, this.place(epoch))
    await this.add(epoch, secret)
  }

  /** Every epoch that her verified entries started. */
  #starts(): ReadonlyMap<number, Start> {
    const starts = new Map<number, Start>()
    for (const { entry } of this.#session.ledger.entries(this.#session.chain)) {
      if (is(entry, 'member', 'found')) starts.set(0, { key: entry.body.epochKey, back: null })
      const next = startOf(entry)
      if (next) starts.set(next.epoch, next)
    }
    return starts
  }

  /** Lists of her chain in which this device may have a row, in order. */
  #lists(): readonly OwnList[] {
    const lists: OwnList[] = []
    let epoch = 0
    for (const { entry } of this.#session.ledger.entries(this.#session.chain)) {
      const next = startOf(entry)
      if (next) epoch = next.epoch
      if (next || this.#isAddedBy(entry) || is(entry, 'member', 'found'))
        lists.push({ epoch, wraps: (entry as AnyEntry & WithWraps).body.wraps.attached.digest })
    }
    return lists
  }

  #isAddedBy(entry: AnyEntry): boolean {
    const own = this.#session.device.id
    return is(entry, 'member', 'devices') && entry.body.adds.some(({ keys }) => equal(deviceId(keys), own))
  }

  /** Fetches this device's rows from which the epoch may be reached, and that were not asked for; answers what was wrong with one. */
  async #ask(least: number, signal: AbortSignal | undefined): Promise<unknown> {
    const useful = this.#lists().filter(({ epoch, wraps }) => epoch >= least && !this.#asked.has(hex(wraps)))
    // The newest lead to all others; those before help where one of them is poisoned.
    const wanted = useful.reverse().slice(0, MOST_ROWS)
    if (wanted.length === 0) return null
    const { chain, link } = this.#session
    const rows = await link.wraps(
      wanted.map(({ wraps }) => ({ chain, wraps })),
      signal,
    )
    let poisoned: unknown = null
    for (const [i, row] of rows.entries()) {
      const { epoch, wraps } = wanted[i] as OwnList
      if (row === null || this.#held.has(epoch)) continue
      try {
        await this.#take(epoch, await this.#open(row))
        this.#asked.add(hex(wraps))
      } catch (error) {
        if (!hasCode(error, 'COMMITMENT', 'UNAUTHENTIC')) throw error
        poisoned ??= error
      }
    }
    return poisoned
  }

  async #open(row: HandedRow): Promise<EpochSecret> {
    const { network, chain, device } = this.#session
    const { leaf, envelope } = row
    checkRow(this.#session, chain, row, (recipient) => equal(recipient, device.id))
    if (!equal(sha256(device.keys.box), leaf.keyHash))
      throw new ClientError('WRAPS', 'a wrap names another key than this device’s')
    return openDeviceWrap({ network: network.chain, chain, leaf, envelope, seed: device.boxSeed })
  }
}

interface WithWraps {
  readonly body: { readonly wraps: { readonly attached: { readonly digest: Digest } } }
}

const startOf = (entry: AnyEntry) =>
  is(entry, 'member', 'devices') || is(entry, 'member', 'refresh') ? entry.body.epoch : null

/** Writes a secret into the identity of a vault, whatever another process of it has written meanwhile. */
export const keepIn =
  (keeper: Keeper) =>
  (epoch: number, secret: EpochSecret): Promise<void> =>
    keeper.update(IDENTITY, (blob) => {
      if (blob === null) throw new ClientError('VAULT', 'the vault has lost the identity of this member')
      const identity = decodeIdentity(blob)
      const others = identity.epochs.filter((one) => one.epoch !== epoch)
      const epochs = [...others, { epoch, secret }].sort((a, b) => a.epoch - b.epoch)
      return encodeIdentity({ ...identity, epochs })
    })
