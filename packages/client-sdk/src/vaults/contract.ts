// Vaults: where a device keeps what must outlive the process. A vault stores named blobs with compare-and-swap and sees only sealed
// bytes; a keeper, over it, seals and opens them. Spec: docs/spec/vault.md. What stands in a blob is its user's business.
import {
  createVaultKey,
  type KdfCost,
  openBlob,
  openVaultKey,
  type Random,
  sealBlob,
  type Unlock,
  type VaultKey,
} from '@sealchart/crypto'
import { ClientError, hasCode } from '../errors.js'

/**
 * Storage of named blobs; it need not be secret. A name is 1 to 100 of a–z, 0–9 and hyphen, and a tag names one state of one blob.
 * A write resolves when the bytes survive what the storage promises to survive (a file: loss of power), and is whole or nothing.
 */
export interface Vault {
  /** The newest bytes under a name, and their tag; null if there are none. */
  read(name: string): Promise<{ readonly bytes: Uint8Array; readonly tag: string } | null>
  /**
   * Writes if the blob still has the tag `ifMatch` (null: if it does not exist), and answers the new tag.
   * @throws ClientError VAULT_CONFLICT otherwise
   */
  write(name: string, bytes: Uint8Array, ifMatch: string | null): Promise<string>
  /** Removes a blob; one that does not exist is no error. */
  remove(name: string): Promise<void>
}

/** Finds out what unlocks a vault when it is opened, for instance by asking a person; may keep a blob of its own in it. */
export type UnlockSource = (vault: Vault) => Promise<Unlock>

/** A vault and what unlocks it: what a caller passes where a vault is asked for. */
export interface VaultHandle {
  readonly vault: Vault
  readonly unlock: Unlock | UnlockSource
  /** What a passphrase is to cost when the vault is made; the floor unless told. */
  readonly cost?: KdfCost
}

/** An unlocked vault. Calls take effect in the order in which they are made. */
export interface Keeper {
  /** The bytes under a name, or null. @throws CryptoError VAULT, ROLLBACK when the storage shows an older state than before */
  get(name: string): Promise<Uint8Array | null>
  /**
   * Writes on top of what this keeper last read or wrote under the name (nothing, if it has done neither: what is there is read first).
   * @throws ClientError VAULT_CONFLICT when another process has written since: read again, decide again.
   */
  put(name: string, bytes: Uint8Array): Promise<void>
  /** Reads, changes and writes, again if another process was faster. @throws ClientError VAULT_CONFLICT after eight times */
  update(name: string, change: (bytes: Uint8Array | null) => Uint8Array): Promise<void>
  remove(name: string): Promise<void>
}

/** The blob of the sealed master key. It is written once, and never removed. */
export const KEY_BLOB = 'vault-key'
const TRIES = 8

/** The name, if it is one that every storage can keep. @throws ClientError USAGE */
export function requireBlobName(name: string): string {
  // Lower case only: some file systems do not tell cases apart, and no name is a path.
  if (/^[a-z0-9][a-z0-9-]{0,99}$/.test(name)) return name
  throw new ClientError('USAGE', 'a blob name has 1 to 100 of a–z, 0–9 and hyphen')
}

/** The refusal of a write whose tag is not the blob's. */
export const vaultConflict = (): ClientError =>
  new ClientError('VAULT_CONFLICT', 'the vault was written by another process meanwhile')

/**
 * Unlocks a vault; an empty one gets its master key.
 * @throws CryptoError VAULT (wrong unlock, or damaged), KDF_FLOOR, KDF_CAP, USAGE
 */
export async function openVault(handle: VaultHandle, random: Random): Promise<Keeper> {
  const { vault, cost } = handle
  const unlock = typeof handle.unlock === 'function' ? await handle.unlock(vault) : handle.unlock
  const found = await vault.read(KEY_BLOB)
  if (found !== null) return keeper(vault, await openVaultKey(unlock, found.bytes), random)
  const { header, master } = await createVaultKey(unlock, random, cost)
  try {
    await vault.write(KEY_BLOB, header, null)
  } catch (error) {
    // Two processes that open one new vault at once: the first one's key is the vault's.
    if (!hasCode(error, 'VAULT_CONFLICT')) throw error
    return openVault({ vault, unlock }, random)
  }
  return keeper(vault, master, random)
}

/** What was last seen of a blob; `tag` is null when it does not exist. Counters only grow while the process runs. */
interface Seen {
  readonly tag: string | null
  readonly counter: number
}

function keeper(vault: Vault, master: VaultKey, random: Random): Keeper {
  const blobs = new Map<string, Seen>()
  const inTurn = createTurns()

  async function get(name: string): Promise<Uint8Array | null> {
    const counter = blobs.get(name)?.counter ?? 0
    const found = await vault.read(requireBlobName(name))
    if (found === null) {
      blobs.set(name, { tag: null, counter })
      return null
    }
    const blob = await openBlob(master, name, found.bytes, counter)
    blobs.set(name, { tag: found.tag, counter: blob.counter })
    return blob.bytes
  }
  async function put(name: string, bytes: Uint8Array): Promise<void> {
    if (!blobs.has(name)) await get(name)
    const { tag, counter } = blobs.get(name) as Seen
    const sealed = await sealBlob(master, name, { counter: counter + 1, bytes }, random)
    blobs.set(name, { tag: await vault.write(name, sealed, tag), counter: counter + 1 })
  }
  async function update(name: string, change: (bytes: Uint8Array | null) => Uint8Array): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        return await put(name, change(await get(name)))
      } catch (error) {
        if (tries === TRIES || !hasCode(error, 'VAULT_CONFLICT')) throw error
        await pause(tries)
      }
    }
  }
  async function remove(name: string): Promise<void> {
    await vault.remove(requireBlobName(name))
    blobs.delete(name)
  }
  return {
    get: (name) => inTurn(() => get(name)),
    put: (name, bytes) => inTurn(() => put(name, bytes)),
    update: (name, change) => inTurn(() => update(name, change)),
    remove: (name) => inTurn(() => remove(name)),
  }
}

/** 0 to 2^tries ms, by chance: two tabs that write in step would overtake each other time after time. */
const pause = (tries: number): Promise<void> =>
  new Promise((resolve) => void setTimeout(resolve, Math.random() * 2 ** tries))

/** Runs actions one after the other; one that fails does not hold up the next. */
function createTurns(): <T>(action: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (action) => {
    const mine = last.then(action)
    last = mine.catch(() => undefined)
    return mine
  }
}
