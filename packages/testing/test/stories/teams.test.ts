// Teams: a consultation that somebody leaves; a department whose members come and go, whose admins act at once, one of whom loses her
// credential, and that shares on what was shared with it. What a leaver's keys open is tried in ../team-adversary.test.ts.
import type { ActionName } from '@sealchart/protocol'
import { describe, expect, test } from 'vitest'
import { testNetwork } from '../../src/index.js'
import { all, codeOf, file, LETTER, news, read, told, visit } from './support.js'

const plan = { kec: ['chan', 'ng'], hospital: ['lee', 'wong', 'ho'] } as const
const why = { purpose: 'treatment' }
const share = { sections: ['summary'], reason: 'referral' }
const letter = (text: string) => ({ sections: { summary: file('letter.txt', text) } })

/** A department of Wong (its admin) and Lee; Chan, who is not in it, has shared a record with it. */
async function department(actions: readonly ActionName[] = []) {
  const net = await testNetwork(plan)
  const [chan, wong] = [net.chart('chan'), net.chart('wong')]
  const team = await wong.teams.create({ kind: 'department', name: 'Cardiology', members: [net.person('lee')] })
  const record = await chan.records.create(visit('v1'))
  const grant = await record.share({ ...share, with: await chan.teams.open(team.id), actions })
  const text = async (who: (typeof plan.hospital)[number] | (typeof plan.kec)[number], version?: number) =>
    read(await net.chart(who).records.open(record.id, { ...why, ...(version ? { version } : {}) }), 'summary')
  return { net, chan, wong, team, record, grant, text }
}

const names = async (team: { members(): Promise<readonly { person: { name: string | null } }[]> }) =>
  (await team.members()).map(({ person }) => person.name).sort((a, b) => (a ?? '').localeCompare(b ?? ''))

describe('people come and go', () => {
  test('row 10: who comes reads what is there and was there, who has gone nothing that is written later', async () => {
    const { net, team, record, text } = await department()
    expect(await text('lee')).toBe(LETTER)
    expect(await codeOf(text('ho'))).toBe('UNKNOWN')

    await team.add(net.person('ho'))
    expect(await text('ho')).toBe(LETTER)
    await team.remove(net.person('lee'))
    await record.publish(letter('after Lee'))
    expect(await codeOf(text('lee'))).toBe('UNKNOWN')
    expect([await text('ho'), await text('wong')]).toEqual(['after Lee', 'after Lee'])

    await team.add(net.person('ng'))
    expect([await text('ng'), await text('ng', 1)]).toEqual(['after Lee', LETTER])
    await team.add(net.person('lee'))
    expect([await text('lee'), await text('lee', 1)]).toEqual(['after Lee', LETTER])
    expect(await names(team)).toEqual(['Dr Ho', 'Dr Lee', 'Dr Ng', 'Dr Wong'])
    await net.close()
  })

  test('whoever comes finds the record in her list and inbox, and whoever goes does not', async () => {
    const { net, team, record } = await department()
    const listed = async (who: 'lee' | 'ho') => (await net.chart(who).records.list()).records.map(({ id }) => id)
    expect([await listed('lee'), await listed('ho')]).toEqual([[record.id], []])
    await team.add(net.person('ho'))
    await team.remove(net.person('lee'))
    expect([await listed('lee'), await listed('ho')]).toEqual([[], [record.id]])
    await record.publish(letter('news'))
    const heard = async (who: 'lee' | 'ho') =>
      news(await all(net.chart(who).inbox({ once: true }))).filter((one) => /published/.test(one))
    expect([await heard('lee'), await heard('ho')]).toEqual([[], ['Dr Chan published 2']])
    await net.close()
  })

  test('two admins at once end in one roster', async () => {
    const { net, team } = await department()
    await team.appoint(net.person('lee'))
    const leesTeam = await net.chart('lee').teams.open(team.id)
    await Promise.all([team.add(net.person('ho')), leesTeam.add(net.person('ng')), team.add(net.person('chan'))])
    const roster = ['Dr Chan', 'Dr Ho', 'Dr Lee', 'Dr Ng', 'Dr Wong']
    expect([await names(team), await names(leesTeam)]).toEqual([roster, roster])

    await Promise.all([team.remove(net.person('ho')), leesTeam.remove(net.person('ng'))])
    for (const who of ['chan', 'lee', 'wong'] as const) {
      const own = await net.chart(who).teams.open(team.id)
      expect(await names(own)).toEqual(['Dr Chan', 'Dr Lee', 'Dr Wong'])
      expect(await own.audit()).toBeNull()
    }

    // Each removes the other: one of them is in the team.
    const codes = await Promise.allSettled([team.remove(net.person('lee')), leesTeam.remove(net.person('wong'))])
    expect(codes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect((await names(await net.chart('chan').teams.open(team.id))).length).toBe(2)
    await net.close()
  })
})

describe('a credential is withdrawn', () => {
  async function withdrawn(actions: readonly ActionName[] = []) {
    const made = await department(actions)
    const { id, credential } = made.net.person('lee')
    expect(await made.text('lee')).toBe(LETTER)
    await made.net.institutions.hospital.issuer.withdraw(id, credential)
    return made
  }

  test('row 55: until a colleague gives the team a new key, those who write reach its members one by one', async () => {
    const { net, chan, wong, team, record, text } = await withdrawn()
    expect((await chan.teams.open(team.id)).state).toBe('stale')
    expect((await team.members()).map(({ person, out }) => [person.name, out])).toContainEqual(['Dr Lee', true])
    const other = await chan.records.create(visit('v2'))
    expect(await codeOf(other.share({ ...share, with: await chan.teams.open(team.id) }))).toBe('STALE_EPOCH')

    await record.publish(letter('while it waits'))
    expect(await text('wong')).toBe('while it waits')
    expect(await codeOf(text('lee'))).toMatch(/UNKNOWN|CRED_REVOKED|NO_CREDENTIAL/)
    // The team waits, and the record was not taken from it.
    expect(told(await all(record.trail())).filter((one) => /revoke/.test(one))).toEqual([])

    await (await wong.teams.open(team.id)).refresh()
    expect((await chan.teams.open(team.id)).state).toBe('open')
    expect(await names(team)).toEqual(['Dr Wong'])
    await record.publish(letter('under its new key'))
    expect([await text('wong'), await text('wong', 2), await text('wong', 1)]).toEqual([
      'under its new key',
      'while it waits',
      LETTER,
    ])
    await other.share({ ...share, with: await chan.teams.open(team.id) })
    expect(await read(await wong.records.open(other.id, why), 'summary')).toBe(LETTER)
    await net.close()
  })

  test('a member who writes gives the team its key on the way', async () => {
    const { net, chan, wong, team, text, record } = await withdrawn(['write'])
    expect((await chan.teams.open(team.id)).state).toBe('stale')
    await (await wong.records.open(record.id, why)).publish(letter('by Wong'))
    expect((await chan.teams.open(team.id)).state).toBe('open')
    expect([await text('wong'), await text('chan')]).toEqual(['by Wong', 'by Wong'])
    expect(await names(team)).toEqual(['Dr Wong'])
    await net.close()
  })
})

describe('what was shared is shared on', () => {
  test('as far as it may be, and ends with what it comes from', async () => {
    const { net, chan, team, record, text } = await department()
    await record.share({ ...share, with: await chan.teams.open(team.id), actions: ['download', 'shareOn'] })
    const opened = await net.chart('lee').records.open(record.id, why)
    const ho = net.person('ho')
    expect(await codeOf(opened.share({ ...share, with: ho, actions: ['write'] }))).toBe('NOT_GRANTED')
    expect(await codeOf(opened.share({ sections: ['imaging'], reason: 'r', with: ho }))).toBe('NOT_GRANTED')
    await opened.share({ ...share, with: ho, reason: 'second opinion' })
    expect(await text('ho')).toBe(LETTER)
    const hos = await net.chart('ho').records.open(record.id, why)
    expect(await codeOf(hos.share({ ...share, with: net.person('ng') }))).toBe('NOT_GRANTED')
    expect(told(await all(record.trail()))).toContain('Dr Lee grant Dr Ho (second opinion)')

    await record.revoke(await chan.teams.open(team.id), { reason: 'moved' })
    expect([await codeOf(text('lee')), await codeOf(text('ho'))]).toEqual(['UNKNOWN', 'UNKNOWN'])
    await record.publish(letter('for nobody else'))
    expect(await text('chan')).toBe('for nobody else')
    await net.close()
  })

  test('goes on when who shared it has gone, and not when her team has', async () => {
    const { net, chan, team, record, text } = await department()
    await record.share({ ...share, with: await chan.teams.open(team.id), actions: ['shareOn'] })
    const opened = await net.chart('lee').records.open(record.id, why)
    await opened.share({ ...share, with: net.person('ho') })
    await team.remove(net.person('lee'))
    await record.publish(letter('without Lee'))
    expect(await text('ho')).toBe('without Lee')
    await team.close()
    expect(await codeOf(text('ho'))).toBe('UNKNOWN')
    await record.publish(letter('without the team'))
    expect(await text('chan')).toBe('without the team')
    await net.close()
  })

  test('is recalled together, as long as nobody has opened it', async () => {
    const { net, chan, team, record, text } = await department()
    const handle = await record.share({ ...share, with: await chan.teams.open(team.id), actions: ['shareOn'] })
    expect(await text('lee')).toBe(LETTER)
    expect(await codeOf(handle.recall())).toBe('ALREADY_OPENED')
    const other = await chan.records.create(visit('v2'))
    const second = await other.share({ ...share, with: await chan.teams.open(team.id), actions: ['shareOn'] })
    await second.recall()
    expect(await codeOf(net.chart('lee').records.open(other.id, why))).toBe('UNKNOWN')
    await net.close()
  })
})

describe('a consultation', () => {
  test('reads as long as one sits in it, and what is written after one has left opens for those who stay', async () => {
    const net = await testNetwork({ kec: ['chan'], hospital: ['lee', 'wong'] })
    const [chan, lee, wong] = [net.chart('chan'), net.chart('lee'), net.chart('wong')]
    const until = new Date(net.clock.now() + 30 * 24 * 3_600_000)
    const members = [net.person('lee'), net.person('wong')]
    const team = await chan.teams.create({
      kind: 'consultation',
      title: 'Mass, left lung',
      reason: 'is this operable?',
      members,
      until,
    })
    const record = await chan.records.create(visit('v1'))
    await record.share({ ...share, reason: 'second opinion', with: team, actions: ['write'] })

    const opened = await lee.records.open(record.id, { purpose: 'treatment' })
    expect(await read(opened, 'summary')).toBe(LETTER)
    const own = await lee.teams.list()
    expect(own.map(({ name, reason: why }) => [name, why])).toEqual([['Mass, left lung', 'is this operable?']])
    expect(await read(await wong.records.open(record.id, { purpose: 'treatment' }), 'summary')).toBe(LETTER)

    await team.remove(net.person('wong'))
    expect(await codeOf(wong.records.open(record.id, { purpose: 'curious' }))).toBe('UNKNOWN')
    await opened.publish({ sections: { summary: file('letter.txt', 'operable') } })
    expect(await read(await lee.records.open(record.id, { purpose: 'treatment' }), 'summary')).toBe('operable')
    const mine = await chan.records.open(record.id, { purpose: 'follow-up' })
    expect(await read(mine, 'summary')).toBe('operable')
    expect(told(await all(mine.trail()))).toMatchInlineSnapshot(`
      [
        "Dr Chan create",
        "Dr Chan grant consultation (second opinion)",
        "Dr Lee view (treatment)",
        "Dr Wong view (treatment)",
        "Dr Lee publish",
        "Dr Lee view (treatment)",
        "Dr Chan view (follow-up)",
      ]
    `)

    await team.close()
    expect(await codeOf(lee.records.open(record.id, { purpose: 'treatment' }))).toBe('UNKNOWN')
    await mine.publish({ sections: { summary: file('letter.txt', 'operated') } })
    const ended = 'Dr Chan revoke consultation (credential withdrawn, or team closed)'
    expect(told(await all(mine.trail())).slice(-2)).toEqual([ended, 'Dr Chan publish'])
    await net.close()
  })
})
