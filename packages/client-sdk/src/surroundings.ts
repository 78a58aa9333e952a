// What a program is surrounded by, as arguments, so that a test can hold it.
import type { Random } from '@sealchart/crypto'
import type { Wait } from './calls.js'

export interface Surroundings {
  /** ms since 1970. */
  readonly now: () => number
  readonly random: Random
  /** How to pause between two tries; the platform's timer unless told. It must let other things happen. */
  readonly wait: Wait
}
