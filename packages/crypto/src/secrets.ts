// Secrets of equal length as different types, so that one cannot be passed for another; their comparison and their wiping.
// Spec: docs/spec/sealing.md, "Conventions". Nothing here derives or stores a secret.
import { draw, type Random, requireBytes } from './check.js'

declare const secret: unique symbol
type Secret<Name extends string> = Uint8Array & { readonly [secret]: Name }

/** 32 bytes from which a device's key pairs are derived. */
export type DeviceSeed = Secret<'DeviceSeed'>
/** 32 bytes shared by the holders of one epoch of a group. */
export type EpochSecret = Secret<'EpochSecret'>
/** 32 bytes: the key of one epoch of one section. */
export type SectionKey = Secret<'SectionKey'>
/** 32 bytes, sealed in an envelope, under which a grant's section keys are handed out. */
export type GrantSecret = Secret<'GrantSecret'>
/** 32 bytes: the key of one file, found in its sealed header. */
export type FileKey = Secret<'FileKey'>
/** 32 bytes: the seed of the key pair that a record's purposes, reasons and notes are sealed to. */
export type TrailSecret = Secret<'TrailSecret'>

export type AnySecret = DeviceSeed | EpochSecret | SectionKey | GrantSecret | FileKey | TrailSecret

/** Length in bytes of every secret. */
export const SECRET_LENGTH = 32

/** A fresh secret of the type that the caller names: `newSecret<FileKey>(random)`. @throws CryptoError USAGE */
export function newSecret<T extends AnySecret>(random: Random): T {
  return draw(random, SECRET_LENGTH) as Uint8Array as T
}

/** 32 decoded or derived bytes as a secret of the type that the caller names; a copy. @throws CryptoError USAGE */
export function asSecret<T extends AnySecret>(bytes: Uint8Array): T {
  requireBytes(bytes, 'secret', SECRET_LENGTH)
  // Not `slice`, with which a Buffer would stay a view of the caller's memory.
  return new Uint8Array(bytes) as Uint8Array as T
}

/** Equality that takes the same time wherever the bytes differ, as far as a just-in-time compiler allows. Lengths are public. */
export function equalSecrets(a: Uint8Array, b: Uint8Array): boolean {
  requireBytes(a, 'secret')
  requireBytes(b, 'secret')
  if (a.length !== b.length) return false
  let difference = 0
  for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (b[i] as number)
  return difference === 0
}

/** Overwrites a secret with zeros. Best effort: a garbage collector may have moved copies of it before. */
export function wipe(bytes: Uint8Array): void {
  requireBytes(bytes, 'secret')
  bytes.fill(0)
}
