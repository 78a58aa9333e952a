// What a relay does in a second, as its clients see it: durable opens over real sockets, with SQLite and files on this disk, in a process
// of its own; all requests are signed before the clock starts.
//
//   node bench/opens.mjs [opens] [recipients]
//
// opens: 32 clients with a record each. hot: 64 readers of one record. others: what 16 readers wait while a revocation with
// `recipients` wraps lands, and while a version of 65,536 segments does.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { ready } from '@sealchart/crypto'
import * as p from '@sealchart/protocol'
import { figure, machine, quantile, table, target } from './lib/measure.mjs'
import { bytes, manifestOf, World } from './lib/world.mjs'

const OPENS = Number(process.argv[2] ?? 9600)
const RECIPIENTS = Number(process.argv[3] ?? 10_000)
const CLIENTS = 32
const HOT = 64
const agent = new Agent({ keepAlive: true, maxSockets: 256 })

await ready()
await p.ready()
const folder = await mkdtemp(join(tmpdir(), 'sealchart-opens-'))
const relay = await startRelay(folder)
try {
  const world = new World(relay)
  await world.found()
  console.log(machine())
  const rows = [['', 'a second', 'p50 ms', 'p99 ms', 'worst ms']]
  rows.push(await opens(world), await hot(world))
  const { revocation, version } = await others(world)
  rows.push(revocation.row, version.row)
  table(rows)
  target(`opens a second, ${CLIENTS} clients`, Number(rows[1][1]), 1200, latency(rows[1]))
  figure(`opens a second, ${HOT} readers of one record`, rows[2][1], latency(rows[2]))
  target('100 ms / p99 of others during a revocation', 100 / revocation.p99, 1, latency(revocation.row))
  target('100 ms / p99 of others during a version of 65,536 segments', 100 / version.p99, 1, latency(version.row))
} finally {
  relay.process.kill('SIGTERM')
  await once(relay.process, 'exit')
  agent.destroy()
  await rm(folder, { recursive: true, force: true })
}

// ——— the relay

async function startRelay(dir) {
  const main = fileURLToPath(import.meta.resolve('@sealchart/relay').replace('index.js', 'main.js'))
  const child = spawn(process.execPath, [main, '--data', join(dir, 'data'), '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const said = {}
  for await (const line of createInterface(child.stdout)) {
    said.url ??= /^listening on (\S+)/.exec(line)?.[1]
    said.log ??= /^log key +(\S+)/.exec(line)?.[1]
    said.token = /^no network yet.*: (\S+)$/.exec(line)?.[1]
    if (said.token) break
  }
  child.stdout.resume()
  const port = Number(new URL(said.url).port)
  const send = async (path, body, headers = {}) => {
    const answer = await call({ port, path, body, headers })
    if (answer.status < 300) return answer.body
    if (answer.status === 429) {
      await new Promise((resolve) => setTimeout(resolve, 1000))
      return send(path, body, headers)
    }
    const { code, message } = p.unpack(p.errorAnswer, answer.body, 'error')
    throw Object.assign(new Error(`${path}: ${code}, ${message}`), { code })
  }
  return { process: child, url: said.url, token: said.token, log: p.decodeNoteKey(said.log), send, port }
}

function call({ port, path, body, headers }) {
  return new Promise((resolve, reject) => {
    const sent = request({ agent, port, path, method: 'POST', headers }, (answer) => {
      const chunks = []
      answer.on('data', (chunk) => chunks.push(chunk))
      answer.on('end', () => resolve({ status: answer.statusCode, body: new Uint8Array(Buffer.concat(chunks)) }))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

// ——— what is measured

/** Sends each client's requests one after the other, all clients at once; milliseconds of each, and how many came a second. */
async function run(clients) {
  const times = []
  const started = performance.now()
  await Promise.all(
    clients.map(async (bodies) => {
      for (const body of bodies) {
        const begun = performance.now()
        await relay.send(p.paths.append, body)
        times.push(performance.now() - begun)
      }
    }),
  )
  return { times, rate: times.length / ((performance.now() - started) / 1000) }
}

function summary(name, { times, rate }) {
  const figures = [quantile(times, 0.5), quantile(times, 0.99), Math.max(...times)]
  return [name, rate.toFixed(0), ...figures.map((value) => value.toFixed(1))]
}

/** A row's times in words. */
function latency([, , half, most, worst]) {
  return `p50 ${half} ms, p99 ${most} ms, worst ${worst} ms`
}

async function opens(world) {
  const clients = []
  for (const founder of await world.enrol(CLIENTS)) {
    const record = await world.record(founder)
    clients.push(await views(world, OPENS / CLIENTS, () => [record, founder]))
  }
  await run(clients.map((bodies) => bodies.splice(0, 10)))
  return summary(`opens, ${CLIENTS} records`, await run(clients))
}

async function views(world, count, next) {
  return Promise.all(Array.from({ length: count }, () => world.view(...next())))
}

async function hot(world) {
  const [founder, ...readers] = await world.enrol(HOT + 1)
  const record = await world.record(founder)
  await world.grant(record, readers)
  const clients = []
  for (const reader of readers) clients.push(await views(world, 40, () => [record, reader]))
  // Each request is sent once: one that had to be tried again would throw.
  return summary(`opens, ${HOT} readers of one record`, await run(clients))
}

/** What readers wait while something large lands. */
async function others(world) {
  const readers = await world.enrol(16)
  const records = []
  for (const reader of readers) records.push(await world.record(reader))
  const during = async (name, large) => {
    const state = { done: false }
    const times = []
    const clients = readers.map(async (reader, i) => {
      while (!state.done) {
        const body = await world.view(records[i], reader)
        const begun = performance.now()
        await relay.send(p.paths.append, body)
        times.push(performance.now() - begun)
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    })
    const begun = performance.now()
    await large()
    state.done = true
    await Promise.all(clients)
    const seconds = (performance.now() - begun) / 1000
    const row = summary(`others, ${name} (${seconds.toFixed(1)} s)`, { times, rate: times.length / seconds })
    return { row, p99: quantile(times, 0.99) }
  }
  const revocation = await during(`${RECIPIENTS} wraps`, await largeRevocation(world))
  return { revocation, version: await during('65,536 segments', await largeVersion(world, records[0])) }
}

async function largeRevocation(world) {
  const [founder, ...holders] = await world.enrol(RECIPIENTS + 1)
  const record = await world.record(founder)
  await world.grant(record, holders)
  const { entry, card, wraps } = await world.revoke(record, holders[0])
  return async () => {
    await signed(founder, p.paths.attachments, wraps)
    await world.append([entry], { attachments: [card] })
  }
}

async function signed(signer, path, body) {
  const { chain, device } = signer
  const parts = { method: 'POST', url: relay.url + path, body, chain, device: device.id, created: Date.now() }
  return relay.send(path, body, await p.signRequest(parts, device.sign))
}

/** 65,536 segments of a few bytes each, in batches, with the two index segments that name them. */
async function largeVersion(world, record) {
  const { founder } = record
  const segments = Array.from({ length: 65_536 }, () => bytes(64))
  const names = segments.map((segment) => p.sha256(segment))
  const indexes = p.encodeIndex(names)
  const file = {
    segments: segments.length,
    names: indexes.map((one) => p.sha256(one)),
    root: p.namesRoot(names),
    padded: 65_536,
  }
  const manifest = manifestOf([file])
  const id = bytes(16)
  const reserved = 16 * 2 ** 20
  const upload = p.pack(p.uploadRequest, { id, record: record.id, nonce: null, reserved })
  const { ticket } = p.unpack(p.uploadAnswer, await signed(founder, p.paths.uploads, upload), 'answer')
  const path = `${p.paths.segments}?section=1&ticket=${ticket}`
  const entry = await world.publish(record, { manifest, version: 2 })
  return async () => {
    for (let at = 0; at < segments.length; at += 4096) await relay.send(path, joined(segments.slice(at, at + 4096)))
    for (const index of indexes) await relay.send(path, joined([index]))
    await world.append([entry], { attachments: [manifest], uploads: [id] })
  }
}

function joined(items) {
  const parts = items.flatMap((item) => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(item.length)
    return [length, item]
  })
  return Buffer.concat(parts)
}
