// The sequencer in a thread of its own, as the main thread sees it. Spec: docs/spec/relay.md, "The turn".
// The other side is worker.ts, which owns the only connection that writes.
import { Worker } from 'node:worker_threads'
import { type NoteKey, noteKey } from '@sealchart/protocol'
import { RelayError } from './errors.js'
import { gatherer } from './gather.js'
import { type Answered, type Ask, type FromWorker, fromSent, type ToWorker } from './messages.js'
import type { LogHead, PlacedList, Sequencer, TurnNews } from './sequencer.js'
import type { Collected } from './store/contract.js'

/** What the sequencer's thread opens. */
export interface WorkerData {
  readonly dir: string
  readonly origin: string
}

/** A sequencer, and the key of the log that it signs. */
export interface StartedWorker {
  readonly sequencer: Sequencer
  readonly log: NoteKey
}

/** What a turn makes is dropped with it: with more room for it, it is collected a fifth as often. */
const YOUNG_MB = 64

/** Questions that are sent without waiting for more. */
const ENOUGH = 16

interface Pending {
  resolve(answer: Answered): void
  reject(error: Error): void
}

/**
 * Starts the thread; resolves when it has the store, the head lock, and has compared both.
 * @throws what opening them throws: LOCK_HELD, LOCK_AHEAD, LOCK_MISSING, USAGE…
 */
export function startWorker(file: URL, data: WorkerData, onFatal: (error: unknown) => void): Promise<StartedWorker> {
  const worker = new Worker(file, { workerData: data, resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } })
  const pending = new Map<number, Pending>()
  const listeners: ((news: TurnNews) => void)[] = []
  let head: LogHead | null = null
  let asked = 0
  let stopped: RelayError | null = null

  const rejectPending = (error: RelayError): void => {
    for (const one of pending.values()) one.reject(error)
    pending.clear()
  }

  const stop = (cause: unknown): void => {
    if (stopped !== null) return
    stopped = new RelayError('INTERNAL', 'the relay is stopping', { cause })
    rejectPending(stopped)
    onFatal(cause)
  }

  const send = gatherer<ToWorker>(ENOUGH, (together) => worker.postMessage(together))

  const ask = (question: Ask): Promise<Answered> =>
    new Promise((resolve, reject) => {
      if (stopped !== null) return reject(stopped)
      const id = asked++
      pending.set(id, { resolve, reject })
      send({ id, ...question })
    })

  const settle = (id: number): Pending | undefined => {
    const one = pending.get(id)
    pending.delete(id)
    return one
  }

  const hear = (said: Exclude<FromWorker, { say: 'ready' }>): void => {
    if (said.say === 'turn') {
      head = said.news.head
      for (const listener of listeners) listener(said.news)
    } else if (said.say === 'answer') settle(said.id)?.resolve(said.answer)
    else if (said.say === 'refusal') settle(said.id)?.reject(fromSent(said.error))
    else stop(fromSent(said.error))
  }

  const sequencer: Sequencer = {
    get head() {
      return head
    },
    append: ({ entries, ...list }) =>
      ask({ ask: 'append', list: { ...list, entries: entries.map(({ bytes }) => bytes) } }) as Promise<PlacedList>,
    stage: async (rows) => void (await ask({ ask: 'stage', rows })),
    collect: (now, limit) => ask({ ask: 'collect', now, limit }) as Promise<Collected>,
    onTurn: (listener) => void listeners.push(listener),
    async close() {
      if (stopped !== null) return
      const closed = new Promise((resolve) => worker.once('exit', resolve))
      await ask({ ask: 'close' })
      stopped = new RelayError('BUSY', 'the relay is stopping')
      await closed
      // What was asked while the thread said its last word: nobody answers it any more.
      rejectPending(stopped)
    },
  }

  return new Promise((resolve, reject) => {
    let ready = false
    worker.on('message', (messages: readonly FromWorker[]) => {
      for (const said of messages) {
        if (said.say === 'ready') {
          ready = true
          head = said.head
          resolve({ sequencer, log: noteKey(said.origin, said.publicKey) })
        } else if (!ready && said.say === 'fatal') reject(fromSent(said.error))
        else hear(said)
      }
    })
    worker.once('error', (error) => (ready ? stop(error) : reject(error)))
    worker.once('exit', () => stop(new RelayError('INTERNAL', 'the sequencer’s thread has ended')))
  })
}
