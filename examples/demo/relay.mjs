// The relay's process, started like an operator would, and a recorder on the wire before it: clients only know the recorder's address.

import { spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { adopt } from './processes.mjs'

const require = createRequire(import.meta.url)
const { bin } = require('@sealchart/relay/package.json')
const script = require.resolve(`@sealchart/relay/package.json`).replace('package.json', bin['sealchart-relay'])

/**
 * Starts relay and recorder with everything they write under `folder`.
 * @param {string} folder
 */
export async function startRelay(folder) {
  const data = join(folder, 'relay')
  const child = spawn(process.execPath, [script, '--data', data, '--port', '0'], { stdio: ['ignore', 'pipe', 'pipe'] })
  adopt(child)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => void (output += chunk))
  const found = await new Promise((resolve, reject) => {
    const look = () => {
      const at = /listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(output)
      const token = /token that founds it.*: (\S+)\n/.exec(output)
      if (at && token) resolve({ port: Number(at[1]), token: token[1] })
    }
    child.stdout.on('data', look)
    child.once('exit', (code) => reject(new Error(`the relay ended at its start (${code}): ${output}`)))
  })
  const recorder = await startRecorder(join(folder, 'traffic'), found.port)
  return {
    pid: child.pid,
    data,
    token: /** @type {string} */ (found.token),
    url: `http://127.0.0.1:${recorder.port}`,
    /** What the relay has printed. */
    output: () => output,
    /** Everything that went over the wire. */
    traffic: () => filesIn(join(folder, 'traffic')),
    close: recorder.close,
  }
}

/** Passes every connection on to `port`, and writes both directions down. */
async function startRecorder(/** @type {string} */ folder, /** @type {number} */ port) {
  await mkdir(folder)
  let connections = 0
  const server = createServer((client) => {
    const name = join(folder, String(++connections).padStart(4, '0'))
    const relay = connect(port, '127.0.0.1')
    const files = [createWriteStream(`${name}-sent`), createWriteStream(`${name}-answered`)]
    client.on('data', (chunk) => files[0]?.write(chunk))
    relay.on('data', (chunk) => files[1]?.write(chunk))
    client.pipe(relay).pipe(client)
    const end = () => {
      client.destroy()
      relay.destroy()
      for (const file of files) file.end()
    }
    for (const socket of [client, relay]) socket.on('error', end).on('close', end)
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)))
  const address = /** @type {import('node:net').AddressInfo} */ (server.address())
  return { port: address.port, close: () => server.close() }
}

/** Every file under a folder with its bytes. @param {string} folder */
export async function* filesIn(folder) {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    yield { name: path.slice(folder.length + 1), bytes: new Uint8Array(await readFile(path)) }
  }
}
