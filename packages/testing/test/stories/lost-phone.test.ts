// A phone is lost that was a device of somebody in a team: her teams learn of it in the step that removes it, whoever refreshes them.

import { memoryVault, Sealchart } from '@sealchart/client-sdk'
import { describe, expect, test } from 'vitest'
import { type TestNetwork, testNetwork } from '../../src/index.js'
import { file, read, visit } from './support.js'

const share = { sections: ['summary'], reason: 'second opinion' }

/** A second device of Lee's. */
async function withPhone(
  net: TestNetwork<{ readonly kec: readonly ['chan']; readonly hospital: readonly ['lee', 'wong'] }>,
) {
  const vault = memoryVault({ hostKey: new Uint8Array(32).fill(7) })
  const enrolment = await Sealchart.enrolDevice({ ...net.connect, network: net.network, vault })
  const adding = net.chart('lee').devices.add(enrolment.code, { name: 'Phone' })
  const [joined, device] = await Promise.all([enrolment.joined(), adding])
  return { phone: await joined.accept(), id: device.id }
}

describe('a phone that is lost', () => {
  test('takes nothing from the team that is written later, and the team goes on', async () => {
    const net = await testNetwork({ kec: ['chan'], hospital: ['lee', 'wong'] })
    const [chan, lee, wong] = [net.chart('chan'), net.chart('lee'), net.chart('wong')]
    const { phone, id } = await withPhone(net)
    const members = [net.person('lee'), net.person('wong')]
    const team = await chan.teams.create({ kind: 'department', name: 'Cardiology', members })
    const record = await chan.records.create(visit('v1'))
    await record.share({ ...share, with: team })
    expect(await read(await phone.records.open(record.id, { purpose: 'treatment' }), 'summary')).toContain('Dear')

    await lee.devices.remove(id)
    expect((await chan.teams.open(team.id)).state).toBe('open')
    await record.publish({ sections: { summary: file('letter.txt', 'after the loss') } })
    for (const one of [lee, wong]) {
      expect(await read(await one.records.open(record.id, { purpose: 'treatment' }), 'summary')).toBe('after the loss')
    }
    await expect(phone.records.open(record.id, { purpose: 'treatment' })).rejects.toMatchObject({
      code: 'REQUEST_SIGNATURE',
    })
    await net.close()
  })
})
