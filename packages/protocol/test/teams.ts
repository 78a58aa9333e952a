// Teams in the tests' world: what admins, members and issuers sign about them. Keys and wraps are made up, as for records.
import type { Bodies, NextEpoch, Seat } from '../src/bodies.js'
import { type ChainId, compare, type EntryHash, equal } from '../src/bytes.js'
import { type AnyEntry, chainIdOf } from '../src/entry.js'
import { facts } from '../src/rules/facts.js'
import { type Actor, type Member, type Over, World } from './actors.js'
import { boxKeyOf } from './support.js'

type Named = Readonly<Member>

export const seatOf = (member: Named, role: Seat['role'] = 'member'): Seat => ({
  member: member.chain,
  institution: member.institution,
  role,
})

export const seatsIn = (...seats: readonly Seat[]): Seat[] => [...seats].sort((a, b) => compare(a.member, b.member))
export const idsOf = (...members: readonly Actor[]): ChainId[] => members.map(({ chain }) => chain).sort(compare)

export class Teams {
  readonly world: World

  constructor(world: World) {
    this.world = world
  }

  static async founded(): Promise<Teams> {
    return new Teams(await World.founded())
  }

  /** A department of its founder (an admin) and these members; `name`, `purpose` and `until` by `over`. */
  found(
    founder: Member,
    members: readonly Member[] = [],
    over: Over<'team', 'found'> & { readonly nonce?: Uint8Array } = {},
  ): Promise<AnyEntry> {
    const { body, nonce = this.world.fresh(), ...rest } = over
    return this.world.sign({
      kind: 'team',
      type: 'found',
      chain: chainIdOf(this.world.network.chain, founder.chain, nonce),
      by: founder,
      restsOn: this.world.standing(founder),
      ...rest,
      body: {
        founder: founder.chain,
        nonce,
        credential: founder.credential,
        purpose: 'department',
        name: 'Cardiology',
        until: null,
        seats: seatsIn(seatOf(founder, 'admin'), ...members.map((member) => seatOf(member))),
        epochKey: boxKeyOf(9) as Bodies['team']['found']['epochKey'],
        wraps: this.world.wraps(),
        ...body,
      },
    })
  }

  /** Founds a team and places it. */
  async team(founder: Member, members: readonly Member[] = [], over: Over<'team', 'found'> = {}): Promise<ChainId> {
    const entry = await this.found(founder, members, over)
    await this.world.place(entry)
    return entry.chain
  }

  next(team: ChainId): NextEpoch {
    const epoch = (this.world.fact(team, facts.epoch)?.epoch ?? -1) + 1
    return { epoch, key: boxKeyOf(epoch) as NextEpoch['key'], back: { to: epoch - 1, sealed: Uint8Array.of(7, 8, 9) } }
  }

  /** Adds and removes; with an epoch where somebody is removed, unless `body` says otherwise. */
  change(
    team: ChainId,
    by: Member,
    { adds = [], removes = [] }: { adds?: readonly Member[]; removes?: readonly Actor[] },
    over: Over<'team', 'change'> = {},
  ): Promise<AnyEntry> {
    return this.#signed('change', team, by, over, {
      credential: by.credential,
      adds: seatsIn(...adds.map((member) => seatOf(member))),
      removes: idsOf(...removes),
      epoch: removes.length > 0 ? this.next(team) : null,
      wraps: this.world.wraps(),
    })
  }

  refresh(team: ChainId, by: Member, leaves: readonly Actor[], over: Over<'team', 'refresh'> = {}): Promise<AnyEntry> {
    const { credential } = by
    const body = { credential, leaves: idsOf(...leaves), epoch: this.next(team), wraps: this.world.wraps() }
    return this.#signed('refresh', team, by, over, body)
  }

  /** By an issuer, who names the withdrawn credential; or by the member herself. */
  stale(
    team: ChainId,
    member: Actor,
    by: Actor,
    credential: EntryHash | null,
    over: Over<'team', 'stale'> = {},
  ): Promise<AnyEntry> {
    const rests = credential === null ? [by.chain] : [member.chain, by.chain, this.world.network.chain]
    const { body, ...rest } = over
    return this.world.sign({
      kind: 'team',
      type: 'stale',
      chain: team,
      by,
      restsOn: rests,
      ...rest,
      body: { member: member.chain, credential, ...body },
    })
  }

  appoint(team: ChainId, by: Member, member: Actor): Promise<AnyEntry> {
    return this.#signed('appoint', team, by, {}, { credential: by.credential, member: member.chain })
  }

  dismiss(team: ChainId, by: Member, member: Actor): Promise<AnyEntry> {
    return this.#signed('dismiss', team, by, {}, { credential: by.credential, member: member.chain })
  }

  close(team: ChainId, by: Member, over: Over<'team', 'close'> = {}): Promise<AnyEntry> {
    return this.#signed('close', team, by, over, { credential: by.credential })
  }

  /** Who sits in a team, as the facts have it. */
  roster(team: ChainId, of: readonly Member[]): Member[] {
    return of.filter((member) => this.world.fact(team, facts.seat(member.chain))?.left === null)
  }

  #signed<T extends keyof Bodies['team']>(
    type: T,
    team: ChainId,
    by: Member,
    { body: changed, ...over }: Over<'team', T>,
    body: Bodies['team'][T],
  ): Promise<AnyEntry> {
    const restsOn = this.world.standing(by).filter((chain) => !equal(chain, team))
    return this.world.sign({ kind: 'team', chain: team, by, restsOn, ...over, type, body: { ...body, ...changed } })
  }
}
