// A team in the hands of one of its members, or of somebody who shares with it. Spec: docs/spec/rules.md, "Team".
import { openTeamTitle, type TeamTitle } from '@sealchart/crypto'
import { type ChainId, facts, is } from '@sealchart/protocol'
import { ClientError, hasCode } from './errors.js'
import type { Member } from './member.js'
import { type Person, personOf } from './people.js'
import { retrying } from './retry.js'
import { isSeatedIn, isStale, seatedIn, seatOf, type TeamCard, teamCard } from './seats.js'
import { chainsIn, changeTeam, refreshTeam, seatFor, signClose, signRole, type TeamChange } from './team-entries.js'

/** Somebody in a team. */
export interface TeamMember {
  readonly person: Person
  readonly role: 'admin' | 'member'
  /** Her credential was taken away: the next key leaves her out. */
  readonly out: boolean
}

export interface TeamOptions {
  readonly signal?: AbortSignal
}

export class Team implements TeamCard {
  readonly id: ChainId
  readonly #member: Member
  readonly #title: TeamTitle | null

  /** @internal The session has synced the team. */
  constructor(member: Member, id: ChainId, title: TeamTitle | null) {
    this.#member = member
    this.id = id
    this.#title = title
  }

  /** @internal A team by its id. @throws SealchartError UNKNOWN */
  static async open(member: Member, id: ChainId, signal?: AbortSignal): Promise<Team> {
    await member.session.sync([id], { signal })
    if (!teamCard(member.session, id)) throw new ClientError('UNKNOWN', 'there is no such team')
    return new Team(member, id, await titleOf(member, id, signal))
  }

  get #card(): TeamCard {
    return teamCard(this.#member.session, this.id) as TeamCard
  }

  /** The name in clear; a consultation’s title for its members, and to others just what it is. */
  get name(): string {
    return this.#title?.title ?? this.#card.name
  }

  /** What a consultation is about; null for other teams, and for who does not sit in it. */
  get reason(): string | null {
    return this.#title?.reason ?? null
  }

  get purpose(): TeamCard['purpose'] {
    return this.#card.purpose
  }

  get institution(): TeamCard['institution'] {
    return this.#card.institution
  }

  get until(): Date | null {
    return this.#card.until
  }

  /** `open`; `stale`: a device or credential of a member is gone, and the team waits for a new key; `closed`, or its time is over. */
  get state(): 'open' | 'stale' | 'closed' {
    const team = this.#member.session.ledger.fact(this.id, facts.team)
    const now = this.#member.session.surroundings.now()
    if (!team || team.closed !== null || (team.until !== null && team.until <= now)) return 'closed'
    return team.stale === null ? 'open' : 'stale'
  }

  /** Everybody in the team, with verified cards. */
  async members({ signal }: TeamOptions = {}): Promise<readonly TeamMember[]> {
    const { session } = this.#member
    await this.#sync(signal)
    return seatedIn(session, this.id).flatMap(({ member, role, out }) => {
      const person = personOf(session, member)
      return person ? [{ person, role, out }] : []
    })
  }

  /**
   * Takes people in, as members or admins. They reach what the team can open; who must not see the past gets a new team.
   * @throws SealchartError ROLE unless you are an admin, KEY_UNVERIFIED, LIMIT, TEAM_CLOSED.
   */
  add(
    people: Person | readonly Person[],
    { role = 'member', signal }: TeamOptions & { readonly role?: 'admin' | 'member' } = {},
  ): Promise<void> {
    const asked = [people].flat()
    return this.#change(async () => {
      const { session } = this.#member
      await session.sync(
        asked.map(({ id }) => id),
        { signal },
      )
      const adds = asked.map((person) => seatFor(session, person, role))
      return changeTeam(this.#member, this.id, { adds, removes: [], turn: false })
    }, signal)
  }

  /** Removes people: the team takes a new key in the same step, and nothing written later opens for them. @throws SealchartError ROLE, RULE */
  remove(people: Pick<Person, 'id'> | readonly Pick<Person, 'id'>[], { signal }: TeamOptions = {}): Promise<void> {
    const removes = [people].flat().map(({ id }) => id)
    return this.#change(() => changeTeam(this.#member, this.id, { adds: [], removes, turn: true }), signal)
  }

  /** Gives the team a new key for the same people: after a wrap or link that does not open. For admins. @throws SealchartError ROLE */
  repair({ signal }: TeamOptions = {}): Promise<void> {
    return this.#change(() => changeTeam(this.#member, this.id, { adds: [], removes: [], turn: true }), signal)
  }

  /** Gives a stale team a new key; for every member. Nothing happens where another one was faster. @throws SealchartError ROLE */
  async refresh({ signal }: TeamOptions = {}): Promise<void> {
    await retrying(async () => {
      await this.#sync(signal)
      if (this.state === 'stale') await this.#append(await refreshTeam(this.#member, this.id), signal)
    })
  }

  /** Makes a member an admin. @throws SealchartError ROLE, RULE */
  appoint(person: Pick<Person, 'id'>, { signal }: TeamOptions = {}): Promise<void> {
    return this.#role('appoint', person.id, signal)
  }

  /** Makes an admin a member. The last one stays. @throws SealchartError ROLE, RULE */
  dismiss(person: Pick<Person, 'id'>, { signal }: TeamOptions = {}): Promise<void> {
    return this.#role('dismiss', person.id, signal)
  }

  /** Ends the team, and every grant to it. @throws SealchartError ROLE, TEAM_CLOSED */
  async close({ signal }: TeamOptions = {}): Promise<void> {
    await this.#change(async () => {
      const entry = await signClose(this.#member, this.id)
      return { entries: [entry], attachments: [], keep: () => undefined }
    }, signal)
  }

  /**
   * Whether the newest key that was wrapped to you is the team's. @returns null, or what is wrong with it: an admin then repairs the team.
   */
  async audit({ signal }: TeamOptions = {}): Promise<'COMMITMENT' | 'UNAUTHENTIC' | null> {
    await this.#member.session.sync([this.id], { signal })
    try {
      await this.#member.teams.audit(this.id, signal)
      return null
    } catch (error) {
      if (hasCode(error, 'COMMITMENT')) return 'COMMITMENT'
      if (hasCode(error, 'UNAUTHENTIC')) return 'UNAUTHENTIC'
      throw error
    }
  }

  #role(type: 'appoint' | 'dismiss', who: ChainId, signal: AbortSignal | undefined): Promise<void> {
    return this.#change(async () => {
      const entry = await signRole(this.#member, this.id, { type, who })
      return { entries: [entry], attachments: [], keep: () => undefined }
    }, signal)
  }

  async #change(make: () => Promise<TeamChange>, signal: AbortSignal | undefined): Promise<void> {
    await retrying(async () => {
      await this.#sync(signal)
      await this.#append(await make(), signal)
    })
  }

  async #append({ entries, attachments, keep }: TeamChange, signal: AbortSignal | undefined): Promise<void> {
    await this.#member.session.append(entries, { attachments }, signal)
    keep()
  }

  /** The team, and everybody in it. */
  async #sync(signal: AbortSignal | undefined): Promise<void> {
    const { session } = this.#member
    await session.sync([this.id, session.chain], { signal })
    await session.sync(chainsIn(session, this.id), { signal })
  }
}

/** A consultation's title, for who sits in it; null for everybody else, where it was erased, or does not open. */
async function titleOf(member: Member, team: ChainId, signal: AbortSignal | undefined): Promise<TeamTitle | null> {
  const { session } = member
  const founding = session.ledger.entries(team)[0]?.entry
  if (!founding || !is(founding, 'team', 'found') || founding.body.purpose !== 'consultation') return null
  const sealed = session.beside(founding.private)
  if (sealed === null || !isSeatedIn(session, team)) return null
  try {
    const secret = await member.teams.secret(team, 0, signal)
    return await openTeamTitle(sealed, secret, { network: session.network.chain, team })
  } catch (error) {
    if (hasCode(error, 'NOT_GRANTED', 'COMMITMENT', 'UNAUTHENTIC')) return null
    throw error
  }
}

/** Gives those of these teams a new key that are stale and in which the member sits: whoever wraps to them next finds them open. */
export async function refreshOwn(
  member: Member,
  teams: readonly ChainId[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const { session } = member
  for (const id of teams) {
    if (isStale(session, id) && seatOf(session, id, session.chain))
      await new Team(member, id, null).refresh(signal ? { signal } : {})
  }
}
