// Quotas: what members may have stored without an entry that publishes it. Spec: docs/spec/relay.md, "Limits".
// A member's reservations are rows; the total of all members and the bytes put under each upload are counted in memory, and after a
// restart from zero: both bound how fast a disk fills, neither is a promise to anybody.
import { type ChainId, hex } from '@sealchart/protocol'
import type { OperatingLimits } from './config.js'
import { RelayError } from './errors.js'
import type { Reads, UploadRow } from './store/contract.js'

export interface Quotas {
  /** Runs `open` with no other reservation between check and row. @throws RelayError QUOTA. */
  reserve<T>(wanted: { readonly member: ChainId; readonly bytes: number }, open: () => Promise<T>): Promise<T>
  /** Counts bytes put under an upload. @throws RelayError QUOTA when they exceed what it reserved. */
  use(upload: UploadRow, bytes: number): void
  /** Forgets what has expired at `now`. */
  sweep(now: number): void
}

export function createQuotas(reads: Reads, limits: OperatingLimits, now: () => number): Quotas {
  const used = new Map<string, { bytes: number; expires: number }>()
  const reserved: { readonly bytes: number; readonly expires: number }[] = []
  let last: Promise<unknown> = Promise.resolve()

  const check = async ({ member, bytes }: { member: ChainId; bytes: number }): Promise<void> => {
    const own = await reads.reserved(member, now())
    const all = reserved.reduce((sum, one) => sum + (one.expires > now() ? one.bytes : 0), 0)
    const refused =
      own.uploads >= limits.uploads || own.bytes + bytes > limits.memberBytes || all + bytes > limits.allBytes
    if (refused) throw new RelayError('QUOTA', 'too much is stored that no entry has published')
  }

  return {
    reserve(wanted, open) {
      const next = last.then(async () => {
        await check(wanted)
        const opened = await open()
        reserved.push({ bytes: wanted.bytes, expires: now() + limits.staged })
        return opened
      })
      last = next.catch(() => {})
      return next
    },
    use(upload, bytes) {
      const key = hex(upload.id)
      const known = used.get(key)?.bytes ?? 0
      if (known + bytes > upload.reserved) throw new RelayError('QUOTA', 'more bytes than the upload reserved')
      used.set(key, { bytes: known + bytes, expires: now() + limits.staged })
    },
    sweep(at) {
      for (const [key, one] of used) if (one.expires <= at) used.delete(key)
      const left = reserved.filter((one) => one.expires > at)
      reserved.splice(0, reserved.length, ...left)
    },
  }
}
