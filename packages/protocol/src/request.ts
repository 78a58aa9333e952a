// Signed requests: HTTP Message Signatures (RFC 9421) with one covered set, one label and one algorithm, and Content-Digest (RFC 9530).
// Spec: docs/spec/signatures.md, "Requests". The verifier takes two values out of Signature-Input, writes the one header that
// this format allows for them, and compares bytes: there is no structured-field parser, so no other reading of a header exists.
// There is no nonce store either: inside its ten minutes a request can be replayed. Writes are idempotent by content, reads change nothing.
import { sha256 } from '#sha256'
import {
  base64,
  type ChainId,
  type DeviceId,
  type Digest,
  expectBytes,
  expectId,
  hex,
  isBytes,
  unbase64,
  unhex,
  utf8,
} from './bytes.js'
import { expectFunction, expectText, reading } from './check.js'
import { labels } from './context.js'
import type { Signer } from './cose.js'
import { verify } from './ed25519.js'
import { type ErrorCode, ProtocolError } from './errors.js'

/** The body of a request, or its SHA-256 where the body was hashed while it streamed. */
export type Content = Uint8Array | { readonly sha256: Digest }

/** What is signed of a request. */
export interface RequestParts {
  /** Upper case, as it is sent. */
  readonly method: string
  /** The whole target, as `new URL(url).href` writes it, without fragment or user name. Behind a proxy: as the client wrote it. */
  readonly url: string
  /** A request without a body has an empty one. */
  readonly body: Content
}

/** Who signed a request, and when (ms since 1970, whole seconds). */
export interface RequestSigner {
  readonly chain: ChainId
  readonly device: DeviceId
  readonly created: number
}

/** The three header fields that a signature adds. */
export type SignatureHeaders = Readonly<Record<'content-digest' | 'signature-input' | 'signature', string>>

/** Finds the Ed25519 public key (32 bytes) of a device, or null: unknown, removed, not of this chain. */
export type LookupKey = (chain: ChainId, device: DeviceId) => Uint8Array | null | Promise<Uint8Array | null>

/** How far (ms) a request's time may lie from the verifier's clock, either way. */
const WINDOW = 5 * 60_000
const LABEL = 'sealchart'
const COVERED = '("@method" "@target-uri" "content-digest")'
/** What differs between two Signature-Input fields: at most 12 digits of seconds, and two ids. */
const VARIABLE = /;created=(0|[1-9][0-9]{0,11});keyid="([0-9a-f]{64}):([0-9a-f]{64})"/
const SIGNATURE = /^sealchart=:([A-Za-z0-9+/]{86}==):$/

const fail = (code: ErrorCode, message: string): never => {
  throw new ProtocolError(code, message)
}

/** Value of Signature-Input after its label: RFC 9421 §2.3, also the last line of the signature base. */
const parameters = ({ chain, device, created }: RequestSigner): string =>
  `${COVERED};created=${created / 1000};keyid="${hex(chain)}:${hex(device)}";tag="${labels.request}"`

/** Content-Digest with SHA-256 and no other value (RFC 9530 §2). */
function contentDigest(body: Content): string {
  const digest = isBytes(body) ? sha256(body) : reading('a body', () => expectBytes(body.sha256))
  if (digest.length !== 32) fail('USAGE', 'a body is bytes, or their SHA-256')
  return `sha-256=:${base64(digest)}:`
}

/** The signature base (RFC 9421 §2.5). It begins with a quotation mark, which no Sig_structure of COSE does. */
const signatureBase = (request: Omit<RequestParts, 'body'>, digest: string, signer: RequestSigner): Uint8Array =>
  utf8(
    [
      `"@method": ${request.method}`,
      `"@target-uri": ${request.url}`,
      `"content-digest": ${digest}`,
      `"@signature-params": ${parameters(signer)}`,
    ].join('\n'),
  )

/**
 * The URL that a text writes, or null. Not by URL.canParse: in Node 20, once it is compiled, it reads Latin-1 as UTF-8, says yes to
 * texts that `new URL` throws at, and no to others that are URLs. @throws ProtocolError USAGE for what is no text
 */
export function parseUrl(text: string): URL | null {
  expectText(text)
  try {
    return new URL(text)
  } catch {
    return null
  }
}

/** Whether method and URL stand in their one form; a URL with a line break or two spellings cannot. */
function isCanonical({ method, url }: Omit<RequestParts, 'body'>): boolean {
  if (typeof method !== 'string' || typeof url !== 'string') return false
  const parsed = /^[A-Z]{1,16}$/.test(method) ? parseUrl(url) : null
  if (parsed === null) return false
  const { href, protocol, username, password } = parsed
  return href === url && /^https?:$/.test(protocol) && !url.includes('#') && username + password === ''
}

/**
 * The header fields that sign a request. `created` is in ms since 1970 and sent in whole seconds, rounded down.
 * @throws ProtocolError USAGE for a method, URL, id, time or signature that a verifier would refuse.
 */
export async function signRequest(given: RequestParts & RequestSigner, sign: Signer): Promise<SignatureHeaders> {
  const request = reading('a request', () => {
    const { method, url, body, chain, device, created } = given
    return { method, url, body, chain: expectId(chain), device: expectId(device), created }
  })
  const { chain, device } = request
  if (typeof request.created !== 'number') fail('USAGE', 'created is a time in milliseconds')
  const created = Math.floor(request.created / 1000) * 1000
  if (!isCanonical(request)) fail('USAGE', 'method or URL is not in the form that is signed')
  if (!(created >= 0 && created < 1e15)) fail('USAGE', 'created is a time in milliseconds')
  const digest = contentDigest(request.body)
  const signer = { chain, device, created }
  const signature = await expectFunction(sign)(signatureBase(request, digest, signer))
  if (expectBytes(signature).length !== 64) fail('USAGE', 'a signature is 64 bytes')
  return {
    'content-digest': digest,
    'signature-input': `${LABEL}=${parameters(signer)}`,
    signature: `${LABEL}=:${base64(signature)}:`,
  }
}

/** The signer named in Signature-Input, if that is byte for byte the one header this format allows. */
function parseInput(field: string): RequestSigner {
  const [, seconds, chain, device] =
    VARIABLE.exec(field) ?? fail('REQUEST_SIGNATURE', 'Signature-Input is not in the one form')
  const signer = {
    chain: unhex(chain as string) as Uint8Array as ChainId,
    device: unhex(device as string) as Uint8Array as DeviceId,
    created: Number(seconds) * 1000,
  }
  if (field !== `${LABEL}=${parameters(signer)}`) fail('REQUEST_SIGNATURE', 'Signature-Input is not in the one form')
  return signer
}

/**
 * Verifies a request and says which device signed it. `headers` joins repeated fields with a comma, as `Headers` does; `now` is
 * the verifier's clock in ms. That the device may do what it asks for is decided elsewhere.
 * @throws ProtocolError REQUEST_SIGNATURE (missing, another form, unknown device, does not verify), REQUEST_EXPIRED (more than
 * five minutes from `now`), REQUEST_DIGEST (Content-Digest missing, in another form, or not the body's).
 */
export async function verifyRequest(
  given: RequestParts & { readonly headers: { get(name: string): string | null }; readonly now: number },
  lookupKey: LookupKey,
): Promise<RequestSigner> {
  const request = reading('a request', () => {
    const { method, url, body, headers, now } = given
    const field = (name: string): string => headers.get(name) ?? ''
    return { method, url, body, now, field }
  })
  const { field, now } = request
  expectFunction(lookupKey)
  const signer = parseInput(reading('headers', () => field('signature-input')))
  const [, encoded] = SIGNATURE.exec(field('signature')) ?? []
  const signature = encoded === undefined ? null : unbase64(encoded)
  if (signature === null || !isCanonical(request))
    return fail('REQUEST_SIGNATURE', 'the request is not in the form that is signed')
  if (typeof now !== 'number') fail('USAGE', 'now is a time in milliseconds')
  if (!(Math.abs(now - signer.created) <= WINDOW))
    fail('REQUEST_EXPIRED', 'the request was not signed within five minutes')
  const digest = contentDigest(request.body)
  if (field('content-digest') !== digest) fail('REQUEST_DIGEST', 'Content-Digest is not that of the body')
  const key = await lookupKey(signer.chain, signer.device)
  // An unknown device and a bad signature answer alike: which devices exist is not told to strangers.
  if (!key || !verify(key, signatureBase(request, digest, signer), signature)) {
    fail('REQUEST_SIGNATURE', 'the signature does not verify')
  }
  return signer
}
