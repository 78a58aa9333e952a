// The table of docs/spec/limits.md: names and values from the package, what each bounds from the comments of its source.
import { readFileSync } from 'node:fs'
import { limits } from '../../../packages/protocol/dist/index.js'
import { table, writeExamples } from './lib.mjs'

const source = readFileSync(new URL('../../../packages/protocol/src/limits.ts', import.meta.url), 'utf8')
const described = new Map(
  [...source.matchAll(/\/\*\* ([^*]+?)\.? \*\/\n\s+(\w+):/g)].map(([, text, name]) => [
    name,
    text.replaceAll(/\s+/g, ' '),
  ]),
)

const units = [
  ['MiB', 1024 * 1024],
  ['KiB', 1024],
]
const times = [
  ['days', 24 * 60 * 60_000],
  ['min', 60_000],
]

/** The number, and beside it in a larger unit where its description says what it counts. */
function shown(value, text) {
  const [unit, size] =
    (text.startsWith('Bytes') ? units : text.startsWith('Milliseconds') ? times : []).find(
      ([, one]) => value % one === 0,
    ) ?? []
  const number = value.toLocaleString('en')
  return unit === undefined ? number : `${number} (${value / size} ${unit})`
}

const rows = Object.entries(limits).map(([name, value]) => {
  const text = described.get(name)
  if (text === undefined) throw new Error(`limits.ts says nothing about ${name}`)
  return [`\`${name}\``, shown(value, text), text]
})

writeExamples('limits.md', { table: table(['name', 'limit', 'what'], rows) })
