// Keeps the documents true: links and anchors lead somewhere, TypeScript blocks compile against the built packages, the README's
// example is the one that CI runs, the picture of the architecture is the import graph, named error codes and tests exist.
// `node scripts/check-docs.mjs --write` first puts the example and the picture into the documents.

import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { drawGraph } from './docs/graph.mjs'
import { readMarkdown, replaceMarked } from './docs/markdown.mjs'
import { checkSnippets } from './docs/snippets.mjs'
import { root } from './run.mjs'
import { packages } from './verify.mjs'

const read = (path) => readFileSync(join(root, path), 'utf8')
const FIRST_SCREEN = 40

const documentPaths = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(root, 'docs'), { recursive: true }).flatMap((name) =>
    name.endsWith('.md') ? [join('docs', name)] : [],
  ),
  ...packages.map((path) => join(path, 'README.md')),
]
// A process of its own, which runs while the blocks are compiled.
const drawing = drawGraph(packages)
const graph = async () => ({ path: 'docs/architecture.md', name: 'graph:packages', content: await drawing })
const example = { path: 'README.md', name: 'example:readme', content: readmeExample() }

if (process.argv.includes('--write')) {
  for (const { path, name, content } of [await graph(), example]) {
    const written = content && replaceMarked(read(path), name, content)
    if (written) writeFileSync(join(root, path), written)
  }
}

const documents = documentPaths.map((path) => readMarkdown(path, read(path)))
const byPath = new Map(documents.map((document) => [document.path, document]))
const snippets = checkSnippets(documents.filter(({ path }) => path.endsWith('README.md') || path.startsWith('docs/')))
const problems = [
  ...[await graph(), example].flatMap(checkMarked),
  ...checkFirstScreen(byPath.get('README.md')),
  ...documents.flatMap(checkLinks),
  ...(await checkCodes()),
  ...snippets.problems,
]
for (const problem of problems) console.log(problem)
const links = documents.reduce((sum, document) => sum + document.links.length, 0)
console.log(`${documents.length} documents, ${links} links, ${snippets.count} blocks: ${problems.length} problems`)
process.exitCode = problems.length === 0 ? 0 : 1

/** What examples/readme.ts holds between `// #region readme` and `// #endregion`, as a block; null when it is not there. */
function readmeExample() {
  const path = 'examples/readme.ts'
  const [, region] =
    (existsSync(join(root, path)) && /^ *\/\/ #region readme\n([^]*?)^ *\/\/ #endregion/m.exec(read(path))) || []
  if (region === undefined) return null
  const [indent] = /^ */.exec(region)
  return `\`\`\`ts\n${region.replaceAll(new RegExp(`^${indent}`, 'gm'), '')}\`\`\`\n`
}

function checkMarked({ path, name, content }) {
  if (content === null) return [`${path}: nothing was found to put between the markers of ${name}`]
  const written = replaceMarked(read(path), name, content)
  if (written === null) return [`${path}: the markers of ${name} are missing`]
  return written === read(path)
    ? []
    : [`${path}: ${name} is not what the code says; run node scripts/check-docs.mjs --write`]
}

/** Whoever opens the README sees what it is, what it hides and how to try it, without scrolling. */
function checkFirstScreen({ source }) {
  const end = source.split('\n').findIndex((line) => line.startsWith('## '))
  return end >= 0 && end <= FIRST_SCREEN
    ? []
    : [`README.md: the part before the first chapter is longer than ${FIRST_SCREEN} lines`]
}

function checkLinks({ path, links }) {
  return links.flatMap(({ text, target, line }) => {
    const problem = /^[a-z]+:/.test(target) ? insecure(target) : broken(path, text, target)
    return problem ? [`${path}:${line}: ${problem}`] : []
  })
}

function insecure(target) {
  return /^(https:|mailto:)/.test(target) ? null : `${target} is not https`
}

function broken(path, text, target) {
  const [file, anchor] = target.split('#')
  const to = file === '' ? path : normalize(join(dirname(path), decodeURIComponent(file)))
  if (!existsSync(join(root, to))) return `${target} does not exist`
  if (anchor !== undefined) {
    if (!to.endsWith('.md')) return null
    const { anchors } = byPath.get(to) ?? readMarkdown(to, read(to))
    return anchors.has(anchor) ? null : `${target}: there is no such heading`
  }
  // A link to a test says which one it means: its text is the test's name.
  const isTest = /\/test\/[^/]+\.ts$/.test(to) && statSync(join(root, to)).isFile()
  return isTest && !titlesIn(to).includes(text) ? `${to} has no test "${text}"` : null
}

/** Names of tests and groups of tests in a file, as they are written there. */
function titlesIn(path) {
  return [...read(path).matchAll(/\b(?:test|it|describe)(?:\.each\b[^]*?\))?\(\s*(['"`])((?:(?!\1).)+)\1/g)].map(
    (match) => match[2],
  )
}

/** Words in capitals between backticks are error codes, or one of these. */
async function checkCodes() {
  const { errorCodes } = await import('@sealchart/protocol')
  const others = new Set([
    'DIR',
    'MUST',
    'SIGTERM',
    'SEALCHART_EFFORT',
    'SEALCHART_SQLITE_CACHE',
    'SEALCHART_BENCH_DIR',
    'SEALCHART_RELAY_NODE',
  ])
  const known = Object.keys(errorCodes)
  const exists = (word) =>
    word.endsWith('*') ? known.some((code) => code.startsWith(word.slice(0, -1))) : known.includes(word)
  return documents.flatMap(({ path, prose }) =>
    prose.flatMap((line, i) =>
      [...line.matchAll(/`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*(?:_\*)?)`/g)]
        .filter(([, word]) => !others.has(word) && !exists(word))
        .map(([, word]) => `${path}:${i + 1}: there is no error code ${word}`),
    ),
  )
}
