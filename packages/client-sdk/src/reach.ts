// Everybody to whom a record's keys may go, brought up to date. Spec: docs/spec/rules.md, "Wrap lists".
import { type AsOf, type ChainId, equal, facts, hex, type LiveGrant } from '@sealchart/protocol'
import { liveGrantsOf } from './held-grants.js'
import { isStale, membersOf } from './seats.js'
import type { Session } from './session.js'

/** Recipients as of now. */
export const asOfNow = ({ network, surroundings }: Session): AsOf => ({
  network: network.chain,
  time: surroundings.now(),
})

/**
 * Brings the chains of all up to date to whom a record's keys may go: founder, holders, the teams among them, and the members of those that
 * are stale. The session has synced the record. Answers its live grants.
 */
export async function syncHolders(
  session: Session,
  record: ChainId,
  signal: AbortSignal | undefined,
): Promise<readonly LiveGrant[]> {
  const live = await liveGrantsOf(session, record)
  const founder = session.ledger.fact(record, facts.founder)
  const holders = live.flatMap(({ grant, teams }) => [grant.recipient, ...teams])
  await syncOthers(session, [...holders, ...(founder ? [founder.member] : [])], signal)
  const stale = holders.filter((one) => isStale(session, one))
  await syncOthers(
    session,
    stale.flatMap((team) => membersOf(session, team).map(({ member }) => member)),
    signal,
  )
  return live
}

/** Chains, each once and without one's own, which is synced wherever one acts. */
async function syncOthers(
  session: Session,
  chains: readonly ChainId[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const others = new Map(chains.filter((one) => !equal(one, session.chain)).map((one) => [hex(one), one]))
  if (others.size > 0) await session.sync([...others.values()], { signal })
}
