// The canary search: proves that planted bytes (plaintexts, keys) stand nowhere in what a relay stores, logs or sends.
// Spec: docs/threat-model.md, "The canary run". Not every transformation of a plaintext can be searched for: what is compressed,
// encrypted or split into pieces of fewer than 16 bytes is not found. A search without planted controls proves nothing: plant some.
//
// Needles stay raw; haystacks are looked at in several views: as they are, and wherever they hold hex, base64 or UTF-16, decoded.

import { type CanaryForm, type View, viewsOf, WINDOW } from './canary-views.js'

export type { CanaryForm }

/** Bytes with a name for the report. */
export interface Named {
  readonly name: string
  readonly bytes: Uint8Array
}

/** One stretch of a haystack that repeats at least 16 bytes of a canary. */
export interface CanaryFinding {
  readonly canary: string
  readonly form: CanaryForm
  readonly haystack: string
  /** First byte of the stretch in the haystack. */
  readonly offset: number
  /** Bytes of the canary that stand there. */
  readonly length: number
}

/** A window with fewer different bytes (zeros, rules of dashes) is nobody's secret: every file has it. */
const TELLING = 6

/**
 * Searches haystacks for every 16-byte window of every canary: raw, as hexadecimal digits in either case, as base64 in either alphabet
 * and at any alignment, and as UTF-16 of either byte order. Windows with fewer than six different bytes are left out.
 * @throws TypeError for a canary that is too short to have a telling window: the search would prove nothing about it.
 */
export async function searchCanaries(search: {
  readonly canaries: readonly Named[]
  readonly haystacks: AsyncIterable<Named> | Iterable<Named>
}): Promise<readonly CanaryFinding[]> {
  const index = indexWindows(search.canaries.flatMap(needlesOf))
  const findings: CanaryFinding[] = []
  for await (const haystack of search.haystacks) {
    for (const view of viewsOf(haystack.bytes)) scan(index, view, haystack.name, findings)
  }
  return findings
}

/** A canary as it would be written down in each form that is searched for: what controls are planted with. */
export function writeForms(bytes: Uint8Array): readonly { readonly form: CanaryForm; readonly bytes: Uint8Array }[] {
  const text = (value: string): Uint8Array => new TextEncoder().encode(value)
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  const base64 = [0, 1, 2].map((alignment) => encodeBase64(new Uint8Array([...new Uint8Array(alignment), ...bytes])))
  const wide = (order: 0 | 1): Uint8Array => {
    const units = new Uint8Array(2 * bytes.length)
    for (const [i, byte] of bytes.entries()) units[2 * i + order] = byte
    return units
  }
  return [
    { form: 'raw', bytes },
    { form: 'hex', bytes: text(hex) },
    { form: 'hex', bytes: text(hex.toUpperCase()) },
    ...base64.map((value) => ({ form: 'base64' as const, bytes: text(value) })),
    ...base64.map((value) => ({
      form: 'base64' as const,
      bytes: text(value.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')),
    })),
    { form: 'utf-16', bytes: wide(0) },
    { form: 'utf-16', bytes: wide(1) },
  ]
}

const encodeBase64 = (bytes: Uint8Array): string =>
  btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))

interface Needle extends Named {
  readonly form: CanaryForm
}

/** The canary itself and, where it is a text with more than ASCII, its UTF-16 forms, which no widening of bytes gives. */
function needlesOf(canary: Named): Needle[] {
  if (!tellingWindows(canary.bytes).next().done) return [{ ...canary, form: 'raw' }, ...utf16Of(canary)]
  throw new TypeError(`canary "${canary.name}" has no 16 bytes that tell it from others`)
}

function utf16Of({ name, bytes }: Named): Needle[] {
  if (bytes.every((byte) => byte < 0x80)) return []
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return []
  }
  return [true, false].map((little) => {
    const view = new DataView(new ArrayBuffer(2 * text.length))
    for (let i = 0; i < text.length; i++) view.setUint16(2 * i, text.charCodeAt(i), little)
    return { name, form: 'utf-16', bytes: new Uint8Array(view.buffer) }
  })
}

/** Positions of a needle's windows that hold enough different bytes. */
function* tellingWindows(bytes: Uint8Array): Generator<number, undefined> {
  const counts = new Uint8Array(256)
  const count = (byte: number, change: number): number => (counts[byte] = (counts[byte] as number) + change)
  let different = 0
  for (let end = 0; end < bytes.length; end++) {
    if (count(bytes[end] as number, 1) === 1) different++
    const gone = end - WINDOW
    if (gone >= 0 && count(bytes[gone] as number, -1) === 0) different--
    if (gone >= -1 && different >= TELLING) yield gone + 1
  }
  return undefined
}

// The rolling hash of a window b₀…b₁₅: Σ bᵢ·Bᔁ mod 2³², with the newest byte last. Equality is always compared byte by byte: it only
// has to be quick and even, not strong.
const FACTOR = 0x2c1b3c6d
const LEAVING = leavingTerms()

function leavingTerms(): Int32Array {
  let power = 1
  for (let i = 0; i < WINDOW; i++) power = Math.imul(power, FACTOR)
  return Int32Array.from({ length: 256 }, (_, byte) => Math.imul(byte, power))
}

/** A final mixing: the low bits of the sum alone would depend on few bits of the window. */
const slotOf = (hash: number, mask: number): number => (Math.imul(hash ^ (hash >>> 15), 0x85ebca6b) >>> 4) & mask

function hashAt(bytes: Uint8Array, at: number): number {
  let hash = 0
  for (let i = 0; i < WINDOW; i++) hash = (Math.imul(hash, FACTOR) + (bytes[at + i] as number)) | 0
  return hash
}

/**
 * All telling windows of all needles: a table of chains, `first` by slot and `next` by window; −1 ends a chain. `filter` has a bit for
 * each slot that is taken, and fits into a processor's cache.
 */
interface Index {
  readonly needles: readonly Needle[]
  readonly mask: number
  readonly filter: Uint8Array
  readonly first: Int32Array
  readonly next: Int32Array
  readonly needle: Int32Array
  readonly position: Int32Array
}

function indexWindows(needles: readonly Needle[]): Index {
  const total = needles.reduce((sum, { bytes }) => sum + bytes.length, 0)
  const size = 2 ** Math.max(16, Math.ceil(Math.log2(8 * total + 1)))
  const index = {
    needles,
    mask: size - 1,
    filter: new Uint8Array(size >>> 3),
    first: new Int32Array(size).fill(-1),
    next: new Int32Array(total),
    needle: new Int32Array(total),
    position: new Int32Array(total),
  }
  let count = 0
  for (const [number, { bytes }] of needles.entries()) {
    for (const at of tellingWindows(bytes)) {
      const slot = slotOf(hashAt(bytes, at), index.mask)
      index.needle[count] = number
      index.position[count] = at
      index.next[count] = index.first[slot] as number
      index.first[slot] = count++
      index.filter[slot >>> 3] = (index.filter[slot >>> 3] as number) | (1 << (slot & 7))
    }
  }
  return index
}

function scan(index: Index, view: View, haystack: string, findings: CanaryFinding[]): void {
  const { bytes } = view
  // Windows within a stretch that was reported already are not looked at again.
  let end = 0
  eachCandidate(index, bytes, (start, window) => {
    const found = start < end ? null : longestAt(index, window, bytes, start)
    if (!found) return
    const { name, form } = found.needle
    const written = form === 'raw' ? view.form : form
    findings.push({ canary: name, form: written, haystack, offset: view.at(start), length: found.length })
    end = start + found.length - WINDOW + 1
  })
}

/** Calls with every position whose window may be a needle's, and the first such window. Kept small: it runs for every byte. */
function eachCandidate(index: Index, bytes: Uint8Array, found: (start: number, window: number) => void): void {
  const { first, filter, mask } = index
  if (bytes.length < WINDOW) return
  let hash = hashAt(bytes, 0)
  for (let at = WINDOW; ; at++) {
    const slot = slotOf(hash, mask)
    if (((filter[slot >>> 3] as number) >>> (slot & 7)) & 1) found(at - WINDOW, first[slot] as number)
    if (at === bytes.length) return
    hash = (Math.imul(hash, FACTOR) + (bytes[at] as number) - (LEAVING[bytes[at - WINDOW] as number] as number)) | 0
  }
}

/** The longest stretch of a needle that stands at `start`, among the windows of one chain; null when the hash alone was equal. */
function longestAt(
  index: Index,
  candidate: number,
  bytes: Uint8Array,
  start: number,
): { readonly needle: Needle; readonly length: number } | null {
  let best: { needle: Needle; length: number } | null = null
  for (let window = candidate; window >= 0; window = index.next[window] as number) {
    const needle = index.needles[index.needle[window] as number] as Needle
    const position = index.position[window] as number
    let length = 0
    const most = Math.min(needle.bytes.length - position, bytes.length - start)
    while (length < most && needle.bytes[position + length] === bytes[start + length]) length++
    if (length >= WINDOW && length > (best?.length ?? 0)) best = { needle, length }
  }
  return best
}
