// A program that waits for news, hears some, stops, and ends by itself: run by inbox.test.ts, which reads what it prints.
import { testNetwork } from '../dist/index.js'

const net = await testNetwork({ kec: ['chan'], hospital: ['lee'] })
const ending = new AbortController()
let heard = 0
const reading = (async () => {
  for await (const notice of net.chart('lee').inbox({ signal: ending.signal })) {
    heard += 1
    void notice
  }
})()
const sections = { summary: { name: 'letter.txt', data: new Uint8Array(10) } }
const share = [{ with: net.person('lee'), sections: ['summary'], reason: 'referral' }]
await net.chart('chan').records.create({ ref: 'v1', title: 'Chest pain', sections, share })
while (heard === 0) await new Promise((resolve) => setTimeout(resolve, 5))
ending.abort()
await reading
// The relay's place is left by a microtask or two.
await new Promise((resolve) => setTimeout(resolve))
const left = process.getActiveResourcesInfo().filter((kind) => kind !== 'PipeWrap' && kind !== 'TTYWrap')
console.log(JSON.stringify({ heard, left }))
