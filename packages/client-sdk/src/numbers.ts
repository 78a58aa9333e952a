// Registration numbers on cards: a number is a member's when its chain is bound to her, whoever claims it. Spec: docs/spec/rules.md, "Registration".
import { type ChainId, type Credential, equal, facts, registrationChainOf, registrationHash } from '@sealchart/protocol'
import type { Session } from './session.js'

/** What a card says of a registration number. */
export interface Registered {
  /** Her number, if the network has bound it to her; else null. */
  readonly registration: string | null
  /** Who gave it: the board's short name. */
  readonly board: string | null
  /**
   * Why a number that her institution claims is not shown: `unproven` (no binding is known here), `another` (it is bound to somebody
   * else), `mismatch` (the claims are not the number that the credential names). Null when there is none, or nothing is wrong.
   */
  readonly unregistered: 'unproven' | 'another' | 'mismatch' | null
}

/** The number of a card, from its claims and its credential. The session has synced the number's chain, or none is shown. */
export function numberOf(
  session: Session,
  member: ChainId,
  { credential, claims }: { readonly credential: Credential; readonly claims: ReadonlyMap<string, string> | null },
): Registered {
  const [number, board] = [claims?.get('registration'), claims?.get('board')]
  const none = (unregistered: Registered['unregistered']): Registered => ({
    registration: null,
    board: null,
    unregistered,
  })
  if (number === undefined) return none(null)
  if (credential.registration === null || board === undefined) return none('unproven')
  if (!names(session, credential, { board, number })) return none('mismatch')
  const chain = registrationChainOf(session.network.chain, credential.registration)
  const bound = session.ledger.fact(chain, facts.registration)
  if (!bound) return none('unproven')
  return equal(bound.member, member) ? { registration: number, board, unregistered: null } : none('another')
}

/** Whether these are the board and number that a credential names by their hash. */
export function names(
  { network }: Session,
  { registration }: Pick<Credential, 'registration'>,
  claimed: { readonly board: string; readonly number: string },
): boolean {
  if (registration === null) return false
  try {
    return equal(registration, registrationHash(network.chain, claimed.board, claimed.number))
  } catch {
    // A number with a spelling that has no hash.
    return false
  }
}
