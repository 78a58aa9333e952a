// Live notices from end to end: over the relay in memory with everything that can befall a stream, and over sockets with a relay that is
// killed and started again. Spec: docs/spec/relay.md, "Notices".
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import {
  type ConnectOptions,
  type InboxOptions,
  type InboxState,
  Institution,
  memoryVault,
  Network,
  type Notice,
  Sealchart,
} from '@sealchart/client-sdk'
import { concat, inboxFrame, pack, paths, unpack } from '@sealchart/protocol'
import { expect, test } from 'vitest'
import { type Layer, testNetwork } from '../src/index.js'
import { startRelay } from './canary/relay-process.js'
import { codeOf, file, news, visit } from './stories/support.js'

const share = (net: { person(key: 'lee'): Awaited<ReturnType<Sealchart['directory']['one']>> }) => [
  { with: net.person('lee'), sections: ['summary'], reason: 'referral' },
]

/** Reads an inbox until it is stopped. */
function listen(chart: Sealchart, options: InboxOptions = {}) {
  const ending = new AbortController()
  const heard: Notice[] = []
  const states: InboxState[] = []
  const ended = (async () => {
    const onState = (state: InboxState): void => void states.push(state)
    for await (const notice of chart.inbox({ signal: ending.signal, onState, ...options })) heard.push(notice)
  })()
  const until = async (count: number): Promise<void> => {
    while (heard.length < count) await Promise.race([new Promise((resolve) => setTimeout(resolve, 5)), ended])
  }
  const stop = async (): Promise<void> => {
    ending.abort()
    await ended
  }
  return { heard, states, until, stop, ended }
}

const socketsInUse = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length

const isStream = (request: Request): boolean => new URL(request.url).pathname === paths.inboxStream

/** A layer that changes the bytes of streams, piece by piece; null cuts. */
const changing =
  (change: (piece: Uint8Array, number: number) => readonly Uint8Array[] | null): Layer =>
  async (request, forward) => {
    const answer = await forward(request)
    if (!isStream(request) || answer.status !== 200 || !answer.body) return answer
    const reader = answer.body.getReader()
    let number = 0
    return new Response(
      new ReadableStream<Uint8Array>({
        async pull(controller) {
          for (let given = 0; given === 0; ) {
            const { done, value } = await reader.read()
            if (done) return controller.close()
            const pieces = change(value, number++)
            if (pieces === null) {
              await reader.cancel()
              return controller.error(new Error('cut'))
            }
            for (const piece of pieces) controller.enqueue(piece)
            given = pieces.length
          }
        },
        cancel: (reason) => reader.cancel(reason),
      }),
    )
  }

test('news comes by one stream, as it happens', async () => {
  const net = await testNetwork({ kec: ['chan'], hospital: ['lee'] })
  const inbox = listen(net.chart('lee'))
  const record = await net.chart('chan').records.create(visit('v1', { share: share(net) }))
  await inbox.until(1)
  await record.publish({ sections: { summary: file('letter.txt', 'second') } })
  await inbox.until(2)
  await record.publish({ sections: { summary: file('letter.txt', 'third') } })
  await inbox.until(3)
  expect(news(inbox.heard)).toEqual(['Dr Chan granted', 'Dr Chan published 2', 'Dr Chan published 3'])
  expect(inbox.states).toEqual([{ connected: true, error: null }])
  await inbox.stop()
  const asked = net.relay.requests.filter(({ path }) => path.startsWith(paths.inbox)).map(({ path }) => path)
  expect(asked).toEqual([paths.inboxStream])
  await net.close()
})

const spoilt: Record<string, Layer> = {
  'are cut in the midst of a frame': changing((piece, number) => (number === 1 ? null : [piece.subarray(0, -1)])),
  'repeat every frame': changing((piece) => [piece, piece]),
  'come byte by byte': changing((piece) => [...piece].map((byte) => Uint8Array.of(byte))),
  'lose a frame': changing((piece, number) => (number === 1 ? [] : [piece])),
  'are garbled': changing((piece) => [piece.map((byte, i) => (i === 4 ? byte ^ 1 : byte))]),
  'never come': async (request, forward) =>
    isStream(request) ? new Response('not here', { status: 404 }) : forward(request),
  'have no body': async (request, forward) => (isStream(request) ? new Response(null) : forward(request)),
  'are not reached': async (request, forward) => {
    if (isStream(request)) throw new TypeError('fetch failed')
    return forward(request)
  },
}
test.each(Object.entries(spoilt))(
  'where streams %s, each notice comes once and in order all the same',
  async (_, layer) => {
    const net = await testNetwork({ kec: ['chan'], hospital: ['lee'] })
    net.relay.through(layer)
    const inbox = listen(net.chart('lee'))
    const record = await net.chart('chan').records.create(visit('v1', { share: share(net) }))
    const all = ['Dr Chan granted']
    for (let version = 2; version <= 5; version++) {
      await record.publish({ sections: { summary: file('letter.txt', `version ${version}`) } })
      all.push(`Dr Chan published ${version}`)
      net.clock.advance({ ms: 20_000 })
      if (version % 2 === 0) await inbox.until(version)
    }
    await inbox.until(all.length)
    expect(news(inbox.heard)).toEqual(all)
    await inbox.stop()
    await net.close()
  },
)

test('a notice of an entry that no log has is not shown, and keeps nobody from what comes later', async () => {
  const net = await testNetwork({ kec: ['chan'], hospital: ['lee'] })
  const record = await net.chart('chan').records.create(visit('v1'))
  let lies = 0
  net.relay.through(
    changing((piece, number) => {
      const frame = unpack(inboxFrame, piece.slice(4), 'frame')
      if (number > 0 || lies++ > 1) return [piece]
      const notices = [{ index: frame.after + 1_000_000, chain: net.institutions.kec.id }]
      const content = pack(inboxFrame, { ...frame, notices })
      return [concat(Uint8Array.of(0, 0, 0, content.length), content)]
    }),
  )
  const inbox = listen(net.chart('lee'))
  while (lies < 2) await new Promise((resolve) => setTimeout(resolve, 5))
  expect(inbox.heard).toEqual([])
  await record.share({ with: net.person('lee'), sections: ['summary'], reason: 'referral' })
  await inbox.until(1)
  expect(news(inbox.heard)).toEqual(['Dr Chan granted'])
  expect(inbox.states.map(({ connected, error }) => [connected, error?.code])).toEqual([
    [false, 'RELAY'],
    [true, undefined],
  ])
  await inbox.stop()
  await net.close()
})

test('a relay that is away for a while is waited for; with `once` it is an error', async () => {
  const net = await testNetwork({ kec: ['chan'], hospital: ['lee'] })
  const record = await net.chart('chan').records.create(visit('v1'))
  const inbox = listen(net.chart('lee'))
  while (inbox.states.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  // The stream that is open ends with the hour that passes, and there is no other.
  net.relay.fail('offline')
  net.clock.advance({ hours: 1 })
  while (inbox.states.length === 1) await new Promise((resolve) => setTimeout(resolve, 5))
  const once = async (): Promise<void> => {
    for await (const _ of net.chart('lee').inbox({ once: true }));
  }
  expect(await codeOf(once())).toBe('OFFLINE')
  net.relay.recover()
  await record.share({ with: net.person('lee'), sections: ['summary'], reason: 'referral' })
  await inbox.until(1)
  expect(inbox.states.map(({ connected, error }) => [connected, error?.code])).toEqual([
    [true, undefined],
    [false, 'OFFLINE'],
    [true, undefined],
  ])
  await inbox.stop()
  await net.close()
})

test('a member whose credential was withdrawn hears nothing more, and her inbox says why', async () => {
  const net = await testNetwork({ kec: ['chan'], hospital: ['lee'] })
  const inbox = listen(net.chart('lee'))
  while (inbox.states.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  const { id, credential } = net.person('lee') as { id: Uint8Array; credential: Uint8Array }
  await net.institutions.hospital.issuer.withdraw(id as never, credential as never)
  await expect(inbox.ended).rejects.toMatchObject({ code: 'CRED_REVOKED', action: 'sign-in' })
  await net.close()
})

test('an inbox that is aborted leaves no socket and no timer: the process ends by itself', async () => {
  const program = fileURLToPath(new URL('active-handles.mjs', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [program], { timeout: 20_000 })
  expect(JSON.parse(stdout)).toEqual({ heard: 1, left: [] })
}, 30_000)

test('over sockets: a relay that is stopped, killed and started again costs no notice, and none comes twice', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sealchart-inbox-'))
  let relay = await startRelay(join(folder, 'data'), [])
  const url = `http://127.0.0.1:${relay.port}`
  const restart = async (signal: NodeJS.Signals): Promise<void> => {
    const { port } = relay
    await relay.stop(signal)
    relay = await startRelay(join(folder, 'data'), ['--port', String(port)])
  }
  try {
    const vault = () => memoryVault({ hostKey: globalThis.crypto.getRandomValues(new Uint8Array(32)) })
    const pause: NonNullable<ConnectOptions['wait']> = (_ms, signal) =>
      new Promise((resolve) => {
        setTimeout(resolve, 50)
        signal?.addEventListener('abort', () => resolve(), { once: true })
      })
    const connect: ConnectOptions = { wait: pause }
    const network = await Network.found({
      ...connect,
      name: 'Alliance',
      relay: url,
      token: relay.token,
      vault: vault(),
    })
    const root = await Institution.found({ ...connect, network: network.text, name: 'Clinic', vault: vault() })
    await network.admit(root)
    const issuer = await root.appointIssuer({ vault: vault() })
    const enrol = (name: string, registration: string) =>
      Sealchart.open({
        ...connect,
        network: network.text,
        vault: vault(),
        credential: (request) => issuer.issue(request, { name, registration, board: 'hk-mchk', role: 'doctor' }),
      })
    const [chan, lee] = [await enrol('Dr Chan', 'M1'), await enrol('Dr Lee', 'M2')]
    const inbox = listen(lee)
    const with_ = await chan.directory.one({ registration: 'M2', board: 'hk-mchk' })
    const record = await chan.records.create(
      visit('v1', { share: [{ with: with_, sections: ['summary'], reason: 'r' }] }),
    )
    const all = ['Dr Chan granted']
    await inbox.until(1)
    for (const [i, signal] of (['SIGTERM', 'SIGKILL', 'SIGTERM'] as const).entries()) {
      const version = i + 2
      const publish = record.publish({ sections: { summary: file('letter.txt', `version ${version}`) } })
      all.push(`Dr Chan published ${version}`)
      if (i === 1) await publish
      else await Promise.all([publish, inbox.until(version)])
      await restart(signal)
    }
    await inbox.until(all.length)
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(news(inbox.heard)).toEqual(all)
    await inbox.heard.at(-1)?.acknowledge()
    // The stream is what keeps this process going, until it is aborted.
    expect(socketsInUse()).toBe(1)
    await inbox.stop()
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(socketsInUse()).toBe(0)
    const asked = inbox.heard.map(({ number }) => number)
    expect(asked).toEqual(asked.toSorted((a, b) => a - b))
  } finally {
    await relay.stop()
    await rm(folder, { recursive: true, force: true })
  }
}, 60_000)
