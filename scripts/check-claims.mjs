// What the documents claim can be looked up: every path, command and script that they name between backticks exists, and docs/asvs.md
// has each requirement of OWASP ASVS 5.0.0 once, with something to look up for those that are met. Links, headings and names of tests are
// check-docs.mjs's.

import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readMarkdown } from './docs/markdown.mjs'
import { root } from './run.mjs'

/** How many requirements each section of ASVS 5.0.0 has: 345 in all. */
const asvs = {
  1: [2, 10, 12, 3, 3],
  2: [3, 3, 5, 2],
  3: [1, 3, 5, 8, 8, 1, 5],
  4: [5, 5, 2, 4],
  5: [1, 6, 3, 3],
  6: [3, 12, 8, 6, 8, 4, 2, 4],
  7: [3, 4, 2, 5, 3, 2],
  8: [4, 4, 3, 2],
  9: [3, 4],
  10: [2, 3, 5, 16, 5, 2, 3],
  11: [4, 5, 5, 4, 2, 2, 2],
  12: [5, 2, 5],
  13: [4, 6, 4, 7],
  14: [2, 8, 3],
  15: [5, 5, 7, 4],
  16: [1, 5, 4, 3, 4],
  17: [2, 8, 2],
}
const requirements = Object.entries(asvs).flatMap(([chapter, sections]) =>
  sections.flatMap((count, i) => Array.from({ length: count }, (_, k) => `${chapter}.${i + 1}.${k + 1}`)),
)
const statuses = ['met', 'partly', 'not met', 'elsewhere', 'nothing to check']

const read = (path) => readFileSync(join(root, path), 'utf8')
const inGit = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root })
const files = inGit.toString().split('\0').filter(Boolean)
const { scripts } = JSON.parse(read('package.json'))

const documents = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(root, 'docs')).flatMap((name) => (name.endsWith('.md') ? [`docs/${name}`] : [])),
].map((path) => readMarkdown(path, read(path)))

const problems = [...documents.flatMap(checkNames), ...checkAsvs()]
for (const problem of problems) console.log(problem)
console.log(`${documents.length} documents, ${requirements.length} requirements: ${problems.length} problems`)
process.exitCode = problems.length === 0 ? 0 : 1

/** Paths and commands between backticks. */
function checkNames({ path, prose }) {
  return prose.flatMap((line, i) =>
    [...line.matchAll(/`([^`]+)`/g)]
      .flatMap(([, text]) => missing(text))
      .map((name) => `${path}:${i + 1}: there is no ${name}`),
  )
}

function missing(text) {
  const [, script] = /^npm (?:run )?([a-z][a-z0-9:]*)/.exec(text) ?? []
  const known = script === undefined || script in scripts || ['ci', 'install', 'test'].includes(script)
  const paths = text.match(/(?<![\w.@/:*>-])[\w.][\w.-]*(?:\/[\w.*-]+)*\.(?:ts|mjs|cjs|py|sh|json)\b(?!\.)/g) ?? []
  return [
    ...(known ? [] : [`script ${script}`]),
    ...paths.filter((name) => !isThere(name)).map((name) => `file ${name}`),
  ]
}

/** A path from the root, or the end of one: `codec.ts`, `protocol/src/codec.ts`; `*` stands for anything but a slash. */
function isThere(name) {
  const end = new RegExp(`(^|/)${name.replaceAll('.', '\\.').replaceAll('*', '[^/]*')}$`)
  return files.some((file) => end.test(file))
}

function checkAsvs() {
  const path = 'docs/asvs.md'
  const rows = [...read(path).matchAll(/^\| (V?\d[^|]*?) \| [^|]* \| [^|]* \| ([^|]*) \| (.*) \|$/gm)].map(
    ([, ids, status, why]) => ({ ids, requirements: ids.split(', ').flatMap(named), status, why }),
  )
  const listed = rows.flatMap((row) => row.requirements)
  const total = (status) =>
    rows.filter((row) => row.status === status).reduce((sum, row) => sum + row.requirements.length, 0)
  return [
    ...requirements.filter((id) => !listed.includes(id)).map((id) => `${path}: ${id} is missing`),
    ...listed.filter((id, i) => listed.indexOf(id) !== i).map((id) => `${path}: ${id} stands there twice`),
    ...listed.filter((id) => !requirements.includes(id)).map((id) => `${path}: ASVS has no ${id}`),
    ...rows.flatMap(({ ids, status, why }) => {
      if (!statuses.includes(status)) return [`${path}: ${ids} is "${status}"`]
      const bare = ['met', 'partly'].includes(status) && !/\]\((?!https:)/.test(why)
      return bare ? [`${path}: ${ids} is ${status}, and names nothing that shows it`] : []
    }),
    ...statuses.flatMap((status) => {
      const [, said] = new RegExp(`^\\| ${status} \\|(?: \\d+ \\|){3} (\\d+) \\|$`, 'm').exec(read(path)) ?? []
      return Number(said) === total(status) ? [] : [`${path}: ${total(status)} are ${status}, not ${said}`]
    }),
  ]
}

/** The requirements that `1.2.3`, `1.2.3–5`, `1.2` or `V1` means. */
function named(text) {
  const [, section, from, to] = /^(\d+\.\d+)\.(\d+)–(\d+)$/.exec(text) ?? []
  if (section) return Array.from({ length: to - from + 1 }, (_, k) => `${section}.${Number(from) + k}`)
  if (/^\d+\.\d+\.\d+$/.test(text)) return [text]
  const under = `${text.replace(/^V/, '')}.`
  const found = requirements.filter((id) => id.startsWith(under))
  return found.length > 0 ? found : [text]
}
