// The worked examples in the chapters are what the code computes. The programs use the built package.
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

it.each([
  ['encoding', 5],
  ['signatures', 3],
])('docs/spec/%s.md', (chapter, count) => {
  const program = fileURLToPath(new URL(`../../../docs/spec/examples/${chapter}.mjs`, import.meta.url))
  expect(execFileSync('node', [program, '--check'], { encoding: 'utf8' })).toBe(
    `${chapter}.md: ${count} examples checked\n`,
  )
})
