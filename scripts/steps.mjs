// Runs a list of steps, tells how many seconds each took, and goes on after a failure, so that one run shows all of them.

import { run } from './run.mjs'

/**
 * @typedef {object} Step
 * @property {string} name
 * @property {string[]} [command] program and arguments
 * @property {() => Promise<void> | void} [action] instead of a command; fails by throwing
 * @property {boolean} [loud] show the output as it comes, not only after a failure
 * @property {boolean} [needed] nothing after it makes sense when it fails
 */

/**
 * Runs `steps` in order, within `seconds` in all.
 * @param {Step[]} steps
 * @returns {Promise<string[]>} the names of the failed steps
 */
export async function runSteps(steps, { seconds = Infinity, env = {} } = {}) {
  const begun = Date.now()
  const left = () => seconds - (Date.now() - begun) / 1000
  const failed = []
  for (const step of steps) {
    if (left() <= 0) {
      console.log(`not run: ${step.name} (the ${seconds} seconds for everything are used up)`)
      failed.push(step.name)
      continue
    }
    if (step.loud) console.log(`─── ${step.name}`)
    const started = Date.now()
    const { ok, output } = await attempt(step, Number.isFinite(seconds) ? left() : undefined, env)
    // Indented, so that a line of a step's output cannot be taken for one of ours.
    if (!ok && output !== '') console.log(output.trimEnd().replace(/^/gm, '    '))
    console.log(`${ok ? 'ok    ' : 'FAILED'} ${((Date.now() - started) / 1000).toFixed(1).padStart(6)} s  ${step.name}`)
    if (!ok) failed.push(step.name)
    if (!ok && step.needed) break
  }
  return failed
}

async function attempt({ command, action, loud }, seconds, env) {
  if (command) return run(command[0], command.slice(1), { quiet: !loud, seconds, env })
  try {
    await action()
    return { ok: true, output: '' }
  } catch (error) {
    return { ok: false, output: error.message }
  }
}
