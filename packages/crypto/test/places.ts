// What the tests of keys and sealed objects share: ids, variants of a place that differ in one field each, and damaged copies.
import { createHash } from 'node:crypto'
import type { ChainId, DeviceId, EntryHash, LinkHash } from '@sealchart/protocol'
import { effort } from '../../../scripts/effort.mjs'
import { codeOf, filled, flip } from './support.js'

type Id = ChainId & DeviceId & EntryHash & LinkHash

/** 32 bytes in the type of whatever id is asked for. */
export const id = (seed: number): Id => filled(seed) as Uint8Array as Id

/** 32 bytes in the type of whatever secret is asked for. */
export const secret = <T extends Uint8Array>(seed: number): T => filled(seed) as Uint8Array as T

export const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest())

/** The place itself, and for each field one place that differs in that field alone. */
export const variants = <P extends object>(place: P, others: { readonly [K in keyof P]: P[K] }): P[] => [
  place,
  ...Object.keys(others).map((field) => ({ ...place, [field]: others[field as keyof P] })),
]

/** Opens each object at each place: the codes, row by row. Only the diagonal may be accepted. */
export async function matrix<P>(
  places: readonly P[],
  seal: (place: P) => unknown,
  open: (sealed: never, place: P) => unknown,
): Promise<string[][]> {
  const sealed = await Promise.all(places.map(async (place) => (await seal(place)) as never))
  const rows: string[][] = []
  for (const object of sealed) {
    const row: string[] = []
    for (const place of places) row.push(await codeOf(() => open(object, place)))
    rows.push(row)
  }
  return rows
}

/** The matrix in which every object opens at its own place and nowhere else. */
export const diagonal = (size: number, refusal: string): string[][] =>
  Array.from({ length: size }, (_, i) => Array.from({ length: size }, (_, j) => (i === j ? 'accepted' : refusal)))

/** Copies with a flipped bit (all of them, or with less effort every `stride`th), truncated and extended ones. */
export function* damaged(bytes: Uint8Array, stride = 1): Generator<Uint8Array> {
  for (let bit = 0; bit < bytes.length * 8; bit += effort(stride, 1)) yield flip(bytes, bit)
  for (const length of new Set([0, 1, bytes.length >> 1, bytes.length - 1])) yield bytes.slice(0, length)
  yield Uint8Array.of(...bytes, 0)
  yield Uint8Array.of(0, ...bytes)
}

/** The codes in which all damaged copies end, each once. */
export async function codesOfDamage(
  bytes: Uint8Array,
  open: (copy: Uint8Array) => unknown,
  stride = 1,
): Promise<string[]> {
  const codes = new Set<string>()
  for (const copy of damaged(bytes, stride)) codes.add(await codeOf(() => open(copy)))
  return [...codes]
}
