// Bodies off Node's own stream: read whole, refused where they are too long, and never taken for whole when they end early.
import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { type Request, readBody } from '../src/http.js'
import { createIntake } from '../src/intake.js'

const MOST = 1000
const requestWith = (incoming: PassThrough): Request =>
  Object.assign(Object.create(null), { env: { incoming } }) as Request
const read = (incoming: PassThrough) => readBody(requestWith(incoming), MOST, createIntake(1024 * 1024))
const listeners = (stream: PassThrough): number =>
  ['data', 'end', 'error'].reduce((sum, event) => sum + stream.listenerCount(event), 0)

describe('a body', () => {
  test('is read whole, in whatever pieces it comes, up to its limit', async () => {
    const incoming = new PassThrough()
    const before = listeners(incoming)
    const body = read(incoming)
    for (const length of [1, 600, 399]) incoming.write(new Uint8Array(length).fill(length))
    incoming.end()
    expect((await body).length).toBe(MOST)
    expect([(await body)[0], (await body)[1], (await body)[999]]).toEqual([1, 600 % 256, 399 % 256])
    expect(listeners(incoming)).toBe(before)
  })

  test('that is too long is refused at once, and the rest is not read', async () => {
    const incoming = new PassThrough()
    const before = listeners(incoming)
    const body = read(incoming)
    incoming.write(new Uint8Array(MOST + 1))
    await expect(body).rejects.toMatchObject({ code: 'TOO_LARGE' })
    expect(incoming.isPaused()).toBe(true)
    expect(incoming.destroyed).toBe(false)
    expect(listeners(incoming)).toBe(before)
  })

  test('that ends early is no body, whether the connection fails or closes', async () => {
    const closed = new PassThrough()
    const body = read(closed)
    closed.write(new Uint8Array(10))
    closed.destroy()
    await expect(body).rejects.toMatchObject({ code: 'DECODE_TRUNCATED' })
    const failed = new PassThrough()
    const other = read(failed)
    failed.destroy(new Error('the connection failed'))
    await expect(other).rejects.toMatchObject({ code: 'DECODE_TRUNCATED' })
  })
})
