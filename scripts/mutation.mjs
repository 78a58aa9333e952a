// Mutation testing: `node scripts/mutation.mjs [package…] [--seconds N] [--fresh]`. One small change at a time in the sources of `protocol`
// and `crypto`, and the tests of that package must fail. What is changed stands in mutation/mutators.mjs, what is not in
// mutation/config.mjs, how the tests are repeated in mutation/runner.mjs. Results are kept in .mutation: a second run goes on
// where the first stopped (after `--seconds`), and tries again only what a change of sources or tests can have changed.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { packages } from './mutation/config.mjs'
import { mutantsOf } from './mutation/mutators.mjs'
import { print } from './mutation/report.mjs'
import { root } from './run.mjs'

const AT_ONCE = 2
/** ms of processor. Tests that take no longer come first, while most mutants are alive; slower ones last. */
const QUICK = 40
/** How many files are loaded again for a mutant of what is made at loading. */
const LOADS = 3
/** ms without a word from a run, after which what it was at counts as killed. */
const SILENCE = 120_000
const reports = join(root, '.mutation')

const hash = (...texts) => createHash('sha256').update(texts.join('\0')).digest('hex').slice(0, 16)
const list = (folder, pattern) =>
  readdirSync(folder, { recursive: true })
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => pattern.test(name))
    .toSorted((a, b) => (a < b ? -1 : 1))

/** The mutants of a package, numbered from 1, and its test files with a digest each. */
function read(name) {
  const folder = join(root, 'packages', name)
  const paths = list(join(folder, 'src'), /\.ts$/).map((path) => `src/${path}`)
  const sources = paths.filter((path) => !packages[name].without.includes(path))
  const first = {}
  const mutants = []
  for (const path of sources) {
    const source = readFileSync(join(folder, path), 'utf8')
    first[path] = mutants.length + 1
    for (const mutant of mutantsOf(source, path)) {
      const { start, end, statement, replacement } = mutant
      const key = hash(path, source, `${start} ${end} ${statement}`, replacement)
      mutants.push({ ...mutant, n: mutants.length + 1, key })
    }
  }
  const all = list(join(folder, 'test'), /\.m?ts$/)
  const digestOf = (path) => hash(readFileSync(join(folder, 'test', path), 'utf8'))
  const support = hash(...all.filter((path) => !path.endsWith('.test.ts')).map(digestOf))
  const tests = Object.fromEntries(
    all.filter((path) => path.endsWith('.test.ts')).map((path) => [`test/${path}`, hash(digestOf(path), support)]),
  )
  return { name, folder, first, mutants, tests, digest: hash(...mutants.map(({ key }) => key)) }
}

/** What earlier runs found, as far as it still holds. */
function recall(work) {
  const path = join(reports, `${work.name}.json`)
  const kept = existsSync(path) && !values.fresh ? JSON.parse(readFileSync(path, 'utf8')) : { kills: {}, tests: {} }
  const keys = new Set(work.mutants.map(({ key }) => key))
  const kills = Object.entries(kept.kills).filter(
    ([key, { file, digest }]) => keys.has(key) && work.tests[file] === digest,
  )
  const tests = Object.entries(kept.tests).filter(
    ([file, { digest, sources }]) => work.tests[file] === digest && sources === work.digest,
  )
  const known = { kills: Object.fromEntries(kills), tests: Object.fromEntries(tests) }
  for (const [file, digest] of Object.entries(work.tests))
    known.tests[file] ??= { digest, sources: work.digest, load: [], reaches: {}, done: [], single: [], loaded: [] }
  return { known, save: () => writeFileSync(path, JSON.stringify(known)) }
}

const { values, positionals } = parseArgs({
  options: { seconds: { type: 'string' }, fresh: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const until = values.seconds === undefined ? Number.MAX_SAFE_INTEGER : Date.now() + 1000 * Number(values.seconds)
const isOver = () => Date.now() > until

/** Ends a run and the workers that it started. */
function stop(pid) {
  try {
    process.kill(0 - pid, 'SIGKILL')
  } catch (error) {
    // It ended by itself in the meantime.
    if (error.code !== 'ESRCH') throw error
  }
}

let jobs = 0
/** One vitest, on one test file. Resolves with whether its tests passed; every line that its runner says goes to `hear`. */
function runTests(work, file, job, hear) {
  const path = join(reports, `job-${process.pid}-${++jobs}.json`)
  const log = path.replace('.json', '.log')
  const { folder, first } = work
  writeFileSync(path, JSON.stringify({ root: folder, first, tests: [file], log, until, ...job }))
  writeFileSync(log, '')
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
  const config = join(root, 'scripts', 'mutation', 'vitest.config.mjs')
  const child = spawn(process.execPath, [vitest, 'run', '--root', folder, '--config', config, '--bail', '1'], {
    env: { ...process.env, MUTATION: path },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  let heard = 0
  let spoke = Date.now()
  let looked = Date.now()
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text))
  const listen = () => {
    const lines = readFileSync(log, 'utf8').split('\n').slice(0, -1)
    // A machine that was stopped in between is no mutant's doing.
    if (lines.length > heard || Date.now() - looked > 10_000) spoke = Date.now()
    looked = Date.now()
    for (const line of lines.slice(heard)) hear(JSON.parse(line))
    heard = lines.length
    if (Date.now() - spoke > SILENCE && child.exitCode === null && child.signalCode === null) stop(child.pid)
  }
  const watch = setInterval(listen, 1000)
  return new Promise((resolve) => {
    child.once('close', (code) => {
      clearInterval(watch)
      listen()
      rmSync(path)
      rmSync(log)
      resolve({ ok: code === 0, output })
    })
  })
}

/** Repeats the tests of one file for the mutants that they reach, until every test is done. */
async function repeat(work, { known, save }, file, slow) {
  const one = known.tests[file]
  const alive = () => work.mutants.filter(({ key }) => !known.kills[key]).map(({ n }) => n)
  const kill = (n, by, why) => {
    known.kills[work.mutants[n - 1].key] = { file, digest: one.digest, by, why }
  }
  for (let ended = false; !ended && !isOver(); save()) {
    let at = null
    let spoilt = false
    const { output } = await runTests(work, file, { slow, alive: alive(), done: one.done, load: [] }, (said) => {
      if (said.load) one.load = said.load
      if (said.test) one.reaches[said.test] = said
      if (said.start) at = said.start
      if (said.killed) kill(said.killed, said.by, said.why)
      if (said.killed || said.done) at = null
      if (said.spoilt) spoilt = true
      if (said.done) one.done.push(said.done)
      if (said.done && !said.repeats) one.single.push(said.done)
    })
    const failed = / FAIL /.test(output)
    if (failed) throw new Error(`${file} does not pass as it is:\n${output}`)
    const lost = at !== null && !/Test Files/.test(output)
    if (lost) kill(at, file, 'the run ended')
    ended = !spoilt && !lost
    if (ended && !isOver()) one.rounds = [...(one.rounds ?? []), slow]
  }
}

/** Mutants of what is made when modules are loaded: the tests of a file, loaded again for each of them. */
async function load(work, { known, save }, file, mutants) {
  const one = known.tests[file]
  const kill = (n, why) => {
    known.kills[work.mutants[n - 1].key] = { file, digest: one.digest, by: 'loading', why }
  }
  for (let left = mutants; left.length > 0 && !isOver(); save()) {
    let at = null
    await runTests(work, file, { slow: 0, alive: [], done: [], load: left }, (said) => {
      if (said.start) at = said.start
      if (said.killed) kill(said.killed, said.why)
      if (said.loaded) one.loaded.push(work.mutants[said.loaded - 1].key)
      if (said.killed || said.loaded) at = null
    })
    if (at !== null) kill(at, 'the run ended')
    const tried = new Set(one.loaded)
    const rest = left.filter((n) => !known.kills[work.mutants[n - 1].key] && !tried.has(work.mutants[n - 1].key))
    if (rest.length === left.length && !isOver()) throw new Error(`${file} cannot be loaded again`)
    left = rest
  }
}

async function each(items, call) {
  const left = [...items]
  const take = async () => {
    while (left.length > 0 && !isOver()) await call(left.shift())
  }
  await Promise.all(Array.from({ length: AT_ONCE }, take))
}

async function mutate(name) {
  const work = read(name)
  const store = recall(work)
  const { tests } = store.known
  const round = async (slow) => {
    const files = Object.keys(tests).filter((file) => !tests[file].rounds?.includes(slow))
    await each(files, (file) => repeat(work, store, file, slow))
  }
  await round(QUICK)
  // One file after the other, so that a mutant that the first kills costs no more.
  for (let turn = 0; turn < LOADS && !isOver(); turn++) {
    const groups = loadedMutants(work, store.known, turn)
    await each(groups, ([file, mutants]) => load(work, store, file, mutants))
  }
  await round(Number.MAX_SAFE_INTEGER)
  store.save()
  print(work, store.known, join(reports, `${name}.md`), LOADS)
}

/**
 * Mutants that are alive and were reached while a test file was loaded: each with the file whose turn it is. First the one that is named
 * like the source, then those that load the least.
 */
function loadedMutants(work, { kills, tests }, turn) {
  const files = Object.entries(tests)
    .map(([file, { load: pairs, loaded }]) => ({
      file,
      loaded,
      places: pairs.flatMap((n, i) => (i % 2 ? [] : [[n, pairs[i + 1]]])),
    }))
    .sort((a, b) => a.places.length - b.places.length)
  const groups = new Map()
  for (const { n, key, path } of work.mutants) {
    if (kills[key]) continue
    const own = path.replace('src/', 'test/').replace('.ts', '.test.ts')
    const those = files.filter(({ places }) => places.some(([first, end]) => n >= first && n < end))
    const { file, loaded } = those.toSorted((a, b) => (b.file === own) - (a.file === own))[turn] ?? {}
    if (file !== undefined && !loaded.includes(key)) groups.set(file, [...(groups.get(file) ?? []), n])
  }
  return [...groups]
}

mkdirSync(reports, { recursive: true })
for (const name of positionals.length > 0 ? positionals : Object.keys(packages)) await mutate(name)
