// A relay that changes what it serves, one byte at a time: whatever it changes, a reader gets an error with a code or exactly what the
// author published, and her next reading, from an honest relay and out of the same vault, works as if nothing had been.

import { type ChartRecord, type Sealchart, SealchartError } from '@sealchart/client-sdk'
import { appendAnswer, hex, pack, paths, recordsAnswer, syncAnswer, unpack } from '@sealchart/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { effort, isLong } from '../../../scripts/effort.mjs'
import { type Layer, type TestNetwork, testNetwork } from '../src/index.js'
import { seededRandom } from '../src/random.js'
import { file, LETTER, read, visit } from './stories/support.js'

const LARGE = { bytes: 64 * 1024 * 1024 }
const STUDY = seededRandom('study')(2_500_000)

/** Changes one byte of each answer to `path`; at least one was changed when `count` is above 0. */
function flipping(path: string, position: number): { layer: Layer; count: () => number; changed: () => Uint8Array } {
  let count = 0
  let changed = new Uint8Array()
  const layer: Layer = async (request, forward) => {
    const response = await forward(request)
    if (!new URL(request.url).pathname.startsWith(path) || response.status !== 200) return response
    const bytes = new Uint8Array(await response.arrayBuffer())
    bytes[position % bytes.length] = (bytes[position % bytes.length] as number) ^ (1 << (position % 8))
    count++
    changed = bytes
    return new Response(bytes, { status: 200, headers: { 'content-type': 'application/cbor' } })
  }
  return { layer, count: () => count, changed: () => changed }
}

/** Positions spread over an answer of this length; at night all of them, if there are not millions. */
function positions(length: number): number[] {
  const count = Math.min(length, effort(40, 4_000))
  const step = length / count
  return Array.from({ length: count }, (_, i) => Math.floor(i * step + (isLong ? 0 : (i * 7) % Math.max(1, step))))
}

describe('every byte of what is served', () => {
  let net: TestNetwork<{ kec: readonly ['chan']; hospital: readonly ['lee'] }>
  let record: ChartRecord
  const honest = new Map<string, Uint8Array>()

  beforeAll(async () => {
    net = await testNetwork({ kec: ['chan'], hospital: ['lee'] })
    const sections = { summary: file('letter.txt', LETTER), study: { name: 'study.dcm', data: STUDY } }
    record = await net.chart('chan').records.create(visit('v1', { sections }))
    await record.share({ with: net.person('lee'), sections: ['summary', 'study'], reason: 'referral' })
    const stop = net.relay.through(async (request, forward) => {
      const response = await forward(request)
      honest.set(new URL(request.url).pathname, new Uint8Array(await response.clone().arrayBuffer()))
      return response
    })
    await open(await net.reopen('lee'))
    stop()
  })
  afterAll(() => net.close())

  const open = async (chart: Sealchart): Promise<string> =>
    read(await chart.records.open(record.id, { purpose: 'treatment', sections: ['summary'] }), 'summary')
  const lengthOf = (path: string): number => (honest.get(path) as Uint8Array).length
  const pins = async (): Promise<string> => {
    const blob = await net.member('lee').vault.vault.read('pins')
    return hex(blob?.bytes ?? new Uint8Array())
  }

  /** Whether a change touched what must be noticed: everything that is signed, hashed or sealed. */
  function concerns(path: string, changed: Uint8Array, before: Uint8Array): boolean {
    const core = cores[path] as (bytes: Uint8Array) => Uint8Array
    try {
      return hex(core(changed)) !== hex(core(before))
    } catch {
      return true
    }
  }

  async function attempt(path: string, position: number): Promise<void> {
    const chart = await net.reopen('lee')
    const before = await pins()
    const { layer, count, changed } = flipping(path, position)
    let answered = new Uint8Array()
    const watch = net.relay.through(async (request, forward) => {
      const response = await forward(request)
      if (new URL(request.url).pathname === path) answered = new Uint8Array(await response.clone().arrayBuffer())
      return response
    })
    const stop = net.relay.through(layer)
    const outcome = await open(chart).catch((error: unknown) => error)
    stop()
    watch()
    expect(count(), `an answer of ${path} was changed`).toBeGreaterThan(0)
    if (outcome instanceof SealchartError) {
      expect(outcome.code).not.toBe('INTERNAL')
      // Nothing of a tree that was not proven is remembered.
      if (path === paths.records) expect(await pins()).toBe(before)
    } else {
      expect(outcome).toBe(LETTER)
      expect(concerns(path, changed(), answered), `byte ${position} of ${path} went unnoticed`).toBe(false)
    }
  }

  const cores: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
    [paths.records](bytes) {
      const { proven, records } = unpack(recordsAnswer, bytes, 'answer', LARGE)
      const kept = records.map(({ record, card, rows }) => ({ record, card, rows, changed: 0, access }))
      return pack(recordsAnswer, { proven, records: kept, beside: [], more: false })
    },
    [paths.append](bytes) {
      const { proven, handouts } = unpack(appendAnswer, bytes, 'answer', LARGE)
      return pack(appendAnswer, { proven, handouts: handouts.map((one) => ({ ...one, ticket: '', segments: [] })) })
    },
  }
  const access = { number: 0, link: new Uint8Array(32) as never }

  test.each([paths.records, paths.append])('%s', { timeout: 120_000 }, async (path) => {
    for (const position of positions(lengthOf(path))) await attempt(path, position)
    expect(await open(await net.reopen('lee'))).toBe(LETTER)
  })

  test(paths.sync, { timeout: 120_000 }, async () => {
    const before = await pins()
    for (const position of positions(lengthOf(paths.sync))) {
      const { layer, changed } = flipping(paths.sync, position)
      const stop = net.relay.through(layer)
      const outcome = await net.reopen('lee').catch((error: unknown) => error)
      stop()
      if (outcome instanceof SealchartError) expect(outcome.code).not.toBe('INTERNAL')
      else {
        // What lies beside entries can be withheld, and shows as erased; nothing else can be changed.
        const core = (bytes: Uint8Array): string => {
          const { proven } = unpack(syncAnswer, bytes, 'answer', LARGE)
          return hex(pack(syncAnswer, { proven, beside: [], more: false }))
        }
        expect(core(changed())).toBe(core(honest.get(paths.sync) as Uint8Array))
      }
      expect(await pins()).toBe(before)
    }
    expect(await open(await net.reopen('lee'))).toBe(LETTER)
  })

  test('segments: no byte of a changed one is released', { timeout: 120_000 }, async () => {
    const opened = async (): Promise<Awaited<ReturnType<typeof openStudy>>> => openStudy(await net.reopen('lee'))
    const openStudy = async (chart: Sealchart) => {
      const one = (await chart.records.open(record.id, { purpose: 'treatment', sections: ['study'] })).files('study')[0]
      if (!one) throw new Error('the study is missing')
      return one
    }
    for (const position of positions(1_048_576).slice(0, effort(15, 400))) {
      const study = await opened()
      const { layer, count } = flipping(paths.segments, position)
      const stop = net.relay.through(layer)
      const received: Uint8Array[] = []
      const outcome = await (async () => {
        for await (const chunk of study.stream()) received.push(chunk)
      })().catch((error: unknown) => error)
      stop()
      expect(count()).toBeGreaterThan(0)
      expect(outcome).toBeInstanceOf(SealchartError)
      expect(['SEGMENT', 'UNAUTHENTIC', 'COMMITMENT', 'PADDING']).toContain((outcome as SealchartError).code)
      expect(received).toEqual([])
      // It stays so, without another question to the relay.
      const asked = net.relay.requests.length
      await expect(study.bytes()).rejects.toBe(outcome)
      expect(net.relay.requests.length).toBe(asked)
    }
    const whole = await (await opened()).bytes()
    expect(Buffer.compare(whole, STUDY)).toBe(0)
  })
})
