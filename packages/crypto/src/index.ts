export { startSealPool } from '#pool'
export { type Random, systemRandom } from './check.js'
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
export { HPKE_OVERHEAD, type HpkeContext, openWith, publicKeyOf, sealTo } from './hpke.js'
export { checkPaddedLength, checkPadding, paddedLength } from './padme.js'
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
export { ready } from './sodium.js'
