// Reads beside a running relay: what the store shows of a turn before its head is given out. Spec: docs/spec/relay.md, "The turn".
import { type ChainId, facts, paths, recordsAnswer, recordsRequest, syncAnswer, syncRequest } from '@sealchart/protocol'
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
