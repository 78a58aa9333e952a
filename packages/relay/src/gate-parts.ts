// What the gate works with. Spec: docs/spec/relay.md, "The gate".
import type { AnyEntry, ChainId, NoteKey } from '@sealchart/protocol'
import type { RelayConfig } from './config.js'
import type { Permissions } from './permissions.js'
import type { Quotas } from './quotas.js'
import type { Rates } from './rates.js'
import type { Segments } from './segments/contract.js'
import type { Sequencer } from './sequencer.js'
import type { State } from './state.js'
import type { Reads } from './store/contract.js'

export interface GateParts {
  readonly reads: Reads
  readonly segments: Segments
  readonly sequencer: Sequencer
  readonly state: State
  readonly permissions: Permissions
  readonly quotas: Quotas
  /** Entries a device. */
  readonly rates: Rates
  readonly config: RelayConfig
  readonly log: NoteKey
  readonly now: () => number
  readonly random: (length: number) => Uint8Array
  /** The network's chain id, null before it is founded. */
  readonly network: () => ChainId | null
}

/** An entry with the state before it: what it is judged against. */
export interface Judged {
  readonly entry: AnyEntry
  readonly before: State
}
