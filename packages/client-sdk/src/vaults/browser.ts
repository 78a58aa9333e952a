// A vault in a browser: an IndexedDB database of this origin, whose transactions are the compare-and-swap between tabs.
// Contract: contract.ts. Spec: docs/spec/vault.md, "In a browser". The database holds sealed blobs and their tags; a
// passkey's blob holds its public id and salt. Nothing here depends on Node or is loaded apart: where there is no
// IndexedDB, the first use says so.
import { type KdfCost, systemRandom } from '@sealchart/crypto'
import { hex } from '@sealchart/protocol'
import { ClientError } from '../errors.js'
import {
  KEY_BLOB,
  requireBlobName,
  type UnlockSource,
  type Vault,
  type VaultHandle,
  vaultConflict,
} from './contract.js'

export interface BrowserVaultOptions {
  /** A passphrase, or `passkey()`. */
  readonly unlock: string | UnlockSource
  /** Which vault of this origin, where there are several: 1 to 100 of a–z, 0–9 and hyphen. */
  readonly name?: string
  /**
   * True where this person has a vault in this browser already: if it is gone, VAULT_LOST, and no new one is made in
   * its place.
   */
  readonly existing?: boolean
  /** What a passphrase is to cost when the vault is made; the floor unless told. */
  readonly cost?: KdfCost
}

interface Row {
  readonly bytes: Uint8Array
  readonly tag: string
}

const STORE = 'blobs'
const VERSION = 1

/**
 * A vault in this browser, shared by all tabs of its origin. What it throws when it is used: ClientError VAULT_STORAGE
 * where the browser gives no IndexedDB, VAULT_FULL, VAULT_LOST when the browser or its user has removed the data,
 * VAULT_BLOCKED while a tab with another version of this software holds the database; of passkeys see `passkey`.
 * @throws ClientError USAGE
 */
export function browserVault({ unlock, name = 'vault', existing = false, cost }: BrowserVaultOptions): VaultHandle {
  return {
    vault: databaseVault(`sealchart-${requireBlobName(name)}`, existing),
    unlock: typeof unlock === 'string' ? { passphrase: unlock } : unlock,
    ...(cost && { cost }),
  }
}

function databaseVault(name: string, existing: boolean): Vault {
  const connect = connection(name)
  // A vault's key is written once and never removed. Once it was there, a database without it, or with another, is one
  // that was cleared, and whatever is asked of it, the answer is that: a new key would make a second vault in the place
  // of the first, and what is sealed under the old one would be lost there.
  let key: string | null = null
  const noticed = (blob: string, { tag }: Row): void => {
    if (blob === KEY_BLOB) key = tag
  }
  const inTransaction: Transact = async (mode, step) =>
    transact(await connect(mode), (store, fail) => {
      if (key === null && !existing) return step(store, fail)
      store.get(KEY_BLOB).onsuccess = ({ target }) => {
        const present = (target as IDBRequest<Row | undefined>).result
        if (present === undefined || (key !== null && present.tag !== key)) fail(lost())
        else step(store, fail)
      }
    })
  return {
    async read(blob) {
      let row: Row | undefined
      requireBlobName(blob)
      await inTransaction('readonly', (store) => {
        store.get(blob).onsuccess = ({ target }) => {
          row = (target as IDBRequest<Row | undefined>).result
        }
      })
      if (row) noticed(blob, row)
      return row ?? null
    },
    async write(blob, bytes, ifMatch) {
      const row: Row = { bytes: bytes.slice(), tag: hex(systemRandom(16)) }
      requireBlobName(blob)
      await inTransaction('readwrite', (store, fail) => {
        store.get(blob).onsuccess = ({ target }) => {
          const present = (target as IDBRequest<Row | undefined>).result
          if ((present?.tag ?? null) !== ifMatch) fail(vaultConflict())
          else store.put(row, blob)
        }
      })
      noticed(blob, row)
      return row.tag
    },
    async remove(blob) {
      requireBlobName(blob)
      await inTransaction('readwrite', (store) => void store.delete(blob))
    },
  }
}

type Mode = 'readonly' | 'readwrite'
/**
 * Makes requests of a store. What a request's listener throws would end in the window: `fail` ends the transaction and
 * its promise.
 */
type Step = (store: IDBObjectStore, fail: (error: ClientError) => void) => void
type Transact = (mode: Mode, step: Step) => Promise<void>

/** Resolves when everything that the step asked for is done and durable; nothing of it is, if it rejects. */
function transact(transaction: IDBTransaction, step: Step): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve()
    transaction.onabort = () => reject(typed(transaction.error))
    step(transaction.objectStore(STORE), (error) => {
      reject(error)
      transaction.abort()
    })
  })
}

/**
 * Starts transactions on one connection, which is opened when it is needed, and again after the browser has closed it.
 */
function connection(name: string): (mode: Mode) => Promise<IDBTransaction> {
  let opened: Promise<IDBDatabase> | null = null
  const forget = (): void => {
    opened = null
  }
  const begin = async (mode: Mode): Promise<IDBTransaction> => {
    opened ??= openDatabase(name, { version: VERSION, closed: forget })
    // Strict: what was answered survives a loss of power, as the contract says of files.
    return (await opened).transaction(STORE, mode, { durability: 'strict' })
  }
  return async (mode) => {
    try {
      return await begin(mode)
    } catch (cause) {
      forget()
      // Closed between two calls, by an upgrade in another tab or because the data was removed: what is there now says
      // which.
      if (!(cause instanceof DOMException) || cause.name !== 'InvalidStateError') throw typed(cause)
      return begin(mode).catch((again: unknown) => {
        forget()
        throw typed(again)
      })
    }
  }
}

/**
 * Opens the database, and makes it if it does not exist. It is closed as soon as another tab wants to upgrade or delete
 * it.
 * @throws ClientError VAULT_STORAGE, VAULT_BLOCKED, VAULT_FULL
 */
export function openDatabase(
  name: string,
  { version, closed }: { readonly version: number; readonly closed: () => void },
): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = openRequest(name, version)
    request.onerror = () => reject(typed(request.error))
    let waited = false
    request.onblocked = () => {
      waited = true
      reject(blocked('a tab with older software holds the vault: close it'))
    }
    request.onupgradeneeded = () => {
      const { result: database } = request
      if (!database.objectStoreNames.contains(STORE)) database.createObjectStore(STORE)
      // Asked once and not waited for: a browser that refuses may evict the data when it needs the space.
      void globalThis.navigator?.storage?.persist?.().catch(() => false)
    }
    request.onsuccess = () => {
      const { result: database } = request
      // Nobody waits for it any more: left open, it would block the next one.
      if (waited) return database.close()
      database.onversionchange = () => {
        database.close()
        closed()
      }
      database.onclose = closed
      resolve(database)
    }
  })
}

function openRequest(name: string, version: number): IDBOpenDBRequest {
  try {
    return globalThis.indexedDB.open(name, version)
  } catch (cause) {
    // Not there at all (Node), switched off, or refused to a page without an origin.
    throw new ClientError('VAULT_STORAGE', 'this browser gives the page no database', { cause })
  }
}

const blocked = (message: string, cause?: unknown): ClientError => new ClientError('VAULT_BLOCKED', message, { cause })

const lost = (): ClientError =>
  new ClientError('VAULT_LOST', 'there was a vault, and the browser or its user has removed it')

/** The browser's error as ours. */
function typed(cause: unknown): ClientError {
  if (cause instanceof ClientError) return cause
  switch (cause instanceof DOMException ? cause.name : '') {
    case 'QuotaExceededError':
      return new ClientError('VAULT_FULL', 'the browser gives the vault no more space', { cause })
    case 'VersionError':
      return blocked('newer software has upgraded the vault: load the page again', cause)
    default:
      return new ClientError('VAULT_STORAGE', 'the browser’s database failed', { cause })
  }
}
