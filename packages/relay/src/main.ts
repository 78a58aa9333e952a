#!/usr/bin/env node
// The relay's process: reads options, clock and sockets, and puts the parts together. Spec: docs/spec/relay.md, "Starting".
// Main thread: gate, reads, HTTP. Second thread: the sequencer, which alone writes. Third: checkpoints of the write-ahead log.
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { encodeNoteKey, hex, SealchartError, sha256, utf8 } from '@sealchart/protocol'
import { Command } from 'commander'
import { failureTeller } from './failures.js'
import { STORE_FILE } from './folder-layout.js'
import { headLockFolder } from './head-lock-files.js'
import { localFiles } from './local-files.js'
import { createRemoteRelay, type Relay, relayUrl } from './relay.js'
import { fileSegments } from './segments/files.js'
import { startWorker } from './sequencer-worker.js'
import { listen } from './server.js'
import type { Clock } from './services.js'
import { sqliteReads } from './store/sqlite.js'

interface Options {
  readonly data: string
  readonly port: string
  readonly host: string
  readonly url?: string
  readonly origin?: string
  readonly cors?: readonly string[]
}

const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length))

const clock: Clock = {
  now: Date.now,
  wait: (ms, wake) => sleep(ms, undefined, { signal: wake }).catch(() => {}),
}

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }

/** A process whose last write has an unknown outcome must not answer anybody any more. */
function die(error: unknown): never {
  const code = error instanceof SealchartError ? error.code : 'INTERNAL'
  console.error(`sealchart-relay: stopping at once, ${code}: ${error instanceof Error ? error.message : 'unknown'}`)
  process.exit(70)
}

async function run(options: Options): Promise<void> {
  const dir = resolve(options.data)
  const { origin, ticketKey } = await localFiles(dir, options.origin ?? null, random)
  const { sequencer, log } = await startWorker(new URL('./worker.js', import.meta.url), { dir, origin }, die)
  const checkpointer = new Worker(new URL('./checkpointer.js', import.meta.url), { workerData: { dir } })
  checkpointer.once('error', die)
  const reads = await sqliteReads(join(dir, STORE_FILE))
  const segments = await fileSegments(dir, random)
  const token = (await reads.treeHead()) === null ? foundingToken(log.publicKey) : null
  const failures = failureTeller((line) => console.error(`sealchart-relay: ${line}`))
  const relay = await createRemoteRelay({
    onFailure: failures.tell,
    store: reads,
    segments,
    sequencer,
    log,
    clock,
    random,
    config: {
      url: options.url === undefined ? null : relayUrl(options.url),
      foundingToken: token === null ? null : sha256(utf8(token)),
      ticketKey,
      origins: options.cors ?? [],
      version,
    },
  })
  const listening = await listen(relay, { host: options.host, port: Number(options.port) })
  tell({ dir, log: encodeNoteKey(log), token, at: `http://${listening.address}:${listening.port}` })

  const collecting = setInterval(() => {
    failures.endMinute()
    void collect(relay)
  }, 60_000)
  const stop = async (): Promise<void> => {
    clearInterval(collecting)
    const quiet = listening.stop()
    await relay.close()
    await quiet
    checkpointer.postMessage('stop')
    await segments.close()
    await reads.close()
    console.log('sealchart-relay: stopped')
  }
  let stopping: Promise<void> | null = null
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void (stopping ??= stop().catch(die)))
}

async function collect(relay: Relay): Promise<void> {
  try {
    await relay.collect()
  } catch (error) {
    console.error(`sealchart-relay: nothing collected, ${error instanceof SealchartError ? error.code : 'INTERNAL'}`)
  }
}

/** A new one at each start until it is used, and kept nowhere. Its second half names the log key that whoever founds must be shown. */
const foundingToken = (logKey: Uint8Array): string =>
  `${Buffer.from(random(24)).toString('hex')}.${hex(logKey).slice(0, 32)}`

function tell(started: { dir: string; log: string; token: string | null; at: string }): void {
  const local = headLockFolder(started.dir)
  const lines = [
    `sealchart-relay ${version}`,
    `listening on ${started.at}`,
    `log key      ${started.log}   (to be pinned, in the network file)`,
    `back up      ${started.dir}`,
    `never        ${local}   (signing key and highest signed head: it stays on this machine, in a container on a volume of its own)`,
  ]
  if (started.token !== null) {
    lines.push(`no network yet; the token that founds it, once, until this process ends: ${started.token}`)
  }
  console.log(lines.join('\n'))
}

const program = new Command('sealchart-relay')
  .description('Stores ciphertext, sealed keys and a signed log; holds no key that opens a record.')
  .version(version)
  .option('--data <dir>', 'folder of the store; its head lock lies beside it, in <dir>.local', 'sealchart-data')
  .option('--port <number>', 'port to listen on; 0 takes a free one', '8787')
  .option('--host <address>', 'address to listen on', '127.0.0.1')
  .option('--url <url>', 'address that clients use, where it is not the one on the network’s chain')
  .option('--origin <name>', 'name of the log, at the first start')
  .option('--cors <origin...>', 'web origins whose pages may call the relay, or *')
  .action(async (options: Options) => {
    try {
      await run(options)
    } catch (error) {
      die(error)
    }
  })

await program.parseAsync()
