// The small network in which the vectors of rules and wraps play: a root, two institutions, three members, one record, and a log of
// their entries. It places what it is given, right or wrong: who reads its answers has to find out.
import { deviceFromSeed, memberEpochKeys, trailKeys } from '../../packages/crypto/dist/index.js'
import * as p from '../../packages/protocol/dist/index.js'
import { proven } from '../../packages/protocol/dist/proven.js'
import { bytes, hex } from '../operations/notation.mjs'
import { counting } from './vectors.mjs'

await p.ready()

export const START = 1_790_000_000_000
export const HOUR = 60 * 60_000
export const DAY = 24 * HOUR
const ORIGIN = 'log.example/alliance'

const device = (first) => deviceFromSeed(counting(first))
const logDevice = device(0x0f)
export const logSigner = { key: p.noteKey(ORIGIN, logDevice.keys.sign), sign: (message) => logDevice.sign(message) }

// ——— people, whose keys and chains follow from fixed bytes

function founder(network, first) {
  const own = device(first)
  const nonce = counting(first + 0x80)
  return { device: own, nonce, chain: p.chainIdOf(network, own.id, nonce) }
}
export const root = founder(null, 0x01)
export const network = root.chain
export const clinic = founder(network, 0x02)
export const hospital = founder(network, 0x03)
/** Devices of the clinic: one that issues, and one that was never appointed. */
export const issuer = { chain: clinic.chain, device: device(0x04) }
export const stranger = { chain: clinic.chain, device: device(0x05) }
/** Chan and Wong work at the clinic, Lee at the hospital. */
export const chan = { ...founder(network, 0x10), epochKey: epochKeyOf(0x10) }
export const lee = { ...founder(network, 0x11), epochKey: epochKeyOf(0x11) }
export const wong = { ...founder(network, 0x12), epochKey: epochKeyOf(0x12) }

function epochKeyOf(first) {
  const { chain } = founder(p.chainIdOf(null, device(0x01).id, counting(0x81)), first)
  const { key } = memberEpochKeys(counting(first + 0x20), { network: root.chain, member: chain, epoch: 0 })
  return key
}

export const recordNonce = counting(0x91)
export const record = p.chainIdOf(network, chan.chain, recordNonce)
export const accessLog = p.accessLogOf(record)

// ——— the log

export class World {
  constructor(from = null) {
    this.now = from?.now ?? START
    this.leaves = [...(from?.leaves ?? [])]
    this.entries = [...(from?.entries ?? [])]
    this.seals = [...(from?.seals ?? [])]
    this.heads = new Map(from?.heads)
    /** Entries that later ones name: credentials, grants. */
    this.named = new Map(from?.named)
  }

  /** The same history, to go on differently. */
  fork() {
    return new World(this)
  }

  get size() {
    return this.leaves.length
  }

  head(chain) {
    return this.heads.get(hex(chain)) ?? { sequence: 0, link: chain }
  }

  restOn(chain) {
    return { chain, ...this.head(chain) }
  }

  /**
   * Signs what would come next on a chain. `restsOn`: chains, at their heads. `over` replaces fields of the statement; `inNetwork` is the
   * network that it is signed for.
   */
  async sign({ kind, type, chain, by, body, restsOn = [], over = {}, inNetwork }) {
    const founds = type === 'found' || type === 'create'
    const { sequence, link } = this.head(chain)
    const statement = {
      kind,
      type,
      chain,
      sequence: founds ? 0 : kind === 'access' ? sequence : sequence + 1,
      previous: founds ? null : link,
      time: this.now,
      seen: null,
      restsOn: restsOn.map((id) => this.restOn(id)),
      private: null,
      body,
      ...over,
    }
    const signer = { chain: by.chain, device: by.device.id, sign: by.device.sign }
    const place = inNetwork === undefined ? (kind === 'network' && founds ? null : network) : inNetwork
    return p.signEntry(statement, signer, place)
  }

  /** Places entries as one batch, with a seal. `access` overrides an access entry's place. */
  place(entries, { access, seal = {} } = {}) {
    const first = this.size
    for (const entry of entries) {
      const place = entry.kind === 'access' ? { ...this.#nextAccess(entry), ...access } : null
      this.entries.push({ index: this.size, bytes: entry.bytes, access: place })
      this.leaves.push(p.leafHash(p.encodeEntryLeaf(p.slotOf(entry, place), entry.hash)))
      const link = place ? p.accessLink(place.previous, place.number, entry.hash) : entry.link
      this.heads.set(hex(entry.chain), { sequence: place ? place.number : entry.sequence, link })
    }
    const last = { first, size: this.size + 1, time: this.now, prefixRoot: null, ...seal }
    this.seals.push(last)
    this.leaves.push(p.leafHash(p.encodeSeal(last)))
    return entries.at(-1)
  }

  /** Signs and places one entry in a batch of its own. */
  async add(entry, options) {
    return this.place([await this.sign(entry)], options)
  }

  #nextAccess(entry) {
    const { sequence, link } = this.head(entry.chain)
    return { number: sequence + 1, previous: link }
  }

  /** The answer of a relay to whoever has the tree of size `since`: all entries from there on. `change` may spoil it before it is encoded. */
  answer(since = 0, { size = this.size, entries, change = () => {} } = {}) {
    const leaves = this.leaves.slice(0, size)
    const node = ({ level, index }) => p.rootOf(leaves.slice(index * 2 ** level, (index + 1) * 2 ** level))
    const growth = since > 0 && since < size ? p.planConsistency(since, size) : null
    const chosen = entries ?? this.entries.filter(({ index }) => index >= since && index < size)
    const seals = this.seals.filter(
      (seal) => seal.size <= size && chosen.some(({ index }) => seal.first <= index && index < seal.size),
    )
    const indices = [...chosen.map(({ index }) => index), ...seals.map((seal) => seal.size - 1)].sort((a, b) => a - b)
    const answer = {
      checkpoint: p.signCheckpoint({ origin: ORIGIN, size, root: p.rootOf(leaves) }, logSigner),
      consistency: growth ? p.assemble(growth, growth.nodes.map(node)) : [],
      entries: chosen,
      seals,
      nodes: indices.length > 0 ? p.planBatch(size, indices).map(node) : [],
    }
    change(answer)
    return hex(p.encode(proven.encode(answer)))
  }

  /** What an entry that rests on these chains is judged by: their facts after everything that was placed, as `rules/apply` takes them. */
  async factsOf(chains) {
    const founding = p.decodeEntry(this.entries[0].bytes).link
    const ledger = new p.Ledger({ chain: network, founding, log: logSigner.key })
    await ledger.take(p.unpack(proven, bytes(this.answer()), 'answer'))
    const rows = (chain) => ledger.factsUnder(chain, '').map(({ key, value }) => [key, hex(value)])
    return Object.fromEntries(chains.map((chain) => [hex(chain), Object.fromEntries(rows(chain))]))
  }
}

// ——— bodies

export const wraps = (world, over = {}) => ({
  attached: { digest: counting(0x55), length: 1000, count: 1 },
  root: counting(0x56),
  asOf: world.size,
  ...over,
})

export const networkBody = {
  keys: root.device.keys,
  nonce: root.nonce,
  name: 'Alliance',
  origin: ORIGIN,
  logKey: logDevice.keys.sign,
  relay: 'https://relay.example',
}
export const institutionBody = (of, name) => ({ keys: of.device.keys, nonce: of.nonce, name })
export const memberBody = (world, of) => ({
  keys: of.device.keys,
  nonce: of.nonce,
  epochKey: of.epochKey,
  wraps: wraps(world),
})
export const credentialBody = (institution) => ({
  institution: institution.chain,
  claims: [],
  registration: null,
  notBefore: START - HOUR,
  until: START + 30 * DAY,
})
/** An issuer's consent to be appointed. */
export const proofOf = (by, institution) =>
  by.device.sign(p.enrolmentMessage(network, institution.chain, by.device.keys))

/** The way back from an epoch to the one before it. */
export const backTo = (epoch, to = epoch - 1) => (epoch === 0 ? null : { to, sealed: counting(0x58) })

export const epochStart = (section, epoch, over = {}) => ({
  section,
  epoch,
  commitment: counting(0x57),
  back: backTo(epoch),
  until: null,
  ...over,
})
export const trailStart = (epoch, over = {}) => ({
  epoch,
  key: trailKeys(counting(0x5a + epoch), { network, record, epoch }).key,
  back: backTo(epoch),
  ...over,
})
export const content = (section, epoch, over = {}) => ({
  section,
  epoch,
  object: { digest: counting(0x59), length: 500, count: 1, ...over },
})

// ——— entries as they would be right; `over` of each changes its body

/** What a member's act rests on: her chain, her institution, the network. */
export const standing = (who) => [who.chain, who === lee ? hospital.chain : clinic.chain, network]

export const acts = {
  found: (over = {}) => ({
    kind: 'network',
    type: 'found',
    chain: network,
    by: root,
    body: { ...networkBody, ...over },
  }),
  foundInstitution: (of, name, over = {}) => ({
    kind: 'institution',
    type: 'found',
    chain: of.chain,
    by: of,
    body: { ...institutionBody(of, name), ...over },
  }),
  admit: (of, founding) => ({
    kind: 'network',
    type: 'admit',
    chain: network,
    by: root,
    body: { institution: of.chain, founding: founding.link },
  }),
  remove: (of) => ({ kind: 'network', type: 'remove', chain: network, by: root, body: { institution: of.chain } }),
  relay: (relay = 'https://other.example') => ({
    kind: 'network',
    type: 'relay',
    chain: network,
    by: root,
    body: { relay },
  }),
  appoint: async (who, of) => ({
    kind: 'institution',
    type: 'appoint',
    chain: of.chain,
    by: of,
    body: { keys: who.device.keys, proof: await proofOf(who, of) },
  }),
  dismiss: (who, of, from) => ({
    kind: 'institution',
    type: 'dismiss',
    chain: of.chain,
    by: of,
    body: { device: who.device.id, from },
  }),
  foundMember: (world, of, over = {}) => ({
    kind: 'member',
    type: 'found',
    chain: of.chain,
    by: of,
    body: { ...memberBody(world, of), ...over },
  }),
  credential: (of, by, institution, over = {}) => ({
    kind: 'member',
    type: 'credential',
    chain: of.chain,
    by,
    body: { ...credentialBody(institution), ...over },
    restsOn: [institution.chain, network],
  }),
  accept: (of, credential) => ({
    kind: 'member',
    type: 'accept',
    chain: of.chain,
    by: of,
    body: { credential: credential.hash },
  }),
  withdraw: (of, by, institution, credential) => ({
    kind: 'member',
    type: 'withdraw',
    chain: of.chain,
    by,
    body: { credential: credential.hash },
    restsOn: [institution.chain, network],
  }),
  create: (world, over = {}) => ({
    kind: 'record',
    type: 'create',
    chain: record,
    by: chan,
    body: {
      founder: chan.chain,
      nonce: recordNonce,
      credential: world.named.get('chan').hash,
      trail: trailStart(0),
      epochs: [epochStart(0, 0), epochStart(1, 0), epochStart(2, 0)],
      contents: [content(0, 0), content(1, 0), content(2, 0)],
      wraps: wraps(world),
      ...over,
    },
    restsOn: standing(chan),
  }),
  grant: (world, to, over = {}) => ({
    kind: 'record',
    type: 'grant',
    chain: record,
    by: chan,
    body: {
      credential: world.named.get('chan').hash,
      from: null,
      recipient: to.chain,
      capacity: world.named.get(to === lee ? 'lee' : 'wong').hash,
      sections: [1],
      actions: 1,
      notBefore: 0,
      until: START + DAY,
      wraps: wraps(world),
      ...over,
    },
    restsOn: [...new Set([...standing(chan), ...standing(to)])],
  }),
  publish: (world, over = {}, by = chan) => ({
    kind: 'record',
    type: 'publish',
    chain: record,
    by,
    body: {
      credential: world.named.get(by === chan ? 'chan' : by === lee ? 'lee' : 'wong').hash,
      grant: null,
      version: 2,
      trail: null,
      epochs: [],
      contents: [content(1, 0)],
      wraps: null,
      ...over,
    },
    restsOn: standing(by),
  }),
  revoke: (world, over = {}) => ({
    kind: 'record',
    type: 'revoke',
    chain: record,
    by: chan,
    body: {
      credential: world.named.get('chan').hash,
      mode: 'revoke',
      grants: [world.named.get('grant')?.hash],
      trail: trailStart(1),
      epochs: [epochStart(0, 1), epochStart(1, 1)],
      contents: [content(0, 1)],
      wraps: wraps(world),
      ...over,
    },
    restsOn: standing(chan),
  }),
  view: (world, over = {}, by = lee, type = 'view') => ({
    kind: 'access',
    type,
    chain: accessLog,
    by,
    body: {
      record,
      grant: by === lee ? (world.named.get('grant')?.hash ?? null) : null,
      credential: world.named.get(by === lee ? 'lee' : by === chan ? 'chan' : 'wong').hash,
      version: 1,
      sections: [1],
      trailEpoch: 0,
      ...over,
    },
    restsOn: [record, ...standing(by)],
    over: { private: counting(0x5c) },
  }),
  note: (world, over = {}, by = lee) => {
    const { record: of, grant, credential, trailEpoch } = acts.view(world, {}, by).body
    return { ...acts.view(world, {}, by), type: 'note', body: { record: of, grant, credential, trailEpoch, ...over } }
  },
}

/** What plays in a case: entries that are signed and placed one after the other; a function gets the world as it then is. */
export const place =
  (...entries) =>
  async (world) => {
    for (const entry of entries) await world.add(await (typeof entry === 'function' ? entry(world) : entry))
  }

// ——— the story: each chapter goes on where the one before ended

/** A network with two institutions; the clinic has an issuer. */
export async function foundedWorld() {
  const world = new World()
  await world.add(acts.found())
  for (const [of, name] of [
    [clinic, 'Clinic'],
    [hospital, 'Hospital'],
  ]) {
    const founding = await world.sign(acts.foundInstitution(of, name))
    world.place([founding, await world.sign(acts.admit(of, founding))])
  }
  await world.add(await acts.appoint(issuer, clinic))
  return world
}

/** Chan, Lee and Wong have credentials. */
export async function peopledWorld(before) {
  const world = before.fork()
  for (const [name, of, by, institution] of [
    ['chan', chan, issuer, clinic],
    ['lee', lee, hospital, hospital],
    ['wong', wong, issuer, clinic],
  ]) {
    await world.add(acts.foundMember(world, of))
    const credential = await world.add(acts.credential(of, by, institution))
    await world.add(acts.accept(of, credential))
    world.named.set(name, credential)
  }
  return world
}

/** Chan has a record of a card and two sections. */
export async function recordedWorld(before) {
  const world = before.fork()
  await world.add(acts.create(world))
  return world
}

/** Lee may view section 1 for a day. */
export async function sharedWorld(before) {
  const world = before.fork()
  world.named.set('grant', await world.add(acts.grant(world, lee)))
  return world
}

/** Lee has viewed it. */
export async function viewedWorld(before) {
  const world = before.fork()
  await world.add(acts.view(world))
  return world
}

/** Chan has revoked Lee's grant. */
export async function revokedWorld(before) {
  const world = before.fork()
  await world.add(acts.revoke(world))
  return world
}
