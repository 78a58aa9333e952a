// Files that no row names. What must never happen is that one is removed which a row names, or will.
import { describe, expect, test, vi } from 'vitest'
import { memorySegments } from '../src/segments/memory.js'
import { createSweep } from '../src/sweep.js'
import { foundedWorld } from './actors.js'
import { namesOf } from './segments-suite.js'

const HOURS = 60 * 60_000

async function scene(count = 3) {
  const segments = memorySegments()
  const files: string[] = []
  for (let i = 0; i < count; i++) files.push(await segments.write([Uint8Array.of(i)]))
  const rows = new Set<string>()
  let now = 0
  let asked = 0
  const reads = {
    async named(names: readonly string[]) {
      asked += 1
      expect(names.length).toBeLessThanOrEqual(256)
      return names.map((name) => rows.has(name))
    },
  }
  const sweep = createSweep({ segments, reads }, () => now)
  const after = async (ms: number): Promise<string[]> => {
    now += ms
    await sweep.run()
    return namesOf(segments)
  }
  return { segments, files, rows, sweep, after, asked: () => asked }
}

describe('a file that no row names', () => {
  test('is removed at the second look, and one that a row names stays', async () => {
    const { files, rows, after } = await scene()
    rows.add(files[1] as string)
    expect(await after(0)).toEqual(files)
    expect(await after(6 * HOURS)).toEqual([files[1]])
    expect(await after(6 * HOURS)).toEqual([files[1]])
  })

  test('stays if its row comes meanwhile', async () => {
    const { files, rows, after } = await scene(1)
    expect(await after(0)).toEqual(files)
    rows.add(files[0] as string)
    expect(await after(6 * HOURS)).toEqual(files)
    // Its row is collected, and the file was left behind: from here on it is looked at anew, twice.
    rows.clear()
    expect(await after(6 * HOURS)).toEqual(files)
    expect(await after(6 * HOURS)).toEqual([])
  })

  test('that is written between two looks is seen twice, too', async () => {
    const { segments, files, after } = await scene(1)
    await after(0)
    const late = await segments.write([Uint8Array.of(9)])
    expect(files).not.toContain(late)
    expect(await after(6 * HOURS)).toEqual([late])
    expect(await after(6 * HOURS)).toEqual([])
  })

  test('is not looked for more often than every six hours', async () => {
    const { files, after, asked } = await scene()
    await after(0)
    expect(await after(6 * HOURS - 1)).toEqual(files)
    expect(asked()).toBe(1)
    expect(await after(1)).toEqual([])
  })

  test('is found among thousands, asked for in groups', async () => {
    const { files, rows, after, asked } = await scene(1000)
    for (const file of files) rows.add(file)
    rows.delete(files[700] as string)
    await after(0)
    expect(asked()).toBe(4)
    expect((await after(6 * HOURS)).length).toBe(999)
  })
})

test('a look that is stopped removes nothing more, and none begins', async () => {
  const { files, sweep, after, asked } = await scene()
  await after(0)
  await sweep.stop()
  expect(await after(6 * HOURS)).toEqual(files)
  expect(asked()).toBe(1)
})

test('a relay looks when it collects, and keeps what its records name', async () => {
  const segments = memorySegments()
  const world = await foundedWorld({ segments })
  const chan = await world.member('Chan')
  await world.record(chan)
  const named = await namesOf(segments)
  const left = await segments.write([Uint8Array.of(1)])
  const clock = vi.spyOn(performance, 'now').mockReturnValue(0)
  try {
    await world.relay.collect()
    expect(await namesOf(segments)).toEqual([...named, left].sort())
    clock.mockReturnValue(6 * HOURS)
    await world.relay.collect()
    expect(await namesOf(segments)).toEqual(named)
  } finally {
    clock.mockRestore()
  }
})

test('whoever stops waits for the look that is under way', async () => {
  const { segments } = await scene()
  let answer: (named: boolean[]) => void = () => {}
  const asked = new Promise<boolean[]>((resolve) => void (answer = resolve))
  let begin = (): void => {}
  const begun = new Promise<void>((resolve) => void (begin = resolve))
  const named = (): Promise<boolean[]> => {
    begin()
    return asked
  }
  const sweep = createSweep({ segments, reads: { named } }, () => 0)
  const order: string[] = []
  const look = sweep.run().then(() => void order.push('looked'))
  await begun
  const stop = sweep.stop().then(() => void order.push('stopped'))
  await new Promise((resolve) => void setImmediate(resolve))
  expect(order).toEqual([])
  answer([true, true, true])
  await Promise.all([look, stop])
  expect(order).toEqual(['looked', 'stopped'])
})
