// House rules that no other tool looks at, over every file in git: nothing that names a machine, a registry or a private key; no test
// left out, no loose end, no way around the types; no value written into SQL or a regular expression; sources that can be read in one sitting, open with what
// they are, and import only what their package declares.

import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { root } from './run.mjs'
import { packages } from './verify.mjs'

const MOST_LINES = 300
const read = (path) => readFileSync(join(root, path), 'utf8')

// Brackets around one character keep these lines from being found by themselves.
const everywhere = [
  ['a path of the machine that it was written on', /(?<![\w.])[/](work|root)[/][\w.]/],
  ['the host of a package registry', /\bregistry[.](npmjs|yarnpkg)\b|\bnpmmirror\b|\bjfrog\b|\bartifactory[.]/i],
  ['a private key', /-----BEGIN[ ]([A-Z]+ )*PRIVATE KEY|AGE-SECRET-KEY-[1]/],
  ['a token', /\b(ghp|npm|glpat)_[A-Za-z0-9]{20}/],
]
const inCode = [
  ['a test that runs alone or not at all', /\b(test|it|describe)\b[\w.]*\.(only|skip|skipIf|runIf|todo)\b/],
  ['a loose end', /\b(TODO|FIXME|XXX|HACK)\b/],
  ['a way around the types', /\bas any\b|\bas unknown as\b|@ts-(ignore|nocheck)/],
]

const inSource = [['a regular expression that is made from text', /\bnew RegExp\(/]]

const inGit = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' }).split('\0').filter(Boolean)
const files = inGit.filter((path) => existsSync(join(root, path)))
const isCode = (path) => /\.[cm]?[jt]s$/.test(path)
const isSource = (path) => /^packages\/[^/]+\/src\//.test(path) && isCode(path)
const isThisFile = (path) => path === 'scripts/check-house.mjs'

const problems = [
  ...files.flatMap((path) => matches(path, everywhere)),
  ...files.filter((path) => isCode(path) && !isThisFile(path)).flatMap((path) => matches(path, inCode)),
  ...files
    .filter(isSource)
    .flatMap((path) => [...matches(path, inSource), ...checkShape(path), ...checkImports(path), ...checkSql(path)]),
]
for (const problem of problems) console.log(problem)
console.log(`${files.length} files: ${problems.length} problems`)
process.exitCode = problems.length === 0 ? 0 : 1

function matches(path, rules) {
  const lines = read(path).split('\n')
  return lines.flatMap((line, i) =>
    rules.filter(([, pattern]) => pattern.test(line)).map(([what]) => `${path}:${i + 1}: ${what}`),
  )
}

function checkShape(path) {
  const lines = read(path).trimEnd().split('\n')
  const first = lines[0].startsWith('#!') ? lines[1] : lines[0]
  return [
    ...(lines.length > MOST_LINES ? [`${path}: ${lines.length} lines, ${MOST_LINES} allowed`] : []),
    ...(first?.startsWith('// ') ? [] : [`${path}: does not open with a comment on what it is`]),
  ]
}

/** Names of packages that a source imports in any way, against what its package.json declares for whoever installs it. */
function checkImports(path) {
  const folder = packages.find((name) => path.startsWith(`${name}/`))
  const { dependencies, optionalDependencies, peerDependencies, imports } = JSON.parse(read(`${folder}/package.json`))
  const declared = { ...dependencies, ...optionalDependencies, ...peerDependencies, ...imports }
  const specifiers = [...read(path).matchAll(/(?:\bfrom|^import|\bimport\(|\brequire\()\s*'([^'.][^']*)'/gm)]
  return specifiers
    .map(([, name]) => (/^(@[^/]+\/[^/]+|[^/]+)/.exec(name) ?? [])[0])
    .filter((name) => !isBuiltin(name) && !(name in declared))
    .map((name) => `${path}: imports ${name}, which ${folder}/package.json does not declare`)
}

/** SQL is text of ours: a template may put constants into it, which are written in capitals, and values go in as parameters. */
function checkSql(path) {
  const templates = [...read(path).matchAll(/`[^`]*\b(?:SELECT|INSERT|UPDATE|DELETE|WHERE|VALUES|PRAGMA)\b[^`]*`/g)]
  return templates
    .flatMap(([text]) => [...text.matchAll(/\$\{([^}]*)\}/g)])
    .filter(([, inner]) => !/^[A-Z_]+$/.test(inner))
    .map(([, inner]) => `${path}: puts ${inner} into SQL; pass it as a parameter`)
}
