// The tests of FLOE, run once on each cipher (floe.test.ts: the platform’s; floe-web.test.ts: that of browsers).
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { cipher } from '#cipher'
import { effort } from '../../../scripts/effort.mjs'
import {
  joinSegment,
  nameSegment,
  openBytes,
  resumeSealing,
  type Sealing,
  sealBytes,
  startOpening,
  startSealing,
} from '../src/floe.js'
import {
  FILE,
  type FloeParameters,
  HEADER_LENGTH,
  payloadLength,
  SMALL,
  sealedLength,
  segmentCount,
} from '../src/floe-layout.js'
import { oracleDataKey, oracleHeader, oracleSegment } from './floe-oracle.js'
import { collide } from './gcm-collision.js'
import { codeOf, counted, expectCode, filled, flip, notBytes, permutations, scripted } from './support.js'
import vectors from './vectors/floe.json' with { type: 'json' }

const TINY: FloeParameters = { segmentLength: 64, rotationBits: 20 }
const TURNING: FloeParameters = { segmentLength: 64, rotationBits: 1 }
const FULL = payloadLength(TINY)
const key = filled(1)
const aad = filled(2, 20)
const unhex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'))

async function sealAll(sealing: Sealing, plaintext: Uint8Array, parameters = TINY): Promise<Uint8Array[]> {
  const count = segmentCount(plaintext.length, parameters)
  const size = payloadLength(parameters)
  const pieces = Array.from({ length: count }, (_, i) => plaintext.subarray(i * size, (i + 1) * size))
  return Promise.all(pieces.map(async (piece, i) => joinSegment(await sealing.sealSegment(piece, i, i === count - 1))))
}

/** Opens segments as those of one object, in order. */
async function openAll(header: Uint8Array, segments: readonly Uint8Array[], parameters = TINY): Promise<Uint8Array> {
  const opening = startOpening(key, aad, header, parameters)
  const last = segments.length - 1
  const opened = await Promise.all(segments.map((segment, i) => opening.openSegment(segment, i, i === last)))
  return new Uint8Array(Buffer.concat(opened))
}

export function floeSuite(): void {
  describe('known answers', () => {
    test.each(vectors)('$name: made with Python’s cryptography', async (vector) => {
      const { segmentLength, rotationBits } = vector
      const parameters = { segmentLength, rotationBits }
      const options = { parameters, random: scripted(vector.random.map(unhex)) }
      const sealing = startSealing(unhex(vector.key), unhex(vector.aad), options)
      const plaintext = unhex(vector.plaintext)
      const segments: Uint8Array[] = []
      const count = segmentCount(plaintext.length, parameters)
      for (let i = 0; i < count; i++) {
        const piece = plaintext.subarray(i * (segmentLength - 32), (i + 1) * (segmentLength - 32))
        segments.push(joinSegment(await sealing.sealSegment(piece, i, i === count - 1)))
      }
      expect(Buffer.concat([sealing.header, ...segments]).toString('hex')).toBe(vector.sealed)
      const opening = startOpening(unhex(vector.key), unhex(vector.aad), sealing.header, parameters)
      const opened = await Promise.all(segments.map((segment, i) => opening.openSegment(segment, i, i === count - 1)))
      expect(Buffer.concat(opened).toString('hex')).toBe(vector.plaintext)
    })

    test('any key, position and rotation: the same bytes as the second implementation', async () => {
      const bytes = (n: number) => fc.uint8Array({ minLength: n, maxLength: n })
      await fc.assert(
        fc.asyncProperty(
          bytes(32),
          fc.uint8Array({ maxLength: 80 }),
          bytes(32),
          bytes(12),
          fc.uint8Array({ minLength: 1, maxLength: FULL }),
          fc.oneof(fc.nat(9), fc.integer({ min: 2 ** 32 - 3, max: 2 ** 32 + 3 }), fc.constant(2 ** 40 - 1)),
          fc.integer({ min: 0, max: 20 }),
          async (key, aad, iv, segmentIv, plaintext, position, rotationBits) => {
            const parameters = { segmentLength: 64, rotationBits }
            const input = { key, aad, iv, segmentLength: 64, rotationBits }
            const sealing = startSealing(key, aad, { parameters, random: scripted([iv, segmentIv]) })
            expect(sealing.header).toEqual(oracleHeader(input))
            const sealed = joinSegment(await sealing.sealSegment(plaintext, position, true))
            expect(sealed).toEqual(oracleSegment(input, { plaintext, position, final: true, iv: segmentIv }))
          },
        ),
        { numRuns: effort(60) },
      )
    })
  })

  describe('lengths', () => {
    const around = [0, 1, FULL - 1, FULL, FULL + 1, 2 * FULL - 1, 2 * FULL, 2 * FULL + 1, 5 * FULL]
    test.each(around)('%i bytes in segments of 64', async (length) => {
      const plaintext = filled(3, length)
      const sealing = startSealing(key, aad, { parameters: TINY, random: counted() })
      const segments = await sealAll(sealing, plaintext)
      expect(Buffer.concat([sealing.header, ...segments]).length).toBe(sealedLength(length, TINY))
      expect(await openAll(sealing.header, segments)).toEqual(plaintext)
    })

    const full = payloadLength(SMALL)
    test.each([0, 1, full - 1, full, full + 1, 2 * full])('%i bytes at once', async (length) => {
      const plaintext = filled(4, length)
      const sealed = await sealBytes(key, aad, plaintext, counted())
      expect(sealed.length).toBe(sealedLength(length, SMALL))
      expect(await openBytes(key, aad, sealed)).toEqual(plaintext)
    })

    test.each([payloadLength(FILE) - 1, payloadLength(FILE)])('a file segment of %i bytes', async (length) => {
      const plaintext = filled(5, length)
      const sealing = startSealing(key, aad, { parameters: FILE, random: counted() })
      const segment = await sealing.sealSegment(plaintext, 0, true)
      const opening = startOpening(key, aad, sealing.header, FILE)
      expect(Buffer.compare(await opening.openSegment(segment, 0, true), plaintext)).toBe(0)
    })

    test('a segment is full unless it is the last, and empty only if it is the first', async () => {
      const sealing = startSealing(key, aad, { parameters: TINY, random: counted() })
      const table = [
        [0, 0, false],
        [FULL - 1, 0, false],
        [FULL + 1, 0, false],
        [FULL + 1, 0, true],
        [0, 1, true],
      ] as const
      for (const [length, position, final] of table) {
        await expectCode('USAGE', () => sealing.sealSegment(new Uint8Array(length), position, final), `${length}`)
      }
    })

    test('an empty last segment behind others is refused, though the second implementation makes one', async () => {
      const input = { key, aad, iv: filled(6), ...TINY }
      const empty = oracleSegment(input, { plaintext: new Uint8Array(), position: 1, final: true, iv: filled(7, 12) })
      const opening = startOpening(key, aad, oracleHeader(input), TINY)
      await expectCode('UNAUTHENTIC', () => opening.openSegment(empty, 1, true))
    })

    test('positions end at 2^40, and the last one is for a final segment', async () => {
      const sealing = startSealing(key, aad, { parameters: TINY, random: counted() })
      const opening = startOpening(key, aad, sealing.header, TINY)
      const content = new Uint8Array(FULL)
      const last = await sealing.sealSegment(content, 2 ** 40 - 1, true)
      expect(await opening.openSegment(last, 2 ** 40 - 1, true)).toEqual(content)
      for (const [position, final] of [
        [2 ** 40, true],
        [2 ** 40 - 1, false],
        [2 ** 52, false],
      ] as const) {
        await expectCode('LIMIT', () => sealing.sealSegment(content, position, final))
        await expectCode('LIMIT', () => opening.openSegment(last, position, final))
      }
      for (const position of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, '0', null, 0n]) {
        await expectCode('USAGE', () => sealing.sealSegment(content, position as number, true), String(position))
        await expectCode('USAGE', () => opening.openSegment(last, position as number, true), String(position))
      }
      await expectCode('USAGE', () => sealing.sealSegment(content, 0, JSON.parse('1') as boolean))
    })
  })

  describe('refused', () => {
    test('every flipped bit of a small object', async () => {
      const sealed = await sealBytes(key, aad, filled(8, 20), counted())
      for (let bit = 0; bit < 8 * sealed.length; bit++) {
        const inHeader = bit >= 8 * 10 && bit < 8 * HEADER_LENGTH
        const expected = inHeader ? 'COMMITMENT' : 'UNAUTHENTIC'
        await expectCode(expected, () => openBytes(key, aad, flip(sealed, bit)), `bit ${bit}`)
      }
    })

    test('every truncation and some extensions of a small object', async () => {
      const sealed = await sealBytes(key, aad, filled(9, 20), counted())
      for (let length = 0; length < sealed.length; length++) {
        await expectCode('UNAUTHENTIC', () => openBytes(key, aad, sealed.subarray(0, length)), `${length} bytes`)
      }
      for (const more of [1, 16, 32, SMALL.segmentLength]) {
        const longer = new Uint8Array(sealed.length + more)
        longer.set(sealed)
        await expectCode('UNAUTHENTIC', () => openBytes(key, aad, longer), `${more} more`)
      }
    })

    test('an object of two segments without its last, or with one that is not authentic', async () => {
      const sealed = await sealBytes(key, aad, filled(10, payloadLength(SMALL) + 5), counted())
      const first = sealed.subarray(0, HEADER_LENGTH + SMALL.segmentLength)
      await expectCode('UNAUTHENTIC', () => openBytes(key, aad, first))
      await expectCode('UNAUTHENTIC', () => openBytes(key, aad, flip(sealed, 8 * sealed.length - 1)))
    })

    test.each([2, 3, 4, 5, 6])('every other order of %i segments', async (count) => {
      const sealing = startSealing(key, aad, { parameters: TINY, random: counted() })
      const segments = await sealAll(sealing, filled(11, count * FULL))
      const orders = permutations(segments)
      const accepted: number[] = []
      for (const [i, order] of orders.entries()) {
        const code = await codeOf(() => openAll(sealing.header, order))
        if (code === 'accepted') accepted.push(i)
        else expect(code).toBe('UNAUTHENTIC')
      }
      expect(accepted).toEqual([0])
    })

    test('dropped, repeated and inserted segments', async () => {
      const sealing = startSealing(key, aad, { parameters: TINY, random: counted() })
      const [a, b, c, d] = (await sealAll(sealing, filled(12, 4 * FULL))) as [
        Uint8Array,
        Uint8Array,
        Uint8Array,
        Uint8Array,
      ]
      expect((await openAll(sealing.header, [a, b, c, d])).length).toBe(4 * FULL)
      for (const segments of [[a, b, c], [b, c, d], [a, c, d], [a, a, b, c, d], [a, b, c, d, d], [d], [a]]) {
        await expectCode('UNAUTHENTIC', () => openAll(sealing.header, segments), `${segments.length} segments`)
      }
    })

    test('another position or final flag', async () => {
      const sealing = startSealing(key, aad, { parameters: TINY, random: counted() })
      const opening = startOpening(key, aad, sealing.header, TINY)
      const segment = joinSegment(await sealing.sealSegment(filled(13, FULL), 3, true))
      expect(await codeOf(() => opening.openSegment(segment, 3, true))).toBe('accepted')
      for (const position of [0, 2, 4, 3 + 2 ** 32, 2 ** 39]) {
        await expectCode('UNAUTHENTIC', () => opening.openSegment(segment, position, true))
      }
      await expectCode('UNAUTHENTIC', () => opening.openSegment(segment, 3, false))
      // With the length field changed to fit, the flag in the associated data still gives it away.
      const relabelled = segment.slice()
      relabelled.set([0xff, 0xff, 0xff, 0xff])
      await expectCode('UNAUTHENTIC', () => opening.openSegment(relabelled, 3, false))
    })

    test('another key, associated data or parameters, before any segment', async () => {
      const { header } = startSealing(key, aad, { parameters: TINY, random: counted() })
      await expectCode('COMMITMENT', () => startOpening(filled(99), aad, header, TINY))
      await expectCode('COMMITMENT', () => startOpening(key, filled(99, 20), header, TINY))
      await expectCode('COMMITMENT', () => startOpening(key, aad.subarray(1), header, TINY))
      await expectCode('UNAUTHENTIC', () => startOpening(key, aad, header, SMALL))
      for (const length of [0, 10, HEADER_LENGTH - 1]) {
        await expectCode('UNAUTHENTIC', () => startOpening(key, aad, header.subarray(0, length), TINY))
      }
      const longer = new Uint8Array(HEADER_LENGTH + 1)
      longer.set(header)
      await expectCode('UNAUTHENTIC', () => startOpening(key, aad, longer, TINY))
    })

    test('a segment of another object under the same key and associated data', async () => {
      const random = counted()
      const one = startSealing(key, aad, { parameters: TINY, random })
      const two = startSealing(key, aad, { parameters: TINY, random })
      const segment = await one.sealSegment(filled(14, 5), 0, true)
      const opening = startOpening(key, aad, two.header, TINY)
      await expectCode('UNAUTHENTIC', () => opening.openSegment(segment, 0, true))
    })

    test('a ciphertext that AES-GCM accepts under two keys', async () => {
      const other = filled(50)
      const iv = filled(15)
      const inputs = [key, other].map((key) => ({ key, aad, iv, ...TINY })) as [
        Parameters<typeof oracleHeader>[0],
        Parameters<typeof oracleHeader>[0],
      ]
      const dataKeys: [Uint8Array, Uint8Array] = [oracleDataKey(inputs[0], 0), oracleDataKey(inputs[1], 0)]
      const segmentIv = filled(16, 12)
      const context = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 1)
      const { body, tag } = collide(dataKeys, segmentIv, context, 2)
      const plaintexts = await Promise.all(
        dataKeys.map(async (dataKey) =>
          (await cipher.aead(dataKey)).open({ iv: segmentIv, aad: context }, { body, tag }),
        ),
      )
      // The collision is real: without the header's commitment, two readers would see two records.
      expect(plaintexts.every((plaintext) => plaintext?.length === 32)).toBe(true)
      expect(plaintexts[0]).not.toEqual(plaintexts[1])
      const prefix = new Uint8Array([0, 0, 0, 64, ...segmentIv])
      const header = oracleHeader(inputs[0])
      expect(await startOpening(key, aad, header, TINY).openSegment({ prefix, body, tag }, 0, true)).toEqual(
        plaintexts[0],
      )
      await expectCode('COMMITMENT', () => startOpening(other, aad, header, TINY))
    })
  })

  describe('resuming', () => {
    const content = filled(17, FULL)

    test('makes the recorded bytes again and goes on under the same header', async () => {
      const random = counted()
      const sealing = startSealing(key, aad, { parameters: TINY, random })
      const segment = await sealing.sealSegment(content, 0, false)
      const recorded = { iv: segment.prefix.slice(4), name: await nameSegment(segment) }
      const resumed = resumeSealing(key, aad, sealing.header, { parameters: TINY, random })
      expect(resumed.header).toEqual(sealing.header)
      expect(joinSegment(await resumed.resealSegment(content, 0, false, recorded))).toEqual(joinSegment(segment))
      const last = await resumed.sealSegment(filled(18, 3), 1, true)
      const opened = await openAll(sealing.header, [joinSegment(segment), joinSegment(last)])
      expect(opened).toEqual(new Uint8Array([...content, ...filled(18, 3)]))
    })

    test('gives nothing away when plaintext or place is another', async () => {
      const sealing = startSealing(key, aad, { parameters: TINY, random: counted() })
      const segment = await sealing.sealSegment(content, 0, false)
      const recorded = { iv: segment.prefix.slice(4), name: await nameSegment(segment) }
      await expectCode('SOURCE_CHANGED', () => sealing.resealSegment(flip(content, 0), 0, false, recorded))
      await expectCode('SOURCE_CHANGED', () => sealing.resealSegment(content, 1, false, recorded))
      await expectCode('SOURCE_CHANGED', () => sealing.resealSegment(content, 0, true, recorded))
      await expectCode('USAGE', () => sealing.resealSegment(content, 0, false, { ...recorded, iv: filled(1, 11) }))
    })

    test('needs the object’s own header', async () => {
      const options = { parameters: TINY, random: counted() }
      const { header } = startSealing(key, aad, options)
      await expectCode('COMMITMENT', () => resumeSealing(filled(98), aad, header, options))
      await expectCode('COMMITMENT', () => resumeSealing(key, aad, flip(header, 100), options))
    })
  })

  test('a segment that was just sealed is opened and compared', async () => {
    const sealing = startSealing(key, aad, { parameters: TINY, random: counted() })
    const content = filled(19, FULL)
    const segment = await sealing.sealSegment(content, 0, false)
    expect(await codeOf(() => sealing.verifySegment(segment, content, 0, false))).toBe('accepted')
    for (const bit of [0, 5, 8 * FULL - 1]) {
      await expectCode('SELFCHECK', () =>
        sealing.verifySegment({ ...segment, body: flip(segment.body, bit) }, content, 0, false),
      )
      await expectCode('SELFCHECK', () => sealing.verifySegment(segment, flip(content, bit), 0, false))
    }
    await expectCode('SELFCHECK', () =>
      sealing.verifySegment({ ...segment, tag: flip(segment.tag, 0) }, content, 0, false),
    )
    await expectCode('SELFCHECK', () =>
      sealing.verifySegment({ ...segment, prefix: flip(segment.prefix, 0) }, content, 0, false),
    )
  })

  describe('keys', () => {
    test('one data key a rotation period, in any order of segments', async () => {
      const made = vi.spyOn(cipher, 'aead')
      const sealing = startSealing(key, aad, { parameters: TURNING, random: counted() })
      const segments = await sealAll(sealing, filled(20, 6 * FULL), TURNING)
      expect(made).toHaveBeenCalledTimes(3)
      const opening = startOpening(key, aad, sealing.header, TURNING)
      for (const i of [5, 0, 3, 1, 4, 2, 0]) {
        const opened = await opening.openSegment(segments[i] as Uint8Array, i, i === 5)
        expect(opened).toEqual(filled(20, 6 * FULL).subarray(i * FULL, (i + 1) * FULL))
      }
      made.mockRestore()
    })

    test('2,000 segments sealed at once have 2,000 IVs', async () => {
      const sealing = startSealing(key, aad, {
        parameters: TINY,
        random: (n) => crypto.getRandomValues(new Uint8Array(n)),
      })
      const content = new Uint8Array(FULL)
      const segments = await Promise.all(Array.from({ length: 2000 }, (_, i) => sealing.sealSegment(content, i, false)))
      expect(new Set(segments.map(({ prefix }) => Buffer.from(prefix).toString('hex'))).size).toBe(2000)
    })

    test('two objects under one key have different headers and segments', async () => {
      const random = counted()
      const [one, two] = [await sealBytes(key, aad, content5, random), await sealBytes(key, aad, content5, random)]
      expect(one).not.toEqual(two)
    })
    const content5 = filled(21, 5)

    test('the caller may overwrite key and associated data afterwards', async () => {
      const [k, a] = [key.slice(), aad.slice()]
      const sealing = startSealing(k, a, { parameters: TINY, random: counted() })
      k.fill(0)
      a.fill(0)
      const segment = joinSegment(await sealing.sealSegment(filled(22, 9), 0, true))
      expect(await openAll(sealing.header, [segment])).toEqual(filled(22, 9))
    })
  })

  describe('arguments', () => {
    const sealed = sealBytes(key, aad, filled(23, 9), counted())
    test.each(notBytes)('%s is no byte string', async (_, value) => {
      const wrong = value as Uint8Array
      const options = { parameters: TINY, random: counted() }
      const { header } = startSealing(key, aad, options)
      const sealing = startSealing(key, aad, options)
      const opening = startOpening(key, aad, header, TINY)
      const actions = [
        () => sealBytes(wrong, aad, aad, counted()),
        () => sealBytes(key, wrong, aad, counted()),
        () => sealBytes(key, aad, wrong, counted()),
        () => sealBytes(key, aad, aad, () => wrong),
        async () => openBytes(wrong, aad, await sealed),
        async () => openBytes(key, wrong, await sealed),
        () => openBytes(key, aad, wrong),
        () => startOpening(key, aad, wrong, TINY),
        () => sealing.sealSegment(wrong, 0, true),
        () => sealing.resealSegment(aad, 0, true, { iv: wrong, name: key }),
        () => opening.openSegment(wrong, 0, true),
        () => opening.openSegment({ prefix: wrong, body: key, tag: key }, 0, true),
      ]
      for (const [i, action] of actions.entries()) await expectCode('USAGE', action, `action ${i}`)
    })

    test('keys and random bytes of another length', async () => {
      for (const length of [0, 16, 31, 33, 64]) {
        await expectCode('USAGE', () => sealBytes(filled(1, length), aad, aad, counted()))
      }
      await expectCode('USAGE', () => sealBytes(key, aad, aad, (n) => new Uint8Array(n - 1)))
      await expectCode('USAGE', () => sealBytes(key, aad, aad, (n) => new Uint8Array(n + 1)))
      await expectCode('USAGE', () => sealBytes(key, aad, aad, JSON.parse('null') as () => Uint8Array))
    })
  })
}
