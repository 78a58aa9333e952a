import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { effort } from '../../../scripts/effort.mjs'
import type { TreeHash } from '../src/bytes.js'
import { append, emptyEdge, leafHash, type Node, rootOf } from '../src/merkle.js'
import {
  decodeBundle,
  decodeTile,
  encodeBundle,
  encodeTile,
  leavesOf,
  nodesOf,
  parseTilePath,
  type Tile,
  tileOf,
  tilePath,
  tilesFor,
} from '../src/tiles.js'
import { expectCode } from './expect-code.js'
import { filled } from './support.js'

const MAX = Number.MAX_SAFE_INTEGER

describe('paths', () => {
  test('have the form of tlog-tiles', () => {
    const table: [Tile, string][] = [
      [{ level: 0, index: 0, width: 256 }, 'tile/0/000'],
      [{ level: 0, index: 0, width: 1 }, 'tile/0/000.p/1'],
      [{ level: 1, index: 999, width: 255 }, 'tile/1/999.p/255'],
      [{ level: 0, index: 1000, width: 256 }, 'tile/0/x001/000'],
      [{ level: 0, index: 1234067, width: 256 }, 'tile/0/x001/x234/067'],
      [{ level: 'entries', index: 1234067, width: 8 }, 'tile/entries/x001/x234/067.p/8'],
      [{ level: 6, index: 0, width: 31 }, 'tile/6/000.p/31'],
      [{ level: 0, index: 35184372088831, width: 255 }, 'tile/0/x035/x184/x372/x088/831.p/255'],
    ]
    for (const [tile, path] of table) {
      expect(tilePath(tile)).toBe(path)
      expect(parseTilePath(path)).toEqual(tile)
    }
  })

  test('any tile comes back', () => {
    const tiles = fc.record({
      level: fc.constantFrom('entries' as const, 0, 1, 2, 3),
      index: fc.nat(2 ** 20),
      width: fc.integer({ min: 1, max: 256 }),
    })
    fc.assert(
      fc.property(tiles, (tile) => {
        expect(parseTilePath(tilePath(tile))).toEqual(tile)
      }),
      { numRuns: effort(300) },
    )
  })

  test('refused: every other spelling, and tiles beyond 2^53 − 1 leaves', () => {
    const table = [
      '',
      'tile',
      'tile/0',
      'tile/0/',
      'tile/0/0',
      'tile/0/00',
      'tile/0/0000',
      'tile/0/x000/000',
      'tile/0/x000/001',
      'tile/0/001/000',
      'tile/0/x001',
      'tile/0/x001/',
      'tile/0/x001/x000',
      'tile/0/x1/000',
      'tile/0/X001/000',
      'tile/0/-01',
      'tile/0/+01',
      'tile/0/001.p/0',
      'tile/0/001.p/01',
      'tile/0/001.p/256',
      'tile/0/001.p/1000',
      'tile/0/001.p/',
      'tile/0/001.p',
      'tile/0/001.P/1',
      'tile/00/001',
      'tile/-1/001',
      'tile/7/000',
      'tile/7/000.p/1',
      'tile/63/000',
      'tile/6/000.p/32',
      'tile/6/001.p/1',
      'tile/0/x035/x184/x372/x088/831',
      'tile/0/x035/x184/x372/x088/832.p/1',
      'tile/entry/000',
      'tile/entries/',
      'tile/data/000',
      '/tile/0/000',
      'tile/0/000/',
      'tile/0/000\n',
      ' tile/0/000',
      'tile/0/000?x',
      'tile/0/../000',
      'tile//000',
    ]
    for (const path of table) expectCode('DECODE_SHAPE', () => parseTilePath(path), JSON.stringify(path))
  })

  test('refused to write: what is no tile', () => {
    const table = [{ level: -1 }, { level: 7 }, { level: 0.5 }, { index: -1 }, { index: 0.5 }, { index: 2 ** 53 }]
    for (const fields of [...table, { width: 0 }, { width: 257 }, { width: 1.5 }, { level: 6, width: 32 }]) {
      expectCode('USAGE', () => tilePath({ level: 0, index: 0, width: 1, ...fields }), JSON.stringify(fields))
    }
  })
})

describe('which tiles', () => {
  test('a tree of 70,000 leaves, as tlog-tiles counts it', () => {
    const { full, partial } = tilesFor(0, 70_000)
    expect(full.filter(({ level }) => level === 0).length).toBe(273)
    expect(full.filter(({ level }) => level === 1).length).toBe(1)
    expect(full.length).toBe(274)
    expect(partial).toEqual([
      { level: 0, index: 273, width: 112 },
      { level: 1, index: 1, width: 17 },
      { level: 2, index: 0, width: 1 },
    ])
    expect(tilesFor(0, 256)).toEqual({
      full: [{ level: 0, index: 0, width: 256 }],
      partial: [{ level: 1, index: 0, width: 1 }],
    })
  })

  test('growing writes each full tile once, and each partial one that is new', () => {
    const sizes = fc.array(fc.nat(400), { minLength: 1, maxLength: 8 }).map((steps) => [0, ...steps])
    const pathsOf = (tiles: readonly Tile[]) => tiles.map(tilePath)
    fc.assert(
      fc.property(sizes, fc.constantFrom(1, 173), (steps, scale) => {
        let size = 0
        const written: string[] = []
        for (const step of steps) {
          const grown = tilesFor(size, size + step * scale)
          written.push(...pathsOf(grown.full))
          const before = new Set(pathsOf(tilesFor(0, size).partial))
          const after = pathsOf(tilesFor(0, size + step * scale).partial)
          expect(pathsOf(grown.partial)).toEqual(after.filter((path) => !before.has(path)))
          size += step * scale
        }
        expect(written.toSorted()).toEqual(pathsOf(tilesFor(0, size).full).toSorted())
      }),
      { numRuns: effort(100) },
    )
  })

  test('sizes that are none are refused; the last leaf of the largest tree is in tiles', () => {
    for (const [older, size] of [
      [-1, 5],
      [6, 5],
      [0.5, 5],
      [0, 5.5],
      [0, 2 ** 53],
      [Number.NaN, 5],
    ] as const) {
      expectCode('USAGE', () => tilesFor(older, size), `${older} to ${size}`)
    }
    const { full, partial } = tilesFor(MAX - 1, MAX)
    expect([full, partial]).toEqual([[], [{ level: 0, index: 35184372088831, width: 255 }]])
    expect(tilesFor(5, 5)).toEqual({ full: [], partial: [] })
  })

  test('a tile spans its leaves', () => {
    expect(leavesOf({ level: 'entries', index: 3, width: 5 })).toEqual({ from: 768, to: 773 })
    expect(leavesOf({ level: 0, index: 3, width: 256 })).toEqual({ from: 768, to: 1024 })
    expect(leavesOf({ level: 1, index: 1, width: 17 })).toEqual({ from: 65536, to: 69888 })
  })

  test('every complete subtree is found in the tiles of its tree', () => {
    const size = 1500
    const stored = new Map<string, TreeHash>()
    const keep = ({ level, index }: Node, hash: TreeHash) => void stored.set(`${level}/${index}`, hash)
    let edge = emptyEdge
    for (let i = 0; i < size; i++) edge = append(edge, leafHash(Uint8Array.of(i & 255, i >> 8)), keep)
    const { full, partial } = tilesFor(0, size)
    const tiles = new Map(
      [...full, ...partial].map((tile) => {
        const nodes = nodesOf(tile as Tile & { level: number })
        const content = encodeTile(nodes.map(({ level, index }) => stored.get(`${level}/${index}`) as TreeHash))
        return [`${tile.level}/${tile.index}`, decodeTile(content, tile.width)]
      }),
    )
    for (const [key, hash] of stored) {
      const [level, index] = key.split('/').map(Number) as [number, number]
      const place = tileOf({ level, index })
      const content = tiles.get(`${place.level}/${place.index}`) as TreeHash[]
      expect(content.length).toBeGreaterThanOrEqual(place.from + place.count)
      expect(rootOf(content.slice(place.from, place.from + place.count)), key).toEqual(hash)
    }
  })
})

describe('contents', () => {
  test('a tile of another length is refused', () => {
    const hashes = [1, 2, 3].map((seed) => filled(seed) as Uint8Array as TreeHash)
    const content = encodeTile(hashes)
    expect(decodeTile(content, 3)).toEqual(hashes)
    for (const width of [0, 1, 2, 4, 256]) expectCode('DECODE_SHAPE', () => decodeTile(content, width), String(width))
    expectCode('DECODE_SHAPE', () => decodeTile(content.slice(1), 3))
    expectCode('USAGE', () => encodeTile([]))
    expectCode('USAGE', () => encodeTile(Array.from({ length: 257 }, () => hashes[0] as TreeHash)))
    expectCode('USAGE', () => encodeTile([filled(1, 31) as Uint8Array as TreeHash]))
  })

  test('bundles come back, empty and longest leaves too', () => {
    const bundles = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 256 })
    fc.assert(
      fc.property(bundles, (leaves) => {
        const content = encodeBundle(leaves)
        expect(decodeBundle(content, leaves.length).map((leaf) => [...leaf])).toEqual(leaves.map((leaf) => [...leaf]))
      }),
      { numRuns: effort(40) },
    )
    const longest = new Uint8Array(65535).fill(7)
    expect(decodeBundle(encodeBundle([longest]), 1)).toEqual([longest])
    expectCode('USAGE', () => encodeBundle([new Uint8Array(65536)]))
    expectCode('USAGE', () => encodeBundle([]))
    expectCode('USAGE', () => encodeBundle(Array.from({ length: 257 }, () => new Uint8Array(1))))
  })

  test('a bundle of fewer or more leaves, or cut anywhere, is refused', () => {
    const content = encodeBundle([filled(1, 5), filled(2, 0), filled(3, 300)])
    for (let length = 0; length < content.length; length++) {
      expectCode('DECODE_TRUNCATED', () => decodeBundle(content.slice(0, length), 3), String(length))
    }
    expectCode('DECODE_TRAILING', () => decodeBundle(content, 2))
    expectCode('DECODE_TRAILING', () => decodeBundle(content, 0))
    expectCode('DECODE_TRUNCATED', () => decodeBundle(content, 4))
  })
})
