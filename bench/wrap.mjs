// How fast keys are wrapped: 1,000 HPKE seals of 96 bytes to different recipients on one thread, and opening them again.
//
//   node bench/wrap.mjs [seals] [rounds]
import { openWith, publicKeyOf, ready, sealTo, systemRandom } from '@sealchart/crypto'
import { interleave, machine, median, table, target } from './lib/measure.mjs'

const count = Number(process.argv[2] ?? 1000)
const rounds = Number(process.argv[3] ?? 5)
const SECONDS_PER_THOUSAND = 0.8

await ready()
const seeds = Array.from({ length: count }, () => systemRandom(32))
const publicKeys = seeds.map(publicKeyOf)
const context = { info: systemRandom(200), aad: systemRandom(32) }
const plaintext = systemRandom(96)
const sealed = publicKeys.map((key) => sealTo(key, context, plaintext, systemRandom))

console.log(machine())
console.log(`${count} messages of 96 bytes, median of ${rounds} rounds\n`)
const results = await interleave(
  {
    seal: () => {
      for (const key of publicKeys) sealTo(key, context, plaintext, systemRandom)
    },
    open: () => {
      for (const [i, bytes] of sealed.entries()) openWith(seeds[i], context, bytes)
    },
  },
  rounds,
)
const perThousand = (name) => (median(results[name]) / count) * 1000
table([
  ['HPKE, X-Wing', 'ms each', 'per second'],
  ...Object.keys(results).map((name) => [
    name,
    (perThousand(name) / 1000).toFixed(3),
    (1e6 / perThousand(name)).toFixed(0),
  ]),
])
target('thousands of seals in 0.8 s', (SECONDS_PER_THOUSAND * 1000) / perThousand('seal'), 1)
