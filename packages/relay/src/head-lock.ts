// What every head lock keeps: the log's key, and the highest tree head that was signed with it. Spec: docs/spec/storage.md, "Head lock".
// It lies outside of the store and of every backup, so that a restored store cannot sign a second history of the same log.
//
// Here: the contract, and the lock in memory for tests, simulation and the testing package. On a disk: head-lock-files.ts.
import { emptyRoot, equal, type TreeHash } from '@sealchart/protocol'
import { RelayError } from './errors.js'
import { type LogKey, logKey } from './log-key.js'

/** A tree head with the signed note that says it. */
export interface SignedHead {
  readonly size: number
  readonly root: TreeHash
  readonly checkpoint: string
}

export interface HeadLock {
  readonly key: LogKey
  /** The highest signed head; null before the first. */
  latest(): SignedHead | null
  /**
   * Remembers a head, durable when it resolves; calls are taken one after the other.
   * @throws RelayError LOCK_AHEAD for a head below the highest, LOG_INCONSISTENT for another one of the same size, OUTCOME_UNKNOWN when
   * it could not be written: the process must stop, and every later call fails too.
   */
  advance(head: SignedHead): Promise<void>
  /** Lets another process in. */
  close(): Promise<void>
}

/** The head of a lock that has not advanced yet. */
export const noHead = (): SignedHead => ({ size: 0, root: emptyRoot(), checkpoint: '' })

/** @throws RelayError LOCK_AHEAD, LOG_INCONSISTENT unless `next` can follow `latest`. */
export function checkAdvance(latest: SignedHead, next: SignedHead): void {
  if (next.size < latest.size) throw new RelayError('LOCK_AHEAD', 'a larger tree was signed already')
  if (next.size === latest.size && !equal(next.root, latest.root)) {
    throw new RelayError('LOG_INCONSISTENT', 'another tree of this size was signed already')
  }
}

/** A head lock that ends with the object. `seed`: 32 bytes. @throws as `logKey`. */
export async function memoryHeadLock(origin: string, seed: Uint8Array): Promise<HeadLock> {
  let latest = noHead()
  return {
    key: await logKey(origin, seed),
    latest: () => (latest.size === 0 ? null : latest),
    async advance({ size, root, checkpoint }) {
      const next = { size, root: new Uint8Array(root) as Uint8Array as TreeHash, checkpoint }
      checkAdvance(latest, next)
      latest = next
    },
    close: async () => {},
  }
}
