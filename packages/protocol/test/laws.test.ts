// Laws of every function that the package exports, over generated inputs: round trips, refusals, order, arithmetic, injectivity.
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { beforeAll, expect } from 'vitest'
import { effort } from '../../../scripts/effort.mjs'
import * as protocol from '../src/index.js'
import { World } from './actors.js'
import { newDevice } from './devices.js'
import { everyEntry } from './every-entry.js'
import { type Law, obey } from './laws.js'
import { flipped, leavesOfSize, ReferenceTree } from './reference-tree.js'
import { boxKeyOf, codeOf, codeOfAsync } from './support.js'
import { TestLog } from './test-log.js'
import { rowTo, wrapped } from './wrap-rows.js'

const runs = (ci: number) => ({ numRuns: effort(ci) })
const bytes = (maxLength = 80) => fc.uint8Array({ maxLength })
const id = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((made) => made as Uint8Array as never)
const natural = fc.maxSafeNat()
const bit = fc.nat()
const line = fc
  .string({ unit: 'grapheme', maxLength: 30 })
  .map((text) => text.normalize('NFC'))
  .filter((text) => codeOf(() => protocol.pack(protocol.text(200), text)) === 'accepted')

const { value } = fc.letrec<{ value: protocol.Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.maxSafeInteger().filter((number) => !Object.is(number, -0)),
    fc.string({ unit: 'grapheme' }),
    bytes(40),
    fc.constantFrom(null, true, false),
    fc.array(tie('value'), { maxLength: 30 }),
  ),
}))

const flip = <T extends Uint8Array>(given: T, at: number): T => {
  const out = new Uint8Array(given)
  const where = at % (8 * out.length)
  out[where >> 3] = (out[where >> 3] as number) ^ (1 << (where & 7))
  return out as Uint8Array as T
}
const same = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0
/** Different inputs give different bytes, and an equal one that is made again the same. */
const injective = <T>(arbitrary: fc.Arbitrary<T>, of: (input: T) => Uint8Array | string, ci = 200) =>
  fc.assert(
    fc.property(arbitrary, arbitrary, fc.boolean(), (a, other, again) => {
      const b = again ? structuredClone(a) : other
      const text = (input: T) => Buffer.from(of(input)).toString('hex')
      expect(text(a) === text(b)).toBe(comparable(a) === comparable(b))
    }),
    runs(ci),
  )
const comparable = (input: unknown): string =>
  JSON.stringify(input, (_, field: unknown) =>
    field instanceof Uint8Array ? `bytes ${Buffer.from(field).toString('hex')}` : field,
  )

const ALL = 120
const leaves = leavesOfSize(ALL)
const reference = new ReferenceTree(leaves)
const nodes = (plan: protocol.Plan) =>
  protocol.assemble(
    plan,
    plan.nodes.map((node) => reference.node(node)),
  )
const sizes = fc
  .integer({ min: 1, max: ALL })
  .chain((size) => fc.tuple(fc.integer({ min: 1, max: size }), fc.constant(size)))
const head = (size: number) => ({ size, root: reference.mth(0, size) })

const device = newDevice('laws', true)
const log = new TestLog()
const seals = fc
  .record({ first: fc.nat(1000), more: fc.integer({ min: 2, max: 300 }), time: natural, prefixRoot: fc.option(id) })
  .map(({ first, more, time, prefixRoot }) => ({ first, size: first + more, time, prefixRoot }))
const sign1 = fc.record({ chain: id, device: id, payload: bytes(300) })
const claims = fc.uniqueArray(
  fc.record({
    name: line.filter((text) => text.length > 0),
    salt: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    value: line,
  }),
  { maxLength: 5, selector: ({ name }) => name },
)
const tiles = fc.record({
  level: fc.constantFrom<'entries' | number>('entries', 0, 1, 2),
  index: fc.nat(5000),
  width: fc.integer({ min: 1, max: 256 }),
})
const rows = fc
  .uniqueArray(id, { maxLength: 6, selector: (made) => Buffer.from(made).toString('hex') })
  .map((ids) => ids.map((recipient, i) => rowTo(recipient, [wrapped(null, { 0: i })], { keys: i % 2 ? null : 9 })))

let world: World
let entries: readonly protocol.AnyEntry[]

beforeAll(async () => {
  await protocol.ready()
  world = await World.founded()
  entries = await everyEntry(world)
})

const laws: readonly Law[] = [
  {
    says: 'hex, base64 and UTF-8 are those of Node, and their inverses take only what they write',
    of: ['hex', 'unhex', 'base64', 'unbase64', 'utf8'],
    check() {
      fc.assert(
        fc.property(bytes(), fc.string(), (given, text) => {
          expect(protocol.hex(given)).toBe(Buffer.from(given).toString('hex'))
          expect(protocol.base64(given)).toBe(Buffer.from(given).toString('base64'))
          expect(protocol.unhex(protocol.hex(given))).toEqual(new Uint8Array(given))
          expect(protocol.unbase64(protocol.base64(given))).toEqual(new Uint8Array(given))
          for (const [read, write] of [
            [protocol.unhex, protocol.hex],
            [protocol.unbase64, protocol.base64],
          ] as const) {
            const back = read(text)
            if (back !== null) expect(write(back)).toBe(text)
          }
          expect(same(protocol.utf8(text), Buffer.from(text))).toBe(true)
        }),
        runs(300),
      )
    },
  },
  {
    says: 'byte strings have one order and one equality, and concat is that of Node',
    of: ['equal', 'compare', 'concat', 'expectBytes'],
    check() {
      fc.assert(
        fc.property(bytes(6), bytes(6), (a, b) => {
          expect(Math.sign(protocol.compare(a, b))).toBe(Buffer.compare(a, b))
          expect(protocol.equal(a, b)).toBe(same(a, b))
          expect(same(protocol.concat(a, b, a), Buffer.concat([a, b, a]))).toBe(true)
          expect(protocol.expectBytes(a)).toBe(a)
        }),
        runs(500),
      )
    },
  },
  {
    says: 'sha256 is Node’s, however its input is cut into parts',
    of: ['sha256'],
    check() {
      fc.assert(
        fc.property(fc.array(bytes(700), { maxLength: 5 }), (parts) => {
          expect(same(protocol.sha256(...parts), createHash('sha256').update(Buffer.concat(parts)).digest())).toBe(true)
        }),
        runs(200),
      )
    },
  },
  {
    says: 'decode takes exactly what encode writes',
    of: ['encode', 'decode'],
    check() {
      fc.assert(
        fc.property(value, bit, fc.nat(255), (given, at, byte) => {
          const encoded = protocol.encode(given)
          expect(comparable(protocol.decode(encoded))).toBe(comparable(given))
          const damaged = at % 2 ? flip(encoded, at) : encoded.with(at % encoded.length, byte)
          if (codeOf(() => protocol.decode(damaged)) === 'accepted')
            expect(same(protocol.encode(protocol.decode(damaged)), damaged)).toBe(true)
        }),
        runs(600),
      )
      injective(value, protocol.encode)
    },
  },
  {
    says: 'labelled contexts and hashes are injective in purpose and context',
    of: ['bind', 'hashOf', 'hashBytes', 'labelBytes'],
    check() {
      const purpose = fc.constantFrom(...(Object.keys(protocol.labels) as protocol.Purpose[]))
      const context = fc.tuple(purpose, fc.array(value, { maxLength: 3 }))
      injective(context, ([label, items]) => protocol.bind(label, items))
      injective(context, ([label, items]) => protocol.hashOf(label, items))
      injective(context, ([label, items]) => protocol.hashBytes(label, protocol.encode(items)))
      injective(purpose, protocol.labelBytes)
      fc.assert(
        fc.property(context, ([label, items]) => {
          const bound = protocol.concat(protocol.labelBytes(label), protocol.encode(items))
          expect(protocol.bind(label, items)).toEqual(bound)
          expect(protocol.hashOf(label, items)).toEqual(protocol.sha256(bound))
          expect(protocol.hashBytes(label, protocol.encode(items))).toEqual(protocol.sha256(bound))
        }),
        runs(100),
      )
    },
  },
  {
    says: 'a COSE_Sign1 verifies as it was signed, and with no bit changed',
    of: ['sign1', 'encodeSign1', 'decodeSign1', 'signatureInput', 'verifySign1'],
    async check() {
      injective(fc.tuple(sign1, bytes(20)), ([parts, aad]) => protocol.signatureInput(parts, aad))
      await fc.assert(
        fc.asyncProperty(sign1, bytes(20), bit, async (parts, aad, at) => {
          const signed = await protocol.sign1({ ...parts, aad }, device.sign)
          const decoded = protocol.decodeSign1(signed)
          expect(protocol.encodeSign1(decoded)).toEqual(signed)
          expect(comparable(protocol.verifySign1(signed, device.keys.sign, aad))).toBe(comparable(decoded))
          expect(decoded.payload).toEqual(new Uint8Array(parts.payload))
          expect(codeOf(() => protocol.verifySign1(flip(signed, at), device.keys.sign, aad))).not.toBe('accepted')
          expect(codeOf(() => protocol.verifySign1(signed, device.keys.sign, Uint8Array.of(...aad, 0)))).toBe('SIG')
        }),
        runs(60),
      )
    },
  },
  {
    says: 'a signature verifies under one key, for one message, in one form',
    of: ['verify'],
    async check() {
      await fc.assert(
        fc.asyncProperty(bytes(), bit, async (message, at) => {
          const signature = await device.sign(message)
          const { sign } = device.keys
          expect(protocol.verify(sign, message, signature)).toBe(true)
          expect(protocol.verify(flip(sign, at), message, signature)).toBe(false)
          expect(protocol.verify(sign, message, flip(signature, at))).toBe(false)
          expect(protocol.verify(sign, Uint8Array.of(...message, 0), signature)).toBe(false)
          if (message.length > 0) expect(protocol.verify(sign, flip(message, at), signature)).toBe(false)
        }),
        runs(60),
      )
    },
  },
  {
    says: 'device keys are taken in one form only, and no two pairs have one id',
    of: ['checkSignKey', 'checkBoxKey', 'checkDeviceKeys', 'deviceId', 'enrolmentMessage'],
    check() {
      const coefficient = fc.tuple(fc.nat(383), fc.nat(4095), fc.nat(4095))
      fc.assert(
        fc.property(coefficient, ([place, a, b]) => {
          const key = boxKeyOf(1)
          key.set([a & 0xff, (a >> 8) | ((b & 15) << 4), b >> 4], 3 * place)
          expect(codeOf(() => protocol.checkBoxKey(key))).toBe(a < 3329 && b < 3329 ? 'accepted' : 'KEY_FORMAT')
        }),
        runs(300),
      )
      const seeded = fc.tuple(fc.nat(255), fc.nat(50))
      const keysOf = ([a, b]: readonly [number, number]) =>
        protocol.checkDeviceKeys({ sign: newDevice(`${a}`).keys.sign, box: boxKeyOf(b) })
      injective(seeded, (seed) => protocol.deviceId(keysOf(seed)), 30)
      injective(fc.tuple(id, id), ([a, b]) => protocol.enrolmentMessage(a, b, device.keys))
      fc.assert(
        fc.property(bit, (at) => {
          const changed = flip(device.keys.sign, at)
          expect(['accepted', 'KEY_FORMAT']).toContain(codeOf(() => protocol.checkSignKey(changed)))
          const other = { sign: changed, box: device.keys.box }
          expect(same(protocol.deviceId(other), protocol.deviceId(device.keys))).toBe(false)
        }),
        runs(100),
      )
    },
  },
  {
    says: 'an entry decodes to what was signed, is of one kind and type, and verifies with no bit changed',
    of: ['decodeEntry', 'verifyEntry', 'isSigned', 'is', 'signEntry', 'signKeyOf', 'lookFor', 'slotOf'],
    async check() {
      const network = world.network.chain
      const ledger = world.ledger()
      await ledger.take(world.log.proven())
      const placed = world.log.entries
      await fc.assert(
        fc.asyncProperty(fc.constantFrom(...placed), fc.constantFrom(...placed), bit, async (one, other, at) => {
          const { entry, access } = one
          const within = protocol.is(entry, 'network', 'found') ? null : network
          expect(comparable(protocol.decodeEntry(entry.bytes))).toBe(comparable(entry))
          const key = await protocol.signKeyOf(entry, protocol.lookFor(entry, ledger.factsBefore(entry), network))
          protocol.verifyEntry(entry, key, within)
          expect(protocol.isSigned({ bytes: entry.bytes, signKey: key }, network)).toBe(within !== null)
          const refused = codeOf(() => protocol.verifyEntry(protocol.decodeEntry(flip(entry.bytes, at)), key, within))
          expect(refused).not.toBe('accepted')
          expect(protocol.is(entry, other.entry.kind, other.entry.type as never)).toBe(
            entry.kind === other.entry.kind && entry.type === other.entry.type,
          )
          const slots = [protocol.slotOf(entry, access), protocol.slotOf(other.entry, other.access)] as const
          expect(same(...slots)).toBe(one === other)
        }),
        runs(60),
      )
    },
  },
  {
    says: 'ids of chains, links, slots and claims are injective, and no one’s is another’s',
    of: [
      'chainIdOf',
      'accessLogOf',
      'registrationHash',
      'registrationChainOf',
      'claimHash',
      'shortId',
      'slotAfter',
      'foundingSlot',
      'accessStart',
      'accessLink',
    ],
    check() {
      const board = fc.stringMatching(/^[a-z0-9-]{1,40}$/)
      const number = fc.stringMatching(/^[A-Z0-9-]{1,40}$/)
      injective(fc.tuple(id, board, number), ([network, b, n]) => protocol.registrationHash(network, b, n))
      injective(fc.tuple(id, id), ([network, hash]) => protocol.registrationChainOf(network, hash as never))
      injective(fc.tuple(fc.option(id), id, id), ([network, a, b]) => protocol.chainIdOf(network, a, b))
      injective(fc.tuple(id, fc.integer({ min: 1 }), id), ([a, number, b]) => protocol.accessLink(a, number, b))
      const claim = fc.record({ name: line, salt: fc.uint8Array({ minLength: 16, maxLength: 16 }), value: line })
      injective(fc.tuple(id, claim), ([member, said]) => protocol.claimHash(member, said))
      for (const of of [protocol.slotAfter, protocol.foundingSlot, protocol.accessStart])
        injective(id, (given) => of(given))
      fc.assert(
        fc.property(id, (given) => {
          const made = [protocol.slotAfter, protocol.foundingSlot, protocol.accessStart].map((of) => of(given))
          expect(new Set(made.map(protocol.hex)).size).toBe(3)
          expect(protocol.accessLogOf(given)).toEqual(protocol.accessStart(given))
          expect(protocol.shortId(given)).toBe(protocol.hex(given).slice(0, 8))
        }),
        runs(100),
      )
    },
  },
  {
    says: 'claims come back as their credential carries them, and with no bit changed',
    of: ['encodeClaims', 'decodeClaims'],
    check() {
      fc.assert(
        fc.property(claims, id, bit, (made, member, at) => {
          const carried = made.map((claim) => ({ name: claim.name, hash: protocol.claimHash(member, claim) }))
          const credential = { institution: member, claims: carried, registration: null, notBefore: 0, until: 1 }
          const encoded = protocol.encodeClaims(made)
          expect(comparable(protocol.decodeClaims(encoded, member, credential))).toBe(comparable(made))
          const refused = codeOf(() => protocol.decodeClaims(flip(encoded, at), member, credential))
          expect(refused).not.toBe('accepted')
          if (made.length > 0)
            expect(codeOf(() => protocol.decodeClaims(encoded, flip(member, at), credential))).toBe('CRED_BINDING')
        }),
        runs(100),
      )
    },
  },
  {
    says: 'a checkpoint verifies as it was signed, and with no bit changed; keys of notes have one text',
    of: [
      'encodeCheckpoint',
      'decodeCheckpoint',
      'signCheckpoint',
      'verifyCheckpoint',
      'noteKey',
      'encodeNoteKey',
      'decodeNoteKey',
    ],
    check() {
      const { signer } = log
      fc.assert(
        fc.property(fc.integer({ min: 1 }), id, bit, id, (size, root, at, publicKey) => {
          const checkpoint = { origin: signer.key.name, size, root }
          expect(protocol.decodeCheckpoint(protocol.encodeCheckpoint(checkpoint))).toEqual(checkpoint)
          const note = protocol.signCheckpoint(checkpoint, signer)
          expect(protocol.verifyCheckpoint(note, signer.key)).toEqual(checkpoint)
          expect(codeOf(() => protocol.verifyCheckpoint(flip(note, at), signer.key))).toBe('CHECKPOINT')
          const key = protocol.noteKey('other.example', publicKey)
          expect(comparable(protocol.decodeNoteKey(protocol.encodeNoteKey(key)))).toBe(comparable(key))
          expect(codeOf(() => protocol.verifyCheckpoint(note, key))).toBe('CHECKPOINT')
        }),
        runs(40),
      )
    },
  },
  {
    says: 'leaves decode to what was encoded; a seal dates exactly the entries of its batch, and the next follows it',
    of: ['encodeEntryLeaf', 'encodeSeal', 'decodeLeaf', 'sealIndex', 'logTimeOf', 'checkNextSeal'],
    check() {
      fc.assert(
        fc.property(id, id, seals, fc.nat(1400), fc.nat(5), (slot, entryHash, seal, index, gap) => {
          const leaf = protocol.encodeEntryLeaf(slot, entryHash)
          expect(comparable(protocol.decodeLeaf(leaf))).toBe(comparable({ kind: 'entry', slot, entryHash }))
          expect(comparable(protocol.decodeLeaf(protocol.encodeSeal(seal)))).toBe(comparable({ kind: 'seal', seal }))
          expect(protocol.sealIndex(seal)).toBe(seal.size - 1)
          const covered = index >= seal.first && index < seal.size - 1
          expect(codeOf(() => protocol.logTimeOf(index, seal))).toBe(covered ? 'accepted' : 'TIME')
          const next = { first: seal.size + gap, size: seal.size + gap + 2, time: seal.time, prefixRoot: null }
          const ended = codeOf(() => protocol.checkNextSeal(seal, next))
          expect(ended).toBe(gap === 0 ? 'accepted' : 'LOG_INCONSISTENT')
        }),
        runs(300),
      )
      injective(fc.tuple(id, id), ([a, b]) => protocol.encodeEntryLeaf(a, b))
      injective(seals, protocol.encodeSeal)
    },
  },
  {
    says: 'roots, edges and proofs are those of RFC 6962, and prove one leaf at one place in one tree',
    of: [
      'rootOf',
      'rootOfEdge',
      'append',
      'assemble',
      'emptyRoot',
      'leafHash',
      'nodeHash',
      'planEdge',
      'planInclusion',
      'verifyInclusion',
    ],
    check() {
      fc.assert(
        fc.property(sizes, fc.nat(ALL - 1), bit, ([place, size], other, at) => {
          const index = place - 1
          const tree = head(size)
          expect(protocol.rootOf(leaves.slice(0, size))).toEqual(tree.root)
          const edge = leaves.slice(0, size).reduce((grown, leaf) => protocol.append(grown, leaf), protocol.emptyEdge)
          expect(protocol.rootOfEdge(edge)).toEqual(tree.root)
          expect(edge.hashes).toEqual(nodes(protocol.planEdge(size)))
          const path = nodes(protocol.planInclusion(index, size))
          expect(path).toEqual(reference.path(index, size))
          const leaf = { index, hash: leaves[index] as protocol.TreeHash }
          protocol.verifyInclusion(leaf, tree, path)
          const refuses = (...given: Parameters<typeof protocol.verifyInclusion>) =>
            expect(codeOf(() => protocol.verifyInclusion(...given))).toBe('LOG_PROOF')
          if (other !== index) refuses({ ...leaf, index: other }, tree, path)
          refuses({ ...leaf, hash: flipped(leaf.hash, at % 256) }, tree, path)
          refuses(leaf, { ...tree, root: flipped(tree.root, at % 256) }, path)
          path.forEach((hash, i) => refuses(leaf, tree, path.with(i, flipped(hash, at % 256))))
        }),
        runs(120),
      )
      expect(same(protocol.emptyRoot(), createHash('sha256').digest())).toBe(true)
      injective(bytes(), protocol.leafHash)
      injective(fc.tuple(id, id), ([a, b]) => protocol.nodeHash(a, b))
    },
  },
  {
    says: 'consistency proofs are those of RFC 6962; growth is an order on the heads of one log',
    of: ['planConsistency', 'verifyConsistency', 'checkGrowth'],
    check() {
      fc.assert(
        fc.property(sizes, bit, ([older, newer], at) => {
          const path = nodes(protocol.planConsistency(older, newer))
          expect(path).toEqual(reference.proof(older, newer))
          protocol.verifyConsistency(head(older), head(newer), path)
          protocol.checkGrowth(head(older), head(newer), path)
          protocol.checkGrowth(null, head(newer), [])
          const bent = { size: newer, root: flipped(head(newer).root, at % 256) }
          const refused = codeOf(() => protocol.checkGrowth(head(older), bent, path))
          expect(refused).toBe(older === newer ? 'FORK' : 'LOG_INCONSISTENT')
          if (older < newer) {
            expect(codeOf(() => protocol.checkGrowth(head(newer), head(older), path))).toBe('ROLLBACK')
            expect(codeOf(() => protocol.verifyConsistency(head(newer), head(older), path))).toBe('LOG_INCONSISTENT')
          }
        }),
        runs(200),
      )
    },
  },
  {
    says: 'a batch proof proves the given leaves and no others',
    of: ['planBatch', 'verifyBatch'],
    check() {
      const batch = sizes.chain(([, size]) =>
        fc.tuple(fc.constant(size), fc.uniqueArray(fc.nat(size - 1), { minLength: 1 })),
      )
      fc.assert(
        fc.property(batch, bit, ([size, picked], at) => {
          const indices = picked.toSorted((a, b) => a - b)
          const proof = protocol.planBatch(size, indices).map((node) => reference.node(node))
          const proven = indices.map((index) => ({ index, hash: leaves[index] as protocol.TreeHash }))
          protocol.verifyBatch(head(size), proven, proof)
          const which = at % proven.length
          const one = proven[which] as (typeof proven)[number]
          const bent = proven.with(which, { ...one, hash: flipped(one.hash, at % 256) })
          for (const [given, hashes] of [
            [bent, proof],
            [proven, [...proof, leaves[0] as never]],
            [proven.slice(1), proof],
          ] as const)
            expect(codeOf(() => protocol.verifyBatch(head(size), given, hashes))).toBe('LOG_PROOF')
        }),
        runs(150),
      )
    },
  },
  {
    says: 'tiles have one path, span what their nodes span, and growing in steps writes the full tiles of one step',
    of: ['tilePath', 'parseTilePath', 'leavesOf', 'nodesOf', 'tileOf', 'tilesFor'],
    check() {
      fc.assert(
        fc.property(tiles, fc.nat(30), fc.nat(2 ** 30), (tile, level, index) => {
          expect(protocol.parseTilePath(protocol.tilePath(tile))).toEqual(tile)
          const span = protocol.leavesOf(tile)
          expect(span.to - span.from).toBe(tile.width * (tile.level === 'entries' ? 1 : 256 ** tile.level))
          if (tile.level !== 'entries') {
            const inside = protocol.nodesOf({ ...tile, level: tile.level })
            expect(inside[0]).toEqual({ level: 8 * tile.level, index: tile.index * 256 })
            expect(inside.length).toBe(tile.width)
          }
          const found = protocol.tileOf({ level, index })
          expect(found.from + found.count).toBeLessThanOrEqual(256)
          const first = (found.index * 256 + found.from) * 256 ** found.level
          expect(first).toBe(index * 2 ** level)
        }),
        runs(300),
      )
      fc.assert(
        fc.property(fc.nat(3000), fc.nat(3000), fc.nat(3000), (a, more, most) => {
          const paths = (from: number, to: number) => protocol.tilesFor(from, to).full.map(protocol.tilePath)
          const inSteps = [...paths(a, a + more), ...paths(a + more, a + more + most)]
          expect(inSteps.toSorted()).toEqual(paths(a, a + more + most).toSorted())
        }),
        runs(100),
      )
    },
  },
  {
    says: 'tiles of hashes come back whole, and bundles are injective',
    of: ['encodeTile', 'decodeTile', 'encodeBundle'],
    check() {
      const hashes = fc.array(id, { minLength: 1, maxLength: 12 })
      fc.assert(
        fc.property(hashes, (given) => {
          expect(protocol.decodeTile(protocol.encodeTile(given), given.length)).toEqual(given)
          expect(codeOf(() => protocol.decodeTile(protocol.encodeTile(given), given.length + 1))).toBe('DECODE_SHAPE')
        }),
        runs(60),
      )
      injective(fc.array(bytes(20), { minLength: 1, maxLength: 6 }), protocol.encodeBundle)
    },
  },
  {
    says: 'manifests and index segments come back whole, and with no bit changed',
    of: ['encodeManifest', 'decodeManifest', 'encodeIndex', 'decodeIndex', 'namesRoot'],
    check() {
      const file = fc
        .tuple(fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.array(id, { minLength: 1, maxLength: 9 }), natural)
        .map(([fileId, names, padded]) => {
          const root = protocol.namesRoot(names)
          const index = protocol.encodeIndex(names)
          const named = names.length === 1 ? names : index.map((one) => protocol.sha256(one) as never)
          const made = { id: fileId, header: fileId, floe: new Uint8Array(74), padded, segments: names.length }
          return { names, index, file: { ...made, root, names: named } }
        })
      fc.assert(
        fc.property(
          fc.uniqueArray(file, { maxLength: 4, selector: (one) => protocol.hex(one.file.id) }),
          bit,
          (all, at) => {
            const manifest = { files: all.map((one) => one.file) }
            const encoded = protocol.encodeManifest(manifest)
            expect(comparable(protocol.decodeManifest(encoded))).toBe(comparable(manifest))
            for (const { names, index, file: made } of all) {
              const given = names.length === 1 ? [] : index
              expect(protocol.decodeIndex(made, given)).toEqual(names)
              expect(made.root).toEqual(protocol.rootOf(names.map((name) => protocol.leafHash(name))))
              const bent = { ...made, root: flip(made.root, at) }
              expect(codeOf(() => protocol.decodeIndex(bent, given))).toBe('SEGMENT')
              if (given.length > 0)
                expect(
                  codeOf(() =>
                    protocol.decodeIndex(
                      made,
                      given.map((one) => flip(one, at)),
                    ),
                  ),
                ).toBe('SEGMENT')
            }
          },
        ),
        runs(80),
      )
    },
  },
  {
    says: 'a wrap list has one form whatever the order of its rows, and no bit of it can change under its root',
    of: [
      'encodeWrapRow',
      'decodeWrapRow',
      'encodeWrapList',
      'decodeWrapList',
      'readWrapRows',
      'describeWrapList',
      'checkWrapList',
      'wrapLeafHash',
      'encodeTarget',
    ],
    check() {
      fc.assert(
        fc.property(rows, bit, (given, at) => {
          const encoded = protocol.encodeWrapList(given)
          expect(protocol.encodeWrapList(given.toReversed())).toEqual(encoded)
          const ranges = protocol.decodeWrapList(encoded)
          const signed = protocol.describeWrapList(encoded, given, 0)
          protocol.checkWrapList(ranges, signed)
          expect(ranges.map(({ row }) => comparable(row))).toEqual(
            given.toSorted((a, b) => protocol.compare(a.leaf.recipient, b.leaf.recipient)).map(comparable),
          )
          for (const { row, leaf } of protocol.readWrapRows(encoded)) {
            expect(comparable(protocol.decodeWrapRow(protocol.encodeWrapRow(row)))).toBe(comparable(row))
            expect(protocol.wrapLeafHash(row.leaf)).toEqual(protocol.leafHash(leaf))
          }
          if (given.length === 0) return
          const changed = flip(encoded, at)
          const refused = codeOf(() => protocol.checkWrapList(protocol.decodeWrapList(changed), signed))
          expect(refused).not.toBe('accepted')
        }),
        runs(80),
      )
      const target = fc.record({
        recipient: id,
        epoch: fc.nat(),
        keyHash: id,
        sequence: natural,
        link: fc.option(id),
        what: fc.array(
          fc.nat(9).map((section) => wrapped(null, { [section]: 1 })),
          { maxLength: 3 },
        ),
      })
      injective(target, protocol.encodeTarget)
    },
  },
  {
    says: 'a shape takes exactly the lengths and ranges that it says, and gives back what it packed',
    of: ['pack', 'packAnswer', 'unpack', 'struct', 'list', 'nullable', 'oneOf', 'uint', 'bytes', 'blob', 'text'],
    check() {
      const takes = (shape: protocol.Shape<never>, given: unknown): boolean =>
        codeOf(() => protocol.pack(shape as protocol.Shape<unknown>, given)) === 'accepted'
      fc.assert(
        fc.property(fc.nat(50), fc.nat(50), fc.nat(50), (a, b, length) => {
          const [min, max] = [Math.min(a, b), Math.max(a, b)]
          const within = length >= min && length <= max
          expect(takes(protocol.uint(max) as never, length)).toBe(length <= max)
          expect(takes(protocol.bytes(a) as never, new Uint8Array(length))).toBe(length === a)
          expect(takes(protocol.blob(max, min) as never, new Uint8Array(length))).toBe(within)
          expect(takes(protocol.text(max, min) as never, 'x'.repeat(length))).toBe(within)
          expect(takes(protocol.list(protocol.uint(), max, min) as never, Array(length).fill(0))).toBe(within)
          expect(takes(protocol.oneOf(a, b) as never, length)).toBe(length === a || length === b)
        }),
        runs(300),
      )
      const shape = protocol.struct({
        a: protocol.list(protocol.nullable(protocol.uint()), 9),
        b: protocol.text(200),
        c: protocol.bytes(32),
      })
      const structures = fc.record({ a: fc.array(fc.option(natural), { maxLength: 9 }), b: line, c: id })
      fc.assert(
        fc.property(structures, (given) => {
          const packed = protocol.pack(shape, given)
          expect(protocol.packAnswer(shape, given)).toEqual(packed)
          expect(comparable(protocol.unpack(shape, packed, 'it'))).toBe(comparable(given))
        }),
        runs(200),
      )
      injective(structures, (given) => protocol.pack(shape, given))
    },
  },
  {
    says: 'no two facts have one key; a grant’s names its hash, and a fact is read as it was packed',
    of: [
      'facts.approval',
      'facts.content',
      'facts.credential',
      'facts.device',
      'facts.grant',
      'facts.holder',
      'facts.institution',
      'facts.move',
      'facts.proposal',
      'facts.seat',
      'facts.section',
      'facts.viewed',
      'grantHashOf',
      'readFact',
      'mayReadTrail',
    ],
    check() {
      const { facts } = protocol
      const byId = [
        facts.credential,
        facts.device,
        facts.grant,
        facts.holder,
        facts.institution,
        facts.move,
        facts.proposal,
        facts.seat,
        facts.viewed,
      ] as const
      const made = fc.oneof(
        fc.tuple(fc.nat(byId.length - 1), id),
        fc.tuple(fc.constantFrom(10, 11), fc.nat(256)),
        fc.tuple(fc.constant(12), fc.nat(256), fc.nat(99)),
        fc.tuple(fc.constant(13), id, id),
      )
      injective(made, ([which, of, version]) => {
        if (which === 13) return facts.approval(of as never, version as never).key
        if (which === 10) return facts.section(of as number).key
        if (which > 10) return facts.content(of as number, version as number | undefined).key
        return (byId[which] as typeof facts.device)(of as never).key
      })
      fc.assert(
        fc.property(id, fc.nat(15), line, (hash, bits, name) => {
          expect(protocol.grantHashOf(facts.grant(hash).key)).toEqual(hash)
          expect(protocol.readFact(facts.name, protocol.pack(facts.name.shape, name))).toBe(name)
          const { trail, write } = protocol.actions
          expect(protocol.mayReadTrail(bits)).toBe((bits & trail) !== 0 || (bits & write) !== 0)
        }),
        runs(100),
      )
    },
  },
  {
    says: 'a URL is what its text writes, and a text that writes none is null, Latin-1 or not',
    of: ['parseUrl'],
    check() {
      fc.assert(
        fc.property(fc.oneof(fc.webUrl(), fc.string({ unit: 'binary' })), (text) => {
          const href = protocol.parseUrl(text)?.href ?? 'https://relay.example/'
          expect(protocol.parseUrl(href)?.href).toBe(href)
        }),
        runs(200),
      )
    },
  },
  {
    says: 'a request verifies as it was signed, and in no other form',
    of: ['signRequest', 'verifyRequest'],
    async check() {
      const request = fc.record({
        method: fc.constantFrom('GET', 'POST', 'PUT'),
        url: fc.webUrl({ withQueryParameters: true }).map((url) => new URL(url).href),
        body: bytes(),
        chain: id,
        created: fc.nat().map((seconds) => seconds * 1000),
      })
      await fc.assert(
        fc.asyncProperty(request, bit, async (given, at) => {
          const signer = { device: device.id }
          const made = await protocol.signRequest({ ...given, ...signer }, device.sign)
          const verified = (change: object, field = made) => {
            const headers = new Headers(Object.entries(field))
            const asked = { ...given, headers, now: given.created, ...change }
            return codeOfAsync(() => protocol.verifyRequest(asked, () => device.keys.sign))
          }
          expect(await verified({})).toBe('accepted')
          expect(await verified({ method: 'DELETE' })).toBe('REQUEST_SIGNATURE')
          expect(await verified({ url: `${given.url}x` })).toBe('REQUEST_SIGNATURE')
          expect(await verified({ body: Uint8Array.of(...given.body, 0) })).toBe('REQUEST_DIGEST')
          expect(await verified({ now: given.created + 300_001 })).toBe('REQUEST_EXPIRED')
          const other = await protocol.signRequest({ ...given, chain: flip(given.chain, at), ...signer }, device.sign)
          expect(await verified({}, { ...made, signature: other.signature })).toBe('REQUEST_SIGNATURE')
        }),
        runs(40),
      )
    },
  },
  {
    says: 'a ledger that grows in steps knows what one knows that took all at once, and takes nothing that was changed',
    of: [
      'verifyProven',
      'applyEntry',
      'requireCredential',
      'Ledger',
      'Ledger.take',
      'Ledger.pins',
      'Ledger.known',
      'Ledger.head',
      'Ledger.entries',
      'Ledger.fact',
      'Ledger.factsUnder',
      'Ledger.factsBefore',
      'Ledger.requirePinned',
    ],
    async check() {
      const whole = world.ledger()
      await whole.take(world.log.proven())
      const ends = world.log.seals.map(({ size }) => size)
      const knows = (ledger: protocol.Ledger) =>
        comparable([
          ledger.pins(),
          ledger.known(),
          entries.map((entry) => [
            ledger.head(entry.chain),
            ledger.fact(entry.chain, protocol.facts.founded),
            ledger.factsUnder(entry.chain, ''),
            ledger.entries(entry.chain).length,
          ]),
        ])
      await fc.assert(
        fc.asyncProperty(fc.subarray(ends), bit, async (steps, at) => {
          const ledger = world.ledger(whole.pins())
          const grown = world.ledger()
          let seen = 0
          for (const size of new Set([...steps, world.log.size])) {
            const given = world.log.proven(({ index }) => index >= seen, { seen, size })
            const which = at % given.entries.length
            const one = given.entries[which] as (typeof given.entries)[number]
            const bent = { ...given, entries: given.entries.with(which, { ...one, bytes: flip(one.bytes, at) }) }
            const before = knows(grown)
            expect(await codeOfAsync(() => grown.take(bent))).not.toBe('accepted')
            const forged = { ...given, checkpoint: flip(given.checkpoint, at) }
            expect(await codeOfAsync(() => grown.take(forged))).toBe('CHECKPOINT')
            expect(knows(grown)).toBe(before)
            await grown.take(given)
            seen = size
          }
          expect(knows(grown)).toBe(knows(whole))
          const chain = (entries[at % entries.length] as protocol.AnyEntry).chain
          expect(codeOf(() => ledger.requirePinned(chain))).toBe('ROLLBACK')
          expect(codeOf(() => grown.requirePinned(chain))).toBe('accepted')
        }),
        { ...runs(4), endOnFailure: true },
      )
    },
  },
]

obey(protocol, laws, {
  ProtocolError: 'a class of errors: errors.test.ts goes over every code that there is',
  SealchartError: 'a class of errors: errors.test.ts goes over every code that there is',
  ready: 'loads libsodium, and answers nothing: ed25519.test.ts',
  admits: 'its inputs are whole records: admits.test.ts, and generated traces in records-model.test.ts',
  liveGrants: 'its inputs are whole records: generated traces in records-model.test.ts',
  isVouchedFor: 'its inputs are facts of whole chains: reach.test.ts tries each way in which a credential ends',
  reachOf: 'its inputs are facts of whole chains: reach.test.ts, and generated traces in records-model.test.ts',
  reachedBy: 'its inputs are facts of whole chains: reach.test.ts, and generated traces in records-model.test.ts',
  isHeldAsWrapped: 'its inputs are facts of whole chains: reach.test.ts, and generated traces in records-model.test.ts',
  isSeated: 'one fixed condition on one fact: rules-team.test.ts, and generated rosters there',
  requireHeld:
    'its inputs are whole records: generated traces in records-model.test.ts, with a model of who holds what',
  checkList: 'two fixed conditions on lists: rules-member.test.ts and rules-network.test.ts try each',
  requireUnopened: 'its inputs are whole records: rules-grants.test.ts, and the relay’s own tests of recalls',
  checkTrail: 'its input is a ledger with a whole access log: generated traces in records-model.test.ts',
})
