// Bytes of bodies in memory: however many requests come at once, large bodies share one allowance. Spec: docs/spec/relay.md, "Limits".
import { RelayError } from './errors.js'

export interface Intake {
  /** Counts more bytes of a request's body. @throws RelayError BUSY when large bodies fill the allowance. */
  take(request: object, bytes: number): void
}

/** An allowance, and who may use how much of it. */
export interface Intakes {
  /** For requests whose signature or ticket is good: all of it. */
  readonly known: Intake
  /** For all others: a quarter, so that nobody without a device or a ticket takes it from those who have one. */
  readonly strangers: Intake
  /** The request is answered: its body is no longer needed. */
  release(request: object): void
}

/** What a body may have without being counted: small requests are never turned away because of large ones. */
const FREE = 256 * 1024
const STRANGERS = 1 / 4

/** An allowance of `most` bytes. */
export function createIntakes(most: number): Intakes {
  const bodies = new Map<object, { readonly isKnown: boolean; bytes: number }>()
  const counted = { known: 0, strangers: 0 }
  const beyond = (bytes: number): number => Math.max(0, bytes - FREE)
  const intake = (isKnown: boolean): Intake => ({
    take(request, bytes) {
      const body = bodies.get(request) ?? { isKnown, bytes: 0 }
      const more = beyond(body.bytes + bytes) - beyond(body.bytes)
      const isFull = counted.known + counted.strangers + more > most
      if (isFull || (!isKnown && counted.strangers + more > most * STRANGERS))
        throw new RelayError('BUSY', 'too many large bodies are being received')
      counted[isKnown ? 'known' : 'strangers'] += more
      body.bytes += bytes
      bodies.set(request, body)
    },
  })
  return {
    known: intake(true),
    strangers: intake(false),
    release(request) {
      const body = bodies.get(request)
      if (body === undefined) return
      counted[body.isKnown ? 'known' : 'strangers'] -= beyond(body.bytes)
      bodies.delete(request)
    },
  }
}
