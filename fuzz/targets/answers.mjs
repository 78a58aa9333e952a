// Targets of what a relay and its clients send each other: proven answers, proofs, and every request and answer of the interface.
import * as api from '../../packages/protocol/dist/api.js'
import * as p from '../../packages/protocol/dist/index.js'
import { proven } from '../../packages/protocol/dist/proven.js'
import { acceptedOf, filled, Mismatch, same, unhex, vectorsOf } from '../seeds.mjs'

await p.ready()

const world = acceptedOf('rules/take')[0].inputs
const logKey = p.decodeNoteKey(world.logKey)
const pin = { chain: unhex(world.network), founding: unhex(world.founding), log: logKey }
const answers = vectorsOf('rules/take', 'rules/trail', 'wraps/fits').map(({ inputs }) => unhex(inputs.proven))
const sound = acceptedOf('rules/take').map(({ inputs }) => p.unpack(proven, unhex(inputs.proven), 'answer'))
const [smallest] = sound
  .filter(({ entries }) => entries.length > 0)
  .toSorted((a, b) => p.pack(proven, a).length - p.pack(proven, b).length)

const [row] = acceptedOf('wraps/row').map(({ inputs }) => p.decodeWrapRow(unhex(inputs.row)))
const [a, b] = [filled(0), filled(32)]
const entry = smallest.entries[0].bytes
const handout = {
  entry: a,
  keys: [{ wraps: b, keys: filled(0, 90) }],
  opened: [{ section: 1, version: 2, epoch: 0, manifest: filled(0, 40) }],
  ticket: 'dGlja2V0',
  segments: [filled(0, 60)],
}
const handed = { wraps: a, position: 3, leaf: row.leaf, envelope: row.envelope, path: [a, b] }
const access = { number: 4, link: b }

/** One made-up message of each shape; the mutations vary it, and take items of the others. */
const messages = {
  appendRequest: {
    entries: [entry],
    attachments: [filled(0, 80)],
    beside: [filled(0, 30)],
    segments: [{ record: a, section: 1, bytes: filled(0, 60) }],
    uploads: [filled(0, 16)],
    token: 'a.b',
    seen: 9,
  },
  appendAnswer: { proven: smallest, handouts: [handout] },
  handout,
  known: { chain: a, sequence: 7 },
  syncRequest: { seen: 3, want: [{ chain: a, after: 0 }], have: [{ chain: b, sequence: 1 }] },
  syncAnswer: { proven: smallest, beside: [filled(0, 50)], more: true },
  handedRow: handed,
  recordsRequest: { seen: 3, record: a, after: null, limit: 50, have: [{ chain: b, sequence: 1 }] },
  attachmentAnswer: { digest: a },
  recordItem: { record: a, changed: 12, card: filled(0, 200), rows: [handed], access },
  recordsAnswer: {
    records: [{ record: a, changed: 12, card: filled(0, 200), rows: [handed], access }],
    proven: smallest,
    beside: [],
    more: false,
  },
  wrapsRequest: { wanted: [{ chain: a, wraps: b }] },
  wrapsAnswer: { rows: [handed, null] },
  meetingRequest: { place: a, put: { slot: 2, bytes: filled(0, 90) } },
  meetingAnswer: { slots: [filled(0, 90), null, null] },
  directoryRequest: { claim: 'registration', value: 'M01234' },
  directoryAnswer: { members: [a, b] },
  teamsRequest: { member: a },
  teamsAnswer: { teams: [a, b] },
  inboxRequest: { after: 0, limit: 200, wait: 25_000 },
  inboxAnswer: { notices: [{ index: 7, chain: a }] },
  inboxStreamRequest: { after: 6 },
  inboxFrame: { after: 6, notices: [{ index: 7, chain: a }], ends: false },
  uploadRequest: { id: filled(0, 16), record: a, nonce: b, reserved: 1_000_000 },
  uploadAnswer: { ticket: 'dGlja2V0', expires: 1_790_000_000_000 },
  presentRequest: { record: a, names: [a, b] },
  presentAnswer: { present: [true, false] },
  segmentBatchRequest: { record: a, names: [a, b] },
  networkAnswer: { network: a, founding: b, log: world.logKey },
  ticketShape: {
    kind: 1,
    member: a,
    device: b,
    record: a,
    version: 2,
    sections: [1, 2],
    grant: null,
    subject: filled(0, 16),
    expires: 1_790_000_000_000,
  },
  errorAnswer: { code: 'CONFLICT', message: 'moved', entryTime: null, logTime: 5, missed: smallest },
}

const shapes = new Map(Object.entries(api).filter(([, value]) => typeof value.decode === 'function'))
const seedsOfShapes = Object.entries(messages).map(([name, message]) => p.pack(shapes.get(name), message))

/** A shape that is added to api.js without a message here is an error: it would be left out. */
const shapeTargets = [...shapes].map(([name, shape]) => {
  if (!Object.hasOwn(messages, name)) throw new Error(`fuzz/targets/answers.mjs has no message of ${name}`)
  return {
    name: `api/${name}`,
    form: 'cbor',
    seeds: [p.pack(shape, messages[name])],
    lenders: seedsOfShapes,
    run(bytes) {
      const value = p.unpack(shape, bytes, name)
      same(p.packAnswer(shape, value), bytes, 'what packAnswer writes and the input')
      return value
    },
    reencode: (value) => p.pack(shape, value),
  }
})

const hashes = (texts) => texts.map(unhex)
const proofSeeds = [
  ...vectorsOf('log/inclusion').map(({ inputs: { size, root, index, leafHash, path } }) =>
    p.encode([0, size, unhex(root), [[index, unhex(leafHash)]], hashes(path)]),
  ),
  ...vectorsOf('log/consistency').map(({ inputs: { old, new: grown, proof } }) =>
    p.encode([1, grown.size, unhex(grown.root), [[old.size, unhex(old.root)]], hashes(proof)]),
  ),
  ...vectorsOf('log/batch').map(({ inputs: { size, root, leaves, nodes } }) =>
    p.encode([2, size, unhex(root), leaves.map(([index, hash]) => [index, unhex(hash)]), hashes(nodes)]),
  ),
]
const hash = p.bytes(32)
const proofShape = p.struct({
  kind: p.uint(2),
  size: p.uint(),
  root: hash,
  leaves: p.list(p.struct({ index: p.uint(), hash }), 1000),
  nodes: p.list(hash, 1000),
})

/** Every entry of the vectors. */
const untouched = new Set(
  answers.flatMap((answer) => {
    try {
      return p.unpack(proven, answer, 'answer').entries.map(({ bytes }) => p.hex(bytes))
    } catch {
      return []
    }
  }),
)

export const answerTargets = [
  {
    name: 'proven/unpack',
    form: 'cbor',
    seeds: answers,
    run: (bytes) => p.unpack(proven, bytes, 'answer'),
    reencode: (answer) => p.pack(proven, answer),
  },
  {
    name: 'proven/verifyProven',
    form: 'cbor',
    seeds: answers,
    share: 1 / 4,
    run: (bytes) => p.verifyProven(p.unpack(proven, bytes, 'answer'), logKey, null),
  },
  {
    // A ledger that has seen nothing takes the answer: rules included.
    name: 'ledger/take',
    form: 'cbor',
    seeds: answers,
    share: 1 / 20,
    async run(bytes) {
      const placed = await new p.Ledger(pin).take(p.unpack(proven, bytes, 'answer'))
      if (!placed.every(({ entry: taken }) => untouched.has(p.hex(taken.bytes))))
        throw new Mismatch('a changed entry was taken: entries are signed, and their places proven')
    },
  },
  {
    name: 'merkle/verify proofs',
    form: 'cbor',
    seeds: proofSeeds,
    run(bytes) {
      const { kind, size, root, leaves, nodes } = p.unpack(proofShape, bytes, 'proof')
      const [first = { index: 0, hash: root }] = leaves
      if (kind === 0) p.verifyInclusion(first, { size, root }, nodes)
      else if (kind === 1) p.verifyConsistency({ size: first.index, root: first.hash }, { size, root }, nodes)
      else p.verifyBatch({ size, root }, leaves, nodes)
    },
  },
  {
    name: 'merkle/edge',
    form: 'cbor',
    seeds: [0, 1, 5, 7, 1000].map((size) => {
      let edge = p.emptyEdge
      for (let i = 0; i < size; i++) edge = p.append(edge, p.leafHash(filled(i & 63)))
      return p.pack(p.edgeShape, edge)
    }),
    run(bytes) {
      const edge = p.unpack(p.edgeShape, bytes, 'edge')
      p.rootOfEdge(edge)
      return edge
    },
    reencode: (edge) => p.pack(p.edgeShape, edge),
  },
  ...shapeTargets,
]
