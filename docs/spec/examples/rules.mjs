// Worked examples of docs/spec/rules.md: a record from the founding of its network to a revocation, judged by the rules entry by entry,
// with the facts that each changes; and entries that are refused at the end of it. Keys and nonces are fixed and public.
import {
  ready as cryptoReady,
  deviceFromSeed,
  memberEpochKeys,
  trailKeys,
} from '../../../packages/crypto/dist/index.js'
import {
  accessLink,
  accessLogOf,
  applyEntry,
  chainIdOf,
  encode,
  facts,
  hex,
  lookFor,
  ready,
  signEntry,
} from '../../../packages/protocol/dist/index.js'
import { enrolmentMessage } from '../../../packages/protocol/dist/rules/authority.js'
import { counting, table, values, writeExamples } from './lib.mjs'

await cryptoReady()
await ready()

const START = 1_790_000_000_000
const HOUR = 60 * 60_000

// ——— a relay's state in its smallest form

const state = new Map()
const heads = new Map()
const stored = { get: (chain, key) => state.get(hex(chain) + key) ?? null, under: () => [] }
const names = new Map()
let size = 0
let now = START
let network = null

const restOn = (chain) => ({ chain, ...heads.get(hex(chain)) })
const nameOf = (chain) => names.get(hex(chain)) ?? hex(chain).slice(0, 8)

async function sign({ kind, type, chain, by, body, restsOn = [], note = null }) {
  const founds = type === 'found' || type === 'create'
  const head = heads.get(hex(chain)) ?? { sequence: 0, link: chain }
  const before = founds ? { sequence: -1, link: null } : head
  const place = { sequence: before.sequence + (kind === 'access' ? 0 : 1), previous: before.link }
  const statement = { kind, chain, ...place, time: now, seen: null, type, body, private: note }
  const signer = { chain: by.chain, device: by.device.id, sign: by.device.sign }
  return signEntry(
    { ...statement, restsOn: restsOn.map(restOn) },
    signer,
    kind === 'network' && founds ? null : network,
  )
}

const judge = (entry) => applyEntry(entry, lookFor(entry, stored, network ?? entry.chain), { index: size, time: now })

/** Places an entry with a batch of its own; what it changed, as the rows of the table. */
const rows = []
async function place(entry) {
  const changes = await judge(entry)
  for (const { key, value } of changes) state.set(hex(entry.chain) + key, value)
  const { sequence } = heads.get(hex(entry.chain)) ?? { sequence: 0 }
  const number = sequence + 1
  const link =
    entry.kind === 'access'
      ? accessLink(heads.get(hex(entry.chain))?.link ?? entry.chain, number, entry.hash)
      : entry.link
  heads.set(hex(entry.chain), { sequence: entry.kind === 'access' ? number : entry.sequence, link })
  const rests = entry.restsOn.map(({ chain, sequence: at }) => `${nameOf(chain)} ${at}`)
  const keys = changes.map(({ key }) => `\`${key.replace(/[0-9a-f]{64}/, (id) => `${id.slice(0, 8)}…`)}\``)
  const at = entry.kind === 'access' ? `number ${number}` : entry.sequence
  rows.push([
    size,
    `${entry.kind} \`${entry.type}\``,
    `${nameOf(entry.chain)} ${at}`,
    nameOf(entry.signer.chain),
    rests.join(', ') || '–',
    keys.join(' ') || '–',
  ])
  size += 2
  return entry
}

// ——— actors

const deviceOf = (first) => deviceFromSeed(counting(first))
const digest = (first) => counting(first)
const wraps = () => ({ attached: { digest: digest(0x55), length: 1000, count: 1 }, root: digest(0x56), asOf: size })
const rootDevice = deviceOf(0x01)
network = chainIdOf(null, rootDevice.id, counting(0x81))
const root = { chain: network, device: rootDevice }
names.set(hex(network), 'network')
const foundedNetwork = {
  keys: rootDevice.keys,
  nonce: counting(0x81),
  name: 'Alliance',
  origin: 'log.example',
  logKey: digest(0x82),
  relay: 'https://relay.example',
}
const clinicDevice = deviceOf(0x02)
const clinic = { chain: chainIdOf(network, clinicDevice.id, counting(0x83)), device: clinicDevice }
names.set(hex(clinic.chain), 'clinic')
const issuer = { chain: clinic.chain, device: deviceOf(0x03) }

await place(await sign({ kind: 'network', type: 'found', chain: network, by: root, body: foundedNetwork }))
const clinicFound = await place(
  await sign({
    kind: 'institution',
    type: 'found',
    chain: clinic.chain,
    by: clinic,
    body: { keys: clinicDevice.keys, nonce: counting(0x83), name: 'Clinic' },
  }),
)
await place(
  await sign({
    kind: 'network',
    type: 'admit',
    chain: network,
    by: root,
    body: { institution: clinic.chain, founding: clinicFound.link },
  }),
)
const proof = await issuer.device.sign(enrolmentMessage(network, clinic.chain, issuer.device.keys))
await place(
  await sign({
    kind: 'institution',
    type: 'appoint',
    chain: clinic.chain,
    by: clinic,
    body: { keys: issuer.device.keys, proof },
  }),
)

async function member(name, first) {
  const device = deviceOf(first)
  const nonce = counting(first + 0x80)
  const chain = chainIdOf(network, device.id, nonce)
  names.set(hex(chain), name)
  const { key } = memberEpochKeys(counting(first + 0x20), { network, member: chain, epoch: 0 })
  const by = { chain, device }
  await place(
    await sign({
      kind: 'member',
      type: 'found',
      chain,
      by,
      body: { keys: device.keys, nonce, epochKey: key, wraps: wraps() },
    }),
  )
  const body = {
    institution: clinic.chain,
    claims: [],
    registration: null,
    notBefore: START - HOUR,
    until: START + 1000 * HOUR,
  }
  const credential = await place(
    await sign({ kind: 'member', type: 'credential', chain, by: issuer, body, restsOn: [clinic.chain, network] }),
  )
  await place(await sign({ kind: 'member', type: 'accept', chain, by, body: { credential: credential.hash } }))
  return { chain, device, credential: credential.hash }
}

const chan = await member('Chan', 0x10)
const lee = await member('Lee', 0x11)
const standing = (who) => [who.chain, clinic.chain, network]

// ——— a record

const nonce = counting(0x91)
const record = chainIdOf(network, chan.chain, nonce)
const log = accessLogOf(record)
names.set(hex(record), 'record').set(hex(log), 'access log')
const start = (section, epoch) => ({
  section,
  epoch,
  commitment: digest(0x57),
  back: epoch === 0 ? null : { to: epoch - 1, sealed: digest(0x58) },
  until: null,
})
const content = (section, epoch) => ({ section, epoch, object: { digest: digest(0x59), length: 500, count: 1 } })
const trailStart = (epoch) => ({
  epoch,
  key: trailKeys(counting(0x5a + epoch), { network, record, epoch }).key,
  back: epoch === 0 ? null : { to: epoch - 1, sealed: digest(0x58) },
})

const created = {
  founder: chan.chain,
  nonce,
  credential: chan.credential,
  trail: trailStart(0),
  epochs: [start(0, 0), start(1, 0)],
  contents: [content(0, 0), content(1, 0)],
  wraps: wraps(),
}
await place(
  await sign({ kind: 'record', type: 'create', chain: record, by: chan, body: created, restsOn: standing(chan) }),
)
const granted = {
  credential: chan.credential,
  from: null,
  recipient: lee.chain,
  capacity: lee.credential,
  sections: [1],
  actions: 1,
  notBefore: 0,
  until: START + HOUR,
  wraps: wraps(),
}
const grant = await place(
  await sign({
    kind: 'record',
    type: 'grant',
    chain: record,
    by: chan,
    body: granted,
    restsOn: [...standing(chan), lee.chain],
  }),
)
const viewing = { record, grant: grant.hash, credential: lee.credential, version: 1, sections: [1], trailEpoch: 0 }
const view = (over = {}) =>
  sign({
    kind: 'access',
    type: 'view',
    chain: log,
    by: lee,
    body: { ...viewing, ...over },
    restsOn: [record, ...standing(lee)],
    note: digest(0x5c),
  })
await place(await view())
const afterView = { time: now, size }
const revoked = {
  credential: chan.credential,
  mode: 'revoke',
  grants: [grant.hash],
  trail: trailStart(1),
  epochs: [start(0, 1), start(1, 1)],
  contents: [content(0, 1)],
  wraps: wraps(),
}
const revoke = (over = {}, restsOn = standing(chan)) =>
  sign({ kind: 'record', type: 'revoke', chain: record, by: chan, body: { ...revoked, ...over }, restsOn })
const version = {
  credential: chan.credential,
  grant: null,
  version: 2,
  trail: null,
  epochs: [],
  contents: [content(1, 0)],
  wraps: null,
}
const publish = (over = {}, by = chan) =>
  sign({
    kind: 'record',
    type: 'publish',
    chain: record,
    by,
    body: { ...version, credential: by.credential, ...over },
    restsOn: standing(by),
  })

// ——— what is refused here

const refused = []
async function refuse(what, entry) {
  const code = await judge(entry).then(
    () => 'accepted',
    (error) => error.code,
  )
  if (code === 'accepted') throw new Error(`${what}: accepted`)
  refused.push([what, `\`${code}\``])
}

await refuse('Lee views section 2', await view({ sections: [2] }))
await refuse('Lee views version 2', await view({ version: 2 }))
await refuse('Lee, under a purpose sealed to trail epoch 1', await view({ trailEpoch: 1 }))
await refuse('Lee publishes', await publish({}, lee))
await refuse('Chan publishes version 3', await publish({ version: 3 }))
await refuse('Chan recalls, and says nothing of the access log', await revoke({ mode: 'recall' }))
await refuse('Chan revokes, and section 1 keeps its key', await revoke({ epochs: [start(0, 1)] }))
now = START + HOUR
await refuse('an hour later: Lee views', await view())
await refuse('an hour later: Chan publishes under the keys that Lee holds', await publish())
;({ time: now, size } = afterView)
await place(await revoke())
await refuse('after the revocation: Lee views', await view({ trailEpoch: 1 }))

const read = (chain, fact) => state.get(hex(chain) + fact.key)
writeExamples('rules.md', {
  sequence: table(['index', 'entry', 'chain and sequence', 'signer', 'rests on', 'facts changed'], rows),
  facts: values({
    'founded of the record': read(record, facts.founded),
    'section/001': read(record, facts.section(1)),
    counters: read(record, facts.counters),
    'holder of Lee': read(record, facts.holder(lee.chain)),
    'viewed of Lee': read(log, facts.viewed(lee.chain)),
    'CBOR of counters': encode([1, 0, 2, 1]),
  }),
  refused: table(['entry', 'code'], refused),
})
