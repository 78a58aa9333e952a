// Wrong types in every argument place of what a package exports, from one row an export: arguments that it takes. For programs without
// types, and for values that came through JSON, a worker or a proxy. Imports no package, so that the tests of each package can use it.
import { describe, expect, it } from 'vitest'

/** ms for one function: a proof of many entries has hundreds of places, and each is taken with a dozen wrong values. */
const SLOW = 120_000

/** One way to call an exported function as it is meant, and how it answers anything else. */
export interface Row {
  /**
   * Arguments that it takes. In every place, and in every field of a plain object or first item of a list there, each wrong value is
   * tried. Bytes of 16, 32, 64 or 1,216 stand for exactly so many, bytes of another length for any number of them.
   */
  readonly args: readonly unknown[] | (() => readonly unknown[])
  /** For methods, constructors and generators. */
  readonly call?: (...args: never[]) => unknown
  /** Codes in which a wrong value may end, separated by `|`; USAGE unless the format says otherwise. */
  readonly ends?: string
  /** By place (`0`, `1.chain`): names of wrong values (see `values`) which the function takes there, or `*` for all. */
  readonly takes?: Readonly<Record<string, string>>
  /** Its answer holds what was given, not a copy: the row says why. */
  readonly keeps?: string
}

/** A value that is not taken apart: an object that only its own package makes. */
export class Whole {
  readonly value: unknown
  constructor(value: unknown) {
    this.value = value
  }
}
export const whole = (value: unknown): Whole => new Whole(value)

const thrower = (): never => {
  throw new Error('a trap of the test')
}
const traps: ProxyHandler<object> = { get: thrower, has: thrower, getPrototypeOf: thrower, ownKeys: thrower }

function detached(): Uint8Array {
  const bytes = new Uint8Array(32)
  structuredClone(bytes, { transfer: [bytes.buffer] })
  return bytes
}

type Kind = 'bytes' | 'number' | 'text' | 'boolean' | 'function' | 'list' | 'object'

/** Every wrong value by name, with the kind of place in which it would be right. */
const values: Readonly<Record<string, readonly [value: () => unknown, fits?: Kind]>> = {
  undefined: [() => undefined],
  null: [() => null],
  seven: [() => 7, 'number'],
  NaN: [() => Number.NaN],
  infinite: [() => Number.POSITIVE_INFINITY],
  negative: [() => -1],
  fraction: [() => 0.5],
  'negative zero': [() => -0, 'number'],
  '2^53': [() => 2 ** 53],
  huge: [() => 1e300],
  bigint: [() => 7n],
  true: [() => true, 'boolean'],
  'empty text': [() => '', 'text'],
  text: [() => 'text', 'text'],
  'text of 32': [() => 'x'.repeat(32), 'text'],
  symbol: [() => Symbol('bytes')],
  function: [() => () => new Uint8Array(32), 'function'],
  'empty list': [() => [], 'list'],
  'list of numbers': [() => [1, 2]],
  'list with a hole': [() => Object.assign([], { length: 1 })],
  'trapped list': [() => new Proxy([1], traps)],
  'empty object': [() => ({})],
  'object with a length': [() => ({ length: 32 })],
  ArrayBuffer: [() => new ArrayBuffer(32)],
  DataView: [() => new DataView(new ArrayBuffer(32))],
  Uint16Array: [() => new Uint16Array(16)],
  'detached bytes': [detached],
  'imitated bytes': [() => Object.create(Uint8Array.prototype) as unknown],
  'proxied bytes': [() => new Proxy(new Uint8Array(32), {})],
  'trapped object': [() => new Proxy({}, traps)],
  date: [() => new Date(0)],
  promise: [() => Promise.resolve(new Uint8Array(32))],
}

/** Where no field is needed, whatever has none. */
const anyObject = ['empty list', 'list of numbers', 'list with a hole', 'empty object', 'object with a length'].concat([
  'ArrayBuffer',
  'DataView',
  'Uint16Array',
  'detached bytes',
  'imitated bytes',
  'proxied bytes',
  'date',
  'promise',
])

function kindOf(sample: unknown): Kind | null {
  if (sample instanceof Uint8Array) return 'bytes'
  if (typeof sample === 'string') return 'text'
  if (Array.isArray(sample)) return 'list'
  if (typeof sample === 'number' || typeof sample === 'boolean' || typeof sample === 'function')
    return typeof sample as Kind
  return typeof sample === 'object' && sample !== null ? 'object' : null
}

function isPlain(value: unknown): value is Record<string, unknown> {
  try {
    return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
  } catch {
    return false
  }
}

interface Place {
  readonly path: string
  readonly sample: unknown
  readonly isWhole: boolean
  /** The arguments with another value at this place. */
  readonly with: (value: unknown) => unknown[]
}

/** All places in the arguments, deep in plain objects and in the first items of lists. */
function placesIn(args: readonly unknown[]): Place[] {
  const found: Place[] = []
  const visit = (path: string, sample: unknown, put: Place['with']): void => {
    if (path !== '')
      found.push({
        path,
        isWhole: sample instanceof Whole,
        sample: sample instanceof Whole ? sample.value : sample,
        with: put,
      })
    if (path !== '' && Array.isArray(sample) && sample.length > 0)
      visit(`${path}.0`, sample[0], (value) => put([value, ...sample.slice(1)]))
    if (!isPlain(sample)) return
    for (const [key, field] of Object.entries(sample))
      visit(`${path}.${key}`, field, (value) => put({ ...sample, [key]: value }))
  }
  for (const [i, sample] of args.entries())
    visit(`${i}`, sample, (value) => args.map((arg, j) => (i === j ? value : arg)))
  return found
}

/** Proxies of lists pass Array.isArray; their keys can't be listed. */
function isTrapped(value: unknown): boolean {
  try {
    Reflect.ownKeys(Object(value))
    return false
  } catch {
    return true
  }
}

function unwrap(value: unknown): unknown {
  if (isTrapped(value)) return value
  if (value instanceof Whole) return value.value
  if (Array.isArray(value)) return holds(value) ? value.map(unwrap) : value
  if (!isPlain(value) || !holds(value)) return value
  const fields = Object.entries(Object.getOwnPropertyDescriptors(value))
  const unwrapped = fields.map(([key, field]) => [
    key,
    'value' in field ? { ...field, value: unwrap(field.value) } : field,
  ])
  return Object.defineProperties({}, Object.fromEntries(unwrapped) as PropertyDescriptorMap)
}

/** Whether a sample has a whole in it: what was made wrong must be handed over as it is, traps and holes included. */
function holds(value: unknown): boolean {
  if (isTrapped(value)) return false
  if (value instanceof Whole) return true
  const fields = Array.isArray(value) || isPlain(value) ? Object.values(Object.getOwnPropertyDescriptors(value)) : []
  return fields.some((field) => 'value' in field && holds(field.value))
}

/** The rule for the longest prefix of a path. */
function ruleFor(rules: Row['takes'], path: string): string {
  const keys = Object.keys(rules ?? {}).filter((key) => key === '' || path === key || path.startsWith(`${key}.`))
  return rules?.[keys.sort((a, b) => b.length - a.length)[0] ?? '-'] ?? ''
}

function* wrongValues(place: Place, row: Row): Generator<[name: string, value: unknown]> {
  const kind = kindOf(place.sample)
  const taken = ruleFor(row.takes, place.path)
  if (kind === null || taken === '*') return
  const names = taken.split('|').flatMap((name) => (name === 'any object' ? anyObject : [name]))
  for (const [name, [value, fits]] of Object.entries(values))
    if (fits !== kind && !names.includes(name)) yield [name, value()]
  if (
    place.sample instanceof Uint8Array &&
    [16, 32, 64, 1216].includes(place.sample.length) &&
    !names.includes('length')
  )
    for (const length of [0, place.sample.length - 1, place.sample.length + 1])
      yield [`${length} bytes`, new Uint8Array(length)]
  if (isPlain(place.sample) && !place.isWhole && !names.includes('getter'))
    for (const key of Object.keys(place.sample).filter((field) => ruleFor(row.takes, `${place.path}.${field}`) !== '*'))
      yield [`getter ${key}`, Object.defineProperty({ ...place.sample }, key, { get: thrower, enumerable: true })]
}

/** How an action ends: `accepted`, the code of the package's own error, or what else was thrown. */
export async function outcome(own: abstract new (...args: never[]) => Error, action: () => unknown): Promise<string> {
  try {
    await action()
    return 'accepted'
  } catch (error) {
    if (error instanceof own) return (error as Error & { code: string }).code
    return `${(error as Error)?.name}: ${(error as Error)?.message}`
  }
}

/** An answer in a form that can be compared: bytes as hexadecimal, whatever class they have. */
export function comparable(value: unknown): unknown {
  if (ArrayBuffer.isView(value))
    return `bytes ${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}`
  if (typeof value === 'function') return 'function'
  if (Array.isArray(value)) return value.map(comparable)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, comparable(field)]))
}

const view = (bytes: Uint8Array, into: (length: number) => Uint8Array): Uint8Array => {
  const out = into(bytes.length)
  out.set(bytes)
  return out
}

/** All exported functions, with those that stand in exported objects, and constructor and methods of exported classes. */
export function functionsOf(exported: object, prefix = ''): string[] {
  return Object.entries(exported).flatMap(([name, value]) => {
    const full = prefix + name
    if (typeof value === 'function') {
      const methods = Object.getOwnPropertyDescriptors((value.prototype as object | undefined) ?? {})
      const isClass = /^class\b/.test(Function.prototype.toString.call(value))
      const own = Object.keys(isClass ? methods : {}).filter((key) => key !== 'constructor' && methods[key]?.value)
      return [full, ...own.map((key) => `${full}.${key}`)]
    }
    return isPlain(value) && !isShape(value) ? functionsOf(value, `${full}.`) : []
  })
}

export const isShape = (value: unknown): boolean =>
  isPlain(value) && typeof value['decode'] === 'function' && typeof value['encode'] === 'function'

const find = (exported: object, name: string): ((...args: never[]) => unknown) =>
  name.split('.').reduce((from, key) => (from as Record<string, unknown>)[key] as object, exported) as never

export interface Table {
  readonly exported: object
  /** The class of the errors that the package throws. */
  readonly error: abstract new (
    ...args: never[]
  ) => Error
  /** One row or several for each function, or the reason why it has none. */
  readonly rows: () => Readonly<Record<string, Row | readonly Row[] | string>>
  /** Whether views of shared memory are bytes everywhere, or may be refused. */
  readonly shared: 'taken' | 'refused'
  /** Methods of what exported functions make, which have rows too. */
  readonly methods?: readonly string[]
}

const list = <T>(one: T | readonly T[]): readonly T[] => (Array.isArray(one) ? (one as readonly T[]) : [one as T])

/** The tests of a table: that it is complete, that wrong values end in a code, and that a subclass gives what plain bytes give. */
export function misuse({ exported, error, rows, shared, methods = [] }: Table): void {
  const names = [...functionsOf(exported), ...methods]
  let made: ReturnType<Table['rows']> | undefined
  const all = (): ReturnType<Table['rows']> => (made ??= rows())

  it('has a row for every exported function, and for nothing else', () => {
    expect(Object.keys(all()).sort()).toEqual([...names].sort())
    const reasons = Object.values(all()).filter((row) => typeof row === 'string')
    expect(reasons.every((why) => why.length > 20)).toBe(true)
  })

  describe.each(names)('%s', (name) => {
    const mine = (): readonly Row[] => {
      const own = all()[name] ?? []
      return typeof own === 'string' ? [] : list<Row>(own as Row)
    }
    const start = (row: Row) => {
      const args = typeof row.args === 'function' ? row.args() : row.args
      const call = row.call ?? find(exported, name)
      return { args, run: (given: readonly unknown[]) => call(...(given.map(unwrap) as never[])) }
    }

    it(
      'refuses wrong types',
      async () => {
        const wrong: string[] = []
        for (const row of mine()) {
          const { args, run } = start(row)
          await run(args)
          const codes = (row.ends ?? 'USAGE').split('|')
          for (const place of placesIn(args)) {
            for (const [what, value] of wrongValues(place, row)) {
              const ended = await outcome(error, () =>
                run(start(row).args === args ? place.with(value) : placed(row, place, value)),
              )
              if (!codes.includes(ended)) wrong.push(`${place.path}: ${what} → ${ended}`)
            }
          }
        }
        expect(wrong).toEqual([])
      },
      SLOW,
    )

    const placed = (row: Row, { path }: Place, value: unknown): unknown[] =>
      (placesIn(start(row).args).find((place) => place.path === path) as Place).with(value)

    it('takes a subclass and a view as bytes, and its answer does not change with them', async () => {
      const wrong: string[] = []
      for (const row of mine()) {
        const expected = comparable(await start(row).run(start(row).args))
        for (const { path, sample } of placesIn(start(row).args)) {
          if (!(sample instanceof Uint8Array)) continue
          const kinds = {
            Buffer: Buffer.from(sample),
            view: view(sample, (length) => new Uint8Array(length + 9).subarray(3, 3 + length)),
            // A page that is not isolated from others has none.
            ...(sample.length > 0 &&
              typeof SharedArrayBuffer === 'function' && {
                shared: view(sample, (length) => new Uint8Array(new SharedArrayBuffer(length))),
              }),
          }
          for (const [kind, bytes] of Object.entries(kinds)) {
            const { args, run } = start(row)
            const place = placesIn(args).find((one) => one.path === path) as Place
            let got: unknown
            const ended = await outcome(error, async () => void (got = await run(place.with(bytes))))
            // What was given back is gone.
            if (row.keeps === undefined && bytes.length > 0) bytes.fill(0xa5)
            if (kind === 'shared' && shared === 'refused' && ended === 'USAGE') continue
            if (ended !== 'accepted') wrong.push(`${path}: ${kind} → ${ended}`)
            else if (JSON.stringify(comparable(got)) !== JSON.stringify(expected))
              wrong.push(`${path}: ${kind} gives another answer, or one that is not a copy`)
          }
        }
      }
      expect(wrong).toEqual([])
    })
  })
}
