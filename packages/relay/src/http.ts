// HTTP as the relay uses it: requests whose signature is checked before their body is read, answers as bytes, and one answer a refusal. Spec: docs/spec/relay.md, "Requests" and "Refusals".
import { createHash } from 'node:crypto'
import {
  base64,
  type ChainId,
  concat,
  type DeviceId,
  type Digest,
  type ErrorCode,
  equal,
  errorAnswer,
  type Infer,
  pack,
  packAnswer,
  SealchartError,
  type Shape,
  unbase64,
  unpack,
  verifyRequest,
} from '@sealchart/protocol'
import { type Request, readPieces } from './bodies.js'
import { RelayError } from './errors.js'
import type { Intake } from './intake.js'
import { StoreConflict } from './store/contract.js'

// ——— signatures

export interface SignatureParts {
  readonly now: () => number
  /** The address that clients write, without a slash at the end; null before there is one. */
  readonly url: () => Promise<string | null>
  readonly signKeyOf: (chain: ChainId, device: DeviceId) => Promise<Uint8Array | null>
  readonly intake: Intake
}

export interface Signed {
  readonly chain: ChainId
  readonly device: DeviceId
}

/** Whether a request claims to be signed. */
export const claimsSignature = (c: Request): boolean =>
  c.req.header('signature') !== undefined || c.req.header('signature-input') !== undefined

/** As `readSignedPieces`, with the body in one. */
export async function readSigned(
  c: Request,
  parts: SignatureParts,
  most: number,
): Promise<{ signer: Signed; body: Uint8Array<ArrayBuffer> }> {
  const { signer, pieces } = await readSignedPieces(c, parts, most)
  return { signer, body: concat(...pieces) }
}

/**
 * Who signed a request, its body in pieces, and the body's SHA-256. The signature is checked over the digest that the request states, before its body
 * is read; then the body is compared with it: nobody makes the relay read megabytes without a listed device.
 * @throws ProtocolError REQUEST_SIGNATURE, REQUEST_EXPIRED, REQUEST_DIGEST; RelayError TOO_LARGE.
 */
export async function readSignedPieces(
  c: Request,
  parts: SignatureParts,
  most: number,
): Promise<{ signer: Signed; pieces: readonly Uint8Array[]; digest: Digest }> {
  const stated = statedDigest(c)
  const { pathname, search } = new URL(c.req.url)
  const base = (await parts.url()) ?? ''
  const signer = await verifyRequest(
    {
      method: c.req.method,
      url: base + pathname + search,
      body: { sha256: stated },
      headers: c.req.raw.headers,
      now: parts.now(),
    },
    parts.signKeyOf,
  )
  const hash = createHash('sha256')
  const pieces = await readPieces(c, most, { intake: parts.intake, see: (piece) => void hash.update(piece) })
  if (!equal(new Uint8Array(hash.digest()), stated))
    throw new RelayError('REQUEST_DIGEST', 'Content-Digest is not that of the body')
  return { signer: { chain: signer.chain, device: signer.device }, pieces, digest: stated }
}

function statedDigest(c: Request): Digest {
  const [, encoded] = /^sha-256=:([A-Za-z0-9+/]{43}=):$/.exec(c.req.header('content-digest') ?? '') ?? []
  const digest = encoded === undefined ? null : unbase64(encoded)
  if (digest === null || `sha-256=:${base64(digest)}:` !== c.req.header('content-digest'))
    throw new RelayError('REQUEST_DIGEST', 'Content-Digest is missing, or not in the one form')
  return digest as Uint8Array as Digest
}

/** A body of CBOR. @throws ProtocolError DECODE_*, TOO_LARGE. */
export const decodeBody = <T>(shape: Shape<T>, body: Uint8Array): T =>
  unpack(shape, body, 'request', { bytes: Math.max(body.length, 1) })

// ——— answers

const CBOR = 'application/cbor'

/** A Buffer over the same bytes: an ArrayBuffer would be answered four times as slowly. */
const asBuffer = (bytes: Uint8Array): Uint8Array<ArrayBuffer> =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) as Uint8Array<ArrayBuffer>

type HeaderFields = Readonly<Record<string, string>>

/** Said with every answer: nothing here is a page, and nothing leads elsewhere. */
const always: HeaderFields = {
  'content-security-policy': "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'cross-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

export const answerBytes = (bytes: Uint8Array, headers: HeaderFields, status: number = 200): Response =>
  new Response(asBuffer(bytes), { status, headers: { ...always, 'content-length': String(bytes.length), ...headers } })

export const answerNothing = (status: 204 | 416, headers: HeaderFields): Response =>
  new Response(null, { status, headers: { ...always, ...headers } })

/** An answer in CBOR that nobody keeps. */
export const answer = <T>(shape: Shape<T>, value: T): Response =>
  answerBytes(packAnswer(shape, value), { 'content-type': CBOR, 'cache-control': 'no-store' })

/** An answer that goes on: nobody keeps it, changes it, or holds it back until there is more. */
export const answerStream = (body: ReadableStream<Uint8Array>): Response =>
  new Response(body, {
    headers: {
      ...always,
      'content-type': 'application/octet-stream',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    },
  })

/** Status of every code that the relay answers with; all others are 422: understood, and not acceptable. */
const statuses: Partial<Record<ErrorCode, number>> = {
  DECODE_TRUNCATED: 400,
  DECODE_TRAILING: 400,
  DECODE_NOT_SHORTEST: 400,
  DECODE_INDEFINITE: 400,
  DECODE_TYPE: 400,
  DECODE_UTF8: 400,
  DECODE_DEPTH: 400,
  DECODE_RANGE: 400,
  DECODE_SHAPE: 400,
  KEY_FORMAT: 400,
  DOWNGRADE: 400,
  REQUEST_SIGNATURE: 401,
  REQUEST_EXPIRED: 401,
  REQUEST_DIGEST: 401,
  UNKNOWN: 404,
  CONFLICT: 409,
  STAGED_MISSING: 409,
  TOO_LARGE: 413,
  RATE: 429,
  INTERNAL: 500,
  BUSY: 503,
  FULL: 507,
  QUOTA: 507,
}

export const statusOf = (code: ErrorCode): number => statuses[code] ?? 422

/** Codes that say something of the relay's own trouble, which is nobody's business outside. */
const inner = new Set<ErrorCode>(['SELFCHECK', 'OUTCOME_UNKNOWN', 'LOCK_AHEAD', 'LOCK_MISSING', 'LOCK_HELD', 'USAGE'])

/** Seconds after which a refusal is worth another try. */
const retryAfter = (error: SealchartError): number | null => {
  if (error.code === 'BUSY') return 1
  return error.code === 'RATE' ? Number(error.details.seconds ?? 1) : null
}

/** Rows that no turn has made live can change between a look and a write: whoever meant them looks again. */
const stagedGone = new RelayError('STAGED_MISSING', 'something that was staged is no longer there, or complete')

/** What the outside may know of an error; null for the relay's own trouble, which is INTERNAL to everybody. */
function refusalOf(error: unknown): SealchartError | null {
  if (error instanceof StoreConflict) return stagedGone
  return error instanceof SealchartError && !inner.has(error.code) && error.code !== 'INTERNAL' ? error : null
}

/** Whether an error is the relay's own trouble: whoever runs the relay must hear of it. */
export const isFailure = (error: unknown): boolean => refusalOf(error) === null

/** The one answer to a refusal. Nothing of a request is repeated in it. */
export function refuse(refused: unknown, missed: Infer<typeof errorAnswer>['missed'] = null): Response {
  const known = refusalOf(refused)
  const code = known?.code ?? 'INTERNAL'
  const seconds = known && retryAfter(known)
  const body = pack(errorAnswer, {
    code,
    // One sentence for what does not exist and what may not be seen.
    message: code === 'UNKNOWN' ? 'there is no such thing' : (known?.message ?? 'the relay failed'),
    entryTime: timeIn(known, 'entry'),
    logTime: timeIn(known, 'log'),
    missed,
  })
  const headers: Record<string, string> = { 'content-type': CBOR, 'cache-control': 'no-store' }
  if (seconds) headers['retry-after'] = String(seconds)
  // The rest of a body that is too long is not read: whoever sends it must not go on.
  if (code === 'TOO_LARGE') headers.connection = 'close'
  return answerBytes(body, headers, statusOf(code))
}

const timeIn = (error: SealchartError | null, name: string): number | null => {
  const value = error?.code === 'CLOCK' ? error.details[name] : null
  return typeof value === 'number' ? value : null
}
