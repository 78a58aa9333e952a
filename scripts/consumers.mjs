// `npm run consumers`: the packed packages as strangers use them. The folders of scripts/consumers are copied to an empty folder elsewhere,
// get the tarballs from `npm pack` and their own dependencies, are built, and run: a CommonJS server with Express, pages built by Vite and
// by webpack in Chromium against that server, and a test under Jest. Each seals a record, shares it and opens it.
// Dependencies come from npm's cache, and from the registry where the cache has none; theirs are what npm finds newest that day.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { chromium } from 'playwright-core'
import { prepare } from './prepare.mjs'
import { root, run } from './run.mjs'
import { packAll } from './tarballs.mjs'

const LETTER = 'No stenosis.'
/** For one step; the installation may have to download. */
const SECONDS = 300
const CHROMIUM = process.env.SEALCHART_CHROMIUM || '/usr/bin/chromium'
const QUIET = [
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
const source = join(root, 'scripts', 'consumers')

await prepare()
const folder = mkdtempSync(join(tmpdir(), 'sealchart-consumers-'))
const results = []
try {
  await attempt('install', install)
  // Jest's own module system takes ES modules only with this flag.
  await attempt('jest', () => command('jest', ['test'], { NODE_OPTIONS: '--experimental-vm-modules' }))
  await attempt('vite build', () => command('vite', ['run', 'build']))
  await attempt('webpack build', () => command('webpack', ['run', 'build']))
  await withServer(async (address) => {
    await attempt('express', async () => expectLetter(await (await fetch(`${address}/shared-and-opened`)).text()))
    await withBrowser(async (browser) => {
      await attempt('vite in Chromium', () => openPage(browser, address, 'vite'))
      await attempt('webpack in Chromium', () => openPage(browser, address, 'webpack'))
    })
  })
} catch (error) {
  results.push({ name: 'consumers', error })
} finally {
  rmSync(folder, { recursive: true, force: true })
}
report()

/** One installation for all of them, with the tarballs and nothing of this repository above it. */
async function install() {
  const tarballs = await packAll(folder)
  cpSync(source, folder, { recursive: true })
  for (const name of ['vite', 'webpack']) cpSync(join(folder, 'page.js'), join(folder, name, 'page.js'))
  const dependencies = Object.fromEntries(tarballs.map(({ name, tarball }) => [name, `file:${tarball}`]))
  const workspaces = ['express', 'jest', 'vite', 'webpack']
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, workspaces, dependencies }))
  const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline']
  await command('.', ['install', ...quiet])
}

/** Runs npm in a consumer's folder. */
async function command(name, args, env = {}) {
  const { ok, output } = await run('npm', args, { quiet: true, cwd: join(folder, name), env, seconds: SECONDS })
  if (!ok) throw new Error(`npm ${args[0]} failed\n${output}`)
}

/** The vendor's server for as long as `use` takes. */
async function withServer(use) {
  const child = spawn(process.execPath, ['server.js', join(folder, 'vite'), join(folder, 'webpack')], {
    cwd: join(folder, 'express'),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`express: the server ended with ${code}`)
    })
    const [address] = await Promise.race([once(createInterface(child.stdout), 'line'), ended])
    // Its end is expected from here on.
    ended.catch(() => undefined)
    await use(address)
  } finally {
    child.kill()
  }
}

async function withBrowser(use) {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu', ...QUIET] })
  try {
    await use(browser)
  } finally {
    await browser.close()
  }
}

async function openPage(browser, address, name) {
  const page = await browser.newPage()
  const errors = []
  page.on('pageerror', (error) => errors.push(error.stack))
  page.on('response', (answer) => answer.status() >= 400 && errors.push(`${answer.status()} ${answer.url()}`))
  try {
    await page.goto(`${address}/${name}/?people=${name}`)
    await page.waitForSelector('body[data-opened], body[data-failed]', { state: 'attached', timeout: 60_000 })
    const failed = await page.getAttribute('body', 'data-failed')
    if (failed !== null || errors.length > 0) throw new Error([failed, ...errors].join('\n'))
    expectLetter(await page.getAttribute('body', 'data-opened'))
  } catch (error) {
    throw new Error([error.message, ...errors].join('\n'), { cause: error })
  } finally {
    await page.close()
  }
}

function expectLetter(text) {
  if (text !== LETTER) throw new Error(`another content: ${text}`)
}

async function attempt(name, use) {
  const started = Date.now()
  const error = await use().then(
    () => null,
    (cause) => cause,
  )
  results.push({ name, error })
  console.log(`${error ? 'FAILED' : 'ok    '} ${((Date.now() - started) / 1000).toFixed(1).padStart(6)} s  ${name}`)
}

/** What CI counts. */
function report() {
  const failed = results.filter(({ error }) => error !== null)
  for (const { name, error } of failed) console.log(`${name}: ${error.message}`)
  const counts = { passed: results.length - failed.length, failed: failed.length }
  mkdirSync(join(root, '.reports'), { recursive: true })
  writeFileSync(join(root, '.reports', 'consumers.json'), `${JSON.stringify(counts)}\n`)
  process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1
  console.log(`${counts.passed} passed, ${counts.failed} failed`)
}
