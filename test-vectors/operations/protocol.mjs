// Operations on what @sealchart/protocol defines, the rules apart.
import { bodies } from '../../packages/protocol/dist/bodies.js'
import * as p from '../../packages/protocol/dist/index.js'
import { verifyNote } from '../../packages/protocol/dist/note.js'
import { wrapLeaf } from '../../packages/protocol/dist/wraps.js'
import { bytes, bytesOrNull, fromJson, hex, hexOrNull, toJson } from './notation.mjs'

await p.ready()

const seal = ([first, size, time]) => ({ first, size, time, prefixRoot: null })
const head = ({ size, root }) => ({ size, root: bytes(root) })

// Places in an entry's payload (entries.md, "Layout"): these stand in the output as they were encoded.
const [SEEN, RESTS_ON, BODY] = [6, 7, 10]

export const protocol = {
  'codec/decode'({ bytes: input, limits = {} }) {
    const value = p.decode(bytes(input), limits)
    if (hex(p.encode(value)) !== input) throw new Error('accepted bytes that are not the encoding of their value')
    return { value: toJson(value) }
  },

  'contexts/bind'({ purpose, context }) {
    const values = context.map(fromJson)
    return { bytes: hex(p.bind(purpose, values)), hash: hex(p.hashOf(purpose, values)) }
  },
  'contexts/object': ({ purpose, object }) => ({ hash: hex(p.hashBytes(purpose, bytes(object))) }),

  'entries/verify'({ bytes: input, signKey, network }) {
    const entry = p.decodeEntry(bytes(input))
    p.verifyEntry(entry, bytes(signKey), bytesOrNull(network))
    const payload = p.decode(p.decodeSign1(entry.bytes).payload)
    return {
      kind: entry.kind,
      type: entry.type,
      signer: { chain: hex(entry.signer.chain), device: hex(entry.signer.device) },
      chain: hex(entry.chain),
      sequence: entry.sequence,
      previous: hexOrNull(entry.previous),
      time: entry.time,
      seen: toJson(payload[SEEN]),
      restsOn: toJson(payload[RESTS_ON]),
      body: toJson(payload[BODY]),
      private: hexOrNull(entry.private),
      entryHash: hex(entry.hash),
      linkHash: hex(entry.link),
    }
  },
  'entries/chain-id'({ network, founder, nonce }) {
    const id = p.chainIdOf(bytesOrNull(network), bytes(founder), bytes(nonce))
    return { id: hex(id), foundingSlot: hex(p.foundingSlot(id)) }
  },
  'entries/registration'({ network, board, number }) {
    const hash = p.registrationHash(bytes(network), board, number)
    return { hash: hex(hash), chain: hex(p.registrationChainOf(bytes(network), hash)) }
  },
  'entries/access-log': ({ record }) => ({ id: hex(p.accessLogOf(bytes(record))) }),
  'entries/device-keys': ({ sign, box }) => ({
    id: hex(p.deviceId(p.checkDeviceKeys({ sign: bytes(sign), box: bytes(box) }))),
  }),
  'entries/claims'({ member, claims: carried, beside }) {
    // The other fields of a credential are not looked at.
    const body = bodies.member.credential.decode([new Uint8Array(32), fromJson(carried), null, 0, 1], 'credential')
    const claims = p.decodeClaims(bytes(beside), bytes(member), body)
    return { claims: claims.map(({ name, salt, value }) => [name, toJson(salt), value]) }
  },

  'log/slot': ({ after, founds }) => ({
    slot: hex(after === undefined ? p.foundingSlot(bytes(founds)) : p.slotAfter(bytes(after))),
  }),
  'log/access-link'({ previous, number, entryHash }) {
    const link = p.accessLink(bytes(previous), number, bytes(entryHash))
    return { link: hex(link), slot: hex(p.slotAfter(link)) }
  },
  'log/leaf'({ bytes: input }) {
    const leaf = p.decodeLeaf(bytes(input))
    const leafHash = hex(p.leafHash(bytes(input)))
    if (leaf.kind === 'entry') return { kind: 'entry', slot: hex(leaf.slot), entryHash: hex(leaf.entryHash), leafHash }
    const { first, size, time, prefixRoot } = leaf.seal
    return { kind: 'seal', first, size, time, prefixRoot: hexOrNull(prefixRoot), leafHash }
  },
  'log/seals'({ seals }) {
    let last = null
    for (const next of seals.map(seal)) {
      p.checkNextSeal(last, next)
      last = next
    }
    return { size: last.size, time: last.time }
  },
  'log/time': ({ index, seal: given }) => ({ time: p.logTimeOf(index, seal(given)) }),
  'log/root'({ leaves }) {
    const hashes = leaves.map(bytes)
    const edge = hashes.reduce((grown, leaf) => p.append(grown, leaf), p.emptyEdge)
    return { root: hex(p.rootOf(hashes)), edge: edge.hashes.map(hex) }
  },
  'log/inclusion'({ size, root, index, leafHash, path }) {
    p.verifyInclusion({ index, hash: bytes(leafHash) }, { size, root: bytes(root) }, path.map(bytes))
    return {}
  },
  'log/consistency'({ old, new: grown, proof }) {
    p.verifyConsistency(head(old), head(grown), proof.map(bytes))
    return {}
  },
  'log/batch'({ size, root, leaves, nodes }) {
    const proven = leaves.map(([index, hash]) => ({ index, hash: bytes(hash) }))
    p.verifyBatch({ size, root: bytes(root) }, proven, nodes.map(bytes))
    return {}
  },
  'log/verifier-key'({ text }) {
    const { name, id, publicKey } = p.decodeNoteKey(text)
    return { name, id: hex(id), publicKey: hex(publicKey) }
  },
  'log/checkpoint'({ note, key }) {
    const { origin, size, root } = p.verifyCheckpoint(bytes(note), p.decodeNoteKey(key))
    return { origin, size, root: hex(root) }
  },
  'log/note': ({ note, key }) => ({ text: verifyNote(bytes(note), [p.decodeNoteKey(key)]) }),
  'log/tile-path': ({ path }) => p.parseTilePath(path),

  'wraps/list'({ list, count, root }) {
    const ranges = p.decodeWrapList(bytes(list))
    p.checkWrapList(ranges, { attached: { count }, root: bytes(root) })
    return { root, recipients: ranges.map(({ row }) => hex(row.leaf.recipient)) }
  },
  'wraps/row'({ row, root, size, index, path }) {
    const { leaf } = p.decodeWrapRow(bytes(row))
    p.verifyInclusion({ index, hash: p.wrapLeafHash(leaf) }, { size, root: bytes(root) }, path.map(bytes))
    return { leaf: toJson(wrapLeaf.encode(leaf)) }
  },

  'manifests/decode'({ bytes: input }) {
    const { files } = p.decodeManifest(bytes(input))
    return {
      files: files.map(({ id, header, floe, padded, segments, root, names }) => ({
        id: hex(id),
        header: hex(header),
        floe: hex(floe),
        padded,
        segments,
        root: hex(root),
        names: names.map(hex),
      })),
    }
  },
  'manifests/repeated'({ file, count }) {
    const fields = Array.from(p.decode(bytes(file)))
    const idOf = (i) => bytes(i.toString(16).padStart(32, '0'))
    const encoded = p.encode([Array.from({ length: count }, (_, i) => [idOf(i), ...fields])])
    return { files: p.decodeManifest(encoded).files.length, digest: hex(p.sha256(encoded)) }
  },
  'manifests/index'({ segments, root, names, indexes }) {
    const file = { segments, root: bytes(root), names: names.map(bytes) }
    return { names: p.decodeIndex(file, indexes.map(bytes)).map(hex) }
  },

  async 'requests/verify'({ method, url, body, headers, now, known }) {
    const find = (chain, device) => {
      const found = known.find(([c, d]) => c === hex(chain) && d === hex(device))
      return found ? bytes(found[2]) : null
    }
    const request = { method, url, body: bytes(body), headers: new Headers(headers), now }
    const { chain, device, created } = await p.verifyRequest(request, find)
    return { chain: hex(chain), device: hex(device), created }
  },
}
