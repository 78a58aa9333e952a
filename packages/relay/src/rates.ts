// Rates: one token bucket a device, in memory. Spec: docs/spec/relay.md, "Limits". They slow down a device that runs wild; they are no
// defence against many devices, and forget everything at a restart.
import { RelayError } from './errors.js'
import { keyOf, lru } from './state.js'

export interface Rates {
  /** Takes nothing. @throws RelayError RATE with `details.seconds` until `count` are allowed. */
  check(device: Uint8Array, count: number): void
  /** @throws RelayError RATE with `details.seconds` until `count` more are allowed. */
  take(device: Uint8Array, count: number): void
}

export interface RateOptions {
  /** Most tokens that a device saves up. */
  readonly burst: number
  /** Tokens a second. */
  readonly rate: number
  readonly now: () => number
}

interface Bucket {
  readonly tokens: number
  readonly at: number
}

/** Devices that are remembered; a forgotten one starts with a full bucket. */
const KEPT = 100_000

export function createRates({ burst, rate, now }: RateOptions): Rates {
  const buckets = lru<Bucket>(KEPT)
  const tokensOf = (device: Uint8Array, at: number): number => {
    const bucket = buckets.get(keyOf(device)) ?? { tokens: burst, at }
    return Math.min(burst, bucket.tokens + (Math.max(0, at - bucket.at) / 1000) * rate)
  }
  const requireRoom = (tokens: number, count: number): void => {
    // A list longer than the burst is allowed from a full bucket: it could never pass otherwise.
    const needed = Math.min(count, burst)
    if (tokens >= needed) return
    const seconds = Math.max(1, Math.ceil((needed - tokens) / rate))
    throw new RelayError('RATE', 'more than is allowed for now', { details: { seconds } })
  }
  return {
    check: (device, count) => requireRoom(tokensOf(device, now()), count),
    take(device, count) {
      const at = now()
      const tokens = tokensOf(device, at)
      requireRoom(tokens, count)
      buckets.set(keyOf(device), { tokens: tokens - count, at })
    },
  }
}
