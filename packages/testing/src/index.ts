// A network for tests, and the search that shows what a relay never had. For vendors' tests and for ours.

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
export type { Failure, Layer, SeenRequest, TestRelay } from './relay.js'
