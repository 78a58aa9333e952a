// What a browser loads to read: `Reader` of @sealchart/client-sdk, bundled as a vendor's build does it, within a size, and without the
// modules that upload or share and without the relay. Names are those of the modules that the bundle has code of.
// The same list is held against a bundle of `Sealchart`, which must have them all: a module that is renamed cannot slip through.

import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { rolldown } from 'rolldown'
import { root } from './run.mjs'

/** Bytes, gzip. libsodium has about 151,000 of them. The aim is 190,000. */
const MOST = 204_500

/** Of packages/client-sdk: what only writing needs. */
const WRITING = [
  'cargo',
  'create',
  'grants',
  'journal',
  'outbox',
  'publish',
  'resume',
  'rotation',
  'sealer',
  'sources',
  'upload',
]

const reading = await bundle("export { Reader } from '@sealchart/client-sdk'")
const writing = await bundle("export { Sealchart } from '@sealchart/client-sdk'")
const sodium = await bundle("export { default } from 'libsodium-wrappers'")

const problems = []
if (reading.size > MOST) problems.push(`the read path has ${kB(reading.size)} gzip; at most ${kB(MOST)} are allowed`)
for (const name of WRITING) {
  const path = `packages/client-sdk/dist/${name}.js`
  if (reading.modules.includes(path)) problems.push(`the read path loads ${path}, which only writing needs`)
  if (!writing.modules.includes(path))
    problems.push(`${path} is in no bundle: scripts/check-bundle.mjs names it in vain`)
}
for (const path of reading.modules) {
  if (/^packages\/(relay|testing)\//.test(path)) problems.push(`the read path loads ${path}`)
}

for (const problem of problems) console.log(problem)
console.log(
  `read path ${kB(reading.size)} gzip (${kB(sodium.size)} of it libsodium), ${reading.modules.length} modules`,
)
console.log(`everything ${kB(writing.size)} gzip, ${writing.modules.length} modules: ${problems.length} problems`)
process.exitCode = problems.length === 0 ? 0 : 1

function kB(bytes) {
  return `${(bytes / 1000).toFixed(1)} kB`
}

/** What a page loads at once for a module of this source: its size, and the modules that it has code of, as paths from the root. */
async function bundle(source) {
  const entry = join(root, 'bundle-entry.mjs')
  const build = await rolldown({
    input: entry,
    platform: 'browser',
    plugins: [
      { name: 'entry', load: (id) => (id === entry ? source : null), resolveId: (id) => (id === entry ? id : null) },
    ],
  })
  const { output } = await build.generate({ format: 'es', minify: true })
  const byName = new Map(output.map((chunk) => [chunk.fileName, chunk]))
  const chunks = new Set()
  const take = (chunk) => {
    if (chunks.has(chunk)) return
    chunks.add(chunk)
    // Chunks that are imported dynamically are loaded when they are needed: libsodium's larger build, for a passphrase.
    for (const name of chunk.imports) take(byName.get(name))
  }
  take(output.find((chunk) => chunk.isEntry))
  const modules = [...chunks].flatMap((chunk) =>
    Object.entries(chunk.modules).flatMap(([id, { renderedLength }]) =>
      renderedLength > 0 ? [id.slice(root.length).replaceAll('\\', '/')] : [],
    ),
  )
  return { size: [...chunks].reduce((sum, { code }) => sum + gzipSync(code, { level: 9 }).length, 0), modules }
}
