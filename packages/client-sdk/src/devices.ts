// A member's devices: which there are, what she calls them, and how they come and go. Spec: docs/spec/devices.md. Guide: docs/sdk.md.
import { type Meeting, openConsent, openDeviceNames, openOffer, sealInvitation } from '@sealchart/crypto'
import {
  type AnyEntry,
  type ChainPin,
  type DeviceId,
  deviceId,
  equal,
  facts,
  hex,
  is,
  kinds,
  limits,
  type Pins,
  unhex,
} from '@sealchart/protocol'
import { readCode } from './device-code.js'
import {
  type DeviceChange,
  isOwnDevice,
  ownDevices,
  signJoining,
  signLeaving,
  signNames,
  signRefresh,
} from './device-entries.js'
import { ClientError, hasCode } from './errors.js'
import { look, putInto, waitFor } from './meeting.js'
import type { Member } from './member.js'
import { retrying } from './retry.js'
import { refreshOwn } from './team.js'
import { reportLoss } from './teams-told.js'

/** One of a member's devices. */
export interface MemberDevice {
  /** 64 hexadecimal digits. */
  readonly id: string
  /** What she calls it; null when it was never named. */
  readonly name: string | null
  /** When it came onto her chain, by the log's time. */
  readonly since: Date
  /** Whether it is the device that asks. */
  readonly isThis: boolean
  /** The device that added it; null for the one that founded the chain. */
  readonly addedBy: string | null
}

export interface DeviceOptions {
  readonly signal?: AbortSignal
}

/** Chains whose pins an invitation has room for. */
const PINNED = 128

export class Devices {
  readonly #member: Member

  /** @internal */
  constructor(member: Member) {
    this.#member = member
  }

  /** The devices there are now, the oldest first. */
  async list({ signal }: DeviceOptions = {}): Promise<readonly MemberDevice[]> {
    const { session } = this.#member
    await session.sync([session.chain], { signal })
    return this.#known()
  }

  /**
   * Takes in the device that shows this code, typed or scanned: it can then do whatever this one can, and read what its member could ever read.
   * Ask for the passphrase or passkey again before you call it. Resolves when the device is on the chain; it then shows whose it is.
   * @throws SealchartError USAGE (no code), UNKNOWN (no device waits under this code), CONFLICT (somebody else has answered it: show
   * another), LIMIT (16 devices, or ten changes a day), RELAY when it does not go on, UNAUTHENTIC and BINDING when something else answers for it.
   */
  async add(code: string, { name, signal }: DeviceOptions & { readonly name: string }): Promise<MemberDevice> {
    const { session } = this.#member
    requireName(name)
    const meeting = { network: session.network.chain, code: readCode(code) }
    const [offer] = await look(session.link, meeting, signal)
    if (!offer) throw new ClientError('UNKNOWN', 'no device waits under this code: let it show another')
    const keys = await openOffer(offer, meeting)
    const id = deviceId(keys)
    await session.sync([session.chain], { signal })
    if (!isOwnDevice(session, id)) {
      await this.#invite(meeting, keys.box, signal)
      const proof = await openConsent(await waitFor(session.link, meeting, 'consent', signal), meeting)
      await this.#change((member) => signJoining(member, { keys, proof, name }), signal)
    }
    return this.#one(id)
  }

  async #invite(meeting: Meeting, boxKey: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
    const { session } = this.#member
    const invitation = { member: session.chain, pins: pinsToHandOver(this.#member) }
    const sealed = await sealInvitation(invitation, boxKey, meeting, session.surroundings.random)
    await putInto(session.link, meeting, 'invitation', { bytes: sealed, signal })
  }

  /** Gives a device another name, which only her devices read. @throws SealchartError USAGE, UNKNOWN */
  async rename(device: string, name: string, { signal }: DeviceOptions = {}): Promise<void> {
    requireName(name)
    await this.#change((member) => signNames(member, [{ device: this.#own(device), name }]), signal)
  }

  /**
   * Lets devices go: they sign nothing more, the relay refuses them at once, and what is written from now on is under keys that they never had.
   * What they have opened or hold already can't be called back. No device removes itself. Her teams learn of it in the same step; those that this
   * device can give a new key get one after it, the others wait for a colleague.
   * @throws SealchartError UNKNOWN (no such device), USAGE (this very device)
   */
  async remove(device: string | readonly string[], { signal }: DeviceOptions = {}): Promise<void> {
    const { session } = this.#member
    await this.#change(async () => {
      const leaving = [device].flat().map((id) => this.#own(id))
      if (leaving.some((id) => equal(id, session.device.id)))
        throw new ClientError('USAGE', 'a device does not remove itself: use another one')
      return this.#leaving(leaving)
    }, signal)
    await refreshOwn(this.#member, await session.link.teams(session.chain, signal), signal)
  }

  /** Devices that leave, and in the same list word to all her teams: their keys were in the devices' hands. */
  async #leaving(leaving: readonly DeviceId[]): Promise<DeviceChange> {
    const change = await signLeaving(this.#member, leaving)
    const told = await reportLoss(this.#member.session, change.entries.at(-1) as AnyEntry)
    return { ...change, entries: [...change.entries, ...told] }
  }

  /** Turns the member's key for all her devices. @throws SealchartError LIMIT (ten changes a day) */
  async refresh({ signal }: DeviceOptions = {}): Promise<void> {
    await this.#change(signRefresh, signal)
  }

  /** The id of a device of hers. @throws ClientError UNKNOWN */
  #own(device: string): DeviceId {
    const id = unhex(device) as DeviceId | null
    if (id?.length !== 32 || !isOwnDevice(this.#member.session, id))
      throw new ClientError('UNKNOWN', 'this member has no such device')
    return id
  }

  async #change(make: (member: Member) => Promise<DeviceChange>, signal: AbortSignal | undefined): Promise<void> {
    const { session } = this.#member
    await retrying(async () => {
      await session.sync([session.chain], { signal })
      const { entries, attachments, beside, keep } = await make(this.#member)
      await session.append(entries, { attachments, beside }, signal)
      await keep()
    })
  }

  async #one(id: DeviceId): Promise<MemberDevice> {
    const found = (await this.#known()).find((one) => one.id === hex(id))
    if (found) return found
    throw new ClientError('UNKNOWN', 'this member has no such device')
  }

  async #known(): Promise<readonly MemberDevice[]> {
    const { session } = this.#member
    const { ledger, chain, device } = session
    const names = await namesOf(this.#member)
    const own = new Set(ownDevices(session).map(hex))
    return ledger.entries(chain).flatMap(({ entry, time }) =>
      broughtBy(entry).flatMap((id) => {
        if (!own.has(hex(id))) return []
        const addedBy = is(entry, 'member', 'found') ? null : hex(entry.signer.device)
        const name = names.get(hex(id)) ?? null
        return [{ id: hex(id), name, since: new Date(time), isThis: equal(id, device.id), addedBy }]
      }),
    )
  }
}

/** The devices that an entry brings onto its chain. */
function broughtBy(entry: AnyEntry): readonly DeviceId[] {
  if (is(entry, 'member', 'found')) return [deviceId(entry.body.keys)]
  return is(entry, 'member', 'devices') ? entry.body.adds.map(({ keys }) => deviceId(keys)) : []
}

function requireName(name: string): void {
  if (typeof name !== 'string' || name.trim() === '' || name.length > limits.deviceName)
    throw new ClientError('USAGE', 'a device’s name has 1 to 60 characters')
}

/** What devices are called: the newest name of each. What does not open is passed over: a name decides nothing. */
async function namesOf({ session, own }: Member): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>()
  let epoch = 0
  for (const { entry } of session.ledger.entries(session.chain)) {
    const isTurn = is(entry, 'member', 'devices') || is(entry, 'member', 'refresh')
    if (isTurn && entry.body.epoch !== null) epoch = entry.body.epoch.epoch
    if (!is(entry, 'member', 'devices') && !is(entry, 'member', 'names')) continue
    const sealed = session.beside(entry.private)
    if (sealed === null) continue
    try {
      for (const { device, name } of await openDeviceNames(sealed, await own.secret(epoch), own.place(epoch)))
        names.set(hex(device), name)
    } catch (error) {
      if (!hasCode(error, 'UNAUTHENTIC', 'COMMITMENT', 'KEY_UNVERIFIED')) throw error
    }
  }
  return names
}

/** What this device has seen: its own chain, the network's and her institutions' first, and then what there is room for. */
function pinsToHandOver({ session }: Member): Pins {
  const { tree, chains } = session.ledger.pins()
  const rank = ({ chain }: ChainPin): number => {
    if (equal(chain, session.chain) || equal(chain, session.network.chain)) return 0
    return session.ledger.fact(chain, facts.founded)?.kind === kinds.institution ? 1 : 2
  }
  return { tree, chains: [...chains].sort((a, b) => rank(a) - rank(b)).slice(0, PINNED) }
}
