// A relay that shows less than it has shown, repeats itself, promises what does not come, or does not answer: after a restart too.
import type { VaultHandle } from '@sealchart/client-sdk'
import { openBlob, openVaultKey, sealBlob, systemRandom } from '@sealchart/crypto'
import {
  bytes,
  equal,
  inboxAnswer,
  list,
  nullable,
  pack,
  paths,
  struct,
  syncAnswer,
  uint,
  unpack,
} from '@sealchart/protocol'
import { expect, test } from 'vitest'
import { testNetwork } from '../src/index.js'
import { codeOf, news, visit } from './stories/support.js'

const LARGE = { bytes: 64 * 1024 * 1024 }
const bodyOf = async (message: Response): Promise<Uint8Array> => new Uint8Array(await message.clone().arrayBuffer())

const pinsShape = struct({
  network: bytes(32),
  tree: nullable(struct({ size: uint(), root: bytes(32) })),
  chains: list(struct({ chain: bytes(32), sequence: uint(), link: bytes(32) }), 1000),
})

/** Makes a vault remember one entry more of a chain than the relay shows from now on. */
async function rememberMore({ vault, unlock }: VaultHandle, chain: Uint8Array): Promise<void> {
  const [header, sealed] = [await vault.read('vault-key'), await vault.read('pins')]
  if (!header || !sealed) throw new Error('this vault has no pins')
  const master = await openVaultKey(typeof unlock === 'function' ? await unlock(vault) : unlock, header.bytes)
  const { bytes: content, counter } = await openBlob(master, 'pins', sealed.bytes)
  const pins = unpack(pinsShape, content, 'pins')
  const chains = pins.chains.map((pin) => (equal(pin.chain, chain) ? { ...pin, sequence: pin.sequence + 1 } : pin))
  expect(chains).not.toEqual(pins.chains)
  const more = pack(pinsShape, { ...pins, chains })
  await vault.write(
    'pins',
    await sealBlob(master, 'pins', { counter: counter + 1, bytes: more }, systemRandom),
    sealed.tag,
  )
}

test('after a restart, less of an institution than was seen before is a rollback: it could bring a dismissed issuer back', async () => {
  const net = await testNetwork({ kec: ['chan'], hospital: ['lee'] })
  const registration = net.person('chan').registration as string
  expect((await net.chart('lee').directory.one({ registration })).status).toBe('verified')
  await rememberMore(net.member('lee').vault, net.institutions.kec.id)
  const later = await net.reopen('lee')
  expect(await codeOf(later.directory.one({ registration }))).toBe('ROLLBACK')
  const sections = { summary: { name: 'a.txt', data: new Uint8Array(10) } }
  const share = [{ with: net.person('chan'), sections: ['summary'], reason: 'referral' }]
  expect(await codeOf(later.records.create({ ref: 'r', title: 't', sections, share }))).toBe('ROLLBACK')
  await net.close()
})

test('a card of an institution that is new to this process says so when its issuer was dismissed', async () => {
  const net = await testNetwork({ kec: ['chan'], hospital: ['lee'] })
  const { issuer, root } = net.institutions.kec
  await root.dismissIssuer(issuer.device, { from: 0 })
  const registration = net.person('chan').registration as string
  expect(await codeOf(net.chart('lee').directory.one({ registration }))).toBe('CRED_REVOKED')
  await net.close()
})

test('a relay that always promises more is asked no further than it gives', async () => {
  const net = await testNetwork({ kec: ['chan'], hospital: ['lee'] })
  const restore = net.relay.through(async (request, forward) => {
    const answer = await forward(request)
    if (!request.url.endsWith(paths.sync) || answer.status !== 200) return answer
    const given = unpack(syncAnswer, await bodyOf(answer), 'answer', LARGE)
    return new Response(new Uint8Array(pack(syncAnswer, { ...given, more: true })), { status: 200 })
  })
  const before = net.relay.requests.length
  expect(await codeOf(net.chart('chan').directory.cards([net.person('lee').id]))).toBe('RELAY')
  expect(net.relay.requests.length - before).toBeLessThanOrEqual(3)
  restore()
  await net.close()
})

test('notices that a relay repeats are news once', async () => {
  const net = await testNetwork({ kec: ['chan'], hospital: ['lee'] })
  const record = await net.chart('chan').records.create(visit('v1'))
  await record.share({ with: net.person('lee'), sections: ['summary'], reason: 'referral' })
  const restore = net.relay.through(async (request, forward) => {
    const answer = await forward(request)
    if (!request.url.endsWith(paths.inbox)) return answer
    const { notices, ...rest } = unpack(inboxAnswer, await bodyOf(answer), 'answer', LARGE)
    return new Response(new Uint8Array(pack(inboxAnswer, { ...rest, notices: [...notices, ...notices] })))
  })
  const notices = []
  for await (const notice of net.chart('lee').inbox({ once: true })) notices.push(notice)
  expect(news(notices)).toEqual(['Dr Chan granted'])
  restore()
  await net.close()
})

test('a call that waits behind one without an answer can be aborted', async () => {
  const net = await testNetwork({ kec: ['chan'] })
  const chan = net.chart('chan')
  let answer: (response: Response) => void = () => undefined
  const restore = net.relay.through(() => new Promise<Response>((resolve) => (answer = resolve)))
  const stuck = chan.records.list().catch(() => undefined)
  const ending = new AbortController()
  const waiting = codeOf(chan.records.list({ signal: ending.signal }))
  setTimeout(() => ending.abort(), 20)
  expect(await waiting).toBe('ABORTED')
  restore()
  answer(new Response(null, { status: 404 }))
  await stuck
  await net.close()
})
