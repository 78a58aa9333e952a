// Actors with real keys for the relay's tests: a network, an institution that issues, members, records, and the entries they sign.
// What is sealed is random bytes here: a relay cannot tell, and nothing in these tests opens anything.
import {
  type AnyEntry,
  type AppendRequest,
  accessLogOf,
  actions,
  appendAnswer,
  appendRequest,
  type BackLink,
  type Bodies,
  type ChainId,
  chainIdOf,
  checkDeviceKeys,
  claimHash,
  concat,
  type DeviceId,
  type DevicePublicKeys,
  type Digest,
  describeWrapList,
  deviceId,
  type EntryHash,
  type ErrorAnswer,
  encodeClaims,
  encodeManifest,
  encodeWrapList,
  errorAnswer,
  hex,
  type Infer,
  type KindName,
  Ledger,
  type LinkHash,
  type NoteKey,
  namesRoot,
  pack,
  paths,
  type Rest,
  type Seen,
  type Shape,
  sha256,
  signEntry,
  signRequest,
  unpack,
  utf8,
  type WrapLeaf,
  type WrappedGrant,
  type WrapRow,
  type WrapsRef,
} from '@sealchart/protocol'
import sodium from 'libsodium-wrappers'
import { defaultLimits, type OperatingLimits } from '../src/config.js'
import { createRelay, memoryHeadLock, memorySegments, memoryStore, type Relay, type RelayConfig } from '../src/index.js'
import type { Waiting } from '../src/notices.js'
import type { Segments } from '../src/segments/contract.js'
import type { Store } from '../src/store/contract.js'

export const URL_ = 'https://relay.test'
export const TOKEN = 'a token for once'
export const START = 1_900_000_000_000

export interface Device {
  readonly keys: DevicePublicKeys
  readonly id: DeviceId
  sign(message: Uint8Array): Uint8Array
}

let count = 0
/** Bytes that are different at each call and the same in each run. */
export function fresh(length: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(length)
  for (let at = 0; at < length; at += 32)
    out.set(sha256(utf8(`fresh ${count++}`)).subarray(0, Math.min(32, length - at)), at)
  return out
}

export async function newDevice(): Promise<Device> {
  await sodium.ready
  const sign = sodium.crypto_sign_seed_keypair(fresh(32))
  const box = sodium.crypto_kem_xwing_seed_keypair(fresh(32))
  const keys = checkDeviceKeys({ sign: sign.publicKey, box: box.publicKey })
  return { keys, id: deviceId(keys), sign: (message) => sodium.crypto_sign_detached(message, sign.privateKey) }
}

export interface Signer {
  readonly chain: ChainId
  readonly device: Device
}

export interface Member extends Signer {
  readonly credential: EntryHash
  readonly epochKeyHash: Uint8Array
  readonly name: string
}

export interface RecordOf {
  readonly id: ChainId
  readonly founder: Member
  readonly create: EntryHash
}

/** An answer of the relay: its status, and its bytes. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly bytes: Uint8Array
}

export const read = <T>(shape: Shape<T>, answer: Answer): T => {
  if (answer.status !== 200) throw new Error(`refused: ${JSON.stringify(refusal(answer))}`)
  return unpack(shape, answer.bytes, 'answer', { bytes: 1 << 26 })
}

export const refusal = (answer: Answer): Pick<ErrorAnswer, 'code' | 'message' | 'missed'> & { status: number } => {
  const { code, message, missed } = unpack(errorAnswer, answer.bytes, 'error')
  return { status: answer.status, code, message, missed }
}

export interface WorldOptions {
  readonly store?: Store
  readonly segments?: Segments
  readonly limits?: Partial<OperatingLimits>
  readonly config?: Partial<RelayConfig>
  readonly onFailure?: (error: unknown) => void
  /** How the relay waits; until it is woken unless told. */
  readonly wait?: Waiting['wait']
}

interface Init {
  readonly body?: Uint8Array
  readonly as?: Signer
  readonly headers?: HeadersInit
  readonly signal?: AbortSignal
}

const noRequest: Omit<AppendRequest, 'entries'> = {
  attachments: [],
  beside: [],
  segments: [],
  uploads: [],
  token: null,
  seen: 0,
}

/** Something that an entry is to be made of, with what travels beside it. */
export interface Draft {
  readonly entry: AnyEntry
  readonly attachments?: readonly Uint8Array[]
  readonly beside?: readonly Uint8Array[]
  readonly segments?: AppendRequest['segments']
}

export class World {
  readonly relay: Relay
  readonly store: Store
  readonly log: NoteKey
  readonly fatal: unknown[]
  now = START
  founding: LinkHash | null = null
  seen: Seen | null = null
  network!: Signer
  institution!: Signer
  readonly heads = new Map<string, Rest>()
  readonly epochs = new Map<string, Map<number, number>>()
  readonly trails = new Map<string, number>()

  constructor(parts: { relay: Relay; store: Store; log: NoteKey; fatal: unknown[] }) {
    this.relay = parts.relay
    this.store = parts.store
    this.log = parts.log
    this.fatal = parts.fatal
  }

  /** A verifier who knows the network and nothing else. */
  ledger(): Ledger {
    const founding = this.founding as LinkHash
    return new Ledger({ chain: this.network.chain, founding, log: this.log })
  }

  // ——— requests

  /** Sends a request, and gives the response itself. */
  async fetch(method: string, path: string, init: Init = {}): Promise<Response> {
    const url = URL_ + path
    const body = init.body ?? new Uint8Array()
    const headers = new Headers(init.headers)
    if (init.as) {
      const { chain, device } = init.as
      const signed = await signRequest({ method, url, body, chain, device: device.id, created: this.now }, device.sign)
      for (const [name, value] of Object.entries(signed)) headers.set(name, value)
    }
    const request = new Request(url, {
      method,
      headers,
      ...(method === 'GET' ? {} : { body: body as Uint8Array<ArrayBuffer> }),
      ...(init.signal && { signal: init.signal }),
    })
    return this.relay.fetch(request)
  }

  async send(method: string, path: string, init: Init = {}): Promise<Answer> {
    const response = await this.fetch(method, path, init)
    const { status, headers: said } = response
    const goesOn = status === 200 && path === paths.inboxStream
    const bytes = goesOn ? await firstPiece(response) : new Uint8Array(await response.arrayBuffer())
    return { status, headers: said, bytes }
  }

  post = <T>(path: string, shape: Shape<T>, body: T, as?: Signer): Promise<Answer> =>
    this.send('POST', path, { body: pack(shape, body), ...(as ? { as } : {}) })

  tryAppend(drafts: readonly Draft[], more: Partial<AppendRequest> = {}, as?: Signer): Promise<Answer> {
    return this.post(
      paths.append,
      appendRequest,
      {
        ...noRequest,
        entries: drafts.map(({ entry }) => entry.bytes),
        attachments: drafts.flatMap(({ attachments }) => attachments ?? []),
        beside: drafts.flatMap(({ beside }) => beside ?? []),
        segments: drafts.flatMap(({ segments }) => segments ?? []),
        ...more,
      },
      as,
    )
  }

  /** Appends, and remembers the new heads. */
  async append(drafts: readonly Draft[], more: Partial<AppendRequest> = {}): Promise<Infer<typeof appendAnswer>> {
    const answer = read(appendAnswer, await this.tryAppend(drafts, more))
    for (const { entry } of drafts) this.took(entry)
    return answer
  }

  took(entry: AnyEntry): void {
    if (entry.kind === 'access') return
    this.heads.set(hex(entry.chain), { chain: entry.chain, sequence: entry.sequence, link: entry.link })
  }

  // ——— entries

  head(chain: ChainId): Rest {
    const head = this.heads.get(hex(chain))
    if (!head) throw new Error('no such chain')
    return head
  }

  sign<K extends KindName, T extends keyof Bodies[K]>(
    signer: Signer,
    {
      kind,
      chain,
      type,
      body,
      ...more
    }: { kind: K; chain: ChainId; type: T; body: Bodies[K][T] } & {
      rests?: readonly ChainId[]
      after?: Rest
      place?: { sequence: number; previous: LinkHash }
      private?: Uint8Array
      time?: number
    },
  ): Promise<AnyEntry> {
    const before = more.after ?? this.heads.get(hex(chain))
    const place = more.place ?? {
      sequence: before ? before.sequence + 1 : 0,
      previous: before ? before.link : null,
    }
    const founding = kind === 'network' && type === 'found'
    return signEntry(
      {
        kind,
        chain,
        ...place,
        time: more.time ?? this.now,
        seen: this.seen,
        restsOn: (more.rests ?? []).map((rest) => this.head(rest)),
        type,
        body,
        private: more.private ? (sha256(more.private) as Uint8Array as Digest) : null,
      } as Parameters<typeof signEntry<K, T>>[0],
      { chain: signer.chain, device: signer.device.id, sign: signer.device.sign },
      founding ? null : this.network.chain,
    )
  }

  async foundNetwork(change: Partial<Bodies['network']['found']> = {}): Promise<Draft> {
    const device = await newDevice()
    const nonce = fresh(32)
    const chain = chainIdOf(null, device.id, nonce)
    this.network = { chain, device }
    const { publicKey, name } = this.log
    const body = { keys: device.keys, nonce, name: 'Alliance', origin: name, logKey: publicKey, relay: URL_, ...change }
    const entry = await this.sign(this.network, { kind: 'network', chain, type: 'found', body })
    this.founding = entry.link
    return { entry }
  }

  async foundInstitution(): Promise<Draft[]> {
    const device = await newDevice()
    const nonce = fresh(32)
    const chain = chainIdOf(this.network.chain, device.id, nonce)
    this.institution = { chain, device }
    const body = { keys: device.keys, nonce, name: 'Clinic' }
    const found = await this.sign(this.institution, { kind: 'institution', chain, type: 'found', body })
    const admit = await this.sign(this.network, {
      kind: 'network',
      chain: this.network.chain,
      type: 'admit',
      body: { institution: chain, founding: found.link },
    })
    return [{ entry: found }, { entry: admit }]
  }

  /** The list that founds a member: found, credential, accept. */
  async enrol(name: string, until: number = this.now + 300 * 86_400_000): Promise<{ member: Member; drafts: Draft[] }> {
    const device = await newDevice()
    const nonce = fresh(32)
    const chain = chainIdOf(this.network.chain, device.id, nonce)
    const epoch = (await newDevice()).keys.box
    const wraps = wrapList([
      row(
        {
          recipient: device.id as Uint8Array as ChainId,
          keyHash: sha256(device.keys.box),
          sequence: 0,
          link: null,
          what: [],
        },
        null,
      ),
    ])
    const body = { keys: device.keys, nonce, epochKey: epoch, wraps: wraps.ref }
    const me = { chain, device }
    const found = await this.sign(me, { kind: 'member', chain, type: 'found', body })
    const claim = { name: 'name', salt: fresh(16), value: name }
    const beside = encodeClaims([claim])
    const credential = await this.sign(this.institution, {
      kind: 'member',
      chain,
      type: 'credential',
      body: {
        institution: this.institution.chain,
        claims: [{ name: 'name', hash: claimHash(chain, claim) }],
        registration: null,
        notBefore: this.now - 1000,
        until,
      },
      after: { chain, sequence: 0, link: found.link },
      rests: [this.institution.chain, this.network.chain],
      private: beside,
    })
    const accept = await this.sign(me, {
      kind: 'member',
      chain,
      type: 'accept',
      body: { credential: credential.hash },
      after: { chain, sequence: 1, link: credential.link },
    })
    const member = { ...me, credential: credential.hash, epochKeyHash: sha256(epoch), name }
    return {
      member,
      drafts: [
        { entry: found, attachments: [wraps.bytes] },
        { entry: credential, beside: [beside] },
        { entry: accept },
      ],
    }
  }

  async member(name: string): Promise<Member> {
    const { member, drafts } = await this.enrol(name)
    await this.append(drafts)
    return member
  }

  /** What every entry of a member on a record rests on. */
  authorities(...members: readonly Member[]): ChainId[] {
    return [...members.map(({ chain }) => chain), this.institution.chain, this.network.chain]
  }

  target(
    member: Pick<Member, 'chain' | 'epochKeyHash'>,
    what: readonly WrappedGrant[],
  ): Omit<WrapLeaf, 'envelope' | 'keys' | 'epoch'> {
    const { sequence, link } = this.head(member.chain)
    return { recipient: member.chain, keyHash: member.epochKeyHash, sequence, link, what }
  }

  async create(
    founder: Member,
    files: readonly Uint8Array[] = [utf8('a sealed segment')],
  ): Promise<{ record: RecordOf; draft: Draft; nonce: Uint8Array }> {
    const nonce = fresh(32)
    const id = chainIdOf(this.network.chain, founder.chain, nonce)
    const card = fresh(200)
    const manifest = manifestOf(files)
    const keys = [0, 1].map((section) => ({ section, epoch: 0 }))
    const wraps = wrapList([row(this.target(founder, [{ grant: null, keys, trail: 0 }]), fresh(120))])
    const body: Bodies['record']['create'] = {
      founder: founder.chain,
      nonce,
      credential: founder.credential,
      trail: { epoch: 0, key: (await newDevice()).keys.box, back: null },
      epochs: [0, 1].map((section) => ({ section, epoch: 0, commitment: fresh(32), back: null, until: null })),
      contents: [
        { section: 0, epoch: 0, object: attached(card, 0) },
        { section: 1, epoch: 0, object: attached(manifest, files.length) },
      ],
      wraps: wraps.ref,
    }
    const entry = await this.sign(founder, {
      kind: 'record',
      chain: id,
      type: 'create',
      body,
      rests: this.authorities(founder),
    })
    const segments = files.map((bytes) => ({ record: id, section: 1, bytes }))
    const record = { id, founder, create: entry.hash }
    return { record, draft: { entry, attachments: [card, manifest, wraps.bytes], segments }, nonce }
  }

  async record(founder: Member, files?: readonly Uint8Array[]): Promise<RecordOf> {
    const { record, draft } = await this.create(founder, files)
    await this.append([draft])
    this.epochs.set(
      hex(record.id),
      new Map([
        [0, 0],
        [1, 0],
      ]),
    )
    this.trails.set(hex(record.id), 0)
    return record
  }

  epoch(record: RecordOf, section: number): number {
    return this.epochs.get(hex(record.id))?.get(section) ?? 0
  }

  async grantDraft(record: RecordOf, to: Member, more: Partial<Bodies['record']['grant']> = {}): Promise<Draft> {
    const bits = more.actions ?? actions.view | actions.download
    const keys = [0, 1].map((section) => ({ section, epoch: this.epoch(record, section) }))
    const trail = (bits & (actions.trail | actions.write)) === 0 ? null : (this.trails.get(hex(record.id)) as number)
    const wraps = wrapList([row(this.target(to, [{ grant: null, keys, trail }]), fresh(120))])
    const entry = await this.sign(record.founder, {
      kind: 'record',
      chain: record.id,
      type: 'grant',
      body: {
        credential: record.founder.credential,
        from: null,
        recipient: to.chain,
        capacity: to.credential,
        sections: [1],
        actions: bits,
        notBefore: 0,
        until: null,
        wraps: wraps.ref,
        ...more,
      },
      rests: this.authorities(record.founder, to),
    })
    return { entry, attachments: [wraps.bytes] }
  }

  async grant(record: RecordOf, to: Member, more: Partial<Bodies['record']['grant']> = {}): Promise<EntryHash> {
    const draft = await this.grantDraft(record, to, more)
    await this.append([draft])
    return draft.entry.hash
  }

  /** Ends grants, and starts new epochs for card and section 1 for the founder and those who remain. */
  /** Ends grants; a recall if it says where the access log stands that it rests on. */
  async revokeDraft(
    record: RecordOf,
    ended: readonly EntryHash[],
    remain: readonly { member: Member; grant: EntryHash }[] = [],
    recall: Rest | null = null,
  ): Promise<Draft> {
    if (recall) this.heads.set(hex(recall.chain), recall)
    const epochs = [0, 1].map((section) => ({ section, epoch: this.epoch(record, section) + 1 }))
    const trail = (this.trails.get(hex(record.id)) as number) + 1
    const card = fresh(200)
    const rows = [
      row(this.target(record.founder, [{ grant: record.create, keys: epochs, trail }]), fresh(120)),
      ...remain.map(({ member, grant }) =>
        row(this.target(member, [{ grant, keys: epochs, trail: null }]), fresh(120)),
      ),
    ]
    const wraps = wrapList(rows)
    const entry = await this.sign(record.founder, {
      kind: 'record',
      chain: record.id,
      type: 'revoke',
      body: {
        credential: record.founder.credential,
        mode: recall ? 'recall' : 'revoke',
        grants: ended,
        trail: { epoch: trail, key: (await newDevice()).keys.box, back: backTo(trail - 1) },
        epochs: epochs.map((one) => ({ ...one, commitment: fresh(32), back: backTo(one.epoch - 1), until: null })),
        contents: [{ section: 0, epoch: this.epoch(record, 0) + 1, object: attached(card, 0) }],
        wraps: wraps.ref,
      },
      rests: [...this.authorities(record.founder), ...(recall ? [recall.chain] : [])],
    })
    return { entry, attachments: [card, wraps.bytes] }
  }

  async revoke(
    record: RecordOf,
    ended: readonly EntryHash[],
    remain: readonly { member: Member; grant: EntryHash }[] = [],
  ): Promise<void> {
    await this.append([await this.revokeDraft(record, ended, remain)])
    const epochs = this.epochs.get(hex(record.id)) as Map<number, number>
    for (const section of [0, 1]) epochs.set(section, (epochs.get(section) as number) + 1)
    this.trails.set(hex(record.id), (this.trails.get(hex(record.id)) as number) + 1)
  }

  /** A new version of section 1 under its newest epoch. */
  async publishDraft(
    record: RecordOf,
    writer: Member,
    { version, grant = null, files }: { version: number; grant?: EntryHash | null; files: readonly Uint8Array[] },
  ): Promise<Draft> {
    const manifest = manifestOf(files)
    const entry = await this.sign(writer, {
      kind: 'record',
      chain: record.id,
      type: 'publish',
      body: {
        credential: writer.credential,
        grant,
        version,
        trail: null,
        epochs: [],
        contents: [{ section: 1, epoch: this.epoch(record, 1), object: attached(manifest, files.length) }],
        wraps: null,
      },
      rests: this.authorities(writer),
    })
    return { entry, attachments: [manifest] }
  }

  async viewDraft(
    record: RecordOf,
    reader: Member,
    {
      grant,
      type = 'view',
      version = 1,
      via = [],
    }: { grant: EntryHash | null; type?: 'view' | 'download'; version?: number; via?: readonly ChainId[] },
  ): Promise<Draft> {
    const chain = accessLogOf(record.id)
    const purpose = fresh(100)
    const entry = await this.sign(reader, {
      kind: 'access',
      chain,
      type,
      body: {
        record: record.id,
        grant,
        credential: reader.credential,
        version,
        sections: [1],
        trailEpoch: this.trails.get(hex(record.id)) as number,
      },
      rests: [record.id, ...this.authorities(reader), ...via],
      place: { sequence: 0, previous: chain as Uint8Array as LinkHash },
      private: purpose,
    })
    return { entry, beside: [purpose] }
  }

  async withdraw(member: Member): Promise<void> {
    const entry = await this.sign(this.institution, {
      kind: 'member',
      chain: member.chain,
      type: 'withdraw',
      body: { credential: member.credential },
      rests: [this.institution.chain, this.network.chain],
    })
    await this.append([{ entry }])
  }
}

/** What of a stream comes first; the rest is not waited for. */
async function firstPiece(response: Response): Promise<Uint8Array> {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  const { value } = await reader.read()
  await reader.cancel()
  return value ?? new Uint8Array()
}

// ——— objects

/** A way back to an epoch, sealed by nobody. */
export const backTo = (to: number): BackLink => ({ to, sealed: fresh(80) })

export const attached = (bytes: Uint8Array, count: number) => ({
  digest: sha256(bytes) as Uint8Array as Digest,
  length: bytes.length,
  count,
})

/** A wrap's row with random sealed objects. */
export function row(target: Omit<WrapLeaf, 'envelope' | 'keys' | 'epoch'>, keys: Uint8Array | null): WrapRow {
  const envelope = fresh(1200)
  const digest = (bytes: Uint8Array): Digest => sha256(bytes) as Uint8Array as Digest
  const leaf = { ...target, epoch: 0, envelope: digest(envelope), keys: keys && digest(keys) }
  return { leaf, envelope, keys }
}

export function wrapList(rows: readonly WrapRow[], asOf = 0): { bytes: Uint8Array; ref: WrapsRef } {
  const bytes = encodeWrapList(rows)
  return { bytes, ref: describeWrapList(bytes, rows, asOf) }
}

export function manifestOf(files: readonly Uint8Array[]): Uint8Array {
  return encodeManifest({
    files: files.map((bytes) => {
      const name = sha256(bytes) as Uint8Array as Digest
      return {
        id: fresh(16),
        header: fresh(150),
        floe: fresh(74),
        padded: bytes.length,
        segments: 1,
        root: namesRoot([name]),
        names: [name],
      }
    }),
  })
}

/** Items of a body with their lengths before them. */
export const joined = (items: readonly Uint8Array[]): Uint8Array<ArrayBuffer> =>
  concat(
    ...items.flatMap((item) => {
      const length = new Uint8Array(4)
      new DataView(length.buffer).setUint32(0, item.length)
      return [length, item]
    }),
  )

// ——— worlds

const waitForWake: Waiting['wait'] = (_ms, wake) =>
  new Promise((resolve) => (wake.aborted ? resolve() : wake.addEventListener('abort', () => resolve())))

/** A relay over empty stores, and nobody yet. */
export async function emptyWorld(options: WorldOptions = {}): Promise<World> {
  const headLock = await memoryHeadLock('relay.test/log', fresh(32))
  const store = options.store ?? memoryStore()
  const fatal: unknown[] = []
  const holder: { world?: World } = {}
  const now = (): number => holder.world?.now ?? START
  const relay = await createRelay({
    store,
    segments: options.segments ?? memorySegments(),
    headLock,
    clock: { now, wait: options.wait ?? waitForWake },
    random: fresh,
    config: {
      foundingToken: sha256(utf8(TOKEN)),
      ...options.config,
      limits: { ...defaultLimits, ...options.limits },
    },
    onFatal: (error) => void fatal.push(error),
    ...(options.onFailure && { onFailure: options.onFailure }),
  })
  holder.world = new World({ relay, store, log: headLock.key.key, fatal })
  return holder.world
}

/** A relay with a network and an institution. */
export async function foundedWorld(options: WorldOptions = {}): Promise<World> {
  const world = await emptyWorld(options)
  await world.append([await world.foundNetwork()], { token: TOKEN })
  await world.append(await world.foundInstitution())
  return world
}
