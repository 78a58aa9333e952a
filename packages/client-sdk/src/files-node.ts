// Files and folders of the local file system, for Node. Spec: docs/sdk.md, "Files". files-web.ts is the other side of `#files`.
// A file is opened for each read: between two reads an upload may wait for hours, and holds no descriptor meanwhile.
import { open, readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { ClientError } from './errors.js'
import type { AnywhereSource, Description, Found, NamedFile } from './source.js'

export { fileVault } from './vaults/file-node.js'

const isErrno = (error: unknown): error is NodeJS.ErrnoException => error instanceof Error && 'code' in error

/** The file at a path as a source; `describe` completes what the file system says of it. @throws ClientError USAGE, SOURCE_CHANGED */
export async function openPath(path: string, describe: (found: Found) => Description): Promise<AnywhereSource> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new ClientError('USAGE', 'there is no file that can be read at a path that was given', { cause })
  })
  if (!found.isFile()) throw new ClientError('USAGE', 'a path names a file; for a folder use fromFolder(path)')
  const description = describe({ name: basename(path), modified: found.mtimeMs })
  return {
    ...description,
    kind: 'anywhere',
    length: found.size,
    location: path,
    read: (offset, length) => readRange(path, offset, length),
    async isUnchanged() {
      const now = await stat(path).catch(() => null)
      return now !== null && now.size === found.size && now.mtimeMs === found.mtimeMs && now.ino === found.ino
    },
  }
}

async function readRange(path: string, offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length)
  try {
    const file = await open(path, 'r')
    try {
      for (let at = 0; at < length; ) {
        const { bytesRead } = await file.read(bytes, at, length - at, offset + at)
        if (bytesRead === 0) throw new ClientError('SOURCE_CHANGED', 'a file is shorter than it was')
        at += bytesRead
      }
      return bytes
    } finally {
      await file.close()
    }
  } catch (cause) {
    if (!isErrno(cause) || cause instanceof ClientError) throw cause
    throw new ClientError('SOURCE_CHANGED', 'a file can no longer be read', { cause })
  }
}

/**
 * All files under a folder and the folders in it, in order of their names. Links are not followed, because they lead out of what the
 * caller chose; hidden files are left out.
 */
export async function* fromFolder(path: string): AsyncGenerator<NamedFile, void, undefined> {
  yield* walk(path, [])
}

async function* walk(folder: string, above: readonly string[]): AsyncGenerator<NamedFile, void, undefined> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw new ClientError('USAGE', 'there is no folder that can be read at a path that was given', { cause })
  })
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith('.')) continue
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* walk(path, [...above, entry.name])
    if (entry.isFile()) yield { data: path, path: above.join('/') }
  }
}
