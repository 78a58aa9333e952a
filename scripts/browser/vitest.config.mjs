// The tests of what vendors embed, in headless Chromium: the same files as in Node, on the same sources, except those
// in `needsNode`. Run by scripts/browser.mjs. What little the tests themselves take from Node comes from stand-ins/.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { playwright } from '@vitest/browser-playwright'
import { defineConfig } from 'vitest/config'
import { isLong } from '../effort.mjs'
import { root } from '../run.mjs'
import { CHROMIUM, launchArguments } from './chromium.mjs'
import { serveFiles } from './serve-files.mjs'
import { serveStream } from './serve-stream.mjs'

/** The test files that a browser cannot run, and why. */
const needsNode = {
  protocol: {
    'limits.test.ts': 'compares the limits with the specification’s text and with the sources of the tests',
  },
  crypto: {
    'cipher.test.ts': 'compares the cipher of Node with that of browsers, byte for byte',
    'floe-web.test.ts': 'puts the cipher of browsers in the place of Node’s: here floe.test.ts has it anyway',
    'pool.test.ts': 'the pool is threads of Node’s',
    'pool-death.test.ts': 'the pool is threads of Node’s',
  },
  'client-sdk': {
    'exchange.test.ts': 'is about node:http, and needs servers',
    'resume-files.test.ts': 'uploads files by path',
    'sources-files.test.ts': 'is about files and folders by path',
    'vaults-files.test.ts': 'is about a vault in a folder',
    'verifier.test.ts': 'signatures are verified on threads of Node’s',
  },
}

for (const [name, files] of Object.entries(needsNode)) {
  for (const file of Object.keys(files)) {
    if (!existsSync(join(root, 'packages', name, 'test', file))) throw new Error(`there is no test ${name}/${file}`)
  }
}

const TESTED = ['protocol', 'crypto', 'client-sdk']

const standIn = (name) => join(root, 'scripts', 'browser', 'stand-ins', `${name}.mjs`)

/** Points `#name` at the source that package.json#imports gives to browsers. */
function sourcesOfImports(name) {
  const { imports = {} } = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'))
  return Object.entries(imports).map(([find, { default: built }]) => ({
    find,
    replacement: join(root, 'packages', name, built.replace('./dist/', 'src/').replace(/\.js$/, '.ts')),
  }))
}

const patternsOf = (name, folder) => [`packages/${name}/${folder}/**/*.{test,browser}.ts`]

const projectOf = (name, folder = 'test') => ({
  root,
  cacheDir: join(root, 'node_modules', '.vite', `browser-${name}`),
  plugins: [serveFiles, serveStream],
  resolve: {
    alias: [
      ...sourcesOfImports(name),
      { find: 'node:crypto', replacement: standIn('crypto') },
      { find: 'node:fs', replacement: standIn('fs') },
      // Vite would take the name for Node's module and leave it out.
      { find: /^buffer$/, replacement: join(root, 'node_modules', 'buffer', 'index.js') },
    ],
  },
  // Known beforehand: what is found only while tests run makes the page load again.
  optimizeDeps: {
    include: ['libsodium-wrappers', 'libsodium-wrappers-sumo', 'fast-check', 'buffer'],
    entries: patternsOf(name, folder),
  },
  test: {
    name,
    include: patternsOf(name, folder),
    exclude: Object.keys(needsNode[name] ?? {}).map((file) => `packages/${name}/test/${file}`),
    setupFiles: [standIn('globals')],
    env: { SEALCHART_EFFORT: isLong ? 'long' : 'ci' },
    testTimeout: isLong ? 1_800_000 : 60_000,
    hookTimeout: isLong ? 600_000 : 60_000,
    browser: {
      enabled: true,
      headless: true,
      ui: false,
      screenshotFailures: false,
      provider: playwright({ launchOptions: { executablePath: CHROMIUM, args: launchArguments } }),
      instances: [{ browser: 'chromium' }],
    },
  },
})

/** Pages as vendors build them: the tests run in Node and drive Chromium. */
const pages = {
  root,
  test: { name: 'pages', include: ['scripts/browser/pages/*.test.mjs'], testTimeout: 60_000 },
}

export default defineConfig({
  root,
  test: {
    projects: [...TESTED.map((name) => projectOf(name)), projectOf('testing', 'test/stories'), pages],
    reporters: ['default', ['json', { outputFile: join(root, '.reports', 'browser.json') }]],
  },
})
