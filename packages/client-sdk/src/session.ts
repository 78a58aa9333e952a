// The session: one device's verified view of the network. It signs with the device, asks the relay, and takes answers only through
// the ledger. Everything the SDK does goes through `sync`, `lists` and `append` here; pins are kept in the vault's blob "pins".
import type { Device } from '@sealchart/crypto'
import {
  type AnyEntry,
  type AppendAnswer,
  accessLogOf,
  type Bodies,
  type ChainId,
  type Digest,
  equal,
  hex,
  type KindName,
  Ledger,
  type LinkHash,
  limits,
  type NetworkPin,
  type Pins,
  type Placed,
  type Proven,
  type Rest,
  type Statement,
  sha256,
  signEntry,
} from '@sealchart/protocol'
import { verifySignatures } from '#verifier'
import { abortable, ClientError, RelayRefusal } from './errors.js'
import type { Link } from './link.js'
import { equalPins, loadPins, savePins } from './pins.js'
import type { Surroundings } from './surroundings.js'
import type { Keeper } from './vaults/contract.js'

export interface SessionOptions {
  readonly network: NetworkPin
  readonly device: Device
  /** The chain that lists the device: the member's, institution's or network's. */
  readonly chain: ChainId
  readonly link: Link
  readonly keeper: Keeper
  readonly surroundings: Surroundings
}

/** A statement without what the session knows itself. */
export interface Draft<K extends KindName, T extends keyof Bodies[K] & string> {
  readonly kind: K
  readonly chain: ChainId
  readonly type: T
  readonly body: Bodies[K][T]
  /** Chains whose newest verified state the entry uses. */
  readonly restsOn: readonly ChainId[]
  readonly private?: Digest | null
  /** The entry's own time in ms; the clock's unless told. */
  readonly time?: number
  /** Entries of the same list that this one follows or rests on. */
  readonly after?: readonly AnyEntry[]
  /** For an access entry: the newest access number and link known. */
  readonly access?: { readonly number: number; readonly link: LinkHash }
}

/** What travels with a list of entries. */
export interface Luggage {
  readonly attachments?: readonly Uint8Array[]
  readonly beside?: readonly Uint8Array[]
  readonly segments?: readonly { readonly record: ChainId; readonly section: number; readonly bytes: Uint8Array }[]
  readonly uploads?: readonly Uint8Array[]
  readonly token?: string | null
}

/** Most chains that one request asks for, and most that it says are known. */
const MOST_WANTED = 1000
const MOST_KNOWN = 10_000

export class Session {
  readonly ledger: Ledger
  readonly network: NetworkPin
  readonly device: Device
  readonly chain: ChainId
  readonly link: Link
  readonly keeper: Keeper
  readonly surroundings: Surroundings
  readonly #beside = new Map<string, Uint8Array>()
  #turn: Promise<unknown> = Promise.resolve()
  #saved: Pins

  private constructor(options: SessionOptions, pins: Pins) {
    this.network = options.network
    this.device = options.device
    this.chain = options.chain
    this.link = options.link
    this.keeper = options.keeper
    this.surroundings = options.surroundings
    this.ledger = new Ledger(options.network, pins, { verifySignatures })
    this.#saved = pins
  }

  static async open(options: SessionOptions): Promise<Session> {
    return new Session(options, await loadPins(options.keeper, options.network.chain))
  }

  /**
   * Brings chains up to the relay's newest, with everything that they rest on, verified; and with them the network and the
   * institutions that are known: whom they trust may have changed since. Chains that do not exist or may not be seen stay absent.
   * @throws SealchartError of any verification that fails, ROLLBACK for less than was seen before, OFFLINE, ABORTED, RELAY.
   */
  async sync(
    chains: readonly ChainId[],
    options: { signal?: AbortSignal | undefined; access?: readonly ChainId[] } = {},
  ): Promise<void> {
    const all = unique([...chains, ...this.#authorities(), ...(options.access ?? [])], null)
    await this.exchange(async (seen) => {
      for (let at = 0; at < all.length; at += MOST_WANTED)
        await this.#ask(all.slice(at, at + MOST_WANTED), seen, options.signal)
    }, options.signal)
    // An older state of an authority, served after a restart, would bring back a dismissed issuer.
    for (const chain of [...chains, ...this.#authorities()]) this.ledger.requirePinned(chain)
    await this.pin()
  }

  async #ask(chains: readonly ChainId[], seen: () => number, signal: AbortSignal | undefined): Promise<void> {
    const all = (): ChainId[] => unique([...chains, ...this.ledger.known().map(({ chain }) => chain)], null)
    const count = (): number => all().reduce((sum, chain) => sum + this.ledger.entries(chain).length, 0)
    for (let more = true; more; ) {
      const before = count()
      const want = chains.map((chain) => ({ chain, after: this.#count(chain) }))
      const answer = await this.link.sync({ seen: seen(), want, have: this.known() }, signal)
      this.remember(answer.beside)
      await this.ledger.take(answer.proven)
      more = answer.more
      if (more && count() === before) throw new ClientError('RELAY', 'the relay promises more entries and gives none')
    }
  }

  /** What an asker need not be sent again, as far as a request has room; her own chain and the authorities were known first. */
  known(): ReturnType<Ledger['known']> {
    return this.ledger.known().slice(0, MOST_KNOWN)
  }

  #authorities(): ChainId[] {
    return this.ledger.known().flatMap(({ chain }) => {
      const kind = this.ledger.entries(chain)[0]?.entry.kind
      return kind === 'network' || kind === 'institution' ? [chain] : []
    })
  }

  #count(chain: ChainId): number {
    const head = this.ledger.head(chain)
    const first = this.ledger.entries(chain)[0]
    if (!head || !first) return 0
    // An access log is known from its beginning or not at all: single entries of it are no reason to skip those before.
    if (first.access !== null) return first.access.number === 1 ? this.#contiguous(chain) : 0
    return head.sequence + 1
  }

  #contiguous(chain: ChainId): number {
    const numbers = new Set(this.ledger.entries(chain).map((placed) => placed.access?.number ?? 0))
    let number = 0
    while (numbers.has(number + 1)) number++
    return number
  }

  /**
   * Runs one question to the relay and the taking of its answer without another in between: an answer's consistency proof starts at
   * the tree that was known when it was asked. An aborted call does not wait for its turn: it then asks nothing any more.
   */
  async exchange<T>(ask: (seen: () => number) => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const mine = this.#turn.then(() => ask(() => this.ledger.tree?.size ?? 0))
    this.#turn = mine.catch(() => undefined)
    return abortable(mine, signal)
  }

  /** Takes the proven part of an answer; to be called inside `exchange`. */
  async take(given: Proven, beside: readonly Uint8Array[] = []): Promise<readonly Placed[]> {
    this.remember(beside)
    return this.ledger.take(given)
  }

  /** Keeps parts that lie beside entries, by their hash; whoever uses one names the hash that an entry signed. */
  remember(parts: readonly Uint8Array[]): void {
    for (const part of parts) this.#beside.set(hex(sha256(part)), part)
  }

  /** The part that an entry names as private, or null when it was erased or not given. */
  beside(digest: Digest | null): Uint8Array | null {
    return digest === null ? null : (this.#beside.get(hex(digest)) ?? null)
  }

  /** The newest verified state of a chain, to rest on. @throws ClientError INTERNAL when it was never synced. */
  rest(chain: ChainId, after: readonly AnyEntry[] = []): Rest {
    const own = after.filter((entry) => hex(entry.chain) === hex(chain)).at(-1)
    if (own) return { chain, sequence: own.sequence, link: own.link }
    const head = this.ledger.head(chain)
    if (!head) throw new ClientError('INTERNAL', 'an entry would rest on a chain that was not synced')
    return { chain, sequence: head.sequence, link: head.link }
  }

  /** An access log as it stands, to rest on: before its first entry it is number 0, whose link is its id. */
  #restOnLog(log: ChainId): Rest {
    return this.ledger.head(log) ?? { chain: log, sequence: 0, link: log as Uint8Array as LinkHash }
  }

  /** Signs the next entry of a chain. */
  async sign<K extends KindName, T extends keyof Bodies[K] & string>(draft: Draft<K, T>): Promise<AnyEntry> {
    const { kind, chain, type, body } = draft
    const tree = this.ledger.tree
    // A registration chain begins with whoever binds its number first.
    const begins = kind === 'registration' && this.ledger.head(chain) === null
    const founds = type === 'found' || type === 'create' || begins
    const before = founds
      ? null
      : draft.access
        ? { sequence: draft.access.number, link: draft.access.link }
        : this.rest(chain, draft.after)
    const statement: Statement<K, T> = {
      kind,
      chain,
      sequence: before === null ? 0 : draft.access ? before.sequence : before.sequence + 1,
      previous: before === null ? null : before.link,
      time: draft.time ?? this.surroundings.now(),
      seen: tree && tree.size > 0 ? { size: tree.size, root: tree.root } : null,
      restsOn: unique(draft.restsOn, chain).map((other) =>
        equal(other, accessLogOf(chain)) ? this.#restOnLog(other) : this.rest(other, draft.after),
      ),
      type,
      body,
      private: draft.private ?? null,
    }
    const signer = {
      // Records, teams and registration chains are founded by members, everything else by its own device.
      chain: founds && kind !== 'record' && kind !== 'team' && kind !== 'registration' ? chain : this.chain,
      device: this.device.id,
      sign: this.device.sign,
    }
    return signEntry(statement, signer, kind === 'network' && founds ? null : this.network.chain)
  }

  /**
   * Appends a list, takes the answer, and pins. A handed-out ticket or key comes only with an answer whose proof holds.
   * @throws SealchartError CONFLICT (a head moved: the ledger has taken what was missed), and whatever a rule refuses.
   */
  async append(entries: readonly AnyEntry[], luggage: Luggage = {}, signal?: AbortSignal): Promise<AppendAnswer> {
    const attachments = await this.#stage(luggage.attachments ?? [], signal)
    const answer = await this.exchange(async (seen) => {
      const request = {
        entries: entries.map((entry) => entry.bytes),
        attachments,
        beside: luggage.beside ?? [],
        segments: luggage.segments ?? [],
        uploads: luggage.uploads ?? [],
        token: luggage.token ?? null,
        seen: seen(),
      }
      const given = await this.link.append(request, signal).catch((error: unknown) => this.#takeMissed(error))
      this.remember(luggage.beside ?? [])
      const placed = await this.ledger.take(given.proven)
      for (const entry of entries) {
        const found = placed.some((one) => hex(one.entry.hash) === hex(entry.hash))
        if (!found)
          throw new ClientError('LOG_MISSING', 'the relay answered without the proof that the entry is in its log')
      }
      return given
    }, signal)
    await this.pin()
    return answer
  }

  /** Takes what a refused append has missed, verified like everything else, and throws the refusal again. */
  async #takeMissed(error: unknown): Promise<never> {
    if (error instanceof RelayRefusal && error.code === 'CONFLICT' && error.missed) await this.ledger.take(error.missed)
    throw error
  }

  /** Stages attachments that are too large for the request; answers the rest, which travel in it. */
  async #stage(attachments: readonly Uint8Array[], signal: AbortSignal | undefined): Promise<readonly Uint8Array[]> {
    const inline: Uint8Array[] = []
    let length = 0
    for (const attachment of attachments) {
      length += attachment.length
      if (length <= limits.inlineAttachments) inline.push(attachment)
      else await this.link.attach(new Uint8Array(attachment), signal)
    }
    return inline
  }

  /** Writes the pins to the vault when they moved. */
  async pin(): Promise<void> {
    const pins = this.ledger.pins()
    if (equalPins(pins, this.#saved)) return
    await savePins(this.keeper, this.network.chain, pins)
    this.#saved = pins
  }
}

/** Chains, each once and without `own`. */
function unique(chains: readonly ChainId[], own: ChainId | null): ChainId[] {
  const seen = new Map(chains.map((chain) => [hex(chain), chain]))
  if (own) seen.delete(hex(own))
  return [...seen.values()]
}
