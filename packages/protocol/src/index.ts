export { concat, type Digest, equal, hex, unhex, utf8 } from './bytes.js'
export { type Value } from './codec.js'
export { bind, hashBytes, hashOf, labelBytes, labels, type Purpose } from './context.js'
export { type ErrorCode, SealchartError } from './errors.js'
