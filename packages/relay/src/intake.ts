// Bytes of bodies in memory: however many requests come at once, large bodies share one allowance. Spec: docs/spec/relay.md, "Limits".
import { RelayError } from './errors.js'

export interface Intake {
  /** Counts more bytes of a request's body. @throws RelayError BUSY when large bodies fill the allowance. */
  take(request: object, bytes: number): void
  /** The request is answered: its body is no longer needed. */
  release(request: object): void
}

/** What a body may have without being counted: small requests are never turned away because of large ones. */
const FREE = 256 * 1024

/** An allowance of `most` bytes. */
export function createIntake(most: number): Intake {
  const bodies = new Map<object, number>()
  let counted = 0
  const beyond = (bytes: number): number => Math.max(0, bytes - FREE)
  return {
    take(request, bytes) {
      const before = bodies.get(request) ?? 0
      const more = beyond(before + bytes) - beyond(before)
      if (counted + more > most) throw new RelayError('BUSY', 'too many large bodies are being received')
      counted += more
      bodies.set(request, before + bytes)
    },
    release(request) {
      counted -= beyond(bodies.get(request) ?? 0)
      bodies.delete(request)
    },
  }
}
