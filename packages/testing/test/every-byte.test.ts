// A flipped bit anywhere in anything that the relay stores of a small record is refused, and no plaintext is released: every stored
// object that a reader is served, every byte, changed wherever it stands in the relay's answers.
import { type Sealchart, SealchartError } from '@sealchart/client-sdk'
import {
  type Digest,
  decodeManifest,
  decodeNoteKey,
  equal,
  hex,
  is,
  Ledger,
  paths,
  readWrapRows,
  recordsAnswer,
  syncAnswer,
  unhex,
  unpack,
} from '@sealchart/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Layer, type TestNetwork, testNetwork } from '../src/index.js'
import { file, visit } from './stories/support.js'

const TEXT = 'No fever.'

/** Every occurrence of `object` in an answer, with one byte of it changed. */
function changing(object: Uint8Array, at: number): { layer: Layer; count: () => number } {
  let count = 0
  const layer: Layer = async (request, forward) => {
    const response = await forward(request)
    const body = Buffer.from(await response.arrayBuffer())
    for (let found = body.indexOf(object); found >= 0; found = body.indexOf(object, found + object.length)) {
      body[found + at] = (body[found + at] as number) ^ (1 << (at % 8))
      count++
    }
    return new Response(body, { status: response.status, headers: response.headers })
  }
  return { layer, count: () => count }
}

describe('every byte of a small record', () => {
  let net: TestNetwork<{ kec: readonly ['chan']; hospital: readonly ['lee'] }>
  let id: string
  let lee: Sealchart
  let stored: ReadonlyMap<string, Uint8Array>
  let answer: Uint8Array
  /** What she was answered before: the authorities that everything rests on. */
  const synced: Uint8Array[] = []

  beforeAll(async () => {
    net = await testNetwork({ kec: ['chan'], hospital: ['lee'] })
    const record = await net.chart('chan').records.create(visit('v1', { sections: { summary: file('a.txt', TEXT) } }))
    await record.share({ with: net.person('lee'), sections: ['summary'], reason: 'referral' })
    id = record.id
    lee = await net.reopen('lee')
    const stop = net.relay.through(async (request, forward) => {
      const response = await forward(request)
      const { pathname } = new URL(request.url)
      if (pathname === paths.records) answer = new Uint8Array(await response.clone().arrayBuffer())
      if (pathname === paths.sync) synced.push(new Uint8Array(await response.clone().arrayBuffer()))
      return response
    })
    // From cold, so that the answer holds all that her verdict rests on.
    await open(await net.reopen('lee'))
    stop()
    stored = await objectsOf()
  })
  afterAll(() => net.close())

  const open = async (chart: Sealchart): Promise<string> => {
    const opened = await chart.records.open(id, { purpose: 'treatment' })
    return new TextDecoder().decode(await opened.files('summary')[0]?.bytes())
  }

  /** The stored objects of the record that Lee is served: card, manifest, her wrap, and the segment. */
  async function objectsOf(): Promise<Map<string, Uint8Array>> {
    const snapshot = await net.relay.stored.snapshot()
    const objects = new Map<string, Uint8Array>()
    const attachment = async (digest: Digest): Promise<Uint8Array> => {
      const found = await snapshot.attachment(digest)
      if (!found) throw new Error('an attachment is missing')
      return found
    }
    for (const { entry } of snapshot.entries) {
      if (is(entry, 'record', 'create')) {
        const [card, section] = entry.body.contents
        if (!card || !section) throw new Error('the record has no section')
        const manifest = await attachment(section.object.digest)
        const name = decodeManifest(manifest).files[0]?.names[0] as Digest
        objects.set('card', await attachment(card.object.digest))
        objects.set('manifest', manifest)
        objects.set('segment', (await snapshot.segment(entry.chain, name)) as Uint8Array)
      }
      if (is(entry, 'record', 'grant')) {
        for (const { row } of readWrapRows(await attachment(entry.body.wraps.attached.digest))) {
          if (!equal(row.leaf.recipient, net.person('lee').id)) continue
          objects.set('envelope', row.envelope)
          objects.set('section keys', row.keys as Uint8Array)
        }
      }
    }
    return objects
  }

  test.each(['card', 'manifest', 'envelope', 'section keys', 'segment'])('%s', { timeout: 240_000 }, async (name) => {
    const object = stored.get(name) as Uint8Array
    expect(object.length).toBeGreaterThan(32)
    for (let at = 0; at < object.length; at++) {
      // Without time, a device may not open thousands of times.
      net.clock.advance({ ms: 500 })
      const { layer, count } = changing(object, at)
      const stop = net.relay.through(layer)
      const outcome = await open(lee).catch((error: unknown) => error)
      stop()
      expect(count(), `byte ${at} was served`).toBeGreaterThan(0)
      expect(outcome, `byte ${at}`).toBeInstanceOf(SealchartError)
      expect((outcome as SealchartError).code).not.toBe('INTERNAL')
    }
    expect(await open(lee)).toBe(TEXT)
  })

  test('entries, seals, proofs and the checkpoint', { timeout: 240_000 }, async () => {
    const { proven } = unpack(recordsAnswer, answer, 'answer')
    const { network, founding, log } = JSON.parse(net.network) as Record<'network' | 'founding' | 'log', string>
    const pin = { chain: unhex(network) as never, founding: unhex(founding) as never, log: decodeNoteKey(log) }
    const before = synced.map((bytes) => unpack(syncAnswer, bytes, 'answer').proven)
    const takes = async (given: typeof proven): Promise<unknown> => {
      const ledger = new Ledger(pin)
      for (const one of before) await ledger.take(one)
      return ledger.take(given).then(
        () => null,
        (error: unknown) => error,
      )
    }
    expect(await takes(proven)).toBe(null)
    const ofRecord = proven.entries.findIndex(({ bytes }) => Buffer.from(bytes).includes(Buffer.from(id, 'hex')))
    expect(ofRecord).toBeGreaterThan(0)
    let changes = 0
    const refused = async (
      what: string,
      bytes: Uint8Array,
      make: (changed: Uint8Array) => typeof proven,
    ): Promise<void> => {
      for (let at = 0; at < bytes.length; at++) {
        const changed = new Uint8Array(bytes)
        changed[at] = (changed[at] as number) ^ (1 << (at % 8))
        const error = await takes(make(changed))
        expect(error, `${what}, byte ${at}`).toBeInstanceOf(SealchartError)
        expect((error as SealchartError).code).not.toBe('INTERNAL')
        changes++
      }
    }
    for (const [i, entry] of proven.entries.entries()) {
      if (i < ofRecord) continue
      const make = (bytes: Uint8Array) => ({
        ...proven,
        entries: proven.entries.map((one, k) => (k === i ? { ...entry, bytes } : one)),
      })
      await refused(`entry ${hex(entry.bytes.subarray(0, 2))} ${i}`, entry.bytes, make)
    }
    for (const [i, node] of proven.nodes.entries()) {
      await refused(`node ${i}`, node, (bytes) => ({
        ...proven,
        nodes: proven.nodes.map((one, k) => (k === i ? (bytes as typeof node) : one)),
      }))
    }
    await refused('checkpoint', proven.checkpoint, (checkpoint) => ({ ...proven, checkpoint }))
    expect(changes).toBeGreaterThan(2000)
  })
})
