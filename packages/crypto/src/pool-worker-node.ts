// The script of one worker thread: moves messages in and results out. pool.ts holds the work, floe.ts the cryptography.
// It reads source files itself, so that their bytes never pass through the main thread.
import { closeSync, openSync, readSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { parentPort } from 'node:worker_threads'
import { CryptoError } from './errors.js'
import { createWorker, type FromWorker, type Source, type ToWorker } from './pool.js'

/** Plaintext read from files; used for one segment at a time, and wiped when a file ends. */
let scratch = new Uint8Array()

function read(source: Source): Uint8Array {
  if ('bytes' in source) return source.bytes
  const { path, offset, length, size } = source
  if (scratch.length < size) scratch = new Uint8Array(size)
  const plaintext = scratch.subarray(0, size).fill(0, length)
  const file = openSource(path)
  try {
    let at = 0
    while (at < length) {
      const count = readSync(file, plaintext, at, length - at, offset + at)
      // Shorter than it was when the caller measured it: sealing zeros in its place would pass unnoticed.
      if (count === 0) throw new CryptoError('SOURCE_CHANGED', 'the file is shorter than it was')
      at += count
    }
  } finally {
    closeSync(file)
  }
  return plaintext
}

function openSource(path: string): number {
  try {
    return openSync(path, 'r')
  } catch {
    // Without its cause, which holds the path: file names are content.
    throw new CryptoError('SOURCE_CHANGED', 'the file cannot be read any more')
  }
}

/** The memory of a result that is moved, not copied: everything large, if it is nobody else's. */
function movable(answer: FromWorker): ArrayBuffer[] {
  if (!('result' in answer)) return []
  const { buffer, byteLength } = answer.result instanceof Uint8Array ? answer.result : answer.result.body
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : []
}

/** Segments between two collections: 8 MiB of plaintext or ciphertext at most wait for one, where V8 would let 64 wait. */
const COLLECT_EVERY = 8

/**
 * Collects this thread's young memory, in 0.3 ms. V8 gives this function to contexts that are made after a flag of the process was set;
 * it stays set, since another worker may be about to make its own.
 */
const collect = ((): ((options: { readonly type: 'minor' }) => void) => {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc')
})()

const work = createWorker(read)
let done = 0
parentPort?.on('message', (message: ToWorker) => {
  if (message.kind === 'end') scratch.fill(0)
  void work(message).then((answer) => {
    if (answer === null) return
    parentPort?.postMessage(answer, movable(answer))
    if (++done % COLLECT_EVERY === 0) collect({ type: 'minor' })
  })
})
