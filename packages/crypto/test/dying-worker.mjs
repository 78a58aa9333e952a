// A sealing worker that ends at its first job, as one does when memory runs out. Used by pool-death.test.ts.
import { parentPort } from 'node:worker_threads'

parentPort.on('message', ({ kind }) => {
  if (kind === 'job') process.exit(3)
})
