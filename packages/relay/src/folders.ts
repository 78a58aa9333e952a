// Folders that survive the loss of power: a new folder's or file's name lives in its parent, and only a sync of the parent keeps it.
// Spec: docs/spec/storage.md, "Durability".
import { mkdir, open } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/** Writes a folder's entries to the disk. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Makes a folder and whatever is missing above it, readable by this user alone, and syncs each new name. */
export async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 })
  if (first === undefined) return
  // `first` is the topmost folder made: the parents of all that were made, from the lowest up to that one's.
  for (let at = resolve(folder); at.length >= resolve(first).length; at = dirname(at)) await syncFolder(dirname(at))
}
