// Small files in DIR.local beside the head lock: the log's name and the key of tickets. Spec: docs/spec/relay.md, "Starting".
// Like the head lock they stay on this machine; unlike it, losing them costs an hour of tickets and a name that must be said again.
import { open, readFile, rename, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { RelayError } from './errors.js'
import { ORIGIN_FILE, STORE_FILE, TICKET_FILE } from './folder-layout.js'
import { makeFolder, syncFolder } from './folders.js'
import { headLockFolder } from './head-lock-files.js'

export interface LocalFiles {
  /** The log's name. */
  readonly origin: string
  /** 32 bytes. */
  readonly ticketKey: Uint8Array
}

/**
 * Reads the files, and makes those that are missing. `origin` is the name that the operator asked for, or null.
 * @throws RelayError USAGE when the log has another name already.
 */
export async function localFiles(
  dir: string,
  origin: string | null,
  random: (length: number) => Uint8Array,
): Promise<LocalFiles> {
  const local = headLockFolder(dir)
  await makeFolder(dir)
  // Beside a store that exists, a missing folder is a missing head lock: it is not for us to make one.
  if (!(await exists(join(dir, STORE_FILE)))) await makeFolder(local)
  const known = await readIfThere(join(local, ORIGIN_FILE))
  const name = known?.toString('utf8').trim() ?? origin ?? `log-${Buffer.from(random(6)).toString('hex')}.sealchart`
  if (origin !== null && origin !== name) throw new RelayError('USAGE', 'the log has another name already')
  if (known === null && (await exists(local))) await writeWhole(join(local, ORIGIN_FILE), Buffer.from(`${name}\n`))
  return { origin: name, ticketKey: await ticketKey(local, random) }
}

async function ticketKey(local: string, random: (length: number) => Uint8Array): Promise<Uint8Array> {
  const path = join(local, TICKET_FILE)
  const known = await readIfThere(path)
  if (known?.length === 32) return new Uint8Array(known)
  const key = random(32)
  if (await exists(local)) await writeWhole(path, key)
  return key
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch {
    return false
  }
}

async function readIfThere(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

/** Whole or not at all, readable by this user alone. */
async function writeWhole(path: string, content: Uint8Array): Promise<void> {
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
