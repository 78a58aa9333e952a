// Who may see what: one table, asked by every route. Spec: docs/spec/relay.md, "Permissions".
// What does not exist and what somebody may not see are one answer here (null, false), so that routes cannot tell them apart.
//
//     network, institution         everybody
//     member, registration, team   every listed device
//     record                       founder and holders: all; former holders: up to the end of their last grant
//     access log                   founder, and holders of a grant with the action `trail`
import {
  actions,
  type ChainId,
  type DeviceId,
  type EntryHash,
  equal,
  facts,
  GRANTS,
  type Grant,
  grantHashOf,
  isVouchedFor,
  type Look,
  type Position,
  readFact,
  requireCredential,
  requireHeld,
} from '@sealchart/protocol'
import { type ChainKind, chainKinds } from './chains.js'
import { credentialsOf, newestLook } from './credentials.js'
import { teamsOf } from './membership.js'
import { factsFrom } from './place.js'
import { inSlices } from './slices.js'
import { factOf, keyOf, type State } from './state.js'
import type { Reads } from './store/contract.js'

/** Whoever signed a request: a listed device; null for a request without a signature. */
export type Asker = { readonly chain: ChainId; readonly device: DeviceId } | null

/** What of a chain may be seen: entries by log index and log time. */
export interface Sight {
  readonly kind: ChainKind['kind']
  sees(index: number, time: number): boolean
}

export interface PermissionParts {
  readonly reads: Reads
  readonly state: State
  readonly now: () => number
  readonly network: () => ChainId | null
}

export interface Permissions {
  /** What of a chain the asker may see; null for nothing, or no such chain. */
  sightOf(asker: Asker, chain: ChainId): Promise<Sight | null>
  /** The grants under which a member may open a record now; the founder's is the founding entry. Empty: she may not. */
  grantsOf(member: ChainId, record: ChainId): Promise<readonly EntryHash[]>
  /** Whether a member may publish to a record that exists: its founder, or the holder of a grant to write. */
  mayWrite(member: ChainId, record: ChainId): Promise<boolean>
  /**
   * The Ed25519 key of a device that a chain lists; null for none, for a dismissed issuer's, for one that a member removed, and for those of an
   * institution that was never admitted.
   */
  signKeyOf(chain: ChainId, device: DeviceId): Promise<Uint8Array | null>
  /** Whether this credential and this grant (null: the founder's right) let a member open a record now. */
  stillOpens(access: OpenedBy): Promise<boolean>
  /** Whether somebody is still told of news: a member for whom an institution vouches, an institution, the network. */
  isListener(chain: ChainId): Promise<boolean>
  /** What every entry of a member rests on: her own chain, those of the institutions that vouch for her, and the network's. */
  authoritiesOf(member: ChainId): Promise<readonly ChainId[]>
  /**
   * As whom an asker stands in the wrap lists of a group's chain: on her own member chain as the device that asks, on that of a team as
   * a member who is in it and whose credential stands. Null for everybody else, and for other chains.
   */
  recipientIn(asker: NonNullable<Asker>, chain: ChainId): Promise<ChainId | null>
}

export interface OpenedBy {
  readonly member: ChainId
  readonly record: ChainId
  readonly credential: EntryHash
  readonly grant: EntryHash | null
}

const everything = (): boolean => true

/** Between which log indexes somebody held something, in which capacity. */
interface Sat {
  readonly institution: ChainId
  readonly since: number
  readonly end: number
}

export function permissions(parts: PermissionParts): Permissions {
  const { reads, state, now, network } = parts
  const kindOf = chainKinds(state, network)

  const look = (): Look => newestLook(state, network() ?? (new Uint8Array(32) as Uint8Array as ChainId))
  const position = (): Position => ({ index: Number.MAX_SAFE_INTEGER, time: now() })

  const stands = async (member: ChainId, credential: EntryHash): Promise<boolean> => {
    try {
      await requireCredential(member, credential, look(), position())
      return true
    } catch {
      return false
    }
  }

  const holds = async (held: Parameters<typeof requireHeld>[0]): Promise<boolean> => {
    try {
      await requireHeld(held, look(), position())
      return true
    } catch {
      return false
    }
  }

  /** Institutions (as keys) for which a member has a credential that stands. */
  const standing = async (member: ChainId): Promise<ReadonlySet<string>> => {
    const found = new Set<string>()
    for (const { hash, value } of await credentialsOf(state, member)) {
      if (value.state === 'accepted' && (await stands(member, hash))) found.add(keyOf(value.institution))
    }
    return found
  }

  const hasExpired = ({ until }: Grant): boolean => until !== null && until <= now()

  const isLive = (grant: Grant): boolean => grant.ended === null && grant.notBefore <= now() && !hasExpired(grant)

  const listedBy = async (member: ChainId, record: ChainId): Promise<{ hash: EntryHash; grant: Grant | null }[]> => {
    const own = await reads.listings(member, record, now())
    const byTeam: { readonly hash: EntryHash; readonly institution: ChainId }[] = []
    for await (const { team, institution } of inSlices(await teamsOf(state, member, now()))) {
      for (const { grant: hash } of await reads.listings(team, record, now())) byTeam.push({ hash, institution })
    }
    if (own.length + byTeam.length === 0) return []
    const institutions = await standing(member)
    if (institutions.size === 0) return []
    const found: { hash: EntryHash; grant: Grant | null }[] = []
    for (const { grant: hash } of own) {
      const grant = await factOf(state, record, facts.grant(hash))
      // The founder's listing names the founding entry, which is no grant.
      const acts = grant === null || (grant.institution !== null && institutions.has(keyOf(grant.institution)))
      if (acts && (await comesFromLive(record, grant))) found.push({ hash, grant })
    }
    for (const { hash, institution } of byTeam) {
      const grant = await factOf(state, record, facts.grant(hash))
      if (grant && institutions.has(keyOf(institution)) && (await comesFromLive(record, grant)))
        found.push({ hash, grant })
    }
    return found
  }

  /** Whether nothing was revoked that a grant comes from, and no team of these closed. */
  const comesFromLive = async (record: ChainId, grant: Grant | null): Promise<boolean> => {
    for (let from = grant?.from ?? null; from !== null; ) {
      const earlier = await factOf(state, record, facts.grant(from))
      if (earlier === null || earlier.ended !== null) return false
      const team = earlier.institution === null ? await factOf(state, earlier.recipient, facts.team) : null
      if (team && (team.closed !== null || (team.until !== null && team.until <= now()))) return false
      from = earlier.from
    }
    return true
  }

  /** Up to which log index everything lasted that a grant comes from: nothing of it ends later. */
  const endOfOrigin = async (record: ChainId, grant: Grant): Promise<number> => {
    let end = Number.POSITIVE_INFINITY
    for (let from = grant.from; from !== null; ) {
      const earlier = await factOf(state, record, facts.grant(from))
      const team = earlier?.institution === null ? await factOf(state, earlier.recipient, facts.team) : null
      end = Math.min(end, earlier?.ended ?? end, team?.closed ?? end)
      from = earlier?.from ?? null
    }
    return end
  }

  /** In which capacity somebody sat in a team, from and up to which log index; null if she never did. */
  const sat = async (team: ChainId, member: ChainId): Promise<Sat | null> => {
    const seat = await factOf(state, team, facts.seat(member))
    if (seat === null) return null
    const { closed = null, stale = null } = (await factOf(state, team, facts.team)) ?? {}
    // Who is out is so since the team is stale, or later.
    const ends = [seat.left, closed, seat.out ? stale : null].map((end) => end ?? Number.POSITIVE_INFINITY)
    return { institution: seat.institution, since: seat.since, end: Math.min(...ends) }
  }

  const formerSight = async (member: ChainId, record: ChainId): Promise<Sight | null> => {
    const institutions = await standing(member)
    if (institutions.size === 0) return null
    const ends: { index: number; time: number }[] = []
    for await (const { key, value } of inSlices(await reads.factsUnder(record, GRANTS))) {
      const grant = value && readFact(facts.grant(grantHashOf(key)), value)
      if (!grant) continue
      const { institution, recipient, until } = grant
      const own =
        institution !== null && equal(recipient, member)
          ? { institution, since: 0, end: Number.POSITIVE_INFINITY }
          : null
      const held = institution === null ? await sat(recipient, member) : own
      if (held === null) continue
      const index = Math.min(grant.ended ?? Number.POSITIVE_INFINITY, held.end, await endOfOrigin(record, grant))
      // Who came to a team after that never held it.
      if (held.since >= index) continue
      // One that has not ended holds in a capacity that she has lost: it shows her nothing, and no end says up to where it did.
      if (index === Number.POSITIVE_INFINITY && !hasExpired(grant) && !institutions.has(keyOf(held.institution)))
        continue
      ends.push({ index, time: until ?? Number.POSITIVE_INFINITY })
    }
    if (ends.length === 0) return null
    return { kind: 'record', sees: (index, time) => ends.some((end) => index < end.index && time < end.time) }
  }

  const sightOfRecord = async (asker: Asker, record: ChainId): Promise<Sight | null> => {
    if (asker === null) return null
    const listed = await listedBy(asker.chain, record)
    return listed.length > 0 ? { kind: 'record', sees: everything } : formerSight(asker.chain, record)
  }

  const sightOfLog = async (asker: Asker, record: ChainId): Promise<Sight | null> => {
    if (asker === null) return null
    const listed = await listedBy(asker.chain, record)
    const may = listed.some(({ grant }) => grant === null || (isLive(grant) && (grant.actions & actions.trail) !== 0))
    return may ? { kind: 'access', sees: everything } : null
  }

  return {
    async sightOf(asker, chain) {
      const found = await kindOf(chain)
      if (found === null) return null
      if (found.kind === 'record') return sightOfRecord(asker, chain)
      if (found.kind === 'access') return sightOfLog(asker, found.record)
      if (asker === null && !OPEN.includes(found.kind)) return null
      return { kind: found.kind, sees: everything }
    },
    grantsOf: async (member, record) => (await listedBy(member, record)).map(({ hash }) => hash),
    async mayWrite(member, record) {
      const listed = await listedBy(member, record)
      return listed.some(({ grant }) => grant === null || (isLive(grant) && (grant.actions & actions.write) !== 0))
    },
    async signKeyOf(chain, device) {
      const listed = await factOf(state, chain, facts.device(device))
      if (!listed || listed.voidFrom !== null) return null
      // An institution that waits for its admission is a stranger until then.
      const own = network()
      const waits =
        listed.role !== 'member' &&
        own !== null &&
        !equal(own, chain) &&
        (await factOf(state, own, facts.institution(chain))) === null
      return waits ? null : listed.sign
    },
    async stillOpens({ member, record, credential, grant: hash }) {
      if (!(await stands(member, credential))) return false
      if (hash === null) {
        const founder = await factOf(state, record, facts.founder)
        return founder !== null && equal(founder.member, member)
      }
      const held = await factOf(state, member, facts.credential(credential))
      return held !== null && holds({ record, grant: hash, signer: member, standing: held })
    },
    async isListener(chain) {
      // Institutions and the network have devices too, and no epoch: nobody vouches for them.
      if ((await factOf(state, chain, facts.epoch)) === null) return true
      return isVouchedFor({ member: chain, institution: null }, factsFrom(state), look().network)
    },
    async authoritiesOf(member) {
      const institutions = (await credentialsOf(state, member)).map(({ value }) => value.institution)
      const own = network()
      return [member, ...institutions, ...(own ? [own] : [])]
    },
    async recipientIn({ chain: member, device }, chain) {
      const found = await kindOf(chain)
      if (found?.kind === 'member') return equal(chain, member) ? (device as Uint8Array as ChainId) : null
      if (found?.kind !== 'team') return null
      const seat = await factOf(state, chain, facts.seat(member))
      if (seat === null || seat.left !== null || seat.out) return null
      return (await standing(member)).has(keyOf(seat.institution)) ? member : null
    },
  }
}

/** Kinds of chains that everybody may see. */
const OPEN: readonly ChainKind['kind'][] = ['network', 'institution']
