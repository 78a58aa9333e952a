// The walls between the packages: each rule of .dependency-cruiser.cjs fires on an import that breaks it, with its sentence, and on
// nothing that is there today. The imports are planted in a copy of the sources; that the repository itself breaks no rule, tests
// and all, is the step "architecture" of `npm run verify`.
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const require = createRequire(import.meta.url)

interface Rule {
  readonly name: string
  readonly comment: string
}
const { forbidden } = require(join(root, '.dependency-cruiser.cjs')) as { readonly forbidden: readonly Rule[] }

/** What is planted, one file each, and every rule that it breaks. */
interface Planted {
  readonly title: string
  /** Path under packages/. */
  readonly file: string
  readonly source: string
  readonly breaks: readonly string[]
}

const plants: readonly Planted[] = [
  {
    title: 'the relay imports crypto',
    file: 'relay/src/planted-crypto.ts',
    source: `export { openWrap } from '@sealchart/crypto'`,
    breaks: ['relay-does-not-reach-crypto', 'relay-uses-protocol-only'],
  },
  {
    title: 'the relay imports crypto only when it is called',
    file: 'relay/src/planted-later.ts',
    source: `export const later = () => import('@sealchart/crypto')`,
    breaks: ['relay-does-not-reach-crypto', 'relay-uses-protocol-only'],
  },
  {
    title: 'the relay names a type of crypto',
    file: 'relay/src/planted-type.ts',
    source: `export type { SectionKey } from '@sealchart/crypto'`,
    breaks: ['relay-does-not-reach-crypto', 'relay-uses-protocol-only'],
  },
  {
    title: 'the relay requires crypto',
    file: 'relay/src/planted-require.ts',
    source: `import { createRequire } from 'node:module'\nconst require = createRequire(import.meta.url)\nexport const all = require('@sealchart/crypto')`,
    breaks: ['relay-does-not-reach-crypto', 'relay-uses-protocol-only'],
  },
  {
    title: 'the relay reaches crypto through a file of protocol',
    file: 'relay/src/planted-far.ts',
    source: `export { far } from '../../protocol/src/planted-far.js'`,
    breaks: ['relay-does-not-reach-crypto', 'src-stays-in-its-package'],
  },
  {
    title: 'protocol imports crypto',
    file: 'protocol/src/planted-far.ts',
    source: `export { openWrap as far } from '@sealchart/crypto'`,
    breaks: ['protocol-imports-no-package'],
  },
  {
    title: 'the relay imports the SDK',
    file: 'relay/src/planted-sdk.ts',
    source: `export { Sealchart } from '@sealchart/client-sdk'`,
    breaks: ['relay-does-not-reach-crypto', 'relay-uses-protocol-only'],
  },
  {
    title: 'crypto imports the SDK that calls it',
    file: 'crypto/src/planted-sdk.ts',
    source: `export { Sealchart } from '@sealchart/client-sdk'`,
    breaks: ['crypto-uses-protocol-only'],
  },
  {
    title: 'the SDK imports the relay',
    file: 'client-sdk/src/planted-relay.ts',
    source: `export { createRelay } from '@sealchart/relay'`,
    breaks: ['client-sdk-meets-the-relay-on-the-wire'],
  },
  {
    title: 'the SDK imports testing',
    file: 'client-sdk/src/planted-testing.ts',
    source: `export { testNetwork } from '@sealchart/testing'`,
    breaks: ['client-sdk-meets-the-relay-on-the-wire'],
  },
  {
    title: 'published sources import a test',
    file: 'crypto/src/planted-test.ts',
    source: `export { help } from '../test/support.js'`,
    breaks: ['src-does-not-import-tests', 'src-stays-in-its-package'],
  },
  {
    title: 'a package is entered by another way than its entry',
    file: 'client-sdk/src/planted-inner.ts',
    source: `export { draw } from '../../crypto/src/check.js'`,
    breaks: ['src-stays-in-its-package'],
  },
  {
    title: 'libsodium through a fourth door, in protocol',
    file: 'protocol/src/planted-sodium.ts',
    source: `export { default } from 'libsodium-wrappers'`,
    breaks: ['libsodium-has-three-doors'],
  },
  {
    title: 'libsodium through a fourth door, in the relay, when it is called',
    file: 'relay/src/planted-sodium.ts',
    source: `export const later = () => import('libsodium-wrappers')`,
    breaks: ['libsodium-has-three-doors'],
  },
  {
    title: 'SQLite outside its store',
    file: 'relay/src/planted-sqlite.ts',
    source: `export { default } from 'better-sqlite3'`,
    breaks: ['sqlite-stays-in-its-store'],
  },
  {
    title: 'a module of Node in a file for browsers',
    file: 'crypto/src/planted-core.ts',
    source: `export { randomBytes } from 'node:crypto'`,
    breaks: ['node-only-in-node-files'],
  },
  {
    title: 'a module of Node without its prefix',
    file: 'client-sdk/src/planted-core.ts',
    source: `export { readFile } from 'fs/promises'`,
    breaks: ['node-only-in-node-files'],
  },
  {
    title: 'two files in a circle',
    file: 'protocol/src/planted-circle.ts',
    source: `export const here = 1\nexport { there } from './planted-half.js'`,
    breaks: ['no-cycle'],
  },
  {
    title: 'a package that is declared for tests only',
    file: 'protocol/src/planted-dev.ts',
    source: `export { encode } from 'cborg'`,
    breaks: ['no-undeclared-dependency'],
  },
  {
    title: 'a package that another package declares',
    file: 'protocol/src/planted-undeclared.ts',
    source: `export { Hono } from 'hono'`,
    breaks: ['no-undeclared-dependency'],
  },
  {
    title: 'an import that leads nowhere',
    file: 'relay/src/planted-nowhere.ts',
    source: `export { nothing } from './nowhere-at-all.js'`,
    breaks: ['no-unresolved-import'],
  },
]

/** What plants lead to; a circle is reported at one of its files only. */
const beside: Readonly<Record<string, string>> = {
  'crypto/test/support.ts': 'export const help = 1',
  'protocol/src/planted-half.ts': `import { here } from './planted-circle.js'\nexport const there = here`,
}

interface Violation {
  readonly rule: string
  readonly file: string
  readonly sentence: string
}

/** What dependency-cruiser writes for people, taken apart: `error <rule>: <file> → …`, then the sentence, broken into lines. */
function violationsIn(report: string): Violation[] {
  return report.split(/\n\s*\n/).flatMap((block) => {
    const [, rule, file] = /^\s*error (\S+): packages\/(\S+)/.exec(block) ?? []
    if (rule === undefined || file === undefined) return []
    return [{ rule, file, sentence: block.replace(/\s+/g, ' ').trim() }]
  })
}

/** A copy of all sources with the plants in it; installed packages stay where they are. */
async function copyWithPlants(): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'sealchart-walls-'))
  const link = (path: string) => symlink(join(root, path), join(copy, path), 'dir').catch(unlessMissing)
  for (const name of ['.dependency-cruiser.cjs', 'tsconfig.arch.json', 'package.json']) {
    await cp(join(root, name), join(copy, name))
  }
  for (const name of await readdir(join(root, 'packages'))) {
    for (const part of ['src', 'package.json']) {
      await cp(join(root, 'packages', name, part), join(copy, 'packages', name, part), { recursive: true })
    }
    await link(join('packages', name, 'node_modules'))
  }
  await link('node_modules')
  await mkdir(join(copy, 'packages/crypto/test'))
  for (const [file, source] of [
    ...Object.entries(beside),
    ...plants.map(({ file, source }) => [file, source] as const),
  ]) {
    await writeFile(join(copy, 'packages', file), `${source}\n`)
  }
  return copy
}

const unlessMissing = (error: NodeJS.ErrnoException): void => {
  if (error.code !== 'ENOENT') throw error
}

async function cruise(folder: string): Promise<string> {
  const program = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs')
  const run = promisify(execFile)(process.execPath, [program, '--output-type', 'err-long', 'packages'], {
    cwd: folder,
    env: { ...process.env, NO_COLOR: '1' },
  })
  // It ends with the number of broken rules as its code.
  return (await run.catch((ended: { readonly stdout: string }) => ended)).stdout
}

let copy = ''
let violations: readonly Violation[] = []
beforeAll(async () => {
  copy = await copyWithPlants()
  violations = violationsIn(await cruise(copy))
}, 60_000)
afterAll(() => rm(copy, { recursive: true, force: true }))

describe('the walls between the packages', () => {
  test.each(plants)('$title', ({ file, breaks }) => {
    const found = violations.filter((violation) => violation.file === file)
    expect([...new Set(found.map(({ rule }) => rule))].sort()).toEqual([...breaks].sort())
    for (const { rule, sentence } of found) {
      expect(sentence).toContain(forbidden.find(({ name }) => name === rule)?.comment)
    }
  })

  test('every rule has been broken here', () => {
    const broken = new Set(plants.flatMap(({ breaks }) => breaks))
    expect([...broken].sort()).toEqual(forbidden.map(({ name }) => name).sort())
  })

  test('what was not planted breaks none', () => {
    expect(violations.filter(({ file }) => !file.includes('/planted-'))).toEqual([])
  })

  test('the rules see through every name that begins with #', async () => {
    const { compilerOptions } = JSON.parse(
      (await readFile(join(root, 'tsconfig.arch.json'), 'utf8')).replace(/^\s*\/\/.*$/gm, ''),
    ) as { readonly compilerOptions: { readonly paths: Readonly<Record<string, unknown>> } }
    for (const name of await readdir(join(root, 'packages'))) {
      const { imports = {} } = JSON.parse(await readFile(join(root, 'packages', name, 'package.json'), 'utf8')) as {
        readonly imports?: object
      }
      expect(Object.keys(compilerOptions.paths)).toEqual(expect.arrayContaining(Object.keys(imports)))
    }
  })
})
