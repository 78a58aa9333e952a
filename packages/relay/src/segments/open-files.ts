// The files that are open for reading: the least recently used one that nobody reads is closed when there are too many.
// Spec: docs/spec/storage.md, "Files".
import { type FileHandle, open } from 'node:fs/promises'

interface OpenFile {
  readonly handle: Promise<FileHandle>
  readers: number
  /** Out of the map: whoever reads last closes it. */
  dropped: boolean
}

export interface OpenFiles {
  /** Runs `read` on the open file; the file stays open at least until it has ended. */
  use<T>(path: string, read: (handle: FileHandle) => Promise<T>): Promise<T>
  drop(path: string): Promise<void>
  close(): Promise<void>
}

/** At most `limit` files are kept open, and more only while they are read. */
export function openFiles(limit: number): OpenFiles {
  // A Map keeps the order of insertion: the first key is the one used longest ago.
  const files = new Map<string, OpenFile>()

  const release = async (file: OpenFile): Promise<void> => {
    if (!file.dropped || file.readers > 0) return
    const handle = await file.handle.catch(() => null)
    await handle?.close()
  }

  const drop = async (path: string): Promise<void> => {
    const file = files.get(path)
    if (file === undefined) return
    files.delete(path)
    file.dropped = true
    await release(file)
  }

  const trim = async (): Promise<void> => {
    for (const [path, file] of files) {
      if (files.size <= limit) return
      if (file.readers === 0) await drop(path)
    }
  }

  return {
    drop,
    async use(path, read) {
      const file = files.get(path) ?? { handle: open(path, 'r'), readers: 0, dropped: false }
      files.delete(path)
      files.set(path, file)
      file.readers += 1
      try {
        return await read(await file.handle)
      } catch (error) {
        // A file that could not be opened is tried again by the next reader.
        if (files.get(path) === file) files.delete(path)
        file.dropped = true
        throw error
      } finally {
        file.readers -= 1
        await release(file)
        await trim()
      }
    },
    async close() {
      for (const path of files.keys()) await drop(path)
    },
  }
}
