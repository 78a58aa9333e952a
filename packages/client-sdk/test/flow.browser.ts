// An answer that goes on, by the browser's own fetch: frames are there as they come, and an abort closes the connection. The server of
// the browser tests sends the second frame when it is asked to (scripts/browser/serve-stream.mjs).
import { ready } from '@sealchart/protocol'
import { beforeAll, expect, test } from 'vitest'
import { systemFlow } from '#exchange'
import { framesIn } from '../src/frames.js'
import { codeOf } from './support.js'

const STREAM = '/__stream'
const open = (signal: AbortSignal) => {
  const url = new URL(STREAM, location.href).href
  return systemFlow({ method: 'POST', url, headers: {}, body: Uint8Array.of(1) }, signal)
}
const ask = async (what: string): Promise<string> => (await fetch(`${STREAM}/${what}`)).text()

beforeAll(ready)

test('frames are read while the answer goes on, and an abort ends it for both sides', async () => {
  const ending = new AbortController()
  const { status, pieces } = await open(ending.signal)
  expect(status).toBe(200)
  const frames = framesIn(pieces)
  expect((await frames.next()).value).toEqual({ after: 7, notices: [], ends: false })
  const coming = frames.next()
  expect(await ask('more')).toBe('1')
  expect((await coming).value).toEqual({ after: 8, notices: [], ends: false })
  const never = frames.next()
  ending.abort()
  expect(await codeOf(never)).toBe('ABORTED')
  await expect.poll(() => ask('open')).toBe('0')
})

test('an abort closes a connection from which nobody reads', async () => {
  const ending = new AbortController()
  await open(ending.signal)
  expect(await ask('open')).toBe('1')
  ending.abort()
  await expect.poll(() => ask('open')).toBe('0')
})
