// `npm run verify`: everything that CI checks, in one command, but conformance, which needs a folder of published vectors (ci.mjs).
// Some steps need packages of the system: bash scripts/system-packages.sh reader, and the same with chromium. With --long it is the nightly run: the same
// steps with SEALCHART_EFFORT=long, and the removals.

import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { prepare } from './prepare.mjs'
import { root } from './run.mjs'
import { runSteps } from './steps.mjs'

/** The folders of packages, as paths from the root: packages/protocol, … */
export const packages = readdirSync(join(root, 'packages'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(join(root, 'packages', entry.name, 'package.json')))
  .map((entry) => `packages/${entry.name}`)

/** Every scripts/check-*.mjs is a step of its own: what a check is about stands at the top of its file. */
const ownChecks = readdirSync(join(root, 'scripts'))
  .filter((name) => /^check-.*\.mjs$/.test(name))
  .sort()

/** @type {import('./steps.mjs').Step[]} */
export const verifySteps = [
  // First, so that no count can come from an earlier run.
  {
    name: 'reports of earlier runs removed',
    action: () => rmSync(join(root, '.reports'), { recursive: true, force: true }),
  },
  { name: 'install and build', action: prepare, needed: true },
  { name: 'format', command: ['biome', 'check', '.'] },
  { name: 'lint', command: ['oxlint', '--type-aware', '--deny-warnings'] },
  { name: 'types of tests', command: ['tsc', '-b', ...packages.map((path) => `${path}/test`)] },
  { name: 'architecture', command: ['depcruise', '--output-type', 'err-long', 'packages'] },
  { name: 'unused files and dependencies', command: ['knip', '--no-config-hints'] },
  ...packages.map((path) => ({ name: `publish ${path}`, command: ['publint', 'run', path, '--strict'] })),
  ...ownChecks.map((name) => ({ name: name.slice(0, -'.mjs'.length), command: ['node', `scripts/${name}`] })),
  { name: 'texts of the removals', command: ['node', 'scripts/removals.mjs', '--check'] },
  { name: 'npm test', command: ['npm', 'test'], loud: true },
  { name: 'fuzzing', command: ['node', 'fuzz/run.mjs'] },
  { name: 'tests on Node 24', command: ['node', 'scripts/node24.mjs'] },
  { name: 'tests in Chromium', command: ['node', 'scripts/browser.mjs'] },
  { name: 'packed packages in use', command: ['node', 'scripts/consumers.mjs'] },
]

/** What a push does not wait for. @type {import('./steps.mjs').Step[]} */
const nightlySteps = [{ name: 'removals', command: ['node', 'scripts/removals.mjs'] }]

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const long = process.argv.includes('--long')
  const failed = long
    ? await runSteps([...verifySteps, ...nightlySteps], { env: { SEALCHART_EFFORT: 'long' } })
    : await runSteps(verifySteps)
  console.log(failed.length === 0 ? 'everything passed' : `failed: ${failed.join(', ')}`)
  process.exitCode = failed.length === 0 ? 0 : 1
}
