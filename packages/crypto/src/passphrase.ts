// Keys from passphrases: Argon2id (RFC 9106) with a floor and a cap in code. Spec: docs/spec/vault.md, "Unlocking".
// libsodium's larger build is loaded here and only when a passphrase is used: the usual build has no Argon2.
import { requireNatural } from './check.js'
import { CryptoError } from './errors.js'
import { started } from './sodium.js'

/** Cost and salt of one derivation; they stand in the vault's header. */
export interface KdfParameters {
  /** KiB of memory. */
  readonly memory: number
  readonly passes: number
  /** 16 bytes. */
  readonly salt: Uint8Array
}

export const SALT_LENGTH = 16

const MiB = 1024
/** In KiB. RFC 9106 §4, second choice: what a browser can spare. */
export const LEAST_MEMORY: number = 64 * MiB
export const LEAST_PASSES = 3
const MOST_MEMORY = 1024 * MiB
const MOST_PASSES = 10

/**
 * Checks parameters before anything is derived: who serves a header could otherwise make a passphrase cheap to guess,
 * or a log-in endless.
 * @throws CryptoError KDF_FLOOR, KDF_CAP, USAGE
 */
export function checkKdf({ memory, passes, salt }: KdfParameters): void {
  // NaN is neither below the floor nor above the cap.
  requireNatural(memory, 'memory')
  requireNatural(passes, 'passes')
  if (memory < LEAST_MEMORY || passes < LEAST_PASSES || salt.length < SALT_LENGTH) {
    throw new CryptoError('KDF_FLOOR', 'a passphrase takes at least 64 MiB, 3 passes and 16 bytes of salt')
  }
  if (memory > MOST_MEMORY || passes > MOST_PASSES || salt.length > SALT_LENGTH) {
    throw new CryptoError('KDF_CAP', 'a passphrase takes at most 1 GiB, 10 passes and 16 bytes of salt')
  }
}

/**
 * 32 bytes from a passphrase, in Unicode normalisation form C so that two keyboards give the same.
 * @throws CryptoError KDF_FLOOR, KDF_CAP, USAGE for an empty passphrase, LIMIT when this machine has too little memory, WASM.
 */
export async function deriveFromPassphrase(passphrase: string, parameters: KdfParameters): Promise<Uint8Array> {
  checkKdf(parameters)
  if (typeof passphrase !== 'string' || passphrase === '') throw new CryptoError('USAGE', 'a passphrase is a text')
  if (/\p{Surrogate}/u.test(passphrase)) throw new CryptoError('USAGE', 'a passphrase is well-formed Unicode')
  const { memory, passes, salt } = parameters
  const { default: sodium } = await import('libsodium-wrappers-sumo')
  await started(sodium)
  const algorithm = sodium.crypto_pwhash_ALG_ARGON2ID13
  try {
    return sodium.crypto_pwhash(32, passphrase.normalize('NFC'), salt, passes, memory * 1024, algorithm)
  } catch (cause) {
    throw new CryptoError('LIMIT', 'not enough memory for the passphrase', { cause })
  }
}
