// Teams: a consultation that somebody leaves, a department whose members come and go, and keys that wait for nobody.

import { describe, expect, test } from 'vitest'
import { testNetwork } from '../../src/index.js'
import { all, codeOf, file, LETTER, read, told, visit } from './support.js'

const reason = 'is this operable?'
const share = { sections: ['summary'], reason: 'second opinion' }

describe('a consultation', () => {
  test('reads as long as one sits in it, and what is written after one has left opens for those who stay', async () => {
    const net = await testNetwork({ kec: ['chan'], hospital: ['lee', 'wong'] })
    const [chan, lee, wong] = [net.chart('chan'), net.chart('lee'), net.chart('wong')]
    const until = new Date(net.clock.now() + 30 * 24 * 3_600_000)
    const members = [net.person('lee'), net.person('wong')]
    const team = await chan.teams.create({ kind: 'consultation', title: 'Mass, left lung', reason, members, until })
    const record = await chan.records.create(visit('v1'))
    await record.share({ ...share, with: team, actions: ['write'] })

    const opened = await lee.records.open(record.id, { purpose: 'treatment' })
    expect(await read(opened, 'summary')).toBe(LETTER)
    const own = await lee.teams.list()
    expect(own.map(({ name, reason: why }) => [name, why])).toEqual([['Mass, left lung', reason]])
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
