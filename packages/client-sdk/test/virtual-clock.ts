// A clock that goes only when nothing else does: hours of waiting pass in milliseconds, and in the same order every time.
import type { Wait } from '../src/calls.js'

export interface VirtualClock {
  /** ms since 1970. */
  readonly now: () => number
  readonly wait: Wait
  /** How many wait for a time now. */
  readonly waiting: () => number
  /** Lets time pass until the promise settles. @throws Error when it does not within so many ms. */
  until<T>(promise: Promise<T>, most?: number): Promise<T>
  /** Lets so many ms pass. */
  pass(ms: number): Promise<void>
}

const HOUR = 60 * 60_000

/** Lets everything happen that waits for no time, and for nothing outside. */
async function settle(): Promise<void> {
  for (let round = 0; round < 200; round++) await Promise.resolve()
}

export function virtualClock(start = 1_900_000_000_000): VirtualClock {
  let now = start
  const waits = new Set<{ readonly at: number; readonly end: () => void }>()
  const wait: Wait = (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve()
      const end = (): void => {
        waits.delete(one)
        signal?.removeEventListener('abort', end)
        resolve()
      }
      const one = { at: now + Math.max(ms, 0), end }
      waits.add(one)
      signal?.addEventListener('abort', end)
    })
  /** Goes on to whoever waits for the next moment, if that is not after `end`; says whether somebody did. */
  const step = (end: number): boolean => {
    const next = [...waits].reduce<{ at: number; end: () => void } | null>(
      (first, one) => (first === null || one.at < first.at ? one : first),
      null,
    )
    if (next === null || next.at > end) return false
    now = Math.max(now, next.at)
    next.end()
    return true
  }
  return {
    now: () => now,
    wait,
    waiting: () => waits.size,
    async until(promise, most = 100 * HOUR) {
      let settled = false
      const end = now + most
      const done = (): void => void (settled = true)
      promise.then(done, done)
      for (await settle(); !settled; await settle()) {
        if (!settled && !step(end)) throw new Error('nothing happens any more')
      }
      return promise
    },
    async pass(ms) {
      const end = now + ms
      for (await settle(); step(end); ) await settle()
      now = end
    },
  }
}
