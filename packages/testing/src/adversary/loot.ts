// Loot: everything that a reader could have kept from her own traffic: keys, tickets, manifests, segments and entries.
// What her client opened is opened here again, from the recorded bytes and her vault's secrets.
import { memberEpochKeys, openEnvelope, openFileHeader, openKeys, trailKeys } from '@sealchart/crypto'
import {
  type AnyEntry,
  appendAnswer,
  appendRequest,
  type ChainId,
  decodeEntry,
  decodeManifest,
  equal,
  type HandedRow,
  type Handout,
  hex,
  is,
  type Proven,
  paths,
  recordsAnswer,
  sha256,
  syncAnswer,
  unpack,
} from '@sealchart/protocol'
import type { Exchange } from './recording.js'
import type { NamedSecret, UncheckedClient } from './unchecked.js'

export interface Loot {
  /** Everything secret: of her vault, and of what she was handed. */
  readonly secrets: readonly NamedSecret[]
  readonly tickets: readonly string[]
  /** Entries that she has seen of any chain, each once, in log order. */
  readonly entries: readonly AnyEntry[]
  /** Her own view and download entries, as they were sent. */
  readonly views: readonly AnyEntry[]
  /** Names of segments, of manifests that she has seen. */
  readonly segmentNames: readonly Uint8Array[]
}

const LARGE = { bytes: 64 * 1024 * 1024 }

interface Seen {
  readonly proven: Proven[]
  readonly rows: { readonly record: ChainId; readonly row: HandedRow }[]
  readonly handouts: Handout[]
  readonly sent: AnyEntry[]
}

/** Gathers what a member's recorded exchanges hold. */
export async function gatherLoot(client: UncheckedClient, exchanges: readonly Exchange[]): Promise<Loot> {
  const seen = readExchanges(exchanges)
  const found = new Map<number, AnyEntry>()
  for (const { entries } of seen.proven) for (const { index, bytes } of entries) found.set(index, decodeEntry(bytes))
  const entries = [...found].sort(([a], [b]) => a - b).map(([, entry]) => entry)
  const isAccess = (entry: AnyEntry): boolean => is(entry, 'access', 'view') || is(entry, 'access', 'download')
  const keys = await openHanded(client, seen)
  return {
    secrets: [...client.secrets, ...keys, ...(await openHeaders(client, { seen, entries, keys }))],
    tickets: seen.handouts.map(({ ticket }) => ticket),
    entries,
    views: seen.sent.filter(isAccess),
    segmentNames: seen.handouts.flatMap(({ opened }) =>
      opened.flatMap(({ manifest }) => decodeManifest(manifest).files.flatMap(({ names }) => names)),
    ),
  }
}

function readExchanges(exchanges: readonly Exchange[]): Seen {
  const seen: Seen = { proven: [], rows: [], handouts: [], sent: [] }
  for (const { path, request, status, answer } of exchanges) {
    if (path === paths.append)
      seen.sent.push(...unpack(appendRequest, request, 'request', LARGE).entries.map(decodeEntry))
    if (status !== 200) continue
    if (path === paths.sync) seen.proven.push(unpack(syncAnswer, answer, 'answer', LARGE).proven)
    if (path === paths.records) {
      const { proven, records } = unpack(recordsAnswer, answer, 'answer', LARGE)
      seen.proven.push(proven)
      for (const { record, rows } of records) seen.rows.push(...rows.map((row) => ({ record, row })))
    }
    if (path === paths.append) {
      const { proven, handouts } = unpack(appendAnswer, answer, 'answer', LARGE)
      seen.proven.push(proven)
      seen.handouts.push(...handouts)
    }
  }
  return seen
}

/** A secret of a record, with what it belongs to. */
interface FoundKey extends NamedSecret {
  readonly record: ChainId
  readonly section: number | null
  readonly epoch: number
}

/** Envelopes, and the section keys and trail secrets under them. */
async function openHanded({ identity, chain, network }: UncheckedClient, seen: Seen): Promise<FoundKey[]> {
  const found = new Map<string, FoundKey>()
  const add = (key: FoundKey): unknown => found.set(hex(key.bytes), key)
  for (const { record, row } of seen.rows) {
    const secret = identity.epochs.find(({ epoch }) => epoch === row.leaf.epoch)?.secret
    if (!secret || !equal(row.leaf.recipient, chain)) continue
    const { seed } = memberEpochKeys(secret, { network, member: chain, epoch: row.leaf.epoch })
    const opened = await openEnvelope({ network, chain: record, leaf: row.leaf, envelope: row.envelope, seed })
    const { grantSecret } = opened
    add({ name: 'grant secret', bytes: grantSecret, record, section: null, epoch: 0 })
    const card = row.leaf.what.flatMap(({ keys }) => keys).find(({ section }) => section === 0)
    if (card && opened.card) add({ name: 'card key', bytes: opened.card, record, section: 0, epoch: card.epoch })
    const handed = seen.handouts.flatMap(({ keys }) => keys).find(({ wraps }) => equal(wraps, row.wraps))
    if (!handed || !row.leaf.keys || !equal(sha256(handed.keys), row.leaf.keys)) continue
    const under = await openKeys({ network, chain: record, leaf: row.leaf, keys: handed.keys, grantSecret })
    for (const { section, epoch, key } of under.keys) {
      add({ name: `section ${section} epoch ${epoch}`, bytes: key, record, section, epoch })
    }
    const epoch = row.leaf.what.find(({ trail }) => trail !== null)?.trail ?? null
    if (under.trail && epoch !== null) {
      const { seed: trailSeed } = trailKeys(under.trail, { network, record, epoch })
      add({ name: `trail ${epoch}`, bytes: under.trail, record, section: null, epoch })
      add({ name: `trail ${epoch} box seed`, bytes: trailSeed, record, section: null, epoch })
    }
  }
  return [...found.values()]
}

interface Gathered {
  readonly seen: Seen
  readonly entries: readonly AnyEntry[]
  readonly keys: readonly FoundKey[]
}

/** File keys, from the headers of the manifests that she was handed. */
async function openHeaders({ network }: UncheckedClient, { seen, entries, keys }: Gathered): Promise<NamedSecret[]> {
  const found: NamedSecret[] = []
  for (const handout of seen.handouts) {
    const view = [...entries, ...seen.sent].find(({ hash }) => equal(hash, handout.entry))
    const record = view && (is(view, 'access', 'view') || is(view, 'access', 'download')) ? view.body.record : null
    if (!record) continue
    for (const { section, epoch, manifest } of handout.opened) {
      const key = keys.find((one) => one.section === section && one.epoch === epoch && equal(one.record, record))
      if (!key) continue
      for (const file of decodeManifest(manifest).files) {
        const place = { network, record, section, epoch, fileId: file.id }
        const { fileKey } = await openFileHeader(file.header, key.bytes as Parameters<typeof openFileHeader>[1], place)
        found.push({ name: `file key in section ${section}`, bytes: fileKey })
      }
    }
  }
  return found
}
