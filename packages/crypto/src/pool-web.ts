// Where there are no worker threads of Node's, there is no pool: WebCrypto already works on threads of its own.
// Spec: docs/spec/sealing.md, "Implementation notes". pool-node.ts is the other side of package.json#imports `#pool`.
import type { StartSealPool } from './pool.js'

/** Starts a pool, or null where there is none and the caller seals and opens by itself. */
export const startSealPool: StartSealPool | null = null
