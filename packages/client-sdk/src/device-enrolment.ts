// The new device's side of its enrolment: a code to show, and then whose device it is. Spec: docs/spec/devices.md. Guide: docs/sdk.md.
// What it has made and learnt lies in the vault, so that another process goes on. It becomes an identity only when somebody has accepted it.
import {
  type DeviceSeed,
  deviceFromSeed,
  encodeIdentity,
  type Identity,
  type Meeting,
  newSecret,
  offerCode,
  openInvitation,
  sealConsent,
  sealOffer,
} from '@sealchart/crypto'
import {
  blob,
  bytes,
  type ChainId,
  encodeNoteKey,
  enrolmentMessage,
  equal,
  limits,
  nullable,
  pack,
  struct,
  unpack,
} from '@sealchart/protocol'
import { codeText, spacedCode } from './device-code.js'
import { isOwnDevice } from './device-entries.js'
import { loadIdentity, memberOf } from './enrolled.js'
import { ClientError, hasCode } from './errors.js'
import { patiently, putInto, waitFor } from './meeting.js'
import type { Member } from './member.js'
import { IDENTITY, MemberKeys } from './member-keys.js'
import { type ConnectOptions, linkTo, type NetworkFile, surroundingsOf } from './network.js'
import { type Person, personOf } from './people.js'
import { savePins } from './pins.js'
import type { Keeper } from './vaults/contract.js'

const PENDING = 'device-offer'

/** What a device keeps from its offer to its acceptance: its seed and salt, its offer as it was sealed, and the chain that invited it. */
const pendingShape = struct({
  network: bytes<ChainId>(32),
  seed: bytes<DeviceSeed>(32),
  salt: bytes(16),
  offer: blob(limits.meeting),
  member: nullable(bytes<ChainId>(32)),
})
interface Pending {
  readonly network: ChainId
  readonly seed: DeviceSeed
  readonly salt: Uint8Array
  readonly offer: Uint8Array
  readonly member: ChainId | null
}

export interface WaitOptions {
  readonly signal?: AbortSignal
}

/** A new device that shows a code and waits. */
export interface DeviceEnrolment<T> {
  /** The code in groups of four: to be typed on a device that she has. */
  readonly code: string
  /** The same as the text of a QR code. */
  readonly text: string
  /**
   * Waits until a device that she has takes this one in.
   * @throws SealchartError RELAY when nobody does within some minutes, KEY_UNVERIFIED when no institution vouches for her, UNAUTHENTIC, COMMITMENT, ROLLBACK and whatever else verification finds, ABORTED.
   */
  joined(options?: WaitOptions): Promise<JoinedDevice<T>>
}

/** A device that a member's chain lists. Nothing was done in her name yet. */
export interface JoinedDevice<T> {
  /** Whose device it is now: show it, and ask whether that is who sits here. */
  readonly me: Person
  /** Keeps it, and opens what it is for. */
  accept(): Promise<T>
  /** Forgets everything. The chain still lists the device: remove it there. */
  reject(): Promise<void>
}

/** Whether a vault waits for a device to be enrolled. */
export const isPending = async (keeper: Keeper): Promise<boolean> => (await keeper.get(PENDING)) !== null

/** Makes a device in an empty vault, or goes on with the one that waits in it. `open` opens the member once somebody has accepted. */
export async function startEnrolment<T>(
  keeper: Keeper,
  network: NetworkFile,
  { options, restart, open }: { options: ConnectOptions; restart: boolean; open: (member: Member) => Promise<T> },
): Promise<DeviceEnrolment<T>> {
  if ((await loadIdentity(keeper, network)) !== null)
    throw new ClientError('USAGE', 'this vault holds a device already: give each its own')
  if (restart) await keeper.remove(PENDING)
  const pending = await pendingIn(keeper, network, options)
  const device = deviceFromSeed(pending.seed)
  const code = offerCode({ keys: device.keys, salt: pending.salt }, network.pin.chain)
  const meeting = { network: network.pin.chain, code }
  const link = linkTo(network, null, options)
  if (pending.member === null) await putInto(link, meeting, 'offer', { bytes: pending.offer, signal: undefined })
  const text = codeText(code)
  return {
    code: spacedCode(text),
    text,
    async joined({ signal } = {}) {
      const member = await invited({ keeper, network, options }, meeting, signal)
      const listed = await waitUntilListed({ keeper, network, options }, { pending, chain: member }, signal)
      const me = personOf(listed.session, member)
      // A name whose issuer was dismissed, or whose institution was removed, may be anybody's.
      if (me === null || (me.status !== 'verified' && me.status !== 'expired'))
        throw new ClientError('KEY_UNVERIFIED', 'no institution vouches for whose device this is now')
      return {
        me,
        async accept() {
          const identity = identityOf(network, pending, { chain: member, own: listed.own })
          await keeper.put(IDENTITY, encodeIdentity(identity))
          await keeper.remove(PENDING)
          return open(await memberOf(identity, keeper, { network, signs: true, options }))
        },
        reject: () => keeper.remove(PENDING),
      }
    },
  }
}

interface Place {
  readonly keeper: Keeper
  readonly network: NetworkFile
  readonly options: ConnectOptions
}

async function pendingIn(keeper: Keeper, network: NetworkFile, options: ConnectOptions): Promise<Pending> {
  const kept = await keeper.get(PENDING)
  if (kept !== null) {
    const pending = unpack(pendingShape, kept, 'offer')
    if (equal(pending.network, network.pin.chain)) return pending
    throw new ClientError('USAGE', 'this vault belongs to another network')
  }
  const { random } = surroundingsOf(options)
  const seed = newSecret<DeviceSeed>(random)
  const salt = random(16)
  const offer = await sealOffer({ keys: deviceFromSeed(seed).keys, salt }, network.pin.chain, random)
  const pending = { network: network.pin.chain, seed, salt, offer, member: null }
  await keeper.put(PENDING, pack(pendingShape, pending))
  return pending
}

/** The member who takes this device in: waits for the invitation, keeps it with the pins, and consents. */
async function invited(
  { keeper, network, options }: Place,
  meeting: Meeting,
  signal: AbortSignal | undefined,
): Promise<ChainId> {
  const kept = await keeper.get(PENDING)
  if (kept === null) throw new ClientError('USAGE', 'this enrolment is over: begin another')
  const pending = unpack(pendingShape, kept, 'offer')
  if (pending.member !== null) return pending.member
  const device = deviceFromSeed(pending.seed)
  const link = linkTo(network, null, options)
  const sealed = await waitFor(link, meeting, 'invitation', signal)
  const { member, pins } = await openInvitation(sealed, device.boxSeed, meeting)
  const proof = await device.sign(enrolmentMessage(network.pin.chain, member, device.keys))
  const consent = await sealConsent(proof, meeting, surroundingsOf(options).random)
  await putInto(link, meeting, 'consent', { bytes: consent, signal }).catch((error: unknown) => {
    // It was left by this device before it could write down that it had.
    if (!hasCode(error, 'CONFLICT')) throw error
  })
  await savePins(keeper, network.pin.chain, pins)
  await keeper.put(PENDING, pack(pendingShape, { ...pending, member }))
  return member
}

/** Waits until the relay answers this device, and verifies whose chain lists it, and that it can open all that its member can. */
async function waitUntilListed(
  { keeper, network, options }: Place,
  { pending, chain }: { readonly pending: Pending; readonly chain: ChainId },
  signal: AbortSignal | undefined,
): Promise<{ readonly session: Member['session']; readonly own: MemberKeys }> {
  const identity = identityOf(network, pending, { chain, own: null })
  const { session } = await memberOf(identity, keeper, { network, signs: true, options })
  await patiently(session.link, signal, async () => {
    try {
      await session.sync([chain, network.pin.chain], { signal })
      return true
    } catch (error) {
      if (hasCode(error, 'REQUEST_SIGNATURE')) return null
      throw error
    }
  })
  if (!isOwnDevice(session, session.device.id))
    throw new ClientError('BINDING', 'the chain does not list this device, or does not any more')
  const own = new MemberKeys(session, new Map(), null)
  const { epoch } = await own.newest(signal)
  await own.secret(0, signal)
  for (let at = epoch - 1; at > 0; at--) {
    await own.secret(at, signal).catch((error: unknown) => {
      // A way around one whose link a changed client poisoned: what was wrapped to that epoch alone stays closed here.
      if (!hasCode(error, 'COMMITMENT', 'UNAUTHENTIC', 'KEY_UNVERIFIED')) throw error
    })
  }
  return { session, own }
}

function identityOf(
  { pin }: NetworkFile,
  { seed }: Pending,
  { chain, own }: { readonly chain: ChainId; readonly own: MemberKeys | null },
): Identity {
  const epochs = [...(own?.held ?? [])].map(([epoch, secret]) => ({ epoch, secret })).sort((a, b) => a.epoch - b.epoch)
  const { keys } = deviceFromSeed(seed)
  return { network: pin.chain, founding: pin.founding, logKey: encodeNoteKey(pin.log), chain, seed, keys, epochs }
}
