// A member whose keys are in the vault already, and whom the log knows. Spec: docs/spec/entries.md, "Enrolment".
// How she gets keys and a credential stands in enrolment.ts; nothing here makes or asks for any.
import { decodeIdentity, deviceFromSeed, type EpochSecret, type Identity } from '@sealchart/crypto'
import { equal, facts } from '@sealchart/protocol'
import { ClientError, hasCode } from './errors.js'
import type { Member } from './member.js'
import { IDENTITY, keepIn, MemberKeys } from './member-keys.js'
import { type ConnectOptions, linkTo, type NetworkFile, surroundingsOf } from './network.js'
import { standingCredential } from './people.js'
import { Session } from './session.js'
import { TeamKeys } from './team-keys.js'
import type { Keeper } from './vaults/contract.js'

/**
 * Opens the member of a vault who is enrolled and whose credential holds.
 * @throws SealchartError NO_CREDENTIAL when she has to be enrolled or renewed first, USAGE, OFFLINE, and what verification finds.
 */
export async function openEnrolled(keeper: Keeper, network: NetworkFile, options: ConnectOptions): Promise<Member> {
  const identity = await loadIdentity(keeper, network)
  if (!identity) throw unenrolled()
  const member = await memberOf(identity, keeper, { network, signs: true, options })
  if (!(await isListed(member)) || !standingCredential(member.session, identity.chain)) throw unenrolled()
  return member
}

const unenrolled = (): ClientError =>
  new ClientError('NO_CREDENTIAL', 'a reader neither enrols nor renews: open a Sealchart with this vault first')

/** The member of an identity, over a link that signs requests with her device or asks as a stranger. */
export async function memberOf(
  identity: Identity,
  keeper: Keeper,
  over: { readonly network: NetworkFile; readonly signs: boolean; readonly options: ConnectOptions },
): Promise<Member> {
  const { network, signs, options } = over
  const { chain } = identity
  const device = deviceFromSeed(identity.seed)
  const secrets = new Map(identity.epochs.map(({ epoch, secret }) => [epoch, secret]))
  const link = linkTo(network, signs ? { chain, device } : null, options)
  const surroundings = surroundingsOf(options)
  const session = await Session.open({ network: network.pin, device, chain, link, keeper, surroundings })
  const own = new MemberKeys(session, secrets, keepIn(keeper))
  return { session, own, first: secrets.get(0) as EpochSecret, teams: new TeamKeys(session, own) }
}

/** Whether the log has this device: a process may have ended between making its keys and enrolling it. Syncs if it has. */
export async function isListed({ session }: Member): Promise<boolean> {
  try {
    await session.sync([session.chain, session.network.chain])
  } catch (error) {
    if (!hasCode(error, 'REQUEST_SIGNATURE')) throw error
    // The relay's word alone: whoever was enrolled once does not begin anew because of it.
    try {
      session.ledger.requirePinned(session.chain)
    } catch {
      const message = 'the relay answers this device no more: another one removed it, or the relay shows an older state'
      throw new ClientError('REQUEST_SIGNATURE', message, { cause: error })
    }
  }
  const device = session.ledger.fact(session.chain, facts.device(session.device.id))
  if (device !== null && device.voidFrom !== null)
    throw new ClientError('BINDING', 'this device was removed by another one of its member')
  return session.ledger.head(session.chain) !== null
}

/** Who she is, or null in a vault that holds nobody yet. @throws ClientError USAGE for another network's vault. */
export async function loadIdentity(keeper: Keeper, network: NetworkFile): Promise<Identity | null> {
  const blob = await keeper.get(IDENTITY)
  if (blob === null) return null
  const identity = decodeIdentity(blob)
  const same = equal(identity.network, network.pin.chain) && equal(identity.founding, network.pin.founding)
  if (!same) throw new ClientError('USAGE', 'this vault belongs to another network')
  return identity
}
