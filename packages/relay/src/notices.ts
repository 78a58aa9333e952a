// Who waits for news. Spec: docs/spec/relay.md, "Notices". An inbox is a query over rows; what happens here only says when to ask again.
import type { ChainId } from '@sealchart/protocol'
import type { TurnNews } from './sequencer.js'
import { keyOf } from './state.js'

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

export function noticeBoard(clock: Waiting, most: number): NoticeBoard {
  const waiting = new Map<AbortController, string>()
  let turn = 0
  let closed = false

  /** Those of one member, or all (null): whom a notice to all holders of a record concerns, only the query knows. */
  const wake = (member: string | null): void => {
    for (const [one, key] of waiting) if (member === null || member === key) one.abort()
  }

  return {
    get turn() {
      return turn
    },
    take({ notices }) {
      if (notices.length === 0) return
      turn += 1
      for (const { member } of notices) wake(member === null ? null : keyOf(member))
    },
    async wait(member, since) {
      if (closed || waiting.size >= most) return false
      if (since.turn !== turn) return true
      const one = new AbortController()
      waiting.set(one, keyOf(member))
      await clock.wait(since.ms, one.signal)
      waiting.delete(one)
      return !closed
    },
    close() {
      closed = true
      wake(null)
    },
  }
}
