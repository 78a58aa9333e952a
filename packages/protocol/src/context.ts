// The table of labels, and how a label and a context become bytes: the domain separation of every hash, signature and key.
// Spec: docs/spec/encoding.md, "Labels and contexts". Nothing in Sealchart is hashed, signed, derived or sealed without a row here.
import { sha256 } from '#sha256'
import { concat, expectBytes, utf8 } from './bytes.js'
import { encode, type Value } from './codec.js'
import { ProtocolError } from './errors.js'

// Labels are ASCII and what follows one begins with a byte of 0x80 or more (a CBOR array or tag), so that no labelled string of
// one purpose is a labelled string of another, although some labels begin with another label.

/** Purpose → label. */
export const labels = {
  // signatures (COSE external AAD, RFC 9421 tag)
  entry: 'sealchart/v1/entry',
  enrolment: 'sealchart/v1/enrolment',
  request: 'sealchart/v1/request',
  // hashes
  entryHash: 'sealchart/v1/entry-hash',
  linkHash: 'sealchart/v1/link-hash',
  chainId: 'sealchart/v1/chain-id',
  registration: 'sealchart/v1/registration',
  registrationChain: 'sealchart/v1/registration-chain',
  deviceId: 'sealchart/v1/device-id',
  foundingSlot: 'sealchart/v1/founding-slot',
  slot: 'sealchart/v1/slot',
  accessStart: 'sealchart/v1/access-start',
  accessLink: 'sealchart/v1/access-link',
  claim: 'sealchart/v1/claim',
  seal: 'sealchart/v1/seal',
  offerCode: 'sealchart/v1/offer-code',
  meeting: 'sealchart/v1/meeting',
  // commitments and derivation (HKDF info)
  deviceSign: 'sealchart/v1/device-sign',
  deviceBox: 'sealchart/v1/device-box',
  epochBox: 'sealchart/v1/epoch-box',
  trailBox: 'sealchart/v1/trail-box',
  sectionCommitment: 'sealchart/v1/section-commitment',
  reference: 'sealchart/v1/reference',
  grantKeys: 'sealchart/v1/grant-keys',
  teamTitleKey: 'sealchart/v1/team-title-key',
  vaultUnlock: 'sealchart/v1/vault-unlock',
  vaultKey: 'sealchart/v1/vault-key',
  journalKey: 'sealchart/v1/journal-key',
  nameKey: 'sealchart/v1/name-key',
  offerKey: 'sealchart/v1/offer-key',
  // HPKE info
  deviceWrap: 'sealchart/v1/device-wrap',
  invitation: 'sealchart/v1/invitation',
  envelope: 'sealchart/v1/envelope',
  trailNote: 'sealchart/v1/trail-note',
  // FLOE associated data
  backLink: 'sealchart/v1/back-link',
  card: 'sealchart/v1/card',
  teamTitle: 'sealchart/v1/team-title',
  fileHeader: 'sealchart/v1/file-header',
  file: 'sealchart/v1/file',
  sectionKeys: 'sealchart/v1/section-keys',
  vaultHeader: 'sealchart/v1/vault-header',
  vault: 'sealchart/v1/vault',
  journal: 'sealchart/v1/journal',
  deviceNames: 'sealchart/v1/device-names',
  offer: 'sealchart/v1/offer',
  // relay only (MAC; key of a wrap list's index; hash of a slot of the head lock)
  ticket: 'sealchart/v1/ticket',
  wrapIndex: 'sealchart/v1/wrap-index',
  headLock: 'sealchart/v1/head-lock',
} as const

export type Purpose = keyof typeof labels

const prefixes = new Map<string, Uint8Array>(Object.entries(labels).map(([purpose, label]) => [purpose, utf8(label)]))

function prefix(purpose: Purpose): Uint8Array {
  const bytes = prefixes.get(purpose)
  // Without its label a hash or key would fit any place, so a misspelt purpose must not pass as an empty one.
  if (!bytes) throw new ProtocolError('USAGE', 'no such purpose in the table of labels')
  return bytes
}

/** The bytes of a label alone. A fresh copy. @throws ProtocolError USAGE */
export const labelBytes = (purpose: Purpose): Uint8Array<ArrayBuffer> => new Uint8Array(prefix(purpose))

/** label ‖ CBOR(context): what goes into associated data, HPKE and HKDF info, and COSE's external data. @throws ProtocolError USAGE */
export function bind(purpose: Purpose, context: readonly Value[]): Uint8Array<ArrayBuffer> {
  return concat(prefix(purpose), encodeContext(context))
}

/** SHA-256(label ‖ CBOR(context)). @throws ProtocolError USAGE */
export const hashOf = (purpose: Purpose, context: readonly Value[]): Uint8Array<ArrayBuffer> =>
  sha256(prefix(purpose), encodeContext(context))

function encodeContext(context: readonly Value[]): Uint8Array {
  if (!Array.isArray(context)) throw new ProtocolError('USAGE', 'a context is an array')
  return encode(context)
}

/**
 * SHA-256(label ‖ object), for an object that is a canonical encoding already: a CBOR array or a COSE_Sign1.
 * @throws ProtocolError USAGE for an object that begins with a byte below 0x80, which could continue a label.
 */
export function hashBytes(purpose: Purpose, object: Uint8Array): Uint8Array<ArrayBuffer> {
  if ((expectBytes(object)[0] ?? 0) < 0x80) throw new ProtocolError('USAGE', 'a labelled object is a CBOR array or tag')
  return sha256(prefix(purpose), object)
}
