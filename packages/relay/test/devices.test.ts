// A member's devices at the relay: who is listed asks and is handed rows, who was removed is refused at once, wherever.
// Spec: docs/spec/rules.md, "Devices"; docs/spec/relay.md, "Requests", "Tickets", "Rows".
import {
  type Bodies,
  type ChainId,
  compare,
  directoryRequest,
  enrolmentMessage,
  facts,
  hex,
  inboxAnswer,
  inboxRequest,
  paths,
  readFact,
  segmentBatchRequest,
  sha256,
  uploadAnswer,
  uploadRequest,
  wrapsAnswer,
  wrapsRequest,
} from '@sealchart/protocol'
import { describe, expect, it } from 'vitest'
import {
  type Device,
  type Draft,
  foundedWorld,
  fresh,
  joined,
  type Member,
  newDevice,
  read,
  refusal,
  row,
  type Signer,
  type World,
  wrapList,
} from './actors.js'

/** Rows of a member's secret to devices. */
const toDevices = (...devices: readonly Device[]): ReturnType<typeof wrapList> =>
  wrapList(
    devices.map(({ id, keys }) =>
      row(
        {
          recipient: id as Uint8Array as ChainId,
          keyHash: sha256(keys.box),
          sequence: 0,
          link: null,
          what: [],
        },
        null,
      ),
    ),
  )

type Change = { readonly adds?: readonly Device[]; readonly removes?: readonly Device[]; readonly epoch?: number }

async function change(
  world: World,
  by: Signer,
  { adds = [], removes = [], epoch }: Change,
  wraps: ReturnType<typeof wrapList>,
): Promise<Draft> {
  const joining: Bodies['member']['devices']['adds'][number][] = []
  for (const device of [...adds].sort((a, b) => compare(a.id, b.id)))
    joining.push({
      keys: device.keys,
      proof: device.sign(enrolmentMessage(world.network.chain, by.chain, device.keys)),
    })
  const key = (await newDevice()).keys.box
  const body: Bodies['member']['devices'] = {
    adds: joining,
    removes: removes.map(({ id }) => id).sort(compare),
    epoch: epoch === undefined ? null : { epoch, key, back: { to: epoch - 1, sealed: fresh(80) } },
    wraps: wraps.ref,
  }
  const entry = await world.sign(by, { kind: 'member', chain: by.chain, type: 'devices', body })
  return { entry, attachments: [wraps.bytes] }
}

async function scene() {
  const world = await foundedWorld()
  const chan = await world.member('Chan')
  const phone = await newDevice()
  const added = await change(world, chan, { adds: [phone] }, toDevices(phone))
  await world.append([added])
  const onPhone: Member = { ...chan, device: phone }
  const removal = () => change(world, chan, { removes: [phone], epoch: 1 }, toDevices(chan.device))
  const remove = async (): Promise<void> => void (await world.append([await removal()]))
  const code = async (draft: Draft): Promise<string> => {
    const answer = await world.tryAppend([draft])
    return answer.status === 200 ? 'placed' : refusal(answer).code
  }
  return { world, chan, phone, onPhone, added, removal, remove, code }
}

describe('a member’s devices at the relay', () => {
  it('ask and sign, each for itself', async () => {
    const { world, onPhone } = await scene()
    const answer = await world.post(paths.directory, directoryRequest, { claim: 'name', value: 'Chan' }, onPhone)
    expect(answer.status).toBe(200)
    const record = await world.record(onPhone)
    expect((await world.append([await world.viewDraft(record, onPhone, { grant: null })])).handouts).toHaveLength(1)
  })

  it('come and go with the rows that belong to it alone', async () => {
    const { world, chan, phone, code } = await scene()
    const tablet = await newDevice()
    const removing = (...to: readonly Device[]) =>
      change(world, chan, { removes: [phone], epoch: 1 }, toDevices(...to)).then(code)
    const adding = (...to: readonly Device[]) => change(world, chan, { adds: [tablet] }, toDevices(...to)).then(code)
    expect(await adding(phone)).toBe('WRAPS')
    expect(await adding(tablet, phone)).toBe('WRAPS')
    expect(await removing(phone)).toBe('WRAPS')
    expect(await removing(chan.device, phone)).toBe('WRAPS')
    const other = await newDevice()
    expect(await removing({ ...chan.device, keys: { ...chan.device.keys, box: other.keys.box } })).toBe('WRAPS')
    const [epoch] = await world.store.facts([{ chain: chan.chain, key: facts.epoch.key }])
    expect(readFact(facts.epoch, epoch as Uint8Array).epoch).toBe(0)
    expect(await adding(tablet)).toBe('placed')
  })

  it('are handed their own row, on their own chain', async () => {
    const { world, chan, phone, onPhone, added } = await scene()
    const { wraps } = added.entry.body as Bodies['member']['devices']
    const wanted = [{ chain: chan.chain, wraps: wraps.attached.digest }]
    const rows = async (as: Signer) =>
      read(wrapsAnswer, await world.post(paths.wraps, wrapsRequest, { wanted }, as)).rows
    expect((await rows(onPhone))[0]?.leaf.recipient).toEqual(phone.id)
    expect(await rows(chan)).toEqual([null])
    expect(await rows(await world.member('Lee'))).toEqual([null])
  })

  it('that were removed are refused at once, whatever they ask', async () => {
    const { world, chan, phone, onPhone, added, remove, code } = await scene()
    const { wraps } = added.entry.body as Bodies['member']['devices']
    await remove()
    const asked = [
      await world.post(paths.directory, directoryRequest, { claim: 'name', value: 'Chan' }, onPhone),
      await world.post(paths.inbox, inboxRequest, { after: 0, limit: 1, wait: 0 }, onPhone),
      await world.post(
        paths.wraps,
        wrapsRequest,
        { wanted: [{ chain: chan.chain, wraps: wraps.attached.digest }] },
        onPhone,
      ),
    ]
    for (const answer of asked) expect(refusal(answer)).toMatchObject({ code: 'REQUEST_SIGNATURE', status: 401 })
    expect(await code(await change(world, onPhone, { removes: [chan.device], epoch: 2 }, toDevices(phone)))).toBe(
      'BINDING',
    )
    const { draft } = await world.create(onPhone)
    expect(await code(draft)).toBe('BINDING')
    // What goes to her member goes to the key that the phone does not have.
    expect(await code((await world.create(chan)).draft)).toBe('WRAPS')
    expect((await world.post(paths.inbox, inboxRequest, { after: 0, limit: 1, wait: 0 }, chan)).status).toBe(200)
  })

  it('that were removed read and put nothing more with a ticket that they have', async () => {
    const { world, chan, onPhone, remove } = await scene()
    const segment = fresh(400)
    const record = await world.record(chan, [segment])
    const ticketOf = async (who: Member): Promise<string> =>
      (await world.append([await world.viewDraft(record, who, { grant: null })])).handouts[0]?.ticket as string
    const [mine, phones] = [await ticketOf(chan), await ticketOf(onPhone)]
    const upload = { id: fresh(16), record: record.id, nonce: null, reserved: 1000 }
    const putting = read(uploadAnswer, await world.post(paths.uploads, uploadRequest, upload, onPhone)).ticket
    const get = (ticket: string) =>
      world.send('GET', `${paths.segments}/${hex(record.id)}/${hex(sha256(segment))}?ticket=${ticket}`)
    const batch = (ticket: string) =>
      world.post(`${paths.segmentBatch}?ticket=${ticket}`, segmentBatchRequest, {
        record: record.id,
        names: [sha256(segment) as never],
      })
    const put = () => world.send('POST', `${paths.segments}?section=1&ticket=${putting}`, { body: joined([fresh(5)]) })
    expect([(await get(phones)).status, (await batch(phones)).status, (await put()).status]).toEqual([200, 200, 204])
    await remove()
    for (const answer of [await get(phones), await batch(phones), await put()])
      expect(refusal(answer)).toMatchObject({ code: 'UNKNOWN', status: 404 })
    expect((await get(mine)).status).toBe(200)
  })

  it('that are removed while they wait for notices are told none', async () => {
    const { world, chan, onPhone, remove } = await scene()
    const lee = await world.member('Lee')
    const record = await world.record(chan)
    const grant = await world.grant(record, lee)
    const ask = { after: 0, limit: 10, wait: 20_000 }
    const waiting = [chan, onPhone].map((who) => world.post(paths.inbox, inboxRequest, ask, who))
    await new Promise((resolve) => setTimeout(resolve, 10))
    await remove()
    await world.append([await world.viewDraft(record, lee, { grant })])
    const [told, refused] = await Promise.all(waiting)
    expect(read(inboxAnswer, told as never).notices).toHaveLength(1)
    expect(refusal(refused as never).code).toBe('REQUEST_SIGNATURE')
  })

  it('are not all told to leave by two of them at once', async () => {
    const { world, chan, phone, onPhone } = await scene()
    const first = await change(world, chan, { removes: [phone], epoch: 1 }, toDevices(chan.device))
    const second = await change(world, onPhone, { removes: [chan.device], epoch: 1 }, toDevices(phone))
    const answers = await Promise.all([first, second].map((draft) => world.tryAppend([draft])))
    const codes = answers.map((answer) => (answer.status === 200 ? 'placed' : refusal(answer).code))
    // Which of them, and whether the gate has seen the other by then, is a matter of milliseconds.
    expect(codes.filter((code) => code === 'placed')).toHaveLength(1)
    expect(['CONFLICT', 'BINDING']).toContain(codes.find((code) => code !== 'placed'))
  })
})
