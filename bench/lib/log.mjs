// A log in memory for benches: a network, an institution, a member, her record, and as many views of it as wanted, sealed in batches
// and proven in one answer. Every signature is real; objects that no rule looks into are random bytes.
import { randomBytes } from 'node:crypto'
import * as p from '@sealchart/protocol'

const bytes = (length) => new Uint8Array(randomBytes(length))

/** Places entries, ends each batch in a seal, and answers everything as `Proven`. */
class Log {
  constructor(signer) {
    this.signer = signer
    this.leaves = []
    this.entries = []
    this.seals = []
    this.access = new Map()
  }

  /** Appends a batch of entries at one log time. */
  batch(entries, time) {
    const first = this.leaves.length
    for (const entry of entries) {
      const place = entry.kind === 'access' ? this.#place(entry) : null
      this.entries.push({ index: this.leaves.length, bytes: entry.bytes, access: place })
      this.leaves.push(p.leafHash(p.encodeEntryLeaf(p.slotOf(entry, place), entry.hash)))
    }
    const seal = { first, size: this.leaves.length + 1, time, prefixRoot: null }
    this.seals.push(seal)
    this.leaves.push(p.leafHash(p.encodeSeal(seal)))
  }

  #place(entry) {
    const key = p.hex(entry.chain)
    const { number, link } = this.access.get(key) ?? { number: 0, link: entry.chain }
    this.access.set(key, { number: number + 1, link: p.accessLink(link, number + 1, entry.hash) })
    return { number: number + 1, previous: link }
  }

  proven() {
    const root = p.rootOf(this.leaves)
    const checkpoint = p.signCheckpoint({ origin: this.signer.key.name, size: this.leaves.length, root }, this.signer)
    return { checkpoint, consistency: [], entries: this.entries, seals: this.seals, nodes: [] }
  }
}

/** A record with `views` entries in its access log. */
export async function actingRecord(deviceFromSeed, views) {
  const device = () => deviceFromSeed(bytes(32))
  const [root, clinic, issuer, doctor, logDevice] = [device(), device(), device(), device(), device()]
  const signer = {
    key: p.noteKey('bench.example/log', logDevice.keys.sign),
    sign: (message) => logDevice.sign(message),
  }
  const log = new Log(signer)
  const time = 1_700_000_000_000
  const rest = ({ chain, sequence, link }) => ({ chain, sequence, link })
  const signatures = []
  const sign = async (by, chainOfSigner, network, statement) => {
    const entry = await p.signEntry(
      { time, seen: null, restsOn: [], private: null, ...statement },
      { chain: chainOfSigner, device: by.id, sign: by.sign },
      network,
    )
    const sign1 = p.decodeSign1(entry.bytes)
    signatures.push({
      key: by.keys.sign,
      message: p.signatureInput(sign1, p.bind('entry', [network])),
      signature: sign1.signature,
    })
    return entry
  }
  const founding = (kind, chain, body) => ({ kind, chain, sequence: 0, previous: null, type: 'found', body })
  const nonces = [bytes(32), bytes(32), bytes(32), bytes(32)]
  const network = p.chainIdOf(null, root.id, nonces[0])
  const institution = p.chainIdOf(network, clinic.id, nonces[1])
  const member = p.chainIdOf(network, doctor.id, nonces[2])
  const record = p.chainIdOf(network, member, nonces[3])
  const attached = { digest: bytes(32), length: 100, count: 1 }
  const wraps = { attached, root: bytes(32), asOf: 0 }

  const found = await sign(root, network, null, {
    ...founding('network', network, {
      keys: root.keys,
      nonce: nonces[0],
      name: 'Bench',
      origin: signer.key.name,
      logKey: signer.key.publicKey,
      relay: 'https://bench.example',
    }),
  })
  const clinicFound = await sign(
    clinic,
    institution,
    network,
    founding('institution', institution, { keys: clinic.keys, nonce: nonces[1], name: 'Clinic' }),
  )
  const admit = await sign(root, network, network, {
    kind: 'network',
    chain: network,
    sequence: 1,
    previous: found.link,
    type: 'admit',
    body: { institution, founding: clinicFound.link },
  })
  const proof = await issuer.sign(p.enrolmentMessage(network, institution, issuer.keys))
  const appoint = await sign(clinic, institution, network, {
    kind: 'institution',
    chain: institution,
    sequence: 1,
    previous: clinicFound.link,
    type: 'appoint',
    body: { keys: issuer.keys, proof },
  })
  const authority = [rest(appoint), rest(admit)]
  const memberFound = await sign(
    doctor,
    member,
    network,
    founding('member', member, { keys: doctor.keys, nonce: nonces[2], epochKey: doctor.keys.box, wraps }),
  )
  const credential = await sign(issuer, institution, network, {
    kind: 'member',
    chain: member,
    sequence: 1,
    previous: memberFound.link,
    type: 'credential',
    restsOn: authority,
    body: { institution, claims: [], registration: null, notBefore: time - 1000, until: time + 1e9 },
  })
  const accept = await sign(doctor, member, network, {
    kind: 'member',
    chain: member,
    sequence: 2,
    previous: credential.link,
    type: 'accept',
    body: { credential: credential.hash },
  })
  const acting = [rest(accept), ...authority]
  const epochs = [0, 1].map((section) => ({ section, epoch: 0, commitment: bytes(32), back: null, until: null }))
  const contents = [0, 1].map((section) => ({ section, epoch: 0, object: attached }))
  const trail = { epoch: 0, key: doctor.keys.box, back: null }
  const create = await sign(doctor, member, network, {
    kind: 'record',
    chain: record,
    sequence: 0,
    previous: null,
    type: 'create',
    restsOn: acting,
    body: { founder: member, nonce: nonces[3], credential: credential.hash, trail, epochs, contents, wraps },
  })
  log.batch([found], time)
  log.batch([clinicFound, admit], time)
  log.batch([appoint], time)
  log.batch([memberFound, credential, accept], time)
  log.batch([create], time)
  const chain = p.accessLogOf(record)
  let pending = []
  for (let i = 0; i < views; i++) {
    pending.push(
      await sign(doctor, member, network, {
        kind: 'access',
        chain,
        sequence: 0,
        previous: chain,
        type: 'view',
        restsOn: [...acting, rest(create)],
        private: bytes(32),
        body: { record, grant: null, credential: credential.hash, version: 1, sections: [1], trailEpoch: 0 },
      }),
    )
    if (pending.length === 16 || i === views - 1) {
      log.batch(pending, time)
      pending = []
    }
  }
  const pin = { chain: network, founding: found.link, log: signer.key }
  return { pin, proven: log.proven(), signatures }
}
