// The worked examples in the chapters of docs/spec are what the code computes: every program in docs/spec/examples runs once, with
// --check. A chapter with examples has the program of its name, and a program has its chapter.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, run } from './run.mjs'

const spec = join(root, 'docs', 'spec')
const SHARED = 'lib.mjs'

const programs = readdirSync(join(spec, 'examples')).filter((name) => name.endsWith('.mjs') && name !== SHARED)
const chapters = readdirSync(spec).filter((name) => name.endsWith('.md'))
const problems = []

for (const chapter of chapters) {
  const marked = (readFileSync(join(spec, chapter), 'utf8').match(/^<!-- example:/gm) ?? []).length
  const program = chapter.replace(/\.md$/, '.mjs')
  if (marked > 0 && !programs.includes(program)) problems.push(`${chapter} has examples that no program computes`)
}

for (const program of programs) {
  const chapter = program.replace(/\.mjs$/, '.md')
  const { ok, output } = await run('node', [join('docs', 'spec', 'examples', program), '--check'], { quiet: true })
  const checked = new RegExp(`^${chapter.replace('.', '\\.')}: ([1-9][0-9]*) examples checked$`, 'm').exec(output)
  if (!ok || checked === null) problems.push(`${program}:\n${output.trimEnd()}`)
  else console.log(checked[0])
}

if (programs.length === 0) problems.push('there are no programs: nothing was checked')
for (const problem of problems) console.error(problem)
process.exitCode = problems.length === 0 ? 0 : 1
