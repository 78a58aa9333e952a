// The packages as whoever installs them gets them: packed, installed into an empty folder without optional dependencies (so without
// anything native), imported as ESM and by require(), compiled against under both ways of resolving, the relay started by its name.
// Third-party packages come from npm's cache, and from the registry where the cache has none.

import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { root } from './run.mjs'
import { packAll } from './tarballs.mjs'
import { packages } from './verify.mjs'

const windows = process.platform === 'win32'
const manifests = packages.map((path) => JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8')))
const names = manifests.map(({ name }) => name)
const folder = mkdtempSync(join(tmpdir(), 'sealchart-packages-'))
const problems = []
try {
  const tarballs = await pack()
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
  const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--omit=optional', '--prefer-offline']
  await run('npm', ['install', ...quiet, ...tarballs])
  if (existsSync(join(folder, 'node_modules', 'better-sqlite3'))) problems.push('better-sqlite3 was installed')
  const checks = await Promise.allSettled([checkModules(), checkTypes(), checkRelay()])
  problems.push(...checks.flatMap(({ reason }) => reason?.message ?? []))
} catch (error) {
  problems.push(error.message)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
for (const problem of problems) console.log(problem)
console.log(`${names.length} packages: ${problems.length} problems`)
process.exitCode = problems.length === 0 ? 0 : 1

/** Packs all packages; answers the tarballs' paths, which hold README and licence beside what is built. */
async function pack() {
  const packed = await packAll(folder)
  for (const { name, paths } of packed) {
    for (const path of ['README.md', 'LICENSE', 'dist/index.js', 'dist/index.d.ts', 'src/index.ts']) {
      if (!paths.includes(path)) problems.push(`${name}: ${path} is not packed`)
    }
    const stray = paths.filter((path) => /(^|\/)(test|node_modules)\/|\.tsbuildinfo$/.test(path))
    if (stray.length > 0) problems.push(`${name}: packs ${stray.join(', ')}`)
  }
  return packed.map(({ tarball }) => tarball)
}

/** A network that stands, works and ends, in either kind of module; package.json can be read; nothing else than the entry can be imported. */
async function checkModules() {
  const works = `
    const net = await testNetwork({ clinic: ['chan'], hospital: ['lee'] })
    const sections = { letter: { name: 'letter.txt', data: new TextEncoder().encode('No stenosis.') } }
    const share = [{ with: net.person('lee'), sections: ['letter'], reason: 'referral' }]
    const { id } = await net.chart('chan').records.create({ ref: 'visit-1', title: 'CT', sections, share })
    const opened = await net.chart('lee').records.open(id, { purpose: 'treatment' })
    const [file] = opened.files('letter')
    if (!(net.chart('chan') instanceof Sealchart)) throw new Error('two copies of the SDK')
    if (new TextDecoder().decode(await file.bytes()) !== 'No stenosis.') throw new Error('another content')
    await net.close()`
  const others = names.map(
    (name) => `
    if (Object.keys(await import('${name}')).length === 0) throw new Error('${name} exports nothing')
    if (require('${name}/package.json').name !== '${name}') throw new Error('${name}/package.json')
    await import('${name}/dist/index.js').then(() => { throw new Error('${name} can be entered sideways') }, () => undefined)`,
  )
  const sdk = '@sealchart/client-sdk'
  await runFile(
    'works.mjs',
    `import { createRequire } from 'node:module'
    import { Sealchart } from '${sdk}'
    import { testNetwork } from '@sealchart/testing'
    const require = createRequire(import.meta.url)
    ${works}
    ${others.join('')}`,
  )
  await runFile(
    'works.cjs',
    `const { Sealchart } = require('${sdk}')
    const { testNetwork } = require('@sealchart/testing')
    void (async () => {${works}})()`,
  )
}

async function runFile(name, source) {
  writeFileSync(join(folder, name), source)
  await run(process.execPath, ['--disable-warning=ExperimentalWarning', name])
}

/** What a vendor's compiler sees, declarations included: from ESM and CommonJS as Node resolves, and as bundlers do. */
async function checkTypes() {
  const source = `
    import { Sealchart, type ChartRecord } from '@sealchart/client-sdk'
    import { ready } from '@sealchart/protocol'
    import { systemRandom } from '@sealchart/crypto'
    import { testNetwork } from '@sealchart/testing'
    export const opened: Promise<Sealchart> = testNetwork({ clinic: ['chan'] }).then((net) => net.chart('chan'))
    export const title = (record: ChartRecord): string => record.card.title
    export const bytes: Uint8Array = systemRandom(32)
    export const loaded: Promise<void> = ready()
    // @ts-expect-error without this line the names above could all be any
    export const wrong: number = opened`
  for (const name of ['typed.mts', 'typed.cts']) writeFileSync(join(folder, name), source)
  await Promise.all([
    compile('nodenext', { module: 'nodenext', files: ['typed.mts', 'typed.cts'] }),
    compile('bundler', { module: 'esnext', files: ['typed.mts'] }),
  ])
}

async function compile(moduleResolution, { module, files }) {
  const lib = ['es2023', 'dom', 'dom.iterable', 'dom.asynciterable']
  // No skipLibCheck: our declarations are what is checked. No types of Node: a browser's program has none.
  const options = { noEmit: true, strict: true, target: 'es2023', lib, types: [], module, moduleResolution }
  const project = `tsconfig.${moduleResolution}.json`
  writeFileSync(join(folder, project), JSON.stringify({ compilerOptions: options, files }))
  await run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', project])
}

async function checkRelay() {
  const help = await run('npx', ['--no-install', 'sealchart-relay', '--help'])
  if (!help.includes('--data <dir>')) problems.push(`sealchart-relay --help answers: ${help}`)
}

/** Standard output of a command in the empty folder; throws with all output when it fails. */
async function run(command, args) {
  try {
    const shell = windows && command !== process.execPath
    return (await promisify(execFile)(command, args, { cwd: folder, shell, maxBuffer: 64 * 1024 * 1024 })).stdout
  } catch ({ stdout = '', stderr = '' }) {
    throw new Error(`${command} ${args.slice(0, 3).join(' ')} … failed\n${stdout}${stderr}`)
  }
}
