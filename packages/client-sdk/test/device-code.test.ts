// The code of a new device as people read, type and scan it. Spec: docs/spec/devices.md, "The code".
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { effort } from '../../../scripts/effort.mjs'
import { codeText, readCode, spacedCode } from '../src/device-code.js'
import { codeOf } from './support.js'

const codes = fc.uint8Array({ minLength: 20, maxLength: 20 }).map((made) => new Uint8Array(made))

describe('a code', () => {
  test('is 32 characters in groups of four, most significant bits first', () => {
    const code = Uint8Array.from({ length: 20 }, (_, i) => i * 13)
    expect(codeText(code)).toBe('006HM9SM8575PT3NGA7SSADPRF8DVTQQ')
    expect(
      spacedCode(codeText(code))
        .split(' ')
        .map(({ length }) => length),
    ).toEqual(Array(8).fill(4))
  })

  test('is read as it was shown, however it is typed', () => {
    fc.assert(
      fc.property(codes, (code) => {
        const text = codeText(code)
        expect(text).toMatch(/^[0-9A-HJKMNP-TV-Z]{32}$/)
        const spaced = spacedCode(text)
        for (const typed of [text, spaced, spaced.toLowerCase(), spaced.replaceAll(' ', '-'), `\n ${spaced}\t`])
          expect(readCode(typed)).toEqual(code)
        expect(readCode(spaced.replaceAll('0', 'o').replaceAll('1', 'l'))).toEqual(code)
        expect(readCode(text.replaceAll('1', 'I'))).toEqual(code)
      }),
      { numRuns: effort(200) },
    )
  })

  test('of another length, or with another letter, is USAGE', async () => {
    const text = codeText(new Uint8Array(20).fill(7))
    const wrong = [
      '',
      text.slice(1),
      `${text}0`,
      `${text.slice(1)}U`,
      `${text.slice(1)}*`,
      undefined as never,
      7 as never,
    ]
    for (const typed of wrong) expect(await codeOf(Promise.resolve().then(() => readCode(typed)))).toBe('USAGE')
  })
})
