// Rules of a record's access log: view, download, note. Spec: docs/spec/rules.md, "Access log".
// An entry here changes nothing but who has been seen to open, so that readers never compete for the record's head.
import { actions } from '../bodies.js'
import { equal } from '../bytes.js'
import { accessLogOf, type Entry } from '../entry.js'
import { ProtocolError } from '../errors.js'
import { type Change, facts, type Grant, set } from './facts.js'
import { requireHeld } from './grants.js'
import type { Look, Position } from './look.js'
import { requireCredential } from './standing.js'

type AccessEntry = Entry<'access', 'view' | 'download' | 'note'>

export const accessRules = {
  view: open,
  download: open,
  async note(entry: Entry<'access', 'note'>, look: Look, at: Position): Promise<Change[]> {
    await requireAccess(entry, look, at)
    return []
  },
}

async function open(entry: Entry<'access', 'view' | 'download'>, look: Look, at: Position): Promise<Change[]> {
  const { record, version, sections } = entry.body
  const granted = await requireAccess(entry, look, at)
  const counters = await look.fact(record, facts.counters)
  if (!counters || version < 1 || version > counters.version)
    throw new ProtocolError('RULE', 'there is no such version')
  for (const [i, id] of sections.entries()) {
    if (id === 0 || (i > 0 && id <= (sections[i - 1] as number)))
      throw new ProtocolError('RULE', 'sections are named once each, in order')
    if (granted && !granted.sections.includes(id))
      throw new ProtocolError('NOT_GRANTED', 'the grant does not name this section')
    if (!(await look.fact(record, facts.section(id)))) throw new ProtocolError('RULE', 'there is no such section')
  }
  const changes: Change[] = []
  // A team has opened the record when somebody did so from a seat in it: that is what a recall of its grant asks.
  const by = [entry.signer.chain, ...(granted && granted.institution === null ? [granted.recipient] : [])]
  for (const target of by.map(facts.viewed)) {
    if (!(await look.fact(entry.chain, target))) changes.push(set(target, { index: at.index }))
  }
  return changes
}

/** The grant under which the signer acts here, or null for the founder, who may open all. */
async function requireAccess(entry: AccessEntry, look: Look, at: Position): Promise<Grant | null> {
  const { record, grant: named, credential, trailEpoch } = entry.body
  if (!equal(accessLogOf(record), entry.chain)) throw new ProtocolError('BINDING', 'the access log is another record’s')
  const founder = await look.fact(record, facts.founder)
  if (!founder) throw new ProtocolError('RULE', 'there is no such record')
  const trail = await look.fact(record, facts.trail)
  // A purpose sealed to an older trail key could be read by those whose grant has ended.
  if (trail?.epoch !== trailEpoch)
    throw new ProtocolError('STALE_EPOCH', 'the purpose is sealed to another trail epoch than the newest')
  if (entry.private === null) throw new ProtocolError('RULE', 'an access carries its sealed purpose')
  const standing = await requireCredential(entry.signer.chain, credential, look, at)
  if (named === null) {
    if (!equal(founder.member, entry.signer.chain))
      throw new ProtocolError('NOT_GRANTED', 'only the founder opens without a grant')
    return null
  }
  const grant = await requireHeld({ record, grant: named, signer: entry.signer.chain, standing }, look, at)
  if ((grant.actions & actions[entry.type]) === 0)
    throw new ProtocolError('NOT_GRANTED', 'the grant does not allow this')
  return grant
}
