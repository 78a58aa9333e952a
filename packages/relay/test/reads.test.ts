// Reads beside a running relay: what the store shows of a turn before its head is given out. Spec: docs/spec/relay.md, "The turn".
import {
  type ChainId,
  facts,
  GRANTS,
  paths,
  recordsAnswer,
  recordsRequest,
  syncAnswer,
  syncRequest,
} from '@sealchart/protocol'
import { describe, expect, it } from 'vitest'
import { memoryStore } from '../src/store/memory.js'
import { foundedWorld, type Member, read, type World } from './actors.js'

const sync = (world: World, as: Member, chain: ChainId) =>
  world.post(paths.sync, syncRequest, { seen: 0, want: [{ chain, after: 0 }], have: [] }, as)

/** A world in which a turn can be held after its commit, as the head lock's sync holds it. */
async function heldWorld() {
  const store = memoryStore()
  let held: Promise<void> | null = null
  let committed = (): void => {}
  const world = await foundedWorld({
    store: {
      ...store,
      async commit(batch) {
        await store.commit(batch)
        committed()
        await held
      },
    },
  })
  const hold = (): { committed: Promise<void>; letGo: () => void } => {
    let letGo = (): void => {}
    held = new Promise((resolve) => {
      letGo = resolve
    })
    const done = new Promise<void>((resolve) => {
      committed = resolve
    })
    return { committed: done, letGo: () => letGo() }
  }
  return { world, hold }
}

describe('between the commit of a turn and its head', () => {
  it('an answer that holds its entries waits for the head that proves them', async () => {
    const { world, hold } = await heldWorld()
    const chan = await world.member('Chan')
    const record = await world.record(chan)
    const turn = hold()
    const appending = world.tryAppend([await world.publishDraft(record, chan, { version: 2, files: [] })])
    await turn.committed
    const synced = sync(world, chan, record.id)
    const all = { seen: 0, record: null, after: null, limit: 10, have: [] }
    const listed = world.post(paths.records, recordsRequest, all, chan)
    await new Promise((resolve) => setTimeout(resolve, 20))
    turn.letGo()
    for (const { proven } of [read(syncAnswer, await synced), read(recordsAnswer, await listed)]) {
      const ledger = world.ledger()
      await ledger.take(proven)
      expect(ledger.fact(record.id, facts.counters)?.version).toBe(2)
    }
    expect((await appending).status).toBe(200)
  })

  it('an answer without them does not wait', async () => {
    const { world, hold } = await heldWorld()
    const chan = await world.member('Chan')
    const record = await world.record(chan)
    const turn = hold()
    const appending = world.tryAppend([await world.publishDraft(record, chan, { version: 2, files: [] })])
    await turn.committed
    await world.ledger().take(read(syncAnswer, await sync(world, chan, chan.chain)).proven)
    turn.letGo()
    expect((await appending).status).toBe(200)
  })
})

/** Gives a member a credential of a second institution, which the network has admitted. */
async function secondCredential(world: World, member: Member): Promise<void> {
  const first = world.institution
  await world.append(await world.foundInstitution())
  const { chain } = world.institution
  const until = world.now + 86_400_000
  const credential = await world.sign(world.institution, {
    kind: 'member',
    chain: member.chain,
    type: 'credential',
    body: { institution: chain, claims: [], registration: null, notBefore: world.now - 1000, until },
    rests: [chain, world.network.chain],
  })
  await world.append([{ entry: credential }])
  const body = { credential: credential.hash }
  await world.append([
    { entry: await world.sign(member, { kind: 'member', chain: member.chain, type: 'accept', body }) },
  ])
  world.institution = first
}

describe('a member who has lost one of two capacities', () => {
  async function scene() {
    const world = await foundedWorld()
    const [chan, lee] = [await world.member('Chan'), await world.member('Lee')]
    const own = await world.record(lee)
    const others = [await world.record(chan), await world.record(chan), await world.record(chan)]
    for (const record of others) await world.grant(record, lee)
    await secondCredential(world, lee)
    await world.withdraw(lee)
    return { world, chan, lee, own, others }
  }

  it('gets a page that is filled past what she may list no longer', async () => {
    const { world, lee, own } = await scene()
    const ask = { seen: 0, record: null, after: null, limit: 2, have: [] }
    const { records, more } = read(recordsAnswer, await world.post(paths.records, recordsRequest, ask, lee))
    expect(records.map(({ record }) => record)).toEqual([own.id])
    expect(more).toBe(false)
  })

  it('sees nothing more of a record that was granted in it', async () => {
    const { world, lee, own, others } = await scene()
    const { proven } = read(syncAnswer, await sync(world, lee, (others[0] as { id: ChainId }).id))
    expect(proven.entries).toEqual([])
    expect(read(syncAnswer, await sync(world, lee, own.id)).proven.entries.length).toBeGreaterThan(0)
  })
})

describe('a sync', () => {
  it('looks once at a chain that is wanted many times', async () => {
    const store = memoryStore()
    let scans = 0
    const world = await foundedWorld({
      store: {
        ...store,
        factsUnder(chain, prefix) {
          if (prefix === GRANTS) scans += 1
          return store.factsUnder(chain, prefix)
        },
      },
    })
    const [chan, lee] = [await world.member('Chan'), await world.member('Lee')]
    const record = await world.record(chan)
    scans = 0
    const want = Array.from({ length: 1000 }, () => ({ chain: record.id, after: 0 }))
    read(syncAnswer, await world.post(paths.sync, syncRequest, { seen: 0, want, have: [] }, lee))
    expect(scans).toBe(1)
  })
})
