// A relay's segment calls over maps, honest unless told otherwise: what upload and download are tested against.
import { type ChainId, type Digest, equal, hex, limits, sha256 } from '@sealchart/protocol'
import { partsLength } from '../src/batches.js'
import { ClientError, RelayRefusal } from '../src/errors.js'
import type { Link } from '../src/link.js'

type Calls = Pick<Link, 'openUpload' | 'present' | 'putSegments' | 'getSegment' | 'getSegments'>

/** What a test may look at, and where it may interfere. */
export interface FakeRelay {
  readonly link: Link
  /** By name in hexadecimal. */
  readonly segments: Map<string, Uint8Array<ArrayBuffer>>
  readonly sections: Map<string, number>
  readonly uploads: Map<string, { reserved: number; used: number }>
  /** Names of all calls in order. */
  readonly calls: (keyof Calls)[]
  /** Names of segments put, in order, repetitions included. */
  readonly put: string[]
  /** Called before each call: throws to make it fail. */
  before: (call: keyof Calls, count: number) => void | Promise<void>
  /** Called after each call took effect. */
  after: (call: keyof Calls, count: number) => void | Promise<void>
  /** Tickets that are refused. */
  readonly ended: Set<string>
  /** Uploads that were published or collected, by id in hexadecimal: they are no longer prolonged. */
  readonly closed: Set<string>
}

const refuse = (code: 'UNKNOWN' | 'QUOTA'): RelayRefusal =>
  new RelayRefusal(404, { code, message: 'refused', entryTime: null, logTime: null, missed: null })

export function fakeRelay(record: ChainId): FakeRelay {
  const segments = new Map<string, Uint8Array<ArrayBuffer>>()
  const sections = new Map<string, number>()
  const uploads = new Map<string, { reserved: number; used: number }>()
  const calls: (keyof Calls)[] = []
  const put: string[] = []
  const ended = new Set<string>()
  const closed = new Set<string>()
  const relay = { segments, sections, uploads, calls, put, ended, closed } as FakeRelay
  relay.before = () => undefined
  relay.after = () => undefined
  const own = (asked: ChainId): void => {
    if (!equal(asked, record)) throw refuse('UNKNOWN')
  }
  const find = (ticket: string, name: Digest): Uint8Array<ArrayBuffer> => {
    const bytes = segments.get(hex(name))
    if (ended.has(ticket) || !bytes) throw refuse('UNKNOWN')
    return bytes.slice()
  }
  const through =
    <A extends readonly unknown[], R>(name: keyof Calls, signalAt: number, call: (...given: A) => R) =>
    async (...given: A): Promise<R> => {
      const signal = given[signalAt] as AbortSignal | undefined
      const check = (): void => {
        if (signal?.aborted) throw new ClientError('ABORTED', 'the call was aborted')
      }
      check()
      calls.push(name)
      const count = calls.length
      await relay.before(name, count)
      const result = call(...given)
      await relay.after(name, count)
      check()
      return result
    }
  const fake: Calls = {
    openUpload: through('openUpload', 1, ({ id, record: asked, reserved }, _signal?: AbortSignal) => {
      own(asked)
      if (closed.has(hex(id))) throw refuse('UNKNOWN')
      const known = uploads.get(hex(id))
      uploads.set(hex(id), known ?? { reserved, used: 0 })
      return { ticket: `put:${hex(id)}`, expires: 0 }
    }),
    present: through('present', 1, ({ record: asked, names }, _signal?: AbortSignal) => {
      own(asked)
      if (names.length > 10_000) throw new Error('too many names')
      return names.map((name) => segments.has(hex(name)))
    }),
    putSegments: through('putSegments', 1, ({ ticket, section, segments: given }, _signal?: AbortSignal) => {
      const upload = uploads.get(ticket.slice(4))
      if (!upload || ended.has(ticket)) throw refuse('UNKNOWN')
      if (given.reduce((sum, parts) => sum + partsLength(parts) + 4, 0) > limits.segmentBatch)
        throw new Error('too long')
      const bodies = given.map((parts) => new Uint8Array(Buffer.concat(parts)))
      if (bodies.some((bytes) => bytes.length > limits.segment)) throw new Error('segment too long')
      const named = bodies.map((bytes) => [hex(sha256(bytes)), bytes] as const)
      const fresh = new Map(named)
      for (const name of segments.keys()) fresh.delete(name)
      const used = [...fresh.values()].reduce((sum, bytes) => sum + bytes.length, upload.used)
      if (used > upload.reserved) throw refuse('QUOTA')
      upload.used = used
      put.push(...named.map(([name]) => name))
      for (const [name, bytes] of fresh) {
        segments.set(name, bytes)
        sections.set(name, section)
      }
    }),
    getSegment: through('getSegment', 1, ({ ticket, record: asked, name }, _signal?: AbortSignal) => {
      own(asked)
      // Whoever asks owns the memory of the answer.
      return find(ticket, name).slice()
    }),
    getSegments: through('getSegments', 1, ({ ticket, record: asked, names }, _signal?: AbortSignal) => {
      own(asked)
      const found = names.map((name) => find(ticket, name))
      if (found.reduce((sum, bytes) => sum + bytes.length + 4, 0) > limits.segmentBatch) throw new Error('too long')
      return found
    }),
  }
  return Object.assign(relay, { link: fake as Link })
}
