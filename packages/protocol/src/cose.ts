// COSE_Sign1 (RFC 9052 §4.2) in one fixed form: how every entry, and whatever else a device states, is signed.
// Spec: docs/spec/signatures.md, "COSE_Sign1". Everything but the payload has one place and one length, so the decoder compares
// bytes and accepts nothing that `encodeSign1` does not write. It reads no other header, algorithm or COSE structure.
//
//     D2 84                         tag 18, array of 4
//     58 4B  A2 01 32 04 58 45 …    protected header: {1: −19 (Ed25519, RFC 9864 §2.2), 4: key id}, 75 bytes
//     A0                            unprotected header: empty
//     bstr                          payload
//     58 40 …                       signature, 64 bytes
import type { ChainId, DeviceId } from './bytes.js'
import { concat, equal, expectBytes, isBytes, utf8 } from './bytes.js'
import { expectFunction, reading } from './check.js'
import { bytesHead, type DecodeLimits, expectLimits, readHead } from './codec.js'
import { verify } from './ed25519.js'
import { ProtocolError } from './errors.js'

/** Signs a message with a device's Ed25519 key, wherever that lies: 64 bytes. */
export type Signer = (message: Uint8Array) => Uint8Array | Promise<Uint8Array>

/** A COSE_Sign1 in its parts. `chain` lists the signing `device`; that they belong together is for the rules to say. */
export interface Sign1 {
  readonly chain: ChainId
  readonly device: DeviceId
  readonly payload: Uint8Array
  /** 64 bytes. */
  readonly signature: Uint8Array
}

const MAX_BYTES = 64 * 1024
/** 149 bytes are not payload, where the payload's length takes two bytes. */
const MAX_PAYLOAD = MAX_BYTES - 149
const HEADER = 75
const CHAIN_AT = 9
const DEVICE_AT = 43
const ALGORITHM_AT = 2
const PAYLOAD_AT = 4 + HEADER + 1
const start = Uint8Array.of(0xd2, 0x84, 0x58, HEADER)
const signatureHead = Uint8Array.of(0x58, 64)
/** Sig_structure up to the header: array of 4, "Signature1", 75 bytes. */
const structureHead = Uint8Array.of(0x84, 0x6a, ...utf8('Signature1'), 0x58, HEADER)
/** The protected header with zeros for the ids: map of 2; 1: −19; 4: 69 bytes = array of 2 × 32 bytes. */
const template = new Uint8Array(HEADER)
template.set([0xa2, 0x01, 0x32, 0x04, 0x58, 0x45, 0x82, 0x58, 32])
template.set([0x58, 32], DEVICE_AT - 2)
/** Where its bytes are given: everywhere but in the two ids. */
const givenAt = [...Array(CHAIN_AT).keys(), DEVICE_AT - 2, DEVICE_AT - 1]

/** The protected header of a device: 75 bytes. @throws ProtocolError USAGE for ids that are not 32 bytes. */
export function protectedHeader(chain: ChainId, device: DeviceId): Uint8Array<ArrayBuffer> {
  if (expectBytes(chain).length !== 32 || expectBytes(device).length !== 32) {
    throw new ProtocolError('USAGE', 'chain and device ids are 32 bytes')
  }
  const out = new Uint8Array(template)
  out.set(chain, CHAIN_AT)
  out.set(device, DEVICE_AT)
  return out
}

/**
 * The bytes that are signed: Sig_structure of a COSE_Sign1 (RFC 9052 §4.4). `aad` is `bind(purpose, context)`. The header is written
 * anew from the ids that the caller goes on to use, so that these are what the signature covers.
 * @throws ProtocolError USAGE, TOO_LARGE for a payload that no COSE_Sign1 of this format holds.
 */
export function signatureInput(parts: Omit<Sign1, 'signature'>, aad: Uint8Array): Uint8Array<ArrayBuffer> {
  const { chain, device, payload } = partsOf(parts)
  if (expectBytes(payload).length > MAX_PAYLOAD)
    throw new ProtocolError('TOO_LARGE', 'a COSE_Sign1 is at most 64 KiB long')
  const header = protectedHeader(chain, device)
  return concat(structureHead, header, bytesHead(expectBytes(aad).length), aad, bytesHead(payload.length), payload)
}

/** The fields of a caller's structure, each read once. */
const partsOf = <T extends Omit<Sign1, 'signature'>>(parts: T): T =>
  reading('the parts of a COSE_Sign1', () => ({ ...parts }))

/** The one encoding. @throws ProtocolError USAGE for wrong lengths, TOO_LARGE above 64 KiB. */
export function encodeSign1(given: Sign1): Uint8Array<ArrayBuffer> {
  const parts = partsOf(given)
  if (expectBytes(parts.signature).length !== 64) throw new ProtocolError('USAGE', 'a signature is 64 bytes')
  const header = protectedHeader(parts.chain, parts.device)
  if (expectBytes(parts.payload).length > MAX_PAYLOAD)
    throw new ProtocolError('TOO_LARGE', 'a COSE_Sign1 is at most 64 KiB long')
  return concat(
    start,
    header,
    Uint8Array.of(0xa0),
    bytesHead(parts.payload.length),
    parts.payload,
    signatureHead,
    parts.signature,
  )
}

/**
 * Decodes exactly what `encodeSign1` writes; checks form, not the signature. At most 64 KiB, or `limits.bytes` if less.
 * @throws ProtocolError TOO_LARGE, DECODE_*, DOWNGRADE (another signature algorithm).
 */
export function decodeSign1(bytes: Uint8Array, limits?: DecodeLimits): Sign1 {
  const most = limits === undefined ? MAX_BYTES : Math.min(expectLimits(limits).bytes, MAX_BYTES)
  if (expectBytes(bytes).length > most) throw new ProtocolError('TOO_LARGE', 'input is longer than its limit')
  return viewSign1(new Uint8Array(bytes))
}

/** The same in views of `bytes`, which are the caller's own and stay as they are. @throws ProtocolError DECODE_*, DOWNGRADE. */
export function viewSign1(bytes: Uint8Array): Sign1 {
  if (bytes.length < PAYLOAD_AT) throw new ProtocolError('DECODE_TRUNCATED', 'input ends inside a header')
  if (!equal(bytes.subarray(0, start.length), start)) refuse('not a COSE_Sign1 with the header of this format')
  if (bytes[PAYLOAD_AT - 1] !== 0xa0) refuse('the unprotected header is not empty')
  const header = bytes.subarray(start.length, start.length + HEADER)
  checkHeader(header)
  const idAt = (at: number): Uint8Array => header.subarray(at, at + 32)
  return { chain: idAt(CHAIN_AT) as ChainId, device: idAt(DEVICE_AT) as DeviceId, ...payloadAndSignature(bytes) }
}

function checkHeader(header: Uint8Array): void {
  const differs = givenAt.find((at) => header[at] !== template[at])
  if (differs === ALGORITHM_AT) throw new ProtocolError('DOWNGRADE', 'signed with another algorithm')
  if (differs !== undefined) refuse('the protected header is not the one of this format')
}

function payloadAndSignature(bytes: Uint8Array): { payload: Uint8Array; signature: Uint8Array } {
  const { major, value: length, next } = readHead(bytes, PAYLOAD_AT)
  if (major !== 2) refuse('the payload is not a byte string')
  const end = next + length
  if (bytes.length < end + 66) throw new ProtocolError('DECODE_TRUNCATED', 'input ends before the end of the signature')
  if (bytes.length > end + 66) throw new ProtocolError('DECODE_TRAILING', 'bytes follow the signature')
  if (!equal(bytes.subarray(end, end + 2), signatureHead)) refuse('the signature is not 64 bytes')
  return { payload: bytes.subarray(next, end), signature: bytes.subarray(end + 2) }
}

function refuse(message: string): never {
  throw new ProtocolError('DECODE_SHAPE', message)
}

/** Signs a payload for a purpose. `aad` is `bind(purpose, context)`. @throws ProtocolError USAGE, TOO_LARGE. */
export async function sign1(
  parts: Omit<Sign1, 'signature'> & { readonly aad: Uint8Array },
  signer: Signer,
): Promise<Uint8Array<ArrayBuffer>> {
  const { chain, device, payload, aad } = partsOf(parts)
  const signature = await expectFunction(signer)(signatureInput({ chain, device, payload }, aad))
  return encodeSign1({ chain, device, payload, signature })
}

/**
 * Verifies a COSE_Sign1, given as bytes or decoded, under the device's public key (32 bytes) and the external data of its
 * purpose; returns its parts. Whose key that is, is the caller's knowledge: it never comes from the object itself.
 * @throws ProtocolError SIG; for bytes also what `decodeSign1` throws.
 */
export function verifySign1(signed: Uint8Array | Sign1, publicKey: Uint8Array, aad: Uint8Array): Sign1 {
  const parts = isBytes(signed) ? decodeSign1(signed) : partsOf(signed)
  const input = signatureInput(parts, aad)
  if (!verify(publicKey, input, parts.signature)) throw new ProtocolError('SIG', 'the signature does not verify')
  return parts
}
