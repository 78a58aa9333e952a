// A network in memory for the tests of entries, rules and ledger: actors with real keys, what they sign, and a log that proves it.
// What is sealed does not matter to the rules, so commitments, wraps and contents are made up.
import type { BackLink, Bodies, EpochStart, TrailStart } from '../src/bodies.js'
import { type ChainId, type EntryHash, equal, hex } from '../src/bytes.js'
import { type AnyEntry, chainIdOf } from '../src/entry.js'
import type { Proven } from '../src/proven.js'
import { facts } from '../src/rules/facts.js'
import type { Member } from './devices.js'
import { NetworkWorld, type Over } from './network-world.js'
import { boxKeyOf } from './support.js'
import { idOf } from './test-log.js'

export { type Actor, type Device, type Institution, type Member, newDevice } from './devices.js'
export { DAY, MINUTE, type Over, START } from './network-world.js'
export { idOf, type LogEntry, TestLog } from './test-log.js'

export class World extends NetworkWorld {
  static founded(): Promise<World> {
    return new World().found()
  }

  // ——— records

  start(section: number, epoch: number, until: number | null = null): EpochStart {
    return { section, epoch, commitment: idOf(`commitment ${section}/${epoch}`), back: backTo(epoch - 1), until }
  }

  trailStart(epoch: number): TrailStart {
    const key = boxKeyOf(epoch) as Uint8Array as TrailStart['key']
    return { epoch, key, back: backTo(epoch - 1) }
  }

  content(section: number, epoch: number, count = 1): Bodies['record']['create']['contents'][number] {
    return { section, epoch, object: { digest: this.fresh(), length: 500, count } }
  }

  create(
    founder: Member,
    sections: readonly number[],
    over: Over<'record', 'create'> & { readonly nonce?: Uint8Array } = {},
  ): Promise<AnyEntry> {
    const { body, nonce = this.fresh(), ...rest } = over
    const ids = [0, ...sections]
    return this.sign({
      kind: 'record',
      type: 'create',
      chain: chainIdOf(this.network.chain, founder.chain, nonce),
      by: founder,
      restsOn: this.standing(founder),
      ...rest,
      body: {
        founder: founder.chain,
        nonce,
        credential: founder.credential,
        trail: this.trailStart(0),
        epochs: ids.map((id) => this.start(id, 0)),
        contents: ids.map((id) => this.content(id, 0)),
        wraps: this.wraps(),
        ...body,
      },
    })
  }

  /** Creates a record and places it. */
  async record(founder: Member, sections: readonly number[] = [1, 2]): Promise<ChainId> {
    const entry = await this.create(founder, sections)
    await this.place(entry)
    return entry.chain
  }

  epochOf(record: ChainId, section: number): number {
    return this.fact(record, facts.section(section))?.epoch ?? -1
  }

  trailEpoch(record: ChainId): number {
    return this.fact(record, facts.trail)?.epoch ?? -1
  }

  /** A version with new contents for sections, and new epochs for `turning` (with 0 the trail's too), stating when each ends. */
  publish(
    record: ChainId,
    by: Member,
    sections: readonly number[],
    over: Over<'record', 'publish'> & { readonly turning?: Readonly<Record<number, number | null>> } = {},
  ): Promise<AnyEntry> {
    const { body, turning = {}, ...rest } = over
    const turned = Object.entries(turning).map(([id, until]) => this.start(+id, this.epochOf(record, +id) + 1, until))
    const ids = turned.some(({ section }) => section === 0) ? [0, ...sections] : sections
    const epoch = (id: number) => turned.find(({ section }) => section === id)?.epoch ?? this.epochOf(record, id)
    return this.sign({
      kind: 'record',
      type: 'publish',
      chain: record,
      by,
      restsOn: this.standing(by),
      ...rest,
      body: {
        credential: by.credential,
        grant: null,
        version: (this.fact(record, facts.counters)?.version ?? 0) + 1,
        trail: 0 in turning ? this.trailStart(this.trailEpoch(record) + 1) : null,
        epochs: turned,
        contents: ids.map((id) => this.content(id, epoch(id))),
        wraps: turned.length > 0 ? this.wraps() : null,
        ...body,
      },
    })
  }

  grant(record: ChainId, by: Member, to: Member, over: Over<'record', 'grant'> = {}): Promise<AnyEntry> {
    const { body, ...rest } = over
    return this.sign({
      kind: 'record',
      type: 'grant',
      chain: record,
      by,
      restsOn: unique([...this.standing(by), ...this.standing(to)]),
      ...rest,
      body: {
        credential: by.credential,
        from: null,
        recipient: to.chain,
        capacity: to.credential,
        sections: [1],
        actions: 1,
        notBefore: 0,
        until: null,
        wraps: this.wraps(),
        ...body,
      },
    })
  }

  /** Ends grants: the card, the trail and `sections` take new keys. A recall rests on the access log too. */
  revoke(
    record: ChainId,
    by: Member,
    grants: readonly EntryHash[],
    over: Over<'record', 'revoke'> & { readonly turning?: Readonly<Record<number, number | null>> } = {},
  ): Promise<AnyEntry> {
    const { body, turning = { 0: null, 1: null }, ...rest } = over
    const epochs = Object.entries(turning).map(([id, until]) => this.start(+id, this.epochOf(record, +id) + 1, until))
    const recalls = body?.mode === 'recall' ? [this.accessHead(record)] : []
    return this.sign({
      kind: 'record',
      type: 'revoke',
      chain: record,
      by,
      rests: [...this.standing(by).map((chain) => this.rest(chain)), ...recalls],
      ...rest,
      body: {
        credential: by.credential,
        mode: 'revoke',
        grants,
        trail: this.trailStart(this.trailEpoch(record) + 1),
        epochs,
        contents: [this.content(0, this.epochOf(record, 0) + 1)],
        wraps: this.wraps(),
        ...body,
      },
    })
  }

  // ——— access

  async access<T extends 'view' | 'download'>(
    type: T,
    record: ChainId,
    by: Member,
    grant: EntryHash | null,
    over: Over<'access', 'view'> = {},
  ): Promise<AnyEntry> {
    const { body, ...rest } = over
    const head = this.accessHead(record)
    return this.sign<'access', 'view' | 'download'>({
      kind: 'access',
      chain: head.chain,
      by,
      restsOn: [record, ...this.standing(by)],
      sequence: head.sequence,
      previous: head.link,
      private: idOf('purpose'),
      ...rest,
      type,
      body: {
        record,
        grant,
        credential: by.credential,
        version: this.fact(record, facts.counters)?.version ?? 1,
        sections: [1],
        trailEpoch: this.trailEpoch(record),
        ...body,
      },
    })
  }

  view(record: ChainId, by: Member, grant: EntryHash | null, over: Over<'access', 'view'> = {}): Promise<AnyEntry> {
    return this.access('view', record, by, grant, over)
  }

  note(record: ChainId, by: Member, grant: EntryHash | null, over: Over<'access', 'note'> = {}): Promise<AnyEntry> {
    const { body, ...rest } = over
    const head = this.accessHead(record)
    return this.sign({
      kind: 'access',
      type: 'note',
      chain: head.chain,
      by,
      restsOn: [record, ...this.standing(by)],
      sequence: head.sequence,
      previous: head.link,
      private: idOf('note'),
      ...rest,
      body: { record, grant, credential: by.credential, trailEpoch: this.trailEpoch(record), ...body },
    })
  }

  /** All entries of these chains with all that they rest on: what a relay answers to somebody who has nothing. */
  proven(chains: readonly ChainId[], options: { seen?: number; size?: number } = {}): Proven {
    const wanted = new Set(chains.map(hex))
    for (let before = -1; before !== wanted.size; ) {
      before = wanted.size
      for (const { entry } of this.log.entries) {
        if (!wanted.has(hex(entry.chain))) continue
        for (const { chain } of entry.restsOn) if (this.#isChain(chain)) wanted.add(hex(chain))
      }
    }
    return this.log.proven(({ entry }) => wanted.has(hex(entry.chain)), options)
  }

  #isChain(chain: ChainId): boolean {
    return this.log.entries.some(({ entry, access }) => access === null && equal(entry.chain, chain))
  }
}

/** A way back to an epoch, sealed by nobody: null for none before the first. */
export const backTo = (to: number, sealed = Uint8Array.of(1, 2, 3)): BackLink | null => (to < 0 ? null : { to, sealed })

function unique(chains: readonly ChainId[]): ChainId[] {
  return [...new Map(chains.map((chain) => [hex(chain), chain])).values()]
}
