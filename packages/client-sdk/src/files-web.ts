// What needs a file system, where there is none: paths and folders are refused with what to use instead.
// files-node.ts is the other side of package.json#imports `#files`.
import { ClientError } from './errors.js'
import type { AnywhereSource, Description, Found, NamedFile } from './source.js'
import type { VaultHandle } from './vaults/contract.js'

/** The file at a path as a source; `describe` completes what the file system says of it. @throws ClientError USAGE, SOURCE_CHANGED */
export async function openPath(_path: string, _describe: (found: Found) => Description): Promise<AnywhereSource> {
  throw new ClientError('USAGE', 'paths need Node: pass a File or a Blob')
}

/** All files under a folder, in order of their names. @throws ClientError USAGE where there is no file system */
export function fromFolder(_path: string): AsyncIterable<NamedFile> {
  throw new ClientError('USAGE', 'folders need Node: pass fromFiles(input.files)')
}

/** A vault in a folder. @throws ClientError USAGE where there is no file system */
export function fileVault(_path: string, _unlock: string | Uint8Array): VaultHandle {
  throw new ClientError('USAGE', 'a vault in files needs Node')
}
