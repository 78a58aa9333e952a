// The package's one entry, grouped by file in the order in which they build on each other. What is not listed is internal.

export type { BoxKey, ChainId, DeviceId, Digest, EntryHash, LinkHash, SignKey, Slot, TreeHash } from './bytes.js'
export { base64, compare, concat, equal, expectBytes, hex, unbase64, unhex, utf8 } from './bytes.js'
export { type DecodeLimits, decode, encode, type Value } from './codec.js'
export { bind, hashBytes, hashOf, labelBytes, labels, type Purpose } from './context.js'
export {
  type DecodedSign1,
  decodeSign1,
  encodeSign1,
  type Sign1,
  type Signer,
  sign1,
  signatureInput,
  verifySign1,
} from './cose.js'
export {
  boxKey,
  checkBoxKey,
  checkDeviceKeys,
  checkSignKey,
  type DevicePublicKeys,
  deviceId,
  devicePublicKeys,
  signKey,
} from './device-keys.js'
export { ready, verify } from './ed25519.js'
export {
  type ErrorAction,
  type ErrorCode,
  type ErrorDetails,
  type ErrorKind,
  errorCodes,
  ProtocolError,
  SealchartError,
} from './errors.js'
export {
  type Content,
  type LookupKey,
  type RequestParts,
  type RequestSigner,
  type SignatureHeaders,
  signRequest,
  verifyRequest,
} from './request.js'
export type { Infer, Shape } from './shape.js'
export { blob, bool, bytes, list, nullable, oneOf, pack, struct, text, uint, unpack } from './shape.js'
