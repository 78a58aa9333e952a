// Loot: everything that a reader could have kept from her own traffic: keys, tickets, manifests, segments and entries.
// What her client opened is opened here again, from the recorded bytes and her vault's secrets.
import {
  type EpochSecret,
  memberEpochKeys,
  openEnvelope,
  openFileHeader,
  openKeys,
  openTeamWrap,
  trailKeys,
} from '@sealchart/crypto'
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
  wrapsAnswer,
  wrapsRequest,
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
  /** Rows of her teams' and of her own chain's lists. */
  readonly groupRows: { readonly group: ChainId; readonly row: HandedRow }[]
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
  const teams = await openTeams(client, seen)
  const keys = await openHanded(client, { seen, teams })
  return {
    secrets: [
      ...client.secrets,
      ...teams.flatMap(secretsOf),
      ...keys,
      ...(await openHeaders(client, { seen, entries, keys })),
    ],
    tickets: seen.handouts.map(({ ticket }) => ticket),
    entries,
    views: seen.sent.filter(isAccess),
    segmentNames: seen.handouts.flatMap(({ opened }) =>
      opened.flatMap(({ manifest }) => decodeManifest(manifest).files.flatMap(({ names }) => names)),
    ),
  }
}

function readExchanges(exchanges: readonly Exchange[]): Seen {
  const seen: Seen = { proven: [], rows: [], groupRows: [], handouts: [], sent: [] }
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
    if (path === paths.wraps) {
      const { wanted } = unpack(wrapsRequest, request, 'request', LARGE)
      unpack(wrapsAnswer, answer, 'answer', LARGE).rows.forEach((row, i) => {
        const group = wanted[i]?.chain
        if (row && group) seen.groupRows.push({ group, row })
      })
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

/** A team's secret of one epoch, and the seed of the key that is wrapped to. */
interface TeamSecret {
  readonly team: ChainId
  readonly epoch: number
  readonly secret: EpochSecret
  readonly seed: Uint8Array
}

const secretsOf = ({ epoch, secret, seed }: TeamSecret): NamedSecret[] => [
  { name: `team epoch ${epoch}`, bytes: secret },
  { name: `team epoch ${epoch} box seed`, bytes: seed },
]

/** Her seed of the epoch that a leaf names, or null. */
function ownSeed({ identity, chain, network }: UncheckedClient, epoch: number): Uint8Array | null {
  const secret = identity.epochs.find((one) => one.epoch === epoch)?.secret
  return secret ? memberEpochKeys(secret, { network, member: chain, epoch }).seed : null
}

/** The secrets of teams in which she sits. */
async function openTeams(client: UncheckedClient, { groupRows }: Seen): Promise<TeamSecret[]> {
  const { chain, network } = client
  const found: TeamSecret[] = []
  for (const { group, row } of groupRows) {
    const { leaf, envelope } = row
    const own = ownSeed(client, leaf.epoch)
    const epoch = leaf.what[0]?.keys[0]?.epoch
    if (!own || epoch === undefined || !equal(leaf.recipient, chain)) continue
    const secret = await openTeamWrap({ network, chain: group, leaf, envelope, seed: own })
    const { seed } = memberEpochKeys(secret, { network, member: group, epoch })
    found.push({ team: group, epoch, secret, seed })
  }
  return found
}

interface Handed {
  readonly seen: Seen
  readonly teams: readonly TeamSecret[]
}

/** Envelopes, her own and those of her teams, and the section keys and trail secrets under them. */
async function openHanded(client: UncheckedClient, { seen, teams }: Handed): Promise<FoundKey[]> {
  const { chain, network } = client
  const found = new Map<string, FoundKey>()
  const add = (key: FoundKey): unknown => found.set(hex(key.bytes), key)
  for (const { record, row } of seen.rows) {
    const { recipient, epoch: under } = row.leaf
    const ofTeam = teams.find(({ team, epoch }) => epoch === under && equal(team, recipient))
    const seed = equal(recipient, chain) ? ownSeed(client, under) : (ofTeam?.seed ?? null)
    if (seed === null) continue
    const opened = await openEnvelope({ network, chain: record, leaf: row.leaf, envelope: row.envelope, seed })
    const { grantSecret } = opened
    add({ name: 'grant secret', bytes: grantSecret, record, section: null, epoch: 0 })
    const card = row.leaf.what.flatMap(({ keys }) => keys).find(({ section }) => section === 0)
    if (card && opened.card) add({ name: 'card key', bytes: opened.card, record, section: 0, epoch: card.epoch })
    const handed = seen.handouts.flatMap(({ keys }) => keys).find(({ wraps }) => equal(wraps, row.wraps))
    if (!handed || !row.leaf.keys || !equal(sha256(handed.keys), row.leaf.keys)) continue
    const handedKeys = await openKeys({ network, chain: record, leaf: row.leaf, keys: handed.keys, grantSecret })
    for (const { section, epoch, key } of handedKeys.keys) {
      add({ name: `section ${section} epoch ${epoch}`, bytes: key, record, section, epoch })
    }
    const epoch = row.leaf.what.find(({ trail }) => trail !== null)?.trail ?? null
    if (handedKeys.trail && epoch !== null) {
      const { seed: trailSeed } = trailKeys(handedKeys.trail, { network, record, epoch })
      add({ name: `trail ${epoch}`, bytes: handedKeys.trail, record, section: null, epoch })
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
