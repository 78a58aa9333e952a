// The test vectors are what their generators make, sums and accumulated hashes with them: test-vectors/README.md.
import { run } from './run.mjs'

const { ok } = await run('node', ['test-vectors/generators/make.mjs', '--check'])
process.exitCode = ok ? 0 : 1
