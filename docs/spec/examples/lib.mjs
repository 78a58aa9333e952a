// What the worked examples of the chapters share. A program here computes its examples with the built packages and puts each
// between <!-- example:NAME --> and <!-- /example --> of its chapter:  node docs/spec/examples/encoding.mjs [--check]
// With --check nothing is written, and the program fails if the chapter says something else. Keys and nonces are fixed and public.
import { createPrivateKey, createPublicKey, sign } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const WIDTH = 96
const MARKED = /<!-- example:([a-z0-9-]+) -->\n[^]*?<!-- \/example -->/g

/** `length` bytes that count up from `first`: easy to type into another implementation. */
export const counting = (first, length = 32) => Uint8Array.from({ length }, (_, i) => (first + i) & 0xff)

export const hex = (bytes) => Buffer.from(bytes).toString('hex')

/** A code block of `name  value` lines; bytes in hexadecimal, long values broken at 48 bytes and continued below. */
export function values(rows) {
  const names = Object.keys(rows)
  const column = Math.max(...names.map((name) => name.length)) + 2
  const lines = names.flatMap((name) => {
    const text = rows[name] instanceof Uint8Array ? hex(rows[name]) : String(rows[name])
    const pieces =
      rows[name] instanceof Uint8Array
        ? (text.match(new RegExp(`.{1,${WIDTH}}`, 'g')) ?? ['(empty)'])
        : text.split('\n')
    return pieces.map((piece, i) => (i === 0 ? name.padEnd(column) : ' '.repeat(column)) + piece)
  })
  return ['```', ...lines, '```'].join('\n')
}

/** A Markdown table. */
export const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')

/** An Ed25519 key pair from its 32-byte seed, on Node's own implementation. */
export function ed25519(seed) {
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed])
  const secret = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  const publicKey = new Uint8Array(createPublicKey(secret).export({ format: 'der', type: 'spki' }).subarray(-32))
  return { publicKey, sign: (message) => new Uint8Array(sign(null, message, secret)) }
}

/** Writes the examples (name → text) into a chapter of docs/spec, or compares them if the program was called with --check. */
export function writeExamples(chapter, examples) {
  const path = fileURLToPath(new URL(`../${chapter}`, import.meta.url))
  const before = readFileSync(path, 'utf8')
  const used = new Set()
  const after = before.replaceAll(MARKED, (_, name) => {
    if (!(name in examples)) throw new Error(`${chapter}: no program makes the example "${name}"`)
    used.add(name)
    return `<!-- example:${name} -->\n${examples[name]}\n<!-- /example -->`
  })
  const unused = Object.keys(examples).filter((name) => !used.has(name))
  if (unused.length > 0) throw new Error(`${chapter}: no place for ${unused.join(', ')}`)
  if (!process.argv.includes('--check')) writeFileSync(path, after)
  else if (after !== before)
    throw new Error(`${chapter}: its examples are not what the code computes; run without --check`)
  console.log(`${chapter}: ${used.size} examples ${process.argv.includes('--check') ? 'checked' : 'written'}`)
}
