// Signatures of long answers on Node's worker threads: a trail of ten thousand entries is two seconds of Ed25519. The threads begin
// with an answer and end with it. verifier-web.ts is the other side of package.json#imports `#verifier`. Bundlers must keep
// verifier-worker-node.js beside this file; without it nothing is lost but time, for the ledger then verifies every entry itself.
import { Worker } from 'node:worker_threads'
import type { ChainId, SignedEntry, VerifySignatures } from '@sealchart/protocol'

const WORKERS = 2
/** Entries below which threads cost more than they save. */
const WORTHWHILE = 512

/** What a thread is asked: it answers a verdict for each entry, in their order. */
export interface Question {
  readonly network: ChainId
  readonly entries: readonly SignedEntry[]
}

/** Verifies the signatures of long answers on other threads, and none of short ones. */
export const verifySignatures: VerifySignatures | undefined = async (network, entries) => {
  if (entries.length < WORTHWHILE) return []
  const share = Math.ceil(entries.length / WORKERS)
  const shares = Array.from({ length: WORKERS }, (_, i) => entries.slice(i * share, (i + 1) * share))
  return (await Promise.all(shares.map((mine) => ask({ network, entries: mine })))).flat()
}

function ask(question: Question): Promise<readonly boolean[]> {
  const worker = new Worker(new URL('./verifier-worker-node.js', import.meta.url), { workerData: question })
  return new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', () => reject(new Error('a verifying thread ended without an answer')))
  })
}
