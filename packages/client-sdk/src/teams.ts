// Teams: making one, and those in which a member sits. Spec: docs/spec/rules.md, "Team".
import { type EpochSecret, memberEpochKeys, newSecret, sealTeamTitle } from '@sealchart/crypto'
import { type ChainId, chainIdOf, type Digest, equal, type Seat, sha256, unhex } from '@sealchart/protocol'
import { ClientError } from './errors.js'
import { actingAs, type Member } from './member.js'
import type { Person } from './people.js'
import { retrying } from './retry.js'
import { Team, type TeamOptions } from './team.js'
import { inOrder, seatFor, wrapTeam } from './team-entries.js'

interface Founding extends TeamOptions {
  readonly members?: readonly Person[]
  /** Admins beside yourself. */
  readonly admins?: readonly Person[]
}

export type CreateTeamOptions = Founding &
  (
    | { readonly kind: 'department' | 'on-call'; readonly name: string; readonly until?: Date }
    | {
        readonly kind: 'consultation'
        /** What it is about: only its members can read both. */
        readonly title: string
        readonly reason: string
        /** When it ends at the latest, and every grant to it with it. */
        readonly until: Date
      }
  )

export class Teams {
  readonly #member: Member

  /** @internal */
  constructor(member: Member) {
    this.#member = member
  }

  /**
   * Makes a team with you as an admin.
   * @throws SealchartError USAGE, KEY_UNVERIFIED for somebody whose card does not hold, LIMIT for more than 256 people at once or somebody
   * who sits in 200 teams.
   */
  create(options: CreateTeamOptions): Promise<Team> {
    const { session } = this.#member
    const nonce = session.surroundings.random(32)
    const team = chainIdOf(session.network.chain, session.chain, nonce)
    const secret = newSecret<EpochSecret>(session.surroundings.random)
    return retrying(() => this.#found({ ...options }, { team, nonce, secret }))
  }

  async #found(
    options: CreateTeamOptions,
    { team, nonce, secret }: { readonly team: ChainId; readonly nonce: Uint8Array; readonly secret: EpochSecret },
  ): Promise<Team> {
    const { session, teams } = this.#member
    const network = session.network.chain
    const people = [...(options.members ?? []), ...(options.admins ?? [])]
    await session.sync([session.chain, ...people.map(({ id }) => id)], { signal: options.signal })
    const { credential, institution, restsOn } = actingAs(this.#member)
    const seats = inOrder([
      { member: session.chain, institution, role: 'admin' },
      ...this.#seats(options.members ?? [], 'member'),
      ...this.#seats(options.admins ?? [], 'admin'),
    ])
    const members = seats.map(({ member }) => member)
    const { attachment, wraps } = await wrapTeam(session, team, { epoch: 0, secret, members })
    const beside =
      options.kind === 'consultation'
        ? await sealTeamTitle(
            { title: options.title, reason: options.reason },
            secret,
            { network, team },
            session.surroundings.random,
          )
        : null
    const entry = await session.sign({
      kind: 'team',
      chain: team,
      type: 'found',
      body: {
        founder: session.chain,
        nonce,
        credential,
        purpose: options.kind,
        name: options.kind === 'consultation' ? null : options.name,
        until: options.until?.getTime() ?? null,
        seats,
        epochKey: memberEpochKeys(secret, { network, member: team, epoch: 0 }).key,
        wraps,
      },
      restsOn,
      private: beside && (sha256(beside) as Uint8Array as Digest),
    })
    await session.append([entry], { attachments: [attachment], beside: beside ? [beside] : [] }, options.signal)
    teams.add(team, 0, secret)
    return Team.open(this.#member, team, options.signal)
  }

  #seats(people: readonly Person[], role: Seat['role']): Seat[] {
    const { session } = this.#member
    if (people.some(({ id }) => equal(id, session.chain)))
      throw new ClientError('USAGE', 'you are an admin of your own team in any case')
    return people.map((person) => seatFor(session, person, role))
  }

  /** The open teams in which you sit. */
  async list({ signal }: TeamOptions = {}): Promise<readonly Team[]> {
    const { session } = this.#member
    const ids = await session.link.teams(session.chain, signal)
    if (ids.length > 0) await session.sync(ids, { signal })
    const teams: Team[] = []
    for (const id of ids) teams.push(await Team.open(this.#member, id, signal))
    return teams
  }

  /** A team by its id (bytes, or 64 hexadecimal digits). @throws SealchartError UNKNOWN, USAGE */
  open(id: ChainId | string, { signal }: TeamOptions = {}): Promise<Team> {
    const chain = typeof id === 'string' ? unhex(id) : id
    if (chain?.length !== 32) throw new ClientError('USAGE', 'a team id is 64 hexadecimal digits')
    return Team.open(this.#member, chain as Uint8Array as ChainId, signal)
  }
}
