// What the tests, and the relay in them, take from Node's globals, in a browser: Buffer with base64url, setImmediate,
// and being told of promises that nobody handled.
import { Buffer } from 'buffer'

const { from } = Buffer
const { toString } = Buffer.prototype
// Reading base64 takes both alphabets.
Buffer.from = (value, encoding, ...rest) => from(value, encoding === 'base64url' ? 'base64' : encoding, ...rest)
Buffer.prototype.toString = function (encoding, ...rest) {
  if (encoding !== 'base64url') return toString.call(this, encoding, ...rest)
  return toString
    .call(this, 'base64', ...rest)
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '')
}
globalThis.Buffer = Buffer

const { port1, port2 } = new MessageChannel()
const waiting = []
port1.onmessage = () => {
  const [call, ...given] = waiting.shift()
  call(...given)
}
globalThis.setImmediate = (...call) => {
  waiting.push(call)
  port2.postMessage(null)
}

const listeners = new Map()
globalThis.process = {
  env: { SEALCHART_EFFORT: import.meta.env.SEALCHART_EFFORT },
  on(name, listener) {
    const heard = (event) => {
      // Vitest would count it as an error of its own: whoever listens decides.
      event.preventDefault()
      listener(event.reason)
    }
    listeners.set(listener, heard)
    globalThis.addEventListener(name.toLowerCase(), heard)
  },
  off(name, listener) {
    globalThis.removeEventListener(name.toLowerCase(), listeners.get(listener))
    listeners.delete(listener)
  },
}
