// File headers: what a reader learns of a file, at one place. Spec: docs/spec/sections.md, "File header".
import { encode, limits } from '@sealchart/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { effort } from '../../../scripts/effort.mjs'
import { joinSegment, sealBytes, startOpening, startSealing } from '../src/floe.js'
import { FILE } from '../src/floe-layout.js'
import { type FileHeader, fileContext, openFileHeader, sealFileHeader } from '../src/header.js'
import { addPadding, in64s } from '../src/object.js'
import { bindPlace, type FileHeaderPlace, fileHeaderPlace } from '../src/place.js'
import type { FileKey, SectionKey } from '../src/secrets.js'
import { codesOfDamage, diagonal, id, matrix, secret, variants } from './places.js'
import { counted, expectCode, filled, notBytes } from './support.js'

const key = secret<SectionKey>(1)
const places = variants<FileHeaderPlace>(
  { network: id(1), record: id(2), section: 3, epoch: 4, fileId: filled(5, 16) },
  { network: id(6), record: id(7), section: 8, epoch: 9, fileId: filled(10, 16) },
)
const [place] = places as [FileHeaderPlace]
const header: FileHeader = {
  fileKey: secret<FileKey>(20),
  name: 'CT 2026-11-20.dcm',
  mediaType: 'application/dicom',
  length: 524_288,
  modified: 1_790_000_000_000,
  path: 'study/series 1',
}
const seal = (change: Partial<FileHeader> = {}) => sealFileHeader({ ...header, ...change }, key, place, counted())

describe('file headers', () => {
  test('open to what was sealed', async () => {
    for (const change of [
      {},
      { modified: null, path: '', mediaType: '' },
      { length: 0 },
      { name: '…' },
      { name: '...' },
    ]) {
      expect(await openFileHeader(await seal(change), key, place)).toEqual({ ...header, ...change })
    }
  })

  test('open at their own place alone: every field swapped', async () => {
    const codes = await matrix(
      places,
      (where) => sealFileHeader(header, key, where, counted()),
      (sealed, where) => openFileHeader(sealed, key, where),
    )
    expect(codes).toEqual(diagonal(6, 'UNAUTHENTIC'))
  })

  test('neither under another key, nor damaged', async () => {
    const sealed = await seal()
    await expectCode('UNAUTHENTIC', () => openFileHeader(sealed, secret(2), place))
    expect(await codesOfDamage(sealed, (copy) => openFileHeader(copy, key, place))).toEqual(['UNAUTHENTIC'])
  })

  test('of names up to some length are equally long', async () => {
    const lengths = await Promise.all(
      [1, 5, 20].map(async (length) => (await seal({ name: 'n'.repeat(length) })).length),
    )
    expect(new Set(lengths).size).toBe(1)
  })

  test('are at most 1 KiB, and LIMIT beyond', async () => {
    const room = await Promise.all(
      Array.from({ length: 900 }, (_, i) =>
        seal({ name: 'n'.repeat(i + 1) })
          .then((sealed) => sealed.length)
          .catch(() => null),
      ),
    )
    const last = room.findLastIndex((length) => length !== null)
    expect(room[last]).toBeLessThanOrEqual(limits.fileHeader)
    expect(room[last]).toBeGreaterThan(limits.fileHeader - 64)
    expect(room.slice(0, last + 1)).not.toContain(null)
    const [fits, tooLong] = ['n'.repeat(last + 1), 'n'.repeat(last + 2)]
    expect((await openFileHeader(await seal({ name: fits }), key, place)).name).toBe(fits)
    for (const change of [{ name: tooLong }, { name: 'n'.repeat(10_000) }, { path: 'p'.repeat(10_000) }]) {
      await expectCode('LIMIT', () => seal(change))
    }
  })

  const wrong: [string, Partial<Record<keyof FileHeader, unknown>>][] = [
    ['an empty name', { name: '' }],
    ['a name with a folder', { name: 'a/b' }],
    ['a name with a backslash', { name: 'a\\b' }],
    ['the name of this folder', { name: '.' }],
    ['the name of the folder above', { name: '..' }],
    ['a name with a control character', { name: 'a\u0000' }],
    ['a name that turns the direction', { name: 'a\u202efdp.exe' }],
    ['a name that is not normalised', { name: 'e\u0301' }],
    ['an absolute path', { path: '/etc' }],
    ['a path that ends in a slash', { path: 'a/' }],
    ['a path with a gap', { path: 'a//b' }],
    ['a path that climbs', { path: 'a/../../b' }],
    ['a path with a backslash', { path: '..\\b' }],
    ['a media type outside ASCII', { mediaType: 'text/plän' }],
    ['a media type of two lines', { mediaType: 'text/html\r\nX: 1' }],
    ['a long media type', { mediaType: 'x'.repeat(128) }],
    ['a negative length', { length: -1 }],
    ['half a byte', { length: 0.5 }],
    ['a date as text', { modified: '2026' }],
    ['a short file key', { fileKey: filled(1, 31) }],
    ['no name', { name: undefined }],
  ]
  test.each(wrong)('%s is neither sealed nor, sealed by somebody else, opened', async (_, change) => {
    const value = { ...header, ...change }
    await expectCode('USAGE', () => sealFileHeader(value as FileHeader, key, place, counted()))
    const fields = [value.fileKey, value.name ?? null, value.mediaType, value.length, value.modified, value.path]
    if (value.length === 0.5) return
    const content = addPadding(encode(fields as string[]), in64s)
    const sealed = await sealBytes(key, bindPlace('fileHeader', fileHeaderPlace, place), content, counted())
    await expectCode('UNAUTHENTIC', () => openFileHeader(sealed, key, place))
  })

  test('any names and numbers that are accepted come back', async () => {
    const names = fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme' })
    await fc.assert(
      fc.asyncProperty(names, fc.maxSafeNat(), fc.option(fc.maxSafeNat()), async (name, length, modified) => {
        const value = { ...header, name, length, modified }
        const sealed = await sealFileHeader(value, key, place, counted()).catch((error: { code: string }) => {
          expect(error.code).toBe('USAGE')
          return null
        })
        if (sealed) expect(await openFileHeader(sealed, key, place)).toEqual(value)
      }),
      { numRuns: effort(100) },
    )
  })

  test.each(notBytes)('%s is no key, header, id or file key', async (_, value) => {
    const bad = value as never
    const sealed = await seal()
    await expectCode('USAGE', () => sealFileHeader(header, bad, place, counted()))
    await expectCode('USAGE', () => sealFileHeader({ ...header, fileKey: bad }, key, place, counted()))
    await expectCode('USAGE', async () => sealFileHeader(header, key, { ...place, fileId: bad }, counted()))
    await expectCode('USAGE', () => openFileHeader(bad, key, place))
    await expectCode('USAGE', () => openFileHeader(sealed, bad, place))
  })
})

describe('file contexts', () => {
  test('bind segments to network, record, section and file, and not to the epoch', async () => {
    const codes = await matrix(
      places,
      async (where) => {
        const { header, sealSegment } = startSealing(filled(1), fileContext(where), {
          parameters: FILE,
          random: counted(),
        })
        return { header, segment: joinSegment(await sealSegment(filled(2), 0, true)) }
      },
      ({ header, segment }: { header: Uint8Array; segment: Uint8Array }, where) =>
        startOpening(filled(1), fileContext(where), header, FILE).openSegment(segment, 0, true),
    )
    const differsInEpoch = 4
    const open = (i: number) => (i === differsInEpoch ? 0 : i)
    const expected = codes.map((row, i) => row.map((_, j) => (open(i) === open(j) ? 'accepted' : 'COMMITMENT')))
    expect(codes).toEqual(expected)
  })
})
