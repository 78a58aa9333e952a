// A vendor's test under Jest, whose own module system takes ES modules with --experimental-vm-modules.
import { SealchartError } from '@sealchart/client-sdk'
import { testNetwork } from '@sealchart/testing'

let net
beforeAll(async () => {
  net = await testNetwork({ clinic: ['chan'], hospital: ['lee'] })
})
afterAll(() => net.close())

test('what was shared is opened, and what was revoked is not', async () => {
  const data = new TextEncoder().encode('No stenosis.')
  const sections = { letter: { name: 'letter.txt', data } }
  const share = [{ with: net.person('lee'), sections: ['letter'], reason: 'referral' }]
  const record = await net.chart('chan').records.create({ ref: 'visit-1', title: 'CT', sections, share })
  const opened = await net.chart('lee').records.open(record.id, { purpose: 'treatment' })
  const [file] = opened.files('letter')
  expect(await file.bytes()).toEqual(data)

  await record.revoke(net.person('lee'), { reason: 'referral ended' })
  const again = net.chart('lee').records.open(record.id, { purpose: 'treatment' })
  await expect(again).rejects.toMatchObject({ code: 'UNKNOWN' })
  await expect(again).rejects.toBeInstanceOf(SealchartError)
})
