// Staging of segments, shared by all who wait: however many puts came meanwhile, one transaction and its sync answer for them.
// Spec: docs/spec/storage.md, "Staging". What is refused in company is staged again alone, so that each put gets its own answer.
import { RelayError } from './errors.js'
import { pause } from './slices.js'
import { STAGED_ROWS, type Staging, StoreConflict } from './store/contract.js'

interface Waiting {
  readonly rows: Staging
  resolve(): void
  reject(error: unknown): void
}

export interface SharedStaging {
  /** Resolves when the rows are durable. */
  add(rows: Staging): Promise<void>
  /** Stages what has waited longest, and what may go with it. @throws what the store fails with, unless it is a refusal */
  next(): Promise<void>
}

/** What a store refuses without having written anything: the writer goes on. */
export const isRefusal = (error: unknown): boolean =>
  error instanceof StoreConflict || (error instanceof RelayError && (error.code === 'FULL' || error.code === 'USAGE'))

export function sharedStaging(stage: (rows: Staging) => Promise<void>): SharedStaging {
  const queue: Waiting[] = []

  const alone = async (one: Waiting): Promise<void> => {
    try {
      await stage(one.rows)
      one.resolve()
    } catch (error) {
      one.reject(error)
      if (!isRefusal(error)) throw error
    }
  }
  const together = async (group: readonly Waiting[]): Promise<void> => {
    try {
      await stage(joined(group))
    } catch (error) {
      if (isRefusal(error)) for (const one of group) await alone(one)
      else for (const one of group) one.reject(error)
      if (isRefusal(error)) return
      throw error
    }
    for (const one of group) one.resolve()
  }
  return {
    add: (rows) => new Promise((resolve, reject) => void queue.push({ rows, resolve, reject })),
    async next() {
      // A transaction holds up its thread: what was asked for meanwhile is heard first.
      await pause()
      const [first, ...others] = takeGroup(queue)
      if (first) await (others.length === 0 ? alone(first) : together([first, ...others]))
    },
  }
}

function joined(group: readonly Waiting[]): Staging {
  return {
    attachments: group.flatMap(({ rows }) => rows.attachments ?? []),
    uploads: group.flatMap(({ rows }) => rows.uploads ?? []),
    segments: group.flatMap(({ rows }) => rows.segments ?? []),
  }
}

const countOf = ({ attachments = [], uploads = [], segments = [] }: Staging): number =>
  attachments.length + uploads.length + segments.length

/** Whether the order in which rows are staged says nothing: an upload that is frozen must not wait for, or pass, what is put under it. */
const isFree = ({ uploads = [] }: Staging): boolean => uploads.every(({ state }) => state === 'open')

/** Takes what one transaction holds from the front of the queue. */
function takeGroup(queue: Waiting[]): Waiting[] {
  let rows = 0
  let count = 0
  for (const waiting of queue) {
    rows += countOf(waiting.rows)
    if (count > 0 && (rows > STAGED_ROWS || !isFree(waiting.rows))) break
    count += 1
    if (!isFree(waiting.rows)) break
  }
  return queue.splice(0, count)
}
