// Quotas: what members may have stored without an entry that publishes it. Spec: docs/spec/relay.md, "Limits".
// A member's uploads are rows; staged attachments, the total of all members and the bytes put under each upload are counted in memory, and
// after a restart from zero: these bound how fast a disk fills, none is a promise to anybody.
import { type ChainId, hex } from '@sealchart/protocol'
import type { OperatingLimits } from './config.js'
import { RelayError } from './errors.js'
import type { Reads, UploadRow } from './store/contract.js'

/** Bytes that are to be stored until `expires`, under the id of an upload or the digest of an attachment. */
export interface Wanted {
  readonly id: Uint8Array
  readonly member: ChainId
  readonly bytes: number
  readonly expires: number
}

export interface Quotas {
  /** Opens an upload, with no other of that member's between check and row. @throws RelayError QUOTA; then, as for other errors, nothing is counted. */
  reserve<T>(wanted: Wanted, open: () => Promise<T>): Promise<T>
  /** Stores segments that came with their entry: no upload stays open for them, so they are counted as bytes alone. @throws as `reserve`. */
  carry<T>(wanted: Wanted, store: () => Promise<T>): Promise<T>
  /** Stages an attachment. @throws as `reserve`. */
  attach<T>(wanted: Wanted, store: () => Promise<T>): Promise<T>
  /** Counts bytes while they are put under an upload; not those that could not be stored. @throws RelayError QUOTA when they exceed what it reserved. */
  use<T>(upload: UploadRow, bytes: number, store: () => Promise<T>): Promise<T>
  /** An entry names these uploads and attachments now: they are no longer anybody's quota. */
  release(ids: readonly Uint8Array[]): void
  /** Forgets what has expired at `now`. */
  sweep(now: number): void
}

interface Held {
  readonly member: string
  readonly bytes: number
  readonly attachment: boolean
  readonly expires: number
}

const full = (): RelayError => new RelayError('QUOTA', 'too much is stored that no entry has published')

/** What is held, with its sums. */
function ledgerOf() {
  const held = new Map<string, Held>()
  const attached = new Map<string, { bytes: number; count: number }>()
  let total = 0
  const add = ({ member, bytes, attachment }: Held, sign: 1 | -1): void => {
    total += sign * bytes
    if (!attachment) return
    const own = attached.get(member) ?? { bytes: 0, count: 0 }
    const next = { bytes: own.bytes + sign * bytes, count: own.count + sign }
    if (next.count === 0) attached.delete(member)
    else attached.set(member, next)
  }
  const drop = (key: string): void => {
    const one = held.get(key)
    if (one) add(one, -1)
    held.delete(key)
  }
  return {
    total: () => total,
    attached: (member: ChainId) => attached.get(hex(member)) ?? { bytes: 0, count: 0 },
    has: (id: Uint8Array) => held.has(hex(id)),
    hold({ id, member, bytes, expires }: Wanted, attachment: boolean): void {
      drop(hex(id))
      const one = { member: hex(member), bytes, attachment, expires }
      held.set(hex(id), one)
      add(one, 1)
    },
    drop,
    sweep(now: number): void {
      for (const [key, { expires }] of held) if (expires <= now) drop(key)
    },
  }
}

export function createQuotas(reads: Reads, limits: OperatingLimits, now: () => number): Quotas {
  const ledger = ledgerOf()
  const used = new Map<string, { bytes: number; expires: number }>()
  const opening = new Map<string, Promise<unknown>>()

  const checkBytes = async ({ member, bytes }: Wanted): Promise<number> => {
    const own = await reads.reserved(member, now())
    const mine = own.bytes + ledger.attached(member).bytes + bytes
    if (mine > limits.memberBytes || ledger.total() + bytes > limits.allBytes) throw full()
    return own.uploads
  }

  /** Held before it is stored, so that others count it meanwhile; what could not be stored is given back. */
  const holding = async <T>(wanted: Wanted, attachment: boolean, store: () => Promise<T>): Promise<T> => {
    ledger.hold(wanted, attachment)
    try {
      return await store()
    } catch (error) {
      ledger.drop(hex(wanted.id))
      throw error
    }
  }

  return {
    reserve(wanted, open) {
      const key = hex(wanted.member)
      const next = (opening.get(key) ?? Promise.resolve()).then(async () => {
        if ((await checkBytes(wanted)) >= limits.uploads) throw full()
        return holding(wanted, false, open)
      })
      const settled = next.catch(() => {}).then(() => void (opening.get(key) === settled && opening.delete(key)))
      opening.set(key, settled)
      return next
    },
    async carry(wanted, store) {
      await checkBytes(wanted)
      return holding(wanted, false, store)
    },
    async attach(wanted, store) {
      if (ledger.has(wanted.id)) return store()
      await checkBytes(wanted)
      if (ledger.attached(wanted.member).count >= limits.attachments) throw full()
      return holding(wanted, true, store)
    },
    async use(upload, bytes, store) {
      const key = hex(upload.id)
      const one = used.get(key) ?? { bytes: 0, expires: 0 }
      if (one.bytes + bytes > upload.reserved) throw new RelayError('QUOTA', 'more bytes than the upload reserved')
      used.set(key, one)
      one.bytes += bytes
      one.expires = now() + limits.staged
      try {
        return await store()
      } catch (error) {
        one.bytes -= bytes
        throw error
      }
    },
    release(ids) {
      for (const id of ids) {
        ledger.drop(hex(id))
        used.delete(hex(id))
      }
    },
    sweep(at) {
      for (const [key, one] of used) if (one.expires <= at) used.delete(key)
      ledger.sweep(at)
    },
  }
}
