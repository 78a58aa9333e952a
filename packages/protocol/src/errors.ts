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

const row = (kind: ErrorKind, action: ErrorAction): { readonly kind: ErrorKind; readonly action: ErrorAction } => ({
  kind,
  action,
})

/** Every error code. The rows follow the data: bytes, signatures, rules, log, keys and content, relay, SDK. */
export const errorCodes = {
  // Bytes that do not decode (docs/spec/encoding.md)
  DECODE_TRUNCATED: row('malformed', 'stop'),
  DECODE_TRAILING: row('malformed', 'stop'),
  DECODE_NOT_SHORTEST: row('malformed', 'stop'),
  DECODE_INDEFINITE: row('malformed', 'stop'),
  DECODE_TYPE: row('malformed', 'stop'),
  DECODE_UTF8: row('malformed', 'stop'),
  DECODE_DEPTH: row('malformed', 'stop'),
  DECODE_RANGE: row('malformed', 'stop'),
  DECODE_SHAPE: row('malformed', 'stop'),
  TOO_LARGE: row('malformed', 'stop'),
  // Signatures and bindings (docs/spec/entries.md)
  SIG: row('unauthentic', 'stop'),
  KEY_FORMAT: row('malformed', 'stop'),
  BINDING: row('unauthentic', 'stop'),
  DOWNGRADE: row('malformed', 'stop'),
  // Rules of the chains (docs/spec/rules.md)
  CHAIN: row('unauthentic', 'stop'),
  SEQ: row('unauthentic', 'stop'),
  RULE: row('unauthentic', 'stop'),
  ROLE: row('unauthentic', 'stop'),
  NOT_GRANTED: row('unauthentic', 'ask-author'),
  GRANT_ENDED: row('unauthentic', 'ask-author'),
  STALE_EPOCH: row('unauthentic', 'retry'),
  ALREADY_OPENED: row('relay', 'stop'),
  CRED_REVOKED: row('unauthentic', 'sign-in'),
  CRED_EXPIRED: row('unauthentic', 'sign-in'),
  CRED_BINDING: row('unauthentic', 'stop'),
  KEY_UNVERIFIED: row('unauthentic', 'stop'),
  CLOCK: row('usage', 'retry'),
  WRAPS: row('unauthentic', 'stop'),
  LIMIT: row('usage', 'fix-call'),
  // The log (docs/spec/log.md)
  CHECKPOINT: row('unauthentic', 'stop'),
  LOG_MISSING: row('unauthentic', 'stop'),
  LOG_PROOF: row('unauthentic', 'stop'),
  LOG_INCONSISTENT: row('unauthentic', 'stop'),
  TIME: row('unauthentic', 'stop'),
  ROLLBACK: row('unauthentic', 'stop'),
  FORK: row('unauthentic', 'stop'),
  STALE_AUTHORITY: row('unauthentic', 'stop'),
  // Keys and content (docs/spec/sealing.md)
  UNAUTHENTIC: row('unauthentic', 'stop'),
  COMMITMENT: row('unauthentic', 'stop'),
  SEGMENT: row('unauthentic', 'stop'),
  PADDING: row('unauthentic', 'stop'),
  NOT_IN_MANIFEST: row('unauthentic', 'stop'),
  KDF_FLOOR: row('malformed', 'stop'),
  KDF_CAP: row('malformed', 'stop'),
  VAULT: row('unauthentic', 'stop'),
  VAULT_CONFLICT: row('usage', 'retry'),
  KEYPAIR_MISMATCH: row('unauthentic', 'stop'),
  // Requests and the relay (docs/spec/relay.md)
  REQUEST_SIGNATURE: row('unauthentic', 'stop'),
  REQUEST_EXPIRED: row('unauthentic', 'retry'),
  REQUEST_DIGEST: row('unauthentic', 'stop'),
  UNKNOWN: row('relay', 'stop'),
  CONFLICT: row('relay', 'retry'),
  STAGED_MISSING: row('relay', 'retry'),
  QUOTA: row('relay', 'stop'),
  RATE: row('relay', 'retry'),
  BUSY: row('relay', 'retry'),
  FULL: row('relay', 'stop'),
  OFFLINE: row('relay', 'retry'),
  RELAY: row('relay', 'retry'),
  LOCK_AHEAD: row('internal', 'stop'),
  LOCK_MISSING: row('internal', 'stop'),
  LOCK_HELD: row('usage', 'stop'),
  SELFCHECK: row('internal', 'stop'),
  // The SDK (docs/sdk.md)
  USAGE: row('usage', 'fix-call'),
  ABORTED: row('usage', 'stop'),
  SOURCE_CHANGED: row('usage', 'fix-call'),
  NO_CREDENTIAL: row('usage', 'sign-in'),
  INTERNAL: row('internal', 'stop'),
} as const satisfies Record<string, { kind: ErrorKind; action: ErrorAction }>

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
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.name = new.target.name
    this.code = code
    this.kind = errorCodes[code].kind
    this.action = errorCodes[code].action
    this.details = options.details ?? {}
  }
}

/** What `@sealchart/protocol` throws: bytes, signatures, rules or proofs that do not hold. */
export class ProtocolError extends SealchartError {}
