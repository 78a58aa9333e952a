// Proposals of a network in the tests' world: what roots sign, and how a quorum comes to be.
import type { Bodies } from '../src/bodies.js'
import { compare, type EntryHash, hex } from '../src/bytes.js'
import type { AnyEntry } from '../src/entry.js'
import type { Actor, Over, World } from './actors.js'

type Types = Pick<Bodies['network'], 'propose' | 'approve' | 'settle'>
type Asked = Partial<Types['propose']>

export class Quorums {
  readonly world: World

  constructor(world: World) {
    this.world = world
  }

  propose(asked: Asked, by: Actor = this.world.network): Promise<AnyEntry> {
    return this.#signed('propose', by, { admit: null, remove: null, quorum: null, ...asked }, {})
  }

  approve(proposal: EntryHash, by: Actor): Promise<AnyEntry> {
    return this.#signed('approve', by, { proposal }, {})
  }

  settle(
    proposal: EntryHash,
    approvers: readonly Actor[],
    over: Over<'network', 'settle'> = {},
    by: Actor = this.world.network,
  ): Promise<AnyEntry> {
    const approvals = approvers.map(({ chain }) => chain).sort(compare)
    return this.#signed('settle', by, { proposal, approvals }, over, approvers)
  }

  /** Proposes, and has these approve. */
  async approved(asked: Asked, approvers: readonly Actor[]): Promise<EntryHash> {
    const proposal = await this.propose(asked)
    await this.world.place(proposal)
    for (const by of approvers) await this.world.place(await this.approve(proposal.hash, by))
    return proposal.hash
  }

  /** Proposes, has these approve, and settles. */
  async decided(asked: Asked, approvers: readonly Actor[]): Promise<EntryHash> {
    const proposal = await this.approved(asked, approvers)
    await this.world.place(await this.settle(proposal, approvers))
    return proposal
  }

  #signed<T extends keyof Types>(
    type: T,
    by: Actor,
    body: Types[T],
    { body: changed, ...over }: Over<'network', T>,
    approvers: readonly Actor[] = [],
  ): Promise<AnyEntry> {
    const { chain } = this.world.network
    const rests = new Map([by, ...approvers].map((one) => [hex(one.chain), one.chain]))
    return this.world.sign({
      kind: 'network',
      chain,
      by,
      restsOn: [...rests.values()],
      ...over,
      type,
      body: { ...body, ...changed },
    })
  }
}
