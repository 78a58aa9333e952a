// Completes package-lock.json with the optional platform packages that npm left out.
//
// A registry mirror that does not carry the newest builds for other systems makes `npm install` drop them from the lock
// without a word, and `npm ci` then refuses that lock ("Missing: … from lock file"). Each dropped package is named, with
// an exact version, by the package that offers it, and its name says its system; that is all an optional entry needs.
// Integrity hashes are not added: only the registry could supply them, and no entry that has one is touched.

import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const SYSTEMS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32']
const PROCESSORS = ['arm64', 'arm', 'x64', 'ia32', 'ppc64', 'riscv64', 's390x', 'loong64', 'wasm32', 'mips64el']
const RENAMED = { windows: 'win32', linuxmusl: 'linux-musl', 64: 'x64', armv7: 'arm', gnueabihf: 'gnu', musleabihf: 'musl' }

/** What a package name such as `@biomejs/cli-linux-arm64-musl` says about where it runs; null when it says nothing. */
function platformOf(name) {
  const words = name.split(/[/-]/).flatMap(word => (RENAMED[word] ?? word).split('-'))
  const os = SYSTEMS.find(system => words.includes(system))
  if (!os) return null
  const cpu = PROCESSORS.find(processor => words.includes(processor))
  const libc = os !== 'linux' ? undefined : words.includes('musl') ? 'musl' : words.includes('gnu') ? 'glibc' : undefined
  return { os: [os], ...(cpu && { cpu: [cpu] }), ...(libc && { libc: [libc] }) }
}

/** The places where Node would look for `name` from the package at `at`, nearest first. */
function* placesFor(name, at) {
  for (let directory = at; ; directory = directory.slice(0, directory.lastIndexOf('/node_modules/'))) {
    yield directory === '' ? `node_modules/${name}` : `${directory}/node_modules/${name}`
    if (directory === '') return
    if (!directory.includes('/node_modules/')) directory = '/node_modules/'
  }
}

function complete(packages) {
  const added = []
  for (const [at, offering] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(offering.optionalDependencies ?? {})) {
      const known = [...placesFor(name, at)].some(place => place in packages || place in Object.fromEntries(added))
      const platform = platformOf(name)
      if (known || !platform || !/^\d/.test(version)) continue
      added.push([`node_modules/${name}`, { version, ...platform, ...(offering.dev && { dev: true }), optional: true }])
    }
  }
  return added
}

const path = fileURLToPath(new URL('../package-lock.json', import.meta.url))
const lock = JSON.parse(readFileSync(path, 'utf8'))
const added = complete(lock.packages)
const byPath = ([left], [right]) => (left < right ? -1 : 1)
lock.packages = Object.fromEntries([...Object.entries(lock.packages), ...added].sort(byPath))
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`)
console.log(`package-lock.json: ${added.length} optional platform packages added`)
