// Where there are no worker threads of Node's, a ledger verifies signatures itself, one after the other.
// verifier-node.ts is the other side of package.json#imports `#verifier`.
import type { VerifySignatures } from '@sealchart/protocol'

/** Verifies the signatures of long answers on other threads; absent where there are none. */
export const verifySignatures: VerifySignatures | undefined = undefined
