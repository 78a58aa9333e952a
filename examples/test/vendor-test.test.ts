import { testNetwork } from '@sealchart/testing'
import { expect, test } from 'vitest'
import { referrals } from '../vendor-test.js'

const visit = {
  uuid: 'visit-1',
  title: 'Chest pain',
  letter: { name: 'letter.txt', data: new TextEncoder().encode('Dear Lee') },
}

async function clinic() {
  const net = await testNetwork({ clinic: ['chan'], hospital: { lee: { registration: 'M01234' } } })
  const sent = async () => (await net.chart('lee').records.list()).records
  return { net, sent, chan: referrals(net.chart('chan')), lee: referrals(net.chart('lee')) }
}

test('a letter is sent once, however often the button is pressed, and read', async () => {
  const { net, sent, chan, lee } = await clinic()
  expect(await chan.send(visit, 'M01234')).toEqual({ done: true })
  expect(await chan.send(visit, 'M01234')).toEqual({ done: true })
  const [record, ...others] = await sent()
  expect(others).toEqual([])
  const shown: string[] = []
  expect(await lee.show(record?.id ?? '', (text) => shown.push(text))).toEqual({ done: true })
  expect(shown).toEqual(['Dear Lee'])
  await net.close()
})

test('when the relay is away the doctor is asked to try again, and then it works', async () => {
  const { net, sent, chan } = await clinic()
  net.relay.fail('offline')
  expect(await chan.send(visit, 'M01234')).toMatchObject({ done: false, message: expect.stringContaining('try again') })
  net.relay.recover()
  expect(await chan.send(visit, 'M01234')).toEqual({ done: true })
  expect(await sent()).toHaveLength(1)
  await net.close()
})

test('what is not hers is not available, and says no more', async () => {
  const { net, lee } = await clinic()
  const record = await net
    .chart('chan')
    .records.create({ ref: 'own', title: 'Own', sections: { letter: visit.letter } })
  expect(await lee.show(record.id, () => undefined)).toEqual({ done: false, message: 'This record is not available.' })
  await net.close()
})
