// The reducer: one entry against the facts, for every kind of chain. Spec: docs/spec/rules.md, "Applying an entry".
// Pure: (facts, entry, position) → changes or an error. Relay, client and court run this same function. It does not check the
// place in the chain (a ledger and a relay do) and verifies no signature: `signKeyOf` says under which key that must have been done.
import { kinds, type WrapsRef } from '../bodies.js'
import { equal } from '../bytes.js'
import { expectList } from '../check.js'
import { type AnyEntry, accessLogOf, expectEntry, is } from '../entry.js'
import { ProtocolError } from '../errors.js'
import { limits } from '../limits.js'
import { accessRules } from './access.js'
import { institutionRules, networkRules } from './authority.js'
import { type Change, facts, set } from './facts.js'
import { isRecall } from './grants.js'
import { expectLook, expectPosition, type Look, type Position } from './look.js'
import { memberRules } from './member.js'
import { recordRules } from './record.js'
import { registrationRules } from './registration.js'
import { signKeyOf } from './standing.js'
import { teamRules } from './team.js'

type Rule = (entry: never, look: Look, at: Position) => Promise<Change[]>

const rules: { readonly [K in AnyEntry['kind']]: Readonly<Record<string, Rule>> } = {
  network: networkRules,
  institution: institutionRules,
  member: memberRules,
  registration: registrationRules,
  team: teamRules,
  record: recordRules,
  access: accessRules,
}

/**
 * The changes that an entry makes to its chain's facts, or the reason why it is refused.
 * @throws ProtocolError CLOCK, CHAIN, BINDING, ROLE, RULE, SEQ, STALE_EPOCH, NOT_GRANTED, GRANT_ENDED, TEAM_CLOSED, CRED_*, LIMIT,
 * USAGE.
 */
export async function applyEntry(entry: AnyEntry, look: Look, position: Position): Promise<readonly Change[]> {
  expectEntry(entry)
  expectLook(look)
  const at = expectPosition(position)
  if (Math.abs(entry.time - at.time) > limits.clockSkew) {
    throw new ProtocolError('CLOCK', 'the entry’s own time is more than five minutes from the log’s', {
      details: { entry: entry.time, log: at.time },
    })
  }
  checkBounds(entry, at)
  checkOrder(entry)
  await checkKind(entry, look)
  checkBeginning(entry)
  await checkRests(entry, look)
  await signKeyOf(entry, look)
  const rule = rules[entry.kind][entry.type] as Rule
  const changes = await rule(entry as never, look, at)
  return founds(entry) ? [set(facts.founded, { kind: kinds[entry.kind], link: entry.link }), ...changes] : changes
}

/** The wrap list that an entry carries, or null. */
const wrapsOf = (entry: AnyEntry): WrapsRef | null => ('wraps' in entry.body ? entry.body.wraps : null)

function checkBounds(entry: AnyEntry, at: Position): void {
  const wraps = wrapsOf(entry)
  if ((entry.seen !== null && entry.seen.size > at.index) || (wraps !== null && wraps.asOf > at.index))
    throw new ProtocolError('RULE', 'an entry names a log size that the log did not have yet')
}

/**
 * An id says nothing of its chain's kind. Without this an issuer could place a credential on a record or an access log, whose readers
 * would find an entry there that they can't place.
 */
async function checkKind(entry: AnyEntry, look: Look): Promise<void> {
  if (founds(entry) || entry.kind === 'access') return
  const founded = await look.fact(entry.chain, facts.founded)
  if (founded?.kind !== kinds[entry.kind]) throw new ProtocolError('BINDING', 'the chain is of another kind')
}

/**
 * Whoever verifies an entry needs the chains that it rests on. So it rests on chains that everybody in the network may have (a team's
 * only where a record is shared with it), and on the record that it is about: one that rests on somebody else's record could be verified by nobody who may not see that. A recall also
 * names the access log, which nobody looks at here.
 */
async function checkRests(entry: AnyEntry, look: Look): Promise<void> {
  for (const [i, { chain }] of entry.restsOn.entries()) {
    if (equal(chain, entry.chain) || entry.restsOn.findIndex((first) => equal(first.chain, chain)) !== i)
      throw new ProtocolError('RULE', 'an entry rests on each other chain once')
    if (isRecall(entry) && equal(chain, accessLogOf(entry.chain))) continue
    if (entry.kind === 'access' && equal(chain, entry.body.record)) continue
    const founded = await look.fact(chain, facts.founded)
    const isShared = founded?.kind === kinds.team && (entry.kind === 'record' || entry.kind === 'access')
    if (!founded || !(isShared || RESTED_ON.includes(founded.kind)))
      throw new ProtocolError('RULE', 'an entry rests on a chain that its verifiers may not see')
  }
}

const RESTED_ON: readonly number[] = [kinds.network, kinds.institution, kinds.member]

/** A registration chain begins with whoever binds its number first: it has no founder. */
const founds = (entry: AnyEntry): boolean =>
  entry.type === 'found' || entry.type === 'create' || (is(entry, 'registration', 'bind') && entry.sequence === 0)

function checkOrder(entry: AnyEntry): void {
  if (entry.kind !== 'access' && founds(entry) !== (entry.sequence === 0))
    throw new ProtocolError('SEQ', 'a chain begins with its founding, once')
  if ((entry.previous === null) !== founds(entry))
    throw new ProtocolError('CHAIN', 'every entry but a founding names the one before')
}

function checkBeginning(entry: AnyEntry): void {
  if (entry.kind !== 'member') return
  const second = entry.sequence === 1 && entry.type !== 'credential'
  const third = entry.sequence === 2 && entry.type !== 'accept'
  if (second || third) throw new ProtocolError('RULE', 'a member’s chain begins found, credential, accept')
}

/**
 * What no entry can say alone: a member is founded together with its first credential and its acceptance, an institution together
 * with its admission or a proposal of it, and a credential with a registration number comes together with what is said of it on the number's chain. @throws ProtocolError RULE, USAGE.
 */
export function checkList(entries: readonly AnyEntry[]): void {
  for (const [i, entry] of expectList(entries, expectEntry).entries()) {
    const later = entries.slice(i + 1)
    if (is(entry, 'member', 'found') && !(has(later, entry, 1) && has(later, entry, 2))) {
      throw new ProtocolError('RULE', 'a member is founded together with a credential and its acceptance')
    }
    if (is(entry, 'institution', 'found') && !later.some((other) => admits(other, entry))) {
      throw new ProtocolError('RULE', 'an institution is founded together with its admission, or a proposal of it')
    }
    const registers = is(entry, 'member', 'credential') && entry.body.registration !== null
    if (registers && !later.some((other) => speaksOf(other, entry))) {
      throw new ProtocolError('RULE', 'a credential with a registration number comes together with its binding')
    }
  }
}

const has = (later: readonly AnyEntry[], founding: AnyEntry, sequence: number): boolean =>
  later.some((other) => equal(other.chain, founding.chain) && other.sequence === sequence)

/** Which chain that is, and whether the credential is for it, the rules of the other entry say. */
const speaksOf = (other: AnyEntry, credential: AnyEntry): boolean =>
  other.kind === 'registration' && 'credential' in other.body && equal(other.body.credential, credential.hash)

function admits(other: AnyEntry, founding: AnyEntry): boolean {
  const proposed = is(other, 'network', 'propose') ? other.body.admit : null
  const admission = is(other, 'network', 'admit') ? other.body : proposed
  return admission !== null && equal(admission.institution, founding.chain) && equal(admission.founding, founding.link)
}
