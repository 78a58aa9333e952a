// Readers in a process of their own, so that what they wait for is the relay and nothing of the bench: each sends requests that are signed
// already, one after the other, with a pause between them, until it is told to stop.
//
// `startReaders(url, requests)`: a list of whole requests each (load.mjs). `stop` answers with the milliseconds of all that were sent.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { connection } from './load.mjs'

const PAUSE_MS = 20

export async function startReaders(url, requests) {
  const child = fork(fileURLToPath(import.meta.url), ['readers'], { serialization: 'advanced' })
  child.send({ url, requests })
  await once(child, 'message')
  return {
    async stop() {
      child.send('stop')
      const [times] = await once(child, 'message')
      return times
    },
  }
}

async function read({ url, requests }) {
  let stopped = false
  const times = []
  const readers = requests.map(async (own) => {
    const { send, end } = await connection(url)
    for (const request of own) {
      if (stopped) break
      const begun = performance.now()
      const status = await send(request)
      if (status !== 200) throw new Error(`a reader was answered with ${status}`)
      times.push(performance.now() - begun)
      await sleep(PAUSE_MS)
    }
    if (!stopped) throw new Error('a reader had too few requests')
    end()
  })
  process.once('message', () => {
    stopped = true
  })
  process.send('started')
  await Promise.all(readers)
  process.send(times, () => process.disconnect())
}

if (process.argv[2] === 'readers') process.once('message', (asked) => void read(asked))
