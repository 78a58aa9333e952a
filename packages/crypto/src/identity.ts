// Identities: what makes a device itself, as a vault keeps it: its seed, its epoch secrets, and whose device it is.
// Spec: docs/spec/vault.md, "Identity". Public keys are kept beside the seed and derived again at every reading: a seed that was
// exchanged would otherwise sign under another key unnoticed.
import {
  bytes,
  type ChainId,
  type DevicePublicKeys,
  decodeNoteKey,
  devicePublicKeys,
  equal,
  type LinkHash,
  list,
  type Shape,
  struct,
  text,
  uint,
  unpack,
} from '@sealchart/protocol'
import { requireBytes } from './check.js'
import { CryptoError } from './errors.js'
import { deviceFromSeed } from './keys.js'
import { encodeContent } from './object.js'
import { refine } from './refine.js'
import type { DeviceSeed, EpochSecret } from './secrets.js'

/** A device's identity. */
export interface Identity {
  readonly network: ChainId
  /** Link hash of the network's founding entry. */
  readonly founding: LinkHash
  /** The log's verifier key, as `encodeNoteKey` writes it. */
  readonly logKey: string
  /** The chain that lists the device: a member's, an institution's or the network's. */
  readonly chain: ChainId
  readonly seed: DeviceSeed
  readonly keys: DevicePublicKeys
  /** The member's epoch secrets in order of epoch; none for an institution or a network. */
  readonly epochs: readonly { readonly epoch: number; readonly secret: EpochSecret }[]
}

const isNoteKey = (key: string): boolean => {
  try {
    decodeNoteKey(key)
    return true
  } catch {
    return false
  }
}

const ascending = (epochs: Identity['epochs']): boolean =>
  epochs.every(({ epoch }, i) => i === 0 || epoch > (epochs[i - 1]?.epoch ?? 0))

const identityShape: Shape<Identity> = struct({
  network: bytes<ChainId>(32),
  founding: bytes<LinkHash>(32),
  logKey: refine(text(500, 1), isNoteKey, 'a verifier key'),
  chain: bytes<ChainId>(32),
  seed: bytes<DeviceSeed>(32),
  keys: devicePublicKeys,
  epochs: refine(
    list(struct({ epoch: uint(0xffffffff), secret: bytes<EpochSecret>(32) }), 65_536),
    ascending,
    'epochs in order',
  ),
})

/** The bytes of an identity, to be sealed as a vault's blob. @throws CryptoError USAGE, KEYPAIR_MISMATCH */
export function encodeIdentity(identity: Identity): Uint8Array {
  const encoded = encodeContent(identityShape, identity)
  checkPair(identity)
  return encoded
}

/** @throws CryptoError VAULT for other bytes than `encodeIdentity` writes, KEYPAIR_MISMATCH, USAGE */
export function decodeIdentity(encoded: Uint8Array): Identity {
  requireBytes(encoded, 'identity')
  const identity = decodeOr(encoded)
  checkPair(identity)
  return identity
}

function decodeOr(encoded: Uint8Array): Identity {
  try {
    return unpack(identityShape, encoded, 'identity')
  } catch {
    throw new CryptoError('VAULT', 'the vault does not hold an identity')
  }
}

function checkPair({ seed, keys }: Identity): void {
  const derived = deviceFromSeed(seed).keys
  if (!equal(derived.sign, keys.sign) || !equal(derived.box, keys.box)) {
    throw new CryptoError('KEYPAIR_MISMATCH', 'the public keys are not those of the seed')
  }
}
