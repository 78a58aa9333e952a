// Who is woken by what: a turn of a busy network must not make everybody ask who waits. Spec: docs/spec/relay.md, "Notices".
import type { ChainId } from '@sealchart/protocol'
import { inboxAnswer, inboxRequest, paths } from '@sealchart/protocol'
import { describe, expect, it } from 'vitest'
import { memoryStore } from '../src/store/memory.js'
import { foundedWorld, type Member, read } from './actors.js'

/** A world that counts inbox queries by member. */
async function countingWorld() {
  const store = memoryStore()
  const asked: ChainId[] = []
  const world = await foundedWorld({
    store: {
      ...store,
      notices(member, after, limit) {
        asked.push(member)
        return store.notices(member, after, limit)
      },
    },
  })
  const wait = (as: Member, after: number) =>
    world.post(paths.inbox, inboxRequest, { after, limit: 10, wait: 20_000 }, as)
  const settled = () => new Promise((resolve) => setTimeout(resolve, 30))
  return { world, asked, wait, settled }
}

describe('who waits for notices', () => {
  it('is woken by a version of a record that she can list, and by no other', async () => {
    const { world, asked, wait, settled } = await countingWorld()
    const [chan, lee, wong] = [await world.member('Chan'), await world.member('Lee'), await world.member('Wong')]
    const [one, other] = [await world.record(chan), await world.record(chan)]
    await world.grant(one, lee)
    const ended = await world.grant(other, lee)
    await world.revoke(other, [ended])
    await world.grant(other, wong)
    const size = ((await world.store.treeHead())?.size as number) - 1
    const [leeWaits, wongWaits] = [wait(lee, size), wait(wong, size)]
    await settled()
    asked.length = 0
    await world.append([await world.publishDraft(other, chan, { version: 2, files: [] })])
    expect(read(inboxAnswer, await wongWaits).notices).toHaveLength(1)
    await settled()
    expect(asked).toEqual([wong.chain])
    await world.append([await world.publishDraft(one, chan, { version: 2, files: [] })])
    expect(read(inboxAnswer, await leeWaits).notices).toMatchObject([{ chain: one.id }])
  })

  it('is woken as the founder by what a writer publishes', async () => {
    const { world, wait, settled } = await countingWorld()
    const chan = await world.member('Chan')
    const record = await world.record(chan)
    const waits = wait(chan, ((await world.store.treeHead())?.size as number) - 1)
    await settled()
    await world.append([await world.publishDraft(record, chan, { version: 2, files: [] })])
    expect(read(inboxAnswer, await waits).notices).toHaveLength(1)
  })

  it('takes no more than 64 places, and leaves the rest to others', async () => {
    const { world, wait, settled } = await countingWorld()
    const [chan, lee] = [await world.member('Chan'), await world.member('Lee')]
    const waits = Array.from({ length: 64 }, () => wait(lee, 1000))
    await settled()
    expect(read(inboxAnswer, await wait(lee, 1000)).notices).toEqual([])
    let ended = false
    const others = wait(chan, 1000).then((answer) => {
      ended = true
      return answer
    })
    await settled()
    expect(ended).toBe(false)
    await world.relay.close()
    for (const answer of await Promise.all([...waits, others])) expect(read(inboxAnswer, answer).notices).toEqual([])
  })
})
