// Completes package-lock.json with the optional platform packages that npm left out.
//
// A registry mirror that does not carry the newest builds for other systems makes `npm install` drop them from the lock
// without a word, and `npm ci` then refuses that lock ("Missing: … from lock file"). Each dropped package is named, with
// an exact version, by the package that offers it, and its name says its system; that is all an optional entry needs.
// Integrity hashes are not added: only a registry could supply them. No entry that npm wrote is touched.

import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const SYSTEMS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32']
const PROCESSORS = ['arm64', 'arm', 'x64', 'ia32', 'ppc64', 'riscv64', 's390x', 'loong64', 'wasm32', 'mips64el']
const SPELLINGS = [
  [/windows/, 'win32'],
  [/linuxmusl/, 'linux-musl'],
  [/(linux|darwin|win32|freebsd|openbsd|netbsd|android)-64$/, '$1-x64'],
  [/armv[67]l?/, 'arm'],
  [/(gnu|musl)eabihf/, '$1'],
]

/** What a package name such as `@biomejs/cli-linux-arm64-musl` says about where it runs; null when it says nothing. */
function platformOf(name) {
  const plain = SPELLINGS.reduce((text, [from, to]) => text.replace(from, to), name)
  const words = plain.split(/[/-]/)
  const os = SYSTEMS.find((system) => words.includes(system))
  if (!os) return null
  const cpu = PROCESSORS.find((processor) => words.includes(processor))
  const libc =
    os !== 'linux' ? undefined : words.includes('musl') ? 'musl' : words.includes('gnu') ? 'glibc' : undefined
  return { os: [os], cpu: cpu && [cpu], libc: libc && [libc] }
}

/** Where Node looks for `name` from the package at `at` (a lock path; '' is the root). */
function placesFor(name, at) {
  const above = at
    .split('/node_modules/')
    .map((_, depth, folders) => folders.slice(0, depth + 1).join('/node_modules/'))
  return ['', ...above].map((folder) => (folder === '' ? '' : `${folder}/`) + `node_modules/${name}`)
}

/** The entries that are offered as optional dependencies but stand nowhere in the lock. */
function missingFrom(packages) {
  const missing = new Map()
  for (const [at, offering] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(offering.optionalDependencies ?? {})) {
      const platform = platformOf(name)
      const known = placesFor(name, at).some((place) => place in packages)
      if (known || !platform || !/^\d/.test(version)) continue
      // Keys in npm's order; those without a value are left out when the lock is written.
      const { cpu, libc, os } = platform
      missing.set(`node_modules/${name}`, { version, cpu, dev: offering.dev, libc, optional: true, os })
    }
  }
  return missing
}

const path = fileURLToPath(new URL('../package-lock.json', import.meta.url))
const lock = JSON.parse(readFileSync(path, 'utf8'))
const missing = missingFrom(lock.packages)
const entries = [...Object.entries(lock.packages), ...missing].sort(([left], [right]) => (left < right ? -1 : 1))
writeFileSync(path, `${JSON.stringify({ ...lock, packages: Object.fromEntries(entries) }, null, 2)}\n`)
console.log(`package-lock.json: ${missing.size} optional platform packages added`)
