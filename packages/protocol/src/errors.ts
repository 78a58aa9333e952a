// The error registry: every code that any Sealchart package can end in, with its kind and what the caller should do.
//
// A code is stable; a message is not. No message carries a secret, a plaintext or an input's content.
// Each code has a row in docs/errors.md (a test compares the two). Packages derive one class each from SealchartError.

/**
 * Who has to act, roughly: `usage` the caller's code, `malformed` whoever made the bytes, `unauthentic` nobody (what was
 * received is not what was sealed or signed), `relay` the relay or the network on the way to it, `internal` a bug of ours.
 */
export type ErrorKind = 'usage' | 'malformed' | 'unauthentic' | 'relay' | 'internal'

/** What a program should do next. `stop`: show it to a person; trying again gives the same answer. */
export type ErrorAction = 'retry' | 'sign-in' | 'ask-author' | 'fix-call' | 'stop'

/** Every error code with its kind and action. The rows follow the data: bytes, signatures, rules, log, keys and content, relay, SDK. */
export const errorCodes = {
  // Bytes that do not decode (docs/spec/encoding.md)
  DECODE_TRUNCATED: ['malformed', 'stop'],
  DECODE_TRAILING: ['malformed', 'stop'],
  DECODE_NOT_SHORTEST: ['malformed', 'stop'],
  DECODE_INDEFINITE: ['malformed', 'stop'],
  DECODE_TYPE: ['malformed', 'stop'],
  DECODE_UTF8: ['malformed', 'stop'],
  DECODE_DEPTH: ['malformed', 'stop'],
  DECODE_RANGE: ['malformed', 'stop'],
  DECODE_SHAPE: ['malformed', 'stop'],
  TOO_LARGE: ['malformed', 'stop'],
  // Signatures and bindings (docs/spec/signatures.md)
  SIG: ['unauthentic', 'stop'],
  KEY_FORMAT: ['malformed', 'stop'],
  BINDING: ['unauthentic', 'stop'],
  DOWNGRADE: ['malformed', 'stop'],
  // Rules of the chains (docs/spec/rules.md)
  CHAIN: ['unauthentic', 'stop'],
  SEQ: ['unauthentic', 'stop'],
  RULE: ['unauthentic', 'stop'],
  ROLE: ['unauthentic', 'stop'],
  NOT_GRANTED: ['unauthentic', 'ask-author'],
  GRANT_ENDED: ['unauthentic', 'ask-author'],
  TEAM_CLOSED: ['unauthentic', 'fix-call'],
  STALE_EPOCH: ['unauthentic', 'retry'],
  ALREADY_OPENED: ['relay', 'stop'],
  CRED_REVOKED: ['unauthentic', 'sign-in'],
  CRED_EXPIRED: ['unauthentic', 'sign-in'],
  CRED_BINDING: ['unauthentic', 'stop'],
  KEY_UNVERIFIED: ['unauthentic', 'stop'],
  CLOCK: ['usage', 'retry'],
  WRAPS: ['unauthentic', 'stop'],
  LIMIT: ['usage', 'fix-call'],
  // The log (docs/spec/log.md)
  CHECKPOINT: ['unauthentic', 'stop'],
  LOG_MISSING: ['unauthentic', 'stop'],
  LOG_PROOF: ['unauthentic', 'stop'],
  LOG_INCONSISTENT: ['unauthentic', 'stop'],
  TIME: ['unauthentic', 'stop'],
  ROLLBACK: ['unauthentic', 'stop'],
  FORK: ['unauthentic', 'stop'],
  STALE_AUTHORITY: ['unauthentic', 'stop'],
  // Keys and content (docs/spec/sealing.md)
  UNAUTHENTIC: ['unauthentic', 'stop'],
  COMMITMENT: ['unauthentic', 'stop'],
  SEGMENT: ['unauthentic', 'stop'],
  PADDING: ['unauthentic', 'stop'],
  NOT_IN_MANIFEST: ['unauthentic', 'stop'],
  KDF_FLOOR: ['malformed', 'stop'],
  KDF_CAP: ['malformed', 'stop'],
  VAULT: ['unauthentic', 'stop'],
  VAULT_CONFLICT: ['usage', 'retry'],
  VAULT_STORAGE: ['usage', 'stop'],
  VAULT_FULL: ['usage', 'stop'],
  VAULT_LOST: ['usage', 'stop'],
  VAULT_BLOCKED: ['usage', 'retry'],
  PASSKEY_PRF: ['usage', 'fix-call'],
  PASSKEY_CANCELLED: ['usage', 'retry'],
  KEYPAIR_MISMATCH: ['unauthentic', 'stop'],
  // Requests and the relay (docs/spec/relay.md)
  REQUEST_SIGNATURE: ['unauthentic', 'stop'],
  REQUEST_EXPIRED: ['unauthentic', 'retry'],
  REQUEST_DIGEST: ['unauthentic', 'stop'],
  UNKNOWN: ['relay', 'stop'],
  CONFLICT: ['relay', 'retry'],
  STAGED_MISSING: ['relay', 'retry'],
  QUOTA: ['relay', 'stop'],
  RATE: ['relay', 'retry'],
  BUSY: ['relay', 'retry'],
  FULL: ['relay', 'stop'],
  OFFLINE: ['relay', 'retry'],
  RELAY: ['relay', 'retry'],
  LOCK_AHEAD: ['internal', 'stop'],
  LOCK_MISSING: ['internal', 'stop'],
  LOCK_HELD: ['usage', 'stop'],
  SELFCHECK: ['internal', 'stop'],
  OUTCOME_UNKNOWN: ['internal', 'stop'],
  // The SDK (docs/sdk.md)
  USAGE: ['usage', 'fix-call'],
  ABORTED: ['usage', 'stop'],
  SOURCE_CHANGED: ['usage', 'fix-call'],
  WASM: ['usage', 'fix-call'],
  NO_CREDENTIAL: ['usage', 'sign-in'],
  INTERNAL: ['internal', 'stop'],
} as const satisfies Record<string, readonly [ErrorKind, ErrorAction]>

export type ErrorCode = keyof typeof errorCodes

/** Context that may be shown to a person or logged: numbers and public names only. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | null>>

/** The base of every error that Sealchart throws on purpose. */
export class SealchartError extends Error {
  readonly code: ErrorCode
  readonly kind: ErrorKind
  readonly action: ErrorAction
  readonly details: ErrorDetails

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; details?: ErrorDetails } = {}) {
    // Before `this` exists: an error of an unknown code would have neither kind nor action.
    if (typeof code !== 'string' || !Object.hasOwn(errorCodes, code) || typeof options !== 'object' || options === null)
      throw new ProtocolError('USAGE', 'an error has a known code, a message and options')
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.name = new.target.name
    this.code = code
    this.kind = errorCodes[code][0]
    this.action = errorCodes[code][1]
    this.details = options.details ?? {}
  }
}

/** What `@sealchart/protocol` throws: bytes, signatures, rules or proofs that do not hold. */
export class ProtocolError extends SealchartError {}
