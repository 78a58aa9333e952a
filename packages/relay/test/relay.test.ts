// A record's life through the relay, from an empty log: found, enrol, create, grant, view, publish, revoke. Spec: docs/spec/relay.md.
import {
  accessLogOf,
  appendAnswer,
  equal,
  Ledger,
  noteKey,
  paths,
  recordsAnswer,
  recordsRequest,
  syncAnswer,
  syncRequest,
} from '@sealchart/protocol'
import { describe, expect, it } from 'vitest'
import { foundedWorld, read, refusal } from './actors.js'

describe('a record’s life', () => {
  it('is created, granted, viewed and revoked', async () => {
    const world = await foundedWorld()
    const chan = await world.member('Chan')
    const lee = await world.member('Lee')
    const record = await world.record(chan)
    const grant = await world.grant(record, lee)
    const view = await world.viewDraft(record, lee, { grant })
    const { handouts, proven } = await world.append([view])
    expect(proven.entries).toHaveLength(1)
    expect(handouts).toHaveLength(1)
    expect(handouts[0]?.segments).toHaveLength(1)
    expect(handouts[0]?.keys).toHaveLength(1)
    const again = read(appendAnswer, await world.tryAppend([view]))
    expect(again.handouts).toHaveLength(0)
    const signedAgain = read(appendAnswer, await world.tryAppend([view], {}, lee))
    expect(signedAgain.handouts).toHaveLength(1)
    const records = read(
      recordsAnswer,
      await world.post(paths.records, recordsRequest, { seen: 0, record: null, after: null, limit: 10, have: [] }, lee),
    )
    expect(records.records).toHaveLength(1)
    expect(records.records[0]?.rows).toHaveLength(1)
    expect(records.records[0]?.access.number).toBe(1)
    await world.revoke(record, [grant])
    const after = await world.viewDraft(record, lee, { grant })
    expect(refusal(await world.tryAppend([after]))).toMatchObject({ status: 422, code: 'GRANT_ENDED' })
    const log = accessLogOf(record.id)
    const sync = read(
      syncAnswer,
      await world.post(
        paths.sync,
        syncRequest,
        {
          seen: 0,
          want: [
            { chain: record.id, after: 0 },
            { chain: log, after: 0 },
          ],
          have: [],
        },
        chan,
      ),
    )
    const { log: vkey } = { log: await world.send('GET', '/v1/network') }
    expect(vkey.status).toBe(200)
    expect(sync.proven.entries.length).toBe(3 + 1 + 6 + 3)
    expect(equal(record.id, record.id)).toBe(true)
    void Ledger
    void noteKey
  })
})
