// A clock that stands still until a test moves it, and lets those go who waited for less.
import type { Waiting } from '../src/notices.js'
import { START } from './actors.js'

export interface Ticking {
  readonly now: () => number
  readonly wait: Waiting['wait']
  /** How many wait for a time now. */
  readonly waiting: () => number
  /** Moves the clock by steps of a second, and lets everything happen that follows. */
  advance(ms: number): Promise<void>
}

/** Lets everything happen that waits for no time. */
export const settled = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 5))

export function ticking(): Ticking {
  let now = START
  const waits = new Set<{ readonly until: number; readonly end: () => void }>()
  return {
    now: () => now,
    waiting: () => waits.size,
    wait: (ms, wake) =>
      new Promise((resolve) => {
        if (wake.aborted || ms <= 0) return resolve()
        const end = (): void => {
          waits.delete(one)
          wake.removeEventListener('abort', end)
          resolve()
        }
        const one = { until: now + ms, end }
        waits.add(one)
        wake.addEventListener('abort', end)
      }),
    async advance(ms) {
      for (const until = now + ms; now < until; ) {
        now = Math.min(now + 1000, until)
        for (const one of waits) if (one.until <= now) one.end()
        await settled()
      }
    },
  }
}
