// The package's one entry: whatever needs a secret. What is not listed is internal. Spec: docs/spec/keys.md, docs/spec/sealing.md.

export { startSealPool } from '#pool'
export { type Card, type CardPatient, openCard, sealCard } from './card.js'
export { type Random, systemRandom } from './check.js'
export { type DeviceName, openDeviceNames, sealDeviceNames } from './device-names.js'
export {
  type EpochKey,
  type LeafPlace,
  openDeviceWrap,
  openEnvelope,
  openKeys,
  openTeamWrap,
  sealDeviceWrap,
  sealTeamWrap,
  sealWrap,
  sealWraps,
  type WrapPlace,
  type WrapSecrets,
} from './envelope.js'
export { CryptoError } from './errors.js'
export {
  joinSegment,
  nameSegment,
  type Opening,
  openBytes,
  type RecordedSegment,
  resumeSealing,
  type Sealing,
  type SealingOptions,
  sealBytes,
  startOpening,
  startSealing,
} from './floe.js'
export {
  FILE,
  type FloeParameters,
  payloadLength,
  type Segment,
  SMALL,
  sealedLength,
  segmentCount,
  segmentIv,
} from './floe-layout.js'
export { type FileHeader, fileContext, openFileHeader, sealFileHeader } from './header.js'
export { HPKE_OVERHEAD, type HpkeContext, openWith, publicKeyOf, sealTo } from './hpke.js'
export { decodeIdentity, encodeIdentity, type Identity } from './identity.js'
export {
  type BoxKeys,
  checkEpochSecret,
  checkSectionKey,
  checkTrailSecret,
  type Device,
  deviceFromSeed,
  memberEpochKeys,
  openBackLink,
  recordNonce,
  sealBackLink,
  sectionCommitment,
  trailKeys,
} from './keys.js'
export { openNote, sealNote, type TrailNote } from './note.js'
export {
  type Invitation,
  type Meeting,
  meetingPlace,
  type Offer,
  offerCode,
  openConsent,
  openInvitation,
  openOffer,
  sealConsent,
  sealInvitation,
  sealOffer,
} from './offer.js'
export { checkPaddedLength, checkPadding, paddedLength } from './padme.js'
export type {
  BackLinkPlace,
  FileHeaderPlace,
  FilePlace,
  MemberPlace,
  NotePlace,
  RecordPlace,
  SectionPlace,
  TeamPlace,
} from './place.js'
export type {
  NamedBytes,
  NamedSegment,
  PoolFile,
  PoolOpening,
  PoolSealing,
  SealPool,
  Source,
  StartSealPool,
} from './pool.js'
export { release } from './release.js'
export {
  type AnySecret,
  asSecret,
  type DeviceSeed,
  type EpochSecret,
  equalSecrets,
  type FileKey,
  type GrantSecret,
  newSecret,
  type SectionKey,
  type TrailSecret,
  wipe,
} from './secrets.js'
export { type SelftestResult, selftest } from './selftest.js'
export { ready } from './sodium.js'
export { openTeamTitle, sealTeamTitle, type TeamTitle } from './team-title.js'
export {
  createVaultKey,
  type KdfCost,
  openBlob,
  openVaultKey,
  sealBlob,
  sealVaultKey,
  type Unlock,
  type VaultBlob,
  type VaultKey,
} from './vault.js'
