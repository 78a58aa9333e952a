// The sequencer's thread: the one connection that writes, the head lock, and the turns. A thin shell around sequencer-inline.ts.
// Spec: docs/spec/relay.md, "The turn". It stops at the first write whose outcome is unknown; the next start finds out.
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { decodeEntry, ready } from '@sealchart/protocol'
import { STORE_FILE } from './folder-layout.js'
import { openHeadLock } from './head-lock-files.js'
import { restMover } from './log-keeper.js'
import { type Answered, type FromWorker, type ToWorker, toSent } from './messages.js'
import type { Sequencer } from './sequencer.js'
import { inlineSequencer } from './sequencer-inline.js'
import type { WorkerData } from './sequencer-worker.js'
import { checkStart } from './start-check.js'
import { sqliteStore } from './store/sqlite.js'

const { dir, origin } = workerData as WorkerData
const port = parentPort as NonNullable<typeof parentPort>

// What is said in one go travels in one message: answers of one turn, and the news before them.
let said: FromWorker[] = []
function say(message: FromWorker): void {
  if (said.length === 0) queueMicrotask(flush)
  said.push(message)
}
function flush(): void {
  const messages = said
  said = []
  port.postMessage(messages)
}

async function start(): Promise<void> {
  // Rules verify signatures too (an issuer's proof of its keys), and libsodium loads once a thread.
  await ready()
  const store = await sqliteStore(join(dir, STORE_FILE))
  const head = await store.treeHead()
  const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length))
  const headLock = await openHeadLock(dir, { origin, create: head === null, random })
  await checkStart(store, headLock)
  const fail = (error: unknown): void => say({ say: 'fatal', error: toSent(error) })
  const moveRest = restMover(store, () => performance.now())
  const between = async (): Promise<void> => moveRest()
  const sequencer = await inlineSequencer({ store, headLock, now: Date.now, between, onFatal: fail })
  sequencer.onTurn((news) => say({ say: 'turn', news }))
  const close = async (): Promise<void> => {
    await headLock.close()
    await store.close()
  }
  port.on('message', (together: readonly ToWorker[]) => {
    for (const asked of together) void answer(sequencer, asked, close)
  })
  say({ say: 'ready', head: sequencer.head, origin, publicKey: headLock.key.publicKey })
}

async function answer(sequencer: Sequencer, asked: ToWorker, close: () => Promise<void>): Promise<void> {
  try {
    say({ say: 'answer', id: asked.id, answer: await work(sequencer, asked) })
  } catch (error) {
    say({ say: 'refusal', id: asked.id, error: toSent(error) })
  }
  if (asked.ask !== 'close') return
  await close()
  port.close()
}

async function work(sequencer: Sequencer, asked: ToWorker): Promise<Answered> {
  if (asked.ask === 'append') {
    const entries = asked.list.entries.map((bytes) => decodeEntry(bytes))
    return sequencer.append({ ...asked.list, entries })
  }
  if (asked.ask === 'collect') return sequencer.collect(asked.now, asked.limit)
  if (asked.ask === 'stage') await sequencer.stage(asked.rows)
  else await sequencer.close()
  return null
}

start().catch((error: unknown) => {
  say({ say: 'fatal', error: toSent(error) })
  flush()
  port.close()
})
