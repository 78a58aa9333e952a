// Which kind of chain an id names, as the relay's facts tell it. Spec: docs/spec/relay.md, "Permissions".
import { type ChainId, equal, facts } from '@sealchart/protocol'
import { RECORD_OF_LOG } from './consequences.js'
import { keyOf, lru, type State } from './state.js'

/** A chain's kind; an access log with its record. */
export type ChainKind =
  | { readonly kind: 'network' | 'institution' | 'member' | 'registration' | 'team' | 'record' }
  | { readonly kind: 'access'; readonly record: ChainId }

/** Finds kinds; null for a chain that does not exist. A kind never changes, so it is kept. */
export function chainKinds(state: State, network: () => ChainId | null): (chain: ChainId) => Promise<ChainKind | null> {
  const kept = lru<ChainKind>(100_000)

  const find = async (chain: ChainId): Promise<ChainKind | null> => {
    const founding = network()
    if (founding !== null && equal(founding, chain)) return { kind: 'network' }
    const record = await state.fact(chain, RECORD_OF_LOG)
    if (record !== null) return { kind: 'access', record: record as ChainId }
    if ((await state.head(chain)) === null) return null
    if ((await state.fact(chain, facts.founder.key)) !== null) return { kind: 'record' }
    if ((await state.fact(chain, facts.registration.key)) !== null) return { kind: 'registration' }
    if ((await state.fact(chain, facts.team.key)) !== null) return { kind: 'team' }
    if ((await state.fact(chain, facts.epoch.key)) !== null) return { kind: 'member' }
    return { kind: 'institution' }
  }

  return async (chain) => {
    const key = keyOf(chain)
    const known = kept.get(key)
    if (known) return known
    const found = await find(chain)
    if (found) kept.set(key, found)
    return found
  }
}
