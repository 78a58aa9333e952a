// The sequencer: the one writer, which places lists of entries in the log. Spec: docs/spec/relay.md, "The turn".
// A value of this interface runs inline (sequencer-inline.ts) or in a worker thread (sequencer-worker.ts); later elsewhere.
import type { AccessPlace, AnyEntry, ChainId, Digest, Seal, TreeHash } from '@sealchart/protocol'
import type { Changed } from './state.js'
import type { Collected, NoticeRow, Staging } from './store/contract.js'

/** Claims that become searchable when the entry at `position` of its list accepts them; `digest` names the bytes beside. */
export interface AcceptedClaims {
  readonly position: number
  readonly digest: Digest
  readonly claims: readonly { readonly name: string; readonly value: string }[]
}

/** A list that passed the gate: signatures, attachments and parts beside are checked, and what is staged is durable. */
export interface GatedList {
  readonly entries: readonly AnyEntry[]
  readonly beside: readonly { readonly digest: Digest; readonly bytes: Uint8Array }[]
  readonly claims: readonly AcceptedClaims[]
  /** Attachments that become live, each with the position of the entry that names it. */
  readonly attachments: readonly { readonly digest: Digest; readonly position: number }[]
  readonly uploads: readonly Uint8Array[]
  /**
   * The log's size when the heads of those were checked who get keys by this list, or hold the keys that it publishes under; null where
   * there are none. They stand in no entry, so the turn compares: who moved since?
   */
  readonly checkedAt: number | null
}

/** The log after a turn. `checkpoint` is a signed note. */
export interface LogHead {
  readonly size: number
  readonly root: TreeHash
  readonly time: number
  readonly checkpoint: string
}

/** Where the entries of a list were placed, with the proof in the tree that their turn ended in. */
export interface PlacedList {
  readonly places: readonly { readonly index: number; readonly access: AccessPlace | null }[]
  readonly seal: Seal
  readonly nodes: readonly TreeHash[]
  readonly head: LogHead
}

/** What everybody who caches is told of a committed turn. `network` is the network's chain id; `leaves` are its leaf hashes, joined; the first has index `first`. */
export interface TurnNews extends Changed {
  readonly network: ChainId
  readonly head: LogHead
  readonly first: number
  readonly leaves: Uint8Array
  readonly notices: readonly NoticeRow[]
}

export interface Sequencer {
  /** The log as it stands, null before the first turn. */
  readonly head: LogHead | null
  /**
   * Places a list whole or not at all; resolves when it is durable.
   * @throws StaleHeads (CONFLICT), MovedHeads, RelayError BUSY, FULL, STAGED_MISSING, INTERNAL (the process is about to stop); what the rules throw.
   */
  append(list: GatedList): Promise<PlacedList>
  /** Rows beside the log, taken between turns. @throws StoreConflict, RelayError FULL. */
  stage(rows: Staging): Promise<void>
  /** One step of a collection, taken between turns. */
  collect(now: number, limit: number): Promise<Collected>
  /** Called with each turn, in order, after it is durable and before its answers go out. */
  onTurn(listener: (news: TurnNews) => void): void
  /** Finishes what waits, then takes nothing more. */
  close(): Promise<void>
}
