// Bodies off Node's own stream: read whole, refused where they are too long, and never taken for whole when they end early.
import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { type Request, readBody, readPieces } from '../src/bodies.js'
import { createIntakes } from '../src/intake.js'

const MOST = 1000
const requestWith = (incoming: PassThrough): Request =>
  Object.assign(Object.create(null), { env: { incoming } }) as Request
const read = (incoming: PassThrough) => readBody(requestWith(incoming), MOST, createIntakes(1024 * 1024).known)
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

  test('in the smallest pieces takes no more memory than another, and each piece is seen once, in order', async () => {
    const LARGE = 16 * 1024
    for (const lengths of [
      Array.from({ length: 50_000 }, () => 1),
      Array.from({ length: 40 }, (_, i) => (i % 2 ? LARGE : 1)),
      [LARGE - 1, LARGE - 1, 2, LARGE, 5],
      [7],
      [],
    ]) {
      const incoming = new PassThrough()
      const sent = Buffer.concat(lengths.map((length, i) => Buffer.alloc(length, i % 251)))
      const seen: Uint8Array[] = []
      const see = (piece: Uint8Array) => void seen.push(Uint8Array.from(piece))
      const whole = readPieces(requestWith(incoming), sent.length, { intake: createIntakes(1024 * 1024).known, see })
      lengths.forEach((length, i) => incoming.write(new Uint8Array(length).fill(i % 251)))
      incoming.end()
      const pieces = await whole
      expect(Buffer.concat(pieces).equals(sent)).toBe(true)
      expect(Buffer.concat(seen).equals(sent)).toBe(true)
      expect(pieces.length).toBeLessThanOrEqual(2 + (2 * sent.length) / LARGE)
      const held = new Set(pieces.map(({ buffer }) => buffer))
      expect([...held].reduce((sum, buffer) => sum + buffer.byteLength, 0)).toBeLessThanOrEqual(
        2 * sent.length + 2 * LARGE,
      )
    }
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

  test('whose connection was gone before anybody listened is no body', async () => {
    const gone = new PassThrough()
    gone.destroy()
    await new Promise((resolve) => void setImmediate(resolve))
    await expect(read(gone)).rejects.toMatchObject({ code: 'DECODE_TRUNCATED' })
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
