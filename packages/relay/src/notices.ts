// Who waits for news. Spec: docs/spec/relay.md, "Notices". An inbox is a query over rows; what happens here only says when to ask again.
import { type ChainId, facts, readFact, unhex } from '@sealchart/protocol'
import { membersOf } from './membership.js'
import type { TurnNews } from './sequencer.js'
import { inSlices } from './slices.js'
import { factOf, keyOf, type State } from './state.js'

/** As much of a clock as waiting takes: `ms`, or less when `wake` is aborted. */
export interface Waiting {
  wait(ms: number, wake: AbortSignal): Promise<void>
}

/** A place among those who wait for news of one chain: a long poll's for as long as it asks, a stream's until it ends. */
export interface Place {
  /** Aborted when nobody listens here any more, or the relay stops: who waits goes. */
  readonly over: AbortSignal
  /**
   * Waits until there may be news, and then says so, or for `ms` at most, or until it is over. At once if there may be some since the
   * wait before, or since the place was taken: so whoever takes a place first, then asks, then waits, misses none.
   */
  wait(ms: number): Promise<boolean>
  /** Nobody listens here any more; the place is still taken. */
  end(): void
  leave(): void
}

export interface NoticeBoard {
  take(news: TurnNews): void
  /** A place; null when too many wait, or the relay stops. */
  enter(chain: ChainId): Place | null
  /** Lets everybody go who waits; resolves when all have left. */
  close(): Promise<void>
}

const HOLDERS = 'holder/'

/** Whom a notice may concern: of a team its members; of a record its founder, and who holds a grant that was not revoked. */
export async function audienceOf(state: State, chain: ChainId): Promise<readonly ChainId[]> {
  if ((await factOf(state, chain, facts.team)) !== null)
    return (await membersOf(state, chain)).map(({ member }) => member)
  const founder = await factOf(state, chain, facts.founder)
  const members = founder ? [founder.member] : []
  for await (const { key, value } of inSlices(await state.under(chain, HOLDERS))) {
    const member = unhex(key.slice(HOLDERS.length)) as Uint8Array as ChainId
    if (readFact(facts.holder(member), value).grants === 0) continue
    if ((await factOf(state, member, facts.team)) === null) members.push(member)
    else members.push(...(await membersOf(state, member)).map((seat) => seat.member))
  }
  return members
}

/** Places of one chain: nobody takes all of them. */
const MOST_EACH = 64

export interface NoticeBoardOptions {
  /** Places in all. */
  readonly most: number
  readonly audienceOf: (record: ChainId) => Promise<readonly ChainId[]>
}

interface Taken {
  wake(): void
  end(): void
}

export function noticeBoard(clock: Waiting, { most, audienceOf }: NoticeBoardOptions): NoticeBoard {
  const places = new Map<string, Set<Taken>>()
  let count = 0
  let allLeft: (() => void) | null = null
  let closed = false

  const wake = (key: string): void => {
    for (const one of places.get(key) ?? []) one.wake()
  }
  const wakeAll = (): void => {
    for (const key of places.keys()) wake(key)
  }
  /** Those alone whom it concerns, some at a time: everybody who is woken asks the store. */
  const wakeAudience = async (record: ChainId): Promise<void> => {
    for await (const member of inSlices(await audienceOf(record))) wake(keyOf(member))
  }

  const remove = (key: string, one: Taken): void => {
    const own = places.get(key)
    if (!own?.delete(one)) return
    if (own.size === 0) places.delete(key)
    count -= 1
    if (count === 0) allLeft?.()
  }

  return {
    take({ notices, heads }) {
      if (count === 0) return
      // Whoever waits may be listed no more, and then has nothing to wait for.
      for (const { chain } of heads) wake(keyOf(chain))
      for (const { member, record } of notices) {
        if (member !== null && places.has(keyOf(member))) wake(keyOf(member))
        else wakeAudience(member ?? record).catch(wakeAll)
      }
    },
    enter(chain) {
      const key = keyOf(chain)
      const own = places.get(key) ?? new Set()
      if (closed || count >= most || own.size >= MOST_EACH) return null
      const { place, taken } = newPlace(clock, () => remove(key, taken))
      places.set(key, own.add(taken))
      count += 1
      return place
    },
    close() {
      closed = true
      for (const own of places.values()) for (const one of own) one.end()
      return new Promise((resolve) => {
        if (count === 0) resolve()
        else allLeft = resolve
      })
    },
  }
}

function newPlace(clock: Waiting, left: () => void): { place: Place; taken: Taken } {
  const over = new AbortController()
  let woken = false
  let waiting: AbortController | null = null
  const wake = (): void => {
    woken = true
    waiting?.abort()
  }
  const end = (): void => {
    over.abort()
    wake()
  }
  const place: Place = {
    over: over.signal,
    async wait(ms) {
      waiting = new AbortController()
      if (!woken && !over.signal.aborted) await clock.wait(ms, waiting.signal)
      waiting = null
      const news = woken
      woken = false
      return news
    },
    end,
    leave() {
      end()
      left()
    },
  }
  return { place, taken: { wake, end } }
}
