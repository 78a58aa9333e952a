// A real relay process on a folder of its own: started, listened to, read from outside while it runs, and stopped.
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Named } from '../../src/index.js'

const program = fileURLToPath(new URL('../../../relay/dist/main.js', import.meta.url))

export interface RelayProcess {
  readonly port: number
  /** Empty when there is a network already. */
  readonly token: string
  /** Everything that it has written to stdout and stderr. */
  readonly printed: () => Uint8Array
  /** Its memory while it is stopped: all that it may read and that is not the program's own file. Linux only. */
  memory(): Generator<Named>
  stop(signal?: NodeJS.Signals): Promise<void>
}

export async function startRelay(data: string, options: readonly string[]): Promise<RelayProcess> {
  const child = spawn(process.execPath, [program, '--data', data, '--port', '0', ...options], {
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const printed: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => void printed.push(chunk))
  const ended = new Promise<void>((resolve) => void child.once('close', () => resolve()))
  const text = (): string => Buffer.concat(printed).toString()
  const [port, token] = await Promise.race([
    told(text),
    ended.then(() => Promise.reject(new Error(`the relay ended: ${text()}`))),
  ])
  return {
    port: Number(port),
    token,
    printed: () => new Uint8Array(Buffer.concat(printed)),
    memory: () => memoryOf(child),
    async stop(signal = 'SIGTERM') {
      child.kill(signal)
      await ended
    },
  }
}

/** Port and founding token, once everything has been printed. */
async function told(text: () => string): Promise<readonly [string, string]> {
  for (;;) {
    const [, port] = /listening on http:\/\/\S+:(\d+)\n/.exec(text()) ?? []
    const [, token = ''] = /token that founds it\D.*: (\S+)\n/.exec(text()) ?? []
    // The last lines are printed at once.
    if (port !== undefined && /^never .*\n/m.test(text())) return [port, token]
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Every file of a folder, as it lies there now. */
export function* filesOf(folder: string): Generator<Named> {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const path = join(folder, name)
    if (statSync(path).isFile()) yield { name, bytes: new Uint8Array(readFileSync(path)) }
  }
}

/** Bytes of one haystack, and how much of the one before it repeats: a canary's longest written form of 16 bytes is 32. */
const PIECE = 8 * 1024 * 1024
const OVERLAP = 64

function* memoryOf(child: ChildProcess): Generator<Named> {
  if (child.pid === undefined) throw new Error('the relay does not run')
  // Stopped, so that nothing moves between two reads.
  child.kill('SIGSTOP')
  const memory = openMemory(child.pid)
  try {
    for (const { from, to, what } of regionsOf(readFileSync(`/proc/${child.pid}/maps`, 'utf8'))) {
      for (let at = from; at < to; at += PIECE - OVERLAP) {
        const bytes = new Uint8Array(Math.min(PIECE, to - at))
        const length = readSync(memory, bytes, 0, bytes.length, at)
        if (length !== bytes.length) throw new Error(`only ${length} of ${bytes.length} bytes of ${what} could be read`)
        yield* written(bytes, (offset) => `${(at + offset).toString(16)} ${what}`)
      }
    }
  } finally {
    closeSync(memory)
    child.kill('SIGCONT')
  }
}

const PAGE = 4096

/** Stretches of pages in which anything was ever written; much of a process's memory is zeros. */
function* written(bytes: Uint8Array, name: (offset: number) => string): Generator<Named> {
  const zeros = new Uint8Array(PAGE)
  let from = 0
  for (let at = 0; at < bytes.length; at += PAGE) {
    const page = bytes.subarray(at, at + PAGE)
    if (Buffer.compare(page, zeros.subarray(0, page.length)) !== 0) continue
    if (from < at) yield { name: name(from), bytes: bytes.subarray(from, at) }
    from = at + page.length
  }
  if (from < bytes.length) yield { name: name(from), bytes: bytes.subarray(from) }
}

function openMemory(pid: number): number {
  try {
    return openSync(`/proc/${pid}/mem`, 'r')
  } catch (cause) {
    throw new Error('the relay’s memory cannot be read: run the tests where a parent may trace its child (ptrace)', {
      cause,
    })
  }
}

interface Region {
  readonly from: number
  readonly to: number
  readonly what: string
}

/**
 * Readable regions of /proc/PID/maps. Left out: files that are mapped but cannot be written (programs and libraries, equal on every
 * machine), and what the kernel shows of itself.
 */
function* regionsOf(maps: string): Generator<Region> {
  for (const line of maps.split('\n')) {
    const [, from, to, rights, inode, what] = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ (\d+)\s*(.*)$/.exec(line) ?? []
    if (!from || !to || !rights?.startsWith('r')) continue
    if ((inode !== '0' && rights[1] !== 'w') || /^\[v(var|syscall|dso)/.test(what ?? '')) continue
    yield { from: Number.parseInt(from, 16), to: Number.parseInt(to, 16), what: what ?? '' }
  }
}
