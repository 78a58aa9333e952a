// The tests of what vendors embed, in headless Chromium: npm run test:browser. Which test files, and which not and why,
// says browser/vitest.config.mjs. CI counts the tests from .reports/browser.json.
import { join } from 'node:path'
import { hasChromium } from './browser/chromium.mjs'
import { prepare } from './prepare.mjs'
import { run } from './run.mjs'

if (hasChromium()) {
  await prepare()
  const { ok } = await run('vitest', [
    'run',
    '--config',
    join('scripts', 'browser', 'vitest.config.mjs'),
    ...process.argv.slice(2),
  ])
  if (!ok) process.exitCode = 1
} else {
  process.exitCode = 1
}
