// Records that are shared with teams, and shared on, in the tests' world. What an entry rests on grows with the teams that it comes from.
import type { ChainId, EntryHash } from '../src/bytes.js'
import type { AnyEntry } from '../src/entry.js'
import type { Member, Over, World } from './actors.js'

export class Shares {
  readonly #world: World
  readonly record: ChainId

  constructor(world: World, record: ChainId) {
    this.#world = world
    this.record = record
  }

  /** A grant to a team; `from` and the rest by `over`. `via` are teams that the sharer's own grant comes from. */
  toTeam(by: Member, team: ChainId, { via = [], ...over }: Over<'record', 'grant'> & Via = {}): Promise<AnyEntry> {
    const { body, ...rest } = over
    return this.#world.grant(this.record, by, by, {
      restsOn: [...this.#world.standing(by), team, ...via],
      ...rest,
      body: { recipient: team, capacity: null, ...body },
    })
  }

  /** Shares a grant on to a member. */
  on(
    by: Member,
    from: EntryHash | null,
    to: Member,
    { via = [], ...over }: Over<'record', 'grant'> & Via = {},
  ): Promise<AnyEntry> {
    const { body, ...rest } = over
    const chains = [...this.#world.standing(by), ...this.#world.standing(to), ...via]
    const restsOn = chains.filter((one, i) => chains.findIndex((other) => other.join() === one.join()) === i)
    return this.#world.grant(this.record, by, to, { restsOn, ...rest, body: { from, ...body } })
  }

  view(by: Member, grant: EntryHash, { via = [], ...over }: Over<'access', 'view'> & Via = {}): Promise<AnyEntry> {
    const restsOn = [this.record, ...this.#world.standing(by), ...via]
    return this.#world.view(this.record, by, grant, { restsOn, ...over })
  }

  publish(by: Member, grant: EntryHash, via: readonly ChainId[], sections: readonly number[] = [1]): Promise<AnyEntry> {
    const restsOn = [...this.#world.standing(by), ...via]
    return this.#world.publish(this.record, by, sections, { restsOn, body: { grant } })
  }

  /** Places an entry; its hash. */
  async placed(made: Promise<AnyEntry>): Promise<EntryHash> {
    const entry = await made
    await this.#world.place(entry)
    return entry.hash
  }
}

interface Via {
  readonly via?: readonly ChainId[]
}
