// The table of labels, and how a label and a context become bytes: the domain separation of every hash, signature and key.
// Spec: docs/spec/encoding.md, "Labels and contexts". Nothing in Sealchart is hashed, signed, derived or sealed without a row here.
import { sha256 } from '#sha256'
import { encode, type Value } from './codec.js'

/** Purpose → label. ASCII, so that no label followed by CBOR (whose first byte here is ≥ 0x80) is a prefix of another. */
export const labels = {
  // signatures (COSE external AAD, RFC 9421 tag)
  entry: 'sealchart/v1/entry',
  enrolment: 'sealchart/v1/enrolment',
  request: 'sealchart/v1/request',
  // hashes
  entryHash: 'sealchart/v1/entry-hash',
  linkHash: 'sealchart/v1/link-hash',
  chainId: 'sealchart/v1/chain-id',
  deviceId: 'sealchart/v1/device-id',
  foundingSlot: 'sealchart/v1/founding-slot',
  slot: 'sealchart/v1/slot',
  accessStart: 'sealchart/v1/access-start',
  accessLink: 'sealchart/v1/access-link',
  claim: 'sealchart/v1/claim',
  seal: 'sealchart/v1/seal',
  // commitments and derivation (HKDF info)
  deviceSign: 'sealchart/v1/device-sign',
  deviceBox: 'sealchart/v1/device-box',
  epochBox: 'sealchart/v1/epoch-box',
  sectionCommitment: 'sealchart/v1/section-commitment',
  reference: 'sealchart/v1/reference',
  grantKeys: 'sealchart/v1/grant-keys',
  vaultKey: 'sealchart/v1/vault-key',
  journalKey: 'sealchart/v1/journal-key',
  // HPKE info
  deviceWrap: 'sealchart/v1/device-wrap',
  envelope: 'sealchart/v1/envelope',
  trailNote: 'sealchart/v1/trail-note',
  // FLOE associated data
  backLink: 'sealchart/v1/back-link',
  card: 'sealchart/v1/card',
  fileHeader: 'sealchart/v1/file-header',
  file: 'sealchart/v1/file',
  sectionKeys: 'sealchart/v1/section-keys',
  vault: 'sealchart/v1/vault',
  journal: 'sealchart/v1/journal',
  // relay only (MAC)
  ticket: 'sealchart/v1/ticket',
} as const

export type Purpose = keyof typeof labels

const prefixes = Object.fromEntries(
  Object.entries(labels).map(([purpose, label]) => [purpose, new TextEncoder().encode(label)]),
) as Record<Purpose, Uint8Array>

/** The bytes of a label alone. A fresh copy. */
export const labelBytes = (purpose: Purpose): Uint8Array<ArrayBuffer> => new Uint8Array(prefixes[purpose])

/** label ‖ CBOR(context): what goes into associated data, HPKE and HKDF info, and COSE's external data. */
export function bind(purpose: Purpose, context: readonly Value[]): Uint8Array<ArrayBuffer> {
  const label = prefixes[purpose]
  const encoded = encode(context)
  const out = new Uint8Array(label.length + encoded.length)
  out.set(label)
  out.set(encoded, label.length)
  return out
}

/** SHA-256(label ‖ CBOR(context)). */
export const hashOf = (purpose: Purpose, context: readonly Value[]): Uint8Array<ArrayBuffer> => sha256(bind(purpose, context))

/** SHA-256(label ‖ object), for an object that is a canonical encoding already. */
export const hashBytes = (purpose: Purpose, object: Uint8Array): Uint8Array<ArrayBuffer> => sha256(prefixes[purpose], object)
