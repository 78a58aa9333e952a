// Every operation of the test vectors, done by the packages of this repository: name → (inputs → output). What they refuse they throw.
// One table a package; ../README.md says what each operation takes and gives.
import { readFileSync } from 'node:fs'
import { SealchartError } from '../../packages/protocol/dist/index.js'
import { crypto } from './crypto.mjs'
import { protocol } from './protocol.mjs'
import { rules } from './rules.mjs'

export const operations = { ...protocol, ...rules, ...crypto }

/** A vector of the rules by its name, as `before` names them. */
const ofRules = (name) => JSON.parse(readFileSync(new URL(`../rules/${name}.json`, import.meta.url), 'utf8'))

/** What a vector ends in: its output, or the code of the refusal. Anything untyped is a fault of the operation, and thrown. */
export async function verdict({ operation, inputs }, named = ofRules) {
  const run = operations[operation]
  if (!run) throw new Error(`there is no operation ${operation}`)
  try {
    return { output: await run(inputs, named) }
  } catch (error) {
    if (error instanceof SealchartError) return { expect: error.code }
    throw error
  }
}
