// Padded structures: one form for each content, and one answer for whatever is not that form. Spec: docs/spec/sections.md.
import { struct, text, uint } from '@sealchart/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { effort } from '../../../scripts/effort.mjs'
import { sealBytes } from '../src/floe.js'
import { addPadding, encodeContent, in64s, openObject, openSealed, removePadding, sealObject } from '../src/object.js'
import { paddedLength } from '../src/padme.js'
import { counted, expectCode, filled } from './support.js'

const kind = { shape: struct({ name: text(400), size: uint() }), padding: in64s, limit: 400 }
const seal = { key: filled(1), aad: filled(2) }
const value = { name: 'scan', size: 7 }

describe('padding', () => {
  test.each([
    [4, 64],
    [63, 64],
    [64, 64],
    [65, 128],
    [128, 128],
    [129, 192],
  ])('%i bytes become %i', (length, padded) => {
    expect(in64s(length)).toBe(padded)
  })

  test('is removed again, in steps of 64 and by Padmé', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.constantFrom(in64s, paddedLength), (content, padding) => {
        expect(removePadding(addPadding(content, padding), padding)).toEqual(content)
      }),
      { numRuns: effort(200) },
    )
  })

  test('accepts one padded form of each content', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          expect(addPadding(removePadding(bytes, in64s), in64s)).toEqual(bytes)
        } catch (error) {
          expect((error as { code: string }).code).toBe('UNAUTHENTIC')
        }
      }),
      { numRuns: effort(2000) },
    )
  })

  const padded = addPadding(filled(3, 10), in64s)
  const edited = (at: number, byte: number) => padded.with(at, byte)
  test.each([
    ['nothing', new Uint8Array(0)],
    ['half a length', new Uint8Array(3)],
    ['a byte in the padding', edited(14, 1)],
    ['a byte at the end', edited(63, 1)],
    ['a length beyond the end', edited(2, 1)],
    ['a length of 2^32 − 1', padded.with(0, 255).with(1, 255).with(2, 255).with(3, 255)],
    ['64 bytes too many', Uint8Array.of(...padded, ...new Uint8Array(64))],
    ['one byte less', padded.subarray(0, 63)],
  ])('%s is refused', async (_, bytes) => {
    await expectCode('UNAUTHENTIC', () => removePadding(bytes, in64s))
  })

  test('is read where the bytes begin, also inside a larger buffer', () => {
    const around = new Uint8Array(100)
    around.set(padded, 20)
    expect(removePadding(around.subarray(20, 84), in64s)).toEqual(filled(3, 10))
  })
})

describe('sealed structures', () => {
  test('open to what was sealed', async () => {
    expect(await openObject(kind, await sealObject(kind, value, seal, counted()), seal)).toEqual(value)
  })

  test('are as long as their kind allows and no longer', async () => {
    // 106 bytes of FLOE, 4 of length, 5 of CBOR heads and the size: 256 bytes of plaintext hold 247 of name, 320 do not fit.
    const named = (length: number) => sealObject(kind, { name: 'n'.repeat(length), size: 7 }, seal, counted())
    expect((await named(248)).length).toBe(362)
    await expectCode('LIMIT', () => named(249))
    const long = await sealBytes(
      seal.key,
      seal.aad,
      addPadding(encodeContent(kind.shape, { name: 'n'.repeat(249), size: 7 }), in64s),
      counted(),
    )
    await expectCode('UNAUTHENTIC', () => openObject(kind, long, seal))
  })

  test.each([
    ['another structure', encodeContent(struct({ size: uint() }), { size: 7 })],
    ['no CBOR', Uint8Array.of(255)],
    ['trailing bytes', Uint8Array.of(...encodeContent(kind.shape, value), 0)],
    ['nothing', new Uint8Array(0)],
  ])('%s under the right key does not open', async (_, content) => {
    const sealed = await sealBytes(seal.key, seal.aad, addPadding(content, in64s), counted())
    await expectCode('UNAUTHENTIC', () => openObject(kind, sealed, seal))
  })

  test('another key, another context and damage end alike', async () => {
    const sealed = await sealObject(kind, value, seal, counted())
    for (const other of [
      { ...seal, key: filled(9) },
      { ...seal, aad: filled(9) },
    ]) {
      await expectCode('UNAUTHENTIC', () => openSealed(other, sealed))
    }
    for (let length = 0; length < sealed.length; length++) {
      await expectCode('UNAUTHENTIC', () => openSealed(seal, sealed.subarray(0, length)))
    }
  })

  test('values of another structure are the caller’s mistake, and no message holds them', async () => {
    const wrong = { name: 'secret\u0000', size: 7 }
    await expectCode('USAGE', () => sealObject(kind, wrong, seal, counted()))
    await sealObject(kind, wrong, seal, counted()).catch((error: Error) =>
      expect(error.message).not.toContain('secret'),
    )
    for (const nothing of [null, undefined, 5]) {
      await expectCode('USAGE', () => sealObject(kind, nothing as never, seal, counted()))
    }
  })
})
