// Runs the fuzzers: `node fuzz/run.mjs [--inputs N] [--seed S] [--target name…] [--corpus DIR] [--replay FILE]`. See README.md.
// Two threads take targets from one list. This one only watches: it kills a thread that stays at one input for 10 s.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { keep, seedsFrom, slugOf } from './corpus.mjs'
import { inputOf } from './mutate.mjs'
import { randomOf } from './random.mjs'

const THREADS = 2
const HANG = 10_000
/** Until the targets are loaded and their seeds made. */
const START = 120_000
/** Old generation of a thread: more is out of memory, and a finding. */
const HEAP_MIB = 512
const here = fileURLToPath(new URL('.', import.meta.url))

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    target: { type: 'string', multiple: true, default: [] },
    corpus: { type: 'string' },
    replay: { type: 'string' },
    /** Another module with `targets`: how the runner itself is tested. */
    targets: { type: 'string', default: join(here, 'targets.mjs') },
    findings: { type: 'string', default: join(here, 'findings') },
  },
  allowPositionals: true,
})
const options = {
  inputs: Number(values.inputs),
  seed: Number(values.seed),
  corpus: values.corpus ?? null,
  replay: values.replay === undefined ? null : new Uint8Array(readFileSync(values.replay)),
  targets: pathToFileURL(values.targets).href,
}
if (!Number.isSafeInteger(options.inputs) || options.inputs < 1 || !Number.isSafeInteger(options.seed))
  throw new Error('--inputs and --seed are integers')

const started = performance.now()
const totals = { targets: 0, inputs: 0, findings: 0 }
let peak = 0
/** Names of the targets still to run; null until the first thread says which there are. */
let waiting = null

const say = (line) => console.log(line)

function choose(names) {
  const missing = values.target.filter((name) => !names.includes(name))
  if (missing.length > 0) throw new Error(`no target is called ${missing.join(', ')}; there are ${names.join(', ')}`)
  return names.filter((name) => values.target.length === 0 || values.target.includes(name))
}

function printFinding(name, { bytes, i, times, stack }) {
  totals.findings++
  const path = keep(values.findings, `${slugOf(name)}-`, [bytes], 8)
  say(`FINDING ${name}: input ${i} of seed ${options.seed}, ${times} times, ${bytes.length} bytes, kept as ${path}`)
  say(stack.replace(/^/gm, '    '))
}

function printReport({ name, count, seconds, codes, findings, kept, combinations }) {
  totals.targets++
  totals.inputs += count
  const { accepted = 0, ...refused } = Object.fromEntries(codes)
  const top = Object.entries(refused).sort(([, a], [, b]) => b - a)
  const said = top.slice(0, 3).map(([code, times]) => `${code} ${times}`)
  const columns = [name.padEnd(32), String(count).padStart(7), `accepted ${accepted}`.padEnd(16)]
  say(`${columns.join(' ')} ${seconds.toFixed(1).padStart(5)} s  ${combinations} outcomes; ${said.join(', ')}`)
  for (const finding of findings) printFinding(name, finding)
  if (options.corpus && kept.length > 0) keep(join(options.corpus, slugOf(name)), '', kept, 16)
}

/** The input that a thread was at when it ended: made again, since it depends on seed, target and number alone. */
async function lost(name, i, why) {
  const { targets } = await import(options.targets)
  const named = targets.find((target) => target.name === name)
  const target = { ...named, seeds: named.seeds.concat(seedsFrom(options.corpus, name)) }
  const bytes = options.replay ?? inputOf(target, i, randomOf(options.seed, name, i))
  totals.targets++
  totals.inputs += i + 1
  printFinding(name, { bytes, i, times: 1, stack: `${why}; the target's other inputs were not tried` })
}

/** One thread, until no target is left. Resolves with the target it was at and why it ended, or null. */
function runThread() {
  const shared = new SharedArrayBuffer(4)
  const progress = new Int32Array(shared)
  const resourceLimits = { maxOldGenerationSizeMb: HEAP_MIB }
  const worker = new Worker(new URL('./worker.mjs', import.meta.url), {
    workerData: { options, shared },
    resourceLimits,
  })
  return new Promise((resolve) => {
    let name = null
    let last = { at: -1, since: performance.now() }
    const end = (why) => {
      clearInterval(watch)
      void worker.terminate().then(() => resolve(why && { name, i: Atomics.load(progress, 0), why }))
    }
    const next = () => {
      name = waiting.shift() ?? null
      if (name === null) return end(null)
      Atomics.store(progress, 0, 0)
      last = { at: -1, since: performance.now() }
      worker.postMessage(name)
    }
    const watch = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage.rss())
      const at = Atomics.load(progress, 0)
      if (at !== last.at) last = { at, since: performance.now() }
      else if (performance.now() - last.since > (name === null ? START : HANG)) end(`no answer for ${HANG / 1000} s`)
    }, 500)
    worker.on('message', ({ ready, report }) => {
      if (ready) waiting ??= choose(ready)
      if (report) printReport(report)
      next()
    })
    worker.on('error', (error) => end(error.stack))
  })
}

/** Threads until the list is empty: one that was killed is replaced. */
async function runThreads() {
  for (;;) {
    const ended = await runThread()
    if (ended === null) return
    if (ended.name === null) throw new Error(`a thread did not start: ${ended.why}`)
    await lost(ended.name, ended.i, ended.why)
  }
}

await Promise.all(Array.from({ length: THREADS }, runThreads))

const seconds = ((performance.now() - started) / 1000).toFixed(1)
const { user, system } = process.cpuUsage()
const busy = ((user + system) / 1e6).toFixed(1)
say(
  `seed ${options.seed}, ${seconds} s with ${busy} s of processor time, at most ${Math.round(peak / 2 ** 20)} MiB of memory`,
)
say(`${totals.targets} targets, ${totals.inputs} inputs, ${totals.findings} findings`)
process.exitCode = totals.findings === 0 && totals.targets > 0 ? 0 : 1
