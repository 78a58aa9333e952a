// Rules of the access log: view, download, note. Spec: docs/spec/rules.md, "Access log".
import { beforeAll, describe, expect, it } from 'vitest'
import type { ChainId, EntryHash } from '../src/bytes.js'
import { ready } from '../src/ed25519.js'
import { accessLogOf } from '../src/entry.js'
import { facts } from '../src/rules/facts.js'
import { DAY, type Institution, idOf, type Member, MINUTE, World } from './actors.js'
import { verdicts } from './expect-verdict.js'

beforeAll(ready)

interface Scene {
  readonly world: World
  readonly other: Institution
  readonly chan: Member
  readonly lee: Member
  readonly wong: Member
  readonly record: ChainId
  readonly foreign: ChainId
  /** To Lee: to view section 1; to view, download and note 1 and 2; from tomorrow; until tomorrow; ended. */
  readonly view: EntryHash
  readonly all: EntryHash
  readonly later: EntryHash
  readonly short: EntryHash
  readonly ended: EntryHash
  readonly until: number
}

async function scene(): Promise<Scene> {
  const world = await World.founded()
  const other = await world.addInstitution('Hospital')
  const [chan, lee, wong] = [await world.member('chan'), await world.member('lee'), await world.member('wong')]
  const record = await world.record(chan, [1, 2])
  const foreign = await world.record(chan, [1, 2])
  const until = world.now + DAY
  const granted = async (body: object) => {
    const entry = await world.grant(record, chan, lee, { body })
    await world.place(entry)
    return entry.hash
  }
  const ended = await granted({})
  await world.place(await world.revoke(record, chan, [ended]))
  const view = await granted({})
  const all = await granted({ actions: 7, sections: [1, 2] })
  const later = await granted({ notBefore: until })
  const short = await granted({ until })
  await world.place(await world.publish(record, chan, [1]))
  await world.place(await world.publish(record, chan, [3], { turning: { 3: null } }))
  return { world, other, chan, lee, wong, record, foreign, view, all, later, short, ended, until }
}

const viewing = (s: Scene, grant: EntryHash | null, body: object = {}, over: object = {}) =>
  s.world.view(s.record, s.lee, grant, { ...over, body })
const standing = (s: Scene) => [s.record, ...s.world.standing(s.lee)]

describe('view', () => {
  verdicts(scene, [
    ['under a grant', 'accepted', (s) => viewing(s, s.view)],
    ['an earlier version', 'accepted', (s) => viewing(s, s.view, { version: 1 })],
    ['version 0', 'RULE', (s) => viewing(s, s.view, { version: 0 })],
    ['a version that is not', 'RULE', (s) => viewing(s, s.view, { version: 4 })],
    ['two sections', 'accepted', (s) => viewing(s, s.all, { sections: [1, 2] })],
    ['a section that was not granted', 'NOT_GRANTED', (s) => viewing(s, s.view, { sections: [2] })],
    ['one granted and one not', 'NOT_GRANTED', (s) => viewing(s, s.view, { sections: [1, 2] })],
    ['a section that came later', 'NOT_GRANTED', (s) => viewing(s, s.all, { sections: [1, 3] })],
    ['sections out of order', 'RULE', (s) => viewing(s, s.all, { sections: [2, 1] })],
    ['a section twice', 'RULE', (s) => viewing(s, s.all, { sections: [1, 1] })],
    ['the card, which needs no entry', 'RULE', (s) => viewing(s, s.all, { sections: [0, 1] })],
    ['without a grant', 'NOT_GRANTED', (s) => viewing(s, null)],
    ['under a grant that is not', 'NOT_GRANTED', (s) => viewing(s, idOf('no grant'))],
    ['under one that has not begun', 'NOT_GRANTED', (s) => viewing(s, s.later)],
    ['under one that was revoked', 'GRANT_ENDED', (s) => viewing(s, s.ended)],
    ['under somebody else’s', 'NOT_GRANTED', (s) => s.world.view(s.record, s.wong, s.view)],
    ['the founder', 'accepted', (s) => s.world.view(s.record, s.chan, null, { body: { sections: [1, 2, 3] } })],
    ['the founder under a grant of somebody', 'NOT_GRANTED', (s) => s.world.view(s.record, s.chan, s.view)],
    [
      'the founder, a section that is not',
      'RULE',
      (s) => s.world.view(s.record, s.chan, null, { body: { sections: [4] } }),
    ],
    [
      'the founder, sections out of order',
      'RULE',
      (s) => s.world.view(s.record, s.chan, null, { body: { sections: [2, 1] } }),
    ],
    ['a purpose sealed to the trail key before', 'STALE_EPOCH', (s) => viewing(s, s.view, { trailEpoch: 0 })],
    ['to a trail key that is not', 'STALE_EPOCH', (s) => viewing(s, s.view, { trailEpoch: 2 })],
    ['without a purpose', 'RULE', (s) => viewing(s, s.view, {}, { private: null })],
    [
      'another record than its log’s',
      'BINDING',
      (s) => viewing(s, s.view, { record: s.foreign }, { restsOn: [s.foreign, ...s.world.standing(s.lee)] }),
    ],
    ['in the log of a record that is not', 'BINDING', (s) => viewing(s, s.view, {}, { chain: idOf('no log') })],
    [
      'a record that is not',
      'RULE',
      (s) => {
        const body = { record: idOf<ChainId>('no record') }
        return viewing(s, s.view, body, { chain: accessLogOf(body.record), restsOn: standing(s) })
      },
    ],
    ['under another member’s credential', 'CRED_BINDING', (s) => viewing(s, s.view, { credential: s.chan.credential })],
    ['without the record’s state', 'RULE', (s) => viewing(s, s.view, {}, { restsOn: s.world.standing(s.lee) })],
    [
      'with a device that no chain lists',
      'BINDING',
      (s) => viewing(s, s.view, {}, { by: { ...s.lee, device: s.wong.device } }),
    ],
    ['without a link before it', 'CHAIN', (s) => viewing(s, s.view, {}, { previous: null })],
  ])

  it('begins and ends at the moment that the grant says', async () => {
    const s = await scene()
    const at = async (time: number, grant: EntryHash) => s.world.code(await viewing(s, grant, {}, { time }), { time })
    expect(await at(s.until - 1, s.short)).toBe('accepted')
    expect(await at(s.until, s.short)).toBe('GRANT_ENDED')
    expect(await at(s.until - 1, s.later)).toBe('NOT_GRANTED')
    expect(await at(s.until, s.later)).toBe('accepted')
  })

  it('by log time, not by the signer’s clock', async () => {
    const s = await scene()
    const time = s.until - 1
    expect(await s.world.code(await viewing(s, s.short, {}, { time }), { time: s.until })).toBe('GRANT_ENDED')
    expect(await s.world.code(await viewing(s, s.later, {}, { time }), { time: s.until })).toBe('accepted')
    expect(await s.world.code(await viewing(s, s.view, {}, { time }), { time: s.until + 6 * MINUTE })).toBe('CLOCK')
  })

  it('in the capacity in which the grant was made', async () => {
    const s = await scene()
    const elsewhere = await s.world.renewed(s.lee, s.other.issuer)
    expect(await s.world.code(await s.world.view(s.record, elsewhere, s.view))).toBe('NOT_GRANTED')
    const here = await s.world.renewed(s.lee, s.world.institution.issuer)
    expect(await s.world.code(await s.world.view(s.record, here, s.view))).toBe('accepted')
  })

  it('is remembered once, at its first place', async () => {
    const { world, record, lee, view } = await scene()
    const log = accessLogOf(record)
    expect(world.fact(log, facts.viewed(lee.chain))).toBe(null)
    const index = await world.place(await world.view(record, lee, view))
    await world.place(await world.view(record, lee, view))
    expect(world.fact(log, facts.viewed(lee.chain))).toEqual({ index })
  })
})

describe('download and note', () => {
  const download = (s: Scene, grant: EntryHash | null, by = s.lee) => s.world.access('download', s.record, by, grant)
  verdicts(scene, [
    ['download where it is granted', 'accepted', (s) => download(s, s.all)],
    ['download where only viewing is', 'NOT_GRANTED', (s) => download(s, s.view)],
    ['the founder downloads', 'accepted', (s) => download(s, null, s.chan)],
    ['note where it is granted', 'accepted', (s) => s.world.note(s.record, s.lee, s.all)],
    ['note where only viewing is', 'NOT_GRANTED', (s) => s.world.note(s.record, s.lee, s.view)],
    ['the founder notes', 'accepted', (s) => s.world.note(s.record, s.chan, null)],
    ['note without a text', 'RULE', (s) => s.world.note(s.record, s.lee, s.all, { private: null })],
    [
      'note to an old trail key',
      'STALE_EPOCH',
      (s) => s.world.note(s.record, s.lee, s.all, { body: { trailEpoch: 0 } }),
    ],
    ['note without a grant', 'NOT_GRANTED', (s) => s.world.note(s.record, s.lee, null)],
  ])

  it('view where only other actions are left', async () => {
    const s = await scene()
    const grant = s.world.fact(s.record, facts.grant(s.all))
    s.world.setFact(s.record, facts.grant(s.all), { ...(grant as NonNullable<typeof grant>), actions: 6 })
    expect(await s.world.code(await viewing(s, s.all))).toBe('NOT_GRANTED')
    expect(await s.world.code(await download(s, s.all))).toBe('accepted')
  })
})
