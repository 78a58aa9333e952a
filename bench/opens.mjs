// What a relay does in a second, as its clients see it: durable opens over real sockets, with SQLite and files on this disk, in a process
// of its own; all requests are signed before the clock starts.
//
//   node bench/opens.mjs [opens] [recipients]
//
// opens: 32 clients with a record each. hot: 64 readers of one record. others: what 16 readers wait while a revocation with
// `recipients` wraps lands, and while a version of 65,536 segments does. A relay runs for months: the first `WARM` opens, in which its
// code is still being compiled, are not counted, and stand in a row of their own.
import { setTimeout as sleep } from 'node:timers/promises'
import { ready } from '@sealchart/crypto'
import * as p from '@sealchart/protocol'
import { connection, post } from './lib/load.mjs'
import { figure, machine, quantile, table, target } from './lib/measure.mjs'
import { startReaders } from './lib/readers.mjs'
import { startRelay } from './lib/relay.mjs'
import { bytes, manifestOf, World } from './lib/world.mjs'

const OPENS = Number(process.argv[2] ?? 12_800)
const RECIPIENTS = Number(process.argv[3] ?? 10_000)
const CLIENTS = 32
const HOT = 64
/** Readers who share the relay with something large, and how many signed requests each has at hand. */
const READERS = 16
const VIEWS = 1000
const ROUNDS = 3
const WARM = Math.min(OPENS, 9600)

await ready()
await p.ready()
const relay = await startRelay()
try {
  const world = new World(relay)
  await world.found()
  console.log(machine())
  const rows = [['', 'a second', 'p50 ms', 'p99 ms', 'worst ms']]
  // Figures are said as they come: what ends a later part does not take them along.
  const [first, steady] = await opens(world)
  figure(`opens a second, ${CLIENTS} clients, the first ${WARM}`, first[1], latency(first))
  target(`opens a second, ${CLIENTS} clients`, Number(steady[1]), 1200, latency(steady))
  const hottest = await hot(world)
  figure(`opens a second, ${HOT} readers of one record`, hottest[1], latency(hottest))
  const { quiet, revocation, version } = await others(world)
  figure(`p99 of ${READERS} readers alone`, `${quiet.p99.toFixed(1)} ms`, latency(quiet.row))
  target('100 ms / p99 of others during a revocation', 100 / revocation.p99, 1, latency(revocation.row))
  target('100 ms / p99 of others during a version of 65,536 segments', 100 / version.p99, 1, latency(version.row))
  rows.push(first, steady, hottest, quiet.row, revocation.row, version.row)
  table(rows)
} finally {
  await relay.end()
}

// ——— what is measured

/** Sends each client's requests one after the other, all clients at once; milliseconds of each, and how many came a second. */
async function run(clients) {
  const lines = await Promise.all(clients.map(() => connection(relay.url)))
  const requests = clients.map((bodies) => bodies.map((body) => post(relay.url, p.paths.append, body)))
  const times = []
  const started = performance.now()
  await Promise.all(
    lines.map(async ({ send }, i) => {
      for (const request of requests[i]) {
        const begun = performance.now()
        const status = await send(request)
        // Each is sent once: one that would have to be tried again ends the bench.
        if (status !== 200) throw new Error(`an open was answered with ${status}`)
        times.push(performance.now() - begun)
      }
    }),
  )
  const seconds = (performance.now() - started) / 1000
  for (const line of lines) line.end()
  return { times, rate: times.length / seconds }
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
    clients.push(await views(world, (WARM + OPENS) / CLIENTS, () => [record, founder]))
  }
  const first = await run(clients.map((bodies) => bodies.splice(0, WARM / CLIENTS)))
  return [
    summary(`opens, ${CLIENTS} records, the first ${WARM}`, first),
    summary(`opens, ${CLIENTS} records`, await run(clients)),
  ]
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
  return summary(`opens, ${HOT} readers of one record`, await run(clients))
}

/** What readers wait while nothing else happens, and while something large lands. */
async function others(world) {
  const [another, ...readers] = await world.enrol(READERS + 1)
  const records = []
  for (const reader of readers) records.push(await world.record(reader))
  const during = async (name, work) => {
    const views = []
    for (const [i, reader] of readers.entries()) {
      const bodies = await Promise.all(Array.from({ length: VIEWS }, () => world.view(records[i], reader)))
      views.push(bodies.map((body) => post(relay.url, p.paths.append, body)))
    }
    const reading = await startReaders(relay.url, views)
    const begun = performance.now()
    await work()
    const seconds = (performance.now() - begun) / 1000
    const times = await reading.stop()
    const row = summary(`others, ${name} (${seconds.toFixed(1)} s)`, { times, rate: times.length / seconds })
    return { row, p99: quantile(times, 0.99) }
  }
  const large = await largeRecord(world)
  const rounds = []
  for (let round = 0; round < ROUNDS; round++) {
    const revoke = await large.revoke()
    const publish = await largeVersion(world, await world.record(another))
    rounds.push({
      quiet: await during('nothing else', () => sleep(3000)),
      revocation: await during(`${RECIPIENTS} wraps`, revoke),
      version: await during('65,536 segments', publish),
    })
  }
  return Object.fromEntries(Object.keys(rounds[0]).map((name) => [name, middle(rounds.map((round) => round[name]))]))
}

/** The round whose p99 is the median of all. */
function middle(rounds) {
  return rounds.toSorted((a, b) => a.p99 - b.p99)[rounds.length >> 1]
}

/** A record that many can open; `revoke` prepares a revocation with a wrap to everybody who remains. */
async function largeRecord(world) {
  const [founder, ...holders] = await world.enrol(RECIPIENTS + 1)
  const record = await world.record(founder)
  await world.grant(record, holders)
  return {
    async revoke() {
      const { entry, card, wraps } = await world.revoke(record, holders.pop())
      return async () => {
        await signed(founder, p.paths.attachments, wraps)
        await world.append([entry], { attachments: [card] })
      }
    },
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
