// What every object store must keep. segments.test.ts runs it on each; a new one runs it unchanged.
import { describe, expect, it } from 'vitest'
import type { Segments } from '../src/segments/contract.js'

const bytesOf = (length: number, start = 0): Uint8Array => Uint8Array.from({ length }, (_, i) => (start + i) % 251)

export async function namesOf(segments: Segments): Promise<string[]> {
  const names: string[] = []
  for await (const name of segments.list()) names.push(name)
  return names.sort()
}

export function segmentsSuite(name: string, open: () => Promise<Segments>): void {
  const withSegments = (test: (segments: Segments) => Promise<void>) => async () => {
    const segments = await open()
    try {
      await test(segments)
    } finally {
      await segments.close()
    }
  }

  describe(`${name}: objects`, () => {
    const MiB = 1 << 20
    const few = [[0], [1], [5, 0, 7], [4096, 1], [MiB], Array.from({ length: 1500 }, (_, i) => i % 7)]
    const many = [Array.from({ length: 9 }, () => MiB), [3 * MiB, 3 * MiB, 6 * MiB, 1], [4 * MiB, 1]]
    for (const sizes of [...few, ...many]) {
      const total = sizes.reduce((sum, size) => sum + size, 0)
      it(
        `gives back ${total} bytes in ${sizes.length} parts`,
        withSegments(async (segments) => {
          const whole = bytesOf(total)
          let at = 0
          const parts = sizes.map((size) => whole.subarray(at, (at += size)))
          const file = await segments.write(parts)
          expect(file).toMatch(/^[0-9a-f]{32}$/)
          const read = await segments.read({ file, offset: 0, length: total })
          expect(Buffer.compare(read, whole)).toBe(0)
          expect(read.buffer.byteLength).toBe(total)
        }),
      )
    }

    it(
      'reads places and ranges, and refuses what lies outside',
      withSegments(async (segments) => {
        const file = await segments.write([bytesOf(100)])
        const place = { file, offset: 10, length: 20 }
        expect([...(await segments.read(place))]).toEqual([...bytesOf(20, 10)])
        expect([...(await segments.read(place, { from: 5, to: 7 }))]).toEqual([15, 16])
        expect(await segments.read(place, { from: 20, to: 20 })).toHaveLength(0)
        for (const range of [
          { from: -1, to: 2 },
          { from: 0, to: 21 },
          { from: 3, to: 2 },
          { from: 0.5, to: 2 },
        ]) {
          await expect(segments.read(place, range)).rejects.toMatchObject({ code: 'INTERNAL' })
        }
        await expect(segments.read({ file, offset: 90, length: 11 })).rejects.toMatchObject({ code: 'INTERNAL' })
        await expect(segments.read({ file: '0'.repeat(31), offset: 0, length: 1 })).rejects.toMatchObject({
          code: 'INTERNAL',
        })
        await expect(segments.read({ file: 'f'.repeat(32), offset: 0, length: 1 })).rejects.toMatchObject({
          code: 'INTERNAL',
        })
      }),
    )

    it(
      'keeps what it was given, and gives fresh bytes',
      withSegments(async (segments) => {
        const part = bytesOf(10)
        const file = await segments.write([part])
        part.fill(0)
        const place = { file, offset: 0, length: 10 }
        ;(await segments.read(place)).fill(0)
        expect([...(await segments.read(place))]).toEqual([...bytesOf(10)])
      }),
    )

    it(
      'lists and removes',
      withSegments(async (segments) => {
        const files = await Promise.all([1, 2, 3].map((length) => segments.write([bytesOf(length)])))
        expect(await namesOf(segments)).toEqual([...files].sort())
        await segments.read({ file: files[0]!, offset: 0, length: 1 })
        await segments.remove([files[0]!, files[2]!, 'a'.repeat(32)])
        expect(await namesOf(segments)).toEqual([files[1]])
        await expect(segments.read({ file: files[0]!, offset: 0, length: 1 })).rejects.toMatchObject({
          code: 'INTERNAL',
        })
        await segments.remove([])
      }),
    )

    it(
      'serves many writers and readers at once, under different names',
      withSegments(async (segments) => {
        const files = await Promise.all(Array.from({ length: 200 }, (_, i) => segments.write([bytesOf(50, i)])))
        expect(new Set(files).size).toBe(200)
        const read = await Promise.all(files.map((file) => segments.read({ file, offset: 0, length: 50 })))
        expect(read.map((bytes) => bytes[0])).toEqual(files.map((_, i) => i))
      }),
    )
  })
}
