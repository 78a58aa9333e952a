// A phone is lost and removed. Whoever found it has its vault, everything that it was ever sent, and the relay's disk, and no client that
// checks anything: what was written before is open to them, and nothing that was written later.
import { memoryVault, Sealchart } from '@sealchart/client-sdk'
import {
  type DeviceSeed,
  type EpochSecret,
  memberEpochKeys,
  openBackLink,
  openDeviceNames,
  openDeviceWrap,
} from '@sealchart/crypto'
import { type AnyEntry, type ChainId, errorAnswer, is, paths, readWrapRows, unhex, unpack } from '@sealchart/protocol'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  type Exchange,
  gatherLoot,
  type Loot,
  openWithAnything,
  recordingTransport,
  type SealedObject,
  type Stored,
  sealedObjects,
  type TestNetwork,
  testNetwork,
  type UncheckedClient,
  uncheckedClient,
} from '../src/index.js'
import { file, LETTER, read, visit } from './stories/support.js'

const plan = { kec: ['chan'], hospital: ['lee'] } as const

interface Scene {
  readonly net: TestNetwork<typeof plan>
  /** What was there, and written to again after the phone was removed; one of Chan's, one of Lee's, and one that Lee shares with their team. */
  readonly records: readonly ChainId[]
  /** Made afterwards. */
  readonly later: readonly ChainId[]
  /** Size of the log when the phone had been removed. */
  readonly removed: number
  readonly thief: UncheckedClient
  readonly loot: Loot
}

const idOf = (record: { readonly id: string }): ChainId => unhex(record.id) as Uint8Array as ChainId
const logSize = async (net: Scene['net']): Promise<number> => (await net.relay.stored.snapshot()).entries.length

async function scene(): Promise<Scene> {
  const net = await testNetwork(plan)
  const [desk, lee] = [net.chart('chan'), net.chart('lee')]
  const share = { sections: ['summary', 'imaging'], reason: 'opinion' }
  const mine = await desk.records.create(visit('mine'))
  await mine.share({ ...share, with: net.person('lee'), actions: ['trail'] })
  const theirs = await lee.records.create(visit('theirs'))
  await theirs.share({ ...share, with: net.person('chan'), actions: ['trail', 'write'] })

  const team = await lee.teams.create({ kind: 'department', name: 'Cardiology', members: [net.person('chan')] })
  const ours = await lee.records.create(visit('ours'))
  await ours.share({ ...share, with: team, actions: ['trail'] })

  // The phone joins, after the key has turned once, and reads whatever Chan can read.
  await desk.devices.refresh()
  const exchanges: Exchange[] = []
  const transport = recordingTransport(net.relay.transport, (exchange) => exchanges.push(exchange))
  const vault = memoryVault({ hostKey: crypto.getRandomValues(new Uint8Array(32)) })
  const enrolment = await Sealchart.enrolDevice({ ...net.connect, transport, network: net.network, vault })
  const [joined, { id }] = await Promise.all([enrolment.joined(), desk.devices.add(enrolment.text, { name: 'Phone' })])
  const phone = await joined.accept()
  for (const record of [mine, theirs, ours]) {
    const opened = await phone.records.open(record.id, { purpose: 'on the way' })
    for (const section of share.sections) for (const one of opened.files(section)) await one.bytes()
  }
  await phone.devices.refresh()

  // It is lost; the desk removes it. From here on everything is written by those who remain.
  await desk.devices.remove(id)
  const removed = await logSize(net)
  await mine.publish({ sections: { summary: file('letter.txt', 'after'), imaging: file('ct.txt', 'after') } })
  const atDesk = await desk.records.open(theirs.id, { purpose: 'opinion' })
  await atDesk.publish({ sections: { summary: file('letter.txt', 'after') } })
  await theirs.publish({ sections: { imaging: file('ct.txt', 'after') } })
  await ours.publish({ sections: { summary: file('letter.txt', 'after'), imaging: file('ct.txt', 'after') } })
  const next = await desk.records.create(visit('next'))
  await next.share({ ...share, with: net.person('lee') })
  const theirNext = await lee.records.create(visit('their next'))
  await theirNext.share({ ...share, with: await lee.directory.one({ name: 'Dr Chan' }) })
  await desk.records.open(theirNext.id, { purpose: 'opinion' })
  const ourNext = await lee.records.create(visit('our next'))
  await ourNext.share({ ...share, with: await lee.teams.open(team.id) })
  const [first] = await desk.devices.list()
  await desk.devices.rename(first?.id as string, 'Ward 7')
  await desk.devices.refresh()

  const thief = await uncheckedClient({ ...net.connect, network: net.network, vault })
  const loot = await gatherLoot(thief, exchanges)
  return {
    net,
    records: [mine, theirs, ours].map(idOf),
    later: [next, theirNext, ourNext].map(idOf),
    removed,
    thief,
    loot,
  }
}

/** What lies sealed on a member's chain: her secrets for her devices, the ways back, the names. */
async function memberObjects(stored: Stored, network: ChainId, member: ChainId): Promise<SealedObject[]> {
  const found: SealedObject[] = []
  let epoch = 0
  for (const { index, entry } of stored.entries) {
    if (String(entry.chain) !== String(member)) continue
    const turned = is(entry, 'member', 'devices') || is(entry, 'member', 'refresh') ? entry.body.epoch : null
    if (turned) {
      epoch = turned.epoch
      const place = { network, chain: member, what: 0, epoch }
      const open = (secret: Uint8Array) => openBackLink(turned.back, secret as EpochSecret, place)
      found.push({ kind: 'back-link', index, open })
    }
    const wraps =
      'wraps' in entry.body && entry.body.wraps ? await stored.attachment(entry.body.wraps.attached.digest) : null
    for (const { row } of wraps ? readWrapRows(wraps) : []) {
      const { leaf, envelope } = row
      const open = (seed: Uint8Array) =>
        openDeviceWrap({ network, chain: member, leaf, envelope, seed: seed as DeviceSeed })
      found.push({ kind: 'envelope', index, open })
    }
    const names = (is(entry, 'member', 'devices') || is(entry, 'member', 'names')) && entry.private
    const sealed = names ? await stored.beside(names) : null
    const place = { network, member, epoch }
    if (sealed)
      found.push({ kind: 'note', index, open: (secret) => openDeviceNames(sealed, secret as EpochSecret, place) })
  }
  return found
}

/** Whether an entry gives a record's trail another key. */
const turnsTrail = (entry: AnyEntry, record: ChainId): boolean =>
  is(entry, 'record', 'publish') && entry.body.trail !== null && String(entry.chain) === String(record)

/** The index of the first entry of the log from this one on. */
const indexFrom = (stored: Stored, count: number): number => stored.entries[count]?.index ?? Number.POSITIVE_INFINITY

describe('a lost phone', () => {
  let at: Scene
  let stored: Stored
  let since: number
  beforeAll(async () => {
    at = await scene()
    stored = await at.net.relay.stored.snapshot()
    since = indexFrom(stored, at.removed)
  })

  const tried = async (objects: readonly SealedObject[], from: number, to = Number.POSITIVE_INFINITY) =>
    openWithAnything(
      objects.filter(({ index }) => index >= from && index < to),
      at.loot.secrets,
    )

  test('opens nothing that was written after it was removed, in old records and new ones', async () => {
    for (const record of [...at.records, ...at.later]) {
      const objects = await sealedObjects(stored, at.thief.network, record)
      const { attempts, opened } = await tried(objects, since)
      expect(attempts).toBeGreaterThan(100)
      // A purpose goes to the trail's key as the next writer finds it: until she turns it, the phone has it.
      const turned =
        stored.entries.find(({ entry, index }) => index >= since && turnsTrail(entry, record))?.index ?? since
      const late = opened.filter(({ object }) => object.kind !== 'note' || object.index >= turned)
      expect(late.map(({ object, secret }) => `${object.kind} at ${object.index} by ${secret}`)).toEqual([])
    }
  })

  test('opens what was written before, in the same records: the test would see it', async () => {
    for (const record of at.records) {
      const objects = await sealedObjects(stored, at.thief.network, record)
      const { opened } = await tried(objects, 0, since)
      const kinds = new Set(opened.map(({ object }) => object.kind))
      expect([...kinds].toSorted((a, b) => a.localeCompare(b))).toEqual(
        expect.arrayContaining(['card', 'envelope', 'header', 'keys', 'note', 'segment']),
      )
    }
  })

  test('had the key of the team, which turned with its own', () => {
    const names = at.loot.secrets.map(({ name }) => name)
    expect(names).toContain('team epoch 0')
    expect(names).not.toContain('team epoch 1')
    // Told in the list that removes the phone, and refreshed by the desk at once.
    const entries = stored.entries.map(({ entry }) => entry)
    const removal = entries.findLastIndex((entry) => is(entry, 'member', 'devices'))
    expect(entries.slice(removal + 1, removal + 3).map(({ type }) => type)).toEqual(['stale', 'refresh'])
  })

  test('opens none of the keys that its member has had since, and none of the names', async () => {
    const objects = await memberObjects(stored, at.thief.network, at.thief.chain)
    const before = await tried(objects, 0, since)
    expect(new Set(before.opened.map(({ object }) => object.kind))).toEqual(new Set(['back-link', 'envelope', 'note']))
    // The removal itself is an entry before `since`: what it seals is for those who remain.
    const removal = stored.entries.findLast(({ entry, index }) => index < since && is(entry, 'member', 'devices'))
    const after = await tried(objects, removal?.index ?? 0)
    expect(after.attempts).toBeGreaterThan(50)
    expect(after.opened).toEqual([])
    const { epochs } = at.thief.identity
    expect(epochs.map(({ epoch }) => epoch)).toEqual([0, 1, 2])
    const place = { network: at.thief.network, member: at.thief.chain, epoch: 2 }
    expect(memberEpochKeys(epochs[2]?.secret as EpochSecret, place).seed).toHaveLength(32)
  })

  test('is answered nothing, and its entries are no entries', async () => {
    const { thief, loot, net } = at
    const codeOf = ({ status, bytes }: { status: number; bytes: Uint8Array }): string =>
      status === 200 ? 'answered' : unpack(errorAnswer, bytes, 'refusal', { bytes: 1 << 24 }).code
    for (const path of [paths.sync, paths.records, paths.wraps, paths.inbox])
      expect(codeOf(await thief.send({ path, body: Uint8Array.of(0x80), signed: true }))).toBe('REQUEST_SIGNATURE')
    const [ticket] = loot.tickets
    const segment = `${paths.segments}/${Buffer.from(at.records[0] as ChainId).toString('hex')}/${'00'.repeat(32)}`
    expect(codeOf(await thief.send({ method: 'GET', path: `${segment}?ticket=${ticket}` }))).toBe('UNKNOWN')
    const { entries } = await net.relay.stored.snapshot()
    const head = entries.findLast(({ entry }) => String(entry.chain) === String(thief.chain))?.entry
    if (!head) throw new Error('no chain')
    const entry = await thief.sign<'member', 'names'>({
      kind: 'member',
      type: 'names',
      chain: thief.chain,
      sequence: head.sequence + 1,
      previous: head.link,
      time: net.clock.now(),
      seen: null,
      restsOn: [],
      body: {},
      private: head.hash as Uint8Array as never,
    })
    expect(codeOf(await thief.append([entry.bytes]))).toBe('BINDING')
  })

  test('is missed by nobody: desk and colleague read what was written since', async () => {
    const { net, later } = at
    for (const key of ['chan', 'lee'] as const) {
      const chart = await net.reopen(key)
      for (const [record, text] of [
        [at.records[0], 'after'],
        [at.records[1], 'after'],
        [at.records[2], 'after'],
        [later[0], LETTER],
        [later[1], LETTER],
        [later[2], LETTER],
      ] as const) {
        const id = Buffer.from(record as ChainId).toString('hex')
        expect(await read(await chart.records.open(id, { purpose: 'check' }), 'summary')).toBe(text)
      }
    }
    await net.close()
  })
})
