// How fast files go up to a relay and down again, by the SDK's own calls: create, open, stream. The relay is the real process over
// SQLite and files; beside it, in turns, a plain server and client move the same files with the same number of requests in flight,
// hash each body and sync each file, and seal, sign, log and check nothing.
//
//   node bench/transfer.mjs [MiB of the large file] [rounds] [share of the small files, 0 to 1]
//
// Everything crosses loopback on one machine: client, server and disk share its processors.
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromFolder } from '@sealchart/client-sdk'
import { foundAlliance } from './lib/alliance.mjs'
import { figure, interleave, machine, median, processorSeconds, ratio, table, target } from './lib/measure.mjs'
import { inLanes, startPlain } from './lib/plain-client.mjs'
import { startRelay } from './lib/relay.mjs'

const MIB = 2 ** 20
const large = Number(process.argv[2] ?? 1024)
const rounds = Number(process.argv[3] ?? 3)
const share = Number(process.argv[4] ?? 1)
/** As many as the SDK has: puts of an upload, segments ahead of a reader. */
const IN_FLIGHT = 4
const LEAST = 0.7
const workloads = [
  { name: `1 file of ${large} MiB`, count: 1, size: large * MIB, least: LEAST },
  { name: `${Math.ceil(3000 * share)} files of 0.5 MB`, count: Math.ceil(3000 * share), size: 500_000 },
  { name: `${Math.ceil(10_000 * share)} files of 20 kB`, count: Math.ceil(10_000 * share), size: 20_000 },
]

/** Files of random bytes, and the pieces of at most 1 MiB that the plain peer moves. */
async function makeFiles(folder, { count, size }) {
  await mkdir(folder)
  const content = randomBytes(16 * MIB)
  const pieces = []
  for (let i = 0; i < count; i++) {
    const path = join(folder, `${String(i).padStart(5, '0')}.dcm`)
    const file = await open(path, 'w')
    for (let offset = 0; offset < size; offset += MIB) {
      const length = Math.min(MIB, size - offset)
      const from = ((i + offset / MIB) * 4099) % (15 * MIB)
      await file.write(content, from, length)
      pieces.push({ path, offset, length })
    }
    await file.close()
  }
  return pieces
}

/** Takes everything that a record's section holds, and answers with its length. */
async function readAll(record) {
  const files = record.files('study')
  let length = 0
  const take = async (file) => {
    for await (const part of file.stream()) length += part.length
  }
  await inLanes(files.length === 1 ? 1 : IN_FLIGHT, files, take)
  return length
}

async function measure({ chart, relay, plain, root }, workload) {
  const folder = join(root, `${workload.count}`)
  const pieces = await makeFiles(folder, workload)
  const total = workload.count * workload.size
  let record
  let made = 0
  const complete = (length) => {
    if (length !== total) throw new Error(`${length} bytes came back of ${total}`)
  }
  const up = async () => {
    const sections = { study: fromFolder(folder) }
    record = await chart.records.create({ ref: `${workload.count}-${made++}`, title: 'Bench', sections })
  }
  const down = async () => {
    complete(await readAll(await chart.records.open(record.id, { purpose: 'bench' })))
  }
  const plainUp = () => plain.up(pieces)
  const plainDown = async () => complete(await plain.down(pieces))
  const busy = {}
  // Client and server together, of which the client is this process.
  const counted =
    (name, { pid }, action) =>
    async () => {
      const before = processorSeconds(pid)
      await action()
      if (before !== null) (busy[name] ??= []).push(processorSeconds(pid) - before)
    }
  const pairs = [
    { 'plain up': counted('plain up', plain, plainUp), up: counted('up', relay, up) },
    { 'plain down': counted('plain down', plain, plainDown), down: counted('down', relay, down) },
  ]
  const results = {}
  for (const pair of pairs) Object.assign(results, await interleave(pair, rounds))
  await plain.clear()
  await rm(folder, { recursive: true })
  return { ...workload, results, busy, total }
}

function report({ name, results, busy, total, least }, rows) {
  for (const way of ['up', 'down']) {
    const speed = (side) => (total / 1e6 / (median(results[side]) / 1000)).toFixed(0)
    const value = ratio(results, `plain ${way}`, way)
    const seconds = (side) => (busy[side] ? median(busy[side]).toFixed(1) : 'unknown')
    const processor = `${seconds(way)} s of processor time, plain ${seconds(`plain ${way}`)}`
    const absolute = `${speed(way)} MB/s, plain ${speed(`plain ${way}`)}; ${processor}`
    rows.push([name, way, speed(way), speed(`plain ${way}`), value.toFixed(2)])
    const what = `${name} ${way}, against a plain server`
    if (least) target(what, value, least, absolute)
    else figure(what, `${value.toFixed(2)} ×`, absolute)
  }
}

console.log(`${machine()}\n${rounds} rounds, ${IN_FLIGHT} requests in flight\n`)
const root = await mkdtemp(join(process.env.SEALCHART_BENCH_DIR ?? tmpdir(), 'sealchart-transfer-'))
const relay = await startRelay()
const plain = await startPlain(join(root, 'plain'), IN_FLIGHT)
try {
  const { chart } = await (await foundAlliance(relay)).enrol()
  const rows = [['', 'way', 'MB/s', 'plain', 'ratio']]
  for (const workload of workloads) report(await measure({ chart, relay, plain, root }, workload), rows)
  table(rows)
} finally {
  await Promise.all([relay.end(), plain.end()])
  await rm(root, { recursive: true, force: true })
}
