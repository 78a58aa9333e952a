// The stories end as they are told: examples/test/stories/ has what each says.
import { expect, test } from 'vitest'
import { stories } from '../stories/index.mjs'

test.each(Object.entries(stories))('%s', async (name, story) => {
  const told: string[] = []
  await story((line) => told.push(line))
  await expect(`${told.join('\n')}\n`).toMatchFileSnapshot(`stories/${name}.txt`)
})
