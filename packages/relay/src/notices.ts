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

export interface NoticeBoard {
  /** Grows with every turn that brought notices: asked before the query, so that none between query and waiting is missed. */
  readonly turn: number
  take(news: TurnNews): void
  /** Waits at most `ms` until there may be news since `turn`; says whether to ask again: not when too many wait, or the relay stops. */
  wait(member: ChainId, since: { readonly turn: number; readonly ms: number }): Promise<boolean>
  /** Lets everybody go who waits. */
  close(): void
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

/** Requests of one member that may wait at the same time: nobody takes all places. */
const MOST_EACH = 64

export interface NoticeBoardOptions {
  /** Requests that may wait at the same time. */
  readonly most: number
  readonly audienceOf: (record: ChainId) => Promise<readonly ChainId[]>
}

export function noticeBoard(clock: Waiting, { most, audienceOf }: NoticeBoardOptions): NoticeBoard {
  const waiting = new Map<string, Set<AbortController>>()
  let count = 0
  let turn = 0
  let closed = false

  const wake = (member: string): void => {
    for (const one of waiting.get(member) ?? []) one.abort()
  }
  const wakeAll = (): void => {
    for (const member of waiting.keys()) wake(member)
  }
  /** Those alone whom it concerns, some at a time: everybody who is woken asks the store. */
  const wakeAudience = async (record: ChainId): Promise<void> => {
    for await (const member of inSlices(await audienceOf(record))) wake(keyOf(member))
  }

  const add = (key: string, one: AbortController): void => {
    waiting.set(key, (waiting.get(key) ?? new Set()).add(one))
    count += 1
  }
  const remove = (key: string, one: AbortController): void => {
    const own = waiting.get(key)
    own?.delete(one)
    if (own?.size === 0) waiting.delete(key)
    count -= 1
  }

  return {
    get turn() {
      return turn
    },
    take({ notices }) {
      if (notices.length === 0) return
      turn += 1
      if (count === 0) return
      for (const { member, record } of notices) {
        if (member !== null && waiting.has(keyOf(member))) wake(keyOf(member))
        else wakeAudience(member ?? record).catch(wakeAll)
      }
    },
    async wait(member, since) {
      const key = keyOf(member)
      if (closed || count >= most || (waiting.get(key)?.size ?? 0) >= MOST_EACH) return false
      if (since.turn !== turn) return true
      const one = new AbortController()
      add(key, one)
      await clock.wait(since.ms, one.signal)
      remove(key, one)
      return !closed
    },
    close() {
      closed = true
      wakeAll()
    },
  }
}
