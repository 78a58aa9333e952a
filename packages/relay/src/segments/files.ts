// The object store on a local disk: one file an object under DIR/objects/<two digits>/<32 digits>. Spec: docs/spec/storage.md, "Files".
//
// A file is made under its name, written, and synced together with its folder. A crash can leave one half written: no row names it,
// because rows are staged after `write`, and the check of what no row names finds it like every other file that a crash left over.
// Names are random, so that none comes back after its file is removed; files written at about the same time share their first two
// digits, so that one sync of a folder answers for several of them.
import { constants } from 'node:fs'
import { type FileHandle, open, opendir, readdir, rm, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { hex } from '@sealchart/protocol'
import { RelayError } from '../errors.js'
import { makeFolder, syncFolder } from '../folders.js'
import type { Segments } from './contract.js'
import { sharedSyncs } from './folder-syncs.js'
import { type OpenFiles, openFiles } from './open-files.js'
import { checkRange, missingBytes } from './range.js'

const OPEN_FILES = 128
/** Files that share their first two digits, in the order of writing. */
const FILES_A_FOLDER = 256
const isName = /^[0-9a-f]{32}$/

interface Disk {
  readonly objects: string
  readonly random: (length: number) => Uint8Array
  readonly sync: (folder: string) => Promise<void>
  readonly files: OpenFiles
  /** Folders that are there, or will be when the promise resolves. */
  readonly folders: Map<string, Promise<void>>
  /** How many names were given out, and the first byte of the next ones. */
  readonly names: { count: number; first: number }
}

/**
 * Opens DIR/objects, and makes it where there is none. One process at a time (the head lock sees to that).
 * `random` gives as many random bytes as it is asked for.
 */
export async function fileSegments(dir: string, random: (length: number) => Uint8Array): Promise<Segments> {
  const objects = join(dir, 'objects')
  await makeFolder(objects)
  // What the last process made and did not sync before it ended: from here on a folder that exists is one that stays.
  for (const folder of [objects, dir]) await syncFolder(folder)
  const files = openFiles(OPEN_FILES)
  const disk: Disk = {
    objects,
    random,
    // A folder stays open between its syncs, like a file between its reads.
    sync: sharedSyncs((folder) => files.use(folder, (handle) => handle.sync())),
    files,
    folders: new Map(),
    names: { count: 0, first: 0 },
  }
  return {
    write: (parts) => write(disk, parts),
    read: (place, range = { from: 0, to: place.length }) => read(disk, place, range),
    remove: (files) => remove(disk, files),
    list: () => list(disk),
    close: () => disk.files.close(),
  }
}

const folderOf = (disk: Disk, name: string): string => join(disk.objects, name.slice(0, 2))

/** A name of the relay's own making: anything else would be a path into the file system. */
function pathOf(disk: Disk, name: string): string {
  if (!isName.test(name)) throw missingBytes()
  return join(folderOf(disk, name), name)
}

function newName({ names, random }: Disk): string {
  const bytes = random(16)
  if (names.count++ % FILES_A_FOLDER === 0) names.first = bytes[0] as number
  bytes[0] = names.first
  return hex(bytes)
}

// ——— writing

async function write(disk: Disk, parts: readonly Uint8Array[]): Promise<string> {
  const name = newName(disk)
  try {
    await ensureFolder(disk, folderOf(disk, name))
    await writeWhole(disk, name, parts)
    return name
  } catch (cause) {
    throw writeError(cause)
  }
}

/** A new file with its bytes and its name durable. What fails on the way is taken back, as far as the disk lets us. */
async function writeWhole(disk: Disk, name: string, parts: readonly Uint8Array[]): Promise<void> {
  // O_EXCL: should the random source ever repeat itself, this fails and no file is replaced.
  const handle = await open(pathOf(disk, name), constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600)
  try {
    const steps = inSteps(parts)
    for (const step of steps) {
      await writeAll(handle, step)
      if (step !== steps.at(-1)) await handle.datasync()
    }
    // The name is in the folder since `open`: both syncs can run at once.
    await allDone([handle.datasync(), disk.sync(folderOf(disk, name))])
  } catch (error) {
    await unlink(pathOf(disk, name)).catch(() => {})
    throw error
  } finally {
    await handle.close()
  }
}

/** Waits for all, then throws the first failure: nothing still runs on a handle that is closed afterwards. */
async function allDone(steps: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(steps)) if (result.status === 'rejected') throw result.reason
}

/** All who need a new folder wait until it is there for good. */
function ensureFolder({ folders }: Disk, folder: string): Promise<void> {
  const known = folders.get(folder)
  if (known !== undefined) return known
  const made = makeFolder(folder)
  folders.set(folder, made)
  made.catch(() => folders.delete(folder))
  return made
}

/** Bytes that are synced at once: whoever else syncs meanwhile, the log first of all, waits behind no more. */
const STEP = 4 * 1024 * 1024

/** The parts, in order, in lists of at most `STEP` bytes, or of one part that is longer. */
function inSteps(parts: readonly Uint8Array[]): readonly Uint8Array[][] {
  const steps: Uint8Array[][] = [[]]
  let bytes = 0
  for (const part of parts) {
    bytes += part.length
    if (bytes > STEP && bytes > part.length) {
      steps.push([])
      bytes = part.length
    }
    steps.at(-1)?.push(part)
  }
  return steps
}

/** A write may take fewer bytes than it was given: the rest is given again. */
async function writeAll(handle: FileHandle, parts: readonly Uint8Array[]): Promise<void> {
  let left = parts.filter((part) => part.length > 0)
  while (left.length > 0) {
    const { bytesWritten } = await handle.writev(left)
    left = without(left, bytesWritten)
  }
}

function without(parts: readonly Uint8Array[], count: number): Uint8Array[] {
  let skip = count
  const left: Uint8Array[] = []
  for (const part of parts) {
    if (skip < part.length) left.push(part.subarray(skip))
    skip = Math.max(0, skip - part.length)
  }
  return left
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

const isBusy = (error: unknown): boolean => ['EMFILE', 'ENFILE'].includes(codeOf(error))

function writeError(cause: unknown): RelayError {
  if (['ENOSPC', 'EDQUOT'].includes(codeOf(cause))) return new RelayError('FULL', 'the disk is full', { cause })
  if (isBusy(cause)) return new RelayError('BUSY', 'too many open files', { cause })
  // After a failed sync the kernel may forget what it did not write: asking again proves nothing.
  return new RelayError('OUTCOME_UNKNOWN', 'the disk failed while an object was written', { cause })
}

// ——— reading

async function read(
  disk: Disk,
  { file, offset, length }: Parameters<Segments['read']>[0],
  range: { readonly from: number; readonly to: number },
): Promise<Uint8Array<ArrayBuffer>> {
  checkRange(range, length)
  // Not zeroed first: it leaves only when every byte of it was read.
  const bytes = new Uint8Array(Buffer.allocUnsafeSlow(range.to - range.from).buffer)
  try {
    await disk.files.use(pathOf(disk, file), (handle) => readAll(handle, bytes, offset + range.from))
  } catch (cause) {
    if (isBusy(cause)) throw new RelayError('BUSY', 'too many open files', { cause })
    throw cause instanceof RelayError ? cause : missingBytes(cause)
  }
  return bytes
}

async function readAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesRead } = await handle.read(bytes, at, bytes.length - at, position + at)
    if (bytesRead === 0) throw missingBytes()
    at += bytesRead
  }
}

// ——— names

async function remove(disk: Disk, files: readonly string[]): Promise<void> {
  for (const name of files) {
    const path = pathOf(disk, name)
    await disk.files.drop(path)
    await rm(path, { force: true })
  }
}

async function* list({ objects }: Disk): AsyncIterable<string> {
  for (const folder of (await readdir(objects)).sort()) {
    if (!/^[0-9a-f]{2}$/.test(folder)) continue
    for await (const { name } of await opendir(join(objects, folder))) if (isName.test(name)) yield name
  }
}
