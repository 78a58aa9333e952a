// A record's life through the relay, from an empty log, and what a verifier makes of the answers. Spec: docs/spec/relay.md.
import {
  accessLogOf,
  actions,
  appendAnswer,
  type ChainId,
  directoryAnswer,
  directoryRequest,
  facts,
  inboxAnswer,
  inboxRequest,
  paths,
  type RecordsAnswer,
  type RecordsRequest,
  recordsAnswer,
  recordsRequest,
  syncAnswer,
  syncRequest,
  verifyInclusion,
  wrapLeafHash,
} from '@sealchart/protocol'
import { describe, expect, it } from 'vitest'
import { foundedWorld, type Member, read, refusal, type World } from './actors.js'

const list = { seen: 0, record: null, after: null, limit: 10, have: [] }

const sync = async (world: World, as: Member | undefined, ...chains: ChainId[]) =>
  read(
    syncAnswer,
    await world.post(
      paths.sync,
      syncRequest,
      { seen: 0, want: chains.map((chain) => ({ chain, after: 0 })), have: [] },
      as,
    ),
  )

describe('a record’s life', () => {
  it('is created, granted, viewed, published, revoked, and verified by somebody who knows the network alone', async () => {
    const world = await foundedWorld()
    const chan = await world.member('Chan')
    const lee = await world.member('Lee')
    const record = await world.record(chan)
    const grant = await world.grant(record, lee)
    await world.append([await world.viewDraft(record, lee, { grant })])
    await world.revoke(record, [grant])

    const ledger = world.ledger()
    const { proven, more } = await sync(world, chan, record.id, accessLogOf(record.id))
    expect(more).toBe(false)
    await ledger.take(proven)
    expect(ledger.head(record.id)?.sequence).toBe(2)
    expect(ledger.fact(record.id, facts.grant(grant))?.ended).toBeGreaterThan(0)
    expect(ledger.entries(accessLogOf(record.id))).toHaveLength(1)
    expect(world.fatal).toEqual([])
  })

  it('answers an append with a proof that a verifier takes', async () => {
    const world = await foundedWorld()
    const chan = await world.member('Chan')
    const record = await world.record(chan)
    const ledger = world.ledger()
    await ledger.take((await sync(world, chan, record.id)).proven)
    const seen = ledger.tree?.size as number
    const { proven } = await world.append([await world.viewDraft(record, chan, { grant: null })], { seen })
    expect(await ledger.take(proven)).toHaveLength(1)
    expect(ledger.tree?.size).toBe(seen + 2)
  })

  it('hands out keys, manifest, ticket and small segments under a view, and only then', async () => {
    const world = await foundedWorld()
    const [chan, lee] = [await world.member('Chan'), await world.member('Lee')]
    const record = await world.record(chan)
    const grant = await world.grant(record, lee)
    const listed = read(recordsAnswer, await world.post(paths.records, recordsRequest, list, lee))
    expect(listed.records[0]?.rows).toHaveLength(1)
    const { handouts } = await world.append([await world.viewDraft(record, lee, { grant })])
    expect(handouts).toHaveLength(1)
    expect(handouts[0]?.opened).toMatchObject([{ section: 1, version: 1, epoch: 0 }])
    expect(handouts[0]?.keys).toHaveLength(1)
    expect(handouts[0]?.segments).toHaveLength(1)
  })

  it('hands out the contents that the version had, not newer ones', async () => {
    const world = await foundedWorld()
    const chan = await world.member('Chan')
    const record = await world.record(chan)
    const second = await world.publishDraft(record, chan, { version: 2, files: [] })
    await world.append([second])
    const third = await world.publishDraft(record, chan, { version: 3, files: [] })
    await world.append([third])
    for (const version of [1, 2, 3]) {
      const { handouts } = await world.append([await world.viewDraft(record, chan, { grant: null, version })])
      expect(handouts[0]?.opened[0]?.version).toBe(version)
    }
  })

  it('gives a holder the rows of her grant and of newer epochs, with their paths', async () => {
    const world = await foundedWorld()
    const [chan, lee, wong] = [await world.member('Chan'), await world.member('Lee'), await world.member('Wong')]
    const record = await world.record(chan)
    const grant = await world.grant(record, lee)
    const other = await world.grant(record, wong)
    await world.revoke(record, [other], [{ member: lee, grant }])
    const { records, proven } = read(recordsAnswer, await world.post(paths.records, recordsRequest, list, lee))
    const rows = records[0]?.rows ?? []
    expect(rows).toHaveLength(2)
    const ledger = world.ledger()
    const placed = await ledger.take(proven)
    const roots = placed.flatMap(({ entry }) => ('wraps' in entry.body && entry.body.wraps ? [entry.body.wraps] : []))
    for (const { wraps, leaf, position, path } of rows) {
      const signed = roots.find(({ attached }) => attached.digest.join() === wraps.join())
      const tree = { size: signed?.attached.count as number, root: signed?.root as Uint8Array as never }
      verifyInclusion({ index: position, hash: wrapLeafHash(leaf) }, tree, path)
    }
  })

  it('ends at the revocation for whoever was revoked: no record, no view, and the chain up to there', async () => {
    const world = await foundedWorld()
    const [chan, lee] = [await world.member('Chan'), await world.member('Lee')]
    const record = await world.record(chan)
    const grant = await world.grant(record, lee)
    await world.revoke(record, [grant])
    const one = { ...list, record: record.id }
    expect(refusal(await world.post(paths.records, recordsRequest, one, lee)).code).toBe('UNKNOWN')
    expect(read(recordsAnswer, await world.post(paths.records, recordsRequest, list, lee)).records).toEqual([])
    const view = await world.viewDraft(record, lee, { grant })
    expect(refusal(await world.tryAppend([view]))).toMatchObject({ status: 422, code: 'GRANT_ENDED' })
    const ledger = world.ledger()
    await ledger.take((await sync(world, lee, record.id)).proven)
    expect(ledger.head(record.id)?.sequence).toBe(1)
  })

  it('is out of reach for a member whose credentials were all withdrawn, before anybody revokes', async () => {
    const world = await foundedWorld()
    const [chan, lee] = [await world.member('Chan'), await world.member('Lee')]
    const record = await world.record(chan)
    await world.grant(record, lee)
    await world.withdraw(lee)
    const one = { ...list, record: record.id }
    expect(refusal(await world.post(paths.records, recordsRequest, one, lee)).code).toBe('UNKNOWN')
    const publish = await world.publishDraft(record, chan, { version: 2, files: [] })
    expect(refusal(await world.tryAppend([publish])).code).toBe('STALE_EPOCH')
  })

  it('pages lists by their newest change', async () => {
    const world = await foundedWorld()
    const chan = await world.member('Chan')
    const ids: string[] = []
    for (let i = 0; i < 5; i++) ids.unshift((await world.record(chan)).id.join())
    const seen: string[] = []
    let after: number | null = null
    for (let more = true; more; ) {
      const ask: RecordsRequest = { ...list, after, limit: 2 }
      const page: RecordsAnswer = read(recordsAnswer, await world.post(paths.records, recordsRequest, ask, chan))
      seen.push(...page.records.map(({ record }) => record.join()))
      after = page.records.at(-1)?.changed ?? null
      more = page.more
    }
    expect(seen).toEqual(ids)
  })
})

describe('the access log', () => {
  it('is seen by the founder and by holders of `trail`, and by nobody else', async () => {
    const world = await foundedWorld()
    const [chan, lee, wong] = [await world.member('Chan'), await world.member('Lee'), await world.member('Wong')]
    const record = await world.record(chan)
    await world.grant(record, lee)
    await world.grant(record, wong, { actions: actions.view | actions.trail })
    await world.append([await world.viewDraft(record, chan, { grant: null })])
    const log = accessLogOf(record.id)
    expect((await sync(world, chan, log)).proven.entries.length).toBeGreaterThan(0)
    expect((await sync(world, wong, log)).proven.entries.length).toBeGreaterThan(0)
    expect((await sync(world, lee, log)).proven.entries).toEqual([])
  })

  it('is there, and empty, before anybody opened the record', async () => {
    const world = await foundedWorld()
    const chan = await world.member('Chan')
    const record = await world.record(chan)
    expect((await sync(world, chan, accessLogOf(record.id))).proven.entries).toEqual([])
  })

  it('numbers readers of one moment without gaps, and refuses none of them', async () => {
    const world = await foundedWorld()
    const [chan, lee] = [await world.member('Chan'), await world.member('Lee')]
    const record = await world.record(chan)
    const grant = await world.grant(record, lee)
    const drafts = await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        world.viewDraft(record, i % 2 ? lee : chan, { grant: i % 2 ? grant : null }),
      ),
    )
    const answers = await Promise.all(drafts.map((draft) => world.tryAppend([draft])))
    const numbers = answers.map((answer) => read(appendAnswer, answer).proven.entries[0]?.access?.number ?? 0)
    expect(numbers.toSorted((a, b) => a - b)).toEqual(drafts.map((_, i) => i + 1))
  })
})

describe('people and news', () => {
  it('finds members by what an accepted credential claims', async () => {
    const world = await foundedWorld()
    const chan = await world.member('Chan')
    await world.member('Lee')
    const ask = (value: string) => world.post(paths.directory, directoryRequest, { claim: 'name', value }, chan)
    expect(read(directoryAnswer, await ask('Chan')).members).toEqual([chan.chain])
    expect(read(directoryAnswer, await ask('Nobody')).members).toEqual([])
  })

  it('tells the recipient of a grant, the founder of a view, and holders of a version', async () => {
    const world = await foundedWorld()
    const [chan, lee] = [await world.member('Chan'), await world.member('Lee')]
    const record = await world.record(chan)
    const inbox = async (as: Member, after = 0) =>
      read(inboxAnswer, await world.post(paths.inbox, inboxRequest, { after, limit: 100, wait: 0 }, as)).notices
    const grant = await world.grant(record, lee)
    expect(await inbox(lee)).toHaveLength(1)
    expect(await inbox(chan)).toHaveLength(0)
    await world.append([await world.viewDraft(record, lee, { grant })])
    const [viewed] = await inbox(chan)
    expect(viewed?.chain).toEqual(record.id)
    await world.append([await world.publishDraft(record, chan, { version: 2, files: [] })])
    expect(await inbox(lee, (await inbox(lee))[0]?.index)).toHaveLength(1)
    await world.revoke(record, [grant])
    expect(await inbox(lee)).toHaveLength(3)
  })

  it('lets an inbox wait until there is news', async () => {
    const world = await foundedWorld()
    const [chan, lee] = [await world.member('Chan'), await world.member('Lee')]
    const record = await world.record(chan)
    const waiting = world.post(paths.inbox, inboxRequest, { after: 0, limit: 100, wait: 20_000 }, lee)
    await world.grant(record, lee)
    expect(read(inboxAnswer, await waiting).notices).toHaveLength(1)
  })

  it('lets everybody go who waits when the relay closes', async () => {
    const world = await foundedWorld()
    const lee = await world.member('Lee')
    const waiting = world.post(paths.inbox, inboxRequest, { after: 0, limit: 100, wait: 20_000 }, lee)
    await new Promise((resolve) => setTimeout(resolve, 20))
    await world.relay.close()
    expect(read(inboxAnswer, await waiting).notices).toEqual([])
  })
})
