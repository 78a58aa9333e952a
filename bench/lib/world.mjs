// A network for benches of the relay: an institution, members, records and the requests of readers, all signed beforehand.
// Signatures are real; what is sealed is random bytes, which no relay can tell from anything else.
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { deviceFromSeed } from '@sealchart/crypto'
import * as p from '@sealchart/protocol'

export const bytes = (length) => new Uint8Array(randomBytes(length))
const digest = (object) => p.sha256(object)
const attached = (object, count) => ({ digest: digest(object), length: object.length, count })
const nothing = { attachments: [], beside: [], segments: [], uploads: [], token: null, seen: 0 }

export const appendBody = (parts) => p.pack(p.appendRequest, { ...nothing, ...parts })

export function wrapList(rows) {
  const encoded = p.encodeWrapList(rows)
  return { encoded, ref: p.describeWrapList(encoded, rows, 0) }
}

/** A row with sealed objects of the usual lengths. */
export function row(target, hasKeys = true) {
  const envelope = bytes(1200)
  const keys = hasKeys ? bytes(170) : null
  return { leaf: { epoch: 0, ...target, envelope: digest(envelope), keys: keys && digest(keys) }, envelope, keys }
}

export function manifestOf(files) {
  return p.encodeManifest({
    files: files.map(({ segments, names, root, padded }) => ({
      id: bytes(16),
      header: bytes(160),
      floe: bytes(74),
      padded,
      segments,
      root,
      names,
    })),
  })
}

export const smallFile = (segment) => {
  const name = digest(segment)
  return { segments: 1, names: [name], root: p.namesRoot([name]), padded: segment.length }
}

export class World {
  /** `send(path, body, headers)` answers with bytes or throws; `log` is the relay's key, `url` what its clients write. */
  constructor({ send, log, url, token }) {
    Object.assign(this, { send, log, url, token, heads: new Map(), size: 0 })
  }

  async append(entries, more = {}) {
    const body = appendBody({ entries: entries.map((entry) => entry.bytes), ...more })
    const answer = p.unpack(p.appendAnswer, await this.#sendInRate(body), 'answer', { bytes: 1 << 26 })
    for (const entry of entries) this.heads.set(p.hex(entry.chain), entry)
    return answer
  }

  /** One institution enrols thousands: the relay lets a device sign 60 entries a second in the long run. */
  async #sendInRate(body) {
    for (;;) {
      try {
        return await this.send(p.paths.append, body)
      } catch (error) {
        if (error.code !== 'RATE') throw error
        await sleep(1000)
      }
    }
  }

  rest(chain) {
    const { sequence, link } = this.heads.get(p.hex(chain))
    return { chain, sequence, link }
  }

  sign(signer, { rests = [], after, place, private: beside, ...statement }) {
    const before = after ?? this.heads.get(p.hex(statement.chain))
    return p.signEntry(
      {
        sequence: before ? before.sequence + 1 : 0,
        previous: before ? before.link : null,
        ...place,
        time: Date.now(),
        seen: null,
        restsOn: rests.map((chain) => this.rest(chain)),
        private: beside ? digest(beside) : null,
        ...statement,
      },
      { chain: signer.chain, device: signer.device.id, sign: signer.device.sign },
      statement.kind === 'network' && statement.type === 'found' ? null : this.network.chain,
    )
  }

  async found() {
    this.network = this.#founder(null)
    const { keys } = this.network.device
    const origin = this.log.name
    const body = {
      keys,
      nonce: this.network.nonce,
      name: 'Alliance',
      origin,
      logKey: this.log.publicKey,
      relay: this.url,
    }
    const found = await this.sign(this.network, { kind: 'network', chain: this.network.chain, type: 'found', body })
    await this.append([found], { token: this.token })
    this.institution = this.#founder(this.network.chain)
    const institution = await this.sign(this.institution, {
      kind: 'institution',
      chain: this.institution.chain,
      type: 'found',
      body: { keys: this.institution.device.keys, nonce: this.institution.nonce, name: 'Clinic' },
    })
    const admit = await this.sign(this.network, {
      kind: 'network',
      chain: this.network.chain,
      type: 'admit',
      body: { institution: this.institution.chain, founding: institution.link },
    })
    await this.append([institution, admit])
  }

  #founder(network) {
    const device = deviceFromSeed(bytes(32))
    const nonce = bytes(32)
    return { device, nonce, chain: p.chainIdOf(network, device.id, nonce) }
  }

  /** Enrols `count` members, 80 a list. */
  async enrol(count) {
    const members = []
    const epoch = deviceFromSeed(bytes(32)).keys.box
    while (members.length < count) {
      const entries = []
      const attachments = []
      for (let i = 0; i < 80 && members.length < count; i++) {
        const { member, list, wraps } = await this.#member(epoch)
        entries.push(...list)
        attachments.push(wraps)
        members.push(member)
      }
      await this.append(entries, { attachments })
    }
    return members
  }

  /** The credential by which this institution vouches for a member who founds her chain herself; it carries no claims. */
  async vouchFor(found) {
    const now = Date.now()
    const { chain } = found
    const claims = p.encodeClaims([])
    const entry = await this.sign(this.institution, {
      kind: 'member',
      chain,
      type: 'credential',
      body: {
        institution: this.institution.chain,
        claims: [],
        registration: null,
        notBefore: now - 1000,
        until: now + 86_400_000,
      },
      after: found,
      rests: [this.institution.chain, this.network.chain],
      private: claims,
    })
    return { credential: entry.bytes, claims }
  }

  async #member(epochKey) {
    const { device, nonce, chain } = this.#founder(this.network.chain)
    const target = { recipient: device.id, keyHash: digest(device.keys.box), sequence: 0, link: null, what: [] }
    const { encoded, ref } = wrapList([row(target, false)])
    const signer = { chain, device }
    const founding = { keys: device.keys, nonce, epochKey, wraps: ref }
    const found = await this.sign(signer, { kind: 'member', chain, type: 'found', body: founding })
    const now = Date.now()
    const credential = await this.sign(this.institution, {
      kind: 'member',
      chain,
      type: 'credential',
      body: {
        institution: this.institution.chain,
        claims: [],
        registration: null,
        notBefore: now - 1000,
        until: now + 86_400_000,
      },
      after: found,
      rests: [this.institution.chain, this.network.chain],
    })
    const accept = await this.sign(signer, {
      kind: 'member',
      chain,
      type: 'accept',
      body: { credential: credential.hash },
      after: credential,
    })
    const member = { chain, device, credential: credential.hash, keyHash: digest(epochKey) }
    return { member, list: [found, credential, accept], wraps: encoded }
  }

  authorities(...members) {
    return [...members.map(({ chain }) => chain), this.institution.chain, this.network.chain]
  }

  target(member, what) {
    const { sequence, link } = this.rest(member.chain)
    return { recipient: member.chain, keyHash: member.keyHash, sequence, link, what }
  }

  /** A record with one section of one small file. */
  async record(founder) {
    const nonce = bytes(32)
    const id = p.chainIdOf(this.network.chain, founder.chain, nonce)
    const segment = bytes(20_000)
    const [card, manifest] = [bytes(300), manifestOf([smallFile(segment)])]
    const keys = [0, 1].map((section) => ({ section, epoch: 0 }))
    const wraps = wrapList([row(this.target(founder, [{ grant: null, keys, trail: 0 }]))])
    const create = await this.sign(founder, {
      kind: 'record',
      chain: id,
      type: 'create',
      rests: this.authorities(founder),
      body: {
        founder: founder.chain,
        nonce,
        credential: founder.credential,
        trail: { epoch: 0, key: founder.device.keys.box, back: null },
        epochs: keys.map((one) => ({ ...one, commitment: bytes(32), back: null, until: null })),
        contents: [
          { section: 0, epoch: 0, object: attached(card, 0) },
          { section: 1, epoch: 0, object: attached(manifest, 1) },
        ],
        wraps: wraps.ref,
      },
    })
    await this.append([create], {
      attachments: [card, manifest, wraps.encoded],
      segments: [{ record: id, section: 1, bytes: segment }],
    })
    return { id, founder, create: create.hash, epoch: 0, grants: new Map() }
  }

  /** Grants everybody in `members` section 1, 60 grants a list. */
  async grant(record, members) {
    for (let at = 0; at < members.length; at += 60) {
      const entries = []
      const attachments = []
      for (const member of members.slice(at, at + 60)) {
        const { entry, encoded } = await this.#grant(record, member, entries.at(-1))
        entries.push(entry)
        attachments.push(encoded)
        record.grants.set(member, entry.hash)
      }
      await this.append(entries, { attachments })
    }
  }

  async #grant(record, member, after) {
    const keys = [0, 1].map((section) => ({ section, epoch: 0 }))
    const { encoded, ref } = wrapList([row(this.target(member, [{ grant: null, keys, trail: null }]))])
    const entry = await this.sign(record.founder, {
      kind: 'record',
      chain: record.id,
      type: 'grant',
      rests: this.authorities(record.founder, member),
      after,
      body: {
        credential: record.founder.credential,
        recipient: member.chain,
        from: null,
        capacity: member.credential,
        sections: [1],
        actions: p.actions.view,
        notBefore: 0,
        until: null,
        wraps: ref,
      },
    })
    return { entry, encoded }
  }

  /** The body of a request by which `reader` opens section 1. */
  async view(record, reader) {
    const log = p.accessLogOf(record.id)
    const purpose = bytes(150)
    const entry = await this.sign(reader, {
      kind: 'access',
      chain: log,
      type: 'view',
      rests: [record.id, ...this.authorities(reader)],
      place: { sequence: 0, previous: log },
      private: purpose,
      body: {
        record: record.id,
        grant: record.grants.get(reader) ?? null,
        credential: reader.credential,
        version: 1,
        sections: [1],
        trailEpoch: 0,
      },
    })
    return appendBody({ entries: [entry.bytes], beside: [purpose], seen: this.size })
  }

  /** The entry that ends one grant of many, and the wrap list of all who remain. */
  async revoke(record, member) {
    record.epoch += 1
    const { epoch } = record
    const epochs = [0, 1].map((section) => ({ section, epoch }))
    const ended = record.grants.get(member)
    record.grants.delete(member)
    const rows = [
      row(this.target(record.founder, [{ grant: record.create, keys: epochs, trail: epoch }])),
      ...[...record.grants].map(([holder, grant]) => row(this.target(holder, [{ grant, keys: epochs, trail: null }]))),
    ]
    const { encoded, ref } = wrapList(rows)
    const card = bytes(300)
    const entry = await this.sign(record.founder, {
      kind: 'record',
      chain: record.id,
      type: 'revoke',
      rests: this.authorities(record.founder),
      body: {
        credential: record.founder.credential,
        mode: 'revoke',
        grants: [ended],
        trail: { epoch, key: record.founder.device.keys.box, back: { to: epoch - 1, sealed: bytes(120) } },
        epochs: epochs.map((one) => ({
          ...one,
          commitment: bytes(32),
          back: { to: epoch - 1, sealed: bytes(120) },
          until: null,
        })),
        contents: [{ section: 0, epoch, object: attached(card, 0) }],
        wraps: ref,
      },
    })
    return { entry, card, wraps: encoded }
  }

  /** A version of section 1 with this manifest of one file. */
  async publish(record, { manifest, version }) {
    return this.sign(record.founder, {
      kind: 'record',
      chain: record.id,
      type: 'publish',
      rests: this.authorities(record.founder),
      body: {
        credential: record.founder.credential,
        grant: null,
        version,
        trail: null,
        epochs: [],
        contents: [{ section: 1, epoch: 0, object: attached(manifest, 1) }],
        wraps: null,
      },
    })
  }
}
