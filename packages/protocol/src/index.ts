// The package's one entry, grouped by file in the order in which they build on each other. What is not listed is internal.

export { sha256 } from '#sha256'
export type { VerifySignatures } from './ahead.js'
export {
  type AppendAnswer,
  type AppendRequest,
  appendAnswer,
  appendRequest,
  attachmentAnswer,
  directoryAnswer,
  directoryRequest,
  type ErrorAnswer,
  errorAnswer,
  type HandedRow,
  type Handout,
  inboxAnswer,
  inboxFrame,
  inboxRequest,
  inboxStreamRequest,
  type Known,
  meetingAnswer,
  meetingRequest,
  networkAnswer,
  paths,
  presentAnswer,
  presentRequest,
  type RecordItem,
  type RecordsAnswer,
  type RecordsRequest,
  recordsAnswer,
  recordsRequest,
  type SyncAnswer,
  type SyncRequest,
  segmentBatchRequest,
  syncAnswer,
  syncRequest,
  type Ticket,
  teamsAnswer,
  teamsRequest,
  ticketShape,
  uploadAnswer,
  uploadRequest,
  wrapsAnswer,
  wrapsRequest,
} from './api.js'
export { planBatch, verifyBatch } from './batch.js'
export {
  type ActionName,
  type Attached,
  actions,
  allActions,
  type BackLink,
  type Bodies,
  type Content as SectionContent,
  type EpochStart,
  type KindName,
  kinds,
  type NextEpoch,
  type Seat,
  type TrailStart,
  type WrapsRef,
} from './bodies.js'
export type { BoxKey, ChainId, DeviceId, Digest, EntryHash, LinkHash, SignKey, Slot, TreeHash } from './bytes.js'
export { base64, compare, concat, equal, expectBytes, hex, unbase64, unhex, utf8 } from './bytes.js'
export { type Checkpoint, decodeCheckpoint, encodeCheckpoint, signCheckpoint, verifyCheckpoint } from './checkpoint.js'
export { type Claim, decodeClaims, encodeClaims } from './claims.js'
export { type DecodeLimits, decode, encode, type Value } from './codec.js'
export { bind, hashBytes, hashOf, labelBytes, labels, type Purpose } from './context.js'
export {
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
  type AnyEntry,
  accessLogOf,
  chainIdOf,
  claimHash,
  decodeEntry,
  type Entry,
  FORMAT,
  is,
  isSigned,
  type Rest,
  registrationChainOf,
  registrationHash,
  type Seen,
  type SignedEntry,
  type Statement,
  shortId,
  signEntry,
  verifyEntry,
} from './entry.js'
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
  accessLink,
  accessStart,
  checkNextSeal,
  decodeLeaf,
  type EntryLeaf,
  encodeEntryLeaf,
  encodeSeal,
  foundingSlot,
  type LogLeaf,
  logTimeOf,
  type Seal,
  type SealLeaf,
  sealIndex,
  slotAfter,
} from './leaf.js'
export { Ledger } from './ledger.js'
export { limits } from './limits.js'
export {
  decodeIndex,
  decodeManifest,
  encodeIndex,
  encodeManifest,
  type Manifest,
  type ManifestFile,
  namesRoot,
} from './manifest.js'
export {
  append,
  assemble,
  type Edge,
  edgeShape,
  emptyEdge,
  emptyRoot,
  leafHash,
  type Node,
  nodeHash,
  type Plan,
  planConsistency,
  planEdge,
  planInclusion,
  rootOf,
  rootOfEdge,
  type TreeHead,
  verifyConsistency,
  verifyInclusion,
} from './merkle.js'
export { decodeNoteKey, encodeNoteKey, type NoteKey, type NoteSigner, noteKey } from './note.js'
export type { ChainPin, NetworkPin, Pins } from './pins.js'
export { type AccessPlace, checkGrowth, type Placed, type Proven, slotOf, verifyProven } from './proven.js'
export {
  type Content,
  type LookupKey,
  parseUrl,
  type RequestParts,
  type RequestSigner,
  type SignatureHeaders,
  signRequest,
  verifyRequest,
} from './request.js'
export { admits, type Recipients } from './rules/admits.js'
export { applyEntry, checkList } from './rules/apply.js'
export { enrolmentMessage } from './rules/authority.js'
export {
  type Change,
  type ContentFact,
  type Credential,
  DEVICES,
  type Fact,
  type Founder,
  facts,
  GRANTS,
  type Grant,
  type GroupEpoch,
  grantHashOf,
  type Move,
  type Proposal,
  readFact,
  SEATS,
  type SeatFact,
  type Section,
  type Team,
} from './rules/facts.js'
export { requireHeld, requireUnopened } from './rules/grants.js'
export { type LiveGrant, liveGrants, mayReadTrail } from './rules/live-grants.js'
export { type Facts, type Look, lookFor, type Position, type StoredFact } from './rules/look.js'
export { type AsOf, type Holder, isHeldAsWrapped, isVouchedFor, reachedBy, reachOf } from './rules/reach.js'
export { isSeated } from './rules/seats.js'
export { requireCredential, signKeyOf } from './rules/standing.js'
export type { Infer, Shape } from './shape.js'
export { blob, bool, bytes, list, nullable, oneOf, pack, packAnswer, struct, text, uint, unpack } from './shape.js'
export {
  decodeTile,
  encodeBundle,
  encodeTile,
  leavesOf,
  nodesOf,
  parseTilePath,
  type Tile,
  tileOf,
  tilePath,
  tilesFor,
} from './tiles.js'
export { checkTrail } from './trail.js'
export {
  checkWrapList,
  decodeWrapList,
  decodeWrapRow,
  describeWrapList,
  encodeTarget,
  encodeWrapList,
  encodeWrapRow,
  readWrapRows,
  type WrapLeaf,
  type WrappedGrant,
  type WrapRange,
  type WrapRow,
  type WrapTarget,
  wrapLeafHash,
} from './wraps.js'
