// Where news comes from: a stream for as long as streams come through, long polls otherwise, and after every failure again from where it was.
// Spec: docs/spec/relay.md, "Notices". It gives each notice once and in order, whatever is lost, repeated, cut or delayed; what a notice
// means, and whether it is true, `read` finds out. It ends only with its signal, or with an error that trying again does not change.
import type { Random } from '@sealchart/crypto'
import { type Infer, type inboxAnswer, SealchartError } from '@sealchart/protocol'
import { growing, type Pauses, type Wait } from './calls.js'
import { abortable, ClientError, hasCode, RelayRefusal } from './errors.js'
import type { Link } from './link.js'

/** News in the entry of this log index, on this chain. */
export type NoticeRow = Infer<typeof inboxAnswer>['notices'][number]

/** Whether news would arrive now; if not, what the relay, or the way to it, said last. */
export type InboxState =
  | { readonly connected: true; readonly error: null }
  | { readonly connected: false; readonly error: SealchartError }

export interface FeedOptions<T> {
  readonly link: Pick<Link, 'inbox' | 'inboxStream'>
  /** The last notice that is known already. */
  readonly after: number
  /** What to give for a notice, null for nothing. An error of its own is tried again like one of the relay. */
  readonly read: (row: NoticeRow) => Promise<T | null>
  readonly signal: AbortSignal
  /** ms since 1970. */
  readonly now: () => number
  readonly random: Random
  /** Pauses between tries. */
  readonly wait: Wait
  /** Silence that is borne: by a clock that goes even where a test's stands still. */
  readonly patience: Wait
  readonly onState?: (state: InboxState) => void
}

/** Notices asked for at once, and ms that a relay may hold such a request. */
const LIMIT = 100
const POLL_MS = 25_000
/** ms for a long poll in all; for the first frame of a stream; and between frames, of which a relay sends one every 15 s. */
const ANSWER_MS = 40_000
const FIRST_MS = 10_000
const SILENCE_MS = 40_000
/** ms below which an answer without news came at once. */
const HELD_MS = 10_000
/** ms after which a stream that is cut has shown that streams come through. */
const PROVEN_MS = 60_000
/** Frames of one stream without news; an honest one has sixteen. */
const IDLE_FRAMES = 100

/** Pauses after a failure or an idle answer; and how long streams are not tried again after one that did not come through. */
const PAUSES: Pauses = { first: 1_000, longest: 30_000 }
const WITHOUT: Pauses = { first: 30_000, longest: 15 * 60_000 }

/** Notices with numbers above `after`, as somebody says: all up to the last one. */
interface Page {
  readonly after: number
  readonly notices: readonly NoticeRow[]
}

export async function* feed<T>(options: FeedOptions<T>): AsyncGenerator<T, void, undefined> {
  const { signal, now, random, wait } = options
  const tell = teller(options.onState)
  let after = options.after
  /** In a row: failures of any kind, answers at once without news. */
  let failures = 0
  let idle = 0
  /** Streams that did not come through while polls did; until when none is tried; and whether the last one failed. */
  let lost = 0
  let pollUntil = 0
  let doubtful = false

  while (!signal.aborted) {
    const streams = !doubtful && now() >= pollUntil
    const began = now()
    let fresh = false
    let reading = false
    try {
      for await (const page of streams ? streamed(after, options) : polled(after, options)) {
        if (page.after > after) throw new ClientError('RELAY', 'a notice was lost on the way')
        reading = true
        for (const row of newer(page.notices, after)) {
          const item = await abortable(options.read(row), signal)
          after = row.index
          fresh = true
          if (item !== null) yield item
        }
        reading = false
        failures = 0
        tell(null)
      }
    } catch (error) {
      if (signal.aborted) return
      if (streams && now() - began >= PROVEN_MS) lost = 0
      if (streams && !reading && isOfStreams(error)) {
        doubtful = true
        continue
      }
      if (!isPassing(error)) throw error
      tell(error)
      // What fails is the way to the relay, or the relay: it says nothing about streams.
      doubtful = false
      await wait(growing(failures++, random, PAUSES), signal)
      continue
    }
    if (streams) lost = 0
    else if (doubtful) {
      doubtful = false
      pollUntil = now() + growing(lost++, random, WITHOUT)
    }
    idle = fresh || now() - began >= HELD_MS ? 0 : idle + 1
    if (idle > 0) await wait(growing(idle - 1, random, PAUSES), signal)
  }
}

/** One long poll. */
async function* polled<T>(after: number, { link, signal, patience }: FeedOptions<T>): AsyncGenerator<Page> {
  const ending = endingWith(signal)
  try {
    const asked = link.inbox({ after, limit: LIMIT, wait: POLL_MS }, ending.signal, true)
    const { notices } = await within(ANSWER_MS, asked, patience)
    yield { after, notices }
  } finally {
    ending.end()
  }
}

/** One stream, to its end. @throws ClientError OFFLINE for one that is cut or silent, RELAY for one that says nothing new again and again. */
async function* streamed<T>(from: number, { link, signal, patience }: FeedOptions<T>): AsyncGenerator<Page> {
  const ending = endingWith(signal)
  const frames = link.inboxStream({ after: from }, ending.signal)
  let newest = from
  let idle = 0
  try {
    for (let ms = FIRST_MS; ; ms = SILENCE_MS) {
      const { done, value: frame } = await within(ms, abortable(frames.next(), signal), patience)
      if (done) throw new ClientError('OFFLINE', 'the stream was cut')
      yield frame
      if (frame.ends) return
      const last = Math.max(newest, ...frame.notices.map(({ index }) => index))
      idle = last > newest ? 0 : idle + 1
      newest = last
      if (idle > IDLE_FRAMES) throw new ClientError('RELAY', 'the stream says nothing again and again')
    }
  } finally {
    ending.end()
    // Not waited for: of a stream that was given up nothing is expected.
    frames.return(undefined).catch(() => undefined)
  }
}

/** A signal that is aborted with another, or by whoever made it. */
function endingWith(signal: AbortSignal): { readonly signal: AbortSignal; end(): void } {
  const own = new AbortController()
  const end = (): void => {
    signal.removeEventListener('abort', end)
    own.abort()
  }
  signal.addEventListener('abort', end, { once: true })
  if (signal.aborted) end()
  return { signal: own.signal, end }
}

/** @throws ClientError OFFLINE after so many ms. */
async function within<V>(ms: number, awaited: Promise<V>, patience: Wait): Promise<V> {
  const done = new AbortController()
  const silence = patience(ms, done.signal).then(() => {
    throw new ClientError('OFFLINE', 'the relay was silent for too long')
  })
  try {
    return await Promise.race([awaited, silence])
  } finally {
    done.abort()
  }
}

/** What of these is new, each once, in the order of the log. */
export function newer(notices: readonly NoticeRow[], after: number): NoticeRow[] {
  const rows = new Map(notices.filter(({ index }) => index > after).map((row) => [row.index, row]))
  return [...rows.values()].sort((a, b) => a.index - b.index)
}

/** Whether an error may be over when it is tried again: so says its action, or the relay in a status of its own trouble. */
const isPassing = (error: unknown): error is SealchartError =>
  error instanceof SealchartError &&
  (error.action === 'retry' || (error instanceof RelayRefusal && error.status >= 500))

/** Whether polls may go on where a stream failed; an older relay has no streams. */
const isOfStreams = (error: unknown): boolean =>
  isPassing(error) || (error instanceof RelayRefusal && hasCode(error, 'UNKNOWN'))

/** Says what changed, and nothing twice. */
function teller(onState: FeedOptions<unknown>['onState']): (error: SealchartError | null) => void {
  let said: string | null = null
  return (error) => {
    const now = error === null ? 'connected' : error.code
    if (now === said) return
    said = now
    onState?.(error === null ? { connected: true, error } : { connected: false, error })
  }
}
