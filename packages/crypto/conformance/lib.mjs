// What the conformance programs of this package share: reading vectors, counting answers, and printing them when run alone.
// A program is a module that exports `run(dir)`: one result a suite. A file that is missing throws: it is never skipped.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** @returns {Uint8Array<ArrayBuffer>} */
export const unhex = (text) => new Uint8Array(Buffer.from(text, 'hex'))
export const hex = (bytes) => Buffer.from(bytes).toString('hex')
export const readText = (dir, ...path) => readFileSync(join(dir, ...path), 'utf8').trim()
export const readJson = (dir, ...path) => JSON.parse(readText(dir, ...path))

/** Counts the cases of one suite. A check passes when it returns true; anything else, or a throw, is a failure. */
export async function suite(name, cases, check) {
  const failures = []
  for (const [id, input] of cases) {
    const answer = await Promise.resolve(input)
      .then(check)
      .catch((error) => error)
    if (answer !== true) failures.push(answer instanceof Error ? `${id}: ${answer.message}` : `${id}`)
  }
  return { suite: name, passed: cases.length - failures.length, failed: failures.length, failures }
}

/** `check` and a `valid` flag: an invalid case passes when opening it gives null or throws. */
export const refuses = (action) => {
  try {
    return action() === null
  } catch {
    return true
  }
}

/** All cases of a Wycheproof file as [id, {group, test}], without those that `unsupported` names. */
export function wycheproof(dir, file, unsupported = () => false) {
  const { testGroups } = readJson(dir, 'wycheproof', file)
  return testGroups
    .flatMap((group) => group.tests.map((test) => [`${file} ${test.tcId}`, { group, test }]))
    .filter(([, { group, test }]) => !unsupported(group, test))
}

/** Runs a program that was started by itself: `node floe.mjs DIR`. */
export async function main(url, run) {
  if (url !== pathToFileURL(process.argv[1] ?? '').href) return
  const results = await run(process.argv[2] ?? '.')
  for (const result of results) console.log(JSON.stringify(result))
  if (results.some(({ failed }) => failed > 0)) process.exitCode = 1
}
