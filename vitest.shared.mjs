// How the tests of every package run: on its own TypeScript sources, and on the built output of the packages it uses.
// Each run also writes .reports/<package>.json at the root of the repository; CI counts passed and failed tests there.

import { readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { isLong } from './scripts/effort.mjs'

/**
 * The configuration of the package that `configUrl` (its `import.meta.url`) lies in. With `branches` the run fails where the tests take
 * less than so many of a hundred branches; `apart` are sources that run only built.
 */
export function packageTests(configUrl, { branches, apart = [] } = {}) {
  const root = dirname(fileURLToPath(configUrl))
  const reports = join(dirname(fileURLToPath(import.meta.url)), '.reports')
  return defineConfig({
    root,
    resolve: { alias: sourcesOfImports(root) },
    test: {
      include: ['test/**/*.test.ts'],
      reporters: ['default', ['json', { outputFile: join(reports, `${basename(root)}.json`) }]],
      testTimeout: isLong ? 1_800_000 : 20_000,
      hookTimeout: isLong ? 600_000 : 20_000,
      coverage: {
        enabled: branches !== undefined,
        include: ['src/**/*.ts'],
        exclude: apart,
        reporter: ['text-summary'],
        reportsDirectory: 'coverage',
        ...(branches !== undefined && { thresholds: { branches } }),
      },
    },
  })
}

/** Points `#name` at src/name-node.ts where package.json#imports says dist/name-node.js. */
function sourcesOfImports(root) {
  const { imports = {} } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return Object.entries(imports).map(([name, conditions]) => ({
    find: name,
    replacement: join(root, conditions.node.replace('./dist/', 'src/').replace(/\.js$/, '.ts')),
  }))
}
