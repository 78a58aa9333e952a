// A clock that stands still until a test advances it: relay and clients share it, so that expiry, log time and signatures agree.

/** A stretch of time; the parts add up. */
export interface Duration {
  readonly days?: number
  readonly hours?: number
  readonly minutes?: number
  readonly ms?: number
}

export interface TestClock {
  /** ms since 1970. */
  readonly now: () => number
  /** Moves forward. @throws TypeError for a clock that would go back: the log's time never does. */
  advance(by: Duration): void
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** A clock that shows `start`, in ms since 1970. */
export function testClock(start: number): TestClock {
  let time = start
  return {
    now: () => time,
    advance({ days = 0, hours = 0, minutes = 0, ms = 0 }) {
      const step = days * DAY + hours * HOUR + minutes * MINUTE + ms
      if (!(step >= 0)) throw new TypeError('a test clock only goes forward')
      time += step
    },
  }
}
