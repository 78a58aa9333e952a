// The reducer: one entry against the facts, for every kind of chain. Spec: docs/spec/rules.md, "Applying an entry".
// Pure: (facts, entry, position) → changes or an error. Relay, client and court run this same function. It does not check the
// place in the chain (chain-place.ts does) and verifies no signature: `signKeyOf` says under which key that must have been done.
import { equal } from '../bytes.js'
import { type AnyEntry, type Entry, is } from '../entry.js'
import { ProtocolError } from '../errors.js'
import { limits } from '../limits.js'
import { accessRules } from './access.js'
import { institutionRules, networkRules } from './authority.js'
import type { Change } from './facts.js'
import type { Look, Position } from './look.js'
import { memberRules } from './member.js'
import { recordRules } from './record.js'
import { signKeyOf } from './standing.js'

type Rule = (entry: never, look: Look, at: Position) => Promise<Change[]>

const rules: { readonly [K in AnyEntry['kind']]: Readonly<Record<string, Rule>> } = {
  network: networkRules,
  institution: institutionRules,
  member: memberRules,
  record: recordRules,
  access: accessRules,
}

/**
 * The changes that an entry makes to its chain's facts, or the reason why it is refused.
 * @throws ProtocolError CLOCK, BINDING, ROLE, RULE, SEQ, STALE_EPOCH, NOT_GRANTED, GRANT_ENDED, ALREADY_OPENED, CRED_*, LIMIT.
 */
export async function applyEntry(entry: AnyEntry, look: Look, at: Position): Promise<readonly Change[]> {
  if (Math.abs(entry.time - at.time) > limits.clockSkew) {
    throw new ProtocolError('CLOCK', 'the entry’s own time is more than five minutes from the log’s', {
      details: { entry: entry.time, log: at.time },
    })
  }
  checkRests(entry)
  checkOrder(entry)
  await signKeyOf(entry, look)
  const rule = rules[entry.kind][entry.type] as Rule
  return rule(entry as never, look, at)
}

function checkRests(entry: AnyEntry): void {
  for (const [i, rest] of entry.restsOn.entries()) {
    const twice = entry.restsOn.slice(0, i).some((earlier) => equal(earlier.chain, rest.chain))
    if (twice || equal(rest.chain, entry.chain))
      throw new ProtocolError('RULE', 'an entry rests on each other chain once')
  }
}

const founds = (entry: AnyEntry): boolean => entry.type === 'found' || entry.type === 'create'

function checkOrder(entry: AnyEntry): void {
  if (entry.kind !== 'access' && founds(entry) !== (entry.sequence === 0))
    throw new ProtocolError('SEQ', 'a chain begins with its founding, once')
  if (entry.kind !== 'member') return
  const second = entry.sequence === 1 && entry.type !== 'credential'
  const third = entry.sequence === 2 && entry.type !== 'accept'
  if (second || third) throw new ProtocolError('RULE', 'a member’s chain begins found, credential, accept')
}

/**
 * What no entry can say alone: a member is founded together with its first credential and its acceptance, an institution together
 * with its admission. @throws ProtocolError RULE.
 */
export function checkList(entries: readonly AnyEntry[]): void {
  for (const [i, entry] of entries.entries()) {
    const later = entries.slice(i + 1)
    if (is(entry, 'member', 'found') && !(has(later, entry, 1) && has(later, entry, 2))) {
      throw new ProtocolError('RULE', 'a member is founded together with a credential and its acceptance')
    }
    if (is(entry, 'institution', 'found') && !later.some((other) => admits(other, entry))) {
      throw new ProtocolError('RULE', 'an institution is founded together with its admission')
    }
  }
}

const has = (later: readonly AnyEntry[], founding: AnyEntry, sequence: number): boolean =>
  later.some((other) => equal(other.chain, founding.chain) && other.sequence === sequence)

const admits = (other: AnyEntry, founding: AnyEntry & Entry<'institution', 'found'>): boolean =>
  is(other, 'network', 'admit') &&
  equal(other.body.institution, founding.chain) &&
  equal(other.body.founding, founding.link)
