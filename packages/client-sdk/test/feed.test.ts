// The feed of an inbox, over hours of a clock that needs no time: each notice once and in order, whatever the relay and the way to it do.
// Spec: docs/spec/relay.md, "Notices".
import { ProtocolError, type SealchartError } from '@sealchart/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { effort } from '../../../scripts/effort.mjs'
import { ClientError } from '../src/errors.js'
import { type FeedOptions, feed, type InboxState, type NoticeRow } from '../src/feed.js'
import type { InboxFrame } from '../src/frames.js'
import { type FakeNews, fakeNews, offline, refusal, rowOf } from './fake-news.js'
import { type VirtualClock, virtualClock } from './virtual-clock.js'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

interface Reading {
  readonly clock: VirtualClock
  readonly news: FakeNews
  /** Numbers in the order in which the application got them. */
  readonly got: number[]
  readonly states: InboxState[]
  readonly ending: AbortController
  /** Settles when the feed ends; with its error if it ends in one. */
  readonly ended: Promise<SealchartError | 'ended'>
}

/** Draws the same numbers in each run. */
function seededRandom(seed: number): (length: number) => Uint8Array<ArrayBuffer> {
  let state = seed >>> 0
  return (length) =>
    new Uint8Array(length).map(() => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      return state >>> 24
    })
}

/** Begins to read a feed, as an application would. */
function begin(
  options: Partial<FeedOptions<number>> & { prepare?: (news: FakeNews, clock: VirtualClock) => void } = {},
): Reading {
  const { prepare, ...more } = options
  const clock = virtualClock()
  const news = fakeNews(clock)
  const got: number[] = []
  const states: InboxState[] = []
  const ending = new AbortController()
  prepare?.(news, clock)
  const items = feed({
    link: news.link,
    after: 0,
    read: async ({ index }) => index,
    signal: ending.signal,
    now: clock.now,
    random: seededRandom(5),
    wait: clock.wait,
    patience: clock.wait,
    onState: (state) => void states.push(state),
    ...more,
  })
  const ended = (async () => {
    try {
      for await (const item of items) got.push(item)
      return 'ended'
    } catch (error) {
      return error as SealchartError
    }
  })()
  return { clock, news, got, states, ending, ended }
}

/** Ends a feed: nothing may be left of it. */
async function end({ clock, news, ending, ended }: Reading): Promise<void> {
  ending.abort()
  expect(await ended).toBe('ended')
  await clock.pass(0)
  expect([news.open(), clock.waiting()]).toEqual([0, 0])
}

const ways = ({ news }: Reading): string[] => news.asked.map(({ way, after }) => `${way} ${after}`)

async function* frames(...all: readonly InboxFrame[]): AsyncGenerator<InboxFrame> {
  yield* all
}
const frame = (after: number, indexes: readonly number[] = [], ends = false): InboxFrame => ({
  after,
  notices: indexes.map(rowOf),
  ends,
})

/** Answers nothing until it is aborted. */
const silent = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(new ClientError('ABORTED', 'aborted'))))

describe('a stream', () => {
  test('is asked for first, and brings news as it comes', async () => {
    const reading = begin()
    const { clock, news, got } = reading
    news.add(3, 5)
    await clock.pass(SECOND)
    expect(got).toEqual([3, 5])
    news.add(9)
    await clock.pass(0)
    expect(got).toEqual([3, 5, 9])
    expect(ways(reading)).toEqual(['stream 0'])
    await end(reading)
  })

  test('that ends is asked for again at once, from where it was', async () => {
    const reading = begin()
    const { clock, news, got } = reading
    news.add(3)
    await clock.pass(HOUR)
    news.add(4)
    await clock.pass(0)
    expect(got).toEqual([3, 4])
    expect(ways(reading)).toEqual(['stream 0', ...Array.from({ length: 18 }, () => 'stream 3')])
    expect(reading.states).toEqual([{ connected: true, error: null }])
    await end(reading)
  })

  const failures: Record<string, (news: FakeNews) => FakeNews['stream']> = {
    'is cut': () => () => frames(frame(0)),
    'ends without a frame, as a body does that cannot be read while it comes': () => () => frames(),
    'is no stream of frames': () =>
      async function* () {
        yield frame(0)
        throw new ClientError('RELAY', 'garbled')
      },
    'skips a notice': () => () => frames(frame(0), frame(1, [2])),
    'says that a notice was skipped': () => () => frames(frame(0), frame(1)),
    'brings no first frame': () =>
      async function* (_after, signal) {
        yield await silent(signal)
      },
    'falls silent': () =>
      async function* (_after, signal) {
        yield frame(0)
        yield await silent(signal)
      },
    'says nothing again and again': () =>
      async function* () {
        for (;;) yield frame(0)
      },
    'is unknown to the relay': () => () => {
      throw refusal('UNKNOWN', 404)
    },
    'finds no place': () => () => {
      throw refusal('BUSY', 503)
    },
  }
  test.each(Object.entries(failures))('that %s is replaced by long polls, and tried again later', async (_, make) => {
    const reading = begin({ prepare: (news) => (news.stream = make(news)) })
    const { clock, news, got } = reading
    await clock.pass(41 * SECOND)
    expect(ways(reading).slice(0, 2)).toEqual(['stream 0', 'poll 0'])
    news.add(1, 2)
    await clock.pass(0)
    expect(got).toEqual([1, 2])
    news.stream = news.honestStream
    await clock.pass(MINUTE)
    expect(ways(reading).at(-1)).toBe('stream 2')
    news.add(7)
    await clock.pass(0)
    expect(got).toEqual([1, 2, 7])
    expect(reading.states).toEqual([{ connected: true, error: null }])
    await end(reading)
  })

  test('is given up after ten seconds without a first frame, and forty without another', async () => {
    for (const [first, after] of [
      [false, 10 * SECOND],
      [true, 40 * SECOND],
    ] as const) {
      const stream: FakeNews['stream'] = async function* (_after, signal) {
        if (first) yield frame(0)
        yield await silent(signal)
      }
      const reading = begin({ prepare: (news) => (news.stream = stream) })
      const began = reading.clock.now()
      await reading.clock.pass(MINUTE)
      expect(reading.news.asked[1]).toEqual({ at: began + after, way: 'poll', after: 0 })
      // Its connection is closed: what is open is a poll.
      expect(reading.news.open()).toBe(1)
      await end(reading)
    }
  })

  test('that never comes through is tried ever more rarely, and news does not wait for it', async () => {
    const reading = begin({ prepare: (news) => (news.stream = () => frames(frame(0))) })
    const { clock, news, got } = reading
    await clock.pass(10 * HOUR)
    const tries = news.asked.filter(({ way }) => way === 'stream').map(({ at }) => at)
    const gaps = tries.slice(1).map((at, i) => at - (tries[i] as number))
    expect(gaps[0]).toBeLessThan(90 * SECOND)
    expect(Math.max(...gaps)).toBeLessThanOrEqual(16 * MINUTE)
    expect(tries.length).toBeLessThan(90)
    news.add(1)
    await clock.pass(0)
    expect(got).toEqual([1])
    await end(reading)
  })

  test('that says nothing again and again is given up without waiting for anything', async () => {
    const stream: FakeNews['stream'] = async function* () {
      for (;;) yield frame(0)
    }
    const reading = begin({ prepare: (news) => (news.stream = stream) })
    for (let round = 0; round < 20; round++) await reading.clock.pass(0)
    expect(ways(reading)).toEqual(['stream 0', 'poll 0'])
    await end(reading)
  })

  test('that came to its end makes up for those that did not come through', async () => {
    const reading = begin({ prepare: (news) => (news.stream = () => frames(frame(0))) })
    const { clock, news } = reading
    await clock.pass(10 * HOUR)
    news.stream = news.honestStream
    await clock.pass(HOUR)
    news.stream = () => frames(frame(0))
    const before = news.asked.length
    await clock.pass(10 * MINUTE)
    const tries = news.asked.slice(before).filter(({ way }) => way === 'stream')
    expect(tries.length).toBeGreaterThan(2)
    await end(reading)
  })

  test('that is cut after minutes, as by a proxy that lets no answer last, stays worth another try', async () => {
    const cut = (news: FakeNews): FakeNews['stream'] =>
      async function* (after, signal) {
        let count = 0
        for await (const one of news.honestStream(after, signal)) {
          yield one
          if (++count === 6) return
        }
      }
    const reading = begin({ prepare: (news) => (news.stream = cut(news)) })
    await reading.clock.pass(HOUR)
    expect(reading.news.asked.filter(({ way }) => way === 'stream').length).toBeGreaterThan(20)
    await end(reading)
  })

  test('is not read while the application is busy', async () => {
    let taken = 0
    const stream: FakeNews['stream'] = async function* () {
      for (let index = 1; index <= 5; index++) {
        taken = index
        yield frame(index - 1, [index])
      }
    }
    const clock = virtualClock()
    const news = fakeNews(clock)
    news.stream = stream
    const { signal } = new AbortController()
    const { now, wait } = clock
    const read = async ({ index }: NoticeRow): Promise<number> => index
    const surroundings = { now, wait, patience: wait, random: seededRandom(1) }
    const items = feed({ link: news.link, after: 0, signal, read, ...surroundings })
    expect((await items.next()).value).toBe(1)
    await clock.pass(HOUR)
    expect([taken, clock.waiting()]).toEqual([1, 0])
    expect((await items.next()).value).toBe(2)
    await items.return()
    await clock.pass(0)
    expect([news.open(), clock.waiting()]).toEqual([0, 0])
  })
})

describe('a relay that answers at once', () => {
  const answers: Record<string, (news: FakeNews) => void> = {
    'polls with nothing': (news) => {
      news.stream = () => frames()
      news.poll = async () => []
    },
    'polls with what is known': (news) => {
      news.stream = () => frames()
      news.poll = async () => [rowOf(1), rowOf(2)]
    },
    'streams with nothing but their end': (news) => {
      news.stream = (after) => frames(frame(after, [], true))
    },
    'streams with what is known, and their end': (news) => {
      news.stream = () => frames(frame(0, [1, 2], true))
    },
    'with errors that pass': (news) => {
      news.stream = () => {
        throw refusal('BUSY', 503)
      }
      news.poll = async () => {
        throw refusal('INTERNAL', 500)
      }
    },
  }
  test.each(Object.entries(answers))('%s is asked with growing pauses', async (name, prepare) => {
    const reading = begin({ prepare })
    await reading.clock.pass(HOUR)
    const { asked } = reading.news
    const gaps = asked.slice(1).map(({ at }, i) => at - (asked[i]?.at as number))
    expect(asked.length).toBeLessThan(350)
    // Each pause is half to whole of what it would be without chance, and the longest half a minute.
    expect(Math.max(...gaps)).toBeLessThanOrEqual(30 * SECOND)
    expect(new Set(gaps).size).toBeGreaterThan(asked.length / 4)
    expect(reading.got).toEqual(name.includes('known') ? [1, 2] : [])
    await end(reading)
  })
})

describe('when the relay is away', () => {
  test('over a night, the feed waits, asks twice a minute or so, and is back within half a minute', async () => {
    const reading = begin()
    const { clock, news, got, states } = reading
    news.add(1)
    await clock.pass(MINUTE)
    const away = {
      stream: () => {
        throw offline()
      },
      poll: async () => {
        throw offline()
      },
    }
    Object.assign(news, away)
    const before = news.asked.length
    await clock.pass(10 * HOUR)
    expect(news.asked.length - before).toBeLessThan(2 * 2 * 80 * 10)
    news.add(2, 3)
    Object.assign(news, { stream: news.honestStream, poll: news.honestPoll })
    await clock.pass(30 * SECOND)
    expect(got).toEqual([1, 2, 3])
    expect(states.map(({ connected, error }) => [connected, error?.code])).toEqual([
      [true, undefined],
      [false, 'OFFLINE'],
      [true, undefined],
    ])
    // A way that was down says nothing of streams.
    expect(news.asked.at(-1)?.way).toBe('stream')
    await end(reading)
  })

  test('a notice that could not be read for that is read later, and none is passed over', async () => {
    const tries: number[] = []
    const read = async ({ index }: NoticeRow): Promise<number> => {
      tries.push(index)
      if (index === 2 && tries.length < 5) throw offline()
      return index
    }
    const reading = begin({ read, prepare: (news) => news.add(1, 2, 3) })
    await reading.clock.pass(MINUTE)
    expect(reading.got).toEqual([1, 2, 3])
    expect(tries).toEqual([1, 2, 2, 2, 2, 3])
    // Each after a pause: it was not the stream that failed.
    const { asked } = reading.news
    expect(asked.slice(1, 4).every(({ at, way }, i) => way === 'stream' && at - (asked[i]?.at as number) >= 500)).toBe(
      true,
    )
    expect(reading.states.map(({ connected }) => connected)).toEqual([false, true])
    await end(reading)
  })
})

describe('a feed ends', () => {
  test('in an error that trying again does not change, with nothing left open', async () => {
    const refused = refusal('REQUEST_SIGNATURE', 401)
    const lie = new ProtocolError('FORK', 'two histories')
    const throwing = (error: Error) => async (): Promise<never> => {
      throw error
    }
    const cases: Partial<FeedOptions<number>>[] = [{}, { read: throwing(lie) }]
    for (const [i, options] of cases.entries()) {
      const reading = begin({
        ...options,
        prepare(news) {
          news.add(1)
          if (i > 0) return
          news.stream = () => frames(frame(0))
          news.poll = throwing(refused)
        },
      })
      expect(await reading.clock.until(reading.ended)).toBe(i === 0 ? refused : lie)
      await reading.clock.pass(0)
      expect([reading.news.open(), reading.clock.waiting(), reading.got]).toEqual([0, 0, []])
    }
  })

  test('in an error of whoever is told its state', async () => {
    const bug = new TypeError('a bug')
    const onState = (): never => {
      throw bug
    }
    const reading = begin({ onState })
    expect(await reading.clock.until(reading.ended)).toBe(bug)
  })

  const moments: Record<string, (news: FakeNews) => void> = {
    'before it began': () => {},
    'in a stream': () => {},
    'before a stream answers': (news) => {
      news.stream = async function* (_after, signal) {
        yield await silent(signal)
      }
    },
    'in a stream that does not heed it': (news) => {
      news.stream = async function* () {
        yield frame(0)
        await new Promise(() => undefined)
      }
    },
    'in a long poll': (news) => (news.stream = () => frames()),
    'in a pause': (news) => {
      news.stream = () => frames()
      news.poll = async () => {
        throw offline()
      }
    },
  }
  test.each(Object.entries(moments))('when it is aborted %s, at once', async (name, prepare) => {
    const reading = begin({ prepare })
    if (name !== 'before it began') await reading.clock.pass(5 * SECOND)
    reading.ending.abort()
    expect(await reading.ended).toBe('ended')
    await reading.clock.pass(0)
    expect([reading.clock.waiting(), reading.got]).toEqual([0, []])
    if (!name.includes('not heed')) expect(reading.news.open()).toBe(0)
  })

  test('when it is aborted while a notice is read, or in the application’s hands', async () => {
    const reading = begin({ read: () => new Promise(() => undefined), prepare: (news) => news.add(1) })
    await reading.clock.pass(SECOND)
    await end(reading)

    const clock = virtualClock()
    const news = fakeNews(clock)
    news.add(1)
    const ending = new AbortController()
    const { now, wait } = clock
    const read = async ({ index }: NoticeRow): Promise<number> => index
    const surroundings = { now, wait, patience: wait, random: seededRandom(1) }
    const items = feed({ link: news.link, after: 0, signal: ending.signal, read, ...surroundings })
    expect(await items.next()).toEqual({ done: false, value: 1 })
    ending.abort()
    await clock.pass(0)
    expect(clock.waiting()).toBe(0)
    expect(await items.next()).toEqual({ done: true, value: undefined })
    await clock.pass(0)
    expect(news.open()).toBe(0)
  })
})

describe('whatever happens on the way', () => {
  /** What befalls one stream: what is done to its frames, and how it goes on after so many. */
  const fault = fc.record({
    way: fc.constantFrom(
      'honest',
      'repeat',
      'swap',
      'lose',
      'again',
      'reverse',
      'garble',
      'silent',
      'offline',
      'early',
    ),
    after: fc.nat(4),
  })
  type Fault = typeof fault extends fc.Arbitrary<infer F> ? F : never

  /** An honest stream, spoilt. */
  function spoilt(news: FakeNews, { way, after: count }: Fault): FakeNews['stream'] {
    return async function* (from, signal) {
      if (way === 'offline') throw offline()
      const honest = news.honestStream(way === 'again' ? 0 : from, signal)
      let held: InboxFrame | null = null
      let number = 0
      for await (const one of honest) {
        number++
        const here = number > count
        if (here && way === 'silent') yield await silent(signal)
        if (here && way === 'garble') throw new ClientError('RELAY', 'garbled')
        if (here && way === 'early') return
        if (here && way === 'lose' && number === count + 1) continue
        if (here && way === 'swap' && held === null && one.notices.length > 0) {
          held = one
          continue
        }
        yield way === 'reverse' ? { ...one, notices: one.notices.toReversed() } : one
        if (here && way === 'repeat') yield one
        if (held) yield held
        held = null
      }
    }
  }

  function spoiltPoll(news: FakeNews, { way }: Fault): FakeNews['poll'] {
    return async (after, wait, signal) => {
      if (way === 'offline') throw offline()
      if (way === 'silent') return silent(signal)
      if (way === 'garble') throw new ClientError('RELAY', 'garbled')
      if (way === 'early' || way === 'lose') return []
      const rows = await news.honestPoll(way === 'again' ? 0 : after, wait, signal)
      return way === 'repeat' ? [...rows, ...rows] : way === 'honest' ? rows : rows.toReversed()
    }
  }

  test('each notice comes once, in order, and is passed over never', async () => {
    const property = fc.asyncProperty(
      fc.array(fault, { maxLength: 12 }),
      fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.nat(90)), { minLength: 1, maxLength: 10 }),
      fc.array(fc.nat(30), { maxLength: 5 }),
      async (faults, coming, failing) => {
        const left = [...faults]
        const next = (): Fault => left.shift() ?? { way: 'honest', after: 0 }
        const fails = new Set(failing)
        const reading = begin({
          async read({ index }) {
            if (fails.delete(index)) throw offline()
            return index
          },
          prepare(news) {
            news.stream = (after, signal) => spoilt(news, next())(after, signal)
            news.poll = (after, wait, signal) => spoiltPoll(news, next())(after, wait, signal)
          },
        })
        const { clock, news, got } = reading
        let index = 0
        const all: number[] = []
        for (const [count, seconds] of coming) {
          const more = Array.from({ length: count }, () => ++index)
          all.push(...more)
          news.add(...more)
          await clock.pass(seconds * SECOND)
          // Never out of order, never twice: what came is a beginning of what there is.
          expect(got).toEqual(all.slice(0, got.length))
        }
        await clock.pass(HOUR)
        expect(got).toEqual(all)
        await end(reading)
      },
    )
    await fc.assert(property, { numRuns: effort(40) })
  }, 120_000)
})
