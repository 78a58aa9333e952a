// Who may see what: one table, asked by every route. Spec: docs/spec/relay.md, "Permissions".
// What does not exist and what somebody may not see are one answer here (null, false), so that routes cannot tell them apart.
//
//     network, institution   everybody
//     member, team           every listed device
//     record                 founder and holders: all; former holders: up to the end of their last grant
//     access log             founder, and holders of a grant with the action `trail`
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
  type Look,
  type Position,
  readFact,
  requireCredential,
  unhex,
} from '@sealchart/protocol'
import { chainKinds } from './chains.js'
import { inSlices } from './slices.js'
import { factOf, keyOf, type State } from './state.js'
import type { Reads } from './store/contract.js'

/** Whoever signed a request: a listed device; null for a request without a signature. */
export type Asker = { readonly chain: ChainId; readonly device: DeviceId } | null

/** What of a chain may be seen: entries by log index and log time. */
export interface Sight {
  readonly kind: 'network' | 'institution' | 'member' | 'team' | 'record' | 'access'
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
  /** The Ed25519 key of a device that a chain lists; null for none, and for a dismissed issuer's. */
  signKeyOf(chain: ChainId, device: DeviceId): Promise<Uint8Array | null>
  /** Whether this credential and this grant (null: the founder's right) let a member open a record now. */
  stillOpens(access: OpenedBy): Promise<boolean>
  /** What every entry of a member rests on: her own chain, those of the institutions that vouch for her, and the network's. */
  authoritiesOf(member: ChainId): Promise<readonly ChainId[]>
  /** Whether every credential that a member accepted was withdrawn. */
  isWithdrawn(member: ChainId): Promise<boolean>
}

export interface OpenedBy {
  readonly member: ChainId
  readonly record: ChainId
  readonly credential: EntryHash
  readonly grant: EntryHash | null
}

const everything = (): boolean => true

export function permissions(parts: PermissionParts): Permissions {
  const { reads, state, now, network } = parts
  const kindOf = chainKinds(state, network)

  /** The rules' own view, without the duty to rest on what is looked at: here the newest state decides. */
  const look = (): Look => ({
    network: network() ?? (new Uint8Array(32) as Uint8Array as ChainId),
    fact: (chain, target) => factOf(state, chain, target),
  })
  const position = (): Position => ({ index: Number.MAX_SAFE_INTEGER, time: now() })

  const stands = async (member: ChainId, credential: EntryHash): Promise<boolean> => {
    try {
      await requireCredential(member, credential, look(), position())
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
    const listings = await reads.listings(member, record, now())
    if (listings.length === 0) return []
    const institutions = await standing(member)
    if (institutions.size === 0) return []
    const found: { hash: EntryHash; grant: Grant | null }[] = []
    for (const { grant: hash } of listings) {
      const grant = await factOf(state, record, facts.grant(hash))
      // The founder's listing names the founding entry, which is no grant.
      if (grant === null || institutions.has(keyOf(grant.institution))) found.push({ hash, grant })
    }
    return found
  }

  const formerSight = async (member: ChainId, record: ChainId): Promise<Sight | null> => {
    const institutions = await standing(member)
    if (institutions.size === 0) return null
    const ends: { index: number; time: number }[] = []
    for await (const { key, value } of inSlices(await reads.factsUnder(record, GRANTS))) {
      const grant = value && readFact(facts.grant(grantHashOf(key)), value)
      if (!grant || !equal(grant.recipient, member)) continue
      // One that has not ended holds in a capacity that she has lost: it shows her nothing, and no end says up to where it did.
      if (grant.ended === null && !hasExpired(grant) && !institutions.has(keyOf(grant.institution))) continue
      ends.push({ index: grant.ended ?? Number.POSITIVE_INFINITY, time: grant.until ?? Number.POSITIVE_INFINITY })
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
      if ((found.kind === 'member' || found.kind === 'team') && asker === null) return null
      return { kind: found.kind, sees: everything }
    },
    grantsOf: async (member, record) => (await listedBy(member, record)).map(({ hash }) => hash),
    async mayWrite(member, record) {
      const listed = await listedBy(member, record)
      return listed.some(({ grant }) => grant === null || (isLive(grant) && (grant.actions & actions.write) !== 0))
    },
    async signKeyOf(chain, device) {
      const listed = await factOf(state, chain, facts.device(device))
      return listed && listed.voidFrom === null ? listed.sign : null
    },
    async stillOpens({ member, record, credential, grant: hash }) {
      if (!(await stands(member, credential))) return false
      if (hash === null) {
        const founder = await factOf(state, record, facts.founder)
        return founder !== null && equal(founder.member, member)
      }
      const grant = await factOf(state, record, facts.grant(hash))
      return grant !== null && isLive(grant) && equal(grant.recipient, member)
    },
    async authoritiesOf(member) {
      const institutions = (await credentialsOf(state, member)).map(({ value }) => value.institution)
      const own = network()
      return [member, ...institutions, ...(own ? [own] : [])]
    },
    async isWithdrawn(member) {
      // One that was offered to her, and that she never took, vouches for nobody.
      return (await credentialsOf(state, member)).every(({ value }) => value.state !== 'accepted')
    },
  }
}

const CREDENTIALS = 'credential/'

async function credentialsOf(state: State, member: ChainId) {
  const rows = await state.under(member, CREDENTIALS)
  return rows.map(({ key, value }) => {
    const hash = unhex(key.slice(CREDENTIALS.length)) as Uint8Array as EntryHash
    return { hash, value: readFact(facts.credential(hash), value) }
  })
}
