// The log's signing key, in memory: the one secret that the relay has. It signs checkpoints and opens nothing.
// Spec: docs/spec/storage.md, "Head lock". The only file here that imports libsodium, and it takes two names from it besides `ready`.
import { type NoteSigner, noteKey } from '@sealchart/protocol'
import sodium from 'libsodium-wrappers'
import { RelayError } from './errors.js'

/** Signs for the log named `origin`: a note signer with its public key (32 bytes, Ed25519). */
export interface LogKey extends NoteSigner {
  readonly origin: string
  readonly publicKey: Uint8Array
}

/**
 * The key of a 32-byte seed. The seed may be overwritten afterwards.
 * @throws RelayError USAGE for a seed of another length, ProtocolError KEY_FORMAT for an origin that cannot name a log.
 */
export async function logKey(origin: string, seed: Uint8Array): Promise<LogKey> {
  if (seed.length !== 32) throw new RelayError('USAGE', 'the seed of a log key is 32 bytes')
  await sodium.ready
  const { publicKey, privateKey } = sodium.crypto_sign_seed_keypair(seed)
  return {
    key: noteKey(origin, publicKey),
    origin,
    publicKey,
    sign: (message) => sodium.crypto_sign_detached(message, privateKey),
  }
}
