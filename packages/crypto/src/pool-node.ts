// The pool on Node's worker threads. Spec: docs/spec/sealing.md, "Implementation notes".
// A segment goes to the worker with the fewest waiting. A worker that ends takes the pool with it: everything pending is rejected,
// and the caller starts another pool. Bundlers must keep pool-worker-node.js beside this file.
import { Worker } from 'node:worker_threads'
import { CryptoError } from './errors.js'
import { startOpening } from './floe.js'
import type {
  FromWorker,
  Job,
  NamedSegment,
  PoolFile,
  PoolSealingOptions,
  SealPool,
  StartSealPool,
  ToWorker,
} from './pool.js'

type Result = NamedSegment | Uint8Array

interface Waiting {
  resolve(result: Result): void
  reject(error: CryptoError): void
}

/** One worker, what it has not answered yet, and the files whose key it has. */
interface Lane {
  readonly worker: Worker
  readonly waiting: Map<number, Waiting>
  readonly files: Set<number>
}

const MOST_WORKERS = 64

/** Starts the workers. They keep the process alive only while work is pending. @throws CryptoError USAGE */
export const startSealPool: StartSealPool | null = (workers) => {
  if (!Number.isSafeInteger(workers) || workers < 1 || workers > MOST_WORKERS) {
    throw new CryptoError('USAGE', 'a pool has 1 to 64 workers')
  }
  return new NodeSealPool(workers)
}

class NodeSealPool implements SealPool {
  readonly #lanes: readonly Lane[]
  #ended: CryptoError | null = null
  #numbers = 0

  constructor(workers: number) {
    this.#lanes = Array.from({ length: workers }, () => this.#startLane())
  }

  seal(file: PoolFile, { check = true }: PoolSealingOptions = {}): ReturnType<SealPool['seal']> {
    const { run, end } = this.#begin('seal', file)
    return {
      async sealSegment(source, position, final) {
        const job = 'bytes' in source ? { ...source, bytes: owned(source.bytes) } : source
        const moved = 'bytes' in job ? [job.bytes.buffer] : []
        const result = await run({ kind: 'seal', source: job, check, position, final }, moved)
        if (result instanceof Uint8Array) throw new CryptoError('INTERNAL', 'a sealing worker mixed up its jobs')
        return result
      },
      end,
    }
  }

  open(file: PoolFile): ReturnType<SealPool['open']> {
    const { run, end } = this.#begin('open', file)
    return {
      async openSegment({ bytes, name }, position, final) {
        const moving = owned(bytes)
        const segment = { bytes: moving, name }
        const result = await run({ kind: 'open', segment, position, final }, [moving.buffer])
        if (!(result instanceof Uint8Array)) throw new CryptoError('INTERNAL', 'a sealing worker mixed up its jobs')
        return result
      },
      end,
    }
  }

  async close(): Promise<void> {
    this.#reject(new CryptoError('INTERNAL', 'the sealing pool was closed'))
    await Promise.all(this.#lanes.map(({ worker }) => worker.terminate()))
  }

  #begin(mode: 'seal' | 'open', given: PoolFile) {
    if (this.#ended !== null) throw this.#ended
    // A copy: the workers get it with their first segment, when the caller may have overwritten its own.
    const content = structuredClone(given)
    // Here too, so that a header that is not the file's is the caller's error before any segment is handed over.
    startOpening(content.key, content.aad, content.header, content.parameters)
    const file = this.#numbers++
    let over = false
    return {
      run: async (job: Job, moved: ArrayBuffer[]): Promise<Result> => {
        if (this.#ended !== null) throw this.#ended
        if (over) throw new CryptoError('USAGE', 'the file has ended')
        const lane = this.#lanes.reduce((a, b) => (b.waiting.size < a.waiting.size ? b : a))
        if (!lane.files.has(file)) post(lane, { kind: 'begin', file, mode, content })
        lane.files.add(file)
        return this.#hand(lane, { kind: 'job', file, id: this.#numbers++, job }, moved)
      },
      end: (): void => {
        over = true
        for (const lane of this.#lanes) if (lane.files.delete(file)) post(lane, { kind: 'end', file })
      },
    }
  }

  #hand(lane: Lane, message: ToWorker & { readonly kind: 'job' }, moved: ArrayBuffer[]): Promise<Result> {
    return new Promise((resolve, reject) => {
      lane.waiting.set(message.id, { resolve, reject })
      lane.worker.ref()
      post(lane, message, moved)
    })
  }

  #startLane(): Lane {
    const worker = new Worker(new URL('./pool-worker-node.js', import.meta.url))
    const lane: Lane = { worker, waiting: new Map(), files: new Set() }
    const died = (cause: unknown): void => {
      this.#reject(new CryptoError('INTERNAL', 'a sealing worker ended', { cause }))
      void this.close()
    }
    worker.on('message', (answer: FromWorker) => settle(lane, answer))
    worker.once('error', died).once('messageerror', died).once('exit', died)
    worker.unref()
    return lane
  }

  #reject(reason: CryptoError): void {
    this.#ended ??= reason
    for (const { waiting } of this.#lanes) {
      for (const { reject } of waiting.values()) reject(reason)
      waiting.clear()
    }
  }
}

function post(lane: Lane, message: ToWorker, moved: ArrayBuffer[] = []): void {
  lane.worker.postMessage(message, moved)
}

function settle(lane: Lane, answer: FromWorker): void {
  const waiting = lane.waiting.get(answer.id)
  lane.waiting.delete(answer.id)
  if (lane.waiting.size === 0) lane.worker.unref()
  if ('result' in answer) waiting?.resolve(answer.result)
  else waiting?.reject(new CryptoError(answer.code, answer.message))
}

/** Moving memory moves all of its buffer, so a view into a larger one is copied first. */
const owned = (bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> =>
  bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes)
