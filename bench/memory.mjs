// How much memory a transfer takes beyond what the program has before it: uploads and downloads of one file through a relay that
// keeps nothing but the IVs, each in a process of its own. It must not depend on the length of the file.
//
//   node bench/memory.mjs [MiB …]          default: 1 1024 8192
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { FILE, fileContext, joinSegment, payloadLength, resumeSealing, systemRandom } from '@sealchart/crypto'
import { hex, sha256 } from '@sealchart/protocol'
import { openFiles } from '../packages/client-sdk/dist/download.js'
import { uploadFiles } from '../packages/client-sdk/dist/upload.js'
import { machine, table } from './lib/measure.mjs'

const MIB = 2 ** 20
const MOST = 120
const PIECE = payloadLength(FILE)
const network = new Uint8Array(32).fill(1)
const record = new Uint8Array(32).fill(2)
const pattern = new Uint8Array(systemRandom(65_536))

/** `length` bytes from `offset` of an endless file. */
function content(offset, length) {
  const bytes = new Uint8Array(length)
  for (let at = 0; at < length; ) {
    const from = (offset + at) % pattern.length
    const part = pattern.subarray(from, Math.min(pattern.length, from + length - at))
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

const described = { name: 'scan', mediaType: '', path: '', modified: null }

/** The three ways in: pieces for the pool, and a stream whose length nobody knows. */
const sources = {
  file: (length) => ({
    ...described,
    kind: 'anywhere',
    length,
    location: null,
    read: async (offset, count) => content(offset, count),
    isUnchanged: async () => true,
  }),
  stream: (length) => ({
    ...described,
    kind: 'once',
    length: null,
    open() {
      let at = 0
      return new ReadableStream({
        pull(controller) {
          if (at === length) return controller.close()
          const count = Math.min(65_536, length - at)
          controller.enqueue(content(at, count))
          at += count
        },
      })
    },
  }),
}

/** Keeps of each segment its IV, and index segments whole; makes segments again when they are asked for. */
function sink() {
  const ivs = new Map()
  const indexes = new Map()
  const link = {
    openUpload: async () => ({ ticket: '', expires: 0 }),
    async putSegments({ segments }) {
      for (const parts of segments) {
        if (parts.length === 1) indexes.set(hex(sha256(parts[0])), parts[0].slice())
        else ivs.set(hex(sha256(...parts)), parts[0].slice(4))
      }
    },
  }
  const serve = (draft) => {
    const aad = fileContext({ network, record, section: 1, fileId: draft.id })
    const sealing = resumeSealing(draft.fileKey, aad, draft.floe, { parameters: FILE, random: systemRandom })
    const positions = new Map()
    const joined = draft.names.map((name) => indexes.get(hex(name)))
    const names = Buffer.concat(joined)
    for (let i = 0; i < draft.segments; i++) positions.set(names.subarray(32 * i, 32 * i + 32).toString('hex'), i)
    return async ({ name }) => {
      const index = indexes.get(hex(name))
      if (index) return index.slice()
      const position = positions.get(hex(name))
      const from = position * PIECE
      const plaintext = new Uint8Array(Math.min(PIECE, draft.padded - from))
      if (from < draft.length) plaintext.set(content(from, Math.min(plaintext.length, draft.length - from)))
      const final = position === draft.segments - 1
      return joinSegment(await sealing.resealSegment(plaintext, position, final, { iv: ivs.get(hex(name)), name }))
    }
  }
  return { link, serve }
}

async function transfer(kind, length) {
  const { link, serve } = sink()
  const options = { link, network, record, nonce: null, random: systemRandom, now: Date.now, journal: null }
  const uploaded = await uploadFiles([{ section: 1, source: sources[kind](length) }], options)
  const after = process.resourceUsage().maxRSS / 1024
  const [draft] = uploaded.files
  if (uploaded.inline.length === 0) link.getSegment = serve(draft)
  const files = openFiles([{ section: 1, manifest: draft, header: draft }], {
    link,
    network,
    record,
    ticket: '',
    renew: async () => '',
    inline: uploaded.inline.map(({ bytes }) => bytes),
  })
  let read = 0
  for await (const part of files[0].stream()) read += part.length
  if (read !== length) throw new Error('the file came back with another length')
  return { upload: after, download: process.resourceUsage().maxRSS / 1024 }
}

async function child(kind, mib) {
  await transfer(kind, MIB)
  const base = process.memoryUsage().rss / MIB
  const started = performance.now()
  const { upload, download } = await transfer(kind, mib * MIB)
  const seconds = (performance.now() - started) / 1000
  console.log(JSON.stringify({ base, upload: upload - base, both: download - base, seconds }))
}

function parent(sizes) {
  console.log(machine())
  const rows = [['source', 'MiB', 'base MiB', 'upload + MiB', 'with download + MiB', 's']]
  let worst = 0
  for (const mib of sizes) {
    for (const kind of Object.keys(sources)) {
      const output = execFileSync(process.execPath, [fileURLToPath(import.meta.url), '--child', kind, String(mib)])
      const { base, upload, both, seconds } = JSON.parse(String(output))
      rows.push([kind, mib, base.toFixed(0), upload.toFixed(0), both.toFixed(0), seconds.toFixed(1)])
      worst = Math.max(worst, both)
    }
  }
  table(rows)
  const met = worst <= MOST
  if (!met) process.exitCode = 1
  console.log(`${met ? 'met   ' : 'MISSED'} memory beyond the base: ${worst.toFixed(0)} MiB (target at most ${MOST})`)
}

const [flag, kind, mib] = process.argv.slice(2)
if (flag === '--child') await child(kind, Number(mib))
else parent(process.argv.length > 2 ? process.argv.slice(2).map(Number) : [1, 1024, 8192])
