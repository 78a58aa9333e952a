// A vault in a folder, for Node: each state of a blob is a file of its own, `name.number`, written aside and then linked to its
// name. Contract: contract.ts. A link fails when the name is taken, which makes it the compare-and-swap: there is no lock that a
// process which is killed could leave behind. The file system must know hard links (all usual ones on disks do; FAT does not).
import { createHash, randomUUID } from 'node:crypto'
import { type FileHandle, link, mkdir, open, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { requireBlobName, type Vault, type VaultHandle, vaultConflict } from './contract.js'

/** One state of a blob: its number, and its file's name. */
interface State {
  readonly number: number
  readonly file: string
}

/**
 * A vault in the folder `path`, which is made if it does not exist; only this user may read it.
 * @param unlock a passphrase, or 32 bytes that the host keeps.
 */
export function fileVault(path: string, unlock: string | Uint8Array): VaultHandle {
  return {
    vault: folderVault(path),
    unlock: typeof unlock === 'string' ? { passphrase: unlock } : { hostKey: unlock },
  }
}

function folderVault(path: string): Vault {
  return {
    async read(name) {
      for (;;) {
        const newest = (await states(path, name)).at(-1)
        if (!newest) return null
        const bytes = await readOr(join(path, newest.file))
        // Replaced between listing and reading: what replaced it is there by now.
        if (bytes) return { bytes, tag: tagOf(newest, bytes) }
      }
    },
    async write(name, bytes, ifMatch) {
      await mkdir(path, { recursive: true, mode: 0o700 })
      const before = await states(path, name)
      const newest = before.at(-1)
      const old = newest && (await readOr(join(path, newest.file)))
      if ((newest && old ? tagOf(newest, old) : null) !== ifMatch) throw vaultConflict()
      const next = stateOf(name, (newest?.number ?? 0) + 1)
      await place(path, next, bytes)
      await settle(path, name, { newest, next })
      await Promise.all(before.map(({ file }) => rm(join(path, file), { force: true })))
      return tagOf(next, bytes)
    },
    async remove(name) {
      for (;;) {
        const found = await states(path, name)
        if (found.length === 0) return
        await Promise.all(found.map(({ file }) => rm(join(path, file), { force: true })))
        await syncFolder(path)
      }
    },
  }
}

/** Number and content: two states never share a number while either could be somebody's, but a folder can be put back. */
const tagOf = ({ number }: State, bytes: Uint8Array): string =>
  `${number}.${createHash('sha256').update(bytes).digest('base64url')}`

const stateOf = (name: string, number: number): State => ({ number, file: `${requireBlobName(name)}.${number}` })

/** All states of a blob that there are, oldest first: one, unless a writer is at work or was killed at it. */
async function states(path: string, name: string): Promise<State[]> {
  requireBlobName(name)
  const files = await readdir(path).catch(orWhen('ENOENT', []))
  return files
    .filter((file) => file.startsWith(`${name}.`) && /^[1-9]\d{0,14}$/.test(file.slice(name.length + 1)))
    .map((file) => ({ number: Number(file.slice(name.length + 1)), file }))
    .sort((a, b) => a.number - b.number)
}

/** Writes a state under a name that nobody reads, and links it to its own. @throws ClientError VAULT_CONFLICT when that is taken */
async function place(path: string, state: State, bytes: Uint8Array): Promise<void> {
  const aside = join(path, `.${state.file}.${randomUUID()}`)
  try {
    const file = await open(aside, 'wx', 0o600)
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await link(aside, join(path, state.file)).catch((cause: NodeJS.ErrnoException) => {
      throw cause.code === 'EEXIST' ? vaultConflict() : cause
    })
  } finally {
    await rm(aside, { force: true })
  }
  await syncFolder(path)
}

/**
 * A number may be free because later writers have come and removed it again. Then there is a later state, or none before ours: our
 * file was nobody's newest, and is taken back. A writer that was first, read, and replaced all within this step is told of a conflict
 * too: it reads what stands on its own write, and decides again.
 * @throws ClientError VAULT_CONFLICT
 */
async function settle(
  path: string,
  name: string,
  { newest, next }: { newest: State | undefined; next: State },
): Promise<void> {
  const now = await states(path, name)
  const overtaken = now.some(({ number }) => number > next.number)
  const removed = newest !== undefined && !now.some(({ number }) => number === newest.number)
  if (!overtaken && !removed) return
  await rm(join(path, next.file), { force: true })
  throw vaultConflict()
}

const readOr = (file: string): Promise<Uint8Array | null> => readFile(file).then(plain).catch(orWhen('ENOENT', null))

const plain = (buffer: Buffer): Uint8Array => new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length)

/** A value in place of the error with this code. */
const orWhen =
  <T>(code: string, value: T) =>
  (error: NodeJS.ErrnoException): T => {
    if (error.code === code) return value
    throw error
  }

/** A new name survives the loss of power only once its folder is written too. */
async function syncFolder(path: string): Promise<void> {
  // Windows opens no folders, and keeps names in its journal by itself.
  if (process.platform === 'win32') return
  const folder: FileHandle = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
