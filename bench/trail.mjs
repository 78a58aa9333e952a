// Verifying a trail: a record with 10,000 entries of its access log, from proven bytes to an accepted ledger, on one core.
// Limit beside it: libsodium's Ed25519 verification alone, of the same number of signatures, in the same run.
import { ready as cryptoReady, deviceFromSeed } from '@sealchart/crypto'
import * as p from '@sealchart/protocol'
import { actingRecord } from './lib/log.mjs'
import { machine, median, table } from './lib/measure.mjs'

const ENTRIES = Number(process.env.SEALCHART_ENTRIES ?? 10_000)
const RUNS = 5

await Promise.all([p.ready(), cryptoReady()])
const { pin, proven, signatures } = await actingRecord(deviceFromSeed, ENTRIES)
const bytes = proven.entries.reduce((sum, entry) => sum + entry.bytes.length, 0)

const times = { ledger: [], signatures: [] }
for (let run = 0; run < RUNS; run++) {
  const start = performance.now()
  await new p.Ledger(pin).take(proven)
  times.ledger.push(performance.now() - start)
  const from = performance.now()
  for (const { key, message, signature } of signatures)
    if (!p.verify(key, message, signature)) throw new Error('signature')
  times.signatures.push(performance.now() - from)
}
const ledger = median(times.ledger)
const limit = median(times.signatures)
console.log(machine())
table([
  ['what', 'result'],
  [`${ENTRIES} entries verified, ${(bytes / 1e6).toFixed(1)} MB`, `${(ledger / 1000).toFixed(2)} s`],
  ['the same signatures alone', `${(limit / 1000).toFixed(2)} s`],
  ['ratio', (ledger / limit).toFixed(2)],
])
