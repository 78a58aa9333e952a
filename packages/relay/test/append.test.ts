// Appends: idempotency, conflicts, founding, what the gate refuses, and the limits at the limit. Spec: docs/spec/relay.md, "Append".
import {
  accessLink,
  accessLogOf,
  appendAnswer,
  type ChainId,
  emptyRoot,
  encode,
  hex,
  is,
  type LinkHash,
  limits,
  paths,
  recordsAnswer,
  recordsRequest,
  sha256,
  verifyInclusion,
  wrapLeafHash,
} from '@sealchart/protocol'
import { describe, expect, it } from 'vitest'
import { createIntakes } from '../src/intake.js'
import {
  emptyWorld,
  foundedWorld,
  fresh,
  type Member,
  type RecordOf,
  read,
  refusal,
  row,
  TOKEN,
  type World,
  wrapList,
} from './actors.js'

interface Scene {
  readonly world: World
  readonly chan: Member
  readonly lee: Member
  readonly record: RecordOf
  readonly grant: Awaited<ReturnType<World['grant']>>
}

async function scene(options: Parameters<typeof foundedWorld>[0] = {}): Promise<Scene> {
  const world = await foundedWorld(options)
  const chan = await world.member('Chan')
  const lee = await world.member('Lee')
  const record = await world.record(chan)
  return { world, chan, lee, record, grant: await world.grant(record, lee) }
}

describe('the same bytes again', () => {
  it('get the same place and proof, and no keys, from whoever sends them', async () => {
    const { world, lee, record, grant } = await scene()
    const draft = await world.viewDraft(record, lee, { grant })
    const first = read(appendAnswer, await world.tryAppend([draft]))
    const again = read(appendAnswer, await world.tryAppend([draft]))
    expect(again.proven.entries).toEqual(first.proven.entries)
    expect(again.proven.seals).toEqual(first.proven.seals)
    expect(first.handouts).toHaveLength(1)
    expect(again.handouts).toEqual([])
  })

  it('get keys again for the entry’s own device alone, within ten minutes, while the grant holds', async () => {
    const { world, chan, lee, record, grant } = await scene()
    const draft = await world.viewDraft(record, lee, { grant })
    await world.tryAppend([draft])
    const handouts = async (as: Member) => read(appendAnswer, await world.tryAppend([draft], {}, as)).handouts.length
    expect(await handouts(lee)).toBe(1)
    expect(await handouts(chan)).toBe(0)
    world.now += 10 * 60_000
    expect(await handouts(lee)).toBe(1)
    world.now += 1
    expect(await handouts(lee)).toBe(0)
    world.now -= 60_000
    await world.revoke(record, [grant])
    expect(await handouts(lee)).toBe(0)
  })

  it('are placed once when they come at the same moment', async () => {
    const { world, lee, record, grant } = await scene()
    const draft = await world.viewDraft(record, lee, { grant })
    const answers = await Promise.all([1, 2, 3, 4].map(() => world.tryAppend([draft])))
    const placed = answers.map((answer) => read(appendAnswer, answer).proven.entries[0]?.index)
    expect(new Set(placed).size).toBe(1)
  })

  it('are a conflict with more beside them', async () => {
    const { world, lee, chan, record, grant } = await scene()
    const draft = await world.viewDraft(record, lee, { grant })
    await world.append([draft])
    const other = await world.viewDraft(record, chan, { grant: null })
    expect(refusal(await world.tryAppend([draft, other]))).toMatchObject({ code: 'CONFLICT', status: 409 })
  })

  it('need no attachments', async () => {
    const { world, record, chan } = await scene()
    const draft = await world.publishDraft(record, chan, { version: 2, files: [] })
    await world.append([draft])
    expect(read(appendAnswer, await world.tryAppend([{ entry: draft.entry }])).proven.entries).toHaveLength(1)
  })
})

describe('a stale head', () => {
  it('is answered with the entries that were missed', async () => {
    const { world, chan, record } = await scene()
    const late = await world.publishDraft(record, chan, { version: 2, files: [] })
    const wong = await world.member('Wong')
    const other = await world.grantDraft(record, wong)
    await world.append([other])
    const { code, missed, status } = refusal(await world.tryAppend([late]))
    expect({ code, status }).toEqual({ code: 'CONFLICT', status: 409 })
    expect(missed?.entries.map(({ bytes }) => hex(sha256(bytes)))).toContain(hex(sha256(other.entry.bytes)))
  })

  it('tells nothing of a chain that the signer may not see, nor whether it exists', async () => {
    const { world, record } = await scene()
    const wong = await world.member('Wong')
    const at = (id: ChainId) => ({ ...record, id })
    const headless = async (id: ChainId) => {
      // A guess at the record's head: wrong, as everybody's is who was not told.
      world.heads.set(hex(id), { chain: id, sequence: 3, link: fresh(32) as Uint8Array as never })
      world.trails.set(hex(id), 0)
      return world.tryAppend([await world.viewDraft(at(id), wong, { grant: null })])
    }
    const forbidden = await headless(record.id)
    const unknown = await headless(fresh(32) as Uint8Array as ChainId)
    expect(refusal(forbidden).code).toBe('CONFLICT')
    expect(forbidden.bytes).toEqual(unknown.bytes)
    expect([...forbidden.headers]).toEqual([...unknown.headers])
  })
})

describe('the first list', () => {
  it('needs the token, byte for byte', async () => {
    const world = await emptyWorld()
    const draft = await world.foundNetwork()
    for (const token of [null, '', `${TOKEN} `, TOKEN.slice(1)]) {
      expect(refusal(await world.tryAppend([draft], { token }))).toMatchObject({ code: 'UNKNOWN', status: 404 })
    }
    read(appendAnswer, await world.tryAppend([draft], { token: TOKEN }))
  })

  it('founds a network that names this relay’s log', async () => {
    const world = await emptyWorld()
    const other = await world.foundNetwork({ logKey: fresh(32) })
    expect(refusal(await world.tryAppend([other], { token: TOKEN })).code).toBe('BINDING')
    const origin = await world.foundNetwork({ origin: 'another.log' })
    expect(refusal(await world.tryAppend([origin], { token: TOKEN })).code).toBe('BINDING')
  })

  it('founds nothing else', async () => {
    const founded = await foundedWorld()
    const world = await emptyWorld()
    world.network = founded.network
    const [found] = await world.foundInstitution()
    const drafts = [found as NonNullable<typeof found>]
    expect(['ROLE', 'RULE']).toContain(refusal(await world.tryAppend(drafts, { token: TOKEN })).code)
  })

  it('founds once: a second network is refused', async () => {
    const world = await foundedWorld()
    const draft = await world.foundNetwork()
    expect(refusal(await world.tryAppend([draft], { token: TOKEN })).code).toBe('BINDING')
  })
})

describe('the gate', () => {
  it('refuses a signature that does not verify, before anything else is told', async () => {
    const { world, lee, record, grant } = await scene()
    const { entry } = await world.viewDraft(record, lee, { grant })
    const bytes = new Uint8Array(entry.bytes)
    bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1
    const answer = await world.tryAppend([{ entry: { ...entry, bytes } }])
    expect(refusal(answer)).toMatchObject({ code: 'SIG', status: 422 })
  })

  it('refuses an entry whose own time is wrong, and says both times', async () => {
    const { world, lee, record, grant } = await scene()
    const view = async (skew: number) => {
      const draft = await world.viewDraft(record, lee, { grant })
      world.now += skew
      const answer = await world.tryAppend([draft])
      world.now -= skew
      return answer
    }
    expect((await view(limits.clockSkew)).status).toBe(200)
    world.now += 2 * limits.clockSkew
    expect(refusal(await view(limits.clockSkew + 1))).toMatchObject({ code: 'CLOCK', status: 422 })
  })

  it('asks for what was not staged, and takes what was', async () => {
    const { world, chan, record } = await scene()
    const draft = await world.publishDraft(record, chan, { version: 2, files: [] })
    expect(refusal(await world.tryAppend([{ entry: draft.entry }]))).toMatchObject({
      code: 'STAGED_MISSING',
      status: 409,
    })
    const [manifest] = draft.attachments ?? []
    const staged = await world.send('POST', paths.attachments, { body: manifest as Uint8Array, as: chan })
    expect(staged.status).toBe(200)
    await world.append([{ entry: draft.entry }])
  })

  it('asks for a private part that did not come', async () => {
    const { world, lee, record, grant } = await scene()
    const { entry } = await world.viewDraft(record, lee, { grant })
    expect(refusal(await world.tryAppend([{ entry }])).code).toBe('STAGED_MISSING')
    expect(refusal(await world.tryAppend([{ entry, beside: [fresh(100)] }])).code).toBe('STAGED_MISSING')
  })

  it('refuses a manifest whose segments are not there', async () => {
    const { world, chan, record } = await scene()
    const draft = await world.publishDraft(record, chan, { version: 2, files: [fresh(50)] })
    expect(refusal(await world.tryAppend([draft])).code).toBe('STAGED_MISSING')
  })

  it('refuses a manifest that names another record’s segments', async () => {
    const { world, chan, record } = await scene()
    const segment = fresh(500)
    await world.record(chan, [segment])
    const draft = await world.publishDraft(record, chan, { version: 2, files: [segment] })
    expect(refusal(await world.tryAppend([draft])).code).toBe('STAGED_MISSING')
    const own = { ...draft, segments: [{ record: record.id, section: 1, bytes: segment }] }
    await world.append([own])
  })

  it('refuses wraps to another key or head than the newest', async () => {
    const { world, lee, record } = await scene()
    const { entry } = await world.grantDraft(record, lee)
    const stranger = wrapList([row(world.target({ ...lee, epochKeyHash: fresh(32) }, []), fresh(100))])
    expect(refusal(await world.tryAppend([{ entry, attachments: [stranger.bytes] }])).code).toBe('STAGED_MISSING')
    const wrong = await world.grantDraft(record, { ...lee, epochKeyHash: fresh(32) })
    expect(refusal(await world.tryAppend([wrong])).code).toBe('WRAPS')
  })

  it('places nothing of a list when one entry is refused', async () => {
    const { world, lee, record, grant } = await scene()
    const good = await world.viewDraft(record, lee, { grant })
    const bad = await world.viewDraft(record, lee, { grant: fresh(32) as Uint8Array as typeof grant })
    expect(refusal(await world.tryAppend([good, bad])).code).toBe('NOT_GRANTED')
    const size = (await world.store.treeHead())?.size as number
    await world.append([good])
    expect((await world.store.treeHead())?.size).toBe(size + 2)
  })
})

describe('limits', () => {
  it('counts entries of a device, and says when to come back', async () => {
    const { world, lee, record, grant } = await scene({ limits: { burst: 5, rate: 2 } })
    const view = async () => world.tryAppend([await world.viewDraft(record, lee, { grant })])
    const codes: number[] = []
    for (let i = 0; i < 7; i++) codes.push((await view()).status)
    // Two of the five were the founding and the acceptance of its chain.
    expect(codes).toEqual([200, 200, 200, 429, 429, 429, 429])
    const refused = await view()
    expect(refusal(refused).code).toBe('RATE')
    expect(refused.headers.get('retry-after')).toBe('1')
    world.now += 500
    expect((await view()).status).toBe(200)
  })

  it('is busy beyond the entries that may wait, before a signature is checked', async () => {
    const { world, lee, record, grant } = await scene({ limits: { waiting: 4 } })
    const drafts = await Promise.all(Array.from({ length: 8 }, () => world.viewDraft(record, lee, { grant })))
    const answers = await Promise.all(drafts.map((draft) => world.tryAppend([draft])))
    const busy = answers.filter(({ status }) => status === 503)
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(4)
    expect(busy).toHaveLength(4)
    expect(busy[0]?.headers.get('retry-after')).toBe('1')
    expect((await world.tryAppend([drafts[0] as (typeof drafts)[0]])).status).toBe(200)
  })

  it('takes a list of 256 entries, and not one of 257', async () => {
    const { world, lee, record, grant } = await scene()
    const drafts = await Promise.all(Array.from({ length: 257 }, () => world.viewDraft(record, lee, { grant })))
    const body = drafts.slice(0, 256)
    expect(read(appendAnswer, await world.tryAppend(body)).proven.entries).toHaveLength(256)
    const fields = [drafts.map(({ entry }) => entry.bytes), [], [], [], [], null, 0]
    const answer = await world.send('POST', paths.append, { body: encode(fields) })
    expect(refusal(answer)).toMatchObject({ code: 'DECODE_SHAPE', status: 400 })
  })

  it('refuses a body over 16 MiB by what comes, not by what is said', async () => {
    const { world } = await scene()
    const answer = await world.send('POST', paths.append, { body: new Uint8Array(limits.append + 1) })
    expect(refusal(answer)).toMatchObject({ code: 'TOO_LARGE', status: 413 })
  })
})

describe('bodies in memory', () => {
  it('share an allowance, which small ones are not part of', () => {
    const intakes = createIntakes(1_000_000)
    const { known } = intakes
    const [large, other, small] = [{}, {}, {}]
    known.take(large, 256 * 1024 + 900_000)
    expect(() => known.take(other, 256 * 1024 + 100_001)).toThrow(expect.objectContaining({ code: 'BUSY' }))
    known.take(small, 256 * 1024)
    intakes.release(large)
    known.take(other, 256 * 1024 + 1_000_000)
    for (const one of [large, other, small]) intakes.release(one)
    known.take(small, 256 * 1024 + 1_000_000)
  })

  it('of strangers fill a quarter of it, and never turn away who is known', () => {
    const intakes = createIntakes(1_000_000)
    const [stranger, another, doctor] = [{}, {}, {}]
    intakes.strangers.take(stranger, 256 * 1024 + 250_000)
    expect(() => intakes.strangers.take(another, 256 * 1024 + 1)).toThrow(expect.objectContaining({ code: 'BUSY' }))
    intakes.strangers.take(another, 256 * 1024)
    intakes.known.take(doctor, 256 * 1024 + 750_000)
    expect(() => intakes.known.take(doctor, 1)).toThrow(expect.objectContaining({ code: 'BUSY' }))
    for (const one of [stranger, stranger, another, doctor]) intakes.release(one)
    intakes.known.take(doctor, 256 * 1024 + 1_000_000)
    expect(() => intakes.strangers.take(stranger, 256 * 1024 + 1)).toThrow(expect.objectContaining({ code: 'BUSY' }))
    intakes.release(doctor)
    intakes.strangers.take(stranger, 256 * 1024 + 250_000)
  })

  it('of strangers are counted as such where no signature or ticket comes before the body', async () => {
    const { world, chan } = await scene({ limits: { receiving: 1_000_000 } })
    const body = fresh(256 * 1024 + 250_001)
    for (const path of [paths.append, paths.sync, `${paths.segmentBatch}?ticket=none`])
      expect(refusal(await world.send('POST', path, { body })).code, path).toBe('BUSY')
    // Known, they are read, and refused for what they are.
    for (const path of [paths.append, paths.sync])
      expect(refusal(await world.send('POST', path, { body, as: chan })).code, path).toMatch(/^DECODE_/)
  })

  it('are let go with the answer', async () => {
    const { world, chan } = await scene({ limits: { receiving: 2_000_000 } })
    for (let i = 0; i < 5; i++) {
      const answer = await world.send('POST', paths.attachments, { body: fresh(2_000_000), as: chan })
      expect(answer.status).toBe(200)
    }
    const answers = await Promise.all(
      [1, 2, 3].map(() => world.send('POST', paths.attachments, { body: fresh(2_000_000), as: chan })),
    )
    const statuses = answers.map(({ status }) => status)
    expect(statuses).toContain(200)
    expect(statuses.every((status) => status === 200 || status === 503)).toBe(true)
  })
})

describe('members who change meanwhile', () => {
  it('do not hold up a list that gives them nothing, and are looked up again by one that does', async () => {
    const { world, chan, lee, record } = await scene()
    const wong = await world.member('Wong')
    const offer = (member: Member) =>
      world.sign(world.institution, {
        kind: 'member',
        chain: member.chain,
        type: 'credential',
        body: {
          institution: world.institution.chain,
          claims: [],
          registration: null,
          notBefore: world.now,
          until: world.now + 1000,
        },
        rests: [world.institution.chain, world.network.chain],
      })
    const publish = await world.publishDraft(record, chan, { version: 2, files: [] })
    const [moved] = [await offer(wong)]
    const answers = await Promise.all([world.tryAppend([{ entry: moved }]), world.tryAppend([publish])])
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    world.took(moved)
    world.took(publish.entry)
    // Lee holds the key that the next version is under; her chain moves in the same moment, and she keeps her credential.
    const next = await world.publishDraft(record, chan, { version: 3, files: [] })
    const also = await Promise.all([world.tryAppend([{ entry: await offer(lee) }]), world.tryAppend([next])])
    expect(also.map(({ status }) => status)).toEqual([200, 200])
  })
})

describe('a wrap list of many', () => {
  it('hands each recipient her own row with its path, over an index of its own', async () => {
    const world = await foundedWorld()
    const chan = await world.member('Chan')
    const others: Member[] = []
    for (let i = 0; i < 70; i++) others.push(await world.member(`Member ${i}`))
    const record = await world.record(chan)
    const grants: { member: Member; grant: Awaited<ReturnType<World['grant']>> }[] = []
    for (const member of others) grants.push({ member, grant: await world.grant(record, member) })
    const [first, ...remain] = grants
    await world.revoke(record, [(first as (typeof grants)[0]).grant], remain)
    const ask = { seen: 0, record: record.id, after: null, limit: 1, have: [] }
    for (const { member } of [remain[0], remain.at(-1), remain[30]] as typeof grants) {
      const { records, proven } = read(recordsAnswer, await world.post(paths.records, recordsRequest, ask, member))
      const rows = records[0]?.rows ?? []
      const newest = rows.find(({ leaf }) => leaf.what[0]?.keys[0]?.epoch === 1)
      expect(newest?.leaf.recipient).toEqual(member.chain)
      const placed = await world.ledger().take(proven)
      const [wraps] = placed.flatMap(({ entry }) => (is(entry, 'record', 'revoke') ? [entry.body.wraps] : []))
      const tree = { size: wraps?.attached.count ?? 0, root: wraps?.root ?? emptyRoot() }
      expect(tree.size).toBe(70)
      const hash = wrapLeafHash((newest as NonNullable<typeof newest>).leaf)
      verifyInclusion({ index: newest?.position as number, hash }, tree, newest?.path ?? [])
    }
  }, 60_000)
})

describe('recalls', () => {
  it('are taken while the recipient has not opened the record', async () => {
    const { world, record, grant } = await scene()
    const log = accessLogOf(record.id)
    const start = { chain: log, sequence: 0, link: log as Uint8Array as LinkHash }
    const answer = await world.tryAppend([await world.revokeDraft(record, [grant], [], start)])
    expect(read(appendAnswer, answer).proven.entries).toHaveLength(1)
  })

  it('are refused as soon as she has', async () => {
    const { world, lee, record, grant } = await scene()
    const view = await world.viewDraft(record, lee, { grant })
    const [placed] = read(appendAnswer, await world.tryAppend([view])).proven.entries
    if (!placed?.access) throw new Error('the view has no place in the access log')
    const { number, previous } = placed.access
    const link = accessLink(previous, number, view.entry.hash)
    const newest = { chain: accessLogOf(record.id), sequence: number, link }
    const late = await world.revokeDraft(record, [grant], [], newest)
    expect(refusal(await world.tryAppend([late]))).toMatchObject({ code: 'ALREADY_OPENED' })
  })
})
