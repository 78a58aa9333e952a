// What a rule may look at: its own chain before the entry, and the chains that the entry rests on, at the states it names.
// Spec: docs/spec/rules.md, "What enters". Nothing else enters, so a relay, a client and a court reach the same verdict at any time.
import { type ChainId, equal, expectId, type LinkHash } from '../bytes.js'
import { expectFunction, expectNatural, reading } from '../check.js'
import { type AnyEntry, expectEntry } from '../entry.js'
import { ProtocolError } from '../errors.js'
import { type Fact, readFact } from './facts.js'

/** Where an entry stands in the log: its leaf index and its log time in ms. */
export interface Position {
  readonly index: number
  readonly time: number
}

/** Newest entry of a chain; for an access log its newest number and access link. */
export interface Head {
  readonly sequence: number
  readonly link: LinkHash
}

/** One fact as it is stored. */
export interface StoredFact {
  readonly key: string
  readonly value: Uint8Array
}

/** Facts by chain. A relay answers from its store at the current heads, a verifier as of the states that the entry names. */
export interface Facts {
  get(chain: ChainId, key: string): Uint8Array | null | Promise<Uint8Array | null>
  /** All facts of a chain under a key prefix. */
  under(chain: ChainId, prefix: string): readonly StoredFact[] | Promise<readonly StoredFact[]>
  /** Awaited now and then in loops over thousands of grants, so that a relay can serve others meanwhile. */
  pause?(): Promise<void>
}

/** A rule's view of the facts for one entry. */
export interface Look {
  readonly network: ChainId
  /** @throws ProtocolError RULE when the entry does not rest on that chain. */
  fact<T>(chain: ChainId, target: Fact<T>): T | null | Promise<T | null>
}

/** @throws ProtocolError USAGE */
export const expectFacts = (facts: Facts): Facts =>
  reading('facts', () => {
    expectFunction(facts.get)
    expectFunction(facts.under)
    return facts
  })

/** @throws ProtocolError USAGE */
export const expectLook = (look: Look): Look =>
  reading('a look at facts', () => {
    expectFunction(look.fact)
    expectId(look.network)
    return look
  })

/** @throws ProtocolError USAGE */
export const expectPosition = (at: Position): Position =>
  reading('a position', () => ({ index: expectNatural(at.index), time: expectNatural(at.time) }))

/** `network` is the pinned network's chain id. @throws ProtocolError USAGE */
export function lookFor(entry: AnyEntry, facts: Facts, network: ChainId): Look {
  expectEntry(entry)
  expectFacts(facts)
  expectId(network)
  const within = (chain: ChainId): boolean =>
    equal(chain, entry.chain) || entry.restsOn.some((rest) => equal(rest.chain, chain))
  return {
    network,
    fact(chain, target) {
      if (!within(chain)) throw new ProtocolError('RULE', 'an entry uses the state of a chain that it does not rest on')
      const read = (bytes: Uint8Array | null) => (bytes === null ? null : readFact(target, bytes))
      const found = facts.get(chain, target.key)
      // A ledger answers at once, a dozen times an entry: no promise is made for that.
      return found instanceof Promise ? found.then(read) : read(found)
    },
  }
}
