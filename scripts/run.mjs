// Starts the programs that the other scripts need: the tools in node_modules, without a shell and without telemetry.

import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

const quietTools = { TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1', NO_UPDATE_NOTIFIER: '1' }

/**
 * Runs one command, at the root of the repository unless told.
 * With `quiet` its output is kept back and comes with the result; otherwise it goes to the terminal as it is written.
 * After `seconds` the command and everything it started are killed.
 * @returns {Promise<{ ok: boolean, output: string }>}
 */
export function run(command, args, { quiet = false, env = {}, seconds, cwd = root } = {}) {
  const windows = process.platform === 'win32'
  const child = spawn(command, args, {
    cwd,
    env: {
      ...process.env,
      ...quietTools,
      PATH: `${join(root, 'node_modules', '.bin')}${delimiter}${process.env.PATH}`,
      ...env,
    },
    stdio: quiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
    // npm and the tools in node_modules/.bin are .cmd files on Windows, which only a shell starts.
    shell: windows && !existsSync(command),
    // A process group of its own, so that a time limit reaches grandchildren too.
    detached: !windows,
  })
  const stop = () => {
    if (child.pid === undefined) return
    try {
      process.kill(windows ? child.pid : 0 - child.pid, 'SIGTERM')
    } catch {
      // It ended by itself in the meantime.
    }
  }
  const timer = seconds === undefined ? undefined : setTimeout(stop, seconds * 1000)
  const interrupted = () => {
    stop()
    process.exit(130)
  }
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text) => (output += text))
  return new Promise((resolve) => {
    const done = (ok, note = '') => {
      clearTimeout(timer)
      process.off('SIGINT', interrupted).off('SIGTERM', interrupted)
      resolve({ ok, output: output + note })
    }
    child.once('error', (error) => done(false, `${command}: ${error.message}\n`))
    child.once('close', (code) => done(code === 0))
  })
}
