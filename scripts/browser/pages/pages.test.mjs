// A vendor's page in Chromium: under exactly the content security policy that docs/sdk.md names, under one that is too
// strict, in two tabs that share a vault, and where there is no room for one.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { servePage, startChromium } from '../pages.mjs'

const guide = readFileSync(new URL('../../../docs/sdk.md', import.meta.url), 'utf8')
const policy = /^Content-Security-Policy: (.+)$/m.exec(guide)[1]

let chromium
let site
beforeAll(async () => {
  chromium = await startChromium()
  site = await servePage(fileURLToPath(new URL('page.mjs', import.meta.url)))
}, 120_000)
afterAll(async () => {
  await chromium?.close()
  site?.close()
})

/**
 * Opens tabs of one new browser profile, and answers what calls their page's functions. `quotaSize`: what the site may
 * store, in bytes.
 */
async function open(given, { tabs = 1, quotaSize } = {}) {
  const context = await chromium.newContext()
  return Promise.all(
    Array.from({ length: tabs }, async () => {
      const page = await context.newPage()
      if (quotaSize !== undefined) {
        const session = await context.newCDPSession(page)
        await session.send('Storage.overrideQuotaForOrigin', { origin: new URL(site.url()).origin, quotaSize })
      }
      await page.goto(site.url(given))
      await page.waitForFunction(() => 'page' in globalThis)
      return (name, ...given) => page.evaluate(([name, given]) => globalThis.page[name](...given), [name, given])
    }),
  )
}

test('the policy allows WebAssembly, and neither eval nor inline scripts', () => {
  expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval';")
  expect(policy.replace("'wasm-unsafe-eval'", '')).not.toContain('unsafe')
})

test('under the policy everything works', async () => {
  const [call] = await open(policy)
  const results = await call('selftest')
  expect(results.length).toBeGreaterThanOrEqual(9)
  expect(results.filter(({ passed }) => !passed)).toEqual([])
  expect(await call('sealAndOpen')).toEqual({ name: 32, file: true, small: true })
  expect(await call('vault')).toEqual([5])
})

test('under the policy nothing is refused', async () => {
  const [call] = await open(policy)
  await call('selftest')
  await call('vault')
  expect(await call('violations')).toEqual([])
})

test('without WebAssembly: a typed error that says what is missing', async () => {
  const [call] = await open(policy.replace(" 'wasm-unsafe-eval'", ''))
  const blocked = { code: 'WASM', action: 'fix-call', message: expect.stringContaining("'wasm-unsafe-eval'") }
  expect(await call('selftest')).toEqual(blocked)
  expect(await call('vault')).toEqual(blocked)
})

test('two tabs that write one vault lose nothing', async () => {
  const tabs = await open(policy, { tabs: 2 })
  const ends = await Promise.all(tabs.map((call) => call('count', 40)))
  expect(ends).toEqual([expect.any(Number), expect.any(Number)])
  expect(Math.max(...ends)).toBe(80)
})

test('a vault for which there is no more room is VAULT_FULL, and keeps what it had', async () => {
  const [call] = await open(policy, { quotaSize: 4 * 1024 * 1024 })
  const { refused, kept } = await call('fill', 12 * 1024 * 1024)
  expect(refused).toMatchObject({ code: 'VAULT_FULL', action: 'stop' })
  expect(kept).toEqual([5])
})
