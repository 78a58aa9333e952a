// Gathering: who comes together is sent together, nobody waits for a timer, and no more than enough are held.
import { expect, test } from 'vitest'
import { gatherer } from '../src/gather.js'

const rounds = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
}

test('one alone goes after an empty round', async () => {
  const sent: (readonly number[])[] = []
  gatherer<number>(4, (together) => sent.push(together))(1)
  expect(sent).toEqual([])
  await rounds(3)
  expect(sent).toEqual([[1]])
})

test('what comes within a round, and in rounds after it without a gap, goes together', async () => {
  const sent: (readonly number[])[] = []
  const add = gatherer<number>(10, (together) => sent.push(together))
  add(1)
  add(2)
  await rounds(1)
  add(3)
  await rounds(1)
  add(4)
  expect(sent).toEqual([])
  await rounds(4)
  expect(sent).toEqual([[1, 2, 3, 4]])
  add(5)
  await rounds(3)
  expect(sent).toEqual([[1, 2, 3, 4], [5]])
})

test('enough go at once, and what comes afterwards is not forgotten', async () => {
  const sent: (readonly number[])[] = []
  const add = gatherer<number>(2, (together) => sent.push(together))
  for (let i = 0; i < 5; i++) add(i)
  expect(sent).toEqual([
    [0, 1],
    [2, 3],
  ])
  await rounds(4)
  expect(sent.at(-1)).toEqual([4])
  add(5)
  await rounds(4)
  expect(sent.at(-1)).toEqual([5])
})
