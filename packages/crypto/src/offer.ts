// How a new device and one that a member has already meet at a relay that both distrust. Spec: docs/spec/devices.md.
// The code that the new device shows is a hash of its keys and of a salt that nobody else knows: whoever reads the code can tell these
// keys from all others, and everything that the two leave at the relay is sealed under it. The relay is told another hash of it.
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import {
  bind,
  bytes,
  type ChainId,
  type DevicePublicKeys,
  type Digest,
  devicePublicKeys,
  equal,
  hashOf,
  type LinkHash,
  list,
  nullable,
  type Pins,
  type Shape,
  struct,
  type TreeHash,
  uint,
} from '@sealchart/protocol'
import { type Random, reading, requireBytes } from './check.js'
import { unauthentic } from './errors.js'
import { sealBytes } from './floe.js'
import { openWith, sealTo } from './hpke.js'
import { decodeContent, encodeContent, type ObjectSeal, openSealed } from './object.js'

/** What a new device shows of itself: its keys, and 16 random bytes without which the code can't be guessed from them. */
export interface Offer {
  readonly keys: DevicePublicKeys
  readonly salt: Uint8Array
}

/** Under which code, in which network. */
export interface Meeting {
  readonly network: ChainId
  /** 20 bytes. */
  readonly code: Uint8Array
}

/** Whose device the new one is to be, and what the older one has seen of the network. */
export interface Invitation {
  readonly member: ChainId
  readonly pins: Pins
}

const CODE_LENGTH = 20
const SALT_LENGTH = 16
const PROOF_LENGTH = 64
/** Chains whose pins fit into an invitation. */
const PINNED = 128
const NOTHING = new Uint8Array()

const offerShape: Shape<Offer> = struct({ keys: devicePublicKeys, salt: bytes(SALT_LENGTH) })
const id = bytes<ChainId>(32)
const pin = struct({ chain: id, sequence: uint(), link: bytes<LinkHash>(32) })
const invitationShape: Shape<Invitation> = struct({
  member: id,
  pins: struct({ tree: nullable(struct({ size: uint(), root: bytes<TreeHash>(32) })), chains: list(pin, PINNED) }),
})

/** The code of an offer: 20 bytes. @throws CryptoError USAGE */
export function offerCode(offer: Offer, network: ChainId): Uint8Array {
  requireBytes(network, 'network', 32)
  const encoded = encodeContent(offerShape, offer)
  return hashOf('offerCode', [network, encoded]).slice(0, CODE_LENGTH)
}

/** Where the two meet at the relay: 32 bytes, from which nobody gets back to the code. @throws CryptoError USAGE */
export function meetingPlace(meeting: Meeting): Digest {
  const { network, code } = ownMeeting(meeting)
  return hashOf('meeting', [network, code]) as Uint8Array as Digest
}

const ownMeeting = (meeting: Meeting): Meeting =>
  reading('a meeting', () => {
    const { network, code } = meeting
    requireBytes(network, 'network', 32)
    requireBytes(code, 'code', CODE_LENGTH)
    return { network, code }
  })

type Message = 'offer' | 'invitation' | 'consent'

/** Each message has a key of its own: none passes for another. */
function sealOf(meeting: Meeting, message: Message): ObjectSeal {
  const { network, code } = ownMeeting(meeting)
  const key = hkdf(sha256, code, undefined, bind('offerKey', [network, message]), 32)
  return { key, aad: bind('offer', [network, message]) }
}

const seal = (meeting: Meeting, message: Message, content: Uint8Array, random: Random): Promise<Uint8Array> => {
  const { key, aad } = sealOf(meeting, message)
  return sealBytes(key, aad, content, random)
}

const open = (meeting: Meeting, message: Message, sealed: Uint8Array): Promise<Uint8Array> =>
  openSealed(sealOf(meeting, message), sealed)

/** What the new device leaves first. The code is the offer's own. @throws CryptoError USAGE */
export const sealOffer = (offer: Offer, network: ChainId, random: Random): Promise<Uint8Array> =>
  seal({ network, code: offerCode(offer, network) }, 'offer', encodeContent(offerShape, offer), random)

/** The keys that a code was shown for. @throws CryptoError UNAUTHENTIC, also for keys that are not the code's; USAGE */
export async function openOffer(sealed: Uint8Array, meeting: Meeting): Promise<DevicePublicKeys> {
  const { network, code } = ownMeeting(meeting)
  const offer = decodeContent(offerShape, await open({ network, code }, 'offer', sealed))
  // Whoever has seen the code could seal other keys under it; none of them has this code.
  if (!equal(offerCode(offer, network), code)) throw unauthentic()
  return offer.keys
}

/**
 * The older device's answer, to the new one's key under the code: who knows the code alone does not read it, who doesn't can't make it.
 * @throws CryptoError USAGE, KEY_FORMAT
 */
export async function sealInvitation(
  invitation: Invitation,
  boxKey: Uint8Array,
  meeting: Meeting,
  random: Random,
): Promise<Uint8Array> {
  const own = ownMeeting(meeting)
  const context = { info: bind('invitation', [own.network]), aad: NOTHING }
  return seal(own, 'invitation', sealTo(boxKey, context, encodeContent(invitationShape, invitation), random), random)
}

/** @throws CryptoError UNAUTHENTIC, USAGE */
export async function openInvitation(sealed: Uint8Array, boxSeed: Uint8Array, meeting: Meeting): Promise<Invitation> {
  const own = ownMeeting(meeting)
  requireBytes(boxSeed, 'box seed', 32)
  const context = { info: bind('invitation', [own.network]), aad: NOTHING }
  return decodeContent(invitationShape, openWith(boxSeed, context, await open(own, 'invitation', sealed)))
}

/** The new device's signature over its enrolment (64 bytes), for the older one to append. @throws CryptoError USAGE */
export async function sealConsent(proof: Uint8Array, meeting: Meeting, random: Random): Promise<Uint8Array> {
  requireBytes(proof, 'proof', PROOF_LENGTH)
  return seal(meeting, 'consent', proof, random)
}

/** @throws CryptoError UNAUTHENTIC, USAGE */
export async function openConsent(sealed: Uint8Array, meeting: Meeting): Promise<Uint8Array> {
  const proof = await open(meeting, 'consent', sealed)
  if (proof.length !== PROOF_LENGTH) throw unauthentic()
  return proof
}
