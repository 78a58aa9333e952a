// What every route works with, made once when the relay starts. Spec: docs/spec/relay.md.
import type { ClosureParts } from './closure.js'
import type { GateParts } from './gate-parts.js'
import type { HandoutParts } from './handout.js'
import type { SignatureParts } from './http.js'
import type { Intakes } from './intake.js'
import type { LogTree } from './log-tree.js'
import type { Meetings } from './meetings.js'
import type { NoticeBoard, Waiting } from './notices.js'
import type { Rates } from './rates.js'

/** ms since 1970, and a way to wait. */
export interface Clock extends Waiting {
  now(): number
}

export interface Services extends GateParts, ClosureParts, HandoutParts {
  readonly clock: Clock
  readonly logTree: LogTree
  readonly notices: NoticeBoard
  readonly intakes: Intakes
  readonly meetings: Meetings
  readonly onFailure: (error: unknown) => void
  readonly signatures: SignatureParts
  /** Signed requests other than appends, a device. */
  readonly requestRates: Rates
}
