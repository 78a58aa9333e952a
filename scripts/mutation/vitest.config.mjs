// The tests of one package as mutation testing runs them: the package's own configuration, its sources with every mutant in them, and
// runner.mjs in place of vitest's. What to do comes in MUTATION, the path of a file that scripts/mutation.mjs writes.
import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { mutantsOf, withMutants } from './mutators.mjs'

const job = JSON.parse(readFileSync(process.env.MUTATION, 'utf8'))
const { default: own } = await import(pathToFileURL(`${job.root}/vitest.config.mjs`))

const mutants = {
  name: 'mutants',
  enforce: 'pre',
  transform(source, id) {
    const first = job.first[relative(job.root, id)]
    if (first === undefined) return null
    return { code: withMutants(source, mutantsOf(source, relative(job.root, id)), first), map: null }
  },
}

export default {
  ...own,
  plugins: [mutants],
  test: {
    ...own.test,
    include: job.tests,
    runner: new URL('runner.mjs', import.meta.url).pathname,
    reporters: ['default'],
    coverage: { enabled: false },
    maxWorkers: 1,
    fileParallelism: false,
    // Repetitions are timed by the runner.
    testTimeout: 600_000,
    hookTimeout: 60_000,
  },
}
