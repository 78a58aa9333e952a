// Uploads read back: every length around a segment's, many small files, streams, inline and not, and what is put how often.
import { FILE, paddedLength, payloadLength, systemRandom } from '@sealchart/crypto'
import { encodeManifest, hex } from '@sealchart/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { effort } from '../../../scripts/effort.mjs'
import { collectSources } from '../src/sources.js'
import { uploadFiles } from '../src/upload.js'
import { fakeRelay } from './fake-link.js'
import { codeOf, manifestOf, network, open, record, seeded, upload } from './support.js'

const PIECE = payloadLength(FILE)
const MiB = 1024 * 1024

const streamOf = (bytes: Uint8Array, step: number): ReadableStream<Uint8Array> => {
  let at = 0
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close()
      controller.enqueue(bytes.slice(at, at + step))
      at += step
    },
  })
}

describe('lengths', () => {
  const lengths = [
    0,
    1,
    2,
    63,
    1000,
    PIECE - 1,
    PIECE,
    PIECE + 1,
    2 * PIECE - 1,
    2 * PIECE,
    2 * PIECE + 1,
    5 * MiB,
    9 * MiB + 7,
  ]
  test.each(lengths)('%i bytes come back', async (length) => {
    const relay = fakeRelay(record)
    const data = seeded(length)
    const uploaded = await upload(relay, { data, name: 'scan.dcm' })
    const [draft] = uploaded.files
    expect(draft?.padded).toBe(paddedLength(length))
    expect(draft?.mediaType).toBe('application/dicom')
    encodeManifest({ files: uploaded.files.map(manifestOf) })
    const [file] = open(uploaded, relay.link)
    expect(Buffer.compare(await file!.bytes(), data)).toBe(0)
    const parts: Uint8Array[] = []
    for await (const part of file!.stream()) parts.push(part)
    expect(Buffer.compare(Buffer.concat(parts), data)).toBe(0)
  })

  test.each(lengths)('a stream of %i bytes gives the same, its length known or not', async (length) => {
    const relay = fakeRelay(record)
    const data = seeded(length, 7)
    for (const known of [{}, { length }]) {
      const uploaded = await upload(relay, { data: streamOf(data, 300_007), name: 'a', ...known })
      expect(uploaded.files[0]).toMatchObject({ length, padded: paddedLength(length) })
      const [file] = open(uploaded, relay.link)
      expect(Buffer.compare(await file!.bytes(), data)).toBe(0)
    }
  })

  test('a stream of another length than said is refused, too long or too short', async () => {
    const relay = fakeRelay(record)
    for (const length of [999, 1001]) {
      expect(await codeOf(upload(relay, { data: streamOf(seeded(1000), 100), length }))).toBe('SOURCE_CHANGED')
    }
  })

  test('a stream that fails, or gives something else than bytes, is refused', async () => {
    const relay = fakeRelay(record)
    const failing = new ReadableStream<Uint8Array>({ pull: () => Promise.reject(new Error('disk')) })
    expect(await codeOf(upload(relay, failing))).toBe('SOURCE_CHANGED')
    const text = new ReadableStream({ start: (controller) => controller.enqueue('text') })
    expect(await codeOf(upload(relay, text))).toBe('USAGE')
    const locked = streamOf(seeded(10), 10)
    locked.getReader()
    expect(await codeOf(upload(relay, locked))).toBe('USAGE')
  })
})

describe('how things travel', () => {
  test('what fits into 4 MiB in all goes inside the append request, without any request', async () => {
    const relay = fakeRelay(record)
    const uploaded = await upload(relay, [seeded(50_000), seeded(2 * MiB, 2), seeded(0)])
    expect(relay.calls).toEqual([])
    expect(uploaded.uploads).toEqual([])
    expect(uploaded.inline.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBeLessThanOrEqual(4 * MiB)
    const files = open(uploaded, relay.link)
    expect(Buffer.compare(await files[1]!.bytes(), seeded(2 * MiB, 2))).toBe(0)
    expect(relay.calls).toEqual([])
  })

  test('more opens one upload, and nothing is put twice', async () => {
    const relay = fakeRelay(record)
    const uploaded = await upload(relay, [seeded(3 * MiB), seeded(3 * MiB, 2), seeded(10, 3)])
    expect(uploaded.inline).toEqual([])
    expect(relay.calls.filter((call) => call === 'openUpload')).toHaveLength(1)
    expect(uploaded.uploads.map(hex)).toEqual([...relay.uploads.keys()])
    expect(new Set(relay.put).size).toBe(relay.put.length)
    for (const [, { used, reserved }] of relay.uploads) expect(used).toBe(reserved)
  })

  test('2,000 small files take a few requests each way, and come back in order and out of it', async () => {
    const relay = fakeRelay(record)
    const inputs = Array.from({ length: 2000 }, (_, i) => ({ data: seeded(20_000 + i, i), name: `image-${i}.dcm` }))
    const uploaded = await upload(relay, inputs)
    expect(relay.calls.filter((call) => call === 'putSegments').length).toBeLessThanOrEqual(7)
    relay.calls.length = 0
    const files = open(uploaded, relay.link)
    for (const [i, file] of files.entries()) {
      expect(Buffer.compare(await file.bytes(), seeded(20_000 + i, i))).toBe(0)
    }
    expect(relay.calls.length).toBeLessThanOrEqual(7)
    for (const i of [1999, 3, 3, 700]) {
      expect(Buffer.compare(await files[i]!.bytes(), seeded(20_000 + i, i))).toBe(0)
    }
  })

  test('sections never share a request, and each segment is put for its own', async () => {
    const relay = fakeRelay(record)
    const sources = await collectSources(Array.from({ length: 60 }, (_, i) => seeded(100_000, i + 1)))
    const files = sources.map((source, i) => ({ section: i % 3, source }))
    const options = {
      link: relay.link,
      network,
      record,
      nonce: null,
      random: systemRandom,
      now: Date.now,
      journal: null,
    }
    const uploaded = await uploadFiles(files, options)
    for (const draft of uploaded.files) expect(relay.sections.get(hex(draft.names[0]!))).toBe(draft.section)
  })

  test('a stream that outgrows its upload gets another one', async () => {
    const relay = fakeRelay(record)
    const data = seeded(70 * MiB)
    const uploaded = await upload(relay, streamOf(data, MiB))
    expect(uploaded.uploads).toHaveLength(2)
    for (const [, { used, reserved }] of relay.uploads) expect(used).toBeLessThanOrEqual(reserved)
    const [file] = open(uploaded, relay.link)
    expect(Buffer.compare(await file!.bytes(), data)).toBe(0)
  })

  test('a large file goes over the pool and comes back', async () => {
    const relay = fakeRelay(record)
    const data = seeded(65 * MiB, 3)
    const uploaded = await upload(relay, { data })
    const [file] = open(uploaded, relay.link)
    expect(Buffer.compare(await file!.bytes(), data)).toBe(0)
  })

  test('the same content twice shares nothing', async () => {
    const relay = fakeRelay(record)
    const uploaded = await upload(relay, [seeded(5 * MiB), seeded(5 * MiB)])
    const [a, b] = uploaded.files
    expect(hex(a!.fileKey)).not.toBe(hex(b!.fileKey))
    expect(hex(a!.root)).not.toBe(hex(b!.root))
    expect(new Set(relay.put).size).toBe(relay.put.length)
  })

  test('progress only grows and ends at the total', async () => {
    const relay = fakeRelay(record)
    const seen: number[] = []
    const totals = new Set<number | null>()
    const onProgress = ({ phase, bytes, total }: { phase: string; bytes: number; total: number | null }) => {
      expect(phase).toBe('send')
      seen.push(bytes)
      totals.add(total)
    }
    const uploaded = await upload(relay, [seeded(6 * MiB + 5), seeded(17)], { onProgress })
    expect(seen).toEqual(seen.toSorted((a, b) => a - b))
    expect([...totals]).toEqual([seen.at(-1)])
    const read: number[] = []
    await open(uploaded, relay.link)[0]!.bytes({ onProgress: ({ bytes }) => read.push(bytes) })
    expect(read.at(-1)).toBe(6 * MiB + 5)
  })
})

test('a range is the slice of the whole', async () => {
  const relay = fakeRelay(record)
  const data = seeded(3 * PIECE + 12_345)
  const uploaded = await upload(relay, [data, seeded(2 * MiB)])
  const [file] = open(uploaded, relay.link)
  const edge = fc.oneof(
    fc.nat(data.length),
    fc.constantFrom(0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 3 * PIECE, data.length),
  )
  const property = fc.asyncProperty(edge, edge, async (a, b) => {
    const [from, to] = a <= b ? [a, b] : [b, a]
    expect(Buffer.compare(await file!.range(from, to), data.subarray(from, to))).toBe(0)
  })
  await fc.assert(property, { numRuns: effort(40) })
  for (const [from, to] of [
    [-1, 1],
    [2, 1],
    [0, data.length + 1],
    [0.5, 1],
    [0, Number.NaN],
  ] as const) {
    expect(await codeOf(file!.range(from, to))).toBe('USAGE')
  }
})
