// A relay's inbox over a list, honest unless told otherwise: what a feed is tested against.
import type { ChainId } from '@sealchart/protocol'
import { ClientError, RelayRefusal } from '../src/errors.js'
import type { FeedOptions, NoticeRow } from '../src/feed.js'
import type { InboxFrame } from '../src/frames.js'
import type { VirtualClock } from './virtual-clock.js'

type FeedLink = FeedOptions<unknown>['link']
type Stream = (after: number, signal: AbortSignal) => AsyncGenerator<InboxFrame>
type Poll = (after: number, wait: number, signal: AbortSignal) => Promise<readonly NoticeRow[]>

export const chain = new Uint8Array(32).fill(7) as Uint8Array as ChainId
export const rowOf = (index: number): NoticeRow => ({ index, chain })

/** A request that came: when, which way, and from where. */
export interface Asked {
  readonly at: number
  readonly way: 'stream' | 'poll'
  readonly after: number
}

export interface FakeNews {
  readonly link: FeedLink
  readonly asked: Asked[]
  /** Connections that are open now. */
  readonly open: () => number
  add(...indexes: number[]): void
  /** How streams and polls are answered from now on. */
  stream: Stream
  poll: Poll
  readonly honestStream: Stream
  readonly honestPoll: Poll
}

export const offline = (): ClientError => new ClientError('OFFLINE', 'no answer')
export const refusal = (code: 'UNKNOWN' | 'BUSY' | 'REQUEST_SIGNATURE' | 'INTERNAL', status: number): RelayRefusal =>
  new RelayRefusal(status, { code, message: 'no', entryTime: null, logTime: null, missed: null })

const KEEP_ALIVE = 15_000
const LIFE = 200_000

export function fakeNews(clock: VirtualClock): FakeNews {
  const rows: NoticeRow[] = []
  const asked: Asked[] = []
  let open = 0
  let wake = new AbortController()

  const newsAfter = (after: number): NoticeRow[] => rows.filter(({ index }) => index > after)
  /** Waits for news, or so long, or for the end. */
  const waitForNews = async (ms: number, signal: AbortSignal): Promise<void> => {
    if (signal.aborted) throw new ClientError('ABORTED', 'the call was aborted')
    const both = new AbortController()
    const end = (): void => both.abort()
    for (const one of [wake.signal, signal]) one.addEventListener('abort', end, { signal: both.signal })
    await clock.wait(ms, both.signal)
    end()
    if (signal.aborted) throw new ClientError('ABORTED', 'the call was aborted')
  }
  const honestStream: Stream = async function* (from, signal) {
    const end = clock.now() + LIFE
    let after = from
    let due = clock.now()
    for (;;) {
      const notices = newsAfter(after).slice(0, 200)
      const ends = clock.now() >= end
      if (notices.length > 0 || ends || clock.now() >= due) {
        yield { after, notices, ends }
        if (ends) return
        after = notices.at(-1)?.index ?? after
        due = clock.now() + KEEP_ALIVE
      } else await waitForNews(Math.min(due, end) - clock.now(), signal)
    }
  }
  const honestPoll: Poll = async (after, wait, signal) => {
    const end = clock.now() + wait
    while (newsAfter(after).length === 0 && clock.now() < end) await waitForNews(end - clock.now(), signal)
    return newsAfter(after).slice(0, 100)
  }
  const news: FakeNews = {
    asked,
    open: () => open,
    add(...indexes) {
      rows.push(...indexes.map(rowOf))
      wake.abort()
      wake = new AbortController()
    },
    stream: honestStream,
    poll: honestPoll,
    honestStream,
    honestPoll,
    link: {
      async inbox({ after, wait }, signal) {
        asked.push({ at: clock.now(), way: 'poll', after })
        open++
        try {
          return { notices: [...(await news.poll(after, wait, signal as AbortSignal))] }
        } finally {
          open--
        }
      },
      async *inboxStream({ after }, signal) {
        asked.push({ at: clock.now(), way: 'stream', after })
        open++
        try {
          yield* news.stream(after, signal)
        } finally {
          open--
        }
      },
    },
  }
  return news
}
