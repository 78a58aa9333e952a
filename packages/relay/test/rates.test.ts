// Rates: what a device saves up, what it waits for, and that a refusal takes nothing.
import { SealchartError } from '@sealchart/protocol'
import { expect, test } from 'vitest'
import { createRates } from '../src/rates.js'

const device = new Uint8Array(32).fill(1)

function ratesAt(start = 0) {
  const clock = { now: start }
  return { clock, rates: createRates({ burst: 600, rate: 60, now: () => clock.now }) }
}

/** Seconds that a refusal asks for; null where nothing is refused. */
function waits(run: () => void): unknown {
  try {
    run()
    return null
  } catch (error) {
    if (!(error instanceof SealchartError)) throw error
    expect(error.code).toBe('RATE')
    return error.details.seconds
  }
}

test.each([
  [599, 1, null],
  [600, 0, null],
  [600, 1, 1],
  [600, 60, 1],
  [600, 61, 2],
  [600, 600, 10],
  [600, 10_000, 10],
])('after %i at once, %i more wait for %s seconds', (first, more, seconds) => {
  const { rates } = ratesAt()
  rates.take(device, first)
  expect(waits(() => rates.check(device, more))).toBe(seconds)
  expect(waits(() => rates.take(device, more))).toBe(seconds)
})

test('what is refused takes nothing: after the pause that was asked for it passes', () => {
  const { rates, clock } = ratesAt()
  rates.take(device, 600)
  for (let tries = 0; tries < 10; tries++) expect(waits(() => rates.check(device, 100))).toBe(2)
  clock.now += 2000
  expect(waits(() => rates.take(device, 100))).toBe(null)
})

test('a list longer than the burst passes from a full bucket', () => {
  const { rates } = ratesAt()
  expect(waits(() => rates.take(device, 1000))).toBe(null)
  expect(waits(() => rates.check(device, 1))).toBe(7)
})

test('each device has its own', () => {
  const { rates } = ratesAt()
  rates.take(device, 600)
  expect(waits(() => rates.take(new Uint8Array(32).fill(2), 600))).toBe(null)
})
