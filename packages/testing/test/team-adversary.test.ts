// Somebody who left a team and turned against it, with a client that checks nothing, every key that it ever saw, and the relay's disk; and
// somebody in it who seals garbage to a colleague. Stories of teams: stories/teams.test.ts.
import { Sealchart } from '@sealchart/client-sdk'
import {
  type EpochSecret,
  memberEpochKeys,
  newSecret,
  sealBackLink,
  sealNote,
  sealTeamWrap,
  systemRandom,
} from '@sealchart/crypto'
import {
  type AnyEntry,
  accessLogOf,
  type ChainId,
  compare,
  describeWrapList,
  type Entry,
  encodeWrapList,
  errorAnswer,
  hex,
  is,
  pack,
  paths,
  sha256,
  unhex,
  unpack,
  wrapsAnswer,
  wrapsRequest,
} from '@sealchart/protocol'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  type Exchange,
  gatherLoot,
  openWithAnything,
  type RawAnswer,
  recordingTransport,
  sealedObjects,
  type TestNetwork,
  teamObjects,
  testNetwork,
  type UncheckedClient,
  uncheckedClient,
} from '../src/index.js'
import { codeOf, file, LETTER, read, visit } from './stories/support.js'

const LARGE = { bytes: 64 * 1024 * 1024 }
const plan = { kec: ['chan'], hospital: ['lee', 'wong', 'ho', 'tam'] } as const
type Net = TestNetwork<typeof plan>
type Name = (typeof plan.hospital)[number]

const why = { purpose: 'treatment' }
const letter = (text: string) => ({ sections: { summary: file('letter.txt', text) } })
const idOf = (record: { readonly id: string }): ChainId => unhex(record.id) as Uint8Array as ChainId
const codeIn = ({ status, bytes }: RawAnswer): string =>
  status === 200 ? 'placed' : unpack(errorAnswer, bytes, 'answer', LARGE).code
const unchecked = (net: Net, who: Name): Promise<UncheckedClient> =>
  uncheckedClient({ ...net.connect, network: net.network, vault: net.member(who).vault })

/** The log as it stands, and the heads of chains to rest on. */
async function logOf({ relay }: Net) {
  const entries = (await relay.stored.snapshot()).entries.map(({ entry }) => entry)
  const heads = new Map(entries.map((entry) => [hex(entry.chain), entry]))
  const headOf = (chain: ChainId): AnyEntry => heads.get(hex(chain)) as AnyEntry
  const rest = (chain: ChainId) => ({ chain, sequence: headOf(chain).sequence, link: headOf(chain).link })
  const next = (chain: ChainId) => ({ chain, sequence: rest(chain).sequence + 1, previous: rest(chain).link })
  return { entries, rest, next, size: entries.length }
}

/** A department of Wong (its admin), Lee and Ho, with which Chan has shared a record; Lee and Ho have read it. */
async function scene() {
  const net = await testNetwork(plan)
  const [chan, wong] = [net.chart('chan'), net.chart('wong')]
  const members = [net.person('lee'), net.person('ho')]
  const team = await wong.teams.create({ kind: 'department', name: 'Cardiology', members })
  const record = await chan.records.create(visit('v1'))
  const actions = ['write', 'shareOn'] as const
  await record.share({ with: await chan.teams.open(team.id), sections: ['summary', 'imaging'], actions, reason: 'r' })
  const watched = async (who: Name) => {
    const exchanges: Exchange[] = []
    const transport = recordingTransport(net.relay.transport, (exchange) => exchanges.push(exchange))
    const chart = await Sealchart.open({ ...net.connect, transport, network: net.network, ...net.member(who) })
    const look = async () => {
      const opened = await chart.records.open(record.id, why)
      for (const section of ['summary', 'imaging']) for (const one of opened.files(section)) await one.bytes()
    }
    return { exchanges, look, loot: async () => gatherLoot(await unchecked(net, who), exchanges) }
  }
  return { net, chan, wong, team, record, watched }
}

describe('row 10: whoever left a team', () => {
  let at: Awaited<ReturnType<typeof scene>>
  let lee: UncheckedClient
  let loot: Awaited<ReturnType<typeof gatherLoot>>
  let colleagues: typeof loot
  let since: number

  beforeAll(async () => {
    at = await scene()
    const { net, team, record, watched } = at
    const [lees, hos] = [await watched('lee'), await watched('ho')]
    await lees.look()
    await team.remove(net.person('lee'))
    since = (await logOf(net)).entries.findLastIndex((entry) => is(entry, 'team', 'change'))
    const { entries } = await net.relay.stored.snapshot()
    since = entries[since]?.index ?? -1
    await record.publish({
      sections: { summary: file('letter.txt', 'after Lee'), imaging: file('ct.txt', 'after Lee') },
    })
    await hos.look()
    await team.repair()
    await record.publish(letter('and later'))
    await hos.look()
    lee = await unchecked(net, 'lee')
    loot = await lees.loot()
    colleagues = await hos.loot()
  })

  test('had the team’s secret, and keys of the record by it', () => {
    expect(loot.secrets.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'team epoch 0',
        'team epoch 0 box seed',
        'section 0 epoch 0',
        'section 1 epoch 0',
        'trail 0',
      ]),
    )
    expect(loot.secrets.map(({ name }) => name)).not.toContain('team epoch 1')
  })

  test('opens nothing that was written later, with every key and the relay’s whole disk', async () => {
    const { net, record, team } = at
    const stored = await net.relay.stored.snapshot()
    const objects = [
      ...(await sealedObjects(stored, lee.network, idOf(record))),
      ...(await teamObjects(stored, lee.network, team.id)),
    ]
    const kinds = (list: readonly { readonly kind: string }[]) => new Set(list.map(({ kind }) => kind))
    const fresh = objects.filter(({ index }) => index >= since)
    expect(kinds(fresh)).toEqual(new Set(['card', 'header', 'segment', 'envelope', 'keys', 'back-link', 'note']))
    expect((await openWithAnything(fresh, loot.secrets)).opened).toEqual([])
    // What she had still opens, and what is new opens for who stayed.
    const old = objects.filter(({ index }) => index < since)
    const control = await openWithAnything(old, loot.secrets)
    expect(kinds(control.opened.map(({ object }) => object))).toEqual(
      new Set(['card', 'header', 'segment', 'envelope', 'keys', 'note']),
    )
    const stayed = await openWithAnything(fresh, colleagues.secrets)
    expect(kinds(stayed.opened.map(({ object }) => object))).toEqual(kinds(fresh))
  })

  test('is handed no row, and places nothing: no view, no version, no share, no key', async () => {
    const { net, record, team } = at
    const { entries, rest, next, size } = await logOf(net)
    const chain = idOf(record)
    const grant = entries.find((entry) => is(entry, 'record', 'grant'))?.hash ?? null
    const lists = entries.flatMap((entry) =>
      (is(entry, 'team', 'found') || is(entry, 'team', 'change')) && entry.body.wraps
        ? [{ chain: team.id, wraps: entry.body.wraps.attached.digest }]
        : [],
    )
    const asked = await lee.send({ path: paths.wraps, body: pack(wrapsRequest, { wanted: lists }), signed: true })
    expect(unpack(wrapsAnswer, asked.bytes, 'answer', LARGE).rows).toEqual(lists.map(() => null))

    const { credential, institution } = net.person('lee')
    const common = { time: net.clock.now(), seen: null, private: null }
    const restsOn = [lee.chain, institution.id, lee.network, team.id].map(rest)
    const turned = entries.findLast((entry) => is(entry, 'record', 'publish') && entry.body.trail !== null)
    const trail = (turned as Entry<'record', 'publish'>).body.trail
    if (trail === null) throw new Error('the trail was not turned')
    const place = { network: lee.network, record: chain, epoch: trail.epoch, author: lee.chain }
    const beside = sealNote({ kind: 'purpose', text: 'just looking' }, trail.key, place, systemRandom)
    const log = accessLogOf(chain)
    const view = await lee.sign<'access', 'view'>({
      ...common,
      kind: 'access',
      chain: log,
      sequence: 0,
      previous: log as Uint8Array as AnyEntry['link'],
      restsOn: [rest(chain), ...restsOn],
      type: 'view',
      body: { record: chain, grant, credential, version: 1, sections: [1], trailEpoch: trail.epoch },
      private: sha256(beside) as Uint8Array as NonNullable<AnyEntry['private']>,
    })
    expect(codeIn(await lee.append([view.bytes], { beside: [beside] }))).toBe('NOT_GRANTED')

    const content = entries.find((entry) => is(entry, 'record', 'create')) as Entry<'record', 'create'>
    const publish = await lee.sign<'record', 'publish'>({
      ...common,
      kind: 'record',
      ...next(chain),
      restsOn,
      type: 'publish',
      body: { credential, grant, version: 4, trail: null, epochs: [], contents: content.body.contents, wraps: null },
    })
    expect(codeIn(await lee.append([publish.bytes]))).toMatch(/NOT_GRANTED|STAGED_MISSING/)

    const wraps = describeWrapList(encodeWrapList([]), [], size)
    const key = memberEpochKeys(newSecret<EpochSecret>(systemRandom), {
      network: lee.network,
      member: team.id,
      epoch: 3,
    }).key
    const epoch = { epoch: 3, key, back: { to: 2, sealed: systemRandom(138) } }
    const signed = await lee.sign<'team', 'refresh'>({
      ...common,
      kind: 'team',
      ...next(team.id),
      restsOn: restsOn.slice(0, 3),
      type: 'refresh',
      body: { credential, leaves: [], epoch, wraps },
    })
    expect(codeIn(await lee.append([signed.bytes]))).toBe('ROLE')
    const back = await lee.sign<'team', 'change'>({
      ...common,
      kind: 'team',
      ...next(team.id),
      restsOn: restsOn.slice(0, 3),
      type: 'change',
      body: {
        credential,
        adds: [{ member: lee.chain, institution: institution.id, role: 'member' }],
        removes: [],
        epoch: null,
        wraps,
      },
    })
    expect(codeIn(await lee.append([back.bytes]))).toBe('ROLE')
  })
})

describe('row 56: somebody in a team who seals garbage', () => {
  /** Wong, with a changed client, gives the team a new key and Ho another one; `link` seals another way back, too. */
  async function poisoned(what: 'wrap' | 'link') {
    const made = await scene()
    const { net, team } = made
    await team.appoint(net.person('lee'))
    const wong = await unchecked(net, 'wong')
    const { entries, rest, next, size } = await logOf(net)
    const epochKeyOf = (chain: ChainId): Uint8Array =>
      (entries.find((one) => is(one, 'member', 'found') && hex(one.chain) === hex(chain)) as Entry<'member', 'found'>)
        .body.epochKey
    const secret = newSecret<EpochSecret>(systemRandom)
    const place = { network: wong.network, member: team.id, epoch: 1 }
    const garbage = newSecret<EpochSecret>(systemRandom)
    const earlier = { epoch: 0, secret: garbage }
    const at = { network: wong.network, chain: team.id, what: 0, epoch: 1 }
    const back = await sealBackLink(earlier, secret, at, systemRandom)
    const target = { grant: null, keys: [{ section: 0, epoch: 1 }], trail: null }
    const rows = []
    for (const who of (['lee', 'wong', 'ho'] as const).toSorted((a, b) =>
      compare(net.person(a).id, net.person(b).id),
    )) {
      const { id: recipient } = net.person(who)
      const recipientKey = epochKeyOf(recipient)
      const { sequence, link } = rest(recipient)
      const to = { recipient, epoch: 0, keyHash: sha256(recipientKey), sequence, link, what: [target] }
      const sealed = what === 'wrap' && who === 'ho' ? garbage : secret
      rows.push(
        await sealTeamWrap({ network: wong.network, chain: team.id, target: to, recipientKey }, sealed, systemRandom),
      )
    }
    const attachment = encodeWrapList(rows)
    const { credential, institution } = net.person('wong')
    const entry = await wong.sign<'team', 'change'>({
      kind: 'team',
      ...next(team.id),
      time: net.clock.now(),
      seen: null,
      restsOn: [wong.chain, institution.id, wong.network].map(rest),
      type: 'change',
      body: {
        credential,
        adds: [],
        removes: [],
        epoch: { epoch: 1, key: memberEpochKeys(secret, place).key, back },
        wraps: describeWrapList(attachment, rows, size),
      },
      private: null,
    })
    expect(codeIn(await wong.append([entry.bytes], { attachments: [attachment] }))).toBe('placed')
    return made
  }
  const audit = async (net: Net, team: ChainId, who: Name | 'chan') =>
    (await (await net.reopen(who)).teams.open(team)).audit()

  test('to a colleague: she finds it, another admin repairs it, and everybody reads on', async () => {
    const { net, team, record } = await poisoned('wrap')
    expect([await audit(net, team.id, 'ho'), await audit(net, team.id, 'lee')]).toEqual(['COMMITMENT', null])
    await record.publish(letter('under the poisoned key'))
    expect(await codeOf((await net.reopen('ho')).records.open(record.id, why))).toMatch(/COMMITMENT|NOT_GRANTED/)
    const lees = await (await net.reopen('lee')).teams.open(team.id)
    await lees.repair()
    expect([await audit(net, team.id, 'ho'), await audit(net, team.id, 'lee')]).toEqual([null, null])
    await record.publish(letter('repaired'))
    for (const who of ['lee', 'ho'] as const) {
      const chart = await net.reopen(who)
      expect(await read(await chart.records.open(record.id, why), 'summary')).toBe('repaired')
      expect(await read(await chart.records.open(record.id, { ...why, version: 1 }), 'summary')).toBe(LETTER)
    }
    await net.close()
  })

  test('as the way back: who joins later finds it, and a new key leads past it', async () => {
    const { net, team, record } = await poisoned('link')
    // Whoever sat in it from the start needs no link.
    expect([await audit(net, team.id, 'ho'), await audit(net, team.id, 'lee')]).toEqual([null, null])
    const lees = await (await net.reopen('lee')).teams.open(team.id)
    await lees.add(net.person('tam'))
    const tam = async (version?: number) =>
      read(
        await (await net.reopen('tam')).records.open(record.id, { ...why, ...(version ? { version } : {}) }),
        'summary',
      )
    expect(await codeOf(tam())).toBe('COMMITMENT')

    await lees.repair()
    const [change] = (await logOf(net)).entries.filter((one) => is(one, 'team', 'change')).slice(-1)
    expect((change as Entry<'team', 'change'>).body.epoch).toMatchObject({ epoch: 2, back: { to: 0 } })
    expect(await tam()).toBe(LETTER)
    await record.publish(letter('repaired'))
    expect([await tam(), await tam(1)]).toEqual(['repaired', LETTER])
    await net.close()
  })
})

test('row 4: nobody but an admin who sits in it changes a team, whatever she signs', async () => {
  const { net, team } = await scene()
  const [lee, wong] = [await unchecked(net, 'lee'), await unchecked(net, 'wong')]
  const sign = async (by: UncheckedClient, who: Name) => {
    const { rest, next, size } = await logOf(net)
    const { credential, institution } = net.person(who)
    const { id: member } = net.person('chan')
    return by.sign<'team', 'change'>({
      kind: 'team',
      ...next(team.id),
      time: net.clock.now(),
      seen: null,
      restsOn: [by.chain, institution.id, by.network].map(rest),
      type: 'change',
      body: {
        credential,
        adds: [{ member, institution: net.person('chan').institution.id, role: 'member' }],
        removes: [],
        epoch: null,
        wraps: describeWrapList(encodeWrapList([]), [], size),
      },
      private: null,
    })
  }
  expect(codeIn(await lee.append([(await sign(lee, 'lee')).bytes]))).toBe('ROLE')
  await team.appoint(net.person('lee'))
  const lees = await (await net.reopen('lee')).teams.open(team.id)
  const before = await sign(wong, 'wong')
  await lees.dismiss(net.person('wong'))
  // As an admin whom somebody dismissed meanwhile: on the old head, and on the new one.
  expect(codeIn(await wong.append([before.bytes]))).toBe('CONFLICT')
  expect(codeIn(await wong.append([(await sign(wong, 'wong')).bytes]))).toBe('ROLE')
  await net.close()
})
