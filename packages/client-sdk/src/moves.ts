// Moves of a registration number from one member to another, as its verified chain shows them. Spec: docs/spec/rules.md, "Registration".
import {
  type ChainId,
  type EntryHash,
  equal,
  facts,
  hex,
  limits,
  type Move as MoveFact,
  readFact,
  registrationChainOf,
  registrationHash,
  unhex,
} from '@sealchart/protocol'
import { ClientError } from './errors.js'
import { type Person, personUnder, syncPeople } from './people.js'
import { retrying } from './retry.js'
import type { Session } from './session.js'

/** A registration number and the board that gave it. */
export interface RegistrationNumber {
  readonly registration: string
  readonly board: string
}

/** A proposal that a number moves to another member. */
export interface Move {
  /** Names the proposal: the hash of its entry, in hexadecimal. */
  readonly id: string
  /** Who wants the number: show name *and* institution to whoever decides. */
  readonly to: Person | null
  readonly proposed: Date
  /** From then on it can be settled, and until then she to whom the number is bound should have looked. */
  readonly objectionsUntil: Date
  readonly expires: Date
  /** Institutions, and the network, that have approved. */
  readonly approvals: readonly string[]
  /** `open`, or why it is over. */
  readonly state: 'open' | 'objected' | 'expired' | 'over'
}

/** The chain of a number in the session's network. @throws SealchartError USAGE */
export const chainOfNumber = ({ network }: Session, { board, registration }: RegistrationNumber): ChainId =>
  registrationChainOf(network.chain, registrationHash(network.chain, board, registration))

/** All proposals on a number's chain, newest first. @throws as `Session.sync`. */
export async function movesOn(session: Session, chain: ChainId): Promise<readonly Move[]> {
  await session.sync([chain])
  const found = session.ledger.factsUnder(chain, MOVES).map(({ key, value }) => {
    const hash = unhex(key.slice(MOVES.length)) as Uint8Array as EntryHash
    return { hash, move: readFact(facts.move(hash), value) }
  })
  if (found.length > 0)
    await syncPeople(
      session,
      found.map(({ move }) => move.member),
    )
  return found.sort((a, b) => b.move.index - a.move.index).map(({ hash, move }) => shown(session, chain, hash, move))
}

const MOVES = 'move/'

function shown(session: Session, chain: ChainId, hash: EntryHash, move: MoveFact): Move {
  return {
    id: hex(hash),
    to: personUnder(session, move.member, move.credential),
    proposed: new Date(move.time),
    objectionsUntil: new Date(move.time + limits.objection),
    expires: new Date(move.time + limits.proposal),
    approvals: approversOf(session, chain, hash).map((by) => nameOf(session, by)),
    state: stateOf(session, chain, move),
  }
}

function stateOf({ ledger, surroundings }: Session, chain: ChainId, move: MoveFact): Move['state'] {
  if (move.objected) return 'objected'
  const bound = ledger.fact(chain, facts.registration)
  if (bound && bound.since >= move.index) return 'over'
  return surroundings.now() >= move.time + limits.proposal ? 'expired' : 'open'
}

const nameOf = ({ ledger }: Session, chain: ChainId): string =>
  ledger.fact(chain, facts.name) ?? hex(chain.subarray(0, 4))

/** Chains that have approved a proposal and still count, in order. The session has synced the proposal's chain and the authorities. */
export function approversOf({ ledger, network }: Session, chain: ChainId, proposal: EntryHash): readonly ChainId[] {
  const prefix = `approval/${hex(proposal)}/`
  return ledger
    .factsUnder(chain, prefix)
    .map(({ key, value }) => {
      const by = unhex(key.slice(prefix.length)) as Uint8Array as ChainId
      return { by, approval: readFact(facts.approval(proposal, by), value) }
    })
    .filter(({ by, approval }) => {
      if (equal(by, network.chain)) return true
      const device = ledger.fact(by, facts.device(approval.device))
      const admission = ledger.fact(network.chain, facts.institution(by))
      const stands = device !== null && (device.voidFrom === null || device.voidFrom > approval.index)
      return stands && admission !== null && admission.removed === null
    })
    .map(({ by }) => by)
}

/** The hash that a proposal's text says. @throws ClientError USAGE */
export function proposalHash(id: string): EntryHash {
  const hash = typeof id === 'string' ? unhex(id) : null
  if (hash?.length !== 32) throw new ClientError('USAGE', 'a proposal is named by 64 hexadecimal digits')
  return hash as Uint8Array as EntryHash
}

/** Approves a move, as an institution's issuer or root or as the network's root. @throws SealchartError ROLE, RULE, CRED_REVOKED. */
export async function approveMove(session: Session, number: RegistrationNumber, id: string): Promise<void> {
  const chain = chainOfNumber(session, number)
  const body = { proposal: proposalHash(id) }
  await retrying(async () => {
    await session.sync([chain, session.chain])
    const restsOn = [session.chain, session.network.chain]
    await session.append([await session.sign({ kind: 'registration', chain, type: 'approve', body, restsOn })])
  })
}
