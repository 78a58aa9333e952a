// The head lock on a disk: the folder DIR.local beside the store's DIR. Spec: docs/spec/storage.md, "Head lock".
// It holds `lock` (admits one process), `key` (the log's seed) and `head` (the highest signed head, in two slots).
//
// Made once, with an empty store; the key comes before the head, so that a folder with a head always has its key. Never in a backup.
import { chmod, open, rename, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { RelayError } from './errors.js'
import { makeFolder, syncFolder } from './folders.js'
import { type HeadLock, type SignedHead } from './head-lock.js'
import { newSlots, openSlots } from './head-slots.js'
import { type LogKey, logKey } from './log-key.js'
import { lockFile } from './store/sqlite-lock.js'

export interface HeadLockOptions {
  /** The log's name: the first line of each checkpoint. */
  readonly origin: string
  /** Make what is missing: true exactly when the store is empty. */
  readonly create: boolean
  /** As many random bytes as it is asked for. */
  readonly random: (length: number) => Uint8Array
}

/** Where the head lock of the store in `dir` lies. */
export const headLockFolder = (dir: string): string => `${resolve(dir)}.local`

/**
 * Opens the head lock of the store in `dir`, and admits no other process until it is closed or this process ends.
 * @throws RelayError LOCK_HELD when another process has it, LOCK_MISSING when it is not there (or not whole) and is not to be made, USAGE
 * when others may read the key, or the lock is of another log.
 */
export async function openHeadLock(dir: string, options: HeadLockOptions): Promise<HeadLock> {
  const folder = headLockFolder(dir)
  if (options.create) await makeFolder(folder)
  else if (!(await exists(folder))) throw new RelayError('LOCK_MISSING', 'the store has entries, and no head lock')
  const lock = await lockFile(join(folder, 'lock'))
  try {
    const key = await openKey(folder, options)
    const slots = await openHead(folder, options)
    const close = async (): Promise<void> => {
      await slots.close()
      lock.release()
    }
    const { latest } = slots
    if (latest.size > 0 && !latest.checkpoint.startsWith(`${options.origin}\n`)) {
      await slots.close()
      throw new RelayError('USAGE', 'the head lock is of a log with another name')
    }
    return {
      key,
      latest: () => (slots.latest.size === 0 ? null : withoutSequence(slots.latest)),
      advance: (head) => slots.write(head),
      close,
    }
  } catch (error) {
    lock.release()
    throw error
  }
}

const withoutSequence = ({ size, root, checkpoint }: SignedHead): SignedHead => ({ size, root, checkpoint })

async function openKey(folder: string, { create, origin, random }: HeadLockOptions): Promise<LogKey> {
  const path = join(folder, 'key')
  if (!(await exists(path))) {
    // A head without its key: a new one would sign the same log under another name for its author.
    if (!create || (await exists(join(folder, 'head'))))
      throw new RelayError('LOCK_MISSING', 'the log’s key is missing')
    await chmod(folder, 0o700)
    await writeOnce(path, random(32))
  }
  if (((await stat(path)).mode & 0o077) !== 0) throw new RelayError('USAGE', 'others may read the log’s key: chmod 600')
  return logKey(origin, await readWhole(path))
}

async function openHead(folder: string, { create }: HeadLockOptions): ReturnType<typeof openSlots> {
  const path = join(folder, 'head')
  if (!(await exists(path))) {
    if (!create) throw new RelayError('LOCK_MISSING', 'the highest signed head is missing')
    await writeOnce(path, newSlots())
  }
  return openSlots(path)
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false
    throw error
  }
}

async function readWhole(path: string): Promise<Uint8Array> {
  const handle = await open(path, 'r')
  try {
    return new Uint8Array(await handle.readFile())
  } finally {
    await handle.close()
  }
}

/** A new file that is there whole or not at all. What a crash leaves of an earlier try is overwritten. */
async function writeOnce(path: string, content: Uint8Array): Promise<void> {
  const handle = await open(`${path}.new`, 'w', 0o600)
  try {
    await handle.writeFile(content)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(`${path}.new`, path)
  await syncFolder(dirname(path))
}
