// The sequencer in the process of its callers: the turn runs when the last one has ended. Spec: docs/spec/relay.md, "The turn".
// It takes whatever waits, without a timer: one list when nobody else comes, up to 256 entries or 4 MiB when many do.
import { RelayError } from './errors.js'
import type { GatedList, PlacedList, Sequencer, TurnNews } from './sequencer.js'
import { isRefusal, sharedStaging } from './shared-staging.js'
import type { Store } from './store/contract.js'
import { StoreConflict } from './store/contract.js'
import { openTurns, type TurnParts } from './turn.js'

const MOST_ENTRIES = 256
const MOST_BYTES = 4 * 1024 * 1024

export interface SequencerParts extends TurnParts {
  readonly store: Store
  /** Runs between turns, when rows were written; for a store that has work of its own then. */
  readonly between?: () => Promise<void>
  /** Told once, when the outcome of a write is unknown or what was read back differs: the process must stop. */
  readonly onFatal: (error: unknown) => void
}

interface Waiting {
  readonly list: GatedList
  readonly bytes: number
  resolve(placed: PlacedList): void
  reject(error: unknown): void
}

const sizeOf = (list: GatedList): number =>
  list.entries.reduce((sum, entry) => sum + entry.bytes.length, 0) +
  list.beside.reduce((sum, one) => sum + one.bytes.length, 0)

export async function inlineSequencer(parts: SequencerParts): Promise<Sequencer> {
  const turns = await openTurns(parts)
  const queue: Waiting[] = []
  const jobs: (() => Promise<void>)[] = []
  const staging = sharedStaging((rows) => parts.store.stage(rows))
  const listeners: ((news: TurnNews) => void)[] = []
  let running: Promise<void> | null = null
  let ended: RelayError | null = null

  const fail = (cause: unknown): void => {
    ended ??= new RelayError('INTERNAL', 'the relay is stopping', { cause })
    for (const waiting of queue.splice(0)) waiting.reject(ended)
    parts.onFatal(cause)
  }

  const run = async (): Promise<void> => {
    while (queue.length > 0 || jobs.length > 0) {
      for (const job of jobs.splice(0)) await job()
      const taken = takeWaiting(queue)
      if (taken.length > 0) await runTurn(taken)
      if (ended !== null) return
      await parts.between?.()
    }
  }

  const runTurn = async (taken: readonly Waiting[]): Promise<void> => {
    try {
      const { outcomes, news } = await turns.take(taken.map(({ list }) => list))
      if (news) for (const listener of listeners) listener(news)
      const conflicts: Waiting[] = []
      for (const [i, outcome] of outcomes.entries()) {
        const waiting = taken[i] as Waiting
        if ('placed' in outcome) waiting.resolve(outcome.placed)
        else if (outcome.refused instanceof StoreConflict) conflicts.push(waiting)
        else waiting.reject(outcome.refused)
      }
      // Something staged is gone: each list on its own finds out whose it was.
      if (conflicts.length > 1) for (const waiting of conflicts) await runTurn([waiting])
      else conflicts[0]?.reject(new RelayError('STAGED_MISSING', 'something that was staged is no longer there'))
    } catch (error) {
      for (const waiting of taken) waiting.reject(new RelayError('INTERNAL', 'the relay is stopping', { cause: error }))
      fail(error)
    }
  }

  const wake = (): void => {
    running ??= Promise.resolve()
      .then(run)
      .catch(fail)
      .finally(() => {
        running = null
        if (ended === null && (queue.length > 0 || jobs.length > 0)) wake()
      })
  }

  /** Runs a write between two turns. */
  const between = <T>(write: () => Promise<T>): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      if (ended !== null) return reject(ended)
      jobs.push(() =>
        write().then(resolve, (error: unknown) => {
          reject(error)
          if (!isRefusal(error)) fail(error)
        }),
      )
      wake()
    })

  return {
    get head() {
      return turns.head
    },
    append: (list) =>
      new Promise<PlacedList>((resolve, reject) => {
        if (ended !== null) return reject(ended)
        queue.push({ list, bytes: sizeOf(list), resolve, reject })
        wake()
      }),
    async stage(rows) {
      if (ended !== null) throw ended
      const done = staging.add(rows)
      // Who stages waits for the rows, whichever transaction they went with.
      between(() => staging.next()).catch(() => undefined)
      return done
    },
    collect: (now, limit) => between(() => parts.store.collect(now, limit)),
    onTurn: (listener) => void listeners.push(listener),
    async close() {
      while (running !== null) await running
      ended ??= new RelayError('BUSY', 'the relay is stopping')
    },
  }
}

/** Takes what one turn holds from the front of the queue: at least one list. */
function takeWaiting(queue: Waiting[]): Waiting[] {
  let entries = 0
  let bytes = 0
  let count = 0
  for (const waiting of queue) {
    entries += waiting.list.entries.length
    bytes += waiting.bytes
    if (count > 0 && (entries > MOST_ENTRIES || bytes > MOST_BYTES)) break
    count += 1
  }
  return queue.splice(0, count)
}
