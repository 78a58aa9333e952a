// The tests of what vendors embed, on Node 24: npm run test:node24. The binary comes from npm, into the cache that prepare.mjs uses.
// Relay and testing need better-sqlite3, which is built for the Node that the repository was installed with: they are not among them.
import { existsSync, mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { prepare } from './prepare.mjs'
import { root, run } from './run.mjs'

const VERSION = '24.21.0'
const TESTED = ['protocol', 'crypto', 'client-sdk']

const name = `node-${process.platform}-${process.arch}`
const folder = join(homedir(), '.cache', 'sealchart', `${name}-${VERSION}`)
const binary = join(folder, 'node_modules', name, 'bin', 'node')

await prepare()
if (!existsSync(binary)) {
  mkdirSync(folder, { recursive: true })
  const install = ['install', '--prefix', folder, '--no-save', '--ignore-scripts', '--no-audit', '--no-fund']
  const { ok, output } = await run('npm', [...install, `${name}@${VERSION}`], { quiet: true })
  if (!ok) throw new Error(`Node ${VERSION} could not be installed:\n${output}`)
}
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
for (const one of TESTED) {
  const args = [vitest, 'run', '--root', join(root, 'packages', one)]
  // Another reporter than the configured ones: CI counts the tests of the first Node.
  const { ok } = await run(binary, [...args, '--reporter=dot', '--coverage.enabled=false'])
  if (!ok) process.exitCode = 1
}
