// Worked examples of docs/spec/log.md: a log of two batches, and every proof over it.
import * as batch from '../../../packages/protocol/dist/batch.js'
import * as checkpoints from '../../../packages/protocol/dist/checkpoint.js'
import { ready } from '../../../packages/protocol/dist/ed25519.js'
import * as leaf from '../../../packages/protocol/dist/leaf.js'
import * as merkle from '../../../packages/protocol/dist/merkle.js'
import { encodeNoteKey, noteKey } from '../../../packages/protocol/dist/note.js'
import * as tiles from '../../../packages/protocol/dist/tiles.js'
import { counting, ed25519, hex, values, writeExamples } from './lib.mjs'

await ready()

const chain = counting(0x00)
const record = counting(0x20)
const link = counting(0x40)
const entry = (number) => counting(0x80 + number)

const slots = {
  founding: leaf.foundingSlot(chain),
  next: leaf.slotAfter(link),
  accessStart: leaf.accessStart(record),
}
const firstAccess = leaf.accessLink(slots.accessStart, 1, entry(2))

const firstSeal = { first: 0, size: 4, time: 1_790_000_000_000, prefixRoot: null }
const secondSeal = { first: 4, size: 7, time: 1_790_000_000_250, prefixRoot: null }
const data = [
  leaf.encodeEntryLeaf(slots.founding, entry(0)),
  leaf.encodeEntryLeaf(slots.next, entry(1)),
  leaf.encodeEntryLeaf(leaf.slotAfter(slots.accessStart), entry(2)),
  leaf.encodeSeal(firstSeal),
  leaf.encodeEntryLeaf(leaf.slotAfter(firstAccess), entry(4)),
  leaf.encodeEntryLeaf(leaf.slotAfter(counting(0x60)), entry(5)),
  leaf.encodeSeal(secondSeal),
]
const hashes = data.map(merkle.leafHash)

const stored = new Map()
const keep = ({ level, index }, hash) => void stored.set(`${level}/${index}`, hash)
const edges = [merkle.emptyEdge]
for (const hash of hashes) edges.push(merkle.append(edges.at(-1), hash, keep))
const fetch = ({ level, index }) => stored.get(`${level}/${index}`)
const headAt = (size) => ({ size, root: merkle.rootOfEdge(edges[size]) })
const name = ({ level, index }) => `node ${level}/${index}`

const inclusion = merkle.planInclusion(0, 7)
const path = merkle.assemble(inclusion, inclusion.nodes.map(fetch))
merkle.verifyInclusion({ index: 0, hash: hashes[0] }, headAt(7), path)
const consistency = merkle.planConsistency(3, 7)
const growth = merkle.assemble(consistency, consistency.nodes.map(fetch))
merkle.verifyConsistency(headAt(3), headAt(7), growth)
const indices = [1, 3]
const nodes = batch.planBatch(7, indices)
const leaves = indices.map((index) => ({ index, hash: hashes[index] }))
batch.verifyBatch(headAt(7), leaves, nodes.map(fetch))

const pair = ed25519(counting(0x10))
const key = noteKey('log.example/alliance', pair.publicKey)
const checkpoint = { origin: key.name, ...headAt(7) }
const note = checkpoints.signCheckpoint(checkpoint, { key, sign: pair.sign })
checkpoints.verifyCheckpoint(note, key)

const grown = tiles.tilesFor(69_600, 70_000)
const pathOf = (tile) => tiles.tilePath(tile)
const numbered = (label, list) => Object.fromEntries(list.map((hash, i) => [`${label} ${i}`, hash]))

writeExamples('log.md', {
  slots: values({
    'chain id': chain,
    'founding slot': slots.founding,
    'link hash': link,
    'slot after it': slots.next,
    'record id': record,
    'access link 0': slots.accessStart,
    'slot of access 1': leaf.slotAfter(slots.accessStart),
    'entry hash': entry(2),
    'access link 1': firstAccess,
    'slot of access 2': leaf.slotAfter(firstAccess),
  }),
  leaves: values({
    'leaf 1, entry': data[1],
    'leaf 3, seal': data[3],
    'leaf 6, seal': data[6],
    ...numbered('leaf hash', hashes),
  }),
  tree: values({
    'root of size 0': merkle.emptyRoot(),
    ...Object.fromEntries([1, 3, 4, 7].map((size) => [`root of size ${size}`, headAt(size).root])),
    ...Object.fromEntries(edges[7].hashes.map((hash, i) => [`edge of size 7: ${name(merkle.cover(0, 7)[i])}`, hash])),
  }),
  inclusion: values({
    'from the store': inclusion.nodes.map(name).join(', '),
    'in groups of': inclusion.groups.join(', '),
    ...numbered('path', path),
  }),
  consistency: values({
    'from the store': consistency.nodes.map(name).join(', '),
    'in groups of': consistency.groups.join(', '),
    ...numbered('proof', growth),
  }),
  batch: values({
    'proven leaves': indices.join(', '),
    ...Object.fromEntries(nodes.map((node, i) => [`${i}: ${name(node)}`, fetch(node)])),
  }),
  checkpoint: `${values({ 'Ed25519 seed': counting(0x10), 'key id': hex(key.id), 'verifier key': encodeNoteKey(key) })}\n\n\`\`\`\n${new TextDecoder().decode(note)}\`\`\``,
  tiles: values({
    full: grown.full.map(pathOf).join('\n') || '(none)',
    partial: grown.partial.map(pathOf).join('\n'),
    bundle: pathOf({ ...grown.partial[0], level: 'entries' }),
  }),
})
