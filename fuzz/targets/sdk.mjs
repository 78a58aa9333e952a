// Targets of the client SDK's own decoders: what an issuer answers, what lies in a vault, batches, network files, refusals of a relay.
// A vault's blobs are read with a keeper that gives the input: its seal has targets of its own (crypto.mjs).

import { joinBatch, splitBatch } from '../../packages/client-sdk/dist/batches.js'
import { createCaller } from '../../packages/client-sdk/dist/calls.js'
import * as credential from '../../packages/client-sdk/dist/credential.js'
import { codeText, readCode, spacedCode } from '../../packages/client-sdk/dist/device-code.js'
import { startEnrolment } from '../../packages/client-sdk/dist/device-enrolment.js'
import { openMember } from '../../packages/client-sdk/dist/enrolment.js'
import { framesIn } from '../../packages/client-sdk/dist/frames.js'
import { inbox } from '../../packages/client-sdk/dist/inbox.js'
import { readJournal, readMarks } from '../../packages/client-sdk/dist/journal.js'
import { decodeNetworkFile, encodeNetworkFile, openAuthority } from '../../packages/client-sdk/dist/network.js'
import { loadPins } from '../../packages/client-sdk/dist/pins.js'
import { relayAddress } from '../../packages/client-sdk/dist/transport.js'
import * as c from '../../packages/crypto/dist/index.js'
import * as p from '../../packages/protocol/dist/index.js'
import { acceptedOf, filled, fixed, Mismatch, same, toText, unhex, utf8 } from '../seeds.mjs'

await p.ready()
await c.ready()

const [chain, other] = [filled(0), filled(32)]
const logKey = acceptedOf('rules/take')[0].inputs.logKey
const pin = { chain, founding: other, log: p.decodeNoteKey(logKey) }
const network = { name: 'Alliance', relay: 'https://relay.example', pin }
const networkText = encodeNetworkFile(network)
const entry = unhex(acceptedOf('entries/verify')[0].inputs.bytes)

const frame = (after, ...indexes) => ({ after, notices: indexes.map((index) => ({ index, chain })), ends: false })

/** Frames as a relay sends them. */
function framesOf(...frames) {
  const contents = frames.map((one) => p.pack(p.inboxFrame, one))
  return p.concat(
    ...contents.flatMap((content) => [Uint8Array.of(0, 0, content.length >> 8, content.length & 255), content]),
  )
}

async function readFrames(bytes) {
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7)
  }
  const frames = []
  for await (const one of framesIn(pieces())) frames.push(one)
  return frames
}

const keeping = (blob) => ({
  get: async () => blob,
  put: async () => {},
  update: async () => {},
  remove: async () => {},
})

const unlock = { hostKey: filled(0) }
const { header, master } = await c.createVaultKey(unlock, fixed)
const surroundings = {
  now: () => 1_790_000_000_000,
  random: fixed,
  transport: () => Promise.reject(new Error('offline')),
}

/** A vault whose blob `authority` holds the input. */
const vaultWith = (bytes) => ({
  unlock,
  vault: {
    async read(name) {
      if (name === 'vault-key') return { bytes: header, tag: '1' }
      if (name !== 'authority') return null
      return { bytes: await c.sealBlob(master, name, { counter: 1, bytes }, fixed), tag: '1' }
    },
    write: async () => '2',
    remove: async () => {},
  },
})

const refusals = [
  ['CONFLICT', 'moved', null, 5, null],
  ['RATE', '', 1, null, null],
].map((fields) => p.encode(fields))

/** Status (one of five, by the first byte) and body of an answer that is none. */
async function refusedCall(bytes) {
  const status = [400, 409, 429, 500, 503][(bytes[0] ?? 0) % 5]
  const exchange = async () => ({ status, retryAfter: toText(bytes.subarray(1, 8)), bytes: bytes.slice(1) })
  const caller = createCaller({ exchange, sign: null, random: fixed, retries: 0 })
  const call = { method: 'GET', url: 'https://relay.example/health', body: new Uint8Array(), cap: 100, signed: false }
  await caller.send(call, undefined)
}

/** The network that the blob names is not looked at when it is read. */
const inboxShape = p.struct({ network: p.bytes(32), acknowledged: p.uint() })

const file = [filled(0, 16), filled(0), filled(0, 74), 1, 'scan.dcm', 'series', 1000, null, filled(0, 96)]
const journal = [chain, [[filled(0, 16), 5, 3]], [file, file], filled(0, 20)]

export const sdkTargets = [
  {
    name: 'sdk/decodeCredentialRequest',
    form: 'cbor',
    seeds: [p.encode([chain, entry]), p.encode([chain, null])],
    run: credential.decodeCredentialRequest,
    reencode: credential.encodeCredentialRequest,
  },
  {
    name: 'sdk/decodeCredentialAnswer',
    form: 'cbor',
    seeds: [p.encode([entry, filled(0, 90), null]), p.encode([entry, filled(0, 90), filled(0, 100)])],
    run: credential.decodeCredentialAnswer,
    reencode: credential.encodeCredentialAnswer,
  },
  {
    // The first byte is the number of segments that were asked for.
    name: 'sdk/splitBatch',
    form: 'bytes',
    seeds: [0, 1, 3].map((count) =>
      Uint8Array.of(count, ...joinBatch(Array(count).fill([filled(0, 50), filled(9, 9)]))),
    ),
    run: (bytes) => splitBatch(bytes.slice(1), bytes[0] ?? 0),
    reencode: (segments) => Uint8Array.of(segments.length, ...joinBatch(segments.map((segment) => [segment]))),
    original: (bytes) => (bytes.length === 0 ? Uint8Array.of(0) : bytes),
  },
  {
    // In pieces of seven bytes: where a piece ends means nothing.
    name: 'sdk/frames of notices',
    form: 'bytes',
    seeds: [framesOf(frame(0)), framesOf(frame(7, 9), frame(9), frame(9, 70_000, 70_001))],
    run: readFrames,
    reencode: (frames) => framesOf(...frames),
  },
  {
    name: 'sdk/decodeNetworkFile',
    form: 'text',
    seeds: [utf8(networkText), utf8(networkText.replaceAll('\n', ' '))],
    // JSON has many forms: what was read, written and read again must be the same.
    run(bytes) {
      const text = encodeNetworkFile(decodeNetworkFile(toText(bytes)))
      if (encodeNetworkFile(decodeNetworkFile(text)) !== text) throw new Mismatch('two readings of a network file')
    },
  },
  {
    name: 'sdk/relayAddress',
    form: 'text',
    seeds: ['https://relay.example', 'http://localhost:8080/', 'https://a.example/b', 'http://[::1]', 'http://x'].map(
      utf8,
    ),
    run(bytes) {
      const address = relayAddress(toText(bytes))
      if (relayAddress(address) !== address && !address.endsWith('/')) throw new Mismatch('two readings of an address')
    },
  },
  {
    name: 'sdk/refusal of a relay',
    form: 'cbor',
    seeds: refusals.flatMap((body) => [0, 1, 2, 3, 4].map((status) => Uint8Array.of(status, ...body))),
    run: refusedCall,
  },
  {
    name: 'vault blob/pins',
    form: 'cbor',
    seeds: [
      p.encode([chain, null, []]),
      p.encode([
        chain,
        [7, other],
        [
          [chain, 0, other],
          [other, 9, chain],
        ],
      ]),
    ],
    run: (bytes) => loadPins(keeping(bytes), chain),
    reencode: ({ tree, chains }) =>
      p.encode([chain, tree && [tree.size, tree.root], chains.map((one) => [one.chain, one.sequence, one.link])]),
  },
  {
    name: 'vault blob/journal',
    form: 'cbor',
    seeds: [p.encode(journal), p.encode([chain, [], [], null])],
    async run(bytes) {
      const state = await readJournal({ keeper: keeping(bytes), id: filled(0, 16) }, chain)
      for (const read of state.files) readMarks(read)
      const files = state.files.map((read) => Object.values(read))
      same(p.encode([state.record, state.uploads.map(Object.values), files, state.note]), bytes, 'journals')
    },
  },
  {
    name: 'vault blob/inbox',
    form: 'cbor',
    seeds: [p.encode([chain, 0]), p.encode([chain, 70_000])],
    async run(bytes) {
      const { network: read } = p.unpack(inboxShape, bytes, 'inbox')
      let asked = 0
      const link = { inbox: async ({ after }) => ({ notices: [], after: (asked = after) }) }
      for await (const _ of inbox({ session: { keeper: keeping(bytes), link } }, { once: true }));
      same(p.encode([read, asked]), bytes, 'what was acknowledged, and the input')
    },
  },
  {
    // A device's keys are made when the nonce was read: 1 ms.
    name: 'vault blob/nonce',
    form: 'cbor',
    seeds: [p.encode([filled(0)])],
    share: 1 / 20,
    run: (bytes) =>
      openMember(
        { ...keeping(null), get: async (name) => (name === 'founding-nonce' ? bytes : null) },
        network,
        null,
        surroundings,
      ),
  },
  {
    // A device's keys are made when the offer was read: 1 ms. One that was invited already asks nobody.
    name: 'vault blob/device offer',
    form: 'cbor',
    seeds: [null, other].map((member) => p.encode([chain, filled(0), filled(0, 16), filled(0, 90), member])),
    share: 1 / 20,
    run: (bytes) =>
      startEnrolment({ ...keeping(null), get: async (name) => (name === 'device-offer' ? bytes : null) }, network, {
        options: { ...surroundings, wait: async () => {} },
        restart: false,
        open: async () => {},
      }),
  },
  {
    name: 'sdk/readCode',
    form: 'text',
    seeds: [filled(0, 20), filled(100, 20)].flatMap((code) => [codeText(code), spacedCode(codeText(code))]).map(utf8),
    // People type a code in many ways: what was read, shown and read again must be the same.
    run(bytes) {
      const code = readCode(toText(bytes))
      same(readCode(spacedCode(codeText(code))), code, 'two readings of a code')
    },
  },
  {
    name: 'vault blob/authority',
    form: 'cbor',
    seeds: ['network', 'institution', 'issuer'].map((role) =>
      p.encode([role, chain, filled(64), networkText.replaceAll('\n', ' ').trimEnd()]),
    ),
    share: 1 / 20,
    run: (bytes) => openAuthority(vaultWith(bytes), 'issuer', surroundings),
  },
]
