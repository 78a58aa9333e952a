// Runs all benches one after the other and writes their figures into docs/benchmarks.md, between its two markers.
//
//   npm run bench                    all, as the page has them: about half an hour on a machine that does nothing else
//   npm run bench -- --quick         small sizes, for a look; nothing is written
//   npm run bench -- seal wrap       some; nothing is written
//   npm run bench -- --write …       writes what ran all the same, and leaves the other sections as they are
//
// Each program prints for people, and hands its rows over through the file that SEALCHART_BENCH_ROWS names (lib/measure.mjs).
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MISSED, machine } from './lib/measure.mjs'

/** In the order of the page. `quick`: arguments of a look. */
const programs = [
  { name: 'seal', title: 'Sealing and opening', node: ['--expose-gc'], quick: ['32', '3'] },
  { name: 'browser', title: 'Sealing and opening in a browser', quick: ['16', '3'] },
  { name: 'wrap', title: 'Wrapping keys', quick: ['100', '3'] },
  { name: 'transfer', title: 'Files to a relay and back', quick: ['64', '3', '0.02'] },
  { name: 'memory', title: 'Memory of a transfer', quick: ['1', '64'] },
  { name: 'shares', title: 'Sharing and revoking', quick: ['200', '1'] },
  { name: 'teams', title: 'Teams', quick: ['60', '2', '5'] },
  { name: 'views', title: 'Records that were opened often', quick: ['1024', '9'] },
  { name: 'trail', title: 'Verifying a trail', quick: ['1000'] },
  { name: 'opens', title: 'A relay under load', quick: ['640', '200'] },
  { name: 'store', title: 'The relay’s storage', quick: [] },
]
const page = fileURLToPath(new URL('../docs/benchmarks.md', import.meta.url))
const [begin, end] = ['<!-- figures: written by npm run bench -->', '<!-- /figures -->']

const asked = process.argv.slice(2)
const quick = asked.includes('--quick')
const names = asked.filter((word) => !word.startsWith('--'))
const chosen = programs.filter(({ name }) => names.length === 0 || names.includes(name))
if (chosen.length === 0) throw new Error(`there is no such bench: ${programs.map(({ name }) => name).join(', ')}`)

const writes = (!quick && names.length === 0) || asked.includes('--write')
const folder = mkdtempSync(join(tmpdir(), 'sealchart-rows-'))
const started = new Date()
const results = []
try {
  for (const program of chosen) {
    results.push({ ...program, ...run(program) })
    // After each: a run that is interrupted keeps what it has measured.
    if (writes) write(results)
  }
} finally {
  rmSync(folder, { recursive: true })
}
if (!writes) console.log('\nnothing was written: docs/benchmarks.md takes the figures of a whole run, or of --write')
if (results.some(({ rows, broken }) => broken || rows.some(({ met }) => met === false))) process.exitCode = 1

function run({ name, title, node = [], quick: args }) {
  console.log(`\n— ${title}: bench/${name}.mjs\n`)
  const path = join(folder, name)
  const program = fileURLToPath(new URL(`${name}.mjs`, import.meta.url))
  const env = { ...process.env, SEALCHART_BENCH_ROWS: path }
  const began = performance.now()
  const { status } = spawnSync(process.execPath, [...node, program, ...(quick ? args : [])], { stdio: 'inherit', env })
  const seconds = (performance.now() - began) / 1000
  const lines = existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n').filter(Boolean) : []
  const rows = lines.map((line) => JSON.parse(line))
  const broken = status !== 0 && status !== MISSED
  if (broken) console.log(`\nbench/${name}.mjs ended with ${status}`)
  return { rows, broken, seconds }
}

/** Writes what ran in the place of what stood there under the same title; each section says when and where it was measured. */
function write(all) {
  const text = readFileSync(page, 'utf8')
  const [before, rest] = text.split(begin)
  const [figures, after] = rest?.split(end) ?? []
  if (after === undefined) throw new Error('docs/benchmarks.md has lost its markers')
  const ran = new Map(all.map((result) => [result.title, sectionOf(result)]))
  const known = new Map(figures.split(/^(?=### )/m).map((section) => [/^### (.*)/.exec(section)?.[1], section.trim()]))
  const sections = programs.flatMap(({ title }) => ran.get(title) ?? known.get(title) ?? [])
  writeFileSync(page, `${before}${begin}\n${sections.join('\n\n')}\n${end}${after}`)
}

function sectionOf({ title, name, rows, broken }) {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  const table = rows.map(({ what, target, result, absolute, met }) => {
    const verdict = met === null ? '' : met ? 'met' : '**missed**'
    return `| ${[what, target ?? '', result, absolute, verdict].join(' | ')} |`
  })
  const failed = broken ? ['', 'The program did not end; what stands here is what it said before.'] : []
  return [
    `### ${title}`,
    '',
    `\`bench/${name}.mjs\`, ${started.toISOString().slice(0, 10)}, commit ${commit}. ${machine()}.`,
    '',
    '| what | target | result | from | |',
    '|---|---|---|---|---|',
    ...table,
    ...failed,
  ].join('\n')
}
