// Which chains moved lately that say to whom keys may go: what a turn asks when a list was checked against heads that no entry names.
// Spec: docs/spec/relay.md, "The turn". It costs the same for a list of ten recipients and of ten thousand.
import { type AnyEntry, type ChainId, is } from '@sealchart/protocol'
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
  placed.flatMap(({ entry, index }) => movedBy(entry).map((chain) => ({ index, chain })))

function movedBy(entry: AnyEntry): readonly ChainId[] {
  if (entry.kind === 'member') return entry.sequence > FOUNDED_BY ? [entry.chain] : []
  // A member who is seated sits in one team more: how many these may be was asked, too.
  if (is(entry, 'team', 'found')) return entry.body.seats.map(({ member }) => member)
  if (is(entry, 'team', 'change')) return [entry.chain, ...entry.body.adds.map(({ member }) => member)]
  // With an issuer or an institution everybody is gone for whom only that one vouches.
  const ends = is(entry, 'institution', 'dismiss') || is(entry, 'network', 'remove') || is(entry, 'network', 'settle')
  return entry.kind === 'team' || ends ? [entry.chain] : []
}
