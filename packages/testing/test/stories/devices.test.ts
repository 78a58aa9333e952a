// A doctor with more than one device: a phone joins, does what the desk does, is lost, and is good for nothing any more.
import { type MemberDevice, memoryVault, Sealchart, type VaultHandle } from '@sealchart/client-sdk'
import { describe, expect, test } from 'vitest'
import { type TestNetwork, testNetwork } from '../../src/index.js'
import { codeOf, file, LETTER, read, visit } from './support.js'

const plan = { kec: ['chan'], hospital: ['lee'] } as const
type Net = TestNetwork<typeof plan>

const newVault = (net: Net): VaultHandle =>
  memoryVault({ hostKey: (net.connect.random as (n: number) => Uint8Array)(32) })

/** Chan takes a device in; the person in front of both looks at the name, and accepts. */
async function enrol(net: Net, chart: Sealchart, name: string, vault = newVault(net)) {
  const enrolment = await Sealchart.enrolDevice({ ...net.connect, network: net.network, vault })
  const [joined, device] = await Promise.all([enrolment.joined(), chart.devices.add(enrolment.code, { name })])
  return { chart: await joined.accept(), me: joined.me, device, vault }
}

const shown = (devices: readonly MemberDevice[]) =>
  devices.map(({ name, isThis }) => `${name}${isThis ? ' (this)' : ''}`)

describe('a second device', () => {
  test('shows a code, is taken in, shows whose it is, and goes on where the first one is', async () => {
    const net = await testNetwork(plan)
    const desk = net.chart('chan')
    const record = await desk.records.create(visit('v1'))
    await record.share({ with: net.person('lee'), sections: ['summary'], reason: 'referral' })
    const { chart: phone, me } = await enrol(net, desk, 'Phone')
    expect(phone.me).toMatchObject({ registration: desk.me.registration, unregistered: null })
    expect(me).toMatchObject({ id: desk.me.id, name: 'Dr Chan', status: 'verified' })

    const opened = await phone.records.open(record.id, { purpose: 'follow-up' })
    expect(await read(opened, 'summary')).toBe(LETTER)
    await opened.publish({ sections: { summary: file('letter.txt', 'from the phone') } })
    const lee = await net.chart('lee').records.open(record.id, { purpose: 'treatment' })
    expect(await read(lee, 'summary')).toBe('from the phone')

    // The same reference is the same record, from whatever device it is asked for.
    const other = await phone.records.create(visit('v2'))
    expect((await desk.records.create(visit('v2'))).id).toBe(other.id)
    await net.close()
  })

  test('is listed with its name, and named again', async () => {
    const net = await testNetwork(plan)
    const desk = net.chart('chan')
    const { chart: phone, device } = await enrol(net, desk, 'Phone')
    expect(shown(await desk.devices.list())).toEqual(['null (this)', 'Phone'])
    expect(device).toMatchObject({ name: 'Phone', isThis: false, since: new Date(net.clock.now()) })
    const [first] = await phone.devices.list()
    await phone.devices.rename(first?.id as string, 'Ward 7')
    await phone.devices.rename(device.id, '手機')
    expect(shown(await desk.devices.list())).toEqual(['Ward 7 (this)', '手機'])
    expect(device.addedBy).toBe(first?.id)
    expect(await codeOf(desk.devices.rename(device.id, ' '))).toBe('USAGE')
    expect(await codeOf(desk.devices.rename(device.id, 'x'.repeat(61)))).toBe('USAGE')
    expect(await codeOf(desk.devices.rename('00'.repeat(32), 'x'))).toBe('UNKNOWN')
    await net.close()
  })

  test('goes on in another process, whether it has answered yet or not, and after it was accepted', async () => {
    const net = await testNetwork(plan)
    const desk = net.chart('chan')
    const vault = newVault(net)
    const begin = () => Sealchart.enrolDevice({ ...net.connect, network: net.network, vault })
    const [first, second] = [await begin(), await begin()]
    expect(second.code).toBe(first.code)
    expect(await codeOf(Sealchart.open({ ...net.connect, network: net.network, vault }))).toBe('USAGE')
    const [joined] = await Promise.all([second.joined(), desk.devices.add(second.text, { name: 'Phone' })])
    expect(joined.me.name).toBe('Dr Chan')
    const phone = await (await (await begin()).joined()).accept()
    expect(await codeOf(begin())).toBe('USAGE')
    const again = await Sealchart.open({ ...net.connect, network: net.network, vault })
    expect(shown(await again.devices.list())).toEqual(shown(await phone.devices.list()))
    await net.close()
  })

  test('is nobody’s when it was not accepted, and can show another code', async () => {
    const net = await testNetwork(plan)
    const desk = net.chart('chan')
    const vault = newVault(net)
    const begin = (restart = false) => Sealchart.enrolDevice({ ...net.connect, network: net.network, vault, restart })
    const enrolment = await begin()
    const [joined, device] = await Promise.all([
      enrolment.joined(),
      desk.devices.add(enrolment.code, { name: 'Somebody’s' }),
    ])
    await joined.reject()
    expect(await codeOf(enrolment.joined())).toBe('USAGE')
    await desk.devices.remove(device.id)
    const another = await begin()
    expect(another.code).not.toBe(enrolment.code)
    expect((await begin(true)).code).not.toBe(another.code)
    await net.close()
  })

  test('is taken in under a code that is right, and no other', async () => {
    const net = await testNetwork(plan)
    const desk = net.chart('chan')
    const { code } = await Sealchart.enrolDevice({ ...net.connect, network: net.network, vault: newVault(net) })
    const wrong = code.replace(/^./, (first) => (first === '0' ? '1' : '0'))
    const add = (typed: string) => codeOf(desk.devices.add(typed, { name: 'Phone' }))
    expect(await add(wrong)).toBe('UNKNOWN')
    expect(await add('123456')).toBe('USAGE')
    expect(await add(code.slice(1))).toBe('USAGE')
    expect(await add(`${code.slice(1)}U`)).toBe('USAGE')
    expect(await desk.devices.list()).toHaveLength(1)
    await net.close()
  })

  test('shows nobody for whom no institution vouches any more', async () => {
    const net = await testNetwork(plan)
    const { id, credential } = net.person('lee')
    await net.institutions.hospital.issuer.withdraw(id, credential)
    const enrolment = await Sealchart.enrolDevice({ ...net.connect, network: net.network, vault: newVault(net) })
    const added = net.chart('lee').devices.add(enrolment.code, { name: 'Phone' })
    expect(await codeOf(enrolment.joined())).toBe('KEY_UNVERIFIED')
    await added
    await net.close()
  })

  test('answers only one who has the code: a second invitation is refused', async () => {
    const net = await testNetwork(plan)
    const enrolment = await Sealchart.enrolDevice({ ...net.connect, network: net.network, vault: newVault(net) })
    // Lee has read the code over Chan's shoulder, and is faster.
    const [joined] = await Promise.all([
      enrolment.joined(),
      net.chart('lee').devices.add(enrolment.code, { name: 'Not mine' }),
    ])
    expect(await codeOf(net.chart('chan').devices.add(enrolment.code, { name: 'Phone' }))).toBe('CONFLICT')
    expect(joined.me.name).toBe('Dr Lee')
    expect(await net.chart('chan').devices.list()).toHaveLength(1)
    await net.close()
  })
})

describe('the key of a member turns', () => {
  test('and her other devices fetch it, keep it, and read what came before and after', async () => {
    const net = await testNetwork(plan)
    const desk = net.chart('chan')
    const before = await desk.records.create(visit('before'))
    const { chart: phone, vault } = await enrol(net, desk, 'Phone')
    await desk.devices.refresh()
    await phone.devices.refresh()
    const after = await desk.records.create(visit('after'))
    for (const record of [before, after])
      expect(await read(await phone.records.open(record.id, { purpose: 'check' }), 'summary')).toBe(LETTER)

    // Its vault has them now: nothing is asked for twice.
    const asked = () => net.relay.requests.filter(({ path }) => path === '/v1/wraps').length
    const count = asked()
    const again = await Sealchart.open({ ...net.connect, network: net.network, vault })
    expect(await read(await again.records.open(after.id, { purpose: 'check' }), 'summary')).toBe(LETTER)
    expect(asked()).toBe(count)

    const lee = net.chart('lee')
    const theirs = await lee.records.create(visit('theirs'))
    await theirs.share({ with: await lee.directory.one({ name: 'Dr Chan' }), sections: ['summary'], reason: 'opinion' })
    for (const chart of [desk, phone])
      expect(await read(await chart.records.open(theirs.id, { purpose: 'opinion' }), 'summary')).toBe(LETTER)
    await net.close()
  })

  test('ten times a day, and then a device can still be removed', async () => {
    const net = await testNetwork(plan)
    const desk = net.chart('chan')
    const { device, chart: phone } = await enrol(net, desk, 'Phone')
    for (let turns = 0; turns < 9; turns++) await phone.devices.refresh()
    expect(await codeOf(phone.devices.refresh())).toBe('LIMIT')
    await desk.devices.remove(device.id)
    expect(await desk.devices.list()).toHaveLength(1)
    await net.close()
  })
})

describe('a device that was removed', () => {
  test('is refused at once, in the process that runs and in the next one', async () => {
    const net = await testNetwork(plan)
    const desk = net.chart('chan')
    const record = await desk.records.create(visit('v1'))
    const { chart: phone, device, vault } = await enrol(net, desk, 'Phone')
    const opened = await phone.records.open(record.id, { purpose: 'check' })
    await desk.devices.remove(device.id)
    expect(await codeOf(phone.records.list())).toBe('REQUEST_SIGNATURE')
    expect(await codeOf(phone.records.open(record.id, { purpose: 'check' }))).toBe('REQUEST_SIGNATURE')
    expect(await codeOf(opened.publish({ sections: { summary: file('a.txt', 'late') } }))).toBe('REQUEST_SIGNATURE')
    expect(await codeOf(phone.devices.list())).toBe('REQUEST_SIGNATURE')
    expect(await codeOf(Sealchart.open({ ...net.connect, network: net.network, vault }))).toBe('REQUEST_SIGNATURE')
    await net.close()
  })

  test('was removed by another: none removes itself, and what is not there is not removed', async () => {
    const net = await testNetwork(plan)
    const desk = net.chart('chan')
    const { chart: phone, device } = await enrol(net, desk, 'Phone')
    expect(await codeOf(phone.devices.remove(device.id))).toBe('USAGE')
    const [first] = await phone.devices.list()
    await phone.devices.remove(first?.id as string)
    expect(shown(await phone.devices.list())).toEqual(['Phone (this)'])
    expect(await codeOf(phone.devices.remove(first?.id as string))).toBe('UNKNOWN')
    expect(await codeOf(desk.records.list())).toBe('REQUEST_SIGNATURE')
    await net.close()
  })
})
