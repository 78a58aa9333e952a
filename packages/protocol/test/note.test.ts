import { ed25519 } from '@noble/curves/ed25519.js'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { effort } from '../../../scripts/effort.mjs'
import { base64, concat, utf8 } from '../src/bytes.js'
import { ready } from '../src/ed25519.js'
import {
  decodeNote,
  decodeNoteKey,
  encodeNote,
  encodeNoteKey,
  isNoteName,
  type NoteSigner,
  noteKey,
  signNote,
  verifyNote,
} from '../src/note.js'
import { expectCode } from './expect-code.js'
import { codeOf, filled, notBytes } from './support.js'

beforeAll(ready)

/** The example of C2SP signed-note. */
const EXAMPLE_KEY = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k'
const EXAMPLE = `This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
`

const signerOf = (name: string, seed: number): NoteSigner => {
  const secret = filled(seed)
  return { key: noteKey(name, ed25519.getPublicKey(secret)), sign: (message) => ed25519.sign(message, secret) }
}
const log = signerOf('log.example/one', 1)
const witness = signerOf('witness.example', 2)
const TEXT = 'some\n\ntext\n'
const linesOf = (...signers: readonly NoteSigner[]) =>
  signers.map(({ key, sign }) => ({ name: key.name, id: key.id, signature: sign(utf8(TEXT)) }))

describe('keys', () => {
  test('the published example reads, verifies and writes again', () => {
    const key = decodeNoteKey(EXAMPLE_KEY)
    expect(key.name).toBe('example.com/foo')
    expect(encodeNoteKey(key)).toBe(EXAMPLE_KEY)
    expect(verifyNote(utf8(EXAMPLE), [key])).toBe('This is an example message.\n')
  })

  test('a key text has one form', () => {
    const [name, id, material] = EXAMPLE_KEY.split('+') as [string, string, string]
    const table = [
      '',
      '+',
      '++',
      name,
      `${name}+${id}`,
      `${name}+${id}+`,
      `+${id}+${material}`,
      `${name}x+${id}+${material}`,
      `${name}+${id.toUpperCase()}+${material}`,
      `${name}+0${id}+${material}`,
      `${name}+530d903b+${material}`,
      `${name}+${id}+${material}=`,
      `${name}+${id}+${material.slice(0, -4)}`,
      `${name}+${id}+${material} `,
      `${name} +${id}+${material}`,
      `${name}+${id}+BOkyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k`,
    ]
    for (const text of table) expectCode('KEY_FORMAT', () => decodeNoteKey(text), text)
  })

  test('any name and key come back', () => {
    const names = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter(isNoteName)
    fc.assert(
      fc.property(names, fc.uint8Array({ minLength: 32, maxLength: 32 }), (name, publicKey) => {
        const key = noteKey(name, new Uint8Array(publicKey))
        expect(decodeNoteKey(encodeNoteKey(key))).toEqual(key)
      }),
      { numRuns: effort(100) },
    )
  })

  test('names', () => {
    for (const name of ['a', 'log.example/one', 'oid/1.2.3', '診所', 'x'.repeat(255)]) {
      expect(isNoteName(name), name).toBe(true)
    }
    const spaces = [' ', '\t', '\n', '\u0085', '\u00a0', '\u2003', '\u2028', '\u3000']
    for (const part of [...spaces, '+', '\u0000', '\u001f', '\ud800']) {
      expect(isNoteName(`a${part}b`), JSON.stringify(part)).toBe(false)
      expectCode('KEY_FORMAT', () => noteKey(`a${part}b`, filled(1)))
    }
    for (const name of ['', 'x'.repeat(256), '診'.repeat(86)]) expect(isNoteName(name)).toBe(false)
    for (const wrong of [...notBytes, filled(1, 31), filled(1, 33)]) {
      expectCode('KEY_FORMAT', () => noteKey('a', wrong as never))
    }
  })
})

describe('notes', () => {
  test('signed, taken apart and put together again', () => {
    const note = signNote(TEXT, log)
    expect(decodeNote(note)).toEqual({ text: TEXT, signatures: linesOf(log) })
    expect(encodeNote(decodeNote(note))).toEqual(note)
    expect(verifyNote(note, [log.key])).toBe(TEXT)
  })

  test('lines of unknown keys are passed over, also with a known name or a known id', () => {
    const [good] = linesOf(log)
    const strangers = [
      { ...linesOf(witness)[0], signature: filled(9, 3) },
      { name: log.key.name, id: witness.key.id, signature: filled(9, 64) },
      { name: witness.key.name, id: log.key.id, signature: filled(9, 2420) },
    ]
    const note = encodeNote({ text: TEXT, signatures: [...strangers, good] as never })
    expect(verifyNote(note, [log.key])).toBe(TEXT)
    expectCode('CHECKPOINT', () => verifyNote(encodeNote({ text: TEXT, signatures: strangers as never }), [log.key]))
    expectCode('CHECKPOINT', () => verifyNote(note, []))
  })

  test('one bad line of a known key spoils the note, before or after a good one', () => {
    const [good] = linesOf(log)
    const [other] = linesOf(witness)
    for (const signature of [filled(3, 64), filled(3, 63), filled(3, 65), filled(3, 1)]) {
      const bad = { ...other, signature }
      for (const signatures of [[good, bad], [bad, good], [bad]]) {
        const note = encodeNote({ text: TEXT, signatures: signatures as never })
        expectCode('CHECKPOINT', () => verifyNote(note, [log.key, witness.key]))
      }
    }
    expect(verifyNote(encodeNote({ text: TEXT, signatures: linesOf(log, witness) }), [log.key, witness.key])).toBe(TEXT)
  })

  test('refused: any one byte changed under a single signer', () => {
    const note = signNote('log.example/one\n17\n', log)
    fc.assert(
      fc.property(fc.nat(note.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
        const changed = note.with(at, (note[at] as number) ^ by)
        expect(codeOf(() => verifyNote(changed, [log.key]))).toBe('CHECKPOINT')
      }),
      { numRuns: effort(300) },
    )
  })

  test('refused: every cut and every byte too many', () => {
    const note = signNote(TEXT, log)
    for (let length = 0; length < note.length; length++) {
      expectCode('CHECKPOINT', () => verifyNote(note.slice(0, length), [log.key]), `cut at ${length}`)
    }
    for (const tail of ['\n', ' ', 'x', '— x AAAAAAA=']) {
      expectCode('CHECKPOINT', () => verifyNote(concat(note, utf8(tail)), [log.key]), JSON.stringify(tail))
    }
  })

  test('refused: lines that are not signature lines', () => {
    const line = '— a AAAAAAA='
    expect(decodeNote(utf8(`text\n\n${line}\n`)).signatures.length).toBe(1)
    const table = [
      '-- a AAAAAAA=',
      '- a AAAAAAA=',
      '—a AAAAAAA=',
      '—  a AAAAAAA=',
      '— a  AAAAAAA=',
      '— a AAAAAAA= ',
      ' — a AAAAAAA=',
      '— a',
      '— a ',
      '—  AAAAAAA=',
      '— a+b AAAAAAA=',
      '— a\u00a0b AAAAAAA=',
      '— a AAAAAA==',
      '— a AAAAAAA',
      '— a AAAAAAB=',
      '— a AAAAAA_=',
      '— a AAAAAAA=\r',
    ]
    for (const bad of table) {
      expectCode('CHECKPOINT', () => decodeNote(utf8(`text\n\n${bad}\n`)), JSON.stringify(bad))
      expectCode('CHECKPOINT', () => decodeNote(utf8(`text\n\n${line}\n${bad}\n`)), JSON.stringify(bad))
    }
    for (const note of ['', '\n', '\n\n', 'text', 'text\n', 'text\n\n', 'text\n\n\n', `text\n${line}\n`, `${line}\n`]) {
      expectCode('CHECKPOINT', () => decodeNote(utf8(note)), JSON.stringify(note))
    }
  })

  test('refused: control characters, bad UTF-8, a byte order mark in front of the text it changes', () => {
    const tail = utf8('\n\n— a AAAAAAA=\n')
    for (const byte of [0, 1, 8, 9, 11, 12, 13, 31]) {
      expectCode('CHECKPOINT', () => decodeNote(concat(Uint8Array.of(65, byte), tail)), String(byte))
    }
    for (const bytes of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe2, 0x82]]) {
      expectCode('CHECKPOINT', () => decodeNote(concat(Uint8Array.from(bytes), tail)), bytes.join())
    }
    expect(decodeNote(concat(utf8('\ufefftext'), tail)).text).toBe('\ufefftext\n')
    for (const wrong of notBytes) expectCode('USAGE', () => decodeNote(wrong as never))
  })

  test('limits: 32 signatures, 64 KiB', () => {
    const [line] = linesOf(log)
    const lines = (count: number) => Array.from({ length: count }, () => line) as never
    expect(verifyNote(encodeNote({ text: TEXT, signatures: lines(32) }), [log.key])).toBe(TEXT)
    expectCode('USAGE', () => encodeNote({ text: TEXT, signatures: lines(33) }))
    const text = (length: number) => `${'x'.repeat(length)}\n`
    const room = 65536 - encodeNote({ text: text(0), signatures: lines(1) }).length
    expect(encodeNote({ text: text(room), signatures: lines(1) }).length).toBe(65536)
    expectCode('USAGE', () => encodeNote({ text: text(room + 1), signatures: lines(1) }))
    const long = utf8(`${text(65536)}\n— a AAAAAAA=\n`)
    expectCode('CHECKPOINT', () => decodeNote(long))
    const many = utf8(`x\n\n${'— a AAAAAAA=\n'.repeat(33)}`)
    expectCode('CHECKPOINT', () => decodeNote(many))
  })

  test('refused to write: what would be refused to read', () => {
    for (const text of ['', 'no newline', 'tab\t\n', 'half a pair \ud800\n']) {
      expectCode('USAGE', () => signNote(text, log), JSON.stringify(text))
    }
    expectCode('USAGE', () => encodeNote({ text: TEXT, signatures: [] }))
    expectCode('USAGE', () => signNote(TEXT, { key: log.key, sign: () => filled(1, 63) }))
    expect(base64(log.key.id).length).toBe(8)
  })
})
