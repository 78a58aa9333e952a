// The counts of docs/review.md: test vectors by area, conformance cases, fuzz targets, removals, and tests of each package. With --write they are written anew
// (tests from .reports, which `npm test` makes); without, the page has to be what vectors and conformance lists say.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { root } from './run.mjs'
import { packages } from './verify.mjs'

const page = join(root, 'docs/review.md')
const marked = /<!-- counts -->\n([^]*?)<!-- \/counts -->/

/** Tests that each package had when the page was written: name → number. */
export function recordedTests() {
  const rows = readFileSync(page, 'utf8').matchAll(/^\| tests of `([a-z-]+)` \| (\d+) \|/gm)
  return new Map([...rows].map(([, name, count]) => [name, Number(count)]))
}

function vectorRows() {
  const folder = join(root, 'test-vectors')
  const areas = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  return areas.flatMap(({ name }) => {
    const files = readdirSync(join(folder, name)).filter((file) => file.endsWith('.json'))
    if (files.length === 0) return []
    const refused = files.filter((file) => 'expect' in JSON.parse(readFileSync(join(folder, name, file), 'utf8')))
    return [`| vectors of \`${name}\` | ${files.length} | ${refused.length} refused |`]
  })
}

function conformanceRow() {
  const suites = Object.values(JSON.parse(readFileSync(join(root, 'conformance/expected.json'), 'utf8')))
  return `| cases of published vectors | ${suites.reduce((sum, count) => sum + count, 0)} | ${suites.length} suites |`
}

function testRows() {
  const before = recordedTests()
  return [...packages.map((path) => path.slice('packages/'.length)), 'browser'].map((name) => {
    const report = join(root, '.reports', `${name}.json`)
    const writes = process.argv.includes('--write') && existsSync(report)
    const count = writes ? JSON.parse(readFileSync(report, 'utf8')).numPassedTests : before.get(name)
    const note = name === 'browser' ? 'in Chromium: of the packages and stories above, those that need no Node ' : ''
    return `| tests of \`${name}\` | ${count ?? 0} | ${note}|`
  })
}

async function main() {
  const text = readFileSync(page, 'utf8')
  const { targets } = await import('../fuzz/targets.mjs')
  const fuzzRow = `| targets of the fuzzers | ${targets.length} | 20,000 inputs each, fewer where one costs much |`
  const { missed, removals } = await import('./removals/list.mjs')
  const removalsRow = `| checks that are taken out one by one | ${removals.length} | ${missed.length} more that no vector can show |`
  const table = [
    '| what | how many | |',
    '|---|---|---|',
    ...vectorRows(),
    conformanceRow(),
    fuzzRow,
    removalsRow,
    ...testRows(),
  ].join('\n')
  const wanted = text.replace(marked, `<!-- counts -->\n${table}\n<!-- /counts -->`)
  if (process.argv.includes('--write')) writeFileSync(page, wanted)
  else if (wanted !== text) {
    console.error('docs/review.md: its counts are not those of the repository; node scripts/check-review.mjs --write')
    process.exitCode = 1
  }
}

if (fileURLToPath(import.meta.url) === process.argv[1]) await main()
