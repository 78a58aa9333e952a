// How fast files are sealed and opened in a page of Chromium, against a loop over WebCrypto in the same page that does
// only what cannot be left out: AES-256-GCM and SHA-256 of every MiB, one after the other.
//
//   node bench/browser.mjs [MiB] [rounds]
import { fileURLToPath } from 'node:url'
import { hasChromium } from '../scripts/browser/chromium.mjs'
import { servePage, startChromium } from '../scripts/browser/pages.mjs'
import { figure, interleave, machine, median, ratio, table, target } from './lib/measure.mjs'

if (!hasChromium()) process.exit(1)
const size = Number(process.argv[2] ?? 64)
const rounds = Number(process.argv[3] ?? 9)
const names = ['plain seal', 'seal', 'plain open', 'open', 'plain seal with check', 'seal with check']

const site = await servePage(fileURLToPath(new URL('browser/page.mjs', import.meta.url)))
const chromium = await startChromium()
try {
  const page = await chromium.newPage()
  await page.goto(site.url())
  await page.waitForFunction(() => 'page' in globalThis)
  const call = (name, ...given) => page.evaluate(([name, given]) => globalThis.page[name](...given), [name, given])
  await call('prepare', size)

  console.log(`${machine()}; Chromium ${chromium.version()}`)
  console.log(`${size} MiB, median of ${rounds} rounds\n`)
  const results = await interleave(Object.fromEntries(names.map((name) => [name, () => call(name)])), rounds)
  const speed = (name) => ((size * 1000) / median(results[name])).toFixed(0)
  const pairs = ['seal', 'open', 'seal with check'].map((name) => [name, `plain ${name}`])
  table([
    ['in a page', 'MiB/s', 'plain', 'ratio'],
    ...pairs.map(([name, base]) => [name, speed(name), speed(base), ratio(results, base, name).toFixed(2)]),
  ])
  for (const [name, base] of pairs) {
    const what = `${name} in Chromium ${chromium.version().split('.')[0]}, against WebCrypto alone`
    const absolute = `${speed(name)} MiB/s, plain ${speed(base)}`
    if (name === 'seal with check') figure(what, ratio(results, base, name).toFixed(2), absolute)
    else target(what, ratio(results, base, name), 0.85, absolute)
  }
} finally {
  await chromium.close()
  site.close()
}
