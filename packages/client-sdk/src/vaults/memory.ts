// A vault in memory: for tests, and for programs whose state may end with the process. Contract: contract.ts.
import { systemRandom, type Unlock } from '@sealchart/crypto'
import { requireBlobName, type VaultHandle, vaultConflict } from './contract.js'

/** An empty vault whose blobs live in a map; under a key of its own unless told what unlocks it. */
export function memoryVault(unlock: Unlock = { hostKey: systemRandom(32) }): VaultHandle {
  const blobs = new Map<string, { bytes: Uint8Array; tag: string }>()
  let writes = 0
  const vault: VaultHandle['vault'] = {
    async read(name) {
      const blob = blobs.get(requireBlobName(name))
      return blob ? { bytes: blob.bytes.slice(), tag: blob.tag } : null
    },
    async write(name, bytes, ifMatch) {
      const present = blobs.get(requireBlobName(name))?.tag ?? null
      if (present !== ifMatch) throw vaultConflict()
      const tag = String(++writes)
      blobs.set(name, { bytes: bytes.slice(), tag })
      return tag
    },
    async remove(name) {
      blobs.delete(requireBlobName(name))
    },
  }
  return { vault, unlock }
}
