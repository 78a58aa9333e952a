import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { effort } from '../../../scripts/effort.mjs'
import { equal, hex, type TreeHash, unhex } from '../src/bytes.js'
import {
  append,
  assemble,
  cover,
  type Edge,
  edgeShape,
  emptyEdge,
  emptyRoot,
  fold,
  leafHash,
  type Node,
  nodeHash,
  oneBits,
  type Plan,
  planConsistency,
  planEdge,
  planInclusion,
  rootOf,
  rootOfEdge,
  splitOf,
  verifyConsistency,
  verifyInclusion,
} from '../src/merkle.js'
import { pack, unpack } from '../src/shape.js'
import { expectCode } from './expect-code.js'
import { flipped, leavesOfSize, ReferenceTree } from './reference-tree.js'

const LARGEST = 130
const MAX = Number.MAX_SAFE_INTEGER
const leaves = leavesOfSize(LARGEST)
const reference = new ReferenceTree(leaves)
const rootAt = (size: number): TreeHash => reference.mth(0, size)
const headAt = (size: number) => ({ size, root: rootAt(size) })
const leafAt = (index: number) => ({ index, hash: leaves[index] as TreeHash })
const prove = (plan: Plan): TreeHash[] =>
  assemble(
    plan,
    plan.nodes.map((node) => reference.node(node)),
  )
const edgeAt = (size: number): Edge => leaves.slice(0, size).reduce((edge, leaf) => append(edge, leaf), emptyEdge)
/** Without toEqual, which takes a millisecond for a few hashes. */
const same = (a: readonly TreeHash[], b: readonly TreeHash[]): boolean =>
  a.length === b.length && a.every((hash, i) => equal(hash, b[i] as TreeHash))

describe('hashes', () => {
  test('the eight leaves that Certificate Transparency tests with', () => {
    const data = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f']
    const hashes = data.map((text) => leafHash(unhex(text) as Uint8Array))
    const expected = [
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
      'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
      '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
      'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
      '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
    ]
    expect(expected.map((_, size) => hex(rootOf(hashes.slice(0, size))))).toEqual(expected)
  })

  test('every root up to 130 leaves, whole and by the edge', () => {
    let edge = emptyEdge
    for (let size = 0; size <= LARGEST; size++) {
      expect(hex(rootOf(leaves.slice(0, size))), `size ${size}`).toBe(hex(rootAt(size)))
      expect(hex(rootOfEdge(edge)), `edge ${size}`).toBe(hex(rootAt(size)))
      expect(edge.size).toBe(size)
      if (size < LARGEST) edge = append(edge, leaves[size] as TreeHash)
    }
    expect(emptyRoot()).toEqual(rootAt(0))
  })

  test('a leaf is never an inner node', () => {
    const [left, right] = [leaves[0] as TreeHash, leaves[1] as TreeHash]
    expect(leafHash(Uint8Array.of(...left, ...right))).not.toEqual(nodeHash(left, right))
  })

  test('what is not bytes is refused', () => {
    for (const wrong of ['text', null, 5, [1]]) {
      expectCode('USAGE', () => leafHash(wrong as never))
      expectCode('USAGE', () => nodeHash(wrong as never, rootAt(1)))
    }
  })
})

describe('shape of the tree', () => {
  test('the first split, also beyond 32 bits', () => {
    const table: [number, number][] = [
      [2, 1],
      [3, 2],
      [4, 2],
      [5, 4],
      [8, 4],
      [9, 8],
      [2 ** 31, 2 ** 30],
      [2 ** 31 + 1, 2 ** 31],
      [2 ** 32, 2 ** 31],
      [2 ** 32 + 1, 2 ** 32],
      [2 ** 52 + 1, 2 ** 52],
      [MAX, 2 ** 52],
    ]
    for (const [size, split] of table) expect(splitOf(size), String(size)).toBe(split)
  })

  test('a cover is complete subtrees, largest first, end to end', () => {
    for (const size of [0, 1, 2, 3, 7, 8, 2 ** 32 - 1, 2 ** 32 + 5, MAX]) {
      const nodes = cover(0, size)
      expect(nodes.length).toBe(oneBits(size))
      const end = nodes.reduce((at, { level, index }) => {
        expect(index * 2 ** level).toBe(at)
        return at + 2 ** level
      }, 0)
      expect(end).toBe(size)
    }
  })

  test('plans in the largest tree are short', () => {
    expect(planInclusion(MAX - 1, MAX).groups.length).toBe(52)
    expect(planInclusion(0, MAX).groups.length).toBe(53)
    expect(planConsistency(2 ** 52, MAX).groups.length).toBe(1)
  })

  test('plans outside a tree are refused', () => {
    for (const [index, size] of [
      [0, 0],
      [1, 1],
      [-1, 2],
      [0.5, 2],
      [0, 2 ** 53],
      [Number.NaN, 2],
    ] as const) {
      expectCode('USAGE', () => planInclusion(index, size), `${index} of ${size}`)
    }
    for (const [older, size] of [
      [0, 0],
      [0, 1],
      [2, 1],
      [-1, 2],
      [1.5, 2],
      [1, 2 ** 53],
    ] as const) {
      expectCode('USAGE', () => planConsistency(older, size), `${older} to ${size}`)
    }
    expectCode('USAGE', () => planEdge(-1))
    const plan = planInclusion(0, 3)
    expectCode('USAGE', () => assemble(plan, [rootAt(1)]))
    expectCode('USAGE', () => assemble(plan, [rootAt(1), rootAt(1), rootAt(1)]))
  })
})

describe('edge', () => {
  test('append reports every complete subtree once, with its hash', () => {
    const seen = new Map<string, TreeHash>()
    const note = ({ level, index }: Node, hash: TreeHash) => {
      expect(seen.has(`${level}/${index}`)).toBe(false)
      seen.set(`${level}/${index}`, hash)
    }
    leaves.reduce((edge, leaf) => append(edge, leaf, note), emptyEdge)
    let expected = 0
    for (let level = 0; 2 ** level <= LARGEST; level++) {
      for (let index = 0; (index + 1) * 2 ** level <= LARGEST; index++, expected++) {
        expect(seen.get(`${level}/${index}`), `${level}/${index}`).toEqual(reference.node({ level, index }))
      }
    }
    expect(seen.size).toBe(expected)
  })

  test('append leaves the edge before it alone', () => {
    const edge = edgeAt(7)
    const before = edge.hashes.map(hex)
    append(edge, leaves[7] as TreeHash)
    expect(edge.hashes.map(hex)).toEqual(before)
    expect(emptyEdge.hashes.length).toBe(0)
  })

  test('an older edge comes from stored subtrees', () => {
    for (let size = 0; size <= LARGEST; size++) expect({ size, hashes: prove(planEdge(size)) }).toEqual(edgeAt(size))
  })

  test('stored and read back, and refused with a hash too few or too many', () => {
    for (let size = 0; size <= LARGEST; size++) {
      const edge = edgeAt(size)
      expect(unpack(edgeShape, pack(edgeShape, edge), 'edge')).toEqual(edge)
      expectCode('DECODE_SHAPE', () => edgeShape.decode([size, [...edge.hashes, rootAt(1)]], 'edge'))
      if (size > 0) expectCode('DECODE_SHAPE', () => edgeShape.decode([size, edge.hashes.slice(1)], 'edge'))
    }
    expectCode('DECODE_SHAPE', () => edgeShape.decode([1, [new Uint8Array(31)]], 'edge'))
    expectCode('DECODE_SHAPE', () => edgeShape.decode([0], 'edge'))
  })

  test('a tree of 2^53 − 1 leaves takes no more', () => {
    const hashes = Array.from({ length: 53 }, () => rootAt(1))
    expectCode('LIMIT', () => append({ size: MAX, hashes }, rootAt(1)))
    expect(append({ size: MAX - 1, hashes: hashes.slice(1) }, rootAt(1)).size).toBe(MAX)
  })
})

describe('inclusion', () => {
  test('every leaf of every tree up to 130 leaves, as RFC 6962 defines the path', () => {
    for (let size = 1; size <= LARGEST; size++) {
      for (let index = 0; index < size; index++) {
        const made = prove(planInclusion(index, size))
        expect(same(made, reference.path(index, size)), `${index} of ${size}`).toBe(true)
        verifyInclusion(leafAt(index), headAt(size), made)
      }
    }
  })

  test('refused: another index, leaf, root, or path', () => {
    for (let size = 1; size <= 20; size++) {
      for (let index = 0; index < size; index++) {
        const made = prove(planInclusion(index, size))
        const refused = (leaf: { index: number; hash: TreeHash }, root: TreeHash, given: readonly TreeHash[]) =>
          expectCode('LOG_PROOF', () => verifyInclusion(leaf, { size, root }, given), `${index} of ${size}`)
        for (let other = 0; other < size; other++) {
          if (other !== index) refused({ index: other, hash: leafAt(index).hash }, rootAt(size), made)
        }
        for (const wrong of [size, size + 1, -1, 0.5, Number.NaN, 2 ** 53]) {
          refused({ index: wrong, hash: leafAt(index).hash }, rootAt(size), made)
        }
        refused({ index, hash: flipped(leafAt(index).hash, 3) }, rootAt(size), made)
        refused({ index, hash: new Uint8Array(31) as never }, rootAt(size), made)
        refused(leafAt(index), flipped(rootAt(size), 255), made)
        refused(leafAt(index), rootAt(size), [...made, rootAt(1)])
        refused(leafAt(index), rootAt(size), [rootAt(1), ...made])
        made.forEach((hash, i) => {
          refused(leafAt(index), rootAt(size), made.toSpliced(i, 1))
          refused(leafAt(index), rootAt(size), made.with(i, flipped(hash, i)))
          refused(leafAt(index), rootAt(size), made.with(i, hash.slice(0, 31) as TreeHash))
          if (i > 0) refused(leafAt(index), rootAt(size), made.with(i, made[i - 1] as TreeHash).with(i - 1, hash))
        })
      }
    }
  })

  test('refused: an empty tree', () => {
    expectCode('LOG_PROOF', () => verifyInclusion(leafAt(0), headAt(0), []))
  })
})

describe('consistency', () => {
  test('every pair of sizes up to 130, as RFC 6962 defines the proof', () => {
    for (let size = 1; size <= LARGEST; size++) {
      for (let older = 1; older <= size; older++) {
        const made = prove(planConsistency(older, size))
        expect(same(made, reference.proof(older, size)), `${older} to ${size}`).toBe(true)
        verifyConsistency(headAt(older), headAt(size), made)
      }
    }
  })

  test('refused: other roots, sizes, or proof', () => {
    for (let size = 1; size <= 20; size++) {
      for (let older = 1; older <= size; older++) {
        const made = prove(planConsistency(older, size))
        const refused = (old: TreeHash, root: TreeHash, given: readonly TreeHash[]) =>
          expectCode(
            'LOG_INCONSISTENT',
            () => verifyConsistency({ size: older, root: old }, { size, root }, given),
            `${older} to ${size}`,
          )
        refused(flipped(rootAt(older), 0), rootAt(size), made)
        refused(rootAt(older), flipped(rootAt(size), 0), made)
        if (older !== size) refused(rootAt(size), rootAt(older), made)
        refused(rootAt(older), rootAt(size), [...made, rootAt(1)])
        refused(rootAt(older), rootAt(size), [rootAt(older), ...made])
        made.forEach((hash, i) => {
          refused(rootAt(older), rootAt(size), made.toSpliced(i, 1))
          refused(rootAt(older), rootAt(size), made.with(i, flipped(hash, 7)))
          refused(rootAt(older), rootAt(size), made.with(i, new Uint8Array(33) as never))
        })
      }
    }
  })

  test('refused: an empty older tree, a shrinking one, and sizes that are none', () => {
    expectCode('LOG_INCONSISTENT', () => verifyConsistency(headAt(0), headAt(0), []))
    expectCode('LOG_INCONSISTENT', () => verifyConsistency(headAt(0), headAt(5), []))
    expectCode('LOG_INCONSISTENT', () => verifyConsistency(headAt(3), headAt(2), []))
    for (const size of [-1, 1.5, Number.NaN, 2 ** 53]) {
      expectCode('LOG_INCONSISTENT', () => verifyConsistency({ size, root: rootAt(1) }, headAt(5), []))
      expectCode('LOG_INCONSISTENT', () => verifyConsistency(headAt(1), { size, root: rootAt(1) }, []))
    }
  })

  test('a tree rewritten below the older size is refused whatever true proof it comes with', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.nat(59), fc.nat(60), (older, changed, more) => {
        const rewritten = leaves.slice(0, older + more).with(changed % older, rootAt(0))
        const size = rewritten.length
        const tree = new ReferenceTree(rewritten)
        const made = tree.proof(older, size)
        const newer = { size, root: tree.mth(0, size) }
        expectCode('LOG_INCONSISTENT', () => verifyConsistency(headAt(older), newer, made))
      }),
      { numRuns: effort(200) },
    )
  })
})

test('fold of a cover is the root', () => {
  for (let size = 0; size <= LARGEST; size++) {
    expect(fold(cover(0, size).map((node) => reference.node(node)))).toEqual(rootAt(size))
  }
})
