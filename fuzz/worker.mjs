// A thread that runs targets, one after the other as it is told. It says which input it is at in shared memory, so that the main thread can
// kill it and knows what it hung on.
import { parentPort, workerData } from 'node:worker_threads'
import { seedsFrom } from './corpus.mjs'
import { inputOf } from './mutate.mjs'
import { randomOf } from './random.mjs'
import { collect, tryInput } from './trial.mjs'

const { options, shared } = workerData
const { targets } = await import(options.targets)
const progress = new Int32Array(shared)

/** Bytes that a target may keep, over all its inputs: caches are bounded. */
const MOST_KEPT = 64 * 1024 * 1024
/** Findings of one target that differ; the others are counted. */
const MOST_FINDINGS = 5

const held = () => {
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** What two faults have in common that are the same one. */
const kindOf = (fault) => `${fault.message}\n${fault.stack?.split('\n')[1]}`.replace(/[0-9a-f]{4,}|\d+/g, '#')

async function runTarget(named) {
  const target = { ...named, seeds: named.seeds.concat(seedsFrom(options.corpus, named.name)) }
  const codes = new Map()
  const reached = new Set()
  const findings = new Map()
  const kept = []
  const count = options.replay ? 1 : Math.max(target.seeds.length, Math.round(options.inputs * (target.share ?? 1)))
  const before = held()
  const started = performance.now()
  for (let i = 0; i < count; i++) {
    Atomics.store(progress, 0, i)
    const bytes = options.replay ?? inputOf(target, i, randomOf(options.seed, target.name, i))
    const { code, message, fault } = await tryInput(target, bytes)
    codes.set(code, (codes.get(code) ?? 0) + 1)
    if (fault) note(findings, fault, { bytes, i })
    const combination = `${code} ${message.replace(/\d+/g, '#')}`
    if (!reached.has(combination)) {
      reached.add(combination)
      if (options.corpus && i >= target.seeds.length) kept.push(bytes)
    }
  }
  const seconds = (performance.now() - started) / 1000
  const growth = held() - before
  if (growth > MOST_KEPT)
    note(findings, new Error(`the target keeps ${growth} bytes`), { bytes: new Uint8Array(), i: count })
  return {
    name: target.name,
    count,
    seconds,
    codes,
    kept,
    findings: [...findings.values()],
    combinations: reached.size,
  }
}

function note(findings, fault, { bytes, i }) {
  const kind = kindOf(fault)
  const known = findings.get(kind)
  if (known) known.times++
  else if (findings.size < MOST_FINDINGS) findings.set(kind, { bytes, i, times: 1, stack: stackOf(fault) })
}

const stackOf = (fault) => `${fault.stack}${fault.cause ? `\n  because of ${fault.cause.stack}` : ''}`

parentPort.on('message', (name) => {
  const target = targets.find((one) => one.name === name)
  // What is thrown here ends the thread, which the main thread reports.
  void runTarget(target).then((report) => parentPort.postMessage({ report }))
})
parentPort.postMessage({ ready: targets.map(({ name }) => name) })
