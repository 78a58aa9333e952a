// Every route by every role: only the cells of the table succeed, and what is forbidden answers byte for byte like what does not exist.
// The rows come from the relay's own table of routes: a route without a row here fails. Spec: docs/spec/relay.md, "Routes".
import {
  accessLogOf,
  type ChainId,
  directoryRequest,
  encode,
  hex,
  inboxRequest,
  inboxStreamRequest,
  meetingRequest,
  pack,
  paths,
  presentRequest,
  recordsRequest,
  type Shape,
  segmentBatchRequest,
  sha256,
  signRequest,
  syncRequest,
  teamsRequest,
  uploadAnswer,
  uploadRequest,
  wrapsRequest,
} from '@sealchart/protocol'
import { beforeAll, describe, expect, it } from 'vitest'
import { routes } from '../src/app.js'
import {
  type Answer,
  foundedWorld,
  fresh,
  joined,
  newDevice,
  type RecordOf,
  read,
  refusal,
  type Signer,
  type World,
} from './actors.js'

/** What a request is about: a record that exists, or one that does not, with tickets of that role for it. */
interface About {
  readonly record: ChainId
  readonly segment: Uint8Array
  readonly reading: string
  readonly putting: string
}

interface Ask {
  readonly method: string
  readonly path: string
  readonly body?: Uint8Array
}

const roles = ['stranger', 'unlisted', 'issuer', 'outsider', 'former', 'holder', 'founder'] as const
type Role = (typeof roles)[number]
const members: readonly Role[] = ['outsider', 'former', 'holder', 'founder']
const listed: readonly Role[] = ['issuer', ...members]

const post = <T>(path: string, shape: Shape<T>, body: T): Ask => ({ method: 'POST', path, body: pack(shape, body) })

interface Row {
  ask(about: About): Ask
  /** Who is answered with 2xx. */
  readonly may: readonly Role[]
  /** Whether the answer depends on the record: then those who may not get the answer for one that does not exist. */
  readonly ofRecord: boolean
}

const everybody = roles
const table: Readonly<Record<string, Row>> = {
  [`POST ${paths.append}`]: {
    // Without entries: what an append needs is signed entries, and append.test.ts has those.
    ask: () => ({ method: 'POST', path: paths.append, body: encode([]) }),
    may: [],
    ofRecord: true,
  },
  [`POST ${paths.sync}`]: {
    ask: ({ record }) => post(paths.sync, syncRequest, { seen: 0, want: [{ chain: record, after: 0 }], have: [] }),
    may: ['stranger', ...listed],
    ofRecord: true,
  },
  [`POST ${paths.records}`]: {
    ask: ({ record }) => post(paths.records, recordsRequest, { seen: 0, record, after: null, limit: 1, have: [] }),
    may: ['holder', 'founder'],
    ofRecord: true,
  },
  [`POST ${paths.wraps}`]: {
    ask: ({ record }) => post(paths.wraps, wrapsRequest, { wanted: [{ chain: record, wraps: fresh(32) as never }] }),
    may: listed,
    ofRecord: false,
  },
  [`POST ${paths.teams}`]: {
    // Of the founder, whose institution may ask as she herself.
    ask: () => post(paths.teams, teamsRequest, { member: record.founder.chain }),
    may: ['issuer', 'founder'],
    ofRecord: false,
  },
  [`POST ${paths.directory}`]: {
    ask: () => post(paths.directory, directoryRequest, { claim: 'name', value: 'Chan' }),
    may: listed,
    ofRecord: false,
  },
  [`POST ${paths.inbox}`]: {
    ask: () => post(paths.inbox, inboxRequest, { after: 0, limit: 10, wait: 0 }),
    may: listed,
    ofRecord: false,
  },
  [`POST ${paths.inboxStream}`]: {
    ask: () => post(paths.inboxStream, inboxStreamRequest, { after: 0 }),
    may: listed,
    ofRecord: false,
  },
  [`POST ${paths.uploads}`]: {
    ask: ({ record }) => post(paths.uploads, uploadRequest, { id: fresh(16), record, nonce: null, reserved: 10 }),
    may: ['founder'],
    ofRecord: true,
  },
  [`POST ${paths.present}`]: {
    ask: ({ record, putting }) =>
      post(`${paths.present}?ticket=${putting}`, presentRequest, { record, names: [fresh(32) as never] }),
    may: ['founder'],
    ofRecord: true,
  },
  [`POST ${paths.attachments}`]: {
    ask: () => ({ method: 'POST', path: paths.attachments, body: fresh(10) }),
    may: listed,
    ofRecord: false,
  },
  [`POST ${paths.segments}`]: {
    ask: ({ putting }) => ({
      method: 'POST',
      path: `${paths.segments}?section=1&ticket=${putting}`,
      body: joined([fresh(5)]),
    }),
    may: ['founder'],
    ofRecord: true,
  },
  [`POST ${paths.segmentBatch}`]: {
    ask: ({ record, segment, reading }) =>
      post(`${paths.segmentBatch}?ticket=${reading}`, segmentBatchRequest, {
        record,
        names: [sha256(segment) as never],
      }),
    may: ['holder', 'founder'],
    ofRecord: true,
  },
  [`GET ${paths.segments}/:record/:name`]: {
    ask: ({ record, segment, reading }) => ({
      method: 'GET',
      path: `${paths.segments}/${hex(record)}/${hex(sha256(segment))}?ticket=${reading}`,
    }),
    may: ['holder', 'founder'],
    ofRecord: true,
  },
  [`POST ${paths.meetings}`]: {
    ask: () => post(paths.meetings, meetingRequest, { place: fresh(32) as never, put: null }),
    may: everybody,
    ofRecord: false,
  },
  'GET /checkpoint': { ask: () => ({ method: 'GET', path: '/checkpoint' }), may: everybody, ofRecord: false },
  'GET /tile/*': { ask: () => ({ method: 'GET', path: '/tile/0/000.p/2' }), may: everybody, ofRecord: false },
  [`GET ${paths.network}`]: { ask: () => ({ method: 'GET', path: paths.network }), may: everybody, ofRecord: false },
  [`GET ${paths.health}`]: { ask: () => ({ method: 'GET', path: paths.health }), may: everybody, ofRecord: false },
}

/** Routes whose bearer's ticket decides, not a signature. */
const byTicket = new Set(
  routes().flatMap(({ method, path, asker }) =>
    asker === 'ticket' || asker === 'everybody' ? [`${method} ${path}`] : [],
  ),
)

let world: World
let record: RecordOf
let signers: Readonly<Record<Role, Signer | null>>
let tickets: Readonly<Record<Role, { reading: string; putting: string }>>
const segment = fresh(400)

beforeAll(async () => {
  world = await foundedWorld()
  const [founder, holder, former, outsider] = [
    await world.member('Chan'),
    await world.member('Lee'),
    await world.member('Wong'),
    await world.member('Ho'),
  ]
  record = await world.record(founder, [segment])
  const held = await world.grant(record, holder)
  const ended = await world.grant(record, former)
  const view = async (who: typeof holder, grant: typeof held | null) =>
    (await world.append([await world.viewDraft(record, who, { grant })])).handouts[0]?.ticket as string
  const reading = {
    holder: await view(holder, held),
    former: await view(former, ended),
    founder: await view(founder, null),
  }
  const opened = await world.post(
    paths.uploads,
    uploadRequest,
    { id: fresh(16), record: record.id, nonce: null, reserved: 1000 },
    founder,
  )
  const putting = read(uploadAnswer, opened).ticket
  await world.revoke(record, [ended], [{ member: holder, grant: held }])
  signers = {
    stranger: null,
    unlisted: { chain: founder.chain, device: await newDevice() },
    issuer: world.institution,
    outsider,
    former,
    holder,
    founder,
  }
  const none = { reading: '', putting: '' }
  tickets = {
    stranger: none,
    unlisted: none,
    issuer: none,
    // A ticket of the other kind opens nothing.
    outsider: { reading: putting, putting: reading.holder },
    former: { reading: reading.former, putting: reading.former },
    holder: { reading: reading.holder, putting: reading.holder },
    founder: { reading: reading.founder, putting },
  }
})

const send = (row: Row, role: Role, about: { record: ChainId; segment: Uint8Array }): Promise<Answer> => {
  const { method, path, body } = row.ask({ ...about, ...tickets[role] })
  const as = signers[role]
  return world.send(method, path, { ...(body ? { body } : {}), ...(as ? { as } : {}) })
}

const sent = (answer: Answer): unknown => [answer.status, [...answer.headers], [...answer.bytes]]

it('has a row for every route', () => {
  expect(Object.keys(table).toSorted()).toEqual(
    routes()
      .map(({ method, path }) => `${method} ${path}`)
      .toSorted(),
  )
})

describe.each(Object.entries(table))('%s', (name, row) => {
  it.each(roles)('as %s', async (role) => {
    const known = { record: record.id, segment }
    const answer = await send(row, role, known)
    const may = row.may.includes(role)
    expect([role, answer.status < 300]).toEqual([role, may])
    if (may || !row.ofRecord) return
    const unknown = { record: fresh(32) as Uint8Array as ChainId, segment: fresh(400) }
    expect(sent(answer)).toEqual(sent(await send(row, role, unknown)))
    // Without a listed device nothing is looked up at all.
    const unsigned = !byTicket.has(name) && !listed.includes(role)
    if (name !== `POST ${paths.append}`) expect(refusal(answer).status).toBe(unsigned ? 401 : 404)
  })
})

describe('what a sync shows', () => {
  it.each(roles)('of a record and its access log to %s', async (role) => {
    if (role === 'unlisted') return
    const rows = async (chain: ChainId) => {
      const ask = { seen: 0, want: [{ chain, after: 0 }], have: [] }
      const as = signers[role]
      const answer = await world.post(paths.sync, syncRequest, ask, as ?? undefined)
      return answer.bytes
    }
    const nothing = await rows(fresh(32) as Uint8Array as ChainId)
    const seesRecord = ['former', 'holder', 'founder'].includes(role)
    expect([role, sha256(await rows(record.id)).join() !== sha256(nothing).join()]).toEqual([role, seesRecord])
    const seesLog = role === 'founder'
    expect([role, sha256(await rows(accessLogOf(record.id))).join() !== sha256(nothing).join()]).toEqual([
      role,
      seesLog,
    ])
    const member = (signers.founder as Signer).chain
    expect([role, sha256(await rows(member)).join() !== sha256(nothing).join()]).toEqual([role, listed.includes(role)])
    expect(sha256(await rows(world.network.chain))).not.toEqual(sha256(nothing))
  })
})

describe('routes that do not exist', () => {
  it.each([
    ['GET', '/'],
    ['GET', '/v1'],
    ['GET', paths.append],
    ['POST', '/checkpoint'],
    ['PUT', paths.append],
    ['DELETE', `${paths.segments}/a/b`],
    ['GET', '/tile/0/000.p/0'],
    ['GET', '/tile/9/000'],
    ['GET', '/tile/0/999'],
    ['GET', '/tile/entries/999.p/1'],
    ['GET', '/v1/../health/'],
  ])('%s %s', async (method, path) => {
    const answer = await world.send(method, path)
    const first = await world.send('GET', '/nothing')
    expect(sent(answer)).toEqual(sent(first))
    expect(refusal(answer)).toMatchObject({ code: 'UNKNOWN', status: 404 })
  })
})

describe('a signature', () => {
  const ask = { after: 0, limit: 10, wait: 0 }

  it('is of this address, this body and this moment', async () => {
    const chan = signers.founder as Signer
    const fine = await world.post(paths.inbox, inboxRequest, ask, chan)
    expect(fine.status).toBe(200)
    world.now += 301_000
    const body = pack(inboxRequest, ask)
    const headers = await signRequest(
      {
        method: 'POST',
        url: `https://relay.test${paths.inbox}`,
        body,
        chain: chan.chain,
        device: chan.device.id,
        created: world.now - 301_000,
      },
      chan.device.sign,
    )
    const replay = (path: string, of: Uint8Array) => world.send('POST', path, { body: of, headers })
    expect(refusal(await replay(paths.inbox, body))).toMatchObject({ code: 'REQUEST_EXPIRED', status: 401 })
    world.now -= 301_000
    expect((await replay(paths.inbox, body)).status).toBe(200)
    expect(refusal(await replay(paths.directory, body)).code).toBe('REQUEST_SIGNATURE')
    const other = pack(inboxRequest, { ...ask, limit: 11 })
    expect(refusal(await replay(paths.inbox, other))).toMatchObject({ code: 'REQUEST_DIGEST', status: 401 })
  })
})
