// Registration numbers in the tests' world: credentials for a number, and what is said on the number's chain.
import type { Bodies } from '../src/bodies.js'
import { type ChainId, compare, type Digest, type EntryHash, hex } from '../src/bytes.js'
import { type AnyEntry, registrationChainOf, registrationHash } from '../src/entry.js'
import type { Actor, Institution, Member, Over, World } from './actors.js'

type Types = Bodies['registration']

export class Registrations {
  readonly world: World

  constructor(world: World) {
    this.world = world
  }

  number(number: string, board = 'hk-mchk'): Digest {
    return registrationHash(this.world.network.chain, board, number)
  }

  chain(number: Digest): ChainId {
    return registrationChainOf(this.world.network.chain, number)
  }

  /** A member as she acts under a further credential, which is for the number. */
  registered(member: Member, number: Digest | null, issuer: Actor = this.world.institution.issuer): Promise<Member> {
    return this.world.renewed(member, issuer, { body: { registration: number } })
  }

  bind(number: Digest, member: Member, over: Over<'registration', 'bind'> = {}): Promise<AnyEntry> {
    const founds = !this.world.heads.has(hex(over.chain ?? this.chain(number)))
    const place = founds ? { sequence: 0, previous: null } : {}
    return this.#signed('bind', number, member, { credential: member.credential }, { ...place, ...over })
  }

  /** A member with a credential for the number, to whom it is bound. */
  async bound(member: Member, number: Digest): Promise<Member> {
    const registered = await this.registered(member, number)
    await this.world.place(await this.bind(number, registered))
    return registered
  }

  rebind(number: Digest, by: Actor, to: Member, over: Over<'registration', 'rebind'> = {}): Promise<AnyEntry> {
    const restsOn = [by.chain, ...this.world.standing(to)]
    return this.#signed('rebind', number, by, { member: to.chain, credential: to.credential }, { restsOn, ...over })
  }

  propose(number: Digest, by: Member, over: Over<'registration', 'propose'> = {}): Promise<AnyEntry> {
    return this.#signed('propose', number, by, { credential: by.credential }, over)
  }

  approve(
    number: Digest,
    proposal: EntryHash,
    by: Actor,
    over: Over<'registration', 'approve'> = {},
  ): Promise<AnyEntry> {
    const restsOn = [by.chain, this.world.network.chain]
    return this.#signed('approve', number, by, { proposal }, { restsOn, ...over })
  }

  object(
    number: Digest,
    proposal: EntryHash,
    by: Member,
    over: Over<'registration', 'object'> = {},
  ): Promise<AnyEntry> {
    return this.#signed('object', number, by, { proposal, credential: by.credential }, over)
  }

  settle(
    number: Digest,
    proposal: EntryHash,
    by: Member,
    approvers: readonly (Actor | Institution)[],
    over: Over<'registration', 'settle'> = {},
  ): Promise<AnyEntry> {
    const approvals = approvers.map(({ chain }) => chain).sort(compare)
    const restsOn = [...this.world.standing(by), ...approvals]
    return this.#signed('settle', number, by, { proposal, approvals }, { restsOn, ...over })
  }

  #signed<T extends keyof Types>(
    type: T,
    number: Digest,
    by: Actor,
    body: Types[T],
    { body: changed, restsOn = this.world.standing(by as Member), ...over }: Over<'registration', T>,
  ): Promise<AnyEntry> {
    return this.world.sign({
      kind: 'registration',
      chain: this.chain(number),
      by,
      restsOn: [...new Map(restsOn.map((chain) => [hex(chain), chain])).values()],
      ...over,
      type,
      body: { ...body, ...changed },
    })
  }
}
