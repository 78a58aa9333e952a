// The adversary's process: Lee's vault and everything she was ever sent, a client without checks, and a copy of the relay's disk.
// It says how much was tried and what opened, never a key.

import { fileVault } from '@sealchart/client-sdk'
import { sealNote, systemRandom } from '@sealchart/crypto'
import {
  accessLogOf,
  appendAnswer,
  decodeManifest,
  errorAnswer,
  hex,
  is,
  paths,
  sha256,
  unhex,
  unpack,
} from '@sealchart/protocol'
import { gatherLoot, openWithAnything, sealedObjects, uncheckedClient, writeForms } from '@sealchart/testing'
import { openDisk } from './disk.mjs'
import { play } from './role.mjs'

/** @typedef {import('@sealchart/protocol').ChainId} ChainId */
const LARGE = { bytes: 64 * 1024 * 1024 }

/** @type {import('@sealchart/testing').UncheckedClient} */
let client
/** @type {import('@sealchart/testing').Loot} */
let loot
/** @type {ChainId} */
let record

const idOf = (/** @type {string} */ id) => /** @type {ChainId} */ (/** @type {unknown} */ (unhex(id)))

play({
  async begin({ network, vault, hostKey, exchanges, id }) {
    client = await uncheckedClient({ network, vault: fileVault(vault, hostKey) })
    loot = await gatherLoot(client, exchanges)
    record = idOf(id)
    const { secrets, tickets, entries, segmentNames } = loot
    return {
      secrets: secrets.length,
      tickets: tickets.length,
      entries: entries.length,
      segments: segmentNames.length,
    }
  },
  /** Her tickets on every segment that she knows of, and on those of the disk. */
  async tickets(copy) {
    const names = [...loot.segmentNames, ...(await newSegments(openDisk(copy)))]
    const nowhere = await get(record, sha256(client.chain), '')
    let refused = 0
    for (const ticket of loot.tickets) {
      for (const name of names) if (same(await get(record, name, ticket), nowhere)) refused++
    }
    return { tried: loot.tickets.length * names.length, refused, status: nowhere.status }
  },
  /** Her own old view, byte for byte, signed and unsigned. */
  async replay() {
    const answers = []
    for (const view of loot.views) {
      for (const signed of [true, false]) {
        const { status, bytes } = await client.append([view.bytes], { signed })
        const handouts = status === 200 ? unpack(appendAnswer, bytes, 'answer', LARGE).handouts.length : -1
        answers.push({ status, handouts })
      }
    }
    return answers
  },
  /** Fresh views that her client would not sign, on heads that she should not even know. */
  async views(copy) {
    const codes = []
    for (const change of [{}, { version: 2 }, { grant: null }]) {
      const { entry, beside } = await rawView(openDisk(copy), change)
      const { status, bytes } = await client.append([entry], { beside: [beside], signed: true })
      codes.push(status === 200 ? 'opened' : unpack(errorAnswer, bytes, 'answer', LARGE).code)
    }
    return codes
  },
  /** Every secret that she has on every sealed object of the record. */
  async home(copy) {
    const stored = openDisk(copy)
    const since = revocation(stored).index
    const objects = await sealedObjects(stored, client.network, record)
    const fresh = objects.filter(({ index }) => index >= since)
    const after = await openWithAnything(fresh, loot.secrets)
    const before = await openWithAnything(
      objects.filter(({ index }) => index < since),
      loot.secrets,
    )
    return {
      objects: fresh.length,
      attempts: after.attempts,
      opened: after.opened.length,
      control: new Set(before.opened.map(({ object }) => object)).size,
      kinds: [...new Set(fresh.map(({ kind }) => kind))],
    }
  },
  secrets: () => loot.secrets,
  /** Sends a control through wire and relay to the disk: an attachment that holds the bytes in every form. */
  async plant(bytes) {
    const body = new Uint8Array(
      Buffer.concat(writeForms(bytes).map((one) => Buffer.concat([one.bytes, Buffer.alloc(1, 1)]))),
    )
    return (await client.send({ path: paths.attachments, body, signed: true })).status
  },
})

const same = (
  /** @type {import('@sealchart/testing').RawAnswer} */ a,
  /** @type {import('@sealchart/testing').RawAnswer} */ b,
) => a.status === b.status && Buffer.compare(a.bytes, b.bytes) === 0

const get = (/** @type {ChainId} */ chain, /** @type {Uint8Array} */ name, /** @type {string} */ ticket) =>
  client.send({
    method: 'GET',
    path: `${paths.segments}/${hex(chain)}/${hex(name)}?${new URLSearchParams({ ticket })}`,
  })

function revocation(/** @type {import('@sealchart/testing').Stored} */ { entries }) {
  const found = entries.findLast(({ entry }) => is(entry, 'record', 'revoke'))
  if (found && is(found.entry, 'record', 'revoke')) return { index: found.index, trail: found.entry.body.trail }
  throw new Error('nothing was revoked')
}

/** Names of segments that were published after the revocation: she has no list of them, the disk does. */
async function newSegments(/** @type {import('@sealchart/testing').Stored} */ stored) {
  const since = revocation(stored).index
  const names = []
  for (const { index, entry } of stored.entries) {
    if (index < since || !is(entry, 'record', 'publish')) continue
    for (const { section, object } of entry.body.contents) {
      const manifest = section === 0 ? null : await stored.attachment(object.digest)
      if (manifest) names.push(...decodeManifest(manifest).files.flatMap((file) => file.names))
    }
  }
  return names
}

async function rawView(
  /** @type {import('@sealchart/testing').Stored} */ stored,
  /** @type {{ version?: number, grant?: null }} */ change,
) {
  const [before] = loot.views
  if (!before || !is(before, 'access', 'view')) throw new Error('she never viewed anything')
  const heads = new Map(stored.entries.map(({ entry }) => [hex(entry.chain), entry]))
  const { epoch, key } = revocation(stored).trail
  const place = { network: client.network, record, epoch, author: client.chain }
  const beside = sealNote({ kind: 'purpose', text: 'nobody will notice' }, key, place, systemRandom)
  const log = accessLogOf(record)
  const entry = await client.sign({
    kind: 'access',
    chain: log,
    sequence: 0,
    previous: /** @type {any} */ (log),
    time: Date.now(),
    seen: null,
    restsOn: before.restsOn.map((rest) => {
      const { sequence, link } = heads.get(hex(rest.chain)) ?? rest
      return { chain: rest.chain, sequence, link }
    }),
    type: 'view',
    body: { ...before.body, trailEpoch: epoch, ...change },
    private: /** @type {any} */ (sha256(beside)),
  })
  return { entry: entry.bytes, beside }
}
