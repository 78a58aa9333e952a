// How fast the relay's storage is: turns and reads of the SQLite store, and writes of the object store beside a plain loop.
// node bench/store.mjs [folder]. Build first. Rounds of what is compared alternate, because the machine's other work varies.
import { randomBytes } from 'node:crypto'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  append,
  edgeShape,
  emptyEdge,
  encode,
  encodeEntryLeaf,
  encodeSeal,
  hashBytes,
  leafHash,
  pack,
  rootOfEdge,
} from '@sealchart/protocol'
import { fileSegments } from '../packages/relay/dist/segments/files.js'
import { sqliteReads, sqliteStore } from '../packages/relay/dist/store/sqlite.js'
import { figure, machine, median } from './lib/measure.mjs'

const root = await mkdtemp(join(process.argv[2] ?? tmpdir(), 'sealchart-bench-'))
const ENTRIES = 64
const FACTS = 3
const CHAINS = 2000
const chains = Array.from({ length: CHAINS }, () => ({ id: randomBytes(32), sequence: -1 }))
let edge = emptyEdge
let root32 = null

/** A turn of 64 entries of 600 bytes on random chains, each with three facts. */
function nextTurn() {
  const start = edge
  const picked = new Set()
  while (picked.size < ENTRIES) picked.add(chains[Math.floor(Math.random() * CHAINS)])
  const entries = [...picked].map((chain, i) => {
    const bytes = encode([randomBytes(600)])
    chain.sequence += 1
    return {
      index: start.size + i,
      chain: chain.id,
      sequence: chain.sequence,
      link: hashBytes('linkHash', bytes),
      hash: hashBytes('entryHash', bytes),
      bytes,
    }
  })
  const size = start.size + ENTRIES + 1
  const leaves = entries.map((row) => ({ index: row.index, data: encodeEntryLeaf(row.link, row.hash), seal: false }))
  leaves.push({
    index: size - 1,
    data: encodeSeal({ first: start.size, size, time: size, prefixRoot: null }),
    seal: true,
  })
  edge = leaves.reduce((so, row) => append(so, leafHash(row.data)), start)
  const expect = root32 && { size: start.size, root: root32 }
  root32 = rootOfEdge(edge)
  return {
    expect,
    entries,
    leaves,
    heads: entries.map(({ chain, sequence, link, index }) => ({ chain, sequence, link, index })),
    facts: entries.flatMap(({ chain, sequence }) =>
      Array.from({ length: FACTS }, (_, k) => ({
        chain,
        key: `fact/${(sequence * FACTS + k) % 12}`,
        value: randomBytes(40),
      })),
    ),
    beside: [],
    claims: [],
    listings: [],
    ended: [],
    notices: entries.map(({ chain, index }) => ({ index, record: chain, member: null })),
    tiles: [],
    attachments: [],
    uploads: [],
    head: { size, root: root32, edge: pack(edgeShape, edge), time: size, checkpoint: 'checkpoint' },
  }
}

const sorted = (times) => times.sort((a, b) => a - b)
const at = (times, share) => times[Math.min(times.length - 1, Math.floor(times.length * share))]
const ms = (name, times) => {
  sorted(times)
  figure(name, `p50 ${at(times, 0.5).toFixed(3)} ms`, `p99 ${at(times, 0.99).toFixed(3)} ms, ${times.length} times`)
}

async function timed(count, run) {
  const times = []
  for (let i = 0; i < count; i++) {
    const start = performance.now()
    await run(i)
    times.push(performance.now() - start)
  }
  return times
}

async function turns() {
  const path = join(root, 'store.db')
  const store = await sqliteStore(path)
  const prepared = Array.from({ length: 300 }, nextTurn)
  const before = process.cpuUsage()
  const times = await timed(300, (i) => store.commit(prepared[i]))
  const { user, system } = process.cpuUsage(before)
  ms('turn of 64 entries, 192 facts, 65 leaves, 64 notices, with its sync', times)
  console.log(`  of that: CPU ${((user + system) / 300_000).toFixed(1)} ms`)
  const megabyte = randomBytes(1_000_000)
  const one = await open(join(root, 'sync'), 'w')
  ms(
    '  beside it: a plain write of 1 MB and fdatasync',
    await timed(100, async () => {
      await one.write(megabyte)
      await one.datasync()
    }),
  )
  await one.close()
  console.log(`  write-ahead log: ${(store.walBytes() / (300 * ENTRIES) / 1000).toFixed(1)} kB an entry`)
  const start = performance.now()
  store.checkpoint('full')
  console.log(`  full checkpoint of it: ${(performance.now() - start).toFixed(0)} ms`)
  const reads = await sqliteReads(path)
  await queries('writer', store)
  await queries('reader', reads)
  await reads.close()
  await store.close()
}

async function queries(name, from) {
  const any = () => chains[Math.floor(Math.random() * CHAINS)].id
  const asked = Array.from({ length: 3000 }, () => {
    const chain = any()
    return Array.from({ length: 6 }, (_, k) => ({ chain, key: `fact/${k}` }))
  })
  const spread = Array.from({ length: 3000 }, () =>
    Array.from({ length: 6 }, (_, k) => ({ chain: any(), key: `fact/${k}` })),
  )
  ms(`${name}: facts() of 6 keys of a chain`, await timed(3000, (i) => from.facts(asked[i])))
  ms(`${name}: facts() of 6 keys of 6 chains`, await timed(3000, (i) => from.facts(spread[i])))
  ms(`${name}: heads() of 6 chains`, await timed(3000, (i) => from.heads(spread[i].map(({ chain }) => chain))))
  ms(`${name}: entries() of a chain, 10`, await timed(1000, (i) => from.entries(asked[i][0].chain, -1, 10)))
}

async function objects() {
  const part = randomBytes(1 << 20)
  const count = 160
  const lanes = async (write) => {
    let next = 0
    const start = performance.now()
    await Promise.all(
      Array.from({ length: 4 }, async () => {
        while (next < count) await write(next++)
      }),
    )
    return (count * part.length) / 1e6 / ((performance.now() - start) / 1000)
  }
  const results = { plain: [], ours: [] }
  const rounds = {
    async plain(folder) {
      return lanes(async (i) => {
        const file = await open(join(folder, String(i)), 'wx')
        await file.write(part)
        await file.sync()
        await file.close()
      })
    },
    async ours(folder) {
      const segments = await fileSegments(folder, randomBytes)
      // Makes the first folder: one of 256 in the life of a store.
      await segments.write([part])
      const rate = await lanes(() => segments.write([part]))
      await segments.close()
      return rate
    },
  }
  // Who comes second writes while the disk still works for the first: they take turns at that too.
  for (let round = 0; round < 12; round++) {
    for (const name of round % 2 === 0 ? ['plain', 'ours'] : ['ours', 'plain']) {
      const folder = await mkdtemp(join(root, `${name}-`))
      results[name].push(await rounds[name](folder))
      await rm(folder, { recursive: true })
    }
  }
  const value = median(results.ours.map((rate, round) => rate / results.plain[round]))
  const [plain, ours] = [results.plain, results.ours].map((rates) => median(rates).toFixed(0))
  figure('writing objects of 1 MiB, 4 writers, against plain files', value.toFixed(2), `${ours} MB/s, plain ${plain}`)
}

console.log(machine())
try {
  await turns()
  await objects()
} finally {
  await rm(root, { recursive: true })
}
