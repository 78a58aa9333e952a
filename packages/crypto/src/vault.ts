// Vaults: what a device keeps between runs, as named sealed blobs that any storage may hold. Spec: docs/spec/vault.md.
// A random master key is sealed once, under a passphrase or a key of the host, in the vault's header; each blob has a key of its own.
// Whatever is wrong (passphrase, header, blob, name), the answer is VAULT: what reacts differently to two corruptions can be asked.
import { bind, blob, nullable, oneOf, type Shape, struct, text, uint, unpack } from '@sealchart/protocol'
import { draw, type Random, reading, requireBytes, requireNatural } from './check.js'
import { CryptoError } from './errors.js'
import { openBytes, sealBytes } from './floe.js'
import { deriveKey } from './keys.js'
import { encodeContent } from './object.js'
import {
  checkKdf,
  deriveFromPassphrase,
  type KdfParameters,
  LEAST_MEMORY,
  LEAST_PASSES,
  SALT_LENGTH,
} from './passphrase.js'
import { SECRET_LENGTH } from './secrets.js'

declare const vaultKey: unique symbol
/** 32 bytes: a vault's master key. Lives in memory while the vault is unlocked. */
export type VaultKey = Uint8Array & { readonly [vaultKey]: true }

/** What opens a vault: a person's passphrase, or 32 bytes that the host keeps (a server's secret store, a passkey's output). */
export type Unlock = { readonly passphrase: string } | { readonly hostKey: Uint8Array }

/** Argon2id's cost, where more than the floor is wanted: memory in KiB. */
export interface KdfCost {
  readonly memory: number
  readonly passes: number
}

const FORMAT = 1
const ARGON2ID = 'argon2id'

const kdfShape = struct({ algorithm: text(20, 1), memory: uint(), passes: uint(), salt: blob(64) })
const headerShape = struct({ format: oneOf(FORMAT), kdf: nullable(kdfShape), sealed: blob(256) })
// The codec bounds the whole: LIMIT when sealing, before anything is read when opening.
const blobShape = struct({ format: oneOf(FORMAT), counter: uint(), sealed: blob(Number.MAX_SAFE_INTEGER) })
const nameShape = text(100, 1)

const refused = (): CryptoError => new CryptoError('VAULT', 'the vault does not open')

function decodeOr<T>(shape: Shape<T>, bytes: Uint8Array): T {
  requireBytes(bytes, 'vault')
  try {
    return unpack(shape, bytes, 'vault')
  } catch {
    throw refused()
  }
}

/** Format and parameters, which stand in the clear before a key exists, are authenticated with what they lead to. */
const headerData = (kdf: KdfParameters | null): Uint8Array =>
  bind('vaultHeader', [FORMAT, kdf === null ? null : [ARGON2ID, kdf.memory, kdf.passes, kdf.salt]])

/** The one way in which a vault is to be unlocked. @throws CryptoError USAGE */
const unlockOf = (unlock: Unlock): Unlock =>
  reading('what unlocks', () =>
    'passphrase' in unlock ? { passphrase: unlock.passphrase } : { hostKey: unlock.hostKey },
  )

async function unlockingKey(unlock: Unlock, kdf: KdfParameters | null): Promise<Uint8Array> {
  if ('passphrase' in unlock) {
    // The other way of unlocking: like a wrong passphrase.
    if (kdf === null) throw refused()
    return deriveKey(await deriveFromPassphrase(unlock.passphrase, kdf), bind('vaultUnlock', []))
  }
  requireBytes(unlock.hostKey, 'host key', SECRET_LENGTH)
  if (kdf !== null) throw refused()
  return deriveKey(unlock.hostKey, bind('vaultUnlock', []))
}

/**
 * Makes a vault: a new master key, and the header that opens to it. `cost` can only raise what a passphrase costs.
 * @throws CryptoError KDF_FLOOR, KDF_CAP, USAGE, LIMIT when this machine has too little memory.
 */
export async function createVaultKey(
  unlock: Unlock,
  random: Random,
  cost: KdfCost = { memory: LEAST_MEMORY, passes: LEAST_PASSES },
): Promise<{ header: Uint8Array; master: VaultKey }> {
  const master = draw(random, SECRET_LENGTH) as Uint8Array as VaultKey
  return { header: await sealVaultKey(master, unlock, random, cost), master }
}

/**
 * A header that opens to a master key that exists: a new passphrase, without sealing the blobs anew. Old headers still open: delete them.
 * @throws CryptoError as `createVaultKey`
 */
export async function sealVaultKey(
  master: VaultKey,
  unlock: Unlock,
  random: Random,
  cost: KdfCost = { memory: LEAST_MEMORY, passes: LEAST_PASSES },
): Promise<Uint8Array> {
  requireBytes(master, 'master key', SECRET_LENGTH)
  const { memory, passes } = reading('cost', () => ({ memory: cost.memory, passes: cost.passes }))
  for (const number of [memory, passes]) requireNatural(number, 'each cost')
  const by = unlockOf(unlock)
  const kdf = 'passphrase' in by ? { memory, passes, salt: draw(random, SALT_LENGTH) } : null
  const sealed = await sealBytes(await unlockingKey(by, kdf), headerData(kdf), master, random)
  return encodeContent(headerShape, {
    format: FORMAT,
    kdf: kdf === null ? null : { algorithm: ARGON2ID, memory: kdf.memory, passes: kdf.passes, salt: kdf.salt },
    sealed,
  })
}

/**
 * Opens a vault's header: once per unlocking, because a passphrase is expensive on purpose.
 * @throws CryptoError VAULT, and before anything is derived KDF_FLOOR (also for another algorithm) and KDF_CAP; USAGE, LIMIT.
 */
export async function openVaultKey(unlock: Unlock, header: Uint8Array): Promise<VaultKey> {
  const by = unlockOf(unlock)
  const { kdf, sealed } = decodeOr(headerShape, header)
  if (kdf !== null && kdf.algorithm !== ARGON2ID) throw new CryptoError('KDF_FLOOR', 'a passphrase takes Argon2id')
  if (kdf !== null) checkKdf(kdf)
  const master = await openOr(await unlockingKey(by, kdf), headerData(kdf), sealed)
  if (master.length !== SECRET_LENGTH) throw refused()
  return master as VaultKey
}

/** FLOE's header commits to its key, so that one header can't be tried against many passphrases at once. */
async function openOr(key: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Promise<Uint8Array> {
  try {
    return await openBytes(key, aad, sealed)
  } catch {
    throw refused()
  }
}

function blobSeal(master: VaultKey, name: string, counter: number): { key: Uint8Array; aad: Uint8Array } {
  requireBytes(master, 'master key', SECRET_LENGTH)
  try {
    nameShape.decode(name, 'name')
    uint().decode(counter, 'counter')
  } catch (cause) {
    throw new CryptoError('USAGE', 'a blob has a name of 1 to 100 characters and a natural number as counter', {
      cause,
    })
  }
  return { key: deriveKey(master, bind('vaultKey', [name])), aad: bind('vault', [FORMAT, name, counter]) }
}

/** A blob of a vault. `counter` grows with every write under its name. */
export interface VaultBlob {
  readonly counter: number
  readonly bytes: Uint8Array
}

/** Seals one blob of a vault under its name. @throws CryptoError USAGE, LIMIT above 16 MiB. */
export async function sealBlob(
  master: VaultKey,
  name: string,
  content: VaultBlob,
  random: Random,
): Promise<Uint8Array> {
  const { counter, bytes } = reading('a blob', () => ({ counter: content.counter, bytes: content.bytes }))
  const { key, aad } = blobSeal(master, name, counter)
  return encodeContent(blobShape, { format: FORMAT, counter, sealed: await sealBytes(key, aad, bytes, random) })
}

/**
 * Opens the blob of a name. A storage can serve an older blob of that name: whoever remembers a counter gives it as `atLeast`.
 * @throws CryptoError VAULT, ROLLBACK for a counter below `atLeast`, USAGE.
 */
export async function openBlob(
  master: VaultKey,
  name: string,
  sealedBlob: Uint8Array,
  atLeast = 0,
): Promise<VaultBlob> {
  // Nothing is below NaN: such a memory would let every older blob pass.
  requireNatural(atLeast, 'atLeast')
  const { counter, sealed } = decodeOr(blobShape, sealedBlob)
  const { key, aad } = blobSeal(master, name, counter)
  const bytes = await openOr(key, aad, sealed)
  if (counter < atLeast) throw new CryptoError('ROLLBACK', 'the vault is older than what was seen of it')
  return { counter, bytes }
}
