// An inbox as an answer that goes on: frames of notices as they come, and empty ones meanwhile. Spec: docs/spec/relay.md, "Notices".
// It holds nothing: a frame is made when the one before was taken, so a slow reader costs a place and no memory.
import { concat, inboxFrame, packAnswer } from '@sealchart/protocol'
import { isFailure } from './http.js'
import type { Place } from './notices.js'
import type { Clock } from './services.js'
import type { NoticeRow } from './store/contract.js'

/** ms after which a frame without notices says that the relay is there. */
const KEEP_ALIVE_MS = 15_000
/** ms after which a stream ends, less up to a quarter of it at random: those who began together do not come back together. */
const LIFE_MS = 4 * 60_000
/** ms for a frame to be taken. */
const TAKEN_MS = 30_000
/** Notices of one frame. */
const LIMIT = 200

export interface StreamParts {
  readonly clock: Clock
  readonly random: (length: number) => Uint8Array
  /** Told of what was no refusal. */
  readonly onFailure: (error: unknown) => void
}

export interface Listener {
  /** Left when the stream ends, whoever ends it. */
  readonly place: Place
  readonly after: number
  notices(after: number, limit: number): Promise<readonly NoticeRow[]>
  /** Asked before each look. @throws RelayError when nothing more may be told. */
  check(): Promise<void>
  /** Closes the connection: of one who takes no frames nothing else is heard. */
  cut(): void
}

/** The body of the answer. */
export function inboxStream(parts: StreamParts, listener: Listener): ReadableStream<Uint8Array> {
  const { place, cut } = listener
  const frames = framesOf(parts, listener)
  let taken = new AbortController()
  let gone = false
  /** Resolves when nothing is asked of the store any more. */
  const end = async (): Promise<void> => {
    gone = true
    taken.abort()
    place.end()
    await frames.return()
    place.leave()
  }
  const fail = (controller: ReadableStreamDefaultController, error: unknown): void => {
    void end()
    controller.error(error)
    cut()
  }
  /** Whoever does not come for what there is, is not waited for. */
  const watch = async (controller: ReadableStreamDefaultController): Promise<void> => {
    taken = new AbortController()
    if (!(await isTaken(parts.clock, taken.signal, place.over))) fail(controller, new Error('a frame was not taken'))
  }
  const give = async (controller: ReadableStreamDefaultController): Promise<void> => {
    const next = await frames.next()
    if (gone) return
    if (!next.done) controller.enqueue(next.value.bytes)
    if (!next.done && !next.value.ends) return void watch(controller)
    controller.close()
    await end()
  }
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => void watch(controller),
      async pull(controller) {
        taken.abort()
        try {
          await give(controller)
        } catch (error) {
          if (gone) return
          if (isFailure(error)) {
            parts.onFailure(error)
            return fail(controller, error)
          }
          // What this device may not hear any more, its next request is told.
          controller.close()
          await end()
        }
      },
      cancel: end,
    },
    // Nothing is made before it is asked for.
    { highWaterMark: 0 },
  )
}

interface Frame {
  readonly bytes: Uint8Array
  readonly ends: boolean
}

async function* framesOf({ clock, random }: StreamParts, listener: Listener): AsyncGenerator<Frame, void, undefined> {
  const { place, check, notices } = listener
  const [byte = 0] = random(1)
  const end = clock.now() + LIFE_MS * (1 - byte / 1024)
  let { after } = listener
  // The first frame goes at once: it shows that nothing in between keeps back what comes.
  let due = clock.now()
  let looks = true
  for (;;) {
    if (looks) await check()
    const rows: readonly NoticeRow[] = looks ? await notices(after, LIMIT) : []
    const now = clock.now()
    const ends = place.over.aborted || now >= end
    if (rows.length > 0 || ends || now >= due) {
      const found = rows.map(({ index, record }) => ({ index, chain: record }))
      yield { bytes: framed(packAnswer(inboxFrame, { after, notices: found, ends })), ends }
      after = rows.at(-1)?.index ?? after
      due = now + KEEP_ALIVE_MS
    }
    looks = rows.length > 0 || (await place.wait(Math.max(Math.min(due, end) - clock.now(), 0)))
  }
}

function framed(content: Uint8Array): Uint8Array {
  const length = new Uint8Array(4)
  new DataView(length.buffer).setUint32(0, content.length)
  return concat(length, content)
}

/** Whether a frame is taken in time, and before everything is over. */
async function isTaken(clock: Clock, taken: AbortSignal, over: AbortSignal): Promise<boolean> {
  const wake = new AbortController()
  const stop = (): void => wake.abort()
  for (const signal of [taken, over]) signal.addEventListener('abort', stop, { signal: wake.signal })
  const end = clock.now() + TAKEN_MS
  while (!taken.aborted && !over.aborted && clock.now() < end) await clock.wait(end - clock.now(), wake.signal)
  stop()
  return taken.aborted
}
