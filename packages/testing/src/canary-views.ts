// The views of a haystack in the canary search: as it is, and wherever it holds hexadecimal digits, base64 or UTF-16, decoded.
// Spec: docs/threat-model.md, "The canary run". What is looked for, and how it is compared, is canary.ts.

/** How a canary was found to be written down. */
export type CanaryForm = 'raw' | 'hex' | 'base64' | 'utf-16'

/** Bytes of a window: fewer are found by chance or in ordinary words. */
export const WINDOW = 16

/** A haystack, or a stretch of one decoded; `at` leads from a byte of the view to its place in the haystack. */
export interface View {
  readonly form: CanaryForm
  readonly bytes: Uint8Array
  readonly at: (position: number) => number
}

/** The haystack itself and every stretch of it that another form may hide in, decoded. */
export function* viewsOf(bytes: Uint8Array): Generator<View> {
  yield { form: 'raw', bytes, at: (position) => position }
  for (const { from, to } of runsOf(bytes, HEX, 2 * WINDOW)) {
    for (const phase of [0, 1]) yield hexView(bytes, from + phase, to)
  }
  for (const { from, to } of runsOf(bytes, BASE64, 22)) {
    for (const phase of [0, 1, 2, 3]) yield base64View(bytes, from + phase, to)
  }
  for (const { from, to } of wideRuns(bytes)) {
    const narrow = new Uint8Array((to - from) / 2)
    for (let i = 0; i < narrow.length; i++) narrow[i] = bytes[from + 2 * i] as number
    yield { form: 'utf-16', bytes: narrow, at: (position) => from + 2 * position }
  }
}

const valuesOf = (...alphabets: readonly string[]): Int8Array => {
  const values = new Int8Array(256).fill(-1)
  for (const alphabet of alphabets) for (let i = 0; i < alphabet.length; i++) values[alphabet.charCodeAt(i)] = i
  return values
}
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const HEX = valuesOf('0123456789abcdef', '0123456789ABCDEF')
const BASE64 = valuesOf(`${LETTERS}+/`, `${LETTERS}-_`)

interface Run {
  readonly from: number
  readonly to: number
}

/** Stretches of digits of an alphabet. */
function* runsOf(bytes: Uint8Array, values: Int8Array, shortest: number): Generator<Run> {
  for (let at = 0; at < bytes.length; ) {
    // A run of this length covers one of the places that are looked at; most of a binary haystack is skipped.
    let probe = at + shortest - 1
    if (probe >= bytes.length) return
    while (probe >= at && (values[bytes[probe] as number] as number) >= 0) probe--
    if (probe >= at) {
      at = probe + 1
      continue
    }
    let to = at + shortest
    while (to < bytes.length && (values[bytes[to] as number] as number) >= 0) to++
    yield { from: at, to }
    at = to + 1
  }
}

/** Stretches in which every second byte is zero: UTF-16 of ASCII and Latin-1, in either byte order. */
function* wideRuns(bytes: Uint8Array): Generator<Run> {
  for (const phase of [0, 1]) {
    let from = phase
    for (let at = phase; at < bytes.length; at += 2) {
      if (bytes[at] === 0) continue
      if (at - from >= 2 * WINDOW - 2) yield wideRun(from, at)
      from = at + 2
    }
    if (bytes.length - from >= 2 * WINDOW - 2) yield wideRun(from, bytes.length)
  }
}

/** The characters around the zeros: the first stands before the first zero, unless the haystack begins with that. */
const wideRun = (from: number, end: number): Run => ({ from: from > 0 ? from - 1 : from + 1, to: end + 1 })

function hexView(bytes: Uint8Array, from: number, to: number): View {
  const decoded = new Uint8Array((to - from) >> 1)
  for (let i = 0; i < decoded.length; i++) {
    const high = HEX[bytes[from + 2 * i] as number] as number
    decoded[i] = (high << 4) | (HEX[bytes[from + 2 * i + 1] as number] as number)
  }
  return { form: 'hex', bytes: decoded, at: (position) => from + 2 * position }
}

function base64View(bytes: Uint8Array, from: number, to: number): View {
  const decoded = new Uint8Array(Math.floor(((to - from) * 6) / 8))
  let bits = 0
  let held = 0
  let length = 0
  for (let i = from; i < to; i++) {
    bits = ((bits << 6) | (BASE64[bytes[i] as number] as number)) & 0xffff
    held += 6
    if (held < 8) continue
    held -= 8
    decoded[length++] = bits >> held
  }
  return { form: 'base64', bytes: decoded, at: (position) => from + Math.floor((position * 4) / 3) }
}
