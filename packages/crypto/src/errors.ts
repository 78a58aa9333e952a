// What @sealchart/crypto throws. Spec: docs/spec/sealing.md, "What a decoder must reject"; every code has a row in docs/errors.md.
// No message here names a key, a plaintext or the input's content, and a failed decryption does not say how it failed.
import { SealchartError } from '@sealchart/protocol'

/** Thrown by everything that seals, opens, derives or wraps. */
export class CryptoError extends SealchartError {}

/** The one answer to a decryption that fails, whatever the reason: a caller can tell nobody more than that. */
export const unauthentic = (): CryptoError => new CryptoError('UNAUTHENTIC', 'what was received is not what was sealed')
