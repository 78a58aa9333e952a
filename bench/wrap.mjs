// How fast keys are wrapped on one thread: 1,000 HPKE seals of 96 bytes to different recipients, whole wraps (envelope and section
// keys of three sections, as every new epoch makes for everybody who remains), and opening both again.
//
//   node bench/wrap.mjs [seals] [rounds]
import { createHash } from 'node:crypto'
import {
  newSecret,
  openEnvelope,
  openKeys,
  openWith,
  publicKeyOf,
  ready,
  sealTo,
  sealWraps,
  systemRandom,
} from '@sealchart/crypto'
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

const [network, chain, link] = [32, 32, 32].map(systemRandom)
const epochKeys = [0, 1, 2].map((section) => ({ section, epoch: 1, key: newSecret(systemRandom) }))
const secrets = { card: epochKeys[0].key, keys: epochKeys, trail: newSecret(systemRandom) }
const what = [{ grant: link, keys: epochKeys.map(({ section, epoch }) => ({ section, epoch })), trail: 1 }]
const wraps = publicKeys.map((recipientKey) => {
  const keyHash = new Uint8Array(createHash('sha256').update(recipientKey).digest())
  const target = { recipient: systemRandom(32), epoch: 0, keyHash, sequence: 3, link, what }
  return { place: { network, chain, target, recipientKey }, secrets }
})
const rows = await sealWraps(wraps, systemRandom)

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
    'seal wraps': async () => {
      await sealWraps(wraps, systemRandom)
    },
    'open wraps': async () => {
      for (const [i, { leaf, envelope, keys }] of rows.entries()) {
        const { grantSecret } = await openEnvelope({ network, chain, leaf, envelope, seed: seeds[i] })
        await openKeys({ network, chain, leaf, keys, grantSecret })
      }
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
for (const [name, what] of [
  ['seal', 'HPKE seals of 96 bytes'],
  ['seal wraps', 'whole wraps'],
]) {
  const absolute = `1,000 in ${(perThousand(name) / 1000).toFixed(2)} s`
  target(`thousands of ${what} in 0.8 s, one thread`, (SECONDS_PER_THOUSAND * 1000) / perThousand(name), 1, absolute)
}
