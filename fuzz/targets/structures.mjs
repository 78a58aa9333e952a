// Targets of signed structures and of what lies beside them: entries, claims, manifests, wrap lists, signed requests, facts.
import { bodies } from '../../packages/protocol/dist/bodies.js'
import * as p from '../../packages/protocol/dist/index.js'
import { framed } from '../mutate.mjs'
import { acceptedOf, filled, Mismatch, same, seedsOf, toText, unhex, utf8, vectorsOf } from '../seeds.mjs'

await p.ready()

const entrySeeds = seedsOf('bytes', 'entries/verify').concat(
  vectorsOf('rules/list').flatMap(({ inputs }) => inputs.entries.map(unhex)),
)
const verified = acceptedOf('entries/verify')
const keyOf = unhex(verified[0].inputs.signKey)
const networkOf = verified[0].inputs.network === null ? null : unhex(verified[0].inputs.network)

/** The entry again, from what was read of it and its own signature. */
const entryAgain = async (entry) => {
  const { signature } = p.decodeSign1(entry.bytes)
  return (await p.signEntry(entry, { ...entry.signer, sign: () => signature }, null)).bytes
}

const member = filled(0)
const claimsShape = p.list(p.struct({ name: p.text(40, 1), salt: p.bytes(16), value: p.text(200) }), 16)

/** The credential that carries the hashes of these claims, so that they are refused for their form alone. */
function credentialOf(bytes) {
  const claims = p.unpack(claimsShape, bytes, 'claims')
  const carried = claims.map((claim) => ({ name: claim.name, hash: p.claimHash(member, claim) }))
  return bodies.member.credential.decode([member, carried.map(({ name, hash }) => [name, hash]), 0, 1], 'credential')
}

/** A row whose leaf names the objects that now stand beside it, if it still is a row. */
function repairRow(bytes) {
  try {
    const [leaf, envelope, keys] = p.decode(bytes)
    const named = [...leaf.slice(0, 6), p.sha256(envelope), keys === null ? null : p.sha256(keys), ...leaf.slice(8)]
    return p.encode([named, envelope, keys])
  } catch {
    return bytes
  }
}

const lists = seedsOf('list', 'wraps/list', 'wraps/fits')
const rows = seedsOf('row', 'wraps/row', 'wraps/keys', 'wraps/envelope', 'wraps/device')

function repairList(bytes) {
  try {
    const frames = []
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    for (let at = 0; at < bytes.length; at += 4 + view.getUint32(at))
      frames.push(repairRow(bytes.subarray(at + 4, at + 4 + view.getUint32(at))))
    return framed(frames)
  } catch {
    return bytes
  }
}

/** Method, URL, three header fields, then the body: a line each. */
const requestText = ({ method, url, body, headers }) =>
  utf8([method, url, ...fields.map((name) => headers[name] ?? ''), toText(unhex(body))].join('\n'))
const fields = ['content-digest', 'signature-input', 'signature']
const requests = vectorsOf('requests/verify')
const known = new Map(requests.flatMap(({ inputs }) => inputs.known).map(([, device, key]) => [device, unhex(key)]))
const { now } = requests[0].inputs
const requestSeeds = requests.map(({ inputs }) => requestText(inputs))
const acceptedRequests = new Set(acceptedOf('requests/verify').map(({ inputs }) => toText(requestText(inputs))))

/** Each kind of fact, with the values that the ledgers of the vectors hold. The first byte of an input is the kind's number. */
const id = filled(0)
const numbered = new Set(['section', 'content'])
const factKinds = Object.entries(p.facts).map(([name, fact]) =>
  typeof fact === 'function' ? fact(...(numbered.has(name) ? [1] : [id, id])) : fact,
)
const kindOf = (key) => factKinds.findIndex((fact) => fact.key.split('/')[0] === key.split('/')[0])
const factSeeds = new Map()
for (const { output } of acceptedOf('rules/take')) {
  for (const chain of output.chains) {
    for (const [key, value] of Object.entries(chain.facts)) factSeeds.set(value, [kindOf(key), ...unhex(value)])
  }
}

export const structures = [
  {
    name: 'cose/decodeSign1',
    form: 'cbor',
    seeds: entrySeeds,
    run: (bytes) => p.decodeSign1(bytes),
    reencode: p.encodeSign1,
  },
  {
    name: 'entry/decodeEntry',
    form: 'cbor',
    seeds: entrySeeds,
    run: p.decodeEntry,
    reencode: entryAgain,
  },
  {
    name: 'entry/verifyEntry',
    form: 'cbor',
    seeds: verified.map(({ inputs }) => unhex(inputs.bytes)),
    share: 1 / 4,
    onlySeeds: true,
    run: (bytes) => p.verifyEntry(p.decodeEntry(bytes), keyOf, networkOf),
  },
  {
    name: 'claims/decodeClaims',
    form: 'cbor',
    seeds: seedsOf('beside', 'entries/claims'),
    run: (bytes) => p.decodeClaims(bytes, member, credentialOf(bytes)),
    reencode: (claims) => p.pack(claimsShape, claims),
  },
  {
    name: 'manifest/decodeManifest',
    form: 'cbor',
    seeds: seedsOf('bytes', 'manifests/decode'),
    run: p.decodeManifest,
    reencode: p.encodeManifest,
  },
  {
    // One index segment of a file with as many segments as it has room for: only its length can be wrong.
    name: 'manifest/decodeIndex',
    form: 'bytes',
    seeds: vectorsOf('manifests/index').map(({ inputs }) => unhex(inputs.indexes.join(''))),
    run(bytes) {
      const segments = Math.max(2, Math.floor(bytes.length / 32))
      const names = Array.from({ length: segments }, (_, i) => bytes.slice(32 * i, 32 * i + 32))
      return p.decodeIndex({ segments, root: p.namesRoot(names), names: [p.sha256(bytes)] }, [bytes])
    },
    reencode: (names) => p.encodeIndex(names)[0],
  },
  {
    name: 'wraps/decodeWrapRow',
    form: 'cbor',
    seeds: rows,
    repair: repairRow,
    run(bytes) {
      const row = p.decodeWrapRow(bytes)
      const { envelope, keys, ...target } = row.leaf
      if (p.encodeTarget(target).length + (keys?.length ?? 0) < envelope.length) throw new Mismatch('target')
      return row
    },
    reencode: p.encodeWrapRow,
  },
  {
    name: 'wraps/decodeWrapList',
    form: 'framed',
    seeds: lists,
    repair: repairList,
    run(bytes) {
      const ranges = p.decodeWrapList(bytes)
      const read = ranges.map(({ row }) => row)
      // The leaves as they stand in the attachment, and those that were read, have one root.
      p.checkWrapList(ranges, p.describeWrapList(bytes, read, 0))
      return read
    },
    reencode: p.encodeWrapList,
  },
  {
    name: 'request/verifyRequest',
    form: 'text',
    seeds: requestSeeds,
    share: 1 / 2,
    async run(bytes) {
      const [method = '', url = '', digest = '', input = '', signature = '', ...body] = toText(bytes).split('\n')
      const headers = new Map(Object.entries({ 'content-digest': digest, 'signature-input': input, signature }))
      const parts = { method, url, body: utf8(body.join('\n')), headers: { get: (name) => headers.get(name) ?? null } }
      await p.verifyRequest({ ...parts, now }, (_, device) => known.get(p.hex(device)) ?? null)
      // A request without a body is the same with and without the line break before it.
      const read = [method, url, digest, input, signature, body.join('\n')].join('\n')
      if (!acceptedRequests.has(read)) throw new Mismatch('verified, and never signed')
    },
  },
  {
    name: 'rules/facts',
    form: 'cbor',
    seeds: [...factSeeds.values()].slice(0, 400).map((seed) => Uint8Array.from(seed)),
    repair: (bytes) => Uint8Array.of((bytes[0] ?? 0) % factKinds.length, ...bytes.subarray(1)),
    run(bytes) {
      const fact = factKinds[bytes[0]] ?? factKinds[0]
      const own = bytes.slice(1)
      const value = p.readFact(fact, own)
      same(p.pack(fact.shape, value), own, 'the fact and its bytes')
    },
  },
  {
    name: 'rules/grantHashOf',
    form: 'text',
    seeds: [p.facts.grant(id).key, p.GRANTS, p.facts.name.key].map(utf8),
    run: (bytes) => p.grantHashOf(toText(bytes)),
    reencode: (hash) => utf8(p.facts.grant(hash).key),
  },
]
