// What travels between a doctor's SDK and the issuer behind the vendor's log-in: a request and its answer. Spec: docs/spec/entries.md, "Enrolment".
import { blob, bytes, type ChainId, type Infer, limits, nullable, pack, struct, unpack } from '@sealchart/protocol'

/** A first request carries the signed founding entry of the member's chain; a renewal only names the chain. */
const requestShape = struct({ member: bytes<ChainId>(32), founding: nullable(blob(limits.entry)) })
export type CredentialRequest = Infer<typeof requestShape>

export const encodeCredentialRequest = (request: CredentialRequest): Uint8Array<ArrayBuffer> =>
  pack(requestShape, request)
export const decodeCredentialRequest = (encoded: Uint8Array): CredentialRequest =>
  unpack(requestShape, encoded, 'credential request')

/** The credential entry, the claims that lie beside it, and a pass (none in this version). */
const answerShape = struct({
  credential: blob(limits.entry, 1),
  claims: blob(limits.claims, 1),
  pass: nullable(blob(512)),
})
export type CredentialAnswer = Infer<typeof answerShape>

export const encodeCredentialAnswer = (answer: CredentialAnswer): Uint8Array<ArrayBuffer> => pack(answerShape, answer)
export const decodeCredentialAnswer = (encoded: Uint8Array): CredentialAnswer =>
  unpack(answerShape, encoded, 'credential answer')
