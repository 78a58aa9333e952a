// The plain peer's client: so many requests in flight, each body read from a file and sent, or received and hashed. Nothing is sealed.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { open } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { fileURLToPath } from 'node:url'

/** Starts the plain server over a folder; `IN_FLIGHT` requests are on their way at once. */
export async function startPlain(folder, inFlight) {
  const server = spawn(process.execPath, [fileURLToPath(new URL('./plain-server.mjs', import.meta.url)), folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [said] = await once(server.stdout, 'data')
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight })
  // Every run writes new files, as a store does: writing over old ones would find their pages in memory.
  let run = 0
  const call = (method, path, body) => send({ agent, port: Number(said), method, path }, body)
  return {
    pid: server.pid,
    /** Sends each piece, `{ path, offset, length }`, as a request of its own. */
    async up(pieces) {
      run++
      await inLanes(inFlight, pieces, async (piece, i) => call('POST', `/${run}-${i}`, await readPiece(piece)))
    },
    /** Receives what was sent last, as many pieces, and answers with their length in all. */
    async down(pieces) {
      let length = 0
      await inLanes(inFlight, pieces, async (_, i) => {
        const received = await call('GET', `/${run}-${i}`)
        length += received
      })
      return length
    },
    clear: () => call('DELETE', '/'),
    async end() {
      server.kill()
      agent.destroy()
      await once(server, 'exit')
    },
  }
}

/** Runs `action` on every item, `lanes` at a time. */
export async function inLanes(lanes, items, action) {
  let next = 0
  const lane = async () => {
    while (next < items.length) {
      const i = next++
      await action(items[i], i)
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}

async function readPiece({ path, offset, length }) {
  const bytes = Buffer.allocUnsafe(length)
  const file = await open(path, 'r')
  await file.read(bytes, 0, length, offset)
  await file.close()
  return bytes
}

/** Sends one request; the answer is hashed as it comes. Its length in bytes. */
function send(options, body) {
  return new Promise((resolve, reject) => {
    const sent = request({ ...options, host: '127.0.0.1' }, (answer) => {
      const hash = createHash('sha256')
      let length = 0
      answer.on('data', (chunk) => {
        hash.update(chunk)
        length += chunk.length
      })
      answer.on('end', () => {
        hash.digest()
        if (answer.statusCode === 200) resolve(length)
        else reject(new Error(`the plain server answered ${answer.statusCode}`))
      })
      answer.on('error', reject)
    })
    sent.on('error', reject)
    sent.end(body)
  })
}
