// The part of the tests' world that everything else stands on: its log, the state of its chains, a network, institutions, members.
// `code` says what a relay answers and changes nothing; `place` does what an honest relay does; `log.append` also what another may.
import type { Bodies, KindName, WrapsRef } from '../src/bodies.js'
import { type ChainId, type Digest, type EntryHash, equal, hex, type LinkHash } from '../src/bytes.js'
import { type AnyEntry, accessLogOf, chainIdOf, type Rest, type Seen, signEntry } from '../src/entry.js'
import { accessLink } from '../src/leaf.js'
import { Ledger } from '../src/ledger.js'
import type { NetworkPin, Pins } from '../src/pins.js'
import type { AccessPlace } from '../src/proven.js'
import { applyEntry } from '../src/rules/apply.js'
import { enrolmentMessage } from '../src/rules/authority.js'
import { type Change, type Fact, readFact, set } from '../src/rules/facts.js'
import { requireUnopened } from '../src/rules/grants.js'
import { type Facts, lookFor, type Position } from '../src/rules/look.js'
import { type Actor, type Device, type Institution, type Member, newDevice } from './devices.js'
import { codeOfAsync } from './support.js'
import { idOf, type LogEntry, TestLog } from './test-log.js'

export const START = 1_900_000_000_000
export const MINUTE = 60_000
export const DAY = 24 * 60 * MINUTE

/** An entry to be signed; what is left out follows from the heads that the world knows. */
export interface Draft<K extends KindName, T extends keyof Bodies[K]> {
  readonly kind: K
  readonly type: T
  readonly chain: ChainId
  readonly body: Bodies[K][T]
  readonly by: Actor
  readonly restsOn?: readonly ChainId[]
  readonly private?: Digest | null
  readonly time?: number
  readonly sequence?: number
  readonly previous?: LinkHash | null
  readonly seen?: Seen | null
  readonly rests?: readonly Rest[]
}

/** Overrides of a draft, and of single fields of its body. */
export type Over<K extends KindName, T extends keyof Bodies[K]> = Partial<Omit<Draft<K, T>, 'body'>> & {
  readonly body?: Partial<Bodies[K][T]>
}

export class NetworkWorld {
  now = START
  log = new TestLog()
  network!: Actor
  institution!: Institution
  readonly heads = new Map<string, Rest>()
  readonly #facts = new Map<string, Uint8Array>()
  #founding!: AnyEntry
  #count = 0

  /** A network with one institution and its issuer. */
  async found(): Promise<this> {
    await this.#found()
    this.institution = await this.addInstitution('Kowloon East Clinic')
    return this
  }

  get pin(): NetworkPin {
    return { chain: this.network.chain, founding: this.#founding.link, log: this.log.signer.key }
  }

  ledger(pins?: Pins): Ledger {
    return new Ledger(this.pin, pins)
  }

  // ——— the state that an honest relay keeps

  fact<T>(chain: ChainId, target: Fact<T>): T | null {
    const value = this.#facts.get(hex(chain) + target.key)
    return value ? readFact(target, value) : null
  }

  /** Sets a fact as if an entry had: to stand at a limit without ten thousand entries before it. */
  setFact<T>(chain: ChainId, target: Fact<T>, value: T): void {
    this.#take(chain, [set(target, value)])
  }

  readonly facts: Facts = {
    get: (chain, key) => this.#facts.get(hex(chain) + key) ?? null,
    under: (chain, prefix) =>
      [...this.#facts]
        .filter(([key]) => key.startsWith(hex(chain) + prefix))
        .map(([key, value]) => ({ key: key.slice(64), value }))
        .sort((a, b) => (a.key < b.key ? -1 : 1)),
  }

  #take(chain: ChainId, changes: readonly Change[]): void {
    for (const { key, value } of changes) {
      if (value === null) this.#facts.delete(hex(chain) + key)
      else this.#facts.set(hex(chain) + key, value)
    }
  }

  rest(chain: ChainId): Rest {
    const head = this.heads.get(hex(chain))
    if (!head) throw new Error('the world knows no such chain')
    return head
  }

  /** The newest number and link of a record's access log. */
  accessHead(record: ChainId): Rest {
    const chain = accessLogOf(record)
    return this.heads.get(hex(chain)) ?? { chain, sequence: 0, link: chain as Uint8Array as LinkHash }
  }

  /** What a relay says of an entry now: a code, or 'accepted'. Nothing changes. */
  code(entry: AnyEntry, at: { index?: number; time?: number } = {}): Promise<string> {
    const position = { index: at.index ?? this.log.size, time: at.time ?? this.now }
    return codeOfAsync(() => this.#judge(entry, position))
  }

  /** The rules, and what only who has the whole access log can say: a relay. */
  async #judge(entry: AnyEntry, position: Position): Promise<readonly Change[]> {
    const changes = await applyEntry(entry, lookFor(entry, this.facts, this.network.chain), position)
    await requireUnopened(entry, this.facts)
    return changes
  }

  /** Places entries in one batch, as an honest relay does. @throws what a rule throws, after the entries before it. */
  async place(...entries: readonly AnyEntry[]): Promise<number> {
    const batch: LogEntry[] = []
    for (const entry of entries) {
      const position = { index: this.log.size + batch.length, time: this.now }
      const changes = await this.#judge(entry, position)
      this.#take(entry.chain, changes)
      batch.push({ entry, access: this.advance(entry) })
    }
    return this.log.append(batch, this.now)
  }

  /** Moves the head of an entry's chain to it, whether a rule would or not. */
  advance(entry: AnyEntry): AccessPlace | null {
    const { chain } = entry
    if (entry.kind !== 'access') {
      this.heads.set(hex(chain), { chain, sequence: entry.sequence, link: entry.link })
      return null
    }
    const { sequence, link: previous } = this.accessHead(entry.body.record)
    const number = sequence + 1
    this.heads.set(hex(chain), { chain, sequence: number, link: accessLink(previous, number, entry.hash) })
    return { number, previous }
  }

  // ——— signing

  async sign<K extends KindName, T extends keyof Bodies[K]>(draft: Draft<K, T>): Promise<AnyEntry> {
    const { kind, type, chain, body, by } = draft
    const founds = type === 'found' || type === 'create'
    const before = founds || draft.sequence !== undefined ? null : this.rest(chain)
    const rests = (draft.restsOn ?? []).filter((other) => !equal(other, chain)).map((other) => this.rest(other))
    return signEntry(
      {
        kind,
        chain,
        sequence: draft.sequence ?? (before ? before.sequence + 1 : 0),
        previous: draft.previous === undefined ? (before?.link ?? null) : draft.previous,
        time: draft.time ?? this.now,
        seen: draft.seen ?? null,
        restsOn: draft.rests ?? rests,
        type,
        body,
        private: draft.private ?? null,
      },
      { chain: by.chain, device: by.device.id, sign: by.device.sign },
      kind === 'network' && founds ? null : this.network.chain,
    )
  }

  /** 32 bytes that no earlier call gave. */
  fresh<T extends Uint8Array = Uint8Array<ArrayBuffer>>(): T {
    return idOf(`fresh ${this.#count++}`)
  }

  /** A wrap list's description; the rules look at its log size and digest only. */
  wraps(over: Partial<WrapsRef> = {}): WrapsRef {
    const attached = { digest: this.fresh<Digest>(), length: 100, count: 1 }
    return { attached, root: idOf('root'), asOf: this.log.size, ...over }
  }

  // ——— network and institutions

  async #found(): Promise<void> {
    const device = newDevice('root')
    const nonce = this.fresh()
    const chain = chainIdOf(null, device.id, nonce)
    this.network = { chain, device }
    const body = {
      keys: device.keys,
      nonce,
      name: 'Kowloon alliance',
      origin: this.log.signer.key.name,
      logKey: this.log.signer.key.publicKey,
      relay: 'https://relay.example',
    }
    this.#founding = await this.sign({ kind: 'network', type: 'found', chain, body, by: this.network })
    await this.place(this.#founding)
  }

  async institutionFound(name: string): Promise<{ entry: AnyEntry; actor: Actor }> {
    const device = newDevice(`root of ${name}`)
    const nonce = this.fresh()
    const actor = { chain: chainIdOf(this.network.chain, device.id, nonce), device }
    const body = { keys: device.keys, nonce, name }
    return {
      entry: await this.sign({ kind: 'institution', type: 'found', chain: actor.chain, body, by: actor }),
      actor,
    }
  }

  admit(founding: AnyEntry, over: Over<'network', 'admit'> = {}): Promise<AnyEntry> {
    const { body, ...rest } = over
    return this.sign({
      kind: 'network',
      type: 'admit',
      chain: this.network.chain,
      by: this.network,
      ...rest,
      body: { institution: founding.chain, founding: founding.link, ...body },
    })
  }

  async appoint(institution: Actor, device: Device, over: Over<'institution', 'appoint'> = {}): Promise<AnyEntry> {
    const { body, ...rest } = over
    const proof = await device.sign(enrolmentMessage(this.network.chain, institution.chain, device.keys))
    return this.sign({
      kind: 'institution',
      type: 'appoint',
      chain: institution.chain,
      by: institution,
      ...rest,
      body: { keys: device.keys, proof, ...body },
    })
  }

  dismiss(institution: Actor, issuer: Actor, from: number, by: Actor = institution): Promise<AnyEntry> {
    const body = { device: issuer.device.id, from }
    return this.sign({ kind: 'institution', type: 'dismiss', chain: institution.chain, by, body, restsOn: [by.chain] })
  }

  async addInstitution(name: string): Promise<Institution> {
    const { entry, actor } = await this.institutionFound(name)
    await this.place(entry, await this.admit(entry))
    const device = newDevice(`issuer of ${name}`)
    await this.place(await this.appoint(actor, device))
    return { ...actor, issuer: { chain: actor.chain, device } }
  }

  // ——— members

  async memberFound(device: Device, over: Over<'member', 'found'> = {}): Promise<AnyEntry> {
    const { body, ...rest } = over
    const nonce = this.fresh()
    const chain = chainIdOf(this.network.chain, device.id, nonce)
    return this.sign({
      kind: 'member',
      type: 'found',
      chain,
      by: { chain, device },
      ...rest,
      body: { keys: device.keys, nonce, epochKey: device.keys.box, wraps: this.wraps(), ...body },
    })
  }

  credential(member: ChainId, by: Actor, over: Over<'member', 'credential'> = {}): Promise<AnyEntry> {
    const { body, ...rest } = over
    return this.sign({
      kind: 'member',
      type: 'credential',
      chain: member,
      by,
      restsOn: [by.chain, this.network.chain],
      ...rest,
      body: {
        institution: by.chain,
        claims: [],
        registration: null,
        notBefore: START - DAY,
        until: START + 300 * DAY,
        ...body,
      },
    })
  }

  accept(member: Actor, credential: EntryHash, over: Over<'member', 'accept'> = {}): Promise<AnyEntry> {
    const { body, ...rest } = over
    const made = { credential, ...body }
    return this.sign({ kind: 'member', type: 'accept', chain: member.chain, by: member, ...rest, body: made })
  }

  withdraw(member: ChainId, credential: EntryHash, by: Actor): Promise<AnyEntry> {
    const restsOn = [by.chain, this.network.chain]
    return this.sign({ kind: 'member', type: 'withdraw', chain: member, by, restsOn, body: { credential } })
  }

  /** A member with an accepted credential. */
  async member(name: string, options: { at?: Institution; fast?: boolean } = {}): Promise<Member> {
    const { issuer } = options.at ?? this.institution
    const device = newDevice(name, options.fast)
    const found = await this.memberFound(device)
    const actor = { chain: found.chain, device }
    this.advance(found)
    const credential = await this.credential(actor.chain, issuer)
    this.advance(credential)
    const accept = await this.accept(actor, credential.hash)
    await this.place(found, credential, accept)
    return { ...actor, credential: credential.hash, institution: issuer.chain }
  }

  /** A further credential of a member, offered and accepted. */
  async renewed(member: Member, issuer: Actor, over: Over<'member', 'credential'> = {}): Promise<Member> {
    const credential = await this.credential(member.chain, issuer, over)
    await this.place(credential)
    await this.place(await this.accept(member, credential.hash))
    return { ...member, credential: credential.hash, institution: issuer.chain }
  }

  /** The chains that decide whether a member's credential holds. */
  standing(member: Member): ChainId[] {
    return [member.chain, member.institution, this.network.chain]
  }
}
