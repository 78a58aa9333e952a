import { ed25519 } from '@noble/curves/ed25519.js'
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { effort } from '../../../scripts/effort.mjs'
import { base64, type TreeHash } from '../src/bytes.js'
import { decodeCheckpoint, encodeCheckpoint, signCheckpoint, verifyCheckpoint } from '../src/checkpoint.js'
import { ready } from '../src/ed25519.js'
import { emptyRoot } from '../src/merkle.js'
import { type NoteSigner, noteKey, signNote } from '../src/note.js'
import { expectCode } from './expect-code.js'
import { filled } from './support.js'

beforeAll(ready)

const signerOf = (name: string, seed: number): NoteSigner => {
  const secret = filled(seed)
  return { key: noteKey(name, ed25519.getPublicKey(secret)), sign: (message) => ed25519.sign(message, secret) }
}
const ORIGIN = 'log.example/one'
const log = signerOf(ORIGIN, 1)
const root = filled(7) as Uint8Array as TreeHash
const ROOT = base64(root)

test('the example of tlog-checkpoint reads', () => {
  const text = 'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n'
  const checkpoint = decodeCheckpoint(text)
  expect([checkpoint.origin, checkpoint.size]).toEqual(['example.com/behind-the-sofa', 20852163])
  expect(encodeCheckpoint(checkpoint)).toBe(text)
})

test('any checkpoint comes back through signature and text', () => {
  const heads = fc.tuple(fc.maxSafeNat().filter(Boolean), fc.uint8Array({ minLength: 32, maxLength: 32 }))
  fc.assert(
    fc.property(heads, ([size, hash]) => {
      const checkpoint = { origin: ORIGIN, size, root: new Uint8Array(hash) as Uint8Array as TreeHash }
      expect(verifyCheckpoint(signCheckpoint(checkpoint, log), log.key)).toEqual(checkpoint)
    }),
    { numRuns: effort(40) },
  )
})

test('the empty tree has its one root', () => {
  const empty = { origin: ORIGIN, size: 0, root: emptyRoot() }
  expect(verifyCheckpoint(signCheckpoint(empty, log), log.key)).toEqual(empty)
  expectCode('CHECKPOINT', () => decodeCheckpoint(`${ORIGIN}\n0\n${ROOT}\n`))
})

test('refused: texts that are not exactly three lines of the one form', () => {
  expect(decodeCheckpoint(`${ORIGIN}\n5\n${ROOT}\n`).size).toBe(5)
  const table = [
    '',
    '\n',
    `${ORIGIN}\n5\n`,
    `${ORIGIN}\n5\n${ROOT}`,
    `${ORIGIN}\n5\n${ROOT}\n\n`,
    `${ORIGIN}\n5\n${ROOT}\nextension\n`,
    `\n${ORIGIN}\n5\n${ROOT}\n`,
    `\n5\n${ROOT}\n`,
    `a b\n5\n${ROOT}\n`,
    `a+b\n5\n${ROOT}\n`,
    `${ORIGIN}\r\n5\r\n${ROOT}\r\n`,
    ...[
      '',
      '-1',
      '+5',
      '05',
      '00',
      '5.0',
      '5e3',
      '0x5',
      ' 5',
      '5 ',
      '٥',
      '9007199254740992',
      '99999999999999999',
      'NaN',
    ].map((size) => `${ORIGIN}\n${size}\n${ROOT}\n`),
    ...['', ROOT.slice(0, -1), `${ROOT} `, `${ROOT}=`, base64(filled(7, 31)), base64(filled(7, 33))].map(
      (hash) => `${ORIGIN}\n5\n${hash}\n`,
    ),
    `${ORIGIN}\n5\n${ROOT.slice(0, -2)}${ROOT.at(-2) === 'A' ? 'B' : nonCanonical(ROOT)}=\n`,
    `${ORIGIN}\n5\n${ROOT.replaceAll('+', '-').replaceAll('/', '_').slice(0, -3)}_8=\n`,
  ]
  for (const text of table) expectCode('CHECKPOINT', () => decodeCheckpoint(text), JSON.stringify(text))
  expect(decodeCheckpoint(`${ORIGIN}\n9007199254740991\n${ROOT}\n`).size).toBe(Number.MAX_SAFE_INTEGER)
})

/** The last base64 digit before the padding, with one of the bits set that stand for nothing. */
function nonCanonical(text: string): string {
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  return digits[digits.indexOf(text.at(-2) as string) + 1] as string
}

test('refused: another key, another log under the same key, and a signature over another text', () => {
  const note = signCheckpoint({ origin: ORIGIN, size: 5, root }, log)
  expectCode('CHECKPOINT', () => verifyCheckpoint(note, signerOf(ORIGIN, 2).key))
  expectCode('CHECKPOINT', () => verifyCheckpoint(note, signerOf('log.example/two', 1).key))
  expectCode('CHECKPOINT', () => verifyCheckpoint(signNote(`log.example/two\n5\n${ROOT}\n`, log), log.key))
  const text = new TextDecoder().decode(note)
  expectCode('CHECKPOINT', () => verifyCheckpoint(new TextEncoder().encode(text.replace('\n5\n', '\n6\n')), log.key))
})

test('refused to sign: what would be refused to read, and a foreign origin', () => {
  const table = [
    { size: -1 },
    { size: 0 },
    { size: 0.5 },
    { size: 2 ** 53 },
    { origin: 'log.example/two' },
    { origin: 'a b' },
  ]
  for (const fields of table) {
    expectCode('USAGE', () => signCheckpoint({ origin: ORIGIN, size: 5, root, ...fields }, log), JSON.stringify(fields))
  }
  expectCode('USAGE', () => encodeCheckpoint({ origin: 'a\nb', size: 5, root }))
  expectCode('USAGE', () => encodeCheckpoint({ origin: ORIGIN, size: 5, root: root.slice(1) as TreeHash }))
})
