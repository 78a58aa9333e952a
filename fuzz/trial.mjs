// One input given to one target, and what is wrong with what happened: the four rules that hold for every decoder.
import { performance } from 'node:perf_hooks'
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { SealchartError } from '../packages/protocol/dist/index.js'

setFlagsFromString('--expose-gc')
/** Collects garbage now. */
export const collect = runInNewContext('gc')

/** ms. */
const SLOW = 1000
/** Bytes that one input may take, beside those for each of its own: a byte string of none costs an object of some hundred bytes. */
const MOST_MEMORY = 4 * 1024 * 1024
const MEMORY_PER_BYTE = 1024

const heldNow = () => {
  const { used_heap_size: heap, external_memory: outside, malloced_memory: malloced } = getHeapStatistics()
  return heap + outside + malloced
}

const isSame = (a, b) => a instanceof Uint8Array && Buffer.compare(a, b) === 0

/** What `run` and `reencode` say: `code` is `accepted` or that of the refusal, `fault` the finding or null. */
async function verdictOf(target, bytes) {
  let value
  try {
    const result = target.run(bytes)
    value = result instanceof Promise ? await result : result
  } catch (error) {
    if (!(error instanceof SealchartError)) return { code: 'UNTYPED', message: String(error), fault: error }
    return { code: error.code, message: error.message, fault: error.code === 'INTERNAL' ? error : null }
  }
  const accepted = { code: 'accepted', message: '', fault: null }
  if (target.onlySeeds && !target.seeds.some((seed) => isSame(seed, bytes)))
    return { ...accepted, fault: new Error('accepted, and not one of the seeds') }
  if (!target.reencode) return accepted
  try {
    const again = await target.reencode(value, bytes)
    if (isSame(again, target.original?.(bytes) ?? bytes)) return accepted
    return {
      ...accepted,
      fault: new Error(`accepted, and encodes to ${Buffer.from(again).toString('hex').slice(0, 2000)}`),
    }
  } catch (error) {
    return { ...accepted, fault: new Error('accepted, and cannot be encoded', { cause: error }) }
  }
}

async function measured(target, bytes) {
  const held = heldNow()
  const started = performance.now()
  const verdict = await verdictOf(target, bytes)
  return { verdict, ms: performance.now() - started, memory: heldNow() - held }
}

/** Nearly every input is refused, and a stack costs more than the refusal: only what is a fault is run again with one. */
Error.stackTraceLimit = 0

async function withStack(target, bytes, first) {
  Error.stackTraceLimit = 30
  const second = await verdictOf(target, bytes)
  Error.stackTraceLimit = 0
  return second.fault ? second : first
}

/** Tries one input. What is slow or large is tried twice more: on a machine with other work, a pause is not the decoder's. */
export async function tryInput(target, bytes) {
  const before = bytes.slice()
  const allowed = MOST_MEMORY + MEMORY_PER_BYTE * bytes.length
  const isOver = ({ ms, memory }) => ms > SLOW || memory > allowed
  const first = await measured(target, bytes)
  const { verdict } = first
  if (verdict.fault) return withStack(target, before, verdict)
  if (!isSame(before, bytes)) return { ...verdict, fault: new Error('the input was changed') }
  if (!isOver(first)) return verdict
  const tries = [first]
  while (tries.length < 3) {
    collect()
    tries.push(await measured(target, bytes))
  }
  if (!tries.every(isOver)) return verdict
  const [ms, memory] = ['ms', 'memory'].map((what) => Math.round(Math.min(...tries.map((one) => one[what]))))
  return { ...verdict, fault: new Error(`${ms} ms and ${memory} bytes of memory for ${bytes.length} bytes of input`) }
}
