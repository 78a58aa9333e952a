// The relay as an operator runs it: sealchart-relay in a process of its own, over SQLite and files in a new folder, on this machine.
// What it prints is read as an operator reads it: address, log key, and the token that founds the network.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { decodeNoteKey, errorAnswer, unpack } from '@sealchart/protocol'

/** Starts an empty relay. `end` stops it and removes its folder; SEALCHART_BENCH_DIR says where that folder lies. */
export async function startRelay() {
  const folder = await mkdtemp(join(process.env.SEALCHART_BENCH_DIR ?? tmpdir(), 'sealchart-bench-'))
  const main = fileURLToPath(import.meta.resolve('@sealchart/relay').replace('index.js', 'main.js'))
  // Options for the relay's own Node, such as --cpu-prof.
  const options = (process.env.SEALCHART_RELAY_NODE ?? '').split(' ').filter(Boolean)
  const child = spawn(process.execPath, [...options, main, '--data', join(folder, 'data'), '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  // Whatever ends this process ends the relay too.
  process.once('exit', () => child.kill())
  const said = await readStart(child)
  child.stdout.resume()
  return {
    url: said.url,
    token: said.token,
    log: decodeNoteKey(said.log),
    folder,
    pid: child.pid,
    send: (path, body, headers = {}) => post(said.url + path, body, headers),
    async end() {
      child.kill('SIGTERM')
      await once(child, 'exit')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function readStart(child) {
  const said = {}
  for await (const line of createInterface(child.stdout)) {
    said.url ??= /^listening on (\S+)/.exec(line)?.[1]
    said.log ??= /^log key +(\S+)/.exec(line)?.[1]
    said.token = /^no network yet.*: (\S+)$/.exec(line)?.[1]
    if (said.token) return said
  }
  throw new Error('the relay ended before it said that it listens')
}

/** Sends a body that is packed already and answers with bytes. @throws Error with the relay's code for a refusal */
async function post(url, body, headers) {
  const response = await fetch(url, { method: 'POST', body, headers })
  const answer = new Uint8Array(await response.arrayBuffer())
  if (response.ok) return answer
  const { code, message } = unpack(errorAnswer, answer, 'error', { bytes: 1 << 24 })
  throw Object.assign(new Error(`${new URL(url).pathname}: ${code}, ${message}`), { code })
}
