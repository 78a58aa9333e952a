// The state as a list of entries changes it, one entry after the other, and as it was before any of them. Spec: docs/spec/relay.md, "The
// gate". A layer for each entry would make every read pass through all layers below it; here each fact and head stands once, with the
// positions of the entries that set it, and a read looks for the newest before its own.
import type { LinkHash } from '@sealchart/protocol'
import { type Changing, factKey, keyOf, overlaid, prefixesOf, type State } from './state.js'
import type { FactRow, HeadRow } from './store/contract.js'

export interface Overlay {
  /** The state as it was before the entry at this position, of those that were set so far. */
  before(position: number): State
  /** The state that the entry at this position is placed on, and changes. Entries change it in the order of their positions. */
  at(position: number): Changing
}

/** What stands at one place: what entries set there, oldest first, each with the position of its entry. */
type Versions<T> = { readonly position: number; readonly row: T }[]

/** An overlay over a state that is left as it is. */
export function overlayOn(below: State): Overlay {
  const facts = new Map<string, Versions<FactRow>>()
  const heads = new Map<string, Versions<HeadRow>>()
  /** The facts under each prefix that their keys have, in the order in which they were first set. */
  const prefixes = new Map<string, Versions<FactRow>[]>()

  const before = (position: number): State => ({
    async fact(chain, key) {
      const row = newest(facts.get(factKey(chain, key)), position)
      return row ? row.value : below.fact(chain, key)
    },
    async head(chain) {
      const row = newest(heads.get(keyOf(chain)), position)
      return row ? { sequence: row.sequence, link: row.link as LinkHash, index: row.index } : below.head(chain)
    },
    async under(chain, prefix) {
      const under = await below.under(chain, prefix)
      const own: FactRow[] = []
      for (const versions of prefixes.get(factKey(chain, prefix)) ?? []) {
        const row = newest(versions, position)
        // Whatever follows was first set later still.
        if (row === null) break
        own.push(row)
      }
      return overlaid(under, own)
    },
  })

  const setFact = (row: FactRow, position: number): void => {
    const at = factKey(row.chain, row.key)
    const known = facts.get(at)
    if (known) return void known.push({ position, row })
    const versions = [{ position, row }]
    facts.set(at, versions)
    for (const prefix of prefixesOf(row.key)) {
      const place = factKey(row.chain, prefix)
      const all = prefixes.get(place)
      if (all) all.push(versions)
      else prefixes.set(place, [versions])
    }
  }

  const setHead = (row: HeadRow, position: number): void => {
    const at = keyOf(row.chain)
    const known = heads.get(at)
    if (known) known.push({ position, row })
    else heads.set(at, [{ position, row }])
  }

  return {
    before,
    at: (position) => ({
      ...before(position + 1),
      setFact: (row) => setFact(row, position),
      setHead: (row) => setHead(row, position),
    }),
  }
}

/** The newest row that an entry before this position set, or null: by halves. */
function newest<T>(versions: Versions<T> | undefined, position: number): T | null {
  if (!versions) return null
  let low = 0
  let high = versions.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((versions[middle]?.position as number) < position) low = middle + 1
    else high = middle
  }
  return versions[low - 1]?.row ?? null
}
