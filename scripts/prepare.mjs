// Makes a fresh clone ready: checks Node, installs the locked packages where they are missing or differ, builds.
// Every top-level command starts with it. It is idempotent, takes about a second when there is nothing to do, and says
// nothing unless it has to install or something fails.

import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root, run } from './run.mjs'

const OLDEST_NODE = [20, 19]

/** Throws with an explanation that needs no stack. */
export async function prepare() {
  checkNode()
  if (!isInstalled()) await install()
  const build = await run('turbo', ['run', 'build', '--output-logs=errors-only'], { quiet: true })
  if (!build.ok) throw new Error(`the build failed\n\n${build.output}`)
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return
  throw new Error(`Sealchart needs Node ${OLDEST_NODE.join('.')} or newer; this is Node ${process.versions.node}`)
}

/** Whether node_modules holds exactly the versions of package-lock.json (times of files say nothing after a checkout). */
function isInstalled() {
  const installed = packagesIn(join(root, 'node_modules', '.package-lock.json'))
  if (!installed) return false
  return Object.entries(packagesIn(join(root, 'package-lock.json'))).every(([path, wanted]) => {
    if (!path.includes('node_modules/')) return true
    const found = installed[path]
    if (!found) return wanted.optional === true || wanted.peer === true
    return found.link === wanted.link && found.version === wanted.version
  })
}

function packagesIn(lockFile) {
  return existsSync(lockFile) ? JSON.parse(readFileSync(lockFile, 'utf8')).packages : undefined
}

async function install() {
  const cached = cachedSqlite()
  const hit = existsSync(cached.file)
  console.error(`installing packages${hit ? '' : ' (SQLite may have to be compiled: about two minutes, once)'} …`)
  // prebuild-install, which better-sqlite3 installs itself with, takes a binary from this folder before it tries anything else.
  const env = hit ? { npm_config_better_sqlite3_local_prebuilds: cached.folder } : {}
  const { ok, output } = await run('npm', ['ci', '--no-audit', '--no-fund'], { quiet: true, env })
  if (!ok) throw new Error(`npm ci failed\n\n${output}`)
  if (!hit) await saveSqlite(cached)
}

/** Where the compiled better-sqlite3 of this version, Node ABI and platform is kept between clones, named as prebuild-install expects. */
function cachedSqlite() {
  const { version } = packagesIn(join(root, 'package-lock.json'))['node_modules/better-sqlite3']
  const { platform, arch, versions } = process
  const musl = platform === 'linux' && !process.report.getReport().header.glibcVersionRuntime ? 'musl' : ''
  const folder = process.env.SEALCHART_SQLITE_CACHE || join(homedir(), '.cache', 'sealchart')
  return {
    folder,
    file: join(folder, `better-sqlite3-v${version}-node-v${versions.modules}-${platform}${musl}-${arch}.tar.gz`),
  }
}

/** Keeps the binary after a compile; a cache that cannot be written costs time, not correctness. */
async function saveSqlite({ folder, file }) {
  const compiled = join(root, 'node_modules', 'better-sqlite3')
  const binary = 'build/Release/better_sqlite3.node'
  if (!existsSync(join(compiled, binary)) || !existsSync(join(compiled, 'build', 'config.gypi'))) return
  const packed = join(root, 'node_modules', '.cache', 'better-sqlite3.tar.gz')
  try {
    mkdirSync(join(root, 'node_modules', '.cache'), { recursive: true })
    mkdirSync(folder, { recursive: true })
    const { ok } = await run('tar', ['-czf', packed, '-C', compiled, binary], { quiet: true })
    if (!ok) return
    copyFileSync(packed, `${file}.${process.pid}`)
    renameSync(`${file}.${process.pid}`, file)
  } catch (error) {
    console.error(`(the compiled SQLite was not kept: ${error.message})`)
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    await prepare()
  } catch (error) {
    console.error(error.message)
    process.exitCode = 1
  }
}
