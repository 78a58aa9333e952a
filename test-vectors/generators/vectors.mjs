// What generators share: collecting the vectors of an area, and fixed bytes that are easy to type into another implementation.
import { verdict } from '../operations/index.mjs'

/** `length` bytes that count up from `first`. */
export const counting = (first, length = 32) => Uint8Array.from({ length }, (_, i) => (first + i) & 0xff)

/** Randomness that gives these byte strings, in order, and then fails. */
export const scripted =
  (...answers) =>
  () => {
    const next = answers.shift()
    if (next === undefined) throw new Error('more randomness was drawn than was written down')
    return next
  }

/** Base64 with a bit set that no byte holds: a second text for the same bytes. */
export function spare(text) {
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  const at = text.indexOf('=') - 1
  if (at < 0) throw new Error('all bits are used')
  return `${text.slice(0, at)}${digits[digits.indexOf(text[at]) + 1]}${text.slice(at + 1)}`
}

/** The bytes with one bit changed. */
export function flip(bytes, bit = 0) {
  const out = new Uint8Array(bytes)
  const at = bit < 0 ? out.length - 1 : bit >> 3
  out[at] ^= 1 << (bit & 7)
  return out
}

/**
 * The vectors of one area. `accepts` computes the output; `refuses` states the code beforehand. Both run the operation at once, and
 * fail where it answers otherwise. `elsewhere` finds vectors of the rules that `before` names and that are not of this area.
 */
export function vectorsOf(area, elsewhere) {
  const files = new Map()
  const add = (name, vector) => {
    if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) || files.has(name))
      throw new Error(`${area}: bad or repeated name ${name}`)
    files.set(name, vector)
  }
  const named = (name) => files.get(name) ?? elsewhere(name)
  return {
    files,
    async accepts(name, { spec, comment, operation, inputs, intermediates }) {
      const { output, expect } = await verdict({ operation, inputs }, named)
      if (output === undefined) throw new Error(`${area}/${name}: ${expect}, and was to be accepted`)
      add(name, { operation, spec, comment, inputs, ...(intermediates && { intermediates }), output })
    },
    async refuses(name, code, { spec, comment, operation, inputs, intermediates }) {
      const { expect = 'accepted' } = await verdict({ operation, inputs }, named)
      if (expect !== code) throw new Error(`${area}/${name}: ${expect}, and was to be ${code}`)
      add(name, { operation, spec, comment, inputs, ...(intermediates && { intermediates }), expect: code })
    },
  }
}

/** Cases that share where they play: name → [code or null, comment, play], as a list of objects. */
export const cases = (shared, table) =>
  Object.entries(table).map(([name, [code, comment, play]]) => ({ name, code, comment, play, ...shared }))
