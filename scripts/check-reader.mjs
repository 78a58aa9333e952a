// The second reader, which shares no code with the packages, agrees with every test vector, with one bit changed in each that is
// accepted, and with the accumulated hashes. See test-vectors/README.md. Its counts go into CI's.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, run } from './run.mjs'

const PYTHON = '/usr/bin/python3'

const { ok: installed } = await run(PYTHON, ['-c', 'import nacl.bindings, cryptography'], { quiet: true })
if (!installed) {
  console.error('the second reader needs packages of the system: bash scripts/system-packages.sh reader')
  process.exit(1)
}

let passed = 0
let failed = 0
for (const mode of [[], ['--bits'], ['--accumulated']]) {
  const { ok, output } = await run(PYTHON, ['test-vectors/reader/reader.py', 'test-vectors', ...mode], { quiet: true })
  console.log(output.trimEnd())
  const [, good, bad] = (/(\d+) passed, (\d+) failed[^\n]*\s*$/.exec(output) ?? []).map(Number)
  passed += good || 0
  // A run that counts nothing, or ends badly without saying of what, is one failure.
  failed += bad || (ok && good > 0 ? 0 : 1)
}
mkdirSync(join(root, '.reports'), { recursive: true })
writeFileSync(join(root, '.reports', 'reader.json'), `${JSON.stringify({ passed, failed })}\n`)
process.exitCode = failed === 0 ? 0 : 1
