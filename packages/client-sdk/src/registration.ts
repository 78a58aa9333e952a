// A member's own registration number: asking for one that is bound to another member, and answering who asks for hers.
// Spec: docs/spec/rules.md, "Registration". A number moves by her word at once, or without it after a delay and approvals of others.
import {
  type AnyEntry,
  type ChainId,
  equal,
  facts,
  type Move as MoveFact,
  registrationChainOf,
} from '@sealchart/protocol'
import { type CredentialSource, renew } from './enrolment.js'
import { ClientError } from './errors.js'
import type { Member } from './member.js'
import { approversOf, chainOfNumber, type Move, movesOn, proposalHash, type RegistrationNumber } from './moves.js'
import { authorityChains, numberedCredential } from './people.js'
import { retrying } from './retry.js'

export class Registration {
  readonly #member: Member
  readonly #source: CredentialSource | null

  constructor(member: Member, source: CredentialSource | null) {
    this.#member = member
    this.#source = source
  }

  /**
   * Asks the issuer for a further credential, and accepts it: another employer's, or one that names a registration number. A number that is
   * free or hers is bound to her; with `move` one that is another member's is asked for, which her card shows once it is settled.
   * @throws SealchartError NO_CREDENTIAL without a way to the issuer, BINDING for a number that is another member's, CRED_BINDING.
   */
  async renew(options: { readonly credential?: CredentialSource; readonly move?: boolean } = {}): Promise<void> {
    const source = options.credential ?? this.#source
    if (!source) throw new ClientError('NO_CREDENTIAL', 'a further credential needs a way to an issuer')
    await this.#member.session.sync([this.#member.session.chain])
    await retrying(() => renew(this.#member, source, options.move === true ? 'propose' : 'bind'))
  }

  /** Who has asked for a number, newest first. */
  moves(number: RegistrationNumber): Promise<readonly Move[]> {
    return movesOn(this.#member.session, chainOfNumber(this.#member.session, number))
  }

  /** Refuses a proposal for her number: it is over. @throws SealchartError ROLE, RULE, NO_CREDENTIAL. */
  object(number: RegistrationNumber, id: string): Promise<void> {
    return this.#onChain(number, id, async (chain, { proposal }) => {
      const { session } = this.#member
      const { hash: credential, restsOn } = this.#acting(chain)
      return session.sign({ kind: 'registration', chain, type: 'object', body: { proposal, credential }, restsOn })
    })
  }

  /** Gives her number to who proposed, at once: her own new devices, usually. @throws SealchartError ROLE, RULE. */
  giveTo(number: RegistrationNumber, id: string): Promise<void> {
    return this.#onChain(number, id, async (chain, { move }) => {
      const { session } = this.#member
      const { member, credential, institution } = move
      await session.sync([member])
      const restsOn = [session.chain, member, ...authorityChains(session, institution)]
      return session.sign({ kind: 'registration', chain, type: 'rebind', body: { member, credential }, restsOn })
    })
  }

  /** Brings her own proposal to its end: the time for an objection is over, and enough have approved. @throws SealchartError ROLE, RULE. */
  settle(number: RegistrationNumber, id: string): Promise<void> {
    return this.#onChain(number, id, async (chain, { proposal, move }) => {
      const { session } = this.#member
      const approvals = approversOf(session, chain, proposal)
      const restsOn = [session.chain, ...authorityChains(session, move.institution), ...approvals]
      return session.sign({ kind: 'registration', chain, type: 'settle', body: { proposal, approvals }, restsOn })
    })
  }

  #acting(chain: ChainId): { hash: MoveFact['credential']; restsOn: readonly ChainId[] } {
    const { session } = this.#member
    const held = numberedCredential(session, session.chain, (hash) =>
      equal(registrationChainOf(session.network.chain, hash), chain),
    )
    if (!held) throw new ClientError('NO_CREDENTIAL', 'no credential of yours for this number holds')
    const { institution } = held.credential
    return { hash: held.hash, restsOn: [session.chain, ...authorityChains(session, institution)] }
  }

  /** Signs one entry about a proposal and appends it, again if the chain has moved. */
  async #onChain(
    number: RegistrationNumber,
    id: string,
    sign: (chain: ChainId, found: { proposal: MoveFact['credential']; move: MoveFact }) => Promise<AnyEntry>,
  ): Promise<void> {
    const { session } = this.#member
    const chain = chainOfNumber(session, number)
    const proposal = proposalHash(id)
    await retrying(async () => {
      await session.sync([chain, session.chain])
      const move = session.ledger.fact(chain, facts.move(proposal))
      if (!move) throw new ClientError('UNKNOWN', 'there is no such proposal for this number')
      await session.append([await sign(chain, { proposal, move })])
    })
  }
}
