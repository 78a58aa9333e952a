// A vitest runner that runs each test once as it is, to see which mutants it reaches, and then once more for each of them: a test that
// fails now has killed that mutant. Nothing is loaded again in between, which makes a mutant as cheap as one call of one test. What
// is made while modules are loaded cannot be changed so: for the mutants in `job.load` everything is loaded again, with the mutant in it.
// It appends what it sees to the file `job.log`, a line of JSON each, so that whoever watches knows what a run that hangs hangs on.
import { appendFileSync, readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { startTests } from '@vitest/runner'
import { TestRunner, vi } from 'vitest'

const job = JSON.parse(readFileSync(process.env.MUTATION, 'utf8'))
/** Tests replace the clock. */
const { setTimeout, clearTimeout } = globalThis
const { now } = Date
const isOver = () => now() > job.until
const say = (line) => appendFileSync(job.log, `${JSON.stringify(line)}\n`)

const alive = new Set(job.alive)
const done = new Set(job.done)
/** The mutant that stands in for the original; 0: none. */
let active = 0
/** First numbers of the places that were reached, where they are noted. */
let reached = new Map()
let calls = 0
let most = Number.POSITIVE_INFINITY

class TooLong extends Error {}

globalThis.__mutation = {
  at(first, end) {
    calls++
    if (active === 0) reached.set(first, end)
    else if (calls > most) throw new TooLong('the mutant does not end')
    return active >= first && active < end
  },
  is: (n) => active === n,
}

// Properties draw the same cases each time, and stop at the first that fails: which one it is does not matter here.
globalThis[Symbol.for('fast-check/GlobalParameters')] = { seed: 1, endOnFailure: true }

async function within(ms, call) {
  let timer
  const late = new Promise((_, refuse) => {
    timer = setTimeout(() => refuse(new TooLong('no answer')), ms)
  })
  try {
    await Promise.race([call(), late])
  } finally {
    clearTimeout(timer)
  }
}

export default class MutationRunner extends TestRunner {
  /** A mutant has left something behind: what follows in this file says nothing any more. */
  #spoilt = false
  #hasTried = false
  #isLoaded = false

  async runTask(test) {
    const run = TestRunner.getTestFn(test)
    // Expectations count their calls (`expect.assertions`): each repetition counts anew.
    const once = async () => {
      this.onBeforeTryTask(test)
      await run()
      this.onAfterTryTask(test)
    }
    const name = [relative(job.root, test.file.filepath), ...namesOf(test)].join(' > ')
    // What was reached until now is only made once: it takes a fresh start with the mutant in it.
    if (job.load.length > 0) return
    if (!this.#isLoaded) say({ load: [...reached].flat() })
    this.#isLoaded = true
    if (this.#spoilt || isOver()) return
    // Later tests may stand on what it leaves behind.
    if (done.has(name)) return run()
    reached = new Map()
    calls = 0
    const started = process.cpuUsage()
    try {
      await run()
    } catch (error) {
      if (!this.#hasTried) throw error
      // Nothing failed when it was left behind: a fresh start goes on with this test.
      this.#spoilt = true
      return say({ spoilt: true })
    }
    const { user, system } = process.cpuUsage(started)
    const ms = (user + system) / 1000
    const [plain, places] = [calls, reached]
    const mine = [...places].flatMap(([first, end]) => Array.from({ length: end - first }, (_, i) => first + i))
    say({ test: name, ms: Math.round(10 * ms) / 10, reaches: [...places].flat() })
    const left = mine.filter((n) => alive.has(n))
    if (ms > job.slow) return
    const repeats = left.length > 0 && (await this.#holds(once))
    for (const n of repeats ? left : []) await this.#try(n, { name, once, ms, plain })
    if (!this.#spoilt && !isOver()) say({ done: name, repeats: left.length === 0 || repeats })
  }

  async onBeforeRunFiles(files) {
    for (const n of job.load) if (!isOver()) await this.#load(n, files[0].filepath)
  }

  /** Loads the file again with a mutant in all that is loaded, and runs its tests until one fails. */
  async #load(n, path) {
    const once = { failed: null }
    // Like this runner, but nobody is told of what it runs.
    const quiet = Object.assign(Object.create(this), {
      onTaskUpdate: undefined,
      onCollected: undefined,
      onBeforeRunFiles: undefined,
      async runTask(test) {
        if (once.failed) return
        await within(20_000, TestRunner.getTestFn(test)).catch((error) => {
          once.failed = error
        })
      },
    })
    say({ start: n })
    calls = 0
    most = 1e8
    active = n
    vi.resetModules()
    const [file] = await startTests([path], quiet)
    active = 0
    const error = once.failed ?? file.result?.errors?.[0] ?? file.tasks.find(({ result }) => result?.state === 'fail')
    say(error ? { killed: n, by: 'loading', why: whyOf(error) } : { loaded: n })
  }

  /** Whether the test passes as it is. */
  async #holds(once) {
    active = 0
    try {
      await within(60_000, once)
      return true
    } catch {
      return false
    }
  }

  async #try(n, { name, once, ms, plain }) {
    if (this.#spoilt || isOver()) return
    say({ start: n })
    this.#hasTried = true
    const why = await this.#killedBy(n, { once, ms, plain })
    if (why === null) return
    alive.delete(n)
    this.#spoilt = !(await this.#holds(once))
    say({ killed: n, by: name, why, spoilt: this.#spoilt })
  }

  async #killedBy(n, { once, ms, plain }) {
    calls = 0
    most = 20 * plain + 100_000
    active = n
    try {
      await within(5000 + 20 * ms, once)
      return null
    } catch (error) {
      return whyOf(error)
    } finally {
      active = 0
      most = Number.POSITIVE_INFINITY
    }
  }
}

const whyOf = (error) => (error instanceof TooLong ? 'time' : String(error?.message ?? error).slice(0, 200))

function namesOf(task) {
  return task.suite && task.suite.name !== '' ? [...namesOf(task.suite), task.name] : [task.name]
}
