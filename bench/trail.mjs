// Verifying a trail: a record with 10,000 entries of its access log, from proven bytes to an accepted ledger, on one core.
// Limit beside it: libsodium's Ed25519 verification alone, of the same number of signatures, in the same run.
//
//   node bench/trail.mjs [entries]
import { ready as cryptoReady, deviceFromSeed } from '@sealchart/crypto'
import * as p from '@sealchart/protocol'
import { actingRecord } from './lib/log.mjs'
import { machine, median, targetAtMost } from './lib/measure.mjs'

const ENTRIES = Number(process.argv[2] ?? 10_000)
const RUNS = 5
/** Seconds for 10,000 entries. */
const MOST = 2.5

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
const beside = `${(ledger / limit).toFixed(2)} × the ${(limit / 1000).toFixed(2)} s of its signatures alone; ${(bytes / 1e6).toFixed(1)} MB`
targetAtMost(`seconds to verify a trail of ${ENTRIES} entries`, ledger / 1000, (MOST * ENTRIES) / 10_000, beside)
