// Teams for the relay's tests: what admins, members and issuers sign about them, with the wrap lists that belong to it. Keys are random.
import {
  type Bodies,
  type ChainId,
  chainIdOf,
  compare,
  type EntryHash,
  enrolmentMessage,
  hex,
  type NextEpoch,
  type Seat,
  sha256,
  type WrapRow,
} from '@sealchart/protocol'
import { memoryStore } from '../src/store/memory.js'
import {
  attached,
  backTo,
  type Device,
  type Draft,
  foundedWorld,
  fresh,
  type Member,
  manifestOf,
  newDevice,
  type RecordOf,
  refusal,
  row,
  type Signer,
  type World,
  wrapList,
} from './actors.js'

type Wraps = ReturnType<typeof wrapList>

export const byMember = (a: { member: ChainId }, b: { member: ChainId }): number => compare(a.member, b.member)
const ids = (members: readonly Member[]): ChainId[] => members.map(({ chain }) => chain).sort(compare)

/** Makes something as if these drafts were placed: the later entries of a list rest on the earlier ones. */
export async function following<T>(world: World, drafts: readonly Draft[], make: () => Promise<T>): Promise<T> {
  const before = new Map(world.heads)
  for (const { entry } of drafts) world.took(entry)
  try {
    return await make()
  } finally {
    world.heads.clear()
    for (const [key, head] of before) world.heads.set(key, head)
  }
}

/** The institution withdraws a member's credential. */
export async function withdrawal(world: World, { chain, credential }: Member): Promise<Draft> {
  const rests = [world.institution.chain, world.network.chain]
  const on = { kind: 'member', chain, type: 'withdraw', body: { credential }, rests } as const
  return { entry: await world.sign(world.institution, on) }
}

export class Team {
  readonly chain: ChainId
  readonly admin: Member
  epochKeyHash: Uint8Array = new Uint8Array()
  readonly #world: World
  readonly #nonce = fresh(32)

  constructor(world: World, admin: Member) {
    this.#world = world
    this.admin = admin
    this.chain = chainIdOf(world.network.chain, admin.chain, this.#nonce)
  }

  get id(): ChainId {
    return this.chain
  }

  seat(member: Member, institution = this.#world.institution.chain): Seat {
    const role = member === this.admin ? 'admin' : 'member'
    return { member: member.chain, institution, role }
  }

  /** Rows to these members for an epoch; `over` replaces fields of every leaf's target. */
  wraps(members: readonly Member[], epoch: number, over: object = {}): Wraps {
    const what = [{ grant: null, keys: [{ section: 0, epoch }], trail: null }]
    return wrapList(members.map((member) => row({ ...this.#world.target(member, what), ...over }, null)))
  }

  async found(
    members: readonly Member[],
    wraps: Wraps = this.wraps([this.admin, ...members], 0),
    over: Partial<Bodies['team']['found']> = {},
  ): Promise<Draft> {
    const epochKey = (await newDevice()).keys.box
    this.epochKeyHash = sha256(epochKey)
    const body: Bodies['team']['found'] = {
      founder: this.admin.chain,
      nonce: this.#nonce,
      credential: this.admin.credential,
      purpose: 'department',
      name: 'Cardiology',
      until: null,
      seats: [this.admin, ...members].map((member) => this.seat(member)).sort(byMember),
      epochKey,
      wraps: wraps.ref,
      ...over,
    }
    return this.#draft('found', body, wraps.bytes)
  }

  /** Adds and removes; with this epoch where somebody is removed, or `turns`. */
  async change(
    { adds = [], removes = [], turns = removes.length > 0 }: Change,
    wraps: Wraps,
    epoch = 1,
  ): Promise<Draft> {
    const body: Bodies['team']['change'] = {
      credential: this.admin.credential,
      adds: adds.map((member) => this.seat(member)).sort(byMember),
      removes: ids(removes),
      epoch: turns ? await this.#next(epoch) : null,
      wraps: wraps.ref,
    }
    return this.#draft('change', body, wraps.bytes)
  }

  /** A new key for `members`, without `leaves`. */
  async refresh(
    by: Member,
    { members, leaves = [], epoch = 1 }: { members: readonly Member[]; leaves?: readonly Member[]; epoch?: number },
  ): Promise<Draft> {
    const wraps = this.wraps(members, epoch)
    const body = { credential: by.credential, leaves: ids(leaves), epoch: await this.#next(epoch), wraps: wraps.ref }
    return this.#draft('refresh', body, wraps.bytes, by)
  }

  /** The institution's word that a credential of a member was withdrawn, in the list that does so. */
  stale(member: Member, withdrawn: Draft): Promise<Draft> {
    const { institution, network } = this.#world
    const { chain, credential } = member
    const rests = [chain, institution.chain, network.chain]
    const on = { kind: 'team', chain: this.id, type: 'stale', body: { member: chain, credential }, rests } as const
    return following(this.#world, [withdrawn], async () => ({ entry: await this.#world.sign(institution, on) }))
  }

  /** A member's own word, after she has turned her key (by these drafts). */
  report(member: Member, after: readonly Draft[] = []): Promise<Draft> {
    const { chain } = member
    const body = { member: chain, credential: null }
    const on = { kind: 'team', chain: this.id, type: 'stale', body, rests: [chain] } as const
    return following(this.#world, after, async () => ({ entry: await this.#world.sign(member, on) }))
  }

  close(): Promise<Draft> {
    return this.#draft('close', { credential: this.admin.credential }, null)
  }

  async #next(epoch: number): Promise<NextEpoch> {
    const { box: key } = (await newDevice()).keys
    this.epochKeyHash = sha256(key)
    return { epoch, key, back: backTo(epoch - 1) }
  }

  async #draft<T extends 'found' | 'change' | 'refresh' | 'close'>(
    type: T,
    body: Bodies['team'][T],
    wraps: Uint8Array | null,
    by: Member = this.admin,
  ): Promise<Draft> {
    const rests = this.#world.authorities(by)
    const entry = await this.#world.sign(by, { kind: 'team', chain: this.id, type, body, rests })
    return wraps ? { entry, attachments: [wraps] } : { entry }
  }
}

interface Change {
  readonly adds?: readonly Member[]
  readonly removes?: readonly Member[]
  readonly turns?: boolean
}

/** A member turns her own key: a device of hers is gone that nobody can use any more. */
export async function turnedKey(world: World, member: Member, epoch = 1): Promise<{ draft: Draft; member: Member }> {
  const { box: key } = (await newDevice()).keys
  const { id, keys } = member.device
  const target = {
    recipient: id as Uint8Array as ChainId,
    keyHash: sha256(keys.box),
    sequence: 0,
    link: null,
    what: [],
  }
  const wraps = wrapList([row(target, null)])
  const body = { epoch: { epoch, key, back: backTo(epoch - 1) }, wraps: wraps.ref }
  const entry = await world.sign(member, { kind: 'member', chain: member.chain, type: 'refresh', body })
  return { draft: { entry, attachments: [wraps.bytes] }, member: { ...member, epochKeyHash: sha256(key) } }
}

/** A member takes a device onto her chain, or off it with a new key. */
export async function deviceDraft(world: World, by: Member, device: Device, removes = false): Promise<Draft> {
  const left = removes ? by.device : device
  const recipient = left.id as Uint8Array as ChainId
  const target = { recipient, keyHash: sha256(left.keys.box), sequence: 0, link: null, what: [] }
  const wraps = wrapList([row(target, null)])
  const proof = device.sign(enrolmentMessage(world.network.chain, by.chain, device.keys))
  const body: Bodies['member']['devices'] = {
    adds: removes ? [] : [{ keys: device.keys, proof }],
    removes: removes ? [device.id] : [],
    epoch: removes ? { epoch: 1, key: (await newDevice()).keys.box, back: backTo(0) } : null,
    wraps: wraps.ref,
  }
  const entry = await world.sign(by, { kind: 'member', chain: by.chain, type: 'devices', body })
  return { entry, attachments: [wraps.bytes] }
}

/** Who holds keys of a record, and under what. */
export interface HeldBy {
  readonly holder: Member | Team
  readonly grant: EntryHash
  /** The number of the holder's own newest epoch. */
  readonly epoch?: number
  /** Whether the grant allows writing: the trail's key comes with it. */
  readonly writes?: boolean
}

/** A grant to a team, by the founder or (`from`) by somebody who shares on. */
export async function shareDraft(
  world: World,
  record: RecordOf,
  to: Team | Member,
  over: Partial<Bodies['record']['grant']> & {
    readonly by?: Member
    readonly via?: readonly ChainId[]
    readonly epoch?: number
  } = {},
): Promise<Draft> {
  const { by = record.founder, via = [], epoch = 0, ...body } = over
  const keys = [0, 1].map((section) => ({ section, epoch: world.epoch(record, section) }))
  const bits = body.actions ?? 1
  const trail = (bits & 40) === 0 ? null : (world.trails.get(hex(record.id)) as number)
  const wraps = wrapList([at(row(world.target(to, [{ grant: null, keys, trail }]), fresh(120)), epoch)])
  const capacity = to instanceof Team ? null : to.credential
  const chains = [...world.authorities(by), to.chain, ...via]
  const entry = await world.sign(by, {
    kind: 'record',
    chain: record.id,
    type: 'grant',
    body: {
      credential: by.credential,
      from: null,
      recipient: to.chain,
      capacity,
      sections: [1],
      actions: bits,
      notBefore: 0,
      until: null,
      wraps: wraps.ref,
      ...body,
    },
    rests: chains.filter((one, i) => chains.findIndex((other) => hex(other) === hex(one)) === i),
  })
  return { entry, attachments: [wraps.bytes] }
}

/** The same row, to another epoch of its recipient. */
const at = (one: WrapRow, epoch: number): WrapRow => ({ ...one, leaf: { ...one.leaf, epoch } })

/** A version of section 1 under new keys of it and the card, for the founder (unless `founder` is false) and these holders. */
export async function turnDraft(
  world: World,
  record: RecordOf,
  by: Member,
  { version, held, grant = null, founder = true, via = [] }: Turn,
): Promise<Draft> {
  const epochs = [0, 1].map((section) => ({ section, epoch: world.epoch(record, section) + 1 }))
  const trail = (world.trails.get(hex(record.id)) as number) + 1
  const grants = new Map<
    string,
    { readonly held: HeldBy; readonly what: { grant: EntryHash; trail: number | null }[] }
  >()
  for (const one of held) {
    const known = grants.get(hex(one.holder.chain)) ?? { held: one, what: [] }
    known.what.push({ grant: one.grant, trail: one.writes ? trail : null })
    grants.set(hex(one.holder.chain), known)
  }
  const rows = [...grants.values()].map(({ held: { holder, epoch = 0 }, what }) => {
    const mine = what.sort((a, b) => compare(a.grant, b.grant)).map((one) => ({ ...one, keys: epochs }))
    return at(row(world.target(holder, mine), fresh(120)), epoch)
  })
  const own = world.target(record.founder, [{ grant: record.create, keys: epochs, trail }])
  const wraps = wrapList([...(founder ? [row(own, fresh(120))] : []), ...rows])
  const [card, manifest] = [fresh(200), manifestOf([])]
  const entry = await world.sign(by, {
    kind: 'record',
    chain: record.id,
    type: 'publish',
    body: {
      credential: by.credential,
      grant,
      version,
      trail: { epoch: trail, key: (await newDevice()).keys.box, back: backTo(trail - 1) },
      epochs: epochs.map((one) => ({ ...one, commitment: fresh(32), back: backTo(one.epoch - 1), until: null })),
      contents: [
        { section: 0, epoch: epochs[0]?.epoch ?? 0, object: attached(card, 0) },
        { section: 1, epoch: epochs[1]?.epoch ?? 0, object: attached(manifest, 0) },
      ],
      wraps: wraps.ref,
    },
    rests: [...world.authorities(by), ...via],
  })
  return { entry, attachments: [card, manifest, wraps.bytes] }
}

interface Turn {
  readonly version: number
  readonly held: readonly HeldBy[]
  readonly grant?: EntryHash | null
  readonly founder?: boolean
  readonly via?: readonly ChainId[]
}

/** Remembers that card, section 1 and trail have new keys. */
export function tookTurn(world: World, record: RecordOf): void {
  const epochs = world.epochs.get(hex(record.id)) as Map<number, number>
  for (const section of [0, 1]) epochs.set(section, (epochs.get(section) as number) + 1)
  world.trails.set(hex(record.id), (world.trails.get(hex(record.id)) as number) + 1)
}

/** A world in which a turn can be held before its commit: what passes the gate meanwhile does not know of it. */
export async function heldWorld() {
  const store = memoryStore()
  let held: Promise<void> | null = null
  const commit: typeof store.commit = async (batch) => {
    await held
    return store.commit(batch)
  }
  const world = await foundedWorld({ store: { ...store, commit } })
  /** Sends a list, and others while its turn is held: the outcomes of all. */
  const during = async (first: readonly Draft[], ...others: readonly (readonly Draft[])[]): Promise<string[]> => {
    let letGo = (): void => undefined
    held = new Promise((resolve) => {
      letGo = resolve
    })
    const settled = () => new Promise((resolve) => setTimeout(resolve, 100))
    const outcomes = [outcome(world, first)]
    await settled()
    for (const drafts of others) outcomes.push(outcome(world, drafts))
    await settled()
    letGo()
    held = null
    return Promise.all(outcomes)
  }
  return { world, during }
}

/** A list's outcome: 'placed', which the world remembers, or a code. */
export async function outcome(world: World, drafts: readonly Draft[], as?: Signer): Promise<string> {
  const answer = await world.tryAppend(drafts, {}, as)
  if (answer.status !== 200) return refusal(answer).code
  for (const { entry } of drafts) world.took(entry)
  return 'placed'
}
