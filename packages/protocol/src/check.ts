// Checks of arguments that come from the caller's own code, so that a mistake ends in USAGE where it comes in and not in a TypeError,
// or in an answer, further on. Bytes have theirs in bytes.ts. What was signed or sent is not checked here: decoders and verifiers do.
import { ProtocolError } from './errors.js'

const misused = (what: string, cause?: unknown): ProtocolError =>
  new ProtocolError('USAGE', `expected ${what}`, cause === undefined ? {} : { cause })

/**
 * What `read` makes of a caller's structure. Whatever else than our own errors is thrown meanwhile (by a missing field, or one that
 * can't be read) is the caller's mistake; so nothing of the caller's may be called in there.
 * @throws ProtocolError USAGE, and what `read` throws of ours.
 */
export function reading<T>(what: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    if (cause instanceof ProtocolError) throw cause
    throw misused(what, cause)
  }
}

/** @throws ProtocolError USAGE */
export function expectText(value: string): string {
  if (typeof value !== 'string') throw misused('a string')
  return value
}

/** A natural number up to 2^53−1. @throws ProtocolError USAGE */
export function expectNatural(value: number): number {
  if (!isNatural(value)) throw misused('a natural number')
  return value
}

export const isNatural = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

/** @throws ProtocolError USAGE */
export function expectFunction<F>(value: F): F {
  if (typeof value !== 'function') throw misused('a function')
  return value
}

/** A list whose items are each checked. Holes are items too. @throws ProtocolError USAGE, and what `check` throws. */
export function expectList<T>(items: readonly T[], check: (item: T) => unknown): readonly T[] {
  if (!Array.isArray(items)) throw misused('a list')
  return reading('a list', () => {
    for (let i = 0; i < items.length; i++) check(items[i] as T)
    return items
  })
}
