// The page of bench/browser.mjs: seals and opens segments from memory, and does the same with WebCrypto alone. Each
// function answers with the milliseconds that it took.
import {
  FILE,
  joinSegment,
  nameSegment,
  payloadLength,
  startOpening,
  startSealing,
  systemRandom,
} from '@sealchart/crypto'

const MIB = 2 ** 20
const { subtle } = globalThis.crypto
const raw = systemRandom(32)
const aad = new TextEncoder().encode('bench')
const source = new Uint8Array(16 * MIB)
for (let at = 0; at < source.length; at += 65_536) source.set(systemRandom(65_536), at)
const algorithm = (iv) => ({ name: 'AES-GCM', iv })
const options = { parameters: FILE, random: systemRandom }

let contents = []
let key
const plainSealed = []
const sealed = { header: null, segments: [] }

async function timed(action) {
  const began = performance.now()
  await action()
  return performance.now() - began
}

// The plain loop: no FLOE, no positions; a fresh IV a segment, and a name of what is sent.
async function plainSeal(keep) {
  for (const content of contents) {
    const iv = systemRandom(12)
    const body = await subtle.encrypt(algorithm(iv), key, content)
    await subtle.digest('SHA-256', body)
    keep?.({ iv, body })
  }
}

async function plainSealAndCheck() {
  for (const content of contents) {
    const iv = systemRandom(12)
    const body = await subtle.encrypt(algorithm(iv), key, content)
    const opened = new BigUint64Array(await subtle.decrypt(algorithm(iv), key, body), 0, content.length >> 3)
    const given = new BigUint64Array(content.buffer, content.byteOffset, content.length >> 3)
    for (let i = 0; i < opened.length; i++) if (opened[i] !== given[i]) throw new Error('self-check')
    await subtle.digest('SHA-256', body)
  }
}

async function plainOpen() {
  for (const { iv, body } of plainSealed) {
    await subtle.digest('SHA-256', body)
    await subtle.decrypt(algorithm(iv), key, body)
  }
}

async function seal({ check = false, keep } = {}) {
  const sealing = startSealing(raw, aad, options)
  for (const [i, content] of contents.entries()) {
    const final = i === contents.length - 1
    const segment = await sealing.sealSegment(content, i, final)
    if (check) await sealing.verifySegment(segment, content, i, final)
    await nameSegment(segment)
    keep?.(segment)
  }
  return sealing.header
}

async function open() {
  const opening = startOpening(raw, aad, sealed.header, FILE)
  for (const [i, segment] of sealed.segments.entries()) {
    await nameSegment(segment)
    await opening.openSegment(segment, i, i === sealed.segments.length - 1)
  }
}

globalThis.page = {
  /** Takes so many segments of memory, and seals them for those who open. */
  async prepare(count) {
    key = await subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt'])
    // Every segment a different part of 16 MiB, so that the source does not sit in the cache.
    contents = Array.from({ length: count }, (_, i) => {
      const at = (i * 97 * 4096) % (15 * MIB)
      return source.subarray(at, at + payloadLength(FILE))
    })
    await plainSeal((piece) => plainSealed.push(piece))
    const keep = (segment) => sealed.segments.push(joinSegment(segment))
    sealed.header = await seal({ keep })
  },
  'plain seal': () => timed(() => plainSeal()),
  seal: () => timed(() => seal()),
  'plain open': () => timed(plainOpen),
  open: () => timed(open),
  'plain seal with check': () => timed(plainSealAndCheck),
  'seal with check': () => timed(() => seal({ check: true })),
}
