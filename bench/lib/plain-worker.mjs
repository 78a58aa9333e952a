// The plain loop (AES-256-GCM and SHA-256 of one MiB) in a thread of its own, without messages in between: how much of two processors
// the machine has to give at the moment. Started by seal-pool.mjs.
import { createCipheriv, createHash, randomBytes } from 'node:crypto'
import { isMainThread, parentPort } from 'node:worker_threads'

const content = randomBytes(2 ** 20)
const key = randomBytes(32)

export function plainLoop(count) {
  for (let i = 0; i < count; i++) {
    const gcm = createCipheriv('aes-256-gcm', key, randomBytes(12))
    const body = gcm.update(content)
    gcm.final()
    createHash('sha256').update(body).update(gcm.getAuthTag()).digest()
  }
}

if (!isMainThread) {
  parentPort.on('message', (count) => {
    plainLoop(count)
    parentPort.postMessage('done')
  })
}
