// Verifying a trail: a record with 10,000 entries of its access log, from proven bytes to an accepted ledger: as the SDK does it, with
// signatures on two worker threads that begin and end with each run, and in one thread, as browsers do.
// Limit beside it: libsodium's Ed25519 verification alone, of the same signatures in one thread, in the same run.
//
//   node bench/trail.mjs [entries]
import { ready as cryptoReady, deviceFromSeed } from '@sealchart/crypto'
import * as p from '@sealchart/protocol'
import { verifySignatures } from '../packages/client-sdk/dist/verifier-node.js'
import { actingRecord } from './lib/log.mjs'
import { figure, interleave, machine, median, targetAtMost } from './lib/measure.mjs'

const ENTRIES = Number(process.argv[2] ?? 10_000)
const RUNS = 5
/** Seconds for 10,000 entries. */
const MOST = 2.5

await Promise.all([p.ready(), cryptoReady()])
const { pin, proven, signatures } = await actingRecord(deviceFromSeed, ENTRIES)
const bytes = proven.entries.reduce((sum, entry) => sum + entry.bytes.length, 0)

const programs = {
  async threads() {
    await new p.Ledger(pin, undefined, { verifySignatures }).take(proven)
  },
  async one() {
    await new p.Ledger(pin).take(proven)
  },
  signatures() {
    for (const { key, message, signature } of signatures)
      if (!p.verify(key, message, signature)) throw new Error('signature')
  },
}
const times = await interleave(programs, RUNS)
const [threads, one, limit] = [times.threads, times.one, times.signatures].map(median)
console.log(machine())
const what = `seconds to verify a trail of ${ENTRIES} entries`
const most = (MOST * ENTRIES) / 10_000
const beside = (time) => `${(time / limit).toFixed(2)} × the ${(limit / 1000).toFixed(2)} s of its signatures alone`
targetAtMost(what, threads / 1000, most, `${beside(threads)}, in one thread; ${(bytes / 1e6).toFixed(1)} MB`)
figure(`${what}, in one thread`, (one / 1000).toFixed(2), beside(one))
