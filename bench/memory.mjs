// How much memory a transfer takes beyond what the program has before it (one request made, no workers started): one file
// up to a server that keeps nothing, and down again from segments made anew. It must not depend on the length of the file.
//
//   node bench/memory.mjs [MiB …]          default: 1 1024 8192
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, rmSync, truncateSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FILE, fileContext, joinSegment, payloadLength, release, resumeSealing, systemRandom } from '@sealchart/crypto'
import { hex, pack, paths, sha256, uploadAnswer } from '@sealchart/protocol'
import { openFiles } from '../packages/client-sdk/dist/download.js'
import { createLink } from '../packages/client-sdk/dist/link.js'
import { toSource } from '../packages/client-sdk/dist/sources.js'
import { uploadFiles } from '../packages/client-sdk/dist/upload.js'
import { machine, table, targetAtMost } from './lib/measure.mjs'

const MIB = 2 ** 20
const MOST = 120
const PIECE = payloadLength(FILE)
const network = new Uint8Array(32).fill(1)
const record = new Uint8Array(32).fill(2)

const zeros = new Uint8Array(PIECE)

/** Content that is cheap to make and to make again, and takes no memory of its own; what it is does not matter here. */
const content = (length) => zeros.subarray(0, length)

/** A file on disk, sealed by the pool where it is large, and a stream whose length nobody knows. */
const sources = {
  async file(length) {
    const path = join(mkdtempSync(join(tmpdir(), 'sealchart-memory-')), 'scan')
    closeSync(openSync(path, 'w'))
    // Sparse: it takes no room on the disk, whatever its length.
    truncateSync(path, length)
    return { source: await toSource(path), end: () => rmSync(dirname(path), { recursive: true }) }
  },
  async stream(length) {
    let at = 0
    const data = new ReadableStream({
      pull(controller) {
        if (at === length) return controller.close()
        const count = Math.min(65_536, length - at)
        // A source whose pieces are its own, as files and sockets give them.
        controller.enqueue(new Uint8Array(count))
        at += count
      },
    })
    return { source: await toSource(data), end: () => undefined }
  },
}

/** A link to a server that takes everything; of each segment its IV is kept, to make it again when it is asked for. */
function sink(url) {
  const ivs = new Map()
  const indexes = new Map()
  const signer = null
  const real = createLink({ url, signer, clock: Date.now, random: systemRandom })
  const link = {
    ...real,
    async putSegments(put, signal) {
      for (const parts of put.segments) {
        if (parts.length === 1) indexes.set(hex(sha256(parts[0])), parts[0].slice())
        else ivs.set(hex(sha256(...parts)), parts[0].slice(4))
      }
      await real.putSegments(put, signal)
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
      const plaintext = content(Math.min(PIECE, draft.padded - from))
      const final = position === draft.segments - 1
      const sealed = await sealing.resealSegment(plaintext, position, final, { iv: ivs.get(hex(name)), name })
      const received = joinSegment(sealed)
      release(sealed.body)
      return received
    }
  }
  return { link, serve }
}

async function transfer(url, kind, length) {
  const { link, serve } = sink(url)
  const options = { link, network, record, nonce: null, random: systemRandom, now: Date.now, journal: null }
  const { source, end } = await sources[kind](length)
  const uploaded = await uploadFiles([{ section: 1, source }], options)
  end()
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

async function child(url, kind, mib) {
  // The platform's client is loaded with its first request.
  await sink(url).link.openUpload({ id: new Uint8Array(16), record, nonce: null, reserved: 0 })
  const base = process.memoryUsage().rss / MIB
  const started = performance.now()
  const { upload, download } = await transfer(url, kind, mib * MIB)
  const seconds = (performance.now() - started) / 1000
  console.log(JSON.stringify({ base, upload: upload - base, both: download - base, seconds }))
}

/** A relay that answers and keeps nothing, in a process of its own. */
function serve() {
  const answers = { [paths.uploads]: pack(uploadAnswer, { ticket: 'ticket', expires: 0 }) }
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.end(answers[new URL(request.url, 'http://localhost').pathname]))
  })
  server.listen(0, '127.0.0.1', () => console.log(server.address().port))
}

async function startServer() {
  const server = spawn(process.execPath, [fileURLToPath(import.meta.url), '--serve'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [port] = await once(server.stdout, 'data')
  return { url: `http://127.0.0.1:${String(port).trim()}`, end: () => server.kill() }
}

async function parent(sizes) {
  console.log(machine())
  const server = await startServer()
  const rows = [['source', 'MiB', 'base MiB', 'upload + MiB', 'with download + MiB', 's']]
  let worst = 0
  for (const mib of sizes) {
    for (const kind of Object.keys(sources)) {
      const output = execFileSync(process.execPath, [
        fileURLToPath(import.meta.url),
        '--child',
        server.url,
        kind,
        String(mib),
      ])
      const { base, upload, both, seconds } = JSON.parse(String(output))
      rows.push([kind, mib, base.toFixed(0), upload.toFixed(0), both.toFixed(0), seconds.toFixed(1)])
      worst = Math.max(worst, both)
    }
  }
  server.end()
  table(rows)
  const absolute = `MiB; files of ${sizes.join(', ')} MiB, up and down`
  targetAtMost('memory of a transfer beyond the program’s own', worst, MOST, absolute)
}

const [flag, ...rest] = process.argv.slice(2)
if (flag === '--child') await child(rest[0], rest[1], Number(rest[2]))
else if (flag === '--serve') serve()
else await parent(process.argv.length > 2 ? process.argv.slice(2).map(Number) : [1, 1024, 8192])
