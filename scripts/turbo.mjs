// `node scripts/turbo.mjs run test …`: turbo with its telemetry off, on every platform.

import { run } from './run.mjs'

const { ok } = await run('turbo', process.argv.slice(2))
process.exitCode = ok ? 0 : 1
