// What a relay can do to a download: every stored object changed, swapped or missing is refused, with no byte of it released; what an
// author can do: lengths and padding that do not fit; and how often the relay is asked after a failure.
import {
  FILE,
  fileContext,
  joinSegment,
  paddedLength,
  payloadLength,
  startSealing,
  systemRandom,
} from '@sealchart/crypto'
import { type Digest, encodeIndex, hex, namesRoot, sha256 } from '@sealchart/protocol'
import { describe, expect, test } from 'vitest'
import { effort } from '../../../scripts/effort.mjs'
import { openFiles } from '../src/download.js'
import { ClientError } from '../src/errors.js'
import type { DraftFile } from '../src/upload.js'
import { type FakeRelay, fakeRelay } from './fake-link.js'
import { codeOf, headerOf, manifestOf, network, open, record, seeded, upload } from './support.js'

const PIECE = payloadLength(FILE)
const MiB = 1024 * 1024

/** Reads a stream to its end or failure: what was released, and how it ended. */
async function drain(stream: ReadableStream<Uint8Array>): Promise<{ bytes: Uint8Array; code: string }> {
  const parts: Uint8Array[] = []
  const reader = stream.getReader()
  const code = await codeOf(
    (async () => {
      for (;;) {
        const { done, value } = await reader.read()
        if (done) return
        parts.push(value)
      }
    })(),
  )
  // A failed stream stays failed.
  if (code !== 'none') expect(await codeOf(reader.read())).toBe(code)
  return { bytes: new Uint8Array(Buffer.concat(parts)), code }
}

describe('what the relay stores', () => {
  const data = seeded(4 * PIECE + 9)

  async function uploaded(): Promise<{ relay: FakeRelay; drafts: readonly DraftFile[]; names: string[] }> {
    const relay = fakeRelay(record)
    const { files } = await upload(relay, [{ data, name: 'a' }, seeded(300_000, 4)])
    return { relay, drafts: files, names: [...relay.segments.keys()] }
  }
  /** Positions in the file of a stored name: −1 for its index, null for another file's. */
  function placeOf(name: string, draft: DraftFile, relay: FakeRelay): number | null {
    if (draft.names.some((index) => hex(index) === name)) return -1
    const index = relay.segments.get(hex(draft.names[0] as Digest)) as Uint8Array
    const place = Array.from({ length: draft.segments }, (_, i) => hex(index.subarray(32 * i, 32 * i + 32))).indexOf(
      name,
    )
    return place === -1 ? null : place
  }

  const changes: Record<string, (bytes: Uint8Array<ArrayBuffer>, bit: number) => Uint8Array<ArrayBuffer>> = {
    'one bit': (bytes, bit) => {
      const at = bit % (8 * bytes.length)
      bytes[at >> 3] = (bytes[at >> 3] ?? 0) ^ (1 << (at & 7))
      return bytes
    },
    'cut short': (bytes, bit) => bytes.slice(0, bit % bytes.length),
    'made longer': (bytes) => new Uint8Array(Buffer.concat([bytes, Uint8Array.of(0)])),
    replaced: (bytes) => seeded(bytes.length, 99),
  }
  test.each(Object.entries(changes))(
    '%s of any object: SEGMENT, and nothing from it on is released',
    async (_name, change) => {
      for (let round = 0; round < effort(2); round++) {
        const { relay, drafts, names } = await uploaded()
        const [draft] = drafts as [DraftFile]
        const originals = new Map(Array.from(relay.segments, ([name, bytes]) => [name, bytes.slice()]))
        for (const name of names) {
          const place = placeOf(name, draft, relay)
          if (place === null) continue
          const bytes = originals.get(name) as Uint8Array<ArrayBuffer>
          relay.segments.set(
            name,
            change(
              bytes.slice(),
              systemRandom(4).reduce((sum, byte) => sum * 256 + byte, 0),
            ),
          )
          const [file] = open({ files: drafts, inline: [] }, relay.link)
          const { bytes: released, code } = await drain(file!.stream())
          expect(code).toBe('SEGMENT')
          expect(released.length).toBeLessThanOrEqual(Math.max(0, place) * PIECE)
          expect(Buffer.compare(released, data.subarray(0, released.length))).toBe(0)
          const asked = relay.calls.length
          expect(await codeOf(file!.bytes())).toBe('SEGMENT')
          expect(await codeOf(file!.range(0, 1))).toBe('SEGMENT')
          expect(relay.calls.length).toBe(asked)
          relay.segments.set(name, bytes.slice())
        }
      }
    },
  )

  test('two segments swapped are refused, also those of two files', async () => {
    const { relay, drafts, names } = await uploaded()
    const [a, b] = [names[0] as string, names[1] as string]
    const first = relay.segments.get(a) as Uint8Array<ArrayBuffer>
    relay.segments.set(a, relay.segments.get(b) as Uint8Array<ArrayBuffer>)
    relay.segments.set(b, first)
    expect(await codeOf(open({ files: drafts, inline: [] }, relay.link)[0]!.bytes())).toBe('SEGMENT')
  })

  test('a missing segment is the relay’s refusal, and can be there the next time', async () => {
    const { relay, drafts, names } = await uploaded()
    const [file] = open({ files: drafts, inline: [] }, relay.link)
    const name = names[2] as string
    const bytes = relay.segments.get(name) as Uint8Array<ArrayBuffer>
    relay.segments.delete(name)
    expect(await codeOf(file!.bytes())).toBe('UNKNOWN')
    relay.segments.set(name, bytes)
    expect(Buffer.compare(await file!.bytes(), data)).toBe(0)
  })

  test('a small file in a batch with a changed one is not touched by it', async () => {
    const relay = fakeRelay(record)
    const { files } = await upload(relay, [
      seeded(5 * MiB),
      ...Array.from({ length: 5 }, (_, i) => seeded(1000 + i, i + 1)),
    ])
    const bad = hex((files[3] as DraftFile).names[0] as Digest)
    relay.segments.get(bad)?.fill(0)
    const opened = open({ files, inline: [] }, relay.link)
    const codes = await Promise.all(opened.slice(1).map((file) => codeOf(file.bytes())))
    expect(codes).toEqual(['none', 'none', 'SEGMENT', 'none', 'none'])
  })

  test('inline segments that are others are not used', async () => {
    const relay = fakeRelay(record)
    const { files, inline } = await upload(relay, seeded(1000))
    const changed = inline.map((segment) => ({ ...segment, bytes: segment.bytes.slice().fill(1, 20, 24) }))
    expect(await codeOf(open({ files, inline: changed }, relay.link)[0]!.bytes())).toBe('UNKNOWN')
  })
})

describe('what an author publishes', () => {
  /** A file sealed by hand: any plaintext for any true length. */
  async function sealed(plaintext: Uint8Array, length: number, change: Partial<DraftFile> = {}) {
    const relay = fakeRelay(record)
    const { files } = await upload(relay, seeded(10))
    const [draft] = files as [DraftFile]
    const aad = fileContext({ network, record, section: 1, fileId: draft.id })
    const sealing = startSealing(draft.fileKey, aad, { parameters: FILE, random: systemRandom })
    const segments: Uint8Array<ArrayBuffer>[] = []
    const count = Math.max(1, Math.ceil(plaintext.length / PIECE))
    for (let i = 0; i < count; i++) {
      const piece = plaintext.subarray(i * PIECE, (i + 1) * PIECE)
      segments.push(new Uint8Array(joinSegment(await sealing.sealSegment(piece, i, i === count - 1))))
    }
    const names = segments.map((bytes) => sha256(bytes) as Uint8Array as Digest)
    const indexes = count > 1 ? encodeIndex(names) : []
    for (const bytes of [...segments, ...indexes]) relay.segments.set(hex(sha256(bytes)), bytes)
    const listed = count > 1 ? indexes.map((bytes) => sha256(bytes) as Uint8Array as Digest) : names
    const made: DraftFile = {
      ...draft,
      floe: sealing.header,
      padded: plaintext.length,
      segments: count,
      root: namesRoot(names),
      names: listed,
      length,
      ...change,
    }
    const [file] = openFiles([{ section: 1, manifest: manifestOf(made), header: headerOf(made) }], {
      link: relay.link,
      network,
      record,
      ticket: 'read',
      renew: async () => 'again',
      inline: [],
    })
    return { file: file!, relay, made }
  }

  test('well made, it opens', async () => {
    const { file } = await sealed(new Uint8Array(paddedLength(1001)).fill(1, 0, 1001), 1001)
    expect(await file.bytes()).toEqual(new Uint8Array(1001).fill(1))
  })

  test('padding that is not zero: PADDING, in the last segment and in one of padding alone', async () => {
    const { file } = await sealed(new Uint8Array(paddedLength(1001)).fill(1, 0, 1002), 1001)
    expect(await codeOf(file.bytes())).toBe('PADDING')
    expect(await drain(file.stream())).toEqual({ bytes: new Uint8Array(), code: 'PADDING' })
    const length = PIECE - 1
    const plaintext = new Uint8Array(MiB).fill(1, 0, length)
    plaintext[MiB - 1] = 1
    const { file: longer } = await sealed(plaintext, length)
    const { bytes, code } = await drain(longer.stream())
    expect([bytes.length, code]).toEqual([length, 'PADDING'])
    expect(await codeOf(longer.bytes())).toBe('PADDING')
  })

  test('a padded length that the true length does not give: PADDING, and nothing is asked', async () => {
    const { file, relay } = await sealed(new Uint8Array(paddedLength(1001) + 1), 1001)
    relay.calls.length = 0
    expect(await codeOf(file.bytes())).toBe('PADDING')
    expect(relay.calls).toEqual([])
  })

  test('fewer bytes than the manifest says: PADDING', async () => {
    const { file } = await sealed(new Uint8Array(1000), 1001, { padded: paddedLength(1001) })
    expect(await codeOf(file.bytes())).toBe('PADDING')
  })

  test('a header of another file or key: COMMITMENT, and nothing is asked', async () => {
    const other = new Uint8Array(16).fill(9)
    for (const change of [{ id: other }, { fileKey: seeded(32) as Uint8Array as DraftFile['fileKey'] }]) {
      const { file, relay } = await sealed(new Uint8Array(8), 8, change as Partial<DraftFile>)
      relay.calls.length = 0
      expect(await codeOf(file.bytes())).toBe('COMMITMENT')
      expect(relay.calls).toEqual([])
    }
  })

  test('a segment that is named and signed but does not open: UNAUTHENTIC', async () => {
    const { relay, made } = await sealed(new Uint8Array(1024).fill(3), 1024)
    const bytes = [...relay.segments.values()].at(-1)!.slice().fill(0, 40, 41)
    relay.segments.set(hex(sha256(bytes)), bytes)
    const names = [sha256(bytes) as Uint8Array as Digest]
    const broken = { ...made, names, root: namesRoot(names) }
    const [file] = openFiles([{ section: 1, manifest: manifestOf(broken), header: headerOf(broken) }], {
      link: relay.link,
      network,
      record,
      ticket: 'read',
      renew: async () => 'again',
      inline: [],
    })
    expect(await drain(file!.stream())).toEqual({ bytes: new Uint8Array(), code: 'UNAUTHENTIC' })
  })
})

describe('tickets, aborts and reading ahead', () => {
  test('an ended ticket is renewed once for all', async () => {
    const relay = fakeRelay(record)
    const data = seeded(6 * MiB)
    const { files } = await upload(relay, data)
    relay.ended.add('old')
    let renewed = 0
    const renew = async (): Promise<string> => {
      renewed++
      return 'new'
    }
    const [file] = open({ files, inline: [] }, relay.link, { ticket: 'old', renew })
    expect(Buffer.compare(await file!.bytes(), data)).toBe(0)
    expect(renewed).toBe(1)
  })

  test('a stream that nobody reads asks for nothing, and one that is read slowly stays a few segments ahead', async () => {
    const relay = fakeRelay(record)
    const { files } = await upload(relay, seeded(20 * MiB))
    relay.calls.length = 0
    const [file] = open({ files, inline: [] }, relay.link)
    const stream = file!.stream()
    await new Promise((resolve) => setTimeout(resolve, 10))
    expect(relay.calls).toEqual([])
    const reader = stream.getReader()
    await reader.read()
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(relay.calls.length).toBeLessThanOrEqual(1 + 1 + 4)
    const before = relay.calls.length
    await reader.cancel()
    await new Promise((resolve) => setTimeout(resolve, 10))
    expect(relay.calls.length).toBe(before)
  })

  test('aborted at any moment: ABORTED, and nothing is unhandled', async () => {
    const unhandled: unknown[] = []
    const note = (reason: unknown): void => void unhandled.push(reason)
    process.on('unhandledRejection', note)
    try {
      const relay = fakeRelay(record)
      const { files } = await upload(relay, [seeded(6 * MiB), seeded(100), seeded(200)])
      relay.calls.length = 0
      for (let at = 1; at <= 8; at++) {
        for (const read of ['bytes', 'stream'] as const) {
          const abort = new AbortController()
          relay.calls.length = 0
          relay.before = (_call, n) => {
            if (n === at) abort.abort()
          }
          const [file] = open({ files, inline: [] }, relay.link)
          const options = { signal: abort.signal }
          const code = read === 'bytes' ? await codeOf(file!.bytes(options)) : (await drain(file!.stream(options))).code
          expect(code).toBe('ABORTED')
          // The file is none the worse for it.
          relay.before = () => undefined
          expect((await file!.range(10, 20)).length).toBe(10)
        }
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
    } finally {
      process.off('unhandledRejection', note)
    }
    expect(unhandled).toEqual([])
  })

  test('one reader’s abort leaves the batch to the others', async () => {
    const relay = fakeRelay(record)
    const { files } = await upload(relay, [seeded(5 * MiB), seeded(100), seeded(200)])
    const [, a, b] = open({ files, inline: [] }, relay.link)
    relay.before = () => new Promise((resolve) => setTimeout(resolve, 10))
    const abort = new AbortController()
    const reading = [codeOf(a!.bytes({ signal: abort.signal })), codeOf(b!.bytes())]
    setTimeout(() => abort.abort(), 2)
    expect(await Promise.all(reading)).toEqual(['ABORTED', 'none'])
  })

  test('a relay that cannot be reached is asked again by the next reading', async () => {
    const relay = fakeRelay(record)
    const data = seeded(5 * MiB)
    const { files } = await upload(relay, data)
    const [file] = open({ files, inline: [] }, relay.link)
    relay.before = () => {
      throw new ClientError('OFFLINE', 'away')
    }
    expect((await drain(file!.stream())).code).toBe('OFFLINE')
    relay.before = () => undefined
    expect(Buffer.compare(await file!.bytes(), data)).toBe(0)
  })
})
