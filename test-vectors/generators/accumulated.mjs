// The accumulated tests: one hash over 10,000 runs an area, whose inputs follow from a seeded stream. Described in ../README.md.

import { ed25519 } from '../../docs/spec/examples/lib.mjs'
import { keySchedule, SUITE } from '../../packages/crypto/dist/hpke.js'
import * as c from '../../packages/crypto/dist/index.js'
import { deriveKey } from '../../packages/crypto/dist/keys.js'
import * as p from '../../packages/protocol/dist/index.js'
import { wrapLeaf } from '../../packages/protocol/dist/wraps.js'
import { hex } from '../operations/notation.mjs'
import { scripted } from './vectors.mjs'
import { stranger } from './world.mjs'

export const RUNS = 10_000
const TIME = 1_790_000_000_000
const box = stranger.device.keys.box

/** The bytes of one run. */
function stream(area, run) {
  let block = new Uint8Array(0)
  let number = 0
  let at = 0
  const take = (length) => {
    while (block.length - at < length) {
      const more = p.sha256(p.utf8(`sealchart/accumulated/${area}/${run}/${number++}`))
      block = p.concat(block.subarray(at), more)
      at = 0
    }
    at += length
    return block.slice(at - length, at)
  }
  const u8 = () => take(1)[0]
  const u16 = () => 256 * u8() + u8()
  return { take, u8, u16 }
}

const purposes = Object.keys(p.labels)

/** Area → one run's result. Draws stand in the order in which they are written here. */
const areas = {
  codec({ take, u8 }) {
    const n = u8() % 24
    const input = take(n)
    if (u8() < 128 && n > 0) input[0] = 0x80 | (n % 6)
    try {
      return p.concat(Uint8Array.of(1), p.encode(p.decode(input)))
    } catch (error) {
      if (error instanceof p.ProtocolError) return Uint8Array.of(0)
      throw error
    }
  },
  contexts({ take, u8, u16 }) {
    const purpose = purposes[u8() % purposes.length]
    const context = []
    for (let left = u8() % 5; left > 0; left--) context.push([() => take(32), u16, () => null][u8() % 3]())
    return p.bind(purpose, context)
  },
  entries({ take, u8 }) {
    const drawn = take(32)
    const id = p.chainIdOf(drawn[0] < 32 ? null : drawn, take(32), take(32))
    return p.concat(id, p.hashBytes('entryHash', p.concat(Uint8Array.of(0xd2), take(u8()))))
  },
  log({ take, u8, u16 }) {
    const leaves = []
    for (let left = 1 + (u8() % 40); left > 0; left--) {
      const slot = take(32)
      leaves.push(p.leafHash(p.encodeEntryLeaf(slot, take(32))))
    }
    const previous = take(32)
    const number = 1 + u16()
    const link = p.accessLink(previous, number, take(32))
    return p.concat(p.rootOf(leaves), link, p.slotAfter(link))
  },
  wraps({ take, u8, u16 }) {
    const leaves = []
    for (let left = 1 + (u8() % 4); left > 0; left--) {
      const [recipient, epoch, keyHash, sequence, link, grant] = [take(32), u8(), take(32), u16(), take(32), take(32)]
      const card = { section: 0, epoch: u8() }
      const section = 1 + (u8() % 256)
      const keys = [card, { section, epoch: u8() }]
      const [envelope, own] = [take(32), take(32)]
      const leaf = {
        recipient,
        epoch,
        keyHash,
        sequence,
        link,
        what: [{ grant, keys, trail: null }],
        envelope,
        keys: own,
      }
      leaves.push(p.leafHash(p.pack(wrapLeaf, leaf)))
    }
    return p.rootOf(leaves)
  },
  manifests({ take, u8 }) {
    const names = []
    for (let left = 1 + (u8() % 40); left > 0; left--) names.push(take(32))
    return p.concat(p.namesRoot(names), p.sha256(p.encodeIndex(names)[0]))
  },
  headers({ take, u8, u16 }) {
    const [key, network, record] = [take(32), take(32), take(32)]
    const section = u8()
    return c.sectionCommitment(key, { network, record, section, epoch: u16() })
  },
  async floe({ take, u8 }) {
    const [key, iv, segmentIv] = [take(32), take(32), take(12)]
    const aad = take(u8())
    const plaintext = take(u8() % 65)
    const parameters = { segmentLength: 128, rotationBits: 20 }
    const sealing = c.startSealing(key, aad, { parameters, random: scripted(iv, segmentIv) })
    return p.concat(sealing.header, c.joinSegment(await sealing.sealSegment(plaintext, 0, true)))
  },
  hpke({ take, u8 }) {
    const info = take(u8())
    const { key, nonce } = keySchedule(SUITE, take(32), info)
    return p.concat(key, nonce)
  },
  vault({ take, u16 }) {
    const master = take(32)
    const name = `blob-${u16()}`
    return p.concat(deriveKey(master, p.bind('vaultKey', [name])), p.bind('vault', [1, name, u16()]))
  },
  async requests({ take, u8, u16 }) {
    const method = ['GET', 'PUT', 'POST'][u8() % 3]
    const url = `https://relay.example/v1/${hex(take(8))}`
    const body = take(u8())
    const created = 1000 * u16()
    const [chain, device] = [take(32), take(32)]
    let base
    const sign = (message) => {
      base = p.sha256(message)
      return new Uint8Array(64)
    }
    await p.signRequest({ method, url, body, created, chain, device }, sign)
    return base
  },
  async rules({ take, u8 }) {
    const device = ed25519(take(32))
    const keys = { sign: device.publicKey, box }
    const nonce = take(32)
    const time = TIME + 60_000 * ((u8() % 12) - 6)
    const seen = u8() % 2 === 0 ? null : { size: u8() % 4, root: new Uint8Array(32) }
    const index = u8() % 3
    const id = p.deviceId(p.checkDeviceKeys(keys))
    const chain = u8() % 4 === 0 ? take(32) : p.chainIdOf(null, id, nonce)
    const body = { keys, nonce, name: 'n', origin: 'o', logKey: new Uint8Array(32), relay: 'r' }
    const place = { kind: 'network', chain, sequence: 0, previous: null, type: 'found', private: null }
    const entry = await p.signEntry(
      { ...place, time, seen, restsOn: [], body },
      { chain, device: id, sign: device.sign },
      null,
    )
    const look = p.lookFor(entry, { get: () => null, under: () => [] }, chain)
    try {
      p.verifyEntry(entry, await p.signKeyOf(entry, look), null)
      await p.applyEntry(entry, look, { index, time: TIME })
      return p.concat(Uint8Array.of(1), entry.hash)
    } catch (error) {
      if (error instanceof p.ProtocolError) return p.concat(Uint8Array.of(0), p.utf8(error.code))
      throw error
    }
  },
}

export async function accumulated() {
  const hashes = {}
  for (const [area, result] of Object.entries(areas)) {
    let hash = new Uint8Array(32)
    for (let run = 0; run < RUNS; run++) hash = p.sha256(hash, await result(stream(area, run)))
    hashes[area] = hex(hash)
  }
  return { runs: RUNS, box: hex(box), areas: hashes }
}
