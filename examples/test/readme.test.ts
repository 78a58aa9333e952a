import { afterEach, expect, test, vi } from 'vitest'

afterEach(() => vi.restoreAllMocks())

test('the README’s example runs, and prints the file and the trail', async () => {
  const printed: unknown[][] = []
  vi.spyOn(console, 'log').mockImplementation((...values) => void printed.push(values))
  await import('../readme.js')
  const date = expect.any(Date)
  expect(printed).toEqual([
    ['No stenosis.'],
    [date, 'Dr Chan', 'create', null],
    [date, 'Dr Chan', 'grant', 'referral'],
    [date, 'Dr Lee', 'view', 'treatment'],
  ])
})
