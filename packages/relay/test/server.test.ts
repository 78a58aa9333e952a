// The relay behind Node's server, over real sockets: bodies that lie about their length, bodies that stop, and the end of the server.
// Spec: docs/spec/relay.md, "Limits".
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { errorAnswer, limits, paths, unpack } from '@sealchart/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Listening, listen } from '../src/server.js'
import { foundedWorld, type World } from './actors.js'

let world: World
let server: Listening

beforeEach(async () => {
  world = await foundedWorld()
  server = await listen(world.relay, { host: '127.0.0.1', port: 0 })
})
afterEach(() => server.stop())

async function open(): Promise<Socket> {
  const socket = connect(server.port, '127.0.0.1')
  // The server may close before everything is written.
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

/** Everything that comes until the server closes. */
async function rest(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  await once(socket, 'close')
  return Buffer.concat(chunks)
}

const statusOf = (answer: Buffer): number => Number(/^HTTP\/1\.1 (\d+)/.exec(answer.toString('latin1'))?.[1])

const codeOf = (answer: Buffer): string => {
  const at = answer.indexOf('\r\n\r\n') + 4
  return unpack(errorAnswer, new Uint8Array(answer.subarray(at)), 'error').code
}

const head = (path: string, fields: readonly string[]): string =>
  [`POST ${path} HTTP/1.1`, 'Host: relay.test', ...fields, '', ''].join('\r\n')

const chunk = (length: number): Buffer =>
  Buffer.concat([Buffer.from(`${length.toString(16)}\r\n`), Buffer.alloc(length), Buffer.from('\r\n')])

describe('a body', () => {
  it('is counted as it comes, when no length was said', async () => {
    const socket = await open()
    const answer = rest(socket)
    socket.write(head(paths.append, ['Transfer-Encoding: chunked']))
    for (let sent = 0; sent <= limits.append; sent += 1 << 20) socket.write(chunk(1 << 20))
    const bytes = await answer
    expect([statusOf(bytes), codeOf(bytes)]).toEqual([413, 'TOO_LARGE'])
  })

  it('is counted as it comes, whatever length was said', async () => {
    const socket = await open()
    const answer = rest(socket)
    socket.write(head(paths.append, [`Content-Length: ${limits.append * 4}`]))
    socket.write(Buffer.alloc(limits.append + 1))
    const bytes = await answer
    expect([statusOf(bytes), codeOf(bytes)]).toEqual([413, 'TOO_LARGE'])
  })

  it('ends where its length says; the rest is another request, and no good one', async () => {
    const socket = await open()
    const answer = rest(socket)
    socket.write(head(paths.append, ['Content-Length: 1']))
    socket.write(Buffer.from([0x80, 0x80, 0x80]))
    const bytes = (await answer).toString('latin1')
    // One answer or two, depending on whether the server reads both at once; never a good one.
    expect(new Set(bytes.match(/HTTP\/1\.1 \d+/g))).toEqual(new Set(['HTTP/1.1 400']))
  })

  it('with two lengths is none', async () => {
    const socket = await open()
    const answer = rest(socket)
    socket.write(head(paths.append, ['Content-Length: 4', 'Transfer-Encoding: chunked']))
    socket.write('0\r\n\r\n')
    expect(statusOf(await answer)).toBe(400)
  })

  it('that stops half-way leaves nothing waiting', async () => {
    const socket = await open()
    socket.write(head(paths.append, ['Content-Length: 1000']))
    socket.write(Buffer.alloc(500))
    await new Promise((resolve) => setTimeout(resolve, 20))
    socket.destroy()
    const fine = await fetch(`http://127.0.0.1:${server.port}${paths.health}`)
    expect(await fine.json()).toMatchObject({ status: 'ok', size: 5 })
  })

  it('of a signed route is not read without a signature', async () => {
    const socket = await open()
    const answer = rest(socket)
    socket.write(head(paths.attachments, [`Content-Length: ${40 * 2 ** 20}`, 'Connection: close']))
    expect(statusOf(await answer)).toBe(401)
  })
})

it('refuses heads that are too long', async () => {
  const socket = await open()
  const answer = rest(socket)
  socket.write(head(paths.append, [`X-Long: ${'a'.repeat(20_000)}`]))
  expect(statusOf(await answer)).toBe(431)
})

it('answers no TRACE: what it was sent does not come back', async () => {
  const socket = await open()
  const answer = rest(socket)
  socket.write(`TRACE ${paths.health} HTTP/1.1\r\nHost: relay.test\r\nX-Secret: abc\r\nConnection: close\r\n\r\n`)
  const bytes = await answer
  expect([statusOf(bytes), codeOf(bytes), bytes.includes('abc')]).toEqual([404, 'UNKNOWN', false])
})

it('stops: running requests are answered, new ones are not taken', async () => {
  const url = `http://127.0.0.1:${server.port}${paths.health}`
  expect((await fetch(url)).status).toBe(200)
  await server.stop()
  await expect(fetch(url)).rejects.toThrow()
})
