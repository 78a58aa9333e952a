// The grants of a record that hold at a moment: whom its next keys are for. Spec: docs/spec/rules.md, "Wrap lists".
// What a rule asks of one grant stands in grants.ts; a walk over all of them is for the gate, and for whoever is given a wrap list.
import { actions } from '../bodies.js'
import { type ChainId, type EntryHash, expectId, hex } from '../bytes.js'
import { expectList, expectNatural } from '../check.js'
import { facts, GRANTS, type Grant, grantHashOf, readFact } from './facts.js'
import { expectFacts, type Facts } from './look.js'

/** Grants between two pauses. */
const SLICE = 64

/** A grant of a record with its hash, and the teams that it was shared on from. */
export interface LiveGrant {
  readonly hash: EntryHash
  readonly grant: Grant
  readonly teams: readonly ChainId[]
}

/**
 * Grants of a record that at `time` have neither expired nor ended, themselves or one that they come from; those named in `over` have
 * ended, too. @throws ProtocolError USAGE
 */
export async function liveGrants(
  record: ChainId,
  known: Facts,
  time: number,
  over: readonly EntryHash[] = [],
): Promise<LiveGrant[]> {
  expectNatural(time)
  const all = new Map<string, Grant>()
  const stored = await expectFacts(known).under(expectId(record), GRANTS)
  for (const [i, { key, value }] of stored.entries()) {
    if (i % SLICE === SLICE - 1) await known.pause?.()
    all.set(key.slice(GRANTS.length), readFact(facts.grant(grantHashOf(key)), value))
  }
  const named = new Set(expectList(over, expectId).map(hex))
  const live: LiveGrant[] = []
  for (const [key, grant] of all) {
    const teams: ChainId[] = []
    let hasEnded = named.has(key) || grant.ended !== null || (grant.until !== null && grant.until <= time)
    for (let from = grant.from; from !== null && !hasEnded; ) {
      const earlier = all.get(hex(from))
      hasEnded = earlier === undefined || earlier.ended !== null || named.has(hex(from))
      if (earlier?.institution === null) teams.push(earlier.recipient)
      from = earlier?.from ?? null
    }
    if (!hasEnded) live.push({ hash: grantHashOf(GRANTS + key), grant, teams })
  }
  return live
}

/** The trail secret goes to writers and to those granted `trail`. @throws ProtocolError USAGE */
export const mayReadTrail = (bits: number): boolean => (expectNatural(bits) & (actions.trail | actions.write)) !== 0
