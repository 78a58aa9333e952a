// The log: slots, leaves, seals, trees, proofs, checkpoints, tiles. Spec: docs/spec/log.md.
import * as p from '../../packages/protocol/dist/index.js'
import { hex } from '../operations/notation.mjs'
import { counting, flip, spare, vectorsOf } from './vectors.mjs'
import { logSigner } from './world.mjs'

const rejects = 'log.md#what-a-decoder-must-reject'

export default async function log() {
  const area = vectorsOf('log')
  await slots(area)
  await leaves(area)
  await seals(area)
  await trees(area)
  await inclusions(area)
  await growth(area)
  await batches(area)
  await verifierKeys(area)
  await checkpoints(area)
  await notes(area)
  await tiles(area)
  return area.files
}

/** The hash of a node over whatever is given, where the package takes hashes of 32 bytes alone. */
const looseNode = (left, right) => p.sha256(Uint8Array.of(1), left, right)

// ——— slots and access links

async function slots({ accepts, refuses }) {
  const after = { operation: 'log/slot', spec: 'log.md#slots' }
  await accepts('slot-of-a-founding', {
    ...after,
    comment: 'From the chain’s id.',
    inputs: { founds: hex(counting(0x00)) },
  })
  await accepts('slot-after-an-entry', {
    ...after,
    comment: 'From the link hash of the one before.',
    inputs: { after: hex(counting(0x00)) },
  })
  const link = (number) => ({
    operation: 'log/access-link',
    spec: 'log.md#slots',
    inputs: { previous: hex(counting(0x20)), number, entryHash: hex(counting(0x40)) },
  })
  await accepts('access-link-1', { ...link(1), comment: 'The first access.' })
  await accepts('access-link-24', { ...link(24), comment: 'A number that takes a byte more.' })
  await accepts('access-link-65536', { ...link(65_536), comment: 'A number that takes four bytes more.' })
  await refuses('access-link-0', 'USAGE', { ...link(0), comment: 'Link 0 is the log’s id and follows nothing.' })
}

// ——— leaves

async function leaves({ accepts, refuses }) {
  const leaf = (bytes) => ({ operation: 'log/leaf', inputs: { bytes: hex(bytes) } })
  const entryLeaf = p.encodeEntryLeaf(counting(0x00), counting(0x20))
  const sealValue = (first, size, time = 1_790_000_000_000, root = null) =>
    p.encode([p.labels.seal, first, size, time, root])
  const spec = 'log.md#leaves'
  await accepts('leaf-of-an-entry', { ...leaf(entryLeaf), spec, comment: 'Slot and entry hash.' })
  await accepts('leaf-of-a-seal', { ...leaf(sealValue(4, 7)), spec, comment: 'A batch of two entries.' })
  await accepts('leaf-of-the-smallest-seal', { ...leaf(sealValue(0, 2)), spec, comment: 'A batch of one entry.' })
  await accepts('leaf-of-a-seal-with-a-root', {
    ...leaf(sealValue(4, 7, 1, counting(0x60))),
    spec,
    comment: 'Reserved for the prefix tree.',
  })
  const wrongLeaves = {
    'leaf-of-a-seal-without-entries': ['DECODE_SHAPE', sealValue(4, 5), 'It would only move the clock.'],
    'leaf-of-a-seal-backwards': ['DECODE_SHAPE', sealValue(7, 4), 'It ends before it begins.'],
    'leaf-with-another-label': ['DECODE_SHAPE', p.encode(['sealchart/v2/seal', 0, 2, 1, null]), 'Not the label.'],
    'leaf-with-one-field': ['DECODE_SHAPE', p.encode([counting(0x00)]), 'Two fields or five.'],
    'leaf-with-three-fields': ['DECODE_SHAPE', p.encode([counting(0x00), counting(0x20), 1]), 'Two fields or five.'],
    'leaf-with-a-short-slot': ['DECODE_SHAPE', p.encode([counting(0x00, 31), counting(0x20)]), 'A slot has 32 bytes.'],
    'leaf-with-a-text': ['DECODE_SHAPE', p.encode([counting(0x00), 'a'.repeat(32)]), 'A hash is a byte string.'],
    'leaf-trailing': ['DECODE_TRAILING', Uint8Array.of(...entryLeaf, 0), 'A byte follows.'],
    'leaf-cut': ['DECODE_TRUNCATED', entryLeaf.slice(0, -1), 'The last byte is missing.'],
    'leaf-nested': ['DECODE_DEPTH', p.encode([[counting(0x00)], counting(0x20)]), 'A leaf holds no arrays.'],
    'leaf-too-long': ['TOO_LARGE', p.encode([counting(0x00, 60), counting(0x20, 60)]), 'No leaf is so long.'],
  }
  for (const [name, [code, bytes, comment]] of Object.entries(wrongLeaves))
    await refuses(name, code, { ...leaf(bytes), spec: rejects, comment })
}

// ——— seals and time

async function seals({ accepts, refuses }) {
  const line = (...list) => ({ operation: 'log/seals', spec: 'log.md#seals-and-log-time', inputs: { seals: list } })
  await accepts('seals-three', {
    ...line([0, 2, 10], [2, 5, 10], [5, 9, 12]),
    comment: 'Contiguous; time may stand still.',
  })
  await refuses('seals-with-a-gap', 'LOG_INCONSISTENT', {
    ...line([0, 2, 10], [3, 5, 10]),
    comment: 'Leaf 2 belongs to no batch.',
  })
  await refuses('seals-that-overlap', 'LOG_INCONSISTENT', {
    ...line([0, 3, 10], [2, 5, 10]),
    comment: 'Leaf 2 belongs to two batches.',
  })
  await refuses('seals-that-begin-late', 'LOG_INCONSISTENT', {
    ...line([1, 3, 10]),
    comment: 'The first batch begins at 0.',
  })
  await refuses('seals-with-time-going-back', 'TIME', {
    ...line([0, 2, 10], [2, 4, 9]),
    comment: 'Time never decreases.',
  })
  const time = (index, seal) => ({ operation: 'log/time', spec: 'log.md#seals-and-log-time', inputs: { index, seal } })
  await accepts('time-of-the-first-entry', { ...time(4, [4, 7, 99]), comment: 'The batch’s first leaf.' })
  await accepts('time-of-the-last-entry', { ...time(5, [4, 7, 99]), comment: 'The leaf before the seal.' })
  await refuses('time-of-the-seal-itself', 'TIME', {
    ...time(6, [4, 7, 99]),
    comment: 'The seal’s own place is no entry.',
  })
  await refuses('time-before-the-batch', 'TIME', { ...time(3, [4, 7, 99]), comment: 'A leaf of the batch before.' })
  await refuses('time-behind-the-batch', 'TIME', { ...time(7, [4, 7, 99]), comment: 'A leaf of the batch after.' })
}

// ——— trees

const hashes = Array.from({ length: 13 }, (_, i) => p.leafHash(p.encodeEntryLeaf(counting(i), counting(0x80 + i))))
const rootAt = (size) => p.rootOf(hashes.slice(0, size))
const short = counting(0x60, 31)
const node = ({ level, index }) => p.rootOf(hashes.slice(index * 2 ** level, (index + 1) * 2 ** level))

async function trees({ accepts }) {
  for (const size of [0, 1, 2, 3, 7, 8, 13])
    await accepts(`tree-of-${size}`, {
      operation: 'log/root',
      spec: 'log.md#tree',
      comment: size === 0 ? 'The root of no leaves is the hash of nothing.' : `${size} leaves.`,
      inputs: { leaves: hashes.slice(0, size).map(hex) },
    })
}

// ——— inclusion

async function inclusions({ accepts, refuses }) {
  const path = (size, index) => {
    const plan = p.planInclusion(index, size)
    return p.assemble(plan, plan.nodes.map(node))
  }
  const inclusion = (size, index, over = {}) => ({
    operation: 'log/inclusion',
    spec: 'log.md#proofs',
    inputs: {
      size,
      root: hex(rootAt(size)),
      index,
      leafHash: hex(hashes[index]),
      path: path(size, index).map(hex),
      ...over,
    },
  })
  for (const [size, index] of [
    [1, 0],
    [7, 0],
    [7, 6],
    [8, 5],
    [13, 12],
  ])
    await accepts(`inclusion-of-${index}-in-${size}`, {
      ...inclusion(size, index),
      comment: `Leaf ${index} of ${size}.`,
    })
  const whole = path(7, 2).map(hex)
  const wrongPaths = {
    'inclusion-at-another-index': [{ index: 3 }, 'The path is that of leaf 2.'],
    'inclusion-of-another-leaf': [{ leafHash: hex(hashes[3]) }, 'Another leaf.'],
    'inclusion-in-another-root': [{ root: hex(counting(0x60)) }, 'Another tree.'],
    'inclusion-in-another-size': [{ size: 9 }, 'The same path, in a tree of another size.'],
    'inclusion-one-too-few': [{ path: whole.slice(0, -1) }, 'The length follows from index and size.'],
    'inclusion-one-too-many': [{ path: [...whole, hex(counting(0x60))] }, 'The length follows from index and size.'],
    'inclusion-empty': [{ path: [] }, 'No path at all.'],
    'inclusion-in-another-order': [{ path: [...whole].reverse() }, 'From the leaf upwards.'],
    'inclusion-with-a-short-hash': [{ path: [whole[0].slice(2), ...whole.slice(1)] }, 'Every element has 32 bytes.'],
    'inclusion-beyond-the-tree': [{ index: 7 }, 'The tree has leaves 0 to 6.'],
    'inclusion-in-an-empty-tree': [{ size: 0, index: 0, path: [] }, 'Nothing is in an empty tree.'],
  }
  for (const [name, [over, comment]] of Object.entries(wrongPaths))
    await refuses(name, 'LOG_PROOF', { ...inclusion(7, 2, over), comment })
  await refuses('inclusion-with-a-short-hash-that-leads-to-the-root', 'LOG_PROOF', {
    ...inclusion(2, 0, { root: hex(looseNode(hashes[0], short)), path: [hex(short)] }),
    comment: 'Every element has 32 bytes, whatever they lead to.',
  })
  await refuses('inclusion-beyond-the-tree-of-its-root', 'LOG_PROOF', {
    ...inclusion(1, 0, { index: 1 }),
    comment: 'The only leaf is at 0.',
  })
}

// ——— consistency

async function growth({ accepts, refuses }) {
  const proofOf = (from, to) => {
    const plan = p.planConsistency(from, to)
    return p.assemble(plan, plan.nodes.map(node)).map(hex)
  }
  const consistency = (from, to, over = {}) => ({
    operation: 'log/consistency',
    spec: 'log.md#proofs',
    inputs: {
      old: { size: from, root: hex(rootAt(from)) },
      new: { size: to, root: hex(rootAt(to)) },
      proof: from === to ? [] : proofOf(from, to),
      ...over,
    },
  })
  for (const [from, to] of [
    [1, 2],
    [3, 7],
    [4, 8],
    [6, 13],
    [7, 7],
  ])
    await accepts(`consistency-of-${from}-with-${to}`, {
      ...consistency(from, to),
      comment: `From ${from} leaves to ${to}.`,
    })
  const proof = proofOf(3, 7)
  const wrongGrowth = {
    'consistency-of-an-empty-tree': [
      { old: { size: 0, root: hex(rootAt(0)) }, proof: [] },
      'Everything is consistent with it: it says nothing.',
    ],
    'consistency-backwards': [
      { old: { size: 7, root: hex(rootAt(7)) }, new: { size: 3, root: hex(rootAt(3)) } },
      'Not growth.',
    ],
    'consistency-of-another-old-root': [{ old: { size: 3, root: hex(counting(0x60)) } }, 'Not the tree that was seen.'],
    'consistency-of-another-new-root': [{ new: { size: 7, root: hex(counting(0x60)) } }, 'Not the tree that is shown.'],
    'consistency-one-too-few': [{ proof: proof.slice(0, -1) }, 'The length follows from the sizes.'],
    'consistency-one-too-many': [{ proof: [...proof, hex(counting(0x60))] }, 'The length follows from the sizes.'],
    'consistency-in-another-order': [{ proof: [...proof].reverse() }, 'The order follows from the sizes.'],
    'consistency-with-a-short-hash': [{ proof: [proof[0].slice(2), ...proof.slice(1)] }, 'Every element has 32 bytes.'],
    'consistency-of-equal-sizes-with-a-proof': [{ old: { size: 7, root: hex(rootAt(7)) } }, 'Equal sizes need none.'],
    'consistency-of-equal-sizes-with-two-roots': [
      { old: { size: 7, root: hex(counting(0x60)) }, proof: [] },
      'A fork.',
    ],
  }
  for (const [name, [over, comment]] of Object.entries(wrongGrowth))
    await refuses(name, 'LOG_INCONSISTENT', { ...consistency(3, 7, over), comment })
  const grown = { size: 2, root: hex(looseNode(hashes[0], short)) }
  await refuses('consistency-with-a-short-hash-that-leads-to-the-root', 'LOG_INCONSISTENT', {
    ...consistency(1, 2, { new: grown, proof: [hex(short)] }),
    comment: 'Every element has 32 bytes, whatever they lead to.',
  })
}

// ——— batches

async function batches({ accepts, refuses }) {
  const batch = (size, indices, over = {}) => ({
    operation: 'log/batch',
    spec: 'log.md#batch-proofs',
    inputs: {
      size,
      root: hex(rootAt(size)),
      leaves: indices.map((index) => [index, hex(hashes[index])]),
      nodes: p.planBatch(size, indices).map((place) => hex(node(place))),
      ...over,
    },
  })
  for (const [name, size, indices] of [
    ['batch-of-two', 7, [1, 3]],
    ['batch-of-all', 7, [0, 1, 2, 3, 4, 5, 6]],
    ['batch-of-the-last', 13, [12]],
    ['batch-of-one-in-one', 1, [0]],
  ])
    await accepts(name, { ...batch(size, indices), comment: 'Leaves and the nodes around them.' })
  const { leaves: given, nodes } = batch(7, [1, 3]).inputs
  const wrongBatches = {
    'batch-of-nothing': [{ leaves: [], nodes: [hex(rootAt(7))] }, 'A proof of nothing that looks like one.'],
    'batch-unsorted': [{ leaves: [...given].reverse() }, 'Indices increase.'],
    'batch-with-a-leaf-twice': [{ leaves: [given[0], given[0]] }, 'Indices increase.'],
    'batch-beyond-the-tree': [{ leaves: [given[0], [7, given[1][1]]] }, 'The tree has leaves 0 to 6.'],
    'batch-at-another-index': [{ leaves: [given[0], [2, given[1][1]]] }, 'Leaf 3 stands at 3.'],
    'batch-one-node-too-few': [{ nodes: nodes.slice(0, -1) }, 'The number follows from the indices.'],
    'batch-one-node-too-many': [{ nodes: [...nodes, hex(counting(0x60))] }, 'Nothing uses it.'],
    'batch-nodes-in-another-order': [{ nodes: [...nodes].reverse() }, 'Left to right.'],
    'batch-of-another-root': [{ root: hex(counting(0x60)) }, 'Another tree.'],
    'batch-with-a-short-node': [{ nodes: [nodes[0].slice(2), ...nodes.slice(1)] }, 'Every node has 32 bytes.'],
    'batch-with-a-short-leaf': [{ leaves: [[1, given[0][1].slice(2)], given[1]] }, 'Every leaf hash has 32 bytes.'],
  }
  for (const [name, [over, comment]] of Object.entries(wrongBatches))
    await refuses(name, 'LOG_PROOF', { ...batch(7, [1, 3], over), comment })

  // A verifier that leaves out a check would compute exactly these roots.
  const [leaf, other] = hashes
  const edge = hashes.slice(0, 7).reduce((grown, hash) => p.append(grown, hash), p.emptyEdge)
  const leading = {
    'batch-of-nothing': [7, rootAt(7), [], edge.hashes, 'A proof of nothing that looks like one.'],
    'batch-beyond-the-tree': [1, leaf, [[1, leaf]], [], 'The only leaf is at 0.'],
    'batch-with-a-leaf-twice': [1, leaf, Array(2).fill([0, leaf]), [], 'Indices increase.'],
    'batch-with-a-short-leaf': [2, looseNode(short, other), [[0, short]], [other], 'Every leaf hash has 32 bytes.'],
    'batch-with-a-short-node': [2, looseNode(leaf, short), [[0, leaf]], [short], 'Every node has 32 bytes.'],
  }
  for (const [name, [size, top, list, around, comment]] of Object.entries(leading)) {
    const leaves = list.map(([index, hash]) => [index, hex(hash)])
    const inputs = { size, root: hex(top), leaves, nodes: around.map(hex) }
    await refuses(`${name}-that-leads-to-the-root`, 'LOG_PROOF', { ...batch(1, [0], inputs), comment })
  }
}

// ——— verifier keys

const key = p.encodeNoteKey(logSigner.key)

async function verifierKeys({ accepts, refuses }) {
  const verifierKey = (text) => ({ operation: 'log/verifier-key', spec: 'log.md#signed-notes', inputs: { text } })
  await accepts('verifier-key', { ...verifierKey(key), comment: 'Name, key id, type and key.' })
  await accepts('verifier-key-in-chinese', {
    ...verifierKey(p.encodeNoteKey(p.noteKey('病歷.example', logSigner.key.publicKey))),
    comment: 'A name is any text without white space and plus.',
  })
  const [name, id] = key.split('+')
  const encoded = key.slice(name.length + id.length + 2)
  const wrongKeys = {
    'verifier-key-with-another-id': [`${name}+00000000+${encoded}`, 'The id is computed from name and key.'],
    'verifier-key-with-capitals': [`${name}+${id.toUpperCase()}+${encoded}`, 'One key has one text.'],
    'verifier-key-without-a-name': [`+${id}+${encoded}`, 'A name has at least a byte.'],
    'verifier-key-with-a-space': [`log example+${id}+${encoded}`, 'No white space.'],
    'verifier-key-of-two-parts': [`${name}+${encoded}`, 'Three parts.'],
    'verifier-key-of-another-type': [
      `${name}+${id}+${p.base64(Uint8Array.of(2, ...logSigner.key.publicKey))}`,
      'Type 1 is Ed25519.',
    ],
    'verifier-key-too-short': [
      `${name}+${id}+${p.base64(Uint8Array.of(1, ...counting(0, 31)))}`,
      'A key has 32 bytes.',
    ],
    'verifier-key-without-padding': [`${name}+${id}+${encoded.replace(/=+$/, '')}A`, 'Standard base64 with padding.'],
    'verifier-key-empty': ['', 'Nothing.'],
  }
  for (const [caseName, [text, comment]] of Object.entries(wrongKeys))
    await refuses(caseName, 'KEY_FORMAT', { ...verifierKey(text), comment })

  /** A key whose id is that of its name and bytes, whatever they are. */
  const keyOf = (own, publicKey = logSigner.key.publicKey) => {
    const material = Uint8Array.of(1, ...publicKey)
    return `${own}+${hex(p.sha256(p.utf8(own), p.utf8('\n'), material).slice(0, 4))}+${p.base64(material)}`
  }
  const forms = {
    'verifier-key-with-an-empty-name': [keyOf(''), 'A name has at least a byte.'],
    'verifier-key-with-a-space-in-its-name': [keyOf('log example'), 'No white space.'],
    'verifier-key-with-an-ideographic-space': [keyOf('病歷\u3000example'), 'White space as Unicode has it.'],
    'verifier-key-with-a-next-line': [keyOf('log\u0085example'), 'White space as Unicode has it.'],
    'verifier-key-with-a-control-character': [keyOf('log\u0001example'), 'No control characters.'],
    'verifier-key-with-a-name-of-256-bytes': [keyOf('a'.repeat(256)), '255 at most.'],
    'verifier-key-of-33-bytes': [keyOf(name, counting(0x60, 33)), 'A key has 32 bytes.'],
  }
  for (const [caseName, [text, comment]] of Object.entries(forms))
    await refuses(caseName, 'KEY_FORMAT', { ...verifierKey(text), comment: `${comment} Its id fits.` })
  await accepts('verifier-key-with-a-name-of-255-bytes', {
    ...verifierKey(keyOf('a'.repeat(255))),
    comment: 'The longest.',
  })
}

// ——— checkpoints

async function checkpoints({ accepts, refuses }) {
  const origin = logSigner.key.name
  const head = { origin, size: 7, root: rootAt(7) }
  const sound = new TextDecoder().decode(p.signCheckpoint(head, logSigner))
  const checkpoint = (text, over = {}) => ({
    operation: 'log/checkpoint',
    inputs: { note: hex(typeof text === 'string' ? p.utf8(text) : text), key, ...over },
  })
  const spec = 'log.md#checkpoints'
  await accepts('checkpoint', { ...checkpoint(sound), spec, comment: 'Origin, size and root, signed.' })
  await accepts('checkpoint-of-an-empty-log', {
    ...checkpoint(p.signCheckpoint({ origin, size: 0, root: p.emptyRoot() }, logSigner)),
    spec,
    comment: 'The root of no leaves.',
  })
  const line = sound.split('\n').at(-2)
  await accepts('checkpoint-with-a-cosignature', {
    ...checkpoint(`${sound}— witness.example/w ${p.base64(Uint8Array.of(1, 2, 3, 4, 4, ...new Uint8Array(72)))}\n`),
    spec: 'log.md#signed-notes',
    comment: 'A line of a key that was not given is passed over.',
  })
  /** A text under the log's signature, whatever it says. */
  const signedText = (text) => {
    const signature = logSigner.sign(p.utf8(text))
    return `${text}\n— ${origin} ${p.base64(p.concat(logSigner.key.id, signature))}\n`
  }
  const lines = (...given) => signedText(`${given.join('\n')}\n`)
  const root = p.base64(rootAt(7))
  const stranger = (name, length = 68) => `— ${name} ${p.base64(new Uint8Array(length))}`
  const wrongNotes = {
    'checkpoint-with-another-bit': [sound.replace('\n7\n', '\n8\n'), 'The text is not what was signed.'],
    'checkpoint-without-signature': [sound.slice(0, sound.lastIndexOf('—')), 'Nobody signed it.'],
    'checkpoint-signed-by-strangers': [
      sound.replace(line, `— witness.example/w ${p.base64(new Uint8Array(68))}`),
      'No known key signed.',
    ],
    'checkpoint-with-a-bad-line-of-the-key-beside-a-good-one': [
      `${sound}— ${origin} ${p.base64(Uint8Array.of(...logSigner.key.id, ...new Uint8Array(64)))}\n`,
      'A known key’s line that fails is never passed over.',
    ],
    'checkpoint-with-an-extension-line': [
      lines(origin, '7', root, 'extension'),
      'A relay could tell each reader something else there.',
    ],
    'checkpoint-of-two-lines': [lines(origin, '7'), 'Three.'],
    'checkpoint-of-another-origin': [lines('other.example/log', '7', root), 'The origin is the key’s name.'],
    'checkpoint-size-with-a-zero': [lines(origin, '07', root), 'One size has one text.'],
    'checkpoint-size-with-a-sign': [lines(origin, '+7', root), 'One size has one text.'],
    'checkpoint-size-negative': [lines(origin, '-7', root), 'No such tree.'],
    'checkpoint-size-with-an-exponent': [lines(origin, '7e0', root), 'One size has one text.'],
    'checkpoint-size-hexadecimal': [lines(origin, '0x7', root), 'Decimal.'],
    'checkpoint-size-empty': [lines(origin, '', root), 'An empty line ends the text besides.'],
    'checkpoint-size-too-large': [lines(origin, '9007199254740992', root), '2^53.'],
    'checkpoint-root-too-short': [lines(origin, '7', p.base64(counting(0, 31))), 'A hash has 32 bytes.'],
    'checkpoint-root-with-a-spare-bit': [lines(origin, '7', spare(root)), 'One root has one text.'],
    'checkpoint-root-in-url-base64': [
      lines(origin, '7', p.base64(counting(0xe0)).replaceAll('+', '-').replaceAll('/', '_')),
      'Standard base64.',
    ],
    'checkpoint-root-without-padding': [lines(origin, '7', root.replace('=', '')), 'With padding.'],
    'checkpoint-of-an-empty-log-with-a-root': [lines(origin, '0', root), 'An empty tree has one root.'],
    'checkpoint-with-carriage-returns': [
      lines(`${origin}\r`, '7\r', `${root}\r`),
      'No control character but the newline.',
    ],
    'checkpoint-with-a-name-that-is-none': [`${sound}${stranger('witness+example')}\n`, 'No plus sign in a name.'],
    'checkpoint-with-a-word-behind-a-signature': [`${sound.slice(0, -1)} more\n`, 'A line has three parts.'],
    'checkpoint-with-a-signature-of-4-bytes': [
      `${sound}— witness.example/w ${p.base64(counting(0x60, 4))}\n`,
      'A key id, and nothing that it signed.',
    ],
    'checkpoint-whose-last-line-does-not-end': [`${sound}${stranger('witness.example/w')}`, 'Every line ends.'],
    'checkpoint-of-64-kib-and-more': [
      `${sound}${`${stranger('witness.example/w', 1700)}\n`.repeat(31)}`,
      '32 lines, each of which is allowed.',
    ],
    'checkpoint-without-final-newline': [sound.slice(0, -1), 'Every line ends.'],
    'checkpoint-with-a-line-behind-the-signatures': [`${sound}more\n`, 'Not a signature line.'],
    'checkpoint-signature-with-a-hyphen': [sound.replace('— ', '- '), 'An em dash.'],
    'checkpoint-empty': ['', 'Nothing.'],
    'checkpoint-too-long': [`${sound}${'— witness.example/w AAAAAAAA\n'.repeat(3000)}`, '64 KiB at most.'],
    'checkpoint-with-33-signatures': [`${sound}${'— witness.example/w AAAAAAAA\n'.repeat(32)}`, '32 lines at most.'],
  }
  for (const [caseName, [text, comment]] of Object.entries(wrongNotes))
    await refuses(caseName, 'CHECKPOINT', { ...checkpoint(text), spec: rejects, comment })
  await refuses('checkpoint-not-utf-8', 'CHECKPOINT', {
    ...checkpoint(flip(p.utf8(sound), 7)),
    spec: rejects,
    comment: 'The first byte is no character.',
  })
  const foreign = p.utf8(`${stranger('witness.example/w')}\n`)
  foreign[4] = 0xff
  await refuses('checkpoint-with-a-line-not-utf-8', 'CHECKPOINT', {
    ...checkpoint(p.concat(p.utf8(sound), foreign)),
    spec: rejects,
    comment: 'The first byte of a stranger’s name is no character.',
  })
}

// ——— notes, whatever they say

async function notes({ accepts, refuses }) {
  const sign = (text) => p.base64(p.concat(logSigner.key.id, logSigner.sign(p.utf8(text))))
  const signed = (text) => `${text}\n— ${logSigner.key.name} ${sign(text)}\n`
  const note = (text) => ({
    operation: 'log/note',
    spec: 'log.md#signed-notes',
    inputs: { note: hex(p.utf8(text)), key },
  })
  await accepts('note', { ...note(signed('病歷\n')), comment: 'Any text that ends in a newline.' })
  await accepts('note-with-an-empty-line', {
    ...note(signed('one\n\ntwo\n')),
    comment: 'The last empty line of the note ends the text.',
  })
  await accepts('note-that-is-signed-twice', {
    ...note(`${signed('text\n')}— ${logSigner.key.name} ${sign('text\n')}\n`),
    comment: 'Every line of a known key verifies.',
  })
  const wrong = {
    'note-with-a-tabulator': [signed('a\tb\n'), 'No control character but the newline.'],
    'note-without-an-empty-line': [`\n— ${logSigner.key.name} ${sign('')}\n`, 'The empty text, and no empty line.'],
    'note-of-another-text': [signed('one\n').replace('one', 'two'), 'Not what was signed.'],
    'note-that-is-signed-twice-and-once-wrongly': [
      `${signed('text\n')}— ${logSigner.key.name} ${sign('other\n')}\n`,
      'Every line of a known key verifies, or none counts.',
    ],
  }
  for (const [name, [text, comment]] of Object.entries(wrong))
    await refuses(name, 'CHECKPOINT', { ...note(text), comment })
}

// ——— tiles

async function tiles({ accepts, refuses }) {
  const tile = (text) => ({ operation: 'log/tile-path', spec: 'log.md#tiles', inputs: { path: text } })
  for (const [caseName, text, comment] of [
    ['tile-full', 'tile/0/000', 'The first tile.'],
    ['tile-of-three-groups', 'tile/1/x001/x234/067', 'Index 1,234,067.'],
    ['tile-partial', 'tile/0/273.p/112', '112 hashes.'],
    ['tile-of-entries', 'tile/entries/273.p/112', 'The leaves below it.'],
  ])
    await accepts(caseName, { ...tile(text), comment })
  const wrongTiles = {
    'tile-without-zeros': ['tile/0/0', 'Three digits a group.'],
    'tile-with-a-spare-group': ['tile/0/x000/001', 'No spare groups of zeros.'],
    'tile-of-level-7': ['tile/7/000', 'There are levels 0 to 6.'],
    'tile-of-width-256': ['tile/0/000.p/256', 'A full tile has no width.'],
    'tile-of-width-257': ['tile/0/000.p/257', '256 hashes at most.'],
    'tile-of-width-0': ['tile/0/000.p/0', 'At least one hash.'],
    'tile-of-width-with-a-zero': ['tile/0/000.p/01', 'One tile has one path.'],
    'tile-with-a-slash': ['/tile/0/000', 'One tile has one path.'],
    'tile-beyond-the-largest-log': ['tile/6/x001/000', 'Beyond 2^53 − 1 leaves.'],
  }
  for (const [caseName, [text, comment]] of Object.entries(wrongTiles))
    await refuses(caseName, 'DECODE_SHAPE', { ...tile(text), comment })
}
