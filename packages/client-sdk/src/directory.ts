// The directory: people by what their institutions say of them. The relay only proposes chains; every card is verified here.
import type { ChainId } from '@sealchart/protocol'
import { ClientError } from './errors.js'
import { type Person, personOf, syncPeople } from './people.js'
import type { Session } from './session.js'

/** What can be looked up: exactly one claim, matched exactly; beside a registration number also its board. */
export interface DirectoryQuery {
  readonly registration?: string
  readonly board?: string
  readonly name?: string
  readonly role?: string
  readonly department?: string
}

export class Directory {
  readonly #session: Session

  constructor(session: Session) {
    this.#session = session
  }

  /**
   * Everybody with this claim, each with her verified card or, in `status`, the reason why it is not.
   * @throws ClientError USAGE unless exactly one claim is given; OFFLINE, ABORTED.
   */
  async find(query: DirectoryQuery, options: { signal?: AbortSignal } = {}): Promise<readonly Person[]> {
    const { board, ...claims } = query
    const [asked, ...more] = Object.entries(claims).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    )
    if (!asked || more.length > 0 || (board !== undefined && asked[0] !== 'registration'))
      throw new ClientError(
        'USAGE',
        'look people up by exactly one of registration (with its board), name, role, department',
      )
    const [claim, value] = asked
    const { members } = await this.#session.link.directory({ claim, value }, options.signal)
    const cards = await this.cards(members, options)
    // What a claim says is taken from the verified card, never from the relay's word that it matches; and a card shows a registration
    // number only if the network has bound it to this member.
    const fits = (card: Person) => card[claim as keyof DirectoryQuery] === value
    return cards.filter((card) => fits(card) && (board === undefined || card.board === board))
  }

  /**
   * The one person with this claim whose card is verified.
   * @throws ClientError KEY_UNVERIFIED when there is none, CRED_REVOKED or CRED_EXPIRED when there is one whose credential does not
   * hold, USAGE when there are several: show them with `find` and let a person choose.
   */
  async one(query: DirectoryQuery, options: { signal?: AbortSignal } = {}): Promise<Person> {
    const people = await this.find(query, options)
    const verified = people.filter((person) => person.status === 'verified')
    const [first, ...others] = verified
    if (first && others.length === 0) return first
    if (first)
      throw new ClientError('USAGE', 'several people have this claim: choose one from find()', {
        details: { people: verified.length },
      })
    const status = people[0]?.status
    if (!status) throw new ClientError('KEY_UNVERIFIED', 'nobody in the network has this claim')
    const code = status === 'expired' ? 'CRED_EXPIRED' : 'CRED_REVOKED'
    throw new ClientError(code, 'the person found has no credential that holds', { details: { status } })
  }

  /** Verified cards of members by their ids, in the order given; members whose chain does not verify as one are left out. */
  async cards(members: readonly ChainId[], options: { signal?: AbortSignal } = {}): Promise<readonly Person[]> {
    if (members.length > 0) await syncPeople(this.#session, members, options)
    return members.flatMap((member) => personOf(this.#session, member) ?? [])
  }
}
