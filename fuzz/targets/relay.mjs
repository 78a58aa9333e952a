// Targets of the relay: tickets, its address, stored edges, the head lock's slots, and the whole relay over stores in memory, without a
// socket: every answer to a request that nobody signed is one of its own refusals, never 500.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as p from '../../packages/protocol/dist/index.js'
import { newSlots, openSlots } from '../../packages/relay/dist/head-slots.js'
import {
  createRelay,
  defaultConfig,
  memoryHeadLock,
  memorySegments,
  memoryStore,
} from '../../packages/relay/dist/index.js'
import { relayUrl } from '../../packages/relay/dist/relay.js'
import { edgeOf } from '../../packages/relay/dist/store/read-back.js'
import { createTickets, hmacSha256 } from '../../packages/relay/dist/tickets.js'
import { acceptedOf, filled, fixed, Mismatch, same, toText, unhex, utf8, vectorsOf } from '../seeds.mjs'

await p.ready()

const now = 1_790_000_000_000
const ticketKey = filled(0)
const tickets = createTickets(ticketKey, () => now)
const hmac = hmacSha256(ticketKey)
const toTicket = (body) =>
  Buffer.concat([body, hmac(Buffer.concat([p.labelBytes('ticket'), body]))]).toString('base64url')
const ticketOf = (text) => new Uint8Array(Buffer.from(text, 'base64url'))
const ticket = {
  kind: 1,
  member: filled(0),
  device: filled(32),
  record: filled(64),
  version: 2,
  sections: [1, 2],
  grant: filled(96),
  subject: filled(0, 32),
}
const issued = [ticket, { ...ticket, kind: 2, grant: null }].map((one) => tickets.issue(one))

/** What the relay answers where `check` says null. */
const unknown = () => new p.ProtocolError('UNKNOWN', 'no such ticket')

// ——— the relay whole

const headLock = await memoryHeadLock('relay.test', filled(0))
const relay = await createRelay({
  store: memoryStore(),
  segments: memorySegments(),
  headLock,
  clock: { now: () => now, wait: async () => {} },
  random: fixed,
  config: { ...defaultConfig, url: 'https://relay.test', foundingToken: filled(0), ticketKey },
  onFatal: (error) => {
    throw error
  },
})

const entries = vectorsOf('rules/list').map(({ inputs }) => inputs.entries.map(unhex))
const founding = p.unpack(
  p.list(p.blob(64 * 1024), 3),
  p.encode([unhex(acceptedOf('entries/verify')[0].inputs.bytes)]),
  'x',
)
const message = (path, body) => Buffer.concat([utf8(`POST ${path}\n\n`), body])
const signatureInput = vectorsOf('requests/verify')[0].inputs.headers['signature-input']
const signed = `signature-input: ${signatureInput}\nsignature: sealchart=:${'A'.repeat(86)}==:\ncontent-digest: sha-256=::`
const requestSeeds = [
  ...[...entries, founding].map((list) => message(p.paths.append, p.encode([list, [], [], [], [], 'a.b', 0]))),
  message(p.paths.sync, p.encode([0, [[filled(0), 0]], []])),
  ...[p.paths.records, p.paths.inbox, p.paths.inboxStream, p.paths.directory, p.paths.wraps, p.paths.uploads].map(
    (path) => Buffer.concat([utf8(`POST ${path}\n${signed}\n\n`), p.encode([0, null, null, 1, []])]),
  ),
  message(p.paths.meetings, p.encode([filled(0), [0, filled(64)]])),
  message(`${p.paths.segmentBatch}?ticket=${issued[0]}`, p.encode([filled(64), [filled(0)]])),
  message(`${p.paths.segments}?ticket=${issued[1]}&section=1`, Uint8Array.of(0, 0, 0, 2, 1, 2)),
  message(`${p.paths.present}?ticket=${issued[1]}`, p.encode([filled(64), [filled(0)]])),
  ...['/tile/0/000.p/1', '/tile/entries/x000/000', '/checkpoint', '/health', p.paths.network, '/v1/segments/aa'].map(
    (path) => utf8(`GET ${path}\n\n`),
  ),
].map((seed) => new Uint8Array(seed))

/** Method and path, header fields, an empty line, the body. Null for what no HTTP library would send. */
function requestOf(bytes) {
  const text = Buffer.from(bytes).toString('latin1')
  const end = text.indexOf('\n\n')
  const [first = '', ...fields] = text.slice(0, end < 0 ? text.length : end).split('\n')
  const [method = 'GET', path = '/'] = first.split(' ')
  try {
    const headers = new Headers(fields.map((line) => [line.split(': ')[0], line.split(': ').slice(1).join(': ')]))
    const body = method === 'GET' || end < 0 ? null : bytes.slice(end + 2)
    return new Request(new URL(path, 'https://relay.test'), { method, headers, body, duplex: 'half' })
  } catch {
    return null
  }
}

async function ask(bytes) {
  const request = requestOf(bytes)
  if (request === null) throw new p.ProtocolError('USAGE', 'not a request')
  const response = await relay.fetch(request)
  const body = new Uint8Array(await response.arrayBuffer())
  if (response.status >= 500 && response.status !== 503) throw new Mismatch(`the relay answers ${response.status}`)
  if (response.status < 400) return
  // As what it said, for the count of codes.
  const isCbor = response.headers.get('content-type') === 'application/cbor'
  const code = isCbor ? p.unpack(p.errorAnswer, body, 'refusal').code : 'UNKNOWN'
  if (code === 'INTERNAL') throw new Mismatch('the relay answers INTERNAL')
  throw new p.SealchartError(code, `status ${response.status}`)
}

// ——— the head lock

/** A file of two slots: the first holds the input as its body, under the hash that fits it; the second was never written. */
async function openLock(body) {
  const file = new Uint8Array(newSlots().length)
  const own = body.subarray(0, 60_000)
  file.set(p.hashBytes('headLock', own.length === 0 || own[0] < 0x80 ? Uint8Array.of(0x80, ...own) : own))
  new DataView(file.buffer).setUint32(32, own.length)
  file.set(own, 36)
  const folder = mkdtempSync(join(tmpdir(), 'sealchart-fuzz-'))
  try {
    writeFileSync(join(folder, 'slots'), file)
    const slots = await openSlots(join(folder, 'slots'))
    await slots.close()
    return slots.latest
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export const relayTargets = [
  {
    // Under the right MAC: what the decoder behind it does.
    name: 'relay/ticket content',
    form: 'cbor',
    seeds: issued.map((text) => ticketOf(text).slice(0, -32)),
    share: 1 / 2,
    run(bytes) {
      const read = tickets.check(toTicket(bytes), bytes[1])
      if (read === null) throw unknown()
      same(p.pack(p.ticketShape, read), bytes, 'tickets')
    },
  },
  {
    name: 'relay/ticket',
    form: 'text',
    seeds: issued.map(utf8),
    share: 1 / 2,
    run(bytes) {
      const text = toText(bytes)
      if (tickets.check(text, 1) === null) throw unknown()
      if (!issued.some((known) => Buffer.compare(ticketOf(known), ticketOf(text)) === 0))
        throw new Mismatch('a ticket that was never issued')
    },
  },
  {
    name: 'relay/relayUrl',
    form: 'text',
    seeds: ['https://relay.example', 'http://localhost:8080/', 'https://a.example/b/', 'https://x/?a=b#c'].map(utf8),
    run: (bytes) => relayUrl(toText(bytes)),
  },
  {
    name: 'relay/stored edge',
    form: 'cbor',
    seeds: [1, 2, 3, 7].map((size) => {
      const hashes = Array.from({ length: size }, (_, i) => p.leafHash(filled(i)))
      return p.pack(
        p.edgeShape,
        hashes.reduce((edge, leaf) => p.append(edge, leaf), p.emptyEdge),
      )
    }),
    run(bytes) {
      const { size } = p.unpack(p.edgeShape, bytes, 'edge')
      return edgeOf({ size, root: p.rootOfEdge(p.unpack(p.edgeShape, bytes, 'edge')), edge: bytes })
    },
    reencode: (edge) => p.pack(p.edgeShape, edge),
  },
  {
    // A folder with a file is made for every input.
    name: 'relay/head lock slots',
    form: 'cbor',
    seeds: [
      p.encode([1, 0, 0, p.emptyRoot(), new Uint8Array()]),
      p.encode([1, 7, 3, filled(0), utf8('note —\n')]),
      p.encode([1, 7, 3, filled(0), Uint8Array.of(0xff)]),
    ],
    share: 1 / 50,
    run: openLock,
  },
  { name: 'relay/requests', form: 'text', seeds: requestSeeds, share: 1 / 10, run: ask },
]
