// What CI runs (.ci/run): packages of the system, the steps of `npm run verify`, then conformance with the published vectors, which lie
// beside the repository, within 20 minutes.
// The last line counts tests from the reports that the runners wrote; a report that is missing or empty is a failure.

import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { recordedTests } from './check-review.mjs'
import { root } from './run.mjs'
import { runSteps } from './steps.mjs'
import { packages, verifySteps } from './verify.mjs'

const SECONDS = 20 * 60
const VECTORS = '../shared/vectors'

const begun = Date.now()
const failedSteps = await runSteps(
  [
    { name: 'packages of the system', command: ['bash', 'scripts/system-packages.sh', 'reader'] },
    { name: 'chromium of the system', command: ['bash', 'scripts/system-packages.sh', 'chromium'] },
    ...verifySteps,
    { name: 'conformance', command: ['npm', 'run', 'conformance', '--', VECTORS] },
  ],
  { seconds: SECONDS },
)
const counts = [
  ...packages.map((path) => countVitest(basename(path))),
  countVitest('browser'),
  countTotals('conformance'),
  countTotals('reader'),
  countTotals('consumers'),
]
const passed = counts.reduce((sum, count) => sum + count.passed, 0)
const failed = counts.reduce((sum, count) => sum + count.failed, 0)
const fewer = [...recordedTests()].filter(([name, recorded]) => {
  const count = counts.find((one) => one.name === name)
  return (count?.passed ?? 0) + (count?.failed ?? 0) < recorded
})
const problems = [
  ...failedSteps.map((name) => `step failed: ${name}`),
  ...counts.flatMap((count) => count.problem ?? []),
  ...fewer.map(([name, recorded]) => `fewer tests of ${name} than the ${recorded} that docs/review.md names`),
]
for (const problem of problems) console.log(problem)
console.log(`${((Date.now() - begun) / 1000).toFixed(1)} s in all, ${SECONDS} allowed`)
process.exitCode = problems.length === 0 && failed === 0 ? 0 : 1
console.log(`${passed} passed, ${failed} failed`)

function countVitest(name) {
  return countReport(name, ({ numPassedTests, numFailedTests, testResults }) => {
    // A file that could not even be loaded has no tests in it; it counts as one failure.
    const broken = testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0)
    return { passed: numPassedTests, failed: numFailedTests + broken.length }
  })
}

function countTotals(name) {
  return countReport(name, ({ passed, failed }) => ({ passed, failed }))
}

function countReport(name, read) {
  const file = join(root, '.reports', `${name}.json`)
  if (!existsSync(file)) return { passed: 0, failed: 0, problem: `no report: ${name}` }
  const count = { name, ...read(JSON.parse(readFileSync(file, 'utf8'))) }
  if (!Number.isSafeInteger(count.passed) || !Number.isSafeInteger(count.failed)) {
    return { passed: 0, failed: 0, problem: `report without counts: ${name}` }
  }
  return count.passed + count.failed === 0 ? { ...count, problem: `ran no test: ${name}` } : count
}
