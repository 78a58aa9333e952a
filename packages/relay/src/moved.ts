// Which members' and teams' chains moved lately: what a turn asks when a list was checked against heads that no entry names.
// Spec: docs/spec/relay.md, "The turn". It costs the same for a list of ten recipients and of ten thousand.
import type { AnyEntry, ChainId } from '@sealchart/protocol'
import { MovedHeads } from './place.js'

/** A member's chain begins with three entries of one list: before its end nobody can have checked its head. */
const FOUNDED_BY = 2
const KEPT = 4096

interface Move {
  readonly index: number
  readonly chain: ChainId
}

export interface Moves {
  /** @throws MovedHeads when a chain moved at or after the log size `checkedAt`, or that is too long ago to say. */
  check(checkedAt: number, size: number, alsoNow: readonly Placing[]): void
  take(placed: readonly Placing[]): void
}

interface Placing {
  readonly entry: AnyEntry
  readonly index: number
}

/** `from` is the log's size at the start: earlier moves are not known. */
export function moves(from: number): Moves {
  let known: Move[] = []
  let since = from
  return {
    check(checkedAt, size, alsoNow) {
      if (checkedAt < since) throw new MovedHeads(null, size)
      const moved = [...known.filter(({ index }) => index >= checkedAt), ...movesIn(alsoNow)]
      if (moved.length > 0)
        throw new MovedHeads(
          moved.map(({ chain }) => chain),
          size,
        )
    },
    take(placed) {
      known.push(...movesIn(placed))
      if (known.length <= KEPT) return
      known = known.slice(-KEPT / 2)
      since = (known[0] as Move).index
    },
  }
}

const movesIn = (placed: readonly Placing[]): Move[] =>
  placed.flatMap(({ entry, index }) =>
    (entry.kind === 'member' && entry.sequence > FOUNDED_BY) || (entry.kind === 'team' && entry.sequence > 0)
      ? [{ index, chain: entry.chain }]
      : [],
  )
