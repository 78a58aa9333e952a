// Every function that the package exports, called by a program without types: a code of ours, never another error, never an answer.
import { beforeAll } from 'vitest'
import * as protocol from '../src/index.js'
import { World } from './actors.js'
import { type Member } from './devices.js'
import { misuse, type Row, whole } from './misuse.js'
import { deviceOf, filled } from './support.js'
import { idOf, TestLog } from './test-log.js'
import { rowTo, wrapped } from './wrap-rows.js'

const some = filled(3, 5)
const id = idOf<never>('id')
const other = idOf<never>('other')
const device = deviceOf(1)
const { keys } = device
const log = new TestLog()
const { key } = log.signer
const signer = { key, sign: log.signer.sign }

// A tree of five leaves, and what proves two of them.
const leaves = [0, 1, 2, 3, 4].map((i) => protocol.leafHash(Uint8Array.of(i)))
const at = (i: number) => leaves[i] as (typeof leaves)[number]
const rootAt = (size: number) => protocol.rootOf(leaves.slice(0, size))
const hashOfNode = ({ level, index }: protocol.Node) =>
  protocol.rootOf(leaves.slice(index * 2 ** level, (index + 1) * 2 ** level))
const proof = (plan: protocol.Plan) => protocol.assemble(plan, plan.nodes.map(hashOfNode))
const tree = { size: 5, root: rootAt(5) }
const older = { size: 3, root: rootAt(3) }
const edge = leaves.reduce((before, leaf) => protocol.append(before, leaf), protocol.emptyEdge)

const seal = { first: 0, size: 3, time: 7, prefixRoot: other }
const sign1 = { chain: id, device: device.id, payload: some }
const request = { method: 'POST', url: 'https://relay.example/v1/sync', body: some }
const requestSigner = { chain: id, device: device.id, created: 1000 }
const headers = new Headers(Object.entries(await protocol.signRequest({ ...request, ...requestSigner }, device.sign)))
const claim = { name: 'name', salt: filled(4, 16), value: 'Chan' }
const credential = {
  institution: id,
  claims: [{ name: 'name', hash: protocol.claimHash(id, claim) }],
  registration: id,
  notBefore: 0,
  until: 1,
}
const row = rowTo(id, [wrapped(null, { 0: 0 })])
const rowSample = { ...row, leaf: whole(row.leaf) }
const { envelope, keys: keysHash, ...target } = row.leaf
const list = protocol.encodeWrapList([row])
const one = idOf<never>('one')
const manifestFile = {
  id: filled(5, 16),
  header: some,
  floe: filled(6, 74),
  padded: 0,
  segments: 2,
  root: protocol.namesRoot([one, other]),
  names: protocol.encodeIndex([one, other]).map((index) => protocol.sha256(index) as never),
}
const shape = protocol.struct({ a: protocol.uint(), b: protocol.bytes(32) })
const checkpoint = { origin: key.name, ...tree }

let world: World
let chan: Member
let create: protocol.AnyEntry
let statement: Record<string, unknown>
let proven: Record<string, unknown>
let taken: protocol.Ledger
let look: Record<string, unknown>
let ownLeaf: protocol.WrapLeaf
let shared: World
let heldRecord: protocol.AnyEntry
let held: Record<string, unknown>
let heldLook: Record<string, unknown>
let heldGrant: Record<string, unknown>

beforeAll(async () => {
  await protocol.ready()
  world = await World.founded()
  chan = await world.member('chan')
  create = await world.create(chan, [1])
  await world.place(create)
  const { kind, chain, sequence, previous, time, seen, restsOn, type, body, private: beside } = create
  statement = { kind, chain, sequence, previous, time, seen, restsOn, type, body: whole(body), private: beside }
  const { entries, seals, ...rest } = world.log.proven()
  ownLeaf = rowTo(chan.chain, [wrapped(null, { 0: 0, 1: 0 }, 0)]).leaf
  proven = { ...rest, entries, seals }
  taken = await ledger()
  look = { ...protocol.lookFor(create, taken.factsBefore(create), world.network.chain) }
  await addHeld()
})

/** A grant of another world, which its holder may use. */
async function addHeld(): Promise<void> {
  shared = await World.founded()
  const [founder, lee] = [await shared.member('founder'), await shared.member('lee')]
  const { chain: record } = (heldRecord = await shared.create(founder, [1]))
  await shared.place(heldRecord)
  const grant = await shared.grant(record, founder, lee)
  await shared.place(grant)
  heldLook = { ...protocol.lookFor(await shared.view(record, lee, grant.hash), shared.facts, shared.network.chain) }
  const { recipient, institution, sections, index } = shared.fact(record, protocol.facts.grant(grant.hash)) ?? {}
  heldGrant = { recipient, institution, sections, index }
  held = { record, grant: grant.hash, signer: lee.chain, standing: { institution: lee.institution } }
}

const asOf = () => ({ network: world.network.chain, time: world.now })

const ledger = async (): Promise<protocol.Ledger> => {
  const made = world.ledger()
  await made.take(world.log.proven())
  return made
}
const onLedger = (method: string, ...args: readonly unknown[]): Row => ({
  args,
  async call(...given) {
    const made = await ledger()
    return (made[method as keyof protocol.Ledger] as (...args: never[]) => unknown).apply(made, given)
  },
})
const error = {
  args: ['USAGE', 'message', { details: {} }],
  takes: { 1: '*', '2.details': '*', 2: 'undefined|any object|trapped list|trapped object' },
}
/** Read only where an older tree was seen; the places of access entries, and the roots that a log without prefix tree leaves out. */
const unread = { '0.consistency': '*', '0.entries.0.access': '*', '0.seals.0.prefixRoot': '*' }
const anyCode = 'USAGE|LOG_PROOF'

const rows = (): Readonly<Record<string, Row | readonly Row[] | string>> => ({
  sha256: [{ args: [some, some] }, { args: [filled(1, 2000)] }],

  // batch
  planBatch: { args: [5, [1, 3]], takes: { 1: 'list of numbers' } },
  verifyBatch: {
    args: [
      tree,
      [
        { index: 1, hash: at(1) },
        { index: 3, hash: at(3) },
      ],
      protocol.planBatch(5, [1, 3]).map(hashOfNode),
    ],
    ends: anyCode,
  },

  // bytes
  base64: { args: [some] },
  compare: { args: [some, some] },
  concat: { args: [some, some] },
  equal: { args: [some, some] },
  expectBytes: { args: [some], keeps: 'it answers with its argument' },
  hex: { args: [some] },
  unbase64: { args: ['AAAA'], takes: { 0: '*' } },
  unhex: { args: ['00'], takes: { 0: '*' } },
  utf8: { args: ['text'] },

  // checkpoints and notes
  decodeCheckpoint: { args: [protocol.encodeCheckpoint(checkpoint)] },
  encodeCheckpoint: { args: [checkpoint] },
  signCheckpoint: { args: [checkpoint, signer], ends: 'USAGE|KEY_FORMAT' },
  verifyCheckpoint: { args: [protocol.signCheckpoint(checkpoint, signer), key], ends: 'USAGE|CHECKPOINT' },
  decodeNoteKey: { args: [protocol.encodeNoteKey(key)], ends: 'USAGE|KEY_FORMAT' },
  encodeNoteKey: { args: [key], ends: 'USAGE|KEY_FORMAT' },
  noteKey: { args: ['log.example', key.publicKey], ends: 'USAGE|KEY_FORMAT' },

  // claims
  decodeClaims: {
    args: [protocol.encodeClaims([claim]), id, credential],
    ends: 'USAGE|CRED_BINDING|DECODE_SHAPE|DECODE_TRUNCATED',
    takes: { '2.institution': '*', '2.registration': '*', '2.notBefore': '*', '2.until': '*' },
  },
  encodeClaims: { args: [[claim]], takes: { 0: 'empty list', '0.0.value': 'empty text' } },

  // codec and contexts
  decode: {
    args: [protocol.encode([1]), { bytes: 100, depth: 4, items: 9 }],
    ends: 'USAGE',
    takes: {
      1: 'undefined|any object',
      '1.bytes': 'undefined|null',
      '1.depth': 'undefined|null',
      '1.items': 'undefined|null',
    },
  },
  encode: {
    args: [[1, 'a', some, null, true]],
    takes: { '': 'seven|negative|true|text|empty text|text of 32|null|empty list|list of numbers' },
  },
  bind: {
    args: ['slot', [1]],
    takes: {
      1: 'list of numbers|empty list',
      '1.0': 'negative|true|text|empty text|text of 32|null|empty list|list of numbers',
    },
  },
  hashOf: {
    args: ['slot', [1]],
    takes: {
      1: 'list of numbers|empty list',
      '1.0': 'negative|true|text|empty text|text of 32|null|empty list|list of numbers',
    },
  },
  hashBytes: { args: ['slot', Uint8Array.of(0x81, 1)] },
  labelBytes: { args: ['slot'] },

  // COSE
  decodeSign1: {
    args: [protocol.encodeSign1({ ...sign1, signature: filled(1, 64) }), { bytes: 1000 }],
    takes: { 1: 'undefined|any object', '1.bytes': 'undefined|null' },
  },
  encodeSign1: { args: [{ ...sign1, signature: filled(1, 64) }] },
  sign1: { args: [{ ...sign1, aad: some }, device.sign] },
  signatureInput: { args: [sign1, some] },
  verifySign1: {
    args: () => {
      const signature = device.sign(protocol.signatureInput(sign1, some))
      return [{ ...sign1, signature }, keys.sign, some]
    },
    ends: 'USAGE|SIG',
    keeps: 'it answers with the parts that it was given',
  },

  // device keys and Ed25519
  checkBoxKey: { args: [keys.box], ends: 'USAGE|KEY_FORMAT', keeps: 'it answers with its argument' },
  checkSignKey: { args: [keys.sign], ends: 'USAGE|KEY_FORMAT', keeps: 'it answers with its argument' },
  checkDeviceKeys: { args: [keys], ends: 'USAGE|KEY_FORMAT', keeps: 'it answers with the keys that it was given' },
  deviceId: { args: [keys] },
  ready: { args: [] },
  verify: { args: [filled(1, 31), some, filled(2, 63)] },

  // entries
  accessLogOf: { args: [id] },
  chainIdOf: { args: [id, id, filled(1)], takes: { 0: 'null' } },
  registrationHash: { args: [id, 'hk-mchk', 'M01234'] },
  registrationChainOf: { args: [id, filled(1)] },
  claimHash: { args: [id, claim] },
  decodeEntry: { args: [create.bytes], ends: 'USAGE' },
  is: 'compares two fields, on every path: what has other ones is no such entry, and null is none',
  shortId: { args: [some] },
  signEntry: [
    {
      args: [statement, { chain: chan.chain, device: chan.device.id, sign: chan.device.sign }, world.network.chain],
      takes: { 2: 'null', '0.previous': '*', '0.seen': 'null', '0.restsOn': 'empty list', '0.private': 'null' },
    },
  ],
  verifyEntry: {
    args: [whole(create), chan.device.keys.sign, world.network.chain],
    ends: 'USAGE|SIG',
    takes: {},
  },
  isSigned: {
    // A key of another length is nobody's: its verdict is false.
    args: [{ bytes: create.bytes, signKey: filled(1, 31) }, world.network.chain],
    ends: 'USAGE|DECODE_SHAPE|DECODE_TRUNCATED',
  },

  // errors
  ProtocolError: { ...error, call: (...args) => Reflect.construct(protocol.ProtocolError, args) },
  SealchartError: { ...error, call: (...args) => Reflect.construct(protocol.SealchartError, args) },

  // leaves
  accessLink: { args: [id, 1, other] },
  accessStart: { args: [id] },
  checkNextSeal: [
    {
      args: [seal, { first: 3, size: 5, time: 7, prefixRoot: null }],
      ends: 'USAGE|LOG_INCONSISTENT|TIME',
      takes: { 0: 'null', '0.prefixRoot': '*', '1.prefixRoot': '*', '0.first': '*' },
    },
  ],
  decodeLeaf: { args: [protocol.encodeSeal(seal)] },
  encodeEntryLeaf: { args: [id, other] },
  encodeSeal: { args: [seal], takes: { '0.prefixRoot': 'null' } },
  foundingSlot: { args: [id] },
  logTimeOf: { args: [1, seal], ends: 'USAGE|TIME', takes: { '1.prefixRoot': '*' } },
  sealIndex: { args: [seal], takes: { '0.prefixRoot': '*' } },
  slotAfter: { args: [id] },

  // ledger
  Ledger: {
    args: [
      world.pin,
      { tree, chains: [{ chain: id, sequence: 0, link: other }] },
      { verifySignatures: async () => [] },
    ],
    call: (...args) => (Reflect.construct(protocol.Ledger, args) as protocol.Ledger).pins(),
    ends: 'USAGE|KEY_FORMAT',
    takes: {
      1: 'undefined',
      2: 'undefined|any object',
      '2.verifySignatures': 'undefined',
      '1.tree': 'null',
      '1.chains': 'empty list',
    },
  },
  'Ledger.head': onLedger('head', filled(7, 31)),
  'Ledger.known': onLedger('known'),
  // A chain that it knows nothing of: the shape is not looked at.
  'Ledger.fact': {
    ...onLedger('fact', filled(7, 31), { key: 'name', shape: protocol.facts.name.shape }),
    takes: { '1.shape': '*' },
  },
  'Ledger.factsUnder': onLedger('factsUnder', filled(7, 31), ''),
  'Ledger.factsBefore': onLedger('factsBefore', whole(create)),
  'Ledger.entries': onLedger('entries', filled(7, 31)),
  'Ledger.pins': onLedger('pins'),
  'Ledger.requirePinned': onLedger('requirePinned', filled(7, 31)),
  'Ledger.take': {
    ...onLedger('take', whole(proven)),
    args: [proven],
    ends: 'USAGE|CHECKPOINT|LOG_INCONSISTENT|LOG_PROOF|LOG_MISSING|TIME|DECODE_TRUNCATED',
    takes: unread,
  },

  // manifests
  decodeIndex: {
    args: [manifestFile, protocol.encodeIndex([one, other])],
    ends: 'USAGE|SEGMENT',
    takes: { '0.id': '*', '0.header': '*', '0.floe': '*', '0.padded': '*' },
  },
  decodeManifest: { args: [protocol.encodeManifest({ files: [manifestFile] })] },
  encodeIndex: { args: [[one, other]], takes: { 0: 'empty list' } },
  encodeManifest: { args: [{ files: [manifestFile] }], takes: { '0.files': 'empty list' } },
  namesRoot: { args: [[one, other]], takes: { 0: 'empty list' } },

  // trees
  append: { args: [edge, at(0), () => {}], takes: { 2: 'undefined' }, keeps: 'edges share hashes' },
  assemble: {
    args: [protocol.planInclusion(1, 5), protocol.planInclusion(1, 5).nodes.map(hashOfNode)],
    takes: { '0.nodes.0': '*', '0.groups': 'list of numbers' },
    keeps: 'proofs share hashes with what they are made of',
  },
  emptyRoot: { args: [] },
  leafHash: { args: [some] },
  nodeHash: { args: [id, other] },
  planConsistency: { args: [3, 5] },
  planEdge: { args: [5] },
  planInclusion: { args: [1, 5] },
  rootOf: { args: [[id, other]], takes: { 0: 'empty list' } },
  rootOfEdge: { args: [edge] },
  verifyConsistency: { args: [older, tree, proof(protocol.planConsistency(3, 5))], ends: 'USAGE|LOG_INCONSISTENT' },
  verifyInclusion: { args: [{ index: 1, hash: at(1) }, tree, proof(protocol.planInclusion(1, 5))], ends: anyCode },

  // proven
  checkGrowth: {
    args: [older, tree, proof(protocol.planConsistency(3, 5))],
    ends: 'USAGE|ROLLBACK|FORK|LOG_INCONSISTENT',
    takes: { 0: 'null' },
  },
  slotOf: { args: [whole(create), { previous: id }], takes: { 1: 'null' } },
  verifyProven: {
    args: [proven, world.pin.log, null],
    ends: 'USAGE|CHECKPOINT|LOG_INCONSISTENT|LOG_PROOF|LOG_MISSING|TIME|DECODE_TRUNCATED',
    takes: unread,
  },

  // requests
  signRequest: { args: [{ ...request, ...requestSigner }, device.sign], takes: { '0.created': 'fraction' } },
  // Any text is one that writes a URL, or none.
  parseUrl: { args: ['https://relay.example'], takes: { 0: 'empty text|text|text of 32' } },
  verifyRequest: {
    args: [{ ...request, headers: whole(headers), now: 1000 }, () => keys.sign],
    ends: 'USAGE|REQUEST_SIGNATURE|REQUEST_EXPIRED',
    takes: { '0.now': 'negative|fraction' },
  },

  // rules
  admits: {
    args: [whole(create), [ownLeaf], { ...world.facts }, { ...asOf(), newest: () => Promise.resolve(ownLeaf) }],
    ends: 'USAGE|WRAPS',
    takes: { '1.0.envelope': '*', 3: 'undefined', '3.newest': 'function', '3.time': 'seven|negative zero' },
  },
  isSeated: { args: [{ left: null }], takes: { 0: 'null', '0.left': 'seven|negative zero' } },
  isVouchedFor: {
    args: [{ member: chan.chain, institution: chan.institution }, { ...world.facts }, world.network.chain],
    takes: { '0.institution': 'null' },
  },
  reachOf: {
    args: [{ member: chan.chain, institution: chan.institution }, { ...world.facts }, asOf()],
    takes: { '0.institution': 'null', '2.time': 'seven|negative zero' },
    keeps: 'it answers with ids that it was given',
  },
  reachedBy: {
    args: [{ grant: { recipient: chan.chain, institution: chan.institution }, teams: [] }, { ...world.facts }, asOf()],
    takes: { '0.grant.institution': 'null', '0.teams': 'empty list', '2.time': 'seven|negative zero' },
    keeps: 'it answers with ids that it was given',
  },
  isHeldAsWrapped: {
    args: [
      heldRecord.chain,
      [1],
      [{ grant: heldGrant, teams: [] }],
      { ...shared.facts },
      { network: shared.network.chain, time: shared.now },
    ],
    takes: {
      '1': 'empty list|list of numbers',
      '1.0': 'seven|negative zero',
      '2': 'empty list',
      '2.0.teams': 'empty list',
      '2.0.grant.institution': 'null',
      '2.0.grant.index': 'seven|negative zero',
      '2.0.grant.sections': 'empty list|list of numbers',
      '2.0.grant.sections.0': 'seven|negative zero',
      '4.time': 'seven|negative zero',
    },
  },
  requireHeld: {
    args: [held, heldLook, { index: 99, time: create.time }],
    ends: 'USAGE|NOT_GRANTED|RULE',
  },
  requireUnopened: { args: [whole(create), { ...world.facts }] },
  liveGrants: { args: [create.chain, { ...world.facts }, 0] },
  mayReadTrail: { args: [1] },
  applyEntry: { args: [whole(create), look, { index: 99, time: create.time }], ends: 'USAGE|CLOCK|RULE' },
  checkList: { args: [[whole(create)]], takes: { 0: 'empty list' } },
  enrolmentMessage: { args: [id, other, keys] },
  'facts.content': { args: [1, 1], takes: { 1: 'undefined' } },
  'facts.credential': { args: [id] },
  'facts.device': { args: [id] },
  'facts.grant': { args: [id] },
  'facts.holder': { args: [id] },
  'facts.institution': { args: [id] },
  'facts.move': { args: [id] },
  'facts.proposal': { args: [id] },
  'facts.approval': { args: [id, filled(1)] },
  'facts.seat': { args: [id] },
  'facts.section': { args: [1] },
  'facts.viewed': { args: [id] },
  grantHashOf: { args: [`grant/${protocol.hex(id)}`] },
  readFact: { args: () => [{ key: 'name', shape: whole(protocol.facts.name.shape) }, protocol.encode('name')] },
  lookFor: {
    args: [whole(create), { ...world.facts }, world.network.chain],
    keeps: 'a look lasts as long as its entry is judged',
  },
  requireCredential: {
    args: [chan.chain, chan.credential, look, { index: 99, time: create.time }],
    ends: 'USAGE|CRED_EXPIRED|RULE',
  },
  signKeyOf: { args: [whole(create), look] },

  // shapes
  blob: { args: [9, 1], takes: { 1: 'undefined' } },
  bytes: { args: [9] },
  list: { args: [shape, 9, 1], takes: { 2: 'undefined' } },
  nullable: { args: [shape] },
  oneOf: { args: ['a', 'b'], takes: { '': 'seven|negative zero' } },
  pack: { args: [shape, { a: 1, b: id }] },
  packAnswer: { args: [shape, { a: 1, b: id }], takes: { '1.a': '*', '1.b': '*', 1: 'any object' } },
  struct: {
    args: [{ a: shape }],
    takes: {
      0: 'empty object|promise|date|ArrayBuffer|DataView|empty list|list with a hole|detached bytes|imitated bytes|Uint16Array',
    },
  },
  text: { args: [9, 1], takes: { 1: 'undefined' } },
  uint: { args: [9], takes: { 0: 'undefined' } },
  unpack: {
    args: [shape, protocol.pack(shape, { a: 1, b: id }), 'name', { bytes: 100 }],
    takes: { 3: 'undefined|any object', '3.bytes': 'undefined|null' },
  },

  // tiles
  decodeTile: { args: [protocol.concat(id, other), 2], ends: 'USAGE|DECODE_SHAPE' },
  encodeBundle: { args: [[some, some]] },
  encodeTile: { args: [[id, other]] },
  leavesOf: { args: [{ level: 0, index: 0, width: 2 }] },
  nodesOf: { args: [{ level: 0, index: 0, width: 2 }] },
  parseTilePath: { args: ['tile/0/000'], ends: 'USAGE|DECODE_SHAPE' },
  tileOf: { args: [{ level: 0, index: 0 }] },
  tilePath: { args: [{ level: 0, index: 0, width: 2 }] },
  tilesFor: { args: [0, 300] },

  checkTrail: { args: [whole(taken), create.chain] },

  // wraps
  checkWrapList: {
    args: [whole(protocol.decodeWrapList(list)), protocol.describeWrapList(list, [row], 0)],
    ends: 'USAGE|WRAPS',
    takes: { '1.asOf': '*', '1.attached.digest': '*', '1.attached.length': '*' },
  },
  decodeWrapList: { args: [list], keeps: 'a leaf is a view' },
  decodeWrapRow: { args: [protocol.encodeWrapRow(row)] },
  describeWrapList: {
    args: [list, [{ leaf: row.leaf }], 0],
    takes: {
      '1.0.leaf.link': 'null',
      '1.0.leaf.keys': 'null',
      '1.0.leaf.what': 'empty list',
      '1.0.leaf.what.0.grant': 'null',
      '1.0.leaf.what.0.keys': 'empty list',
      '1.0.leaf.what.0.trail': 'seven',
      1: 'empty list',
    },
  },
  encodeTarget: { args: [target], takes: { '0.link': 'null', '0.what': 'empty list', '0.what.0.keys': 'empty list' } },
  encodeWrapList: { args: [[rowSample]], takes: { 0: 'empty list' } },
  encodeWrapRow: { args: [rowSample] },
  readWrapRows: { keeps: 'a leaf is a view', args: [list], call: (encoded) => [...protocol.readWrapRows(encoded)] },
  wrapLeafHash: {
    args: [row.leaf],
    takes: { '0.link': 'null', '0.keys': 'null', '0.what': 'empty list', '0.what.0.keys': 'empty list' },
  },
})

misuse({ exported: protocol, error: protocol.ProtocolError, rows, shared: 'taken' })
void envelope
void keysHash
