// Who a signer is: the device that a chain lists, and the credential under which a member acts. Used by the rules of every chain.
// Spec: docs/spec/rules.md, "Signers" and "Credentials".
import { type ChainId, type DeviceId, type EntryHash, equal, expectId } from '../bytes.js'
import { expectNatural, expectText, reading } from '../check.js'
import { deviceId } from '../device-keys.js'
import { type AnyEntry, expectEntry, is, type Signed } from '../entry.js'
import { ProtocolError } from '../errors.js'
import { type Credential, type Device, facts } from './facts.js'
import { expectLook, expectPosition, type Look, type Position } from './look.js'

/**
 * The Ed25519 key that must have signed an entry: in a founding its own, elsewhere that of the device which the signer's chain lists.
 * @throws ProtocolError BINDING for a device that is not the one it says or that no chain lists, USAGE.
 */
export async function signKeyOf(entry: AnyEntry, look: Look): Promise<Uint8Array> {
  expectEntry(entry)
  expectLook(look)
  if (is(entry, 'network', 'found') || is(entry, 'institution', 'found') || is(entry, 'member', 'found')) {
    const own = deviceId(entry.body.keys)
    if (!equal(own, entry.signer.device) || !equal(entry.chain, entry.signer.chain)) {
      throw new ProtocolError('BINDING', 'a founding entry is signed by the device that it lists')
    }
    return entry.body.keys.sign
  }
  return (await listed(entry.signer.chain, entry.signer.device, look)).sign
}

async function listed(chain: ChainId, id: DeviceId, look: Look): Promise<Device> {
  const device = await look.fact(chain, facts.device(id))
  // An issuer who was dismissed is listed as before: what it signed counts up to a place in the log, which each rule looks at.
  if (!device || (device.role === 'member' && device.voidFrom !== null))
    throw new ProtocolError('BINDING', 'no chain lists the signing device')
  return device
}

/** @throws ProtocolError ROLE unless the signer is the root of the given chain. */
export async function requireRoot(entry: Signed, chain: ChainId, look: Look): Promise<void> {
  if (!equal(entry.signer.chain, chain)) throw new ProtocolError('ROLE', 'only the root of this chain may sign this')
  if ((await listed(chain, entry.signer.device, look)).role !== 'root')
    throw new ProtocolError('ROLE', 'only the root may sign this')
}

/** @throws ProtocolError ROLE, CRED_REVOKED unless the signer is a standing issuer (or the root) of an admitted institution. */
export async function requireIssuer(entry: Signed, institution: ChainId, look: Look, at: Position): Promise<void> {
  if (!equal(entry.signer.chain, institution))
    throw new ProtocolError('ROLE', 'only an issuer of this institution may sign this')
  await requireStandingIssuer(institution, entry.signer.device, look, at.index)
}

/** @throws ProtocolError ROLE, CRED_REVOKED, BINDING unless what this device signed for the institution at a log index stands. */
export async function requireStandingIssuer(
  institution: ChainId,
  issuer: DeviceId,
  look: Look,
  index: number,
): Promise<void> {
  const device = await look.fact(institution, facts.device(issuer))
  if (!device) throw new ProtocolError('ROLE', 'the institution has not appointed this issuer')
  if (device.voidFrom !== null && device.voidFrom <= index)
    throw new ProtocolError('CRED_REVOKED', 'the issuer was dismissed')
  const admission = await look.fact(look.network, facts.institution(institution))
  if (!admission) throw new ProtocolError('ROLE', 'the network has not admitted this institution')
  if (admission.removed !== null) throw new ProtocolError('CRED_REVOKED', 'the network has removed the institution')
  // The same keys and nonce could found a second chain with this id and another name.
  const founded = await look.fact(institution, facts.founded)
  if (!founded || !equal(founded.link, admission.founding))
    throw new ProtocolError('BINDING', 'the network admitted another founding of this institution')
}

/**
 * Whether a credential holds but for its time: accepted, not withdrawn, and what its issuer signed then stands. One that has run out still
 * vouches for its member's keys: when it is renewed she must find what is hers.
 * @throws ProtocolError USAGE
 */
export async function isVouched(credential: Credential, look: Look): Promise<boolean> {
  const { institution, issuer, index, state } = reading('a credential', () => ({
    institution: expectId(credential.institution),
    issuer: expectId(credential.issuer),
    index: expectNatural(credential.index),
    state: expectText(credential.state),
  }))
  expectLook(look)
  if (state !== 'accepted') return false
  return requireStandingIssuer(institution, issuer, look, index).then(
    () => true,
    (error: unknown) => {
      if (error instanceof ProtocolError) return false
      throw error
    },
  )
}

/**
 * The credential under which `member` acts at this position.
 * @throws ProtocolError CRED_BINDING (not accepted by this member), CRED_REVOKED, CRED_EXPIRED, BINDING, USAGE.
 */
export async function requireCredential(
  member: ChainId,
  hash: EntryHash,
  look: Look,
  at: Position,
): Promise<Credential> {
  const { time } = expectPosition(at)
  const credential = await expectLook(look).fact(expectId(member), facts.credential(hash))
  if (!credential || credential.state === 'offered') {
    throw new ProtocolError('CRED_BINDING', 'the credential is not one that this member accepted')
  }
  if (credential.state === 'withdrawn') throw new ProtocolError('CRED_REVOKED', 'the credential was withdrawn')
  if (time < credential.notBefore || time >= credential.until) {
    throw new ProtocolError('CRED_EXPIRED', 'the credential is not valid at this time')
  }
  await requireStandingIssuer(credential.institution, credential.issuer, look, credential.index)
  return credential
}
