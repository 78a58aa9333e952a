// The inside of a process that plays a role: answers calls of the main process by name, and may ask it in return.
// Errors travel as code and message; the rest of them stays here.

/** @type {Map<number, (answer: Answer) => void>} */
const waiting = new Map()
let asked = 0

/**
 * @typedef {{ readonly value?: unknown, readonly error?: { readonly code: string, readonly message: string } }} Answer
 * @typedef {{ readonly id: number, readonly call?: string, readonly given?: any, readonly answer?: Answer }} Message
 */

/** To the main process, unless it has let go: then this one is about to end. */
const send = (/** @type {Message & { readonly ready?: true } | object} */ message) =>
  process.connected && process.send?.(message, undefined, undefined, () => undefined)

/** Plays a role until the main process lets go of it. @param {Record<string, (given: any) => unknown>} parts */
export function play(parts) {
  process.on('message', (/** @type {Message} */ message) => {
    if (message.answer) return waiting.get(message.id)?.(message.answer)
    return void perform(parts, message)
  })
  process.on('disconnect', () => process.exit(0))
  // Ended while it was still loading: nobody waits for it any more.
  if (!process.connected) process.exit(0)
  // Ctrl-C reaches every process of the terminal; the main one ends the others in order.
  process.on('SIGINT', () => undefined)
  send({ id: 0, ready: true })
}

/** @param {Record<string, (given: any) => unknown>} parts @param {Message} message */
async function perform(parts, { id, call = '', given }) {
  try {
    const part = parts[call]
    if (!part) throw new Error(`this role has no "${call}"`)
    send({ id, answer: { value: await part(given) } })
  } catch (cause) {
    const error = /** @type {Error & { code?: string }} */ (cause)
    send({ id, answer: { error: { code: error.code ?? error.name, message: error.message } } })
  }
}

/** Asks the main process. @param {string} call @param {unknown} given @returns {Promise<any>} */
export function ask(call, given) {
  const id = --asked
  return new Promise((resolve, reject) => {
    waiting.set(id, ({ value, error }) => {
      waiting.delete(id)
      if (error) reject(Object.assign(new Error(error.message), { code: error.code }))
      else resolve(value)
    })
    send({ id, call, given })
  })
}
