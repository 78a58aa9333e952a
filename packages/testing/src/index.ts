// A network for tests, the search that shows what a relay never had, and the tools of somebody who turns against the network.

export { gatherLoot, type Loot } from './adversary/loot.js'
export { openWithAnything, type SealedObject, type Stored, sealedObjects } from './adversary/objects.js'
export { type Exchange, recordingTransport } from './adversary/recording.js'
export { teamObjects } from './adversary/team-objects.js'
export {
  type NamedSecret,
  type RawAnswer,
  type RawCall,
  type UncheckedClient,
  type UncheckedOptions,
  uncheckedClient,
} from './adversary/unchecked.js'
export { type CanaryFinding, type CanaryForm, type Named, searchCanaries, writeForms } from './canary.js'
export type { Duration, TestClock } from './clock.js'
export {
  type PersonKey,
  type Plan,
  type TestInstitution,
  type TestMember,
  type TestNetwork,
  type TestNetworkOptions,
  testNetwork,
} from './network.js'
export type { Failure, Layer, SeenRequest, StoredByRelay, TestRelay } from './relay.js'
