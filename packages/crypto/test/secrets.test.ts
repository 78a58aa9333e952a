import { expect, expectTypeOf, test } from 'vitest'
import { systemRandom } from '../src/check.js'
import { asSecret, equalSecrets, type FileKey, newSecret, type SectionKey, wipe } from '../src/secrets.js'
import { expectCode, filled, flip, notBytes } from './support.js'

test('one secret is not another of the same length', () => {
  expectTypeOf(newSecret<FileKey>).returns.not.toExtend<SectionKey>()
  expectTypeOf<FileKey>().toExtend<Uint8Array>()
  expectTypeOf<Uint8Array>().not.toExtend<FileKey>()
})

test('a new secret is 32 bytes of the given randomness, and a copy', () => {
  const source = filled(1)
  const secret = newSecret<FileKey>(() => source)
  expect(secret).toEqual(source)
  source.fill(0)
  expect(secret).toEqual(filled(1))
  expect(newSecret<FileKey>(systemRandom)).not.toEqual(newSecret<FileKey>(systemRandom))
})

test('a decoded secret is 32 bytes, and a copy', async () => {
  const source = filled(2)
  const secret = asSecret<SectionKey>(source)
  source.fill(0)
  expect(secret).toEqual(filled(2))
  for (const length of [0, 16, 31, 33, 64]) {
    await expectCode('USAGE', () => asSecret<SectionKey>(filled(1, length)), `${length}`)
    await expectCode('USAGE', () => newSecret<SectionKey>(() => filled(1, length)), `${length}`)
  }
})

test('secrets are equal only if all bits are', () => {
  expect(equalSecrets(filled(3), filled(3))).toBe(true)
  expect(equalSecrets(new Uint8Array(), new Uint8Array())).toBe(true)
  for (let bit = 0; bit < 256; bit++) expect(equalSecrets(filled(3), flip(filled(3), bit))).toBe(false)
  expect(equalSecrets(filled(3), filled(3, 31))).toBe(false)
  expect(equalSecrets(filled(3, 31), filled(3))).toBe(false)
})

test('wiping leaves zeros, and nothing around', () => {
  const memory = filled(4, 48)
  wipe(memory.subarray(8, 40))
  expect(memory).toEqual(new Uint8Array([...filled(4, 8), ...new Uint8Array(32), ...filled(4, 48).subarray(40)]))
})

test.each(notBytes)('%s is no secret', async (_, value) => {
  const wrong = value as Uint8Array
  for (const action of [
    () => asSecret<FileKey>(wrong),
    () => newSecret<FileKey>(() => wrong),
    () => equalSecrets(wrong, filled(1)),
    () => equalSecrets(filled(1), wrong),
    () => wipe(wrong),
  ]) {
    await expectCode('USAGE', action)
  }
})
