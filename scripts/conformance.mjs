// Runs every package's conformance programs on published test vectors: npm run conformance -- DIR [--record]
// A program is packages/<package>/conformance/<name>.mjs and exports `run(dir)`, which answers [{ suite, passed, failed, failures }].
// conformance/expected.json lists every suite and its number of cases; a suite, file or case too few (or one too many that nobody
// recorded) is a failure, so that nothing goes green by reading nothing. --record rewrites that list, for review in a commit.

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { prepare } from './prepare.mjs'
import { root } from './run.mjs'

const EXPECTED = join(root, 'conformance', 'expected.json')
const SHOWN_FAILURES = 5

/** The programs of all packages. lib.mjs is what the programs of one package share. */
function programs() {
  return readdirSync(join(root, 'packages')).flatMap((name) => {
    const folder = join(root, 'packages', name, 'conformance')
    if (!existsSync(folder)) return []
    const files = readdirSync(folder).filter((file) => file.endsWith('.mjs') && file !== 'lib.mjs')
    return files.sort().map((file) => ({ name: `${name}/${file}`, path: join(folder, file) }))
  })
}

async function runProgram({ name, path }, dir) {
  try {
    const { run } = await import(pathToFileURL(path).href)
    return (await run(dir)).map((result) => ({ program: name, ...result }))
  } catch (error) {
    // A missing vector file ends here: one failure, and its suites are missing from the list besides.
    return [{ program: name, suite: `${name} did not run`, passed: 0, failed: 1, failures: [error.message] }]
  }
}

/** What the list expects and the results lack, or the other way round; one failure each. */
function differences(results, expected) {
  const counts = new Map(results.map(({ suite, passed, failed }) => [suite, passed + failed]))
  const missing = Object.entries(expected)
    .filter(([suite, cases]) => counts.get(suite) !== cases)
    .map(([suite, cases]) => `${suite}: ${cases} cases expected, ${counts.get(suite) ?? 'none'} found`)
  const unknown = [...counts.keys()].filter((suite) => !(suite in expected)).map((suite) => `${suite}: not in the list`)
  return [...missing, ...unknown]
}

function print(results, problems) {
  const width = Math.max(...results.map(({ suite }) => suite.length), 5)
  console.log(`${'suite'.padEnd(width)}  passed  failed`)
  for (const { suite, passed, failed, failures } of results) {
    console.log(`${suite.padEnd(width)}  ${String(passed).padStart(6)}  ${String(failed).padStart(6)}`)
    for (const failure of failures.slice(0, SHOWN_FAILURES)) console.log(`  ${failure}`)
    if (failures.length > SHOWN_FAILURES) console.log(`  … and ${failures.length - SHOWN_FAILURES} more`)
  }
  for (const problem of problems) console.log(problem)
}

function record(results) {
  const list = Object.fromEntries(results.map(({ suite, passed, failed }) => [suite, passed + failed]))
  mkdirSync(join(root, 'conformance'), { recursive: true })
  writeFileSync(EXPECTED, `${JSON.stringify(list, null, 2)}\n`)
}

async function main(args) {
  const recording = args.includes('--record')
  const [dir, ...rest] = args.filter((argument) => argument !== '--record')
  if (dir === undefined || rest.length > 0) throw new Error('usage: npm run conformance -- DIR [--record]')
  await prepare()
  const results = []
  for (const program of programs()) results.push(...(await runProgram(program, resolve(dir))))
  if (recording) record(results)
  const expected = existsSync(EXPECTED) ? JSON.parse(readFileSync(EXPECTED, 'utf8')) : {}
  const problems = differences(results, expected)
  print(results, problems)
  const passed = results.reduce((sum, result) => sum + result.passed, 0)
  const failed = results.reduce((sum, result) => sum + result.failed, problems.length)
  mkdirSync(join(root, '.reports'), { recursive: true })
  writeFileSync(join(root, '.reports', 'conformance.json'), `${JSON.stringify({ passed, failed })}\n`)
  if (failed > 0 || passed === 0) process.exitCode = 1
  console.log(`${passed} passed, ${failed} failed`)
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}
