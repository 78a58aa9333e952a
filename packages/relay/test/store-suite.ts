// What every store must keep. store.test.ts runs it on each back end; a new back end runs it unchanged.
import { objectSuite } from './store-suite-objects.js'
import { stateSuite } from './store-suite-state.js'
import { turnSuite } from './store-suite-turns.js'
import type { OpenStore } from './store-support.js'

export function storeSuite(name: string, open: OpenStore): void {
  turnSuite(name, open)
  stateSuite(name, open)
  objectSuite(name, open)
}
