// Proven entries: place, batch and log time of each, or a code. Spec: docs/spec/log.md, "Proven entries".
import { beforeAll, describe, expect, it } from 'vitest'
import { equal, type TreeHash } from '../src/bytes.js'
import { ready } from '../src/ed25519.js'
import type { Seal } from '../src/leaf.js'
import { type Proven, proven, slotOf, verifyProven } from '../src/proven.js'
import { mergeSeals } from '../src/seals.js'
import { pack, unpack } from '../src/shape.js'
import { idOf, type LogEntry, START, TestLog, World } from './actors.js'
import { everyEntry } from './every-entry.js'
import { expectCode } from './expect-code.js'
import { codeOf } from './support.js'

let world: World
let given: Proven

beforeAll(async () => {
  await ready()
  world = await World.founded()
  await everyEntry(world)
  given = world.log.proven()
})

const codeFor = (changed: Proven, log = world.log) => codeOf(() => verifyProven(changed, log.signer.key, null))
const changed = (over: Partial<Proven>) => codeFor({ ...given, ...over })

describe('what a relay sends', () => {
  it('gives each entry its place, its batch’s time and its access place', () => {
    const { tree, placed } = verifyProven(given, world.log.signer.key, null)
    expect(tree).toMatchObject(world.log.head())
    expect(placed.map(({ entry, index, access }) => ({ entry, index, access }))).toEqual(world.log.entries)
    expect(new Set(placed.map(({ time }) => time))).toEqual(new Set([START, world.now]))
    expect(unpack(proven, pack(proven, given), 'answer')).toEqual(given)
  })

  it('may be any of the entries, and a checkpoint alone', () => {
    for (const one of world.log.entries)
      expect(codeFor(world.log.proven(({ index }) => index === one.index))).toBe('accepted')
    expect(codeFor(world.log.proven(() => false))).toBe('accepted')
  })

  it('is refused without a seal', () => {
    expect(changed({ seals: [] })).toBe('LOG_MISSING')
    expect(changed({ seals: given.seals.slice(0, -1) })).toBe('LOG_MISSING')
    // The seal of a later batch does not cover an earlier entry.
    expect(changed({ seals: given.seals.slice(1) })).toBe('TIME')
    expect(changed({ seals: given.seals.filter((_, i) => i !== 3) })).toBe('TIME')
  })

  it('is refused with a seal that the log does not have', () => {
    const other = (over: Partial<Seal>) =>
      changed({ seals: given.seals.map((seal, i) => (i === 3 ? { ...seal, ...over } : seal)) })
    expect(other({})).toBe('accepted')
    expect(other({ time: START })).toBe('accepted')
    expect(other({ prefixRoot: idOf('root') })).toBe('LOG_PROOF')
    expect(other({ first: (given.seals[3] as Seal).first - 1 })).toBe('LOG_INCONSISTENT')
    expect(other({ size: (given.seals[3] as Seal).size + 2 })).toBe('LOG_INCONSISTENT')
    expect(other({ time: START + 1 })).toBe('TIME')
    expect(other({ time: START - 1 })).toBe('TIME')
    const later = given.seals.map((seal, i) => (i < 3 ? seal : { ...seal, time: START + 1 }))
    expect(changed({ seals: later })).toBe('LOG_PROOF')
    expect(changed({ seals: [...given.seals].reverse() })).toBe('LOG_INCONSISTENT')
  })

  it('is refused with another proof', () => {
    const some = world.log.proven(({ index }) => index % 7 === 1)
    expect(codeFor(some)).toBe('accepted')
    expect(some.nodes.length).toBeGreaterThan(2)
    expect(codeFor({ ...some, nodes: some.nodes.slice(1) })).toBe('LOG_PROOF')
    expect(codeFor({ ...some, nodes: [...some.nodes, idOf<TreeHash>('more')] })).toBe('LOG_PROOF')
    expect(codeFor({ ...some, nodes: some.nodes.map((node, i) => (i === 1 ? idOf('other') : node)) })).toBe('LOG_PROOF')
    expect(codeFor({ ...world.log.proven(() => false), nodes: [idOf('node')] })).toBe('LOG_PROOF')
  })

  it('is refused with entries swapped, moved, repeated or left out', () => {
    const [first, second, third] = given.entries as [Proven['entries'][0], Proven['entries'][0], Proven['entries'][0]]
    const rest = given.entries.slice(3)
    expect(
      changed({ entries: [{ ...first, bytes: second.bytes }, { ...second, bytes: first.bytes }, third, ...rest] }),
    ).toBe('LOG_PROOF')
    expect(changed({ entries: [second, first, third, ...rest] })).toBe('LOG_PROOF')
    expect(changed({ entries: [first, first, second, third, ...rest] })).toBe('LOG_PROOF')
    expect(changed({ entries: [first, third, ...rest] })).toBe('LOG_PROOF')
    // At the place of a seal.
    expect(changed({ entries: [{ ...first, index: first.index + 1 }, second, third, ...rest] })).toBe('TIME')
  })

  it('is refused when an entry stands in another slot than its own', () => {
    const access = given.entries.findIndex((one) => one.access !== null)
    const at = (position: number, over: object) =>
      changed({ entries: given.entries.map((one, i) => (i === position ? { ...one, ...over } : one)) })
    const place = given.entries[access]?.access
    if (!place) throw new Error('no access entry was placed')
    const { number, previous } = place
    expect(at(access, { access: { number, previous: idOf('other') } })).toBe('LOG_PROOF')
    expect(at(access, { access: { number: 0, previous } })).toBe('LOG_PROOF')
    expect(at(access, { access: null })).toBe('LOG_PROOF')
    expect(at(0, { access: { number, previous } })).toBe('LOG_PROOF')
    // A number is no part of the slot: the ledger compares it with the link.
    expect(at(access, { access: { number: number + 1, previous } })).toBe('accepted')
  })

  it('is refused with bytes that are no entry', () => {
    expect(changed({ entries: [{ index: 0, bytes: new Uint8Array(200), access: null }] })).toBe('DECODE_SHAPE')
    expect(changed({ entries: [{ index: 0, bytes: new Uint8Array(), access: null }] })).toBe('DECODE_TRUNCATED')
  })
})

describe('the tree', () => {
  const seen = (log: TestLog, size: number) => log.head(size)
  it('grows from what was seen, and by the log’s key', () => {
    for (const size of [1, 5, world.log.size - 1, world.log.size]) {
      const grown = world.log.proven(undefined, { seen: size })
      expect(codeOf(() => verifyProven(grown, world.log.signer.key, seen(world.log, size)))).toBe('accepted')
    }
    expectCode('CHECKPOINT', () => verifyProven(given, new TestLog('other.example').signer.key, null))
  })

  it('never shrinks, forks or changes', () => {
    const { log } = world
    const key = log.signer.key
    const size = log.seals[3]?.size as number
    const older = log.proven(undefined, { size })
    expect(codeOf(() => verifyProven(older, key, seen(log, size)))).toBe('accepted')
    expectCode('ROLLBACK', () => verifyProven(older, key, seen(log, size + 1)))
    expectCode('FORK', () => verifyProven(given, key, { size: log.size, root: idOf('root') }))
    const grown = log.proven(undefined, { seen: 5 })
    expectCode('LOG_INCONSISTENT', () => verifyProven(grown, key, { size: 5, root: idOf('root') }))
    expectCode('LOG_INCONSISTENT', () => verifyProven(grown, key, seen(log, 6)))
    expectCode('LOG_INCONSISTENT', () => verifyProven({ ...grown, consistency: [] }, key, seen(log, 5)))
    expect(codeOf(() => verifyProven(given, key, { size: 0, root: idOf('root') }))).toBe('accepted')
  })
})

describe('seals in a line', () => {
  const seal = (first: number, size: number, time: number): Seal => ({ first, size, time, prefixRoot: null })
  const line = [seal(0, 2, 10), seal(2, 5, 10), seal(7, 9, 12)]
  it('merge in order, each once', () => {
    expect(mergeSeals([], line)).toEqual(line)
    expect(mergeSeals(line, [])).toEqual(line)
    expect(mergeSeals(line, line)).toEqual(line)
    expect(mergeSeals(line, [seal(5, 7, 11)])).toEqual([...line.slice(0, 2), seal(5, 7, 11), seal(7, 9, 12)])
    expect(mergeSeals(line.slice(1), line.slice(0, 1))).toEqual(line)
    expect(mergeSeals(line, [seal(9, 11, 12)])).toHaveLength(4)
  })
  it('do not overlap', () => {
    for (const wrong of [
      seal(1, 3, 10),
      seal(0, 3, 10),
      seal(4, 7, 11),
      seal(5, 8, 11),
      seal(0, 9, 12),
      seal(7, 10, 12),
      seal(8, 10, 12),
    ])
      expect(codeOf(() => mergeSeals(line, [wrong]))).toBe('LOG_INCONSISTENT')
    expect(codeOf(() => mergeSeals([], [seal(0, 1, 1)]))).toBe('LOG_INCONSISTENT')
    expect(codeOf(() => mergeSeals(line, [seal(2, 5, 11)]))).not.toBe('accepted')
  })
  it('do not go back in time', () => {
    expect(codeOf(() => mergeSeals(line, [seal(5, 7, 9)]))).toBe('TIME')
    expect(codeOf(() => mergeSeals(line, [seal(5, 7, 13)]))).toBe('TIME')
    expect(codeOf(() => mergeSeals(line, [seal(9, 11, 11)]))).toBe('TIME')
  })
})

it('a slot follows from what an entry follows', () => {
  const entries = world.log.entries
  const slots = entries.map(({ entry, access }: LogEntry) => slotOf(entry, access))
  expect(new Set(slots.map(String)).size).toBe(entries.length)
  expect(slots.every((slot, i) => slots.findIndex((other) => equal(other, slot)) === i)).toBe(true)
})
