// Ed25519 verification (RFC 8032 §5.1.7) under one strict rule set. The only file here that imports libsodium, and it takes
// two names from it. Spec: docs/spec/signatures.md, "Ed25519". Nothing here signs: who signs is a `Signer` (cose.ts).
//
// The rules are libsodium's own, so no check is added to it: S < L; A canonical; A and R not of small order; R compared as bytes
// with the recomputed one, without the cofactor, which also refuses a non-canonical R. Two honest verifiers therefore never
// disagree about a signature. conformance/ed25519.mjs proves it on 914 edge cases.
import sodium from 'libsodium-wrappers'
import { expectBytes } from './bytes.js'
import { ProtocolError } from './errors.js'

const state = { loaded: false }

/**
 * Loads libsodium. Await it once before the first `verify`; further calls cost nothing.
 * @throws ProtocolError WASM where WebAssembly may not run
 */
export async function ready(): Promise<void> {
  try {
    await sodium.ready
  } catch (cause) {
    const message = "Ed25519 did not start: the content security policy must allow 'wasm-unsafe-eval'"
    throw new ProtocolError('WASM', message, { cause })
  }
  state.loaded = true
}

/**
 * True exactly when `signature` (64 bytes) is `publicKey`'s (32 bytes) over `message`. Any other length is just not a signature.
 * @throws ProtocolError USAGE when an argument is not a Uint8Array, or before `ready` has resolved.
 */
export function verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  // libsodium would also take a string as the message and verify its UTF-8.
  for (const argument of [publicKey, message, signature]) expectBytes(argument)
  if (!state.loaded) throw new ProtocolError('USAGE', 'call ready() before verifying')
  if (publicKey.length !== 32 || signature.length !== 64) return false
  return sodium.crypto_sign_verify_detached(signature, message, publicKey)
}
