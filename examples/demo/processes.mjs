// The outside of the roles: starts a process for each, calls it by name, and ends all of them, also after Ctrl-C or a failure.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/**
 * A role in its process; `answer` says what it may ask for.
 * @typedef {object} Role
 * @property {number} pid
 * @property {(name: string, given?: unknown) => Promise<any>} call
 * @property {(name: string, how: (given: any) => Promise<unknown>) => void} answer
 */

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set()

/** Remembers a process that has to end with this one. @param {import('node:child_process').ChildProcess} child */
export function adopt(child) {
  running.add(child)
  child.once('exit', () => running.delete(child))
}

/** Ends every process that was started here, gently at first. */
export async function endAll() {
  await Promise.all(
    [...running].map(async (child) => {
      const gone = once(child, 'exit')
      if (child.connected) child.disconnect()
      else child.kill('SIGTERM')
      const late = setTimeout(() => child.kill('SIGKILL'), 3000)
      await gone
      clearTimeout(late)
    }),
  )
}

/** Starts a role in a process of its own. @param {string} module @returns {Promise<Role>} */
export async function startRole(module) {
  /** @type {Map<string, (given: any) => Promise<unknown>>} */
  const answers = new Map()
  const child = fork(fileURLToPath(new URL(module, import.meta.url)), { serialization: 'advanced' })
  adopt(child)
  /** @type {Map<number, { resolve(value: unknown): void, reject(error: Error): void }>} */
  const waiting = new Map()
  let calls = 0
  const reply = async (/** @type {import('./role.mjs').Message} */ { id, call = '', given }) => {
    const answer = await tell(answers.get(call)?.(given))
    if (child.connected) child.send({ id, answer })
  }
  child.on('message', (/** @type {import('./role.mjs').Message} */ message) => {
    if (message.answer) settle(waiting, message)
    else if (message.call) void reply(message)
  })
  child.once('exit', (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`a process ended before it answered (${code})`))
  })
  await once(child, 'message')
  return {
    pid: child.pid ?? 0,
    answer: (call, how) => void answers.set(call, how),
    call: (call, given) =>
      new Promise((resolve, reject) => {
        const id = ++calls
        waiting.set(id, { resolve, reject })
        child.send({ id, call, given })
      }),
  }
}

/**
 * @param {Map<number, { resolve(value: unknown): void, reject(error: Error): void }>} waiting
 * @param {import('./role.mjs').Message} message
 */
function settle(waiting, { id, answer = {} }) {
  const one = waiting.get(id)
  waiting.delete(id)
  if (answer.error) one?.reject(Object.assign(new Error(answer.error.message), { code: answer.error.code }))
  else one?.resolve(answer.value)
}

/** @param {Promise<unknown> | undefined} call @returns {Promise<import('./role.mjs').Answer>} */
async function tell(call) {
  try {
    return { value: await call }
  } catch (cause) {
    const error = /** @type {Error & { code?: string }} */ (cause)
    return { error: { code: error.code ?? error.name, message: error.message } }
  }
}
