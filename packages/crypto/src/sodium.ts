// The one import of libsodium in this package. Spec: docs/spec/sealing.md, "To a public key".
// It is WebAssembly and loads asynchronously; a page's content security policy must allow 'wasm-unsafe-eval'.
import sodium from 'libsodium-wrappers'
import { CryptoError } from './errors.js'

const state = { loaded: false }

/** Loads libsodium. Await it once before anything that uses a public key; further calls cost nothing. */
export async function ready(): Promise<void> {
  await sodium.ready
  state.loaded = true
}

/** libsodium, once `ready` has resolved. @throws CryptoError USAGE before that. */
export function loaded(): typeof sodium {
  if (!state.loaded) throw new CryptoError('USAGE', 'await ready() before using public keys')
  return sodium
}
