// How fast files are sealed and opened, against a plain loop over node:crypto that does only what cannot be left out:
// AES-256-GCM and SHA-256 of every MiB. One thread first, then a pool of two workers against one thread.
//
//   node --expose-gc bench/seal.mjs [MiB] [rounds]
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { FILE, nameSegment, payloadLength, startOpening, startSealing, systemRandom } from '@sealchart/crypto'
import { compareWithAge } from './lib/age.mjs'
import { figure, interleave, machine, median, ratio, table, target } from './lib/measure.mjs'
import { runPool } from './lib/seal-pool.mjs'

const MIB = 2 ** 20
const size = Number(process.argv[2] ?? 256)
const rounds = Number(process.argv[3] ?? 5)
const key = randomBytes(32)
const aad = new TextEncoder().encode('bench')
const source = new Uint8Array(randomBytes(16 * MIB))

/** Every segment a different part of 16 MiB, so that the source does not sit in the cache. */
const contents = Array.from({ length: size }, (_, i) => {
  const at = (i * 97 * 4096) % (15 * MIB)
  return source.subarray(at, at + payloadLength(FILE))
})
const isLast = (i) => i === contents.length - 1

// The plain loop: no FLOE, no positions, no checks; a fresh IV a segment, as every correct program needs.
function plainSeal(keep) {
  for (const content of contents) {
    const iv = randomBytes(12)
    const gcm = createCipheriv('aes-256-gcm', key, iv)
    const body = gcm.update(content)
    gcm.final()
    const tag = gcm.getAuthTag()
    const name = createHash('sha256').update(iv).update(body).update(tag).digest()
    keep?.({ iv, body, tag, name })
  }
}

function plainOpen(sealed) {
  for (const { iv, body, tag } of sealed) {
    createHash('sha256').update(iv).update(body).update(tag).digest()
    const gcm = createDecipheriv('aes-256-gcm', key, iv)
    gcm.setAuthTag(tag)
    gcm.update(body)
    gcm.final()
  }
}

function plainSealAndCheck() {
  for (const content of contents) {
    const iv = randomBytes(12)
    const gcm = createCipheriv('aes-256-gcm', key, iv)
    const body = gcm.update(content)
    gcm.final()
    const tag = gcm.getAuthTag()
    const again = createDecipheriv('aes-256-gcm', key, iv)
    again.setAuthTag(tag)
    const opened = again.update(body)
    again.final()
    if (Buffer.compare(opened, content) !== 0) throw new Error('self-check')
    createHash('sha256').update(iv).update(body).update(tag).digest()
  }
}

const options = { parameters: FILE, random: systemRandom }

async function seal(keep) {
  const sealing = startSealing(key, aad, options)
  for (let i = 0; i < contents.length; i++) {
    const segment = await sealing.sealSegment(contents[i], i, isLast(i))
    keep?.(segment, await nameSegment(segment))
    if (!keep) await nameSegment(segment)
  }
  return sealing.header
}

async function sealAndCheck() {
  const sealing = startSealing(key, aad, options)
  for (let i = 0; i < contents.length; i++) {
    const segment = await sealing.sealSegment(contents[i], i, isLast(i))
    await sealing.verifySegment(segment, contents[i], i, isLast(i))
    await nameSegment(segment)
  }
}

async function open(header, segments) {
  const opening = startOpening(key, aad, header, FILE)
  for (let i = 0; i < segments.length; i++) {
    await nameSegment(segments[i])
    await opening.openSegment(segments[i], i, isLast(i))
  }
}

/** What opening reads: each segment in one piece, as it comes from a disk or a relay. */
function whole({ prefix, body, tag }) {
  return new Uint8Array(Buffer.concat([prefix, body, tag]))
}

const plainSealed = []
plainSeal((piece) => plainSealed.push(piece))
const segments = []
const header = await seal((segment) => segments.push(whole(segment)))

console.log(machine())
console.log(`${size} MiB, median of ${rounds} rounds\n`)
const results = await interleave(
  {
    'plain seal': () => plainSeal(),
    seal: () => seal().then(() => undefined),
    'plain open': () => plainOpen(plainSealed),
    open: () => open(header, segments),
    'plain seal with check': plainSealAndCheck,
    'seal with check': sealAndCheck,
  },
  rounds,
)
const speed = (name) => ((size * 1000) / median(results[name])).toFixed(0)
const pairs = [
  ['seal', 'plain seal'],
  ['open', 'plain open'],
  ['seal with check', 'plain seal with check'],
]
table([
  ['one thread', 'MiB/s', 'plain', 'ratio'],
  ...pairs.map(([name, base]) => [name, speed(name), speed(base), ratio(results, base, name).toFixed(2)]),
])
for (const [name, base] of pairs) {
  const what = `${name}, one thread, against the plain loop`
  const absolute = `${speed(name)} MiB/s, plain ${speed(base)}`
  if (name === 'seal with check') figure(what, ratio(results, base, name).toFixed(2), absolute)
  else target(what, ratio(results, base, name), 0.9, absolute)
}

plainSealed.length = 0
const onTwo = await runPool({ key, aad, header, segments, source, rounds })
await compareWithAge(contents, { rounds: Math.min(rounds, 3), onTwo })
