// Makes all test vectors, their sums, and the accumulated hashes:  npm run vectors [-- --check]
// With --check nothing is written, and the program fails where a file would change, is missing, or is one too many.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { accumulated } from './accumulated.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const areas = [
  'codec',
  'contexts',
  'entries',
  'log',
  'rules',
  'wraps',
  'manifests',
  'headers',
  'devices',
  'floe',
  'hpke',
  'vault',
  'requests',
]
/** At least so many files, and at least so many of a hundred that must be refused. */
const LEAST = { files: 400, refusals: 60 }

const text = (value) => `${JSON.stringify(value, null, 2)}\n`

/** Path → content of everything that is made. */
async function make() {
  const made = new Map()
  let refusals = 0
  const named = (name) => JSON.parse(made.get(`rules/${name}.json`))
  for (const area of areas) {
    const { default: generate } = await import(`./${area}.mjs`)
    const files = await generate(named)
    for (const [name, vector] of files) made.set(`${area}/${name}.json`, text(vector))
    const negative = [...files.values()].filter(({ expect }) => expect !== undefined).length
    refusals += negative
    console.log(`${area.padEnd(12)} ${String(files.size).padStart(4)} files, ${String(negative).padStart(4)} refused`)
  }
  const share = (100 * refusals) / made.size
  console.log(
    `${'all'.padEnd(12)} ${String(made.size).padStart(4)} files, ${String(refusals).padStart(4)} refused (${share.toFixed(0)} %)`,
  )
  if (made.size < LEAST.files || share < LEAST.refusals) throw new Error('too few vectors, or too few that are refused')
  made.set('accumulated.json', text(await accumulated()))
  const sum = (content) => createHash('sha256').update(content).digest('hex')
  made.set(
    'SHA256SUMS',
    [...made]
      .map(([path, content]) => `${sum(content)}  ${path}\n`)
      .sort((a, b) => (a.slice(66) < b.slice(66) ? -1 : 1))
      .join(''),
  )
  return made
}

/** Files that are there and that nobody makes. */
const leftOver = (made) =>
  areas
    .flatMap((area) =>
      existsSync(join(root, area)) ? readdirSync(join(root, area)).map((name) => `${area}/${name}`) : [],
    )
    .filter((path) => !made.has(path))

const made = await make()
const differ = [...made].filter(([path, content]) => {
  const full = join(root, path)
  return !existsSync(full) || readFileSync(full, 'utf8') !== content
})
const over = leftOver(made)
if (process.argv.includes('--check')) {
  for (const [path] of differ) console.log(`${path}: not what the generators make`)
  for (const path of over) console.log(`${path}: nothing makes it`)
  if (differ.length + over.length > 0) process.exitCode = 1
} else {
  for (const path of over) rmSync(join(root, path))
  for (const [path, content] of differ) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), content)
  }
  console.log(`${differ.length} written, ${over.length} removed`)
}
