// Records that are shared with a team, at the relay: who lists, opens and hears of them, from when and until when, and what the next version
// needs. Spec: docs/spec/relay.md, "Permissions", "Notices"; docs/spec/rules.md, "Wrap lists".
import {
  actions,
  type ChainId,
  decodeEntry,
  type EntryHash,
  enrolmentMessage,
  equal,
  hex,
  inboxAnswer,
  inboxRequest,
  paths,
  recordsAnswer,
  recordsRequest,
  segmentBatchRequest,
  sha256,
  syncAnswer,
  syncRequest,
  uploadRequest,
} from '@sealchart/protocol'
import { describe, expect, it } from 'vitest'
import { type Draft, fresh, type Member, newDevice, type RecordOf, read, refusal, type World } from './actors.js'
import {
  type HeldBy,
  heldWorld,
  outcome,
  shareDraft,
  Team,
  tookTurn,
  turnDraft,
  turnedKey,
  withdrawal,
} from './teams.js'

const segment = fresh(400)
const all = actions.view | actions.download | actions.write | actions.shareOn

interface Scene {
  readonly world: World
  readonly during: Awaited<ReturnType<typeof heldWorld>>['during']
  /** Founder of the record, in no team. */
  readonly ho: Member
  /** Admin of the team, Lee and Wong in it. */
  readonly chan: Member
  readonly lee: Member
  readonly wong: Member
  /** In no team, and holds nothing. */
  readonly ng: Member
  readonly team: Team
  readonly record: RecordOf
  /** To the team: everything. */
  readonly grant: EntryHash
}

async function scene(): Promise<Scene> {
  const { world, during } = await heldWorld()
  const [ho, chan, lee] = [await world.member('Ho'), await world.member('Chan'), await world.member('Lee')]
  const [wong, ng] = [await world.member('Wong'), await world.member('Ng')]
  const team = new Team(world, chan)
  await world.append([await team.found([lee, wong])])
  const record = await world.record(ho, [segment])
  const shared = await shareDraft(world, record, team, { actions: all })
  await world.append([shared])
  return { world, during, ho, chan, lee, wong, ng, team, record, grant: shared.entry.hash }
}

const lists = async ({ world }: Scene, as: Member): Promise<string[]> => {
  const ask = { seen: 0, record: null, after: null, limit: 10, have: [] }
  const { records } = read(recordsAnswer, await world.post(paths.records, recordsRequest, ask, as))
  return records.map(({ record }) => hex(record))
}

/** The record as one item, or the code of the refusal. */
async function one({ world, record }: Scene, as: Member) {
  const ask = { seen: 0, record: record.id, after: null, limit: 1, have: [] }
  const answer = await world.post(paths.records, recordsRequest, ask, as)
  return answer.status === 200 ? (read(recordsAnswer, answer).records[0] ?? null) : refusal(answer).code
}

/** How many entries of a chain somebody sees. */
async function sees({ world }: Scene, as: Member, chain: ChainId): Promise<number> {
  const want = [{ chain, after: 0 }]
  const answer = await world.post(paths.sync, syncRequest, { seen: 0, want, have: [] }, as)
  const ledger = world.ledger()
  await ledger.take(read(syncAnswer, answer).proven)
  return (ledger.head(chain)?.sequence ?? -1) + 1
}

const news = async ({ world }: Scene, as: Member, after = 0): Promise<readonly { index: number; chain: string }[]> => {
  const answer = await world.post(paths.inbox, inboxRequest, { after, limit: 100, wait: 0 }, as)
  return read(inboxAnswer, answer).notices.map(({ index, chain }) => ({ index, chain: hex(chain) }))
}

/** The log's newest index: what comes from now on is after it. */
const newest = async ({ world }: Scene): Promise<number> => ((await world.store.treeHead())?.size ?? 0) - 1

/** A view under the team's grant. */
const view = ({ world, record, grant, team }: Scene, by: Member, under = grant): Promise<Draft> =>
  world.viewDraft(record, by, { grant: under, via: [team.id] })

/** A version by the founder, under the keys that are. */
const version = ({ world, record, ho }: Scene, number = 2): Promise<Draft> =>
  world.publishDraft(record, ho, { version: number, files: [] })

/** To the team or one of its members, under its grant. */
const byTeam = ({ team, grant }: Scene, holder: Team | Member = team, epoch = 0): HeldBy => ({
  holder,
  grant,
  epoch,
  writes: true,
})

/** The same under new keys to these holders. */
const turn = (s: Scene, held: readonly HeldBy[], number = 2): Promise<Draft> =>
  turnDraft(s.world, s.record, s.ho, { version: number, held })

const leave = async (s: Scene): Promise<Draft> => s.team.change({ removes: [s.lee] }, s.team.wraps([s.chan, s.wong], 1))

/** Lee's credential is withdrawn and the team told. */
async function withdraw(s: Scene): Promise<void> {
  const withdrawn = await withdrawal(s.world, s.lee)
  await s.world.append([withdrawn, await s.team.stale(s.lee, withdrawn)])
}

describe('a record that is shared with a team', () => {
  it('is listed and opened by who sits in it, with the team’s row', async () => {
    const s = await scene()
    for (const member of [s.chan, s.lee, s.wong]) {
      expect(await lists(s, member)).toEqual([hex(s.record.id)])
      const item = await one(s, member)
      if (item === null || typeof item === 'string') throw new Error('not listed')
      expect(item.rows.map(({ leaf }) => hex(leaf.recipient))).toEqual([hex(s.team.id)])
    }
    expect(await lists(s, s.ng)).toEqual([])
    expect(await one(s, s.ng)).toBe('UNKNOWN')
    const { handouts } = await s.world.append([await view(s, s.lee)])
    expect(handouts[0]?.keys).toHaveLength(1)
    expect(await outcome(s.world, [await view(s, s.ng)])).toBe('NOT_GRANTED')
  })

  it('is listed once where somebody holds a grant of her own, too, with both rows', async () => {
    const s = await scene()
    const own = await shareDraft(s.world, s.record, s.lee)
    await s.world.append([own])
    expect(await lists(s, s.lee)).toEqual([hex(s.record.id)])
    const item = await one(s, s.lee)
    if (item === null || typeof item === 'string') throw new Error('not listed')
    expect(new Set(item.rows.map(({ leaf }) => hex(leaf.recipient)))).toEqual(
      new Set([hex(s.team.id), hex(s.lee.chain)]),
    )
  })

  it('takes uploads of a team that may write, and of nobody else', async () => {
    const s = await scene()
    const asks = async (as: Member): Promise<number> => {
      const ask = { id: fresh(16), record: s.record.id, nonce: null, reserved: 10 }
      return (await s.world.post(paths.uploads, uploadRequest, ask, as)).status
    }
    expect([await asks(s.lee), await asks(s.ng)]).toEqual([200, 404])
    await s.world.append([await leave(s)])
    expect([await asks(s.lee), await asks(s.wong)]).toEqual([404, 200])
    await s.world.append([await s.team.close()])
    expect(await asks(s.wong)).toBe(404)
  })

  it('comes to who joins, and goes with who leaves', async () => {
    const s = await scene()
    await s.world.append([await s.team.change({ adds: [s.ng] }, s.team.wraps([s.ng], 0))])
    expect(await lists(s, s.ng)).toEqual([hex(s.record.id)])
    expect(await outcome(s.world, [await view(s, s.ng)])).toBe('placed')
    await s.world.append([await s.team.change({ removes: [s.lee] }, s.team.wraps([s.chan, s.wong, s.ng], 1))])
    expect(await lists(s, s.lee)).toEqual([])
    expect(await one(s, s.lee)).toBe('UNKNOWN')
    expect(await outcome(s.world, [await view(s, s.lee)])).toBe('NOT_GRANTED')
  })

  it('comes with what is new of the team, which its rows and every view rest on', async () => {
    const s = await scene()
    await s.world.append([await leave(s)])
    await s.world.append([await turn(s, [byTeam(s, s.team, 1)])])
    // Nothing new of the record rests on it: the founder does not sit there.
    const have = [
      { chain: s.team.id, sequence: 0 },
      { chain: s.record.id, sequence: 1 },
    ]
    const ask = { seen: 0, record: s.record.id, after: null, limit: 1, have }
    const { proven } = read(recordsAnswer, await s.world.post(paths.records, recordsRequest, ask, s.wong))
    const known = proven.entries.map(({ bytes }) => decodeEntry(bytes)).filter(({ chain }) => equal(chain, s.team.id))
    expect(known.map(({ type, sequence }) => [type, sequence])).toEqual([['change', 1]])
  })

  it('goes with a seat whose credential was withdrawn, and stays for the others', async () => {
    const s = await scene()
    await withdraw(s)
    expect([await lists(s, s.lee), await lists(s, s.wong)]).toEqual([[], [hex(s.record.id)]])
    expect(await one(s, s.lee)).toBe('UNKNOWN')
    expect(await outcome(s.world, [await view(s, s.wong)])).toBe('placed')
  })

  it('goes when the team closes', async () => {
    const s = await scene()
    await s.world.append([await s.team.close()])
    for (const member of [s.chan, s.lee, s.wong]) expect(await lists(s, member)).toEqual([])
    expect(await one(s, s.lee)).toBe('UNKNOWN')
    expect(await outcome(s.world, [await view(s, s.lee)])).toBe('TEAM_CLOSED')
  })
})

describe('what somebody sees of a record who left the team', () => {
  it('ends where she left', async () => {
    const s = await scene()
    const before = await sees(s, s.lee, s.record.id)
    expect(before).toBe(2)
    await s.world.append([await leave(s)])
    await s.world.append([await turn(s, [byTeam(s, s.team, 1)])])
    expect(await sees(s, s.lee, s.record.id)).toBe(before)
    expect(await sees(s, s.wong, s.record.id)).toBe(before + 1)
    expect(await sees(s, s.ng, s.record.id)).toBe(0)
  })

  it('ends where it closed, and goes on while it waits', async () => {
    const s = await scene()
    await withdraw(s)
    await s.world.append([await turn(s, [byTeam(s, s.chan), byTeam(s, s.wong)])])
    tookTurn(s.world, s.record)
    expect(await sees(s, s.wong, s.record.id)).toBe(3)
    await s.world.append([await s.team.close()])
    await s.world.append([await turn(s, [], 3)])
    expect(await sees(s, s.wong, s.record.id)).toBe(3)
    expect(await sees(s, s.ho, s.record.id)).toBe(4)
  })
})

describe('who joins a team', () => {
  it('sees nothing of a record that was taken from it before', async () => {
    const s = await scene()
    const seen = await sees(s, s.lee, s.record.id)
    await s.world.revoke(s.record, [s.grant])
    await s.world.append([await s.team.change({ adds: [s.ng] }, s.team.wraps([s.ng], 0))])
    expect(await sees(s, s.ng, s.record.id)).toBe(0)
    expect(await sees(s, s.lee, s.record.id)).toBe(seen)
  })
})

describe('a ticket under a team’s grant', () => {
  async function opened() {
    const s = await scene()
    const { handouts } = await s.world.append([await view(s, s.lee)])
    const ticket = handouts[0]?.ticket ?? ''
    const body = { record: s.record.id, names: [sha256(segment) as never] }
    const reads = async (): Promise<number> =>
      (await s.world.post(`${paths.segmentBatch}?ticket=${ticket}`, segmentBatchRequest, body, s.lee)).status
    return { ...s, reads }
  }

  it.each<[string, (s: Scene) => Promise<unknown>]>([
    ['she leaves', async (s) => s.world.append([await leave(s)])],
    ['the team closes', async (s) => s.world.append([await s.team.close()])],
    ['the grant is revoked', (s) => s.world.revoke(s.record, [s.grant])],
    ['her credential is withdrawn', (s) => withdraw(s)],
  ])('reads until %s', async (_, end) => {
    const s = await opened()
    expect(await s.reads()).toBe(200)
    await end(s)
    expect(await s.reads()).toBe(404)
  })
})

describe('notices', () => {
  it('of a team reach who sits in it, from then on', async () => {
    const s = await scene()
    const record = hex(s.record.id)
    const team = hex(s.team.id)
    for (const member of [s.chan, s.lee, s.wong])
      expect((await news(s, member)).map(({ chain }) => chain)).toEqual([team, record])
    expect(await news(s, s.ng)).toEqual([])
    const joined = await newest(s)
    await s.world.append([await s.team.change({ adds: [s.ng] }, s.team.wraps([s.ng], 0))])
    expect((await news(s, s.ng)).map(({ chain }) => chain)).toEqual([team])
    await s.world.append([await version(s)])
    expect((await news(s, s.ng)).map(({ chain }) => chain)).toEqual([team, record])
    expect((await news(s, s.lee, joined)).map(({ chain }) => chain)).toEqual([record])
  })

  it('reach who leaves for the last time, and all when it closes', async () => {
    const s = await scene()
    const before = await newest(s)
    await s.world.append([await leave(s)])
    await s.world.append([await turn(s, [byTeam(s, s.team, 1)])])
    const [team, record] = [hex(s.team.id), hex(s.record.id)]
    expect((await news(s, s.lee, before)).map(({ chain }) => chain)).toEqual([team])
    expect((await news(s, s.wong, before)).map(({ chain }) => chain)).toEqual([record])
    const closing = await newest(s)
    await s.world.append([await s.team.close()])
    for (const member of [s.chan, s.wong])
      expect((await news(s, member, closing)).map(({ chain }) => chain)).toEqual([team])
    expect(await news(s, s.lee, closing)).toEqual([])
  })

  it('of a team that waits for a new key reach those who can give it one', async () => {
    const s = await scene()
    const before = await newest(s)
    await withdraw(s)
    expect((await news(s, s.wong, before)).map(({ chain }) => chain)).toEqual([hex(s.team.id)])
  })
})

describe('a version under the keys that are', () => {
  it('is placed as long as the team is what it was', async () => {
    const s = await scene()
    expect(await outcome(s.world, [await version(s)])).toBe('placed')
    await s.world.append([await s.team.change({ adds: [s.ng] }, s.team.wraps([s.ng], 0))])
    expect(await outcome(s.world, [await version(s, 3)])).toBe('placed')
  })

  it('is not when somebody left: the team gets new keys', async () => {
    const s = await scene()
    await s.world.append([await leave(s)])
    expect(await outcome(s.world, [await version(s)])).toBe('STALE_EPOCH')
    expect(await outcome(s.world, [await turn(s, [byTeam(s)])])).toBe('WRAPS')
    expect(await outcome(s.world, [await turn(s, [byTeam(s, s.team, 1)])])).toBe('placed')
    tookTurn(s.world, s.record)
    expect(await outcome(s.world, [await version(s, 3)])).toBe('placed')
  })

  it('is not while the team waits: its members get new keys one by one, then it does', async () => {
    const s = await scene()
    await withdraw(s)
    expect(await outcome(s.world, [await version(s)])).toBe('STALE_EPOCH')
    const members = [byTeam(s, s.chan), byTeam(s, s.wong)]
    const lee = byTeam(s, s.lee)
    expect(await outcome(s.world, [await turn(s, [byTeam(s)])])).toBe('WRAPS')
    expect(await outcome(s.world, [await turn(s, [...members, lee])])).toBe('WRAPS')
    expect(await outcome(s.world, [await turn(s, members.slice(1))])).toBe('WRAPS')
    const turned = await turn(s, members)
    await s.world.append([turned])
    tookTurn(s.world, s.record)
    const item = await one(s, s.wong)
    if (item === null || typeof item === 'string') throw new Error('not listed')
    // Her own row for the new keys, and the team's for the old ones.
    expect(new Set(item.rows.map(({ leaf }) => hex(leaf.recipient)))).toEqual(
      new Set([hex(s.team.id), hex(s.wong.chain)]),
    )
    const { handouts } = await s.world.append([await view(s, s.wong)])
    expect(handouts[0]?.keys.length).toBeGreaterThan(0)
    // Each version of a team that waits is under new keys: whoever sits in it may be gone at the next.
    expect(await outcome(s.world, [await version(s, 3)])).toBe('STALE_EPOCH')
    await s.world.append([await s.team.refresh(s.wong, { members: [s.chan, s.wong], leaves: [s.lee] })])
    expect(await outcome(s.world, [await version(s, 3)])).toBe('STALE_EPOCH')
    expect(await outcome(s.world, [await turn(s, [byTeam(s, s.team, 1)], 3)])).toBe('placed')
  })

  it('is not when a holder’s own key is newer, nor the founder’s', async () => {
    const s = await scene()
    const own = await shareDraft(s.world, s.record, s.ng)
    await s.world.append([own])
    const { draft, member } = await turnedKey(s.world, s.ng)
    await s.world.append([draft])
    expect(await outcome(s.world, [await version(s)])).toBe('STALE_EPOCH')
    const held = [byTeam(s), { holder: member, grant: own.entry.hash, epoch: 1 }]
    await s.world.append([await turn(s, held)])
    tookTurn(s.world, s.record)
    expect(await outcome(s.world, [await version(s, 3)])).toBe('placed')
  })

  it('is not when the team is closed: nobody of it gets the new keys', async () => {
    const s = await scene()
    await s.world.append([await s.team.close()])
    expect(await outcome(s.world, [await version(s)])).toBe('STALE_EPOCH')
    expect(await outcome(s.world, [await turn(s, [byTeam(s)])])).toBe('WRAPS')
    expect(await outcome(s.world, [await turn(s, [])])).toBe('placed')
  })

  it('is looked at again where somebody leaves between gate and turn', async () => {
    const s = await scene()
    expect(await s.during([await leave(s)], [await version(s)])).toEqual(['placed', 'STALE_EPOCH'])
  })

  it('is looked at again where a holder’s issuer is dismissed meanwhile, as a wrap list is', async () => {
    const s = await scene()
    const { world } = s
    const clinic = world.institution
    const founding = await world.foundInstitution()
    await world.append(founding)
    const root = world.institution
    const issuer = await newDevice()
    const on = { kind: 'institution', chain: root.chain } as const
    const proof = issuer.sign(enrolmentMessage(world.network.chain, root.chain, issuer.keys))
    const appointed = await world.sign(root, { ...on, type: 'appoint', body: { keys: issuer.keys, proof } })
    await world.append([{ entry: appointed }])
    world.institution = { chain: root.chain, device: issuer }
    const tam = await world.member('Tam')
    world.institution = clinic
    const own = await shareDraft(world, s.record, tam, { via: [root.chain] })
    await world.append([own])
    const held = [byTeam(s), { holder: tam, grant: own.entry.hash }]
    const dismissal = { ...on, type: 'dismiss', body: { device: issuer.id, from: 0 } } as const
    const dismissed = { entry: await world.sign(root, dismissal) }
    const [kept, turned] = [await version(s), await turn(s, held)]
    expect(await s.during([dismissed], [kept], [turned])).toEqual(['placed', 'STALE_EPOCH', 'WRAPS'])
    expect(await outcome(world, [await turn(s, held.slice(0, 1))])).toBe('placed')
  })

  it('is looked at again where a wrap list meets a team that changes', async () => {
    const s = await scene()
    const turned = await turn(s, [byTeam(s)])
    expect(await s.during([await leave(s)], [turned])).toEqual(['placed', 'WRAPS'])
  })
})

describe('what a team shares on', () => {
  async function shared() {
    const s = await scene()
    const via = [s.team.id]
    const draft = await shareDraft(s.world, s.record, s.ng, { by: s.wong, from: s.grant, via, actions: 3 })
    await s.world.append([draft])
    return { ...s, via, on: draft.entry.hash }
  }

  it('opens for whom it was shared with, who is told', async () => {
    const s = await shared()
    expect(await lists(s, s.ng)).toEqual([hex(s.record.id)])
    expect((await news(s, s.ng)).map(({ chain }) => chain)).toEqual([hex(s.record.id)])
    expect(await outcome(s.world, [await view(s, s.ng, s.on)])).toBe('placed')
  })

  it('is not shared by who sits nowhere, nor further than it may', async () => {
    const s = await shared()
    const more = await shareDraft(s.world, s.record, s.lee, { by: s.ng, from: s.on, via: s.via })
    expect(await outcome(s.world, [more])).toBe('NOT_GRANTED')
    const other = await shareDraft(s.world, s.record, s.lee, { by: s.ng, from: s.grant, via: s.via })
    expect(await outcome(s.world, [other])).toBe('NOT_GRANTED')
  })

  it('ends with the grant that it comes from: who held it is told, and sees no more', async () => {
    const s = await shared()
    const before = await newest(s)
    const seen = await sees(s, s.ng, s.record.id)
    await s.world.revoke(s.record, [s.grant])
    expect(await lists(s, s.ng)).toEqual([])
    expect(await one(s, s.ng)).toBe('UNKNOWN')
    for (const member of [s.ng, s.lee])
      expect((await news(s, member, before)).map(({ chain }) => chain)).toEqual([hex(s.record.id)])
    await s.world.append([await version(s)])
    expect(await sees(s, s.ng, s.record.id)).toBe(seen)
    expect(await sees(s, s.ho, s.record.id)).toBe(seen + 2)
  })

  it('ends with the team, and its keys go to nobody', async () => {
    const s = await shared()
    await s.world.append([await s.team.close()])
    expect(await lists(s, s.ng)).toEqual([])
    expect(await one(s, s.ng)).toBe('UNKNOWN')
    expect(await outcome(s.world, [await view(s, s.ng, s.on)])).toBe('TEAM_CLOSED')
    expect(await outcome(s.world, [await version(s)])).toBe('STALE_EPOCH')
    expect(await outcome(s.world, [await turn(s, [{ holder: s.ng, grant: s.on }])])).toBe('WRAPS')
    const seen = await sees(s, s.ng, s.record.id)
    expect(await outcome(s.world, [await turn(s, [])])).toBe('placed')
    expect(await sees(s, s.ng, s.record.id)).toBe(seen)
  })

  it('goes on without who shared it', async () => {
    const s = await shared()
    await s.world.append([await s.team.change({ removes: [s.wong] }, s.team.wraps([s.chan, s.lee], 1))])
    expect(await lists(s, s.ng)).toEqual([hex(s.record.id)])
    const held = [byTeam(s, s.team, 1), { holder: s.ng, grant: s.on }]
    expect(await outcome(s.world, [await turn(s, held)])).toBe('placed')
  })
})
