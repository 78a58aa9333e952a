// What all groups have: epochs of a key that turns. Spec: docs/spec/rules.md, "Devices", "Team". Who is in a group is its own rules' matter.
import { sha256 } from '#sha256'
import type { NextEpoch } from '../bodies.js'
import type { Digest } from '../bytes.js'
import type { Entry } from '../entry.js'
import { ProtocolError } from '../errors.js'
import { type Change, facts, set } from './facts.js'
import type { Look, Position } from './look.js'
import { checkBack, refuse } from './sections.js'

/** The next epoch of a group, with the digest of the wrap list that it begins with. @throws ProtocolError SEQ, RULE. */
export async function startEpoch(
  entry: Entry<'member'> | Entry<'team'>,
  start: NextEpoch,
  { wraps, look, at }: { readonly wraps: Digest; readonly look: Look; readonly at: Position },
): Promise<Change> {
  const newest = (await look.fact(entry.chain, facts.epoch)) ?? refuse('there is no such group')
  const { epoch, key } = start
  if (epoch !== newest.epoch + 1) throw new ProtocolError('SEQ', 'epochs are numbered without gaps')
  checkBack(start)
  return set(facts.epoch, { epoch, key, keyHash: sha256(key), wraps, index: at.index })
}
