// The one import of libsodium in this package (passphrase.ts loads its larger build). Spec: docs/spec/sealing.md, "To a public key".
// It is WebAssembly and loads asynchronously; a page's content security policy must allow 'wasm-unsafe-eval'.
import sodium from 'libsodium-wrappers'
import { CryptoError } from './errors.js'

const state = { loaded: false }

/**
 * Loads libsodium. Await it once before anything that uses a public key; further calls cost nothing.
 * @throws CryptoError WASM where WebAssembly may not run
 */
export async function ready(): Promise<void> {
  await started(sodium)
  state.loaded = true
}

/** Waits until a build of libsodium has started. @throws CryptoError WASM */
export async function started(library: { readonly ready: Promise<void> }): Promise<void> {
  try {
    await library.ready
  } catch (cause) {
    const message = "libsodium did not start: the content security policy must allow 'wasm-unsafe-eval'"
    throw new CryptoError('WASM', message, { cause })
  }
}

/** libsodium, once `ready` has resolved. @throws CryptoError USAGE before that. */
export function loaded(): typeof sodium {
  if (!state.loaded) throw new CryptoError('USAGE', 'await ready() before using public keys')
  return sodium
}
