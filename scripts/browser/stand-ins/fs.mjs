// What tests take from node:fs, in a browser: reading files and folders of this repository, from the server that serves
// the tests. Synchronous like its model, which a request may be in a test.
import { FILES } from '../files.mjs'

function ask(kind, path) {
  const request = new XMLHttpRequest()
  const { pathname } = new URL(path, globalThis.location.href)
  request.open('GET', `${FILES}?${new URLSearchParams({ kind, path: decodeURI(pathname) })}`, false)
  request.send()
  if (request.status !== 200) throw new Error(`there is no ${kind} ${pathname}`)
  return request.responseText
}

export function readFileSync(path, encoding) {
  const text = ask('file', path)
  return encoding === undefined ? Buffer.from(text) : text
}

export function readdirSync(path, { withFileTypes = false } = {}) {
  const entries = JSON.parse(ask('folder', path))
  if (!withFileTypes) return entries.map(({ name }) => name)
  return entries.map(({ name, folder }) => ({ name, isDirectory: () => folder }))
}
