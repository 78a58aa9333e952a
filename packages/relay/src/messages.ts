// What main thread and sequencer's thread say to each other. Spec: docs/spec/relay.md, "The turn".
// Errors cross as what they say: an Error object would arrive without its class and code.
import {
  type AnyEntry,
  type ChainId,
  type ErrorCode,
  type ErrorDetails,
  ProtocolError,
  SealchartError,
} from '@sealchart/protocol'
import { RelayError } from './errors.js'
import { MovedHeads, type NamedHead, StaleHeads } from './place.js'
import type { GatedList, LogHead, PlacedList, TurnNews } from './sequencer.js'
import { type Collected, type Staging, StoreConflict } from './store/contract.js'

/** A list whose entries are bytes: whoever places them decodes them again. */
export type SentList = Omit<GatedList, 'entries'> & { readonly entries: readonly Uint8Array[] }

export type Ask =
  | { readonly ask: 'append'; readonly list: SentList }
  | { readonly ask: 'stage'; readonly rows: Staging }
  | { readonly ask: 'collect'; readonly now: number; readonly limit: number }
  | { readonly ask: 'close' }

export type ToWorker = { readonly id: number } & Ask

export interface SentError {
  readonly class: 'protocol' | 'relay' | 'conflict' | 'other'
  readonly code: ErrorCode
  readonly message: string
  readonly details: ErrorDetails
  readonly moved: { readonly chains: readonly ChainId[] | null; readonly size: number } | null
  readonly stale: { readonly named: readonly NamedHead[]; readonly signer: AnyEntry['signer'] } | null
}

export type Answered = PlacedList | Collected | null

export type FromWorker =
  | { readonly say: 'ready'; readonly head: LogHead | null; readonly origin: string; readonly publicKey: Uint8Array }
  | { readonly say: 'turn'; readonly news: TurnNews }
  | { readonly say: 'answer'; readonly id: number; readonly answer: Answered }
  | { readonly say: 'refusal'; readonly id: number; readonly error: SentError }
  | { readonly say: 'fatal'; readonly error: SentError }

export function toSent(error: unknown): SentError {
  const message = error instanceof Error ? error.message : 'unknown'
  const known = error instanceof SealchartError ? error : null
  return {
    class: classOf(error),
    code: known?.code ?? 'INTERNAL',
    message,
    details: known?.details ?? {},
    moved: error instanceof MovedHeads ? { chains: error.chains, size: error.size } : null,
    stale: error instanceof StaleHeads ? { named: error.named, signer: error.signer } : null,
  }
}

function classOf(error: unknown): SentError['class'] {
  if (error instanceof StoreConflict) return 'conflict'
  if (error instanceof ProtocolError) return 'protocol'
  return error instanceof RelayError ? 'relay' : 'other'
}

export function fromSent({ class: of, code, message, details, stale, moved }: SentError): Error {
  if (moved) return new MovedHeads(moved.chains, moved.size)
  if (stale) return new StaleHeads(stale.named, stale.signer)
  if (of === 'conflict') return new StoreConflict(message)
  return of === 'protocol' ? new ProtocolError(code, message, { details }) : new RelayError(code, message, { details })
}
