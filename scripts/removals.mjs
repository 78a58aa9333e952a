// Shows that the test vectors bite: takes one check after the other out of the source, and each time a vector must disagree.
// --check only looks whether each text of the list stands in the source once, which every change of the source can end; verify does.
// node scripts/removals.mjs [name…] runs those of scripts/removals/list.mjs, two at a time. The packages are translated from src into a
// temporary folder, where the changed file is put in place of the sound one; the repository itself is not written to. It uses the
// vectors alone, whole and with one bit changed, as packages/testing/test/vectors.test.ts does; no test of a package is run.

import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { withOneBit } from '../test-vectors/operations/bits.mjs'
import { vectorsIn } from '../test-vectors/operations/files.mjs'
import { missed, removals } from './removals/list.mjs'
import { root, run } from './run.mjs'

const AT_ONCE = 2
/** For all vectors of one removal; without one they take some seconds. */
const SECONDS = 60
const PACKAGES = ['protocol', 'crypto']
const SAYS = 'vectors: '
const ALL_PASS = 'all pass'
/** What the sound packages refuse, and where: made once, before anything is removed. */
const REFUSALS = 'refusals.json'

// ——— inside the temporary folder: one pass over the vectors, in a process of its own

const say = (text) => console.log(`${SAYS}${text}`)

/** The places in the packages that a refusal came through, as `crypto/dist/floe.js:12`: the innermost first. */
const placesOf = ({ stack }) =>
  [...stack.matchAll(/packages\/([a-z]+\/dist\/[a-z0-9/-]+\.js:\d+)/g)].map(([, place]) => place)

/** Runs every vector of the sound packages: the first that disagrees, and for each refusal the places that it came through. */
async function runSound(dir) {
  Error.stackTraceLimit = 50
  const folder = join(dir, 'test-vectors')
  const { operations, verdict } = await import(pathToFileURL(join(folder, 'operations', 'index.mjs')).href)
  const named = (name) => JSON.parse(readFileSync(join(folder, 'rules', `${name}.json`), 'utf8'))
  const places = async ({ operation, inputs }) => {
    try {
      await operations[operation](inputs, named)
      return []
    } catch (error) {
      return placesOf(error)
    }
  }
  const refusals = []
  for (const { path, vector } of vectorsIn(folder)) {
    const { output, expect } = vector
    if (!isDeepStrictEqual(await verdict(vector), output === undefined ? { expect } : { output })) return say(path)
    const changed = withOneBit(vector, path)
    if (changed && isDeepStrictEqual(await verdict(changed), { output })) return say(`${path}, one bit changed`)
    refusals.push({ path, bit: false, places: output === undefined ? await places(vector) : [] })
    if (changed) refusals.push({ path, bit: true, places: await places(changed) })
  }
  writeFileSync(join(dir, REFUSALS), JSON.stringify(refusals))
  return say(ALL_PASS)
}

/**
 * What a removal may be seen by: refusals that came through the changed file, nearest to the changed line first; then whatever else the
 * removal's areas hold. A removal that is found is mostly found by the first.
 */
function candidates(dir, { built, line, areas }) {
  const all = JSON.parse(readFileSync(join(dir, REFUSALS), 'utf8'))
  const inFile = `${built.replace('packages/', '')}:`
  const distance = ({ places }) =>
    Math.min(...places.filter((one) => one.startsWith(inFile)).map((one) => Math.abs(one.slice(inFile.length) - line)))
  const near = all
    .map((item) => ({ ...item, distance: distance(item) }))
    .filter((item) => item.distance < Number.POSITIVE_INFINITY)
    .sort((one, other) => one.distance - other.distance)
  const paths = new Set(near.map(({ path, bit }) => `${path} ${bit}`))
  const others = all.filter(({ path, bit }) => areas.includes(path.split('/')[0]) && !paths.has(`${path} ${bit}`))
  return [...near, ...others]
}

/** Says the first vector that disagrees with a removal in place, or that all pass. */
async function runVectors(dir, removal) {
  const folder = join(dir, 'test-vectors')
  const { verdict } = await import(pathToFileURL(join(folder, 'operations', 'index.mjs')).href)
  for (const { path, bit } of candidates(dir, removal)) {
    const vector = JSON.parse(readFileSync(join(folder, path), 'utf8'))
    const { output, expect } = vector
    // What is thrown untyped is a disagreement too: no vector ends so.
    const said = await verdict(bit ? withOneBit(vector, path) : vector).catch((error) => ({ thrown: error.message }))
    const thrown = said.thrown === undefined ? '' : `, which throws: ${said.thrown}`
    if (bit && isDeepStrictEqual(said, { output })) return say(`${path}, one bit changed`)
    if (!bit && !isDeepStrictEqual(said, output === undefined ? { expect } : { output })) return say(`${path}${thrown}`)
  }
  return say(ALL_PASS)
}

// ——— the temporary folder

/** How the packages are translated. The compiler is loaded here alone: the processes that run vectors start without it. */
async function loadTranslator() {
  const { default: ts } = await import('typescript')
  const { config, error } = ts.readConfigFile(join(root, 'tsconfig.base.json'), ts.sys.readFile)
  if (error) throw new Error('tsconfig.base.json cannot be read')
  const { target, verbatimModuleSyntax } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root).options
  const compilerOptions = { target, verbatimModuleSyntax, module: ts.ModuleKind.ESNext }
  return (source, fileName) => {
    const { outputText, diagnostics } = ts.transpileModule(source, {
      compilerOptions,
      fileName,
      reportDiagnostics: true,
    })
    // A removal that leaves no program shows nothing.
    if (diagnostics.length > 0) throw new Error(ts.flattenDiagnosticMessageText(diagnostics[0].messageText, ' '))
    return outputText
  }
}

const builtFrom = (file) => file.replace('/src/', '/dist/').replace(/\.ts$/, '.js')

/** Everything in node_modules by a link, but the two packages, which lead to the copies: they are what is changed. */
function linkModules(dir) {
  const [from, to] = [join(root, 'node_modules'), join(dir, 'node_modules')]
  mkdirSync(join(to, '@sealchart'), { recursive: true })
  for (const name of readdirSync(from).filter((entry) => !entry.startsWith('.') && entry !== '@sealchart'))
    symlinkSync(realpathSync(join(from, name)), join(to, name), 'junction')
  for (const name of PACKAGES) symlinkSync(join(dir, 'packages', name), join(to, '@sealchart', name), 'junction')
}

/** The packages, translated from their source, and the vectors. */
function makeFolder(dir, translate) {
  for (const name of PACKAGES) {
    const folder = `packages/${name}`
    mkdirSync(join(dir, folder), { recursive: true })
    cpSync(join(root, folder, 'package.json'), join(dir, folder, 'package.json'))
    const sources = readdirSync(join(root, folder, 'src'), { recursive: true }).filter((file) => file.endsWith('.ts'))
    for (const source of sources) {
      const file = `${folder}/src/${source.replaceAll('\\', '/')}`
      const to = join(dir, builtFrom(file))
      mkdirSync(dirname(to), { recursive: true })
      writeFileSync(to, translate(readFileSync(join(root, file), 'utf8'), file))
    }
  }
  linkModules(dir)
  cpSync(join(root, 'test-vectors'), join(dir, 'test-vectors'), { recursive: true })
}

/** What the vectors say in a folder, with a removal in place or without one: the one that disagrees, or null. */
async function vectorsSay(dir, removal) {
  const args = [fileURLToPath(import.meta.url), '--vectors', dir, ...(removal ? [JSON.stringify(removal)] : [])]
  const { output } = await run(process.execPath, args, { quiet: true, seconds: SECONDS })
  const line = output.split('\n').find((one) => one.startsWith(SAYS))
  if (line === undefined) throw new Error(`the vectors did not run to an end:\n${output.trimEnd()}`)
  const said = line.slice(SAYS.length)
  return said === ALL_PASS ? null : said
}

// ——— removals

/** The file without the check. @throws unless `find` occurs exactly once. */
function without({ name, file, find, replace }) {
  const source = readFileSync(join(root, file), 'utf8')
  const times = source.split(find).length - 1
  if (times !== 1) throw new Error(`${name}: its text occurs ${times} times in ${file}, not once`)
  return source.replace(find, () => replace)
}

/** Problems of the list, before anything runs: a list that has fallen behind the source shows nothing. */
function problemsOf(list) {
  const names = list.map(({ name }) => name)
  const twice = names.filter((name, i) => names.indexOf(name) !== i).map((name) => `${name}: stands in the list twice`)
  return [
    ...twice,
    ...list.flatMap((removal) => {
      try {
        without(removal)
        return []
      } catch (error) {
        return [error.message]
      }
    }),
  ]
}

/** Removes one check, asks the vectors, and puts the sound file back. */
async function tryOne(dir, removal, translate) {
  const built = builtFrom(removal.file)
  const path = join(dir, built)
  const sound = readFileSync(path, 'utf8')
  const changed = translate(without(removal), removal.file)
  if (changed === sound) throw new Error('the program is the same without it')
  writeFileSync(path, changed)
  const lines = changed.split('\n')
  const line = 1 + sound.split('\n').findIndex((one, i) => one !== lines[i])
  try {
    return await vectorsSay(dir, { built, line, areas: removal.areas })
  } finally {
    writeFileSync(path, sound)
  }
}

/** Takes removals from the list until none is left, in one folder. */
async function work(dir, { list, results, translate }) {
  for (let next = list.shift(); next !== undefined; next = list.shift()) {
    const result = await tryOne(dir, next, translate).then(
      (vector) => ({ found: vector !== null, says: vector === null ? 'MISSED' : `found by ${vector}` }),
      (error) => ({ found: false, says: `MISSED: ${error.message}` }),
    )
    results.push(result)
    console.log(`${next.name}: ${result.says}`)
  }
}

async function runAll(chosen, dir) {
  const translate = await loadTranslator()
  const folders = Array.from({ length: AT_ONCE }, (_, i) => join(dir, String(i)))
  for (const folder of folders) makeFolder(folder, translate)
  const control = await vectorsSay(folders[0])
  if (control !== null) throw new Error(`without any removal, ${control} disagrees already`)
  for (const folder of folders.slice(1)) cpSync(join(folders[0], REFUSALS), join(folder, REFUSALS))
  const results = []
  const list = [...chosen]
  await Promise.all(folders.map((folder) => work(folder, { list, results, translate })))
  return results
}

async function main(words) {
  const names = words.filter((word) => word !== '--check')
  const problems = problemsOf([...removals, ...missed])
  const unknown = names.filter((name) => !removals.some((removal) => removal.name === name))
  problems.push(...unknown.map((name) => `${name}: not in the list`))
  if (problems.length > 0) throw new Error(problems.join('\n'))
  if (names.length < words.length) return console.log(`${removals.length} texts stand where they should`)
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'sealchart-removals-')))
  try {
    const chosen = removals.filter(({ name }) => names.length === 0 || names.includes(name))
    const results = await runAll(chosen, dir)
    const found = results.filter((result) => result.found).length
    if (missed.length > 0) console.log(`not run, because no vector can show them: ${missed.length}`)
    console.log(`${found} found, ${results.length - found} missed`)
    if (found !== chosen.length) process.exitCode = 1
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

try {
  const [first, dir, removal] = process.argv.slice(2)
  if (first !== '--vectors') await main(process.argv.slice(2))
  else if (removal === undefined) await runSound(dir)
  else await runVectors(dir, JSON.parse(removal))
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}
