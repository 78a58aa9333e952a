import fc from 'fast-check'
import { expect, test } from 'vitest'
import { effort } from '../../../scripts/effort.mjs'
import { planBatch, verifyBatch } from '../src/batch.js'
import type { TreeHash } from '../src/bytes.js'
import type { LeafAt } from '../src/merkle.js'
import { expectCode } from './expect-code.js'
import { complement, flipped, leavesOfSize, ReferenceTree } from './reference-tree.js'

const LARGEST = 130
const leaves = leavesOfSize(LARGEST)
const reference = new ReferenceTree(leaves)
const headAt = (size: number) => ({ size, root: reference.mth(0, size) })
const at = (indices: readonly number[]): LeafAt[] =>
  indices.map((index) => ({ index, hash: leaves[index] as TreeHash }))
const prove = (size: number, indices: readonly number[]): TreeHash[] =>
  planBatch(size, indices).map((node) => reference.node(node))

function checkBatch(size: number, indices: readonly number[]): void {
  expect(planBatch(size, indices), `${indices.join()} of ${size}`).toEqual(complement(size, new Set(indices)))
  verifyBatch(headAt(size), at(indices), prove(size, indices))
}

const someBatch = fc
  .integer({ min: 1, max: LARGEST })
  .chain((size) => fc.tuple(fc.constant(size), fc.uniqueArray(fc.nat(size - 1), { minLength: 1 })))
  .map(([size, indices]): [number, number[]] => [size, indices.sort((a, b) => a - b)])

test('every set of leaves of every tree up to 8 leaves', () => {
  for (let size = 1; size <= 8; size++) {
    for (let mask = 1; mask < 2 ** size; mask++) {
      checkBatch(
        size,
        Array.from({ length: size }, (_, i) => i).filter((i) => (mask >> i) & 1),
      )
    }
  }
})

test('every leaf alone, and all together, of every tree up to 130 leaves', () => {
  for (let size = 1; size <= LARGEST; size++) {
    for (let index = 0; index < size; index++) verifyBatch(headAt(size), at([index]), prove(size, [index]))
    const all = Array.from({ length: size }, (_, i) => i)
    expect(planBatch(size, all)).toEqual([])
    verifyBatch(headAt(size), at(all), [])
  }
})

test('any leaves of any tree: the nodes are the complementary complete subtrees', () => {
  fc.assert(
    fc.property(someBatch, ([size, indices]) => checkBatch(size, indices)),
    { numRuns: effort(150) },
  )
})

test('refused: any single change of leaves, nodes or root', () => {
  fc.assert(
    fc.property(someBatch, fc.nat(255), fc.nat(), ([size, indices], bit, pick) => {
      const nodes = prove(size, indices)
      const proven = at(indices)
      const refused = (given: readonly LeafAt[], by: readonly TreeHash[], root = headAt(size).root) =>
        expectCode('LOG_PROOF', () => verifyBatch({ size, root }, given, by), `${indices.join()} of ${size}`)
      const i = pick % proven.length
      const leaf = proven[i] as LeafAt
      refused(proven, nodes, flipped(headAt(size).root, bit))
      refused(proven.with(i, { index: leaf.index, hash: flipped(leaf.hash, bit) }), nodes)
      refused(proven.toSpliced(i, 0, leaf), nodes)
      refused(proven.toSpliced(i, 1), nodes)
      refused(proven.with(i, { index: leaf.index + 1, hash: leaf.hash }), nodes)
      refused(proven, [...nodes, leaf.hash])
      if (proven.length > 1) refused(proven.toReversed(), nodes)
      if (nodes.length === 0) return
      const n = pick % nodes.length
      refused(proven, nodes.toSpliced(n, 1))
      refused(proven, nodes.with(n, flipped(nodes[n] as TreeHash, bit)))
      refused(proven, nodes.with(n, new Uint8Array(31) as never))
      if (nodes.length > 1) refused(proven, nodes.toReversed())
    }),
    { numRuns: effort(150) },
  )
})

test('refused: no leaves, leaves that are none, and places outside the tree', () => {
  const hash = leaves[0] as TreeHash
  expectCode('LOG_PROOF', () => verifyBatch(headAt(1), [], [hash]))
  expectCode('LOG_PROOF', () => verifyBatch(headAt(0), [], []))
  expectCode('LOG_PROOF', () => verifyBatch(headAt(1), [{ index: 0, hash: hash.slice(1) as TreeHash }], []))
  for (const index of [-1, 1, 0.5, Number.NaN, 2 ** 53]) {
    expectCode('LOG_PROOF', () => verifyBatch(headAt(1), [{ index, hash }], []), String(index))
    expectCode('USAGE', () => planBatch(1, [index]), String(index))
  }
  for (const size of [-1, 0, 0.5, Number.NaN, 2 ** 53]) {
    expectCode('LOG_PROOF', () => verifyBatch({ size, root: hash }, [{ index: 0, hash }], []), String(size))
  }
  expectCode('USAGE', () => planBatch(4, []))
  expectCode('USAGE', () => planBatch(4, [1, 1]))
  expectCode('USAGE', () => planBatch(4, [2, 1]))
})

test('a batch in the largest tree needs no more than two nodes a level', () => {
  const size = Number.MAX_SAFE_INTEGER
  expect(planBatch(size, [2 ** 52 - 1]).length).toBeLessThanOrEqual(2 * 53)
  expect(planBatch(size, [0, size - 1]).length).toBeLessThanOrEqual(3 * 53)
})
