// The pool's half of seal.mjs: one worker's work on one thread against two workers, reading plaintext from a file in memory
// and handing received segments over.
import { createHash } from 'node:crypto'
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import {
  FILE,
  nameSegment,
  payloadLength,
  release,
  resumeSealing,
  startOpening,
  startSealPool,
  systemRandom,
} from '@sealchart/crypto'
import { figure, interleave, median, ratio, table, target } from './measure.mjs'
import { plainLoop } from './plain-worker.mjs'

/** So many segments are on their way at once, as an upload would have them. */
const WINDOW = 6

async function inWindow(count, action) {
  let next = 0
  const lane = async () => {
    while (next < count) await action(next++)
  }
  await Promise.all(Array.from({ length: WINDOW }, lane))
}

/** Seals and opens the same segments on one thread and on two workers, and prints the ratio. Answers with the workers' MiB/s. */
export async function runPool({ key, aad, header, segments, source, rounds }) {
  const folder = mkdtempSync(join(process.platform === 'linux' ? '/dev/shm' : tmpdir(), 'sealchart-bench-'))
  const pool = startSealPool(2)
  const threads = [0, 1].map(() => new Worker(new URL('./plain-worker.mjs', import.meta.url)))
  try {
    const path = join(folder, 'source')
    writeFileSync(path, source)
    return await measurePool({
      pool,
      threads,
      path,
      file: { key, aad, header, parameters: FILE },
      segments,
      rounds,
      length: source.length,
    })
  } finally {
    rmSync(folder, { recursive: true })
    await Promise.all([pool.close(), ...threads.map((thread) => thread.terminate())])
  }
}

/** Half of the plain loop on each thread. */
const onBoth = (threads, count) =>
  Promise.all(
    threads.map(
      (thread) =>
        new Promise((resolve) => {
          thread.once('message', resolve)
          thread.postMessage(count / 2)
        }),
    ),
  )

async function measurePool({ pool, threads, path, file, segments, rounds, length }) {
  const size = payloadLength(FILE)
  const isLast = (i) => i === segments.length - 1
  const range = (i) => ({ path, offset: (i * 97 * 4096) % (length - size), length: size, size })
  const names = segments.map((bytes) => new Uint8Array(createHash('sha256').update(bytes).digest()))

  async function sealAlone(check) {
    const sealing = resumeSealing(file.key, file.aad, file.header, { parameters: FILE, random: systemRandom })
    const scratch = new Uint8Array(size)
    for (let i = 0; i < segments.length; i++) {
      const descriptor = openSync(path, 'r')
      readSync(descriptor, scratch, 0, size, range(i).offset)
      closeSync(descriptor)
      const segment = await sealing.sealSegment(scratch, i, isLast(i))
      if (check) await sealing.verifySegment(segment, scratch, i, isLast(i))
      await nameSegment(segment)
    }
  }
  async function sealOnPool(check) {
    const sealing = pool.seal(file, { check })
    await inWindow(segments.length, async (i) => {
      const { body } = await sealing.sealSegment(range(i), i, isLast(i))
      // As an upload does once it is sent.
      release(body)
    })
    sealing.end()
  }
  async function openAlone() {
    const opening = startOpening(file.key, file.aad, file.header, FILE)
    for (let i = 0; i < segments.length; i++) {
      await nameSegment(segments[i])
      await opening.openSegment(segments[i], i, isLast(i))
    }
  }
  async function openOnPool() {
    // Copied beforehand and not counted: a received segment comes in memory of its own, which opening moves to the worker.
    const received = segments.map((bytes) => bytes.slice())
    const started = performance.now()
    const opening = pool.open(file)
    await inWindow(segments.length, (i) => opening.openSegment({ bytes: received[i], name: names[i] }, i, isLast(i)))
    opening.end()
    return performance.now() - started
  }

  const results = await interleave(
    {
      'machine alone': () => plainLoop(segments.length),
      machine: () => onBoth(threads, segments.length).then(() => undefined),
      'seal alone': () => sealAlone(false),
      seal: () => sealOnPool(false),
      'seal with check alone': () => sealAlone(true),
      'seal with check': () => sealOnPool(true),
      'open alone': openAlone,
      open: openOnPool,
    },
    rounds,
  )
  const speed = (name) => ((segments.length * 1000) / median(results[name])).toFixed(0)
  console.log()
  table([
    ['two workers', 'MiB/s', 'one thread', 'ratio'],
    ...['machine', 'seal', 'open', 'seal with check'].map((name) => [
      name === 'machine' ? 'plain loop' : name,
      speed(name),
      speed(`${name} alone`),
      ratio(results, `${name} alone`, name).toFixed(2),
    ]),
  ])
  const gives = `${speed('machine')} MiB/s, one thread ${speed('machine alone')}`
  figure(
    'the plain loop on two threads: what the machine gives',
    ratio(results, 'machine alone', 'machine').toFixed(2),
    gives,
  )
  for (const name of ['seal', 'open', 'seal with check']) {
    const what = `${name} on two workers against one thread`
    const absolute = `${speed(name)} MiB/s, one thread ${speed(`${name} alone`)}`
    const times = ratio(results, `${name} alone`, name)
    if (name === 'seal with check') figure(what, times.toFixed(2), absolute)
    else target(what, times, 1.6, absolute)
  }
  return { seal: Number(speed('seal')), open: Number(speed('open')) }
}
