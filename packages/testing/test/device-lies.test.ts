// A relay in the middle of a meeting, and a device of one's own with a changed client: neither gets a device enrolled that nobody meant, nor
// takes a member's keys from her.
import { memoryVault, Sealchart, SealchartError, type VaultHandle } from '@sealchart/client-sdk'
import {
  type EpochSecret,
  memberEpochKeys,
  newSecret,
  sealBackLink,
  sealDeviceWrap,
  systemRandom,
} from '@sealchart/crypto'
import {
  type AnyEntry,
  type ChainId,
  describeWrapList,
  deviceId,
  type Entry,
  encodeWrapList,
  is,
  meetingAnswer,
  pack,
  paths,
  sha256,
  unpack,
} from '@sealchart/protocol'
import { describe, expect, test } from 'vitest'
import { effort } from '../../../scripts/effort.mjs'
import { type Layer, type TestNetwork, testNetwork, type UncheckedClient, uncheckedClient } from '../src/index.js'
import { codeOf, LETTER, read, visit } from './stories/support.js'

const plan = { kec: ['chan'], hospital: ['lee'] } as const
type Net = TestNetwork<typeof plan>
type Slots = readonly (Uint8Array | null)[]

const newVault = (): VaultHandle => memoryVault({ hostKey: systemRandom(32) })
const begin = (net: Net, vault = newVault()) => Sealchart.enrolDevice({ ...net.connect, network: net.network, vault })
const devicesOf = async (chart: Sealchart): Promise<number> => (await chart.devices.list()).length

/** Answers meetings with other slots than stand there. */
const meddling =
  (change: (slots: Slots) => Slots): Layer =>
  async (request, forward) => {
    const response = await forward(request)
    if (new URL(request.url).pathname !== paths.meetings || response.status !== 200) return response
    const { slots } = unpack(meetingAnswer, new Uint8Array(await response.arrayBuffer()), 'answer', { bytes: 1 << 20 })
    return new Response(new Uint8Array(pack(meetingAnswer, { slots: change(slots) })), { status: 200 })
  }

/** The code in which the first of several calls ends that run together; the others are called off. */
async function firstCode(...calls: readonly ((signal: AbortSignal) => Promise<unknown>)[]): Promise<string> {
  const controller = new AbortController()
  const codes: string[] = []
  const run = async (call: (signal: AbortSignal) => Promise<unknown>): Promise<void> => {
    try {
      await call(controller.signal)
    } catch (error) {
      if (!(error instanceof SealchartError)) throw error
      codes.push(error.code)
      controller.abort()
    }
  }
  await Promise.all(calls.map(run))
  return codes[0] ?? 'none'
}

describe('a relay that changes what lies at a meeting', () => {
  test.each([
    ['offer', 0],
    ['invitation', 1],
    ['consent', 2],
  ] as const)('by a bit of the %s is found out, and enrols nobody', async (_, slot) => {
    const net = await testNetwork(plan)
    const desk = net.chart('chan')
    for (let tries = 0; tries < effort(6, 60); tries++) {
      const flip = (bytes: Uint8Array): Uint8Array => {
        const at = (tries * 977 + 13) % bytes.length
        return bytes.with(at, (bytes[at] as number) ^ (1 << (tries % 8)))
      }
      const stop = net.relay.through(
        meddling((slots) => slots.map((bytes, i) => (i === slot && bytes ? flip(bytes) : bytes))),
      )
      const enrolment = await begin(net)
      const code = await firstCode(
        (signal) => enrolment.joined({ signal }),
        (signal) => desk.devices.add(enrolment.code, { name: 'Phone', signal }),
      )
      expect(code).toBe('UNAUTHENTIC')
      stop()
      expect(await devicesOf(desk)).toBe(1)
    }
    await net.close()
  })

  test('by giving one meeting’s messages at another enrols neither device in the other’s place', async () => {
    const net = await testNetwork(plan)
    const [desk, lee] = [net.chart('chan'), net.chart('lee')]
    const [chans, lees] = [await begin(net), await begin(net)]
    const seen: Slots[] = []
    const stop = net.relay.through(meddling((slots) => (seen.push(slots), slots)))
    const joined = Promise.all([lees.joined(), lee.devices.add(lees.code, { name: 'Phone' })])
    await joined
    stop()
    const all = seen.findLast((slots) => slots.every((slot) => slot !== null)) as Slots
    const swap = net.relay.through(
      meddling((slots) => slots.map((own, i) => (own === null ? own : (all[i] as Uint8Array)))),
    )
    const code = await firstCode(
      (signal) => chans.joined({ signal }),
      (signal) => desk.devices.add(chans.code, { name: 'Phone', signal }),
    )
    expect(code).toBe('UNAUTHENTIC')
    swap()
    expect(await devicesOf(desk)).toBe(1)
    await net.close()
  })

  test('by keeping one back holds both up, and nothing comes of it', async () => {
    const net = await testNetwork(plan)
    const desk = net.chart('chan')
    const stop = net.relay.through(meddling(([offer = null, invitation = null]) => [offer, invitation, null]))
    const enrolment = await begin(net)
    const controller = new AbortController()
    const calls = [
      codeOf(enrolment.joined({ signal: controller.signal })),
      codeOf(desk.devices.add(enrolment.code, { name: 'Phone', signal: controller.signal })),
    ]
    setTimeout(() => controller.abort(), 200)
    expect(await Promise.all(calls)).toEqual(['ABORTED', 'ABORTED'])
    stop()
    expect(await devicesOf(desk)).toBe(1)
    await net.close()
  })
})

/** Chan's phone as a client that checks nothing, and what it needs to turn her key. */
async function changedPhone(net: Net) {
  const desk = net.chart('chan')
  const vault = newVault()
  const enrolment = await begin(net, vault)
  const [joined, device] = await Promise.all([enrolment.joined(), desk.devices.add(enrolment.code, { name: 'Phone' })])
  await joined.accept()
  return { phone: await uncheckedClient({ ...net.connect, network: net.network, vault }), device }
}

/** Turns the member's key as a changed client may: `row` is what the desk gets, `back` what the way back holds. */
async function poison(net: Net, phone: UncheckedClient, wrong: { readonly row: boolean; readonly back: boolean }) {
  const { chain, network, identity } = phone
  const entries = (await net.relay.stored.snapshot()).entries.map(({ entry }) => entry)
  const own = entries.filter((entry) => String(entry.chain) === String(chain))
  const head = own.at(-1) as AnyEntry
  const founding = own.find((entry) => is(entry, 'member', 'found')) as Entry<'member', 'found'>
  const before = identity.epochs.at(-1) as { epoch: number; secret: EpochSecret }
  const epoch = before.epoch + 1
  const [secret, other] = [newSecret<EpochSecret>(systemRandom), newSecret<EpochSecret>(systemRandom)]
  const rows = []
  for (const [keys, wrapped] of [
    [founding.body.keys, wrong.row ? other : secret],
    [phone.device.keys, secret],
  ] as const) {
    const recipient = deviceId(keys) as Uint8Array as ChainId
    const target = { recipient, epoch: 0, keyHash: sha256(keys.box), sequence: 0, link: null, what: [] }
    rows.push(await sealDeviceWrap({ network, chain, target, recipientKey: keys.box }, wrapped, systemRandom))
  }
  const attachment = encodeWrapList(rows)
  const earlier = { epoch: before.epoch, secret: wrong.back ? other : before.secret }
  const entry = await phone.sign<'member', 'refresh'>({
    kind: 'member',
    type: 'refresh',
    chain,
    sequence: head.sequence + 1,
    previous: head.link,
    time: net.clock.now(),
    seen: null,
    restsOn: [],
    body: {
      epoch: {
        epoch,
        key: memberEpochKeys(secret, { network, member: chain, epoch }).key,
        back: await sealBackLink(earlier, secret, { network, chain, what: 0, epoch }, systemRandom),
      },
      wraps: describeWrapList(attachment, rows, entries.length),
    },
    private: null,
  })
  expect((await phone.append([entry.bytes], { attachments: [attachment] })).status).toBe(200)
}

describe('a device of one’s own with a changed client', () => {
  test('that wraps another secret to the desk is found out; the desk removes it, and both before and after are read', async () => {
    const net = await testNetwork(plan)
    const desk = net.chart('chan')
    const record = await desk.records.create(visit('v1'))
    const { phone, device } = await changedPhone(net)
    await poison(net, phone, { row: true, back: false })
    const tablet = await begin(net)
    const code = await firstCode(
      (signal) => tablet.joined({ signal }),
      (signal) => desk.devices.add(tablet.code, { name: 'Tablet', signal }),
    )
    expect(code).toBe('COMMITMENT')
    await desk.devices.remove(device.id)
    expect(await read(await desk.records.open(record.id, { purpose: 'check' }), 'summary')).toBe(LETTER)
    const next = await desk.records.create(visit('v2'))
    const again = await net.reopen('chan')
    for (const { id } of [record, next])
      expect(await read(await again.records.open(id, { purpose: 'check' }), 'summary')).toBe(LETTER)
    await net.close()
  })

  test('that poisons the way back leads nobody astray who has been there; later devices go around it', async () => {
    const net = await testNetwork(plan)
    const desk = net.chart('chan')
    const record = await desk.records.create(visit('v1'))
    const { phone, device } = await changedPhone(net)
    await poison(net, phone, { row: false, back: true })
    expect(await read(await desk.records.open(record.id, { purpose: 'check' }), 'summary')).toBe(LETTER)

    // A tablet that joins now has nothing but the poisoned way.
    const tablet = await begin(net)
    const added = desk.devices.add(tablet.code, { name: 'Tablet' })
    expect(await codeOf(tablet.joined())).toBe('COMMITMENT')
    const { id } = await added
    // The desk has been on both sides, and leads the next one around.
    await desk.devices.remove([device.id, id])
    const third = await begin(net)
    const [joined] = await Promise.all([third.joined(), desk.devices.add(third.code, { name: 'Third' })])
    const chart = await joined.accept()
    expect(await read(await chart.records.open(record.id, { purpose: 'check' }), 'summary')).toBe(LETTER)
    await net.close()
  })
})
