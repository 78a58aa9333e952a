// Frames of a stream: found however the bytes are cut, and refused where they are none. Spec: docs/spec/relay.md, "The stream".
import { type ChainId, concat, inboxFrame, pack, unhex } from '@sealchart/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { effort } from '../../../scripts/effort.mjs'
import { framesIn, type InboxFrame } from '../src/frames.js'
import { codeOf } from './support.js'

const chain = new Uint8Array(32).fill(9) as Uint8Array as ChainId

function framed(content: Uint8Array, length = content.length): Uint8Array<ArrayBuffer> {
  const field = new Uint8Array(4)
  new DataView(field.buffer).setUint32(0, length)
  return concat(field, content)
}

const bytesOf = (frame: InboxFrame): Uint8Array<ArrayBuffer> => framed(pack(inboxFrame, frame))

async function* pieces(...all: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* all
}

async function all(given: AsyncIterable<Uint8Array>): Promise<InboxFrame[]> {
  const found: InboxFrame[] = []
  for await (const frame of framesIn(given)) found.push(frame)
  return found
}

const frame = (after: number, count: number, ends = false): InboxFrame => ({
  after,
  notices: Array.from({ length: count }, (_, i) => ({ index: after + 1 + i, chain })),
  ends,
})

test('the frame of the specification is what it says', async () => {
  expect(await all(pieces(unhex('00000004830780f4') as Uint8Array))).toEqual([{ after: 7, notices: [], ends: false }])
})

test('frames are found however their bytes are cut, and none before it is whole', async () => {
  const some = fc.array(fc.tuple(fc.nat(1000), fc.nat(5), fc.boolean()), { maxLength: 6 })
  const property = fc.asyncProperty(some, fc.array(fc.nat(200), { maxLength: 20 }), async (made, cuts) => {
    const frames = made.map(([after, count, ends]) => frame(after, count, ends))
    const bytes = concat(...frames.map(bytesOf))
    const parts: Uint8Array[] = []
    let at = 0
    for (const length of cuts) {
      parts.push(bytes.subarray(at, at + length))
      at += length
    }
    expect(await all(pieces(...parts, bytes.subarray(at)))).toEqual(frames)
  })
  await fc.assert(property, { numRuns: effort(100) })
})

test('the largest frame that a relay sends fits', async () => {
  const largest = frame(2 ** 53 - 300, 200, true)
  const [found] = await all(pieces(bytesOf(largest)))
  expect(found).toEqual(largest)
})

describe('what is no frame', () => {
  const whole = bytesOf(frame(0, 2))
  test.each<[string, string, readonly Uint8Array[]]>([
    ['an end inside a length', 'OFFLINE', [whole.subarray(0, 3)]],
    ['an end inside a frame', 'OFFLINE', [whole.subarray(0, -1)]],
    ['an end after a frame, inside the next', 'OFFLINE', [whole, whole.subarray(0, 10)]],
    ['a length of nothing', 'RELAY', [new Uint8Array(4)]],
    ['a length above the largest, before the rest comes', 'RELAY', [framed(new Uint8Array(), 16_385)]],
    ['a page of a proxy', 'RELAY', [new TextEncoder().encode('<html>Bad gateway</html>')]],
    ['another structure', 'RELAY', [framed(Uint8Array.of(0x80))]],
    ['bytes after the structure', 'RELAY', [framed(concat(pack(inboxFrame, frame(0, 0)), Uint8Array.of(0)))]],
    ['a number in a longer form', 'RELAY', [framed(Uint8Array.of(0x83, 0x18, 0x07, 0x80, 0xf4))]],
  ])('%s is %s', async (_, code, given) => {
    expect(await codeOf(all(pieces(...given)))).toBe(code)
  })

  test('a flipped bit never makes a frame of another length', async () => {
    const bytes = bytesOf(frame(3, 1))
    for (let bit = 0; bit < 32; bit++) {
      const spoilt = bytes.slice()
      spoilt[bit >> 3] = (spoilt[bit >> 3] as number) ^ (1 << (bit & 7))
      expect(['RELAY', 'OFFLINE']).toContain(await codeOf(all(pieces(spoilt))))
    }
  })
})
